//! How often something happens, second by second.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{stats::merge::Merge, time::Timestamp};

const SECOND: i64 = 1_000_000_000;

/// Seconds with something in them remembered at most: those of twelve days. Beyond, nothing can be told.
const CAPACITY: usize = 1 << 20;

/// Counts by the second of the wall clock.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Seconds {
    counts: BTreeMap<i64, u64>,
    is_full: bool,
}

impl Seconds {
    /// Counts something at `ts`.
    pub fn add(&mut self, ts: Timestamp) {
        self.count(ts.nanos().div_euclid(SECOND), 1);
    }

    /// Returns the most in so many seconds that follow each other; `None` when there were too many to remember.
    #[must_use]
    pub fn peak(&self, seconds: i64) -> Option<u64> {
        let mut most = 0;
        let mut sum: u64 = 0;
        let mut oldest = self.counts.iter().peekable();
        for (second, count) in &self.counts {
            sum = sum.saturating_add(*count);
            while let Some((_, gone)) = oldest.next_if(|(old, _)| **old <= second - seconds) {
                sum = sum.saturating_sub(*gone);
            }
            most = most.max(sum);
        }
        (!self.is_full).then_some(most)
    }

    /// Returns the counts in `slots` equal parts of the time from `start` to `end`.
    #[must_use]
    pub fn slots(&self, start: Timestamp, end: Timestamp, slots: usize) -> Vec<u64> {
        let mut counts = vec![0; slots];
        let first = start.nanos().div_euclid(SECOND);
        let span = end.nanos().div_euclid(SECOND).saturating_sub(first) + 1;
        for (second, count) in &self.counts {
            let offset = i128::from(second.saturating_sub(first)) * slots as i128;
            let slot = usize::try_from(offset / i128::from(span.max(1))).ok();
            if let Some(sum) = slot.and_then(|slot| counts.get_mut(slot)) {
                *sum += count;
            }
        }
        counts
    }

    /// Returns whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty() && !self.is_full
    }

    fn count(&mut self, second: i64, count: u64) {
        if self.is_full {
            return;
        }
        *self.counts.entry(second).or_default() += count;
        if self.counts.len() > CAPACITY {
            self.is_full = true;
            self.counts.clear();
        }
    }
}

impl Merge for Seconds {
    fn merge(&mut self, other: &Self) {
        if other.is_full {
            self.is_full = true;
            self.counts.clear();
        }
        for (second, count) in &other.counts {
            self.count(*second, *count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_moves() {
        let mut seconds = Seconds::default();
        for at in [0, 500_000_000, 999_999_999, 9_000_000_000, 10_000_000_000] {
            seconds.add(Timestamp::from_nanos(at));
        }
        // Second 0 has three; seconds 0 to 9 have four, seconds 1 to 10 two.
        assert_eq!(seconds.peak(1), Some(3));
        assert_eq!(seconds.peak(10), Some(4));
        assert_eq!(seconds.peak(11), Some(5));
        assert_eq!(Seconds::default().peak(1), Some(0));
        let (start, end) = (Timestamp::from_nanos(0), Timestamp::from_nanos(10 * SECOND));
        assert_eq!(seconds.slots(start, end, 11)[0], 3);
        assert_eq!(seconds.slots(start, end, 2), [3, 2]);
    }
}
