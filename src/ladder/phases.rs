//! The parts of a call, and what is told above its ladder.

use crate::{
    ladder::{Fact, Kind, Ladder, Phase, Tone, Verdict, show},
    sip::{MessageBuf, address::NameAddr},
    time::Timestamp,
    track::{Call, Flags, Outcome},
};

/// Call-IDs that are told above a ladder at most.
const MAX_LEGS: usize = 8;

/// Returns the parts of a call, in order.
pub(super) fn phases(call: &Call) -> Vec<Phase> {
    let times = call.times();
    let alerted = times.ringing().or_else(|| times.provisional());
    let decided = times
        .answer()
        .or_else(|| times.cancel())
        .or_else(|| times.final_response());
    let mut phases = Vec::new();
    let mut add = |name, begin: Option<Timestamp>, end: Option<Timestamp>| {
        let (Some(begin), Some(end)) = (begin, end) else {
            return;
        };
        // What crosses, such as a BYE before the answer, is of the part that was there first.
        let begin = phases
            .last()
            .map_or(begin, |last: &Phase| begin.max(last.end));
        if end > begin {
            phases.push(Phase { name, begin, end });
        }
    };
    let invite = times.invite0();
    let alerted = alerted.filter(|alerted| decided.is_none_or(|decided| *alerted < decided));
    add("setup", invite, alerted.or(decided));
    add("ringing", alerted, decided);
    let over = times.bye().or_else(|| call.timed_out());
    add("talk", times.answer(), over);
    add("release", times.bye(), times.bye_final());
    phases
}

/// Tells in words what the ladder is about.
pub(super) fn describe(ladder: &mut Ladder, messages: &[MessageBuf], calls: &[Call]) {
    match calls.first() {
        Some(call) => describe_call(ladder, call),
        None => describe_requests(ladder, messages),
    }
    let mut fact = |name: &'static str, value| {
        let name = name.into();
        ladder.facts.push(Fact { name, value });
    };
    if let (Some(first), Some(last)) = (messages.first(), messages.last()) {
        fact("Start", show::moment(first.ts));
        fact("Span", show::duration(last.ts.since(first.ts)));
    }
    fact("Messages", messages.len().to_string());
    describe_legs(ladder);
}

/// Tells the Call-IDs, with their numbers if there are several.
fn describe_legs(ladder: &mut Ladder) {
    let count = ladder.legs.len();
    for (leg, number) in ladder.legs.iter().zip(1..).take(MAX_LEGS) {
        let name = match count {
            1 => "Call-ID".into(),
            _ => format!("Call-ID {number}").into(),
        };
        let value = leg.clone();
        ladder.facts.push(Fact { name, value });
    }
    if count > MAX_LEGS {
        ladder.facts.push(Fact {
            name: "and".into(),
            value: format!("{} more", count - MAX_LEGS),
        });
    }
}

fn describe_call(ladder: &mut Ladder, call: &Call) {
    let [caller, callee] = [call.caller(), call.callee()].map(|party| match party.uri {
        [] => "?".to_owned(),
        uri => who(uri),
    });
    ladder.title = format!("{caller} → {callee}");
    ladder.verdict = Some(verdict(call));
    let times = call.times();
    let mut fact = |name: &'static str, nanos: Option<i64>| {
        if let Some(nanos) = nanos {
            ladder.facts.push(Fact {
                name: name.into(),
                value: show::duration(nanos),
            });
        }
    };
    fact("Post-dial delay", times.post_dial_delay());
    fact("Ring", times.ring_time());
    fact("Setup", times.setup_time());
    let is_over = times.bye().or_else(|| call.timed_out()).is_some();
    let talk = if is_over { "Talk" } else { "Talk so far" };
    fact(talk, call.duration());
}

/// Returns how a call went.
fn verdict(call: &Call) -> Verdict {
    let outcome = call.outcome();
    let mut text = outcome.name().replace('-', " ");
    let status = call.status().filter(|status| *status >= 300);
    match (status, call.reason()) {
        (Some(status), []) => text.push_str(&format!(" · {status}")),
        (Some(status), reason) => text.push_str(&format!(" · {status} {}", show::line(reason))),
        (None, _) => {}
    }
    let has_no_ack = outcome == Outcome::Answered && call.flags().contains(Flags::NO_ACK);
    if has_no_ack {
        text.push_str(" · no ACK");
    }
    let tone = match outcome {
        Outcome::Answered if has_no_ack => Tone::Bad,
        Outcome::Answered => Tone::Good,
        Outcome::InProgress | Outcome::MidCall | Outcome::Cancelled | Outcome::Redirected => {
            Tone::Neutral
        }
        Outcome::Busy
        | Outcome::Rejected
        | Outcome::Failed
        | Outcome::AuthFailed
        | Outcome::Timeout
        | Outcome::Unanswered => Tone::Bad,
    };
    Verdict { text, tone }
}

/// Tells what messages are about that are of no call: the first request, and what came of the last one.
fn describe_requests(ladder: &mut Ladder, messages: &[MessageBuf]) {
    let first = messages.iter().find(|message| !message.head.is_response());
    let Some(message) = first.or_else(|| messages.first()) else {
        return;
    };
    let (head, bytes) = (&message.head, &message.bytes);
    let uri = |value: &[u8]| who(NameAddr::parse(value).uri);
    let (from, to) = (uri(head.from.of(bytes)), uri(head.to.of(bytes)));
    let method = ladder.arrows.first().map(|arrow| arrow.method.clone());
    let method = method.unwrap_or_default();
    ladder.title = if from == to {
        format!("{method} {to}")
    } else {
        format!("{method} {from} → {to}")
    };
    let decided = ladder
        .arrows
        .iter()
        .rev()
        .find_map(|arrow| match arrow.kind {
            Kind::Response(code) if code >= 200 => Some((code, arrow.label.clone())),
            _ => None,
        });
    ladder.verdict = Some(match decided {
        Some((200..=299, text)) => Verdict {
            text,
            tone: Tone::Good,
        },
        Some((300..=399 | 401 | 407, text)) => Verdict {
            text,
            tone: Tone::Neutral,
        },
        Some((_, text)) => Verdict {
            text,
            tone: Tone::Bad,
        },
        None => Verdict {
            text: "no final response".to_owned(),
            tone: Tone::Bad,
        },
    });
}

/// Returns a URI as people write it: without scheme and parameters.
fn who(uri: &[u8]) -> String {
    let parsed = crate::sip::uri::Uri::parse(uri);
    let user = parsed.user.map(show::line).filter(|user| !user.is_empty());
    let host = show::line(parsed.host);
    match (user, host.as_str()) {
        (Some(user), "") => user,
        (Some(user), host) => format!("{user}@{host}"),
        (None, "") => show::line(uri),
        (None, host) => host.to_owned(),
    }
}
