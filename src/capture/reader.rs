//! One input as a sequence of batches.

use std::{path::Path, sync::Arc};

use super::{
    Batch, InputSummary, Place, Places, Record,
    pcap::{self, Pcap},
    pcapng::PcapNg,
    sniff::{self, Kind},
    source::{Fill, Reread, Source},
    spool::Spool,
    summary::Tally,
};
use crate::{
    error::{Error, Result},
    time::Timestamp,
};

/// How much room a batch keeps for its octets at most, unless blocks are larger.
const MAX_KEPT: usize = 4 << 20;
/// The most octets of a frame that are believed without the file saying so: what libpcap and Wireshark allow, segments
/// that were joined by offloading included, and a few for pseudo headers.
const MAX_CAPTURED: u32 = (256 << 10) + (4 << 10);
/// The most octets of a frame that are believed when the snapshot length of the file allows them.
const MAX_SNAPLEN: u32 = 1 << 20;

/// Returns the most octets of a frame that are believed, given the snapshot length of the file or interface.
pub(super) fn max_captured(snaplen: u32) -> u32 {
    snaplen.clamp(MAX_CAPTURED, MAX_SNAPLEN)
}

/// Octets of an input that were read and are not yet done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window<'a> {
    pub(super) bytes: &'a [u8],
    /// Where they begin in the input.
    pub(super) offset: u64,
    /// Whether nothing comes after them.
    pub(super) end: bool,
    /// Whether it was already told why nothing comes after them.
    pub(super) broken: bool,
}

impl Window<'_> {
    /// Returns where the octet at `at` stands in the input.
    pub(super) fn at(&self, at: usize) -> u64 {
        self.offset.saturating_add(at as u64)
    }

    /// Notes that the input ends in the middle of what begins at `at`.
    pub(super) fn note_cut(&self, at: usize, tally: &mut Tally) {
        if self.broken {
            return;
        }
        let left = self.bytes.len().saturating_sub(at);
        tally.note(
            self.at(at),
            format!("cut in the middle of a record, {left} bytes left"),
        );
    }

    /// Notes damage from the offset `from` up to `next`.
    pub(super) fn note_skipped(&self, from: u64, next: usize, tally: &mut Tally) {
        let skipped = self.at(next).saturating_sub(from);
        tally.summary.skipped_bytes = tally.summary.skipped_bytes.saturating_add(skipped);
        let what = format!("damaged, {skipped} bytes skipped up to the next record");
        tally.note(from, what);
    }

    /// Notes damage from the offset `from` up to the end of the input.
    pub(super) fn note_lost(&self, from: u64, tally: &mut Tally) {
        let lost = self.at(self.bytes.len()).saturating_sub(from);
        tally.summary.skipped_bytes = tally.summary.skipped_bytes.saturating_add(lost);
        let what = format!("damaged, no record in the last {lost} bytes");
        tally.note(from, what);
    }
}

#[derive(Debug)]
enum Container {
    Pcap(Pcap),
    PcapNg(PcapNg),
}

impl Container {
    fn walk(&mut self, window: Window<'_>, records: &mut Vec<Record>, tally: &mut Tally) -> usize {
        match self {
            Self::Pcap(pcap) => pcap.walk(window, records, tally),
            Self::PcapNg(pcapng) => pcapng.walk(window, records, tally),
        }
    }
}

/// One input, open.
#[derive(Debug)]
pub(super) struct Reader {
    source: Source,
    container: Container,
    /// What the last batch left over: the beginning of a record.
    carry: Vec<u8>,
    /// Where it begins in the input.
    offset: u64,
    end: bool,
    /// Why nothing comes any more, to be told behind what came.
    broken: Option<String>,
    /// A failure that waits until what was read before it is handed over.
    failed: Option<Error>,
    tally: Tally,
    /// Who knows where it was captured.
    places: Option<Arc<dyn Places>>,
    /// The number of the named path under which it was found.
    path: usize,
    /// What they said, by interface.
    known_places: Arc<[Place]>,
    /// The running maximum of the times that were put right.
    newest: Timestamp,
}

