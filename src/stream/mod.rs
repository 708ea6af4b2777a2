//! What needs memory from packet to packet: IP fragments, TCP, WebSocket, SCTP.
#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

use crate::{
    capture::Frame,
    net::{Encapsulation, Flow},
    sip::{Flaws, Head},
    time::Timestamp,
};

/// What the tables of this layer hand over.
#[derive(Debug)]
pub enum Found<'a> {
    /// A SIP message.
    Message {
        /// When its last octet was captured.
        ts: Timestamp,
        /// Between whom, and over what (TCP, WebSocket or SCTP).
        flow: Flow,
        /// What its segments were wrapped in.
        encapsulation: Encapsulation,
        /// The frames that carried octets of it.
        frames: &'a [Frame],
        /// Its octets.
        bytes: &'a [u8],
        /// Its structure; the flaws of the stream (gap, resynchronised, …) are in [`Head::flaws`].
        head: &'a Head,
    },
}
