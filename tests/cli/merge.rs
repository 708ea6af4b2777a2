//! `sipcap merge`: the order of frames, who they are of, and which of them are copies; read back by hand and by tshark.

use std::{fs, path::Path, process::Command};

use crate::support::program::{Run, run};

/// A frame of a file: seconds, microseconds and octets.
pub(super) type Frame = (u32, u32, Vec<u8>);

/// Returns a UDP datagram in IPv4 and Ethernet, with an identification and a time to live.
fn datagram(id: u16, ttl: u8, text: &str) -> Vec<u8> {
    between([192, 0, 2, 1], [192, 0, 2, 2], id, ttl, text)
}

/// Returns a datagram between these hosts.
pub(super) fn between(src: [u8; 4], dst: [u8; 4], id: u16, ttl: u8, text: &str) -> Vec<u8> {
    let udp = 8 + text.len() as u16;
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend([0x45, 0]);
    frame.extend((20 + udp).to_be_bytes());
    frame.extend(id.to_be_bytes());
    frame.extend([0, 0, ttl, 17, 0, 0]);
    frame.extend(src);
    frame.extend(dst);
    frame.extend([0x13, 0xc4, 0x13, 0xc4]);
    frame.extend(udp.to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(text.as_bytes());
    frame
}

pub(super) fn write(dir: &Path, name: &str, frames: &[Frame]) {
    let mut file = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x01\0\0\0".to_vec();
    for (seconds, micros, octets) in frames {
        let len = octets.len() as u32;
        for field in [*seconds, *micros, len, len] {
            file.extend(field.to_le_bytes());
        }
        file.extend(octets);
    }
    fs::write(dir.join(name), file).unwrap();
}

/// The frames of a merged file, as it has to be: the name of the interface, microseconds since 1970, and the last octet.
pub(super) fn read(path: &Path) -> Vec<(String, u64, u8)> {
    let file = fs::read(path).unwrap();
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let (mut at, mut names, mut frames) = (0, Vec::new(), Vec::new());
    while at < file.len() {
        match number(at) {
            1 => {
                assert_eq!(number(at + 16) & 0xffff, 2, "the name comes first");
                let len = (number(at + 16) >> 16) as usize;
                let name = file[at + 20..at + 20 + len].to_vec();
                names.push(String::from_utf8(name).unwrap());
            }
            6 => {
                let name = names[number(at + 8) as usize].clone();
                let micros = u64::from(number(at + 12)) << 32 | u64::from(number(at + 16));
                let last = at + 28 + number(at + 20) as usize - 1;
                frames.push((name, micros, file[last]));
            }
            _ => {}
        }
        at += number(at + 4) as usize;
    }
    frames
}

/// Two taps: both saw a, b and c; d came to the second tap alone; a mirror port made a copy of b at the first tap; the
/// first tap wrote c before b.
fn two_taps(dir: &Path) {
    let a = datagram(1, 64, "a");
    let b = datagram(2, 64, "b");
    let c = datagram(3, 64, "c");
    write(
        dir,
        "one.pcap",
        &[(10, 0, a), (10, 900, c), (10, 500, b.clone()), (10, 600, b)],
    );
    let second = [(1, "a"), (2, "b"), (3, "c"), (4, "d")];
    let frames: Vec<Frame> = second
        .iter()
        .map(|(id, text)| {
            let micros = [2_000, 2_500, 2_900, 3_000][usize::from(*id) - 1];
            (10, micros, datagram(*id, 63, text))
        })
        .collect();
    write(dir, "two.pcap", &frames);
}

fn merge(dir: &Path, args: &str) -> Run {
    let args: Vec<&str> = args.split(' ').collect();
    run(dir, &[&["merge"][..], &args].concat())
}

/// Writes `name@microseconds:octet` for each frame.
fn told(dir: &Path, file: &str) -> String {
    let frames = read(&dir.join(file));
    let frames = frames.iter().map(|(name, micros, octet)| {
        let micros = micros - 10_000_000;
        format!("{name}@{micros}:{}", char::from(*octet))
    });
    frames.collect::<Vec<_>>().join(" ")
}

#[test]
fn frames_come_in_the_order_of_time_with_the_name_of_their_point() {
    let dir = tempfile::tempdir().unwrap();
    two_taps(dir.path());
    for (args, expected) in [
        (
            "two.pcap one.pcap",
            "one@0:a one@500:b one@600:b one@900:c two@2000:a two@2500:b two@2900:c two@3000:d",
        ),
        (
            "--point edge=one.pcap --point core=two.pcap",
            "edge@0:a edge@500:b edge@600:b edge@900:c core@2000:a core@2500:b core@2900:c core@3000:d",
        ),
        (
            "--point edge=o*.pcap two.pcap --dedup=point",
            "edge@0:a edge@500:b edge@900:c two@2000:a two@2500:b two@2900:c two@3000:d",
        ),
        (
            "one.pcap two.pcap --dedup",
            "one@0:a one@500:b one@900:c two@3000:d",
        ),
        // Nothing passes anything: what came too late stays behind.
        (
            "one.pcap --reorder 0s",
            "one@0:a one@900:c one@500:b one@600:b",
        ),
        (
            "one.pcap two.pcap --since @10.0025 --until @10.0029",
            "two@2500:b two@2900:c",
        ),
    ] {
        let run = merge(dir.path(), &format!("--force -q -o out.pcapng {args}"));
        assert_eq!(run.status, 0, "{args}\n{run}");
        assert_eq!(told(dir.path(), "out.pcapng"), expected, "{args}");
    }
}

/// The first capture has frames at 0, 900, 500 and 600 microseconds, in this order.
#[test]
fn frames_that_stand_behind_later_ones_are_told() {
    let dir = tempfile::tempdir().unwrap();
    two_taps(dir.path());
    for (reorder, expected) in [
        ("0s", Some("2 frames stand behind later ones")),
        // The one at 500 may go to 550 only, where no later one stands.
        ("350us", None),
        ("1s", None),
    ] {
        let run = merge(
            dir.path(),
            &format!("--force -o out.pcapng one.pcap --reorder {reorder}"),
        );
        assert_eq!(run.status, 0, "{run}");
        let told = run.stderr.lines().find(|line| line.contains("behind"));
        assert_eq!(
            told.map(|line| line.contains(expected.unwrap_or("?"))),
            expected.map(|_| true),
            "{reorder}: {run}"
        );
    }
}

#[test]
fn what_is_about_messages_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    two_taps(dir.path());
    for option in ["--agent 7", "--ipfix-ignore ingress"] {
        let run = merge(dir.path(), &format!("-o out.pcapng one.pcap {option}"));
        assert_eq!(run.status, 2, "{run}");
        assert!(run.stderr.contains("is about messages"), "{run}");
    }
}

