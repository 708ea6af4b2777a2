//! The bodies of pcapng blocks: interfaces, packets, statistics, secrets.

use super::{
    Block, Clock, DECRYPTION_SECRETS, Decoding, ENHANCED_PACKET, INTERFACE_DESCRIPTION,
    INTERFACE_STATISTICS, NAME_RESOLUTION, PACKET, PcapNg, SECTION_HEADER, SIMPLE_PACKET,
    numbers::MAX_INTERFACES,
    option::{COMMENT, Options},
};
use crate::{
    capture::{
        Interface, LinkType, Record, Resolution, Secrets, reader::max_captured, summary::Tally,
    },
    span::Span,
    time::Timestamp,
};

/// The most octets of a name that are kept.
const MAX_NAME: usize = 256;
/// The most octets of secrets that are kept of an input.
const MAX_SECRETS: usize = 16 << 20;
/// The most blocks of secrets that are kept of an input.
const MAX_SECRETS_BLOCKS: usize = 4_096;
/// The most comments of sections that are kept of an input.
const MAX_NOTES: usize = 64;
/// [`Record::interface`] of frames whose interface was not described.
const NO_INTERFACE: u16 = u16::MAX;

/// The fields that the three packet blocks have in common.
struct Stored {
    interface: u32,
    /// `None` where the block has no time.
    ticks: Option<u64>,
    captured: u32,
    original: u32,
    /// Where the frame begins in the body.
    data: usize,
}

impl PcapNg {
    /// Takes in a block, and adds its record if it holds a frame.
    pub(super) fn take(&mut self, block: Block<'_>, records: &mut Vec<Record>, tally: &mut Tally) {
        // A body too short for its fixed fields is told like an option list that is cut.
        let taken = match block.kind {
            SECTION_HEADER => self.section(block, tally),
            INTERFACE_DESCRIPTION => self.interface(block, tally),
            ENHANCED_PACKET => self.enhanced_packet(block, records, tally),
            SIMPLE_PACKET => self.simple_packet(block, records, tally),
            PACKET => self.packet(block, records, tally),
            INTERFACE_STATISTICS => self.statistics(block, tally),
            DECRYPTION_SECRETS => self.secrets(block, tally),
            NAME_RESOLUTION => {
                self.names(block, tally);
                Some(())
            }
            _ => Some(()),
        };
        if taken.is_none() {
            tally.note(block.offset, "block too short for its type; it is left out");
        }
    }

    fn section(&mut self, block: Block<'_>, tally: &mut Tally) -> Option<()> {
        self.order = match block.body.first_chunk()? {
            [0x1a, 0x2b, 0x3c, 0x4d] => super::Order::Big,
            _ => super::Order::Little,
        };
        self.interfaces.clear();
        self.crowded = false;
        tally.summary.sections = tally.summary.sections.saturating_add(1);
        let major = self.order.u16(block.body, 4)?;
        let minor = self.order.u16(block.body, 6)?;
        if major != 1 || minor != 0 && minor != 2 {
            tally.note(
                block.offset,
                format!("pcapng version {major}.{minor} is not known; it is read as 1.0"),
            );
        }
        let mut application = None;
        let mut notes = Vec::new();
        self.options(block, 16, tally, |code, value| match code {
            COMMENT => notes.push(String::from_utf8_lossy(value).into_owned()),
            4 => application = Some(text(value)),
            _ => {}
        });
        for note in notes {
            let known = &mut tally.summary.notes;
            if known.len() < MAX_NOTES && !known.contains(&note) {
                known.push(note);
            }
        }
        if tally.summary.application.is_none() {
            tally.summary.application = application;
        }
        Some(())
    }

