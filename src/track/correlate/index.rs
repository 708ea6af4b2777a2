//! By what legs are found that may be of one call, without comparing each with each.

use std::hash::BuildHasher;

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
        let mut keys = self.explicit_keys(leg);
        if is_heuristic {
            keys.extend(self.heuristic_keys(leg));
        }
        for key in keys {
            if self.alike(key).count() < MAX_ALIKE {
                self.entries
                    .insert_unique(key, (key, number), |(key, _)| *key);
            }
        }
    }

    /// Takes a leg out of what finds it by what calls have in common.
    pub(super) fn remove_heuristic(&mut self, leg: &Leg) {
        let keys = self.heuristic_keys(leg);
        self.remove(keys, leg.place.number);
    }

    /// Takes a leg out of the rest.
    pub(super) fn remove_explicit(&mut self, leg: &Leg) {
        let keys = self.explicit_keys(leg);
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

    /// Returns the numbers of the legs that may be in front of `leg`, in their order.
    pub(super) fn candidates(&self, leg: &Leg, is_heuristic: bool) -> Vec<u64> {
        let mut keys = self.explicit_questions(leg);
        if is_heuristic {
            keys.extend(self.heuristic_questions(leg));
        }
        let found = keys.into_iter().flat_map(|key| self.alike(key));
        let mut numbers: Vec<u64> = found.collect();
        numbers.sort_unstable();
        numbers.dedup();
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

    /// Returns the keys of `values` but for those that are nothing.
    fn single<const N: usize>(&self, values: [(Field, u64); N]) -> impl Iterator<Item = u64> {
        let there = values.into_iter().filter(|(_, value)| *value != 0);
        there.map(|(field, value)| self.key(field, value, 0, 0))
    }

    fn explicit_keys(&self, leg: &Leg) -> Vec<u64> {
        let clues = &leg.clues;
        let mut keys: Vec<u64> = self.shared(leg).collect();
        keys.push(self.key(Field::CallId, leg.call_id, 0, 0));
        for (kind, _) in Kind::NAMING {
            keys.extend(clues.of(kind).map(|id| self.key(Field::Named, id, 0, 0)));
        }
        let refers = clues.of(Kind::Refer);
        keys.extend(refers.map(|refer| self.key(Field::Refer, refer, 0, 0)));
        distinct(keys)
    }

    fn explicit_questions(&self, leg: &Leg) -> Vec<u64> {
        let clues = &leg.clues;
        let mut keys: Vec<u64> = self.shared(leg).collect();
        keys.push(self.key(Field::Named, leg.call_id, 0, 0));
        keys.push(self.key(Field::CallId, leg.call_id, 0, 0));
        let naming = Kind::NAMING.into_iter().map(|(kind, _)| kind);
        for kind in naming.chain([Kind::Stem]) {
            keys.extend(clues.of(kind).map(|id| self.key(Field::CallId, id, 0, 0)));
        }
        let referred = clues.of(Kind::ReferredBy);
        keys.extend(referred.map(|by| self.key(Field::Refer, by, 0, 0)));
        keys
    }

    /// Returns the keys of what legs of one call share, far apart as they may be.
    fn shared(&self, leg: &Leg) -> impl Iterator<Item = u64> {
        let clues = &leg.clues;
        self.single([
            (Field::Session, clues.session),
            (Field::SessionLocal, clues.session_local),
            (Field::Origid, clues.origid),
            (Field::Icid, clues.icid),
        ])
    }

    fn heuristic_keys(&self, leg: &Leg) -> Vec<u64> {
        let seconds = |moment: i64| std::iter::once(moment.div_euclid(SECOND));
        distinct(self.on_way(leg, Kind::Arrives, seconds, seconds))
    }

    fn heuristic_questions(&self, leg: &Leg) -> Vec<u64> {
        // The earlier leg is answered in the same second or the next; BYE may come from either side.
        let answers =
            |moment: i64| moment.div_euclid(SECOND)..=(moment + CROSSING).div_euclid(SECOND);
        let byes = |moment: i64| {
            (moment - CROSSING).div_euclid(SECOND)..=(moment + CROSSING).div_euclid(SECOND)
        };
        self.on_way(leg, Kind::Leaves, answers, byes)
    }

    /// Returns the keys of what calls have in common, with the addresses at one end of the INVITE's way.
    fn on_way<A, B>(
        &self,
        leg: &Leg,
        end: Kind,
        answers: impl Fn(i64) -> A,
        byes: impl Fn(i64) -> B,
    ) -> Vec<u64>
    where
        A: IntoIterator<Item = i64>,
        B: IntoIterator<Item = i64> + Clone,
    {
        let clues = &leg.clues;
        let mut keys: Vec<u64> = self
            .single([
                (Field::SdpOrigin, clues.sdp_origin),
                (Field::Media, clues.media),
            ])
            .collect();
        for address in clues.of(end) {
            if clues.from != 0 {
                keys.push(self.key(Field::From, address, clues.from, 0));
            }
            keys.extend(
                clues
                    .of(Kind::To)
                    .map(|to| self.key(Field::To, address, to, 0)),
            );
            let identities = clues.of(Kind::AssertedIdentity);
            keys.extend(identities.map(|user| self.key(Field::AssertedIdentity, address, user, 0)));
            if let (Some(answer), Some(bye)) = (leg.answer.get(), leg.bye.get()) {
                let byes = byes(bye.nanos());
                for answer in answers(answer.nanos()) {
                    for bye in byes.clone() {
                        keys.push(self.key(Field::Ends, address, answer as u64, bye as u64));
                    }
                }
            }
        }
        keys
    }
}

fn distinct(mut keys: Vec<u64>) -> Vec<u64> {
    keys.sort_unstable();
    keys.dedup();
    keys
}
