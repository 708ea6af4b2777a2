//! Requests that are not of calls or registrations, with their responses: transactions other than INVITE (RFC 3261 §17).
//!
//! An exchange is one request as who sent it sees it: what Call-ID, From tag, number and method of CSeq tell apart. The
//! same request at further hops and on the branches of forks belongs to it; the hop that is nearest to who sent it
//! decides.

mod exchanges;
mod progress;
#[cfg(test)]
mod tests;
mod way;

use std::net::SocketAddr;

use self::way::Ways;
pub(crate) use self::{
    exchanges::{Exchanges, Step},
    progress::Progress,
};
use crate::{
    capture::Origin,
    net::{Encapsulation, Transport},
    sip::{HeaderName, Method, address::NameAddr, list},
    time::Timestamp,
    track::{
        Event, EventKind, ExchangeOutcome, Flags, Party, SideCounters,
        auth::Credentials,
        seen::Seen,
        sighting::Sightings,
        subscription::Package,
        table::Entry,
        texts::{Field, Texts},
        timer::Alarm,
    },
};

/// Which text of an exchange.
#[derive(Clone, Copy, Debug)]
enum Text {
    CallId,
    FromTag,
    ToTag,
    Method,
    RequestUri,
    CallerUri,
    CallerName,
    CallerAgent,
    CalleeUri,
    CalleeName,
    CalleeAgent,
    Contact,
    Identity1,
    Identity2,
    Reason,
}

impl Field for Text {
    fn index(self) -> usize {
        self as usize
    }
}

/// How many texts an exchange has.
const TEXTS: usize = Text::Reason as usize + 1;

/// What an exchange is for, which decides what is told of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// For itself: whatever becomes of it is told.
    Alone,
    /// For a subscription: what its success means is told by the subscription.
    Subscribing,
    /// To tell a subscriber of an event: nothing is told.
    Notifying,
}

/// What a SUBSCRIBE asks for; nothing in other requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    /// Which events.
    pub(crate) package: Option<Package>,
    /// For how long, in seconds.
    pub(crate) expires: Option<u32>,
    /// Whether it is within a dialog.
    pub(crate) is_within: bool,
}

/// A request outside of calls and registrations, with its responses.
#[derive(Debug)]
pub struct Exchange {
    hash: u64,
    /// What a retry with credentials has the same.
    group: u64,
    alarm: Alarm,
    texts: Texts<Text, TEXTS>,
    sightings: Sightings,
    ways: Ways,
    role: Role,
    asked: Asked,
    credentials: Credentials,
    method: Method,
    cseq: u32,
    outcome: ExchangeOutcome,
    /// The status of the response that decided; 0 as long as there is none.
    status: u16,
    /// The status of the best final response of a hop or a branch that does not decide; 0 when there is none.
    elsewhere: u16,
    request: Option<Timestamp>,
    provisional: Option<Timestamp>,
    final_response: Option<Timestamp>,
    timed_out: Option<Timestamp>,
    /// When the request came again last.
    repeated: Option<Timestamp>,
    first_seen: Timestamp,
    last_seen: Timestamp,
    origin: Origin,
    addresses: [SocketAddr; 2],
    transport: Transport,
    encapsulation: Encapsulation,
    counters: [SideCounters; 2],
    flags: Flags,
    /// Whether a request with credentials followed the challenge.
    is_taken_up: bool,
    is_marked: bool,
}

impl Exchange {
    /// Returns the exchange that a message begins: its request, or a response whose request was missed.
    fn new(
        seen: &Seen<'_>,
        role: Role,
        asked: Asked,
        keys: Keys,
        credentials: Credentials,
    ) -> Self {
        let [caller, callee] = seen.parties();
        let message = seen.message;
        let capacity = 64 + seen.call_id.len() + caller.uri.len() * 2 + callee.uri.len() * 3;
        let mut exchange = Self {
            hash: keys.exchange,
            group: keys.group,
            alarm: Alarm::NONE,
            texts: Texts::new(capacity.min(1 << 10)),
            sightings: Sightings::default(),
            ways: Ways::new(seen.transaction, seen.depth()),
            role,
            asked,
            credentials,
            method: seen.method,
            cseq: seen.cseq,
            outcome: ExchangeOutcome::Open,
            status: 0,
            elsewhere: 0,
            request: None,
            provisional: None,
            final_response: None,
            timed_out: None,
            repeated: None,
            first_seen: seen.ts,
            last_seen: seen.ts,
            origin: message.completed_by.origin,
            addresses: [caller, callee].map(|party| party.address.unwrap_or(message.flow.src)),
            transport: message.flow.transport,
            encapsulation: message.encapsulation,
            counters: [SideCounters::default(); 2],
            flags: Flags::NONE,
            is_taken_up: false,
            is_marked: false,
        };
        exchange.describe(seen, &caller, &callee);
        exchange
    }

