//! Calls, registrations and everything else that has a state, followed in packet time.
//!
//! [`Tracker`] takes messages in the order of the capture, keeps what is open and tells an [`Observer`] what happens.
//! Each table follows one kind of thing and knows nothing of the others; what they share are the deadlines, the
//! options and the observer, in a `Context`. A deadline fires with its own time, whenever it is noticed, so what
//! is told depends neither on batches nor on threads, and no clock but that of the packets is ever asked.
//!
//! An object is freed as soon as nothing that comes can change it any more; the observer gets it then. At the end of
//! the capture nothing is forced to end.

mod auth;
mod call;
mod calltr;
mod event;
mod exchange;
mod flags;
mod outcome;
mod rate_limit;
#[cfg(test)]
mod script;
mod seen;
mod sighting;
mod subscription;
mod table;
mod texts;
mod timeouts;
mod timer;

use self::{
    call::Calls,
    calltr::Calltr,
    exchange::Exchanges,
    seen::Seen,
    subscription::Subscriptions,
    timer::{Owner, Timers},
};
pub use self::{
    call::{Branch, BranchFate, Call, Times},
    event::{Event, EventKind, Party, SideCounters},
    exchange::Exchange,
    flags::Flags,
    outcome::{ExchangeOutcome, FailureClass, Outcome, Side, State},
    rate_limit::{InvalidRateLimit, Rate, RateKey, RateLimit, RateLimiter, RateLimits, RateStats},
    timeouts::{InvalidTimeout, Timeout, Timeouts},
};
use crate::{clock::Clock, error::Result, sip::Message, time::Timestamp};

/// Who is told what happens.
pub trait Observer: Send {
    /// Takes an event. They come in the order of their times, as far as the capture is in order.
    ///
    /// # Errors
    /// An error is what the tracker returns next.
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        let _ = event;
        Ok(())
    }

    /// Takes a call that nothing can change any more, or that is still open at the end.
    ///
    /// # Errors
    /// An error is what the tracker returns next.
    fn call(&mut self, call: &Call) -> Result<()> {
        let _ = call;
        Ok(())
    }

    /// Takes an exchange that nothing can change any more, or that is left at the end: those of subscriptions too.
    ///
    /// # Errors
    /// An error is what the tracker returns next.
    fn exchange(&mut self, exchange: &Exchange) -> Result<()> {
        let _ = exchange;
        Ok(())
    }
}

/// Whose rules tell what becomes of messages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Rules {
    /// Ours: all tables, and events at the messages that decide.
    #[default]
    Sipcap,
    /// Those of calltr, the tracker of sipcallmon: its events, most of them at time-outs, and no objects. They want
    /// [`Timeouts::CALLTR`].
    Calltr,
}

/// What the tracker goes by.
#[derive(Clone, Debug)]
pub struct TrackOptions {
    /// Whose rules.
    pub rules: Rules,
    /// How long states last.
    pub timeouts: Timeouts,
    /// Calls kept at a time, and as many subscriptions and exchanges; the one not heard of for the longest time goes first.
    pub max_calls: usize,
    /// Bindings kept at a time.
    pub max_bindings: usize,
    /// Memory for all that is open, in octets.
    pub max_memory: usize,
    /// How long after the end of the capture deadlines still fire, in nanoseconds; `None` leaves open what is open.
    pub end_timeout: Option<i64>,
    /// How late a binding may be refreshed, in nanoseconds.
    pub reg_expiry_grace: i64,
    /// How long the removal of a binding is held back in case it is registered again, in nanoseconds.
    pub reg_del_delay: i64,
    /// Whether Contacts are the same that differ in their port only.
    pub contact_ignore_port: bool,
}

impl Default for TrackOptions {
    fn default() -> Self {
        Self {
            rules: Rules::Sipcap,
            timeouts: Timeouts::SIPCAP,
            max_calls: 1 << 24,
            max_bindings: 1 << 24,
            max_memory: 4 << 30,
            end_timeout: None,
            reg_expiry_grace: 30 * timeouts::SECOND,
            reg_del_delay: 0,
            contact_ignore_port: false,
        }
    }
}

/// What became of the messages and the objects.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TrackStats {
    /// Messages of calls.
    pub call_messages: u64,
    /// Messages of subscriptions.
    pub subscription_messages: u64,
    /// Messages of other requests.
    pub exchange_messages: u64,
    /// Messages that cannot be worked with.
    pub unusable: u64,
    /// Messages that fit nothing that is tracked.
    pub stray: u64,
    /// Calls.
    pub calls: u64,
    /// Requests that are not of calls or registrations.
    pub exchanges: u64,
    /// Final responses to them that came after the time-out.
    pub late_finals: u64,
    /// Objects forgotten because there were too many.
    pub evicted: u64,
}

