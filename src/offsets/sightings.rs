//! Which messages were seen at which points, and when.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
    sync::Arc,
};

use hashbrown::HashMap;

use super::{
    fit::{Sample, fit},
    network::{Offsets, PairOffset},
};
use crate::sip::{Message, Method};

/// Messages remembered at most; beyond them, half of all are left out, and half again.
const CAPACITY: usize = 1 << 17;
/// Points that a message is known to have been seen at, at most.
const MAX_SEEN: usize = 16;
/// Pairs of hosts told apart at most.
const MAX_HOSTS: usize = 1 << 16;

/// Messages by what was seen of them at each point, to find out what clocks are off by.
#[derive(Debug, Default)]
pub struct Sightings {
    /// The points, in the order in which they were named or seen.
    points: Vec<Point>,
    /// Their places there.
    by_name: HashMap<Arc<str>, u16>,
    hosts: HashMap<[IpAddr; 2], u32>,
    /// The same message on the same way.
    same: Table,
    /// Messages that differ only by what a proxy changes.
    through: Table,
}

/// A point.
#[derive(Debug)]
struct Point {
    name: Arc<str>,
    /// Whether it is a capture agent. There may be many of them, of which most have nothing to do with each other.
    is_agent: bool,
}

/// Sightings by what they are of.
#[derive(Debug, Default)]
struct Table {
    entries: HashMap<u64, Vec<Seen>>,
    /// Keys with a one among so many last bits are left out.
    thinning: u32,
}

/// A message at a point.
#[derive(Clone, Copy, Debug)]
struct Seen {
    at: i64,
    point: u16,
    hosts: u32,
    is_back: bool,
    /// Whether the point has seen more than one that is equal.
    is_again: bool,
}

impl Sightings {
    /// Returns an empty table for points of which some are known; the first is the one whose clock counts.
    #[must_use]
    pub fn new(points: Vec<Arc<str>>) -> Self {
        let mut sightings = Self::default();
        for name in points {
            sightings.point(&name, false);
        }
        sightings
    }

    /// Takes a message as a point saw it first, or another one; messages of no point tell nothing.
    pub fn see(&mut self, message: &Message<'_>) {
        let is_agent = message.trace.is_some();
        let Some(point) = message.point.and_then(|name| self.point(name, is_agent)) else {
            return;
        };
        let (src, dst) = (message.flow.src.ip(), message.flow.dst.ip());
        let count = self.hosts.len();
        let hosts = [src.min(dst), src.max(dst)];
        let hosts = match self.hosts.get(&hosts) {
            Some(known) => *known,
            None if count < MAX_HOSTS => {
                let number = u32::try_from(count).unwrap_or(u32::MAX);
                self.hosts.insert(hosts, number);
                number
            }
            None => return,
        };
        let seen = Seen {
            at: message.ts.nanos(),
            point,
            hosts,
            is_back: src > dst,
            is_again: false,
        };
        let mut hasher = DefaultHasher::new();
        (message.flow, message.bytes).hash(&mut hasher);
        self.same.see(hasher.finish(), seen);
        if let Some(key) = end_to_end(message) {
            self.through.see(key, seen);
        }
    }

    /// Returns how many points have seen anything, or were named.
    #[must_use]
    pub fn points(&self) -> usize {
        self.points.len()
    }

    fn point(&mut self, name: &str, is_agent: bool) -> Option<u16> {
        if let Some(known) = self.by_name.get(name) {
            return Some(*known);
        }
        let index = u16::try_from(self.points.len()).ok()?;
        let name: Arc<str> = Arc::from(name);
        self.by_name.insert(Arc::clone(&name), index);
        self.points.push(Point { name, is_agent });
        Some(index)
    }

    /// Returns the points in their order, agents behind all others, with the place of each there.
    fn ranked(&self) -> (Vec<&Point>, Vec<u16>) {
        let mut order: Vec<(u16, &Point)> = (0..).zip(&self.points).collect();
        order.sort_by_key(|(_, point)| point.is_agent);
        let mut ranks = vec![0; order.len()];
        for (rank, (index, _)) in (0..).zip(&order) {
            if let Some(place) = ranks.get_mut(usize::from(*index)) {
                *place = rank;
            }
        }
        (order.into_iter().map(|(_, point)| point).collect(), ranks)
    }

