//! The same message at several capture points is one message that was seen several times.
//!
//! A point is the wire, a place that somebody named, or a capture agent that tells what it has seen. Whoever sees a message
//! and its retransmission sees two messages, and so does whoever else sees both.

use std::{collections::VecDeque, sync::Arc};

use hashbrown::HashMap;

use crate::{pipeline::observers::Observer, sip::Message, time::Timestamp};

/// How far apart the packets of one message may be at two points, in nanoseconds: clocks differ, and agents need some time.
pub const SIGHTINGS_WITHIN: i64 = 2_000_000_000;
/// Sightings that are as near as this belong together; a retransmission (RFC 3261 §17.1.1.2) comes after 500 ms.
const NEAR_NS: i64 = 250_000_000;
/// An agent that tells of a message twice within this time by its own clock tells of one: it traces what comes in and
/// what goes out, or its packet was captured twice. It is the window of tap duplicates.
const AGAIN_NS: i64 = 50_000_000;
/// Sightings of equal messages that are compared with at most.
const MAX_COMPARED: usize = 64;
/// Points that are remembered to have seen a message at most.
const MAX_POINTS: usize = 64;
/// Messages remembered at most, as long as there was nothing but the wire, and then.
const FIRST_CAPACITY: usize = 1 << 12;
const CAPACITY: usize = 1 << 18;

/// A message that was taken before, as another capture point saw it.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// The message, with when and where it was seen this time.
    pub message: Message<'a>,
    /// Which of the messages of the run it is, from 1.
    pub of: u64,
    /// When the message was seen first, by the clock of whoever saw it.
    pub first: Timestamp,
    /// The point that saw it first.
    pub first_point: Option<&'a str>,
}

/// What a message is to those before it.
#[derive(Debug)]
pub(crate) enum Seen {
    /// It is new.
    First,
    /// The same agent told of it before.
    Again,
    /// Another point saw it before.
    Elsewhere(First),
}

/// A message as it was seen first.
#[derive(Clone, Debug)]
pub(crate) struct First {
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    /// The name of the point; the wire has none.
    pub(crate) point: Option<Arc<str>>,
}

/// A message that was seen just now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glimpse<'a> {
    /// What it says and between whom.
    pub(crate) content: u64,
    /// When the packet came. The clocks of agents may be hours off, but that of who captures their packets is the same
    /// for all.
    pub(crate) came: Timestamp,
    /// When it was seen, by the clock of whoever saw it.
    pub(crate) at: Timestamp,
    pub(crate) by: &'a Observer,
    /// Which message of the run it is if it is new.
    pub(crate) number: u64,
}

/// The messages of the last moments, by what they are and between whom.
///
/// As long as nobody but the wire has seen anything, messages are only put in a row, which costs next to nothing.
#[derive(Debug, Default)]
pub(crate) struct Sightings {
    /// When packets came, what is in them and of which message it is, the oldest first.
    order: VecDeque<(Timestamp, u64, u64)>,
    seen: Option<HashMap<u64, Vec<Known>>>,
    /// How many messages were forgotten too early.
    pub(crate) evicted: u64,
}

/// A message that was handed over.
#[derive(Debug)]
struct Known {
    first: First,
    /// When its packet came.
    came: Timestamp,
    /// Who has seen it, and when at last by their clocks.
    by: Vec<(u64, Timestamp)>,
}

impl Sightings {
    /// Returns whether anybody but the wire has seen anything.
    pub(crate) const fn has_points(&self) -> bool {
        self.seen.is_some()
    }

    /// Remembers a message, and returns what it is to those before it.
    pub(crate) fn see(&mut self, glimpse: &Glimpse<'_>) -> Seen {
        let is_wire = glimpse.by.id == 0;
        if is_wire && self.seen.is_none() {
            if self.order.len() >= FIRST_CAPACITY {
                self.order.pop_front();
            }
            let Glimpse {
                content,
                came,
                number,
                ..
            } = *glimpse;
            self.order.push_back((came, content, number));
            return Seen::First;
        }
        self.forget(glimpse.came);
        let seen = match &mut self.seen {
            Some(seen) => seen,
            None => self.seen.insert(on_the_wire(&self.order)),
        };
        let all = seen.entry(glimpse.content).or_default();
        if glimpse.by.is_agent && is_again(all, glimpse) {
            return Seen::Again;
        }
        if let Some(known) = nearest(all, glimpse) {
            if known.by.len() < MAX_POINTS {
                known.by.push((glimpse.by.id, glimpse.at));
            }
            return Seen::Elsewhere(known.first.clone());
        }
        all.push(Known::new(glimpse));
        self.order
            .push_back((glimpse.came, glimpse.content, glimpse.number));
        Seen::First
    }

