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
    track::{Call, Event, Interests, Observer},
};

use super::{Gauges, LiveRows, Shown};
use crate::{
    choose::Choice,
    track::{Follower, Tracked},
};

/// Writes what is shown.
pub(crate) struct Telling {
    pub(crate) shown: Vec<Shown>,
    pub(crate) selection: Selection,
    pub(crate) choice: Choice,
    pub(crate) rows: LiveRows,
}

impl Telling {
    fn shows(&self, what: Shown) -> bool {
        self.shown.contains(&what)
    }
}

impl Observer for Telling {
    fn interests(&self) -> Interests {
        let events = Interests::CALL_EVENTS
            .or(Interests::REGISTRATION_EVENTS)
            .or(Interests::OTHER_EVENTS);
        match (self.shows(Shown::Events), self.shows(Shown::Calls)) {
            (true, true) => events.or(Interests::CALLS),
            (true, false) => events,
            (false, _) => Interests::CALLS,
        }
    }

    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        if self.shows(Shown::Events) && self.selection.matches_event(event) {
            self.rows.event(event)?;
        }
        Ok(())
    }

    fn call(&mut self, call: Box<Call>) -> Result<()> {
        if self.shows(Shown::Calls)
            && let Some(row) = self.choice.row(&call)
        {
            self.rows.call(&row)?;
        }
        Ok(())
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
        }
        self.set_gauges();
        self.tracked.pause()
    }

    fn finish(&mut self, summary: &Summary) -> Result<()> {
        self.tracked.finish(summary)
    }
}
