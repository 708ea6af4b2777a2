//! What messages and time-outs do to a subscription.

use crate::{
    sip::Method,
    time::Timestamp,
    track::{
        Context, EventKind, Flags, Interests,
        exchange::Exchange,
        seen::Seen,
        sighting::Sighting,
        subscription::{
            Sides, Stage, Subscription, Text,
            package::{Package, SubscriptionState},
        },
        timeouts::SECOND,
    },
};

/// 64·T1: how long a SUBSCRIBE waits for a NOTIFY after its last message (RFC 6665 §4.1.2.4, timer N, and the time of the
/// transaction before it).
const ASKED: i64 = 64 * SECOND;

/// 64·T1: how long a SUBSCRIBE waits for its response (RFC 3261 §17.1.2.2, timer F).
const REFRESHING: i64 = 32 * SECOND;

/// How long what comes late is known to be of a subscription that is over.
const LINGER: i64 = 32 * SECOND;

/// How long one is remembered that nothing is heard of and that never told how long it lasts.
const IDLE: i64 = 3600 * SECOND;

impl Subscription {
    /// Counts a message.
    pub(super) fn count(&mut self, seen: &Seen<'_>, sighting: Sighting) {
        let is_by_subscriber = (seen.method != Method::Notify) != seen.is_response();
        self.counters[usize::from(!is_by_subscriber)].count(seen.is_response(), sighting);
        self.last_seen = self.last_seen.max(seen.ts);
    }

    /// Lets it come into being by a 2xx or a NOTIFY.
    pub(super) fn activate(
        &mut self,
        seen: &Seen<'_>,
        package: Option<Package>,
        context: &mut Context<'_>,
    ) {
        let sides = Sides::of(seen);
        self.texts.set(Text::NotifierTag, sides.notifier);
        self.package = package.or(self.package);
        if self.stage == Stage::Expired {
            self.flags.insert(Flags::LATE_REFRESH);
        }
        self.stage = Stage::Active;
        self.began = Some(seen.ts);
        if let (None, Some(requested)) = (self.expires_at, self.requested) {
            self.last_until(seen.ts, requested);
        }
        self.tell(EventKind::SubNew, seen, seen.reason(), context);
    }

    /// Takes note of how long it lasts.
    pub(super) fn last_until(&mut self, ts: Timestamp, seconds: u32) {
        self.granted = Some(seconds);
        self.expires_at = Some(ts.plus(i64::from(seconds) * SECOND));
    }

    /// Takes a SUBSCRIBE within its dialog: it does not expire before that is answered.
    pub(super) fn ask_again(&mut self, ts: Timestamp) {
        self.held_until = ts.plus(REFRESHING);
    }

    /// Takes a failure of that.
    pub(super) fn stay(&mut self, ts: Timestamp) {
        self.held_until = ts;
    }

    /// Lets it end by a message.
    pub(super) fn end(&mut self, seen: &Seen<'_>, reason: &[u8], context: &mut Context<'_>) {
        if self.stage == Stage::Active {
            self.stage = Stage::Over;
            self.ended = seen.ts;
            self.tell(EventKind::SubDel, seen, reason, context);
        }
    }

    /// Returns when the stage is over if nothing comes.
    pub(super) fn deadline(&self) -> Timestamp {
        match self.stage {
            Stage::Asked => self.last_seen.plus(ASKED),
            Stage::Active => {
                let idle = self.last_seen.plus(IDLE);
                self.expires_at.map_or(idle, |at| at.max(self.held_until))
            }
            Stage::Over | Stage::Expired => self.ended.max(self.last_seen).plus(LINGER),
        }
    }

    /// Lets the stage end at `deadline`; returns whether it is to be forgotten.
    pub(super) fn expire(&mut self, deadline: Timestamp, context: &mut Context<'_>) -> bool {
        if self.stage != Stage::Active || self.expires_at.is_none() {
            return true;
        }
        self.stage = Stage::Expired;
        self.ended = deadline;
        context.event(Interests::OTHER_EVENTS, || {
            self.event(EventKind::SubExpired, deadline)
        });
        false
    }

    /// Takes the 2xx to a SUBSCRIBE that has asked for it.
    pub(super) fn grant(
        &mut self,
        seen: &Seen<'_>,
        granted: Option<u32>,
        exchange: &Exchange,
        context: &mut Context<'_>,
    ) {
        let is_over = granted == Some(0);
        let is_active = self.stage == Stage::Active;
        if is_active && is_over {
            return self.end(seen, seen.reason(), context);
        }
        if matches!(self.stage, Stage::Over | Stage::Expired) {
            // That it has ended may be what has become of this very request; that it has expired is not.
            let is_later = |request| request > self.ended || self.stage == Stage::Expired;
            if is_over || !exchange.request().is_none_or(is_later) {
                return;
            }
            self.expires_at = None;
        }
        if let Some(granted) = granted {
            self.last_until(seen.ts, granted);
        }
        if !is_active {
            self.activate(seen, exchange.asked().package, context);
        } else if exchange.request().is_some() && !exchange.asked().is_within {
            self.admit(seen, context);
        }
    }

    /// Takes note that its SUBSCRIBE has been seen after all.
    pub(super) fn admit(&mut self, seen: &Seen<'_>, context: &mut Context<'_>) {
        if self.stage == Stage::Active && self.flags.contains(Flags::LEARNED) {
            self.flags.remove(Flags::LEARNED);
            self.began = Some(seen.ts);
            self.describe_request(seen);
            self.tell(EventKind::SubNew, seen, seen.reason(), context);
        }
    }

    /// Takes what a NOTIFY says.
    pub(super) fn notify(
        &mut self,
        seen: &Seen<'_>,
        state: SubscriptionState<'_>,
        package: Option<Package>,
        context: &mut Context<'_>,
    ) {
        // Who asked for the state of the moment gets it, and that is all.
        let is_fetch = self.is_asked() && self.requested == Some(0);
        if is_fetch || matches!(self.stage, Stage::Over | Stage::Expired) {
            return;
        }
        if let Some(expires) = state.expires.filter(|_| !state.is_terminated) {
            self.last_until(seen.ts, expires);
        }
        if self.is_asked() {
            self.activate(seen, package, context);
        }
        if state.is_terminated {
            self.end(seen, state.reason, context);
        }
    }
}
