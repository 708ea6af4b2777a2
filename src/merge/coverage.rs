//! What was captured at each point, and what is missing there.

use crate::time::Timestamp;

/// How long a point has to be silent before it is told of.
const MIN_GAP: i64 = 5_000_000_000;
/// Gaps kept of a point; the others are counted.
const MAX_GAPS: usize = 5;

/// A time in which a point has no frames although there should be some: others have, or another file begins after it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gap {
    /// The last frame before it.
    pub from: Timestamp,
    /// The first frame behind it.
    pub to: Timestamp,
}

impl Gap {
    /// Returns how long it is.
    #[must_use]
    pub const fn nanos(&self) -> i64 {
        self.to.since(self.from)
    }
}

/// What was captured at a point.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PointCoverage {
    /// What the point is called.
    pub name: String,
    /// The inputs that have frames of it.
    pub inputs: Vec<u16>,
    /// How many frames were written.
    pub frames: u64,
    /// How many copies were left out.
    pub copies: u64,
    /// How many frames stand behind later ones, because they came too late.
    pub late: u64,
    /// The earliest and the latest of its frames.
    pub times: Option<(Timestamp, Timestamp)>,
    /// How many gaps it has.
    pub gap_count: u64,
    /// The longest of them, the longest first.
    pub gaps: Vec<Gap>,
    /// Its last frame: when, of which input, and how many frames there were of all points by then.
    last: Option<(Timestamp, u16, u64)>,
}

/// What was captured at all points.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    pub(super) points: Vec<PointCoverage>,
    frames: u64,
}

impl Coverage {
    /// Returns the number of the point of this name.
    pub(super) fn point(&mut self, name: &str) -> usize {
        let known = self.points.iter().position(|point| point.name == name);
        known.unwrap_or_else(|| {
            self.points.push(PointCoverage {
                name: name.to_owned(),
                ..PointCoverage::default()
            });
            self.points.len() - 1
        })
    }

    /// Counts a frame of a point; copies show that it was captured there, too.
    pub(super) fn count(&mut self, point: usize, input: u16, ts: Timestamp, is_copy: bool) {
        let before = self.frames;
        self.frames += 1;
        let all = self.frames;
        let Some(point) = self.points.get_mut(point) else {
            return;
        };
        if is_copy {
            point.copies += 1;
        } else {
            point.frames += 1;
        }
        if let Err(place) = point.inputs.binary_search(&input) {
            point.inputs.insert(place, input);
        }
        let (first, last) = point.times.unwrap_or((ts, ts));
        point.times = Some((first.min(ts), last.max(ts)));
        if let Some((from, last_input, count)) = point.last {
            let gap = Gap { from, to: ts };
            if gap.nanos() >= MIN_GAP && (count < before || last_input != input) {
                point.gap(gap);
            }
        }
        let newest = point.last.map_or(ts, |(last, ..)| last.max(ts));
        point.last = Some((newest, input, all));
    }

    /// Counts a frame that came too late for its place.
    pub(super) fn late(&mut self, point: usize) {
        if let Some(point) = self.points.get_mut(point) {
            point.late += 1;
        }
    }
}

impl PointCoverage {
    fn gap(&mut self, gap: Gap) {
        self.gap_count += 1;
        let place = self
            .gaps
            .partition_point(|other| other.nanos() >= gap.nanos());
        self.gaps.insert(place, gap);
        self.gaps.truncate(MAX_GAPS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_parts(seconds, 0)
    }

    #[test]
    fn a_gap_is_where_others_have_frames_or_another_file_begins() {
        let mut coverage = Coverage::default();
        let (edge, core) = (coverage.point("edge"), coverage.point("core"));
        assert_eq!(coverage.point("edge"), edge);
        // Point, file, second. Both are silent from 2 to 60: nobody knows whether there was anything.
        for (point, input, second) in [
            (edge, 0, 0),
            (core, 1, 1),
            (edge, 0, 2),
            (core, 1, 60),
            (edge, 0, 61),
            (edge, 0, 63),
            (edge, 0, 67),
            (core, 1, 68),
            (core, 2, 100),
        ] {
            coverage.count(point, input, at(second), false);
        }
        let gaps: Vec<Vec<_>> = coverage
            .points
            .iter()
            .map(|point| point.gaps.iter().map(|g| (g.from, g.to)).collect())
            .collect();
        let edge_gaps = vec![(at(2), at(61))];
        let core_gaps = vec![(at(1), at(60)), (at(68), at(100)), (at(60), at(68))];
        assert_eq!(gaps, [edge_gaps, core_gaps]);
        assert_eq!(coverage.points[core].inputs, [1, 2]);
        assert_eq!(coverage.points[edge].times, Some((at(0), at(67))));
    }

    #[test]
    fn only_the_longest_gaps_are_kept() {
        let mut coverage = Coverage::default();
        let point = coverage.point("edge");
        let mut second = 0;
        for step in [5, 9, 7, 4, 20, 6, 8] {
            second += step;
            coverage.count(point, u16::try_from(step).unwrap(), at(second), false);
        }
        let point = &coverage.points[0];
        let lengths: Vec<_> = point
            .gaps
            .iter()
            .map(|g| g.nanos() / 1_000_000_000)
            .collect();
        assert_eq!((point.gap_count, lengths), (5, vec![20, 9, 8, 7, 6]));
    }
}
