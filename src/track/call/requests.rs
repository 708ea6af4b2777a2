//! What requests do to a call.

use crate::{
    sip::{Method, address::NameAddr, list},
    time::Timestamp,
    track::{
        Context, EventKind, Flags, Interests, Outcome, Side, State,
        call::{
            BranchFate, Call, Direction, Text,
            cause::{NORMAL_CLEARING, Reasons},
            dialog::remote_tag,
            invite::{Hop, Invite},
            times::Name,
        },
        seen::Seen,
        timeouts::SECOND,
    },
};

/// 64·T1: how long a 2xx waits for its ACK (RFC 3261 §13.3.1.4).
const LIFETIME: i64 = 32 * SECOND;

/// Stands for the status of a final response that was missed and was no 2xx.
const MISSED: u16 = 300;

/// BYE from the other side within this time has crossed the first one.
const CROSSING: i64 = SECOND;

impl Call {
    /// Takes a request that was not seen before.
    pub(super) fn request(
        &mut self,
        seen: &Seen<'_>,
        direction: Direction,
        context: &mut Context<'_>,
    ) {
        self.extend(seen);
        self.describe_requester(seen, direction);
        match seen.method {
            Method::Invite if seen.to_tag.is_empty() => self.initial_invite(seen, context),
            Method::Ack => self.ack(seen, direction, context),
            Method::Cancel => self.cancel(seen, context),
            Method::Bye => self.bye(seen, direction, context),
            _ => self.within_dialog(seen, direction, context),
        }
    }

    /// Fills in what the side that sends a request says about itself.
    fn describe_requester(&mut self, seen: &Seen<'_>, direction: Direction) {
        let (head, bytes) = (seen.message.head, seen.message.bytes);
        let agent = head.user_agent.of(bytes);
        match direction {
            Direction::Forward => {
                self.texts.set_once(Text::CallerAgent, agent);
                if seen.method == Method::Invite && self.texts.get(Text::Contact).is_empty() {
                    let contact = list::values(head.contact.of(bytes)).next();
                    let contact = NameAddr::parse(contact.unwrap_or_default()).uri;
                    self.texts.set_once(Text::Contact, contact);
                }
            }
            Direction::Reverse => self.texts.set_once(Text::CalleeAgent, agent),
        }
    }

    /// Takes an ACK: that to a 2xx has a branch of its own (RFC 3261 §17.1.1.3).
    fn ack(&mut self, seen: &Seen<'_>, direction: Direction, context: &mut Context<'_>) {
        let is_of_initial = direction == Direction::Forward
            && (seen.cseq == self.invite_cseq || self.attempts == 0);
        if !is_of_initial {
            return;
        }
        let is_answered = self.is_answered();
        let first_hop = self.first_hop;
        let invite = self
            .invites
            .iter_mut()
            .find(|invite| invite.transaction == seen.transaction && invite.cseq == seen.cseq);
        match invite {
            Some(invite) if invite.status >= 300 => {}
            // The final response was missed, and was no 2xx: the retry, if there is one, follows.
            Some(invite) if invite.status == 0 && !is_answered => {
                invite.status = MISSED;
                let is_of_first_hop = invite.hop.is_like(first_hop);
                let is_another_open = self.open_invites(seen.ts).next().is_some();
                if is_of_first_hop
                    && !is_another_open
                    && !matches!(self.state, State::MidCall | State::Cancelling)
                {
                    self.fail(Outcome::Failed, Some(Side::Callee), seen.ts);
                }
            }
            _ => self.confirm(seen, context),
        }
    }

    /// Takes an ACK to a 2xx.
    fn confirm(&mut self, seen: &Seen<'_>, context: &mut Context<'_>) {
        if self.attempts == 0 && !self.is_answered() {
            // Nothing was seen before: it may be that of a failure as well.
            if self.state == State::MidCall {
                self.outcome.get_or_insert(Outcome::MidCall);
            }
            return;
        }
        self.note(Name::ack, seen);
        if let Some(branch) = self.branch_mut(seen.to_tag) {
            if !branch.ack.is_set() {
                branch.ack = seen.ts.into();
            }
            if matches!(branch.fate, BranchFate::Early | BranchFate::Gone) {
                branch.fate = BranchFate::Answered;
            }
        }
        match self.state {
            State::Answered => {
                self.enter(State::Established, seen.ts);
                self.tell(EventKind::CallStart, seen, context);
            }
            State::Calling | State::Trying | State::Ringing | State::Cancelling => {
                self.imply_answer(seen, context);
            }
            _ => {}
        }
    }

