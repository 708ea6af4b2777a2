//! pcapng: the framing of blocks, sections, and how to go on after damage.
//!
//! Blocks are framed by pcap-file; their bodies are decoded in [`body`], because its typed blocks misread valid files.

mod body;
mod clock;
mod names;
mod numbers;
mod option;

use byteorder_slice::{BigEndian, LittleEndian};
use pcap_file::{PcapError, pcapng::RawBlock};

use self::{clock::Clock, numbers::Numbers};
use super::{
    LinkType, Record,
    order::Order,
    reader::Window,
    summary::{Format, Tally},
};

/// Returns the options of a list.
pub(super) fn options(order: Order, list: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    option::Options::new(order, list)
}

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const NAME_RESOLUTION: u32 = 4;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const SYSTEMD_JOURNAL: u32 = 9;
const DECRYPTION_SECRETS: u32 = 10;
const CUSTOM: u32 = 0xbad;
const CUSTOM_NO_COPY: u32 = 0x4000_0bad;

/// What frames a block: type and two lengths.
const FRAME: usize = 12;
/// Where the body begins.
const BODY: usize = 8;
/// The longest block that is believed.
const MAX_BLOCK: usize = 64 << 20;
/// A batch ends behind a block longer than this, so that its octets need not be kept with those of others.
const LONG_BLOCK: usize = 1 << 20;
/// The longest block that is believed right after damage.
const MAX_BLOCK_AFTER_DAMAGE: usize = 1 << 20;

/// A pcapng file, as far as its records need it.
#[derive(Debug)]
pub(super) struct PcapNg {
    order: Order,
    /// What the records of each interface of the section need.
    interfaces: Vec<Decoding>,
    /// Whether the section has interfaces for which there was no number left.
    crowded: bool,
    numbers: Numbers,
    /// How many octets of secrets were kept.
    secrets_kept: usize,
    /// Where damage begins, while its end is searched.
    damaged_from: Option<u64>,
    /// Oddities that are told once an input.
    told: Told,
}

/// How the records of an interface are to be read.
#[derive(Clone, Copy, Debug)]
struct Decoding {
    /// Its index in the whole input.
    index: u16,
    link: LinkType,
    snaplen: u32,
    clock: Clock,
    fcs_len: u8,
    /// How many frames of this section were reported as lost.
    dropped: u64,
}

#[derive(Debug, Default)]
struct Told {
    unpadded: bool,
    orphans: bool,
    options: bool,
    overlong: bool,
    giant: bool,
    untimed: bool,
}

/// A block whose framing is right.
#[derive(Clone, Copy, Debug)]
struct Block<'a> {
    kind: u32,
    body: &'a [u8],
    /// Where the body begins in the window.
    start: usize,
    /// Where the block begins in the input.
    offset: u64,
    /// Whether its length is not a multiple of 4.
    unpadded: bool,
}

enum Step<'a> {
    Block(Block<'a>, usize),
    More,
    Cut,
    Damaged,
}

enum Found {
    At(usize),
    /// Not decided: from here on more octets are needed.
    More(usize),
    Nothing,
}

impl PcapNg {
    pub(super) fn new(tally: &mut Tally) -> Self {
        tally.summary.format = Format::PcapNg;
        Self {
            // The first section header says what it is.
            order: Order::Little,
            interfaces: Vec::new(),
            crowded: false,
            numbers: Numbers::default(),
            secrets_kept: 0,
            damaged_from: None,
            told: Told::default(),
        }
    }

    /// Frames the records of `window` and returns how many of its octets are done.
    pub(super) fn walk(
        &mut self,
        window: Window<'_>,
        records: &mut Vec<Record>,
        tally: &mut Tally,
    ) -> usize {
        let mut at = 0;
        loop {
            if let Some(from) = self.damaged_from {
                match self.search(window, at) {
                    Found::At(next) => {
                        self.damaged_from = None;
                        window.note_skipped(from, next, tally);
                        at = next;
                    }
                    Found::More(next) => return next,
                    Found::Nothing => {
                        window.note_lost(from, tally);
                        return window.bytes.len();
                    }
                }
            }
            match self.step(window, at) {
                Step::Block(block, end) => {
                    if block.unpadded && !self.told.unpadded {
                        self.told.unpadded = true;
                        let what = "block length that is no multiple of 4; it is rounded up";
                        tally.note(block.offset, what);
                    }
                    self.take(block, records, tally);
                    at = end;
                    if block.body.len() > LONG_BLOCK && !records.is_empty() {
                        return at;
                    }
                }
                Step::More => return at,
                Step::Cut => {
                    window.note_cut(at, tally);
                    return window.bytes.len();
                }
                Step::Damaged => self.damaged_from = Some(window.at(at)),
            }
        }
    }

