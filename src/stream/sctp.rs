//! SIP over SCTP (RFC 4168, RFC 9260, RFC 8260): each user message is one SIP message.

mod chunk;
mod runs;
mod seen;

use std::{collections::BTreeMap, net::IpAddr};

use hashbrown::HashMap;

use self::{
    chunk::{Chunks, Data},
    runs::{Part, Place, Run, Runs},
    seen::Seen,
};
use super::{
    found::{Context, Found, SegmentFate},
    limits::Limits,
    stats::AssociationStats,
};
use crate::{
    capture::Frame,
    clock::Clock,
    hep::{self, InStream},
    net::{Flow, Transport},
    packet::SctpPacket,
    sip::{Flaws, Framing, Head, Probe, probe},
    time::Timestamp,
};

/// Puts the user messages of SCTP associations together and finds the SIP in them.
///
/// User messages are handed out as they are complete, whatever their stream; an association may use several addresses.
#[derive(Debug, Default)]
pub struct Associations {
    limits: Limits,
    stats: AssociationStats,
    directions: HashMap<Key, Direction>,
    /// The parts that wait for others, by when they are given up.
    deadlines: BTreeMap<(Timestamp, u64), (Key, Place)>,
    /// Parts so far.
    parts: u64,
    /// Frames with parts that wait, by the number of their packet.
    pending: HashMap<u64, Pending>,
    /// Octets held.
    held: usize,
    clock: Clock,
}

/// A direction of an association. Its tag was chosen by the receiver at random, so addresses are not needed.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
struct Key {
    tunnel: u64,
    ports: (u16, u16),
    tag: u32,
    /// Only where there is no tag.
    addresses: Option<(IpAddr, IpAddr)>,
}

#[derive(Debug)]
struct Direction {
    flow: Flow,
    context: Context,
    last: Timestamp,
    seen: Seen,
    waiting: Runs,
}

/// A frame that is not settled yet.
#[derive(Debug)]
struct Pending {
    frame: Frame,
    /// How many of its parts wait.
    waiting: usize,
    fate: SegmentFate,
}

