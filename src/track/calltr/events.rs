//! What is told, and what it says.
//!
//! An entry tells each kind of event once. Of all entries of a Call-ID one tells call-attempt, and none does once another
//! has told that the call began or ended.

use crate::{
    capture::Origin,
    time::Timestamp,
    track::{
        Context, Event, EventKind, Flags, Interests, Outcome, Side,
        calltr::{
            Calltr,
            entry::{CallEntry, Text},
            state::State,
        },
        seen::Seen,
        table::{Entry as _, Key},
    },
};

/// The status of an entry whose deadline has come without the message that was due.
const TIMED_OUT: (u16, &[u8]) = (408, b"internal: call state timeout");
/// The status of an answer that was missed.
const IMPLIED_OK: (u16, &[u8]) = (290, b"internal: implied OK");
/// The status of a call that ended before its answer was seen.
const IMPLIED_END: (u16, &[u8]) = (291, b"");
/// The status of an attempt that was cancelled and not answered.
const CANCELLED: (u16, &[u8]) = (487, b"internal: cancel");

/// Something to be told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telling {
    kind: EventKind,
    ts: Timestamp,
    origin: Option<Origin>,
    /// Whether its status is that of a time-out.
    is_forced: bool,
    /// How long the binding lasts.
    expires: Option<u32>,
}

impl Telling {
    /// Returns what a message gives rise to.
    pub(super) const fn by(seen: &Seen<'_>, kind: EventKind) -> Self {
        Self {
            kind,
            ts: seen.ts,
            origin: Some(seen.message.completed_by.origin),
            is_forced: false,
            expires: None,
        }
    }

    /// Returns that a message made a binding, which lasts for `expires` seconds.
    pub(super) const fn bound(seen: &Seen<'_>, expires: u32) -> Self {
        let mut telling = Self::by(seen, EventKind::RegNew);
        telling.expires = Some(expires);
        telling
    }

    /// Returns what a deadline gives rise to.
    pub(super) const fn at(deadline: Timestamp, kind: EventKind, is_forced: bool) -> Self {
        Self {
            kind,
            ts: deadline,
            origin: None,
            is_forced,
            expires: None,
        }
    }
}

impl Calltr {
    /// Tells an event of an entry, unless it was told before.
    pub(super) fn tell(&mut self, key: Key, telling: Telling, context: &mut Context<'_>) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        if entry.told.contains(telling.kind) {
            return;
        }
        entry.told.insert(telling.kind);
        let mut event = entry.event(&telling);
        if context.shared.is_forced {
            event.flags.insert(Flags::FORCED_END);
        }
        context.event(Interests::ALL, || event);
        if is_of_call(telling.kind) {
            self.settle_attempts(key);
        }
    }

    /// Lets no entry of a Call-ID tell call-attempt any more.
    fn settle_attempts(&mut self, key: Key) {
        let Some(entry) = self.entries.get(key) else {
            return;
        };
        let keys: Vec<Key> = self
            .of_call_id(entry.hash(), entry.text(Text::CallId))
            .map(|(key, _)| key)
            .collect();
        for key in keys {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.told.insert(EventKind::CallAttempt);
            }
        }
    }
}

/// Returns whether an event tells what became of a call.
const fn is_of_call(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::CallStart | EventKind::CallAttempt | EventKind::CallEnd
    )
}

