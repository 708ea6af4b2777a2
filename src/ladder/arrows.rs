//! From messages to arrows: what they are labelled with, and what they have to do with each other.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    ladder::{
        Arrow, Kind, Retransmission,
        lanes::Lanes,
        sdp::{self, Said},
        show,
    },
    media::session_description,
    sip::{
        Head, HeaderName, Message, MessageBuf, Method, StartLine, address::NameAddr, sdp::Sdp,
        uri::Uri,
    },
    time::Timestamp,
};

/// How long a message comes again: 64·T1 (RFC 3261 §17.1.1.2).
const LIFETIME: i64 = 32_000_000_000;

/// Branches of one request that are numbered at most.
const MAX_BRANCHES: usize = 64;

/// Returns the arrows of messages; their Call-IDs are added to `legs`.
pub(super) fn arrows(
    messages: &[MessageBuf],
    lanes: &mut Lanes,
    legs: &mut Vec<String>,
) -> Vec<Arrow> {
    let mut thread = Thread::default();
    let points: BTreeSet<_> = messages.iter().flat_map(points).collect();
    let arrows = messages.iter().enumerate().map(|(index, message)| {
        let ends = lanes.of(index);
        let mut arrow = thread.arrow(index, &message.as_message(), ends);
        if let Some(seen) = seen(message).filter(|_| points.len() > 1) {
            let parts = [arrow.detail, seen].into_iter();
            arrow.detail = parts
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · ");
        }
        arrow
    });
    let mut arrows: Vec<Arrow> = arrows.collect();
    thread.name_branches(&mut arrows);
    legs.extend(thread.legs.iter().map(|call_id| show::line(call_id)));
    arrows
}

/// Returns the names of the capture points that saw a message.
fn points(message: &MessageBuf) -> impl Iterator<Item = &str> {
    let others = message.sightings.iter().map(|(point, _)| point.as_str());
    message.point.as_deref().into_iter().chain(others)
}

/// Returns which capture points saw a message, in the order of time, and how long it took from one to the next. One agent
/// alone is not worth a word: mostly it is one of both ends.
fn seen(message: &MessageBuf) -> Option<String> {
    if message.trace.is_some() && message.sightings.is_empty() {
        return None;
    }
    let point = message.point.as_ref()?;
    let others = message.sightings.iter().map(|(point, ts)| (point, *ts));
    let mut sightings: Vec<_> = others.chain([(point, message.ts)]).collect();
    // Of equal times, that of who told it first.
    sightings.rotate_right(1);
    sightings.sort_by_key(|(_, ts)| *ts);
    let mut sightings = sightings.into_iter();
    let (first, mut last) = sightings.next()?;
    let mut text = format!("seen at {}", show::line(first.as_bytes()));
    for (point, ts) in sightings {
        let point = show::line(point.as_bytes());
        text.push_str(&format!(", {point} {} later", show::delay(ts.since(last))));
        last = ts;
    }
    Some(text)
}

/// A branch of a request that was forked (RFC 3261 §16.7): its To tag, and the arrows of its responses.
struct Branch {
    tag: Vec<u8>,
    responses: Vec<usize>,
}

/// What is remembered from one message to the next.
#[derive(Default)]
struct Thread {
    legs: Vec<Vec<u8>>,
    /// Numbers of transactions, by leg, number and method in CSeq, and who asks.
    transactions: BTreeMap<(usize, u32, Vec<u8>, Vec<u8>), usize>,
    /// Which transactions are of requests within a dialog that are repeated without much news.
    routine: Vec<bool>,
    /// The first of each message: its arrow, when it last came, and how often it came again.
    seen: BTreeMap<Vec<u8>, (usize, Timestamp, Timestamp, u32)>,
    /// The branches of each transaction that have answered an INVITE, by their To tags, and the arrows of the responses.
    branches: BTreeMap<usize, Vec<Branch>>,
    /// What each side of each leg said about media last.
    said: BTreeMap<(usize, Vec<u8>), Said>,
}

impl Thread {
    fn arrow(&mut self, index: usize, message: &Message<'_>, (from, to): (usize, usize)) -> Arrow {
        let (head, bytes) = (message.head, message.bytes);
        let leg = self.leg(head.call_id.of(bytes));
        let transaction = self.transaction(leg, head, bytes);
        let retransmission = self.retransmission(index, message);
        self.note_branch(index, transaction, message);
        let sdp = session_description(message).and_then(Sdp::parse);
        let mut tags: Vec<Cow<'static, str>> = Vec::new();
        if let Some(sdp) = &sdp {
            tags.push("SDP".into());
            tags.extend(self.news(leg, message, sdp).into_iter().map(Cow::from));
        }
        if head.usable().is_err() {
            tags.push("damaged".into());
        }
        let detail = match &sdp {
            Some(sdp) => sdp::summary(sdp),
            None => detail(head, bytes),
        };
        Arrow {
            ts: message.ts,
            from,
            to,
            kind: match head.start {
                StartLine::Request { .. } => Kind::Request,
                StartLine::Response { code, .. } => Kind::Response(code),
            },
            method: method(head, bytes),
            label: label(head, bytes),
            tags,
            detail,
            transaction,
            leg,
            retransmission,
            is_secured: is_secured(head, bytes),
            is_routine: self.routine.get(transaction).copied().unwrap_or_default(),
            source: source(message),
            text: show::message(bytes),
        }
    }

