//! The events of calltr, the tracker of sipcallmon, as its published behaviour has them.
//!
//! This is a second engine beside that of the other tables, for those who go over from there and compare: the same
//! capture gives the same events, the odd ones too. The two cannot be one. Ours tells of a failure at the message that
//! decides it, knows transactions by their branches, and follows a leg with all its branches as one call. This one follows
//! each pair of tags by itself, goes by CSeq alone and tells of most failures only when an entry is given up: a busy call
//! is a call-attempt 30 seconds after its ACK.
//!
//! Each table of that behaviour is a file here, and each row of it an arm of a `match`:
//!
//! | file | table |
//! |---|---|
//! | `matching` | which entry a message is of, and when it is a fork |
//! | `sequence` | what is a retransmission |
//! | `requests`, `responses` | which state follows, what is told, and whether the deadline is set or put off |
//! | `expiry` | what is told when an entry is given up |
//! | `registrations`, `bindings` | what a 2xx to REGISTER says, and who holds which binding |
//! | `events` | what is told only once, and statuses that nobody sent |
//!
//! There are two differences. Time is packet time and not a clock's, so deadlines fire at their very times. And texts
//! are not cut at a length that saves memory.
//!
//! Where the published behaviour leaves something open, the choice is this. A fork of a REGISTER has seen the request that its
//! parent has seen. An entry that has lost its binding to another one ends after the time-out of its state. A binding that
//! comes back after reg-del is new again. Of several entries that fit alike the one that was made last is taken.

mod bindings;
mod entry;
mod events;
mod expiry;
mod matching;
mod registrations;
mod requests;
mod responses;
mod sequence;
mod state;

use self::{
    bindings::Bindings,
    entry::CallEntry,
    events::Telling,
    matching::Direction,
    state::{State, Timer, Transition},
};
use crate::{
    sip::Method,
    time::Timestamp,
    track::{
        Context, EventKind,
        seen::Seen,
        table::{Key, Table},
        timer::{Owner, TimerId},
    },
};

/// Octets of Call-ID and both tags together; a message that has more is not tracked.
const MAX_KEY: usize = 384;

/// All entries, and who holds which binding.
#[derive(Default)]
pub(crate) struct Calltr {
    entries: Table<CallEntry>,
    bindings: Bindings,
    /// How many entries there ever were.
    made: u64,
}

impl Calltr {
    /// Takes a message; returns whether it could be tracked.
    pub(crate) fn take(&mut self, seen: &Seen<'_>, context: &mut Context<'_>) -> bool {
        if seen.call_id.len() + seen.from_tag.len() + seen.to_tag.len() > MAX_KEY {
            return false;
        }
        let made = self.made;
        let (key, direction) = self.place(seen);
        if self.made > made {
            self.arm(key, Timer::Force, seen.ts, context);
        }
        self.follow(key, direction, seen, context);
        if let Some(entry) = self.entries.get(key) {
            entry.count_into(&mut context.shared.stats);
        }
        self.entries.weigh(key);
        self.limit(context);
        true
    }

