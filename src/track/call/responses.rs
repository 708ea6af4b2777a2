//! What responses do to a call.

use crate::{
    sip::{HeaderName, Method},
    time::Timestamp,
    track::{
        Context, EventKind, FailureClass, Flags, Outcome, Side, State,
        call::{
            BranchFate, Call, Direction, Text,
            cause::{NORMAL_CLEARING, Reasons, cause_of_status},
            dialog::remote_tag,
            invite::{self, Hop, Invite},
            times::Name,
        },
        seen::Seen,
    },
};

impl Call {
    /// Takes a response that was not seen before; returns whether it lets the call take the place of another one.
    pub(super) fn response(
        &mut self,
        seen: &Seen<'_>,
        direction: Direction,
        context: &mut Context<'_>,
    ) -> bool {
        self.extend(seen);
        self.describe_responder(seen, direction);
        match seen.method {
            Method::Invite if self.is_to_initial(seen, direction) => {
                return self.response_to_initial(seen, context);
            }
            Method::Bye => self.response_to_bye(seen, direction, context),
            Method::Cancel => self.response_to_cancel(seen, context),
            Method::Invite | Method::Update => {
                if (200..300).contains(&seen.status)
                    && let Some(value) = seen.header(HeaderName::SessionExpires)
                {
                    self.set_session_expires(value);
                }
                self.response_within(seen, direction, context);
            }
            // These have usages of their own besides that of the session (RFC 5057 §4.2).
            Method::Subscribe | Method::Notify => {}
            _ => self.response_within(seen, direction, context),
        }
        if self.attempts == 0 && self.outcome.is_none() && self.state == State::MidCall {
            self.outcome = Some(Outcome::MidCall);
        }
        false
    }

    fn describe_responder(&mut self, seen: &Seen<'_>, direction: Direction) {
        if seen.status > 100 {
            let agent = seen.message.head.user_agent.of(seen.message.bytes);
            let text = match direction {
                Direction::Forward => Text::CalleeAgent,
                Direction::Reverse => Text::CallerAgent,
            };
            self.texts.set_once(text, agent);
        }
    }

    /// Returns whether a response to an INVITE is to one that began the call.
    fn is_to_initial(&self, seen: &Seen<'_>, direction: Direction) -> bool {
        direction == Direction::Forward
            && (self
                .invites
                .iter()
                .any(|invite| invite.cseq == seen.cseq || invite.transaction == seen.transaction)
                || (seen.cseq > self.invite_cseq && self.waits_for_retry())
                || (self.attempts == 0 && self.invites.is_empty() && self.is_unbegun()))
    }

    /// Returns whether the next thing to come is another attempt.
    fn waits_for_retry(&self) -> bool {
        !self.is_answered()
            && matches!(
                self.state,
                State::Challenged | State::Redirected | State::Failed
            )
    }

    /// Returns whether nothing but responses has told of the call.
    fn is_unbegun(&self) -> bool {
        self.methods == 0 && self.state == State::MidCall
    }

    fn response_to_initial(&mut self, seen: &Seen<'_>, context: &mut Context<'_>) -> bool {
        let is_known = self
            .invites
            .iter()
            .any(|invite| invite.transaction == seen.transaction && invite.cseq == seen.cseq);
        let is_of_next = seen.cseq > self.invite_cseq && self.waits_for_retry() && !is_known;
        if self.invites.is_empty() || is_of_next {
            self.begin_attempt_by_response(seen, &context.shared.hasher);
        }
        let known = self
            .invites
            .iter()
            .position(|invite| invite.transaction == seen.transaction && invite.cseq == seen.cseq);
        // Some proxies send responses with a Via that no INVITE had, or with none.
        let known = self.first_hop_invite(seen, known).or(known);
        let index = known.unwrap_or_else(|| {
            invite::remember(&mut self.invites, Invite::new(seen, &context.shared.hasher));
            self.invites.len() - 1
        });
        let Some(invite) = self.invites.get_mut(index) else {
            return false;
        };
        invite.is_heard = true;
        if seen.status >= 200 {
            invite.status = seen.status;
        }
        let is_last = invite.cseq == self.invite_cseq;
        let is_at_first_hop = invite.hop.is_like(self.first_hop);
        if seen.status == 482 && self.invites.len() > 1 {
            self.flags.insert(Flags::MERGED);
        }
        match seen.status {
            100 if is_last && is_at_first_hop => {
                self.note(Name::trying, seen);
                self.wait(State::Trying, seen.ts);
            }
            101..200 if is_last => self.provisional(seen, is_at_first_hop, context),
            ..200 => {}
            200..300 => return self.success(seen, is_at_first_hop, context),
            _ if is_last && is_at_first_hop => self.failure(index, seen, context),
            _ => {}
        }
        false
    }