    fn leg(&mut self, call_id: &[u8]) -> usize {
        let known = self.legs.iter().position(|known| known == call_id);
        known.unwrap_or_else(|| {
            self.legs.push(call_id.to_owned());
            self.legs.len() - 1
        })
    }

    fn transaction(&mut self, leg: usize, head: &Head, bytes: &[u8]) -> usize {
        let number = head.cseq.map_or(0, |cseq| cseq.number);
        // The ACK to any final response is drawn with what it is about (RFC 3261 §17.1.1.3, §13.2.2.4).
        let method = match head.cseq_method_text(bytes) {
            b"ACK" => b"INVITE".to_vec(),
            method => method.to_vec(),
        };
        let tag = head.from_tag(bytes).unwrap_or_default().to_vec();
        let is_within = head.to_tag(bytes).is_some() && !head.is_response();
        let next = self.transactions.len();
        let key = (leg, number, method, tag);
        let is_routine = is_within
            && head.cseq.is_some_and(|cseq| {
                use Method::{Info, Invite, Message, Notify, Options, Update};
                matches!(
                    cseq.method,
                    Info | Invite | Message | Notify | Options | Update
                )
            });
        let transaction = *self.transactions.entry(key).or_insert(next);
        if transaction == next {
            self.routine.push(is_routine);
        }
        transaction
    }

    /// Returns what a message repeats: the same of everything at the same hop, not long ago.
    fn retransmission(&mut self, index: usize, message: &Message<'_>) -> Option<Retransmission> {
        let (head, bytes, flow) = (message.head, message.bytes, message.flow);
        let start = bytes.get(..head.headers.start()).unwrap_or_default();
        let ends = format!("{} {} ", flow.src, flow.dst);
        let parts = [
            head.via,
            head.cseq_text,
            head.from,
            head.to,
            head.call_id,
            head.body,
        ];
        let mut key = ends.into_bytes();
        key.extend_from_slice(start);
        // Of provisional responses each reliable one has its own number (RFC 3262 §3).
        let rseq = head.header(bytes, HeaderName::Rseq).unwrap_or_default();
        let parts = parts.iter().map(|span| span.of(bytes));
        for part in parts.chain([rseq]) {
            key.push(0);
            key.extend_from_slice(part);
        }
        let first = (index, message.ts, message.ts, 0);
        let (of, begun, last, copies) = self.seen.entry(key).or_insert(first);
        if *of == index || message.ts.since(*last) > LIFETIME {
            (*of, *begun, *last, *copies) = first;
            return None;
        }
        *last = message.ts;
        *copies += 1;
        Some(Retransmission {
            of: *of,
            number: *copies,
            after: message.ts.since(*begun),
        })
    }

    /// Takes note of the branch that a response comes from.
    fn note_branch(&mut self, index: usize, transaction: usize, message: &Message<'_>) {
        let head = message.head;
        let is_invite = head.cseq.is_some_and(|cseq| cseq.method == Method::Invite);
        let is_of_branch = head.status_code().is_some_and(|code| code > 100);
        let Some(tag) = head
            .to_tag(message.bytes)
            .filter(|_| is_invite && is_of_branch)
        else {
            return;
        };
        let branches = self.branches.entry(transaction).or_default();
        let count = branches.len();
        match branches.iter_mut().find(|branch| branch.tag == tag) {
            Some(branch) => branch.responses.push(index),
            None if count < MAX_BRANCHES => branches.push(Branch {
                tag: tag.to_owned(),
                responses: vec![index],
            }),
            None => {}
        }
    }

    /// Numbers the branches of forked requests.
    fn name_branches(&self, arrows: &mut [Arrow]) {
        let forked = self.branches.values().filter(|branches| branches.len() > 1);
        for (number, branch) in forked.flat_map(|branches| (1..).zip(branches)) {
            for index in &branch.responses {
                if let Some(arrow) = arrows.get_mut(*index) {
                    arrow.tags.push(format!("branch {number}").into());
                }
            }
        }
    }

