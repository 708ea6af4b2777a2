//! What needs memory from packet to packet: IP fragments, TCP, WebSocket, SCTP.
//!
//! [`Defragmenter`] makes IP packets whole, [`Streams`] puts TCP segments in order and cuts SIP messages out of them,
//! also out of WebSockets, and [`Associations`] does so for SCTP. All three run on packet time alone: what comes out
//! depends on the packets and their order and on nothing else. They never trust a length, and every table has a cap
//! in [`Limits`] and a counter for what the cap cost.
#![cfg_attr(
    not(test),
    warn(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

mod assemble;
mod connection;
mod defrag;
mod direction;
mod duplicates;
mod found;
mod frame;
mod hep;
mod inflate;
mod ipfix;
mod ledger;
mod limits;
mod reader;
mod resync;
mod sctp;
mod stats;
mod stored;
mod websocket;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod wire;

pub(crate) use self::duplicates::{Digest, Duplicates};
pub use self::{
    connection::Streams,
    defrag::{Completeness, Defragmenter, Reassembled},
    found::{Context, Found, SegmentFate},
    limits::Limits,
    sctp::Associations,
    stats::{AssociationStats, DefragStats, StreamStats},
    stored::Stored,
};
