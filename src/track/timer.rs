//! Deadlines in packet time.

use std::{cmp::Reverse, collections::BTreeMap, collections::BinaryHeap};

use crate::time::Timestamp;

/// Whose deadline it is: which table, which slot of it, and the how-manieth use of the slot.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct TimerId {
    pub(crate) owner: Owner,
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// The tables that have deadlines, in the order in which deadlines of one moment fire.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Owner {
    Call,
    Registration,
    Binding,
    Subscription,
    Exchange,
    Compatible,
}

/// All deadlines that are to fire.
///
/// They fire in the order of their times, whatever the order in which they were set. Nothing is taken out when a deadline
/// is put off, which nearly every message does: the owner knows when it is to be woken (see [`Alarm`]) and ignores all
/// other calls. Those of what is gone are dropped when they have become many.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    /// By whole second, so that the many are not kept sorted.
    later: BTreeMap<i64, Vec<Deadline>>,
    /// Those of the seconds that have begun.
    soon: BinaryHeap<Reverse<(Timestamp, TimerId)>>,
    /// How many are in `later`.
    count: usize,
    /// Twice as many as were left when some were last dropped.
    enough: usize,
}

/// A deadline in a second that is known: there may be millions, so it is as short as it can be.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Deadline {
    nanos: u32,
    slot: u32,
    generation: u32,
    owner: Owner,
}

impl Deadline {
    const fn new(nanos: u32, id: TimerId) -> Self {
        Self {
            nanos,
            slot: id.slot,
            generation: id.generation,
            owner: id.owner,
        }
    }

    /// Returns it as it fires in the second `seconds`.
    const fn in_second(self, seconds: i64) -> (Timestamp, TimerId) {
        let id = TimerId {
            owner: self.owner,
            slot: self.slot,
            generation: self.generation,
        };
        // Whatever is cut off on the way comes back: the sum is what was taken apart.
        let nanos = seconds
            .wrapping_mul(1_000_000_000)
            .wrapping_add(self.nanos as i64);
        (Timestamp::from_nanos(nanos), id)
    }
}

/// Deadlines that may be there in vain, apart from as many as there are of use.
const SLACK: usize = 4096;

/// Octets of deadlines that each open object may have caused.
pub(crate) const PER_OBJECT: usize = 2 * size_of::<Deadline>();

impl Timers {
    /// Lets `id` be woken at `at`.
    pub(crate) fn set(&mut self, id: TimerId, at: Timestamp) {
        let (seconds, nanos) = at.parts();
        let second = self.later.entry(seconds).or_default();
        second.push(Deadline::new(nanos, id));
        self.count += 1;
    }

    /// Returns whether many more are there than the `open` objects can have set.
    pub(crate) fn are_many(&self, open: usize) -> bool {
        self.count + self.soon.len() > self.enough.max(2 * open + SLACK)
    }

    /// Drops those that nobody awaits: their objects are gone, or are to be woken at another time.
    pub(crate) fn retain(&mut self, mut is_awaited: impl FnMut(Timestamp, TimerId) -> bool) {
        self.count = 0;
        self.later.retain(|seconds, deadlines| {
            deadlines.retain(|deadline| {
                let (at, id) = deadline.in_second(*seconds);
                is_awaited(at, id)
            });
            deadlines.sort_unstable();
            deadlines.dedup();
            deadlines.shrink_to_fit();
            self.count += deadlines.len();
            !deadlines.is_empty()
        });
        self.soon.retain(|Reverse((at, id))| is_awaited(*at, *id));
        self.enough = 2 * (self.count + self.soon.len());
    }

    /// Returns the next deadline that is before `now`.
    pub(crate) fn next_before(&mut self, now: Timestamp) -> Option<(Timestamp, TimerId)> {
        while let Some(second) = self.later.first_entry()
            && *second.key() <= now.parts().0
        {
            let (seconds, due) = second.remove_entry();
            self.count -= due.len();
            let due = due.into_iter();
            self.soon
                .extend(due.map(|deadline| Reverse(deadline.in_second(seconds))));
        }
        match self.soon.peek() {
            Some(Reverse((at, _))) if *at < now => self.soon.pop().map(|Reverse(first)| first),
            _ => None,
        }
    }
}

/// The deadline of one object, and when it will be woken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Alarm {
    deadline: Timestamp,
    /// When the timers will call; never after the deadline.
    set_for: Timestamp,
}

impl Alarm {
    /// No deadline.
    pub(crate) const NONE: Self = Self {
        deadline: Timestamp::MAX,
        set_for: Timestamp::MAX,
    };