    /// Returns what a description says that its side had not said before.
    fn news(&mut self, leg: usize, message: &Message<'_>, sdp: &Sdp<'_>) -> Vec<&'static str> {
        let (head, bytes) = (message.head, message.bytes);
        let tag = if head.is_response() {
            head.to_tag(bytes)
        } else {
            head.from_tag(bytes)
        };
        let said = sdp::said(sdp);
        let key = (leg, tag.unwrap_or_default().to_vec());
        let news = self.said.get(&key).map(|before| said.news(before));
        self.said.insert(key, said);
        news.unwrap_or_default()
    }
}

fn method(head: &Head, bytes: &[u8]) -> String {
    let text = match head.start {
        StartLine::Request { .. } => head.method_text(bytes),
        StartLine::Response { .. } => head.cseq_method_text(bytes),
    };
    show::line(text)
}

fn label(head: &Head, bytes: &[u8]) -> String {
    match head.start {
        StartLine::Request { .. } => {
            let method = show::line(head.method_text(bytes));
            let is_within = head.to_tag(bytes).is_some();
            match target(head.request_uri(bytes)).filter(|_| !is_within) {
                Some(target) => format!("{method} {target}"),
                None => method,
            }
        }
        StartLine::Response { code, reason } => {
            format!("{code:03} {}", show::line(reason.of(bytes)))
                .trim_end()
                .to_owned()
        }
    }
}

/// Returns whom a request is for: the user of its Request-URI, or the host without one.
fn target(uri: &[u8]) -> Option<String> {
    let uri = Uri::parse(uri);
    let user = uri.user.filter(|user| !user.is_empty());
    let text = user.unwrap_or(uri.host);
    (!text.is_empty()).then(|| show::line(text))
}

/// Returns what a message without a session description is about, beyond its start line.
fn detail(head: &Head, bytes: &[u8]) -> String {
    use HeaderName as Name;
    let value = |name: Name| head.header(bytes, name).map(show::line);
    let uri = |name: Name| {
        let value = head.header(bytes, name)?;
        Some(show::line(NameAddr::parse(value).uri))
    };
    let named = |name: Name| Some(format!("{}: {}", name.name(), value(name)?));
    let method = head.cseq.map(|cseq| cseq.method);
    let found = match (head.status_code(), method) {
        (Some(300..=399), _) => uri(Name::Contact).map(|uri| format!("Contact: {uri}")),
        (Some(423), _) => named(Name::MinExpires),
        (Some(400..=699), _) => named(Name::Reason)
            .or_else(|| named(Name::Warning))
            .or_else(|| named(Name::RetryAfter)),
        (Some(200..=299), Some(Method::Register | Method::Subscribe | Method::Publish)) => {
            expires(head, bytes)
        }
        (Some(_), _) => None,
        (None, Some(Method::Bye | Method::Cancel)) => named(Name::Reason),
        (None, Some(Method::Refer)) => uri(Name::ReferTo).map(|uri| format!("Refer-To: {uri}")),
        (None, Some(Method::Notify)) => join([
            named(Name::Event),
            value(Name::SubscriptionState).map(|state| format!("state {state}")),
        ]),
        (None, Some(Method::Subscribe | Method::Publish)) => {
            join([named(Name::Event), expires(head, bytes)])
        }
        (None, Some(Method::Register)) => expires(head, bytes),
        (None, Some(Method::Invite)) => named(Name::Replaces),
        (None, Some(Method::Prack)) => named(Name::Rack),
        (None, _) => None,
    };
    found.unwrap_or_default()
}

/// Returns for how long something is asked for or granted: as Expires or the first Contact has it (RFC 3261 §10.2.1.1).
fn expires(head: &Head, bytes: &[u8]) -> Option<String> {
    let contact = head.contact.of(bytes);
    let first = crate::sip::list::values(contact)
        .next()
        .map(NameAddr::parse);
    let own = first.and_then(|contact| contact.param("expires"));
    let expires = own.or_else(|| head.header(bytes, HeaderName::Expires))?;
    Some(format!("expires {}", show::line(expires)))
}

fn join(parts: [Option<String>; 2]) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn is_secured(head: &Head, bytes: &[u8]) -> bool {
    match head.status_code() {
        Some(code) => matches!(code, 401 | 407),
        None => [HeaderName::Authorization, HeaderName::ProxyAuthorization]
            .into_iter()
            .any(|name| head.header(bytes, name).is_some()),
    }
}

fn source(message: &Message<'_>) -> String {
    let flow = message.flow;
    format!(
        "{} {} to {} by {}, {} octets, frame {}",
        message.ts,
        flow.src,
        flow.dst,
        flow.transport.name().to_uppercase(),
        message.bytes.len(),
        message.completed_by.origin.number
    )
}
