//! What was seen before: retransmissions (RFC 3261 §17).

use crate::{time::Timestamp, track::timeouts::SECOND};

/// How long a message comes again: 64·T1 (RFC 3261 §17.1.1.2, timers B and F).
const LIFETIME: i64 = 32 * SECOND;

/// A provisional response that comes again after this time is not lost and repeated but refreshed (RFC 3261 §13.3.1.1).
const REFRESH: i64 = 30 * SECOND;

/// Messages of one object remembered at most, so that a hostile one does not make every other slow.
const CAPACITY: usize = 128;

/// Messages that there is room for at first: as many as most objects have.
const FIRST: usize = 8;

/// What a message is to those before it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sighting {
    /// The first of its kind in its transaction at its hop.
    First,
    /// The same again.
    Retransmission,
}

/// The messages of the last 32 seconds of one object.
///
/// A message comes again when transaction, hop and kind (method, or status and To tag and RSeq) are the same; all of
/// them are in its key. The same message at the next hop of its way has another key, as has that of another branch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sightings {
    seen: Vec<(u64, Timestamp)>,
}

impl Sightings {
    /// Remembers a message.
    pub(crate) fn take(&mut self, key: u64, ts: Timestamp, is_provisional: bool) -> Sighting {
        let lifetime = if is_provisional { REFRESH } else { LIFETIME };
        if let Some((_, last)) = self.seen.iter_mut().rev().find(|(seen, _)| *seen == key) {
            let elapsed = ts.since(*last).saturating_abs();
            *last = ts.max(*last);
            return if elapsed < lifetime {
                Sighting::Retransmission
            } else {
                Sighting::First
            };
        }
        if self.seen.capacity() == 0 {
            self.seen.reserve_exact(FIRST);
        } else if self.seen.len() >= CAPACITY || self.seen.len() == self.seen.capacity() {
            self.forget(ts);
        }
        self.seen.push((key, ts));
        Sighting::First
    }

    /// Returns whether a message was remembered.
    pub(crate) fn knows(&self, key: u64) -> bool {
        self.seen.iter().rev().any(|(seen, _)| *seen == key)
    }

    /// Forgets what cannot come again.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.seen
            .retain(|(_, last)| now.since(*last).saturating_abs() <= LIFETIME);
        if self.seen.len() >= CAPACITY {
            self.seen.drain(..CAPACITY / 2);
        }
        if self.seen.is_empty() {
            self.seen.shrink_to_fit();
        }
    }

    /// Returns how many octets of memory it has taken.
    pub(crate) fn allocated(&self) -> usize {
        self.seen.capacity() * size_of::<(u64, Timestamp)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(seconds * SECOND)
    }

    #[test]
    fn the_same_message_within_the_lifetime_comes_again() {
        let mut sightings = Sightings::default();
        for (key, seconds, is_provisional, expected) in [
            (1, 0, false, Sighting::First),
            (2, 0, true, Sighting::First),
            (1, 1, false, Sighting::Retransmission),
            (1, 32, false, Sighting::Retransmission),
            (2, 10, true, Sighting::Retransmission),
            (2, 41, true, Sighting::First),
            (1, 90, false, Sighting::First),
        ] {
            let found = sightings.take(key, at(seconds), is_provisional);
            assert_eq!(found, expected, "{key} at {seconds}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut sightings = Sightings::default();
        for key in 0..100_000 {
            sightings.take(key, at(0), false);
        }
        assert!(sightings.seen.len() <= CAPACITY);
    }
}
