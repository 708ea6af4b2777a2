//! The table of calls: which call a message belongs to, and when a call is over.

use std::{collections::VecDeque, hash::BuildHasher};

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::{
    sip::{Method, param},
    time::Timestamp,
    track::{
        Context, CorrelationLevel, Flags, State,
        call::{Call, Direction},
        context::Shared,
        seen::Seen,
        sighting::Sighting,
        table::{Key, Table},
        timeouts::SECOND,
        timer::{Owner, TimerId},
    },
};

/// All open calls.
#[derive(Default)]
pub(crate) struct Calls {
    table: Table<Box<Call>>,
    episodes: Episodes,
}

/// Open calls of one Call-ID at most; there is never a reason for so many.
const MAX_PER_CALL_ID: usize = 256;

const DAY: i64 = 86_400 * SECOND;

/// Where a message belongs.
enum Place {
    /// To a call, in this direction.
    In(Key, Direction),
    /// It begins one under a Call-ID that was used before this often.
    Begins(u32),
    /// It is not of a call.
    Nowhere,
}

impl Calls {
    /// Takes a message if it is of a call; `is_marked` marks the call.
    pub(crate) fn take(
        &mut self,
        seen: &Seen<'_>,
        is_marked: bool,
        context: &mut Context<'_>,
    ) -> bool {
        let (key, direction) = match self.place_in_time(seen, context) {
            Place::In(key, direction) => (key, direction),
            Place::Begins(before) => {
                self.make_room(seen, context);
                let direction = Direction::Forward;
                let number = context.shared.stats.calls;
                let call = Call::new(seen, direction, before + 1, number);
                context.shared.stats.calls += 1;
                if context.shared.options.correlation.level != CorrelationLevel::None {
                    context.call_begun(&call);
                }
                (self.table.insert(Box::new(call)), direction)
            }
            Place::Nowhere => return false,
        };
        context.shared.stats.call_messages += 1;
        let Some(call) = self.table.get_mut(key) else {
            return true;
        };
        call.is_marked |= is_marked;
        call.forget_wrong_time(seen.ts, context.shared.now);
        context.shared.taken_by = Some(call.number);
        let sighting = call.sight(seen, direction);
        if context.shared.options.correlation.level != CorrelationLevel::None
            && sighting == Sighting::First
        {
            call.collect_clues(seen, direction, context.shared);
        }
        let replaced = match (sighting, seen.is_response()) {
            (Sighting::Retransmission, _) => {
                call.again(seen, direction);
                false
            }
            (Sighting::First, false) => {
                call.request(seen, direction, context);
                false
            }
            (Sighting::First, true) => call.response(seen, direction, context),
        };
        call.arm(key, context);
        if replaced {
            let replaces = call.replaces().to_vec();
            self.replace(&replaces, seen.ts, context);
        }
        self.table.weigh(key);
        true
    }

    /// Forgets the call that is idle for the longest time when a Call-ID has very many: each message is compared with all.
    fn make_room(&mut self, seen: &Seen<'_>, context: &mut Context<'_>) {
        if self.of_call_id(seen).count() < MAX_PER_CALL_ID {
            return;
        }
        let oldest = self
            .of_call_id(seen)
            .min_by_key(|(_, call)| (call.last_seen, call.number));
        if let Some((key, _)) = oldest {
            self.evict_call(key, context);
        }
    }

    /// Returns where a message belongs, after the deadlines before it have fired that a leap of time held back.
    fn place_in_time(&mut self, seen: &Seen<'_>, context: &mut Context<'_>) -> Place {
        loop {
            let place = self.place(seen, &context.shared.hasher);
            let Place::In(key, _) = place else {
                return place;
            };
            let deadline = self.table.get(key).map(|call| call.alarm.deadline());
            // A packet that is more than a day ahead of all others has a wrong time.
            let now = context.shared.now;
            let ts = if seen.ts.since(now) > DAY {
                now
            } else {
                seen.ts
            };
            match deadline.filter(|deadline| *deadline < ts) {
                Some(deadline) => self.expire(key, deadline, context),
                None => return place,
            }
        }
    }

