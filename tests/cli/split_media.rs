//! `sipcap split`: the media of calls, by what their messages announce, and the frames that are of no call.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use tempfile::TempDir;

use super::split::{Stored, pcap};
use crate::support::{
    container::{Container, Frame},
    encapsulation::{Link, Tunnel},
    ip,
    program::{Run, run},
};

pub(super) const START_NS: i64 = 1_767_225_600_000_000_000;

pub(super) const ALICE: &str = "192.0.2.1:5060";
pub(super) const BOB: &str = "192.0.2.2:5060";

/// Packets with their times, as they are captured.
#[derive(Default)]
pub(super) struct Scene {
    pub(super) frames: Vec<Frame>,
    tunnel: Option<Tunnel>,
}

impl Scene {
    /// A datagram at so many milliseconds; returns its number in the capture, from 0 on.
    pub(super) fn packet(&mut self, millis: i64, src: &str, dst: &str, payload: &[u8]) -> usize {
        let [src, dst]: [SocketAddr; 2] = [src, dst].map(|address| address.parse().unwrap());
        let id = self.frames.len() as u16;
        let packet = ip::udp(src, dst, id, payload);
        let wrapped = match self.tunnel {
            Some(tunnel) => tunnel.wrap(&packet, id),
            None => vec![packet],
        };
        for packet in wrapped {
            self.frames.push(Frame {
                ts_ns: START_NS + millis * 1_000_000,
                link: Link::Ethernet.number(),
                bytes: Link::Ethernet.frame(&packet),
            });
        }
        self.frames.len() - 1
    }

