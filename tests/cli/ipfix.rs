//! What session border controllers of Oracle send to a collector: messages with their own addresses, times and directions.

use std::path::Path;

use serde_json::Value;

use super::merge::{Frame, between, write};
use crate::support::program::run;

/// A message as the controller has it: seconds, whether it sent it, between whom, its Call-ID, and its first line.
type Told = (u32, bool, [[u8; 4]; 2], &'static str, &'static str);

const ALICE: [u8; 4] = [10, 0, 0, 5];
const SBC: [u8; 4] = [10, 0, 0, 9];
const BOB: [u8; 4] = [10, 0, 0, 20];

/// A call through the controller, which is a back-to-back user agent.
const CALL: [Told; 10] = [
    (0, false, [ALICE, SBC], "in@a", "INVITE sip:bob@b SIP/2.0"),
    (1, true, [SBC, BOB], "out@s", "INVITE sip:bob@b SIP/2.0"),
    (2, false, [BOB, SBC], "out@s", "SIP/2.0 200 OK"),
    (3, true, [SBC, ALICE], "in@a", "SIP/2.0 200 OK"),
    (4, false, [ALICE, SBC], "in@a", "ACK sip:bob@b SIP/2.0"),
    (5, true, [SBC, BOB], "out@s", "ACK sip:bob@b SIP/2.0"),
    (60, false, [ALICE, SBC], "in@a", "BYE sip:bob@b SIP/2.0"),
    (61, true, [SBC, BOB], "out@s", "BYE sip:bob@b SIP/2.0"),
    (62, false, [BOB, SBC], "out@s", "SIP/2.0 200 OK"),
    (63, true, [SBC, ALICE], "in@a", "SIP/2.0 200 OK"),
];