    /// Looks at the block that begins at `at`.
    fn step<'a>(&self, window: Window<'a>, at: usize) -> Step<'a> {
        let rest = window.bytes.get(at..).unwrap_or_default();
        let framed = match self.order {
            Order::Little => RawBlock::from_slice::<LittleEndian>(rest),
            Order::Big => RawBlock::from_slice::<BigEndian>(rest),
        };
        match framed {
            Ok((after, raw)) => {
                let end = window.bytes.len().saturating_sub(after.len());
                let start = at.saturating_add(BODY);
                let body = window.bytes.get(start..end.saturating_sub(4));
                Step::Block(
                    Block {
                        kind: raw.type_,
                        body: body.unwrap_or_default(),
                        start,
                        offset: window.at(at),
                        unpadded: false,
                    },
                    end,
                )
            }
            Err(PcapError::IncompleteBuffer) => self.incomplete(window, at, rest),
            Err(_) => self.unpadded(window, at, rest),
        }
    }

    /// Decides about a block that goes on behind the window.
    fn incomplete(&self, window: Window<'_>, at: usize, rest: &[u8]) -> Step<'static> {
        if claimed_len(self.order, rest).is_some_and(|len| len > MAX_BLOCK) {
            Step::Damaged
        } else if !window.end || rest.is_empty() {
            Step::More
        } else if matches!(self.search(window, at.saturating_add(1)), Found::At(_)) {
            // More blocks follow within what this one claims.
            Step::Damaged
        } else {
            Step::Cut
        }
    }

    /// Frames a block whose length is not a multiple of 4, as some writers leave it: the data are padded, the
    /// length is not.
    fn unpadded<'a>(&self, window: Window<'a>, at: usize, rest: &'a [u8]) -> Step<'a> {
        let order = section_order(rest).unwrap_or(self.order);
        let Some(len) = claimed_len(order, rest).filter(|len| len % 4 != 0 && *len > FRAME) else {
            return Step::Damaged;
        };
        let padded = len.next_multiple_of(4);
        if padded > MAX_BLOCK {
            return Step::Damaged;
        }
        if rest.len() < padded && !window.end {
            return Step::More;
        }
        for whole in [padded, len] {
            let trailer = whole.saturating_sub(4);
            if order.u32(rest, trailer).map(|len| len as usize) == Some(len) {
                let block = Block {
                    kind: order.u32(rest, 0).unwrap_or_default(),
                    body: rest.get(BODY..trailer).unwrap_or_default(),
                    start: at.saturating_add(BODY),
                    offset: window.at(at),
                    unpadded: true,
                };
                return Step::Block(block, at.saturating_add(whole));
            }
        }
        Step::Damaged
    }

    /// Searches the first place from `from` on at which a block of a known type has two lengths that agree.
    ///
    /// The decision depends on the octets of the file only, not on how much of it is in the window.
    fn search(&self, window: Window<'_>, from: usize) -> Found {
        let mut at = from;
        loop {
            let rest = window.bytes.get(at..).unwrap_or_default();
            if rest.len() < FRAME {
                return if window.end {
                    Found::Nothing
                } else {
                    Found::More(at)
                };
            }
            match self.is_block(rest) {
                Some(true) => return Found::At(at),
                None if !window.end => return Found::More(at),
                _ => at = at.saturating_add(1),
            }
        }
    }

    /// Returns whether a believable block begins `rest`; `None` if it is not long enough to tell.
    fn is_block(&self, rest: &[u8]) -> Option<bool> {
        let order = section_order(rest).unwrap_or(self.order);
        let kind = order.u32(rest, 0)?;
        let known = matches!(
            kind,
            SECTION_HEADER | INTERFACE_DESCRIPTION
                ..=ENHANCED_PACKET | SYSTEMD_JOURNAL | DECRYPTION_SECRETS | CUSTOM | CUSTOM_NO_COPY
        );
        let len = claimed_len(order, rest)?;
        if !known || len % 4 != 0 || !(FRAME..=MAX_BLOCK_AFTER_DAMAGE).contains(&len) {
            return Some(false);
        }
        if kind == SECTION_HEADER && section_order(rest).is_none() {
            return Some(false);
        }
        Some(order.u32(rest, len.saturating_sub(4))? as usize == len)
    }
}

/// Returns the byte order that a section header block declares; `None` if `block` is none.
fn section_order(block: &[u8]) -> Option<Order> {
    if Order::Big.u32(block, 0)? != SECTION_HEADER {
        return None;
    }
    match Order::Big.u32(block, BODY)? {
        0x1a2b_3c4d => Some(Order::Big),
        0x4d3c_2b1a => Some(Order::Little),
        _ => None,
    }
}