impl TrackStats {
    /// Returns how many messages there were: each is counted once.
    #[must_use]
    pub const fn messages(&self) -> u64 {
        self.call_messages
            + self.subscription_messages
            + self.exchange_messages
            + self.unusable
            + self.stray
    }
}

/// A packet that is so much later than the one before may have a wrong time; the next one tells.
const LEAP: i64 = 3600 * timeouts::SECOND;

/// All that is open.
pub struct Tracker {
    shared: Shared,
    calls: Calls,
    subscriptions: Subscriptions,
    exchanges: Exchanges,
    calltr: Calltr,
}

/// What the tables share.
pub(crate) struct Shared {
    pub(crate) options: TrackOptions,
    pub(crate) hasher: hashbrown::DefaultHashBuilder,
    pub(crate) timers: Timers,
    pub(crate) stats: TrackStats,
    /// Tells a leap of time from one packet with a wrong time.
    clock: Clock,
    /// The latest time that deadlines are fired for.
    pub(crate) now: Timestamp,
    /// Whether the capture is over and deadlines behind it are fired.
    pub(crate) is_forced: bool,
    result: Result<()>,
}

/// What a table has at hand: what all share, and whom to tell.
pub(crate) struct Context<'a> {
    pub(crate) shared: &'a mut Shared,
    pub(crate) observer: &'a mut dyn Observer,
}

impl Context<'_> {
    /// Tells of an event.
    pub(crate) fn event(&mut self, event: &Event<'_>) {
        if self.shared.result.is_ok() {
            self.shared.result = self.observer.event(event);
        }
    }

    /// Hands over a call.
    pub(crate) fn call(&mut self, call: &Call) {
        if self.shared.result.is_ok() {
            self.shared.result = self.observer.call(call);
        }
    }

    /// Hands over an exchange.
    pub(crate) fn exchange(&mut self, exchange: &Exchange) {
        if self.shared.result.is_ok() {
            self.shared.result = self.observer.exchange(exchange);
        }
    }
}

impl Tracker {
    /// Returns a tracker that has seen nothing yet.
    #[must_use]
    pub fn new(options: TrackOptions) -> Self {
        Self {
            shared: Shared {
                options,
                hasher: hashbrown::DefaultHashBuilder::default(),
                timers: Timers::default(),
                stats: TrackStats::default(),
                clock: Clock::default(),
                now: Timestamp::MIN,
                is_forced: false,
                result: Ok(()),
            },
            calls: Calls::default(),
            subscriptions: Subscriptions::default(),
            exchanges: Exchanges::default(),
            calltr: Calltr::default(),
        }
    }

    /// Takes the next message of the capture. A mark stays with the call that the message is of.
    ///
    /// # Errors
    /// What the observer returned.
    pub fn message(
        &mut self,
        message: &Message<'_>,
        is_marked: bool,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        self.advance(message.ts, observer);
        let context = &mut Context {
            shared: &mut self.shared,
            observer,
        };
        match Seen::new(message, &context.shared.hasher) {
            None => unusable(message, context),
            Some(seen) => {
                let Self {
                    calls,
                    subscriptions,
                    exchanges,
                    calltr,
                    ..
                } = self;
                let is_taken = match context.shared.options.rules {
                    Rules::Sipcap => {
                        calls.take(&seen, is_marked, context)
                            || subscriptions.take(&seen, is_marked, exchanges, context)
                            || exchanges.take(&seen, is_marked, context)
                    }
                    Rules::Calltr => calltr.take(&seen, context),
                };
                if !is_taken {
                    context.shared.stats.stray += 1;
                }
            }
        }
        self.limit(observer);
        self.result()
    }

    /// Tells of an event that is no matter of messages, after all deadlines before it.
    ///
    /// # Errors
    /// What the observer returned.
    pub fn event(&mut self, event: &Event<'_>, observer: &mut dyn Observer) -> Result<()> {
        self.advance(event.ts, observer);
        let context = &mut Context {
            shared: &mut self.shared,
            observer,
        };
        context.event(event);
        self.result()
    }

