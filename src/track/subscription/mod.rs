//! Subscriptions (RFC 6665), and those that a REFER outside of a call implies (RFC 3515).
//!
//! A subscription is one dialog of Call-ID and the tags of subscriber and notifier, for one package of events. It comes
//! into being with the 2xx to its SUBSCRIBE or with the first NOTIFY, whichever comes first; that of a REFER, whose
//! response tells no duration, with the first NOTIFY. Both may fork into several. One whose SUBSCRIBE was missed is only
//! learned: its beginning is not told, but its end is. One that was already over comes into being again when a
//! SUBSCRIBE that followed is accepted.
//!
//! The requests themselves are exchanges: challenges, refusals and time-outs are told by those. A NOTIFY is never told
//! itself: refused as RFC 6665 §4.2.2 has it, it ends the subscription.

mod package;
mod progress;
mod subscriptions;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

pub(crate) use self::{package::Package, subscriptions::Subscriptions};
use crate::{
    net::Transport,
    sip::{Method, address::NameAddr, list},
    time::Timestamp,
    track::{
        Context, Event, EventKind, Flags, Interests, Party, SideCounters,
        seen::Seen,
        table::Entry,
        texts::{Field, Texts, kept},
        timer::Alarm,
    },
};

/// Which text of a subscription.
#[derive(Clone, Copy, Debug)]
enum Text {
    CallId,
    SubscriberTag,
    NotifierTag,
    RequestUri,
    SubscriberUri,
    SubscriberName,
    SubscriberAgent,
    NotifierUri,
    NotifierName,
    NotifierAgent,
    Contact,
}

impl Field for Text {
    fn index(self) -> usize {
        self as usize
    }
}

/// How many texts a subscription has.
const TEXTS: usize = Text::Contact as usize + 1;

/// How far a subscription has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// SUBSCRIBE or REFER was sent.
    Asked,
    /// It is there.
    Active,
    /// It has ended.
    Over,
    /// It was not refreshed in time.
    Expired,
}

/// A subscription.
#[derive(Clone, Debug)]
struct Subscription {
    hash: u64,
    alarm: Alarm,
    texts: Texts<Text, TEXTS>,
    package: Option<Package>,
    /// What it began with.
    method: Method,
    stage: Stage,
    /// The seconds that were asked for.
    requested: Option<u32>,
    /// The seconds that were granted last.
    granted: Option<u32>,
    expires_at: Option<Timestamp>,
    /// Until when a response may tell that it was refreshed before it has expired.
    held_until: Timestamp,
    /// When it came into being; `None` for one that is learned.
    began: Option<Timestamp>,
    /// When it was over.
    ended: Timestamp,
    last_seen: Timestamp,
    addresses: [SocketAddr; 2],
    transport: Transport,
    counters: [SideCounters; 2],
    flags: Flags,
}

/// The sides of a subscription in a message.
#[derive(Clone, Copy, Debug)]
struct Sides<'a> {
    /// The tag of who is told.
    subscriber: &'a [u8],
    /// The tag of who tells.
    notifier: &'a [u8],
}

impl<'a> Sides<'a> {
    fn of(seen: &Seen<'a>) -> Self {
        let (subscriber, notifier) = match seen.method {
            Method::Notify => (seen.to_tag, seen.from_tag),
            _ => (seen.from_tag, seen.to_tag),
        };
        Self {
            subscriber,
            notifier,
        }
    }
}

impl Subscription {
    /// Returns what a message tells of a subscription that it is the first of.
    fn new(seen: &Seen<'_>, hash: u64, package: Option<Package>) -> Self {
        let sides = Sides::of(seen);
        let [from, to] = seen.parties();
        let (subscriber, notifier) = match seen.method {
            Method::Notify => (to, from),
            _ => (from, to),
        };
        let message = seen.message;
        let mut texts = Texts::new((64 + seen.call_id.len()).min(1 << 10));
        texts.set(Text::CallId, seen.call_id);
        texts.set(Text::SubscriberTag, sides.subscriber);
        texts.set(Text::NotifierTag, sides.notifier);
        texts.set(Text::SubscriberUri, subscriber.uri);
        texts.set(Text::SubscriberName, subscriber.display_name);
        texts.set(Text::SubscriberAgent, subscriber.user_agent);
        texts.set(Text::NotifierUri, notifier.uri);
        texts.set(Text::NotifierName, notifier.display_name);
        texts.set(Text::NotifierAgent, notifier.user_agent);
        let address = |party: Party<'_>| party.address.unwrap_or(message.flow.src);
        let mut subscription = Self {
            hash,
            alarm: Alarm::NONE,
            texts,
            package,
            method: match seen.method {
                Method::Refer => Method::Refer,
                _ => Method::Subscribe,
            },
            stage: Stage::Asked,
            requested: None,
            granted: None,
            expires_at: None,
            held_until: seen.ts,
            began: None,
            ended: seen.ts,
            last_seen: seen.ts,
            addresses: [address(subscriber), address(notifier)],
            transport: message.flow.transport,
            counters: [SideCounters::default(); 2],
            flags: Flags::NONE,
        };
        subscription.describe_request(seen);
        subscription
    }

