//! What is done with messages as they come.

use std::{
    ops::ControlFlow,
    sync::{Arc, atomic::Ordering},
};

use sipcap::{
    capture::LiveClock,
    error::Result,
    filter::Selection,
    pipeline::{Notice, Sink, Summary},
    sip::Message,
    time::Timestamp,
    track::{Binding, Call, Event, Interests, Observer},
};

use super::{Gauges, LiveRows, Meter, Shown};
use crate::{
    choose::Choice,
    track::{Follower, Tracked, end},
};

/// Writes what is shown.
pub(crate) struct Telling {
    pub(crate) shown: Vec<Shown>,
    pub(crate) selection: Selection,
    pub(crate) choice: Choice,
    pub(crate) rows: LiveRows,
    /// Who counts, if figures are wanted.
    pub(crate) meter: Option<Meter>,
}

impl Telling {
    /// Reports the figures of a stretch of time that is over.
    fn look_at_the_time(&mut self, now: Timestamp) -> Result<()> {
        if let Some(meter) = &mut self.meter
            && meter.is_due(now)
        {
            self.rows.figures(meter, None)?;
        }
        Ok(())
    }

    fn shows(&self, what: Shown) -> bool {
        self.shown.contains(&what)
    }
}

impl Observer for Telling {
    fn interests(&self) -> Interests {
        let events = Interests::CALL_EVENTS
            .or(Interests::REGISTRATION_EVENTS)
            .or(Interests::OTHER_EVENTS);
        let shown = match (self.shows(Shown::Events), self.shows(Shown::Calls)) {
            (true, true) => events.or(Interests::CALLS),
            (true, false) => events,
            (false, _) => Interests::CALLS,
        };
        if self.meter.is_none() {
            return shown;
        }
        let registrations = Interests::BINDINGS.or(Interests::REGISTRATION_EVENTS);
        let calls = Interests::CALLS.or(Interests::CALL_EVENTS);
        shown.or(calls).or(registrations)
    }

    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        if !self.selection.matches_event(event) {
            return Ok(());
        }
        if let Some(meter) = &mut self.meter {
            meter.event(event)?;
        }
        if self.shows(Shown::Events) {
            self.rows.event(event)?;
        }
        Ok(())
    }

    fn call(&mut self, call: Box<Call>) -> Result<()> {
        let Some(row) = self.choice.row(&call) else {
            return Ok(());
        };
        if self.shows(Shown::Calls) {
            self.rows.call(&row)?;
        }
        if let Some(meter) = &mut self.meter {
            meter.call(&call)?;
        }
        Ok(())
    }

    fn binding(&mut self, binding: Box<Binding>) -> Result<()> {
        match &mut self.meter {
            Some(meter) if self.selection.matches_binding(&binding) => meter.binding(&binding),
            _ => Ok(()),
        }
    }
}

impl Follower for Telling {
    fn marks(&self, message: &Message<'_>) -> bool {
        self.choice.marks(message)
    }

    fn pause(&mut self) -> Result<()> {
        Ok(self.rows.flush()?)
    }

    fn takes_notices(&self) -> bool {
        self.shows(Shown::Events)
    }
}

/// A tracker that also goes on when nothing comes.
pub(crate) struct LiveSink {
    pub(crate) tracked: Tracked<Telling>,
    pub(crate) clock: Arc<LiveClock>,
    pub(crate) gauges: Arc<Gauges>,
}

/// How many messages may come before the gauges are set again.
const GAUGE_EVERY: u64 = 256;

impl LiveSink {
    fn set_gauges(&self) {
        let (calls, bindings) = self.tracked.open();
        self.gauges.calls.store(calls as u64, Ordering::Relaxed);
        let bindings = bindings as u64;
        self.gauges.bindings.store(bindings, Ordering::Relaxed);
    }
}

impl Sink for LiveSink {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        let count = self.gauges.messages.fetch_add(1, Ordering::Relaxed);
        if count.is_multiple_of(GAUGE_EVERY) {
            self.set_gauges();
        }
        let telling = &mut self.tracked.observer;
        telling.look_at_the_time(message.ts)?;
        if let Some(meter) = &mut telling.meter
            && telling.selection.matches(message)
        {
            meter.message(message)?;
        }
        self.tracked.message(message)
    }

    fn takes_identities(&self) -> bool {
        self.tracked.takes_identities()
    }

    fn takes_notices(&self) -> bool {
        self.tracked.takes_notices()
    }

    fn notice(&mut self, notice: &Notice) -> Result<()> {
        self.tracked.notice(notice)
    }

    fn pause(&mut self) -> Result<()> {
        if let Some(passed) = self.clock.passed() {
            self.tracked.tick(passed)?;
            self.tracked.observer.look_at_the_time(passed)?;
        }
        self.set_gauges();
        self.tracked.pause()
    }

    fn finish(&mut self, summary: &Summary) -> Result<()> {
        self.tracked.finish(summary)?;
        self.set_gauges();
        let Telling { rows, meter, .. } = &mut self.tracked.observer;
        let Some(meter) = meter else { return Ok(()) };
        rows.figures(meter, Some((end(summary), summary.balance.total())))
    }
}