/// Returns the length that a block says it has.
fn claimed_len(order: Order, block: &[u8]) -> Option<usize> {
    let order = section_order(block).unwrap_or(order);
    order.u32(block, 4).map(|len| len as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{
        Resolution,
        sample::{Walked, block, interface, packet, section},
    };

    fn walk(blocks: &[Vec<u8>]) -> Walked {
        let mut tally = Tally::new(0, "test".into());
        let mut pcapng = PcapNg::new(&mut tally);
        Walked::over(&blocks.concat(), tally, |window, records, tally| {
            pcapng.walk(window, records, tally)
        })
    }

    #[test]
    fn units_of_time() {
        for (options, ticks, nanos) in [
            (&b""[..], 1_500_000, 1_500_000_000_i64),
            // if_tsresol 9, 12, 2^-10; if_tsoffset 1000; if_tzone is ignored. With and without an end of the list.
            (b"\x09\0\x01\0\x09\0\0\0\0\0\0\0", 1_500_000, 1_500_000),
            (b"\x09\0\x01\0\x0c\0\0\0", 1_234_567, 1_234),
            (b"\x09\0\x01\0\x8a\0\0\0", 1_536, 1_500_000_000),
            (
                b"\x0e\0\x08\0\xe8\x03\0\0\0\0\0\0",
                1_500_000,
                1_001_500_000_000,
            ),
            (b"\x0a\0\x04\0\x01\x02\x03\x04", 1_500_000, 1_500_000_000),
        ] {
            let walked = walk(&[
                section(false),
                interface(1, options),
                packet(0, ticks, b"abc", b""),
            ]);
            assert_eq!(walked.nanos(), [nanos], "{options:?}");
            assert_eq!(walked.data(), [b"abc"]);
            assert!(walked.oddities().is_empty());
        }
    }

    #[test]
    fn sections_of_both_orders_and_interfaces_of_several_link_types() {
        let big_interface = block(true, 1, b"\0\x65\0\0\0\0\0\0");
        let big_packet = block(
            true,
            6,
            b"\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0\x03\0\0\0\x09abc\0",
        );
        let walked = walk(&[
            section(false),
            interface(1, b""),
            packet(0, 1, b"one", b""),
            interface(113, b""),
            packet(1, 2, b"two", b""),
            section(true),
            big_interface,
            big_packet,
            // The same interface once more: no new one for the input.
            section(false),
            interface(113, b""),
            packet(0, 3, b"six", b""),
        ]);
        let seen: Vec<_> = walked
            .records
            .iter()
            .map(|record| (record.link.0, record.interface, record.ts.nanos()))
            .collect();
        assert_eq!(
            seen,
            [
                (1, 0, 1_000),
                (113, 1, 2_000),
                (101, 2, 5_000),
                (113, 1, 3_000)
            ]
        );
        assert_eq!(walked.data(), [b"one", b"two", b"abc", b"six"]);
        assert_eq!(walked.records[2].orig_len, 9);
        let frames: Vec<_> = walked
            .tally
            .summary
            .interfaces
            .iter()
            .map(|interface| interface.frames)
            .collect();
        assert_eq!(frames, [1, 2, 1]);
        assert_eq!(walked.tally.summary.sections, 3);
    }

    #[test]
    fn old_and_simple_packets() {
        let walked = walk(&[
            section(false),
            // Snaplen 5.
            block(false, 1, b"\x01\0\0\0\x05\0\0\0"),
            block(false, 3, b"\x03\0\0\0abc\0"),
            // Interface 0, 2 frames lost before it, 7 microseconds, 3 octets of 4.
            block(
                false,
                2,
                b"\0\0\x02\0\0\0\0\0\x07\0\0\0\x03\0\0\0\x04\0\0\0old\0",
            ),
            block(false, 3, b"\x09\0\0\0abcdefgh"),
        ]);
        assert_eq!(walked.data(), [&b"abc"[..], b"old", b"abcde"]);
        // Without a time, that of the packet before it.
        assert_eq!(walked.nanos(), [0, 7_000, 7_000]);
        assert_eq!(walked.records[2].orig_len, 9);
        assert_eq!(walked.tally.summary.interfaces[0].dropped, Some(2));
        assert_eq!(walked.oddities().len(), 1);
    }

    #[test]
    fn what_stands_beside_packets_is_kept_or_counted() {
        let statistics = [
            // isb_ifdrop 3, isb_osdrop 4, no end of the options.
            &b"\0\0\0\0\0\0\0\0\0\0\0\0\x05\0\x08\0\x03\0\0\0\0\0\0\0"[..],
            b"\x07\0\x08\0\x04\0\0\0\0\0\0\0",
        ]
        .concat();
        let walked = walk(&[
            section(false),
            // A name in Latin-1 and a comment; four octets of frame check sequence.
            interface(
                1,
                b"\x02\0\x03\0\x66\xfc\x72\0\x01\0\x01\0x\0\0\0\x0d\0\x01\0\x04\0\0\0",
            ),
            block(false, 4, b"\x01\0\x06\0\x7f\0\0\x01a\0\0\0\0\0\0\0"),
            block(false, 10, b"KSLT\x05\0\0\0CLIEN\0\0\0"),
            block(false, 0xbad, b"\x01\0\0\0"),
            block(false, 0x8000_0001, b"\x01\0\0\0"),
            packet(0, 1, b"fcs.", b""),
            // epb_flags: no frame check sequence of its own, then one of 2; epb_dropcount 1.
            packet(0, 2, b"fcs.", b"\x02\0\x04\0\x01\0\0\0"),
            packet(
                0,
                3,
                b"fcs.",
                b"\x02\0\x04\0\x40\0\0\0\x04\0\x08\0\x01\0\0\0\0\0\0\0",
            ),
            block(false, 5, &statistics),
        ]);
        let fcs: Vec<_> = walked.records.iter().map(|record| record.fcs_len).collect();
        assert_eq!(fcs, [4, 4, 2]);
        let summary = &walked.tally.summary;
        assert_eq!(summary.interfaces[0].name.as_deref(), Some("f\u{fffd}r"));
        // Seven in all: the one before the third packet is among them.
        assert_eq!(summary.interfaces[0].dropped, Some(7));
        assert_eq!(summary.interfaces[0].resolution, Resolution::Decimal(6));
        assert_eq!((summary.comments, summary.name_blocks), (1, 1));
        assert_eq!(summary.secrets[0].kind, 0x544c_534b);
        assert_eq!(summary.secrets[0].bytes, b"CLIEN");
        assert!(walked.oddities().is_empty());
    }

    #[test]
    fn frames_without_an_interface_are_counted() {
        let walked = walk(&[
            section(false),
            packet(0, 1, b"lost", b""),
            interface(1, b""),
            packet(0, 2, b"good", b""),
            packet(7, 3, b"lost", b""),
        ]);
        let links: Vec<_> = walked.records.iter().map(|record| record.link).collect();
        let unknown = LinkType::UNKNOWN;
        assert_eq!(links, [unknown, LinkType::ETHERNET, unknown]);
        assert_eq!(walked.nanos(), [0, 2_000, 2_000]);
        assert_eq!(walked.tally.summary.orphan_frames, 2);
        assert_eq!(walked.oddities().len(), 1);
    }

    #[test]
    fn lengths_that_are_no_multiple_of_four_are_rounded_up() {
        // Data padded, both lengths not: 35 = 32 + 3.
        let mut odd = packet(0, 2, b"odd", b"");
        odd[4..8].copy_from_slice(&35_u32.to_le_bytes());
        odd[32..].copy_from_slice(&35_u32.to_le_bytes());
        let walked = walk(&[
            section(false),
            interface(1, b""),
            odd,
            packet(0, 3, b"good", b""),
        ]);
        assert_eq!(walked.data(), [&b"odd"[..], b"good"]);
        assert_eq!(walked.oddities().len(), 1);
    }

    #[test]
    fn damage_is_skipped_and_located() {
        let head = [
            section(false),
            interface(1, b""),
            packet(0, 1, b"good", b""),
        ]
        .concat();
        let wrong_trailer = {
            let mut packet = packet(0, 2, b"lost", b"");
            packet[32] ^= 1;
            packet
        };
        for garbage in [
            wrong_trailer,
            vec![0; 64],
            vec![0xff; 7],
            b"INVITE sip:bob@example.com SIP/2.0\r\n".to_vec(),
            // A block that claims half a gigabyte, and one that claims more than is left.
            b"\x06\0\0\0\0\0\0\x20".to_vec(),
            b"\x06\0\0\0\0\x10\0\0".to_vec(),
        ] {
            let walked = walk(&[
                head.clone(),
                garbage.clone(),
                packet(0, 3, b"next", b""),
                packet(0, 4, b"last", b""),
            ]);
            assert_eq!(walked.data(), [b"good", b"next", b"last"], "{garbage:?}");
            let place = format!(
                "byte {}, after frame 1: damaged, {} bytes skipped up to the next record",
                head.len(),
                garbage.len()
            );
            assert_eq!(walked.oddities(), [place]);
        }
    }

    #[test]
    fn a_frame_longer_than_its_block_is_cut() {
        let mut long = packet(0, 1, b"long", b"");
        long[20..24].copy_from_slice(&400_u32.to_le_bytes());
        let walked = walk(&[section(false), interface(1, b""), long]);
        assert_eq!(walked.data(), [b"long"]);
        assert_eq!(walked.records[0].orig_len, 400);
        assert_eq!(walked.oddities().len(), 1);
    }
}