    /// Takes over the texts of the message that it begins with.
    fn describe(&mut self, seen: &Seen<'_>, caller: &Party<'_>, callee: &Party<'_>) {
        let texts = &mut self.texts;
        texts.set(Text::CallId, seen.call_id);
        texts.set(Text::FromTag, seen.from_tag);
        texts.set(Text::ToTag, seen.to_tag);
        if seen.method == Method::Other {
            texts.set(Text::Method, method_text(seen));
        }
        texts.set(Text::CallerUri, caller.uri);
        texts.set(Text::CallerName, caller.display_name);
        texts.set(Text::CalleeUri, callee.uri);
        texts.set(Text::CalleeName, callee.display_name);
    }

    /// Takes over what only the request tells.
    fn describe_request(&mut self, seen: &Seen<'_>) {
        let (head, bytes) = (seen.message.head, seen.message.bytes);
        let texts = &mut self.texts;
        texts.set_once(Text::RequestUri, head.request_uri(bytes));
        texts.set_once(Text::CallerAgent, head.user_agent.of(bytes));
        let contact = list::values(head.contact.of(bytes)).next();
        texts.set_once(
            Text::Contact,
            NameAddr::parse(contact.unwrap_or_default()).uri,
        );
        let identities = seen
            .headers(HeaderName::PAssertedIdentity)
            .flat_map(list::values);
        for (text, value) in [Text::Identity1, Text::Identity2]
            .into_iter()
            .zip(identities)
        {
            texts.set_once(text, NameAddr::parse(value).uri);
        }
    }

    /// Returns Call-ID.
    #[must_use]
    pub fn call_id(&self) -> &[u8] {
        self.texts.get(Text::CallId)
    }

    /// Returns the tag of who sent the request.
    #[must_use]
    pub fn from_tag(&self) -> &[u8] {
        self.texts.get(Text::FromTag)
    }

    /// Returns the tag of who responded.
    #[must_use]
    pub fn to_tag(&self) -> &[u8] {
        self.texts.get(Text::ToTag)
    }

    /// Returns the method.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Returns the method as it is written.
    #[must_use]
    pub fn method_text(&self) -> &[u8] {
        match self.method {
            Method::Other => self.texts.get(Text::Method),
            method => method.name().as_bytes(),
        }
    }

    /// Returns the number in CSeq.
    #[must_use]
    pub const fn cseq(&self) -> u32 {
        self.cseq
    }