    /// Returns the deadline.
    pub(crate) const fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// Returns whether the timers are to call for `at`.
    pub(crate) fn is_set_for(&self, at: Timestamp) -> bool {
        self.set_for == at
    }

    /// Puts the deadline of `id` to `deadline`.
    pub(crate) fn set(&mut self, deadline: Timestamp, id: TimerId, timers: &mut Timers) {
        self.deadline = deadline;
        if deadline < self.set_for {
            self.set_for = deadline;
            timers.set(id, deadline);
        }
    }

    /// Returns whether the deadline has come, now that the timers called for `at`; sets the next call if it has not.
    pub(crate) fn rings(&mut self, at: Timestamp, id: TimerId, timers: &mut Timers) -> bool {
        if at != self.set_for {
            return false;
        }
        self.set_for = Timestamp::MAX;
        if self.deadline > at {
            self.set(self.deadline, id, timers);
            return false;
        }
        self.deadline = Timestamp::MAX;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn at(nanos: i64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    fn id(slot: u32) -> TimerId {
        TimerId {
            owner: Owner::Call,
            slot,
            generation: 0,
        }
    }

    #[test]
    fn deadlines_fire_in_the_order_of_their_times() {
        let mut timers = Timers::default();
        for (slot, nanos) in [
            (0, 5 * SECOND),
            (1, SECOND + 1),
            (2, SECOND),
            (3, -SECOND),
            (4, i64::MIN),
        ] {
            timers.set(id(slot), at(nanos));
        }
        let mut fired = Vec::new();
        for now in [SECOND, SECOND + 1, 3 * SECOND, 9 * SECOND] {
            while let Some((deadline, id)) = timers.next_before(at(now)) {
                fired.push((now, deadline.nanos(), id.slot));
            }
        }
        assert_eq!(
            fired,
            [
                (SECOND, i64::MIN, 4),
                (SECOND, -SECOND, 3),
                (SECOND + 1, SECOND, 2),
                (3 * SECOND, SECOND + 1, 1),
                (9 * SECOND, 5 * SECOND, 0)
            ]
        );
    }

    #[test]
    fn deadlines_of_what_is_gone_are_dropped() {
        let mut timers = Timers::default();
        for slot in 0..10_000 {
            timers.set(id(slot), at(i64::from(slot) * SECOND));
        }
        assert_eq!(timers.next_before(at(1)).map(|(_, id)| id.slot), Some(0));
        assert!(timers.are_many(2) && !timers.are_many(5_000));
        timers.retain(|_, id| id.slot % 1000 == 0);
        assert!(!timers.are_many(2));
        let mut left = std::iter::from_fn(|| timers.next_before(at(i64::MAX)));
        assert!(
            left.by_ref()
                .map(|(_, id)| id.slot)
                .eq((1..10).map(|n| n * 1000))
        );
    }

    #[test]
    fn deadlines_that_are_brought_forward_do_not_pile_up() {
        let mut timers = Timers::default();
        let mut alarm = Alarm::NONE;
        let mut passes = 0;
        for step in 0..100_000 {
            alarm.set(at((1_000_000 - step) * SECOND), id(0), &mut timers);
            if timers.are_many(1) {
                passes += 1;
                timers.retain(|at, _| alarm.is_set_for(at));
                assert_eq!(timers.count, 1);
            }
        }
        // A pass for each 4098 that are set after the one that counts: 100 000 / 4098.
        assert_eq!(passes, 24);
        let mut rung = Vec::new();
        while let Some((called, id)) = timers.next_before(at(i64::MAX)) {
            if alarm.rings(called, id, &mut timers) {
                rung.push(called.nanos() / SECOND);
            }
        }
        assert_eq!(rung, [900_001]);
    }

    #[test]
    fn a_deadline_that_was_put_off_rings_once() {
        let mut timers = Timers::default();
        let mut alarm = Alarm::NONE;
        for deadline in [10, 30, 20, 40] {
            alarm.set(at(deadline), id(0), &mut timers);
        }
        let mut rung = Vec::new();
        while let Some((called, id)) = timers.next_before(at(100)) {
            if alarm.rings(called, id, &mut timers) {
                rung.push(called.nanos());
            }
        }
        assert_eq!(rung, [40]);
        alarm.set(at(50), id(0), &mut timers);
        alarm.set(at(45), id(0), &mut timers);
        while let Some((called, id)) = timers.next_before(at(100)) {
            if alarm.rings(called, id, &mut timers) {
                rung.push(called.nanos());
            }
        }
        assert_eq!(rung, [40, 45]);
    }
}
