//! IP fragments made whole (RFC 791 §3.2, RFC 8200 §4.5).

mod open;

use std::{collections::BTreeMap, net::IpAddr};

use hashbrown::HashMap;

use self::open::{Open, Verdict, judge, judge_alone};
use super::{found::Context, limits::Limits, stats::DefragStats};
use crate::{capture::Frame, clock::Clock, net::Encapsulation, packet::Fragment, time::Timestamp};

/// What became of the fragments of one IP packet. Every fragment's frame is in one of these, once.
#[derive(Clone, Debug)]
pub struct Reassembled {
    /// The sender.
    pub src: IpAddr,
    /// The receiver.
    pub dst: IpAddr,
    /// What the packet carries, by its first fragment if there is one.
    pub protocol: u8,
    /// Its identification.
    pub id: u32,
    /// What it carries, from its first octet on; empty unless it is complete or its end is lost.
    pub bytes: Vec<u8>,
    /// The frames of its fragments, in the order of the capture; the last one completed it.
    pub frames: Vec<Frame>,
    /// What they were wrapped in, [`Encapsulation::FRAGMENTS`] included.
    pub context: Context,
    /// How much of it is there.
    pub completeness: Completeness,
    /// Fragments had other octets for the same place, and the first to come stayed: perhaps two packets are mixed.
    pub has_conflict: bool,
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
/// to come stay; but if they differ and the first are old, they belong to another packet with the same identification,
/// which is given up.
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
    clock: Clock,
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

impl Key {
    fn new(fragment: &Fragment, tunnel: u64) -> Self {
        Self {
            src: fragment.src,
            dst: fragment.dst,
            protocol: if fragment.src.is_ipv4() {
                fragment.protocol
            } else {
                0
            },
            id: fragment.id,
            tunnel,
        }
    }
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
        let key = Key::new(fragment, context.tunnel);
        if let Some(completeness) = judge_alone(fragment, payload.len()) {
            let mut alone = self.alone(key, fragment.protocol, context, frame, completeness);
            if completeness != Completeness::Malformed {
                alone.bytes.extend_from_slice(payload);
            }
            return out.push(alone);
        }
        self.make_room(key, fragment.protocol, context, frame.ts, out);
        let limits = &self.limits;
        let Some(mut open) = self.open.get_mut(&key) else {
            return;
        };
        let mut verdict = judge(open, fragment, payload, frame.ts, limits, &mut self.stats);
        if matches!(verdict, Verdict::BeginAnew) {
            self.close(key, out);
            self.insert(key, fragment.protocol, context, frame.ts);
            let Some(new) = self.open.get_mut(&key) else {
                return;
            };
            (open, verdict) = (new, Verdict::Keep);
        }
        if let Verdict::Refuse(completeness) = verdict {
            let protocol = open.protocol;
            let alone = self.alone(key, protocol, context, frame, completeness);
            return out.push(alone);
        }
        self.held = self.held.saturating_add(payload.len());
        open.add(fragment, payload, context, frame);
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
    fn expire(&mut self, ts: Timestamp, out: &mut Vec<Reassembled>) {
        let now = self.clock.tick(ts, self.limits.reorder);
        while let Some(entry) = self.deadlines.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let key = entry.remove();
            self.close(key, out);
        }
    }

    /// Gives up the packet that would be given up first.
    fn evict(&mut self, out: &mut Vec<Reassembled>) {
        if let Some((_, key)) = self.deadlines.pop_first() {
            self.stats.evicted = self.stats.evicted.saturating_add(1);
            self.close(key, out);
        }
    }

    /// Sees to it that the packet of a fragment is open.
    fn make_room(
        &mut self,
        key: Key,
        protocol: u8,
        context: Context,
        now: Timestamp,
        out: &mut Vec<Reassembled>,
    ) {
        let open = self.open.get(&key);
        if open.is_some_and(|open| open.deadline.0 <= now) {
            // The clock may lag, but fragments of two packets must not mix.
            self.close(key, out);
        }
        if !self.open.contains_key(&key) {
            if self.open.len() >= self.limits.open_packets {
                self.evict(out);
            }
            self.insert(key, protocol, context, now);
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
            has_conflict: false,
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
            id: key.id,
            bytes: Vec::new(),
            frames: vec![frame],
            context,
            completeness,
            has_conflict: false,
            ts: frame.ts,
        }
    }
}

