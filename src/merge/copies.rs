//! Copies of packets, as taps and mirror ports make them.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use crate::{
    packet::{Content, Packet},
    stream::{self, Duplicates},
    time::Timestamp,
};

/// Which copies of a packet are left out.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Copies {
    /// None.
    #[default]
    Keep,
    /// Those that were captured at the same point: each point keeps what it saw, so that delays can be told.
    OfPoint,
    /// All but the first, wherever it was captured.
    All,
}

/// What tells copies of a frame.
pub(super) type Digest = stream::Digest;

/// Returns what is the same in copies of a packet: addresses, identification and what IP carries, but neither link
/// header, tunnel, TTL nor checksum of the header. What is not IP is compared as a whole.
///
/// There is none for what is sent twice on purpose: segments without data that have no identification.
pub(super) fn digest(packet: &Packet, frame: &[u8], hasher: &DefaultHashBuilder) -> Option<Digest> {
    let id = packet.ip_id;
    let payload = packet.ip_payload.of(frame);
    let (hash, is_ipv6) = match &packet.content {
        Content::Datagram(d) => (
            hasher.hash_one((d.src, d.dst, id, d.payload.of(frame))),
            d.src.is_ipv6(),
        ),
        Content::Segment(s) if id == 0 && s.payload.is_empty() => return None,
        Content::Segment(s) => (
            hasher.hash_one((s.src, s.dst, id, s.seq, s.ack, s.payload.of(frame))),
            s.src.is_ipv6(),
        ),
        Content::Sctp(s) => (
            hasher.hash_one((s.src, s.dst, s.tag, id, s.chunks.of(frame))),
            s.src.is_ipv6(),
        ),
        Content::Fragment(f) => (
            hasher.hash_one((f.src, f.dst, f.id, f.offset, f.payload.of(frame))),
            f.src.is_ipv6(),
        ),
        Content::Skipped(_) => match addresses(packet.ip_packet.of(frame)) {
            Some(ends) => (hasher.hash_one((ends, id, payload)), id == 0),
            None => (hasher.hash_one(frame), true),
        },
    };
    Some(Digest {
        hash,
        content: None,
        is_ipv6,
    })
}

/// Returns the octets of an IP header that tell the addresses.
fn addresses(packet: &[u8]) -> Option<&[u8]> {
    match packet.first()? >> 4 {
        4 => packet.get(12..20),
        6 => packet.get(8..40),
        _ => None,
    }
}

/// The packets of the last moments, at each point or at all of them.
#[derive(Debug, Default)]
pub(super) struct Seen {
    duplicates: Duplicates,
    hasher: DefaultHashBuilder,
}

impl Seen {
    /// Remembers a packet, and returns whether it is a copy of one that was captured moments ago.
    pub(super) fn is_copy(
        &mut self,
        copies: Copies,
        digest: Option<Digest>,
        point: usize,
        ts: Timestamp,
    ) -> bool {
        let (false, Some(mut digest)) = (copies == Copies::Keep, digest) else {
            return false;
        };
        if copies == Copies::OfPoint {
            digest.hash = self.hasher.hash_one((digest.hash, point));
        }
        self.duplicates.is_copy(digest, ts)
    }

    /// Returns how many packets were forgotten too early to tell their copies.
    pub(super) const fn forgotten(&self) -> u64 {
        self.duplicates.evicted
    }
}
