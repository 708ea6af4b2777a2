//! What has to be true of one row by itself.

use sipcap::{
    time::Timestamp,
    track::{
        Binding, BindingState, BranchFate, Call, EndReason, Exchange, ExchangeOutcome, Flags,
        Outcome, State,
    },
};

const SECOND: i64 = 1_000_000_000;

/// Which outcomes each state may have.
const OUTCOMES: &[(State, &[Outcome])] = &[
    (State::Calling, &[Outcome::InProgress]),
    (State::Trying, &[Outcome::InProgress]),
    (State::Ringing, &[Outcome::InProgress]),
    (State::Challenged, &[Outcome::InProgress]),
    (State::Redirected, &[Outcome::InProgress]),
    (State::Cancelling, &[Outcome::Cancelled]),
    (State::Answered, &[Outcome::Answered]),
    (State::Established, &[Outcome::Answered]),
    // BYE in an early dialog leaves open whether it was answered; one after CANCEL, too.
    (
        State::Terminating,
        &[
            Outcome::Answered,
            Outcome::MidCall,
            Outcome::InProgress,
            Outcome::Cancelled,
        ],
    ),
    (State::Ended, &[Outcome::Answered, Outcome::MidCall]),
    (
        State::Failed,
        &[
            Outcome::Cancelled,
            Outcome::Busy,
            Outcome::Rejected,
            Outcome::Failed,
            Outcome::Redirected,
            Outcome::AuthFailed,
            Outcome::Timeout,
            Outcome::Unanswered,
        ],
    ),
    (State::MidCall, &[Outcome::MidCall]),
];

/// What does not fit, with where it was found.
pub(super) struct Faults {
    pub(super) about: String,
    pub(super) found: Vec<String>,
}

impl Faults {
    /// Takes note of `what` unless it `holds`.
    pub(super) fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.found.push(format!("{}: {}", self.about, what()));
        }
    }
}

/// Checks a call. `is_in_order` is whether no message so far was earlier than the one before it.
pub(super) fn call(call: &Call, is_in_order: bool, faults: &mut Faults) {
    let (state, outcome, status) = (call.state(), call.outcome(), call.status());
    let flags = call.flags();
    let allowed = OUTCOMES.iter().find(|(known, _)| *known == state);
    faults.expect(
        allowed.is_some_and(|(_, outcomes)| outcomes.contains(&outcome)),
        || format!("{state} and {outcome}"),
    );
    let is_open_bye =
        state == State::Terminating && matches!(outcome, Outcome::InProgress | Outcome::Cancelled);
    faults.expect(!is_open_bye || flags.contains(Flags::EARLY_BYE), || {
        format!("{state} and {outcome} without an early BYE")
    });
    faults.expect(fits(outcome, status, call), || {
        format!("{outcome} with status {status:?}")
    });
    let is_classed = matches!(
        outcome,
        Outcome::Failed | Outcome::Rejected | Outcome::Timeout | Outcome::Unanswered
    );
    faults.expect(is_classed || call.failure_class().is_none(), || {
        format!("{outcome} with class {:?}", call.failure_class())
    });
    faults.expect(
        call.attempts() > 0 || flags.contains(Flags::INVITE_MISSING),
        || "no attempt and no missing INVITE".to_owned(),
    );
    let is_over = matches!(state, State::Ended | State::Failed);
    faults.expect(!is_over || call.side().is_some(), || {
        format!("{state} by nobody")
    });
    faults.expect(call.episode() > 0, || "episode 0".to_owned());
    counters(call, faults);
    branches(call, faults);
    times(call, is_in_order, faults);
}

