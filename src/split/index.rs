//! Which frames belong to which file.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable, hash_table::Entry};

use crate::{
    capture::{Frame, LinkType, Origin},
    split::CaptureOrder,
    time::Timestamp,
};

/// Frames that are kept in one piece of memory.
const CHUNK: usize = 1 << 16;

/// The number of a group: frames that go to one file.
pub type Group = u32;

#[derive(Clone, Copy, Debug)]
struct GroupEntry {
    /// Where its Call-ID is in the arena.
    call_id: (usize, u32),
    messages: u32,
    media: u32,
    /// The group it was made a part of.
    joined: Option<Group>,
    is_selected: bool,
}

/// A frame, in as few octets as possible: captures with media have millions of them.
#[derive(Clone, Copy, Debug)]
struct Packed {
    ts: Timestamp,
    /// The input in the upper 16 bits, the offset below: no file is longer than 2^48 octets.
    place: u64,
    captured: u32,
    orig_len: u32,
    group: Group,
    link: LinkType,
    interface: u16,
}

const OFFSET_BITS: u32 = 48;

/// The frames of every group, in the order in which groups and frames were first seen.
///
/// A group has the Call-ID that its messages have. It holds 32 octets for each frame, and 40 for each group besides its
/// Call-ID.
#[derive(Debug, Default)]
pub struct FrameIndex {
    hasher: DefaultHashBuilder,
    by_call_id: HashTable<Group>,
    by_call: HashMap<u64, Group>,
    groups: Vec<GroupEntry>,
    /// The Call-IDs, one behind the other.
    arena: Vec<u8>,
    frames: Vec<Vec<Packed>>,
}

