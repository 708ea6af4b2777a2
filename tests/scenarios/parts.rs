//! Parts that are counted one by one and put together give what the whole gives, to the octet.

use std::{fs, path::Path};

use proptest::prelude::*;

use crate::support::{
    container::{Container, Frame},
    matrix::Variant,
    program::run,
    scenario::Scenario,
};

/// What ends well before the scenario does, so that nothing goes over the border to the next one.
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
fn frames() -> Vec<Vec<Frame>> {
    let mut begin = 0;
    let mut all = Vec::new();
    for name in SCENARIOS {
        let scenario = Scenario::named(name).delayed(begin);
        begin += Scenario::named(name).seconds() + 60;
        all.push(Variant::PLAIN.capture(&scenario).frames);
    }
    all
}

fn write(dir: &Path, name: &str, frames: &[Vec<Frame>]) {
    let octets = Container::PcapMicros.encode(&frames.concat());
    fs::write(dir.join(name), octets).unwrap();
}

/// Counts `parts` one by one and all together; returns both reports.
fn both(parts: &[&[Vec<Frame>]], options: &[&str], format: &str) -> (String, String) {
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
    // In no order: parts come from many machines.
    names.reverse();
    let mut merge = vec!["stats", "--merge", "--format", format];
    merge.extend(names.iter().map(String::as_str));
    let whole = [&["stats", "--format", format, "whole.pcap"], options].concat();
    (run(dir, &whole).to_string(), run(dir, &merge).to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn parts_add_up_to_the_whole(
        mut borders in prop::collection::vec(1..SCENARIOS.len(), 1..4),
        variant in 0..4_usize,
    ) {
        let all = frames();
        borders.extend([0, all.len()]);
        borders.sort_unstable();
        borders.dedup();
        let parts: Vec<&[Vec<Frame>]> = borders.windows(2).map(|pair| &all[pair[0]..pair[1]]).collect();
        let (options, format): (&[&str], &str) = [
            (&[][..], "text"),
            (&["--by", "src,method", "--by", "peer"], "csv"),
            (&["--bucket", "1m"], "jsonl"),
            (&["--by", "dst", "--bucket", "10m", "--rfc-literal", "--short", "9s"], "json"),
        ][variant];
        let (whole, merged) = both(&parts, options, format);
        let other = whole.lines().zip(merged.lines()).find(|(one, other)| one != other);
        prop_assert_eq!(other, None, "{:?} {:?}", borders, options);
        prop_assert_eq!(whole, merged);
    }
}

#[test]
fn what_goes_over_a_border_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let frames = Variant::PLAIN
        .capture(&Scenario::named("call-retransmitted-answer"))
        .frames;
    let (one, other) = frames.split_at(6);
    for (name, part) in [("a", one), ("b", other)] {
        write(dir, "part.pcap", &[part.to_vec()]);
        let file = format!("{name}.part");
        assert_eq!(
            run(dir, &["stats", "--partial", "-o", &file, "part.pcap"]).status,
            0
        );
    }
    let merged = run(dir, &["stats", "--merge", "b.part", "a.part"]);
    let told = merged.stderr;
    assert!(
        told.contains("1 calls were open at the end of a part, 1 have no beginning"),
        "{told}"
    );
}
