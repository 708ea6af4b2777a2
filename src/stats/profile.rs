//! How many of something there are at a time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::stats::merge::Merge;

/// Moments remembered at most; then they are rounded to a coarser unit.
const CAPACITY: usize = 1 << 20;

/// The units that moments are rounded to, in nanoseconds: not at all, a second, a minute, an hour, a day.
const UNITS: [i64; 5] = [
    1,
    1_000_000_000,
    60_000_000_000,
    3_600_000_000_000,
    86_400_000_000_000,
];

/// Intervals, half open, that may overlap. How they are remembered depends on how many there are, not on their order.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Profile {
    /// An index into `UNITS`.
    unit: u8,
    /// By moment, how many intervals begin and how many end.
    changes: BTreeMap<i64, (u64, u64)>,
    /// What is before them and no longer remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    past: Option<Past>,
}

/// What a profile amounts to before a moment.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
struct Past {
    until: i64,
    /// How many are in progress then.
    now: u64,
    peak: u64,
    area: u128,
}

/// What a profile amounts to between two moments.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Level {
    /// The most at one time.
    pub peak: u64,
    /// The sum of the lengths of all, in nanoseconds.
    pub area: u128,
}

impl Profile {
    /// Adds an interval; one that ends before it begins is none.
    pub fn add(&mut self, start: i64, end: i64) {
        if end <= start {
            return;
        }
        self.change(start, (1, 0));
        self.change(end, (0, 1));
        self.shrink();
    }

    /// Remembers of what was before `until` no more than what it amounts to, and rounds the rest until no more moments are
    /// left than these: so that memory stays flat.
    pub fn settle(&mut self, until: i64, most: usize) {
        let unit = UNITS[usize::from(self.unit).min(UNITS.len() - 1)];
        let until = until.div_euclid(unit).saturating_mul(unit);
        let first = self.changes.first_key_value().map(|(at, _)| *at);
        let since = self.past.map(|past| past.until).or(first);
        if let Some(since) = since.filter(|since| *since < until) {
            // From before what is settled on, so that all of that is in it.
            let level = self.level(since - 1, until);
            let kept = self.changes.split_off(&until.saturating_add(1));
            let now = |now: u64, (begun, ended): &(u64, u64)| {
                now.saturating_add(*begun).saturating_sub(*ended)
            };
            let before = self.past.map_or(0, |past| past.now);
            let now = self.changes.values().fold(before, now);
            self.changes = kept;
            self.past = Some(Past {
                until,
                now,
                peak: level.peak,
                area: level.area,
            });
        }
        while self.changes.len() > most && usize::from(self.unit) < UNITS.len() - 1 {
            self.round_to(self.unit + 1);
        }
    }

    /// Returns whether moments are rounded, which makes the peak an upper bound.
    #[must_use]
    pub const fn is_rounded(&self) -> bool {
        self.unit > 0
    }

    /// Returns the level between `start` and `end`.
    #[must_use]
    pub fn level(&self, start: i64, end: i64) -> Level {
        let windows = self.windows(&[(start, end)]);
        windows.first().copied().unwrap_or_default()
    }

    /// Returns the levels of windows that are in order and do not overlap.
    #[must_use]
    pub fn windows(&self, windows: &[(i64, i64)]) -> Vec<Level> {
        let mut changes = self.changes.iter().peekable();
        let mut now = self.past.map_or(0, |past| past.now);
        let mut levels = Vec::with_capacity(windows.len());
        for &(start, end) in windows {
            // Of what is settled all is told to whoever asks for some of it.
            let past = self.past.filter(|past| start < past.until);
            while let Some((_, (begun, ended))) = changes.next_if(|(at, _)| **at <= start) {
                now = now.saturating_add(*begun).saturating_sub(*ended);
            }
            let mut level = Level { peak: now, area: 0 };
            let mut since = start;
            if let Some(past) = past {
                level = Level {
                    peak: now.max(past.peak),
                    area: past.area,
                };
                since = past.until.min(end);
            }
            while let Some((at, (begun, ended))) = changes.next_if(|(at, _)| **at < end) {
                level.area += area(now, since, *at);
                since = *at;
                now = now.saturating_add(*begun).saturating_sub(*ended);
                level.peak = level.peak.max(now);
            }
            level.area += area(now, since, end);
            levels.push(level);
        }
        levels
    }

    fn change(&mut self, at: i64, (begun, ended): (u64, u64)) {
        // What is rounded lasts a little longer, so that it is never lost.
        let unit = UNITS[usize::from(self.unit).min(UNITS.len() - 1)];
        if begun > 0 {
            let at = at.div_euclid(unit).saturating_mul(unit);
            match self.past.as_mut().filter(|past| at <= past.until) {
                Some(past) => past.begin(at, begun),
                None => self.changes.entry(at).or_default().0 += begun,
            }
        }
        if ended > 0 {
            let at = (-(-at).div_euclid(unit)).saturating_mul(unit);
            match self.past.as_mut().filter(|past| at <= past.until) {
                Some(past) => past.end(at, ended),
                None => self.changes.entry(at).or_default().1 += ended,
            }
        }
    }

