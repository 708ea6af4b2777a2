//! The table of subscriptions: which one a message is of, and what it does to it.

use hashbrown::DefaultHashBuilder;

use crate::{
    sip::{HeaderName, Method, lower},
    time::Timestamp,
    track::{
        Context, Event, EventKind, ExchangeOutcome, Interests,
        exchange::{Asked, Exchange, Exchanges, Progress, Role, Step},
        seen::Seen,
        sighting::Sighting,
        subscription::{
            Fit, Sides, Subscription,
            package::{Package, SubscriptionState, expires},
        },
        table::{Key, Table},
        timer::{Owner, TimerId},
    },
};

/// Subscriptions of one Call-ID and subscriber remembered at most, so that a hostile one does not make every other slow.
const MAX_FORKS: usize = 128;

/// All subscriptions, those that are asked for too.
#[derive(Default)]
pub(crate) struct Subscriptions {
    table: Table<Subscription>,
}

impl Subscriptions {
    /// Takes a message if it is of a subscription; the request that it is of goes to `exchanges`.
    pub(crate) fn take(
        &mut self,
        seen: &Seen<'_>,
        is_marked: bool,
        exchanges: &mut Exchanges,
        context: &mut Context<'_>,
    ) -> bool {
        match seen.method {
            Method::Subscribe => self.subscribe(seen, is_marked, exchanges, context),
            Method::Notify if seen.is_response() => {
                return self.notified(seen, is_marked, exchanges, context);
            }
            Method::Notify => return self.notify(seen, is_marked, exchanges, context),
            Method::Refer => {
                self.refer(seen, exchanges, context);
                return false;
            }
            _ => return false,
        }
        true
    }

