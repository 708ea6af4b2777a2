//! Frames of several sources in the order of their times.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::queue::{Chunk, now};
use crate::{capture::Batch, span::Span, time::Timestamp};

/// How long a frame waits for others that were captured before it: longer than the kernel holds them back.
const HOLD: Duration = Duration::from_millis(250);
/// Octets of a batch, roughly.
const BATCH_BYTES: usize = 256 << 10;

/// What waits for its turn, by source.
#[derive(Debug)]
pub(super) struct Merge {
    waiting: Vec<VecDeque<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    batch: Batch,
    next: usize,
    at: Instant,
    /// The time of its latest record.
    newest: Timestamp,
}

impl Merge {
    pub(super) fn new(sources: usize) -> Self {
        let mut waiting = Vec::new();
        waiting.resize_with(sources, VecDeque::new);
        Self { waiting }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.iter().all(VecDeque::is_empty)
    }

    /// Returns whether nothing is due.
    pub(super) fn is_drained(&self) -> bool {
        self.oldest().is_none_or(|oldest| oldest.elapsed() < HOLD)
    }

    /// Returns how long to wait for more before something is due.
    pub(super) fn wait(&self, longest: Duration) -> Duration {
        self.oldest().map_or(longest, |oldest| {
            HOLD.saturating_sub(oldest.elapsed()).min(longest)
        })
    }

    fn oldest(&self) -> Option<Instant> {
        let fronts = self.waiting.iter().filter_map(VecDeque::front);
        fronts.map(|waiting| waiting.at).min()
    }

    /// Takes frames in.
    pub(super) fn push(&mut self, chunk: Chunk) {
        let newest = chunk.batch.records.iter().map(|record| record.ts).max();
        if let (Some(newest), Some(queue)) = (newest, self.waiting.get_mut(chunk.source)) {
            queue.push_back(Waiting {
                batch: chunk.batch,
                next: 0,
                at: chunk.at,
                newest,
            });
        }
    }

    /// Fills `batch` with what is due, or with all there is; `done` takes used buffers.
    pub(super) fn fill(&mut self, batch: &mut Batch, all: bool, mut done: impl FnMut(Batch)) {
        let now = now();
        let is_due = |waiting: &&Waiting| all || now.saturating_duration_since(waiting.at) >= HOLD;
        let due = self.waiting.iter().flatten().filter(is_due);
        let Some(due) = due.map(|waiting| waiting.newest).max() else {
            return;
        };
        while batch.bytes.len() < BATCH_BYTES {
            let heads = self.waiting.iter_mut().filter_map(|queue| {
                let front = queue.front()?;
                Some((front.batch.records.get(front.next)?.ts, queue))
            });
            let Some((_, queue)) = heads
                .min_by_key(|(ts, _)| *ts)
                .filter(|(ts, _)| all || *ts <= due)
            else {
                return;
            };
            if let Some(front) = queue.front_mut() {
                front.copy_next(batch);
                if front.next >= front.batch.records.len()
                    && let Some(used) = queue.pop_front()
                {
                    done(used.batch);
                }
            }
        }
    }
}

impl Waiting {
    /// Appends the next record to `batch`.
    fn copy_next(&mut self, batch: &mut Batch) {
        if let Some(record) = self.batch.records.get(self.next) {
            let start = batch.bytes.len();
            batch
                .bytes
                .extend_from_slice(record.data.of(&self.batch.bytes));
            let mut record = *record;
            record.data = Span::new(start, batch.bytes.len());
            batch.records.push(record);
        }
        self.next = self.next.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{LinkType, Record};

    fn chunk(source: usize, times: &[i64], age: Duration) -> Chunk {
        let mut batch = Batch::default();
        for ts in times {
            let start = batch.bytes.len();
            batch.bytes.push(*ts as u8);
            batch.records.push(Record {
                ts: Timestamp::from_nanos(*ts),
                data: Span::new(start, start + 1),
                orig_len: 1,
                link: LinkType::ETHERNET,
                interface: source as u16,
                fcs_len: 0,
            });
        }
        Chunk {
            source,
            batch,
            at: now().checked_sub(age).unwrap(),
        }
    }

    fn taken(merge: &mut Merge, all: bool) -> Vec<u8> {
        let mut batch = Batch::default();
        merge.fill(&mut batch, all, |_| {});
        let octets = batch.records.iter().map(|r| r.data.of(&batch.bytes)[0]);
        octets.collect()
    }

    #[test]
    fn frames_come_in_the_order_of_their_times() {
        let (long, short) = (Duration::from_secs(1), Duration::ZERO);
        let mut merge = Merge::new(3);
        merge.push(chunk(0, &[1, 4, 9], long));
        merge.push(chunk(1, &[2, 3, 8, 12], short));
        merge.push(chunk(0, &[10], short));
        merge.push(chunk(2, &[], long));
        // What is due takes along what was captured before it.
        assert_eq!(taken(&mut merge, false), [1, 2, 3, 4, 8, 9]);
        assert!(merge.is_drained() && !merge.is_empty());
        assert_eq!(taken(&mut merge, false), [0_u8; 0]);
        assert_eq!(taken(&mut merge, true), [10, 12]);
        assert!(merge.is_empty());
    }

    #[test]
    fn a_source_whose_clock_steps_back_keeps_its_order() {
        let mut merge = Merge::new(2);
        merge.push(chunk(0, &[5, 2, 6], Duration::from_secs(1)));
        merge.push(chunk(1, &[3], Duration::from_secs(1)));
        assert_eq!(taken(&mut merge, false), [3, 5, 2, 6]);
    }
}
