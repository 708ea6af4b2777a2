//! From messages to figures.

use std::ops::ControlFlow;

use sipcap::{
    error::Result,
    filter::Selection,
    pipeline::{Sighting, Sink, Summary},
    report::CaptureQuality,
    sip::{Identity, Message},
    stats::Statistics,
    time::Timestamp,
    track::{Binding, Call, Event, Interests, Observer},
};

use crate::{
    choose::Choice,
    cmd::stats::StatsArgs,
    track::{Follower, Tracked},
};

/// What is selected, and what it adds up to.
pub(crate) struct Counting {
    selection: Selection,
    choice: Choice,
    pub(crate) statistics: Statistics,
}

impl Observer for Counting {
    fn interests(&self) -> Interests {
        let registrations = Interests::BINDINGS.or(Interests::REGISTRATION_EVENTS);
        Interests::CALLS.or(registrations)
    }

    fn call(&mut self, call: Box<Call>) -> Result<()> {
        if self.choice.takes(&call) {
            self.statistics.call(&call);
        }
        Ok(())
    }

    fn binding(&mut self, binding: Box<Binding>) -> Result<()> {
        if self.selection.matches_binding(&binding) {
            self.statistics.binding(&binding);
        }
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        if self.selection.matches_event(event) {
            self.statistics.event(event);
        }
        Ok(())
    }
}

impl Follower for Counting {
    fn marks(&self, message: &Message<'_>) -> bool {
        self.choice.marks(message)
    }
}

/// Messages are counted as they are, and followed.
pub(crate) struct Counted {
    pub(crate) tracked: Tracked<Counting>,
    /// Since and until when.
    window: [Option<Timestamp>; 2],
}

impl Counted {
    /// Returns one that counts what the options say; `names` are those of the inputs.
    pub(crate) fn new(args: &StatsArgs, names: Vec<String>) -> anyhow::Result<Self> {
        let choose = &args.choose;
        let choice = choose.choice(&args.select, &args.conditions, names.clone())?;
        let plan = args.figures.plan(!choice.is_of_any_message());
        Self::adding(args, choice, Statistics::new(plan, names))
    }

    /// Returns one that goes on with `statistics`.
    pub(crate) fn going_on(args: &StatsArgs, statistics: Statistics) -> anyhow::Result<Self> {
        let choose = &args.choose;
        let names = statistics.inputs().to_vec();
        let choice = choose.choice(&args.select, &args.conditions, names)?;
        Self::adding(args, choice, statistics)
    }

    fn adding(args: &StatsArgs, choice: Choice, statistics: Statistics) -> anyhow::Result<Self> {
        let counting = Counting {
            selection: args.select.selection(),
            choice,
            statistics,
        };
        let tracked = Tracked::new(args.track.options()?, counting);
        Ok(Self {
            tracked: tracked.until(args.input.until),
            window: args.input.window(),
        })
    }

    /// Returns what was counted.
    pub(crate) fn into_statistics(self) -> Statistics {
        self.tracked.observer.statistics
    }

    /// Counts what is left: nothing happened after `end`, and the last frame was captured at `last`.
    pub(crate) fn finish_at(&mut self, end: Timestamp, last: Timestamp) -> Result<()> {
        self.tracked.finish_at(end)?;
        self.tracked.observer.statistics.finish(last);
        Ok(())
    }
}

impl Sink for Counted {
    fn takes_identities(&self) -> bool {
        true
    }

    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        // Both need it.
        let identity = message.identity.copied();
        let find = || Identity::of(message.head, message.bytes, &message.flow);
        let identity = identity.or_else(find);
        let message = &Message {
            identity: identity.as_ref(),
            ..*message
        };
        let counting = &mut self.tracked.observer;
        if counting.choice.is_of_any_message() {
            let is_selected = counting.selection.matches(message);
            counting.statistics.message(message, is_selected);
        }
        self.tracked.message(message)
    }

    fn sighting(&mut self, sighting: &Sighting<'_>) -> Result<()> {
        let counting = &mut self.tracked.observer;
        counting.statistics.sighting(&sighting.message, sighting.of);
        Ok(())
    }

    fn finish(&mut self, summary: &Summary) -> Result<()> {
        self.tracked.finish(summary)?;
        let end = CaptureQuality::new(summary, self.window).span().1;
        self.tracked.observer.statistics.finish(end);
        Ok(())
    }
}
