//! Parts of user messages that wait for others (RFC 9260 §6.9, RFC 8260 §2.3).

use std::collections::{BTreeMap, VecDeque};

use crate::time::Timestamp;

/// Where a part belongs: its message, if parts of several may mix, and its place.
pub(super) type Place = (Option<(u16, bool, u32)>, u64);

/// A part of a user message.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) deadline: (Timestamp, u64),
    pub(super) is_first: bool,
    pub(super) is_last: bool,
    pub(super) is_cut: bool,
    pub(super) bytes: Vec<u8>,
    /// The number of its packet.
    pub(super) packet: u64,
}

impl Part {
    /// Returns how many octets it takes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len().saturating_add(size_of::<Self>())
    }
}

/// Parts of one message, without a gap between them.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) parts: VecDeque<Part>,
    size: usize,
}

impl Run {
    /// Returns whether that is all of the message.
    pub(super) fn is_whole(&self) -> bool {
        self.parts.front().is_some_and(|part| part.is_first)
            && self.parts.back().is_some_and(|part| part.is_last)
    }

    /// Returns how many octets it takes.
    pub(super) const fn size(&self) -> usize {
        self.size
    }

    /// Appends those behind it; the fewer ones move, so that a part moves seldom however its message grows.
    fn append(&mut self, mut behind: Self) {
        self.size = self.size.saturating_add(behind.size);
        if behind.parts.len() > self.parts.len() {
            while let Some(part) = self.parts.pop_back() {
                behind.parts.push_front(part);
            }
            self.parts = behind.parts;
        } else {
            self.parts.append(&mut behind.parts);
        }
    }
}

/// The parts of one direction, put together as far as they have come, by the place of the first one.
#[derive(Debug, Default)]
pub(super) struct Runs(BTreeMap<Place, Run>);

impl Runs {
    /// Adds a part and returns its run; or the part, if there is one in its place.
    pub(super) fn add(&mut self, place: Place, part: Part) -> Result<&Run, Part> {
        let (message, at) = place;
        if self.find(place).is_some() {
            return Err(part);
        }
        let before = at.checked_sub(1).and_then(|at| self.find((message, at)));
        let before = before.filter(|start| {
            let last = self.0.get(start).and_then(|run| run.parts.back());
            !part.is_first && last.is_some_and(|last| !last.is_last)
        });
        let behind = (message, at.saturating_add(1));
        let first = self.0.get(&behind).and_then(|run| run.parts.front());
        let joins = !part.is_last && first.is_some_and(|first| !first.is_first);
        let behind = if joins { self.0.remove(&behind) } else { None };
        let run = self.0.entry(before.unwrap_or(place)).or_default();
        run.size = run.size.saturating_add(part.size());
        run.parts.push_back(part);
        if let Some(behind) = behind {
            run.append(behind);
        }
        Ok(run)
    }

    /// Takes out the run with the part at `place`.
    pub(super) fn take(&mut self, place: Place) -> Option<Run> {
        let start = self.find(place)?;
        self.0.remove(&start)
    }

    /// Takes out any run.
    pub(super) fn pop(&mut self) -> Option<Run> {
        self.0.pop_first().map(|(_, run)| run)
    }

    /// Returns where the run begins that has a part at `place`.
    fn find(&self, place: Place) -> Option<Place> {
        let (start, run) = self.0.range(..=place).next_back()?;
        let index = place.1.checked_sub(start.1)?;
        (start.0 == place.0 && index < run.parts.len() as u64).then_some(*start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(flags: &str, octet: u8) -> Part {
        Part {
            deadline: (Timestamp::from_nanos(0), 0),
            is_first: flags.contains('F'),
            is_last: flags.contains('L'),
            is_cut: false,
            bytes: vec![octet],
            packet: 0,
        }
    }

    #[test]
    fn parts_find_each_other() {
        // Two messages next to each other, every part of which may come at any time.
        let flags = ["F", "", "", "L", "F", "L"];
        for order in [
            [0, 1, 2, 3, 4, 5],
            [5, 4, 3, 2, 1, 0],
            [0, 2, 4, 1, 3, 5],
            [3, 0, 5, 1, 4, 2],
            [4, 3, 1, 0, 5, 2],
        ] {
            let mut runs = Runs::default();
            for at in order {
                let size = part("", 0).size();
                let added = runs.add((None, at), part(flags[at as usize], at as u8));
                let run = added.unwrap();
                assert_eq!(run.size(), run.parts.len() * size);
                assert!(
                    runs.add((None, at), part("", 9)).is_err(),
                    "the first stays"
                );
            }
            for (at, expected) in [(2, &[0, 1, 2, 3][..]), (5, &[4, 5])] {
                let run = runs.take((None, at)).unwrap();
                assert!(run.is_whole());
                let octets: Vec<_> = run.parts.iter().map(|part| part.bytes[0]).collect();
                assert_eq!(octets, expected, "{order:?}");
            }
            assert!(runs.pop().is_none());
        }
    }

    #[test]
    fn messages_that_may_mix_stay_apart() {
        let mut runs = Runs::default();
        for (message, at) in [(1, 0), (2, 1), (1, 2)] {
            let run = runs.add((Some((0, false, message)), at), part("", 0));
            assert_eq!(run.unwrap().parts.len(), 1);
        }
        assert!(runs.take((None, 0)).is_none());
    }
}
