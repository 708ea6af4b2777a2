//! Several inputs become one capture: units in the order of (latest time in their input so far, input, number).
//!
//! The keys never go backwards within an input, so this order depends on the records alone and not on how they were
//! cut into batches; and it can be told before all is read, up to the watermark of the inputs.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use crate::{capture::Watermark, pipeline::unit::Work, time::Timestamp};

/// Decoded batches whose units wait for their turn.
#[derive(Debug, Default)]
pub(crate) struct Merge {
    /// By input: its batches, the oldest first.
    waiting: Vec<VecDeque<Waiting>>,
    /// The next unit of each input that has one.
    heads: BinaryHeap<Reverse<(Timestamp, u16)>>,
}

#[derive(Debug)]
struct Waiting {
    work: Work,
    next: usize,
}

impl Merge {
    /// Takes a batch in.
    pub(crate) fn push(&mut self, work: Work) {
        let input = work.batch.input;
        let index = usize::from(input);
        if self.waiting.len() <= index {
            self.waiting.resize_with(index + 1, VecDeque::new);
        }
        let Some(first) = work.units.first() else {
            return;
        };
        if self.waiting[index].is_empty() {
            self.heads.push(Reverse((first.key, input)));
        }
        self.waiting[index].push_back(Waiting { work, next: 0 });
    }

    /// Hands over every unit that no later batch can come before.
    pub(crate) fn release(&mut self, watermark: Watermark, take: &mut impl FnMut(&Work, usize)) {
        while let Some(&Reverse((key, input))) = self.heads.peek() {
            if (key, input) > (watermark.key, watermark.input) {
                return;
            }
            self.heads.pop();
            let queue = &mut self.waiting[usize::from(input)];
            let Some(front) = queue.front_mut() else {
                continue;
            };
            take(&front.work, front.next);
            front.next += 1;
            if front.next >= front.work.units.len() {
                queue.pop_front();
            }
            if let Some(front) = queue.front() {
                self.heads
                    .push(Reverse((front.work.units[front.next].key, input)));
            }
        }
    }
}
