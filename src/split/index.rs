//! Which frames carried the messages of which Call-ID.

use std::{hash::BuildHasher, ops::Range};

use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};

use crate::{capture::Frame, sip::Message, split::CaptureOrder};

#[derive(Clone, Copy, Debug)]
struct Call {
    /// Where its Call-ID ends in the arena; it begins where the one before it ends.
    end: usize,
    messages: u32,
    is_selected: bool,
}

/// The frames of every Call-ID, in the order in which Call-IDs and frames were first seen.
///
/// It holds some 60 octets for each frame and the Call-IDs themselves, once.
#[derive(Debug, Default)]
pub struct FrameIndex {
    hasher: DefaultHashBuilder,
    by_call_id: HashTable<u32>,
    calls: Vec<Call>,
    /// The Call-IDs, one behind the other.
    arena: Vec<u8>,
    frames: Vec<(u32, Frame)>,
}

impl FrameIndex {
    /// Adds the frames of a message to those of its Call-ID. One selected message selects all of its Call-ID.
    pub fn add(&mut self, message: &Message<'_>, is_selected: bool) {
        let index = self.call(message.head.call_id.of(message.bytes));
        if let Some(call) = self.calls.get_mut(index as usize) {
            call.messages += 1;
            call.is_selected |= is_selected;
        }
        self.frames
            .extend(message.frames.iter().map(|frame| (index, *frame)));
    }

    /// Returns the index of a Call-ID, a new one if need be.
    fn call(&mut self, call_id: &[u8]) -> u32 {
        let Self {
            hasher,
            by_call_id,
            calls,
            arena,
            ..
        } = self;
        let entry = by_call_id.entry(
            hasher.hash_one(call_id),
            |index| stored(arena, calls, *index) == call_id,
            |index| hasher.hash_one(stored(arena, calls, *index)),
        );
        match entry {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let index = calls.len() as u32;
                entry.insert(index);
                arena.extend_from_slice(call_id);
                calls.push(Call {
                    end: arena.len(),
                    messages: 0,
                    is_selected: false,
                });
                index
            }
        }
    }

    /// Sorts the frames by Call-ID, those of selected ones; within one they are in the order of the capture, each of
    /// them once.
    #[must_use]
    pub fn into_calls(mut self) -> CallFrames {
        let calls = &self.calls;
        let is_selected = |index: u32| {
            calls
                .get(index as usize)
                .is_some_and(|call| call.is_selected)
        };
        self.frames.retain(|(index, _)| is_selected(*index));
        // A message that came in pieces names older frames than the message before it did.
        let order = CaptureOrder::of(self.frames.iter().map(|(_, frame)| frame));
        self.frames
            .sort_by_key(|(index, frame)| (*index, order.key(frame)));
        self.frames
            .dedup_by_key(|(index, frame)| (*index, frame.origin));
        let mut start = 0;
        let ranges = self
            .frames
            .chunk_by(|(one, _), (other, _)| one == other)
            .map(|chunk| {
                let range = start..start + chunk.len();
                start = range.end;
                range
            });
        let ranges = ranges.collect();
        CallFrames {
            index: self,
            ranges,
        }
    }
}

fn stored<'a>(arena: &'a [u8], calls: &[Call], index: u32) -> &'a [u8] {
    let index = index as usize;
    let start = index
        .checked_sub(1)
        .and_then(|before| calls.get(before))
        .map_or(0, |call| call.end);
    let end = calls.get(index).map_or(start, |call| call.end);
    arena.get(start..end).unwrap_or_default()
}

/// The frames of the selected Call-IDs, together.
#[derive(Debug, Default)]
pub struct CallFrames {
    index: FrameIndex,
    ranges: Vec<Range<usize>>,
}

/// What is known about a Call-ID.
#[derive(Clone, Copy, Debug)]
pub struct CallEntry<'a> {
    /// The Call-ID; empty for messages without one.
    pub call_id: &'a [u8],
    /// How many messages have it.
    pub messages: u32,
    frames: &'a [(u32, Frame)],
}

impl CallFrames {
    /// Returns how many Call-IDs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Returns the Call-ID at `position`, and its frames.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<CallEntry<'_>> {
        let frames = self.index.frames.get(self.ranges.get(position)?.clone())?;
        let (index, _) = *frames.first()?;
        let call = self.index.calls.get(index as usize)?;
        Some(CallEntry {
            call_id: stored(&self.index.arena, &self.index.calls, index),
            messages: call.messages,
            frames,
        })
    }

    /// Returns all Call-IDs, in the order in which they were first seen.
    pub fn iter(&self) -> impl Iterator<Item = CallEntry<'_>> {
        (0..self.len()).filter_map(|position| self.get(position))
    }
}

impl<'a> CallEntry<'a> {
    /// Returns the frames by time.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = &'a Frame> + Clone + use<'a> {
        self.frames.iter().map(|(_, frame)| frame)
    }
}
