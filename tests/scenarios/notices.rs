//! What is no message and told nevertheless: probes, gaps, searches and lost fragments. It does not depend on how it is read.

use std::net::SocketAddr;

use crate::support::{
    container::{Container, Frame},
    ip::{self, Segment},
    program::{Run, finish, run, sipcap},
};

/// Raw IP.
const LINK: u16 = 101;

/// 2026-01-15T10:00:00Z.
const START_NS: i64 = 1_768_471_200_000_000_000;

/// A capture in the making: a frame each second.
#[derive(Default)]
struct Tape {
    frames: Vec<Frame>,
}

impl Tape {
    fn add(&mut self, packet: Vec<u8>) {
        let number = self.frames.len() as i64;
        self.frames.push(Frame {
            ts_ns: START_NS + number * 1_000_000_000,
            link: LINK,
            bytes: packet,
        });
    }

    fn udp(&mut self, src: &str, dst: &str, payload: &[u8]) {
        let id = self.frames.len() as u16;
        self.add(ip::udp(at(src), at(dst), id, payload));
    }

    fn tcp(&mut self, seq: u32, payload: &[u8]) {
        let segment = Segment {
            seq,
            ack: 1,
            flags: ip::ACK | ip::PSH,
        };
        let id = self.frames.len() as u16;
        let (src, dst) = (at("10.0.0.1:40000"), at("10.0.0.2:5060"));
        self.add(ip::tcp(src, dst, id, segment, payload));
    }

    /// Returns the events told of it, by type, frame, sender, receiver and what is said; the same however it is read.
    fn events(&self, more: &[&str]) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let octets = Container::PcapMicros.encode(&self.frames);
        std::fs::write(dir.path().join("tape.pcap"), octets).unwrap();
        let args = [&["events", "tape.pcap", "--not-events", KNOWN], more].concat();
        let plain = run(dir.path(), &args);
        for threads in ["-j1", "-j2", "-j8"] {
            let other = run(dir.path(), &[&args[..], &[threads]].concat());
            assert_eq!(other.to_string(), plain.to_string(), "{threads}");
        }
        for octets in ["64", "1000"] {
            let mut program = sipcap();
            program
                .current_dir(dir.path())
                .env("SIPCAP_BLOCK_BYTES", octets)
                .args(&args);
            let other = finish(&mut program, None);
            assert_eq!(other.to_string(), plain.to_string(), "{octets}");
        }
        told(&plain)
    }
}

/// Kinds that are not looked at here.
const KNOWN: &str =
    "call-start,call-attempt,call-end,call-ringing,other-ok,other-failed,other-timeout";

fn told(run: &Run) -> Vec<String> {
    assert!(run.stderr.is_empty(), "{run}");
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    let event = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        let end = |side: &serde_json::Value| {
            let port = side["port"].as_u64();
            let port = port.map_or_else(|| "-".to_owned(), |port| port.to_string());
            format!("{}:{port}", side["ip"].as_str().unwrap())
        };
        format!(
            "{} {} {} {} {} {}",
            event["type"].as_str().unwrap(),
            event["frame"],
            end(&event["caller"]),
            end(&event["callee"]),
            event["transport"].as_str().unwrap(),
            event["reason"].as_str().unwrap(),
        )
    };
    text.lines().map(event).collect()
}

fn at(endpoint: &str) -> SocketAddr {
    endpoint.parse().unwrap()
}

