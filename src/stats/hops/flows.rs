//! Which capture points see what goes between two hosts, when, and which of them comes first on the way.

use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
};

use hashbrown::HashMap;

use super::{NEAR, Point, WITHIN};
use crate::{
    net::{Flow, Transport},
    time::Timestamp,
};

/// Ways that are told apart at most; of more, losses are not known.
const MAX_FLOWS: usize = 1 << 16;
/// Times that are kept of a point on a way at most.
const MAX_TIMES: usize = 1 << 18;

/// The ways between hosts.
#[derive(Debug, Default)]
pub(super) struct Flows {
    /// By source, destination and transport: a way back may be another one.
    known: HashMap<(IpAddr, IpAddr, Transport), u32>,
    all: Vec<Way>,
}

/// A way from one host to another.
#[derive(Debug, Default)]
struct Way {
    /// When points have lately seen messages there; these are the times when the messages were seen first.
    awake: BTreeMap<Point, VecDeque<Timestamp>>,
    /// How much more often the first point saw a message before the second one than behind it.
    order: BTreeMap<[Point; 2], i64>,
}

impl Flows {
    /// Returns the number of the way of a message.
    pub(super) fn of(&mut self, flow: &Flow) -> Option<u32> {
        let key = (flow.src.ip(), flow.dst.ip(), flow.transport);
        if let Some(known) = self.known.get(&key) {
            return Some(*known);
        }
        let number = u32::try_from(self.all.len()).ok();
        let number = number.filter(|_| self.all.len() < MAX_FLOWS)?;
        self.known.insert(key, number);
        self.all.push(Way::default());
        Some(number)
    }

    /// Notes that a point has seen a message that came at this time.
    pub(super) fn see(&mut self, way: u32, point: Point, came: Timestamp) {
        let Some(way) = self.all.get_mut(way as usize) else {
            return;
        };
        let times = way.awake.entry(point).or_default();
        // Nobody asks any more for what is as old as that.
        let is_old = |time: &Timestamp| came.since(*time) > 2 * (WITHIN + NEAR);
        while times.front().is_some_and(is_old) || times.len() >= MAX_TIMES {
            times.pop_front();
        }
        let place = times.partition_point(|time| *time <= came);
        times.insert(place, came);
    }

    /// Notes that a message was seen at the first point, and then at the second one.
    pub(super) fn follow(&mut self, way: u32, [first, second]: [Point; 2]) {
        if let Some(way) = self.all.get_mut(way as usize) {
            *way.order.entry([first, second]).or_default() += 1;
            *way.order.entry([second, first]).or_default() -= 1;
        }
    }

    /// Returns the hops that a message did not take: between which points, and whether it was lost at the second one. Else
    /// the first one missed it. `seen` are the points that have seen it, in the order of its way.
    pub(super) fn absent(
        &self,
        way: u32,
        came: Timestamp,
        seen: &[Point],
    ) -> Vec<([Point; 2], bool)> {
        let Some(way) = self.all.get(way as usize) else {
            return Vec::new();
        };
        let is_absent = |point: &Point| !seen.contains(point) && way.is_awake(*point, came);
        let absent = way.awake.keys().copied().filter(is_absent);
        let (mut hops, mut behind) = (Vec::new(), Vec::new());
        for point in absent {
            let later = seen.iter().find(|other| way.is_before(point, **other));
            let earlier = seen.iter().rfind(|other| way.is_before(**other, point));
            match (later, earlier) {
                (Some(later), _) => hops.push(([point, *later], false)),
                (None, Some(earlier)) => behind.push((point, *earlier)),
                (None, None) => {}
            }
        }
        // What did not come to a point cannot come to those behind it.
        for (point, earlier) in &behind {
            let is_next = !behind
                .iter()
                .any(|(other, _)| way.is_before(*other, *point));
            if is_next {
                hops.push(([*earlier, *point], true));
            }
        }
        hops
    }
}

impl Way {
    /// Returns whether a point has seen other messages about that time.
    fn is_awake(&self, point: Point, came: Timestamp) -> bool {
        let Some(times) = self.awake.get(&point) else {
            return false;
        };
        let after = times.partition_point(|time| *time < came.plus(-NEAR));
        let next = times.get(after);
        next.is_some_and(|time| time.since(came) <= NEAR)
    }

    /// Returns whether messages come to one point before they come to another one.
    fn is_before(&self, one: Point, other: Point) -> bool {
        self.order.get(&[one, other]).is_some_and(|more| *more > 0)
    }
}