impl FrameIndex {
    /// Returns the group of a Call-ID, a new one if need be.
    pub fn of_call_id(&mut self, call_id: &[u8]) -> Group {
        let Self {
            hasher,
            by_call_id,
            groups,
            arena,
            ..
        } = self;
        let entry = by_call_id.entry(
            hasher.hash_one(call_id),
            |group| stored(arena, groups, *group) == call_id,
            |group| hasher.hash_one(stored(arena, groups, *group)),
        );
        match entry {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let group = add_group(groups, arena, call_id);
                entry.insert(group);
                group
            }
        }
    }

    /// Returns the group of a call by its [number](crate::track::Call::number), a new one if need be.
    pub fn of_call(&mut self, number: u64, call_id: &[u8]) -> Group {
        let Self { groups, arena, .. } = self;
        *self
            .by_call
            .entry(number)
            .or_insert_with(|| add_group(groups, arena, call_id))
    }

    /// Adds a message to a group.
    pub fn add_message(&mut self, group: Group, frames: &[Frame]) {
        if let Some(entry) = self.groups.get_mut(group as usize) {
            entry.messages = entry.messages.saturating_add(1);
        }
        for frame in frames {
            self.add(group, frame);
        }
    }

    /// Adds frames to a group that count as nothing of their own: copies.
    pub fn add_frames(&mut self, group: Group, frames: &[Frame]) {
        for frame in frames {
            self.add(group, frame);
        }
    }

    /// Adds a packet of media to a group: its last frame, and those before it if it came in several.
    pub fn add_media(&mut self, group: Group, last: &Frame, before: &[Frame]) {
        if let Some(entry) = self.groups.get_mut(group as usize) {
            entry.media = entry.media.saturating_add(1);
        }
        for frame in before {
            self.add(group, frame);
        }
        self.add(group, last);
    }

    fn add(&mut self, group: Group, frame: &Frame) {
        if self.frames.last().is_none_or(|chunk| chunk.len() >= CHUNK) {
            self.frames.push(Vec::with_capacity(CHUNK));
        }
        if let Some(chunk) = self.frames.last_mut() {
            chunk.push(Packed {
                ts: frame.ts,
                place: u64::from(frame.origin.input) << OFFSET_BITS | frame.origin.offset,
                captured: frame.captured,
                orig_len: frame.orig_len,
                group,
                link: frame.link,
                interface: frame.interface,
            });
        }
    }

    /// Selects a group: only such ones are written.
    pub fn select(&mut self, group: Group) {
        if let Some(entry) = self.groups.get_mut(group as usize) {
            entry.is_selected = true;
        }
    }

    /// Makes one group a part of another, whose file gets the frames of both.
    pub fn join(&mut self, group: Group, to: Group) {
        let (from, to) = (self.root(group), self.root(to));
        if from != to
            && let Some(entry) = self.groups.get_mut(from as usize)
        {
            entry.joined = Some(to);
        }
    }

    /// Returns the group that a group has become a part of, or itself.
    #[must_use]
    pub fn root(&self, group: Group) -> Group {
        let mut root = group;
        while let Some(next) = self
            .groups
            .get(root as usize)
            .and_then(|entry| entry.joined)
        {
            root = next;
        }
        root
    }

    /// Sorts the frames of the selected groups by group; within one they are in the order of the capture, each once.
    #[must_use]
    pub fn into_groups(mut self) -> GroupFrames {
        let roots = self.settle();
        let mut groups: Vec<GroupRange> = Vec::new();
        // The groups that are written, in their order, and where each is among them.
        let places: Vec<Option<u32>> = (0..self.groups.len())
            .map(|group| {
                let entry = self.groups.get(group)?;
                (entry.joined.is_none() && entry.is_selected).then(|| {
                    groups.push(GroupRange {
                        group: group as Group,
                        start: 0,
                        end: 0,
                    });
                    (groups.len() - 1) as u32
                })
            })
            .collect();
        let place_of = |frame: &Packed| {
            let root = roots.get(frame.group as usize)?;
            places.get(*root as usize).copied().flatten()
        };
        let order = self.sort(&mut groups, place_of);
        GroupFrames {
            index: self,
            groups,
            order,
        }
    }

    /// Gives what parts of a group have to its root; returns the root of each.
    fn settle(&mut self) -> Vec<Group> {
        let roots: Vec<Group> = (0..self.groups.len() as Group)
            .map(|group| self.root(group))
            .collect();
        for (group, root) in roots.iter().enumerate() {
            if group == *root as usize {
                continue;
            }
            let Some(part) = self.groups.get(group).copied() else {
                continue;
            };
            if let Some(root) = self.groups.get_mut(*root as usize) {
                root.messages = root.messages.saturating_add(part.messages);
                root.media = root.media.saturating_add(part.media);
                root.is_selected |= part.is_selected;
            }
        }
        roots
    }

    /// Counts, places and sorts: the numbers of the frames of each group stand together in the list that is returned.
    fn sort(
        &self,
        groups: &mut [GroupRange],
        place_of: impl Fn(&Packed) -> Option<u32>,
    ) -> Vec<u32> {
        let frames = || self.frames.iter().flatten();
        for frame in frames() {
            if let Some(range) = place_of(frame).and_then(|place| groups.get_mut(place as usize)) {
                range.end += 1;
            }
        }
        let mut start = 0;
        for range in groups.iter_mut() {
            let count = range.end;
            (range.start, range.end) = (start, start);
            start += count;
        }
        let mut order = vec![0_u32; start];
        for (number, frame) in (0..).zip(frames()) {
            if let Some(range) = place_of(frame).and_then(|place| groups.get_mut(place as usize))
                && let Some(slot) = order.get_mut(range.end)
            {
                *slot = number;
                range.end += 1;
            }
        }
        for range in groups {
            let Some(slots) = order.get_mut(range.start..range.end) else {
                continue;
            };
            // A message that came in pieces names older frames than the message before it did.
            let capture_order = CaptureOrder::of_inputs(
                slots
                    .iter()
                    .filter_map(|number| self.packed(*number).map(|frame| frame.origin().input)),
            );
            let key = |number: &u32| {
                self.packed(*number)
                    .map(|frame| capture_order.key_of(frame.ts, frame.origin()))
            };
            slots.sort_by_key(key);
            let kept = dedup_by_key(slots, |number| {
                self.packed(*number).map(|frame| frame.place)
            });
            range.end = range.start + kept;
        }
        order
    }

    fn packed(&self, number: u32) -> Option<&Packed> {
        let number = number as usize;
        self.frames.get(number / CHUNK)?.get(number % CHUNK)
    }

    fn frame(&self, number: u32) -> Option<Frame> {
        let packed = self.packed(number)?;
        Some(Frame {
            origin: packed.origin(),
            ts: packed.ts,
            captured: packed.captured,
            orig_len: packed.orig_len,
            link: packed.link,
            interface: packed.interface,
        })
    }
}