    /// Returns what clocks are off by. The clock of the first point counts; agents come behind all others, and only those
    /// that have seen what others have.
    #[must_use]
    pub fn offsets(&self) -> Offsets {
        let (points, ranks) = self.ranked();
        let mut same = self.same.samples(&ranks);
        let through = self.through.samples(&ranks);
        let mut pairs: BTreeMap<[u16; 2], PairOffset> = BTreeMap::new();
        for (pair, samples) in through {
            // Only what is seen on the same way tells of delays without the time that a proxy takes.
            let (offset, passes_proxy) = match same.remove(&pair).map(fit) {
                Some(Some(fit)) => (Some(fit), false),
                _ => (fit(samples), true),
            };
            if let Some(fit) = offset {
                pairs.insert(pair, PairOffset { fit, passes_proxy });
            }
        }
        for (pair, samples) in same {
            if let Some(fit) = fit(samples) {
                let passes_proxy = false;
                pairs.insert(pair, PairOffset { fit, passes_proxy });
            }
        }
        let compared: BTreeSet<u16> = pairs.keys().flatten().copied().collect();
        let told = (0..).zip(points);
        let told = told.filter(|(rank, point)| !point.is_agent || compared.contains(rank));
        let (ranks, names): (Vec<u16>, Vec<Arc<str>>) = told
            .map(|(rank, point)| (rank, Arc::clone(&point.name)))
            .unzip();
        let place = |rank| u16::try_from(ranks.binary_search(&rank).ok()?).ok();
        let pairs = pairs.into_iter();
        let pairs =
            pairs.filter_map(|([one, other], offset)| Some(([place(one)?, place(other)?], offset)));
        Offsets::new(&names, &pairs.collect())
    }
}

impl Table {
    fn see(&mut self, key: u64, seen: Seen) {
        if key & ((1 << self.thinning) - 1) != 0 {
            return;
        }
        let all = self.entries.entry(key).or_default();
        let has_room = all.len() < MAX_SEEN;
        match all.iter_mut().find(|other| other.point == seen.point) {
            Some(other) => other.is_again = true,
            None if has_room => all.push(seen),
            None => {}
        }
        if self.entries.len() > CAPACITY {
            // All points keep the same messages.
            self.thinning += 1;
            let mask = (1 << self.thinning) - 1;
            self.entries.retain(|key, _| key & mask == 0);
        }
    }

    /// Returns what pairs of points have seen once each, by their ranks.
    fn samples(&self, ranks: &[u16]) -> BTreeMap<[u16; 2], Vec<Sample>> {
        let mut samples: BTreeMap<[u16; 2], Vec<Sample>> = BTreeMap::new();
        let rank = |seen: &Seen| ranks.get(usize::from(seen.point)).copied();
        for all in self.entries.values() {
            for one in all {
                for other in all {
                    if rank(one) < rank(other)
                        && !one.is_again
                        && !other.is_again
                        && let (Some(first), Some(second)) = (rank(one), rank(other))
                    {
                        let pair = samples.entry([first, second]);
                        pair.or_default().push(Sample {
                            at: one.at,
                            later: other.at.saturating_sub(one.at),
                            hosts: one.hosts,
                            is_back: one.is_back,
                        });
                    }
                }
            }
        }
        samples
    }
}

/// Returns what stays the same on the way through proxies, for messages that go from end to end.
fn end_to_end(message: &Message<'_>) -> Option<u64> {
    let (head, bytes) = (message.head, message.bytes);
    head.usable().ok()?;
    let cseq = head.cseq?;
    let status = head.status_code();
    // These are between neighbours.
    let is_hop_by_hop = status == Some(100) || matches!(cseq.method, Method::Ack | Method::Cancel);
    if is_hop_by_hop {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    head.call_id.of(bytes).hash(&mut hasher);
    (cseq.number(), cseq.method_text.of(bytes)).hash(&mut hasher);
    (head.from_tag(bytes), head.to_tag(bytes)).hash(&mut hasher);
    (status, message.flow.transport as u8).hash(&mut hasher);
    Some(hasher.finish())
}
