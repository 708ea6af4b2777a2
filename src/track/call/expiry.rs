//! How long each state of a call lasts, and what comes after it.

use crate::{
    net::Transport,
    time::Timestamp,
    track::{
        Context, EventKind, Flags, Interests, Outcome, Side, State,
        call::{
            BranchFate, Call,
            cause::{NORMAL_CLEARING, TIMER_EXPIRY, cause_of_status},
        },
        timeouts::{SECOND, Timeout, Timeouts},
    },
};

/// 64·T1 (RFC 3261 §17.1.1.2): how long an INVITE without any response is sent again, how long a 2xx waits for its ACK,
/// and how long responses come again.
const LIFETIME: i64 = 32 * SECOND;

/// The status of an attempt that was cancelled without a final response.
const REQUEST_TERMINATED: u16 = 487;

impl Call {
    /// Returns when the state is over if nothing comes.
    pub(super) fn deadline(&self, timeouts: &Timeouts) -> Timestamp {
        let after = |timeout| self.since.plus(timeouts.get(timeout));
        match self.state {
            State::Calling => {
                let given_up = self.times.invite().map(|invite| invite.plus(LIFETIME));
                match given_up.filter(|_| self.is_repeated) {
                    // Those that count in other units send on for longer.
                    Some(given_up) => given_up.max(self.since.plus(1)).min(after(Timeout::Inv1st)),
                    None => after(Timeout::Inv1st),
                }
            }
            State::Trying => after(Timeout::Inv1st),
            State::Ringing => after(Timeout::InvEarlyDlg),
            State::Challenged | State::Redirected => after(Timeout::InvNeg),
            State::Failed => match self.end.get() {
                // Responses that come late after all.
                Some(end) => self.since.max(end).plus(LIFETIME),
                None => after(Timeout::InvNeg),
            },
            State::Cancelling if self.is_cancel_settled() => {
                self.times.cancel().unwrap_or(self.since).plus(LIFETIME)
            }
            State::Cancelling => after(Timeout::InvCanceled),
            State::Answered if !self.flags.contains(Flags::NO_ACK) => {
                let answer = self.times.answer().unwrap_or(self.since);
                answer.plus(LIFETIME)
            }
            State::Answered | State::Established | State::MidCall => {
                let idle = self.idle_deadline(timeouts);
                if self.is_fresh() {
                    idle.min(self.since.plus(LIFETIME + 1))
                } else {
                    idle
                }
            }
            State::Terminating => after(Timeout::InvByeSeen),
            State::Ended => {
                let linger = timeouts.get(Timeout::InvByeRepl);
                let is_datagram = self.transport == Transport::Udp;
                let linger = if is_datagram {
                    linger.max(LIFETIME)
                } else {
                    linger
                };
                self.since.plus(linger)
            }
        }
    }

    /// Returns when a call is given up of which nothing is heard.
    fn idle_deadline(&self, timeouts: &Timeouts) -> Timestamp {
        if self.flags.contains(Flags::REPLACED) {
            return self.since.plus(timeouts.get(Timeout::InvByeSeen));
        }
        let is_ack_alone = self.attempts == 0 && self.messages() == 1;
        if is_ack_alone && self.has_method(crate::sip::Method::Ack) {
            // It may as well be the end of a failure.
            return self.since.plus(LIFETIME);
        }
        let idle = timeouts.get(Timeout::InvEstablished);
        let session = match self.session_expires {
            0 => 0,
            seconds => i64::from(seconds) * SECOND + LIFETIME,
        };
        self.since.plus(idle.max(session))
    }