    /// Forgets what is out of the window, or too much.
    fn forget(&mut self, now: Timestamp) {
        while let Some(&(came, content, _)) = self.order.front() {
            let is_recent = now.since(came).saturating_abs() <= SIGHTINGS_WITHIN;
            if is_recent && self.order.len() < CAPACITY {
                return;
            }
            self.evicted += u64::from(is_recent);
            self.order.pop_front();
            let Some(seen) = &mut self.seen else {
                continue;
            };
            if let Some(all) = seen.get_mut(&content) {
                if !all.is_empty() {
                    all.remove(0);
                }
                if all.is_empty() {
                    seen.remove(&content);
                }
            }
        }
    }
}

/// Returns messages that the wire has seen.
fn on_the_wire(order: &VecDeque<(Timestamp, u64, u64)>) -> HashMap<u64, Vec<Known>> {
    let mut seen: HashMap<u64, Vec<Known>> = HashMap::with_capacity(order.len());
    for &(came, content, number) in order {
        let glimpse = Glimpse {
            content,
            came,
            at: came,
            by: &Observer::default(),
            number,
        };
        seen.entry(content).or_default().push(Known::new(&glimpse));
    }
    seen
}

/// Returns whether an agent tells of a message once more.
fn is_again(all: &mut [Known], glimpse: &Glimpse<'_>) -> bool {
    let newest = all.iter_mut().rev().take(MAX_COMPARED);
    let mut told = newest.flat_map(|known| &mut known.by);
    let before = told.find(|(by, at)| {
        *by == glimpse.by.id && glimpse.at.since(*at).saturating_abs() <= AGAIN_NS
    });
    before.map(|(_, at)| *at = glimpse.at).is_some()
}

/// Returns the message of which this is another sighting. What is sent again is paired with what is nearest, since one of
/// them may be missing at a point; with clocks that are not right, the first is paired with the first.
fn nearest<'k>(all: &'k mut [Known], glimpse: &Glimpse<'_>) -> Option<&'k mut Known> {
    let apart = |known: &Known| glimpse.came.since(known.came).saturating_abs();
    let distance = |known: &Known| apart(known).min(NEAR_NS);
    all.iter_mut()
        .rev()
        .take(MAX_COMPARED)
        .filter(|known| {
            known.by.iter().all(|(by, _)| *by != glimpse.by.id) && apart(known) <= SIGHTINGS_WITHIN
        })
        .min_by_key(|known| (distance(known), known.came))
}

