//! Calls, registrations and everything else that has a state, followed in packet time.
//!
//! [`Tracker`] takes messages in the order of the capture, keeps what is open and tells an [`Observer`] what happens.
//! Each table follows one kind of thing and knows nothing of the others; what they share are the deadlines, the
//! options and the observer, in a `Context`. A deadline fires with its own time, whenever it is noticed, so what
//! is told depends neither on batches nor on threads, and no clock but that of the packets is ever asked.
//!
//! An object is freed as soon as nothing that comes can change it any more; the observer gets it then. At the end of
//! the capture nothing is forced to end.

mod call;
mod event;
mod flags;
mod outcome;
mod rate_limit;
mod seen;
mod sighting;
mod table;
mod texts;
mod timeouts;
mod timer;

use self::{
    call::Calls,
    seen::Seen,
    timer::{Owner, Timers},
};
pub use self::{
    call::{Branch, BranchFate, Call, Times},
    event::{Event, EventKind, Party, SideCounters},
    flags::Flags,
    outcome::{FailureClass, Outcome, Side, State},
    rate_limit::{InvalidRateLimit, Rate, RateKey, RateLimit, RateLimiter, RateLimits, RateStats},
    timeouts::{InvalidTimeout, Timeout, Timeouts},
};
use crate::{error::Result, sip::Message, time::Timestamp};

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
}

/// What the tracker goes by.
#[derive(Clone, Debug)]
pub struct TrackOptions {
    /// How long states last.
    pub timeouts: Timeouts,
    /// Calls kept at a time; the one not heard of for the longest time goes first.
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
    /// Messages that cannot be worked with.
    pub unusable: u64,
    /// Messages that fit nothing that is tracked.
    pub stray: u64,
    /// Calls.
    pub calls: u64,
    /// Objects forgotten because there were too many.
    pub evicted: u64,
}

/// All that is open.
pub struct Tracker {
    shared: Shared,
    calls: Calls,
}

/// What the tables share.
pub(crate) struct Shared {
    pub(crate) options: TrackOptions,
    pub(crate) hasher: hashbrown::DefaultHashBuilder,
    pub(crate) timers: Timers,
    pub(crate) stats: TrackStats,
    /// The latest time seen.
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
                now: Timestamp::MIN,
                is_forced: false,
                result: Ok(()),
            },
            calls: Calls::default(),
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
                if !self.calls.take(&seen, is_marked, context) {
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
        self.advance(end.plus(1), observer);
        if let Some(more) = self.shared.options.end_timeout {
            self.shared.is_forced = true;
            self.advance(end.plus(more).plus(1), observer);
        }
        let context = &mut Context {
            shared: &mut self.shared,
            observer,
        };
        self.calls.finish(context);
        self.result()
    }

    /// Returns what became of messages and objects.
    #[must_use]
    pub const fn stats(&self) -> &TrackStats {
        &self.shared.stats
    }

    /// Lets all deadlines before `now` fire, each with its own time.
    fn advance(&mut self, now: Timestamp, observer: &mut dyn Observer) {
        self.shared.now = self.shared.now.max(now);
        while let Some((at, id)) = self.shared.timers.next_before(self.shared.now) {
            let context = &mut Context {
                shared: &mut self.shared,
                observer,
            };
            match id.owner {
                Owner::Call => self.calls.wake(id, at, context),
                _ => {}
            }
        }
    }

    /// Forgets what is idle for the longest time as long as there is too much.
    fn limit(&mut self, observer: &mut dyn Observer) {
        let options = &self.shared.options;
        let (max_calls, max_memory) = (options.max_calls, options.max_memory);
        while self.calls.len() > max_calls
            || (self.calls.allocated() > max_memory && self.calls.len() > 0)
        {
            self.calls.evict(&mut Context {
                shared: &mut self.shared,
                observer,
            });
        }
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