    /// Takes the call for answered although no 2xx was seen.
    pub(super) fn imply_answer(&mut self, seen: &Seen<'_>, context: &mut Context<'_>) {
        if self.state == State::Cancelling {
            self.flags.insert(Flags::CANCEL_RACE);
        }
        self.enter(State::Established, seen.ts);
        self.be_answered();
        self.side = None;
        self.tell(EventKind::CallStart, seen, context);
    }

    /// Takes a CANCEL: it is hop by hop, and of one branch (RFC 3261 §9.1).
    fn cancel(&mut self, seen: &Seen<'_>, context: &Context<'_>) {
        if self.attempts == 0 && self.invites.is_empty() && self.outcome.is_none() {
            self.flags.insert(Flags::INVITE_MISSING);
            self.invite_cseq = seen.cseq;
            self.first_hop = Hop::of(seen, &context.shared.hasher);
            self.enter(State::Calling, seen.ts);
        }
        let reasons = Reasons::of(seen);
        if reasons.sip == Some(200) {
            self.flags.insert(Flags::COMPLETED_ELSEWHERE);
        }
        let first_hop = self.first_hop;
        let target = self
            .invites
            .iter_mut()
            .find(|invite| invite.transaction == seen.target);
        let is_answered_one = target.as_ref().is_none_or(|invite| invite.status > 0);
        let is_of_call = match target {
            Some(invite) => {
                invite.is_cancelled = true;
                invite.hop.is_like(first_hop) && (invite.status == 0 || invite.status / 100 == 2)
            }
            None => seen.cseq == self.invite_cseq,
        };
        let is_another_open = self
            .open_invites(seen.ts)
            .any(|invite| !invite.is_cancelled);
        if !is_of_call || is_another_open {
            return;
        }
        match self.state {
            State::Calling | State::Trying | State::Ringing => {
                self.enter(State::Cancelling, seen.ts);
                self.side = Some(Side::Caller);
                self.note(Name::cancel, seen);
                self.cause = reasons.cause_of_cancel().or(Some(NORMAL_CLEARING));
                self.texts.set(Text::Explanation, reasons.text);
            }
            State::Cancelling => self.note(Name::cancel, seen),
            State::Answered if is_answered_one => self.flags.insert(Flags::CANCEL_RACE),
            _ => {}
        }
    }

    /// Takes a BYE.
    fn bye(&mut self, seen: &Seen<'_>, direction: Direction, context: &mut Context<'_>) {
        let side = match direction {
            Direction::Forward => Side::Caller,
            Direction::Reverse => Side::Callee,
        };
        if matches!(self.state, State::Terminating | State::Ended) {
            return self.second_bye(seen, side);
        }
        if self.has_failed() {
            // Some send it although there is nothing to end.
            return;
        }
        let mut was_early = false;
        if let Some(branch) = self.branch_mut(remote_tag(seen, direction)) {
            was_early = branch.provisional.is_set() && !branch.answer.is_set();
            branch.bye = seen.ts.into();
            branch.fate = BranchFate::Ended;
        }
        if self.has_open_branch() {
            // One of several branches that were answered (RFC 3261 §13.2.2.4).
            return;
        }
        let is_another_early = self
            .branches
            .iter()
            .any(|branch| branch.fate == BranchFate::Early && branch.provisional.is_set());
        if was_early && is_another_early && !self.is_up() {
            // The caller ends one early dialog of several (RFC 3261 §15).
            return;
        }
        self.give_up_unconfirmed_branches();
        if self.state == State::Answered
            && self
                .times
                .answer()
                .is_some_and(|answer| seen.ts.since(answer) >= LIFETIME)
        {
            self.flags.insert(Flags::NO_ACK);
        }
        self.note(Name::bye, seen);
        self.side = Some(side);
        self.take_cause(&Reasons::of(seen), Some(NORMAL_CLEARING));
        // Of the ACK alone nobody knew what it was to; of a time-out, whether it went on after all.
        let is_confirmed = self.state == State::Failed && self.outcome == Some(Outcome::Failed);
        let is_early = !self.is_up();
        if is_early {
            self.revive();
        }
        self.enter(State::Terminating, seen.ts);
        // Where the callee is heard and its 18x was not, the answer was missed.
        let is_callee_heard = self.counters[1].messages() > 0;
        let may_be_early = was_early || !is_callee_heard;
        if is_early && !is_confirmed && may_be_early && direction == Direction::Forward {
            // The caller may end an early dialog by BYE (RFC 3261 §15); 487 or 2xx to the INVITE tells whether it was one.
            self.flags.insert(Flags::EARLY_BYE);
            return;
        }
        if is_early {
            self.be_answered();
        }
        if self.attempts == 0 && self.outcome.is_none() {
            self.outcome = Some(Outcome::MidCall);
        }
        self.tell(EventKind::CallEnd, seen, context);
    }

