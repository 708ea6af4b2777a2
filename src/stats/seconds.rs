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
    /// The peaks of what is no longer remembered, by the number of seconds, and when that ended.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    past: BTreeMap<i64, u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settled: Option<i64>,
}

/// The numbers of seconds whose peaks are known of what is no longer remembered.
const SETTLED: [i64; 2] = [1, 10];

impl Seconds {
    /// Counts something at `ts`.
    pub fn add(&mut self, ts: Timestamp) {
        self.count(ts.nanos().div_euclid(SECOND), 1);
    }

    /// Returns the most in so many seconds that follow each other within a window of whole seconds; `None` when there were too
    /// many to remember, and when the window is shorter or begins or ends within a second.
    #[must_use]
    pub fn peak(&self, seconds: i64, (start, end): (Timestamp, Timestamp)) -> Option<u64> {
        let bounds = [start, end].map(Timestamp::nanos);
        let is_long = end.since(start) >= seconds.saturating_mul(SECOND);
        if !is_long || bounds.iter().any(|bound| bound % SECOND != 0) {
            return None;
        }
        let [first, end] = bounds.map(|bound| bound.div_euclid(SECOND));
        let mut most = 0;
        let mut sum: u64 = 0;
        let mut oldest = self.counts.range(first..end).peekable();
        for (second, count) in self.counts.range(first..end) {
            sum = sum.saturating_add(*count);
            while let Some((_, gone)) = oldest.next_if(|(old, _)| **old <= second - seconds) {
                sum = sum.saturating_sub(*gone);
            }
            most = most.max(sum);
        }
        if self.settled.is_some_and(|settled| first < settled) {
            most = most.max(*self.past.get(&seconds)?);
        }
        (!self.is_full).then_some(most)
    }

    /// Remembers of what was before `until` the peaks only, so that memory stays flat.
    pub fn settle(&mut self, until: Timestamp) {
        let until = until.nanos().div_euclid(SECOND);
        for seconds in SETTLED {
            if let Some(peak) = self.peak(seconds, self.window(seconds)) {
                self.past.insert(seconds, peak);
            }
        }
        self.counts = self.counts.split_off(&until);
        self.settled = self.settled.max(Some(until));
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

    /// Returns the window of all that was counted, and of at least so many seconds.
    #[must_use]
    pub fn window(&self, seconds: i64) -> (Timestamp, Timestamp) {
        let first = self.counts.first_key_value().map_or(0, |(first, _)| *first);
        // With what is no longer remembered.
        let first = self.settled.map_or(first, |settled| first.min(settled - 1));
        let last = self.counts.last_key_value().map_or(0, |(last, _)| *last);
        let end = last.saturating_add(1).max(first.saturating_add(seconds));
        let at = |second: i64| Timestamp::from_nanos(second.saturating_mul(SECOND));
        (at(first), at(end))
    }

    /// Returns whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty() && !self.is_full
    }

    fn count(&mut self, second: i64, count: u64) {
        if self.is_full || self.settled.is_some_and(|settled| second < settled) {
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
        self.settled = self.settled.max(other.settled);
        for (seconds, peak) in &other.past {
            let known = self.past.entry(*seconds).or_default();
            *known = (*known).max(*peak);
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
        let all = |length| seconds.peak(length, seconds.window(length));
        assert_eq!([1, 10, 11].map(all), [Some(3), Some(4), Some(5)]);
        assert_eq!(all(60), Some(5));
        let none = Seconds::default();
        assert_eq!(none.peak(1, none.window(1)), Some(0));
        // Of the seconds 1 to 10: one at 9 and one at 10.
        let within = |start: i64, end: i64| {
            let [start, end] =
                [start, end].map(|tenths| Timestamp::from_nanos(tenths * SECOND / 10));
            [1, 10].map(|length| seconds.peak(length, (start, end)))
        };
        assert_eq!(within(10, 110), [Some(1), Some(2)]);
        assert_eq!(within(10, 100), [Some(1), None]);
        assert_eq!(within(0, 5), [None, None]);
        assert_eq!(within(5, 205), [None, None]);
        let (start, end) = (Timestamp::from_nanos(0), Timestamp::from_nanos(10 * SECOND));
        assert_eq!(seconds.slots(start, end, 11)[0], 3);
        assert_eq!(seconds.slots(start, end, 2), [3, 2]);
        // What is settled counts on, and takes no memory.
        seconds.settle(Timestamp::from_nanos(5 * SECOND));
        seconds.add(Timestamp::from_nanos(4 * SECOND));
        let all = |length| seconds.peak(length, seconds.window(length));
        assert_eq!([1, 10, 11].map(all), [Some(3), Some(4), None]);
        assert_eq!(seconds.counts.len(), 2);
    }
}
