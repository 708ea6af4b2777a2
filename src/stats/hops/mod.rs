//! How long messages take from one capture point to the next, and which get lost on the way.
//!
//! What points have seen of a message is known when nobody sees it any more; then its sightings are put in the order of
//! their times, and each point with the next one is a hop that the message took. A point that has not seen it has lost it,
//! or the network has, if the point is on that way and was awake: it has seen other messages between the same hosts a
//! moment before or after, and ones that the other points have seen, too, which tell where it stands among them.

mod flows;

use std::collections::VecDeque;

use hashbrown::HashMap;

use self::flows::Flows;
use crate::{
    sip::Message,
    stats::{Samples, merge::accumulator},
    time::Timestamp,
};

accumulator! {
    /// What was counted of hops.
    HopCounts {
        /// From one point to the next, of messages that both have seen.
        delay: Samples,
        /// Messages that the next point should have seen and did not.
        lost: u64,
        /// Messages that the next point saw and the one before it did not.
        missed: u64,
        /// Messages that were given up before all points could have seen them.
        forgotten: u64,
    }
}

/// How long a message is waited for at other points, and how long another one is near it: what is to be known of a message
/// is known when both have passed.
const WITHIN: i64 = 2_000_000_000;
const NEAR: i64 = 1_000_000_000;
/// Messages that are waited for at most.
const CAPACITY: usize = 1 << 18;
/// Points that are told apart at most; more are not looked at.
const MAX_POINTS: usize = 64;

/// A number of a point.
type Point = u8;

/// Messages that other points may see yet.
#[derive(Debug, Default)]
pub(super) struct Hops {
    names: Vec<String>,
    by_name: HashMap<String, Point>,
    flows: Flows,
    /// In their order, without gaps between their numbers.
    waiting: VecDeque<Waiting>,
    /// The number of the message that comes next, from 1.
    next: u64,
    /// The latest time of a packet.
    now: Option<Timestamp>,
    /// Messages that were given up too early.
    pub(super) evicted: u64,
}

/// A message that other points may see yet.
#[derive(Debug)]
struct Waiting {
    /// When its packet came.
    came: Timestamp,
    /// Which hosts it went between.
    flow: Option<u32>,
    /// Who has seen it, and when by their clocks.
    seen: Vec<(Point, Timestamp)>,
    /// The groups that it counts for, but for the hops; nothing if it was not selected.
    groups: Option<Groups>,
}

/// By cut, the names that a group has in its dimensions, in which that of a hop is left open.
pub(super) type Groups = Vec<(usize, Vec<String>)>;

/// What became of a message on a hop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    /// Both points have seen it, so many nanoseconds apart.
    Passed(i64),
    /// The second one has not.
    Lost,
    /// The first one has not.
    Missed,
}

/// A hop that a message took, or should have taken.
#[derive(Clone, Debug)]
pub(super) struct Passage {
    /// The names of both points.
    pub(super) hop: [String; 2],
    pub(super) fate: Fate,
    /// When the message was seen first.
    pub(super) at: Timestamp,
    pub(super) groups: Groups,
}

impl Hops {
    /// Takes the next message, and returns what became of those before it that nobody sees any more.
    pub(super) fn message(
        &mut self,
        message: &Message<'_>,
        groups: Option<Groups>,
    ) -> Vec<Passage> {
        let came = message.completed_by.ts;
        let over = self.over(came);
        self.next += 1;
        let flow = self.flows.of(&message.flow);
        self.waiting.push_back(Waiting {
            came,
            flow,
            seen: Vec::new(),
            groups,
        });
        self.see(self.waiting.len() - 1, message);
        over
    }

    /// Takes another sighting of the message with that number.
    pub(super) fn sighting(&mut self, message: &Message<'_>, of: u64) {
        let first = self.next.saturating_sub(self.waiting.len() as u64);
        let index = of.checked_sub(first + 1);
        if let Some(index) = index.and_then(|index| usize::try_from(index).ok()) {
            self.see(index, message);
        }
    }

    /// Returns what became of all messages that are left.
    pub(super) fn finish(&mut self) -> Vec<Passage> {
        let mut over = Vec::new();
        while let Some(waiting) = self.waiting.pop_front() {
            self.judge(&waiting, &mut over);
        }
        over
    }

    fn over(&mut self, came: Timestamp) -> Vec<Passage> {
        let now = self.now.map_or(came, |now| now.max(came));
        self.now = Some(now);
        let mut over = Vec::new();
        while let Some(first) = self.waiting.front() {
            let is_over = now.since(first.came) > WITHIN + NEAR;
            if !is_over && self.waiting.len() < CAPACITY {
                break;
            }
            self.evicted += u64::from(!is_over);
            if let Some(waiting) = self.waiting.pop_front() {
                self.judge(&waiting, &mut over);
            }
        }
        over
    }

    /// Notes that a point has seen a message.
    fn see(&mut self, index: usize, message: &Message<'_>) {
        let Some(point) = self.point(message.point.unwrap_or(UNNAMED)) else {
            return;
        };
        let Some(waiting) = self.waiting.get_mut(index) else {
            return;
        };
        if waiting.seen.iter().any(|(known, _)| *known == point) {
            return;
        }
        if let Some(flow) = waiting.flow {
            self.flows.see(flow, point, waiting.came);
            for (before, at) in &waiting.seen {
                if *at <= message.ts {
                    self.flows.follow(flow, [*before, point]);
                } else {
                    self.flows.follow(flow, [point, *before]);
                }
            }
        }
        waiting.seen.push((point, message.ts));
    }

    fn point(&mut self, name: &str) -> Option<Point> {
        if let Some(known) = self.by_name.get(name) {
            return Some(*known);
        }
        let number = Point::try_from(self.names.len()).ok();
        let number = number.filter(|_| self.names.len() < MAX_POINTS)?;
        self.names.push(name.to_owned());
        self.by_name.insert(name.to_owned(), number);
        Some(number)
    }

    /// Tells what became of a message.
    fn judge(&self, waiting: &Waiting, over: &mut Vec<Passage>) {
        let Some(groups) = &waiting.groups else {
            return;
        };
        let mut seen = waiting.seen.clone();
        // Of equal times the first is the one that was told first.
        seen.sort_by_key(|(_, at)| *at);
        let Some((_, at)) = seen.first().copied() else {
            return;
        };
        let mut tell = |hop: [Point; 2], fate| {
            let name = |point: Point| self.names.get(usize::from(point)).cloned();
            over.push(Passage {
                hop: hop.map(|point| name(point).unwrap_or_default()),
                fate,
                at,
                groups: groups.clone(),
            });
        };
        for pair in seen.windows(2) {
            if let [(from, left), (to, arrived)] = pair {
                tell([*from, *to], Fate::Passed(arrived.since(*left)));
            }
        }
        if let Some(flow) = waiting.flow {
            let points: Vec<Point> = seen.iter().map(|(point, _)| *point).collect();
            for (hop, is_lost) in self.flows.absent(flow, waiting.came, &points) {
                tell(hop, if is_lost { Fate::Lost } else { Fate::Missed });
            }
        }
    }
}

/// The name of what has none: what was seen on the wire before there was anything else.
const UNNAMED: &str = "wire";

#[cfg(test)]
mod tests;