    /// Lets an entry follow a message that is of it.
    fn follow(
        &mut self,
        key: Key,
        direction: Direction,
        seen: &Seen<'_>,
        context: &mut Context<'_>,
    ) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        let sequence = entry.sequence(direction);
        if sequence.is_spent(seen) {
            let is_again = !sequence::is_ignored(seen);
            entry.count(seen, direction, is_again);
            self.arm(key, Timer::Extend, seen.ts, context);
            return;
        }
        let is_creator = seen.method == entry.method;
        let transition = entry.transition(seen, direction);
        entry.count(seen, direction, false);
        entry.describe(seen, direction);
        entry.sequence_mut(direction).note(seen, is_creator);
        entry.enter(transition.to, direction, seen.ts);
        if is_registered(entry, seen) {
            self.registered(key, seen, context);
            return;
        }
        self.arm(key, transition.timer, seen.ts, context);
        if let Some(kind) = transition.event {
            self.tell(key, Telling::by(seen, kind), context);
        }
    }

    /// Sets or puts off the deadline by the time-out of the state.
    fn arm(&mut self, key: Key, timer: Timer, ts: Timestamp, context: &mut Context<'_>) {
        let Some(entry) = self.entries.get(key) else {
            return;
        };
        let deadline = ts.plus(context.shared.options.timeouts.get(entry.state));
        match timer {
            Timer::Force => self.set_deadline(key, deadline, context),
            Timer::Extend => self.put_off(key, deadline, context),
        }
    }

    /// Puts the deadline off to `deadline`, if that is later.
    fn put_off(&mut self, key: Key, deadline: Timestamp, context: &mut Context<'_>) {
        if self
            .entries
            .get(key)
            .is_some_and(|entry| entry.alarm.deadline() < deadline)
        {
            self.set_deadline(key, deadline, context);
        }
    }

    fn set_deadline(&mut self, key: Key, deadline: Timestamp, context: &mut Context<'_>) {
        let id = TimerId {
            owner: Owner::Compatible,
            slot: key.slot,
            generation: key.generation,
        };
        if let Some(entry) = self.entries.get_mut(key) {
            entry.alarm.set(deadline, id, &mut context.shared.timers);
        }
    }

    /// Lets a deadline fire if it has come: the entry is given up.
    pub(crate) fn wake(&mut self, id: TimerId, at: Timestamp, context: &mut Context<'_>) {
        let key = Key {
            slot: id.slot,
            generation: id.generation,
        };
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        if !entry.alarm.rings(at, id, &mut context.shared.timers) {
            return;
        }
        if let Some(ending) = expiry::ending(entry) {
            let telling = Telling::at(at, ending.event, ending.is_forced);
            self.tell(key, telling, context);
        }
        self.remove(key);
    }

    /// Forgets the entries that are idle for the longest time as long as there are too many.
    fn limit(&mut self, context: &mut Context<'_>) {
        let shared = &mut context.shared;
        if shared.timers.are_many(self.entries.len()) {
            shared.timers.retain(|at, id| self.entries.awaits(id, at));
        }
        let (max_calls, max_memory) = (shared.options.max_calls, shared.options.max_memory);
        while self.entries.len() > max_calls
            || (self.entries.len() > 0 && self.allocated() > max_memory)
        {
            let Some((_, key)) = self.entries.oldest() else {
                return;
            };
            context.shared.stats.evicted += 1;
            self.remove(key);
        }
    }

    /// Forgets all that is open; at the end of the capture nothing is forced.
    pub(crate) fn finish(&mut self) {
        *self = Self::default();
    }

    fn allocated(&self) -> usize {
        self.entries.allocated() + self.bindings.allocated()
    }

    fn remove(&mut self, key: Key) {
        self.forget_binding(key);
        self.entries.remove(key);
    }

    fn of_call_id(&self, hash: u64, call_id: &[u8]) -> impl Iterator<Item = (Key, &CallEntry)> {
        self.entries
            .candidates(hash)
            .filter(move |(_, entry)| entry.has_call_id(call_id))
    }
}

impl CallEntry {
    /// Returns what a message does that is not seen again.
    fn transition(&self, seen: &Seen<'_>, direction: Direction) -> Transition {
        let has_to_tag = !seen.to_tag.is_empty();
        let is_creator = seen.method == self.method;
        if !seen.is_response() {
            return requests::transition(self.state, seen.method, has_to_tag, is_creator);
        }
        let last_status = self.sequence(direction).status;
        let mut transition =
            responses::transition(self.state, seen.method, seen.status, has_to_tag, is_creator);
        if responses::is_refused(seen.method, seen.status, last_status) {
            transition.event = Some(EventKind::AuthFailed);
        }
        transition
    }
}

/// Returns whether a message has just told of a binding.
fn is_registered(entry: &CallEntry, seen: &Seen<'_>) -> bool {
    entry.is_register()
        && seen.method == Method::Register
        && (200..300).contains(&seen.status)
        && entry.state == State::NonInvFin
}
