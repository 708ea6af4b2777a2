//! The first of two passes over a part: what may go over its borders.

use std::ops::ControlFlow;

use sipcap::{
    error::Result,
    pipeline::{Sink, Summary},
    sip::{Identity, Message},
    stats::{Border, BorderFinder},
    track::{Call, Interests, Observer, TrackOptions},
};

use crate::track::{Follower, Tracked};

/// Follows calls to find out which are not over.
pub(super) struct Finding {
    tracked: Tracked<Over>,
    finder: BorderFinder,
}

/// The numbers of calls that are over.
#[derive(Default)]
struct Over(Vec<u64>);

impl Observer for Over {
    fn interests(&self) -> Interests {
        Interests::CALLS
    }

    fn call(&mut self, call: Box<Call>) -> Result<()> {
        self.0.push(call.number());
        Ok(())
    }
}

impl Follower for Over {}

impl Finding {
    pub(super) fn new(options: TrackOptions) -> Self {
        Self {
            finder: BorderFinder::new(&options),
            tracked: Tracked::new(options, Over::default()),
        }
    }

    /// Returns what was found.
    pub(super) fn finish(self) -> Border {
        self.finder.finish()
    }
}

impl Sink for Finding {
    fn takes_identities(&self) -> bool {
        true
    }

    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        let taken = self.tracked.take(message)?;
        let identity = message.identity.copied();
        let find = || Identity::of(message.head, message.bytes, &message.flow);
        if let Some(identity) = identity.or_else(find) {
            self.finder.message(message, &identity, taken.call);
        }
        for call in self.tracked.observer.0.drain(..) {
            self.finder.over(call);
        }
        Ok(ControlFlow::Continue(()))
    }

    /// What is left at the end is not over.
    fn finish(&mut self, _: &Summary) -> Result<()> {
        Ok(())
    }
}
