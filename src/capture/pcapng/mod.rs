//! pcapng: the framing of blocks, sections, and how to go on after damage.
//!
//! Blocks are framed by pcap-file; their bodies are decoded in [`body`], because its typed blocks misread valid files.

mod body;
mod clock;
mod option;

use byteorder_slice::{BigEndian, LittleEndian};
use pcap_file::{PcapError, pcapng::RawBlock};

use self::clock::Clock;
use super::{
    LinkType, Record,
    order::Order,
    reader::Window,
    summary::{Format, Tally},
};

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
/// The longest block that is believed right after damage.
const MAX_BLOCK_AFTER_DAMAGE: usize = 1 << 20;

/// A pcapng file, as far as its records need it.
#[derive(Debug)]
pub(super) struct PcapNg {
    order: Order,
    /// What the records of each interface of the section need.
    interfaces: Vec<Decoding>,
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