    fn shrink(&mut self) {
        while self.changes.len() > CAPACITY && usize::from(self.unit) < UNITS.len() - 1 {
            self.round_to(self.unit + 1);
        }
    }

    fn round_to(&mut self, unit: u8) {
        if unit > self.unit {
            self.unit = unit;
            for (at, change) in std::mem::take(&mut self.changes) {
                self.change(at, change);
            }
        }
    }
}

impl Past {
    /// Counts what began so long ago with its length; whether it was a peak then is not known any more.
    fn begin(&mut self, at: i64, begun: u64) {
        self.now = self.now.saturating_add(begun);
        self.area = self.area.saturating_add(area(begun, at, self.until));
    }

    fn end(&mut self, at: i64, ended: u64) {
        self.now = self.now.saturating_sub(ended);
        self.area = self.area.saturating_sub(area(ended, at, self.until));
    }
}

fn area(level: u64, since: i64, until: i64) -> u128 {
    let length = u64::try_from(until.saturating_sub(since)).unwrap_or_default();
    u128::from(level) * u128::from(length)
}

impl Merge for Profile {
    fn merge(&mut self, other: &Self) {
        self.round_to(other.unit);
        if let Some(theirs) = other.past {
            let ours = self.past.get_or_insert(theirs);
            if *ours != theirs {
                ours.area = ours.area.saturating_add(theirs.area);
                ours.peak = ours.peak.max(theirs.peak);
                ours.now = ours.now.saturating_add(theirs.now);
                ours.until = ours.until.max(theirs.until);
            }
        }
        for (at, change) in &other.changes {
            self.change(*at, *change);
        }
        self.shrink();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(intervals: &[(i64, i64)]) -> Profile {
        let mut profile = Profile::default();
        for (start, end) in intervals {
            profile.add(*start, *end);
        }
        profile
    }

    #[test]
    fn levels_are_those_of_the_intervals() {
        // 0...10, 5...15, 10...20: at 10 the first makes way for the third.
        let profile = of(&[(5, 15), (0, 10), (10, 20), (7, 7), (9, 8)]);
        for ((start, end), peak, area) in [
            ((0, 20), 2, 30),
            ((0, 5), 1, 5),
            ((5, 10), 2, 10),
            ((12, 13), 2, 2),
            ((15, 100), 1, 5),
            ((-5, 0), 0, 0),
        ] {
            assert_eq!(profile.level(start, end), Level { peak, area }, "{start}");
        }
        let parts = profile.windows(&[(0, 6), (6, 12), (12, 20)]);
        let areas: Vec<u128> = parts.iter().map(|level| level.area).collect();
        assert_eq!(areas, [7, 12, 11]);
    }

    #[test]
    fn what_is_settled_counts_and_takes_no_memory() {
        // Three at 20, then one every ten from 100 on, each 15 long; one goes on from 50 to 1000.
        let early = [(0, 30), (10, 40), (20, 25), (50, 1000)];
        let late: Vec<_> = (10..90).map(|ten| (ten * 10, ten * 10 + 15)).collect();
        let all = [&early[..], &late[..]].concat();
        let whole = of(&all);
        // All at once, and some before it is settled.
        for known in [all.len(), 5, 4, 3] {
            let mut settled = of(&all[..known]);
            settled.settle(200, 1000);
            settled.merge(&of(&all[known..]));
            settled.settle(300, 1000);
            settled.settle(250, 1000);
            assert_eq!(settled.level(0, 1000), whole.level(0, 1000), "{known}");
            assert_eq!(settled.level(300, 1000), whole.level(300, 1000));
            assert!(settled.changes.len() < whole.changes.len() * 3 / 4);
        }
        // What is still too much is rounded.
        let mut rounded = whole;
        rounded.settle(0, 10);
        assert!(rounded.is_rounded() && rounded.changes.len() <= 10);
    }

    #[test]
    fn too_many_moments_are_rounded() {
        const SECOND: i64 = 1_000_000_000;
        let many = CAPACITY as i64;
        let all: Vec<_> = (0..many).map(|i| (i * 1000, i * 1000 + 500)).collect();
        let whole = of(&all);
        assert!(whole.is_rounded());
        let (one, other) = all.split_at(all.len() / 2 + 7);
        let mut merged = of(other);
        merged.merge(&of(one));
        assert_eq!(merged, whole);
        assert_eq!(whole.level(0, SECOND).peak, 1_000_000);
    }
}