/// Returns whether an outcome can have a status.
fn fits(outcome: Outcome, status: Option<u16>, call: &Call) -> bool {
    let is_implied =
        call.flags().contains(Flags::ANSWER_IMPLIED) || call.flags().contains(Flags::EARLY_BYE);
    match (outcome, status) {
        (Outcome::Answered, Some(code)) => (200..300).contains(&code),
        (Outcome::Answered, None) => is_implied,
        (Outcome::Busy, code) => matches!(code, Some(486 | 600)),
        (Outcome::Rejected, code) => matches!(code, Some(403 | 433 | 603 | 607 | 608)),
        (Outcome::Redirected, code) => matches!(code, Some(300..=399)),
        (Outcome::AuthFailed, code) => matches!(code, Some(401 | 407)),
        // None: only the ACK to it was seen.
        (Outcome::Failed, None) => true,
        (Outcome::Failed, Some(code)) => {
            !matches!(
                code,
                401 | 407 | 486 | 487 | 600 | 403 | 433 | 603 | 607 | 608
            ) && (400..700).contains(&code)
        }
        (Outcome::Cancelled, code) => code.is_none_or(|code| (300..700).contains(&code)),
        (Outcome::Timeout | Outcome::Unanswered, code) => code.is_none(),
        (Outcome::InProgress, None) => true,
        (Outcome::InProgress, Some(401 | 407)) => call.state() == State::Challenged,
        (Outcome::InProgress, Some(300..=399)) => call.state() == State::Redirected,
        (Outcome::InProgress, Some(_)) => false,
        (Outcome::MidCall, code) => code.is_none(),
    }
}

fn counters(call: &Call, faults: &mut Faults) {
    let [caller, callee] = *call.counters();
    let sum = |requests: u32, responses: u32, again: u32| {
        u64::from(requests) + u64::from(responses) + u64::from(again)
    };
    let messages = sum(caller.requests, caller.responses, caller.retransmissions)
        + sum(callee.requests, callee.responses, callee.retransmissions);
    faults.expect(call.messages() == messages && messages > 0, || {
        format!("{} messages, but {messages} of both sides", call.messages())
    });
    let again = u64::from(caller.retransmissions) + u64::from(callee.retransmissions);
    faults.expect(call.retransmissions() == again, || {
        format!("{} retransmissions, not {again}", call.retransmissions())
    });
}

fn branches(call: &Call, faults: &mut Faults) {
    let mut tags: Vec<Vec<u8>> = Vec::new();
    for branch in call.branches() {
        let tag = branch.tag().to_ascii_lowercase();
        faults.expect(!tag.is_empty() && !tags.contains(&tag), || {
            format!("tag {} again", String::from_utf8_lossy(&tag))
        });
        tags.push(tag);
        let is_over = matches!(call.state(), State::Ended | State::Failed);
        faults.expect(!is_over || branch.fate() != BranchFate::Answered, || {
            format!("{} although a branch is not", call.state())
        });
        let is_confirmed = branch.answer().is_some() || branch.ack().is_some();
        let is_implied =
            call.flags().contains(Flags::ANSWER_IMPLIED) || call.outcome() == Outcome::MidCall;
        faults.expect(
            branch.fate() != BranchFate::Answered || is_confirmed || is_implied,
            || "an answered branch without an answer".to_owned(),
        );
    }
    let to_tag = call.to_tag().to_ascii_lowercase();
    faults.expect(
        (to_tag.is_empty() && tags.is_empty()) || tags.contains(&to_tag),
        || format!("{} is no branch", String::from_utf8_lossy(&to_tag)),
    );
}

