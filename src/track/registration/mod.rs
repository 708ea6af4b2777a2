//! Registrations: what clients and registrars say to each other ([`exchange`]), and what the registrar has after that
//! ([`bindings`]).
//!
//! An exchange is known by its Call-ID and the address of record, and is forgotten soon after the last response. A
//! binding is an address of record and a Contact, or with outbound also an instance and a flow of it (RFC 5626), and
//! stays until it is removed or expires. What a 2xx does to bindings is in `accept`.
//!
//! Whoever sends what it likes cannot make much work: 64 Contacts count in a message, 1024 bindings of an address of
//! record, and 8 rounds of an exchange.

mod accept;
mod answer;
mod aor;
mod binding;
mod bindings;
mod contact;
mod exchange;
mod expiry;
mod flaps;
mod life;
mod rounds;
mod said;
#[cfg(test)]
mod tests;

use std::hash::BuildHasher;

pub use self::binding::{Binding, BindingState, EndReason};
use self::{aor::Aor, bindings::Bindings, exchange::Exchange, rounds::Verdict};
use crate::{
    sip::Method,
    time::Timestamp,
    track::{
        Context,
        seen::Seen,
        sighting::Sighting,
        table::{Key, Table},
        timer::{Owner, TimerId},
    },
};

/// All exchanges under way and all bindings there are.
#[derive(Default)]
pub(crate) struct Registrations {
    exchanges: Table<Exchange>,
    bindings: Bindings,
}

impl Registrations {
    /// Takes a message if it is of a registration; `is_marked` marks the bindings that it is of.
    pub(crate) fn take(
        &mut self,
        seen: &Seen<'_>,
        is_marked: bool,
        context: &mut Context<'_>,
    ) -> bool {
        if seen.method != Method::Register {
            return false;
        }
        context.shared.stats.register_messages += 1;
        if !context.follows_registrations() {
            return true;
        }
        let Some(key) = self.place(seen, context) else {
            return true;
        };
        let Some(exchange) = self.exchanges.get_mut(key) else {
            return true;
        };
        let verdict = match (exchange.sight(seen, is_marked), seen.is_response()) {
            (Sighting::Retransmission, _) => {
                exchange.again(seen, context);
                None
            }
            (Sighting::First, false) => exchange.request(seen, context),
            (Sighting::First, true) => exchange.response(seen, context),
        };
        self.bindings.judge(exchange, verdict, context);
        exchange.arm(key, context);
        self.exchanges.weigh(key);
        true
    }

    /// Returns the exchange that a message is of, a new one if need be; none when nothing can come of it.
    fn place(&mut self, seen: &Seen<'_>, context: &Context<'_>) -> Option<Key> {
        let hasher = &context.shared.hasher;
        let aor = Aor::of(seen.message.head.to.of(seen.message.bytes), hasher);
        let hash = hasher.hash_one((seen.call_id, aor.hash));
        let known = self
            .exchanges
            .candidates(hash)
            .find(|(_, exchange)| exchange.is_of(seen.call_id, aor.hash));
        if let Some((key, _)) = known {
            return Some(key);
        }
        if (1..200).contains(&seen.status) || self.bindings.is_settled(aor.hash, seen) {
            return None;
        }
        Some(
            self.exchanges
                .insert(Exchange::new(seen, &aor, hash, hasher)),
        )
    }

    /// Lets a deadline fire if it has come.
    pub(crate) fn wake(&mut self, id: TimerId, at: Timestamp, context: &mut Context<'_>) {
        if id.owner == Owner::Binding {
            return self.bindings.wake(id, at, context);
        }
        let key = Key {
            slot: id.slot,
            generation: id.generation,
        };
        let Some(exchange) = self.exchanges.get_mut(key) else {
            return;
        };
        if !exchange.alarm.rings(at, id, &mut context.shared.timers) {
            return;
        }
        match exchange.expire(at, context) {
            Some(verdict) => {
                self.bindings.judge(exchange, verdict, context);
                exchange.arm(key, context);
                self.exchanges.weigh(key);
            }
            None => self.close(key, context),
        }
    }

    /// Returns how many bindings, or exchanges if these are more, there are.
    pub(crate) fn len(&self) -> usize {
        self.bindings.table.len().max(self.exchanges.len())
    }

    /// Returns how many exchanges and bindings are open.
    pub(crate) fn open(&self) -> usize {
        self.exchanges.len() + self.bindings.table.len()
    }

    /// Returns whether what has set a deadline is still open, and is to be woken at `at`.
    pub(crate) fn awaits(&self, timer: TimerId, at: Timestamp) -> bool {
        match timer.owner {
            Owner::Binding => self.bindings.table.awaits(timer, at),
            _ => self.exchanges.awaits(timer, at),
        }
    }

    /// Returns how much memory all take, in octets.
    pub(crate) fn allocated(&self) -> usize {
        self.exchanges.allocated() + self.bindings.allocated()
    }

    /// Returns when that was last heard of which would be forgotten first.
    pub(crate) fn oldest(&mut self) -> Option<Timestamp> {
        let oldest = if self.has_more_exchanges() {
            self.exchanges.oldest()
        } else {
            self.bindings.table.oldest()
        };
        oldest.map(|(last_seen, _)| last_seen)
    }

    /// Forgets what was not heard of for the longest time: a binding, or an exchange if these are more.
    pub(crate) fn evict(&mut self, context: &mut Context<'_>) {
        if self.has_more_exchanges() {
            if let Some((_, key)) = self.exchanges.oldest() {
                context.shared.stats.evicted += 1;
                self.settle(key, context.shared.now, context);
                self.close(key, context);
            }
        } else if let Some((_, key)) = self.bindings.table.oldest() {
            self.bindings.evict(key, context);
        }
    }

    fn has_more_exchanges(&self) -> bool {
        self.exchanges.len() > self.bindings.table.len()
    }

    /// Hands over all that is still open.
    pub(crate) fn finish(&mut self, context: &mut Context<'_>) {
        // Deadlines of the last moment have fired; they come before the moment after it.
        let end = context.shared.now.plus(-1);
        for key in self.exchanges.last_keys() {
            self.settle(key, end, context);
            self.close(key, context);
        }
        self.bindings.finish(context);
    }

    /// Lets what an exchange still waits with be true.
    fn settle(&mut self, key: Key, end: Timestamp, context: &mut Context<'_>) {
        if let Some(exchange) = self.exchanges.get_mut(key) {
            let verdict = exchange.finish(end);
            self.bindings.judge(exchange, verdict, context);
        }
    }

    fn close(&mut self, key: Key, context: &mut Context<'_>) {
        if let Some(exchange) = self.exchanges.remove(key) {
            Bindings::hand_over_failed(&exchange, context);
        }
    }
}

impl Bindings {
    /// Takes what came out of a round.
    fn judge(
        &mut self,
        exchange: &mut Exchange,
        verdict: Option<Verdict>,
        context: &mut Context<'_>,
    ) {
        match verdict {
            Some(Verdict::Accepted(accepted)) => {
                self.accept(exchange, &accepted, context);
                exchange.settle();
            }
            Some(Verdict::Refused(refused)) => self.refuse(exchange, &refused, context),
            None => {}
        }
    }
}

impl Exchange {
    /// Sets the deadline.
    fn arm(&mut self, key: Key, context: &mut Context<'_>) {
        let shared = &mut context.shared;
        let deadline = self.deadline(&shared.options.timeouts);
        let id = TimerId {
            owner: Owner::Registration,
            slot: key.slot,
            generation: key.generation,
        };
        self.alarm.set(deadline, id, &mut shared.timers);
    }
}
