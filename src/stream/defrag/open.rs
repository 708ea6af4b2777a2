//! An IP packet in the making, and what a fragment means to it.

use super::{Completeness, Context, DefragStats, Limits};
use crate::{capture::Frame, packet::Fragment, time::Timestamp};

/// The longest IP packet.
const MAX_LEN: usize = 65_535;

/// How much later a fragment may come than the first one of its packet, that it contradicts: 1 s, in either direction.
/// Identifications of IPv4 come round within seconds (RFC 4963).
const SAME_PACKET: u64 = 1_000_000_000;

/// A packet of which fragments are missing.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) deadline: (Timestamp, u64),
    pub(super) protocol: u8,
    pub(super) context: Context,
    pub(super) parts: Vec<Part>,
    /// Its length, once the last fragment is there.
    pub(super) total: Option<usize>,
    /// Fragments of it overlap, so all are void.
    pub(super) is_void: bool,
    /// Fragments of it overlap, and this has been counted.
    pub(super) has_overlap: bool,
    /// Fragments of it have other octets for the same place.
    pub(super) has_conflict: bool,
}

#[derive(Debug)]
pub(super) struct Part {
    pub(super) offset: usize,
    pub(super) bytes: Vec<u8>,
    pub(super) frame: Frame,
}

impl Part {
    fn end(&self) -> usize {
        self.offset.saturating_add(self.bytes.len())
    }
}

impl Open {
    /// Returns how many octets from the first on are there.
    pub(super) fn head_len(&self) -> usize {
        let mut ranges: Vec<_> = self
            .parts
            .iter()
            .map(|part| (part.offset, part.end()))
            .collect();
        ranges.sort_unstable();
        ranges.into_iter().fold(
            0,
            |len, (start, end)| {
                if start <= len { len.max(end) } else { len }
            },
        )
    }

    /// Returns the first `len` octets.
    pub(super) fn head(&self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        // The first to come is written last, and stays.
        for part in self.parts.iter().rev() {
            let end = part.end().min(len);
            let room = bytes.get_mut(part.offset..end).unwrap_or_default();
            let known = part.bytes.get(..room.len()).unwrap_or_default();
            room.copy_from_slice(known);
        }
        bytes
    }

    pub(super) fn add(
        &mut self,
        fragment: &Fragment,
        payload: &[u8],
        context: Context,
        frame: Frame,
    ) {
        if fragment.offset == 0 {
            self.protocol = fragment.protocol;
            self.context = context;
        }
        let offset = fragment.offset as usize;
        if !fragment.more && !fragment.cut {
            self.total = Some(offset.saturating_add(payload.len()));
        }
        self.parts.push(Part {
            offset,
            bytes: payload.to_vec(),
            frame,
        });
    }

    /// Returns whether `bytes` differ from the octets that are there in the place from `start` on.
    fn contradicts(&self, start: usize, bytes: &[u8]) -> bool {
        self.parts.iter().any(|part| {
            let from = start.max(part.offset);
            let to = start.saturating_add(bytes.len()).min(part.end());
            let ours = bytes.get(from.saturating_sub(start)..to.saturating_sub(start));
            let theirs = part
                .bytes
                .get(from.saturating_sub(part.offset)..to.saturating_sub(part.offset));
            from < to && ours != theirs
        })
    }

    /// Returns whether what comes `now` may be of the same packet.
    fn is_of(&self, now: Timestamp) -> bool {
        let first = self.parts.first().map(|part| part.frame.ts);
        first.is_none_or(|first| now.since(first).unsigned_abs() <= SAME_PACKET)
    }

    pub(super) fn size(&self) -> usize {
        self.parts
            .iter()
            .map(|part| part.bytes.len())
            .fold(0, usize::saturating_add)
    }
}

/// What is to be done with a fragment.
pub(super) enum Verdict {
    Keep,
    /// Hand it out by itself.
    Refuse(Completeness),
    /// Hand out all fragments.
    GiveUp(Completeness),
    /// Hand out those that came before: it is the first of another packet.
    BeginAnew,
}

/// Decides about a fragment by itself: `None` if it is to be put together with others.
pub(super) fn judge_alone(fragment: &Fragment, len: usize) -> Option<Completeness> {
    if fragment.offset == 0 && !fragment.more {
        // RFC 6946: a fragment that is a whole packet does not mix with others.
        return Some(match fragment.cut {
            true => Completeness::Lost,
            false => Completeness::Complete,
        });
    }
    let end = (fragment.offset as usize).saturating_add(len);
    let is_in_eights = len.is_multiple_of(8) || !fragment.more || fragment.cut;
    let is_possible = end <= MAX_LEN && is_in_eights && (len > 0 || fragment.cut);
    (!is_possible).then_some(Completeness::Malformed)
}

/// Decides about a fragment of a packet by those that came before.
pub(super) fn judge(
    open: &mut Open,
    fragment: &Fragment,
    payload: &[u8],
    now: Timestamp,
    limits: &Limits,
    stats: &mut DefragStats,
) -> Verdict {
    if open.is_void {
        return Verdict::Refuse(Completeness::Overlap);
    }
    let start = fragment.offset as usize;
    let end = start.saturating_add(payload.len());
    let overlaps = |part: &&Part| part.offset < end && start < part.end();
    let mut others = open.parts.iter().filter(overlaps).peekable();
    let has_others = others.peek().is_some();
    if others.any(|part| part.offset == start && part.bytes == payload) {
        return Verdict::Refuse(Completeness::Duplicate);
    }
    if has_others {
        if fragment.src.is_ipv6() {
            stats.overlaps = stats.overlaps.saturating_add(1);
            return Verdict::GiveUp(Completeness::Overlap);
        }
        if open.contradicts(start, payload) {
            if !open.is_of(now) {
                return Verdict::BeginAnew;
            }
            open.has_conflict = true;
        }
        if !open.has_overlap {
            open.has_overlap = true;
            stats.overlaps = stats.overlaps.saturating_add(1);
        }
    }
    let is_last = !fragment.more && !fragment.cut;
    let has_other_end = is_last && open.total.is_some_and(|total| total != end);
    let is_behind_end = open.total.is_some_and(|total| end > total)
        || (is_last && open.parts.iter().any(|part| part.end() > end));
    if (has_other_end || is_behind_end) && fragment.src.is_ipv4() && !open.is_of(now) {
        return Verdict::BeginAnew;
    }
    if has_other_end || is_behind_end || open.parts.len() >= limits.fragments {
        stats.malformed = stats.malformed.saturating_add(1);
        return Verdict::GiveUp(Completeness::Malformed);
    }
    Verdict::Keep
}
