//! The branches of a fork: one for each To tag (RFC 3261 §12.1, §13.2.2.4).

use std::fmt;

use crate::{
    time::Timestamp,
    track::call::{tag::Tag, times::Moment},
};

/// What became of a branch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BranchFate {
    /// Its dialog is early.
    Early,
    /// It was answered, and goes on as far as is known.
    Answered,
    /// It was answered and has ended.
    Ended,
    /// It was cancelled.
    Cancelled,
    /// It failed.
    Failed,
    /// Another branch was answered, or it said that it is gone (RFC 6228).
    Gone,
}

impl BranchFate {
    /// Returns the name used in all outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Answered => "answered",
            Self::Ended => "ended",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Gone => "gone",
        }
    }
}

impl fmt::Display for BranchFate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A branch.
#[derive(Clone, Debug)]
pub struct Branch {
    pub(super) tag: Tag,
    pub(super) fate: BranchFate,
    pub(super) status: u16,
    pub(super) provisional: Moment,
    pub(super) answer: Moment,
    pub(super) ack: Moment,
    pub(super) bye: Moment,
}

impl Branch {
    pub(super) fn new(tag: &[u8]) -> Self {
        Self {
            tag: tag.into(),
            fate: BranchFate::Early,
            status: 0,
            provisional: Moment::NONE,
            answer: Moment::NONE,
            ack: Moment::NONE,
            bye: Moment::NONE,
        }
    }

    /// Returns its To tag.
    #[must_use]
    pub fn tag(&self) -> &[u8] {
        &self.tag
    }

    /// Returns what became of it.
    #[must_use]
    pub const fn fate(&self) -> BranchFate {
        self.fate
    }

    /// Returns the last status code that came from it.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        (self.status > 0).then_some(self.status)
    }

    /// Returns when its first 101 to 199 came.
    #[must_use]
    pub fn provisional(&self) -> Option<Timestamp> {
        self.provisional.get()
    }

    /// Returns when its 2xx came.
    #[must_use]
    pub fn answer(&self) -> Option<Timestamp> {
        self.answer.get()
    }

    /// Returns when its 2xx was confirmed.
    #[must_use]
    pub fn ack(&self) -> Option<Timestamp> {
        self.ack.get()
    }

    /// Returns when its BYE came.
    #[must_use]
    pub fn bye(&self) -> Option<Timestamp> {
        self.bye.get()
    }
}
