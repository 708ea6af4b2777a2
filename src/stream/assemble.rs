//! One TCP direction put in order (RFC 9293 §3.4): positions, and segments that wait for earlier ones.

use std::collections::VecDeque;

use super::Limits;
use crate::{capture::Frame, time::Timestamp};

/// A segment that waits for earlier ones.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) pos: u64,
    pub(super) bytes: Vec<u8>,
    /// Where it ended on the wire.
    pub(super) wire_end: u64,
    pub(super) frame: Frame,
    pub(super) arrival: u64,
}

impl Queued {
    /// What one takes besides its octets.
    const SIZE: usize = size_of::<Self>();

    pub(super) fn end(&self) -> u64 {
        self.pos.wrapping_add(self.bytes.len() as u64)
    }
}

/// How a segment lies to those that are queued.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Overlap {
    None,
    /// Partly the same octets.
    Same,
    /// Partly other octets for the same positions; the first to come have been kept.
    Conflict,
    /// Nothing new.
    Whole,
}

/// Whether it is known where a stream begins.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Sync {
    /// Not at all.
    #[default]
    New,
    /// By what the receiver has acknowledged so far.
    Acked,
    /// By the first segment, unless an earlier one comes soon.
    Held(Timestamp),
    /// By SYN, or by now.
    Synced,
}

/// The segments of one direction that are not in order yet.
///
/// Positions are sequence numbers extended to 64 bits: each is taken for the nearest to the one expected next, so they
/// never wrap (RFC 9293 §3.4). Nothing is ever put in the place of octets that are missing.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    /// The position expected next.
    pub(super) next: u64,
    pub(super) sync: Sync,
    /// In the order of their positions.
    queue: VecDeque<Queued>,
    /// The octets in the queue, with what it takes to hold them.
    size: usize,
    /// The longest segment since the queue was empty.
    longest: u64,
    /// How far the receiver has acknowledged.
    acked: u64,
    /// Since when it is known that the receiver has what is missing here.
    hole_acked: Option<Timestamp>,
    /// The end of the last segment nowhere near `next`, and how many of them there were one after the other.
    astray: (u64, u8),
}