    /// A message of a call; one with a port announces media at the address of its sender.
    pub(super) fn message(
        &mut self,
        millis: i64,
        call_id: &str,
        start: &str,
        port: Option<u16>,
    ) -> usize {
        let is_response = start.starts_with("SIP");
        let (src, dst) = if is_response {
            (BOB, ALICE)
        } else {
            (ALICE, BOB)
        };
        let method = if is_response {
            "INVITE"
        } else {
            start.split(' ').next().unwrap()
        };
        let ip = src.split(':').next().unwrap();
        let body = port.map_or(String::new(), |port| {
            format!(
                "v=0\r\no=- {call_id}{ip} 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
            )
        });
        let to_tag = if start.starts_with("INVITE") {
            ""
        } else {
            ";tag=b"
        };
        let text = format!(
            "{start}\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{call_id}{method}\r\nMax-Forwards: 70\r\n\
            From: <sip:alice@example.com>;tag=a\r\nTo: <sip:bob@example.com>{to_tag}\r\nCall-ID: {call_id}\r\nCSeq: 1 {method}\r\n\
            Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.packet(millis, src, dst, text.as_bytes())
    }

    fn rtp(&mut self, millis: i64, src: &str, dst: &str) -> usize {
        self.packet(millis, src, dst, &[&RTP[..], &[7; 160]].concat())
    }

    /// Writes the capture to a directory.
    pub(super) fn write(&self, dir: &Path, name: &str) {
        let capture = Container::PcapMicros.encode(&self.frames);
        std::fs::write(dir.join(name), capture).unwrap();
    }

    /// Writes the capture, runs the command in its directory and returns that.
    fn split(&self, args: &str) -> (TempDir, Run) {
        let dir = tempfile::tempdir().unwrap();
        self.write(dir.path(), "in.pcap");
        let args = format!("split -q -o out {args} in.pcap");
        let run = run(
            dir.path(),
            &args
                .split(' ')
                .filter(|arg| !arg.is_empty())
                .collect::<Vec<_>>(),
        );
        (dir, run)
    }

    /// Returns which frames a file has, by their numbers.
    pub(super) fn numbers(&self, path: &Path) -> Vec<usize> {
        let number = |(ts, bytes): &Stored| {
            let mut frames = self.frames.iter();
            let place = frames.position(|frame| frame.ts_ns == *ts && frame.bytes == *bytes);
            place.expect("a frame of the capture, as it was")
        };
        pcap(&std::fs::read(path).unwrap())
            .iter()
            .map(number)
            .collect()
    }

    /// Returns the frames of each file that is printed.
    fn files(&self, dir: &TempDir, run: &Run) -> BTreeMap<String, Vec<usize>> {
        assert_eq!((run.status, run.stderr.as_str()), (0, ""));
        let text = String::from_utf8(run.stdout.clone()).unwrap();
        let name = |path: &str| path.trim_start_matches("out/").to_owned();
        text.lines()
            .map(|path| (name(path), self.numbers(&dir.path().join(path))))
            .collect()
    }
}

const RTP: [u8; 12] = [0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4];
const RTCP: [u8; 8] = [0x80, 201, 0, 1, 1, 2, 3, 4];

pub(super) const INVITE: &str = "INVITE sip:bob@example.com SIP/2.0";
const OK: &str = "SIP/2.0 200 OK";
const ACK: &str = "ACK sip:bob@example.com SIP/2.0";
const BYE: &str = "BYE sip:bob@example.com SIP/2.0";

/// Two calls, the second at the addresses of the first, with media, and packets of nobody.
fn two_calls() -> (Scene, [Vec<usize>; 3]) {
    let mut scene = Scene::default();
    let mut one = vec![scene.message(0, "one", INVITE, Some(4000))];
    // Early media, and the caller's before the answer that tells where to.
    one.push(scene.rtp(50, "192.0.2.2:6000", "192.0.2.1:4000"));
    one.push(scene.rtp(60, "192.0.2.1:4444", "192.0.2.2:6000"));
    let mut none = vec![scene.rtp(70, "192.0.2.8:6000", "192.0.2.9:4000")];
    one.push(scene.message(100, "one", OK, Some(6000)));
    one.push(scene.message(110, "one", ACK, None));
    one.push(scene.rtp(120, "192.0.2.1:4000", "192.0.2.2:6000"));
    one.push(scene.packet(130, "192.0.2.1:4001", "192.0.2.2:6001", &RTCP));
    one.push(scene.packet(
        140,
        "192.0.2.1:4000",
        "192.0.2.2:6000",
        b"no RTP, but there",
    ));
    one.push(scene.message(1000, "one", BYE, None));
    one.push(scene.rtp(1010, "192.0.2.2:6000", "192.0.2.1:4000"));
    let mut two = vec![scene.message(2000, "two", INVITE, Some(4000))];
    two.push(scene.message(2100, "two", OK, Some(6000)));
    two.push(scene.rtp(2200, "192.0.2.2:6000", "192.0.2.1:4000"));
    none.push(scene.packet(2300, "192.0.2.7:53", "192.0.2.1:9999", &[1; 40]));
    (scene, [one, two, none])
}

fn named(names: [&str; 2], [one, two]: [Vec<usize>; 2]) -> BTreeMap<String, Vec<usize>> {
    names
        .map(str::to_owned)
        .into_iter()
        .zip([one, two])
        .collect()
}

#[test]
fn media_go_with_their_call() {
    let (scene, [one, two, none]) = two_calls();
    let (dir, run) = scene.split("--rest rest.pcap --manifest files.csv");
    let names = ["callid_one.pcap", "callid_two.pcap"];
    assert_eq!(scene.files(&dir, &run), named(names, [one, two]));
    assert_eq!(scene.numbers(&dir.path().join("rest.pcap")), none);
    let manifest = std::fs::read_to_string(dir.path().join("files.csv")).unwrap();
    let cells: Vec<Vec<&str>> = manifest
        .lines()
        .map(|line| line.split(',').collect())
        .collect();
    let column = |name: &str| cells[0].iter().position(|cell| *cell == name).unwrap();
    let of = |name: &str| [cells[1][column(name)], cells[2][column(name)]];
    assert_eq!(of("call_id"), ["one", "two"]);
    assert_eq!(of("media"), ["6", "1"]);
    assert_eq!(of("messages"), ["4", "2"]);
    assert_eq!(of("frames"), ["10", "3"]);
    assert_eq!(of("outcome"), ["answered", "answered"]);
    let sizes = names.map(|name| {
        std::fs::metadata(dir.path().join("out").join(name))
            .unwrap()
            .len()
    });
    assert_eq!(
        of("bytes"),
        sizes
            .map(|size| size.to_string())
            .each_ref()
            .map(String::as_str)
    );
}

#[test]
fn media_can_be_left_out() {
    let (scene, _) = two_calls();
    for (media, expected) in [("none", 6), ("rtcp", 7), ("rtp", 13)] {
        let (dir, run) = scene.split(&format!("--media {media}"));
        let frames: usize = scene.files(&dir, &run).values().map(Vec::len).sum();
        assert_eq!(frames, expected, "{media}");
    }
}

#[test]
fn the_same_comes_from_a_pipe() {
    let (scene, [one, two, none]) = two_calls();
    let dir = tempfile::tempdir().unwrap();
    let args = ["split", "-q", "-o", "out", "--rest", "rest.pcap", "-"];
    let capture = Container::PcapMicros.encode(&scene.frames);
    let run = crate::support::program::run_with_input(dir.path(), &args, &capture);
    let names = ["callid_one.pcap", "callid_two.pcap"];
    assert_eq!(scene.files(&dir, &run), named(names, [one, two]));
    assert_eq!(scene.numbers(&dir.path().join("rest.pcap")), none);
}

#[test]
fn media_in_tunnels_stay_there_or_come_out() {
    let mut scene = Scene {
        tunnel: Some(Tunnel::Vxlan),
        ..Scene::default()
    };
    scene.message(0, "x", INVITE, Some(4000));
    scene.rtp(10, "192.0.2.2:6000", "192.0.2.1:4000");
    let (dir, run) = scene.split("");
    assert_eq!(scene.files(&dir, &run)["callid_x.pcap"], [0, 1]);
    let (dir, run) = scene.split("--strip-tunnels");
    assert_eq!(run.status, 0, "{run}");
    let file = std::fs::read(dir.path().join("out/callid_x.pcap")).unwrap();
    // Raw IP, and the packets that were put into the tunnel.
    assert_eq!(file[20..24], 101_u32.to_le_bytes());
    let inner: Vec<Vec<u8>> = pcap(&file).into_iter().map(|(_, bytes)| bytes).collect();
    let rtp = [&RTP[..], &[7; 160]].concat();
    let expected = ip::udp(
        "192.0.2.2:6000".parse().unwrap(),
        "192.0.2.1:4000".parse().unwrap(),
        1,
        &rtp,
    );
    assert_eq!((inner.len(), &inner[1]), (2, &expected));
}

#[test]
fn calls_of_one_call_id_are_told_apart_when_asked() {
    let mut scene = Scene::default();
    let one = vec![
        scene.message(0, "same", INVITE, Some(4000)),
        scene.message(10, "same", OK, Some(6000)),
        scene.message(20, "same", ACK, None),
        scene.rtp(30, "192.0.2.2:6000", "192.0.2.1:4000"),
        scene.message(40, "same", BYE, None),
        scene.message(50, "same", "SIP/2.0 200 OK", None),
    ];
    // Ten minutes later, when nothing of the first one can come any more.
    let two = vec![
        scene.message(600_000, "same", INVITE, Some(4000)),
        scene.message(600_010, "same", OK, Some(6000)),
        scene.rtp(600_030, "192.0.2.2:6000", "192.0.2.1:4000"),
    ];
    let (dir, run) = scene.split("--by dialog --name {call_id}-{episode}");
    assert_eq!(
        scene.files(&dir, &run),
        named(["same-1.pcap", "same-2.pcap"], [one, two])
    );
    let (dir, run) = scene.split("");
    assert_eq!(scene.files(&dir, &run)["callid_same.pcap"].len(), 9);
}

#[test]
fn messages_that_cannot_be_worked_with_are_collected() {
    let mut scene = Scene::default();
    scene.message(0, "good", INVITE, None);
    let text = b"OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCSeq: 1 OPTIONS\r\n\r\n";
    let bad = scene.packet(10, ALICE, BOB, text);
    let (dir, run) = scene.split("--errors errors.pcap");
    assert_eq!(run.status, 0, "{run}");
    assert_eq!(scene.numbers(&dir.path().join("errors.pcap")), [bad]);
    // They are where they would be without that.
    assert_eq!(
        String::from_utf8_lossy(&run.stdout),
        "out/callid_good.pcap\nout/callid_no-call-id.pcap\n"
    );
    let (again, _) = scene.split("--rest rest.pcap");
    let out = |dir: &TempDir| contents(&dir.path().join("out"));
    assert_eq!(out(&dir), out(&again));
}

#[test]
fn pcapng_tells_of_the_call() {
    let (scene, _) = two_calls();
    let (dir, run) = scene.split("--format pcapng --call-id one");
    assert_eq!(run.status, 0, "{run}");
    let file = std::fs::read(dir.path().join("out/callid_one.pcapng")).unwrap();
    let comment = b"Call-ID: one; outcome: answered (200 OK); from sip:alice@example.com to sip:bob@example.com";
    assert!(file.windows(comment.len()).any(|window| window == comment));
}

#[test]
fn nothing_half_is_left_when_the_disk_is_not_there() {
    let (scene, _) = two_calls();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("in.pcap"),
        Container::PcapMicros.encode(&scene.frames),
    )
    .unwrap();
    std::fs::create_dir(dir.path().join("out")).unwrap();
    std::fs::write(dir.path().join("out/file"), "").unwrap();
    for args in [
        &["split", "-o", "out", "in.pcap"][..],
        &["split", "-o", "out/file", "in.pcap"],
        &["split", "-o", "out/file/x", "in.pcap"],
        &["split", "-o", "/proc/x", "in.pcap"],
        &["split", "-o", "new", "--manifest", "none/x.csv", "in.pcap"],
    ] {
        let run = run(dir.path(), args);
        assert_eq!(run.status, 2, "{args:?}: {run}");
        assert_eq!(run.stderr.lines().count(), 1, "{args:?}: {run}");
    }
    assert_eq!(
        std::fs::read_dir(dir.path().join("out")).unwrap().count(),
        1
    );
    assert!(!dir.path().join("new").exists());
}