    /// Returns the INVITE next to the caller when a response that reaches the caller is of none that the caller sent.
    fn first_hop_invite(&self, seen: &Seen<'_>, known: Option<usize>) -> Option<usize> {
        let is_own =
            |invite: &Invite| invite.cseq == seen.cseq && invite.hop.is_like(self.first_hop);
        let is_known = known
            .and_then(|index| self.invites.get(index))
            .is_some_and(is_own);
        if is_known || !self.reaches_caller(seen) {
            return None;
        }
        self.invites.iter().position(is_own)
    }

    /// Goes on to a state in which the callee is waited for.
    fn wait(&mut self, state: State, ts: Timestamp) {
        let is_timed_out = self.state == State::Failed && self.status == 0;
        let is_sooner = matches!(
            (self.state, state),
            (State::Calling, _) | (State::Trying, State::Ringing)
        );
        if is_timed_out {
            // Late, but it goes on after all.
            self.cause = None;
            self.revive();
        }
        if is_sooner || is_timed_out {
            self.enter(state, ts);
        }
    }

    /// Takes a 101 to 199.
    fn provisional(&mut self, seen: &Seen<'_>, is_at_first_hop: bool, context: &mut Context<'_>) {
        if seen.to_tag.is_empty() && seen.status != 180 {
            return self.wait(State::Trying, seen.ts);
        }
        if let Some(branch) = self.branch_mut(seen.to_tag) {
            branch.status = seen.status;
            if !branch.provisional.is_set() {
                branch.provisional = seen.ts.into();
            }
            if seen.status == 199 {
                branch.fate = BranchFate::Gone;
            }
        }
        self.notice_fork();
        if seen.status == 199 {
            return;
        }
        self.note(Name::provisional, seen);
        if self.state != State::Cancelling {
            self.wait(State::Ringing, seen.ts);
            self.since = self.since.max(seen.ts);
        }
        match seen.status {
            180 => {
                self.note(Name::ringing, seen);
                if is_at_first_hop {
                    self.tell(EventKind::CallRinging, seen, context);
                }
            }
            183 => self.note(Name::progress, seen),
            _ => {}
        }
    }

    /// Takes a 2xx to the INVITE; returns whether the call takes the place of another one by it.
    fn success(
        &mut self,
        seen: &Seen<'_>,
        is_at_first_hop: bool,
        context: &mut Context<'_>,
    ) -> bool {
        if let Some(branch) = self.branch_mut(seen.to_tag) {
            branch.status = seen.status;
            if !branch.answer.is_set() {
                branch.answer = seen.ts.into();
            }
            if branch.fate != BranchFate::Ended {
                branch.fate = BranchFate::Answered;
            }
        }
        self.notice_fork();
        let was_answered = self.times.answer().is_some();
        self.note(Name::answer, seen);
        self.note(Name::final_response, seen);
        match seen.header(HeaderName::SessionExpires) {
            Some(value) => self.set_session_expires(value),
            // Without it there is no timer, whatever the INVITE asked for (RFC 4028 §7.2).
            None => self.session_expires = 0,
        }
        if was_answered {
            if is_at_first_hop {
                self.tell(EventKind::CallStart, seen, context);
            }
            return false;
        }
        match self.state {
            State::Cancelling => self.flags.insert(Flags::CANCEL_RACE),
            State::Failed => self.flags.insert(Flags::LATE_ANSWER),
            _ if self.end.is_set() => self.flags.insert(Flags::LATE_ANSWER),
            _ => {}
        }
        self.outcome = Some(Outcome::Answered);
        self.status = seen.status;
        self.texts.set(Text::Reason, seen.reason());
        let is_ending = matches!(self.state, State::Terminating | State::Ended);
        if !is_ending {
            let is_confirmed = self.flags.contains(Flags::ANSWER_IMPLIED);
            let state = if is_confirmed {
                State::Established
            } else {
                State::Answered
            };
            self.enter(state, seen.ts);
            self.side = None;
            self.cause = None;
            self.texts.set(Text::Explanation, b"");
        }
        self.flags.remove(Flags::TIMEOUT);
        // At the hops behind the first one it is not told yet: the caller has not heard of it.
        if is_at_first_hop {
            self.tell(EventKind::CallStart, seen, context);
        }
        if is_ending && self.flags.contains(Flags::EARLY_BYE) {
            self.tell(EventKind::CallEnd, seen, context);
        }
        !self.replaces().is_empty()
    }

