//! `sipcap ladder`: where ladders go, and that they do not depend on threads.

use std::{collections::BTreeMap, fs, path::Path};

use super::playground;
use crate::support::program::run;

/// Returns all files of a directory.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn all_calls_are_drawn_and_listed() {
    let dir = playground();
    let run = |args: &[&str]| run(dir.path(), args);
    let one = run(&["ladder", "--all", "-o", "one", "-j1", "mixed.pcapng"]);
    assert_eq!(
        (one.status, one.stderr.as_str()),
        (0, "sipcap: Wrote 13 ladders.\n")
    );
    let eight = run(&["ladder", "--all", "-o", "eight", "-j8", "mixed.pcapng"]);
    assert_eq!(eight.status, 0, "{eight}");
    let drawn = files(&dir.path().join("one"));
    assert!(
        drawn == files(&dir.path().join("eight")),
        "they depend on threads"
    );
    assert_eq!(drawn.len(), 13 + 2);
    let table = std::str::from_utf8(&drawn["index.csv"]).unwrap();
    let mut listed = Vec::new();
    for row in csv::Reader::from_reader(table.as_bytes()).records() {
        let file = row.unwrap()[0].to_owned();
        let svg = std::str::from_utf8(&drawn[&file]).unwrap();
        roxmltree::Document::parse(svg).unwrap();
        listed.push(file);
    }
    assert_eq!(listed.len(), 13);
    let page = std::str::from_utf8(&drawn["index.html"]).unwrap();
    for file in listed {
        assert!(
            page.contains(&format!("href=\"{}\"", file.replace('%', "%25"))),
            "{file}"
        );
    }

    // Nothing is overwritten unless that is wanted.
    let again = run(&["ladder", "--all", "-o", "one", "mixed.pcapng"]);
    assert_eq!(again.status, 2, "{again}");
    let forced = run(&["ladder", "--all", "--force", "-o", "one", "mixed.pcapng"]);
    assert_eq!(forced.status, 0, "{forced}");
    // The first two of them.
    let limited = run(&[
        "ladder",
        "--all",
        "--limit",
        "2",
        "-o",
        "two",
        "mixed.pcapng",
    ]);
    assert!(
        limited
            .stderr
            .contains("13 calls are selected; the first 2 are drawn"),
        "{limited}"
    );
    let names: Vec<String> = files(&dir.path().join("two")).into_keys().collect();
    assert_eq!(
        names,
        [
            "answered@192.0.2.10.svg",
            "index.csv",
            "index.html",
            "middle@192.0.2.10.svg"
        ]
    );
}

#[test]
fn a_ladder_that_is_too_high_goes_on_in_further_files() {
    let dir = playground();
    let args = [
        "ladder",
        "--max-height",
        "400",
        "-o",
        "call.svg",
        "call.pcap",
    ];
    let drawn = run(dir.path(), &args);
    assert_eq!(drawn.status, 0, "{drawn}");
    let mut arrows = 0;
    for name in ["call.svg", "call-2.svg"] {
        let svg = fs::read_to_string(dir.path().join(name)).unwrap();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let height: usize = document
            .root_element()
            .attribute("height")
            .unwrap()
            .parse()
            .unwrap();
        assert!(height <= 400, "{name}: {height}");
        arrows += svg.matches("<g id=\"m").count();
    }
    assert!(!dir.path().join("call-4.svg").exists());
    assert!(arrows >= 5, "{arrows}");
    let args = [
        "ladder",
        "--max-height",
        "400",
        "-o",
        "call.html",
        "call.pcap",
    ];
    let page = run(dir.path(), &args);
    assert_eq!(page.status, 0, "{page}");
    let page = fs::read_to_string(dir.path().join("call.html")).unwrap();
    assert_eq!(page.matches("<g id=\"m").count(), 7);
}

#[test]
fn the_ending_of_the_file_tells_the_format() {
    let dir = playground();
    for (name, begin) in [
        ("a.svg", "<svg "),
        ("a.html", "<!DOCTYPE html>"),
        ("a.txt", "alice@example.com"),
        ("a.mmd", "sequenceDiagram"),
        ("a.puml", "@startuml"),
        ("a", "<svg "),
    ] {
        let drawn = run(dir.path(), &["ladder", "-o", name, "call.pcap"]);
        assert_eq!(drawn.status, 0, "{drawn}");
        let text = fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(text.starts_with(begin), "{name}");
    }
}

#[test]
fn pseudonyms_hide_what_the_capture_has() {
    let dir = playground();
    let args = [
        "ladder",
        "--anonymize",
        "--anonymize-key",
        "key.csv",
        "--all",
        "-o",
        "shared",
        "mixed.pcapng",
    ];
    let drawn = run(dir.path(), &args);
    assert_eq!(drawn.status, 0, "{drawn}");
    for (name, octets) in files(&dir.path().join("shared")) {
        let text = String::from_utf8(octets).unwrap();
        for secret in [
            "alice",
            "bob",
            "example.com",
            "5551234567",
            "198.51.100.33",
            "answered@",
        ] {
            assert!(
                !text.contains(secret) && !name.contains(secret),
                "{secret} in {name}"
            );
        }
    }
    let key = fs::read_to_string(dir.path().join("key.csv")).unwrap();
    assert!(
        key.lines()
            .any(|line| line.starts_with("user,") && line.ends_with(",alice")),
        "{key}"
    );
}
