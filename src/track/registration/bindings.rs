//! The table of bindings: what the registrar has, as far as was seen.

use crate::{
    time::Timestamp,
    track::{
        Context, EventKind, Flags, Interests,
        registration::{
            binding::{Binding, BindingState, EndReason},
            contact::{Contact, Identity, Listing},
            exchange::{Exchange, ends},
            flaps::Flaps,
            rounds::Refused,
        },
        seen::Seen,
        table::{Key, Table},
        timeouts::SECOND,
        timer::TimerId,
    },
};

/// Bindings of one address of record at most; the one that was not refreshed for the longest time goes first. There is
/// never a reason for so many, and whoever registers more makes every other slow.
pub(super) const MAX_PER_AOR: usize = 1024;

/// All bindings there are.
#[derive(Default)]
pub(super) struct Bindings {
    pub(super) table: Table<Box<Binding>>,
    pub(super) flaps: Flaps,
}

/// The bindings of one address of record, in the order in which they appeared.
pub(super) struct Roster {
    pub(super) known: Vec<Known>,
    /// Where each is, by its Contact and by how the registrar lists it.
    index: Vec<(u64, u32)>,
    /// How many there are by now.
    pub(super) count: usize,
}

/// One of them.
pub(super) struct Known {
    pub(super) key: Key,
    pub(super) identity: Identity,
    /// Whether nobody but the registrar has told of it.
    is_learned: bool,
    /// Whether it has been dealt with.
    pub(super) is_settled: bool,
}

impl Roster {
    /// Takes in a binding that the message has brought.
    pub(super) fn add(&mut self, key: Key, binding: &Binding) {
        let position = self.known.len() as u32;
        for contact in binding.contact_hashes() {
            let place = self
                .index
                .partition_point(|entry| *entry < (contact, position));
            self.index.insert(place, (contact, position));
        }
        self.known.push(Known {
            key,
            identity: binding.identity,
            is_learned: binding.state == BindingState::Learned,
            is_settled: true,
        });
    }

    /// Returns whether a binding was learned from the registrar alone.
    pub(super) fn is_learned(&self, position: usize) -> bool {
        let known = self.known.get(position);
        known.is_some_and(|known| known.is_learned)
    }

    /// Returns the binding that is the same; of several the one that is it by its flow too.
    pub(super) fn find(&self, identity: &Identity) -> Option<usize> {
        let start = self
            .index
            .partition_point(|(contact, _)| *contact < identity.contact);
        let of_contact = self.index.get(start..).unwrap_or_default().iter();
        let mut found = None;
        for (_, position) in of_contact.take_while(|(contact, _)| *contact == identity.contact) {
            let position = *position as usize;
            let Some(known) = self.known.get(position) else {
                continue;
            };
            if known.identity.flow == identity.flow {
                return Some(position);
            }
            if found.is_none() && !known.identity.differs_in_flow(identity) {
                found = Some(position);
            }
        }
        found
    }
}

impl Bindings {
    /// Returns the bindings of an address of record.
    pub(super) fn of_aor(&self, hash: u64) -> Roster {
        let candidates = self.table.candidates(hash).take(MAX_PER_AOR);
        let mut bindings: Vec<(Key, &Box<Binding>)> = candidates.collect();
        bindings.sort_unstable_by_key(|(key, binding)| {
            (
                binding.registered().unwrap_or_else(|| binding.first_seen()),
                binding.frame(),
                key.slot,
            )
        });
        let mut index = Vec::with_capacity(bindings.len());
        for (position, (_, binding)) in bindings.iter().enumerate() {
            let contacts = binding.contact_hashes();
            index.extend(contacts.map(|contact| (contact, position as u32)));
        }
        index.sort_unstable();
        let known = bindings.iter().map(|(key, binding)| Known {
            key: *key,
            identity: binding.identity,
            is_learned: binding.state == BindingState::Learned,
            is_settled: false,
        });
        Roster {
            count: bindings.len(),
            known: known.collect(),
            index,
        }
    }

    /// Returns whether a REGISTER was answered before: that of the last refresh of a binding, which comes again. Not all count
    /// on when they send another one.
    pub(super) fn is_settled(&self, hash: u64, seen: &Seen<'_>) -> bool {
        const LIFETIME: i64 = 32 * SECOND;
        let [client, _] = ends(seen);
        let client = client.ip().to_canonical();
        self.table
            .candidates(hash)
            .take(MAX_PER_AOR)
            .any(|(_, binding)| {
                // At a further hop each message has another transaction.
                let is_further = binding.client().map(|before| before.ip()) != Some(client);
                binding.cseq() == Some(seen.cseq)
                    && binding.call_id() == seen.call_id
                    && (is_further || binding.transaction == seen.transaction as u32)
                    && seen.ts.since(binding.refreshed).saturating_abs() <= LIFETIME
            })
    }

