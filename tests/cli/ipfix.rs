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
    fs::write(dir.join("ipfix.pcap"), ipfix::capture(stream, segment, &[])).unwrap();
}

fn rows(dir: &Path, args: &str) -> Vec<Value> {
    super::rows(&super::sipcap(dir, args))
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

#[test]
fn reports_of_quality_are_of_the_call_and_join_its_legs() {
    let dir = tempfile::tempdir().unwrap();
    let stream = [call(false, ""), message(&[ipfix::quality()])].concat();
    write(dir.path(), &stream, 1_400);
    let events = rows(dir.path(), "events --events quality ipfix.pcap");
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let fields = ["ts", "call_id", "reason"].map(|name| event[name].as_str().unwrap());
            fields.map(str::to_owned)
        })
        .collect();
    let at = "2023-11-14T22:14:21.500000000Z";
    assert_eq!(
        told,
        [
            [
                at,
                "in@a",
                "quality report of the incoming leg: realm access, RTP packets 3000, RTP octets 480000, RTP lost 3, \
                 RTP jitter 2, RTP max jitter 9, RTCP packets 12, RTCP octets 1000, RTCP lost 0, RTCP jitter 1, \
                 RTCP max jitter 4, latency 20, max latency 31, R 93.20, MOS 4.31, \
                 received 10.0.0.5:4000 > 10.0.0.9:5000, sent 10.0.0.9:5000 > 10.0.0.5:4000"
            ],
            [
                at,
                "out@s",
                "quality report of the outgoing leg: realm core, RTP packets 2999, \
                 received 10.0.0.20:6000 > 10.0.0.9:5002, sent 10.0.0.9:5002 > 10.0.0.20:6000"
            ],
        ]
    );
    let calls = rows(dir.path(), "calls --legs --format json ipfix.pcap");
    let linked: Vec<_> = calls
        .iter()
        .map(|row| (&row["call"], &row["linked_by"][0]))
        .collect();
    assert_eq!(
        linked,
        [
            (&Value::from(1), &Value::Null),
            (&Value::from(1), &Value::from("correlation-id"))
        ]
    );
    let args = [
        "ladder",
        "--call-id",
        "in@a",
        "--format",
        "text",
        "ipfix.pcap",
    ];
    let ladder = run(dir.path(), &args);
    let text = String::from_utf8_lossy(&ladder.stdout).into_owned();
    assert!(
        text.contains("QOS") && text.contains("of the incoming leg"),
        "{ladder}"
    );
    assert!(!text.contains("outgoing"), "{ladder}");
    run(
        dir.path(),
        &["split", "--by", "call", "-o", "out", "ipfix.pcap"],
    );
    assert_eq!(fs::read_dir(dir.path().join("out")).unwrap().count(), 1);
}