/// A request with a body of some even length.
fn options(call_id: &str, body: usize) -> Vec<u8> {
    let body = "x\n".repeat(body / 2);
    format!(
        "OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK{call_id}\r\nCall-ID: {call_id}\r\n\
         From: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCSeq: 1 OPTIONS\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

const RTP: [u8; 20] = [
    0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9,
];

#[test]
fn strange_datagrams_are_told_where_sip_is_spoken() {
    let mut tape = Tape::default();
    // Frame 1: not yet known to speak SIP; 2: it speaks.
    tape.udp("10.0.0.9:1000", "10.0.0.2:7000", b"hello");
    tape.udp("10.0.0.1:6000", "10.0.0.2:7000", &options("1", 0));
    tape.udp("10.0.0.9:1000", "10.0.0.2:7000", b"hello");
    tape.udp("10.0.0.2:7000", "10.0.0.9:1000", &[0xff, 1]);
    tape.udp("10.0.0.9:1000", "10.0.0.5:5060", b"\x01\x02\x03");
    tape.udp("10.0.0.9:1000", "10.0.0.5:5061", b"GET / HTTP/1.0\r\n\r\n");
    // Keep-alives and other protocols are none, nor is anything elsewhere.
    for payload in [
        &b""[..],
        b"\0",
        b"\r\n\r\n",
        b"\r\n",
        b"jaK",
        &RTP,
        &[0x80, 200, 0, 1, 1, 2, 3, 4],
        &[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4],
        &[0x16, 0xfe, 0xff, 0],
    ] {
        tape.udp("10.0.0.9:1000", "10.0.0.5:5060", payload);
    }
    tape.udp("10.0.0.9:1000", "10.0.0.5:9999", b"hello");
    assert_eq!(
        tape.events(&[]),
        [
            "msg-probe 3 10.0.0.9:1000 10.0.0.2:7000 udp 5 octets that are no SIP",
            "msg-probe 4 10.0.0.2:7000 10.0.0.9:1000 udp 2 octets that are no SIP",
            "msg-probe 5 10.0.0.9:1000 10.0.0.5:5060 udp 3 octets that are no SIP",
            "msg-probe 6 10.0.0.9:1000 10.0.0.5:5061 udp 18 octets that are no SIP",
        ]
    );
    assert_eq!(
        tape.events(&["--ip", "10.0.0.2", "--port", "1000"]).len(),
        2
    );
}

#[test]
fn a_copy_of_a_strange_datagram_is_told_once() {
    let mut tape = Tape::default();
    for id in [1, 1, 2] {
        tape.add(ip::udp(at("10.0.0.9:1"), at("10.0.0.5:5060"), id, b"hello"));
    }
    for frame in &mut tape.frames {
        frame.ts_ns = START_NS;
    }
    assert_eq!(tape.events(&[]).len(), 2);
    assert_eq!(tape.events(&["--keep-duplicates"]).len(), 3);
}

#[test]
fn gaps_and_searches_are_told() {
    let mut tape = Tape::default();
    let stream = [options("1", 200), options("2", 200), options("3", 200)].concat();
    let len = stream.len() / 3;
    // A hole in the body of the first, and one that takes the start of the second.
    for range in [0..len - 150, len - 50..len, len + 20..3 * len] {
        let seq = 1000 + u32::try_from(range.start).unwrap();
        tape.tcp(seq, &stream[range]);
    }
    assert_eq!(
        tape.events(&[]),
        [
            "gap 2 10.0.0.1:40000 10.0.0.2:5060 tcp 100 octets are missing",
            "gap 3 10.0.0.1:40000 10.0.0.2:5060 tcp 20 octets are missing",
            "tcp-resync 3 10.0.0.1:40000 10.0.0.2:5060 tcp passed over what was before this message",
        ]
    );
    assert_eq!(tape.events(&["--events", "gap"]).len(), 2);
}

#[test]
fn lost_fragments_are_told_of_messages_and_between_who_speaks_sip() {
    let mut tape = Tape::default();
    let fragments = |src: &str, id: u16| {
        let packet = ip::udp(at(src), at("10.0.0.2:7000"), id, &options("1", 2000));
        let mut parts = ip::fragments(&packet, 1000);
        (parts.remove(0), parts.remove(0))
    };
    // Frame 1: by the time it is given up, SIP was spoken. 62: without its beginning. 63: without its end. 64: from
    // somebody else.
    tape.add(fragments("10.0.0.1:6000", 1).1);
    for _ in 0..60 {
        tape.udp("10.0.0.1:6000", "10.0.0.2:7000", &options("2", 0));
    }
    tape.add(fragments("10.0.0.1:6000", 2).1);
    tape.add(fragments("10.0.0.1:6000", 3).0);
    tape.add(fragments("10.0.0.7:6000", 4).1);
    assert_eq!(
        tape.events(&[]),
        [
            "fragment-lost 1 10.0.0.1:- 10.0.0.2:- udp the beginning of the packet is missing",
            "fragment-lost 62 10.0.0.1:- 10.0.0.2:- udp the beginning of the packet is missing",
            "fragment-lost 63 10.0.0.1:6000 10.0.0.2:7000 udp the end of the packet is missing",
        ]
    );
}