    /// Takes a registration that failed: notes it at the bindings that it would have refreshed, and what would have become a
    /// binding at the exchange.
    pub(super) fn refuse(
        &mut self,
        exchange: &mut Exchange,
        refused: &Refused,
        context: &Context<'_>,
    ) {
        let roster = self.of_aor(exchange.aor_hash());
        let ignore_port = context.shared.options.contact_ignore_port;
        let hasher = &context.shared.hasher;
        let status = exchange.status();
        let failed = refused.asked.retain(|contact| {
            let known = roster.find(&contact.identity(ignore_port, hasher));
            match known.and_then(|position| roster.known.get(position)) {
                Some(known) => {
                    if let Some(binding) = self.table.get_mut(known.key) {
                        binding.fail(status);
                    }
                    false
                }
                None => refused.asked.expires_of(contact) != Some(0),
            }
        });
        exchange.failed = (!failed.is_empty()).then_some((refused.ts, failed));
    }

    /// Hands over what never became a binding.
    pub(super) fn hand_over_failed(exchange: &Exchange, context: &mut Context<'_>) {
        let Some((ts, listing)) = &exchange.failed else {
            return;
        };
        for contact in listing.contacts() {
            Self::fail(exchange, &contact, listing, *ts, context);
        }
    }

    /// Hands over one that was asked for and never came into being.
    pub(super) fn fail(
        exchange: &Exchange,
        contact: &Contact<'_>,
        asked: &Listing,
        ts: Timestamp,
        context: &mut Context<'_>,
    ) {
        let mut binding = Box::new(Binding::new(exchange, contact, Identity::default(), ts));
        binding.describe_contact(contact, asked.expires_of(contact));
        binding.describe(exchange);
        if exchange.failures() == 0 {
            binding.fail(exchange.status());
        }
        binding.state = BindingState::Failed;
        binding.end = ts.into();
        context.binding(binding);
    }

    /// Lets a deadline fire if it has come.
    pub(super) fn wake(&mut self, id: TimerId, at: Timestamp, context: &mut Context<'_>) {
        let key = Key {
            slot: id.slot,
            generation: id.generation,
        };
        let Some(binding) = self.table.get_mut(key) else {
            return;
        };
        if !binding.alarm.rings(at, id, &mut context.shared.timers) {
            return;
        }
        if context.shared.is_forced {
            binding.flags.insert(Flags::FORCED_END);
        }
        let kind = if binding.is_leaving() {
            let hash = binding.flap_hash();
            self.flaps.remove(hash, at);
            EventKind::RegDel
        } else {
            EventKind::RegExpired
        };
        // What the registrar lists and nobody refreshes here is refreshed elsewhere.
        if kind == EventKind::RegDel || binding.state != BindingState::Learned {
            context.event(Interests::REGISTRATION_EVENTS, || binding.event(kind, at));
        }
        self.close(key, EndReason::Expired, context);
    }

    /// Hands over a binding that is over.
    pub(super) fn close(&mut self, key: Key, reason: EndReason, context: &mut Context<'_>) {
        if let Some(mut binding) = self.table.remove(key) {
            binding.be_over(reason);
            context.binding(binding);
        }
    }

    /// Forgets a binding.
    pub(super) fn evict(&mut self, key: Key, context: &mut Context<'_>) {
        if let Some(mut binding) = self.table.remove(key) {
            binding.flags.insert(Flags::EVICTED);
            context.shared.stats.evicted += 1;
            context.binding(binding);
        }
    }

    /// Hands over all that are still there.
    pub(super) fn finish(&mut self, context: &mut Context<'_>) {
        for key in self.table.last_keys() {
            if let Some(mut binding) = self.table.remove(key) {
                let is_over = binding
                    .expires_at()
                    .is_some_and(|expires_at| expires_at < context.shared.now);
                if is_over || binding.is_leaving() {
                    binding.be_over(EndReason::Expired);
                }
                context.binding(binding);
            }
        }
    }

    /// Returns how much memory they take, in octets.
    pub(super) fn allocated(&self) -> usize {
        self.table.allocated() + self.flaps.allocated()
    }
}