impl Reader {
    /// Opens an input and reads its header.
    pub(super) fn open(path: &Path, input: u16, spool: Option<&Arc<Spool>>) -> Result<Self> {
        let mut tally = Tally::new(input, path.to_owned());
        let (mut source, kind) = Source::open(path, spool)?;
        tally.summary.compression = source.compression().to_vec();
        let mut carry = Vec::new();
        let mut end = false;
        let mut offset = 0;
        let container = match kind {
            Kind::Pcap(order, variant) => {
                while carry.len() < pcap::FILE_HEADER && !end {
                    let missing = pcap::FILE_HEADER.saturating_sub(carry.len());
                    end = match source.fill(&mut carry, missing)? {
                        Fill::More => false,
                        Fill::End => true,
                        Fill::Broken(what) => {
                            tally.note(carry.len() as u64, what);
                            true
                        }
                    };
                }
                let Some(pcap) = Pcap::open(order, variant, &carry, &mut tally) else {
                    return Err(not_a_capture(path, "cut in the middle of its pcap header"));
                };
                carry.drain(..pcap::FILE_HEADER);
                offset = pcap::FILE_HEADER as u64;
                Container::Pcap(pcap)
            }
            Kind::PcapNg => Container::PcapNg(PcapNg::new(&mut tally)),
            Kind::Foreign(what) => return Err(not_a_capture(path, what)),
            Kind::Empty => {
                return Err(not_a_capture(
                    path,
                    "there is nothing in it; a capture has a header at least",
                ));
            }
            Kind::Compressed(_) => {
                return Err(not_a_capture(
                    path,
                    "compressed more than twice; unpack it first",
                ));
            }
            Kind::Unknown => return Err(not_a_capture(path, sniff::UNKNOWN)),
        };
        Ok(Self {
            source,
            container,
            carry,
            offset,
            end,
            broken: None,
            failed: None,
            tally,
            places: None,
            path: 0,
            known_places: Arc::default(),
            newest: Timestamp::MIN,
        })
    }

    /// Lets somebody tell where frames were captured.
    pub(super) fn set_places(&mut self, places: Option<Arc<dyn Places>>, path: usize) {
        self.places = places;
        self.path = path;
    }

    /// Tells where the records of a batch were captured, and puts their times right.
    fn locate(&mut self, batch: &mut Batch) {
        let Some(places) = &self.places else {
            self.newest = self.tally.newest;
            return;
        };
        let known = &self.tally.summary;
        if self.known_places.len() < known.interfaces.len() {
            let interfaces = known.interfaces.iter();
            let all = interfaces.map(|interface| places.place(self.path, known, interface));
            self.known_places = all.collect();
        }
        let places = &self.known_places;
        if !places.iter().any(Place::is_known) {
            self.newest = self.tally.newest;
            return;
        }
        for record in &mut batch.records {
            if let Some(place) = places.get(usize::from(record.interface)) {
                record.ts = place.corrected(record.ts);
            }
            self.newest = self.newest.max(record.ts);
        }
        batch.places = Some(Arc::clone(places));
    }

    /// Fills `batch` with the next records; `false` when there are none, and nothing odd to tell, any more.
    pub(super) fn next_batch(&mut self, batch: &mut Batch, block_bytes: usize) -> Result<bool> {
        batch.clear();
        batch.input = self.tally.input;
        batch.first_number = self.tally.summary.frames.saturating_add(1);
        batch.floor = self.newest;
        batch.bytes.append(&mut self.carry);
        loop {
            if let Some(error) = self.failed.take() {
                self.end = true;
                return Err(error);
            }
            if !self.end {
                self.fill(&mut batch.bytes, block_bytes);
            }
            let window = Window {
                bytes: &batch.bytes,
                offset: self.offset,
                end: self.end,
                broken: self.broken.is_some(),
            };
            let done = self
                .container
                .walk(window, &mut batch.records, &mut self.tally);
            if done >= batch.bytes.len()
                && let Some(what) = self.broken.take()
            {
                self.tally.note(window.at(batch.bytes.len()), what);
            }
            batch.offset = self.offset;
            self.offset = self.offset.saturating_add(done as u64);
            batch.anomalies.append(&mut self.tally.fresh);
            if !batch.records.is_empty() || !batch.anomalies.is_empty() || self.end {
                self.carry
                    .extend_from_slice(batch.bytes.get(done..).unwrap_or_default());
                batch.bytes.truncate(done);
                release(batch, block_bytes);
                self.locate(batch);
                return Ok(!batch.records.is_empty() || !batch.anomalies.is_empty());
            }
            // Nothing whole yet, or octets that are skipped.
            batch.bytes.drain(..done.min(batch.bytes.len()));
        }
    }