    /// Takes a 3xx to 6xx to the INVITE at the first hop.
    fn failure(&mut self, index: usize, seen: &Seen<'_>, context: &mut Context<'_>) {
        let is_early_bye = self.flags.contains(Flags::EARLY_BYE) && self.outcome.is_none();
        self.fail_branch(index, seen, is_early_bye);
        if self.is_answered() || (!self.is_undecided() && !is_early_bye) {
            return;
        }
        if self.open_invites(seen.ts).next().is_some() {
            // Another branch of whoever forks may still succeed.
            return;
        }
        self.note(Name::final_response, seen);
        self.status = seen.status;
        self.texts.set(Text::Reason, seen.reason());
        self.since = seen.ts;
        let reasons = Reasons::of(seen);
        let is_given_up = self.state == State::Cancelling || is_early_bye;
        match seen.status {
            _ if is_given_up => {
                let told = reasons.q850.or(self.cause);
                self.cause = told.or(Some(NORMAL_CLEARING));
                self.fail(Outcome::Cancelled, Some(Side::Caller), seen.ts);
                self.tell(EventKind::CallAttempt, seen, context);
            }
            401 | 407 => self.challenge(index, seen, context),
            300..=399 => {
                self.redirects = self.redirects.saturating_add(1);
                self.flags.insert(Flags::REDIRECTED);
                self.enter(State::Redirected, seen.ts);
                self.tell(EventKind::CallRedirected, seen, context);
            }
            code => {
                self.take_cause(&reasons, cause_of_status(code));
                let class = FailureClass::of_status(code);
                let side = match class {
                    Some(FailureClass::Network | FailureClass::Loop | FailureClass::NoResponse) => {
                        Side::Network
                    }
                    _ if code == 487 => Side::Caller,
                    _ => Side::Callee,
                };
                self.fail(Outcome::of_status(code), Some(side), seen.ts);
                self.tell(EventKind::CallAttempt, seen, context);
            }
        }
    }

    /// Takes note of what became of the branch that a 3xx to 6xx is from. A challenge is from nobody's phone.
    fn fail_branch(&mut self, index: usize, seen: &Seen<'_>, is_early_bye: bool) {
        let is_cancelled = is_early_bye
            || self.state == State::Cancelling
            || self
                .invites
                .get(index)
                .is_some_and(|invite| invite.is_cancelled);
        let is_known = self.branch(seen.to_tag).is_some();
        if !is_known && matches!(seen.status, 401 | 407) {
            return;
        }
        if let Some(branch) = self.branch_mut(seen.to_tag)
            && matches!(branch.fate, BranchFate::Early | BranchFate::Gone)
        {
            branch.status = seen.status;
            branch.fate = if is_cancelled {
                BranchFate::Cancelled
            } else {
                BranchFate::Failed
            };
        }
    }

    /// Returns whether the attempt may still go either way, or is only lost to a time-out.
    fn is_undecided(&self) -> bool {
        match self.state {
            State::Calling | State::Trying | State::Ringing | State::Cancelling => true,
            State::Failed => self.status == 0,
            _ => false,
        }
    }

    /// Takes a 401 or 407.
    fn challenge(&mut self, index: usize, seen: &Seen<'_>, context: &mut Context<'_>) {
        self.challenges = self.challenges.saturating_add(1);
        let is_refused = self
            .invites
            .get(index)
            .is_some_and(|invite| invite.is_refused_by(seen, &context.shared.hasher));
        if is_refused {
            self.flags.insert(Flags::AUTH_REFUSED);
            self.take_cause(&Reasons::of(seen), cause_of_status(seen.status));
            self.fail(Outcome::AuthFailed, Some(Side::Callee), seen.ts);
            self.tell(EventKind::AuthFailed, seen, context);
        } else {
            self.enter(State::Challenged, seen.ts);
            self.give_up_early_branches(BranchFate::Failed);
        }
    }

