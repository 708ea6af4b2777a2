//! What statistics need of a message, so that they can go on without it.

use std::net::IpAddr;

use crate::{
    net::{Encapsulation, Flow, Transport},
    sip::{Flaws, HeaderName, Identity, Message, Method, StartLine},
    span::Span,
    time::Timestamp,
};

/// What statistics need of a message. It is small and owns what it has; names in it lie in a text that goes with it.
#[derive(Clone, Debug)]
pub struct Brief {
    pub(super) ts: Timestamp,
    pub(super) method: Method,
    /// Of responses.
    pub(super) status: Option<u16>,
    pub(super) octets: u64,
    pub(super) transport: Transport,
    pub(super) encapsulation: Encapsulation,
    pub(super) flaws: Flaws,
    /// From and to where.
    pub(super) ends: [IpAddr; 2],
    /// The number in CSeq.
    pub(super) number: Option<u32>,
    pub(super) keys: Option<Keys>,
    pub(super) user_agent: Span,
    /// The name of a method that is not known.
    pub(super) other_method: Span,
    pub(super) warnings: Option<Box<[[u8; 3]]>>,
    /// Whether it is counted; if not, it only tells what others mean.
    pub(super) is_selected: bool,
}

/// The hashes of an [`Identity`] that transactions are told by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    pub(super) transaction: u64,
    pub(super) call_id: u64,
    pub(super) sighting: u64,
}

impl Brief {
    /// Returns what is needed of a message, whose octets are the text that names lie in.
    #[must_use]
    pub fn of(message: &Message<'_>, is_selected: bool) -> Self {
        let Message { head, bytes, .. } = *message;
        let identity = message.identity.copied();
        let identity = identity.or_else(|| Identity::of(head, bytes, &message.flow));
        let Flow {
            src,
            dst,
            transport,
        } = message.flow;
        let method = method_of(message);
        let other_method = match head.start {
            StartLine::Request { method_text, .. } if method == Method::Other => method_text,
            _ => Span::default(),
        };
        let status = head.status_code();
        let may_warn = status.is_some_and(|status| status >= 300)
            && is_selected
            && head.may_have(HeaderName::Warning);
        Self {
            ts: message.ts,
            method,
            status,
            octets: bytes.len() as u64,
            transport,
            encapsulation: message.encapsulation,
            flaws: head.flaws,
            ends: [src.ip(), dst.ip()],
            number: head.cseq.and_then(|cseq| cseq.number()),
            keys: identity.map(|identity| Keys {
                transaction: identity.transaction,
                call_id: identity.call_id,
                sighting: identity.sighting,
            }),
            user_agent: head.user_agent,
            other_method,
            warnings: may_warn.then(|| warnings(message)),
            is_selected,
        }
    }

    /// Returns whom it went to.
    pub(super) const fn peer(&self) -> IpAddr {
        self.ends[1]
    }

    /// Moves the names out of the octets of its message to the end of `text`.
    pub(super) fn move_names(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        for name in [&mut self.user_agent, &mut self.other_method] {
            let start = text.len();
            text.extend_from_slice(name.of(bytes));
            *name = Span::new(start, text.len());
        }
    }
}

/// Returns the method of a request, or that of the request that a response answers.
pub(super) fn method_of(message: &Message<'_>) -> Method {
    message
        .head
        .method()
        .or_else(|| Some(message.head.cseq?.method))
        .unwrap_or(Method::Other)
}

/// Returns the codes of all warnings (RFC 3261 §20.43).
fn warnings(message: &Message<'_>) -> Box<[[u8; 3]]> {
    message
        .head
        .headers_named(message.bytes, HeaderName::Warning)
        .flat_map(crate::sip::list::values)
        .filter_map(|value| value.first_chunk::<3>().copied())
        .filter(|code| code.iter().all(u8::is_ascii_digit))
        .collect()
}
