//! Parts that are counted one by one and put together give what the whole gives, to the octet.

use std::{fs, path::Path};

use proptest::prelude::*;

use crate::support::{
    container::{Container, Frame},
    matrix::Variant,
    program::run,
    scenario::Scenario,
};

/// Calls, registrations and requests of all kinds, among them what lasts for long and what is sent again.
const SCENARIOS: [&str; 14] = [
    "call-bye-481",
    "call-bye-unanswered",
    "call-busy",
    "call-cancelled",
    "call-challenged",
    "call-idle",
    "call-no-response",
    "call-redirected",
    "call-retransmitted-answer",
    "call-unanswered",
    "other-options-repeated",
    "reg-forbidden",
    "reg-no-response",
    "reg-wrong-password",
];

/// Returns the frames of the scenarios, one after the other.
fn frames() -> Vec<Frame> {
    let mut begin = 0;
    let mut all = Vec::new();
    for name in SCENARIOS {
        let scenario = Scenario::named(name).delayed(begin);
        begin += Scenario::named(name).seconds() + 60;
        all.extend(Variant::PLAIN.capture(&scenario).frames);
    }
    all
}

fn write(dir: &Path, name: &str, frames: &[Frame]) {
    let octets = Container::PcapMicros.encode(frames);
    fs::write(dir.join(name), octets).unwrap();
}

/// Counts `parts` one by one and all together; returns both reports.
fn both(parts: &[&[Frame]], options: &[&str], format: &str) -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    write(dir, "whole.pcap", &parts.concat());
    let mut names = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        write(dir, "part.pcap", part);
        let name = format!("{index}.part");
        let args = [&["stats", "--partial", "-o", &name, "part.pcap"], options].concat();
        assert_eq!(run(dir, &args).status, 0);
        names.push(name);
    }
    // In no order: parts come from many machines, and some are put together on the way.
    names.reverse();
    if let [.., one, other] = names.as_slice() {
        let args = [
            "stats",
            "--merge",
            "--partial",
            "-o",
            "some.part",
            one,
            other,
        ];
        assert_eq!(run(dir, &args).status, 0);
        names.truncate(names.len() - 2);
        names.insert(0, "some.part".to_owned());
    }
    let mut merge = vec!["stats", "--merge", "--format", format];
    merge.extend(names.iter().map(String::as_str));
    let whole = [&["stats", "--format", format, "whole.pcap"], options].concat();
    (run(dir, &whole).to_string(), run(dir, &merge).to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn parts_add_up_to_the_whole(
        borders in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        variant in 0..5_usize,
    ) {
        let all = frames();
        let mut borders: Vec<usize> = borders.iter().map(|border| border.index(all.len())).collect();
        borders.extend([0, all.len()]);
        borders.sort_unstable();
        borders.dedup();
        let parts: Vec<&[Frame]> = borders.windows(2).map(|pair| &all[pair[0]..pair[1]]).collect();
        let (options, format): (&[&str], &str) = [
            (&[][..], "text"),
            (&["--by", "src,method", "--by", "peer"], "csv"),
            (&["--bucket", "1m"], "jsonl"),
            (&["--by", "dst", "--bucket", "10m", "--rfc-literal", "--short", "9s"], "json"),
            (&["--outcome", "answered,busy", "--ip", "10.0.0.0/8,192.0.2.0/24", "--timeout=inv_early_dlg=600s"], "text"),
        ][variant];
        let (whole, merged) = both(&parts, options, format);
        let other = whole.lines().zip(merged.lines()).find(|(one, other)| one != other);
        prop_assert_eq!(other, None, "{:?} {:?}", borders, options);
        prop_assert_eq!(whole, merged);
    }
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    write(dir, "part.pcap", &frames());
    let partial = |name: &str, options: &[&str]| {
        let args = [&["stats", "--partial", "-o", name, "part.pcap"], options].concat();
        assert_eq!(run(dir, &args).status, 0);
    };
    partial("all.part", &[]);
    partial("some.part", &["--number", "1234"]);
    for (other, expected) in [
        (
            "some.part",
            "the parts were counted with different --number",
        ),
        ("./all.part", "part.pcap is in two of the parts"),
    ] {
        let merged = run(dir, &["stats", "--merge", "all.part", other]);
        assert_eq!(merged.status, 2);
        assert!(merged.stderr.contains(expected), "{}", merged.stderr);
    }
}

#[test]
fn stretches_of_time_are_parts_too() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let all = frames();
    write(dir, "all.pcap", &all);
    let last = all[all.len() / 2].ts_ns / 1000;
    let time = |micros: i64| format!("@{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let (until, since) = (time(last), time(last + 1));
    for args in [["a.part", "--until", &until], ["b.part", "--since", &since]] {
        let args = [&["stats", "--partial", "all.pcap", "-o"][..], &args].concat();
        assert_eq!(run(dir, &args).status, 0);
    }
    let ratios = |args: &[&str]| {
        let args = [&["stats", "--format", "csv"], args].concat();
        let told = String::from_utf8(run(dir, &args).stdout).unwrap();
        let is_ratio = |line: &&str| line.starts_with("calls,") || line.starts_with("ser,");
        told.lines()
            .filter(is_ratio)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let whole = ratios(&["all.pcap"]);
    assert!(whole.len() > 2, "{whole:?}");
    assert_eq!(ratios(&["--merge", "a.part", "b.part"]), whole);
}
