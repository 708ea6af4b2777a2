//! The media in ladders of real calls are the streams that tshark finds: as many packets, and as many lost.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use super::{corpus, files};
use crate::support::program::run;

/// From where to where, and the source.
type Stream = (String, String, String);

/// How many packets there are, and how many are lost.
type Count = (u64, i64);

#[test]
#[ignore = "takes a minute and needs tshark; `just oracle` and the CI run it"]
fn streams_are_those_of_tshark() {
    let Some(corpus) = corpus() else {
        println!("corpus not found: skipped");
        return;
    };
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("tshark not found: skipped");
        return;
    }
    let mut compared = 0;
    let mut differing = Vec::new();
    for file in files(&corpus) {
        let ours = drawn(&corpus, &file);
        if ours.is_empty() {
            continue;
        }
        let theirs = tshark(&corpus.join(&file));
        for (stream, (packets, lost, twice)) in ours {
            compared += 1;
            let expected = theirs.get(&stream);
            // A packet that comes twice hides a lost one from tshark (RFC 3550 A.3).
            let is_same = expected.is_some_and(|(count, less)| {
                *count == packets && (*less == lost || *less == lost - twice)
            });
            if !is_same {
                differing.push(format!(
                    "{file}: {stream:?}: {packets} packets, {lost} lost, {twice} twice, not {expected:?}"
                ));
            }
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(compared > 100, "only {compared} streams were compared");
}

/// Returns the streams in all ladders of a file, with the packets that came twice.
fn drawn(corpus: &Path, file: &str) -> BTreeMap<Stream, (u64, i64, i64)> {
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("ladders");
    let target = target.to_str().unwrap();
    run(
        corpus,
        &["ladder", "--all", "--keep-duplicates", "-o", target, file],
    );
    let mut streams = BTreeMap::new();
    let entries = fs::read_dir(target).into_iter().flatten();
    for entry in entries.map(Result::unwrap) {
        if entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "svg")
        {
            let svg = fs::read_to_string(entry.path()).unwrap();
            let document = roxmltree::Document::parse(&svg).unwrap();
            let titles = document
                .descendants()
                .filter(|node| node.has_tag_name("title"));
            let titles = titles.filter_map(|title| title.text());
            streams.extend(titles.filter(|title| title.starts_with("RTP ")).map(told));
        }
    }
    streams
}

/// Reads what is told of a stream.
fn told(title: &str) -> (Stream, (u64, i64, i64)) {
    let number = |after: &str| -> i64 {
        let found = title
            .split(['·', '\n', ','])
            .find_map(|part| part.trim().strip_suffix(after));
        let digits = found.unwrap_or("0").trim().split(' ').next().unwrap();
        digits.parse().unwrap()
    };
    let lost = title.split('·').nth(2).unwrap().trim();
    let lost = lost.split_once(" lost").map_or("0", |(count, _)| count);
    let (src, dst) = title.lines().nth(1).unwrap().split_once(" to ").unwrap();
    let ssrc = title.lines().find_map(|line| line.strip_prefix("SSRC 0x"));
    let packets = number(" packets") + number(" packet");
    (
        (src.to_owned(), dst.to_owned(), ssrc.unwrap().to_owned()),
        (
            packets.try_into().unwrap(),
            lost.parse().unwrap_or(0),
            number(" came twice"),
        ),
    )
}

/// Returns the streams that tshark finds in a file.
fn tshark(path: &Path) -> BTreeMap<Stream, Count> {
    let mut command = Command::new("tshark");
    command.args([
        "-q",
        "--enable-heuristic",
        "rtp_udp",
        "-z",
        "rtp,streams",
        "-r",
    ]);
    let output = command.arg(path).stderr(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter_map(row).collect()
}

/// Reads a row: times, source and destination with ports, SSRC, codec, packets, and losses as `3 (0.1%)`.
fn row(line: &str) -> Option<(Stream, Count)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let _begin: f64 = words.first()?.parse().ok()?;
    let end = |ip: &str, port: &str| {
        let brackets = if ip.contains(':') {
            ["[", "]"]
        } else {
            ["", ""]
        };
        format!("{}{ip}{}:{port}", brackets[0], brackets[1])
    };
    let ssrc = words.get(6)?.strip_prefix("0x")?;
    let at = words
        .iter()
        .position(|word| word.starts_with('(') && word.ends_with("%)"))?;
    let stream = (
        end(words.get(2)?, words.get(3)?),
        end(words.get(4)?, words.get(5)?),
        format!("{:08x}", u32::from_str_radix(ssrc, 16).ok()?),
    );
    Some((
        stream,
        (words[at - 2].parse().ok()?, words[at - 1].parse().ok()?),
    ))
}