impl Assembler {
    /// Returns the position of a sequence number.
    pub(super) fn position(&self, seq: u32) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a sequence number is the low half of a position"
        )]
        let expected = self.next as u32;
        let distance = seq.wrapping_sub(expected).cast_signed();
        self.next.wrapping_add_signed(i64::from(distance))
    }

    /// Lets the stream begin at `seq`.
    pub(super) fn begin(&mut self, seq: u32, sync: Sync) {
        // High enough for no position to be below zero.
        self.next = (1 << 40) | u64::from(seq);
        self.acked = self.next;
        self.sync = sync;
    }

    /// Lets the stream go on at `next`.
    pub(super) fn advance(&mut self, next: u64) {
        self.next = next;
        self.hole_acked = None;
        self.astray = (0, 0);
    }

    /// Notes how far the receiver has come.
    pub(super) fn acknowledge(&mut self, ack: u64, now: Timestamp) {
        if ack.wrapping_sub(self.acked).cast_signed() > 0 {
            self.acked = ack;
        }
        self.check_hole(now);
    }

    fn check_hole(&mut self, now: Timestamp) {
        if self.hole_acked.is_none() && !self.queue.is_empty() && self.acked > self.next {
            self.hole_acked = Some(now);
        }
    }

    /// Returns whether all that is queued has been acknowledged, so that nothing earlier can come any more.
    pub(super) fn is_queue_acked(&self) -> bool {
        self.queue
            .back()
            .is_some_and(|last| self.acked >= last.end())
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Returns how many octets it holds, with what it takes to hold them.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Returns the position of the first segment that waits.
    pub(super) fn front(&self) -> Option<u64> {
        self.queue.front().map(|front| front.pos)
    }

    /// Returns the frame of the first segment that waits.
    pub(super) fn front_frame(&self) -> Option<Frame> {
        self.queue.front().map(|front| front.frame)
    }

    /// Queues a segment unless it has nothing new. Octets that are queued already stay as they are.
    pub(super) fn push(&mut self, mut segment: Queued) -> (Overlap, Option<Queued>) {
        let overlap = self.compare(&mut segment);
        if overlap == Overlap::Whole {
            return (overlap, Some(segment));
        }
        let now = segment.frame.ts;
        self.longest = self.longest.max(segment.bytes.len() as u64);
        self.size = self
            .size
            .saturating_add(segment.bytes.len())
            .saturating_add(Queued::SIZE);
        let at = self.queue.partition_point(|other| other.pos <= segment.pos);
        self.queue.insert(at, segment);
        self.check_hole(now);
        (overlap, None)
    }

    /// Makes a segment agree with those in the queue.
    fn compare(&self, segment: &mut Queued) -> Overlap {
        let (pos, end) = (segment.pos, segment.end());
        let first = self
            .queue
            .partition_point(|other| other.pos.saturating_add(self.longest) <= pos);
        let mut overlap = Overlap::None;
        let mut covered = pos;
        for other in self.queue.range(first..) {
            if other.pos >= end {
                break;
            }
            let from = other.pos.max(pos);
            let to = other.end().min(end);
            if from >= to {
                continue;
            }
            if from <= covered {
                covered = covered.max(to);
            }
            let range = |start: u64| {
                let at = usize::try_from(from.saturating_sub(start)).unwrap_or(usize::MAX);
                let len = usize::try_from(to.saturating_sub(from)).unwrap_or(0);
                at..at.saturating_add(len)
            };
            let theirs = other.bytes.get(range(other.pos)).unwrap_or_default();
            let ours = segment.bytes.get_mut(range(pos)).unwrap_or_default();
            if overlap == Overlap::None {
                overlap = Overlap::Same;
            }
            if ours != theirs && ours.len() == theirs.len() {
                overlap = Overlap::Conflict;
                ours.copy_from_slice(theirs);
            }
        }
        if covered >= end {
            Overlap::Whole
        } else {
            overlap
        }
    }

    /// Returns the next segment if it is its turn.
    pub(super) fn pop(&mut self) -> Option<Queued> {
        if self.queue.front()?.pos > self.next {
            return None;
        }
        let segment = self.queue.pop_front()?;
        self.size = self
            .size
            .saturating_sub(segment.bytes.len())
            .saturating_sub(Queued::SIZE);
        if self.queue.is_empty() {
            self.longest = 0;
            self.size = 0;
            if self.queue.capacity() > 16 {
                self.queue = VecDeque::new();
            }
        }
        Some(segment)
    }

    /// Returns when what is missing is waited for no more.
    pub(super) fn deadline(&self, fin: Option<Timestamp>, limits: &Limits) -> Option<Timestamp> {
        let first = self.queue.front()?;
        if let Sync::Held(since) = self.sync {
            return Some(since.plus(limits.start_hold));
        }
        let latest = first.frame.ts.plus(limits.reorder);
        // A receiver that has it, or a sender that is done, makes it unlikely to come.
        let unlikely = [self.hole_acked, fin].into_iter().flatten().min();
        Some(unlikely.map_or(latest, |since| latest.min(since.plus(limits.acked_reorder))))
    }

    /// Returns whether too much waits for what is missing.
    pub(super) fn is_full(&self, limits: &Limits) -> bool {
        self.size > limits.queue
            || (self.hole_acked.is_some()
                && (self.size > limits.acked_queue || self.queue.len() > limits.acked_segments))
    }

    /// Notes a segment nowhere near `next`, and returns whether the stream has moved there: it is the third in a row.
    pub(super) fn is_moved(&mut self, pos: u64, end: u64, limits: &Limits) -> bool {
        let (last, count) = self.astray;
        let follows = pos.abs_diff(last) <= limits.window;
        self.astray = (end, if follows { count.saturating_add(1) } else { 1 });
        self.astray.1 >= 3
    }
}