    /// Reads more octets behind those in `bytes`.
    fn fill(&mut self, bytes: &mut Vec<u8>, block_bytes: usize) {
        // Doubling when a record is longer than a block.
        let want = block_bytes
            .saturating_sub(bytes.len())
            .max(bytes.len())
            .max(64);
        match self.source.fill(bytes, want) {
            Ok(Fill::More) => {}
            Ok(Fill::End) => self.end = true,
            Ok(Fill::Broken(what)) => {
                self.end = true;
                self.broken = Some(what);
            }
            Err(error) => self.failed = Some(error),
        }
    }

    /// Returns whether everything was handed over.
    pub(super) fn is_finished(&self) -> bool {
        self.end && self.carry.is_empty() && self.failed.is_none()
    }

    /// Returns the key of the last record: the running maximum of the time stamps.
    pub(super) fn newest(&self) -> Timestamp {
        self.newest
    }

    /// Gives the descriptor back until the next read, where that is possible.
    pub(super) fn park(&mut self) {
        self.source.park();
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Returns what is worth keeping of an input that is done.
    pub(super) fn finish(&self) -> (InputSummary, Reread) {
        (self.summary(), self.source.reread())
    }

    /// Returns the summary as it grows.
    pub(super) const fn known(&self) -> &InputSummary {
        &self.tally.summary
    }

    pub(super) fn summary(&self) -> InputSummary {
        let mut summary = self.tally.summary();
        summary.bytes = self.source.position();
        summary.plain_bytes = self.offset.saturating_add(self.carry.len() as u64);
        summary
    }
}

/// Lets go of what is behind the last frame of a batch, and of room that only a giant record needed.
fn release(batch: &mut Batch, block_bytes: usize) {
    let used = batch.records.last().map_or(0, |last| last.data.end());
    batch.bytes.truncate(used);
    let usual = block_bytes.saturating_mul(2).max(MAX_KEPT);
    if batch.bytes.capacity() > usual {
        batch.bytes.shrink_to(usual);
    }
}

fn not_a_capture(path: &Path, what: &str) -> Error {
    Error::NotACapture {
        path: path.to_owned(),
        what: what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::capture::sample::{PCAP_HEADER, interface, packet, pcap, read, record, section};

    fn pcapng() -> Vec<u8> {
        [
            section(false),
            interface(1, b"\x09\0\x01\0\x09\0\0\0"),
            packet(0, 1_000_000_000, &[1; 61], b""),
            packet(0, 2_000_000_000, &[2; 62], b"\x01\0\x02\0hi\0\0"),
            packet(0, 3_000_000_000, &[3; 63], b""),
        ]
        .concat()
    }

    #[test]
    fn every_prefix_gives_the_frames_before_the_cut() {
        for whole in [pcap(&[1, 2, 3]), pcapng()] {
            let (expected, oddities) = read(&whole, 1 << 20);
            assert_eq!((expected.len(), oddities.len()), (3, 0));
            for cut in 0..whole.len() {
                let (frames, anomalies) = read(&whole[..cut], 100);
                assert_eq!(frames, expected[..frames.len()], "{cut}");
                let within = |(_, _, offset, octets): &&(_, _, u64, Vec<u8>)| {
                    *offset as usize + octets.len() + 16 <= cut
                };
                let least = expected.iter().filter(within).count();
                assert!(frames.len() >= least, "{cut}");
                assert!(anomalies.len() <= 1, "{cut} {anomalies:?}");
            }
        }
    }

    #[test]
    fn a_record_longer_than_the_blocks_is_read() {
        let long = vec![7; 200_000];
        let file = [&PCAP_HEADER[..], &record(1, 0, &long), &record(2, 0, b"x")].concat();
        for block_bytes in [64, 4_096, 4 << 20] {
            let (frames, anomalies) = read(&file, block_bytes);
            assert_eq!(frames.len(), 2);
            assert_eq!(frames[0].3, long);
            assert!(anomalies.is_empty());
        }
    }

    #[test]
    fn frames_as_long_as_libpcap_allows_are_read_and_longer_ones_are_not() {
        let long = vec![7; 262_144];
        let giant = vec![9; 300_000];
        let pcap = [
            &PCAP_HEADER[..],
            &record(1, 0, b"a"),
            &record(2, 0, &long),
            &record(3, 0, &giant),
            &[record(4, 0, b"b"), record(5, 0, b"c"), record(6, 0, b"d")].concat(),
        ]
        .concat();
        let (frames, anomalies) = read(&pcap, 1 << 20);
        let lens: Vec<_> = frames.iter().map(|frame| frame.3.len()).collect();
        assert_eq!(lens, [1, 262_144, 1, 1, 1]);
        assert_eq!(anomalies.len(), 1);

        let pcapng = [
            section(false),
            interface(1, b""),
            packet(0, 1, b"a", b""),
            packet(0, 2, &long, b""),
            packet(0, 3, &giant, b""),
            packet(0, 4, b"b", b""),
            packet(0, 5, &giant, b""),
        ]
        .concat();
        for block_bytes in [100, 1 << 20] {
            let (frames, anomalies) = read(&pcapng, block_bytes);
            let lens: Vec<_> = frames
                .iter()
                .map(|frame| (frame.0, frame.3.len()))
                .collect();
            assert_eq!(lens, [(1, 1), (2, 262_144), (3, 0), (4, 1), (5, 0)]);
            assert_eq!(anomalies.len(), 1);
        }
    }

    #[test]
    fn frames_longer_than_usual_are_read_when_the_snapshot_length_allows_them() {
        let giant = vec![9; 1 << 20];
        for (snaplen, frames) in [(262_144_u32, 0), (1 << 20, 1), (u32::MAX, 1)] {
            let mut pcap = [&PCAP_HEADER[..], &record(3, 0, &giant)].concat();
            pcap[16..20].copy_from_slice(&snaplen.to_le_bytes());
            assert_eq!(read(&pcap, 1 << 20).0.len(), frames, "{snaplen}");
        }
    }

    #[test]
    fn a_giant_frame_leaves_no_giant_batch() {
        let giant = vec![9; 30 << 20];
        let file = [
            section(false),
            interface(1, b""),
            packet(0, 1, &giant, b""),
            packet(0, 2, b"b", b""),
        ]
        .concat();
        let capture = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(capture.path(), file).unwrap();
        let mut reader = super::Reader::open(capture.path(), 0, None).unwrap();
        let (mut batch, mut frames) = (super::Batch::default(), 0);
        while reader.next_batch(&mut batch, 1 << 20).unwrap() {
            frames += batch.records.len();
            assert!(
                batch.bytes.capacity() <= 4 << 20,
                "{}",
                batch.bytes.capacity()
            );
        }
        assert_eq!(frames, 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn damage_neither_panics_nor_depends_on_blocks(
            ng in any::<bool>(),
            flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
            noise in prop::collection::vec(any::<u8>(), 0..80),
            place in any::<prop::sample::Index>(),
        ) {
            let mut file = if ng { pcapng() } else { pcap(&[1, 2, 3, 4, 5, 6]) };
            for (index, value) in flips {
                let index = index.index(file.len());
                file[index] ^= value;
            }
            let place = place.index(file.len());
            file.splice(place..place, noise);
            let expected = read(&file, 4 << 20);
            for block_bytes in [64, 300] {
                prop_assert_eq!(&read(&file, block_bytes), &expected);
            }
            for (_, _, offset, octets) in expected.0 {
                let start = usize::try_from(offset).unwrap();
                prop_assert_eq!(&file[start..start + octets.len()], &octets[..]);
            }
        }
    }
}
