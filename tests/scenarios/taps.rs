//! One message seen by two taps at once, plain and in a tunnel.

use std::net::SocketAddr;

use crate::support::{
    container::{Container, Frame},
    encapsulation::{Link, Tunnel},
    ip::{self, ACK, PSH, Segment},
    program::run,
};

const START_NS: i64 = 1_767_225_600_000_000_000;

fn ends() -> (SocketAddr, SocketAddr) {
    (
        "192.0.2.1:40000".parse().unwrap(),
        "192.0.2.2:5060".parse().unwrap(),
    )
}

fn invite(body: usize) -> Vec<u8> {
    let head = "INVITE sip:b@192.0.2.2 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
        From: <sip:a@192.0.2.1>;tag=1\r\nTo: <sip:b@192.0.2.2>\r\nCall-ID: taps\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.1>\r\n";
    format!(
        "{head}Content-Type: text/plain\r\nContent-Length: {body}\r\n\r\n{}",
        "x".repeat(body)
    )
    .into_bytes()
}

/// Returns the rows of a capture with these IP packets, 1 ms from each other.
fn rows(packets: &[Vec<u8>]) -> Vec<String> {
    let frames: Vec<_> = packets
        .iter()
        .zip(0..)
        .map(|(packet, number)| Frame {
            ts_ns: START_NS + number * 1_000_000,
            link: Link::Ethernet.number(),
            bytes: Link::Ethernet.frame(packet),
        })
        .collect();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("taps.pcap"),
        Container::PcapMicros.encode(&frames),
    )
    .unwrap();
    let run = run(dir.path(), &["messages", "--format", "csv", "taps.pcap"]);
    assert_eq!(run.stderr, "");
    let text = String::from_utf8(run.stdout).unwrap();
    text.lines().skip(1).map(ToOwned::to_owned).collect()
}

#[test]
fn a_stream_whose_copies_overtake_each_other_is_whole_once() {
    let (src, dst) = ends();
    let message = invite(2_000);
    let mut packets = Vec::new();
    for (number, part) in message.chunks(500).enumerate() {
        let segment = Segment {
            seq: 1 + 500 * number as u32,
            ack: 1,
            flags: PSH | ACK,
        };
        let plain = ip::tcp(src, dst, number as u16, segment, part);
        let tunnelled = Tunnel::Vxlan.wrap(&plain, number as u16).remove(0);
        // Now one tap is first, now the other one.
        packets.extend(if number % 2 == 0 {
            [plain, tunnelled]
        } else {
            [tunnelled, plain]
        });
    }
    let rows = rows(&packets);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(
        rows[0].contains(&format!(",{},2000,", message.len())) && rows[0].ends_with(','),
        "{rows:?}"
    );
}

#[test]
fn a_datagram_is_the_same_in_a_fragmented_tunnel() {
    let (src, dst) = ends();
    let plain = ip::udp(src, dst, 7, &invite(1_300));
    for order in [false, true] {
        let tunnelled = Tunnel::VxlanFragmented.wrap(&plain, 9);
        assert!(tunnelled.len() > 1);
        let mut packets = vec![plain.clone()];
        packets.extend(tunnelled);
        if order {
            packets.rotate_left(1);
        }
        let rows = rows(&packets);
        assert_eq!(rows.len(), 1, "{rows:?}");
    }
}