    /// Lets the state end at `deadline`; returns whether the call is over for good.
    pub(super) fn expire(&mut self, deadline: Timestamp, context: &mut Context<'_>) -> bool {
        match self.state {
            State::Calling | State::Trying => self.give_up(Outcome::Timeout, deadline, context),
            State::Ringing => self.give_up(Outcome::Unanswered, deadline, context),
            State::Challenged => {
                self.end = deadline.into();
                self.cause = cause_of_status(self.status);
                self.fail(Outcome::AuthFailed, Some(Side::Caller), deadline);
                self.tell_deadline(EventKind::AuthFailed, deadline, context);
                return true;
            }
            State::Redirected => {
                self.end = deadline.into();
                self.fail(Outcome::Redirected, Some(Side::Callee), deadline);
                self.tell_deadline(EventKind::CallAttempt, deadline, context);
                return true;
            }
            State::Cancelling if self.is_cancel_settled() => {
                self.fail(Outcome::Cancelled, Some(Side::Caller), deadline);
                return true;
            }
            State::Cancelling => {
                self.outcome = Some(Outcome::Cancelled);
                self.status = REQUEST_TERMINATED;
                self.tell_deadline(EventKind::CallAttempt, deadline, context);
            }
            State::Answered if !self.flags.contains(Flags::NO_ACK) => {
                self.flags.insert(Flags::NO_ACK);
                self.settle();
            }
            State::Answered | State::Established | State::MidCall => {
                if deadline < self.idle_deadline(&context.shared.options.timeouts) {
                    self.settle();
                    return false;
                }
                self.drop_idle(deadline, context);
                return true;
            }
            State::Terminating => {
                self.state = State::Ended;
                self.settle_early_bye(deadline, context);
                return true;
            }
            State::Ended => {
                self.settle_early_bye(deadline, context);
                return true;
            }
            State::Failed => {
                // Only its ACK was seen.
                if self.status == 0 {
                    self.tell_deadline(EventKind::CallAttempt, deadline, context);
                }
                return true;
            }
        }
        false
    }

    /// Returns whether nobody waits for the 487 any more, only for a 2xx that may have crossed.
    fn is_cancel_settled(&self) -> bool {
        self.state == State::Cancelling && self.outcome == Some(Outcome::Cancelled)
    }

    /// Ends an attempt that nothing final came to.
    fn give_up(&mut self, outcome: Outcome, deadline: Timestamp, context: &mut Context<'_>) {
        self.end = deadline.into();
        self.flags.insert(Flags::TIMEOUT);
        self.cause = Some(TIMER_EXPIRY);
        self.fail(outcome, Some(Side::Network), deadline);
        self.tell_deadline(EventKind::CallAttempt, deadline, context);
    }

    /// Ends a call of which nothing was heard for too long.
    fn drop_idle(&mut self, deadline: Timestamp, context: &mut Context<'_>) {
        self.end = deadline.into();
        let is_replaced = self.flags.contains(Flags::REPLACED);
        self.cause = Some(if is_replaced {
            NORMAL_CLEARING
        } else {
            TIMER_EXPIRY
        });
        if !is_replaced {
            self.flags.insert(Flags::TIMEOUT);
            let idle = context.shared.options.timeouts.get(Timeout::InvEstablished);
            let session = i64::from(self.session_expires) * SECOND + LIFETIME;
            if self.session_expires > 0 && session > idle {
                self.flags.insert(Flags::SESSION_EXPIRED);
            }
        }
        self.state = State::Ended;
        self.side = Some(Side::Network);
        for branch in &mut self.branches {
            if branch.fate == BranchFate::Answered {
                branch.fate = BranchFate::Ended;
            }
        }
        self.outcome.get_or_insert(Outcome::MidCall);
        self.tell_deadline(EventKind::CallEnd, deadline, context);
    }

    /// Takes a BYE in an early dialog for the caller giving up when nothing has told otherwise: nobody confirmed an answer.
    fn settle_early_bye(&mut self, deadline: Timestamp, context: &mut Context<'_>) {
        if self.flags.contains(Flags::EARLY_BYE) && self.outcome.is_none() {
            self.fail(Outcome::Cancelled, Some(Side::Caller), deadline);
            self.tell_deadline(EventKind::CallAttempt, deadline, context);
        }
    }

    fn tell_deadline(&mut self, kind: EventKind, deadline: Timestamp, context: &mut Context<'_>) {
        if self.may_tell(kind) {
            context.event(Interests::CALL_EVENTS, || self.event(kind, deadline));
        }
    }
}
