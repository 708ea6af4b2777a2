//! SIP messages as they are on the wire (RFC 3261): a tolerant parser that copies nothing and never panics.
//!
//! [`probe`] tells whether octets are SIP, [`head_end`] and [`find_start`] find the bounds of messages in a stream,
//! and [`Head::parse`] reads a message in one pass into spans. What is odd about it is told as [`Flaws`]; whether it
//! can be worked with, by [`Head::usable`]. This module knows no packets but the frames listed in a [`Message`].
#![cfg_attr(
    not(test),
    warn(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

pub mod address;
mod body;
mod cseq;
mod diagnose;
mod error;
mod flaws;
mod head;
mod header;
mod header_index;
mod identity;
mod line;
pub mod list;
mod message;
mod method;
pub mod param;
mod parse;
mod probe;
pub mod sdp;
mod start_line;
pub mod text_input;
pub mod uri;
pub mod via;

pub(crate) use self::identity::{hasher, lower};
pub use self::{
    cseq::Cseq,
    diagnose::{Diagnosis, Severity, diagnose},
    error::{ParseError, ParseReason},
    flaws::Flaws,
    head::{Framing, Head},
    header::{Header, HeaderName, Headers, unfold},
    identity::Identity,
    line::head_end,
    message::{Message, MessageBuf},
    method::Method,
    probe::{Probe, find_start, probe},
    start_line::StartLine,
};
