//! The same message at several capture points is one message that was seen several times.

use std::{collections::VecDeque, sync::Arc};

use hashbrown::HashMap;

use crate::{
    capture::{Batch, Frame, Place},
    sip::Message,
    time::Timestamp,
};

/// How far apart a message may be seen at two points, in nanoseconds, when their clocks are right.
pub const SIGHTINGS_WITHIN: i64 = 2_000_000_000;
/// Sightings that are as near as this belong together; a retransmission (RFC 3261 §17.1.1.2) comes after 500 ms.
const NEAR_NS: i64 = 250_000_000;
/// Sightings of equal messages that are compared with at most.
const MAX_COMPARED: usize = 64;
/// Messages remembered at most.
const CAPACITY: usize = 1 << 18;

/// A message that was taken before, as another capture point saw it.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// The message, with when and where it was seen this time.
    pub message: Message<'a>,
    /// Which of the messages of the run it is, from 1.
    pub of: u64,
    /// When the message was seen first.
    pub first: Timestamp,
    /// The point that saw it first, if that has a name.
    pub first_point: Option<&'a str>,
}

/// Where inputs were captured, and which messages were seen moments ago.
#[derive(Debug, Default)]
pub(crate) struct Points {
    places: HashMap<(u16, u16), Place>,
    /// What was learned last.
    last: Option<(u16, Arc<[Place]>)>,
    seen: HashMap<u64, Vec<Seen>>,
    /// The keys of those, the oldest first.
    order: VecDeque<(Timestamp, u64)>,
    /// How many messages were forgotten too early.
    pub(crate) evicted: u64,
}

/// A message as it was seen first.
#[derive(Debug)]
pub(crate) struct First {
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) point: Option<Arc<str>>,
}

/// A message that was handed over.
#[derive(Debug)]
struct Seen {
    number: u64,
    first: Timestamp,
    /// The name of the point that saw it first.
    first_point: Option<Arc<str>>,
    /// The salts of the points that have seen it.
    points: Vec<u64>,
}

impl Points {
    /// Learns where the frames of a batch were captured.
    pub(crate) fn learn(&mut self, batch: &Batch) {
        let Some(places) = &batch.places else {
            return;
        };
        let is_known = |(input, last): &(u16, Arc<[Place]>)| {
            *input == batch.input && Arc::ptr_eq(last, places)
        };
        if self.last.as_ref().is_some_and(is_known) {
            return;
        }
        for (interface, place) in (0..).zip(places.iter()) {
            self.places.insert((batch.input, interface), place.clone());
        }
        self.last = Some((batch.input, Arc::clone(places)));
    }

    /// Returns where a frame was captured.
    pub(crate) fn place(&self, frame: &Frame) -> Option<&Place> {
        self.places.get(&(frame.origin.input, frame.interface))
    }

    /// Returns the message of which this is another sighting, if it is one; else it is
    /// remembered as that of this `number`. The `key` tells what it says and between whom.
    pub(crate) fn see(&mut self, key: u64, frame: &Frame, number: u64) -> Option<First> {
        let place = self.place(frame)?;
        let (ts, point, first_point) = (frame.ts, place.salt(), place.point.clone());
        self.forget(ts);
        let all = self.seen.entry(key).or_default();
        // What is sent again is paired with what is nearest, since one of them may be missing at a point; with clocks
        // that are not right, the first is paired with the first.
        let distance = |seen: &Seen| {
            let distance = ts.since(seen.first).saturating_abs();
            if distance < NEAR_NS {
                distance
            } else {
                NEAR_NS
            }
        };
        let candidate = all
            .iter_mut()
            .rev()
            .take(MAX_COMPARED)
            .filter(|seen| {
                !seen.points.contains(&point)
                    && ts.since(seen.first).saturating_abs() <= SIGHTINGS_WITHIN
            })
            .min_by_key(|seen| (distance(seen), seen.first));
        if let Some(seen) = candidate {
            seen.points.push(point);
            return Some(First {
                number: seen.number,
                at: seen.first,
                point: seen.first_point.clone(),
            });
        }
        all.push(Seen {
            number,
            first: ts,
            first_point,
            points: vec![point],
        });
        self.order.push_back((ts, key));
        None
    }

    /// Forgets what is out of the window, or too much.
    fn forget(&mut self, now: Timestamp) {
        while let Some(&(ts, key)) = self.order.front() {
            let is_recent = now.since(ts).saturating_abs() <= SIGHTINGS_WITHIN;
            if is_recent && self.order.len() < CAPACITY {
                return;
            }
            self.evicted += u64::from(is_recent);
            self.order.pop_front();
            if let Some(all) = self.seen.get_mut(&key) {
                if !all.is_empty() {
                    all.remove(0);
                }
                if all.is_empty() {
                    self.seen.remove(&key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{LinkType, Origin};

    /// Sees one message again and again: the input it is in, and milliseconds. Returns of which number each is.
    fn seen(sightings: &[(u16, i64)]) -> Vec<u64> {
        let mut points = Points::default();
        for (input, name) in [(0, "edge"), (1, "core"), (2, "far")] {
            let place = Place::new(Some(name), Arc::default());
            points.places.insert((input, 0), place);
        }
        let mut numbers = Vec::new();
        let mut next = 1;
        for (input, millis) in sightings {
            let frame = Frame {
                origin: Origin {
                    input: *input,
                    ..Origin::default()
                },
                ts: Timestamp::from_nanos(millis * 1_000_000),
                captured: 1,
                orig_len: 1,
                link: LinkType::RAW,
                interface: 0,
            };
            let number = points
                .see(7, &frame, next)
                .map_or(next, |first| first.number);
            next = next.max(number + 1);
            numbers.push(number);
        }
        numbers
    }

    #[test]
    fn sightings_are_put_together() {
        for (sightings, expected) in [
            // Sent once, seen at three points.
            (vec![(0, 0), (1, 10), (2, 30)], vec![1, 1, 1]),
            // Sent again after 500 ms.
            (vec![(0, 0), (1, 10), (0, 500), (1, 510)], vec![1, 1, 2, 2]),
            // The second point missed the first one.
            (vec![(0, 0), (0, 500), (1, 510)], vec![1, 2, 2]),
            // A clock that is 1.2 s behind: the first of one is the first of the other.
            (
                vec![(1, 0), (1, 500), (0, 1_200), (0, 1_700)],
                vec![1, 2, 1, 2],
            ),
            // The same point sees it again: another one.
            (vec![(0, 0), (0, 100)], vec![1, 2]),
            // Too far apart.
            (vec![(0, 0), (1, 2_001)], vec![1, 2]),
        ] {
            assert_eq!(seen(&sightings), expected, "{sightings:?}");
        }
    }
}