impl CallEntry {
    fn event(&self, telling: &Telling) -> Event<'_> {
        let kind = telling.kind;
        let (status, reason) = self.told_status(telling);
        let [caller, callee] = self.parties();
        Event {
            origin: telling.origin,
            call_id: self.text(Text::CallId),
            from_tag: self.text(Text::FromTag),
            to_tag: self.text(Text::ToTag),
            method: self.text(Text::Method),
            caller,
            callee,
            request_uri: self.text(Text::RequestUri),
            contact: self.told_contact(kind),
            asserted_identities: [Text::Identity1, Text::Identity2].map(|text| self.text(text)),
            transport: Some(self.transport),
            status: (status > 0).then_some(status),
            reason,
            outcome: self.told_outcome(telling, status),
            side: self.told_side(telling),
            post_dial_delay: self.post_dial_delay().filter(|_| has_delay(kind)),
            ring_time: self.ring_time().filter(|_| is_of_call(kind)),
            duration: self.duration(telling),
            aor: self.text(Text::Aor),
            expires: telling.expires,
            counters: self.counters,
            flags: self.told_flags(telling),
            ..Event::new(kind, telling.ts)
        }
    }

    /// Returns the status that is told, made up where none tells it.
    fn told_status(&self, telling: &Telling) -> (u16, &[u8]) {
        let status = self.status();
        match telling.kind {
            _ if telling.is_forced => TIMED_OUT,
            EventKind::CallStart if status < 200 => IMPLIED_OK,
            EventKind::CallEnd if status < 200 => IMPLIED_END,
            EventKind::CallAttempt if status < 200 => CANCELLED,
            _ => (status, self.text(Text::Reason)),
        }
    }

    /// Returns the Contact that is told: of a binding that ends later, the one that was bound.
    fn told_contact(&self, kind: EventKind) -> &[u8] {
        let contact = self.text(Text::Contact);
        let is_late = match kind {
            EventKind::RegExpired => true,
            EventKind::RegDel => self.is_removal_pending && contact != b"*",
            _ => false,
        };
        match self.text(Text::Bound) {
            b"" => contact,
            bound if is_late => bound,
            _ => contact,
        }
    }

    fn told_outcome(&self, telling: &Telling, status: u16) -> Option<Outcome> {
        match telling.kind {
            EventKind::CallEnd if !self.has_invite() => Some(Outcome::MidCall),
            EventKind::CallStart | EventKind::CallEnd => Some(Outcome::Answered),
            EventKind::AuthFailed if self.has_invite() => Some(Outcome::AuthFailed),
            EventKind::CallAttempt if telling.is_forced => Some(match self.state {
                State::InvEarlyDlg => Outcome::Unanswered,
                _ => Outcome::Timeout,
            }),
            // A CANCEL that came too late makes an attempt all the same.
            EventKind::CallAttempt if status < 300 => Some(Outcome::Answered),
            EventKind::CallAttempt if telling.is_forced && status == 408 => Some(Outcome::Timeout),
            EventKind::CallAttempt => Some(Outcome::of_status(status)),
            _ => None,
        }
    }

    /// Returns who ended the call.
    const fn told_side(&self, telling: &Telling) -> Option<Side> {
        match telling.kind {
            EventKind::CallEnd if telling.is_forced => Some(Side::Network),
            EventKind::CallEnd if self.is_ended_by_callee => Some(Side::Callee),
            EventKind::CallEnd => Some(Side::Caller),
            _ => None,
        }
    }

    fn told_flags(&self, telling: &Telling) -> Flags {
        let mut flags = Flags::NONE;
        if telling.is_forced {
            flags.insert(Flags::TIMEOUT);
        }
        if telling.kind == EventKind::CallEnd && !self.has_invite() {
            flags.insert(Flags::INVITE_MISSING);
        }
        flags
    }

    /// Returns whether it began with an INVITE.
    fn has_invite(&self) -> bool {
        self.text(Text::Method) == b"INVITE"
    }

    /// Returns the time to the first 101 to 199 with a tag, or to the final response without one.
    fn post_dial_delay(&self) -> Option<i64> {
        let delay = self.early.or(self.answered)?.since(self.created);
        (delay >= 0).then_some(delay)
    }

    /// Returns the time from the first 101 to 199 with a tag to the final response: none at all without the former.
    fn ring_time(&self) -> Option<i64> {
        let Some(early) = self.early else {
            return Some(0);
        };
        let ring = self.answered?.since(early);
        (ring >= 0).then_some(ring)
    }

    /// Returns how long the call was up, or the binding was there.
    fn duration(&self, telling: &Telling) -> Option<i64> {
        match telling.kind {
            EventKind::CallEnd | EventKind::RegDel | EventKind::RegExpired => {
                let duration = telling.ts.since(self.answered?);
                (duration >= 0).then_some(duration)
            }
            _ => None,
        }
    }
}

const fn has_delay(kind: EventKind) -> bool {
    matches!(kind, EventKind::CallStart | EventKind::CallAttempt)
}
