//! From messages to what happens.

use crate::{
    clock::Clock,
    error::Result,
    sip::Message,
    time::Timestamp,
    track::{
        Context, CorrelationLevel, Event, EventKind, Interests, Observer, Party, Rules, Seen,
        TrackOptions, TrackStats, calltr::Calltr, context::Shared, tables::Tables,
        timeouts::SECOND, timer::TimerId,
    },
};

/// A packet that is so much later than the one before may have a wrong time; the next one tells.
const LEAP: i64 = 3600 * SECOND;

/// How far the clock of a capture agent may be ahead of that of whoever it sends to, and be believed.
const MAX_AHEAD: i64 = 5 * SECOND;

/// Follows all that has a state.
pub struct Tracker {
    shared: Shared,
    engine: Engine,
    /// Tells a leap of time from one packet with a wrong time.
    clock: Clock,
}

/// Who makes events of messages.
enum Engine {
    Tables(Box<Tables>),
    Calltr(Box<Calltr>),
}

impl Engine {
    fn take(&mut self, seen: &Seen<'_>, is_marked: bool, context: &mut Context<'_>) -> bool {
        match self {
            Self::Tables(tables) => tables.take(seen, is_marked, context),
            Self::Calltr(calltr) => calltr.take(seen, context),
        }
    }

    fn wake(&mut self, id: TimerId, at: Timestamp, context: &mut Context<'_>) {
        match self {
            Self::Tables(tables) => tables.wake(id, at, context),
            Self::Calltr(calltr) => calltr.wake(id, at, context),
        }
    }

    fn finish(&mut self, context: &mut Context<'_>) {
        match self {
            Self::Tables(tables) => tables.finish(context),
            Self::Calltr(calltr) => calltr.finish(),
        }
    }
}

impl Tracker {
    /// Returns a tracker that has seen nothing yet.
    #[must_use]
    pub fn new(options: TrackOptions) -> Self {
        let engine = match options.rules {
            Rules::Sipcap => Engine::Tables(Box::default()),
            Rules::Calltr => Engine::Calltr(Box::default()),
        };
        Self {
            shared: Shared::new(options),
            engine,
            clock: Clock::default(),
        }
    }

    /// Takes the next message of the capture, and returns the [number](crate::track::Call::number) of the call that it is
    /// of. A mark stays with that call.
    ///
    /// # Errors
    /// What the observer returned.
    pub fn message(
        &mut self,
        message: &Message<'_>,
        is_marked: bool,
        observer: &mut dyn Observer,
    ) -> Result<Option<u64>> {
        self.advance(told(message.ts, message.completed_by.ts), observer);
        self.shared.taken_by = None;
        let context = &mut Context {
            shared: &mut self.shared,
            observer,
        };
        match Seen::new(message) {
            None => unusable(message, context),
            Some(seen) => {
                if !self.engine.take(&seen, is_marked, context) {
                    context.shared.stats.stray += 1;
                }
            }
        }
        self.result()?;
        Ok(self.shared.taken_by)
    }

    /// Takes note of two Call-IDs that are those of one call, as whoever reports of it tells: it joins the legs that are
    /// followed at the moment.
    pub fn relate(&mut self, call_id: &[u8], other: &[u8]) {
        let joins = self.shared.options.correlation.level != CorrelationLevel::None;
        if joins
            && call_id != other
            && let Engine::Tables(tables) = &mut self.engine
        {
            tables.relate(call_id, other, &self.shared);
        }
    }

    /// Tells of an event that is no matter of messages, after all deadlines before it; who told of it did so at `came`.
    ///
    /// # Errors
    /// What the observer returned.
    pub fn event(
        &mut self,
        event: &Event<'_>,
        came: Timestamp,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        self.advance(told(event.ts, came), observer);
        let context = &mut Context {
            shared: &mut self.shared,
            observer,
        };
        context.event(Interests::OTHER_EVENTS, || event.clone());
        self.result()
    }

    /// Takes note that it is `now`, when no packet tells that it is that late: all deadlines before it fire.
    ///
    /// # Errors
    /// What the observer returned.
    pub fn tick(&mut self, now: Timestamp, observer: &mut dyn Observer) -> Result<()> {
        self.advance(now, observer);
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
        self.engine.finish(&mut Context {
            shared: &mut self.shared,
            observer,
        });
        self.result()
    }

    /// Returns what became of messages and objects.
    #[must_use]
    pub const fn stats(&self) -> &TrackStats {
        &self.shared.stats
    }

    /// Returns how many calls and how many bindings are followed at the moment.
    #[must_use]
    pub fn open(&self) -> (usize, usize) {
        match &self.engine {
            Engine::Tables(tables) => tables.open(),
            Engine::Calltr(_) => (0, 0),
        }
    }

    /// Takes the time of a packet, and lets the deadlines fire that are before it.
    fn advance(&mut self, ts: Timestamp, observer: &mut dyn Observer) {
        let now = self.clock.tick(ts, LEAP);
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
            self.engine.wake(id, at, context);
        }
    }

    fn result(&mut self) -> Result<()> {
        std::mem::replace(&mut self.shared.result, Ok(()))
    }
}

/// Returns how late it is when something comes at `came` that tells it was at `ts`.
///
/// A capture agent has a clock of its own. What it is ahead is not to end what others tell of.
fn told(ts: Timestamp, came: Timestamp) -> Timestamp {
    ts.min(came.plus(MAX_AHEAD))
}

/// Counts a message that cannot be worked with, and tells of it.
fn unusable(message: &Message<'_>, context: &mut Context<'_>) {
    context.shared.stats.unusable += 1;
    let (head, bytes) = (message.head, message.bytes);
    let reason = head.usable().err().map(|error| error.to_string());
    context.event(Interests::OTHER_EVENTS, || Event {
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