impl Packed {
    /// Returns where it stands; its number is not kept.
    const fn origin(&self) -> Origin {
        Origin {
            input: (self.place >> OFFSET_BITS) as u16,
            number: 0,
            offset: self.place & ((1 << OFFSET_BITS) - 1),
        }
    }
}

fn add_group(groups: &mut Vec<GroupEntry>, arena: &mut Vec<u8>, call_id: &[u8]) -> Group {
    let start = arena.len();
    arena.extend_from_slice(call_id);
    groups.push(GroupEntry {
        call_id: (start, call_id.len() as u32),
        messages: 0,
        media: 0,
        joined: None,
        is_selected: false,
    });
    (groups.len() - 1) as Group
}

fn stored<'a>(arena: &'a [u8], groups: &[GroupEntry], group: Group) -> &'a [u8] {
    let Some(entry) = groups.get(group as usize) else {
        return &[];
    };
    let (start, len) = entry.call_id;
    arena.get(start..start + len as usize).unwrap_or_default()
}

/// Moves the first of each run of equal ones to the front; returns how many there are.
fn dedup_by_key<K: PartialEq>(slots: &mut [u32], key: impl Fn(&u32) -> K) -> usize {
    let mut kept = 0;
    for at in 0..slots.len() {
        let is_again = kept > 0
            && match (slots.get(at), slots.get(kept - 1)) {
                (Some(one), Some(before)) => key(one) == key(before),
                _ => false,
            };
        if !is_again {
            slots.swap(kept, at);
            kept += 1;
        }
    }
    kept
}

#[derive(Clone, Copy, Debug)]
struct GroupRange {
    group: Group,
    start: usize,
    end: usize,
}

/// The frames of the selected groups, together.
#[derive(Debug, Default)]
pub struct GroupFrames {
    index: FrameIndex,
    groups: Vec<GroupRange>,
    /// The numbers of the frames, by group.
    order: Vec<u32>,
}

/// What is known about a group.
#[derive(Clone, Copy, Debug)]
pub struct GroupFiles<'a> {
    /// Its number.
    pub group: Group,
    /// The Call-ID; empty for messages without one.
    pub call_id: &'a [u8],
    /// How many messages have it.
    pub messages: u32,
    /// How many packets of media there are.
    pub media: u32,
    index: &'a FrameIndex,
    order: &'a [u32],
}

impl GroupFrames {
    /// Returns how many groups there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Returns the group at `position`, and its frames.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<GroupFiles<'_>> {
        let range = self.groups.get(position)?;
        let entry = self.index.groups.get(range.group as usize)?;
        Some(GroupFiles {
            group: range.group,
            call_id: stored(&self.index.arena, &self.index.groups, range.group),
            messages: entry.messages,
            media: entry.media,
            index: &self.index,
            order: self.order.get(range.start..range.end)?,
        })
    }

    /// Returns all groups, in the order in which they were first seen.
    pub fn iter(&self) -> impl Iterator<Item = GroupFiles<'_>> {
        (0..self.len()).filter_map(|position| self.get(position))
    }

    /// Returns where the frames of all groups stand in their inputs: input and offset, in order.
    #[must_use]
    pub fn places(&self) -> Vec<(u16, u64)> {
        let ranges = self.groups.iter();
        let numbers =
            ranges.flat_map(|range| self.order.get(range.start..range.end).unwrap_or_default());
        let mut places: Vec<(u16, u64)> = numbers
            .filter_map(|number| self.index.packed(*number))
            .map(|frame| (frame.origin().input, frame.origin().offset))
            .collect();
        places.sort_unstable();
        places.dedup();
        places
    }
}

