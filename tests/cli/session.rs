//! `sipcap calls -w`: what is saved gives the rows of the capture that it is from, and has everything that was known; the
//! octets of its blocks are read by hand, and by tshark.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use rayon::prelude::*;
use serde_json::{Map, Value};

use super::playground;
use crate::support::{
    container::Container,
    encapsulation::Tunnel,
    matrix::{Tap, Variant},
    program::{Run, run, run_with_input},
    scenario::Scenario,
    transport::Transport,
};

/// Returns the rows of a command but for where they stand in which file.
fn rows(dir: &Path, args: &[&str]) -> Vec<Map<String, Value>> {
    let run = run(dir, args);
    let text = String::from_utf8(run.stdout).unwrap();
    let row = |line: &str| {
        let mut row: Map<String, Value> = serde_json::from_str(line).unwrap();
        for name in ["input", "frame", "frames"] {
            row.remove(name);
        }
        for sighting in row
            .get_mut("sightings")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let sighting = sighting.as_object_mut().unwrap();
            sighting.remove("input");
            sighting.remove("frame");
        }
        row
    };
    text.lines().map(row).collect()
}

/// Saves calls and returns what differs between the rows of the capture and those of what was saved.
fn differences(dir: &Path, name: &str, select: &[&str], again: &[&str]) -> String {
    let json = ["calls", "--format", "json"];
    let expected = rows(dir, &[&json, select, &[name]].concat());
    let save = ["calls", "--force", "-w", "saved.pcapng"];
    let saved = run(dir, &[&save, select, &[name]].concat());
    let found = rows(dir, &[&json, again, &["saved.pcapng"]].concat());
    let mut text = String::new();
    if saved.status != i32::from(expected.is_empty()) || found.len() != expected.len() {
        let (right, wrong) = (expected.len(), found.len());
        writeln!(text, "  {wrong} rows instead of {right}; {saved}").unwrap();
    }
    for (right, wrong) in expected.iter().zip(&found) {
        let other = right
            .iter()
            .filter(|(name, value)| wrong.get(*name) != Some(value));
        for (name, value) in other {
            writeln!(text, "  {name}: {value}, saved {:?}", wrong.get(name)).unwrap();
        }
    }
    text
}

/// Saves all calls of all scenarios as they were captured by these variants.
fn all_scenarios(variants: &[Variant], select: &[&str], again: &[&str]) {
    let check = |scenario: &Scenario| {
        let dir = tempfile::tempdir().unwrap();
        let mut text = String::new();
        for variant in variants {
            let name = "trace";
            let capture = variant.capture(scenario);
            fs::write(dir.path().join(name), variant.encode(&capture)).unwrap();
            let found = differences(dir.path(), name, select, again);
            if !found.is_empty() {
                write!(text, "\n{} {variant:?}\n{found}", scenario.name).unwrap();
            }
        }
        text
    };
    let mut scenarios = Scenario::all();
    // Over streams, a message in it begins in the middle of a segment, behind one that is of no call and not saved.
    let has_streams = variants
        .iter()
        .any(|variant| variant.transport == Transport::Tcp);
    scenarios.retain(|scenario| !has_streams || scenario.name != "pipelined");
    let faults: Vec<String> = scenarios.par_iter().map(check).collect();
    assert!(faults.concat().is_empty(), "{}", faults.concat());
}

const PLAIN: Variant = Variant::PLAIN;

#[test]
fn rows_of_saved_calls_are_those_of_the_capture() {
    let others = [
        PLAIN,
        Variant {
            container: Container::PcapNgBig,
            tap: Tap::Mirrored,
            ..PLAIN
        },
        Variant {
            transport: Transport::UdpFragments,
            tunnel: Tunnel::VxlanFragmented,
            ..PLAIN
        },
        Variant {
            transport: Transport::Hep,
            ..PLAIN
        },
    ];
    all_scenarios(&others, &[], &[]);
}

#[test]
fn rows_of_saved_streams_are_those_of_the_capture() {
    let of = |transport| Variant { transport, ..PLAIN };
    let streams = [
        Transport::Tcp,
        Transport::TcpShuffled,
        Transport::TcpOverlapping,
        Transport::WebSocketFragments,
        Transport::SctpFragments,
        Transport::HepTcp,
    ];
    all_scenarios(&streams.map(of), &[], &[]);
}

#[test]
fn legs_of_saved_calls_are_those_of_the_capture() {
    all_scenarios(&[PLAIN], &["--legs"], &["--legs"]);
}

