//! What is done with messages as they come.

use std::{
    ops::ControlFlow,
    sync::{Arc, atomic::Ordering},
};

use sipcap::{
    capture::LiveClock,
    error::Result,
    filter::Selection,
    pipeline::{MediaPacket, Notice, Report, Sink, Summary},
    sip::Message,
    time::Timestamp,
    track::{Binding, Call, Event, Interests, Observer},
};

use super::{CallSplit, Gauges, Guard, LiveRows, Meter, Page, Screen, Shown};
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
    /// Who writes calls to files, if that is wanted.
    pub(crate) split: Option<CallSplit>,
    pub(crate) screen: Option<Screen>,
    pub(crate) guard: Guard,
    /// Whether it was told that files cannot be written, and none was since.
    pub(crate) has_failed: bool,
}

impl Telling {
    /// Reports the figures of a stretch of time that is over.
    fn look_at_the_time(&mut self, now: Timestamp) -> Result<()> {
        if let Some(meter) = &mut self.meter
            && meter.is_due(now)
        {
            self.rows.figures(meter, None)?;
        }
        if let (Some(screen), Some(meter)) = (&mut self.screen, &self.meter)
            && screen.is_due(now)
        {
            screen.draw(now, meter.sample())?;
        }
        Ok(())
    }

    /// Writes the file of a call that is over.
    fn write_file(&mut self, call: &Call, is_wanted: bool) -> Result<()> {
        let is_shown = self.shows(Shown::Files);
        let Self {
            split: Some(split),
            rows,
            ..
        } = self
        else {
            return Ok(());
        };
        let before = split.files;
        split.over(call, is_wanted, |row| {
            if is_shown {
                rows.file(row)?;
            }
            Ok(())
        })?;
        match split.problem() {
            Some(error) if !std::mem::replace(&mut self.has_failed, true) => {
                self.guard.warn(&format!("--split: {error}"));
            }
            None if split.files > before => self.has_failed = false,
            _ => {}
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
        let shown = if self.split.is_some() {
            shown.or(Interests::CALLS)
        } else {
            shown
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
            meter.event(event);
        }
        if self.shows(Shown::Events) {
            self.rows.event(event)?;
        }
        Ok(())
    }

    fn call(&mut self, call: Box<Call>) -> Result<()> {
        let is_wanted = self.choice.takes(&call);
        self.write_file(&call, is_wanted)?;
        if !is_wanted {
            return Ok(());
        }
        if self.shows(Shown::Calls)
            && let Some(row) = self.choice.row(&call)
        {
            self.rows.call(&row)?;
        }
        if let Some(meter) = &mut self.meter {
            meter.call(&call);
        }
        Ok(())
    }

    fn binding(&mut self, binding: Box<Binding>) -> Result<()> {
        if let Some(meter) = &mut self.meter
            && self.selection.matches_binding(&binding)
        {
            meter.binding(&binding);
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
    /// Where figures are written when somebody asks.
    pub(crate) page: Arc<Page>,
}

/// How many messages may come before the gauges are set again.
const GAUGE_EVERY: u64 = 256;

impl LiveSink {
    /// Writes the figures that somebody asks for.
    fn serve(&self) -> Result<()> {
        if self.page.is_wanted()
            && let Some(meter) = &self.tracked.observer.meter
        {
            self.page.set(meter.exposition()?);
        }
        Ok(())
    }

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
            self.serve()?;
        }
        let telling = &mut self.tracked.observer;
        // Stretches of time are those of this machine: a capture agent may have another clock, or send a recording.
        telling.look_at_the_time(message.completed_by.ts)?;
        if let Some(meter) = &mut telling.meter {
            meter.message(message, telling.selection.matches(message));
        }
        let taken = self.tracked.take(message)?;
        if let (Some(meter), Some(number)) = (&mut self.tracked.observer.meter, taken.call) {
            meter.of_call(number);
        }
        if let Some(split) = &mut self.tracked.observer.split {
            split.message(message, taken.call);
        }
        Ok(ControlFlow::Continue(()))
    }

    fn copy(&mut self, message: &Message<'_>) -> Result<()> {
        if let Some(split) = &mut self.tracked.observer.split {
            split.copy(message);
        }
        Ok(())
    }

    fn takes_media(&self) -> bool {
        let split = &self.tracked.observer.split;
        split.as_ref().is_some_and(CallSplit::takes_media)
    }

    fn media(&mut self, packet: &MediaPacket<'_>) -> Result<()> {
        if let Some(split) = &mut self.tracked.observer.split {
            split.media(packet);
        }
        Ok(())
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

    fn report(&mut self, report: &Report<'_>) -> Result<()> {
        self.tracked.report(report)
    }

    fn pause(&mut self) -> Result<()> {
        if let Some(passed) = self.clock.passed() {
            self.tracked.tick(self.tracked.told(passed))?;
            self.tracked.observer.look_at_the_time(passed)?;
        }
        self.set_gauges();
        self.serve()?;
        self.tracked.pause()
    }

    fn finish(&mut self, summary: &Summary) -> Result<()> {
        if let Some(split) = &mut self.tracked.observer.split {
            split.finish();
        }
        self.tracked.finish(summary)?;
        self.set_gauges();
        let Telling {
            rows,
            meter,
            screen,
            ..
        } = &mut self.tracked.observer;
        let Some(meter) = meter else { return Ok(()) };
        // Without frames there is no time that anything could be told of.
        if let (Some(screen), true) = (screen, summary.balance.total() > 0) {
            screen.draw(end(summary), meter.sample())?;
        }
        rows.figures(meter, Some((end(summary), summary.balance.total())))
    }
}