impl<'a> GroupFiles<'a> {
    /// Returns the frames in the order of the capture. Their numbers are not known any more.
    pub fn frames(
        &self,
    ) -> impl ExactSizeIterator<Item = Frame> + DoubleEndedIterator + Clone + use<'a> {
        let index = self.index;
        let frame = |number: &u32| index.frame(*number).unwrap_or(NO_FRAME);
        self.order.iter().map(frame)
    }
}

/// Stands for a frame that is not there, which cannot be.
const NO_FRAME: Frame = Frame {
    origin: Origin {
        input: u16::MAX,
        number: 0,
        offset: 0,
    },
    ts: Timestamp::MIN,
    captured: 0,
    orig_len: 0,
    link: LinkType::ETHERNET,
    interface: u16::MAX,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(input: u16, offset: u64, nanos: i64) -> Frame {
        Frame {
            origin: Origin {
                input,
                number: offset,
                offset,
            },
            ts: Timestamp::from_nanos(nanos),
            captured: 10,
            orig_len: 12,
            link: LinkType::RAW,
            interface: input,
        }
    }

    /// Returns Call-ID, messages, media and offsets of each group.
    fn shown(groups: &GroupFrames) -> Vec<(String, u32, u32, Vec<u64>)> {
        let show = |group: GroupFiles<'_>| {
            let frames = group
                .frames()
                .inspect(|frame| assert_eq!(frame.link, LinkType::RAW));
            let offsets = frames.map(|frame| frame.origin.offset).collect();
            let call_id = String::from_utf8(group.call_id.to_vec()).unwrap();
            (call_id, group.messages, group.media, offsets)
        };
        groups.iter().map(show).collect()
    }

    #[test]
    fn frames_stand_by_group_in_the_order_of_the_capture() {
        let mut index = FrameIndex::default();
        let a = index.of_call_id(b"a");
        let b = index.of_call_id(b"b");
        assert_eq!(index.of_call_id(b"a"), a);
        // The clock steps back; of one input the order of the file counts.
        index.add_message(a, &[frame(0, 100, 9)]);
        index.add_message(b, &[frame(0, 200, 5), frame(0, 300, 6)]);
        index.add_message(a, &[frame(0, 300, 6)]);
        index.add_message(a, &[frame(0, 250, 5), frame(0, 300, 6)]);
        index.add_media(b, &frame(0, 150, 3), &[]);
        let unselected = index.of_call_id(b"c");
        index.add_message(unselected, &[frame(0, 400, 7)]);
        index.select(a);
        index.select(b);
        let groups = index.into_groups();
        assert_eq!(
            shown(&groups),
            [
                ("a".to_owned(), 3, 0, vec![100, 250, 300]),
                ("b".to_owned(), 1, 1, vec![150, 200, 300]),
            ]
        );
        assert_eq!(
            groups.places(),
            [(0, 100), (0, 150), (0, 200), (0, 250), (0, 300)]
        );
    }

    #[test]
    fn calls_of_one_call_id_can_be_told_apart_and_joined() {
        let mut index = FrameIndex::default();
        let first = index.of_call(0, b"x");
        let again = index.of_call(1, b"x");
        let leg = index.of_call(2, b"y");
        assert_eq!(index.of_call(1, b"x"), again);
        for (group, offset) in [(first, 1), (again, 2), (leg, 3)] {
            index.add_message(group, &[frame(0, offset, 0)]);
        }
        index.join(leg, first);
        index.join(leg, first);
        index.select(leg);
        let found = shown(&index.into_groups());
        assert_eq!(found, [("x".to_owned(), 2, 0, vec![1, 3])]);
    }

    #[test]
    fn frames_of_several_inputs_are_sorted_by_time() {
        let mut index = FrameIndex::default();
        let a = index.of_call_id(b"a");
        index.add_message(a, &[frame(0, 10, 5), frame(1, 10, 3), frame(0, 20, 4)]);
        index.select(a);
        let groups = index.into_groups();
        let group = groups.get(0).unwrap();
        let inputs: Vec<_> = group
            .frames()
            .map(|frame| (frame.ts.nanos(), frame.interface))
            .collect();
        assert_eq!(inputs, [(3, 1), (4, 0), (5, 0)]);
    }
}
