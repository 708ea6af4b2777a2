//! Calls, as RFC 6076 and ITU-T E.425 count them.
//!
//! A call is an attempt group: the first INVITE with those that follow a challenge or a redirection. What is forked counts
//! once, and so does what is seen at several hops.

use std::collections::BTreeMap;

use crate::{
    stats::{Names, Profile, Samples, Seconds, merge::accumulator},
    time::Timestamp,
    track::{AttemptFailure, Call, FailureClass, Flags, Outcome, State},
};

const SECOND: i64 = 1_000_000_000;

/// 64·T1, timers B and F (RFC 3261 §17.1): after this an unanswered request has failed.
const TIMER: i64 = 32 * SECOND;

/// Normal call clearing (ITU-T Q.850).
const NORMAL_CLEARING: u8 = 16;

/// Causes that say that the network lost the call (ITU-T Q.850): out of order, temporary failure, timer expiry.
const NETWORK_CAUSES: [u8; 4] = [27, 38, 41, 102];

accumulator! {
    /// Counts and times of calls.
    Calls {
        /// Attempt groups. Those whose beginning is missing are counted below.
        attempts: u64,
        /// Calls that had begun before the capture, or whose INVITE and answer are not in it.
        mid_calls: u64,
        /// Calls of either kind whose INVITE is not in the capture.
        without_invite: u64,
        /// Their INVITEs: the first ones, those with credentials and those after a redirection or failure.
        invites: u64,
        /// INVITEs answered by 401, 402, 407 or 3xx.
        invites_returned: u64,
        /// Answered by 2xx.
        answered: u64,
        /// Not answered, and the last response was 401, 402, 407 or 3xx.
        returned: u64,
        /// The same without 402.
        not_seized: u64,
        /// 480, 486, 600 or 603.
        refused: u64,
        /// 408, 500, 503 or 504.
        ineffective: u64,
        /// INVITEs that one of the former was the answer to, the last one of a call or not.
        invites_refused: u64,
        /// The same of the latter.
        invites_ineffective: u64,
        /// Nothing has decided yet what becomes of them.
        in_progress: u64,
        /// The network did its part, but nobody talked: 480, 486, 487, 600, 603, 607, or the caller gave up.
        delivered: u64,
        /// Answered, and ended by BYE with 2xx or by the session timer, and not dropped.
        completed: u64,
        /// Those of them that ended by BYE for no other reason than that all was said.
        ended_normally: u64,
        /// Answered, and lost: no BYE came, nobody or one who knew of no call has answered it, or it says that something broke.
        dropped: u64,
        /// 101 to 199 or 2xx came.
        alerted: u64,
        /// Given up by the caller while it rang.
        abandoned: u64,
        /// It rang, and nobody answered.
        ring_no_answer: u64,
        /// Answered, ended, and short.
        short: u64,
        /// Answered, and still up at the end of the capture.
        still_up: u64,
        /// By the number of the outcome.
        outcomes: BTreeMap<u8, u64>,
        /// Those not answered, by final status.
        failures: BTreeMap<u16, u64>,
        /// Those over, by cause (ITU-T Q.850).
        causes: BTreeMap<u8, u64>,
        /// Those not answered, by reason phrase.
        reasons: Names,
        /// Those not answered, by what went wrong, roughly.
        failure_classes: BTreeMap<u8, u64>,
        /// Of which one side alone was heard.
        one_direction: u64,
        /// Answered by a 2xx whose ACK was not seen.
        unconfirmed: u64,
        /// Whose messages are in an impossible order.
        disordered: u64,
        /// From INVITE to the first 101 to 199 or the 2xx, of those that were answered.
        srd_ok: Samples,
        /// From INVITE to the failure.
        srd_failed: Samples,
        /// From INVITE to the first 101 to 199 or the 2xx, of all.
        pdd: Samples,
        /// From INVITE to the answer.
        setup: Samples,
        /// From INVITE to 100.
        trying: Samples,
        /// From 180 to the answer or the end.
        ring: Samples,
        /// From the answer to ACK.
        ack: Samples,
        /// From BYE to its 2xx.
        sdd_ok: Samples,
        /// From BYE to the end of its transaction without any response.
        sdd_failed: Samples,
        /// From the answer to BYE or to the time-out that ended it.
        sdt: Samples,
        /// The sum of these of completed calls, in nanoseconds.
        talked: u128,
        /// How many they are.
        talks: u64,
        /// From the first INVITE to its failure or to the end of the call.
        holding: Samples,
        /// From the answer to the end of the call or of the capture.
        up: Profile,
        /// When they began.
        starts: Seconds,
        /// When those began that were answered.
        answered_starts: Seconds,
        /// When those began that failed.
        failed_starts: Seconds,
    }
}

