//! What came in the last half minute, to tell what comes again.

use hashbrown::HashMap;

use crate::time::Timestamp;

/// How long a transaction sends again: 64·T1 (RFC 3261 §17.1.1.2, timers B and F).
pub(super) const LIFETIME: i64 = 32_000_000_000;

/// Keys remembered at most; the oldest are forgotten first.
const CAPACITY: usize = 1 << 22;

/// So few keys are kept however old they are: to look through them takes longer than to keep them.
const FEW: usize = 1 << 12;

/// The keys of the last 32 seconds, and some that are older.
#[derive(Debug, Default)]
pub(super) struct Recent {
    seen: HashMap<u64, Timestamp>,
    /// How many there may be before those that are out of date are looked for.
    enough: usize,
    /// How many were forgotten although they were not out of date.
    pub(super) evicted: u64,
}

impl Recent {
    /// Remembers `key` and returns whether it came before.
    pub(super) fn is_again(&mut self, key: u64, now: Timestamp) -> bool {
        if self.seen.len() >= self.enough {
            self.forget(now);
        }
        let earlier = self.seen.insert(key, now);
        earlier.is_some_and(|earlier| is_recent(earlier, now))
    }

    fn forget(&mut self, now: Timestamp) {
        self.seen.retain(|_, ts| is_recent(*ts, now));
        let left = self.seen.len();
        if left > CAPACITY / 2 {
            self.seen
                .retain(|_, ts| now.since(*ts).saturating_abs() <= LIFETIME / 2);
            self.evicted += (left - self.seen.len()) as u64;
        }
        if self.seen.len() > CAPACITY / 2 {
            self.evicted += self.seen.len() as u64;
            self.seen.clear();
        }
        self.enough = (2 * self.seen.len()).max(FEW);
    }
}

/// Returns whether two messages can be of one transaction; clocks may step back.
pub(super) const fn is_recent(earlier: Timestamp, now: Timestamp) -> bool {
    now.since(earlier).saturating_abs() <= LIFETIME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_date_is_forgotten_and_what_is_not_is_known() {
        let mut recent = Recent::default();
        let at = |key: u64| Timestamp::from_nanos(key as i64 * 1_000_000);
        for key in 0..1_000_000 {
            assert!(!recent.is_again(key, at(key)));
            if key >= 31_000 {
                assert!(recent.is_again(key - 31_000, at(key)));
            }
            assert!(recent.seen.len() <= 150_000);
        }
        assert_eq!(recent.evicted, 0);
        assert!(!recent.is_again(5, at(1_000_000)));
    }

    #[test]
    fn memory_is_bounded() {
        let mut recent = Recent::default();
        for key in 0..2 * CAPACITY as u64 {
            recent.is_again(key, Timestamp::from_nanos(0));
        }
        assert!(recent.seen.len() <= CAPACITY && recent.evicted > 0);
    }
}
