//! States, and what takes an entry from one to another.

use crate::track::EventKind;

/// A state. Each has a time-out, and both have the same name.
pub(super) use crate::track::timeouts::Timeout as State;

/// What becomes of the deadline.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Timer {
    /// It is set to the time-out of the state.
    Force,
    /// It is put off to the time-out of the state, but never moved forward.
    Extend,
}

/// What a message does to an entry: a row of the tables.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Transition {
    /// The new state.
    pub(super) to: State,
    /// What is told of it.
    pub(super) event: Option<EventKind>,
    pub(super) timer: Timer,
}

impl Transition {
    /// Goes to a state.
    pub(super) const fn to(state: State) -> Self {
        Self {
            to: state,
            event: None,
            timer: Timer::Force,
        }
    }

    /// Stays in a state.
    pub(super) const fn stay(state: State) -> Self {
        Self {
            to: state,
            event: None,
            timer: Timer::Extend,
        }
    }

    /// Goes to a state and tells of it.
    pub(super) const fn tell(state: State, event: EventKind) -> Self {
        Self {
            to: state,
            event: Some(event),
            timer: Timer::Force,
        }
    }
}
