//! What the tables need to know of a message, found out once.

use std::net::SocketAddr;

use crate::{
    sip::{HeaderName, Identity, Message, Method},
    time::Timestamp,
    track::Party,
};

/// A message that can be worked with, and what the tables go by.
pub(crate) struct Seen<'a> {
    pub(crate) message: &'a Message<'a>,
    pub(crate) ts: Timestamp,
    /// Call-ID and its hash.
    pub(crate) call_id: &'a [u8],
    pub(crate) hash: u64,
    /// The tags; empty when there are none.
    pub(crate) from_tag: &'a [u8],
    pub(crate) to_tag: &'a [u8],
    /// The method of the request, or of the request that is responded to.
    pub(crate) method: Method,
    /// The status code; 0 in a request.
    pub(crate) status: u16,
    /// The number in CSeq; 0 when it does not fit.
    pub(crate) cseq: u32,
    /// The key of the transaction (RFC 3261 §17.1.3, §17.2.3): ACK has that of an INVITE, CANCEL one of its own.
    pub(crate) transaction: u64,
    /// The key of the transaction of the INVITE that a CANCEL cancels; else the same as above.
    pub(crate) target: u64,
    /// The key of the message at its hop: the same again is a retransmission.
    pub(crate) sighting: u64,
}

impl<'a> Seen<'a> {
    /// Takes a message apart; `None` when it cannot be worked with.
    pub(crate) fn new(message: &'a Message<'a>) -> Option<Self> {
        let (head, bytes) = (message.head, message.bytes);
        let identity = match message.identity {
            Some(identity) => *identity,
            None => Identity::of(head, bytes, &message.flow)?,
        };
        let cseq = head.cseq?;
        Some(Self {
            message,
            ts: message.ts,
            call_id: head.call_id.of(bytes),
            hash: identity.call_id,
            from_tag: identity.from_tag.of(bytes),
            to_tag: identity.to_tag.of(bytes),
            method: head.method().unwrap_or(cseq.method),
            status: head.status_code().unwrap_or_default(),
            cseq: cseq.number().unwrap_or_default(),
            transaction: identity.transaction,
            target: identity.target,
            sighting: identity.sighting,
        })
    }

    pub(crate) const fn is_response(&self) -> bool {
        self.status > 0
    }

    /// Returns whether it is a request that can begin a dialog or stand alone.
    pub(crate) const fn is_initial(&self) -> bool {
        self.status == 0 && self.to_tag.is_empty()
    }

    /// Returns the value of a header.
    pub(crate) fn header(&self, name: HeaderName) -> Option<&'a [u8]> {
        self.headers(name).next()
    }

    /// Returns the values of all headers of a name.
    pub(crate) fn headers(&self, name: HeaderName) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.message.head.headers_named(self.message.bytes, name)
    }

    /// Returns the reason phrase of a response.
    pub(crate) fn reason(&self) -> &'a [u8] {
        self.message.head.reason(self.message.bytes)
    }

    /// Returns who is in From and who is in To, with the addresses of who sent the request and who got it.
    pub(crate) fn parties(&self) -> [Party<'a>; 2] {
        let Message {
            head, bytes, flow, ..
        } = *self.message;
        let (from_address, to_address) = if self.is_response() {
            (flow.dst, flow.src)
        } else {
            (flow.src, flow.dst)
        };
        let mut parties = [
            party(head.from.of(bytes), from_address),
            party(head.to.of(bytes), to_address),
        ];
        parties[usize::from(self.is_response())].user_agent = head.user_agent.of(bytes);
        parties
    }

    /// Returns how many Via values it has: one more at each hop away from who sent the request.
    pub(crate) const fn depth(&self) -> u8 {
        self.message.head.vias
    }
}

fn party(value: &[u8], address: SocketAddr) -> Party<'_> {
    let name_addr = crate::sip::address::NameAddr::parse(value);
    Party {
        uri: name_addr.uri,
        display_name: name_addr.display_name,
        address: Some(address),
        user_agent: &[],
    }
}
