//! IP fragments made whole (RFC 791 §3.2, RFC 8200 §4.5).

use std::{collections::BTreeMap, net::IpAddr};

use hashbrown::HashMap;

use super::{found::Context, limits::Limits, stats::DefragStats};
use crate::{capture::Frame, net::Encapsulation, packet::Fragment, time::Timestamp};

/// The longest IP packet.
const MAX_LEN: usize = 65_535;

/// What became of the fragments of one IP packet. Every fragment's frame is in one of these, once.
#[derive(Clone, Debug)]
pub struct Reassembled {
    /// The sender.
    pub src: IpAddr,
    /// The receiver.
    pub dst: IpAddr,
    /// What the packet carries, by its first fragment if there is one.
    pub protocol: u8,
    /// What it carries, from its first octet on; empty unless it is complete or its end is lost.
    pub bytes: Vec<u8>,
    /// The frames of its fragments, in the order of the capture; the last one completed it.
    pub frames: Vec<Frame>,
    /// What they were wrapped in, [`Encapsulation::FRAGMENTS`] included.
    pub context: Context,
    /// How much of it is there.
    pub completeness: Completeness,
    /// When its last fragment was captured.
    pub ts: Timestamp,
}

/// How much of a fragmented packet is there.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Completeness {
    /// All of it.
    Complete,
    /// Its beginning. Other fragments did not come in time; what is there ends where the first missing one begins.
    Lost,
    /// Not its beginning, so not even ports are known.
    Orphan,
    /// A fragment that was there already, by itself.
    Duplicate,
    /// IPv6 fragments that overlap, which makes all of them void (RFC 8200 §4.5).
    Overlap,
    /// Fragments that cannot be, or contradict each other.
    Malformed,
}

/// Makes IP packets whole.
///
/// Exact duplicates are passed over, as two taps make them. Where IPv4 fragments overlap otherwise, the first octets
/// to come stay.
#[derive(Debug, Default)]
pub struct Defragmenter {
    limits: Limits,
    stats: DefragStats,
    open: HashMap<Key, Open>,
    /// The open packets by when they are given up.
    deadlines: BTreeMap<(Timestamp, u64), Key>,
    /// Packets opened so far.
    opened: u64,
    /// Octets held.
    held: usize,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Key {
    src: IpAddr,
    dst: IpAddr,
    /// 0 for IPv6, of which it is not part (RFC 8200 §4.5).
    protocol: u8,
    id: u32,
    tunnel: u64,
}

/// A packet of which fragments are missing.
#[derive(Debug)]
struct Open {
    deadline: (Timestamp, u64),
    protocol: u8,
    context: Context,
    parts: Vec<Part>,
    /// Its length, once the last fragment is there.
    total: Option<usize>,
    /// Fragments of it overlap, so all are void.
    is_void: bool,
    /// Fragments of it overlap, and this has been counted.
    has_overlap: bool,
}

#[derive(Debug)]
struct Part {
    offset: usize,
    bytes: Vec<u8>,
    frame: Frame,
}

impl Part {
    fn end(&self) -> usize {
        self.offset.saturating_add(self.bytes.len())
    }
}

impl Open {
    /// Returns how many octets from the first on are there.
    fn head_len(&self) -> usize {
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
    fn head(&self, len: usize) -> Vec<u8> {
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

    fn size(&self) -> usize {
        self.parts
            .iter()
            .map(|part| part.bytes.len())
            .fold(0, usize::saturating_add)
    }
}

/// What is to be done with a fragment.
enum Verdict {
    Keep,
    /// Hand it out by itself.
    Refuse(Completeness),
    /// Hand out all fragments.
    GiveUp(Completeness),
}

impl Defragmenter {
    /// Returns an empty table.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            ..Self::default()
        }
    }