    /// Returns where a message belongs: the best fit among the calls of its Call-ID.
    fn place(&self, seen: &Seen<'_>, hasher: &DefaultHashBuilder) -> Place {
        let mut best = None;
        for (key, call) in self.of_call_id(seen) {
            if let Some((direction, rank)) = call.fit(seen)
                && best.as_ref().is_none_or(|(_, _, other)| rank > *other)
            {
                best = Some((key, direction, rank));
            }
        }
        let Some((key, direction, _)) = best else {
            return self.begin(seen);
        };
        match self.table.get(key) {
            Some(call) if call.is_used_again_by(seen, hasher) => Place::Begins(call.episode),
            _ => Place::In(key, direction),
        }
    }

    /// Returns whether a message that fits no call begins one.
    fn begin(&self, seen: &Seen<'_>) -> Place {
        use Method::{Ack, Bye, Cancel, Info, Invite, Prack, Refer, Update};
        // Some send an INVITE with credentials under another tag (RFC 3261 §8.1.3.5 only says that it should be the same).
        let is_retry = seen.method == Invite && seen.is_initial();
        let challenged = self
            .of_call_id(seen)
            .filter(|(_, call)| {
                is_retry
                    && matches!(call.state, State::Challenged | State::Redirected)
                    && seen.cseq > call.invite_cseq
            })
            .max_by_key(|(_, call)| (call.invite_cseq, call.number));
        if let Some((key, _)) = challenged {
            return Place::In(key, Direction::Forward);
        }
        let begins = match seen.method {
            Invite | Ack | Bye | Cancel => true,
            Prack | Update => !seen.to_tag.is_empty(),
            // Their responses have a tag outside of dialogs too.
            Info | Refer => !seen.is_response() && !seen.to_tag.is_empty(),
            _ => false,
        };
        if begins {
            Place::Begins(self.episodes.of(seen.hash))
        } else {
            Place::Nowhere
        }
    }

    fn of_call_id(&self, seen: &Seen<'_>) -> impl Iterator<Item = (Key, &Call)> {
        self.table
            .candidates(seen.hash)
            .map(|(key, call)| (key, call.as_ref()))
            .filter(move |(_, call)| call.has_call_id(seen.call_id))
    }

    /// Takes note that the calls of a Call-ID belong to that of another one.
    pub(crate) fn relate(&mut self, call_id: &[u8], other: &[u8], shared: &Shared) {
        let hash = shared.hasher.hash_one(call_id);
        let all = self.table.candidates(hash);
        let of_call_id = all.filter(|(_, call)| call.has_call_id(call_id));
        let keys: Vec<Key> = of_call_id.map(|(key, _)| key).collect();
        for key in keys {
            if let Some(call) = self.table.get_mut(key) {
                call.relate(other, shared);
            }
            self.table.weigh(key);
        }
    }

    /// Lets the dialog end that another call has taken the place of (RFC 3891): who was replaced sends BYE, but perhaps
    /// where nobody sees it.
    fn replace(&mut self, replaces: &[u8], ts: Timestamp, context: &mut Context<'_>) {
        let (call_id, params) = match replaces.iter().position(|octet| *octet == b';') {
            Some(at) => replaces.split_at(at),
            None => (replaces, &[][..]),
        };
        let call_id = call_id.trim_ascii();
        let tag = |name| param::find(params.get(1..).unwrap_or_default(), name);
        let tags = [tag("from-tag"), tag("to-tag")].map(Option::unwrap_or_default);
        let hash = context.shared.hasher.hash_one(call_id);
        let replaced = self
            .table
            .candidates(hash)
            .filter(|(_, call)| call.has_call_id(call_id) && call.is_up() && call.has_dialog(tags))
            .max_by_key(|(_, call)| call.number)
            .map(|(key, _)| key);
        if let Some(key) = replaced
            && let Some(call) = self.table.get_mut(key)
        {
            call.be_replaced(ts);
            call.arm(key, context);
        }
    }

