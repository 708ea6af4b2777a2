//! Which entry a message is of.
//!
//! Entries of one Call-ID are told by their tags. Both tags fit, or From alone does (the other tag is new: another branch,
//! or the next attempt), or neither; of several that fit alike the best is taken. What does not fit wholly changes the
//! tags of the entry or makes a fork of it.

use crate::{
    sip::Method,
    track::{
        calltr::{
            Calltr,
            entry::{CallEntry, Text},
            state::State,
        },
        seen::Seen,
        table::Key,
    },
};

/// Entries of one Call-ID. A message that would make more of them is of the one that fits best, so that whoever sends
/// ever new tags does not make everything slow.
const MAX_FORKS: usize = 256;

/// Who began the transaction of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Direction {
    /// The caller: who sent the first request of the entry.
    Forward,
    /// The callee.
    Reverse,
}

impl Direction {
    /// Returns the tags of caller and callee in a message.
    pub(super) const fn tags<'a>(self, seen: &Seen<'a>) -> (&'a [u8], &'a [u8]) {
        match self {
            Self::Forward => (seen.from_tag, seen.to_tag),
            Self::Reverse => (seen.to_tag, seen.from_tag),
        }
    }
}

/// How well a message fits an entry.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Fit {
    /// Only Call-ID is the same.
    CallId,
    /// The caller's tag is the same, too.
    Partial,
    /// Both tags are the same.
    Full,
}

/// What makes one of several entries that fit alike the best one, the first reason first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Rank {
    fit: Fit,
    is_same_method: bool,
    is_same_cseq: bool,
    /// It waits for credentials, and the message is not older.
    is_challenged: bool,
    cseq: Option<u32>,
    /// The last one that was made.
    serial: u64,
}

/// What becomes of an entry that a message does not fit wholly.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Change {
    /// The message is of it as it is.
    Nothing,
    /// It gets the callee's tag of the message.
    ToTag,
    /// It gets both tags of the message.
    BothTags,
    /// It stays as it is and has a fork, which the message is of.
    Fork,
}

impl Calltr {
    /// Returns the entry that a message is of: found, changed or made for it.
    pub(super) fn place(&mut self, seen: &Seen<'_>) -> (Key, Direction) {
        let mut forks = 0;
        let mut best = None;
        for (key, entry) in self.of_call_id(seen.hash, seen.call_id) {
            forks += 1;
            let (direction, rank) = entry.rank(seen);
            if best.is_none_or(|(_, _, other)| rank > other) {
                best = Some((key, direction, rank));
            }
        }
        let Some((key, direction, rank)) = best else {
            let entry = CallEntry::new(seen, self.made + 1);
            // Who begins something new is its caller.
            return (self.insert(entry), Direction::Forward);
        };
        let serial = self.made + 1;
        let Some(entry) = self.entries.get_mut(key) else {
            return (key, direction);
        };
        let (from_tag, to_tag) = direction.tags(seen);
        match entry.change(rank.fit, seen, direction) {
            Change::Fork if forks < MAX_FORKS => {
                let fork = entry.fork(seen, direction, serial);
                return (self.insert(fork), direction);
            }
            Change::Nothing | Change::Fork => {}
            Change::ToTag => entry.texts.set(Text::ToTag, to_tag),
            Change::BothTags => {
                entry.texts.set(Text::FromTag, from_tag);
                entry.texts.set(Text::ToTag, to_tag);
            }
        }
        (key, direction)
    }

    fn insert(&mut self, entry: CallEntry) -> Key {
        self.made = entry.serial;
        self.entries.insert(entry)
    }
}

impl CallEntry {
    /// Returns how well a message fits, and who began its transaction.
    fn rank(&self, seen: &Seen<'_>) -> (Direction, Rank) {
        let (fit, direction) = self.fit(seen);
        let cseq = self.sequence(direction).greatest();
        let rank = Rank {
            fit,
            is_same_method: seen.method == self.method,
            is_same_cseq: cseq == Some(seen.cseq),
            is_challenged: self.waits_for_credentials() && cseq <= Some(seen.cseq),
            cseq,
            serial: self.serial,
        };
        (direction, rank)
    }

    fn fit(&self, seen: &Seen<'_>) -> (Fit, Direction) {
        let (from_tag, to_tag) = (self.text(Text::FromTag), self.text(Text::ToTag));
        let is_of = |direction: Direction| direction.tags(seen) == (from_tag, to_tag);
        if is_of(Direction::Forward) {
            // Without a To tag it may as well be of something else that the caller began.
            let is_whole = !seen.to_tag.is_empty() || seen.method == self.method;
            let fit = if is_whole { Fit::Full } else { Fit::Partial };
            (fit, Direction::Forward)
        } else if is_of(Direction::Reverse) {
            (Fit::Full, Direction::Reverse)
        } else if seen.from_tag == from_tag {
            (Fit::Partial, Direction::Forward)
        } else if seen.to_tag == from_tag && !from_tag.is_empty() {
            (Fit::Partial, Direction::Reverse)
        } else {
            (Fit::CallId, Direction::Forward)
        }
    }

    fn change(&self, fit: Fit, seen: &Seen<'_>, direction: Direction) -> Change {
        let (_, to_tag) = direction.tags(seen);
        let is_retry = self.is_refused() && seen.method == self.method;
        match fit {
            Fit::Full => Change::Nothing,
            Fit::Partial if self.text(Text::ToTag).is_empty() => Change::ToTag,
            // Forking in turn, or another attempt with credentials.
            Fit::Partial if is_retry => {
                let is_again = self.sequence(direction).is_retransmission(seen);
                match seen.status {
                    _ if is_again => Change::Nothing,
                    1..=100 => Change::Nothing,
                    _ => Change::ToTag,
                }
            }
            Fit::Partial if to_tag.is_empty() => Change::Nothing,
            Fit::Partial if seen.status == 100 => Change::Nothing,
            Fit::Partial => Change::Fork,
            Fit::CallId if self.waits_for_credentials() => Change::BothTags,
            Fit::CallId => Change::Fork,
        }
    }

    /// Returns whether the last attempt was refused.
    const fn is_refused(&self) -> bool {
        matches!(self.state, State::InvNeg | State::NonInvNeg)
    }

    /// Returns whether the last attempt was refused for want of credentials.
    fn waits_for_credentials(&self) -> bool {
        self.is_refused() && self.is_challenged()
    }

    /// Returns whether it is of a Call-ID, whatever its hash.
    pub(super) fn has_call_id(&self, call_id: &[u8]) -> bool {
        self.text(Text::CallId) == call_id
    }

    /// Returns whether it is about a binding.
    pub(super) fn is_register(&self) -> bool {
        self.method == Method::Register
    }
}
