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
/// Times that may be old before they are looked for everywhere.
const FEW: usize = 1 << 16;
/// Pairs of points of all ways of which it is known who comes first; of more, losses are not known.
const MAX_PAIRS: usize = 1 << 20;

/// The ways between hosts.
#[derive(Debug, Default)]
pub(super) struct Flows {
    /// By source, destination and transport: a way back may be another one.
    known: HashMap<(IpAddr, IpAddr, Transport), u32>,
    all: Vec<Way>,
    /// How many times there are, and how many are enough to look for old ones.
    times: usize,
    enough: usize,
    pairs: usize,
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
        if self.times >= self.enough {
            self.forget(came);
        }
        let Some(way) = self.all.get_mut(way as usize) else {
            return;
        };
        let times = way.awake.entry(point).or_default();
        let known = times.len();
        while times.front().is_some_and(|time| is_old(*time, came)) || times.len() >= MAX_TIMES {
            times.pop_front();
        }
        let place = times.partition_point(|time| *time <= came);
        times.insert(place, came);
        self.times = (self.times + times.len()).saturating_sub(known);
    }

    /// Forgets what is old on ways that nobody takes any more, too.
    fn forget(&mut self, now: Timestamp) {
        self.times = 0;
        for way in &mut self.all {
            way.awake.retain(|_, times| {
                while times.front().is_some_and(|time| is_old(*time, now)) {
                    times.pop_front();
                }
                self.times += times.len();
                !times.is_empty()
            });
        }
        self.enough = (2 * self.times).max(FEW);
    }

    /// Notes that a message was seen at the first point, and then at the second one.
    pub(super) fn follow(&mut self, way: u32, [first, second]: [Point; 2]) {
        let Some(way) = self.all.get_mut(way as usize) else {
            return;
        };
        let is_new = !way.order.contains_key(&[first, second]);
        if is_new && self.pairs >= MAX_PAIRS {
            return;
        }
        self.pairs += usize::from(is_new);
        *way.order.entry([first, second]).or_default() += 1;
        *way.order.entry([second, first]).or_default() -= 1;
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

/// Returns whether nobody asks any more for what came at a time.
const fn is_old(time: Timestamp, now: Timestamp) -> bool {
    now.since(time) > 2 * (WITHIN + NEAR)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_of_ways_is_bounded() {
        let mut flows = Flows::default();
        for number in 0..200_000_u32 {
            let host = std::net::Ipv4Addr::from(number % 30_000);
            let flow = Flow {
                src: (host, 5060).into(),
                dst: ([192, 0, 2, 1], 5060).into(),
                transport: Transport::Udp,
            };
            let way = flows.of(&flow).unwrap();
            // A thousand a second, each of which several points see, others each time.
            let point = (number / 30_000) as Point;
            flows.see(
                way,
                point,
                Timestamp::from_nanos(i64::from(number) * 1_000_000),
            );
            for other in 0..10 {
                flows.follow(way, [point, 60 + other]);
            }
        }
        let times = |way: &Way| way.awake.values().map(VecDeque::len).sum::<usize>();
        let all: usize = flows.all.iter().map(times).sum();
        assert_eq!(all, flows.times);
        assert!(all <= FEW, "{all}");
        let pairs: usize = flows.all.iter().map(|way| way.order.len()).sum();
        assert!(pairs <= 2 * MAX_PAIRS, "{pairs}");
    }
}