    /// Ends what the end of the capture ends; `end` is when its last frame was captured.
    ///
    /// # Errors
    /// What the observer returned.
    pub fn finish(&mut self, end: Timestamp, observer: &mut dyn Observer) -> Result<()> {
        // A deadline at the last moment has passed within the capture.
        self.fire(end.plus(1), observer);
        if let Some(more) = self.shared.options.end_timeout {
            self.shared.is_forced = true;
            self.fire(end.plus(more).plus(1), observer);
        }
        let context = &mut Context {
            shared: &mut self.shared,
            observer,
        };
        self.calls.finish(context);
        self.exchanges.finish(context);
        self.calltr.finish();
        self.result()
    }

    /// Returns what became of messages and objects.
    #[must_use]
    pub const fn stats(&self) -> &TrackStats {
        &self.shared.stats
    }

    /// Takes the time of a packet, and lets the deadlines fire that are before it.
    fn advance(&mut self, ts: Timestamp, observer: &mut dyn Observer) {
        let now = self.shared.clock.tick(ts, LEAP);
        self.fire(now, observer);
    }

    /// Lets all deadlines before `now` fire, each with its own time.
    fn fire(&mut self, now: Timestamp, observer: &mut dyn Observer) {
        self.shared.now = self.shared.now.max(now);
        while let Some((at, id)) = self.shared.timers.next_before(self.shared.now) {
            let context = &mut Context {
                shared: &mut self.shared,
                observer,
            };
            match id.owner {
                Owner::Call => self.calls.wake(id, at, context),
                Owner::Subscription => self.subscriptions.wake(id, at, context),
                Owner::Exchange => self.exchanges.wake(id, at, context),
                Owner::Compatible => self.calltr.wake(id, at, context),
                _ => {}
            }
        }
    }

    /// Forgets what is idle for the longest time as long as there is too much.
    fn limit(&mut self, observer: &mut dyn Observer) {
        while let Some(owner) = self.excess() {
            let context = &mut Context {
                shared: &mut self.shared,
                observer,
            };
            match owner {
                Owner::Subscription => self.subscriptions.evict(context),
                Owner::Exchange => self.exchanges.evict(context),
                _ => self.calls.evict(context),
            }
        }
    }

    /// Returns the table that has to forget something: one that has too many, or, if all take too much memory together,
    /// the one with what is idle for the longest time.
    fn excess(&mut self) -> Option<Owner> {
        let options = &self.shared.options;
        let tables = [
            (Owner::Call, self.calls.len()),
            (Owner::Subscription, self.subscriptions.len()),
            (Owner::Exchange, self.exchanges.len()),
        ];
        let has_too_many = |(_, len): &(Owner, usize)| *len > options.max_calls;
        if let Some((owner, _)) = tables.into_iter().find(has_too_many) {
            return Some(owner);
        }
        let allocated =
            self.calls.allocated() + self.subscriptions.allocated() + self.exchanges.allocated();
        if allocated <= options.max_memory {
            return None;
        }
        let oldest = [
            (self.calls.oldest(), Owner::Call),
            (self.subscriptions.oldest(), Owner::Subscription),
            (self.exchanges.oldest(), Owner::Exchange),
        ];
        let idle = |(last_seen, owner): (Option<Timestamp>, Owner)| Some((last_seen?, owner));
        oldest
            .into_iter()
            .filter_map(idle)
            .min()
            .map(|(_, owner)| owner)
    }

    fn result(&mut self) -> Result<()> {
        std::mem::replace(&mut self.shared.result, Ok(()))
    }
}

/// Counts a message that cannot be worked with, and tells of it.
fn unusable(message: &Message<'_>, context: &mut Context<'_>) {
    context.shared.stats.unusable += 1;
    let (head, bytes) = (message.head, message.bytes);
    let reason = head.usable().err().map(|error| error.to_string());
    context.event(&Event {
        origin: Some(message.completed_by.origin),
        call_id: head.call_id.of(bytes),
        from_tag: head.from_tag(bytes).unwrap_or_default(),
        to_tag: head.to_tag(bytes).unwrap_or_default(),
        method: head.method_text(bytes),
        caller: Party {
            address: Some(message.flow.src),
            ..Party::default()
        },
        callee: Party {
            address: Some(message.flow.dst),
            ..Party::default()
        },
        transport: Some(message.flow.transport),
        status: head.status_code(),
        reason: reason.as_deref().unwrap_or_default().as_bytes(),
        ..Event::new(EventKind::ParseError, message.ts)
    });
}
