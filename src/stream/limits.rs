//! Every cap and time-out of this layer.

use std::sync::Arc;

use super::Stored;

const SECOND: i64 = 1_000_000_000;

/// Every cap and time-out of this layer. Times are in nanoseconds of packet time, sizes in octets.
#[derive(Clone, Debug)]
pub struct Limits {
    /// IP packets in fragments that are waited for at one time; the oldest makes room. 10 000.
    pub open_packets: usize,
    /// Fragments of one IP packet. 64.
    pub fragments: usize,
    /// Octets of all fragments that are held. 64 MiB.
    pub fragment_bytes: usize,
    /// How long an IPv4 packet is waited for. 30 s, as Linux does.
    pub ipv4_timeout: i64,
    /// How long an IPv6 packet is waited for. 60 s (RFC 8200 §4.5).
    pub ipv6_timeout: i64,
    /// TCP directions that are known at one time; the longest silent eighth makes room. 262 144.
    pub directions: usize,
    /// After which silence a direction is forgotten. 1 h.
    pub idle: i64,
    /// The same behind FIN or RST. 60 s.
    pub closed_idle: i64,
    /// The same if there was nothing but a SYN. 30 s.
    pub syn_idle: i64,
    /// How long missing octets are waited for. 60 s.
    pub reorder: i64,
    /// The same when their receiver has acknowledged them, or behind FIN: they cannot be sent again. 1 s.
    pub acked_reorder: i64,
    /// Octets behind acknowledged missing ones after which they are waited for no more. 64 KiB.
    pub acked_queue: usize,
    /// Segments behind acknowledged missing octets after which they are waited for no more. 64.
    pub acked_segments: usize,
    /// How long the first segment of a stream without SYN is held back, for earlier ones to be put before it. 50 ms.
    pub start_hold: i64,
    /// Segments of a stream without SYN after which none is held back any more. 3.
    pub start_segments: usize,
    /// Octets that may wait for missing ones in one direction, with what it takes to hold them. 1 MiB.
    pub queue: usize,
    /// Octets that all directions may hold, with what it takes to hold them. 256 MiB.
    pub held: usize,
    /// How far a sequence number may be from the expected one. 16 MiB.
    pub window: u64,
    /// Octets up to the end of a message's headers. 64 KiB.
    pub head: usize,
    /// Octets of a body by Content-Length; more is not believed. 1 MiB.
    pub body: usize,
    /// Octets of a body without Content-Length. 64 KiB.
    pub open_body: usize,
    /// Octets of a stream in which some SIP must be found. 64 KiB.
    pub search: u64,
    /// Octets of an HTTP head. 16 KiB.
    pub http_head: usize,
    /// SCTP directions that are known at one time. 16 384.
    pub associations: usize,
    /// How long the fragments of an SCTP user message are waited for. 30 s.
    pub sctp_timeout: i64,
    /// Octets of SCTP fragments that are held. 64 MiB.
    pub sctp_held: usize,
    /// Which octets of TCP streams are in the capture at all, if that is known: others are not waited for.
    pub stored: Option<Arc<Stored>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            open_packets: 10_000,
            fragments: 64,
            fragment_bytes: 64 << 20,
            ipv4_timeout: 30 * SECOND,
            ipv6_timeout: 60 * SECOND,
            directions: 1 << 18,
            idle: 3600 * SECOND,
            closed_idle: 60 * SECOND,
            syn_idle: 30 * SECOND,
            reorder: 60 * SECOND,
            acked_reorder: SECOND,
            acked_queue: 64 << 10,
            acked_segments: 64,
            start_hold: SECOND / 20,
            start_segments: 3,
            queue: 1 << 20,
            held: 256 << 20,
            window: 16 << 20,
            head: 64 << 10,
            body: 1 << 20,
            open_body: 64 << 10,
            search: 64 << 10,
            http_head: 16 << 10,
            associations: 1 << 14,
            sctp_timeout: 30 * SECOND,
            sctp_held: 64 << 20,
            stored: None,
        }
    }
}
