//! The order of merged frames: by time, as far as memory allows.

use std::{
    cmp::{Ordering, Reverse},
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
};

use crate::{
    capture::{Batch, Watermark},
    time::Timestamp,
};

/// How much a frame counts besides its octets, so that empty ones count, too.
const OVERHEAD: u64 = 64;
/// How many octets of one of many inputs a frame may pass at least.
const MIN_REACH: u64 = 64 << 10;

/// Frames on their way to their place in time.
///
/// A frame goes in front of frames of its input that stand before it in the file, if their times are later; but not
/// in front of those that are more than a span of time or an amount of octets away. So its place depends on its
/// input alone, not on how the input was cut into batches, and what has to be kept is bounded.
#[derive(Debug)]
pub(super) struct Order {
    hold: i64,
    /// How many octets of each input a frame may pass.
    reach: u64,
    /// How many octets may wait before the inputs that others wait for are read first.
    room: u64,
    tracks: Vec<Track>,
    waiting: BinaryHeap<Reverse<Waiting>>,
    /// How many octets wait.
    octets: u64,
}

/// How far an input has come.
#[derive(Debug, Default)]
struct Track {
    /// The frames within reach: the latest time in the input up to each, and the octets before it.
    near: VecDeque<(Timestamp, u64)>,
    octets: u64,
    /// The latest time of the frames out of reach.
    floor: Option<Timestamp>,
    /// The number of the next frame.
    next: u64,
}

/// A frame whose turn has not come.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Its place: its time, unless that is too long ago.
    at: Timestamp,
    input: u16,
    number: u64,
    /// Its record in the batch.
    pub(super) index: usize,
    pub(super) batch: Arc<Batch>,
    /// What tells copies of it, if that is wanted.
    pub(super) digest: Option<super::copies::Digest>,
}

impl Waiting {
    fn place(&self) -> (Timestamp, u16, u64) {
        (self.at, self.input, self.number)
    }
}

impl Eq for Waiting {}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Order {
    /// Returns an order of so many inputs in which frames pass others that are at most `hold` nanoseconds later, and
    /// in which about `room` octets wait.
    pub(super) fn new(hold: i64, inputs: usize, room: u64) -> Self {
        Self {
            hold,
            reach: (room / (inputs as u64).max(1)).max(MIN_REACH),
            room,
            tracks: Vec::new(),
            waiting: BinaryHeap::new(),
            octets: 0,
        }
    }

    /// Takes in the record at `index` of a batch. All records have to come, in the order of their inputs, those that
    /// are not wanted too.
    pub(super) fn push(
        &mut self,
        batch: &Arc<Batch>,
        index: usize,
        digest: Option<super::copies::Digest>,
        is_wanted: bool,
    ) {
        let (Some(record), Some(frame)) = (batch.records.get(index), batch.frame(index)) else {
            return;
        };
        let (hold, reach) = (self.hold, self.reach);
        let track = self.track(batch.input);
        let at = track.pass(record.ts, weight(record.data.len()), hold, reach);
        track.next = frame.origin.number.saturating_add(1);
        if is_wanted {
            self.octets += weight(record.data.len());
            self.waiting.push(Reverse(Waiting {
                at,
                input: batch.input,
                number: frame.origin.number,
                index,
                batch: Arc::clone(batch),
                digest,
            }));
        }
    }

    /// Hands out, in order, the frames that nothing comes in front of any more, given the inputs of which more is due.
    pub(super) fn release<E>(
        &mut self,
        due: impl Iterator<Item = Watermark>,
        each: &mut dyn FnMut(&Waiting) -> Result<(), E>,
    ) -> Result<(), E> {
        let limit = due.map(|due| self.earliest(due)).min();
        while let Some(Reverse(first)) = self.waiting.peek() {
            if limit.is_some_and(|limit| first.place() >= limit) {
                break;
            }
            if let Some(Reverse(first)) = self.waiting.pop() {
                let record = first.batch.records.get(first.index);
                self.octets -= record.map_or(0, |record| weight(record.data.len()));
                each(&first)?;
            }
        }
        Ok(())
    }

    /// Returns the input that the others wait for, if so much waits that it is to be read next.
    pub(super) fn wants(&self, due: impl Iterator<Item = Watermark>) -> Option<u16> {
        if self.octets <= self.room {
            return None;
        }
        due.map(|due| self.earliest(due))
            .min()
            .map(|(_, input, _)| input)
    }

    /// Returns the place that the next frame of an input has at the earliest.
    fn earliest(&self, due: Watermark) -> (Timestamp, u16, u64) {
        let track = self.tracks.get(usize::from(due.input));
        let floor = track.and_then(|track| track.floor);
        let at = due.key.plus(self.hold.saturating_neg());
        let at = floor.map_or(at, |floor| at.max(floor));
        (at, due.input, track.map_or(0, |track| track.next))
    }

    fn track(&mut self, input: u16) -> &mut Track {
        let index = usize::from(input);
        if self.tracks.len() <= index {
            self.tracks.resize_with(index + 1, Track::default);
        }
        &mut self.tracks[index]
    }
}

/// Returns how much a frame of so many octets counts.
fn weight(octets: usize) -> u64 {
    (octets as u64).saturating_add(OVERHEAD)
}