fn reassembled(key: Key, open: &Open, bytes: Vec<u8>, completeness: Completeness) -> Reassembled {
    let frames: Vec<_> = open.parts.iter().map(|part| part.frame).collect();
    Reassembled {
        src: key.src,
        dst: key.dst,
        protocol: open.protocol,
        id: key.id,
        bytes,
        ts: frames.last().map_or(open.deadline.0, |frame| frame.ts),
        frames,
        context: open.context,
        completeness,
        has_conflict: open.has_conflict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        span::Span,
        stream::wire::{MS, frame},
    };
    use Completeness::{Complete, Duplicate, Lost, Malformed, Orphan, Overlap};

    /// Fragments in the making: one each millisecond.
    struct Wire {
        table: Defragmenter,
        is_ipv6: bool,
        number: u64,
        now_ms: i64,
        out: Vec<Reassembled>,
    }

    impl Wire {
        fn new(is_ipv6: bool, limits: &Limits) -> Self {
            Self {
                table: Defragmenter::new(limits),
                is_ipv6,
                number: 0,
                now_ms: 0,
                out: Vec::new(),
            }
        }

        fn fragment(&self, id: u32, offset: usize, more: bool) -> Fragment {
            let [src, dst] = match self.is_ipv6 {
                true => ["2001:db8::1", "2001:db8::2"],
                false => ["192.0.2.1", "192.0.2.2"],
            };
            Fragment {
                src: src.parse().unwrap(),
                dst: dst.parse().unwrap(),
                protocol: if offset == 0 || !self.is_ipv6 { 17 } else { 0 },
                id,
                offset: u32::try_from(offset).unwrap(),
                more,
                payload: Span::default(),
                cut: false,
            }
        }

        fn push(&mut self, fragment: &Fragment, bytes: &[u8]) {
            self.number += 1;
            self.now_ms += 1;
            let frame = frame(self.number, self.now_ms);
            let context = Context::default();
            self.table
                .push(fragment, bytes, context, frame, &mut self.out);
        }

        fn send(&mut self, offset: usize, bytes: &[u8], more: bool) {
            self.push(&self.fragment(1, offset, more), bytes);
        }

        /// Returns what came out; every frame must be in it once.
        fn finish(mut self) -> Vec<(Completeness, String, Vec<u64>)> {
            self.table.finish(&mut self.out);
            let mut all: Vec<_> = self.out.iter().flat_map(|one| &one.frames).collect();
            all.sort_by_key(|frame| frame.origin);
            let numbers: Vec<_> = all.iter().map(|frame| frame.origin.number).collect();
            assert_eq!(numbers, (1..=self.number).collect::<Vec<_>>());
            assert_eq!(self.table.held, 0);
            assert!(self.table.open.is_empty());
            self.out
                .into_iter()
                .map(|one| {
                    assert_eq!(one.ts, one.frames.last().unwrap().ts);
                    let text = String::from_utf8(one.bytes).unwrap();
                    let frames = one.frames.iter().map(|frame| frame.origin.number);
                    (one.completeness, text, frames.collect())
                })
                .collect()
        }
    }

    type Sent<'a> = (usize, &'a str, bool);
    type Expected<'a> = (Completeness, &'a str, &'a [u64]);

    fn check(is_ipv6: bool, sent: &[Sent<'_>], expected: &[Expected<'_>]) {
        let mut wire = Wire::new(is_ipv6, &Limits::default());
        for (offset, text, more) in sent {
            wire.send(*offset, text.as_bytes(), *more);
        }
        let expected: Vec<_> = expected
            .iter()
            .map(|(completeness, text, frames)| {
                (*completeness, (*text).to_owned(), frames.to_vec())
            })
            .collect();
        assert_eq!(wire.finish(), expected, "IPv6 {is_ipv6}, {sent:?}");
    }

    const A: Sent<'_> = (0, "aaaaaaaa", true);
    const B: Sent<'_> = (8, "bbbbbbbb", true);
    const C: Sent<'_> = (16, "cc", false);
    const ABC: &str = "aaaaaaaabbbbbbbbcc";

    #[test]
    fn fragments_in_any_order_make_a_packet() {
        for is_ipv6 in [false, true] {
            for order in [
                [A, B, C],
                [A, C, B],
                [B, A, C],
                [B, C, A],
                [C, A, B],
                [C, B, A],
            ] {
                check(is_ipv6, &order, &[(Complete, ABC, &[1, 2, 3])]);
            }
            check(
                is_ipv6,
                &[A, A, B, B, C],
                &[
                    (Duplicate, "", &[2]),
                    (Duplicate, "", &[4]),
                    (Complete, ABC, &[1, 3, 5]),
                ],
            );
            check(
                is_ipv6,
                &[(0, "atomic", false)],
                &[(Complete, "atomic", &[1])],
            );
        }
    }

    #[test]
    fn what_is_missing_is_told() {
        for is_ipv6 in [false, true] {
            check(is_ipv6, &[A, C], &[(Lost, "aaaaaaaa", &[1, 2])]);
            check(is_ipv6, &[B, A], &[(Lost, "aaaaaaaabbbbbbbb", &[1, 2])]);
            check(is_ipv6, &[B, C], &[(Orphan, "", &[1, 2])]);
        }
    }

    #[test]
    fn overlaps_are_resolved_by_version() {
        let other = (0, "xxxxxxxxyyyyyyyy", true);
        check(
            false,
            &[A, other, C],
            &[(Complete, "aaaaaaaayyyyyyyycc", &[1, 2, 3])],
        );
        check(
            false,
            &[B, other, C],
            &[(Complete, "xxxxxxxxbbbbbbbbcc", &[1, 2, 3])],
        );
        // RFC 8200 §4.5: all of it is void, what comes later too.
        let expected: [Expected<'_>; 2] = [(Overlap, "", &[1, 2]), (Overlap, "", &[3])];
        check(true, &[A, other, C], &expected);
    }

    #[test]
    fn packets_with_one_identification_are_not_mixed() {
        // The second packet comes whole, behind the first fragment of the first one or before it in time.
        let ways: [&[Sent<'_>]; 3] = [
            &[
                (0, "xxxxxxxx", true),
                (8, "yyyyyyyy", true),
                (16, "zz", false),
            ],
            &[(0, "xxxxxxxxyyyyyyyy", true), (16, "zz", false)],
            &[(16, "zz", false), (0, "xxxxxxxxyyyyyyyy", true)],
        ];
        for (wait_ms, is_mixed) in [(1002, false), (-3_300_000, false), (500, true)] {
            for way in ways {
                let mut wire = Wire::new(false, &Limits::default());
                wire.now_ms = 3_600_000;
                wire.send(0, b"aaaaaaaa", true);
                wire.now_ms += wait_ms;
                for (offset, text, more) in way {
                    wire.send(*offset, text.as_bytes(), *more);
                }
                let conflicts: Vec<_> = wire.out.iter().map(|one| one.has_conflict).collect();
                let out = wire.finish();
                if is_mixed {
                    assert_eq!(conflicts, [true], "it is told");
                    assert_eq!(out[0].1, "aaaaaaaayyyyyyyyzz");
                } else if way[0].0 == 0 {
                    assert_eq!(conflicts, [false, false]);
                    assert_eq!(out[0], (Lost, "aaaaaaaa".to_owned(), vec![1]));
                    assert_eq!((out[1].0, &*out[1].1), (Complete, "xxxxxxxxyyyyyyyyzz"));
                } else {
                    // The end of the second packet looks like that of the first.
                    assert_eq!(out[0].0, Lost);
                }
            }
        }
        // The same octets do not contradict.
        let mut wire = Wire::new(false, &Limits::default());
        wire.send(0, b"aaaaaaaa", true);
        wire.now_ms += 5000;
        wire.send(0, b"aaaaaaaabbbbbbbb", true);
        wire.send(16, b"cc", false);
        assert!(!wire.out[0].has_conflict);
        assert_eq!(wire.finish(), [(Complete, ABC.to_owned(), vec![1, 2, 3])]);
    }

    #[test]
    fn another_end_long_after_is_of_another_packet() {
        let mut wire = Wire::new(false, &Limits::default());
        wire.send(16, b"cc", false);
        wire.now_ms += 5000;
        wire.send(8, b"yy", false);
        wire.send(0, b"xxxxxxxx", true);
        let expected = [
            (Orphan, String::new(), vec![1]),
            (Complete, "xxxxxxxxyy".to_owned(), vec![2, 3]),
        ];
        assert_eq!(wire.finish(), expected);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for is_ipv6 in [false, true] {
            check(is_ipv6, &[(0, "seven..", true)], &[(Malformed, "", &[1])]);
            check(
                is_ipv6,
                &[(65_528, "12345678", false)],
                &[(Malformed, "", &[1])],
            );
            check(is_ipv6, &[C, (24, "d", false)], &[(Malformed, "", &[1, 2])]);
            check(
                is_ipv6,
                &[(24, "dddddddd", true), C],
                &[(Malformed, "", &[1, 2])],
            );
            check(
                is_ipv6,
                &[C, (24, "dddddddd", true)],
                &[(Malformed, "", &[1, 2])],
            );
        }
    }

    #[test]
    fn time_is_packet_time() {
        for (is_ipv6, wait) in [(false, 30_000), (true, 60_000)] {
            let mut wire = Wire::new(is_ipv6, &Limits::default());
            wire.send(0, b"aaaaaaaa", true);
            wire.now_ms = wait - 1;
            wire.send(8, b"bbbbbbbb", true);
            assert!(wire.out.is_empty());
            // Another packet's fragment comes when it is over: exactly at the first one's time and the wait.
            wire.now_ms = wait;
            wire.push(&wire.fragment(2, 8, true), b"zzzzzzzz");
            assert_eq!(wire.out.len(), 1);
            assert_eq!(wire.out[0].ts.nanos(), wait * MS);
            wire.send(16, b"cc", false);
            let out: Vec<_> = wire.finish().into_iter().map(|one| one.0).collect();
            assert_eq!(out, [Lost, Orphan, Orphan]);
        }
    }

    #[test]
    fn what_is_too_late_is_not_mixed_in() {
        for is_ipv6 in [false, true] {
            let mut wire = Wire::new(is_ipv6, &Limits::default());
            wire.send(0, b"aaaaaaaa", true);
            wire.now_ms += 100_000;
            wire.send(8, b"bb", false);
            let out: Vec<_> = wire.finish().into_iter().map(|one| one.0).collect();
            assert_eq!(out, [Lost, Orphan]);
        }
    }

    #[test]
    fn cut_fragments_leave_a_beginning() {
        let mut wire = Wire::new(false, &Limits::default());
        let first = Fragment {
            cut: true,
            ..wire.fragment(1, 0, true)
        };
        wire.push(&first, b"aaaaa");
        wire.send(8, b"bb", false);
        let expected = [(Lost, "aaaaa".to_owned(), vec![1, 2])];
        assert_eq!(wire.finish(), expected);
    }

    #[test]
    fn caps_hold() {
        let limits = Limits {
            open_packets: 2,
            fragments: 3,
            fragment_bytes: 20,
            ..Limits::default()
        };
        let mut wire = Wire::new(false, &limits);
        for id in 1..=3 {
            wire.push(&wire.fragment(id, 0, true), b"aaaaaaaa");
        }
        assert_eq!(wire.table.stats().evicted, 1);
        wire.push(&wire.fragment(3, 16, true), b"cccccccc");
        assert_eq!(wire.table.stats().evicted, 2);
        assert!(wire.table.held <= 20);
        assert_eq!(wire.finish().len(), 3);

        let mut wire = Wire::new(
            false,
            &Limits {
                fragments: 3,
                ..Limits::default()
            },
        );
        for offset in [0, 16, 32, 48] {
            wire.send(offset, b"aaaaaaaa", true);
        }
        assert_eq!(wire.finish()[0].0, Malformed);
    }

    #[test]
    fn tunnels_and_protocols_keep_packets_apart() {
        let mut wire = Wire::new(false, &Limits::default());
        wire.send(0, b"aaaaaaaa", true);
        let other = Fragment {
            protocol: 6,
            ..wire.fragment(1, 8, false)
        };
        wire.push(&other, b"b");
        let out: Vec<_> = wire.finish().into_iter().map(|one| one.0).collect();
        assert_eq!(out, [Lost, Orphan]);
    }
}