#[test]
fn selected_calls_are_saved_alone() {
    let dir = playground();
    for select in [
        &["--outcome", "busy,cancelled"][..],
        &["--call-id", "answered@192.0.2.10"],
        &["--where", "'forked' in flags"],
        &["--until", "2026-01-15T10:00:41Z"],
        &["--call-id", "nobody"],
    ] {
        let found = differences(dir.path(), "mixed.pcapng", select, &[]);
        assert_eq!(found, "", "{select:?}");
    }
}

#[test]
fn all_legs_are_saved_with_one_of_them() {
    let dir = playground();
    let all = rows(
        dir.path(),
        &["calls", "--legs", "--format", "json", "legs.pcap"],
    );
    let of = |call_id: &str| {
        let row = all.iter().find(|row| row["call_id"] == call_id).unwrap();
        row["call"].clone()
    };
    let call = of("four@192.0.2.1");
    let mut expected: Vec<_> = all.iter().filter(|row| row["call"] == call).collect();
    assert!(expected.len() > 1);
    let args = [
        "calls",
        "--legs",
        "--call-id",
        "four@192.0.2.1",
        "-w",
        "four.pcapng",
        "legs.pcap",
    ];
    let saved = run(dir.path(), &args);
    assert_eq!(saved.status, 0, "{saved}");
    let mut found = rows(
        dir.path(),
        &["calls", "--legs", "--format", "json", "four.pcapng"],
    );
    // It is the only call of that file, and the number that it had among others is gone.
    found.iter_mut().for_each(|row| {
        row.insert("call".to_owned(), call.clone());
    });
    let mut found: Vec<_> = found.iter().collect();
    for rows in [&mut expected, &mut found] {
        rows.sort_by_key(|row| row["call_id"].to_string());
    }
    assert_eq!(found, expected);
}

/// The blocks of a pcapng file of one section in this machine's byte order: kind and body.
fn blocks(file: &[u8]) -> Vec<(u32, &[u8])> {
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let (mut at, mut blocks) = (0, Vec::new());
    while at < file.len() {
        let len = number(at + 4) as usize;
        assert_eq!(number(at + len - 4) as usize, len);
        blocks.push((number(at), &file[at + 8..at + len - 4]));
        at += len;
    }
    blocks
}

/// The options in a body from an offset on.
fn options(body: &[u8], from: usize) -> Vec<(u16, &[u8])> {
    let number = |at: usize| u16::from_le_bytes(body[at..at + 2].try_into().unwrap());
    let (mut at, mut options) = (from, Vec::new());
    while at < body.len() && number(at) != 0 {
        let len = usize::from(number(at + 2));
        options.push((number(at), &body[at + 4..at + 4 + len]));
        at += 4 + len.next_multiple_of(4);
    }
    options
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let len = (body.len() as u32 + 12).to_le_bytes();
    [&kind.to_le_bytes(), &len[..], body, &len].concat()
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let padding = vec![0; value.len().next_multiple_of(4) - value.len()];
    let len = value.len() as u16;
    [&code.to_le_bytes(), &len.to_le_bytes()[..], value, &padding].concat()
}

/// The frames of a pcap file: seconds, microseconds, octets.
fn frames(file: &[u8]) -> Vec<(u64, &[u8])> {
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let (mut at, mut frames) = (24, Vec::new());
    while at < file.len() {
        let micros = u64::from(number(at)) * 1_000_000 + u64::from(number(at + 4));
        let len = number(at + 8) as usize;
        frames.push((micros, &file[at + 16..at + 16 + len]));
        at += 16 + len;
    }
    frames
}

/// Returns a capture in a pcapng file that tells all that such a file can tell.
fn told(call: &[u8]) -> Vec<u8> {
    let section = [
        &b"\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"[..],
        &option(1, b"taken at night"),
        &option(4, b"Dumpcap"),
        &[0; 4],
    ];
    let interface = [&b"\x01\0\0\0\0\0\x04\0"[..], &option(2, b"eth7"), &[0; 4]];
    let secrets = [&b"KSLT\x12\0\0\0"[..], b"CLIENT_RANDOM 1 2\n\0\0"];
    let names = [&option(1, b"\xc0\x00\x02\x0asbc\0")[..], &[0; 4]];
    let mut file = [
        block(0x0a0d_0d0a, &section.concat()),
        block(1, &interface.concat()),
        block(10, &secrets.concat()),
        block(4, &names.concat()),
    ]
    .concat();
    for (index, (micros, octets)) in frames(call).into_iter().enumerate() {
        let len = octets.len() as u32;
        let mut body = 0_u32.to_le_bytes().to_vec();
        for field in [(micros >> 32) as u32, micros as u32, len, len] {
            body.extend(field.to_le_bytes());
        }
        body.extend(octets);
        body.resize(body.len().next_multiple_of(4), 0);
        if index == 1 {
            let list = [
                option(1, "späte 100?".as_bytes()),
                option(2, &[1, 0, 0, 0]),
                vec![0; 4],
            ];
            body.extend(list.concat());
        }
        file.extend(block(6, &body));
    }
    file
}

