//! Which entry holds which binding, and what becomes of bindings.
//!
//! A binding is an address of record with a Contact. It is held by one entry at a time: the one of the REGISTER that came
//! last, whatever its Call-ID. An entry holds one binding at most.

use std::hash::BuildHasher;

use hashbrown::HashTable;

use crate::{
    time::Timestamp,
    track::{
        Context, EventKind,
        calltr::{
            Calltr,
            entry::Text,
            events::Telling,
            registrations::{self, Verdict},
            state::State,
        },
        seen::Seen,
        table::Key,
    },
};

/// Bindings of one address of record that are found again. Nobody has more devices, and whoever invents more does not
/// make everything slow.
const MAX_PER_AOR: usize = 256;

/// The entries that hold bindings, by the hash of the address of record.
#[derive(Default)]
pub(super) struct Bindings {
    index: HashTable<(u64, Key)>,
}

impl Bindings {
    fn of_aor(&self, hash: u64) -> impl Iterator<Item = Key> {
        self.index
            .iter_hash(hash)
            .filter(move |(other, _)| *other == hash)
            .map(|(_, key)| *key)
    }

    fn insert(&mut self, hash: u64, key: Key) {
        self.index
            .insert_unique(hash, (hash, key), |(hash, _)| *hash);
    }

    /// Forgets that an entry holds a binding.
    pub(super) fn remove(&mut self, hash: u64, key: Key) {
        if let Ok(found) = self.index.find_entry(hash, |(_, other)| *other == key) {
            found.remove();
        }
    }

    /// Returns how much memory it takes, in octets.
    pub(super) fn allocated(&self) -> usize {
        self.index.allocation_size()
    }
}

impl Calltr {
    /// Takes a 2xx to REGISTER. The entry is in its final state; how long it stays there is decided here.
    pub(super) fn registered(&mut self, key: Key, seen: &Seen<'_>, context: &mut Context<'_>) {
        let Some(entry) = self.entries.get(key) else {
            return;
        };
        let options = &context.shared.options;
        let delay = options.reg_del_delay.max(0);
        let linger = options.timeouts.get(State::NonInvFin);
        match registrations::verdict(seen, entry.requested_contact(), options) {
            Verdict::Fetched => self.put_off(key, seen.ts.plus(linger), context),
            Verdict::Bound { expires, lifetime } => {
                self.set_deadline(key, seen.ts.plus(lifetime), context);
                self.bound(key, expires, seen, context);
            }
            Verdict::Removed => {
                self.set_deadline(key, seen.ts.plus(linger).plus(delay), context);
                self.release_equal(key, seen.ts, context);
                self.removed(key, delay > 0, seen, context);
            }
            Verdict::AllRemoved => {
                self.set_deadline(key, seen.ts.plus(linger).plus(delay), context);
                self.release_all(key, seen.ts.plus(linger).plus(delay), context);
                self.removed(key, delay > 0, seen, context);
            }
        }
    }

    /// Lets an entry hold the binding that was registered. It is new if nobody held it.
    fn bound(&mut self, key: Key, expires: u32, seen: &Seen<'_>, context: &mut Context<'_>) {
        let holder = self.holder(key, context);
        if holder != Some(key) {
            self.give_up_binding(key, seen, context);
            if let Some(holder) = holder {
                self.release(holder, seen.ts, context);
            }
            self.hold(key, context);
        }
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        // Registered again in time: neither the removal nor the return is told.
        entry.is_removal_pending = false;
        if holder.is_some() {
            entry.told.insert(EventKind::RegNew);
            entry.told.remove(EventKind::RegDel);
            return;
        }
        self.tell(key, Telling::bound(seen, expires), context);
        if let Some(entry) = self.entries.get_mut(key) {
            entry.told.remove(EventKind::RegDel);
        }
    }

    /// Ends the binding of an entry, now or when its deadline comes.
    fn removed(
        &mut self,
        key: Key,
        is_held_back: bool,
        seen: &Seen<'_>,
        context: &mut Context<'_>,
    ) {
        if is_held_back {
            // It is kept, so that it is known when it is registered again.
            let is_bound = self.entries.get(key).is_some_and(|e| e.bound.is_some());
            if !is_bound {
                self.hold(key, context);
            }
            if let Some(entry) = self.entries.get_mut(key) {
                entry.is_removal_pending = true;
            }
            return;
        }
        self.tell(key, Telling::by(seen, EventKind::RegDel), context);
        self.forget_binding(key);
        if let Some(entry) = self.entries.get_mut(key) {
            entry.told.remove(EventKind::RegNew);
        }
    }