fn sip(told: &Told) -> String {
    let (seconds, _, _, call_id, first) = told;
    let method = match first.split(' ').next().unwrap() {
        "SIP/2.0" if *seconds < 60 => "INVITE",
        "SIP/2.0" => "BYE",
        method => method,
    };
    let number = if *seconds < 60 { 1 } else { 2 };
    let tag = if *seconds < 2 { "" } else { ";tag=b" };
    format!(
        "{first}\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK{call_id}{method}\r\nFrom: <sip:alice@a>;tag=a\r\n\
         To: <sip:bob@b>{tag}\r\nCall-ID: {call_id}\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Returns an IPFIX message with one set.
fn message(set: u16, data: &[u8]) -> Vec<u8> {
    let mut message = vec![0, 10];
    message.extend((20 + data.len() as u16).to_be_bytes());
    message.extend([0; 12]);
    message.extend(set.to_be_bytes());
    message.extend((4 + data.len() as u16).to_be_bytes());
    message.extend(data);
    message
}

/// Returns what the controller sends of a message: that which came by UDP with its IP header.
fn told(told: &Told, is_tcp: bool) -> Vec<u8> {
    let (seconds, is_sent, [src, dst], _, _) = told;
    let mut data = (1_700_000_000 + seconds).to_be_bytes().to_vec();
    data.extend([0, 3, 0xd0, 0x90, 0, 1, 0, 100]);
    if is_tcp {
        data.extend([dst, src].into_iter().flatten());
        data.extend([0x13, 0xc4, 0x13, 0xc4, 0, 0, 0, 7]);
    }
    if *is_sent {
        data.push(4);
        data.extend(b"in@a");
    }
    let text = sip(told);
    // Behind 14 octets of Ethernet.
    let packet = between(*src, *dst, 1, 64, &text)[14..].to_vec();
    let content = if is_tcp { text.into_bytes() } else { packet };
    data.push(255);
    data.extend((content.len() as u16).to_be_bytes());
    data.extend(content);
    message(258 + u16::from(*is_sent) + 2 * u16::from(is_tcp), &data)
}

/// Writes a capture of the connection, cut into segments of so many octets, from the octet `from` on.
fn capture(dir: &Path, is_tcp: bool, segment: usize, from: usize) {
    let mut stream = message(
        256,
        &[
            0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 30, 0, 0, 0, 1, 1, 1, 8, 4, 0, 0,
        ],
    );
    // A keep-alive whose set has no octets.
    stream.extend([0, 10, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for one in &CALL {
        stream.extend(told(one, is_tcp));
    }
    let mut frames: Vec<Frame> = Vec::new();
    for (number, octets) in stream[from..].chunks(segment).enumerate() {
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
        frame.extend((40 + octets.len() as u16).to_be_bytes());
        frame.extend((number as u16 + 1).to_be_bytes());
        frame.extend([0, 0, 64, 6, 0, 0, 192, 0, 2, 9, 192, 0, 2, 50]);
        frame.extend([0xc0, 0, 0x12, 0x83]);
        frame.extend((1 + (number * segment) as u32).to_be_bytes());
        frame.extend([0, 0, 0, 1, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
        frame.extend(octets);
        frames.push((1_700_000_100, number as u32, frame));
    }
    write(dir, "ipfix.pcap", &frames);
}

fn rows(dir: &Path, args: &str) -> Vec<Value> {
    let args: Vec<&str> = args.split(' ').collect();
    let run = run(dir, &args);
    assert_eq!(run.status, 0, "{args:?}\n{run}");
    let lines = std::str::from_utf8(&run.stdout).unwrap().lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn messages_are_those_that_the_controller_saw() {
    let dir = tempfile::tempdir().unwrap();
    for is_tcp in [false, true] {
        for segment in [1_400, 100, 7, 1] {
            capture(dir.path(), is_tcp, segment, 0);
            let rows = rows(dir.path(), "messages --format json ipfix.pcap");
            assert_eq!(rows.len(), CALL.len(), "{is_tcp} {segment}");
            for (row, told) in rows.iter().zip(&CALL) {
                let (seconds, is_sent, [src, dst], call_id, _) = told;
                let (minute, second) = (13 + (20 + seconds) / 60, (20 + seconds) % 60);
                assert_eq!(
                    row["ts"],
                    format!("2023-11-14T22:{minute}:{second:02}.250000000Z")
                );
                let address = |ip: &[u8; 4]| std::net::Ipv4Addr::from(*ip).to_string();
                assert_eq!(row["src"], address(src));
                assert_eq!(row["dst"], address(dst));
                assert_eq!(row["transport"], if is_tcp { "tcp" } else { "udp" });
                assert_eq!(row["call_id"], *call_id);
                assert_eq!(row["size_bytes"], sip(told).len());
                assert_eq!(row["encapsulation"], "ipfix");
                let agent = if *is_sent {
                    "ipfix-egress"
                } else {
                    "ipfix-ingress"
                };
                assert_eq!(row["agent"], agent);
                assert_eq!(row["agent_ip"], "192.0.2.9");
                let incoming = if *is_sent {
                    Value::from("in@a")
                } else {
                    Value::Null
                };
                assert_eq!(row["correlation_id"], incoming);
            }
        }
    }
}

#[test]
fn one_direction_can_be_left_out_and_calls_are_followed() {
    let dir = tempfile::tempdir().unwrap();
    capture(dir.path(), false, 1_400, 0);
    for (ignored, agent) in [("ingress", "ipfix-egress"), ("egress", "ipfix-ingress")] {
        let args = format!("messages --format json --ipfix-ignore {ignored} ipfix.pcap");
        let rows = rows(dir.path(), &args);
        assert_eq!(rows.len(), CALL.len() / 2);
        assert!(rows.iter().all(|row| row["agent"] == agent));
    }
    let calls = rows(dir.path(), "calls --format json ipfix.pcap");
    let told: Vec<_> = calls
        .iter()
        .map(|call| {
            (
                call["call_id"].clone(),
                call["outcome"].clone(),
                call["talk_ms"].clone(),
            )
        })
        .collect();
    let expected = [("in@a", 57_000), ("out@s", 59_000)]
        .map(|(call_id, talk)| (call_id.into(), "answered".into(), talk.into()));
    assert_eq!(told, expected);
}

#[test]
fn a_capture_that_begins_in_the_middle_finds_the_next_message() {
    let dir = tempfile::tempdir().unwrap();
    let first = told(&CALL[0], false).len();
    // The connection, the keep-alive and half of the first message are missing; the second one begins a segment.
    let connect = 42 + 20;
    let from = connect + first / 2;
    capture(dir.path(), false, first - first / 2, from);
    let rows = rows(dir.path(), "messages --format json ipfix.pcap");
    assert_eq!(rows.len(), CALL.len() - 1);
}
