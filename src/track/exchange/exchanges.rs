//! The table of exchanges: which one a message belongs to.

use hashbrown::HashMap;

use crate::{
    sip::Method,
    time::Timestamp,
    track::{
        Context, Flags,
        auth::Credentials,
        exchange::{Asked, Exchange, Keys, Role, progress::Progress},
        seen::Seen,
        table::{Key, Table},
        texts::kept,
        timer::{Owner, TimerId},
    },
};

/// All exchanges of which something may still come.
#[derive(Default)]
pub(crate) struct Exchanges {
    table: Table<Exchange>,
    /// The last one of each group whose challenge was not taken up yet.
    challenged: HashMap<u64, Key>,
}

/// What a message means, and to which exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) key: Key,
    pub(crate) progress: Progress,
}

impl Exchanges {
    /// Takes a message that is not of a call, a registration or a subscription.
    pub(crate) fn take(
        &mut self,
        seen: &Seen<'_>,
        is_marked: bool,
        context: &mut Context<'_>,
    ) -> bool {
        use Method::{Ack, Bye, Cancel, Invite, Register};
        if matches!(seen.method, Ack | Bye | Cancel | Invite | Register) {
            return false;
        }
        context.shared.stats.exchange_messages += 1;
        self.step(seen, Role::Alone, Asked::default(), is_marked, context);
        true
    }

    /// Lets a message do what it does to its exchange; `role` and `asked` are those of one that it begins.
    pub(crate) fn step(
        &mut self,
        seen: &Seen<'_>,
        role: Role,
        asked: Asked,
        is_marked: bool,
        context: &mut Context<'_>,
    ) -> Step {
        let keys = Keys::of(seen, &context.shared.hasher);
        let credentials = Credentials::of(seen, &context.shared.hasher);
        let known = self.find(seen, keys);
        let used_again = known.filter(|key| {
            let exchange = self.table.get(*key);
            exchange
                .is_some_and(|exchange| exchange.is_used_again_by(seen, credentials.are_given()))
        });
        let key = match known {
            Some(key) if used_again.is_none() => key,
            _ => {
                self.take_up(seen, keys, credentials, context);
                if let Some(old) = used_again {
                    self.close(old, context);
                }
                context.shared.stats.exchanges += 1;
                let exchange = Exchange::new(seen, role, asked, keys, credentials);
                self.table.insert(exchange)
            }
        };
        let mut progress = Progress::Nothing;
        if let Some(exchange) = self.table.get_mut(key) {
            exchange.is_marked |= is_marked;
            if exchange.request().is_none() && !seen.is_response() {
                // Only a response was seen before.
                (exchange.role, exchange.asked, exchange.credentials) = (role, asked, credentials);
            }
            progress = exchange.message(seen, context);
            exchange.arm(key, context);
            if progress == Progress::Settled && exchange.is_challenged() {
                self.challenged.insert(keys.group, key);
            }
        }
        self.table.weigh(key);
        Step { key, progress }
    }

    /// Returns the exchange of a key that came with a step.
    pub(crate) fn get(&self, key: Key) -> Option<&Exchange> {
        self.table.get(key)
    }

    /// Returns what the exchange is for that a message is of, if it is known.
    pub(crate) fn role_of(&self, seen: &Seen<'_>, context: &Context<'_>) -> Option<Role> {
        let keys = Keys::of(seen, &context.shared.hasher);
        let key = self.find(seen, keys)?;
        self.table.get(key).map(|exchange| exchange.role)
    }

    fn find(&self, seen: &Seen<'_>, keys: Keys) -> Option<Key> {
        self.table
            .candidates(keys.exchange)
            .find(|(_, exchange)| {
                exchange.cseq == seen.cseq && exchange.call_id() == kept(seen.call_id)
            })
            .map(|(key, _)| key)
    }

    /// Takes note that a challenge was taken up if a message begins the exchange that does so.
    fn take_up(
        &mut self,
        seen: &Seen<'_>,
        keys: Keys,
        credentials: Credentials,
        context: &mut Context<'_>,
    ) {
        // The response to a retry that was missed does as well.
        let is_accepted = seen.is_response() && !matches!(seen.status, 401 | 407);
        if !credentials.are_given() && !is_accepted {
            return;
        }
        let Some(key) = self.challenged.get(&keys.group).copied() else {
            return;
        };
        if let Some(exchange) = self.table.get_mut(key)
            && exchange.cseq <= seen.cseq
        {
            exchange.take_up();
            exchange.arm(key, context);
            self.challenged.remove(&keys.group);
        }
    }

    /// Lets a deadline fire if it has come.
    pub(crate) fn wake(&mut self, id: TimerId, at: Timestamp, context: &mut Context<'_>) {
        let key = Key {
            slot: id.slot,
            generation: id.generation,
        };
        let Some(exchange) = self.table.get_mut(key) else {
            return;
        };
        if !exchange.alarm.rings(at, id, &mut context.shared.timers) {
            return;
        }
        if context.shared.is_forced {
            exchange.flags.insert(Flags::FORCED_END);
        }
        if exchange.expire(at, context) {
            self.close(key, context);
        } else {
            exchange.arm(key, context);
        }
    }

    /// Returns whether what has set a deadline is still open, and is to be woken at `at`.
    pub(crate) fn awaits(&self, timer: TimerId, at: Timestamp) -> bool {
        self.table.awaits(timer, at)
    }

    /// Returns how many exchanges there are.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Returns how much memory they take, in octets.
    pub(crate) fn allocated(&self) -> usize {
        self.table.allocated() + self.challenged.allocation_size()
    }

    /// Returns when the exchange was last heard of that is idle for the longest time.
    pub(crate) fn oldest(&mut self) -> Option<Timestamp> {
        self.table.oldest().map(|(last_seen, _)| last_seen)
    }

    /// Forgets the exchange that is idle for the longest time.
    pub(crate) fn evict(&mut self, context: &mut Context<'_>) {
        if let Some((_, key)) = self.table.oldest() {
            if let Some(exchange) = self.table.get_mut(key) {
                exchange.flags.insert(Flags::EVICTED);
            }
            context.shared.stats.evicted += 1;
            self.close(key, context);
        }
    }

    /// Hands over all that is left.
    pub(crate) fn finish(&mut self, context: &mut Context<'_>) {
        for key in self.table.last_keys() {
            self.close(key, context);
        }
    }

    fn close(&mut self, key: Key, context: &mut Context<'_>) {
        if let Some(exchange) = self.table.remove(key) {
            if self.challenged.get(&exchange.group) == Some(&key) {
                self.challenged.remove(&exchange.group);
            }
            context.exchange(&exchange);
        }
    }
}

impl Exchange {
    /// Sets the deadline of its state.
    fn arm(&mut self, key: Key, context: &mut Context<'_>) {
        let shared = &mut context.shared;
        let deadline = self.deadline(&shared.options.timeouts);
        let id = TimerId {
            owner: Owner::Exchange,
            slot: key.slot,
            generation: key.generation,
        };
        self.alarm.set(deadline, id, &mut shared.timers);
    }
}