    fn interface(&mut self, block: Block<'_>, tally: &mut Tally) -> Option<()> {
        // Without a place for one of them, those behind it would get the wrong numbers.
        if self.crowded {
            return Some(());
        }
        let order = self.order;
        let mut interface = Interface {
            link: LinkType(order.u16(block.body, 0)?),
            name: None,
            snaplen: order.u32(block.body, 4)?,
            resolution: Resolution::Decimal(6),
            offset_secs: 0,
            fcs_len: 0,
            frames: 0,
            dropped: None,
        };
        self.options(block, 8, tally, |code, value| match (code, value) {
            (2, name) => interface.name = Some(text(name)),
            (9, &[resolution, ..]) => {
                let n = resolution & 0x7f;
                interface.resolution = if resolution & 0x80 == 0 {
                    Resolution::Decimal(n)
                } else {
                    Resolution::Binary(n)
                };
            }
            // The text says bits, all writers mean octets.
            (13, &[len @ 0..=16, ..]) => interface.fcs_len = len,
            (14, value) => {
                interface.offset_secs = order.u64(value, 0).unwrap_or_default().cast_signed();
            }
            _ => {}
        });
        let summary = &mut tally.summary;
        let number = self
            .numbers
            .number(&interface, summary.sections, &mut summary.interfaces);
        let Some(index) = number else {
            self.crowded = true;
            tally.note(
                block.offset,
                format!("more than {MAX_INTERFACES} interfaces; their frames are not decoded"),
            );
            return Some(());
        };
        self.interfaces.push(Decoding {
            index,
            link: interface.link,
            snaplen: interface.snaplen,
            clock: Clock::new(interface.resolution, interface.offset_secs),
            fcs_len: interface.fcs_len,
            dropped: 0,
        });
        Some(())
    }

    fn enhanced_packet(
        &mut self,
        block: Block<'_>,
        records: &mut Vec<Record>,
        tally: &mut Tally,
    ) -> Option<()> {
        let body = block.body;
        let stored = Stored {
            interface: self.order.u32(body, 0)?,
            ticks: Some(ticks(self.order.u32(body, 4)?, self.order.u32(body, 8)?)),
            captured: self.order.u32(body, 12)?,
            original: self.order.u32(body, 16)?,
            data: 20,
        };
        let options = stored
            .data
            .saturating_add((stored.captured as usize).next_multiple_of(4));
        let mut record = self.record(block, &stored, tally);
        if options < body.len() {
            let order = self.order;
            let mut dropped = 0;
            let mut comments = 0_u64;
            self.options(block, options, tally, |code, value| match code {
                COMMENT => comments = comments.saturating_add(1),
                // Bits 5 to 8 of epb_flags override if_fcslen when they are set.
                2 => match order.u32(value, 0).unwrap_or_default() >> 5 & 0xf {
                    0 => {}
                    len => record.fcs_len = (len & 0xf) as u8,
                },
                4 => dropped = order.u64(value, 0).unwrap_or_default(),
                _ => {}
            });
            let known = &mut tally.summary.packet_comments;
            *known = known.saturating_add(comments);
            if dropped > 0 {
                self.lost(stored.interface, dropped, tally);
            }
        }
        tally.count(&record);
        records.push(record);
        Some(())
    }

    fn packet(
        &mut self,
        block: Block<'_>,
        records: &mut Vec<Record>,
        tally: &mut Tally,
    ) -> Option<()> {
        let body = block.body;
        let stored = Stored {
            interface: u32::from(self.order.u16(body, 0)?),
            ticks: Some(ticks(self.order.u32(body, 4)?, self.order.u32(body, 8)?)),
            captured: self.order.u32(body, 12)?,
            original: self.order.u32(body, 16)?,
            data: 20,
        };
        let record = self.record(block, &stored, tally);
        match self.order.u16(body, 2)? {
            // Not known.
            u16::MAX => {}
            dropped => self.lost(stored.interface, u64::from(dropped), tally),
        }
        tally.count(&record);
        records.push(record);
        Some(())
    }

    fn simple_packet(
        &mut self,
        block: Block<'_>,
        records: &mut Vec<Record>,
        tally: &mut Tally,
    ) -> Option<()> {
        let original = self.order.u32(block.body, 0)?;
        let room = u32::try_from(block.body.len().saturating_sub(4)).unwrap_or(u32::MAX);
        let snaplen = match self.interfaces.first() {
            Some(interface) if interface.snaplen > 0 => interface.snaplen,
            _ => u32::MAX,
        };
        let stored = Stored {
            interface: 0,
            ticks: None,
            captured: original.min(snaplen).min(room),
            original,
            data: 4,
        };
        if !self.told.untimed {
            self.told.untimed = true;
            tally.note(
                block.offset,
                "packets without a time stamp; they get the time of the packet before them",
            );
        }
        let record = self.record(block, &stored, tally);
        tally.count(&record);
        records.push(record);
        Some(())
    }