    /// Takes a REFER outside of a dialog: its NOTIFY may come.
    fn refer(&mut self, seen: &Seen<'_>, exchanges: &Exchanges, context: &mut Context<'_>) {
        if !seen.is_initial() || exchanges.role_of(seen, context).is_some() {
            return;
        }
        // Who sent it may not want to be told (RFC 4488).
        let is_unwanted = seen
            .header(HeaderName::ReferSub)
            .is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(b"false"));
        if !is_unwanted {
            let package = Package::refer(&context.shared.hasher);
            self.ask(seen, Some(package), None, context);
        }
    }

    /// Takes a SUBSCRIBE or a response to one.
    fn subscribe(
        &mut self,
        seen: &Seen<'_>,
        is_marked: bool,
        exchanges: &mut Exchanges,
        context: &mut Context<'_>,
    ) {
        context.shared.stats.subscription_messages += 1;
        let mut asked = Asked::default();
        if !seen.is_response() {
            asked.package = Package::of(seen, &context.shared.hasher);
            asked.expires = expires(seen);
            asked.is_within = !seen.to_tag.is_empty();
        }
        let step = exchanges.step(seen, Role::Subscribing, asked, is_marked, context);
        let Some(exchange) = exchanges.get(step.key) else {
            return;
        };
        let package = exchange.asked().package;
        if step.progress == Progress::Began {
            if exchange.outcome() == ExchangeOutcome::Ok {
                return self.catch_up(seen, exchange, context);
            }
            if seen.is_initial() {
                self.ask(seen, package, exchange.asked().expires, context);
            }
        }
        let found = self.find(seen, Sides::of(seen), package, context);
        if step.progress == Progress::Began && !seen.is_response() {
            self.change(found, context, |subscription| {
                subscription.ask_again(seen.ts);
            });
        }
        self.count(found, seen, step, context);
        if !matches!(step.progress, Progress::Settled | Progress::Late) {
            return;
        }
        match seen.status {
            200..300 => self.grant(seen, found, exchange, step, context),
            status if ends_subscription(status) => self.end(seen, found, context),
            // The client tries again.
            401 | 407 | 423 => {}
            _ => self.change(found, context, |subscription| subscription.stay(seen.ts)),
        }
    }

    /// Remembers what was asked for.
    fn ask(
        &mut self,
        seen: &Seen<'_>,
        package: Option<Package>,
        requested: Option<u32>,
        context: &mut Context<'_>,
    ) {
        let known = match self.find(seen, Sides::of(seen), package, context) {
            Some((Fit::Asked, key)) => Some(key),
            _ => None,
        };
        let key = known.unwrap_or_else(|| {
            let hash = hash(seen, &context.shared.hasher);
            self.insert(Subscription::new(seen, hash, package))
        });
        if let Some(subscription) = self.table.get_mut(key) {
            subscription.requested = requested;
            subscription.last_seen = subscription.last_seen.max(seen.ts);
            subscription.arm(key, context);
        }
    }

    /// Takes a 2xx to SUBSCRIBE.
    fn grant(
        &mut self,
        seen: &Seen<'_>,
        found: Option<(Fit, Key)>,
        exchange: &Exchange,
        step: Step,
        context: &mut Context<'_>,
    ) {
        let asked = exchange.asked();
        let granted = match asked.expires {
            Some(0) => Some(0),
            requested => expires(seen).or(requested),
        };
        let key = match found {
            Some((Fit::Dialog, key)) => key,
            _ if granted == Some(0) && !asked.is_within => {
                // The state of the moment is all that was asked for or is given.
                if let Some((Fit::Asked, key)) = found
                    && let Some(subscription) = self.table.get_mut(key)
                {
                    subscription.requested = granted;
                }
                if exchange.request().is_some() && step.progress == Progress::Settled {
                    tell_success(exchange, seen, context);
                }
                return;
            }
            Some((Fit::Asked, key)) if !asked.is_within => key,
            Some((Fit::Fork, key)) if !asked.is_within => self.fork(key),
            _ => self.learn(seen, asked.package, context),
        };
        if let Some(subscription) = self.table.get_mut(key) {
            subscription.grant(seen, granted, exchange, context);
            subscription.arm(key, context);
        }
        self.table.weigh(key);
    }

    /// Takes a SUBSCRIBE that comes after its 2xx, as may be with messages in streams.
    fn catch_up(&mut self, seen: &Seen<'_>, exchange: &Exchange, context: &mut Context<'_>) {
        let asked = exchange.asked();
        let sides = Sides {
            subscriber: seen.from_tag,
            notifier: exchange.to_tag(),
        };
        let found = self.find(seen, sides, asked.package, context);
        match found {
            Some((Fit::Dialog, key)) => {
                if let Some(subscription) = self.table.get_mut(key) {
                    subscription.count(seen, Sighting::First);
                    if !asked.is_within {
                        subscription.admit(seen, context);
                    }
                    subscription.arm(key, context);
                }
            }
            // The 2xx alone did not tell what it has ended.
            _ if asked.is_within => {
                let key = self.learn(seen, asked.package, context);
                self.end(seen, Some((Fit::Dialog, key)), context);
            }
            _ => tell_success(exchange, seen, context),
        }
    }

    /// Takes a NOTIFY.
    fn notify(
        &mut self,
        seen: &Seen<'_>,
        is_marked: bool,
        exchanges: &mut Exchanges,
        context: &mut Context<'_>,
    ) -> bool {
        let package = Package::of(seen, &context.shared.hasher);
        let state = SubscriptionState::of(seen);
        let found = self.find(seen, Sides::of(seen), package, context);
        // Nobody has asked for it.
        if seen.to_tag.is_empty() || (found.is_none() && state.is_none()) {
            return false;
        }
        context.shared.stats.subscription_messages += 1;
        let asked = Asked {
            package,
            ..Asked::default()
        };
        let step = exchanges.step(seen, Role::Notifying, asked, is_marked, context);
        if step.progress != Progress::Began {
            self.count(found, seen, step, context);
            return true;
        }
        let key = match found {
            Some((Fit::Dialog | Fit::Asked, key)) => key,
            Some((Fit::Fork, key)) => self.fork(key),
            None => self.learn(seen, package, context),
        };
        if let Some(subscription) = self.table.get_mut(key) {
            subscription.count(seen, Sighting::First);
            subscription.notify(seen, state.unwrap_or_default(), package, context);
            subscription.arm(key, context);
        }
        self.table.weigh(key);
        true
    }

    /// Takes a response to NOTIFY.
    fn notified(
        &mut self,
        seen: &Seen<'_>,
        is_marked: bool,
        exchanges: &mut Exchanges,
        context: &mut Context<'_>,
    ) -> bool {
        let is_own = match exchanges.role_of(seen, context) {
            Some(role) => role == Role::Notifying,
            None => self.find(seen, Sides::of(seen), None, context).is_some(),
        };
        if !is_own {
            return false;
        }
        context.shared.stats.subscription_messages += 1;
        let asked = Asked::default();
        let step = exchanges.step(seen, Role::Notifying, asked, is_marked, context);
        let package = exchanges
            .get(step.key)
            .and_then(|exchange| exchange.asked().package);
        let found = self.find(seen, Sides::of(seen), package, context);
        self.count(found, seen, step, context);
        let is_decided = matches!(step.progress, Progress::Settled | Progress::Late);
        if is_decided && ends_subscription(seen.status) {
            self.end(seen, found, context);
        }
        true
    }

    /// Lets the subscription end whose dialog a response is of.
    fn end(&mut self, seen: &Seen<'_>, found: Option<(Fit, Key)>, context: &mut Context<'_>) {
        if let Some((Fit::Dialog, key)) = found
            && let Some(subscription) = self.table.get_mut(key)
        {
            subscription.end(seen, seen.reason(), context);
            subscription.arm(key, context);
        }
    }

    /// Changes the subscription whose dialog a message is of.
    fn change(
        &mut self,
        found: Option<(Fit, Key)>,
        context: &mut Context<'_>,
        change: impl FnOnce(&mut Subscription),
    ) {
        if let Some((Fit::Dialog, key)) = found
            && let Some(subscription) = self.table.get_mut(key)
        {
            change(subscription);
            subscription.arm(key, context);
        }
    }

    /// Counts a message of a subscription that is known.
    fn count(
        &mut self,
        found: Option<(Fit, Key)>,
        seen: &Seen<'_>,
        step: Step,
        context: &mut Context<'_>,
    ) {
        if let Some((Fit::Dialog | Fit::Asked, key)) = found
            && let Some(subscription) = self.table.get_mut(key)
        {
            let sighting = match step.progress {
                Progress::Again => Sighting::Retransmission,
                _ => Sighting::First,
            };
            subscription.count(seen, sighting);
            subscription.arm(key, context);
        }
    }

    /// Returns the subscription that a message fits best.
    fn find(
        &self,
        seen: &Seen<'_>,
        sides: Sides<'_>,
        package: Option<Package>,
        context: &Context<'_>,
    ) -> Option<(Fit, Key)> {
        self.table
            .candidates(hash(seen, &context.shared.hasher))
            .filter_map(|(key, subscription)| {
                let fit = subscription.fit(seen, sides, package)?;
                Some((fit, key))
            })
            .max()
    }

    /// Takes in another subscription that the SUBSCRIBE of one has led to.
    fn fork(&mut self, key: Key) -> Key {
        let fork = self.table.get(key).map(Subscription::forked);
        fork.map_or(key, |fork| self.insert(fork))
    }

    /// Takes in a subscription whose SUBSCRIBE was missed.
    fn learn(&mut self, seen: &Seen<'_>, package: Option<Package>, context: &Context<'_>) -> Key {
        let hash = hash(seen, &context.shared.hasher);
        self.insert(Subscription::learned(seen, hash, package))
    }

    fn insert(&mut self, subscription: Subscription) -> Key {
        let siblings = self.table.candidates(subscription.hash);
        let (count, oldest) = siblings.fold((0, None), |(count, oldest), (key, sibling)| {
            let age = (sibling.last_seen, key);
            (
                count + 1,
                oldest.map_or(Some(age), |oldest: (Timestamp, Key)| Some(oldest.min(age))),
            )
        });
        if let Some((_, oldest)) = oldest.filter(|_| count >= MAX_FORKS) {
            self.table.remove(oldest);
        }
        self.table.insert(subscription)
    }

    /// Lets a deadline fire if it has come.
    pub(crate) fn wake(&mut self, id: TimerId, at: Timestamp, context: &mut Context<'_>) {
        let key = Key {
            slot: id.slot,
            generation: id.generation,
        };
        let Some(subscription) = self.table.get_mut(key) else {
            return;
        };
        if !subscription.alarm.rings(at, id, &mut context.shared.timers) {
            return;
        }
        if subscription.expire(at, context) {
            self.table.remove(key);
        } else {
            subscription.arm(key, context);
        }
    }

    /// Returns whether what has set a deadline is still open, and is to be woken at `at`.
    pub(crate) fn awaits(&self, timer: TimerId, at: Timestamp) -> bool {
        self.table.awaits(timer, at)
    }

    /// Returns how many subscriptions there are.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Returns how much memory they take, in octets.
    pub(crate) fn allocated(&self) -> usize {
        self.table.allocated()
    }

    /// Returns when the subscription was last heard of that is idle for the longest time.
    pub(crate) fn oldest(&mut self) -> Option<Timestamp> {
        self.table.oldest().map(|(last_seen, _)| last_seen)
    }

    /// Forgets the subscription that is idle for the longest time.
    pub(crate) fn evict(&mut self, context: &mut Context<'_>) {
        if let Some((_, key)) = self.table.oldest() {
            context.shared.stats.evicted += 1;
            self.table.remove(key);
        }
    }
}