    /// Takes over what only SUBSCRIBE and REFER tell.
    fn describe_request(&mut self, seen: &Seen<'_>) {
        let (head, bytes) = (seen.message.head, seen.message.bytes);
        if seen.method != Method::Notify && !seen.is_response() {
            let texts = &mut self.texts;
            texts.set_once(Text::RequestUri, head.request_uri(bytes));
            let contact = list::values(head.contact.of(bytes)).next();
            let contact = NameAddr::parse(contact.unwrap_or_default()).uri;
            texts.set_once(Text::Contact, contact);
        }
    }

    /// Returns a subscription whose SUBSCRIBE was missed.
    fn learned(seen: &Seen<'_>, hash: u64, package: Option<Package>) -> Self {
        let mut learned = Self::new(seen, hash, package);
        learned.stage = Stage::Active;
        learned.flags.insert(Flags::LEARNED);
        learned
    }

    /// Returns another one that the same SUBSCRIBE has led to.
    fn forked(&self) -> Self {
        let mut fork = self.clone();
        fork.alarm = Alarm::NONE;
        fork.counters = [SideCounters::default(); 2];
        fork.expires_at = None;
        fork.flags = Flags::FORKED;
        fork.stage = Stage::Asked;
        fork.texts.set(Text::NotifierTag, b"");
        fork
    }

    /// Returns whether a message is of it, and how surely; `None` if it is not.
    fn fit(&self, seen: &Seen<'_>, sides: Sides<'_>, package: Option<Package>) -> Option<Fit> {
        let has_tag = |text, tag| {
            let own = self.texts.get(text);
            own.eq_ignore_ascii_case(kept(tag))
        };
        let is_own = self.texts.get(Text::CallId) == kept(seen.call_id)
            && has_tag(Text::SubscriberTag, sides.subscriber);
        if !is_own || !self.is_for(package) {
            return None;
        }
        if self.stage == Stage::Asked {
            return Some(Fit::Asked);
        }
        if has_tag(Text::NotifierTag, sides.notifier) {
            return Some(Fit::Dialog);
        }
        // Whoever did not see the SUBSCRIBE cannot tell a fork from another subscription.
        (!self.flags.contains(Flags::LEARNED)).then_some(Fit::Fork)
    }

    /// Returns whether it is for a package; one that is unknown may be any.
    fn is_for(&self, package: Option<Package>) -> bool {
        match (self.package, package) {
            (Some(own), Some(other)) if self.method == Method::Refer && self.is_asked() => {
                own.has_name_of(other)
            }
            (Some(own), Some(other)) => own == other,
            _ => true,
        }
    }

    fn is_asked(&self) -> bool {
        self.stage == Stage::Asked
    }

    fn tell(&self, kind: EventKind, seen: &Seen<'_>, reason: &[u8], context: &mut Context<'_>) {
        context.event(Interests::OTHER_EVENTS, || Event {
            origin: Some(seen.message.completed_by.origin),
            status: seen.is_response().then_some(seen.status),
            reason,
            ..self.event(kind, seen.ts)
        });
    }

    fn event(&self, kind: EventKind, ts: Timestamp) -> Event<'_> {
        let [subscriber, notifier] = self.addresses;
        Event {
            call_id: self.texts.get(Text::CallId),
            from_tag: self.texts.get(Text::SubscriberTag),
            to_tag: self.texts.get(Text::NotifierTag),
            method: self.method.name().as_bytes(),
            caller: Party {
                uri: self.texts.get(Text::SubscriberUri),
                display_name: self.texts.get(Text::SubscriberName),
                address: Some(subscriber),
                user_agent: self.texts.get(Text::SubscriberAgent),
            },
            callee: Party {
                uri: self.texts.get(Text::NotifierUri),
                display_name: self.texts.get(Text::NotifierName),
                address: Some(notifier),
                user_agent: self.texts.get(Text::NotifierAgent),
            },
            request_uri: self.texts.get(Text::RequestUri),
            contact: self.texts.get(Text::Contact),
            transport: Some(self.transport),
            duration: self
                .began
                .map(|began| ts.since(began))
                .filter(|duration| *duration >= 0),
            expires: self.granted,
            counters: self.counters,
            flags: self.flags,
            ..Event::new(kind, ts)
        }
    }
}

/// How a message fits a subscription, from the weakest to the surest.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Fit {
    /// The same SUBSCRIBE may have led to it.
    Fork,
    /// It was asked for and is not there yet.
    Asked,
    /// It is of its dialog.
    Dialog,
}

impl Entry for Subscription {
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
        self.texts.allocated()
    }
}
