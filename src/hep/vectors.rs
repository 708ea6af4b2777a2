//! Packets worked out by hand from the tables of the specification, and what they tell.

use super::*;
use crate::{net::Transport, time::Timestamp};

/// Returns the octets of a text in hexadecimal digits.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|octet| !octet.is_ascii_whitespace())
        .map(|octet| char::from(octet).to_digit(16).unwrap() as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// A chunk that no vendor owns.
fn chunk(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut chunk = vec![0, 0];
    chunk.extend(kind.to_be_bytes());
    chunk.extend((6 + value.len() as u16).to_be_bytes());
    chunk.extend(value);
    chunk
}

fn packet(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut packet = b"HEP3".to_vec();
    let len = 6 + chunks.iter().map(Vec::len).sum::<usize>();
    packet.extend((len as u16).to_be_bytes());
    packet.extend(chunks.iter().flatten());
    packet
}

fn payload(bytes: &[u8]) -> Option<Vec<u8>> {
    Packet::decode(bytes)
        .unwrap()
        .payload
        .map(std::borrow::Cow::into_owned)
}

/// The example of the specification.
const EXAMPLE: &str = "48455033 0071
    0000 0001 0007 02
    0000 0002 0007 11
    0000 0003 000a d4ca0001
    0000 0004 000a 527400d3
    0000 0007 0008 2eea
    0000 0008 0008 13c4
    0000 0009 000a 4e4982cb
    0000 000a 000a 0001d4c0
    0000 000b 0007 01
    0000 000c 000a 000000e4
    0000 000f 0014 494e56495445207369703a626f62";

#[test]
fn the_example_of_the_specification() {
    let bytes = hex(EXAMPLE);
    assert!(begins(&bytes));
    let packet = Packet::decode(&bytes).unwrap();
    let flow = packet.flow().unwrap();
    assert_eq!(flow.src, "212.202.0.1:12010".parse().unwrap());
    assert_eq!(flow.dst, "82.116.0.211:5060".parse().unwrap());
    assert_eq!(flow.transport, Transport::Udp);
    assert_eq!(
        packet.ts,
        Some(Timestamp::from_nanos(1_313_440_459_120_000_000))
    );
    assert_eq!(packet.payload_kind(), Payload::Sip);
    assert_eq!(packet.agent_id, Some(228));
    assert_eq!(packet.payload.as_deref(), Some(&b"INVITE sip:bob"[..]));
    assert_eq!(packet.defects, Defects::default());
}

#[test]
fn version_2_as_its_senders_write_it() {
    let sip = b"OPTIONS sip:a SIP/2.0\r\n\r\n";
    let addresses = "02 10 02 11 13c4 13d8 0a000001 0a000002";
    for (time, is_padded) in [
        ("00f15365 90d00300 0700 0000", true),
        ("00f15365 90d00300 0700", false),
        // The other order of octets.
        ("6553f100 0003d090 0007 0000", true),
    ] {
        let mut bytes = hex(&format!("{addresses} {time}"));
        assert_eq!(bytes.len(), if is_padded { 28 } else { 26 });
        bytes.extend(sip);
        assert!(begins(&bytes), "{time}");
        let packet = Packet::decode(&bytes).unwrap();
        let flow = packet.flow().unwrap();
        assert_eq!(flow.src, "10.0.0.1:5060".parse().unwrap());
        assert_eq!(flow.dst, "10.0.0.2:5080".parse().unwrap());
        assert_eq!(
            packet.ts,
            Some(Timestamp::from_nanos(1_700_000_000_250_000_000))
        );
        assert_eq!(packet.agent_id, Some(7));
        assert_eq!(packet.payload.as_deref(), Some(&sip[..]));
    }
}

/// The seconds of the table are one of this century in the other order of octets, too; the microseconds are not.
#[test]
fn version_2_of_a_big_endian_sender_is_known_by_its_microseconds() {
    for (time, ts) in [
        ("6554006a 0003d090 0007 0000", 1_700_003_946_250_000_000),
        // The same of a little-endian sender.
        ("6a005465 90d00300 0700 0000", 1_700_003_946_250_000_000),
        // Told in both orders: little endian is nearly everybody.
        ("6a005465 00000000 0700 0000", 1_700_003_946_000_000_000),
    ] {
        let mut bytes = hex(&format!("02 10 02 11 13c4 13d8 0a000001 0a000002 {time}"));
        bytes.extend(b"BYE sip:a SIP/2.0\r\n\r\n");
        let packet = Packet::decode(&bytes).unwrap();
        assert_eq!(packet.ts, Some(Timestamp::from_nanos(ts)), "{time}");
        assert_eq!(
            (packet.agent_id, packet.defects),
            (Some(7), Defects::default())
        );
    }
    // No order tells a time.
    let mut bytes = hex("02 10 02 11 13c4 13d8 0a000001 0a000002 00f15365 ffffffff 0700 0000");
    bytes.extend(b"BYE sip:a SIP/2.0\r\n\r\n");
    let packet = Packet::decode(&bytes).unwrap();
    assert_eq!((packet.ts, packet.agent_id), (None, Some(7)));
    assert!(packet.defects.contains(Defect::NoTime));
}

/// Kamailio copies a structure that was not cleared: its padding is whatever was there.
#[test]
fn padding_may_be_letters() {
    let header = "02 10 02 11 13c4 13d8 0a000001 0a000002 00f15365 90d00300 0700";
    for (padding, sip) in [
        (&b"ab"[..], "OPTIONS sip:a SIP/2.0\r\n\r\n"),
        (b"ab", "SIP/2.0 200 OK\r\n\r\n"),
        (b"", "OPTIONS sip:a SIP/2.0\r\n\r\n"),
        (b"", "SIP/2.0 200 OK\r\n\r\n"),
        (b"", "DO sip:a SIP/2.0\r\n\r\n"),
        (b"a\0", "DO sip:a SIP/2.0\r\n\r\n"),
        (b"\0\0", "DO sip:a SIP/2.0\r\n\r\n"),
    ] {
        let bytes = [&hex(header), padding, sip.as_bytes()].concat();
        assert_eq!(
            payload(&bytes).as_deref(),
            Some(sip.as_bytes()),
            "{padding:?}"
        );
    }
}

#[test]
fn version_1_has_neither_time_nor_agent() {
    let mut v6 = hex(&format!(
        "01 28 0a 06 13c4 13c5 {} {}",
        "20010db8".repeat(4),
        "fe80".repeat(8)
    ));
    assert_eq!(v6.len(), 40);
    v6.extend(b"BYE sip:a SIP/2.0\r\n\r\n");
    let packet = Packet::decode(&v6).unwrap();
    let flow = packet.flow().unwrap();
    assert_eq!(
        flow.src,
        "[2001:db8:2001:db8:2001:db8:2001:db8]:5060"
            .parse()
            .unwrap()
    );
    assert_eq!(flow.transport, Transport::Tcp);
    assert_eq!((packet.ts, packet.agent_id), (None, None));
    // What another octet makes something else.
    for (at, octet) in [(0, 3), (1, 16), (2, 9), (3, 1), (40, 0)] {
        let mut other = v6.clone();
        other[at] = octet;
        assert!(
            Packet::decode(&other).is_none() && !begins(&other),
            "{at} {octet}"
        );
    }
    assert!(!begins(&v6[..40]));
}

#[test]
fn chunks_come_in_any_order_and_unknown_ones_are_passed_over() {
    let mut vendor = chunk(15, b"of another vendor");
    vendor[1] = 9;
    let bytes = packet(&[
        chunk(15, b"payload"),
        vendor,
        chunk(999, &[1; 300]),
        chunk(6, &[0xfe; 16]),
        chunk(5, &[0x20; 16]),
        chunk(2, &[22]),
        chunk(19, b"edge"),
        chunk(17, b"call@host"),
        chunk(101, br#"{"net":"1"}"#),
        chunk(14, b"secret"),
        chunk(12, &[0, 7]),
        chunk(11, &[100]),
    ]);
    let packet = Packet::decode(&bytes).unwrap();
    assert_eq!(packet.payload.as_deref(), Some(&b"payload"[..]));
    assert_eq!(packet.flow().unwrap().transport, Transport::Tls);
    assert!(packet.flow().unwrap().src.is_ipv6());
    assert_eq!(packet.agent_name, b"edge");
    assert_eq!(packet.correlation_id, b"call@host");
    assert_eq!(packet.links, br#"{"net":"1"}"#);
    assert_eq!(packet.auth_key, Some(&b"secret"[..]));
    assert_eq!(packet.agent_id, Some(7));
    assert_eq!(packet.payload_kind(), Payload::Log);
    // There is no time in it.
    assert_eq!(packet.defects.iter().collect::<Vec<_>>(), [Defect::NoTime]);
}

#[test]
fn the_family_tells_which_of_two_pairs_of_addresses_is_meant() {
    let v4 = [chunk(3, &[10, 0, 0, 1]), chunk(4, &[10, 0, 0, 2])].concat();
    let v6 = [chunk(5, &[0x20; 16]), chunk(6, &[0x21; 16])].concat();
    for (family, is_v6) in [
        (Some(2), false),
        (Some(10), true),
        (Some(28), true),
        (None, false),
    ] {
        let family = family.map_or_else(Vec::new, |family| chunk(1, &[family]));
        for both in [[v4.clone(), v6.clone()], [v6.clone(), v4.clone()]] {
            let bytes = packet(&[family.clone(), both.concat(), chunk(15, b"BYE")]);
            let packet = Packet::decode(&bytes).unwrap();
            assert_eq!(packet.flow().unwrap().src.is_ipv6(), is_v6, "{family:?}");
        }
        // With one pair there is no choice.
        let bytes = packet(&[family, v4.clone(), chunk(15, b"BYE")]);
        assert!(
            Packet::decode(&bytes)
                .unwrap()
                .flow()
                .unwrap()
                .src
                .is_ipv4()
        );
    }
}

#[test]
fn sip_is_what_says_so_and_is() {
    let sip = b"BYE sip:a SIP/2.0\r\n\r\n";
    for (chunks, expected) in [
        (vec![chunk(11, &[1]), chunk(15, sip)], true),
        (vec![chunk(15, sip), chunk(11, &[0])], true),
        (vec![chunk(15, sip)], true),
        (
            vec![
                chunk(11, &[50]),
                chunk(15, br#"{"payload":"BYE sip:a SIP/2.0\r\n\r\n"}"#),
            ],
            true,
        ),
        (vec![chunk(11, &[1]), chunk(16, b"x")], true),
        (vec![chunk(11, &[1]), chunk(15, b"nothing")], false),
        (vec![chunk(11, &[1])], false),
        (vec![chunk(11, &[100]), chunk(15, sip)], false),
    ] {
        assert_eq!(carries_sip(&packet(&chunks)), expected, "{chunks:?}");
    }
}

#[test]
fn eep_and_padding_are_fine() {
    let mut bytes = hex(EXAMPLE);
    bytes[..4].copy_from_slice(b"EEP3");
    bytes.extend([0; 9]);
    assert!(begins(&bytes));
    let packet = Packet::decode(&bytes).unwrap();
    assert_eq!(
        (packet.agent_id, packet.defects),
        (Some(228), Defects::default())
    );
}

#[test]
fn lying_lengths_are_told_and_cost_what_they_spoil_only() {
    use Defect::{BadChunk, BadTotal, BadValue};
    let good = hex(EXAMPLE);
    let with = |at: usize, octets: &[u8]| {
        let mut bytes = good.clone();
        bytes[at..at + octets.len()].copy_from_slice(octets);
        bytes
    };
    let last = good.len() - 20;
    for (bytes, expected, text) in [
        // More than there is, less than the header.
        (
            with(4, &[0xff, 0xff]),
            BadTotal,
            Some(&b"INVITE sip:bob"[..]),
        ),
        (with(4, &[0, 5]), BadTotal, Some(&b"INVITE sip:bob"[..])),
        // The payload ends behind the packet.
        (
            with(last + 4, &[0, 0x15]),
            BadChunk,
            Some(&b"INVITE sip:bob"[..]),
        ),
        // No chunk is shorter than its header.
        (with(last + 4, &[0, 5]), BadChunk, None),
        // A total that cuts a chunk's header.
        (with(4, &[0, 0x60]), BadChunk, None),
        // The first chunk as long as five octets would be.
        (with(13 + 4, &[0, 8]), BadChunk, None),
        (packet(&[chunk(3, &[1, 2, 3])]), BadValue, None),
        (packet(&[chunk(9, &[1; 8])]), BadValue, None),
    ] {
        let packet = Packet::decode(&bytes).unwrap();
        assert!(packet.defects.contains(expected), "{packet:?}");
        assert_eq!(packet.payload.as_deref(), text, "{packet:?}");
    }
}

#[test]
fn compressed_payloads_in_all_formats() {
    // `python3 -c 'import zlib, gzip'` made them of the same request.
    for bytes in [
        "789cf30f08f1f4f70b5628ce2cb04a5408f60cd037d233e0e5e2e502005f05062d",
        "1f8b0800000000000203f30f08f1f4f70b5628ce2cb04a5408f60cd037d233e0e5e2e50200326e960219000000",
        "f30f08f1f4f70b5628ce2cb04a5408f60cd037d233e0e5e2e50200",
    ] {
        let bytes = packet(&[chunk(16, &hex(bytes))]);
        assert_eq!(payload(&bytes).unwrap(), b"OPTIONS sip:a SIP/2.0\r\n\r\n");
    }
    for none in [
        &b""[..],
        b"\x78",
        b"\x78\x9c",
        b"\x1f\x8b\x08\x1f",
        b"plain text",
    ] {
        let bytes = packet(&[chunk(16, none)]);
        let packet = Packet::decode(&bytes).unwrap();
        assert!(packet.payload.is_none() && packet.defects.contains(Defect::Undecodable));
    }
}

#[test]
fn a_bomb_is_not_set_off() {
    use std::io::Write;
    for (len, is_taken) in [(64 << 10, true), ((64 << 10) + 1, false), (4 << 20, false)] {
        let mut bomb = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        bomb.write_all(&vec![b'A'; len]).unwrap();
        let bomb = bomb.finish().unwrap();
        let bytes = packet(&[chunk(16, &bomb[..bomb.len().min(60_000)])]);
        assert_eq!(
            payload(&bytes).map(|payload| payload.len()),
            is_taken.then_some(len)
        );
    }
}

#[test]
fn streams_are_cut_by_the_total_length() {
    for (bytes, expected) in [
        (&b""[..], InStream::Partial),
        (b"HE", InStream::Partial),
        (b"HEP3\x00", InStream::Partial),
        (b"EEP3\x01\x02rest", InStream::Packet(0x102)),
        (b"HEP3\x00\x05", InStream::Other),
        (b"HEAD / HTTP/1.1", InStream::Other),
        (b"HEP4", InStream::Other),
    ] {
        assert_eq!(in_stream(bytes), expected, "{bytes:?}");
    }
}

#[test]
fn no_octets_do_harm() {
    let good = hex(EXAMPLE);
    for at in 0..good.len() {
        for octet in [0, 1, 5, 6, 7, 0x7f, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] = octet;
            let _ = Packet::decode(&bytes).map(|packet| packet.flow());
        }
        let _ = Packet::decode(&good[..at]);
    }
}
