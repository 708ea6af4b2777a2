//! Packets that nobody has asked for yet: media may come before the answer that tells their address.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::{media::map::Place, time::Timestamp};

/// How long a packet waits: as long as a message may take longer on its way than the media.
pub(super) const PATIENCE: i64 = 2_000_000_000;

/// Packets that wait at most, and those of one place.
const MAX_WAITING: usize = 1 << 16;
const MAX_AT_PLACE: usize = 1024;

/// Packets by where they went to.
#[derive(Debug)]
pub(super) struct Waiting<P> {
    by_place: HashMap<Place, VecDeque<(Timestamp, P)>>,
    /// The place of every packet, in the order in which they came.
    order: VecDeque<(Timestamp, Place)>,
}

impl<P> Default for Waiting<P> {
    fn default() -> Self {
        Self {
            by_place: HashMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<P> Waiting<P> {
    /// Lets a packet to `place` wait.
    pub(super) fn push(&mut self, ts: Timestamp, place: Place, packet: P) {
        while let Some((since, _)) = self.order.front()
            && (ts.since(*since) > PATIENCE || self.order.len() >= MAX_WAITING)
        {
            self.forget_first();
        }
        let packets = self.by_place.entry(place).or_default();
        if packets.len() < MAX_AT_PLACE {
            packets.push_back((ts, packet));
            self.order.push_back((ts, place));
        }
    }

    /// Returns the packets to `place` that have not waited for too long at `ts`.
    pub(super) fn take(&mut self, ts: Timestamp, place: Place) -> impl Iterator<Item = P> + use<P> {
        // Their places in the order are passed over later.
        let packets = self.by_place.remove(&place).unwrap_or_default();
        packets
            .into_iter()
            .filter(move |(since, _)| ts.since(*since) <= PATIENCE)
            .map(|(_, packet)| packet)
    }

    fn forget_first(&mut self) {
        let Some((since, place)) = self.order.pop_front() else {
            return;
        };
        if let Some(packets) = self.by_place.get_mut(&place) {
            if packets.front().is_some_and(|(first, _)| *first <= since) {
                packets.pop_front();
            }
            if packets.is_empty() {
                self.by_place.remove(&place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(port: u16) -> Place {
        Place::new(([192, 0, 2, 1], port).into(), false)
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn packets_wait_for_two_seconds() {
        let mut waiting = Waiting::default();
        for (millis, port) in [(0, 1), (100, 2), (1500, 1), (2050, 3), (2090, 1)] {
            waiting.push(at(millis), place(port), millis);
        }
        assert_eq!(
            waiting.take(at(2100), place(1)).collect::<Vec<_>>(),
            [1500, 2090]
        );
        assert_eq!(waiting.take(at(2100), place(1)).count(), 0);
        assert_eq!(waiting.take(at(2101), place(2)).count(), 0);
        assert_eq!(waiting.take(at(2101), place(3)).collect::<Vec<_>>(), [2050]);
        waiting.push(at(9000), place(4), 0);
        assert_eq!((waiting.order.len(), waiting.by_place.len()), (1, 1));
    }

    #[test]
    fn memory_is_bounded() {
        let mut waiting = Waiting::default();
        for port in 0..200_000_u32 {
            waiting.push(at(0), place(port as u16), port);
        }
        assert!(waiting.order.len() <= MAX_WAITING && waiting.by_place.len() <= MAX_WAITING);
        for _ in 0..10_000 {
            waiting.push(at(0), place(7), 0);
        }
        assert_eq!(waiting.take(at(0), place(7)).count(), MAX_AT_PLACE);
    }
}