    /// Makes the record of a frame.
    fn record(&mut self, block: Block<'_>, stored: &Stored, tally: &mut Tally) -> Record {
        let room = block.body.len().saturating_sub(stored.data);
        let mut captured = (stored.captured as usize).min(room);
        if captured < stored.captured as usize && !self.told.overlong {
            self.told.overlong = true;
            tally.note(
                block.offset,
                "frame longer than its block; it is cut at the end of the block",
            );
        }
        let interface = self.interfaces.get(stored.interface as usize).copied();
        if interface.is_none() {
            tally.summary.orphan_frames = tally.summary.orphan_frames.saturating_add(1);
            if !self.told.orphans {
                self.told.orphans = true;
                tally.note(
                    block.offset,
                    "frames of an interface that was not described; they are not decoded",
                );
            }
        }
        let limit = max_captured(interface.map_or(0, |interface| interface.snaplen));
        if captured > limit as usize {
            captured = 0;
            self.note_giant(block, tally);
        }
        let ts = match (interface, stored.ticks) {
            (Some(interface), Some(ticks)) => interface.clock.time(ticks),
            _ if tally.summary.frames == 0 => Timestamp::default(),
            _ => tally.last,
        };
        let start = block.start.saturating_add(stored.data);
        Record {
            ts,
            data: Span::new(start, start.saturating_add(captured)),
            orig_len: stored.original.max(stored.captured),
            link: interface.map_or(LinkType::UNKNOWN, |interface| interface.link),
            interface: interface.map_or(NO_INTERFACE, |interface| interface.index),
            fcs_len: interface.map_or(0, |interface| interface.fcs_len),
        }
    }

    /// Notes that a frame is there without its octets.
    fn note_giant(&mut self, block: Block<'_>, tally: &mut Tally) {
        if !self.told.giant {
            self.told.giant = true;
            let what =
                "frame longer than any network has; it is counted and its octets are left out";
            tally.note(block.offset, what);
        }
    }

    fn statistics(&mut self, block: Block<'_>, tally: &mut Tally) -> Option<()> {
        let order = self.order;
        let number = order.u32(block.body, 0)?;
        let (mut by_interface, mut by_system) = (None, None);
        let mut ended = None;
        self.options(block, 12, tally, |code, value| match code {
            // The high half comes first, whatever the byte order.
            3 => ended = order.u32(value, 0).zip(order.u32(value, 4)),
            5 => by_interface = order.u64(value, 0),
            7 => by_system = order.u64(value, 0),
            _ => {}
        });
        let clock = self.interfaces.get(number as usize);
        if let (Some((high, low)), Some(interface)) = (ended, clock) {
            let ended = interface.clock.time(ticks(high, low));
            tally.summary.ended = tally.summary.ended.max(Some(ended));
        }
        if by_interface.or(by_system).is_some() {
            // The counters run from the start of the section: a later block replaces an earlier one.
            let dropped = by_interface
                .unwrap_or_default()
                .saturating_add(by_system.unwrap_or_default());
            let known = self.interfaces.get(number as usize);
            let known = known.map_or(0, |interface| interface.dropped);
            self.lost(number, dropped.saturating_sub(known), tally);
        }
        Some(())
    }

    /// Counts frames of an interface of this section that were lost before they could be written.
    fn lost(&mut self, interface: u32, frames: u64, tally: &mut Tally) {
        let Some(interface) = self.interfaces.get_mut(interface as usize) else {
            return;
        };
        interface.dropped = interface.dropped.saturating_add(frames);
        let all = &mut tally.summary.interfaces;
        if let Some(described) = all.get_mut(usize::from(interface.index)) {
            let before = described.dropped.unwrap_or_default();
            described.dropped = Some(before.saturating_add(frames));
        }
    }

