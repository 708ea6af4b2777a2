//! One direction of a TCP connection: which segments are read, and in which order.

mod end;

use super::{
    Limits,
    assemble::{Assembler, Overlap, Queued, Sync},
    found::{Outlet, SegmentFate},
    reader::Reader,
};
use crate::{
    capture::Frame,
    net::Encapsulation,
    packet::Segment,
    sip::{Probe, probe},
    time::Timestamp,
};

/// One direction of a TCP connection.
#[derive(Debug, Default)]
pub(super) struct Direction {
    pub(super) encapsulation: Encapsulation,
    /// When its last segment came.
    pub(super) last: Timestamp,
    /// The sequence number of its SYN.
    isn: Option<u32>,
    /// What its SYN acknowledged.
    pub(super) answers: Option<u32>,
    /// The position of its FIN, and when it came.
    fin: Option<(u64, Timestamp)>,
    /// It ended by FIN or RST.
    is_closed: bool,
    /// There was more than a SYN.
    is_alive: bool,
    assembler: Assembler,
    reader: Option<Box<Reader>>,
}

/// A segment with data and its place.
struct Arrived<'a> {
    pos: u64,
    bytes: &'a [u8],
    wire_end: u64,
    frame: &'a Frame,
    arrival: u64,
}

impl Arrived<'_> {
    fn end(&self) -> u64 {
        self.pos.wrapping_add(self.bytes.len() as u64)
    }
}

/// Returns the sequence number of a position.
#[expect(
    clippy::cast_possible_truncation,
    reason = "it is the low half of a position"
)]
const fn number(pos: u64) -> u32 {
    pos as u32
}

impl Direction {
    pub(super) fn new(encapsulation: Encapsulation, now: Timestamp) -> Self {
        Self {
            encapsulation,
            last: now,
            ..Self::default()
        }
    }

    /// Takes a segment of this direction; returns whether it may end the connection: it is not out of the window.
    pub(super) fn segment(
        &mut self,
        segment: &Segment,
        bytes: &[u8],
        frame: &Frame,
        arrival: u64,
        outlet: &mut Outlet<'_>,
    ) -> bool {
        let wire_len = u64::from(segment.wire_len).max(bytes.len() as u64);
        let seq = segment.seq.wrapping_add(u32::from(segment.syn));
        self.is_alive |= !segment.syn || wire_len > 0;
        if self.assembler.sync == Sync::New && wire_len > 0 {
            self.assembler.begin(seq, Sync::Held(frame.ts));
        }
        let pos = self.assembler.position(seq);
        let arrived = Arrived {
            pos,
            bytes,
            wire_end: pos.wrapping_add(wire_len),
            frame,
            arrival,
        };
        let is_synced = self.assembler.sync == Sync::Synced;
        let is_probe = is_synced && wire_len <= 1 && pos.wrapping_add(1) == self.assembler.next;
        if is_probe && !segment.syn && !segment.fin && !segment.rst {
            outlet.stats.probes = outlet.stats.probes.saturating_add(1);
            outlet.settle(frame, SegmentFate::NoData);
        } else if wire_len > 0 {
            self.data(&arrived, outlet);
        } else if (segment.fin || segment.rst) && !self.is_in_window(pos, outlet.limits) {
            outlet.stats.out_of_window = outlet.stats.out_of_window.saturating_add(1);
            outlet.settle(frame, SegmentFate::OutOfWindow);
        } else {
            outlet.settle(frame, SegmentFate::NoData);
        }
        // Data may have moved the window.
        let is_in_window = self.is_in_window(arrived.wire_end, outlet.limits);
        if segment.fin && is_in_window {
            self.finish_at(arrived.wire_end, frame.ts, outlet);
        }
        is_in_window
    }

    /// Returns whether `pos` is near the position that is expected next, if one is.
    fn is_in_window(&self, pos: u64, limits: &Limits) -> bool {
        self.assembler.sync == Sync::New || pos.abs_diff(self.assembler.next) <= limits.window
    }

    /// Takes a SYN; returns whether it replaces another connection.
    pub(super) fn syn(&mut self, segment: &Segment, outlet: &mut Outlet<'_>) -> bool {
        if self.isn == Some(segment.seq) {
            return false;
        }
        outlet.stats.syns = outlet.stats.syns.saturating_add(1);
        let first = segment.seq.wrapping_add(1);
        let is_late = match self.assembler.sync {
            Sync::New | Sync::Acked => true,
            // Its first data came before it.
            Sync::Held(_) => {
                let pos = self.assembler.position(first);
                let near = 1 << 16;
                self.assembler
                    .front()
                    .is_some_and(|front| pos <= front && front.wrapping_sub(pos) < near)
            }
            Sync::Synced => false,
        };
        if is_late && matches!(self.assembler.sync, Sync::Held(_)) {
            let pos = self.assembler.position(first);
            self.assembler.sync = Sync::Synced;
            self.assembler.advance(pos);
            self.drain(outlet);
        } else {
            if !is_late {
                self.finish(outlet);
            }
            self.assembler.begin(first, Sync::Synced);
        }
        self.isn = Some(segment.seq);
        self.answers = segment.ack;
        !is_late
    }