    /// Takes the next fragment in the order of the capture, with the captured part of its payload.
    ///
    /// What packet time has run out for goes to `out` first, then what this fragment completes.
    pub fn push(
        &mut self,
        fragment: &Fragment,
        payload: &[u8],
        context: Context,
        frame: Frame,
        out: &mut Vec<Reassembled>,
    ) {
        self.stats.fragments = self.stats.fragments.saturating_add(1);
        self.expire(frame.ts, out);
        let mut context = context;
        context.encapsulation.insert(Encapsulation::FRAGMENTS);
        let key = Key {
            src: fragment.src,
            dst: fragment.dst,
            protocol: if fragment.src.is_ipv4() {
                fragment.protocol
            } else {
                0
            },
            id: fragment.id,
            tunnel: context.tunnel,
        };
        let is_atomic = fragment.offset == 0 && !fragment.more;
        if is_atomic || !is_possible(fragment, payload.len()) {
            let completeness = match (is_atomic, fragment.cut) {
                (false, _) => Completeness::Malformed,
                (true, true) => Completeness::Lost,
                (true, false) => Completeness::Complete,
            };
            // RFC 6946: a fragment that is a whole packet does not mix with others.
            let alone = self.alone(key, fragment.protocol, context, frame, completeness);
            let bytes = if is_atomic {
                payload.to_vec()
            } else {
                Vec::new()
            };
            return out.push(Reassembled { bytes, ..alone });
        }
        if !self.open.contains_key(&key) {
            self.make_room(out);
            self.insert(key, fragment.protocol, context, frame.ts);
        }
        let limits = &self.limits;
        let Some(open) = self.open.get_mut(&key) else {
            return;
        };
        let verdict = judge(open, fragment, payload, limits, &mut self.stats);
        if let Verdict::Refuse(completeness) = verdict {
            let protocol = open.protocol;
            let alone = self.alone(key, protocol, context, frame, completeness);
            return out.push(alone);
        }
        if fragment.offset == 0 {
            open.protocol = fragment.protocol;
            open.context = context;
        }
        if !fragment.more && !fragment.cut {
            open.total = Some((fragment.offset as usize).saturating_add(payload.len()));
        }
        self.held = self.held.saturating_add(payload.len());
        open.parts.push(Part {
            offset: fragment.offset as usize,
            bytes: payload.to_vec(),
            frame,
        });
        if let Verdict::GiveUp(completeness) = verdict {
            self.give_up(key, completeness, out);
        } else if open.total.is_some_and(|total| open.head_len() >= total) {
            self.complete(key, out);
        } else if self.held > self.limits.fragment_bytes {
            self.evict(out);
        }
    }

    /// Gives up all packets that are not whole.
    pub fn finish(&mut self, out: &mut Vec<Reassembled>) {
        while let Some((_, key)) = self.deadlines.pop_first() {
            self.close(key, out);
        }
    }

    /// Returns what was counted so far.
    #[must_use]
    pub fn stats(&self) -> &DefragStats {
        &self.stats
    }

    /// Gives up what was waited for long enough.
    fn expire(&mut self, now: Timestamp, out: &mut Vec<Reassembled>) {
        while let Some(entry) = self.deadlines.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let key = entry.remove();
            self.close(key, out);
        }
    }

    fn make_room(&mut self, out: &mut Vec<Reassembled>) {
        if self.open.len() >= self.limits.open_packets {
            self.evict(out);
        }
    }

    /// Gives up the packet that would be given up first.
    fn evict(&mut self, out: &mut Vec<Reassembled>) {
        if let Some((_, key)) = self.deadlines.pop_first() {
            self.stats.evicted = self.stats.evicted.saturating_add(1);
            self.close(key, out);
        }
    }

    fn insert(&mut self, key: Key, protocol: u8, context: Context, now: Timestamp) {
        let wait = match key.src {
            IpAddr::V4(_) => self.limits.ipv4_timeout,
            IpAddr::V6(_) => self.limits.ipv6_timeout,
        };
        self.opened = self.opened.saturating_add(1);
        let deadline = (now.plus(wait), self.opened);
        self.deadlines.insert(deadline, key);
        let open = Open {
            deadline,
            protocol,
            context,
            parts: Vec::new(),
            total: None,
            is_void: false,
            has_overlap: false,
        };
        self.open.insert(key, open);
    }

