//! Tap duplicates: the same packet captured twice within moments.

use std::{collections::VecDeque, hash::BuildHasher};

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::{net::Flow, time::Timestamp};

/// Packets remembered at most; at the window below this is 20 million packets a second.
const CAPACITY: usize = 1 << 20;

/// How far apart two copies of an IPv4 packet may be. A retransmission (RFC 3261 §17.1.1.2) comes after at least
/// half of T1, 250 ms.
const WINDOW_V4_NS: i64 = 50_000_000;

/// The same for IPv6, whose headers have no identification that would tell two packets apart.
const WINDOW_V6_NS: i64 = 20_000_000;

/// What makes two packets the same: addresses, IP identification, ports and payload, but neither link header, tunnel,
/// TTL nor checksum, all of which differ between taps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digest {
    pub(crate) hash: u64,
    /// The same of a message without what only the packet has that it came in.
    pub(crate) content: Option<u64>,
    pub(crate) is_ipv6: bool,
}

impl Digest {
    /// Returns the digest of packets that are only compared with others of the same salt.
    pub(crate) const fn salted(mut self, salt: u64) -> Self {
        self.hash ^= salt;
        self
    }

    /// Returns that of a message between the addresses of `flow`, however it came.
    pub(crate) fn of_message(hasher: &DefaultHashBuilder, flow: &Flow, bytes: &[u8]) -> Self {
        let hash = hasher.hash_one((flow.src, flow.dst, bytes));
        Self {
            hash,
            content: Some(hash),
            is_ipv6: flow.src.is_ipv6(),
        }
    }

    /// Returns that of the message in a packet with this IP identification.
    pub(crate) const fn with_id(self, id: u16) -> Self {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let number = (id as u64).wrapping_add(1).wrapping_mul(ODD);
        Self {
            hash: self.hash.rotate_left(32) ^ number,
            ..self
        }
    }
}

/// The packets of the last moments.
#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    seen: HashMap<u64, Timestamp>,
    /// The same, oldest first.
    order: VecDeque<(Timestamp, u64)>,
    /// How many were forgotten within their window because there were too many.
    pub(crate) evicted: u64,
}

impl Duplicates {
    /// Remembers a packet and returns whether it is a copy of one within the window.
    pub(crate) fn is_copy(&mut self, digest: Digest, ts: Timestamp) -> bool {
        self.forget(ts);
        let window = if digest.is_ipv6 {
            WINDOW_V6_NS
        } else {
            WINDOW_V4_NS
        };
        let earlier = self.seen.insert(digest.hash, ts);
        self.order.push_back((ts, digest.hash));
        earlier.is_some_and(|earlier| ts.since(earlier).saturating_abs() <= window)
    }

    /// Forgets what is out of every window, or too much.
    fn forget(&mut self, now: Timestamp) {
        while let Some(&(ts, hash)) = self.order.front() {
            let is_recent = now.since(ts).saturating_abs() <= WINDOW_V4_NS;
            if is_recent && self.order.len() < CAPACITY {
                return;
            }
            self.evicted = self.evicted.saturating_add(u64::from(is_recent));
            self.order.pop_front();
            if self.seen.get(&hash) == Some(&ts) {
                self.seen.remove(&hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn copies_are_told_from_retransmissions_by_time() {
        for (is_ipv6, delay, copy) in [
            (false, 0, true),
            (false, 50, true),
            (false, 51, false),
            (false, 250, false),
            (false, -3, true),
            (true, 20, true),
            (true, 21, false),
        ] {
            let mut duplicates = Duplicates::default();
            let digest = Digest {
                hash: 7,
                content: None,
                is_ipv6,
            };
            assert!(!duplicates.is_copy(digest, at(1_000)));
            assert_eq!(
                duplicates.is_copy(digest, at(1_000 + delay)),
                copy,
                "{is_ipv6} {delay}"
            );
        }
    }

    #[test]
    fn memory_is_bounded_by_the_window() {
        let mut duplicates = Duplicates::default();
        for i in 0..10_000 {
            assert!(!duplicates.is_copy(
                Digest {
                    hash: i as u64,
                    content: None,
                    is_ipv6: false
                },
                at(i)
            ));
        }
        assert!(duplicates.order.len() <= 52 && duplicates.seen.len() <= 52);
    }
}