#[test]
fn a_merged_file_keeps_its_points_when_it_is_merged_again() {
    let dir = tempfile::tempdir().unwrap();
    two_taps(dir.path());
    let once = merge(
        dir.path(),
        "-q -o once.pcapng --point edge=one.pcap two.pcap --dedup=point",
    );
    assert_eq!(once.status, 0, "{once}");
    let twice = merge(dir.path(), "-q -o twice.pcapng once.pcapng");
    assert_eq!(twice.status, 0, "{twice}");
    assert_eq!(
        fs::read(dir.path().join("once.pcapng")).unwrap(),
        fs::read(dir.path().join("twice.pcapng")).unwrap()
    );
}

#[test]
fn the_bytes_depend_neither_on_threads_nor_on_blocks() {
    let dir = tempfile::tempdir().unwrap();
    two_taps(dir.path());
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/captures");
    let mut files = Vec::new();
    for (threads, block) in [("1", "262144"), ("4", "262144"), ("2", "64")] {
        let output = crate::support::program::sipcap()
            .current_dir(dir.path())
            .env("SIPCAP_BLOCK_BYTES", block)
            .args(["merge", "-q", "--dedup", "-o", "-", "-j", threads])
            .args(["one.pcap", "two.pcap"])
            .arg(testdata.join("call.pcap"))
            .arg(testdata.join("mixed.pcapng"))
            .output()
            .unwrap();
        assert!(output.status.success());
        files.push(output.stdout);
    }
    assert!(files[0].len() > 10_000);
    assert!(files.iter().all(|file| *file == files[0]));
}

#[test]
fn tshark_reads_what_was_merged() {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("tshark not found: skipped");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    two_taps(dir.path());
    let run = merge(
        dir.path(),
        "-q -o out.pcapng --point edge=one.pcap --point core=two.pcap --dedup=point",
    );
    assert_eq!(run.status, 0, "{run}");
    let output = Command::new("tshark")
        .args(["-n", "-r"])
        .arg(dir.path().join("out.pcapng"))
        .args(["-T", "fields", "-e", "frame.interface_name"])
        .args(["-e", "frame.time_epoch", "-e", "ip.ttl"])
        .output()
        .unwrap();
    let expected = "edge\t10.000000000\t64\nedge\t10.000500000\t64\nedge\t10.000900000\t64\n\
        core\t10.002000000\t63\ncore\t10.002500000\t63\ncore\t10.002900000\t63\ncore\t10.003000000\t63\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}