#[test]
fn what_is_damaged_is_counted_and_leaves_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let sip = |index: usize| told(&CALL[index], false, "in@a");
    let cut = |mut set: Vec<u8>, at: usize, octet: u8| {
        set[at] = octet;
        set
    };
    let tcp = told(&CALL[2], true, "");
    let stream = [
        connect("sbc1.example"),
        keep_alive(),
        // A Call-ID that reaches over the end of its set, between two good ones.
        message(&[sip(0), cut(sip(1), 16, 254), sip(1)]),
        // An IP packet of another protocol, a payload that is too long, a time that cannot be, no SIP.
        message(&[
            cut(sip(0), 28, 47),
            cut(tcp.clone(), 33, 255),
            cut(tcp.clone(), 8, 1),
            sip(2),
        ]),
        message(&[
            cut(tcp, 35, b'~'),
            vec![3, 231, 0, 4],
            vec![0, 2, 0, 4],
            vec![0, 3, 0, 4],
        ]),
        // The first set of a message is of a kind that nobody knows, or says that it is longer than the message.
        message(&[vec![3, 231, 0, 4], sip(3)]),
        message(&[cut(sip(4), 2, 255)]),
        // Something else, behind which the connection goes on; a request of which nothing is left.
        b"\0\x0a\0\x04nonsense".to_vec(),
        message(&[sip(5)]),
        message(&[
            ipfix::set(256, &[0, 1]),
            ipfix::set(268, &[0; 100]),
            ipfix::set(264, &[]),
        ]),
        message(&[ipfix::set(258, &[&sip(6)[4..], &[0; 3]].concat())]),
    ]
    .concat();
    for segment in [1_400, 100, 7, 1] {
        write(dir.path(), &stream, segment);
        let rows = rows(dir.path(), "info --format json ipfix.pcap");
        let of = |kind: &str| -> Vec<(String, u64)> {
            let of_kind = rows.iter().filter(|row| row["type"] == kind);
            let pair = |row: &Value| {
                let name = row["name"].as_str().unwrap().to_owned();
                (name, row["count"].as_u64().unwrap())
            };
            of_kind.map(pair).collect()
        };
        let expected = |pairs: &[(&str, u64)]| -> Vec<(String, u64)> {
            pairs
                .iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect()
        };
        assert_eq!(
            of("ipfix-defect"),
            expected(&[
                ("bad-length", 1),
                ("bad-set-length", 1),
                ("bad-connect", 1),
                ("bad-time", 1),
                ("bad-call-id", 1),
                ("bad-payload", 1),
                ("bad-packet", 1),
                ("not-sip", 1),
                ("bad-quality", 1),
                ("padded", 1),
            ]),
            "{segment}"
        );
        assert_eq!(
            of("ipfix-set"),
            expected(&[
                ("keep-alive", 1),
                ("connect", 2),
                ("sip-udp-ingress", 5),
                ("sip-udp-egress", 4),
                ("sip-tcp-ingress", 3),
                ("quality", 1),
                ("lookup", 1),
                ("template", 1),
                ("options-template", 1),
                ("unknown", 2),
            ]),
            "{segment}"
        );
        let controllers: Vec<_> = rows
            .iter()
            .filter(|row| row["type"] == "controller")
            .collect();
        assert_eq!(controllers.len(), 1);
        for (field, value) in [
            ("name", Value::from("sbc1.example")),
            ("ip", "192.0.2.9".into()),
            ("version", "1.2".into()),
            ("keep_alive_s", 30.into()),
            ("messages", 10.into()),
            ("sets", 21.into()),
            ("max_sets", 4.into()),
            ("sip", 12.into()),
            ("connects", 2.into()),
            ("keep_alives", 1.into()),
        ] {
            assert_eq!(controllers[0][field], value, "{field} {segment}");
        }
    }
    // Eight of the messages are whole.
    assert_eq!(
        rows(dir.path(), "messages --format json ipfix.pcap").len(),
        8
    );
}

#[test]
fn behind_a_gap_the_next_message_is_found_wherever_it_begins() {
    let dir = tempfile::tempdir().unwrap();
    // The octets at which the messages begin and end, by their lengths.
    let messages: Vec<_> = CALL
        .iter()
        .map(|one| message(&[told(one, false, "in@a")]))
        .collect();
    let ends: Vec<usize> = messages
        .iter()
        .scan(0, |end, message| {
            *end += message.len();
            Some(*end)
        })
        .collect();
    // In the first case that is the beginning of the connection.
    for segment in [700, 300, 101, 13] {
        // Some octets in the middle of the third message are lost, with the whole segment.
        let lost = (ends[1] + 50) / segment;
        let gap = lost * segment..(lost + 1) * segment;
        let expected = messages.iter().zip(&ends).filter(|(message, end)| {
            let start = **end - message.len();
            **end <= gap.start || start >= gap.end
        });
        let capture = ipfix::capture(&messages.concat(), segment, &[lost]);
        fs::write(dir.path().join("ipfix.pcap"), capture).unwrap();
        let found = rows(dir.path(), "messages --format json ipfix.pcap").len();
        assert_eq!(found, expected.count(), "{segment}");
    }
}
