//! `--split`: a file for each call when it is over.

use std::{fs, io::Write as _, path::Path, process::Stdio};

use super::{
    CAPTURES,
    record::{files, wait_until},
};
use crate::support::{
    matrix::Variant,
    program::{run, run_with_input, sipcap},
    scenario::Scenario,
    transport::Transport,
};

/// Returns the capture of a scenario.
fn capture(scenario: &str) -> Vec<u8> {
    Variant::PLAIN.encode(&Variant::PLAIN.capture(&Scenario::named(scenario)))
}

#[test]
fn files_are_those_of_split_but_of_calls_only() {
    let mut captures: Vec<(String, Vec<u8>)> = ["call.pcap", "mixed.pcapng", "segments.pcap"]
        .into_iter()
        .map(|name| {
            (
                name.to_owned(),
                fs::read(Path::new(CAPTURES).join(name)).unwrap(),
            )
        })
        .collect();
    for scenario in
        fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/scenarios")).unwrap()
    {
        let path = scenario.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            captures.push((name.to_owned(), capture(name)));
        }
    }
    let mut all = 0;
    for (name, bytes) in captures {
        let directory = tempfile::tempdir().unwrap();
        let input = directory.path().join("input");
        fs::write(&input, &bytes).unwrap();
        let live = run_with_input(
            directory.path(),
            &["live", "-i", "-", "--show", "files", "--split", "live"],
            &bytes,
        );
        assert_eq!(live.status, 0, "{name} {live}");
        let split = ["split", "--by", "dialog", "-o", "split", "input"];
        run(directory.path(), &split);
        let calls = run(directory.path(), &["calls", "--format", "json", "input"]);
        let calls = calls.stdout.iter().filter(|octet| **octet == b'\n').count();
        let (ours, theirs) = (
            files(&directory.path().join("live")),
            files(&directory.path().join("split")),
        );
        assert_eq!(ours.len(), calls, "{name} {live}");
        // Names depend on which of several things with one Call-ID is over first.
        for (file, octets) in &ours {
            let is_there = theirs.values().any(|theirs| theirs == octets);
            assert!(is_there, "{name} {file} {live}");
        }
        let told = live.stdout.iter().filter(|octet| **octet == b'\n').count();
        assert_eq!(told, calls, "{live}");
        all += calls;
    }
    assert!(all > 60, "{all}");
}

#[test]
fn a_file_is_there_when_its_call_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let mut live = sipcap()
        .current_dir(directory.path())
        .args(["live", "-i", "-", "--show", "nothing", "--split", "calls"])
        .args(["--timeout", "inv_bye_repl=1s"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The pipe stays open: only the clock tells that nothing more comes. By TCP nothing is sent again, so that a call is
    // over soon.
    let variant = Variant {
        transport: Transport::Tcp,
        ..Variant::PLAIN
    };
    let over = variant.encode(&variant.capture(&Scenario::named("answered-call")));
    let open = capture("call-no-response-yet");
    let mut stdin = live.stdin.take().unwrap();
    stdin.write_all(&over).unwrap();
    stdin.flush().unwrap();
    let calls = directory.path().join("calls");
    let is_file = |entry: &fs::DirEntry| entry.file_type().unwrap().is_file();
    let count = || {
        let entries = fs::read_dir(&calls).into_iter().flatten();
        entries
            .filter(|entry| is_file(entry.as_ref().unwrap()))
            .count()
    };
    wait_until(|| count() == 1);
    let file = files(&calls).into_values().next().unwrap();
    // But for the first frames, which open the connection, and what only confirms.
    let messages = |bytes: &[u8]| {
        let run = run_with_input(Path::new("/"), &["messages", "--format", "csv", "-"], bytes);
        let text = String::from_utf8(run.stdout).unwrap();
        let rows = text.lines().skip(1).map(|row| {
            let row = row.splitn(3, ',').nth(2).unwrap();
            row.to_owned()
        });
        rows.collect::<Vec<_>>()
    };
    assert_eq!(messages(&file), messages(&over));
    assert_eq!(messages(&file).len(), 7);
    // The first INVITE of another one: its record has 16 octets and 488.
    stdin.write_all(&open[24..24 + 16 + 488]).unwrap();
    drop(stdin);
    assert_eq!(live.wait().unwrap().code(), Some(0));
    // What goes on in the end has a file, too, and nothing else is left.
    assert_eq!(count(), 2);
    assert_eq!(fs::read_dir(&calls).unwrap().count(), 2);
}

#[test]
fn files_that_exist_stay() {
    let directory = tempfile::tempdir().unwrap();
    let args = ["live", "-i", "-", "--show", "nothing", "--split", "calls"];
    for (more, expected) in [(&[][..], 1), (&[], 2), (&["--force"], 2)] {
        let run = run_with_input(
            directory.path(),
            &[&args[..], more].concat(),
            &capture("answered-call"),
        );
        assert_eq!(run.status, 0, "{run}");
        assert_eq!(
            files(&directory.path().join("calls")).len(),
            expected,
            "{run}"
        );
    }
    // Only what is selected.
    let none = [&args[..6], &["none", "--outcome", "failed"]].concat();
    let run = run_with_input(directory.path(), &none, &capture("answered-call"));
    assert_eq!(files(&directory.path().join("none")).len(), 0, "{run}");
    fs::write(directory.path().join("file"), "").unwrap();
    let no_directory = [&args[..6], &["file"]].concat();
    let run = run_with_input(directory.path(), &no_directory, &[]);
    assert_eq!((run.status, run.stderr.lines().count()), (2, 1), "{run}");
}
