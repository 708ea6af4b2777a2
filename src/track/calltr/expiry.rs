//! What comes after each state: the table of final time-outs, row by row.

use crate::{
    sip::Method,
    track::{
        EventKind,
        calltr::{entry::CallEntry, state::State},
    },
};

/// How an entry ends when nothing comes any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ending {
    /// What is told, if it was not told before.
    pub(super) event: EventKind,
    /// Whether it is told with status 408, whatever the last one was.
    pub(super) is_forced: bool,
}

impl Ending {
    const fn forced(event: EventKind) -> Option<Self> {
        Some(Self {
            event,
            is_forced: true,
        })
    }

    const fn plain(event: EventKind) -> Option<Self> {
        Some(Self {
            event,
            is_forced: false,
        })
    }
}

/// Returns how an entry ends whose deadline has come.
pub(super) fn ending(entry: &CallEntry) -> Option<Ending> {
    match entry.state {
        State::Init => None,
        State::Inv1st => Ending::forced(EventKind::CallAttempt),
        State::InvEarlyDlg => Ending::forced(EventKind::CallAttempt),
        State::InvEstablished => Ending::forced(EventKind::CallEnd),
        State::InvByeSeen | State::InvByeRepl => Ending::plain(EventKind::CallEnd),
        State::InvCanceled => Ending::plain(EventKind::CallAttempt),
        State::InvNeg if entry.is_challenged() => Ending::plain(EventKind::AuthFailed),
        State::InvNeg => Ending::plain(EventKind::CallAttempt),
        State::NonInv1st => Ending::forced(EventKind::OtherTimeout),
        State::NonInvNeg if entry.is_challenged() => Ending::plain(EventKind::AuthFailed),
        State::NonInvNeg => Ending::plain(EventKind::OtherFailed),
        State::NonInvFin if entry.method != Method::Register => Ending::plain(EventKind::OtherOk),
        State::NonInvFin if entry.is_removal_pending => Ending::plain(EventKind::RegDel),
        State::NonInvFin if entry.told.contains(EventKind::RegNew) => {
            Ending::plain(EventKind::RegExpired)
        }
        State::NonInvFin => None,
    }
}