#[test]
fn what_is_known_is_saved_too() {
    let dir = playground();
    let call = fs::read(dir.path().join("call.pcap")).unwrap();
    fs::write(dir.path().join("told.pcapng"), told(&call)).unwrap();
    let args = [
        "calls",
        "-w",
        "saved.pcapng",
        "--note",
        "ticket 4711",
        "--alias",
        "192.0.2.20=bob",
        "told.pcapng",
    ];
    let saved = run(dir.path(), &args);
    assert_eq!((saved.status, &*saved.stdout), (0, &b""[..]), "{saved}");

    let file = fs::read(dir.path().join("saved.pcapng")).unwrap();
    let blocks = blocks(&file);
    let kinds: Vec<u32> = blocks.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds[..3], [0x0a0d_0d0a, 10, 4]);
    assert_eq!(kinds.last(), Some(&5));
    let section = options(blocks[0].1, 16);
    let expected: [(u16, &[u8]); 3] = [
        (1, b"ticket 4711"),
        (1, b"taken at night"),
        (4, b"sipcap calls"),
    ];
    assert_eq!(section, expected);
    assert_eq!(blocks[1].1, b"KSLT\x12\0\0\0CLIENT_RANDOM 1 2\n\0\0");
    let names: [(u16, &[u8]); 2] = [(1, b"\xc0\x00\x02\x14bob\0"), (1, b"\xc0\x00\x02\x0asbc\0")];
    assert_eq!(options(blocks[2].1, 0), names);
    let interface = blocks.iter().find(|(kind, _)| *kind == 1).unwrap();
    assert_eq!(options(interface.1, 8)[0], (2, &b"eth7"[..]));

    // Every frame is there, as it was; the first has the call, the second its own comment and direction.
    let packets = blocks.iter().filter(|(kind, _)| *kind == 6);
    let packets: Vec<&[u8]> = packets.map(|(_, body)| *body).collect();
    let expected = frames(&call);
    assert_eq!(packets.len(), expected.len());
    let mut remarks = Vec::new();
    for (body, (micros, octets)) in packets.iter().zip(&expected) {
        let number = |at: usize| u32::from_le_bytes(body[at..at + 4].try_into().unwrap());
        assert_eq!(u64::from(number(4)) << 32 | u64::from(number(8)), *micros);
        assert_eq!(&body[20..20 + octets.len()], *octets);
        remarks.push(options(body, 20 + octets.len().next_multiple_of(4)));
    }
    let note = "Call answered@192.0.2.10: answered, 200 OK; from sip:alice@example.com (192.0.2.10:5060) \
                to sip:bob@example.com (192.0.2.20:5060); began 2026-01-15T10:00:00.123456000Z; \
                answered 2026-01-15T10:00:03.223456000Z; last message 2026-01-15T10:01:03.263456000Z; \
                talk 60.020 s; ended by caller";
    let first: [(u16, &[u8]); 1] = [(1, note.as_bytes())];
    assert_eq!(remarks[0], first);
    let second: [(u16, &[u8]); 2] = [(1, "späte 100?".as_bytes()), (2, &[1, 0, 0, 0])];
    assert_eq!(remarks[1], second);
    assert!(remarks[2..].iter().all(Vec::is_empty));

    // Saved once more, nothing is there twice.
    let again = run(
        dir.path(),
        &[
            "calls",
            "-w",
            "again.pcapng",
            "--note",
            "ticket 4711",
            "saved.pcapng",
        ],
    );
    assert_eq!(again.status, 0, "{again}");
    assert!(fs::read(dir.path().join("again.pcapng")).unwrap() == file);
}