    /// Takes an acknowledgement from the other direction.
    pub(super) fn acknowledged(&mut self, ack: u32, now: Timestamp, outlet: &mut Outlet<'_>) {
        match self.assembler.sync {
            Sync::New | Sync::Acked => return self.assembler.begin(ack, Sync::Acked),
            Sync::Held(_) | Sync::Synced => {}
        }
        let pos = self.assembler.position(ack);
        if pos.abs_diff(self.assembler.next) > outlet.limits.window {
            return;
        }
        self.assembler.acknowledge(pos, now);
        if matches!(self.assembler.sync, Sync::Held(_)) && self.assembler.is_queue_acked() {
            self.release_start(outlet);
        }
        self.give_up_if_full(outlet);
    }

    /// Takes an RST of either direction: nothing will fill the holes.
    pub(super) fn reset(&mut self, outlet: &mut Outlet<'_>) {
        self.is_closed = true;
        self.give_up_all(outlet);
    }

    fn data(&mut self, arrived: &Arrived<'_>, outlet: &mut Outlet<'_>) {
        let stats = &mut *outlet.stats;
        stats.segments = stats.segments.saturating_add(1);
        stats.octets = stats.octets.saturating_add(arrived.bytes.len() as u64);
        if self.reader.is_none() {
            stats.streams = stats.streams.saturating_add(1);
            self.reader = Some(Box::default());
        }
        let is_synced = self.assembler.sync == Sync::Synced;
        if arrived.bytes.is_empty() && (!is_synced || arrived.pos > self.assembler.next) {
            // Cut down to its headers: there is nothing to put in order.
            return outlet.settle(arrived.frame, SegmentFate::Lost);
        }
        self.pass_left_out(arrived.pos, outlet);
        match self.assembler.sync {
            Sync::Held(_) => {
                self.queue(arrived, outlet);
                if self.assembler.queued() >= outlet.limits.start_segments {
                    self.release_start(outlet);
                }
                return;
            }
            Sync::Acked if arrived.pos != self.assembler.next => {
                // What has been acknowledged need not be where the stream is in the capture.
                self.assembler.sync = Sync::Held(arrived.frame.ts);
                self.assembler.advance(arrived.pos);
                return self.queue(arrived, outlet);
            }
            Sync::New | Sync::Acked | Sync::Synced => self.assembler.sync = Sync::Synced,
        }
        let next = self.assembler.next;
        if self.is_ignored(arrived, outlet) {
            return;
        }
        if arrived.pos.abs_diff(next) > outlet.limits.window {
            return self.out_of_window(arrived, outlet);
        }
        if arrived.wire_end <= next {
            outlet.stats.retransmissions = outlet.stats.retransmissions.saturating_add(1);
            return outlet.settle(arrived.frame, SegmentFate::Retransmission);
        }
        let front = self.assembler.front();
        if arrived.pos <= next && front.is_none_or(|front| arrived.wire_end <= front) {
            if front.is_some() {
                outlet.stats.out_of_order = outlet.stats.out_of_order.saturating_add(1);
            }
            self.deliver(arrived, outlet);
        } else {
            if arrived.pos <= next || front.is_some_and(|front| arrived.pos < front) {
                outlet.stats.out_of_order = outlet.stats.out_of_order.saturating_add(1);
            }
            self.queue(arrived, outlet);
        }
        if self.assembler.is_waiting() {
            self.drain(outlet);
            self.give_up_if_full(outlet);
        }
    }

    /// Goes on to what comes next of the stream in the capture, where that is known, on the way to octets at `pos` that are there.
    fn pass_left_out(&mut self, pos: u64, outlet: &mut Outlet<'_>) {
        let Some(stored) = &outlet.limits.stored else {
            return;
        };
        let ends = (outlet.flow.src, outlet.flow.dst);
        if self.assembler.sync != Sync::Synced {
            if let Some(before) = stored.start_before(ends, number(pos))
                && !self.assembler.is_waiting()
            {
                self.assembler.sync = Sync::Synced;
                self.assembler
                    .advance(pos.saturating_sub(u64::from(before)));
            }
            return;
        }
        let next = self.assembler.next;
        let distance = stored.distance(ends, number(next)).unwrap_or_default();
        let there = next.saturating_add(u64::from(distance));
        if next < there && there <= pos {
            if let Some(reader) = &mut self.reader {
                reader.gap(Some(u64::from(distance)), outlet);
            }
            self.assembler.advance(there);
        }
    }

    /// Passes over a segment of a stream of which nothing is of interest.
    fn is_ignored(&mut self, arrived: &Arrived<'_>, outlet: &mut Outlet<'_>) -> bool {
        let Some(reader) = &mut self.reader else {
            return false;
        };
        let Some(fate) = reader.ignored_as() else {
            return false;
        };
        if arrived.wire_end > self.assembler.next {
            if !reader.ignores(arrived.bytes) {
                self.assembler.advance(arrived.pos);
                return false;
            }
            self.assembler.advance(arrived.wire_end);
        }
        outlet.settle(arrived.frame, fate);
        true
    }

