//! By what legs are found that may be of one call, without comparing each with each.

use std::{hash::BuildHasher, ops::RangeInclusive};

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::track::{
    correlate::{
        clues::Kind,
        leg::{CROSSING, Leg},
    },
    timeouts::SECOND,
};

/// Legs that are found by one key at most. What more of them have in common tells none from another.
const MAX_ALIKE: usize = 32;

/// Legs with one key that may be of one call.
const MAX_SHARED: usize = 8;

/// Keys that a leg has mostly.
const KEYS: usize = 12;

/// What a key is made of.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Field {
    CallId,
    /// A Call-ID that a leg names.
    Named,
    Session,
    SessionLocal,
    Origid,
    Icid,
    Refer,
    SdpOrigin,
    Media,
    /// These three with an address on the way.
    From,
    To,
    AssertedIdentity,
    /// The address, and the seconds of answer and BYE.
    Ends,
}

/// Legs by what they may have in common with later ones.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: HashTable<(u64, u64)>,
    hasher: DefaultHashBuilder,
}

impl Index {
    /// Adds a leg by all of its keys.
    pub(super) fn insert(&mut self, leg: &Leg, is_heuristic: bool) {
        let number = leg.place.number;
        let mut keys = Vec::with_capacity(KEYS);
        self.explicit_keys(leg, &mut keys);
        if is_heuristic {
            self.heuristic_keys(leg, &mut keys);
        }
        for key in keys {
            let is_there = self.alike(key).any(|other| other == number);
            if !is_there && self.alike(key).count() < MAX_ALIKE {
                self.entries
                    .insert_unique(key, (key, number), |(key, _)| *key);
            }
        }
    }

    /// Takes a leg out of what finds it by what calls have in common.
    pub(super) fn remove_heuristic(&mut self, leg: &Leg) {
        let mut keys = Vec::with_capacity(KEYS);
        self.heuristic_keys(leg, &mut keys);
        self.remove(keys, leg.place.number);
    }

    /// Takes a leg out of the rest.
    pub(super) fn remove_explicit(&mut self, leg: &Leg) {
        let mut keys = Vec::with_capacity(KEYS);
        self.explicit_keys(leg, &mut keys);
        self.remove(keys, leg.place.number);
    }

    fn remove(&mut self, keys: Vec<u64>, number: u64) {
        for key in keys {
            let entry = self
                .entries
                .find_entry(key, |entry| *entry == (key, number));
            if let Ok(entry) = entry {
                entry.remove();
            }
        }
    }

    /// Returns the numbers of the legs that may be in front of `leg`, in any order.
    pub(super) fn candidates(&self, leg: &Leg, is_heuristic: bool) -> Vec<u64> {
        let mut keys = Vec::with_capacity(2 * KEYS);
        self.explicit_questions(leg, &mut keys);
        if is_heuristic {
            self.heuristic_questions(leg, &mut keys);
        }
        let mut numbers = Vec::new();
        for key in keys {
            numbers.extend(self.alike(key));
        }
        numbers
    }

    /// Returns whether so many legs share a value that it is a constant of whoever writes it.
    pub(super) fn is_common(&self, field: Field, value: u64) -> bool {
        let key = self.key(field, value, 0, 0);
        value != 0 && self.alike(key).count() > MAX_SHARED
    }

    fn alike(&self, key: u64) -> impl Iterator<Item = u64> {
        let same = self.entries.iter_hash(key);
        same.filter(move |(other, _)| *other == key)
            .map(|(_, number)| *number)
    }

    fn key(&self, field: Field, value: u64, second: u64, third: u64) -> u64 {
        self.hasher.hash_one((field, value, second, third))
    }

    fn explicit_keys(&self, leg: &Leg, keys: &mut Vec<u64>) {
        let clues = &leg.clues;
        self.shared(leg, keys);
        keys.push(self.key(Field::CallId, leg.call_id, 0, 0));
        for (kind, _) in Kind::NAMING {
            keys.extend(clues.of(kind).map(|id| self.key(Field::Named, id, 0, 0)));
        }
        let refers = clues.of(Kind::Refer);
        keys.extend(refers.map(|refer| self.key(Field::Refer, refer, 0, 0)));
    }

    fn explicit_questions(&self, leg: &Leg, keys: &mut Vec<u64>) {
        let clues = &leg.clues;
        self.shared(leg, keys);
        keys.push(self.key(Field::Named, leg.call_id, 0, 0));
        keys.push(self.key(Field::CallId, leg.call_id, 0, 0));
        let naming = Kind::NAMING.into_iter().map(|(kind, _)| kind);
        for kind in naming.chain([Kind::Stem]) {
            keys.extend(clues.of(kind).map(|id| self.key(Field::CallId, id, 0, 0)));
        }
        let referred = clues.of(Kind::ReferredBy);
        keys.extend(referred.map(|by| self.key(Field::Refer, by, 0, 0)));
    }

    /// Adds the keys of what legs of one call share, far apart as they may be.
    fn shared(&self, leg: &Leg, keys: &mut Vec<u64>) {
        let clues = &leg.clues;
        for (field, value) in [
            (Field::Session, clues.session),
            (Field::SessionLocal, clues.session_local),
            (Field::Origid, clues.origid),
            (Field::Icid, clues.icid),
        ] {
            if value != 0 {
                keys.push(self.key(field, value, 0, 0));
            }
        }
    }

    fn heuristic_keys(&self, leg: &Leg, keys: &mut Vec<u64>) {
        let second = |moment: i64| moment.div_euclid(SECOND)..=moment.div_euclid(SECOND);
        self.on_way(leg, Kind::Arrives, [second, second], keys);
    }

    fn heuristic_questions(&self, leg: &Leg, keys: &mut Vec<u64>) {
        // The earlier leg is answered in the same second or the next; BYE may come from either side.
        let answers = |moment: i64| {
            moment.div_euclid(SECOND)..=moment.saturating_add(CROSSING).div_euclid(SECOND)
        };
        let byes = |moment: i64| {
            let (first, last) = (
                moment.saturating_sub(CROSSING),
                moment.saturating_add(CROSSING),
            );
            first.div_euclid(SECOND)..=last.div_euclid(SECOND)
        };
        self.on_way(leg, Kind::Leaves, [answers, byes], keys);
    }

    /// Adds the keys of what calls have in common, with the addresses at one end of the INVITE's way, and the seconds in
    /// which answer and BYE may be.
    fn on_way(
        &self,
        leg: &Leg,
        end: Kind,
        seconds: [fn(i64) -> RangeInclusive<i64>; 2],
        keys: &mut Vec<u64>,
    ) {
        let clues = &leg.clues;
        for (field, value) in [
            (Field::SdpOrigin, clues.sdp_origin),
            (Field::Media, clues.media),
        ] {
            if value != 0 {
                keys.push(self.key(field, value, 0, 0));
            }
        }
        for address in clues.of(end) {
            if clues.from != 0 {
                keys.push(self.key(Field::From, address, clues.from, 0));
            }
            for (kind, field) in [
                (Kind::To, Field::To),
                (Kind::AssertedIdentity, Field::AssertedIdentity),
            ] {
                keys.extend(clues.of(kind).map(|user| self.key(field, address, user, 0)));
            }
            if let (Some(answer), Some(bye)) = (leg.answer.get(), leg.bye.get()) {
                let [answers, byes] = seconds;
                for answer in answers(answer.nanos()) {
                    for bye in byes(bye.nanos()) {
                        keys.push(self.key(Field::Ends, address, answer as u64, bye as u64));
                    }
                }
            }
        }
    }
}