impl Track {
    /// Counts a frame, and returns its place in time.
    fn pass(&mut self, ts: Timestamp, octets: u64, hold: i64, reach: u64) -> Timestamp {
        let newest = self.near.back().map(|(key, _)| *key).max(self.floor);
        let key = newest.map_or(ts, |newest| newest.max(ts));
        self.near.push_back((key, self.octets));
        self.octets = self.octets.saturating_add(octets);
        while let Some(&(key, before)) = self.near.front()
            && self.octets.saturating_sub(before) > reach
        {
            self.floor = Some(key);
            self.near.pop_front();
        }
        let earliest = key.plus(hold.saturating_neg());
        let earliest = self.floor.map_or(earliest, |floor| floor.max(earliest));
        ts.max(earliest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        capture::{LinkType, Record},
        span::Span,
    };

    /// Returns a batch of frames of one octet at these times.
    fn batch(input: u16, first_number: u64, times: &[i64]) -> Arc<Batch> {
        let record = |ts: &i64| Record {
            ts: Timestamp::from_nanos(*ts),
            data: Span::new(0, 1),
            orig_len: 1,
            link: LinkType::RAW,
            interface: 0,
            fcs_len: 0,
        };
        Arc::new(Batch {
            input,
            first_number,
            bytes: vec![0],
            records: times.iter().map(record).collect(),
            ..Batch::default()
        })
    }

    /// Merges files that are read in pieces of `size` frames, each time the input that is furthest behind; also
    /// returns how many frames waited at most.
    fn merged(files: &[Vec<i64>], size: usize, hold: i64, reach: u64) -> (Vec<(u16, u64)>, usize) {
        let mut order = Order {
            reach,
            ..Order::new(hold, files.len(), reach * files.len() as u64)
        };
        let mut out = Vec::new();
        let mut most = 0;
        let mut done = vec![0; files.len()];
        loop {
            let due: Vec<_> = (0_u16..)
                .zip(files.iter().zip(&done))
                .filter(|(_, (file, done))| **done < file.len())
                .map(|(input, (file, done))| Watermark {
                    // An input that was not begun is known by its first frame.
                    key: Timestamp::from_nanos(*file[..(*done).max(1)].iter().max().unwrap()),
                    input,
                })
                .collect();
            order
                .release(due.iter().copied(), &mut |frame| {
                    out.push((frame.input, frame.number));
                    Ok::<(), ()>(())
                })
                .unwrap();
            let Some(next) = due.iter().min() else {
                assert_eq!(order.octets, 0);
                return (out, most);
            };
            let next = order.wants(due.iter().copied()).unwrap_or(next.input);
            let input = usize::from(next);
            let from = done[input];
            let to = (from + size).min(files[input].len());
            let batch = batch(next, from as u64 + 1, &files[input][from..to]);
            for index in 0..batch.records.len() {
                order.push(&batch, index, None, true);
            }
            done[input] = to;
            most = most.max(order.waiting.len());
        }
    }

    #[test]
    fn frames_are_sorted_by_time_within_reach() {
        for (files, hold, reach, expected) in [
            // Two overlapping files; equal times in the order of the inputs.
            (
                vec![vec![1, 3, 5], vec![1, 2, 5]],
                10,
                1 << 20,
                vec![(0, 1), (1, 1), (1, 2), (0, 2), (0, 3), (1, 3)],
            ),
            // A frame that stands three too far behind comes to its place …
            (
                vec![vec![10, 12, 14, 11], vec![13]],
                10,
                1 << 20,
                vec![(0, 1), (0, 4), (0, 2), (1, 1), (0, 3)],
            ),
            // … as far as time allows: 14 - 2 = 12, where the second frame already is …
            (
                vec![vec![10, 12, 14, 11], vec![13]],
                2,
                1 << 20,
                vec![(0, 1), (0, 2), (0, 4), (1, 1), (0, 3)],
            ),
            // … and memory: with room for two frames it passes one.
            (
                vec![vec![10, 12, 14, 11], vec![13]],
                10,
                2 * 65,
                vec![(0, 1), (0, 2), (0, 4), (1, 1), (0, 3)],
            ),
            // One file behind the other, named the wrong way round.
            (
                vec![vec![20, 21], vec![10, 11]],
                5,
                1 << 20,
                vec![(1, 1), (1, 2), (0, 1), (0, 2)],
            ),
        ] {
            for size in [1, 2, 100] {
                let merged = merged(&files, size, hold, reach).0;
                assert_eq!(merged, expected, "{files:?} {size}");
            }
        }
    }

    #[test]
    fn frames_of_one_time_do_not_pile_up() {
        let files = [vec![7; 10_000], vec![7; 10_000]];
        let (out, most) = merged(&files, 10, 1_000_000_000, 50 * 65);
        assert_eq!(out.len(), 20_000);
        // There is room for a hundred; then fifty of each input are read, in batches of ten.
        assert!(most <= 100 + 2 * 60, "{most}");
    }

    proptest! {
        #[test]
        fn the_order_does_not_depend_on_batches(
            files in prop::collection::vec(prop::collection::vec(0_i64..40, 1..30), 1..4),
            hold in 0_i64..20,
            room in 1_u64..20,
        ) {
            let expected = merged(&files, 1000, hold, room * 65).0;
            let frames: usize = files.iter().map(Vec::len).sum();
            prop_assert_eq!(expected.len(), frames);
            for size in [1, 3] {
                prop_assert_eq!(&merged(&files, size, hold, room * 65).0, &expected);
            }
        }
    }
}
