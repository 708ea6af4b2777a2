//! SIP messages as they are on the wire (RFC 3261): a tolerant parser that copies nothing and never panics.
#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

use crate::{capture::Frame, net::Encapsulation, net::Flow, span::Span, time::Timestamp};

/// How a message was delimited.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framing {
    /// By its datagram, WebSocket message or SCTP user message: the body ends with it at the latest.
    Datagram,
    /// By Content-Length on a stream.
    Stream,
    /// By pasted text, whose line ends are not to be trusted.
    Text,
}

/// The structure of one message: spans into its bytes, no allocation, no lifetime.
#[derive(Clone, Debug)]
pub struct Head {
    /// The start line.
    pub start: StartLine,
    /// The value of Call-ID, empty when there is none.
    pub call_id: Span,
    /// The value of CSeq.
    pub cseq: Option<Cseq>,
    /// The value of From.
    pub from: Span,
    /// The value of To.
    pub to: Span,
    /// The topmost Via value.
    pub via: Span,
    /// The first Contact header's value.
    pub contact: Span,
    /// The value of User-Agent, or of Server.
    pub user_agent: Span,
    /// The value of Content-Type.
    pub content_type: Span,
    /// The value of the first Content-Length that is a number.
    pub content_length: Option<u32>,
    /// All header lines, without the empty line that ends them.
    pub headers: Span,
    /// The body, as far as it is there.
    pub body: Span,
    /// What is odd about it.
    pub flaws: Flaws,
}

/// The first line (RFC 3261 §7.1, §7.2).
#[derive(Clone, Copy, Debug)]
pub enum StartLine {
    /// A request line.
    Request {
        /// The method.
        method: Method,
        /// Its text.
        method_text: Span,
        /// The Request-URI.
        uri: Span,
    },
    /// A status line.
    Response {
        /// The status code.
        code: u16,
        /// The reason phrase, which may be empty.
        reason: Span,
    },
}

/// The value of CSeq (RFC 3261 §20.16).
#[derive(Clone, Copy, Debug)]
pub struct Cseq {
    /// The sequence number.
    pub number: u32,
    /// The method.
    pub method: Method,
    /// Its text.
    pub method_text: Span,
}

/// A request method. Methods are case-sensitive (RFC 3261 §7.1).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[allow(missing_docs)]
pub enum Method {
    Invite,
    Ack,
    Bye,
    Cancel,
    Options,
    Register,
    Prack,
    Subscribe,
    Notify,
    Publish,
    Info,
    Refer,
    Message,
    Update,
    /// Any other one; its text tells which.
    Other,
}

/// What is odd about a message, as a set.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Flaws(u32);

/// One message, as a consumer sees it.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// When its last octet was captured.
    pub ts: Timestamp,
    /// Between whom.
    pub flow: Flow,
    /// What it was wrapped in.
    pub encapsulation: Encapsulation,
    /// The frames that carried it, in the order of its octets; the last one captured completed it.
    pub frames: &'a [Frame],
    /// Its octets.
    pub bytes: &'a [u8],
    /// Its structure.
    pub head: &'a Head,
}