    fn out_of_window(&mut self, arrived: &Arrived<'_>, outlet: &mut Outlet<'_>) {
        let limits = outlet.limits;
        let is_moved = self.assembler.is_moved(arrived.pos, arrived.end(), limits);
        if !is_moved && probe(arrived.bytes) != Probe::Sip {
            outlet.stats.out_of_window = outlet.stats.out_of_window.saturating_add(1);
            return outlet.settle(arrived.frame, SegmentFate::OutOfWindow);
        }
        self.give_up_all(outlet);
        self.tell_gap(arrived.frame, None, outlet);
        outlet.stats.holes = outlet.stats.holes.saturating_add(1);
        if let Some(reader) = &mut self.reader {
            reader.gap(None, outlet);
        }
        self.assembler.advance(arrived.pos);
        self.deliver(arrived, outlet);
    }

    /// Lets the reader have what is new in a segment that begins at the expected position or before.
    fn deliver(&mut self, arrived: &Arrived<'_>, outlet: &mut Outlet<'_>) {
        let Some(reader) = &mut self.reader else {
            return outlet.settle(arrived.frame, SegmentFate::NoData);
        };
        let next = self.assembler.next;
        let known = usize::try_from(next.saturating_sub(arrived.pos)).unwrap_or(usize::MAX);
        match arrived.bytes.get(known..) {
            Some(bytes) if !bytes.is_empty() => {
                if known > 0 {
                    outlet.stats.overlaps = outlet.stats.overlaps.saturating_add(1);
                }
                reader.data(bytes, arrived.frame, arrived.arrival, outlet);
                self.assembler.advance(arrived.end());
            }
            _ if arrived.end() < arrived.wire_end => {
                outlet.settle(arrived.frame, SegmentFate::Lost);
            }
            _ => {
                outlet.stats.retransmissions = outlet.stats.retransmissions.saturating_add(1);
                outlet.settle(arrived.frame, SegmentFate::Retransmission);
            }
        }
        // The rest of a cut segment is a gap, as far as others do not have it.
        let front = self.assembler.front().unwrap_or(u64::MAX);
        let next = self.assembler.next;
        let end = arrived.wire_end.min(front.max(next));
        if end > next {
            self.skip_to(end, outlet);
        }
    }

    /// Tells of octets that are missing before those of `frame`, if it is SIP that they are missing of.
    fn tell_gap(&self, frame: &Frame, octets: Option<u64>, outlet: &mut Outlet<'_>) {
        if self
            .reader
            .as_ref()
            .is_some_and(|reader| reader.speaks_sip())
        {
            outlet.gap(frame, octets);
        }
    }

    fn skip_to(&mut self, end: u64, outlet: &mut Outlet<'_>) {
        let len = end.saturating_sub(self.assembler.next);
        outlet.stats.holes = outlet.stats.holes.saturating_add(1);
        outlet.stats.lost_octets = outlet.stats.lost_octets.saturating_add(len);
        if let Some(reader) = &mut self.reader {
            reader.gap(Some(len), outlet);
        }
        self.assembler.advance(end);
    }

    fn queue(&mut self, arrived: &Arrived<'_>, outlet: &mut Outlet<'_>) {
        let (overlap, refused) = self.assembler.push(Queued {
            pos: arrived.pos,
            bytes: arrived.bytes.to_vec(),
            wire_end: arrived.wire_end,
            frame: *arrived.frame,
            arrival: arrived.arrival,
        });
        let stats = &mut *outlet.stats;
        match overlap {
            Overlap::None => {}
            Overlap::Same => stats.overlaps = stats.overlaps.saturating_add(1),
            Overlap::Conflict => {
                stats.overlaps = stats.overlaps.saturating_add(1);
                stats.overlap_conflicts = stats.overlap_conflicts.saturating_add(1);
            }
            Overlap::Whole => stats.retransmissions = stats.retransmissions.saturating_add(1),
        }
        if let Some(refused) = refused {
            outlet.settle(&refused.frame, SegmentFate::Retransmission);
        }
    }

    /// Reads the segments whose turn has come.
    fn drain(&mut self, outlet: &mut Outlet<'_>) {
        while let Some(front) = self.assembler.front() {
            self.pass_left_out(front, outlet);
            let Some(queued) = self.assembler.pop() else {
                break;
            };
            let arrived = Arrived {
                pos: queued.pos,
                bytes: &queued.bytes,
                wire_end: queued.wire_end,
                frame: &queued.frame,
                arrival: queued.arrival,
            };
            self.deliver(&arrived, outlet);
        }
        let is_ignoring = self
            .reader
            .as_ref()
            .is_some_and(|reader| reader.ignored_as().is_some());
        if is_ignoring && self.assembler.is_waiting() {
            self.give_up_all(outlet);
        }
        if self.fin.is_some_and(|(fin, _)| self.assembler.next >= fin) {
            self.close(outlet);
        }
    }
}
