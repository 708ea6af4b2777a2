//! How fast captures are framed: nanoseconds a record, reading included.
//!
//! `SIPCAP_BENCH_CAPTURE=big.pcap cargo bench --bench capture`; without a file a generated one is used.
#![expect(clippy::unwrap_used, reason = "a bench without its input is no bench")]

use std::{io::Write, path::PathBuf};

use divan::{
    Bencher,
    counter::{BytesCount, ItemsCount},
};
use sipcap::capture::{Batch, InputOptions, Inputs};

fn main() {
    divan::main();
}

/// Returns the capture to read: 200 000 records of 247 octets unless another one is wanted.
fn capture() -> (PathBuf, Option<tempfile::TempPath>) {
    if let Some(path) = std::env::var_os("SIPCAP_BENCH_CAPTURE") {
        return (path.into(), None);
    }
    let mut bytes = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0".to_vec();
    for number in 0..200_000_u32 {
        for field in [1_600_000_000 + number / 1_000, number % 1_000, 247, 247] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.extend_from_slice(&[0; 247]);
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes).unwrap();
    let path = file.into_temp_path();
    (path.to_path_buf(), Some(path))
}

fn read(path: &PathBuf, batch: &mut Batch) -> usize {
    let mut inputs = Inputs::open(std::slice::from_ref(path), &InputOptions::default()).unwrap();
    let mut records = 0;
    while inputs.next_batch(batch).unwrap() {
        records += batch.records.len();
    }
    records
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn frame(bencher: Bencher<'_, '_>) {
    let (path, _temporary) = capture();
    let mut batch = Batch::default();
    let records = read(&path, &mut batch);
    let bytes = std::fs::metadata(&path).unwrap().len();
    bencher
        .counter(ItemsCount::new(records))
        .counter(BytesCount::new(bytes))
        .bench_local(|| read(&path, &mut batch));
}
