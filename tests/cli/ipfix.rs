//! What session border controllers of Oracle send to a collector: messages with their own addresses, times and directions.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::{
    ipfix::{self, CALL, call, connect, keep_alive, message, sip, told},
    program::run,
};

/// Writes a capture of a connection: a request to connect, a keep-alive, and the call; from the octet `from` on.
fn capture(dir: &Path, is_tcp: bool, segment: usize, from: usize) {
    let stream = [connect(""), keep_alive(), call(is_tcp, "in@a")].concat();
    write(dir, &stream[from..], segment);
}

fn write(dir: &Path, stream: &[u8], segment: usize) {
    fs::write(dir.join("ipfix.pcap"), ipfix::capture(stream, segment)).unwrap();
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
    let expected = [("in@a", 55_000), ("out@s", 57_000)]
        .map(|(call_id, talk)| (call_id.into(), "answered".into(), talk.into()));
    assert_eq!(told, expected);
}

#[test]
fn a_capture_that_begins_in_the_middle_finds_the_next_message() {
    let dir = tempfile::tempdir().unwrap();
    let first = message(&[told(&CALL[0], false, "")]).len();
    // The connection, the keep-alive and half of the first message are missing; the second one begins a segment.
    let connect = 42 + 20;
    let from = connect + first / 2;
    capture(dir.path(), false, first - first / 2, from);
    let rows = rows(dir.path(), "messages --format json ipfix.pcap");
    assert_eq!(rows.len(), CALL.len() - 1);
}

#[test]
fn legs_are_joined_by_the_call_id_that_the_controller_tells() {
    let dir = tempfile::tempdir().unwrap();
    for (incoming, is_joined) in [("in@a", true), ("", false), ("else@a", false)] {
        write(dir.path(), &call(false, incoming), 1_400);
        for level in ["explicit", "heuristic"] {
            let args = format!("calls --legs --correlate {level} --format json ipfix.pcap");
            let rows = rows(dir.path(), &args);
            let told: Vec<_> = rows
                .iter()
                .map(|row| {
                    let has = |name: &Value| *name == "correlation-id";
                    let linked_by = row["linked_by"].as_array().unwrap();
                    (row["call"].clone(), linked_by.iter().any(has))
                })
                .collect();
            let second = if is_joined { 1 } else { 2 };
            let expected = [(1.into(), false), (second.into(), is_joined)];
            assert_eq!(told, expected, "{incoming} {level}");
        }
    }
    // All that takes calls together does so: one ladder with both legs, and one file.
    write(dir.path(), &call(false, "in@a"), 1_400);
    let ladder = [
        "ladder",
        "--legs",
        "--call-id",
        "in@a",
        "--format",
        "text",
        "ipfix.pcap",
    ];
    let ladder = run(dir.path(), &ladder);
    let text = String::from_utf8_lossy(&ladder.stdout).into_owned();
    assert_eq!(text.matches("INVITE").count(), 2, "{ladder}");
    let split = run(
        dir.path(),
        &["split", "--by", "call", "-o", "out", "ipfix.pcap"],
    );
    let files = fs::read_dir(dir.path().join("out")).unwrap().count();
    assert_eq!(files, 1, "{split}");
}