    /// Takes a response to BYE: any final one but a challenge ends the dialog.
    fn response_to_bye(
        &mut self,
        seen: &Seen<'_>,
        direction: Direction,
        context: &mut Context<'_>,
    ) {
        if seen.status < 200 || matches!(seen.status, 401 | 407) {
            return;
        }
        if self.has_open_branch() && self.state != State::Terminating {
            // Of another branch, or its BYE was missed.
            let branch = self.branch_mut(remote_tag(seen, direction));
            match branch {
                Some(branch) if branch.fate == BranchFate::Answered => {
                    branch.fate = BranchFate::Ended;
                }
                _ => return,
            }
            if self.has_open_branch() {
                return;
            }
        }
        if self.has_failed() || self.is_of_early_branch(seen, direction) {
            return;
        }
        self.give_up_unconfirmed_branches();
        let was_told = matches!(self.state, State::Terminating | State::Ended);
        let was_lost = self.state == State::Failed;
        self.note(Name::bye_final, seen);
        if self.bye_status == 0 {
            self.bye_status = seen.status;
        }
        self.enter(State::Ended, seen.ts);
        if was_told {
            return;
        }
        // BYE itself was missed.
        if was_lost {
            self.revive();
        }
        self.side = Some(match direction {
            Direction::Forward => Side::Caller,
            Direction::Reverse => Side::Callee,
        });
        self.cause = self.cause.or(Some(NORMAL_CLEARING));
        if self.outcome.is_none() {
            if self.attempts == 0 && self.invites.is_empty() {
                self.outcome = Some(Outcome::MidCall);
            } else {
                self.be_answered();
            }
        }
        self.tell(EventKind::CallEnd, seen, context);
    }

    /// Returns whether a response is to the BYE of one early dialog while others go on.
    fn is_of_early_branch(&self, seen: &Seen<'_>, direction: Direction) -> bool {
        let is_ended = self
            .branch(remote_tag(seen, direction))
            .is_some_and(|branch| branch.bye.is_set());
        let is_waiting = matches!(self.state, State::Calling | State::Trying | State::Ringing);
        is_ended && is_waiting && self.times.bye().is_none()
    }

    /// Takes a response to CANCEL, whose request may have been missed.
    fn response_to_cancel(&mut self, seen: &Seen<'_>, context: &Context<'_>) {
        let is_of_call = self
            .invites
            .iter()
            .find(|invite| invite.transaction == seen.target)
            .is_none_or(|invite| invite.hop.is_like(self.first_hop));
        let is_unbegun = self.is_unbegun() && self.outcome.is_none();
        if self.attempts == 0 && self.invites.is_empty() && is_unbegun {
            self.flags.insert(Flags::INVITE_MISSING);
            self.invite_cseq = seen.cseq;
            self.first_hop = Hop::of(seen, &context.shared.hasher);
            self.state = State::Calling;
        }
        let is_waiting = matches!(self.state, State::Calling | State::Trying | State::Ringing);
        if is_waiting && is_of_call && (200..300).contains(&seen.status) {
            self.enter(State::Cancelling, seen.ts);
            self.side = Some(Side::Caller);
            self.cause = Some(NORMAL_CLEARING);
            self.note(Name::cancel, seen);
        }
    }

    /// Takes a response to a request within the dialog: 408 and 481 end it (RFC 3261 §12.2.1.2, RFC 5057 §5.1).
    fn response_within(
        &mut self,
        seen: &Seen<'_>,
        direction: Direction,
        context: &mut Context<'_>,
    ) {
        if !matches!(seen.status, 408 | 481) || !self.is_up() {
            return;
        }
        if let Some(branch) = self.branch_mut(remote_tag(seen, direction))
            && branch.fate == BranchFate::Answered
        {
            branch.fate = BranchFate::Ended;
        }
        if self.has_open_branch() {
            // That of another branch goes on.
            return;
        }
        self.state = State::Ended;
        self.side = Some(Side::Network);
        self.since = seen.ts;
        self.take_cause(&Reasons::of(seen), cause_of_status(seen.status));
        for branch in &mut self.branches {
            if branch.fate == BranchFate::Answered {
                branch.fate = BranchFate::Ended;
            }
        }
        if self.outcome.is_none() {
            self.outcome = Some(Outcome::MidCall);
        }
        self.tell(EventKind::CallEnd, seen, context);
    }
}
