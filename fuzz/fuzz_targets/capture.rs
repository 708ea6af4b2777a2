//! Octets as a capture file: read in blocks of two sizes, they give the same records.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sipcap::capture::{Batch, InputOptions, Inputs};

/// Returns time, link type and octets of all records, if the file is a capture at all.
fn records(path: &std::path::Path, block_bytes: usize) -> Option<Vec<(i64, u16, Vec<u8>)>> {
    let options = InputOptions {
        block_bytes,
        ..InputOptions::default()
    };
    let mut inputs = Inputs::open(&[path.to_owned()], &options).ok()?;
    let mut batch = Batch::default();
    let mut records = Vec::new();
    while inputs.next_batch(&mut batch).ok()? {
        for record in &batch.records {
            assert!(record.data.end() <= batch.bytes.len());
            let octets = record.data.of(&batch.bytes).to_vec();
            records.push((record.ts.nanos(), record.link.0, octets));
        }
    }
    Some(records)
}

fuzz_target!(|data: &[u8]| {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), data).unwrap();
    assert_eq!(records(file.path(), 64), records(file.path(), 1 << 20));
});