impl Associations {
    /// Returns an empty table.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            ..Self::default()
        }
    }

    /// Takes the next packet in the order of the capture, with the captured part of its chunks.
    ///
    /// The frame is settled, then or later, once.
    pub fn packet(
        &mut self,
        packet: &SctpPacket,
        chunks: &[u8],
        context: Context,
        frame: Frame,
        out: &mut impl FnMut(Found<'_>),
    ) {
        self.stats.packets = self.stats.packets.saturating_add(1);
        let number = self.stats.packets;
        self.expire(frame.ts, out);
        let key = Key {
            tunnel: context.tunnel,
            ports: (packet.src.port(), packet.dst.port()),
            tag: packet.tag,
            addresses: (packet.tag == 0).then_some((packet.src.ip(), packet.dst.ip())),
        };
        self.pending.insert(
            number,
            Pending {
                frame,
                waiting: 1,
                fate: SegmentFate::NoData,
            },
        );
        let mut chunks = Chunks::new(chunks);
        for data in chunks.by_ref() {
            self.stats.data_chunks = self.stats.data_chunks.saturating_add(1);
            self.direction(key, packet, context, (data.tsn, frame.ts), out);
            self.data(key, &data, number, out);
        }
        if chunks.is_malformed() {
            self.stats.malformed = self.stats.malformed.saturating_add(1);
        }
        self.release(number, SegmentFate::NoData, out);
        while self.held > self.limits.sctp_held && !self.deadlines.is_empty() {
            self.give_up_oldest(out);
        }
    }

    /// Gives up all user messages that are not whole.
    pub fn finish(&mut self, out: &mut impl FnMut(Found<'_>)) {
        while !self.deadlines.is_empty() {
            self.give_up_oldest(out);
        }
        self.directions = HashMap::new();
    }

    /// Returns what was counted so far.
    #[must_use]
    pub fn stats(&self) -> &AssociationStats {
        &self.stats
    }

    /// Notes what is known of a direction, a new one if need be.
    fn direction(
        &mut self,
        key: Key,
        packet: &SctpPacket,
        context: Context,
        (tsn, now): (u32, Timestamp),
        out: &mut dyn FnMut(Found<'_>),
    ) {
        let flow = Flow {
            src: packet.src,
            dst: packet.dst,
            transport: Transport::Sctp,
        };
        if !self.directions.contains_key(&key) && self.directions.len() >= self.limits.associations
        {
            self.evict(out);
        }
        let direction = self.directions.entry(key).or_insert_with(|| Direction {
            flow,
            context,
            last: now,
            // The first number is new.
            seen: Seen::new(tsn.wrapping_sub(1)),
            waiting: Runs::default(),
        });
        (direction.flow, direction.context, direction.last) = (flow, context, now);
    }

    /// Takes one chunk of packet `number`.
    fn data(&mut self, key: Key, data: &Data<'_>, number: u64, out: &mut dyn FnMut(Found<'_>)) {
        let Some(direction) = self.directions.get_mut(&key) else {
            return;
        };
        let (tsn, is_new) = direction.seen.note(data.tsn);
        if !is_new {
            self.stats.retransmissions = self.stats.retransmissions.saturating_add(1);
            return self.mark(number, SegmentFate::Retransmission);
        }
        if data.is_first && data.is_last {
            let Some(frame) = self.pending.get(&number).map(|pending| pending.frame) else {
                return;
            };
            let fate = self.hand_out(key, data.bytes, (&[frame], frame), data.is_cut, out);
            return self.mark(number, fate);
        }
        let place = match data.message {
            Some(message) => (Some(message), u64::from(data.part)),
            None => (None, tsn),
        };
        self.parts = self.parts.saturating_add(1);
        let deadline = (direction.last.plus(self.limits.sctp_timeout), self.parts);
        let part = Part {
            deadline,
            is_first: data.is_first,
            is_last: data.is_last,
            is_cut: data.is_cut,
            bytes: data.bytes.to_vec(),
            packet: number,
        };
        let size = held_for(&part);
        let Ok(run) = direction.waiting.add(place, part) else {
            // Too old a number to tell may be there already.
            self.stats.retransmissions = self.stats.retransmissions.saturating_add(1);
            return self.mark(number, SegmentFate::Retransmission);
        };
        let is_whole = run.is_whole();
        let is_too_long = run.size() > self.limits.head.saturating_add(self.limits.body);
        self.held = self.held.saturating_add(size);
        self.deadlines.insert(deadline, (key, place));
        if let Some(pending) = self.pending.get_mut(&number) {
            pending.waiting = pending.waiting.saturating_add(1);
        }
        if is_whole {
            self.stats.reassembled = self.stats.reassembled.saturating_add(1);
        }
        if is_whole || is_too_long {
            let run = direction.waiting.take(place);
            self.hand_out_run(key, run, out);
        }
    }

    /// Hands out the message made of the parts of `run`, or what there is of it, and settles what was waiting for it.
    fn hand_out_run(&mut self, key: Key, run: Option<Run>, out: &mut dyn FnMut(Found<'_>)) {
        let taken = run.unwrap_or_default().parts;
        let has_start = taken.front().is_some_and(|part| part.is_first);
        let is_cut =
            taken.iter().any(|part| part.is_cut) || !taken.back().is_some_and(|part| part.is_last);
        let mut frames: Vec<Frame> = Vec::new();
        let mut bytes = Vec::new();
        for part in &taken {
            bytes.extend_from_slice(&part.bytes);
            if let Some(pending) = self.pending.get(&part.packet)
                && frames.last() != Some(&pending.frame)
            {
                frames.push(pending.frame);
            }
        }
        let last = taken.iter().map(|part| part.packet).max();
        let last = last.and_then(|number| self.pending.get(&number));
        let fate = match last.map(|pending| pending.frame) {
            Some(last) if has_start => self.hand_out(key, &bytes, (&frames, last), is_cut, out),
            _ => SegmentFate::Lost,
        };
        if fate == SegmentFate::Lost || is_cut {
            let lost = taken.len() as u64;
            self.stats.lost_chunks = self.stats.lost_chunks.saturating_add(lost);
        }
        for part in &taken {
            self.forget(part, fate, out);
        }
    }

    /// Hands out a user message if it is SIP or HEP, and returns what it is.
    fn hand_out(
        &mut self,
        key: Key,
        bytes: &[u8],
        frames: (&[Frame], Frame),
        is_cut: bool,
        out: &mut dyn FnMut(Found<'_>),
    ) -> SegmentFate {
        let text = bytes.trim_ascii_start();
        if text.is_empty() && !bytes.is_empty() {
            return SegmentFate::KeepAlive;
        }
        if let Some(fate) = self.hep(key, bytes, frames, out) {
            return fate;
        }
        let is_sip = probe(text) == Probe::Sip;
        let head = is_sip.then(|| Head::parse(text, Framing::Datagram));
        let (Some(Ok(mut head)), Some(direction)) = (head, self.directions.get(&key)) else {
            self.stats.other = self.stats.other.saturating_add(1);
            return SegmentFate::Other;
        };
        if is_cut {
            head.flaws.insert(Flaws::CUT);
        }
        self.stats.messages = self.stats.messages.saturating_add(1);
        out(Found::Message {
            ts: frames.1.ts,
            flow: direction.flow,
            encapsulation: direction.context.encapsulation,
            frames: frames.0,
            completed_by: &frames.1,
            bytes: text,
            head: &head,
        });
        SegmentFate::Sip
    }

    /// Hands out the HEP packets of a user message, if there are any, and returns what they are.
    fn hep(
        &self,
        key: Key,
        bytes: &[u8],
        frames: (&[Frame], Frame),
        out: &mut dyn FnMut(Found<'_>),
    ) -> Option<SegmentFate> {
        let direction = self.directions.get(&key)?;
        let mut rest = bytes;
        let mut fate = None;
        while let InStream::Packet(len) = hep::in_stream(rest) {
            // What was cut off is missing at the end.
            let (packet, behind) = rest.split_at_checked(len).unwrap_or((rest, &[]));
            out(Found::Hep {
                flow: direction.flow,
                encapsulation: direction.context.encapsulation,
                frames: frames.0,
                completed_by: &frames.1,
                bytes: packet,
            });
            let own = if hep::carries_sip(packet) {
                SegmentFate::Sip
            } else {
                SegmentFate::Hep
            };
            fate = fate.max(Some(own));
            rest = behind;
        }
        fate
    }

    /// Drops a part that was waiting.
    fn forget(&mut self, part: &Part, fate: SegmentFate, out: &mut dyn FnMut(Found<'_>)) {
        self.held = self.held.saturating_sub(held_for(part));
        self.deadlines.remove(&part.deadline);
        self.release(part.packet, fate, out);
    }

    /// Notes what became of a part of a packet.
    fn mark(&mut self, number: u64, fate: SegmentFate) {
        if let Some(pending) = self.pending.get_mut(&number) {
            pending.fate = pending.fate.max(fate);
        }
    }

    /// Notes what became of a part of a packet, and settles its frame if it was the last.
    fn release(&mut self, number: u64, fate: SegmentFate, out: &mut dyn FnMut(Found<'_>)) {
        self.mark(number, fate);
        let Some(pending) = self.pending.get_mut(&number) else {
            return;
        };
        pending.waiting = pending.waiting.saturating_sub(1);
        if pending.waiting == 0
            && let Some(pending) = self.pending.remove(&number)
        {
            let (frame, fate) = (&pending.frame, pending.fate);
            out(Found::Settled { frame, fate });
        }
    }

    fn expire(&mut self, ts: Timestamp, out: &mut dyn FnMut(Found<'_>)) {
        let now = self.clock.tick(ts, self.limits.reorder);
        while let Some(((deadline, _), _)) = self.deadlines.first_key_value()
            && *deadline <= now
        {
            self.give_up_oldest(out);
        }
    }

    /// Gives up the message of which a part has waited longest.
    fn give_up_oldest(&mut self, out: &mut dyn FnMut(Found<'_>)) {
        if let Some((_, (key, place))) = self.deadlines.pop_first() {
            let direction = self.directions.get_mut(&key);
            let run = direction.and_then(|direction| direction.waiting.take(place));
            self.hand_out_run(key, run, out);
        }
    }

    /// Forgets the eighth of the directions that has been silent for longest.
    fn evict(&mut self, out: &mut dyn FnMut(Found<'_>)) {
        let mut silent: Vec<_> = self
            .directions
            .iter()
            .map(|(key, direction)| (direction.last, *key))
            .collect();
        silent.sort_unstable();
        silent.truncate((self.limits.associations / 8).max(1));
        for (_, key) in silent {
            self.stats.evicted = self.stats.evicted.saturating_add(1);
            while let Some(direction) = self.directions.get_mut(&key)
                && let Some(run) = direction.waiting.pop()
            {
                self.hand_out_run(key, Some(run), out);
            }
            self.directions.remove(&key);
        }
    }
}

/// Returns how many octets it takes to let a part wait.
fn held_for(part: &Part) -> usize {
    part.size().saturating_add(size_of::<Pending>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        span::Span,
        stream::{
            SegmentFate::{KeepAlive, Lost, NoData, Other, Retransmission, Sip},
            wire::{Catch, client, frame, message, server},
        },
    };

    const FIRST: u8 = 2;
    const LAST: u8 = 1;
    const WHOLE: u8 = 3;

    fn data(flags: u8, tsn: u32, bytes: &[u8]) -> Vec<u8> {
        let len = u16::try_from(16 + bytes.len()).unwrap();
        let mut chunk = vec![0, flags];
        chunk.extend(len.to_be_bytes());
        chunk.extend(tsn.to_be_bytes());
        chunk.extend([0; 8]);
        chunk.extend(bytes);
        chunk.resize(chunk.len().next_multiple_of(4), 0);
        chunk
    }

    fn i_data(flags: u8, tsn: u32, (message, part): (u32, u32), bytes: &[u8]) -> Vec<u8> {
        let len = u16::try_from(20 + bytes.len()).unwrap();
        let mut chunk = vec![64, flags];
        chunk.extend(len.to_be_bytes());
        chunk.extend(tsn.to_be_bytes());
        chunk.extend([0; 4]);
        chunk.extend(message.to_be_bytes());
        chunk.extend(part.to_be_bytes());
        chunk.extend(bytes);
        chunk.resize(chunk.len().next_multiple_of(4), 0);
        chunk
    }

    /// Runs packets through, one each 100 ms.
    fn run(packets: &[Vec<u8>], limits: &Limits) -> (Catch, AssociationStats) {
        let mut table = Associations::new(limits);
        let mut catch = Catch::default();
        for (number, chunks) in (1..).zip(packets) {
            let packet = SctpPacket {
                src: client(),
                dst: server(),
                tag: 77,
                chunks: Span::default(),
            };
            let frame = frame(number, i64::try_from(number).unwrap() * 100);
            table.packet(&packet, chunks, Context::default(), frame, &mut |found| {
                catch.take(&found);
            });
            assert!(table.held <= limits.sctp_held);
        }
        table.finish(&mut |found| catch.take(&found));
        assert!(table.pending.is_empty() && table.deadlines.is_empty() && table.held == 0);
        (catch, table.stats)
    }

    fn text(id: char) -> String {
        String::from_utf8(message(id)).unwrap()
    }

    #[test]
    fn a_chunk_is_a_message() {
        let bundle = [data(WHOLE, 5, &message('a')), data(WHOLE, 6, &message('b'))].concat();
        let packets = [
            bundle.clone(),
            bundle,
            data(WHOLE, 7, b"\r\n\r\n"),
            data(WHOLE, 8, b"no SIP"),
            vec![3, 0, 0, 16, 0, 0, 0, 1, 0, 0, 16, 0, 0, 0, 0, 0],
        ];
        let (catch, stats) = run(&packets, &Limits::default());
        assert_eq!(catch.texts(), [text('a'), text('b')]);
        assert_eq!(catch.messages[0].transport, Transport::Sctp);
        assert_eq!(
            catch.fates(),
            [Sip, Retransmission, KeepAlive, Other, NoData]
        );
        assert_eq!(stats.retransmissions, 2);
    }

    #[test]
    fn fragments_in_any_order_make_a_message() {
        let whole = message('a');
        let wrap = u32::MAX;
        let parts = [
            data(FIRST, wrap, &whole[..200]),
            data(0, 0, &whole[200..300]),
            data(LAST, 1, &whole[300..]),
        ];
        for order in [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ] {
            let packets = order.map(|part| parts[part].clone());
            let (catch, _) = run(&packets, &Limits::default());
            assert_eq!(catch.texts(), [text('a')], "{order:?}");
            assert_eq!(catch.messages[0].completed_by, 3);
            assert_eq!(catch.fates(), [Sip, Sip, Sip]);
        }
    }

    #[test]
    fn messages_next_to_each_other_do_not_mix() {
        let (a, b) = (message('a'), message('b'));
        let packets = [
            data(FIRST, 1, &a[..250]),
            data(LAST, 4, &b[250..]),
            data(FIRST, 3, &b[..250]),
            data(LAST, 2, &a[250..]),
        ];
        let (catch, _) = run(&packets, &Limits::default());
        assert_eq!(catch.texts(), [text('b'), text('a')]);
    }

    #[test]
    fn parts_of_i_data_messages_may_alternate() {
        let (a, b) = (message('a'), message('b'));
        let packets = [
            i_data(FIRST, 1, (8, 0), &a[..250]),
            i_data(FIRST, 2, (9, 0), &b[..250]),
            i_data(LAST, 3, (8, 1), &a[250..]),
            i_data(LAST, 4, (9, 1), &b[250..]),
        ];
        let (catch, _) = run(&packets, &Limits::default());
        assert_eq!(catch.texts(), [text('a'), text('b')]);
        assert_eq!(catch.messages[1].frames, [2, 4]);
    }

    #[test]
    fn what_is_missing_is_waited_for_in_packet_time() {
        let whole = message('a');
        let mut packets = vec![data(FIRST, 1, &whole[..250]), data(LAST, 9, &whole[250..])];
        packets.resize(301, Vec::new());
        let (catch, stats) = run(&packets, &Limits::default());
        let got = &catch.messages[0];
        assert_eq!((got.text.len(), got.flaws), (250, Flaws::CUT));
        assert_eq!(catch.fates()[..2], [Sip, Lost]);
        assert_eq!(stats.lost_chunks, 2);
    }

    #[test]
    fn caps_hold() {
        let limits = Limits {
            sctp_held: 2000,
            associations: 2,
            ..Limits::default()
        };
        let packets: Vec<_> = (0..50)
            .map(|tsn| data(FIRST, tsn * 2, &message('a')[..400]))
            .collect();
        let (catch, _) = run(&packets, &limits);
        assert_eq!(catch.messages.len(), 50);
        assert_eq!(catch.fates(), [Sip; 50]);
    }

    #[test]
    fn a_message_without_end_is_cut_at_the_longest_one() {
        // As many parts as can be: each must not look at all of them.
        let limits = Limits {
            head: 0,
            body: 4 << 20,
            sctp_timeout: i64::MAX,
            ..Limits::default()
        };
        let start = &message('a')[..300];
        let mut packets = vec![data(FIRST, 0, start)];
        for tsn in (1..60_000).step_by(100) {
            packets.push(
                (tsn..tsn + 100)
                    .flat_map(|tsn| data(0, tsn, b"x"))
                    .collect(),
            );
        }
        let (catch, stats) = run(&packets, &limits);
        let [got] = &catch.messages[..] else {
            panic!("{} messages", catch.messages.len());
        };
        assert!(got.flaws.contains(Flaws::CUT));
        assert!(got.text.len() < 4 << 20 && stats.data_chunks == 60_001);
        let longest = (4 << 20) / size_of::<Part>();
        assert!((longest / 2..longest + 300).contains(&got.text.len()));
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config {
            failure_persistence: None, ..Default::default()
        })]

        #[test]
        fn garbage_settles_every_frame(packets in proptest::collection::vec(
            proptest::collection::vec(
                (0..8_u8, 0..12_u32, 0..40_usize, proptest::prelude::any::<bool>()), 0..4),
            0..60,
        )) {
            let limits = Limits { sctp_held: 1500, sctp_timeout: 1_000_000_000, ..Limits::default() };
            let packets: Vec<Vec<u8>> = packets.iter().map(|chunks| {
                chunks.iter().flat_map(|&(flags, tsn, len, interleaved)| {
                    let bytes = &message('a')[..len * 10];
                    let chunk = match interleaved {
                        true => i_data(flags, tsn, (tsn / 3, tsn % 3), bytes),
                        false => data(flags, tsn, bytes),
                    };
                    chunk[..chunk.len() - len % 3].to_vec()
                }).collect()
            }).collect();
            let (catch, _) = run(&packets, &limits);
            catch.fates();
        }
    }
}
