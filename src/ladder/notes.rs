//! Remarks: what somebody who looks for the reason of a failure should not miss.

use crate::{
    ladder::{Kind, Ladder, Note, Tone, sdp},
    media::session_description,
    sip::{MessageBuf, sdp::Sdp},
    time::Timestamp,
    track::{Call, Flags, Outcome},
};

/// Returns the remarks on the messages and the calls that they are of.
pub(super) fn notes(messages: &[MessageBuf], ladder: &Ladder, calls: &[Call]) -> Vec<Note> {
    let mut notes = Vec::new();
    for call in calls {
        of_call(call, ladder, &mut notes);
    }
    private_addresses(messages, &mut notes);
    unanswered(ladder, calls, &mut notes);
    notes.sort_by_key(|note| note.after);
    notes.dedup();
    notes
}

fn of_call(call: &Call, ladder: &Ladder, notes: &mut Vec<Note>) {
    let flags = call.flags();
    let times = call.times();
    let mut add = |flag: Flags, at: Option<Timestamp>, tone, text: &str| {
        if flags.contains(flag) {
            notes.push(Note {
                after: at.and_then(|ts| last_at(ladder, ts)),
                text: text.to_owned(),
                tone,
            });
        }
    };
    let end = Some(call.last_seen());
    for (flag, at, tone, text) in [
        (
            Flags::INVITE_MISSING,
            None,
            Tone::Neutral,
            "The beginning of the call is not in the capture",
        ),
        (
            Flags::ONE_DIRECTION,
            None,
            Tone::Neutral,
            "Only one direction is in the capture",
        ),
        (
            Flags::NO_ACK,
            times.answer(),
            Tone::Bad,
            "No ACK came for the answer",
        ),
        (
            Flags::CANCEL_RACE,
            times.answer(),
            Tone::Neutral,
            "CANCEL and 200 crossed; the answer counts",
        ),
        (
            Flags::LATE_ANSWER,
            times.answer(),
            Tone::Bad,
            "The answer came when the call had failed",
        ),
        (
            Flags::ANSWER_IMPLIED,
            None,
            Tone::Neutral,
            "The answer is not in the capture; it follows from what came later",
        ),
        (
            Flags::AUTH_REFUSED,
            end,
            Tone::Bad,
            "Credentials were refused",
        ),
        (
            Flags::MERGED,
            end,
            Tone::Bad,
            "The request came over two ways (merged request)",
        ),
        (
            Flags::EARLY_BYE,
            times.bye(),
            Tone::Bad,
            "BYE came before the answer",
        ),
        (
            Flags::BYE_CROSSING,
            end,
            Tone::Neutral,
            "Both sides sent BYE",
        ),
        (
            Flags::SESSION_EXPIRED,
            end,
            Tone::Bad,
            "The session timer ran out",
        ),
        (
            Flags::TCP_RETRANSMISSION,
            end,
            Tone::Bad,
            "A message came again over a reliable transport",
        ),
        (
            Flags::NEGATIVE_TIME,
            None,
            Tone::Bad,
            "Times are in an impossible order: the clock of the capture jumped, or several were merged",
        ),
        (
            Flags::COMPLETED_ELSEWHERE,
            times.cancel(),
            Tone::Neutral,
            "Cancelled because another branch was answered",
        ),
        (
            Flags::REPLACED,
            end,
            Tone::Neutral,
            "Another call took the place of this one",
        ),
    ] {
        add(flag, at, tone, text);
    }
}

/// Returns the last arrow that is not later than `ts`.
fn last_at(ladder: &Ladder, ts: Timestamp) -> Option<usize> {
    ladder.arrows.iter().rposition(|arrow| arrow.ts <= ts)
}

/// Remarks on media that are asked for at a private address by somebody whose messages come from a public one.
fn private_addresses(messages: &[MessageBuf], notes: &mut Vec<Note>) {
    let mut told = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let message = message.as_message();
        let sdp = session_description(&message).and_then(Sdp::parse);
        let said = sdp.map(|sdp| sdp::said(&sdp)).unwrap_or_default();
        let Some(ip) = said.private_address() else {
            continue;
        };
        if sdp::is_private(message.flow.src.ip()) || told.contains(&ip) {
            continue;
        }
        told.push(ip);
        notes.push(Note {
            after: Some(index),
            text: format!(
                "Media are expected at the private address {ip}, but the message comes from {}",
                message.flow.src.ip()
            ),
            tone: Tone::Bad,
        });
    }
}

/// Remarks on a call that nothing final came for, and on requests that came again without any response.
fn unanswered(ladder: &Ladder, calls: &[Call], notes: &mut Vec<Note>) {
    let after = ladder.arrows.len().checked_sub(1);
    let timed_out = calls.iter().any(|call| call.outcome() == Outcome::Timeout);
    let is_alone = !ladder
        .arrows
        .iter()
        .any(|arrow| matches!(arrow.kind, Kind::Response(_)));
    let text = if is_alone && ladder.arrows.len() > 1 {
        "No response is in the capture"
    } else if timed_out {
        "No final response came in time"
    } else {
        return;
    };
    notes.push(Note {
        after,
        text: text.to_owned(),
        tone: Tone::Bad,
    });
}
