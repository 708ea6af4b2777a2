//! HEP in streams: worked cases.

use super::{Wire, message};
use crate::stream::SegmentFate::{self, Hep, NoData, Sip, Skipped};

/// A packet of version 3 that carries SIP, or something else.
fn packet(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = |octets: usize| u16::try_from(octets).unwrap().to_be_bytes();
    [
        &b"HEP3"[..],
        &length(6 + 7 + 6 + payload.len()),
        &[0, 0, 0, 11, 0, 7, kind],
        &[0, 0, 0, 15],
        &length(6 + payload.len()),
        payload,
    ]
    .concat()
}

fn heps(wire: Wire) -> (Vec<(u64, Vec<u8>)>, Vec<SegmentFate>) {
    let catch = wire.finish();
    assert!(catch.messages.is_empty(), "{:?}", catch.messages);
    (catch.heps.clone(), catch.fates())
}

#[test]
fn packets_are_found_however_the_stream_is_cut() {
    let packets = [
        packet(1, &message('a')),
        packet(100, b"a log"),
        packet(1, &message('b')),
    ];
    let stream = packets.concat();
    for size in [1, 2, 5, 13, 97, 600, 5000] {
        let mut wire = Wire::synced();
        for (number, part) in stream.chunks(size).enumerate() {
            wire.data(number * size, part);
        }
        let (heps, _) = heps(wire);
        let found: Vec<_> = heps.into_iter().map(|(_, bytes)| bytes).collect();
        assert_eq!(found, packets, "{size}");
    }
}

#[test]
fn frames_are_settled_by_what_they_carry() {
    let (log, sip) = (packet(100, b"a log"), packet(1, &message('a')));
    let mut wire = Wire::synced();
    wire.data(0, &log);
    wire.data(log.len(), &sip);
    let (heps, fates) = heps(wire);
    assert_eq!(heps, [(2, log), (3, sip)]);
    assert_eq!(fates, [NoData, Hep, Sip]);
}

#[test]
fn a_stream_from_the_middle_of_a_packet_is_read_from_the_next_one() {
    let (first, second) = (packet(1, &message('a')), packet(1, &message('b')));
    let stream = [first, second.clone()].concat();
    for (from, size) in [(100, 5000), (100, 7), (3, 41)] {
        let mut wire = Wire::new();
        for (number, part) in stream[from..].chunks(size).enumerate() {
            wire.data(number * size, part);
        }
        let catch = wire.finish();
        let found: Vec<_> = catch.heps.into_iter().map(|(_, bytes)| bytes).collect();
        assert_eq!(found, std::slice::from_ref(&second), "{from} {size}");
    }
}

#[test]
fn behind_a_gap_the_next_packet_is_found() {
    let packets = [
        packet(1, &message('a')),
        packet(1, &message('b')),
        packet(1, &message('c')),
    ];
    let stream = packets.concat();
    let mut wire = Wire::synced();
    wire.data(0, &stream[..600]);
    wire.data(700, &stream[700..]);
    wire.ack(stream.len());
    let (heps, fates) = heps(wire);
    let found: Vec<_> = heps.into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(found, [packets[0].clone(), packets[2].clone()]);
    assert_eq!(fates[1], Sip);
    assert!(
        !fates.contains(&Skipped),
        "both segments carried SIP: {fates:?}"
    );
}

#[test]
fn a_length_that_lies_swallows_nothing() {
    let mut liar = packet(1, b"INVITE sip:b SIP/2.0");
    let honest = packet(1, &message('a'));
    liar[4..6].copy_from_slice(&[0x02, 0x00]);
    let mut wire = Wire::synced();
    wire.data(0, &[liar.clone(), honest.clone(), honest.clone()].concat());
    let (heps, _) = heps(wire);
    let found: Vec<_> = heps.into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(found, [liar, honest.clone(), honest]);
}

/// However much it promises, and however its stream is cut: the chunks tell where it ends.
#[test]
fn a_length_that_lies_makes_nobody_wait() {
    let honest = packet(1, &message('a'));
    for lie in [3, 6, 9, 60_000] {
        let mut liar = packet(1, b"INVITE sip:b SIP/2.0");
        let length = u16::try_from(liar.len() + lie).unwrap();
        liar[4..6].copy_from_slice(&length.to_be_bytes());
        let stream = [liar.clone(), honest.clone(), honest.clone()].concat();
        for size in [1, 40, 5000] {
            let mut wire = Wire::synced();
            for (number, part) in stream.chunks(size).enumerate() {
                wire.data(number * size, part);
            }
            let (heps, _) = heps(wire);
            let found: Vec<_> = heps.into_iter().map(|(_, bytes)| bytes).collect();
            let expected = [liar.clone(), honest.clone(), honest.clone()];
            assert_eq!(found, expected, "{lie} {size}");
        }
    }
}

/// What is left of a packet of which the beginning is missing may be a message: it went between others, and elsewhere.
#[test]
fn what_a_packet_carried_is_no_message_of_the_stream() {
    let packets = [packet(1, &message('a')), packet(1, &message('b'))];
    let stream = packets.concat();
    let second = packets[0].len();
    // The second packet without its first octets, up to the fifth of its message.
    for lost in 1..30 {
        let from = second + lost;
        let mut wire = Wire::synced();
        wire.data(0, &stream[..second]);
        wire.data(from, &stream[from..]);
        wire.data(stream.len(), &packets[0]);
        wire.ack(stream.len() + second);
        let (heps, _) = heps(wire);
        let found: Vec<_> = heps.into_iter().map(|(_, bytes)| bytes).collect();
        assert_eq!(found, [packets[0].clone(), packets[0].clone()], "{lost}");
    }
    // Nor is it behind a total that ends within the header of the payload.
    let mut liar = packets[0].clone();
    liar[4..6].copy_from_slice(&[0, 19]);
    let mut wire = Wire::synced();
    wire.data(0, &[liar.clone(), packets[1].clone()].concat());
    let (heps, _) = heps(wire);
    let found: Vec<_> = heps.into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(found, [liar[..19].to_vec(), packets[1].clone()]);
}
