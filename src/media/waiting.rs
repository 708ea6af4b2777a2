//! Packets that nobody has asked for yet: media may come before the answer that tells their address.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::{
    media::{map::Owner, place::Place},
    time::Timestamp,
};

/// How long a packet waits: as long as a message may take longer on its way than the media.
pub(super) const PATIENCE: i64 = 2_000_000_000;

/// Packets that wait at most, and those of one place that are handed over.
const MAX_WAITING: usize = 1 << 16;
const MAX_AT_PLACE: usize = 4096;

/// A packet that waits.
#[derive(Debug)]
struct Waiter<P> {
    ts: Timestamp,
    /// Where it went to and where it came from.
    places: [Place; 2],
    /// The one before it at each of these.
    before: [Option<u64>; 2],
    /// Nothing when it was handed over.
    packet: Option<P>,
    /// Whose it is if nobody else asks for it: their call is over.
    owners: Vec<Owner>,
}

/// Packets by where they went to and came from.
#[derive(Debug)]
pub(super) struct Waiting<P> {
    waiters: VecDeque<Waiter<P>>,
    /// The number of the first of them.
    first: u64,
    /// The number of the last one at each place.
    last: HashMap<Place, u64>,
    /// How many were given up before their time.
    pub(super) forgotten: u64,
}

impl<P> Default for Waiting<P> {
    fn default() -> Self {
        Self {
            waiters: VecDeque::new(),
            first: 0,
            last: HashMap::new(),
            forgotten: 0,
        }
    }
}

impl<P> Waiting<P> {
    /// Lets a packet between two places wait; those that have waited long enough are `found` if they have owners.
    pub(super) fn push(
        &mut self,
        ts: Timestamp,
        places: [Place; 2],
        packet: P,
        owners: Vec<Owner>,
        found: &mut impl FnMut(Owner, &P),
    ) {
        while let Some(waiter) = self.waiters.front() {
            let is_over = ts.since(waiter.ts) > PATIENCE;
            if !is_over && self.waiters.len() < MAX_WAITING {
                break;
            }
            let is_lost = waiter.packet.is_some() && waiter.owners.is_empty();
            self.forgotten += u64::from(!is_over && is_lost);
            self.release_first(found);
        }
        let number = self.first + self.waiters.len() as u64;
        let before = places.map(|place| self.last.insert(place, number));
        self.waiters.push_back(Waiter {
            ts,
            places,
            // Both places may be one.
            before: before.map(|before| before.filter(|before| *before < number)),
            packet: Some(packet),
            owners,
        });
    }

    /// Returns the packets to and from `place` that have not waited for too long at `ts`, in their order. Of those that
    /// have owners only the ones are meant that came after `began`.
    pub(super) fn take(&mut self, ts: Timestamp, place: Place, began: Timestamp) -> Vec<P> {
        let mut taken = Vec::new();
        let mut next = self.last.get(&place).copied();
        for _ in 0..MAX_AT_PLACE {
            let Some(waiter) = next
                .and_then(|number| number.checked_sub(self.first))
                .and_then(|index| self.waiters.get_mut(index as usize))
            else {
                break;
            };
            let [to, _] = waiter.places;
            let [before_to, before_from] = waiter.before;
            next = if to == place { before_to } else { before_from };
            if ts.since(waiter.ts) > PATIENCE {
                break;
            }
            if waiter.owners.is_empty() || waiter.ts >= began {
                taken.extend(waiter.packet.take());
            }
        }
        taken.reverse();
        taken
    }

    /// Gives what still waits to its owners.
    pub(super) fn finish(&mut self, found: &mut impl FnMut(Owner, &P)) {
        while !self.waiters.is_empty() {
            self.release_first(found);
        }
    }

    fn release_first(&mut self, found: &mut impl FnMut(Owner, &P)) {
        let Some(waiter) = self.waiters.pop_front() else {
            return;
        };
        for place in waiter.places {
            if self.last.get(&place) == Some(&self.first) {
                self.last.remove(&place);
            }
        }
        self.first += 1;
        if let Some(packet) = waiter.packet {
            waiter
                .owners
                .iter()
                .for_each(|owner| found(*owner, &packet));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where packets come from that nobody asks for.
    const ELSEWHERE: u16 = 9;

    fn place(port: u16) -> Place {
        Place::new(([192, 0, 2, 1], port).into(), false)
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    fn push(waiting: &mut Waiting<i64>, millis: i64, [to, from]: [u16; 2], owners: &[Owner]) {
        let places = [place(to), place(from)];
        waiting.push(at(millis), places, millis, owners.to_vec(), &mut |_, _| {});
    }

    fn take(waiting: &mut Waiting<i64>, millis: i64, port: u16) -> Vec<i64> {
        waiting.take(at(millis), place(port), at(0))
    }

    #[test]
    fn packets_wait_for_two_seconds() {
        let mut waiting = Waiting::default();
        for (millis, port) in [(0, 1), (100, 2), (1500, 1), (2050, 3), (2090, 1)] {
            push(&mut waiting, millis, [port, ELSEWHERE], &[]);
        }
        assert_eq!(take(&mut waiting, 2100, 1), [1500, 2090]);
        assert_eq!(take(&mut waiting, 2100, 1), [0; 0]);
        assert_eq!(take(&mut waiting, 2101, 2), [0; 0]);
        assert_eq!(take(&mut waiting, 2101, 3), [2050]);
        push(&mut waiting, 9000, [4, ELSEWHERE], &[]);
        assert_eq!((waiting.waiters.len(), waiting.last.len()), (1, 2));
    }

    #[test]
    fn packets_are_found_by_both_their_ends() {
        let mut waiting = Waiting::default();
        for (millis, places) in [
            (1, [1, 2]),
            (2, [2, 1]),
            (3, [2, 2]),
            (4, [3, 2]),
            (5, [3, 1]),
        ] {
            push(&mut waiting, millis, places, &[]);
        }
        assert_eq!(take(&mut waiting, 10, 2), [1, 2, 3, 4]);
        assert_eq!(take(&mut waiting, 10, 1), [5]);
        assert_eq!(take(&mut waiting, 10, 3), [0; 0]);
    }

    #[test]
    fn packets_with_owners_go_back_to_them() {
        let mut waiting = Waiting::default();
        for millis in [100, 200, 300] {
            push(&mut waiting, millis, [1, 2], &[7, 8]);
        }
        // Whoever began at 200 ms cannot have told anybody before.
        assert_eq!(waiting.take(at(400), place(1), at(200)), [200, 300]);
        let mut found = Vec::new();
        waiting.finish(&mut |owner, packet| found.push((owner, *packet)));
        assert_eq!(found, [(7, 100), (8, 100)]);
    }

    #[test]
    fn memory_is_bounded() {
        let mut waiting = Waiting::default();
        for port in 0..200_000_u32 {
            push(&mut waiting, 0, [port as u16, ELSEWHERE], &[]);
        }
        assert!(waiting.waiters.len() <= MAX_WAITING && waiting.last.len() <= MAX_WAITING + 1);
        assert_eq!(waiting.forgotten, 200_000 - MAX_WAITING as u64);
        for _ in 0..10_000 {
            push(&mut waiting, 0, [7, ELSEWHERE], &[]);
        }
        assert_eq!(take(&mut waiting, 0, 7).len(), MAX_AT_PLACE);
    }
}
