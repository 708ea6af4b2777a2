//! pcap: the file header, the records, and how to go on after damage.
//!
//! One reader of record headers serves whole records, the longer headers of patched libpcaps, and the search after
//! damage; pcap-file's framing knows the first of the three only.

use super::{
    Interface, LinkType, Record, Resolution,
    order::Order,
    reader::{Window, max_captured},
    summary::{Format, Tally},
};
use crate::{span::Span, time::Timestamp};

/// How long the file header is.
pub(super) const FILE_HEADER: usize = 24;
/// Records further from their neighbours than this are looked at twice.
const DAY: u32 = 86_400;
/// How many records in a row make a place after damage believable.
const CHAIN: usize = 4;

/// What the magic number says about the records.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Variant {
    Micros,
    Nanos,
    /// Kuznetzov's patched libpcap: microseconds and 8 more octets in each record header.
    Modified,
}

/// Whether the two lengths of a record header stand in the wrong order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Lengths {
    InOrder,
    Swapped,
    /// Swapped where that makes sense (version 2.3).
    Either,
}

/// A pcap file, as far as its records need it.
#[derive(Debug)]
pub(super) struct Pcap {
    order: Order,
    nanos_per_tick: u32,
    header_len: usize,
    lengths: Lengths,
    limit: u32,
    link: LinkType,
    fcs_len: u8,
    last_secs: Option<u32>,
    /// Where damage begins, while its end is searched.
    damaged_from: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Header {
    secs: u32,
    fraction: u32,
    captured: u32,
    original: u32,
}

enum Step {
    Record(Header, usize),
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

impl Pcap {
    /// Reads the file header; `None` if it is cut.
    pub(super) fn open(
        order: Order,
        variant: Variant,
        header: &[u8],
        tally: &mut Tally,
    ) -> Option<Self> {
        let header: &[u8; FILE_HEADER] = header.first_chunk()?;
        let major = order.u16(header, 4)?;
        let minor = order.u16(header, 6)?;
        let snaplen = order.u32(header, 16)?;
        let network = order.u32(header, 20)?;
        let link = LinkType((network & 0xffff) as u16);
        // Bit 26 says that bits 31..28 are the length of the frame check sequence in 16-bit words.
        let fcs_len = if network & 0x0400_0000 == 0 {
            0
        } else {
            ((network >> 28) as u8).saturating_mul(2)
        };
        if network & 0x03ff_0000 != 0 {
            tally.note(
                20,
                "reserved bits of the link type are set; they are ignored",
            );
        }
        if !(major == 2 && minor <= 4 || major == 543 && minor == 0) {
            tally.note(
                4,
                format!("version {major}.{minor} is not known; it is read as 2.4"),
            );
        }
        let nanos = variant == Variant::Nanos;
        tally.summary.format = match variant {
            Variant::Micros => Format::Pcap,
            Variant::Nanos => Format::PcapNanos,
            Variant::Modified => Format::PcapModified,
        };
        tally.summary.sections = 1;
        tally.summary.interfaces = vec![Interface {
            link,
            name: None,
            snaplen,
            resolution: Resolution::Decimal(if nanos { 9 } else { 6 }),
            offset_secs: 0,
            fcs_len,
            frames: 0,
            dropped: None,
        }];
        Some(Self {
            order,
            nanos_per_tick: if nanos { 1 } else { 1_000 },
            header_len: if variant == Variant::Modified { 24 } else { 16 },
            lengths: match (major, minor) {
                (2, 0..=2) | (543, _) => Lengths::Swapped,
                (2, 3) => Lengths::Either,
                _ => Lengths::InOrder,
            },
            limit: max_captured(snaplen),
            link,
            fcs_len,
            last_secs: None,
            damaged_from: None,
        })
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
                Step::Record(header, end) => {
                    let start = at.saturating_add(self.header_len);
                    self.push(header, Span::new(start, end), window.at(at), records, tally);
                    at = end;
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

    #[inline]
    fn push(
        &mut self,
        header: Header,
        data: Span,
        offset: u64,
        records: &mut Vec<Record>,
        tally: &mut Tally,
    ) {
        if self.has_odd_fraction(&header) {
            if tally.summary.odd_times == 0 {
                tally.note(
                    offset,
                    "fraction of a second or more in a time stamp; it is carried into the seconds",
                );
            }
            tally.summary.odd_times = tally.summary.odd_times.saturating_add(1);
        }
        self.last_secs = Some(header.secs);
        let nanos = i64::from(header.fraction).saturating_mul(i64::from(self.nanos_per_tick));
        let record = Record {
            ts: Timestamp::from_parts(i64::from(header.secs), 0).plus(nanos),
            data,
            orig_len: header.original.max(header.captured),
            link: self.link,
            interface: 0,
            fcs_len: self.fcs_len,
        };
        tally.count(&record);
        records.push(record);
    }

    /// Looks at the record that begins at `at`.
    #[inline]
    fn step(&self, window: Window<'_>, at: usize) -> Step {
        let Some(header) = self.header(window.bytes, at) else {
            return match (window.end, window.bytes.len().saturating_sub(at)) {
                (false, _) | (true, 0) => Step::More,
                (true, _) => Step::Cut,
            };
        };
        if !self.is_possible(&header) {
            return Step::Damaged;
        }
        let end = self.end_of(&header, at);
        if end > window.bytes.len() {
            return if !window.end {
                Step::More
            } else if matches!(self.search(window, at.saturating_add(1)), Found::At(_)) {
                // More records follow within what this one claims.
                Step::Damaged
            } else {
                Step::Cut
            };
        }
        if self.is_odd(&header) && self.last_secs.is_some() {
            match self.header(window.bytes, end) {
                Some(next) if !self.is_possible(&next) => return Step::Damaged,
                None if !window.end => return Step::More,
                _ => {}
            }
        }
        Step::Record(header, end)
    }

    /// Reads the record header at `at`.
    #[inline]
    fn header(&self, bytes: &[u8], at: usize) -> Option<Header> {
        let fixed: &[u8; 16] = bytes.get(at..)?.first_chunk()?;
        let [
            s0,
            s1,
            s2,
            s3,
            f0,
            f1,
            f2,
            f3,
            c0,
            c1,
            c2,
            c3,
            l0,
            l1,
            l2,
            l3,
        ] = *fixed;
        let mut header = Header {
            secs: self.order.number([s0, s1, s2, s3]),
            fraction: self.order.number([f0, f1, f2, f3]),
            captured: self.order.number([c0, c1, c2, c3]),
            original: self.order.number([l0, l1, l2, l3]),
        };
        let swap = match self.lengths {
            Lengths::InOrder => false,
            Lengths::Swapped => true,
            Lengths::Either => header.captured > header.original,
        };
        if swap {
            std::mem::swap(&mut header.captured, &mut header.original);
        }
        Some(header)
    }

    fn end_of(&self, header: &Header, at: usize) -> usize {
        at.saturating_add(self.header_len)
            .saturating_add(header.captured as usize)
    }

    /// Returns whether a record may have this header. Sixteen zeros are a hole in the file, not a record.
    #[inline]
    fn is_possible(&self, header: &Header) -> bool {
        header.captured <= self.limit
            && (header.captured | header.original | header.secs | header.fraction) != 0
    }

    fn has_odd_fraction(&self, header: &Header) -> bool {
        u64::from(header.fraction).saturating_mul(u64::from(self.nanos_per_tick)) >= 1_000_000_000
    }

    /// Returns whether a header is legal but rare, so that the next one has to confirm it. The first record needs no
    /// such proof: where it begins is certain.
    #[inline]
    fn is_odd(&self, header: &Header) -> bool {
        header.captured > header.original
            || self.has_odd_fraction(header)
            || self
                .last_secs
                .is_some_and(|last| last.abs_diff(header.secs) > DAY)
    }

    /// Returns whether a header can be believed after damage, given the seconds of its neighbour.
    fn is_plausible(&self, header: &Header, near: Option<u32>) -> bool {
        header.captured > 0
            && header.captured <= header.original
            && header.original <= self.limit
            && !self.has_odd_fraction(header)
            && near.is_none_or(|secs| secs.abs_diff(header.secs) <= DAY)
    }

    /// Searches the first place from `from` on at which believable records follow each other.
    ///
    /// The decision depends on the octets of the file only, not on how much of it is in the window.
    fn search(&self, window: Window<'_>, from: usize) -> Found {
        let mut at = from;
        while self.header(window.bytes, at).is_some() {
            match self.chain(window, at) {
                Some(true) => return Found::At(at),
                Some(false) => at = at.saturating_add(1),
                None => return Found::More(at),
            }
        }
        if window.end {
            Found::Nothing
        } else {
            Found::More(at)
        }
    }

    /// Returns whether believable records begin at `start`; `None` if more octets are needed to tell.
    fn chain(&self, window: Window<'_>, start: usize) -> Option<bool> {
        let mut at = start;
        let mut near = self.last_secs;
        for length in 0..CHAIN {
            if window.end && at == window.bytes.len() {
                return Some(length > 0);
            }
            let Some(header) = self.header(window.bytes, at) else {
                return if window.end { Some(length > 1) } else { None };
            };
            if !self.is_plausible(&header, near) {
                return Some(false);
            }
            near = Some(header.secs);
            at = self.end_of(&header, at);
            if at > window.bytes.len() {
                return if window.end { Some(length > 1) } else { None };
            }
        }
        Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::sample::{PCAP_HEADER, Walked, record};

    fn walk(file: &[u8]) -> Walked {
        let crate::capture::sniff::Kind::Pcap(order, variant) = crate::capture::sniff::sniff(file)
        else {
            panic!("no pcap magic");
        };
        let mut tally = Tally::new(0, "test".into());
        let mut pcap = Pcap::open(order, variant, file, &mut tally).unwrap();
        Walked::over(&file[FILE_HEADER..], tally, |window, records, tally| {
            pcap.walk(window, records, tally)
        })
    }

    /// The record 1.000002 s (or ns), 3 octets captured of 5, in four spellings.
    #[test]
    fn orders_and_resolutions() {
        let little = b"\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x05\0\0\0abc";
        let big = b"\0\x02\0\x04\0\0\0\0\0\0\0\0\0\x04\0\0\0\0\0\x01\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x05abc";
        for (magic, rest, nanos) in [
            (b"\xd4\xc3\xb2\xa1", &little[..], 1_000_002_000),
            (b"\x4d\x3c\xb2\xa1", little, 1_000_000_002),
            (b"\xa1\xb2\xc3\xd4", big, 1_000_002_000),
            (b"\xa1\xb2\x3c\x4d", big, 1_000_000_002),
        ] {
            let walked = walk(&[magic, rest].concat());
            assert_eq!(walked.nanos(), [nanos]);
            assert_eq!(walked.data(), [b"abc"]);
            assert_eq!(walked.records[0].orig_len, 5);
            assert_eq!(walked.records[0].link, LinkType::ETHERNET);
            assert_eq!(walked.tally.summary.cut_frames, 1);
            assert!(walked.oddities().is_empty());
        }
    }

    #[test]
    fn longer_record_headers_of_patched_libpcaps() {
        let mut file = PCAP_HEADER;
        file[..4].copy_from_slice(b"\x34\xcd\xb2\xa1");
        let one = b"\x01\0\0\0\x02\0\0\0\x03\0\0\0\x03\0\0\0\x07\0\0\0\0\x08\x04\0abc";
        let walked = walk(&[&file[..], one, one].concat());
        assert_eq!(walked.data(), [b"abc", b"abc"]);
        assert_eq!(walked.nanos(), [1_000_002_000; 2]);
    }

    #[test]
    fn lengths_in_the_wrong_order() {
        // Captured and original length of the record on the wire: 5 and 3, so it is 3 of 5 if swapped.
        let swapped = b"\x01\0\0\0\x02\0\0\0\x05\0\0\0\x03\0\0\0abc";
        for (version, record, captured) in [
            (b"\x02\0\x02\0", &swapped[..], 3),
            (b"\x02\0\x03\0", swapped, 3),
            (b"\x1f\x02\0\0", swapped, 3),
            (
                b"\x02\0\x03\0",
                b"\x01\0\0\0\x02\0\0\0\x03\0\0\0\x05\0\0\0abc",
                3,
            ),
            (
                b"\x02\0\x04\0",
                b"\x01\0\0\0\x02\0\0\0\x05\0\0\0\x03\0\0\0abcde",
                5,
            ),
        ] {
            let mut file = PCAP_HEADER;
            file[4..8].copy_from_slice(version);
            let walked = walk(&[&file[..], record].concat());
            assert_eq!(walked.records.len(), 1, "{version:?}");
            assert_eq!(walked.records[0].data.len(), captured, "{version:?}");
            assert_eq!(walked.records[0].orig_len, 5, "{version:?}");
        }
    }

    #[test]
    fn bits_beside_the_link_type() {
        for (network, fcs_len, oddities) in [
            (0x0000_0001_u32, 0, 0),
            // Two 16-bit words of frame check sequence.
            (0x2400_0001, 4, 0),
            (0x4400_0001, 8, 0),
            // The length without the bit that says it is there.
            (0x2000_0001, 0, 0),
            (0x0003_0001, 0, 1),
        ] {
            let mut file = PCAP_HEADER;
            file[20..].copy_from_slice(&network.to_le_bytes());
            let walked = walk(&[&file[..], &record(1, 2, b"abc")].concat());
            assert_eq!(walked.records[0].link, LinkType::ETHERNET);
            assert_eq!(walked.records[0].fcs_len, fcs_len, "{network:x}");
            assert_eq!(walked.oddities().len(), oddities, "{network:x}");
        }
    }

    #[test]
    fn snaplen_is_no_bound() {
        for snaplen in [0_u32, 1, 0x7fff_ffff] {
            let mut file = PCAP_HEADER;
            file[16..20].copy_from_slice(&snaplen.to_le_bytes());
            let walked = walk(&[&file[..], &record(1, 2, b"abc")].concat());
            assert_eq!(walked.data(), [b"abc"], "{snaplen}");
        }
    }

    #[test]
    fn odd_records_are_kept() {
        let file = [
            &PCAP_HEADER[..],
            &record(10, 2_500_000, b"fraction"),
            &record(9, 0, b"backward"),
            &record(9, 0, b""),
            &record(4_000_000_000, 0, b"far away"),
            &record(10, 0, b"back"),
        ]
        .concat();
        let walked = walk(&file);
        let secs = 1_000_000_000;
        assert_eq!(
            walked.nanos(),
            [
                12_500_000_000,
                9 * secs,
                9 * secs,
                4_000_000_000 * secs,
                10 * secs
            ]
        );
        assert_eq!(walked.tally.summary.backward_steps, 2);
        assert_eq!(walked.tally.summary.odd_times, 1);
        assert_eq!(walked.oddities().len(), 1);
    }

    #[test]
    fn damage_is_skipped_and_located() {
        let good = |secs| record(secs, 5, &[0xee; 40]);
        let five = [good(100), good(101), good(102), good(103), good(104)].concat();
        for garbage in [
            &[0xff; 33][..],
            &[0; 64],
            b"INVITE sip:bob@example.com SIP/2.0\r\n",
        ] {
            let file = [&PCAP_HEADER[..], &good(99), garbage, &five].concat();
            let walked = walk(&file);
            assert_eq!(walked.records.len(), 6, "{garbage:?}");
            assert_eq!(walked.tally.summary.skipped_bytes, garbage.len() as u64);
            let place = format!(
                "byte 56, after frame 1: damaged, {} bytes skipped up to the next record",
                garbage.len()
            );
            assert_eq!(walked.oddities(), [place]);
        }
    }

    #[test]
    fn a_wrong_length_does_not_swallow_the_rest_of_the_file() {
        let good = |secs| record(secs, 5, &[0xee; 40]);
        for len in [200_u32, 250_000, 300_000, u32::MAX] {
            let mut wrong = good(101);
            wrong[8..12].copy_from_slice(&len.to_le_bytes());
            wrong[12..16].copy_from_slice(&len.to_le_bytes());
            let tail = [good(102), good(103), good(104), good(105), good(106)].concat();
            let file = [&PCAP_HEADER[..], &good(100), &wrong, &tail].concat();
            let walked = walk(&file);
            let last = walked.nanos().last().copied();
            assert_eq!(last, Some(106_000_005_000), "{len}");
            assert!(!walked.oddities().is_empty(), "{len}");
        }
    }

    #[test]
    fn a_cut_tail_is_told() {
        let whole = [
            &PCAP_HEADER[..],
            &record(1, 0, &[1; 20]),
            &record(2, 0, &[2; 20]),
        ]
        .concat();
        for cut in 61..whole.len() {
            let walked = walk(&whole[..cut]);
            assert_eq!(walked.records.len(), 1);
            let left = cut - 60;
            assert_eq!(
                walked.oddities(),
                [format!(
                    "byte 36, after frame 1: cut in the middle of a record, {left} bytes left"
                )]
            );
        }
    }
}