impl Calls {
    /// Counts a call; `short` is how long a short one lasts at most, and `is_whole` whether moments are remembered.
    pub(super) fn add(&mut self, call: &Call, short: i64, is_whole: bool) {
        if call.flags().contains(Flags::ONE_DIRECTION) {
            self.one_direction += 1;
        }
        self.without_invite += u64::from(call.times().invite0().is_none());
        let outcome = call.outcome();
        *self.outcomes.entry(outcome as u8).or_default() += 1;
        if is_whole && let (Some(answer), Some(length)) = (call.times().answer(), call.duration()) {
            self.up.add(answer.nanos(), answer.plus(length).nanos());
        }
        if let Some(cause) = call.cause().filter(|_| is_over(call)) {
            *self.causes.entry(cause).or_default() += 1;
        }
        if outcome == Outcome::MidCall {
            self.mid_calls += 1;
            return;
        }
        self.attempts += 1;
        self.add_invites(call);
        self.add_times(call);
        if outcome == Outcome::Answered {
            self.add_answered(call, short);
        } else {
            self.add_unanswered(call);
        }
        if is_whole {
            let began = began(call);
            self.starts.add(began);
            if outcome == Outcome::Answered {
                self.answered_starts.add(began);
            } else if is_failure(outcome) {
                self.failed_starts.add(began);
            }
        }
    }

    fn add_invites(&mut self, call: &Call) {
        let is_challenged_last = outcome_status(call).is_some_and(|s| matches!(s, 401 | 407));
        let challenges = u64::from(call.challenges());
        // The last challenge was not taken up.
        let retries = challenges.saturating_sub(u64::from(is_challenged_last));
        self.invites += u64::from(call.attempts().max(1)) + retries;
        let is_to_pay = outcome_status(call) == Some(402);
        self.invites_returned += challenges + u64::from(call.redirects()) + u64::from(is_to_pay);
        let last = AttemptFailure::of(outcome_status(call));
        let all = |one| u64::from(call.failed_before(one)) + u64::from(last == Some(one));
        self.invites_refused += all(AttemptFailure::Refused);
        self.invites_ineffective += all(AttemptFailure::Ineffective);
    }

    fn add_times(&mut self, call: &Call) {
        let times = call.times();
        self.alerted += u64::from(times.provisional().is_some() || times.answer().is_some());
        self.disordered += u64::from(call.flags().contains(Flags::NEGATIVE_TIME));
        self.pdd.add(times.post_dial_delay());
        self.setup.add(times.setup_time());
        self.trying.add(times.trying_delay());
        self.ring.add(times.ring_time());
        let length = end(call).and_then(|end| Some(end.since(times.invite0()?)));
        self.holding.add(length);
    }

    fn add_answered(&mut self, call: &Call, short: i64) {
        let times = call.times();
        let flags = call.flags();
        self.answered += 1;
        self.srd_ok.add(times.post_dial_delay());
        self.ack.add(times.ack_delay());
        self.unconfirmed += u64::from(times.ack().is_none());
        let is_expired = flags.contains(Flags::SESSION_EXPIRED);
        let is_bye_accepted = call.bye_status().is_some_and(|s| (200..300).contains(&s));
        let is_replaced = flags.contains(Flags::REPLACED);
        let is_completed = if !is_over(call) {
            self.still_up += 1;
            false
        } else if is_expired {
            true
        } else if is_lost(call) && !is_replaced {
            self.dropped += 1;
            false
        } else {
            let is_normal = is_bye_accepted && call.cause() == Some(NORMAL_CLEARING);
            self.ended_normally += u64::from(is_normal);
            is_bye_accepted
        };
        self.completed += u64::from(is_completed);
        // Of a BYE that was missed nobody knows when it was sent.
        let end = end(call).filter(|_| times.bye().is_some() || times.bye_final().is_none());
        let talk = end.and_then(|end| Some(end.since(times.answer()?)));
        let talk = talk.and_then(|talk| u64::try_from(talk).ok());
        if let Some(talk) = talk {
            self.sdt.add(i64::try_from(talk).ok());
            self.short += u64::from(talk < short.unsigned_abs());
            if is_completed {
                self.talked = self.talked.saturating_add(u128::from(talk));
                self.talks += 1;
            }
        }
        if is_bye_accepted {
            self.sdd_ok.add(times.release_delay());
        } else if is_bye_given_up(call) {
            self.sdd_failed.add(Some(TIMER));
        }
    }