#[test]
fn copies_of_packets_stay_with_their_call_and_count_once() {
    let (mut scene, _) = two_calls();
    // A tap that sees everything twice.
    let later = |frame: &Frame, nanos: i64| Frame {
        ts_ns: frame.ts_ns + nanos,
        link: frame.link,
        bytes: frame.bytes.clone(),
    };
    let frames = scene.frames.iter();
    scene.frames = frames
        .flat_map(|frame| [later(frame, 0), later(frame, 1000)])
        .collect();
    for by in ["call-id", "dialog"] {
        let (dir, run) = scene.split(&format!(
            "--by {by} --rest rest.pcap --manifest files.jsonl"
        ));
        let frames: Vec<usize> = scene.files(&dir, &run).values().map(Vec::len).collect();
        assert_eq!(frames, [20, 6], "{by}");
        assert_eq!(scene.numbers(&dir.path().join("rest.pcap")).len(), 4);
        let manifest = std::fs::read_to_string(dir.path().join("files.jsonl")).unwrap();
        let counts = manifest.lines().map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            ["messages", "media", "frames"].map(|name| row[name].as_u64().unwrap())
        });
        assert_eq!(counts.collect::<Vec<_>>(), [[4, 6, 20], [2, 1, 6]], "{by}");
    }
}