impl Subscription {
    /// Sets the deadline of its stage.
    fn arm(&mut self, key: Key, context: &mut Context<'_>) {
        let id = TimerId {
            owner: Owner::Subscription,
            slot: key.slot,
            generation: key.generation,
        };
        self.alarm
            .set(self.deadline(), id, &mut context.shared.timers);
    }
}

/// Tells of a SUBSCRIBE that led to no subscription, but did not fail.
fn tell_success(exchange: &Exchange, seen: &Seen<'_>, context: &mut Context<'_>) {
    context.event(Interests::OTHER_EVENTS, || Event {
        origin: Some(seen.message.completed_by.origin),
        ..exchange.event(EventKind::OtherOk, seen.ts)
    });
}

/// Returns what the subscriptions of a Call-ID and subscriber are found by.
fn hash(seen: &Seen<'_>, hasher: &DefaultHashBuilder) -> u64 {
    use std::hash::BuildHasher;
    let subscriber = lower(Sides::of(seen).subscriber, hasher);
    hasher.hash_one((seen.hash, subscriber))
}

/// Returns whether a response to SUBSCRIBE or NOTIFY ends the subscription (RFC 6665 §4.1.2.2, §4.2.2).
const fn ends_subscription(status: u16) -> bool {
    matches!(status, 404 | 405 | 410 | 416 | 480..=485 | 489 | 501 | 604)
}
