//! Damaged captures: whatever was whole before the damage is reported, and the damage is told with its place.

use rayon::prelude::*;

use crate::support::{
    container::{Container, Frame},
    matrix::Variant,
    program::{Run, run, run_with_input},
    rows,
    scenario::Scenario,
};

const CONTAINERS: &[Container] = &[
    Container::PcapMicros,
    Container::PcapNanosBig,
    Container::PcapModified,
    Container::PcapNgBig,
];

/// Returns two frames with a message each: few octets, since damage is done to each of them.
fn frames() -> Vec<Frame> {
    let scenario = Scenario::named("busy-call");
    Variant::PLAIN.capture(&scenario).frames.split_off(1)
}

/// Returns where each of `frames` ends in its file.
fn ends(container: Container, frames: &[Frame]) -> Vec<usize> {
    (1..=frames.len())
        .map(|n| container.encode(&frames[..n]).len())
        .collect()
}

fn messages(bytes: &[u8], more: &[&str]) -> Run {
    let dir = std::env::temp_dir();
    run_with_input(
        &dir,
        &[&["messages", "--format", "csv", "-"], more].concat(),
        bytes,
    )
}

#[test]
fn a_cut_file_gives_all_messages_before_the_cut() {
    let frames = frames();
    for &container in CONTAINERS {
        let bytes = container.encode(&frames);
        let ends = ends(container, &frames);
        let start = container.encode(&frames[..0]).len();
        // Of a pcapng file the interface is stored with the first frame.
        let fault = (start..bytes.len()).into_par_iter().find_map_any(|cut| {
            let run = messages(&bytes[..cut], &[]);
            let strict = strict_status(&bytes[..cut]);
            let whole = ends.iter().filter(|&&end| end <= cut).count();
            let found = rows::read(&run).map_or(usize::MAX, |rows| rows.len());
            let is_clean = ends.contains(&cut) || cut == start;
            let status = i32::from(whole == 0);
            let is_right = found == whole
                && run.status == status
                && strict.is_none_or(|s| s == if run.stderr.is_empty() { status } else { 2 })
                && (is_clean == run.stderr.is_empty() || container == Container::PcapNgBig)
                && (run.stderr.is_empty() || is_located(&run.stderr));
            (!is_right).then(|| format!("{container:?} cut at {cut}, {whole} whole: {run}"))
        });
        assert_eq!(fault, None);
    }
}

/// Returns how a strict run ends, for some of the places.
fn strict_status(bytes: &[u8]) -> Option<i32> {
    (bytes.len().is_multiple_of(5)).then(|| messages(bytes, &["--strict"]).status)
}

/// A warning has to say in which input and where in it.
fn is_located(stderr: &str) -> bool {
    stderr.lines().all(|line| {
        let is_warning = line.starts_with("sipcap: warning: -: ");
        is_warning && (line.contains("frame") || line.contains("offset"))
    })
}

#[test]
fn a_cut_compressed_file_gives_what_can_be_had() {
    let frames = frames();
    for container in [
        Container::PcapGzip,
        Container::PcapLz4,
        Container::PcapNgZstd,
    ] {
        let bytes = container.encode(&frames);
        for cut in 0..bytes.len() {
            let run = messages(&bytes[..cut], &[]);
            assert!(
                (0..=2).contains(&run.status),
                "{container:?} cut at {cut}: {run}"
            );
            assert!(
                !run.stderr.contains("panicked"),
                "{container:?} cut at {cut}: {run}"
            );
        }
    }
}

#[test]
fn a_flipped_bit_is_never_fatal() {
    let frames = frames();
    for &container in CONTAINERS {
        let bytes = container.encode(&frames);
        let ends = ends(container, &frames);
        let start = container.encode(&frames[..0]).len();
        let fault = (0..bytes.len() * 8)
            .into_par_iter()
            .step_by(7)
            .find_map_any(|bit| {
                let mut bytes = bytes.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                let run = messages(&bytes, &[]);
                // Of a damaged file header nothing can be expected but a clear word.
                let before = ends.iter().filter(|&&end| end <= bit / 8).count();
                let is_right = match run.status {
                    0 | 1 => {
                        bit / 8 < start || rows::read(&run).is_ok_and(|rows| rows.len() >= before)
                    }
                    2 => {
                        bit / 8 < start + 100
                            && before == 0
                            && run.stderr.starts_with("sipcap: error: ")
                    }
                    _ => false,
                };
                (!is_right).then(|| format!("{container:?} bit {bit}: {run}"))
            });
        assert_eq!(fault, None);
    }
}

#[test]
fn garbage_in_the_middle_is_passed_over() {
    let frames = Variant::PLAIN
        .capture(&Scenario::named("forked-call"))
        .frames;
    let dir = tempfile::tempdir().unwrap();
    for &container in CONTAINERS {
        let ends = ends(container, &frames);
        let mut bytes = container.encode(&frames);
        let (start, end) = (ends[4], ends[5]);
        // One record becomes garbage that is no record.
        bytes[start..end].fill(0xff);
        std::fs::write(dir.path().join("garbage"), &bytes).unwrap();
        let found = run(dir.path(), &["messages", "--format", "csv", "garbage"]);
        let rows = rows::read(&found).unwrap();
        assert!(rows.len() >= frames.len() - 2, "{container:?}: {found}");
        assert!(
            found.stderr.starts_with("sipcap: warning: garbage: "),
            "{container:?}: {found}"
        );
        let strict = run(dir.path(), &["messages", "--strict", "garbage"]);
        assert_eq!(strict.status, 2, "{container:?}: {strict}");
    }
}
