//! HEP in a stream: packets one behind the other, each with its length.

use memchr::memmem;

use super::{
    found::{Outlet, SegmentFate},
    reader::{Reader, Step},
};
use crate::hep::{self, InStream};

impl Reader {
    /// Takes the HEP packet at hand, if there is one; `None` if it is something else.
    pub(super) fn hep(&mut self, rest: &[u8], outlet: &mut Outlet<'_>) -> Option<Step> {
        self.is_hep = self.is_hep || hep::resumes(rest);
        // A length that lies may reach over the packets behind, and over more than will ever come.
        let found = match hep::in_stream(rest) {
            InStream::Packet(len) => hep::length_of(rest, len),
            found => found,
        };
        let len = match found {
            InStream::Packet(len) => len,
            InStream::Partial => return Some(Step::Wait),
            InStream::Other => return None,
        };
        let Some(packet) = rest.get(..len) else {
            return Some(Step::Wait);
        };
        // What is no chunk has no length.
        let packet = match next_inside(packet) {
            Some(next) if !hep::is_sound(packet) => packet.get(..next)?,
            _ => packet,
        };
        self.is_sip = true;
        self.resynced = false;
        self.skipped = 0;
        if let Some(last) = self.ledger.frames(packet.len(), outlet.frames) {
            outlet.hep(&last, packet);
        }
        let fate = if hep::carries_sip(packet) {
            SegmentFate::Sip
        } else {
            SegmentFate::Hep
        };
        self.ledger.take(packet.len(), fate, outlet);
        Some(Step::Go(packet.len()))
    }
}

/// Returns where in a packet another one seems to begin.
fn next_inside(packet: &[u8]) -> Option<usize> {
    let behind = packet.get(1..)?;
    Some(next_packet(behind, 0)?.saturating_add(1))
}

/// Returns where, at `from` or behind it, a HEP packet begins by its first two headers.
pub(super) fn next_packet(rest: &[u8], from: usize) -> Option<usize> {
    let text = rest.get(from..)?;
    memmem::find_iter(text, b"EP3")
        .filter_map(|at| at.checked_sub(1))
        .find(|at| text.get(*at..).is_some_and(hep::resumes))
        .map(|at| at.saturating_add(from))
}