    /// Lets a deadline fire if it has come.
    pub(crate) fn wake(&mut self, id: TimerId, at: Timestamp, context: &mut Context<'_>) {
        let key = Key {
            slot: id.slot,
            generation: id.generation,
        };
        let Some(call) = self.table.get_mut(key) else {
            return;
        };
        if call.alarm.rings(at, id, &mut context.shared.timers) {
            self.expire(key, at, context);
        }
    }

    /// Lets the state of a call end.
    fn expire(&mut self, key: Key, at: Timestamp, context: &mut Context<'_>) {
        let Some(call) = self.table.get_mut(key) else {
            return;
        };
        if context.shared.is_forced {
            call.flags.insert(Flags::FORCED_END);
        }
        if call.expire(at, context) {
            self.close(key, context);
        } else {
            call.arm(key, context);
            self.table.weigh(key);
        }
    }

    /// Returns whether what has set a deadline is still open, and is to be woken at `at`.
    pub(crate) fn awaits(&self, timer: TimerId, at: Timestamp) -> bool {
        self.table.awaits(timer, at)
    }

    /// Returns how many calls are open.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Returns how much memory they take, in octets.
    pub(crate) fn allocated(&self) -> usize {
        // The counts of episodes have a cap of their own; they must not crowd out what is open.
        self.table.allocated()
    }

    /// Returns when the call was last heard of that is idle for the longest time.
    pub(crate) fn oldest(&mut self) -> Option<Timestamp> {
        self.table.oldest().map(|(last_seen, _)| last_seen)
    }

    /// Forgets the call that is idle for the longest time.
    pub(crate) fn evict(&mut self, context: &mut Context<'_>) {
        if let Some((_, key)) = self.table.oldest() {
            self.evict_call(key, context);
        }
    }

    fn evict_call(&mut self, key: Key, context: &mut Context<'_>) {
        if let Some(call) = self.table.get_mut(key) {
            call.flags.insert(Flags::EVICTED);
        }
        context.shared.stats.evicted += 1;
        self.close(key, context);
    }

    /// Hands over all that is still open.
    pub(crate) fn finish(&mut self, context: &mut Context<'_>) {
        // Deadlines of the last moment have fired; they come before the moment after it.
        let end = context.shared.now.plus(-1);
        for key in self.table.last_keys() {
            if let Some(call) = self.table.get_mut(key) {
                call.settle_end(end);
            }
            self.close(key, context);
        }
    }

    fn close(&mut self, key: Key, context: &mut Context<'_>) {
        if let Some(mut call) = self.table.remove(key) {
            call.decide(context.shared.now);
            self.episodes.note(call.hash, call.episode);
            context.call(call);
        }
    }
}

impl Call {
    /// Sets the deadline of its state.
    fn arm(&mut self, key: Key, context: &mut Context<'_>) {
        let shared = &mut context.shared;
        let deadline = self.deadline(&shared.options.timeouts);
        let id = TimerId {
            owner: Owner::Call,
            slot: key.slot,
            generation: key.generation,
        };
        self.alarm.set(deadline, id, &mut shared.timers);
    }
}

/// Call-IDs remembered at most after their calls are over, by their hashes.
const MAX_EPISODES: usize = 1 << 18;

/// How often a Call-ID was used by calls that are over.
#[derive(Default)]
struct Episodes {
    counts: HashMap<u64, u32>,
    order: VecDeque<u64>,
}

impl Episodes {
    fn of(&self, hash: u64) -> u32 {
        self.counts.get(&hash).copied().unwrap_or_default()
    }

    fn note(&mut self, hash: u64, episode: u32) {
        let count = self.counts.entry(hash).or_insert_with(|| {
            self.order.push_back(hash);
            0
        });
        *count = episode.max(*count);
        if self.order.len() > MAX_EPISODES
            && let Some(oldest) = self.order.pop_front()
        {
            self.counts.remove(&oldest);
        }
    }
}