    /// Hands out a packet as far as it is there.
    fn close(&mut self, key: Key, out: &mut Vec<Reassembled>) {
        let Some(open) = self.remove(key) else {
            return;
        };
        if open.parts.is_empty() {
            // What was there has been handed out as void.
            return;
        }
        let len = open.head_len();
        let (counter, completeness) = match len {
            0 => (&mut self.stats.orphans, Completeness::Orphan),
            _ => (&mut self.stats.lost, Completeness::Lost),
        };
        *counter = counter.saturating_add(1);
        let bytes = open.head(len);
        out.push(reassembled(key, &open, bytes, completeness));
    }

    fn complete(&mut self, key: Key, out: &mut Vec<Reassembled>) {
        if let Some(open) = self.remove(key) {
            self.stats.complete = self.stats.complete.saturating_add(1);
            let bytes = open.head(open.total.unwrap_or_default());
            out.push(reassembled(key, &open, bytes, Completeness::Complete));
        }
    }

    /// Hands out what is there of a packet as void. The rest of it will be void too, until it is forgotten.
    fn give_up(&mut self, key: Key, completeness: Completeness, out: &mut Vec<Reassembled>) {
        let Some(open) = self.open.get_mut(&key) else {
            return;
        };
        self.held = self.held.saturating_sub(open.size());
        open.is_void = true;
        let void = Open {
            parts: std::mem::take(&mut open.parts),
            ..*open
        };
        out.push(reassembled(key, &void, Vec::new(), completeness));
    }

    fn remove(&mut self, key: Key) -> Option<Open> {
        let open = self.open.remove(&key)?;
        self.deadlines.remove(&open.deadline);
        self.held = self.held.saturating_sub(open.size());
        Some(open)
    }

    /// Returns a fragment that is handed out by itself, and counts it.
    fn alone(
        &mut self,
        key: Key,
        protocol: u8,
        context: Context,
        frame: Frame,
        completeness: Completeness,
    ) -> Reassembled {
        let stats = &mut self.stats;
        let counter = match completeness {
            Completeness::Complete => &mut stats.complete,
            Completeness::Lost => &mut stats.lost,
            Completeness::Orphan => &mut stats.orphans,
            Completeness::Duplicate => &mut stats.duplicates,
            Completeness::Overlap => &mut stats.overlaps,
            Completeness::Malformed => &mut stats.malformed,
        };
        *counter = counter.saturating_add(1);
        Reassembled {
            src: key.src,
            dst: key.dst,
            protocol,
            bytes: Vec::new(),
            frames: vec![frame],
            context,
            completeness,
            ts: frame.ts,
        }
    }
}

/// Returns whether a fragment can be one by its place and length.
fn is_possible(fragment: &Fragment, len: usize) -> bool {
    let end = (fragment.offset as usize).saturating_add(len);
    let is_in_eights = len.is_multiple_of(8) || !fragment.more || fragment.cut;
    end <= MAX_LEN && is_in_eights && (len > 0 || fragment.cut)
}

/// Decides about a fragment of a packet by those that came before.
fn judge(
    open: &mut Open,
    fragment: &Fragment,
    payload: &[u8],
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
        if !open.has_overlap {
            open.has_overlap = true;
            stats.overlaps = stats.overlaps.saturating_add(1);
        }
    }
    let is_last = !fragment.more && !fragment.cut;
    let has_other_end = is_last && open.total.is_some_and(|total| total != end);
    let is_behind_end = open.total.is_some_and(|total| end > total)
        || (is_last && open.parts.iter().any(|part| part.end() > end));
    if has_other_end || is_behind_end || open.parts.len() >= limits.fragments {
        stats.malformed = stats.malformed.saturating_add(1);
        return Verdict::GiveUp(Completeness::Malformed);
    }
    Verdict::Keep
}

fn reassembled(key: Key, open: &Open, bytes: Vec<u8>, completeness: Completeness) -> Reassembled {
    let frames: Vec<_> = open.parts.iter().map(|part| part.frame).collect();
    Reassembled {
        src: key.src,
        dst: key.dst,
        protocol: open.protocol,
        bytes,
        ts: frames.last().map_or(open.deadline.0, |frame| frame.ts),
        frames,
        context: open.context,
        completeness,
    }
}
