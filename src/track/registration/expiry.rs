//! How long an exchange waits, and what comes when nothing comes.

use crate::{
    time::Timestamp,
    track::{
        Context, EventKind,
        registration::{
            exchange::{Exchange, Phase, Round},
            rounds::Verdict,
        },
        timeouts::{SECOND, Timeout, Timeouts},
    },
};

/// 64·T1: how long a REGISTER that was sent again can still be answered (RFC 3261 §17.1.2.2, timer F).
const LIFETIME: i64 = 32 * SECOND;

/// How long a REGISTER can be under way in all.
const MAX_LIFETIME: i64 = 64 * SECOND;

/// How long a response takes from the registrar to the client at most: T4 (RFC 3261 §17.1.2.2).
const HOLD: i64 = 5 * SECOND;

impl Round {
    /// Returns when something happens if nothing comes.
    fn deadline(&self, timeouts: &Timeouts) -> Option<Timestamp> {
        match &self.phase {
            Phase::Pending => {
                let timeout = timeouts.get(Timeout::NonInv1st);
                let mut deadline = self.sent.plus(timeout);
                if self.repeated > self.sent {
                    deadline = deadline.max(self.repeated.plus(LIFETIME));
                }
                Some(deadline.min(self.sent.plus(MAX_LIFETIME.max(timeout))))
            }
            Phase::Held(truth) => Some(truth.ts.plus(HOLD)),
            Phase::Waiting(until) => Some(*until),
            Phase::TimedOut | Phase::Done => None,
        }
    }
}

impl Exchange {
    /// Returns when it is over, or a round of it is, if nothing comes.
    pub(super) fn deadline(&self, timeouts: &Timeouts) -> Timestamp {
        let rounds = self.rounds.iter();
        let first = rounds.filter_map(|round| round.deadline(timeouts)).min();
        first.unwrap_or_else(|| self.idle_deadline(timeouts))
    }

    /// Returns until when messages of rounds that are over may come again.
    fn idle_deadline(&self, timeouts: &Timeouts) -> Timestamp {
        let is_failed = self.failed.is_some() || self.failures > 0;
        let linger = if is_failed {
            // A response that comes late, or another try.
            LIFETIME
        } else {
            timeouts.get(Timeout::NonInvFin)
        };
        self.last_seen.plus(linger)
    }

    /// Takes what the registrar has accepted for good, since nothing more comes after `end`.
    pub(super) fn finish(&mut self, end: Timestamp) -> Option<Verdict> {
        let is_held = |round: &Round| matches!(round.phase, Phase::Held(_));
        let index = self.rounds.iter().position(is_held)?;
        let round = self.rounds.get_mut(index)?;
        match std::mem::replace(&mut round.phase, Phase::Done) {
            Phase::Held(truth) => {
                let told = end.max(truth.ts);
                self.accept(index, Some(truth), None, (told, None))
            }
            _ => None,
        }
    }

    /// Lets the round end whose deadline is `at`; `None` when none is, and the exchange is over.
    pub(super) fn expire(
        &mut self,
        at: Timestamp,
        context: &mut Context<'_>,
    ) -> Option<Option<Verdict>> {
        let timeouts = &context.shared.options.timeouts;
        let is_due = |round: &Round| {
            round
                .deadline(timeouts)
                .is_some_and(|deadline| deadline <= at)
        };
        let index = self.rounds.iter().position(is_due)?;
        // What comes late is late from now on.
        self.last_seen = self.last_seen.max(at);
        let round = self.rounds.get_mut(index)?;
        let verdict = match std::mem::replace(&mut round.phase, Phase::Done) {
            Phase::Held(truth) => self.accept(index, Some(truth), None, (at, None)),
            Phase::Waiting(_) => {
                let kind = match round.status {
                    401 | 407 => EventKind::AuthFailed,
                    _ => EventKind::RegFailed,
                };
                self.refuse(index, &[kind], (at, None), context)
            }
            _ => {
                round.phase = Phase::TimedOut;
                self.forget_response();
                let kinds = [EventKind::OtherTimeout, EventKind::RegFailed];
                self.refuse(index, &kinds, (at, None), context)
            }
        };
        Some(verdict)
    }
}
