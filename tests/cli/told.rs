//! Legs that have nothing in common but what capture agents tell of them.

use std::{fs, net::SocketAddr, path::Path};

use serde_json::Value;

use crate::support::{
    container::{Container, Frame},
    encapsulation::Link,
    hep::{self, AGENT, COLLECTOR, chunk, packet, place},
    ip,
    ipfix::{CALL, sip},
    program::run,
};

/// Writes a capture of what an agent sends of a call; with its second leg these chunks.
fn capture(dir: &Path, chunks: &[Vec<u8>]) {
    let frame = |told: &_| {
        let (seconds, _, [src, dst], call_id, _) = *told;
        let ts_ns = (1_700_000_000 + i64::from(seconds)) * 1_000_000_000;
        let end = |ip: [u8; 4]| SocketAddr::from((ip, 5060));
        let mut all = place(end(src), end(dst), 17, ts_ns);
        all.push(chunk(11, &[1]));
        if call_id == "out@s" {
            all.extend_from_slice(chunks);
        }
        all.push(chunk(15, sip(told).as_bytes()));
        let [from, to] = [AGENT, COLLECTOR].map(|address| address.parse().unwrap());
        let datagram = ip::udp(from, to, 1, &packet(&all));
        Frame {
            ts_ns,
            link: Link::Ethernet.number(),
            bytes: Link::Ethernet.frame(&datagram),
        }
    };
    let frames: Vec<Frame> = CALL.iter().map(frame).collect();
    fs::write(dir.join("hep.pcap"), Container::PcapMicros.encode(&frames)).unwrap();
}

#[test]
fn legs_are_joined_by_what_agents_tell() {
    let dir = tempfile::tempdir().unwrap();
    for (chunks, is_joined) in [
        // The Call-ID of the other leg: instead of the own one, besides it, or alone.
        (vec![chunk(17, b"in@a")], true),
        (
            vec![chunk(17, b"out@s"), chunk(101, br#"{"sip":"in@a"}"#)],
            true,
        ),
        (vec![chunk(101, br#"{"net":"7","sip":"in@a"}"#)], true),
        // The own one, that of nobody, nothing, JSON that is none.
        (vec![chunk(17, b"out@s")], false),
        (vec![chunk(17, b"else@a")], false),
        (vec![], false),
        (vec![chunk(101, br#"{"sip":"in@a""#)], false),
    ] {
        capture(dir.path(), &chunks);
        let args = ["calls", "--legs", "--format", "json", "hep.pcap"];
        let run = run(dir.path(), &args);
        let linked: Vec<Value> = String::from_utf8_lossy(&run.stdout)
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|row| serde_json::json!([row["call_id"], row["call"], row["linked_by"][0]]))
            .collect();
        let second = match is_joined {
            true => serde_json::json!(["out@s", 1, "correlation-id"]),
            false => serde_json::json!(["out@s", 2, null]),
        };
        let expected = [serde_json::json!(["in@a", 1, null]), second];
        assert_eq!(linked, expected, "{chunks:?}\n{run}");
    }
}

#[test]
fn hep_over_sctp_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let [from, to] = [AGENT, COLLECTOR].map(|address| address.parse().unwrap());
    let mut tsn = 0;
    let mut frames = Vec::new();
    for (index, told) in CALL.iter().enumerate() {
        let (seconds, _, [src, dst], _, _) = *told;
        let ts_ns = (1_700_000_000 + i64::from(seconds)) * 1_000_000_000;
        let end = |ip: [u8; 4]| SocketAddr::from((ip, 5060));
        let sip = sip(told);
        let one = hep::message(end(src), end(dst), ts_ns, sip.as_bytes());
        // A keep-alive in the same user message, and every other message in two chunks.
        let message = [packet(&[chunk(11, &[1])]), one].concat();
        let (first, second) = message.split_at(if index % 2 == 0 { 0 } else { 50 });
        let parts: &[(u8, &[u8])] = &[(2, first), (1, second)];
        let parts = if first.is_empty() {
            &[(3, second)]
        } else {
            parts
        };
        for (flags, part) in parts {
            tsn += 1;
            let packet = ip::sctp(from, to, tsn as u16, tsn, *flags, part);
            frames.push(Frame {
                ts_ns: ts_ns + i64::from(tsn),
                link: Link::Ethernet.number(),
                bytes: Link::Ethernet.frame(&packet),
            });
        }
    }
    fs::write(
        dir.path().join("hep.pcap"),
        Container::PcapMicros.encode(&frames),
    )
    .unwrap();
    let args = ["messages", "--format", "json", "hep.pcap"];
    let run = run(dir.path(), &args);
    let rows: Vec<Value> = String::from_utf8_lossy(&run.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), CALL.len(), "{run}");
    for (row, told) in rows.iter().zip(&CALL) {
        assert_eq!(row["call_id"], told.3);
        assert_eq!(row["src"], std::net::Ipv4Addr::from(told.2[0]).to_string());
        assert_eq!(
            (&row["agent"], &row["transport"]),
            (&"edge".into(), &"udp".into())
        );
    }
}
