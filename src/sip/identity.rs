//! What tells a message, its transaction and its Call-ID from all others.

use std::{
    hash::{BuildHasher, Hasher},
    net::{IpAddr, SocketAddr},
    sync::LazyLock,
};

use hashbrown::DefaultHashBuilder;

use super::{
    Cseq, Head, HeaderName, Method, StartLine,
    via::{MAGIC_COOKIE, Via},
};
use crate::{
    net::{Flow, Transport},
    span::Span,
};

/// The tags of a message, and the hashes by which it is known again.
///
/// It needs nothing but the message, so that many threads can find it out before one of them follows what happens. The
/// hashes are those of this process: nobody can send messages that have the same.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// The tag in From; empty when there is none.
    pub from_tag: Span,
    /// The tag in To.
    pub to_tag: Span,
    /// The hash of Call-ID.
    pub call_id: u64,
    /// The key of the transaction (RFC 3261 §17.1.3, §17.2.3): ACK has that of an INVITE, CANCEL one of its own.
    pub transaction: u64,
    /// The key of the transaction of the INVITE that a CANCEL cancels; else the same as above.
    pub target: u64,
    /// The key of the message at its hop: the same again is a retransmission.
    pub sighting: u64,
}

impl Identity {
    /// Returns what tells a message from others; `None` when it cannot be [worked with](Head::usable).
    #[must_use]
    pub fn of(head: &Head, bytes: &[u8], flow: &Flow) -> Option<Self> {
        head.usable().ok()?;
        let cseq = head.cseq?;
        let hasher = hasher();
        let from_tag = head.from_tag(bytes).unwrap_or_default();
        let to_tag = head.to_tag(bytes).unwrap_or_default();
        let (method, method_text) = match head.start {
            StartLine::Request {
                method,
                method_text,
                ..
            } => (method, method_text.of(bytes)),
            StartLine::Response { .. } => (cseq.method, cseq.method_text.of(bytes)),
        };
        let call_id = head.call_id.of(bytes);
        let hop = Hop {
            via: Via::parse(head.via.of(bytes)),
            call_id,
            from_tag,
            number: cseq.number().unwrap_or_default(),
        };
        let invite = Method::Invite.name().as_bytes();
        let transaction = hop.transaction(match method {
            Method::Ack => invite,
            _ => method_text,
        });
        let target = match method {
            Method::Cancel => hop.transaction(invite),
            _ => transaction,
        };
        let kind = kind(head, bytes, &cseq, method_text, to_tag);
        let call_id = hasher.hash_one(call_id);
        Some(Self {
            from_tag: Span::locate(bytes, from_tag),
            to_tag: Span::locate(bytes, to_tag),
            call_id,
            transaction,
            target,
            // Some use the same branches in all calls.
            sighting: hasher.hash_one((call_id, transaction, kind, ends(flow))),
        })
    }
}

/// Returns the hasher of all hashes that are compared with those of an [`Identity`].
pub(crate) fn hasher() -> &'static DefaultHashBuilder {
    static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);
    &HASHER
}

/// Returns a hash of `text` that is the same in either case (RFC 3261 §7.3.1).
pub(crate) fn lower(text: &[u8], hasher: &DefaultHashBuilder) -> u64 {
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

/// What the transactions of a hop are told by.
struct Hop<'a> {
    via: Option<Via<'a>>,
    call_id: &'a [u8],
    from_tag: &'a [u8],
    number: u32,
}

impl Hop<'_> {
    /// Returns the key of the transaction of a method.
    fn transaction(&self, method: &[u8]) -> u64 {
        let sent_by = self.via.map(|via| sent_by(&via));
        match self.via.and_then(|via| via.transaction_id()) {
            Some(id) => {
                let id = id.get(MAGIC_COOKIE.len()..).unwrap_or_default();
                hasher().hash_one((id, sent_by, method))
            }
            // RFC 2543 did not have branches that identify a transaction.
            None => hasher().hash_one((self.call_id, self.number, method, self.from_tag, sent_by)),
        }
    }
}

/// Returns a hash of the sent-by of a Via, with the default port made explicit and in lower case.
fn sent_by(via: &Via<'_>) -> u64 {
    let default = if via.transport.eq_ignore_ascii_case(b"TLS") {
        5061
    } else {
        5060
    };
    let host = lower(via.host, hasher());
    host.wrapping_add(u64::from(via.port.unwrap_or(default)))
}

/// Returns what tells a message of a transaction from the others of it.
fn kind(head: &Head, bytes: &[u8], cseq: &Cseq, method_text: &[u8], to_tag: &[u8]) -> u64 {
    let number = cseq.number().unwrap_or_default();
    match head.status_code() {
        // A response is told by its To tag too: several branches of a fork may answer. A reliable one has a number.
        Some(status) => {
            let reliable = rseq(head, bytes, status);
            hasher().hash_one((number, status, lower(to_tag, hasher()), reliable))
        }
        // Some use one branch for all that they send.
        None => hasher().hash_one((number, method_text)),
    }
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
fn ends(flow: &Flow) -> [(u128, u16); 2] {
    let end = |address: SocketAddr| {
        let ip = match address.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        let port = match flow.transport {
            Transport::Udp => address.port(),
            _ => 0,
        };
        (u128::from(ip), port)
    };
    let (src, dst) = (end(flow.src), end(flow.dst));
    [src.min(dst), src.max(dst)]
}