#[test]
fn points_are_saved_and_are_points_again() {
    let dir = playground();
    let call = fs::read(dir.path().join("call.pcap")).unwrap();
    // The same 4 ms later, as the next point sees it.
    let mut core = call[..24].to_vec();
    for (micros, octets) in frames(&call) {
        let micros = micros + 4_000;
        let len = octets.len() as u64;
        for field in [micros / 1_000_000, micros % 1_000_000, len, len] {
            core.extend((field as u32).to_le_bytes());
        }
        core.extend(octets);
    }
    fs::write(dir.path().join("core.pcap"), core).unwrap();
    let points = ["--point", "edge=call.pcap", "--point", "core=core.pcap"];
    // What is of no point stays so.
    for more in [&[][..], &["mixed.pcapng"]] {
        let inputs = [&points[..], more].concat();
        let save = ["calls", "--force", "-w", "saved.pcapng"];
        let saved = run(dir.path(), &[&save, &inputs[..]].concat());
        assert_eq!(saved.status, 0, "{saved}");
        for command in ["calls", "messages"] {
            let args = [
                command,
                "--format",
                "json",
                "--call-id",
                "answered@192.0.2.10",
            ];
            let expected = rows(dir.path(), &[&args, &inputs[..]].concat());
            let found = rows(dir.path(), &[&args[..], &["saved.pcapng"]].concat());
            assert!(expected.len() > usize::from(command == "messages"));
            assert_eq!(found, expected, "{command} {more:?}");
        }
    }
}

#[test]
fn tshark_reads_what_is_saved() {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("tshark not found: skipped");
        return;
    }
    let dir = playground();
    let call = fs::read(dir.path().join("call.pcap")).unwrap();
    fs::write(dir.path().join("told.pcapng"), told(&call)).unwrap();
    let args = ["calls", "-w", "saved.pcapng", "--point", "edge=told.pcapng"];
    let saved = run(dir.path(), &args);
    assert_eq!(saved.status, 0, "{saved}");
    let fields = [
        "frame.number",
        "frame.interface_name",
        "frame.comment",
        "ip.src_host",
        "_ws.malformed",
    ];
    let fields = fields.iter().flat_map(|field| ["-e", field]);
    let read = Command::new("tshark")
        .current_dir(dir.path())
        .args([
            "-n",
            "-N",
            "n",
            "-r",
            "saved.pcapng",
            "-T",
            "fields",
            "-E",
            "separator=|",
        ])
        .args(fields)
        .output()
        .unwrap();
    let text = String::from_utf8(read.stdout).unwrap();
    assert!(read.status.success(), "{text}");
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('|').collect()).collect();
    assert_eq!(lines.len(), frames(&call).len());
    assert!(
        lines
            .iter()
            .all(|line| line[1] == "edge" && line[4].is_empty()),
        "{text}"
    );
    assert!(
        lines[0][2].starts_with("Call answered@192.0.2.10: answered, 200 OK;"),
        "{text}"
    );
    assert_eq!((lines[0][3], lines[1][2]), ("sbc", "späte 100?"));
    assert!(lines[2][2].is_empty());
}

/// Returns what a run says when it is wrong.
fn complaint(run: &Run) -> &str {
    assert_eq!(run.status, 2, "{run}");
    run.stderr.lines().next().unwrap_or_default()
}

#[test]
fn pipes_are_read_and_written_and_files_are_safe() {
    let dir = playground();
    let mixed = fs::read(dir.path().join("mixed.pcapng")).unwrap();
    let saved = run(dir.path(), &["calls", "-w", "saved.pcapng", "mixed.pcapng"]);
    assert_eq!(saved.status, 0, "{saved}");
    let file = fs::read(dir.path().join("saved.pcapng")).unwrap();
    let piped = run_with_input(dir.path(), &["calls", "-w", "-", "-"], &mixed);
    assert!(piped.stdout == file, "{}", piped.stderr);

    for (args, expected) in [
        (
            &["-w", "saved.pcapng", "call.pcap"][..],
            "saved.pcapng exists",
        ),
        (
            &["-w", "call.pcap", "--force", "call.pcap"],
            "call.pcap is an input",
        ),
        (
            &["-w", "new.pcapng", "-o", "rows.txt", "call.pcap"],
            "cannot be used with",
        ),
        (
            &["-w", "no/such/place.pcapng", "call.pcap"],
            "no/such is no directory",
        ),
        (
            &["--note", "x", "call.pcap"],
            "required arguments were not provided",
        ),
        (
            &["-w", "new.pcapng", "--alias", "x", "call.pcap"],
            "--alias: expected an address",
        ),
    ] {
        let run = run(dir.path(), &[&["calls"], args].concat());
        assert!(complaint(&run).contains(expected), "{args:?} {run}");
    }
    assert!(fs::read(dir.path().join("saved.pcapng")).unwrap() == file);
    assert!(!dir.path().join("new.pcapng").exists());
    // Nothing temporary is left.
    let names = fs::read_dir(dir.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().all(|name| !name.starts_with('.')));
}
