//! The table of TCP directions: who belongs to whom, what is forgotten and when.

use std::{
    collections::BTreeSet,
    hash::{Hash, Hasher},
    net::{IpAddr, SocketAddr},
};

use hashbrown::HashMap;

use super::{
    direction::Direction,
    found::{Context, Found, Outlet},
    limits::Limits,
    stats::StreamStats,
};
use crate::{
    capture::Frame,
    clock::Clock,
    net::{Flow, Transport},
    packet::Segment,
    time::Timestamp,
};

/// How often, in packet time and in packets, the whole table is looked through for what can be forgotten.
const SWEEP_NANOS: i64 = 30_000_000_000;
const SWEEP_PACKETS: u64 = 100_000;

/// The key of one direction. The ids of tunnels have one direction too.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Key {
    tunnel: u64,
    src: SocketAddr,
    dst: SocketAddr,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // A look-up for each segment: few words hash faster than all the fields of two addresses.
        let ports = (u64::from(self.src.port()) << 16) | u64::from(self.dst.port());
        state.write_u64(self.tunnel);
        state.write_u64(ports);
        match (self.src.ip(), self.dst.ip()) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                state.write_u64((u64::from(src.to_bits()) << 32) | u64::from(dst.to_bits()));
            }
            addresses => addresses.hash(state),
        }
    }
}

impl Key {
    fn reversed(self) -> Self {
        Self {
            src: self.dst,
            dst: self.src,
            ..self
        }
    }
}

/// One direction in the table.
#[derive(Debug)]
struct Slot {
    key: Key,
    /// The other direction of the connection.
    peer: Option<usize>,
    in_use: bool,
    /// When to give up what it waits for, as it stands in the list of deadlines.
    deadline: Option<Timestamp>,
    /// What it held when it was last looked at.
    size: usize,
    direction: Direction,
}

/// Puts TCP segments in order and finds the SIP messages in them.
///
/// Streams may be picked up from their middle and may have holes; TLS, HTTP and others are told apart and passed over.
/// See [`Limits`] for what is waited for, and how long.
#[derive(Debug, Default)]
pub struct Streams {
    limits: Limits,
    stats: StreamStats,
    slots: Vec<Slot>,
    /// Slots that are not in use.
    free: Vec<usize>,
    by_key: HashMap<Key, usize>,
    /// The newest direction between two endpoints, whatever its tunnel.
    by_ends: HashMap<(SocketAddr, SocketAddr), usize>,
    /// Directions that wait for something, by when it is given up.
    deadlines: BTreeSet<(Timestamp, usize)>,
    next_sweep: Option<Timestamp>,
    /// Segments so far.
    arrivals: u64,
    last_sweep: u64,
    /// What all directions hold.
    held: usize,
    /// The time of the last segment.
    now: Timestamp,
    /// The time up to which is given up.
    clock: Clock,
    /// The frames of one message, a buffer.
    frames: Vec<Frame>,
}