    /// Returns who sent the request.
    #[must_use]
    pub fn caller(&self) -> Party<'_> {
        Party {
            uri: self.texts.get(Text::CallerUri),
            display_name: self.texts.get(Text::CallerName),
            address: Some(self.addresses[0]),
            user_agent: self.texts.get(Text::CallerAgent),
        }
    }

    /// Returns whom it was sent to.
    #[must_use]
    pub fn callee(&self) -> Party<'_> {
        Party {
            uri: self.texts.get(Text::CalleeUri),
            display_name: self.texts.get(Text::CalleeName),
            address: Some(self.addresses[1]),
            user_agent: self.texts.get(Text::CalleeAgent),
        }
    }

    /// Returns the Request-URI.
    #[must_use]
    pub fn request_uri(&self) -> &[u8] {
        self.texts.get(Text::RequestUri)
    }

    /// Returns what became of it.
    #[must_use]
    pub const fn outcome(&self) -> ExchangeOutcome {
        self.outcome
    }

    /// Returns the final status, even if it came after the time-out.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        (self.status > 0).then_some(self.status)
    }

    /// Returns the reason phrase of that.
    #[must_use]
    pub fn reason(&self) -> &[u8] {
        self.texts.get(Text::Reason)
    }

    /// Returns when the request was first sent; `None` if it was missed.
    #[must_use]
    pub const fn request(&self) -> Option<Timestamp> {
        self.request
    }

    /// Returns when the first provisional response came.
    #[must_use]
    pub const fn provisional(&self) -> Option<Timestamp> {
        self.provisional
    }

    /// Returns when the final response came.
    #[must_use]
    pub const fn final_response(&self) -> Option<Timestamp> {
        self.final_response
    }

    /// Returns when it was given up.
    #[must_use]
    pub const fn timed_out(&self) -> Option<Timestamp> {
        self.timed_out
    }

    /// Returns when its first message came.
    #[must_use]
    pub const fn first_seen(&self) -> Timestamp {
        self.first_seen
    }

    /// Returns when its last message came.
    #[must_use]
    pub const fn last_seen(&self) -> Timestamp {
        self.last_seen
    }

    /// Returns what carried its first message.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// Returns what its first message was wrapped in.
    #[must_use]
    pub const fn encapsulation(&self) -> Encapsulation {
        self.encapsulation
    }

    /// Returns the frame that completed its first message.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Returns the messages that both sides sent, at all hops.
    #[must_use]
    pub const fn counters(&self) -> &[SideCounters; 2] {
        &self.counters
    }

    /// Returns how many messages came again.
    #[must_use]
    pub fn retransmissions(&self) -> u64 {
        let sides = self.counters.iter();
        sides.map(|side| u64::from(side.retransmissions)).sum()
    }

    /// Returns whether one of its messages was marked.
    #[must_use]
    pub const fn is_marked(&self) -> bool {
        self.is_marked
    }

    /// Returns what is odd about it.
    #[must_use]
    pub const fn flags(&self) -> Flags {
        self.flags
    }

    /// Returns what a SUBSCRIBE asked for.
    pub(crate) const fn asked(&self) -> Asked {
        self.asked
    }

    /// Returns an event of this exchange.
    pub(crate) fn event(&self, kind: EventKind, ts: Timestamp) -> Event<'_> {
        Event {
            call_id: self.call_id(),
            from_tag: self.from_tag(),
            to_tag: self.to_tag(),
            method: self.method_text(),
            caller: self.caller(),
            callee: self.callee(),
            request_uri: self.request_uri(),
            contact: self.texts.get(Text::Contact),
            asserted_identities: [Text::Identity1, Text::Identity2]
                .map(|text| self.texts.get(text)),
            transport: Some(self.transport),
            status: self.status(),
            reason: self.reason(),
            counters: self.counters,
            flags: self.flags,
            ..Event::new(kind, ts)
        }
    }
}

impl Entry for Exchange {
    fn hash(&self) -> u64 {
        self.hash
    }

    fn last_seen(&self) -> Timestamp {
        self.last_seen
    }

    fn alarm(&self) -> &Alarm {
        &self.alarm
    }

    fn allocated(&self) -> usize {
        self.texts.allocated() + self.sightings.allocated() + self.ways.allocated()
    }
}

/// What an exchange is found by.
#[derive(Clone, Copy, Debug)]
struct Keys {
    exchange: u64,
    group: u64,
}

impl Keys {
    fn of(seen: &Seen<'_>, hasher: &hashbrown::DefaultHashBuilder) -> Self {
        use std::hash::BuildHasher;
        let tag = crate::sip::lower(seen.from_tag, hasher);
        // That in CSeq: whoever responds copies it, even if it is not the method of the request.
        let method = seen.message.head.cseq_method_text(seen.message.bytes);
        let group = hasher.hash_one((seen.hash, tag, method));
        Self {
            exchange: hasher.hash_one((group, seen.cseq)),
            group,
        }
    }
}

/// Returns the method of a request, or of the request that is responded to, as it is written.
fn method_text<'a>(seen: &Seen<'a>) -> &'a [u8] {
    let (head, bytes) = (seen.message.head, seen.message.bytes);
    if seen.is_response() {
        head.cseq_method_text(bytes)
    } else {
        head.method_text(bytes)
    }
}
