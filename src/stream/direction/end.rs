//! How a direction comes to an end: holes are given up, FIN comes, and what it holds is given back.

use super::Direction;
use crate::{
    stream::{Limits, assemble::Sync, found::Outlet},
    time::Timestamp,
};

impl Direction {
    /// Takes the first segment that came for the first of the stream.
    pub(super) fn release_start(&mut self, outlet: &mut Outlet<'_>) {
        self.assembler.sync = Sync::Synced;
        if let Some(front) = self.assembler.front() {
            self.assembler.advance(front);
            self.drain(outlet);
        }
    }

    /// Gives up the first hole.
    fn give_up(&mut self, outlet: &mut Outlet<'_>) {
        if matches!(self.assembler.sync, Sync::Held(_)) {
            return self.release_start(outlet);
        }
        if let (Some(front), Some(frame)) = (self.assembler.front(), self.assembler.front_frame()) {
            let octets = front.saturating_sub(self.assembler.next);
            self.tell_gap(&frame, Some(octets), outlet);
            self.skip_to(front, outlet);
            self.drain(outlet);
        }
    }

    pub(super) fn give_up_all(&mut self, outlet: &mut Outlet<'_>) {
        while self.assembler.is_waiting() {
            self.give_up(outlet);
        }
    }

    pub(super) fn give_up_if_full(&mut self, outlet: &mut Outlet<'_>) {
        while self.assembler.is_full(outlet.limits) {
            outlet.stats.evicted_holes = outlet.stats.evicted_holes.saturating_add(1);
            self.give_up(outlet);
        }
    }

    /// Gives up the holes that were waited for long enough.
    pub(in crate::stream) fn expire(&mut self, now: Timestamp, outlet: &mut Outlet<'_>) {
        while self
            .deadline(outlet.limits)
            .is_some_and(|deadline| deadline <= now)
        {
            if self.assembler.sync == Sync::Synced {
                outlet.stats.reorder_timeouts = outlet.stats.reorder_timeouts.saturating_add(1);
            }
            self.give_up(outlet);
        }
    }

    /// Returns when to [`expire`](Self::expire) it.
    pub(in crate::stream) fn deadline(&self, limits: &Limits) -> Option<Timestamp> {
        let fin = self.fin.map(|(_, ts)| ts);
        self.assembler.deadline(fin, limits)
    }

    /// Notes that the stream ends at `pos`.
    pub(super) fn finish_at(&mut self, pos: u64, now: Timestamp, outlet: &mut Outlet<'_>) {
        if self.fin.is_none() {
            outlet.stats.fins = outlet.stats.fins.saturating_add(1);
            self.fin = Some((pos, now));
        }
        if !self.assembler.is_waiting() && self.assembler.next >= pos {
            self.close(outlet);
        }
    }

    pub(super) fn close(&mut self, outlet: &mut Outlet<'_>) {
        if !self.is_closed
            && let Some(reader) = &mut self.reader
        {
            reader.finish(outlet);
        }
        self.is_closed = true;
    }

    /// Gives out all there is and forgets the stream.
    pub(in crate::stream) fn finish(&mut self, outlet: &mut Outlet<'_>) {
        self.give_up_all(outlet);
        if let Some(reader) = &mut self.reader {
            reader.finish(outlet);
        }
        *self = Self::new(self.encapsulation, self.last);
    }

    /// Gives up the memory it holds.
    pub(in crate::stream) fn relieve(&mut self, outlet: &mut Outlet<'_>) {
        if self.assembler.is_waiting() {
            outlet.stats.evicted_holes = outlet.stats.evicted_holes.saturating_add(1);
            self.give_up_all(outlet);
        }
        if let Some(reader) = &mut self.reader {
            reader.relieve(outlet);
        }
    }

    /// Gives back the memory that it does not need now.
    pub(in crate::stream) fn trim(&mut self) {
        if let Some(reader) = &mut self.reader {
            reader.trim();
        }
    }

    /// Returns whether the silence up to `now` has been too long.
    pub(in crate::stream) fn is_idle(&self, now: Timestamp, limits: &Limits) -> bool {
        let idle = match self {
            Self {
                is_closed: true, ..
            }
            | Self { fin: Some(_), .. } => limits.closed_idle,
            Self {
                is_alive: false, ..
            } => limits.syn_idle,
            _ => limits.idle,
        };
        now.since(self.last) > idle
    }

    /// Returns how many octets it holds, with what it takes to hold them.
    pub(in crate::stream) fn size(&self) -> usize {
        let reader = self.reader.as_ref().map_or(0, |reader| reader.size());
        self.assembler.size().saturating_add(reader)
    }
}