fn times(call: &Call, is_in_order: bool, faults: &mut Faults) {
    let times = call.times();
    let is_flagged = call.flags().contains(Flags::NEGATIVE_TIME);
    let moments = [
        ("invite0", times.invite0()),
        ("invite", times.invite()),
        ("100", times.trying()),
        ("18x", times.provisional()),
        ("180", times.ringing()),
        ("183", times.progress()),
        ("answer", times.answer()),
        ("ack", times.ack()),
        ("cancel", times.cancel()),
        ("bye", times.bye()),
        ("bye_final", times.bye_final()),
        ("final", times.final_response()),
    ];
    let by_name = |name: &str| moments.iter().find(|(known, _)| *known == name).unwrap().1;
    for (earlier, later) in [
        ("invite0", "invite"),
        ("invite", "100"),
        ("invite", "18x"),
        ("invite", "180"),
        ("invite", "183"),
        ("invite", "answer"),
        ("invite", "cancel"),
        ("invite", "final"),
        ("18x", "180"),
        ("18x", "183"),
        ("answer", "ack"),
        ("answer", "bye"),
        ("ack", "bye"),
        ("bye", "bye_final"),
        ("final", "answer"),
    ] {
        if let (Some(from), Some(to)) = (by_name(earlier), by_name(later)) {
            faults.expect(from <= to || is_flagged, || {
                format!("{later} is {} ns before {earlier}", from.since(to))
            });
        }
    }
    let (first, last) = (call.first_seen(), call.last_seen());
    faults.expect(first <= last, || "it ended before it began".to_owned());
    for (name, moment) in moments {
        let is_within = moment.is_none_or(|moment| (first..=last).contains(&moment));
        faults.expect(is_within || !is_in_order, || {
            format!("{name} is not between the first and the last message")
        });
    }
    if call.outcome() == Outcome::Answered {
        let is_implied =
            call.flags().contains(Flags::ANSWER_IMPLIED) || call.flags().contains(Flags::EARLY_BYE);
        faults.expect(times.answer().is_some() || is_implied, || {
            "answered without an answer".to_owned()
        });
    } else {
        faults.expect(times.answer().is_none(), || {
            format!("{} with an answer", call.outcome())
        });
    }
    faults.expect(
        times.cancel().is_none()
            || !matches!(call.outcome(), Outcome::InProgress | Outcome::MidCall)
            || call.state() != State::Terminating,
        || format!("{} after CANCEL", call.outcome()),
    );
    durations(call, faults);
}

fn durations(call: &Call, faults: &mut Faults) {
    let times = call.times();
    let between = |from: Option<Timestamp>, to: Option<Timestamp>| {
        let elapsed = to?.since(from?);
        (elapsed >= 0).then_some(elapsed)
    };
    let alerted = times.provisional().or_else(|| times.answer());
    let rung = times.ringing().or_else(|| times.provisional());
    let stopped = [times.answer(), times.cancel(), times.final_response()]
        .into_iter()
        .find_map(|moment| moment);
    for (name, found, expected) in [
        (
            "pdd",
            times.post_dial_delay(),
            between(times.invite0(), alerted),
        ),
        (
            "pdd_net",
            times.post_dial_delay_net(),
            between(times.invite(), alerted),
        ),
        (
            "trying",
            times.trying_delay(),
            between(times.invite(), times.trying()),
        ),
        (
            "setup",
            times.setup_time(),
            between(times.invite0(), times.answer()),
        ),
        ("ring", times.ring_time(), between(rung, stopped)),
        (
            "ack",
            times.ack_delay(),
            between(times.answer(), times.ack()),
        ),
        (
            "talk",
            times.talk_time(),
            between(times.answer(), times.bye()),
        ),
        (
            "conv",
            times.conversation_time(),
            between(times.ack(), times.bye()),
        ),
        (
            "release",
            times.release_delay(),
            between(times.bye(), times.bye_final()),
        ),
    ] {
        faults.expect(found == expected, || {
            format!("{name} is {found:?}, not {expected:?}")
        });
    }
    let ended = call.timed_out().filter(|_| call.state() == State::Ended);
    let expected = times
        .talk_time()
        .or_else(|| Some(ended?.since(times.answer()?)));
    let is_up = matches!(
        call.state(),
        State::Answered | State::Established | State::MidCall
    );
    if is_up {
        // Up to the end of the capture, which is no earlier than its own last message.
        let least = times.answer().map(|answer| call.last_seen().since(answer));
        let fits = match (call.duration(), least) {
            (Some(duration), Some(least)) => duration >= least,
            (None, Some(least)) => least < 0 || call.flags().contains(Flags::EVICTED),
            (found, None) => found.is_none(),
        };
        faults.expect(fits, || format!("up for {:?}", call.duration()));
    } else {
        faults.expect(call.duration() == expected, || {
            format!("up for {:?}, not {expected:?}", call.duration())
        });
    }
}

