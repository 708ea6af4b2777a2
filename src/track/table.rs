//! Objects found by a hash, such as that of their Call-ID.

use std::{cmp::Reverse, collections::BinaryHeap};

use hashbrown::HashTable;

use crate::{
    time::Timestamp,
    track::timer::{self, Alarm, TimerId},
};

/// What a table has to know of its objects.
pub(crate) trait Entry {
    /// Returns the hash it is found by.
    fn hash(&self) -> u64;

    /// Returns when it was last heard of.
    fn last_seen(&self) -> Timestamp;

    /// Returns its deadline.
    fn alarm(&self) -> &Alarm;

    /// Returns how much memory it takes apart from its slot, in octets.
    fn allocated(&self) -> usize;
}

/// Objects in slots, with an index by hash. Several may have the same hash.
#[derive(Debug)]
pub(crate) struct Table<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    index: HashTable<u32>,
    /// Every object once, with when it was last heard of when it was put there: the oldest idle one is found without a
    /// write for each message.
    by_age: BinaryHeap<Reverse<(Timestamp, Key)>>,
    allocated: usize,
}

/// An object of a table; another one that comes into its slot later has another key.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Key {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    /// What `allocated` of the object was when it was last weighed.
    weight: u32,
    object: Option<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            index: HashTable::new(),
            by_age: BinaryHeap::new(),
            allocated: 0,
        }
    }
}

impl<T: Entry> Table<T> {
    /// Returns how many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// Returns how much memory all of them take, in octets.
    pub(crate) fn allocated(&self) -> usize {
        let each = size_of::<Slot<T>>()
            + size_of::<(Timestamp, Key)>()
            + 2 * size_of::<u32>()
            + timer::PER_OBJECT;
        self.allocated + self.index.len() * each
    }

