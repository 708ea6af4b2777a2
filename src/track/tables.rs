//! The tables of what is open, each for one kind of thing.

use crate::{
    time::Timestamp,
    track::{
        Context, Seen,
        call::Calls,
        exchange::Exchanges,
        registration::Registrations,
        subscription::Subscriptions,
        timer::{Owner, TimerId},
    },
};

/// All tables. A new kind of thing to follow is one more of them.
#[derive(Default)]
pub(crate) struct Tables {
    registrations: Registrations,
    calls: Calls,
    subscriptions: Subscriptions,
    exchanges: Exchanges,
}

impl Tables {
    /// Offers a message to one table after the other; returns whether one took it.
    pub(crate) fn take(
        &mut self,
        seen: &Seen<'_>,
        is_marked: bool,
        context: &mut Context<'_>,
    ) -> bool {
        let exchanges = &mut self.exchanges;
        let is_taken = self.registrations.take(seen, is_marked, context)
            || self.calls.take(seen, is_marked, context)
            || self.subscriptions.take(seen, is_marked, exchanges, context)
            || exchanges.take(seen, is_marked, context);
        self.limit(context);
        is_taken
    }

    /// Lets a deadline fire.
    pub(crate) fn wake(&mut self, id: TimerId, at: Timestamp, context: &mut Context<'_>) {
        match id.owner {
            Owner::Call => self.calls.wake(id, at, context),
            Owner::Registration | Owner::Binding => self.registrations.wake(id, at, context),
            Owner::Subscription => self.subscriptions.wake(id, at, context),
            Owner::Exchange => self.exchanges.wake(id, at, context),
            Owner::Compatible => {}
        }
    }

    /// Hands over all that is still open.
    pub(crate) fn finish(&mut self, context: &mut Context<'_>) {
        self.calls.finish(context);
        self.registrations.finish(context);
        self.exchanges.finish(context);
    }

    /// Forgets what is idle for the longest time as long as there is too much.
    fn limit(&mut self, context: &mut Context<'_>) {
        while let Some(owner) = self.excess(context) {
            match owner {
                Owner::Registration | Owner::Binding => self.registrations.evict(context),
                Owner::Subscription => self.subscriptions.evict(context),
                Owner::Exchange => self.exchanges.evict(context),
                Owner::Call | Owner::Compatible => self.calls.evict(context),
            }
        }
    }

    /// Returns the table that has to forget something: one that has too many, or, if all take too much memory together,
    /// the one with what is idle for the longest time.
    fn excess(&mut self, context: &Context<'_>) -> Option<Owner> {
        let options = &context.shared.options;
        let tables = [
            (Owner::Call, self.calls.len(), options.max_calls),
            (
                Owner::Binding,
                self.registrations.len(),
                options.max_bindings,
            ),
            (
                Owner::Subscription,
                self.subscriptions.len(),
                options.max_calls,
            ),
            (Owner::Exchange, self.exchanges.len(), options.max_calls),
        ];
        if let Some((owner, ..)) = tables.into_iter().find(|(_, len, max)| len > max) {
            return Some(owner);
        }
        let allocated = self.calls.allocated()
            + self.registrations.allocated()
            + self.subscriptions.allocated()
            + self.exchanges.allocated();
        if allocated <= options.max_memory {
            return None;
        }
        let oldest = [
            (self.calls.oldest(), Owner::Call),
            (self.registrations.oldest(), Owner::Binding),
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
}
