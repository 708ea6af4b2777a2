//! pcap: the file header, the records, and how to go on after damage.
//!
//! One reader of record headers serves whole records, the longer headers of patched libpcaps, and the search after
//! damage; pcap-file's framing knows the first of the three only.

use super::{
    Interface, LinkType, Record, Resolution,
    order::Order,
    reader::Window,
    summary::{Format, Tally},
};
use crate::{span::Span, time::Timestamp};

/// How long the file header is.
pub(super) const FILE_HEADER: usize = 24;
/// The most octets of a record that are believed without the file header saying so (libpcap's own limit).
const MAX_CAPTURED: u32 = 262_144;
/// The most octets of a record that are believed when the file header allows them.
const MAX_SNAPLEN: u32 = 64 << 20;
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
            limit: snaplen.clamp(MAX_CAPTURED, MAX_SNAPLEN),
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
        if self.is_odd(&header) {
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

    /// Returns whether a header is legal but rare, so that the next one has to confirm it.
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
            && header.original <= MAX_CAPTURED
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