impl Known {
    fn new(glimpse: &Glimpse<'_>) -> Self {
        Self {
            first: First {
                number: glimpse.number,
                at: glimpse.at,
                point: glimpse.by.point.clone(),
            },
            came: glimpse.came,
            by: vec![(glimpse.by.id, glimpse.at)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    /// The wire, named points, and agents from 10 on.
    fn observer(id: u64) -> Observer {
        Observer {
            id,
            point: (id > 0).then(|| id.to_string().into()),
            is_agent: id >= 10,
        }
    }

    /// Sees messages: by whom, which, and milliseconds. Returns of which number each is, 0 for those told again.
    fn seen(steps: &[(u64, u64, i64)]) -> Vec<u64> {
        let mut sightings = Sightings::default();
        let mut next = 1;
        let mut numbers = Vec::new();
        for &(by, content, millis) in steps {
            let by = observer(by);
            // The clocks of agents are an hour ahead.
            let ahead = if by.is_agent { HOUR } else { 0 };
            let outcome = sightings.see(&Glimpse {
                content,
                came: at(millis),
                at: at(millis + ahead),
                by: &by,
                number: next,
            });
            numbers.push(match outcome {
                Seen::First => {
                    next += 1;
                    next - 1
                }
                Seen::Again => 0,
                Seen::Elsewhere(first) => first.number,
            });
        }
        numbers
    }

    #[test]
    fn sightings_at_named_points_are_put_together() {
        for (steps, expected) in [
            // Sent once, seen at three points.
            (vec![(1, 7, 0), (2, 7, 10), (3, 7, 30)], vec![1, 1, 1]),
            // Sent again after 500 ms.
            (
                vec![(1, 7, 0), (2, 7, 10), (1, 7, 500), (2, 7, 510)],
                vec![1, 1, 2, 2],
            ),
            // The second point missed the first one.
            (vec![(1, 7, 0), (1, 7, 500), (2, 7, 510)], vec![1, 2, 2]),
            // A clock that is 1.2 s behind: the first of one is the first of the other.
            (
                vec![(2, 7, 0), (2, 7, 500), (1, 7, 1_200), (1, 7, 1_700)],
                vec![1, 2, 1, 2],
            ),
            // The same point sees it again: another one.
            (vec![(1, 7, 0), (1, 7, 100)], vec![1, 2]),
            // Too far apart.
            (vec![(1, 7, 0), (2, 7, 2_001)], vec![1, 2]),
            // What nobody named is a point, too.
            (vec![(0, 7, 0), (1, 7, 10), (2, 7, 20)], vec![1, 1, 1]),
        ] {
            assert_eq!(seen(&steps), expected, "{steps:?}");
        }
    }

    #[test]
    fn what_agents_tell_and_the_wire_has_is_one_message() {
        for (steps, expected) in [
            // The wire first, before any agent, then the agent first.
            (
                vec![(0, 1, 0), (11, 1, 2), (11, 2, 3), (0, 2, 5)],
                vec![1, 1, 2, 2],
            ),
            // Two agents, and a retransmission.
            (
                vec![(11, 1, 0), (12, 1, 150), (11, 1, 500), (12, 1, 501)],
                vec![1, 1, 2, 2],
            ),
            // An ACK for a retransmitted response, soon after the first one.
            (
                vec![(0, 1, 0), (11, 1, 1), (0, 1, 60), (11, 1, 61)],
                vec![1, 1, 2, 2],
            ),
            // The agent did not see the first one.
            (
                vec![(0, 1, 0), (0, 1, 500), (11, 1, 501), (0, 1, 1_500)],
                vec![1, 2, 2, 3],
            ),
            // It traces what comes in and what goes out.
            (
                vec![(11, 1, 0), (11, 1, 1), (0, 1, 1), (0, 1, 60)],
                vec![1, 0, 1, 2],
            ),
            // What is on the wire twice is not for this table to judge.
            (
                vec![(11, 9, 0), (0, 1, 1), (0, 1, 2), (11, 1, 3)],
                vec![1, 2, 3, 3],
            ),
            (vec![(0, 1, 0), (11, 1, 2_001)], vec![1, 2]),
            // A named point, an agent there, and the next agent.
            (vec![(1, 1, 0), (11, 1, 1), (12, 1, 9)], vec![1, 1, 1]),
        ] {
            assert_eq!(seen(&steps), expected, "{steps:?}");
        }
    }

    #[test]
    fn the_first_sighting_has_the_time_of_whoever_saw_it() {
        let mut sightings = Sightings::default();
        let mut see = |by, came, at| {
            let by = observer(by);
            let number = 1;
            sightings.see(&Glimpse {
                content: 1,
                came,
                at,
                by: &by,
                number,
            })
        };
        see(11, at(7), at(HOUR));
        let Seen::Elsewhere(first) = see(0, at(8), at(8)) else {
            panic!("it was seen before");
        };
        assert_eq!(first.at, at(HOUR));
        assert_eq!(first.point.as_deref(), Some("11"));
    }

    #[test]
    fn memory_is_bounded() {
        let mut sightings = Sightings::default();
        let mut see = |by, content, millis| {
            let by = observer(by);
            let (came, number) = (at(millis), content);
            sightings.see(&Glimpse {
                content,
                came,
                at: came,
                by: &by,
                number,
            });
            (sightings.order.len(), sightings.evicted)
        };
        for i in 0..100_000 {
            assert!(see(0, i, 0).0 <= FIRST_CAPACITY);
        }
        for i in 0..300_000 {
            see(11, i, 1);
        }
        // Those of the row that the agent told of as well take no second place.
        let (remembered, evicted) = see(11, 400_000, 1);
        assert_eq!(remembered, CAPACITY);
        assert_eq!(evicted, 300_001 - CAPACITY as u64);
        for i in 0..10_000 {
            see(11, i, 10_000 + i as i64);
        }
        assert!(sightings.order.len() <= 2_002);
        assert!(sightings.seen.unwrap().len() <= 2_002);
    }

    #[test]
    fn those_who_have_seen_a_message_are_bounded() {
        let mut sightings = Sightings::default();
        for id in 0..1_000 {
            let by = observer(10 + id);
            sightings.see(&Glimpse {
                content: 1,
                came: at(0),
                at: at(0),
                by: &by,
                number: 1,
            });
        }
        let seen = sightings.seen.unwrap();
        assert_eq!(seen[&1].len(), 1);
        assert_eq!(seen[&1][0].by.len(), MAX_POINTS);
    }
}