    fn secrets(&mut self, block: Block<'_>, tally: &mut Tally) -> Option<()> {
        let kind = self.order.u32(block.body, 0)?;
        let len = self.order.u32(block.body, 4)? as usize;
        let data = block.body.get(8..)?;
        let bytes = data.get(..len).unwrap_or(data);
        if bytes.is_empty() {
            return Some(());
        }
        let summary = &mut tally.summary;
        let kept = self.secrets_kept.saturating_add(bytes.len());
        if kept > MAX_SECRETS || summary.secrets.len() >= MAX_SECRETS_BLOCKS {
            summary.secrets_dropped = summary.secrets_dropped.saturating_add(1);
        } else {
            self.secrets_kept = kept;
            summary.secrets.push(Secrets {
                kind,
                bytes: bytes.to_vec(),
            });
        }
        Some(())
    }

    /// Hands the options that begin at `from` in the body to `each`, and counts comments.
    fn options(
        &mut self,
        block: Block<'_>,
        from: usize,
        tally: &mut Tally,
        mut each: impl FnMut(u16, &[u8]),
    ) {
        let list = block.body.get(from..).unwrap_or_default();
        let mut options = Options::new(self.order, list);
        for (code, value) in options.by_ref() {
            if code == COMMENT {
                tally.summary.comments = tally.summary.comments.saturating_add(1);
            }
            each(code, value);
        }
        if options.cut && !self.told.options {
            self.told.options = true;
            tally.note(
                block.offset,
                "option list of a block is cut; its rest is left out",
            );
        }
    }
}

fn ticks(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// Returns at most [`MAX_NAME`] octets as text; what is no UTF-8 and what could control a terminal is replaced.
pub(super) fn text(value: &[u8]) -> String {
    let value = value.get(..MAX_NAME).unwrap_or(value);
    String::from_utf8_lossy(value)
        .trim_end_matches('\0')
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::sample::{Walked, block, packet, section};

    fn walk(blocks: &[Vec<u8>]) -> Walked {
        let mut tally = Tally::new(0, "test".into());
        let mut pcapng = PcapNg::new(&mut tally);
        Walked::over(&blocks.concat(), tally, |window, records, tally| {
            pcapng.walk(window, records, tally)
        })
    }

    fn secrets(bytes: &[u8]) -> Vec<u8> {
        let len = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        block(false, 10, &[b"KSLT", &len[..], bytes].concat())
    }

    /// An interface with the snaplen given.
    fn interface(snaplen: u32) -> Vec<u8> {
        block(
            false,
            1,
            &[&[1, 0, 0, 0][..], &snaplen.to_le_bytes()].concat(),
        )
    }

    #[test]
    fn interfaces_described_alike_are_told_apart_by_their_order() {
        let twins = [interface(7), interface(7), packet(1, 1, b"x", b"")];
        let section = [section(false), twins.concat()].concat();
        let walked = walk(&vec![section; 3]);
        let numbers: Vec<_> = walked
            .records
            .iter()
            .map(|record| record.interface)
            .collect();
        assert_eq!(numbers, [1, 1, 1]);
        assert_eq!(walked.tally.summary.interfaces.len(), 2);
    }

    #[test]
    fn interfaces_that_are_too_many_do_not_get_the_number_of_another_one() {
        let first: Vec<_> = (0..4_096).map(interface).collect();
        // The first interface of the second section is one too many, the second one is known.
        let second = [
            section(false),
            interface(5_000),
            interface(3),
            packet(0, 1, b"a", b""),
            packet(1, 1, b"b", b""),
        ];
        let third = [section(false), interface(3), packet(0, 1, b"c", b"")];
        let blocks = [
            section(false),
            first.concat(),
            second.concat(),
            third.concat(),
        ];
        let walked = walk(&blocks);
        let numbers: Vec<_> = walked
            .records
            .iter()
            .map(|record| record.interface)
            .collect();
        assert_eq!(numbers, [NO_INTERFACE, NO_INTERFACE, 3]);
        assert_eq!(walked.tally.summary.orphan_frames, 2);
    }

    #[test]
    fn secrets_are_kept_up_to_a_number_and_a_size() {
        for (blocks, kept, dropped) in [
            (vec![secrets(b""); 5_000], 0, 0),
            (vec![secrets(b"abcd"); 5_000], 4_096, 904),
            (vec![secrets(&[7; 1 << 20]); 17], 16, 1),
        ] {
            let walked = walk(&[vec![section(false)], blocks].concat());
            let summary = &walked.tally.summary;
            assert_eq!(
                (summary.secrets.len(), summary.secrets_dropped),
                (kept, dropped)
            );
        }
    }
}
