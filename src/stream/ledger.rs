//! Which frame carried which octets of a stream, until the last of them has found its use.

use std::collections::VecDeque;

use super::found::{Outlet, SegmentFate};
use crate::capture::Frame;

/// Which frame carried which octets of a stream, until the last of them has found its use.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pieces: VecDeque<Piece>,
    /// How many octets have found their use.
    used: u64,
    /// How many octets have come.
    end: u64,
}

#[derive(Debug)]
struct Piece {
    frame: Frame,
    /// The how manieth segment it was.
    arrival: u64,
    /// Where its octets end, in octets that have come.
    end: u64,
    fate: SegmentFate,
}

impl Ledger {
    /// What one frame takes, in octets.
    pub(super) const PIECE: usize = size_of::<Piece>();

    /// Notes that `frame` carried the next `len` octets.
    pub(super) fn add(&mut self, frame: &Frame, arrival: u64, len: usize) {
        self.end = self.end.saturating_add(len as u64);
        self.pieces.push_back(Piece {
            frame: *frame,
            arrival,
            end: self.end,
            fate: SegmentFate::Skipped,
        });
    }

    /// Puts the frames of the next `len` octets into `frames`, and returns the one of them that came last.
    pub(super) fn frames(&self, len: usize, frames: &mut Vec<Frame>) -> Option<Frame> {
        frames.clear();
        let end = self.used.saturating_add(len as u64);
        let mut last: Option<&Piece> = None;
        for piece in &self.pieces {
            frames.push(piece.frame);
            if last.is_none_or(|last| last.arrival < piece.arrival) {
                last = Some(piece);
            }
            if piece.end >= end {
                break;
            }
        }
        last.map(|piece| piece.frame)
    }

    /// Uses up the next `len` octets and settles the frames of which no octet is left.
    pub(super) fn take(&mut self, len: usize, fate: SegmentFate, outlet: &mut Outlet<'_>) {
        if len == 0 {
            return;
        }
        self.used = self.used.saturating_add(len as u64);
        while let Some(piece) = self.pieces.front_mut() {
            piece.fate = piece.fate.max(fate);
            if piece.end > self.used {
                break;
            }
            let is_last = piece.end == self.used;
            outlet.settle(&piece.frame, piece.fate);
            self.pieces.pop_front();
            if is_last {
                break;
            }
        }
    }

    /// Returns where the octets of frames begin, in octets from the next one: those at `from` or behind it, without the
    /// first frame.
    pub(super) fn boundaries(&self, from: usize) -> impl Iterator<Item = usize> {
        let first = self.used.saturating_add(from as u64);
        let index = self.pieces.partition_point(|piece| piece.end < first);
        self.pieces
            .range(index..)
            .filter_map(|piece| usize::try_from(piece.end.saturating_sub(self.used)).ok())
    }

    /// Returns how many octets it takes.
    pub(super) fn size(&self) -> usize {
        self.pieces.capacity().saturating_mul(Self::PIECE)
    }

    /// Gives memory back when there is nothing to remember: all of it, or if it is a lot.
    pub(super) fn trim(&mut self, all: bool) {
        if self.pieces.is_empty() && (all || self.pieces.capacity() > 64) {
            self.pieces = VecDeque::new();
        }
    }
}