impl Streams {
    /// Returns an empty table.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            ..Self::default()
        }
    }

    /// Takes the next segment in the order of the capture, with the captured part of its data.
    ///
    /// What it completes is handed to `out`, and so is what packet time has run out for. The frame is settled, then or
    /// later, once.
    pub fn segment(
        &mut self,
        segment: &Segment,
        payload: &[u8],
        context: Context,
        frame: Frame,
        out: &mut impl FnMut(Found<'_>),
    ) {
        self.arrivals = self.arrivals.saturating_add(1);
        self.now = frame.ts;
        self.expire(out);
        let index = self.find(segment, context, out);
        let peer = self.slots.get(index).and_then(|slot| slot.peer);
        if segment.rst {
            self.stats.resets = self.stats.resets.saturating_add(1);
        }
        if segment.syn {
            self.syn(index, peer, segment, out);
        }
        if let (Some(peer), Some(ack)) = (peer, segment.ack) {
            self.with(peer, out, |direction, outlet| {
                direction.acknowledged(ack, frame.ts, outlet);
            });
        }
        let arrival = self.arrivals;
        let is_in_window = self.with(index, out, |direction, outlet| {
            direction.last = frame.ts;
            direction.encapsulation = context.encapsulation;
            direction.segment(segment, payload, &frame, arrival, outlet)
        });
        if segment.rst && is_in_window {
            for index in [Some(index), peer].into_iter().flatten() {
                self.with(index, out, Direction::reset);
            }
        }
        if self.held > self.limits.held {
            self.relieve(out);
        }
    }

    /// Ends all streams: what is held is handed out as it is, and every frame is settled.
    pub fn finish(&mut self, out: &mut impl FnMut(Found<'_>)) {
        for index in 0..self.slots.len() {
            self.with(index, out, Direction::finish);
        }
        *self = Self {
            limits: self.limits.clone(),
            stats: self.stats.clone(),
            ..Self::default()
        };
    }

    /// Returns what was counted so far.
    #[must_use]
    pub fn stats(&self) -> &StreamStats {
        &self.stats
    }

    /// Returns how many octets of unfinished messages and of segments out of order it holds, with what it takes to
    /// hold them: at most [`Limits::held`].
    #[must_use]
    pub fn held(&self) -> usize {
        self.held
    }

    /// Runs `act` on a direction and keeps account of what it holds and waits for.
    fn with<R: Default>(
        &mut self,
        index: usize,
        out: &mut dyn FnMut(Found<'_>),
        act: impl FnOnce(&mut Direction, &mut Outlet<'_>) -> R,
    ) -> R {
        let Some(slot) = self.slots.get_mut(index) else {
            return R::default();
        };
        let mut outlet = Outlet {
            flow: Flow {
                src: slot.key.src,
                dst: slot.key.dst,
                transport: Transport::Tcp,
            },
            encapsulation: slot.direction.encapsulation,
            limits: &self.limits,
            stats: &mut self.stats,
            frames: &mut self.frames,
            out,
        };
        let result = act(&mut slot.direction, &mut outlet);
        let size = slot.direction.size();
        self.held = self.held.saturating_sub(slot.size).saturating_add(size);
        slot.size = size;
        let deadline = slot.direction.deadline(&self.limits);
        if deadline != slot.deadline {
            if let Some(old) = slot.deadline {
                self.deadlines.remove(&(old, index));
            }
            if let Some(new) = deadline {
                self.deadlines.insert((new, index));
            }
            slot.deadline = deadline;
        }
        result
    }

    fn syn(
        &mut self,
        index: usize,
        peer: Option<usize>,
        segment: &Segment,
        out: &mut dyn FnMut(Found<'_>),
    ) {
        let is_new = self.with(index, out, |direction, outlet| {
            direction.syn(segment, outlet)
        });
        let (true, Some(peer), None) = (is_new, peer, segment.ack) else {
            return;
        };
        // The other direction belongs to the old connection, unless its SYN was captured before this one.
        let answer = Some(segment.seq.wrapping_add(1));
        self.with(peer, out, |direction, outlet| {
            if direction.answers != answer {
                direction.finish(outlet);
            }
        });
    }

    /// Returns the slot of a segment's direction, a new one if need be.
    fn find(
        &mut self,
        segment: &Segment,
        context: Context,
        out: &mut dyn FnMut(Found<'_>),
    ) -> usize {
        let key = Key {
            tunnel: context.tunnel,
            src: segment.src,
            dst: segment.dst,
        };
        if let Some(&index) = self.by_key.get(&key) {
            let (now, limits) = (self.now, &self.limits);
            let slot = self.slots.get(index);
            if slot.is_some_and(|slot| slot.direction.is_idle(now, limits)) {
                self.stats.idle_timeouts = self.stats.idle_timeouts.saturating_add(1);
                self.with(index, out, Direction::finish);
            }
            return index;
        }
        if self.by_key.len() >= self.limits.directions {
            self.evict(out);
        }
        self.insert(key, context)
    }

    fn insert(&mut self, key: Key, context: Context) -> usize {
        let index = self.free.pop().unwrap_or(self.slots.len());
        let reversed = key.reversed();
        let peer = match self.by_key.get(&reversed) {
            Some(peer) => Some(*peer),
            None => self.by_ends.get(&(key.dst, key.src)).copied(),
        };
        let peer = peer.filter(|peer| {
            let peer = self.slots.get_mut(*peer);
            peer.is_some_and(|peer| *peer.peer.get_or_insert(index) == index)
        });
        let slot = Slot {
            key,
            peer,
            in_use: true,
            deadline: None,
            size: 0,
            direction: Direction::new(context.encapsulation, self.now),
        };
        match self.slots.get_mut(index) {
            Some(free) => *free = slot,
            None => self.slots.push(slot),
        }
        self.by_key.insert(key, index);
        self.by_ends.insert((key.src, key.dst), index);
        index
    }

    /// Forgets a direction.
    fn remove(&mut self, index: usize, out: &mut dyn FnMut(Found<'_>)) {
        self.with(index, out, Direction::finish);
        let Some(slot) = self.slots.get_mut(index) else {
            return;
        };
        slot.in_use = false;
        let ends = (slot.key.src, slot.key.dst);
        self.by_key.remove(&slot.key);
        if self.by_ends.get(&ends) == Some(&index) {
            self.by_ends.remove(&ends);
        }
        let peer = slot.peer.take();
        if let Some(peer) = peer.and_then(|peer| self.slots.get_mut(peer))
            && peer.peer == Some(index)
        {
            peer.peer = None;
        }
        self.free.push(index);
    }

    /// Does what packet time has come for.
    fn expire(&mut self, out: &mut dyn FnMut(Found<'_>)) {
        let now = self.clock.tick(self.now, self.limits.reorder);
        while let Some((deadline, index)) = self.deadlines.first().copied()
            && deadline <= now
        {
            self.with(index, out, |direction, outlet| {
                direction.expire(now, outlet);
            });
        }
        let is_due = self.next_sweep.is_none_or(|sweep| sweep <= now)
            || self.arrivals.saturating_sub(self.last_sweep) >= SWEEP_PACKETS;
        if is_due {
            self.next_sweep = Some(now.plus(SWEEP_NANOS));
            self.last_sweep = self.arrivals;
            for index in 0..self.slots.len() {
                let slot = self.slots.get(index);
                if slot.is_some_and(|slot| slot.in_use && slot.direction.is_idle(now, &self.limits))
                {
                    self.stats.idle_timeouts = self.stats.idle_timeouts.saturating_add(1);
                    self.remove(index, out);
                }
            }
        }
    }

    /// Forgets the eighth of the directions that has been silent for longest.
    fn evict(&mut self, out: &mut dyn FnMut(Found<'_>)) {
        let mut silent: Vec<_> = self
            .slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.in_use)
            .map(|(index, slot)| (slot.direction.last, index))
            .collect();
        silent.sort_unstable();
        silent.truncate((self.limits.directions / 8).max(1));
        for (_, index) in silent {
            self.stats.evicted_directions = self.stats.evicted_directions.saturating_add(1);
            self.remove(index, out);
        }
    }

    /// Lets all give back what they do not need, then those that hold most give up what they hold, until an eighth of
    /// what may be held is free.
    fn relieve(&mut self, out: &mut dyn FnMut(Found<'_>)) {
        for index in 0..self.slots.len() {
            if self.slots.get(index).is_some_and(|slot| slot.size > 0) {
                self.with(index, out, |direction, _| direction.trim());
            }
        }
        let mut large: Vec<_> = self
            .slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| slot.size > 0)
            .map(|(index, slot)| (std::cmp::Reverse(slot.size), index))
            .collect();
        large.sort_unstable();
        let enough = self.limits.held.saturating_sub(self.limits.held / 8);
        for (_, index) in large {
            if self.held <= enough {
                break;
            }
            self.with(index, out, Direction::relieve);
        }
    }
}
