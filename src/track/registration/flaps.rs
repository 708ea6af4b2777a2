//! Bindings that come and go.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::{time::Timestamp, track::timeouts::SECOND};

/// How many times a binding is registered anew within a minute to be flapping.
const TIMES: u8 = 3;
const PERIOD: i64 = 60 * SECOND;

/// Removed bindings remembered at most.
const CAPACITY: usize = 1 << 16;

/// The bindings that were removed within the last minute, by a hash of what they are.
#[derive(Default)]
pub(super) struct Flaps {
    removed: HashMap<u64, Flap>,
    order: VecDeque<(Timestamp, u64)>,
}

/// A binding that was removed.
struct Flap {
    removed: Timestamp,
    /// When it was registered anew, the last times.
    registered: [Timestamp; TIMES as usize],
}

impl Flaps {
    /// Remembers that a binding was removed.
    pub(super) fn remove(&mut self, binding: u64, ts: Timestamp) {
        self.forget(ts);
        let flap = self.removed.entry(binding).or_insert(Flap {
            removed: ts,
            registered: [Timestamp::MIN; TIMES as usize],
        });
        flap.removed = ts;
        self.order.push_back((ts, binding));
    }

    /// Takes note that a binding was registered; returns whether it is flapping.
    pub(super) fn register(&mut self, binding: u64, ts: Timestamp) -> bool {
        self.forget(ts);
        let Some(flap) = self.removed.get_mut(&binding) else {
            return false;
        };
        flap.registered.rotate_left(1);
        if let Some(last) = flap.registered.last_mut() {
            *last = ts;
        }
        flap.registered
            .first()
            .is_some_and(|first| *first > Timestamp::MIN && ts.since(*first) <= PERIOD)
    }

    /// Forgets what is too long ago, and the oldest when there is too much.
    fn forget(&mut self, now: Timestamp) {
        while let Some((ts, binding)) = self.order.front().copied() {
            if now.since(ts) <= PERIOD && self.order.len() < CAPACITY {
                break;
            }
            self.order.pop_front();
            if self
                .removed
                .get(&binding)
                .is_some_and(|flap| flap.removed == ts)
            {
                self.removed.remove(&binding);
            }
        }
    }

    /// Returns how much memory it takes, in octets.
    pub(super) fn allocated(&self) -> usize {
        self.removed.allocation_size() + self.order.capacity() * size_of::<(Timestamp, u64)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_nanos(seconds * SECOND)
    }

    #[test]
    fn three_times_within_a_minute_is_flapping() {
        let mut flaps = Flaps::default();
        let mut found = Vec::new();
        for (removed, registered) in [(0, 1), (10, 11), (20, 21), (70, 72), (140, 141)] {
            flaps.remove(7, at(removed));
            found.push(flaps.register(7, at(registered)));
            assert!(!flaps.register(8, at(registered)));
        }
        assert_eq!(found, [false, false, true, false, false]);
    }

    #[test]
    fn memory_is_bounded() {
        let mut flaps = Flaps::default();
        for binding in 0..200_000 {
            flaps.remove(binding, at(0));
        }
        assert!(flaps.removed.len() <= CAPACITY && flaps.order.len() <= CAPACITY);
        flaps.register(1, at(61));
        assert!(flaps.removed.is_empty());
    }
}