    /// Returns the entry that holds the binding of the Contact that an entry last asked for.
    fn holder(&self, key: Key, context: &Context<'_>) -> Option<Key> {
        let entry = self.entries.get(key)?;
        let (aor, contact) = (entry.text(Text::Aor), entry.text(Text::Contact));
        let ignore_port = context.shared.options.contact_ignore_port;
        let hash = context.shared.hasher.hash_one(aor);
        let holds = |holder: &Key| {
            self.entries.get(*holder).is_some_and(|holder| {
                holder.text(Text::Aor) == aor
                    && registrations::is_same(holder.text(Text::Bound), contact, ignore_port)
            })
        };
        // The same one whatever the order in which they are found, should there be several.
        self.bindings.of_aor(hash).filter(holds).max()
    }

    /// Lets an entry hold the binding of the Contact that it last asked for.
    fn hold(&mut self, key: Key, context: &Context<'_>) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        let contact = entry.text(Text::Contact).to_vec();
        let hash = context.shared.hasher.hash_one(entry.text(Text::Aor));
        entry.texts.set(Text::Bound, &contact);
        if self.bindings.of_aor(hash).count() < MAX_PER_AOR {
            entry.bound = Some(hash);
            self.bindings.insert(hash, key);
        }
    }

    /// Forgets which binding an entry holds.
    pub(super) fn forget_binding(&mut self, key: Key) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.texts.set(Text::Bound, b"");
            if let Some(hash) = entry.bound.take() {
                self.bindings.remove(hash, key);
            }
        }
    }

    /// Forgets the binding of an entry that holds another one from now on; what was held back of it is told.
    fn give_up_binding(&mut self, key: Key, seen: &Seen<'_>, context: &mut Context<'_>) {
        if self
            .entries
            .get(key)
            .is_some_and(|entry| entry.is_removal_pending)
        {
            self.removed(key, false, seen, context);
        }
        self.forget_binding(key);
    }

    /// Takes the binding away from its holder, which ends soon and tells nothing.
    fn release(&mut self, holder: Key, ts: Timestamp, context: &mut Context<'_>) {
        self.forget_binding(holder);
        if let Some(entry) = self.entries.get_mut(holder) {
            entry.is_removal_pending = false;
            entry.told.remove(EventKind::RegNew);
        }
        let linger = context.shared.options.timeouts.get(State::NonInvFin);
        self.set_deadline(holder, ts.plus(linger), context);
    }

    /// Takes the binding that is removed away from whoever else holds it.
    fn release_equal(&mut self, key: Key, ts: Timestamp, context: &mut Context<'_>) {
        if let Some(holder) = self.holder(key, context).filter(|holder| *holder != key) {
            self.release(holder, ts, context);
        }
    }

    /// Lets all other bindings of the address of record end at `deadline`. Those of the same Call-ID end with this one.
    fn release_all(&mut self, key: Key, deadline: Timestamp, context: &mut Context<'_>) {
        let Some(entry) = self.entries.get(key) else {
            return;
        };
        let hash = context.shared.hasher.hash_one(entry.text(Text::Aor));
        let is_other = |other: &Key| {
            *other != key
                && self
                    .entries
                    .get(*other)
                    .is_some_and(|other| other.text(Text::Aor) == entry.text(Text::Aor))
        };
        let others: Vec<(Key, bool)> = self
            .bindings
            .of_aor(hash)
            .filter(is_other)
            .map(|other| {
                let other_entry = self.entries.get(other);
                let call_id = entry.text(Text::CallId);
                (other, other_entry.is_some_and(|e| e.has_call_id(call_id)))
            })
            .collect();
        for (other, is_same_call_id) in others {
            if is_same_call_id {
                self.forget_binding(other);
            }
            if let Some(entry) = self.entries.get_mut(other) {
                entry.is_removal_pending = !is_same_call_id;
                entry.told.remove(EventKind::RegNew);
            }
            self.set_deadline(other, deadline, context);
        }
    }
}