/// Checks a binding; `is_in_order` as above.
pub(super) fn binding(binding: &Binding, is_in_order: bool, faults: &mut Faults) {
    use BindingState as S;
    use EndReason as R;
    let (state, reason) = (binding.state(), binding.end_reason());
    let fits = match state {
        S::Active | S::Learned => reason.is_none() && binding.ended().is_none(),
        S::Expired => reason == Some(R::Expired),
        S::Removed => matches!(reason, Some(R::Client | R::Registrar | R::Star)),
        // The registrar may list it until it runs out.
        S::Superseded => match binding.ended() {
            Some(_) => reason == Some(R::Superseded),
            None => reason.is_none(),
        },
        S::Failed => reason.is_none() && binding.registered().is_none(),
    };
    faults.expect(fits, || format!("{state} and {reason:?}"));
    let is_over = matches!(state, S::Expired | S::Removed);
    faults.expect(!is_over || binding.ended().is_some(), || {
        format!("{state} at no time")
    });
    let is_there = !matches!(state, S::Failed);
    faults.expect(binding.granted().is_some() == is_there, || {
        format!("{state} and granted for {:?}", binding.granted())
    });
    let status = binding.status();
    // 2xx: it was not among the Contacts that the registrar lists.
    let is_refused = status.is_none_or(|code| code >= 200);
    faults.expect(is_there || is_refused, || {
        format!("{state} with status {status:?}")
    });
    faults.expect(is_there || binding.failures() > 0, || {
        format!("{state} without a failure")
    });
    if let (Some(refreshed), Some(granted)) = (binding.refreshed(), binding.granted()) {
        let expires_at = refreshed.plus(i64::from(granted) * SECOND);
        faults.expect(binding.expires_at() == Some(expires_at), || {
            "it does not expire when it should".to_owned()
        });
        if state == S::Expired {
            faults.expect(binding.ended() == Some(expires_at), || {
                "it did not end when it expired".to_owned()
            });
        }
    }
    if is_in_order {
        let moments = [
            Some(binding.first_seen()),
            binding.registered(),
            binding.refreshed(),
            binding.ended(),
        ];
        let known: Vec<Timestamp> = moments.into_iter().flatten().collect();
        faults.expect(known.is_sorted(), || format!("{known:?} are out of order"));
    }
    let is_repeated = binding.refreshes() > 0;
    faults.expect(!is_repeated || binding.refreshed().is_some(), || {
        "refreshes at no time".to_owned()
    });
    faults.expect(!binding.aor().is_empty(), || "of nobody".to_owned());
}

/// Checks an exchange; `is_in_order` as above.
pub(super) fn exchange(exchange: &Exchange, is_in_order: bool, faults: &mut Faults) {
    use ExchangeOutcome as O;
    let (outcome, status) = (exchange.outcome(), exchange.status());
    let fits = match outcome {
        O::Open => status.is_none(),
        O::Ok => matches!(status, Some(200..=299)),
        O::Failed => matches!(status, Some(300..=699)),
        O::Challenged | O::AuthFailed => matches!(status, Some(401 | 407)),
        O::Timeout => true,
    };
    faults.expect(fits, || format!("{outcome} with status {status:?}"));
    faults.expect(
        (outcome == O::Timeout) == exchange.timed_out().is_some(),
        || format!("{outcome}, given up at {:?}", exchange.timed_out()),
    );
    faults.expect(
        outcome != O::Timeout || exchange.flags().contains(Flags::TIMEOUT),
        || "timed out without a flag".to_owned(),
    );
    faults.expect(
        exchange.request().is_some() || exchange.flags().contains(Flags::ONE_DIRECTION),
        || "no request and no flag".to_owned(),
    );
    if is_in_order {
        let moments = [
            Some(exchange.first_seen()),
            exchange.provisional(),
            exchange.final_response(),
            Some(exchange.last_seen()),
        ];
        let known: Vec<Timestamp> = moments.into_iter().flatten().collect();
        faults.expect(known.is_sorted(), || format!("{known:?} are out of order"));
    }
}
