//! The tables of what is open, each for one kind of thing.

use crate::{
    time::Timestamp,
    track::{
        Context, Seen,
        call::Calls,
        context::Shared,
        exchange::Exchanges,
        registration::Registrations,
        subscription::Subscriptions,
        timer::{Owner, TimerId, Timers},
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
    /// Returns how many calls and how many bindings there are.
    pub(crate) fn open(&self) -> (usize, usize) {
        (self.calls.len(), self.registrations.len())
    }

    /// Offers a message to one table after the other; returns whether one took it.
    pub(crate) fn take(
        &mut self,
        seen: &Seen<'_>,
        is_marked: bool,
        context: &mut Context<'_>,
    ) -> bool {
        let is_taken = self.registrations.take(seen, is_marked, context)
            || self.take_call(seen, is_marked, context)
            || self.take_exchange(seen, is_marked, context);
        self.limit(context);
        is_taken
    }

    /// Takes note that the calls of a Call-ID belong to that of another one.
    pub(crate) fn relate(&mut self, call_id: &[u8], other: &[u8], shared: &Shared) {
        self.calls.relate(call_id, other, shared);
    }

    fn take_call(&mut self, seen: &Seen<'_>, is_marked: bool, context: &mut Context<'_>) -> bool {
        if context.follows_calls() {
            return self.calls.take(seen, is_marked, context);
        }
        // Whether it is of a call is not known without those before it.
        let is_skipped = !context.follows_exchanges();
        context.shared.stats.skipped += u64::from(is_skipped);
        is_skipped
    }

    fn take_exchange(
        &mut self,
        seen: &Seen<'_>,
        is_marked: bool,
        context: &mut Context<'_>,
    ) -> bool {
        let exchanges = &mut self.exchanges;
        if context.follows_exchanges() {
            return self.subscriptions.take(seen, is_marked, exchanges, context)
                || exchanges.take(seen, is_marked, context);
        }
        context.shared.stats.skipped += 1;
        true
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
        // No deadline fires any more; what follows needs the memory.
        context.shared.timers = Timers::default();
        self.calls.finish(context);
        self.registrations.finish(context);
        self.exchanges.finish(context);
    }

    /// Forgets what is idle for the longest time as long as there is too much.
    fn limit(&mut self, context: &mut Context<'_>) {
        self.drop_timers(context);
        while let Some(owner) = self.excess(context) {
            match owner {
                Owner::Registration | Owner::Binding => self.registrations.evict(context),
                Owner::Subscription => self.subscriptions.evict(context),
                Owner::Exchange => self.exchanges.evict(context),
                Owner::Call | Owner::Compatible => self.calls.evict(context),
            }
        }
    }

    /// Drops the deadlines of what was forgotten or has ended early, when there are many.
    fn drop_timers(&self, context: &mut Context<'_>) {
        let open = self.calls.len()
            + self.registrations.open()
            + self.subscriptions.len()
            + self.exchanges.len();
        if context.shared.timers.are_many(open) {
            context.shared.timers.retain(|at, id| match id.owner {
                Owner::Call => self.calls.awaits(id, at),
                Owner::Registration | Owner::Binding => self.registrations.awaits(id, at),
                Owner::Subscription => self.subscriptions.awaits(id, at),
                Owner::Exchange => self.exchanges.awaits(id, at),
                Owner::Compatible => false,
            });
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

#[cfg(test)]
mod tests {
    use crate::track::{TrackStats, script::run};

    #[test]
    fn each_message_is_counted_once() {
        let script = "
            0.000 A>B INVITE id=1
            0.010 B>A 486:INVITE id=1 to=t
            0.020 A>B ACK id=1 to=t
            0.030 A>B REGISTER id=2
            0.040 B>A 200:REGISTER id=2 to=t
            0.050 A>B SUBSCRIBE id=3 | Event: dialog | Expires: 60
            0.060 B>A 200:SUBSCRIBE id=3 to=t | Expires: 60
            0.070 B>A NOTIFY id=3 n=7 from=t to=f | Event: dialog | Subscription-State: active
            0.080 A>B 200:NOTIFY id=3 n=7 from=t to=f
            0.090 B>A NOTIFY id=4 | Event: message-summary
            0.100 A>B 200:NOTIFY id=4 to=t
            0.110 A>B REFER id=5 | Refer-To: sip:c@example.com
            0.120 B>A 202:REFER id=5 to=t
            0.130 B>A NOTIFY id=5 n=7 from=t to=f | Event: refer | Subscription-State: active
            0.140 A>B 481:NOTIFY id=5 n=7 from=t to=f
            0.150 B>A 481:INFO id=6 to=t
            0.160 A>B PRACK id=7
            0.170 B>A 200:UPDATE id=8 to=t
            0.180 A>B PING id=9
            0.190 A>B PING id=9
            0.200 B>A 200:OPTIONS id=10 n=x to=t
            0.210 A>B CANCEL id=11
            0.220 B>A 501:PING id=9 to=t";
        let found = run(script, 1).stats;
        let expected = TrackStats {
            call_messages: 5,
            register_messages: 2,
            subscription_messages: 6,
            exchange_messages: 9,
            unusable: 1,
            stray: 0,
            ..found
        };
        assert_eq!(found, expected);
        assert_eq!(found.messages(), 23);
    }
}
