//! What has to be true of every call, binding, exchange and event, whatever the capture: of real ones, where nobody has
//! worked out the rows by hand, and of all scenarios.
//!
//! What a row says is checked against itself, against the events that were told before it, and against the messages
//! that went in; which state goes with which outcome stands in a table.

mod follower;
mod rows;

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use sipcap::{
    capture::{InputOptions, Inputs},
    pipeline::{Options, Pipeline},
    track::{Rules, TrackOptions},
};

use self::follower::Follower;
use crate::support::{matrix::Variant, scenario::Scenario};

/// A century: whatever has a deadline reaches it.
const FOREVER: i64 = 100 * 365 * 24 * 3600 * 1_000_000_000;

/// A way to follow a capture, and what it is called.
type Way = (&'static str, fn() -> TrackOptions);

/// In which ways every capture is followed.
const WAYS: [Way; 5] = [
    ("as by default", TrackOptions::default),
    ("until all is over", || TrackOptions {
        end_timeout: Some(FOREVER),
        ..TrackOptions::default()
    }),
    ("two of a kind at a time", || TrackOptions {
        max_calls: 2,
        max_bindings: 2,
        ..TrackOptions::default()
    }),
    ("in 4 KiB", || TrackOptions {
        max_memory: 4096,
        ..TrackOptions::default()
    }),
    ("as calltr does", || TrackOptions {
        rules: Rules::Calltr,
        ..TrackOptions::default()
    }),
];

#[test]
fn what_is_told_of_real_captures_fits_together() {
    let Some(corpus) = super::corpus() else {
        println!("corpus not found: skipped");
        return;
    };
    let files: Vec<PathBuf> = super::rows(&corpus.join("MANIFEST.tsv"))
        .iter()
        .filter(|row| row["set"] == "dev")
        .map(|row| corpus.join(&row["file"]))
        .collect();
    assert!(files.len() > 100, "only {} captures", files.len());
    check(&files);
}

#[test]
fn what_is_told_of_scenarios_fits_together() {
    let dir = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for scenario in Scenario::all() {
        let path = dir.path().join(format!("{}.pcap", scenario.name));
        let capture = Variant::PLAIN.capture(&scenario);
        std::fs::write(&path, Variant::PLAIN.encode(&capture)).unwrap();
        files.push(path);
    }
    assert!(files.len() > 100, "only {} scenarios", files.len());
    check(&files);
}

/// Follows each of `files` in all ways and fails with all that does not fit.
fn check(files: &[PathBuf]) {
    // Not with rayon, whose threads would begin one run of a pipeline in the midst of another.
    let next = AtomicUsize::new(0);
    let work = || {
        let due = std::iter::from_fn(|| files.get(next.fetch_add(1, Ordering::Relaxed)));
        due.flat_map(|path| faults(path)).collect::<Vec<String>>()
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut report: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let reports = workers.into_iter().map(|worker| worker.join().unwrap());
        reports.flatten().collect()
    });
    report.sort();
    let count = report.len();
    assert!(report.is_empty(), "{count} faults:\n{}", report.join("\n"));
}

/// Returns what does not fit together in a capture. One that cannot be read to its end is checked as far as it goes.
fn faults(path: &Path) -> Vec<String> {
    let name = path.file_name().unwrap().to_string_lossy();
    let mut report = Vec::new();
    for (way, options) in WAYS {
        let Ok(mut inputs) = Inputs::open(&[path.to_owned()], &InputOptions::default()) else {
            continue;
        };
        let mut follower = Follower::new(options());
        let options = Options {
            threads: 1,
            ..Options::default()
        };
        let run = Pipeline::new(&mut inputs, &options).run(&mut follower);
        let faults = follower.faults(run.is_ok());
        report.extend(faults.iter().map(|fault| format!("{name} {way}: {fault}")));
    }
    report
}
