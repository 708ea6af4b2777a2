//! Captures read through the library's public names.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use sipcap::capture::{Batch, InputOptions, InputSummary, Inputs};

/// Everything that must not depend on how much is read at once.
#[derive(Debug, Default, Eq, PartialEq)]
struct Read {
    /// Number, time, link type, interface, original length, place and octets of each frame.
    frames: Vec<(u64, i64, u16, u16, u32, u64, Vec<u8>)>,
    anomalies: Vec<String>,
}

fn read(path: &Path, block_bytes: usize) -> sipcap::error::Result<(Read, InputSummary)> {
    let options = InputOptions {
        block_bytes,
        rereadable: false,
    };
    let mut inputs = Inputs::open(&[path.to_owned()], &options)?;
    let mut batch = Batch::default();
    let mut read = Read::default();
    while inputs.next_batch(&mut batch)? {
        for (index, record) in batch.records.iter().enumerate() {
            let frame = batch.frame(index).unwrap();
            let octets = record.data.of(&batch.bytes).to_vec();
            assert_eq!(octets.len(), record.data.len());
            read.frames.push((
                frame.origin.number,
                record.ts.nanos(),
                record.link.0,
                record.interface,
                record.orig_len,
                frame.origin.offset,
                octets,
            ));
        }
        read.anomalies
            .extend(batch.anomalies.iter().map(ToString::to_string));
    }
    Ok((read, inputs.summaries().remove(0)))
}

/// Returns the corpus of real captures, which is not part of this repository.
fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("SIPCAP_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    if root.join("MANIFEST.tsv").exists() {
        return Some(root);
    }
    eprintln!("SKIPPED: no corpus at {}", root.display());
    None
}

#[test]
fn frames_of_the_corpus_are_counted_like_its_manifest_does() {
    let Some(root) = corpus() else { return };
    // Where the manifest, which tshark made, is not what is right, and why.
    let known: BTreeMap<&str, u64> = BTreeMap::new();
    let manifest = fs::read_to_string(root.join("MANIFEST.tsv")).unwrap();
    let mut wrong = Vec::new();
    for line in manifest.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let path = root.join(fields[0]);
        if !path.exists() {
            continue;
        }
        let expected = known.get(fields[0]).copied().or(fields[2].parse().ok());
        match read(&path, 1 << 20) {
            Ok((read, _)) if Some(read.frames.len() as u64) == expected => {}
            Ok((read, _)) => wrong.push(format!(
                "{}: {} frames, expected {:?} {:?}",
                fields[0],
                read.frames.len(),
                fields[2],
                read.anomalies
            )),
            Err(error) => wrong.push(format!("{} ({}): {error}", fields[0], fields[2])),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