/// Returns the octets of all files in a directory, by their names.
pub(super) fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn threads_and_blocks_change_nothing() {
    let dir = super::playground();
    let (scene, _) = two_calls();
    std::fs::write(
        dir.path().join("media.pcap"),
        Container::PcapMicros.encode(&scene.frames),
    )
    .unwrap();
    for source in ["media.pcap", "mixed.pcapng", "legs.pcap"] {
        let mut all = Vec::new();
        for (threads, block) in [("1", "262144"), ("2", "64"), ("3", "1000")] {
            let out = format!("{source}-{threads}");
            let manifest = format!("{out}.csv");
            let args = [
                "split",
                "-q",
                "-j",
                threads,
                "--block-bytes",
                block,
                "--by",
                "call",
                "--manifest",
                &manifest,
                "-o",
                &out,
            ];
            let run = run(dir.path(), &[&args[..], &[source]].concat());
            assert_eq!(run.status, 0, "{run}");
            let manifest = std::fs::read_to_string(dir.path().join(manifest)).unwrap();
            all.push((contents(&dir.path().join(&out)), manifest.replace(&out, "")));
        }
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{source}");
    }
}

#[test]
fn legs_of_a_call_go_to_one_file() {
    use crate::support::{matrix::Variant, scenario::Scenario};
    let dir = tempfile::tempdir().unwrap();
    let scenario = Scenario::named("call-legs-session-id");
    let capture = Variant::PLAIN.capture(&scenario);
    std::fs::write(dir.path().join("in.pcap"), Variant::PLAIN.encode(&capture)).unwrap();
    let count = |by: &str| {
        let out = format!("out-{by}");
        let run = run(
            dir.path(),
            &["split", "-q", "--by", by, "-o", &out, "in.pcap"],
        );
        assert_eq!(run.status, 0, "{run}");
        contents(&dir.path().join(out)).len()
    };
    let legs = run(
        dir.path(),
        &["calls", "--legs", "--format", "csv", "in.pcap"],
    );
    let legs = String::from_utf8(legs.stdout).unwrap().lines().count() - 1;
    assert_eq!(count("dialog"), legs);
    assert!(count("call") < legs, "{legs} legs");
}
