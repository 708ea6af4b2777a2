//! One input as a sequence of batches.

use std::path::Path;

use super::{
    Batch, InputSummary, Record,
    pcap::{self, Pcap},
    pcapng::PcapNg,
    sniff::{self, Kind},
    source::{Fill, Reread, Source},
    summary::Tally,
};
use crate::{
    error::{Error, Result},
    time::Timestamp,
};

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
    broken: bool,
    /// A failure that waits until what was read before it is handed over.
    failed: Option<Error>,
    tally: Tally,
}

impl Reader {
    /// Opens an input and reads its header.
    pub(super) fn open(path: &Path, input: u16, spool: bool) -> Result<Self> {
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
            Kind::Empty => return Err(not_a_capture(path, "empty")),
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
            broken: false,
            failed: None,
            tally,
        })
    }

    /// Fills `batch` with the next records; `false` when there are none, and nothing odd to tell, any more.
    pub(super) fn next_batch(&mut self, batch: &mut Batch, block_bytes: usize) -> Result<bool> {
        batch.clear();
        batch.input = self.tally.input;
        batch.first_number = self.tally.summary.frames.saturating_add(1);
        batch.floor = self.tally.newest;
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
                broken: self.broken,
            };
            let done = self
                .container
                .walk(window, &mut batch.records, &mut self.tally);
            batch.offset = self.offset;
            self.offset = self.offset.saturating_add(done as u64);
            batch.anomalies.append(&mut self.tally.fresh);
            if !batch.records.is_empty() || !batch.anomalies.is_empty() || self.end {
                self.carry
                    .extend_from_slice(batch.bytes.get(done..).unwrap_or_default());
                batch.bytes.truncate(done);
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
                self.broken = true;
                let at = self.offset.saturating_add(bytes.len() as u64);
                self.tally.note(at, what);
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
        self.tally.newest
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

    pub(super) fn summary(&self) -> InputSummary {
        let mut summary = self.tally.summary();
        summary.bytes = self.source.position();
        summary.plain_bytes = self.offset.saturating_add(self.carry.len() as u64);
        summary
    }
}

fn not_a_capture(path: &Path, what: &str) -> Error {
    Error::NotACapture {
        path: path.to_owned(),
        what: what.to_owned(),
    }
}