    /// Takes a BYE after the first one: from the same side again, with credentials, at another hop, or from the other side.
    fn second_bye(&mut self, seen: &Seen<'_>, side: Side) {
        let Some(first) = self.times.bye() else {
            // Seen after its response, as streams are put together.
            self.note(Name::bye, seen);
            let cause = self.cause;
            self.take_cause(&Reasons::of(seen), cause);
            return;
        };
        let elapsed = seen.ts.since(first).saturating_abs();
        if self.side.is_some_and(|first_side| first_side != side) && elapsed <= CROSSING {
            self.flags.insert(Flags::BYE_CROSSING);
            if elapsed == 0 {
                self.side = Some(Side::Network);
            }
        } else {
            self.note(Name::bye, seen);
        }
    }

    /// Returns the INVITE transactions of the last attempt at the first hop that have no final response, and may still have
    /// one at `now`: a user agent that hears nothing goes on elsewhere (RFC 3263 §4.3).
    pub(super) fn open_invites(&self, now: Timestamp) -> impl Iterator<Item = &Invite> {
        let is_of_first_hop = |invite: &&Invite| {
            invite.cseq == self.invite_cseq && invite.hop.is_like(self.first_hop)
        };
        let last = self
            .invites
            .iter()
            .filter(is_of_first_hop)
            .map(|invite| invite.ts)
            .max();
        let is_given_up = move |invite: &Invite| {
            !invite.is_heard
                && ((invite.hop.is_of_user_agent() && last > Some(invite.ts))
                    || now.since(invite.ts) >= LIFETIME)
        };
        self.invites
            .iter()
            .filter(is_of_first_hop)
            .filter(move |invite| invite.status == 0 && !is_given_up(invite))
    }

    /// Takes over why it ended.
    pub(super) fn take_cause(&mut self, reasons: &Reasons<'_>, otherwise: Option<u8>) {
        self.cause = reasons.cause().or(otherwise);
        self.texts.set(Text::Explanation, reasons.text);
    }

    /// Takes the call for not answered.
    pub(super) fn fail(&mut self, outcome: Outcome, side: Option<Side>, ts: Timestamp) {
        self.enter(State::Failed, ts);
        self.outcome = Some(outcome);
        self.side = side;
        let fate = if outcome == Outcome::Cancelled {
            BranchFate::Cancelled
        } else {
            BranchFate::Failed
        };
        self.give_up_early_branches(fate);
    }

    /// Tells of an event that a message gives rise to, once; and of no failure after the call was answered.
    pub(super) fn tell(&mut self, kind: EventKind, seen: &Seen<'_>, context: &mut Context<'_>) {
        if self.may_tell(kind) {
            context.event(Interests::CALL_EVENTS, || crate::track::Event {
                origin: Some(seen.message.completed_by.origin),
                ..self.event(kind, seen.ts)
            });
        }
    }

    /// Returns whether an event was not told yet and does not go against what was, and takes note of it.
    pub(super) fn may_tell(&mut self, kind: EventKind) -> bool {
        let bit = |kind| 1_u32 << kind as u32;
        let against = match kind {
            EventKind::CallAttempt | EventKind::AuthFailed => {
                bit(EventKind::CallStart) | bit(EventKind::CallEnd)
            }
            _ => 0,
        };
        let is_told = self.told & (bit(kind) | against) != 0;
        self.told |= bit(kind);
        !is_told
    }
}
