//! `sipcap split`: where files go, what is refused, and what stays as it was.

use std::{collections::BTreeSet, fs, path::Path};

use super::split_media::{ALICE, BOB, INVITE, START_NS, Scene, contents};
use crate::support::{
    container::Frame,
    program::{Run, run},
};

fn split(dir: &Path, args: &str) -> Run {
    let args: Vec<&str> = args.split(' ').collect();
    run(dir, &[&["split", "-q"][..], &args].concat())
}

/// Two calls and a packet of nobody, in a directory.
fn two_calls() -> (Scene, tempfile::TempDir) {
    let mut scene = Scene::default();
    scene.message(0, "one", INVITE, Some(4000));
    scene.message(10, "two", INVITE, Some(4002));
    scene.packet(20, "192.0.2.7:53", "192.0.2.8:9999", &[1; 40]);
    let dir = tempfile::tempdir().unwrap();
    scene.write(dir.path(), "in.pcap");
    (scene, dir)
}

fn names(dir: &Path) -> BTreeSet<String> {
    contents(dir).into_keys().collect()
}

fn lines(run: &Run) -> Vec<String> {
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_rest_is_that_of_the_files_which_were_read() {
    let (scene, dir) = two_calls();
    let caps = dir.path().join("caps");
    fs::create_dir(&caps).unwrap();
    scene.write(&caps, "in.pcap");
    let run = split(dir.path(), "-o caps --append --rest rest.pcap caps");
    assert_eq!(run.status, 0, "{run}");
    assert_eq!(scene.numbers(&dir.path().join("rest.pcap")), [2]);
}

#[test]
fn no_two_files_are_one() {
    let (scene, dir) = two_calls();
    fs::create_dir(dir.path().join("out")).unwrap();
    for (args, complaint) in [
        (
            "-o new --rest x.pcap --errors ./x.pcap in.pcap",
            "is to be two files",
        ),
        (
            "-o new --rest new/../x.jsonl --manifest x.jsonl in.pcap",
            "is to be two files",
        ),
        ("-o new --rest - in.pcap", "--rest needs a file"),
        ("-o new --manifest - in.pcap", "--manifest needs a file"),
        ("-o new --suffix CON|<> in.pcap", "letters, digits"),
    ] {
        let run = split(dir.path(), args);
        assert_eq!(run.status, 2, "{args}: {run}");
        assert!(run.stderr.contains(complaint), "{args}: {run}");
        assert!(!dir.path().join("new").exists(), "{args}");
    }
    // The call gets another name; the FNV-1a hash of "one" is ba2719ef.
    let run = split(dir.path(), "-o out --rest out/callid_one.pcap in.pcap");
    assert_eq!(run.status, 0, "{run}");
    let out = dir.path().join("out");
    assert_eq!(scene.numbers(&out.join("callid_one.pcap")), [2]);
    assert_eq!(
        lines(&run),
        ["out/callid_one-ba2719ef.pcap", "out/callid_two.pcap"]
    );
    assert_eq!(scene.numbers(&out.join("callid_one-ba2719ef.pcap")), [0]);
}

#[test]
fn files_and_rows_can_be_added() {
    let (_, dir) = two_calls();
    let args = "-o out --append --manifest files.csv in.pcap";
    let runs = [split(dir.path(), args), split(dir.path(), args)];
    let manifest = fs::read_to_string(dir.path().join("files.csv")).unwrap();
    let paths: Vec<&str> = manifest
        .lines()
        .map(|line| line.split(',').next().unwrap())
        .collect();
    let printed: Vec<String> = runs.iter().flat_map(lines).collect();
    assert_eq!(paths[0], "path");
    assert_eq!(paths[1..], printed);
    assert_eq!(names(&dir.path().join("out")).len(), 4);
    // Of other columns nothing is known, and captures are not added to.
    fs::write(dir.path().join("other.csv"), "a,b\n1,2\n").unwrap();
    fs::write(dir.path().join("rest.pcap"), "").unwrap();
    for args in [
        "-o out --append --manifest other.csv in.pcap",
        "-o out --append --rest rest.pcap in.pcap",
    ] {
        let run = split(dir.path(), args);
        assert_eq!((run.status, run.stderr.lines().count()), (2, 1), "{run}");
        assert!(!run.stderr.contains("--force"), "{run}");
    }
    assert_eq!(names(&dir.path().join("out")).len(), 4);
}

#[test]
fn several_can_add_to_a_directory_at_once() {
    let (_, dir) = two_calls();
    let add = || split(dir.path(), "-o out --append in.pcap");
    fs::create_dir(dir.path().join("out")).unwrap();
    let runs = std::thread::scope(|scope| {
        let runs = [(); 6].map(|()| scope.spawn(add));
        runs.map(|run| run.join().unwrap())
    });
    let printed: BTreeSet<String> = runs.iter().flat_map(lines).collect();
    assert_eq!(printed.len(), 12);
    assert_eq!(names(&dir.path().join("out")).len(), 12);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let (_, dir) = two_calls();
    let out = dir.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(dir.path().join("victim"), "as it was").unwrap();
    symlink("../victim", out.join("callid_one.pcap.part")).unwrap();
    symlink("../nobody", out.join("callid_two.pcap")).unwrap();
    let run = split(dir.path(), "-o out --append in.pcap");
    assert_eq!(run.status, 0, "{run}");
    assert!(out.join("callid_two.pcap").is_symlink());
    let run = split(dir.path(), "-o out --force in.pcap");
    assert_eq!(run.status, 0, "{run}");
    assert!(!out.join("callid_two.pcap").is_symlink());
    assert!(!dir.path().join("nobody").exists());
    let victim = fs::read_to_string(dir.path().join("victim")).unwrap();
    assert_eq!(victim, "as it was");
}

#[test]
fn nothing_is_left_of_what_was_made_in_vain() {
    let (_, dir) = two_calls();
    let before = fs::read_dir(dir.path()).unwrap().count();
    for (args, status) in [
        ("-o q/r/s --subdirs 5000 --call-id nope in.pcap", 1),
        ("-o q/r/s --where nonsense in.pcap", 2),
        ("-o q/r/s missing.pcap", 2),
    ] {
        let run = split(dir.path(), args);
        assert_eq!(run.status, status, "{args}: {run}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), before, "{args}");
    }
    let run = split(dir.path(), "-o q/r/s --subdirs 5000 --ext= in.pcap");
    assert_eq!(run.status, 0, "{run}");
    // Only those that are needed, and no dot without anything behind it.
    assert_eq!(fs::read_dir(dir.path().join("q/r/s")).unwrap().count(), 2);
    assert!(lines(&run)[0].ends_with("/callid_one"), "{run}");
}

#[test]
fn frames_without_ip_go_to_the_rest() {
    // Tags of an exported PDU: the protocol, addresses and ports, the end; then a message.
    let text = "OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n\
                Call-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    let tags = b"\x00\x0c\x00\x04sip\0\x00\x14\x00\x04\xc0\x00\x02\x01\x00\x15\x00\x04\xc0\x00\x02\x02\x00\x00\x00\x00";
    let frame = Frame {
        ts_ns: START_NS,
        link: 252,
        bytes: [&tags[..], text.as_bytes()].concat(),
    };
    let mut scene = Scene::default();
    scene.frames.push(frame);
    let dir = tempfile::tempdir().unwrap();
    scene.write(dir.path(), "in.pcap");
    let whole = split(dir.path(), "-o out in.pcap");
    assert_eq!((whole.status, lines(&whole).len()), (0, 1), "{whole}");
    let args = "-o in --strip-tunnels --rest rest.pcap --manifest files.csv in.pcap";
    let args: Vec<&str> = args.split(' ').collect();
    let stripped = run(dir.path(), &[&["split"][..], &args].concat());
    assert_eq!((stripped.status, lines(&stripped).len()), (1, 0));
    let warning = "1 frame has no IP packet";
    assert!(stripped.stderr.contains(warning), "{stripped}");
    assert_eq!(scene.numbers(&dir.path().join("rest.pcap")), [0]);
    let manifest = fs::read_to_string(dir.path().join("files.csv")).unwrap();
    assert_eq!(manifest.lines().count(), 1);
}

#[test]
fn control_characters_stay_harmless() {
    let mut scene = Scene::default();
    let text = |call_id: &str| {
        format!(
            "OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\n\
            Call-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        )
    };
    scene.packet(0, ALICE, BOB, text("nul\0id").as_bytes());
    let invite = text("\x1b[31mred").replace("OPTIONS", "INVITE");
    scene.packet(1, ALICE, BOB, invite.as_bytes());
    let dir = tempfile::tempdir().unwrap();
    scene.write(dir.path(), "in.pcap");
    let run = split(dir.path(), "-o out --name {call_id}-{index} in.pcap");
    assert_eq!(
        lines(&run),
        ["out/nul%00id-1.pcap", "out/%1B%5B31mred-2.pcap"]
    );
    let run = split(dir.path(), "-o ng --format pcapng in.pcap");
    assert_eq!(run.status, 0, "{run}");
    for file in contents(&dir.path().join("ng")).values() {
        let comment = &file[..file
            .windows(7)
            .position(|octets| octets == b"sipcap\0")
            .unwrap()];
        assert!(!comment.contains(&0x1b));
    }
}
