//! Where things are counted: at once, or beside the run while it goes on.

use std::io;

use sipcap::{
    pipeline::Beside,
    sip::Message,
    stats::{Bundle, Statistics},
    time::Timestamp,
    track::{Binding, Call, Event},
};

/// Statistics to which things are entered in the order in which they happen.
pub(crate) struct Ledger {
    /// Of nothing as long as things are counted beside the run.
    statistics: Statistics,
    beside: Option<Entries>,
}

/// Entries on their way to the thread that counts them.
struct Entries {
    bundle: Bundle,
    counting: Beside<Bundle, Statistics>,
}

impl Ledger {
    /// Returns one that counts at once.
    pub(super) const fn new(statistics: Statistics) -> Self {
        Self {
            statistics,
            beside: None,
        }
    }

    /// Returns one that counts in a thread of its own.
    pub(super) fn beside(mut self) -> io::Result<Self> {
        let plan = self.statistics.plan().clone();
        let names = self.statistics.inputs().to_vec();
        let statistics = std::mem::replace(&mut self.statistics, Statistics::new(plan, names));
        self.beside = Some(Entries {
            bundle: Bundle::default(),
            counting: Beside::new(statistics, Statistics::bundle)?,
        });
        Ok(self)
    }

    pub(super) fn message(&mut self, message: &Message<'_>, is_selected: bool) {
        match &mut self.beside {
            Some(entries) => entries.enter(|bundle| bundle.message(message, is_selected)),
            None => self.statistics.message(message, is_selected),
        }
    }

    /// Takes the message of that number as another capture point saw it, which counts for groups only. Those are not counted
    /// beside the run.
    pub(super) fn sighting(&mut self, message: &Message<'_>, of: u64) {
        if self.beside.is_none() {
            self.statistics.sighting(message, of);
        }
    }

    pub(super) fn call(&mut self, call: Box<Call>) {
        match &mut self.beside {
            Some(entries) => entries.enter(|bundle| bundle.call(call)),
            None => self.statistics.call(&call),
        }
    }

    pub(super) fn binding(&mut self, binding: Box<Binding>) {
        match &mut self.beside {
            Some(entries) => entries.enter(|bundle| bundle.binding(binding)),
            None => self.statistics.binding(&binding),
        }
    }

    pub(super) fn event(&mut self, event: &Event<'_>) {
        match &mut self.beside {
            Some(entries) => entries.enter(|bundle| bundle.event(event)),
            None => self.statistics.event(event),
        }
    }

    /// Counts what is left; `end` is when the last frame was captured.
    pub(super) fn finish(&mut self, end: Timestamp) {
        if let Some(mut entries) = self.beside.take() {
            entries.counting.give(entries.bundle);
            self.statistics = entries.counting.finish();
        }
        self.statistics.finish(end);
    }

    /// Returns what was counted, which is complete when it is finished.
    pub(super) const fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    pub(super) fn into_statistics(self) -> Statistics {
        self.statistics
    }
}

impl Entries {
    fn enter(&mut self, add: impl FnOnce(&mut Bundle)) {
        add(&mut self.bundle);
        if self.bundle.is_full() {
            let bundle = std::mem::take(&mut self.bundle);
            self.bundle = self.counting.give(bundle);
        }
    }
}
