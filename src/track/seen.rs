//! What the tables need to know of a message, found out once.

use std::{hash::BuildHasher, net::SocketAddr};

use hashbrown::DefaultHashBuilder;

use crate::{
    net::Transport,
    sip::{
        Head, HeaderName, Message, Method, StartLine,
        via::{MAGIC_COOKIE, Via},
    },
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
    pub(crate) fn new(message: &'a Message<'a>, hasher: &DefaultHashBuilder) -> Option<Self> {
        let (head, bytes) = (message.head, message.bytes);
        head.usable().ok()?;
        let cseq = head.cseq?;
        let call_id = head.call_id.of(bytes);
        let from_tag = head.from_tag(bytes).unwrap_or_default();
        let to_tag = head.to_tag(bytes).unwrap_or_default();
        let status = head.status_code().unwrap_or_default();
        let method = head.method().unwrap_or(cseq.method);
        let number = cseq.number().unwrap_or_default();
        let method_text = match head.start {
            StartLine::Request { method_text, .. } => method_text.of(bytes),
            StartLine::Response { .. } => cseq.method_text.of(bytes),
        };
        let class = if method == Method::Ack {
            Method::Invite.name().as_bytes()
        } else {
            method_text
        };
        let via = Via::parse(head.via.of(bytes));
        let key = |class: &[u8]| match via.and_then(|via| via.transaction_id()) {
            Some(id) => {
                let sent_by = via.map(|via| sent_by(&via, hasher));
                let id = id.get(MAGIC_COOKIE.len()..).unwrap_or_default();
                hasher.hash_one((id, sent_by, class))
            }
            // RFC 2543 did not have branches that identify a transaction.
            None => {
                let sent_by = via.map(|via| sent_by(&via, hasher));
                hasher.hash_one((call_id, number, class, from_tag, sent_by))
            }
        };
        let transaction = key(class);
        let target = match method {
            Method::Cancel => key(Method::Invite.name().as_bytes()),
            _ => transaction,
        };
        // A response is told by its To tag too: several branches of a fork may answer. A reliable one has a number.
        let kind = if status > 0 {
            let reliable = rseq(head, bytes, status);
            hasher.hash_one((number, status, lower(to_tag, hasher), reliable))
        } else {
            // Some use one branch for all that they send.
            hasher.hash_one((number, method_text))
        };
        Some(Self {
            message,
            ts: message.ts,
            call_id,
            hash: hasher.hash_one(call_id),
            from_tag,
            to_tag,
            method,
            status,
            cseq: number,
            transaction,
            target,
            sighting: hasher.hash_one((transaction, kind, hop(message))),
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

/// Returns a hash of the sent-by of a Via, with the default port made explicit and in lower case.
fn sent_by(via: &Via<'_>, hasher: &DefaultHashBuilder) -> u64 {
    let default = if via.transport.eq_ignore_ascii_case(b"TLS") {
        5061
    } else {
        5060
    };
    hasher.hash_one((lower(via.host, hasher), via.port.unwrap_or(default)))
}

/// Returns a hash of `text` that is the same in either case (RFC 3261 §7.3.1).
pub(crate) fn lower(text: &[u8], hasher: &DefaultHashBuilder) -> u64 {
    use std::hash::Hasher;
    let mut state = hasher.build_hasher();
    let mut chunk = [0_u8; 32];
    for part in text.chunks(chunk.len()) {
        for (lower, octet) in chunk.iter_mut().zip(part) {
            *lower = octet.to_ascii_lowercase();
        }
        state.write(chunk.get(..part.len()).unwrap_or_default());
    }
    state.finish()
}

/// Returns RSeq of a provisional response, by which a reliable one is told from the next (RFC 3262 §3).
fn rseq<'a>(head: &'a Head, bytes: &'a [u8], status: u16) -> Option<&'a [u8]> {
    if (101..200).contains(&status) {
        head.header(bytes, HeaderName::Rseq)
    } else {
        None
    }
}

/// Returns what tells the hop of a message, the same in both directions. Ports of streams say nothing: one side's is new
/// for each connection.
fn hop(message: &Message<'_>) -> (SocketAddr, SocketAddr) {
    let (mut src, mut dst) = (message.flow.src, message.flow.dst);
    if !matches!(message.flow.transport, Transport::Udp) {
        src.set_port(0);
        dst.set_port(0);
    }
    if src <= dst { (src, dst) } else { (dst, src) }
}
