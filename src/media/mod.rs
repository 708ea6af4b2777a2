//! Which packets are the media of which call, by what its messages say about addresses (RFC 3264, RFC 8866), and what
//! can be told of them (RFC 3550).

mod addresses;
mod claims;
mod description;
mod map;
mod place;
mod rtcp;
mod rtp;
mod said;
mod sequence;
mod sides;
mod streams;
mod waiting;

pub use self::{
    addresses::{MediaAddress, Purpose, addresses},
    description::session_description,
    map::{MediaMap, Owner},
    rtcp::{Report, reports},
    rtp::RtpHeader,
    sequence::Sequence,
    streams::{MediaDatagram, MediaStream, Streams},
};
