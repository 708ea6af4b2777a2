//! Who the endpoints are: their users, and the programs that they say they are.

use std::collections::BTreeSet;

use crate::{
    ladder::{Arrow, Kind, Lane, show},
    sip::{MessageBuf, Method, address::NameAddr, uri::Uri},
};

/// Names lanes after their users, and tells what they say that they are.
pub(super) fn name(messages: &[MessageBuf], arrows: &[Arrow], lanes: &mut [Lane]) {
    let requests = Requests::new(arrows);
    name_ends(messages, arrows, &requests, lanes);
    for (message, arrow) in messages.iter().zip(arrows) {
        let agent = message.head.user_agent.of(&message.bytes);
        if let Some(lane) = lanes.get_mut(arrow.from)
            && lane.agent.is_empty()
            && is_own(message, arrow, &requests)
        {
            lane.agent = show::line(agent);
        }
    }
}

/// Who sent and who received the requests of which transactions: who did both only passes on what others say.
struct Requests {
    sent: BTreeSet<(usize, usize)>,
    received: BTreeSet<(usize, usize)>,
}

impl Requests {
    fn new(arrows: &[Arrow]) -> Self {
        let requests = || arrows.iter().filter(|arrow| arrow.kind == Kind::Request);
        Self {
            sent: requests()
                .map(|arrow| (arrow.transaction, arrow.from))
                .collect(),
            received: requests()
                .map(|arrow| (arrow.transaction, arrow.to))
                .collect(),
        }
    }
}

/// Returns whether who sent a message also wrote it, so that its User-Agent or Server is that of the sender.
fn is_own(message: &MessageBuf, arrow: &Arrow, requests: &Requests) -> bool {
    match arrow.kind {
        Kind::Request => {
            message.head.vias <= 1 && !requests.received.contains(&(arrow.transaction, arrow.from))
        }
        Kind::Response(code) => {
            code > 100 && !requests.sent.contains(&(arrow.transaction, arrow.from))
        }
    }
}

/// Names the ends of calls after their users: who sends a request first, and who answers one and sends it to nobody else.
fn name_ends(messages: &[MessageBuf], arrows: &[Arrow], requests: &Requests, lanes: &mut [Lane]) {
    let answering: BTreeSet<(usize, usize)> = arrows
        .iter()
        .filter(|arrow| is_answer(arrow.kind))
        .map(|arrow| (arrow.transaction, arrow.from))
        .collect();
    // Between legs there are B2BUAs, who are no users.
    let has_legs = arrows.iter().any(|arrow| arrow.leg > 0);
    for (message, arrow) in messages.iter().zip(arrows) {
        let (head, bytes) = (&message.head, &message.bytes);
        let begins = matches!(
            head.method(),
            Some(Method::Invite | Method::Register | Method::Subscribe)
        );
        if !begins || arrow.from == arrow.to || head.to_tag(bytes).is_some() {
            continue;
        }
        if is_own(message, arrow, requests) && arrow.leg == 0 {
            let from = NameAddr::parse(head.from.of(bytes));
            set_name(lanes, arrow.from, user_of(from.parse_uri()));
        }
        let receiver = (arrow.transaction, arrow.to);
        let is_end = answering.contains(&receiver) && !requests.sent.contains(&receiver);
        if is_end && head.method() == Some(Method::Invite) && has_legs == (arrow.leg > 0) {
            let uri = Uri::parse(head.request_uri(bytes));
            set_name(lanes, arrow.to, user_of(uri));
        }
    }
}

/// Returns whether a response is one that a person or an answering machine gives, not one that a proxy gives itself.
fn is_answer(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Response(180..=299 | 480 | 486 | 487 | 600 | 603)
    )
}

fn set_name(lanes: &mut [Lane], lane: usize, name: Option<String>) {
    if let (Some(lane), Some(name)) = (lanes.get_mut(lane), name)
        && lane.name.is_empty()
    {
        lane.name = name;
    }
}

fn user_of(uri: Uri<'_>) -> Option<String> {
    let user = uri.user.filter(|user| !user.is_empty())?;
    let user = user.split(|octet| *octet == b';').next()?;
    Some(show::line(user))
}