    fn add_unanswered(&mut self, call: &Call) {
        let times = call.times();
        let outcome = call.outcome();
        let status = call.status();
        let has_rung = times.provisional().is_some();
        match outcome {
            Outcome::Cancelled => {
                self.delivered += 1;
                self.abandoned += u64::from(has_rung);
            }
            Outcome::Unanswered => self.ring_no_answer += 1,
            Outcome::InProgress => self.in_progress += u64::from(status.is_none_or(|s| s < 300)),
            _ => {}
        }
        if outcome == Outcome::Timeout && times.trying().is_none() && !has_rung {
            self.srd_failed.add(Some(TIMER));
        }
        if let Some(class) = call.failure_class() {
            *self.failure_classes.entry(class as u8).or_default() += 1;
        }
        let Some(status) = status.filter(|status| *status >= 300) else {
            return;
        };
        *self.failures.entry(status).or_default() += 1;
        self.reasons.add(call.reason());
        match status {
            300..=399 | 401 | 407 => {
                self.returned += 1;
                self.not_seized += 1;
                return;
            }
            402 => {
                self.returned += 1;
                return;
            }
            _ => {}
        }
        match AttemptFailure::of(Some(status)) {
            Some(AttemptFailure::Refused) => self.refused += 1,
            Some(AttemptFailure::Ineffective) => self.ineffective += 1,
            None => {}
        }
        let is_delivered = matches!(status, 480 | 486 | 487 | 600 | 603 | 607);
        self.delivered += u64::from(is_delivered && outcome != Outcome::Cancelled);
        self.ring_no_answer += u64::from(has_rung && matches!(status, 408 | 480));
        let failed = times
            .final_response()
            .and_then(|end| Some(end.since(times.invite0()?)));
        self.srd_failed.add(failed);
    }

    /// Returns the outcomes with their calls.
    pub fn outcomes(&self) -> impl Iterator<Item = (Outcome, u64)> {
        let at = |number: u8| {
            Outcome::ALL
                .iter()
                .copied()
                .find(|one| *one as u8 == number)
        };
        self.outcomes
            .iter()
            .filter_map(move |(number, count)| Some((at(*number)?, *count)))
    }

    /// Returns the classes of failures with their calls.
    pub fn failure_classes(&self) -> impl Iterator<Item = (FailureClass, u64)> {
        let all = FailureClass::ALL.iter().copied();
        let count = |class: FailureClass| self.failure_classes.get(&(class as u8)).copied();
        all.filter_map(move |class| Some((class, count(class)?)))
    }
}

/// Returns when a call began, as far as the capture tells.
pub(super) fn began(call: &Call) -> Timestamp {
    call.times().invite0().unwrap_or_else(|| call.first_seen())
}

/// Returns whether a call is a failure that nobody chose.
const fn is_failure(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Failed | Outcome::Timeout | Outcome::AuthFailed
    )
}

/// Returns the final status of a call that was not answered.
fn outcome_status(call: &Call) -> Option<u16> {
    call.status()
        .filter(|_| call.outcome() != Outcome::Answered)
}

/// Returns when a call ended: with its final failure, with BYE, or when it was given up.
fn end(call: &Call) -> Option<Timestamp> {
    let times = call.times();
    let end = match call.outcome() {
        Outcome::Answered => times
            .bye()
            .or_else(|| call.timed_out())
            .or_else(|| Some(call.last_seen())),
        // How long it is waited for that somebody goes on is no time of the call.
        _ if times.final_response().is_some() => return times.final_response(),
        _ => call.timed_out().or_else(|| times.cancel()),
    };
    end.filter(|_| is_over(call))
}

/// Returns whether an answered call that is over was lost, and not ended by who talked.
fn is_lost(call: &Call) -> bool {
    let times = call.times();
    let cause = call.cause();
    cause.is_some_and(|cause| NETWORK_CAUSES.contains(&cause))
        || matches!(call.bye_status(), Some(408 | 481))
        || (times.bye().is_none() && times.bye_final().is_none())
        || is_bye_given_up(call)
}

/// Returns whether its BYE was waited for in vain, and not only cut off by the end of the capture. Of a call that is heard
/// from one side only nobody knows.
fn is_bye_given_up(call: &Call) -> bool {
    let times = call.times();
    let is_unanswered = times.bye().is_some() && times.bye_final().is_none();
    let is_heard = !call.flags().contains(Flags::ONE_DIRECTION);
    is_unanswered && is_heard && call.state() == State::Ended
}

/// Returns whether a call had ended when the capture ended.
fn is_over(call: &Call) -> bool {
    matches!(
        call.state(),
        State::Ended | State::Failed | State::Terminating
    ) || call.times().bye().is_some()
        || !matches!(
            call.outcome(),
            Outcome::Answered | Outcome::InProgress | Outcome::MidCall
        )
}