    /// Returns the object that has the key, if it is still there.
    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        self.slots
            .get(key.slot as usize)
            .filter(|slot| slot.generation == key.generation)
            .and_then(|slot| slot.object.as_ref())
    }

    /// Returns whether what has set a deadline is still there, and is to be woken at `at`.
    pub(crate) fn awaits(&self, timer: TimerId, at: Timestamp) -> bool {
        let key = Key {
            slot: timer.slot,
            generation: timer.generation,
        };
        self.get(key)
            .is_some_and(|object| object.alarm().is_set_for(at))
    }

    /// Returns the object that has the key, if it is still there.
    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.slots
            .get_mut(key.slot as usize)
            .filter(|slot| slot.generation == key.generation)
            .and_then(|slot| slot.object.as_mut())
    }

    /// Returns the objects that are found by `hash`; some may be there by chance.
    pub(crate) fn candidates(&self, hash: u64) -> impl Iterator<Item = (Key, &T)> {
        self.index.iter_hash(hash).filter_map(move |index| {
            let slot = self.slots.get(*index as usize)?;
            let key = Key {
                slot: *index,
                generation: slot.generation,
            };
            let object = slot.object.as_ref()?;
            (object.hash() == hash).then_some((key, object))
        })
    }

    /// Takes an object in.
    pub(crate) fn insert(&mut self, object: T) -> Key {
        let (hash, last_seen) = (object.hash(), object.last_seen());
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                self.slots.push(Slot {
                    generation: 0,
                    weight: 0,
                    object: None,
                });
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            }
        };
        let weight = object.allocated();
        let mut key = Key {
            slot: index,
            generation: 0,
        };
        if let Some(slot) = self.slots.get_mut(index as usize) {
            key.generation = slot.generation;
            slot.weight = u32::try_from(weight).unwrap_or(u32::MAX);
            slot.object = Some(object);
        }
        self.allocated += weight;
        let slots = &self.slots;
        self.index.insert_unique(hash, index, |index| {
            let slot = slots.get(*index as usize);
            slot.and_then(|slot| slot.object.as_ref())
                .map_or(0, Entry::hash)
        });
        self.by_age.push(Reverse((last_seen, key)));
        self.drop_stale_ages();
        key
    }

    /// Takes an object out.
    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        let slot = self
            .slots
            .get_mut(key.slot as usize)
            .filter(|slot| slot.generation == key.generation)?;
        let object = slot.object.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.allocated -= slot.weight as usize;
        self.free.push(key.slot);
        if let Ok(found) = self
            .index
            .find_entry(object.hash(), |index| *index == key.slot)
        {
            found.remove();
        }
        Some(object)
    }

    /// Takes note of how much memory an object takes after it has changed.
    pub(crate) fn weigh(&mut self, key: Key) {
        if let Some(slot) = self.slots.get_mut(key.slot as usize)
            && let Some(object) = &slot.object
        {
            let weight = u32::try_from(object.allocated()).unwrap_or(u32::MAX);
            self.allocated = self.allocated - slot.weight as usize + weight as usize;
            slot.weight = weight;
        }
    }

    /// Returns the object that was not heard of for the longest time, and when it last was.
    pub(crate) fn oldest(&mut self) -> Option<(Timestamp, Key)> {
        while let Some(Reverse((noted, key))) = self.by_age.peek().copied() {
            let last_seen = self.get(key).map(Entry::last_seen);
            if last_seen.is_some_and(|last_seen| last_seen <= noted) {
                return Some((noted, key));
            }
            self.by_age.pop();
            if let Some(last_seen) = last_seen {
                self.by_age.push(Reverse((last_seen, key)));
            }
        }
        None
    }

    /// Returns the keys of all objects at the end of the capture, in the order of their slots. None is looked for by its age
    /// any more, and what follows needs the memory.
    pub(crate) fn last_keys(&mut self) -> Vec<Key> {
        self.by_age = BinaryHeap::new();
        let key = |(index, slot): (usize, &Slot<T>)| {
            slot.object.as_ref().map(|_| Key {
                slot: index as u32,
                generation: slot.generation,
            })
        };
        self.slots.iter().enumerate().filter_map(key).collect()
    }

    /// Lets the list of ages not grow with what has passed.
    fn drop_stale_ages(&mut self) {
        if self.by_age.len() > 2 * self.index.len() + 1024 {
            let slots = &self.slots;
            self.by_age.retain(|Reverse((_, key))| {
                slots
                    .get(key.slot as usize)
                    .is_some_and(|slot| slot.generation == key.generation && slot.object.is_some())
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing {
        hash: u64,
        last: i64,
    }

    impl Entry for Thing {
        fn hash(&self) -> u64 {
            self.hash
        }

        fn last_seen(&self) -> Timestamp {
            Timestamp::from_nanos(self.last)
        }

        fn alarm(&self) -> &Alarm {
            &Alarm::NONE
        }

        fn allocated(&self) -> usize {
            100
        }
    }

    #[test]
    fn objects_of_one_hash_are_all_found() {
        let mut table = Table::default();
        let keys: Vec<Key> = [(1, 0), (1, 1), (2, 2)]
            .map(|(hash, last)| table.insert(Thing { hash, last }))
            .into();
        assert_eq!(table.candidates(1).count(), 2);
        assert!(table.remove(keys[0]).is_some());
        assert!(table.remove(keys[0]).is_none());
        let again = table.insert(Thing { hash: 1, last: 5 });
        assert_eq!(again.slot, keys[0].slot);
        assert!(table.get(keys[0]).is_none());
        assert_eq!((table.len(), table.allocated), (3, 300));
    }

    #[test]
    fn the_oldest_idle_one_is_found() {
        let mut table = Table::default();
        let keys = [0, 1, 2].map(|last| {
            table.insert(Thing {
                hash: last as u64,
                last,
            })
        });
        table.get_mut(keys[0]).unwrap().last = 9;
        assert_eq!(table.oldest(), Some((Timestamp::from_nanos(1), keys[1])));
        table.remove(keys[1]);
        table.get_mut(keys[2]).unwrap().last = 10;
        assert_eq!(table.oldest(), Some((Timestamp::from_nanos(9), keys[0])));
    }

    #[test]
    fn what_has_passed_leaves_nothing() {
        let mut table = Table::default();
        table.insert(Thing { hash: 0, last: 0 });
        for i in 1..100_000 {
            let key = table.insert(Thing {
                hash: i,
                last: i as i64,
            });
            table.remove(key);
        }
        assert!(table.slots.len() <= 2 && table.by_age.len() < 2_000);
    }
}
