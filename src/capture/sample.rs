//! Captures built by hand, for tests.

use super::{
    Record,
    reader::{Reader, Window},
    summary::Tally,
};
use crate::{error::Anomaly, time::Timestamp};

/// A pcap file header: little endian, microseconds, version 2.4, snaplen 262144, Ethernet.
pub(super) const PCAP_HEADER: [u8; 24] =
    *b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0";

/// Returns a little-endian pcap record.
pub(super) fn record(secs: u32, fraction: u32, data: &[u8]) -> Vec<u8> {
    let len = u32::try_from(data.len()).unwrap();
    let mut record = Vec::new();
    for field in [secs, fraction, len, len] {
        record.extend_from_slice(&field.to_le_bytes());
    }
    record.extend_from_slice(data);
    record
}

/// Returns a little-endian pcap file with frames of 60 octets at these seconds.
pub(super) fn pcap(seconds: &[u32]) -> Vec<u8> {
    let mut file = PCAP_HEADER.to_vec();
    for (number, secs) in (0_u8..).zip(seconds) {
        file.extend_from_slice(&record(*secs, 1, &[number; 60]));
    }
    file
}

/// Returns a block of a pcapng file with a body whose length is a multiple of 4.
pub(super) fn block(big: bool, kind: u32, body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len() + 12).unwrap();
    let number = |n: u32| {
        if big {
            n.to_be_bytes()
        } else {
            n.to_le_bytes()
        }
    };
    [&number(kind)[..], &number(len), body, &number(len)].concat()
}

/// Returns a section header, in the byte order asked for.
pub(super) fn section(big: bool) -> Vec<u8> {
    let body: &[u8] = if big {
        b"\x1a\x2b\x3c\x4d\0\x01\0\0\xff\xff\xff\xff\xff\xff\xff\xff"
    } else {
        b"\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"
    };
    block(big, 0x0a0d_0d0a, body)
}

/// Returns a little-endian description of an interface.
pub(super) fn interface(link: u8, options: &[u8]) -> Vec<u8> {
    block(false, 1, &[&[link, 0, 0, 0, 0, 0, 0, 0], options].concat())
}

/// Returns a little-endian enhanced packet block.
pub(super) fn packet(interface: u32, ticks: u64, data: &[u8], options: &[u8]) -> Vec<u8> {
    let len = u32::try_from(data.len()).unwrap();
    let mut body = Vec::new();
    for field in [interface, (ticks >> 32) as u32, ticks as u32, len, len] {
        body.extend_from_slice(&field.to_le_bytes());
    }
    body.extend_from_slice(data);
    body.resize(body.len().next_multiple_of(4), 0);
    body.extend_from_slice(options);
    block(false, 6, &body)
}

/// What a walk over one window gave.
pub(super) struct Walked {
    pub(super) records: Vec<Record>,
    pub(super) tally: Tally,
    bytes: Vec<u8>,
}

impl Walked {
    /// Frames `bytes` with `walk`, all at once.
    pub(super) fn over(
        bytes: &[u8],
        mut tally: Tally,
        walk: impl FnOnce(Window<'_>, &mut Vec<Record>, &mut Tally) -> usize,
    ) -> Self {
        let mut records = Vec::new();
        let window = Window {
            bytes,
            offset: 0,
            end: true,
            broken: false,
        };
        assert_eq!(walk(window, &mut records, &mut tally), bytes.len());
        Self {
            records,
            tally,
            bytes: bytes.to_vec(),
        }
    }

    pub(super) fn nanos(&self) -> Vec<i64> {
        self.records
            .iter()
            .map(|record| record.ts.nanos())
            .collect()
    }

    pub(super) fn data(&self) -> Vec<&[u8]> {
        let data = self
            .records
            .iter()
            .map(|record| record.data.of(&self.bytes));
        data.collect()
    }

    pub(super) fn oddities(&self) -> Vec<String> {
        let all = &self.tally.summary.anomalies;
        all.iter().map(ToString::to_string).collect()
    }
}

/// A frame as [`read`] gives it: number, time, offset, octets.
pub(super) type Seen = (u64, Timestamp, u64, Vec<u8>);

/// Reads a file made of `bytes` in blocks.
pub(super) fn read(bytes: &[u8], block_bytes: usize) -> (Vec<Seen>, Vec<Anomaly>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let Ok(mut reader) = Reader::open(file.path(), 0, None) else {
        return Default::default();
    };
    let (mut frames, mut anomalies) = (Vec::new(), Vec::new());
    let mut batch = super::Batch::default();
    while reader.next_batch(&mut batch, block_bytes).unwrap() {
        for (index, record) in batch.records.iter().enumerate() {
            let origin = batch.frame(index).unwrap().origin;
            let octets = record.data.of(&batch.bytes).to_vec();
            frames.push((origin.number, record.ts, origin.offset, octets));
        }
        anomalies.append(&mut batch.anomalies);
    }
    (frames, anomalies)
}

/// Returns what is known of a file made of `bytes` when it is read.
pub(super) fn summary(bytes: &[u8]) -> super::InputSummary {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let mut reader = Reader::open(file.path(), 0, None).unwrap();
    let mut batch = super::Batch::default();
    while reader.next_batch(&mut batch, 1 << 20).unwrap() {}
    reader.summary()
}
