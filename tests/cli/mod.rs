//! The command line: what each command prints, how it ends, and what it refuses.

mod endings;
mod hops;
mod ipfix;
mod json;
mod ladder;
mod logs;
mod merge;
mod points;
mod session;
mod snapshots;
mod split;
mod split_files;
mod split_media;
mod told;

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    matrix::Variant,
    program::{Run, run},
    scenario::Scenario,
};

/// Returns a directory with captures to work on: `call.pcap`, `mixed.pcapng`, a cut one, and what is none.
fn playground() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/captures");
    for name in [
        "call.pcap",
        "mixed.pcapng",
        "hep.pcap",
        "opensips.pcap",
        "opensips-plain.pcap",
    ] {
        std::fs::copy(testdata.join(name), dir.path().join(name)).unwrap();
    }
    let call = std::fs::read(testdata.join("call.pcap")).unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    write("cut.pcap", &call[..call.len() - 100]);
    write("header-only.pcap", &call[..24]);
    write("empty.pcap", b"");
    let legs = Variant::PLAIN.capture(&Scenario::named("call-legs-side-by-side"));
    write("legs.pcap", &Variant::PLAIN.encode(&legs));
    write("notes.txt", b"This is no capture.\n");
    std::fs::create_dir(dir.path().join("nothing")).unwrap();
    dir
}

/// Runs it with arguments, and asserts that all is well.
fn sipcap(dir: &Path, args: &str) -> Run {
    let args: Vec<&str> = args.split(' ').collect();
    let run = run(dir, &args);
    assert_eq!(run.status, 0, "{args:?}\n{run}");
    run
}

/// Returns the rows of JSON Lines.
fn rows(run: &Run) -> Vec<Value> {
    let lines = std::str::from_utf8(&run.stdout).unwrap().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
