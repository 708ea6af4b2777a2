//! Requests within the dialog of a call that neither begin nor end it.

use crate::{
    sip::{
        HeaderName, Method,
        address::NameAddr,
        sdp::{Media, MediaDirection, Sdp},
    },
    track::{
        Context, EventKind, Flags, Interests, Outcome, State,
        call::{Call, Direction, Text, dialog::remote_tag},
        seen::Seen,
    },
};

impl Call {
    /// Takes any other request in a dialog.
    pub(super) fn within_dialog(
        &mut self,
        seen: &Seen<'_>,
        direction: Direction,
        context: &mut Context<'_>,
    ) {
        let _ = self.branch_mut(remote_tag(seen, direction));
        let is_waiting = matches!(self.state, State::Calling | State::Trying | State::Ringing);
        match seen.method {
            Method::Prack => self.flags.insert(Flags::RELIABLE),
            // Of the methods left, this one is sent in confirmed dialogs only (RFC 3261 §14.1).
            Method::Invite if is_waiting => self.imply_answer(seen, context),
            _ => {}
        }
        if self.attempts == 0 && self.outcome.is_none() && self.state == State::MidCall {
            self.outcome = Some(Outcome::MidCall);
        }
        if self.state == State::Answered && self.times.answer().is_some_and(|at| at < seen.ts) {
            // The ACK was missed.
            self.enter(State::Established, seen.ts);
        }
        let is_new = !matches!(seen.method, Method::Invite | Method::Refer)
            || self.is_next_within(seen, direction);
        match seen.method {
            _ if !is_new => {}
            Method::Invite => {
                self.reinvites = self.reinvites.saturating_add(1);
                if is_hold(seen) {
                    self.flags.insert(Flags::HOLD);
                }
                context.event(Interests::CALL_EVENTS, || crate::track::Event {
                    origin: Some(seen.message.completed_by.origin),
                    ..self.event(EventKind::CallReinvite, seen.ts)
                });
            }
            Method::Update if is_hold(seen) => self.flags.insert(Flags::HOLD),
            Method::Refer => self.refer(seen, context),
            _ => {}
        }
    }

    /// Returns whether a request follows the last one of its side, and is not the same at another hop.
    fn is_next_within(&mut self, seen: &Seen<'_>, direction: Direction) -> bool {
        let last = &mut self.last_within[usize::from(direction == Direction::Reverse)];
        let is_next = seen.cseq > *last;
        *last = seen.cseq.max(*last);
        is_next
    }

    /// Takes a REFER (RFC 3515).
    fn refer(&mut self, seen: &Seen<'_>, context: &mut Context<'_>) {
        self.flags.insert(Flags::TRANSFERRED);
        let target = seen.header(HeaderName::ReferTo).unwrap_or_default();
        self.texts.set(Text::ReferTo, NameAddr::parse(target).uri);
        context.event(Interests::CALL_EVENTS, || crate::track::Event {
            origin: Some(seen.message.completed_by.origin),
            ..self.event(EventKind::CallTransfer, seen.ts)
        });
    }
}

/// Returns whether a session description puts all media on hold (RFC 3264 §8.4, RFC 2543 §B.5).
fn is_hold(seen: &Seen<'_>) -> bool {
    let Some(sdp) = Sdp::parse(seen.message.head.body.of(seen.message.bytes)) else {
        return false;
    };
    let is_held = |media: &Media<'_>| {
        matches!(
            sdp.direction(media),
            MediaDirection::SendOnly | MediaDirection::Inactive
        ) || matches!(media.connection, Some(b"0.0.0.0" | b"::"))
    };
    let mut streams = sdp.media.iter().filter(|media| media.port != 0).peekable();
    streams.peek().is_some() && streams.all(is_held)
}
