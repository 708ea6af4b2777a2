//! Messages seen twice: on the wire, and as a capture agent tells, or as two of them do.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::time::Timestamp;

/// How far apart the packets may be that tell of one message: agents need some time. A retransmission (RFC 3261
/// §17.1.1.2) comes after at least half of T1, 250 ms.
const WINDOW_NS: i64 = 200_000_000;

/// Messages remembered at most, as long as there was no agent, and then.
const FIRST_CAPACITY: usize = 1 << 12;
const CAPACITY: usize = 1 << 18;

/// The messages of the last moments, by what they are and between whom.
///
/// As long as no agent has told anything they are only put in a row, which costs next to nothing.
#[derive(Debug, Default)]
pub(crate) struct Sightings {
    /// Oldest first; with whether an agent told it.
    order: VecDeque<Sighting>,
    /// When each was seen last, and whether an agent told it then.
    seen: Option<HashMap<u64, Sighting>>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Sighting {
    content: u64,
    ts: Timestamp,
    is_told: bool,
}

impl Sightings {
    /// Remembers a message on the wire and returns whether an agent has told of it.
    #[inline]
    pub(crate) fn captured(&mut self, content: u64, ts: Timestamp) -> bool {
        let sighting = Sighting {
            content,
            ts,
            is_told: false,
        };
        if self.seen.is_some() {
            return self.see(sighting);
        }
        if self.order.len() >= FIRST_CAPACITY {
            self.order.pop_front();
        }
        self.order.push_back(sighting);
        false
    }

    /// Remembers a message that an agent tells of, and returns whether it was seen before.
    pub(crate) fn told(&mut self, content: u64, ts: Timestamp) -> bool {
        if self.seen.is_none() {
            let known = self
                .order
                .iter()
                .map(|sighting| (sighting.content, *sighting));
            self.seen = Some(known.collect());
        }
        self.see(Sighting {
            content,
            ts,
            is_told: true,
        })
    }

    fn see(&mut self, sighting: Sighting) -> bool {
        let now = sighting.ts;
        self.forget(now);
        self.order.push_back(sighting);
        let earlier = self
            .seen
            .get_or_insert_default()
            .insert(sighting.content, sighting);
        earlier.is_some_and(|earlier| {
            let is_near = now.since(earlier.ts).saturating_abs() <= WINDOW_NS;
            // What is on the wire twice is told apart by its packets.
            is_near && (sighting.is_told || earlier.is_told)
        })
    }

    /// Forgets what is out of the window, or too much.
    fn forget(&mut self, now: Timestamp) {
        while let Some(oldest) = self.order.front() {
            let is_recent = now.since(oldest.ts).saturating_abs() <= WINDOW_NS;
            if is_recent && self.order.len() < CAPACITY {
                return;
            }
            if let Some(seen) = &mut self.seen
                && seen.get(&oldest.content) == Some(oldest)
            {
                seen.remove(&oldest.content);
            }
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn what_an_agent_tells_and_the_wire_has_is_one_message() {
        // Whether an agent tells it, which message, when, and whether it had been seen.
        for steps in [
            // The wire first, before any agent, then the agent first.
            &[
                (false, 1, 0, false),
                (true, 1, 2, true),
                (true, 2, 3, false),
                (false, 2, 5, true),
            ][..],
            // Two agents, and a retransmission.
            &[
                (true, 1, 0, false),
                (true, 1, 150, true),
                (true, 1, 500, false),
                (true, 1, 501, true),
            ],
            // What is on the wire twice is not for this table to judge.
            &[
                (true, 9, 0, false),
                (false, 1, 1, false),
                (false, 1, 2, false),
                (true, 1, 3, true),
            ],
            &[(false, 1, 0, false), (true, 1, 201, false)],
        ] {
            let mut sightings = Sightings::default();
            for (is_told, content, millis, expected) in steps {
                let is_known = if *is_told {
                    sightings.told(*content, at(*millis))
                } else {
                    sightings.captured(*content, at(*millis))
                };
                assert_eq!(is_known, *expected, "{millis} of {steps:?}");
            }
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut sightings = Sightings::default();
        for i in 0..100_000 {
            sightings.captured(i, at(0));
        }
        assert_eq!(sightings.order.len(), FIRST_CAPACITY);
        for i in 0..600_000 {
            sightings.told(i, at(1));
        }
        assert!(sightings.order.len() <= CAPACITY);
        for i in 0..10_000 {
            sightings.told(i, at(1000 + i as i64));
        }
        assert!(sightings.order.len() <= 202);
        assert!(sightings.seen.unwrap().len() <= 202);
    }
}
