//! Octets as segments, fragments and SCTP packets: nothing found lies outside of its message, and every segment is settled once.
#![no_main]

use std::net::SocketAddr;

use libfuzzer_sys::fuzz_target;
use sipcap::{
    capture::{Frame, LinkType, Origin},
    net::Encapsulation,
    packet::{Fragment, SctpPacket, Segment},
    span::Span,
    stream::{Associations, Context, Defragmenter, Found, Limits, Streams},
    time::Timestamp,
};

const ENDS: [([u8; 4], u16); 2] = [([192, 0, 2, 1], 5060), ([192, 0, 2, 2], 5062)];

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    let mut defragmenter = Defragmenter::new(&limits);
    let mut streams = Streams::new(&limits);
    let mut associations = Associations::new(&limits);
    let mut reassembled = Vec::new();
    let (mut segments, mut packets, mut settled) = (0, 0, 0);
    let mut check = |found: Found<'_>| match found {
        Found::Message { bytes, head, .. } => {
            for span in [head.call_id, head.headers, head.body, head.from, head.via] {
                assert!(span.end() <= bytes.len());
            }
        }
        Found::Hep { bytes, .. } => assert!(bytes.len() <= 65_535),
        Found::Ipfix { bytes, .. } => assert!(bytes.len() <= 65_535),
        Found::Gap { .. } => {}
        Found::Settled { .. } => settled += 1,
    };
    let context = Context {
        encapsulation: Encapsulation::default(),
        tunnel: 0,
    };
    let mut now = 0_i64;
    let mut rest = data;
    // Six octets that say what it is, then the payload.
    while let [
        kind,
        later,
        position_low,
        position_high,
        ack,
        len,
        more @ ..,
    ] = rest
    {
        let (payload, next) = more.split_at(usize::from(*len).min(more.len()));
        rest = next;
        let position = u32::from(u16::from_le_bytes([*position_low, *position_high]));
        now += i64::from(*later) * i64::from(*later) * 10_000_000;
        let frame = Frame {
            origin: Origin::default(),
            ts: Timestamp::from_nanos(now),
            captured: payload.len() as u32,
            orig_len: payload.len() as u32,
            link: LinkType(1),
            interface: 0,
        };
        let (from, to) = if kind & 1 == 0 { (0, 1) } else { (1, 0) };
        let (src, dst) = (SocketAddr::from(ENDS[from]), SocketAddr::from(ENDS[to]));
        let span = Span::new(0, payload.len());
        match kind >> 6 {
            0 | 1 => {
                segments += 1;
                let segment = Segment {
                    src,
                    dst,
                    seq: position.wrapping_sub(0x8000),
                    ack: (*ack > 0).then(|| u32::from(*ack) << 8),
                    syn: kind & 2 != 0,
                    fin: kind & 4 != 0,
                    rst: kind & 8 != 0,
                    payload: span,
                    wire_len: payload.len() as u32 + u32::from(kind & 16),
                };
                streams.segment(&segment, payload, context, frame, &mut check);
            }
            2 => {
                let fragment = Fragment {
                    src: src.ip(),
                    dst: dst.ip(),
                    protocol: 17,
                    id: u32::from(*ack),
                    offset: position,
                    more: kind & 2 != 0,
                    payload: span,
                    cut: kind & 4 != 0,
                };
                defragmenter.push(&fragment, payload, context, frame, &mut reassembled);
            }
            _ => {
                packets += 1;
                let packet = SctpPacket {
                    src,
                    dst,
                    tag: u32::from(*ack),
                    chunks: span,
                };
                associations.packet(&packet, payload, context, frame, &mut check);
            }
        }
    }
    defragmenter.finish(&mut reassembled);
    streams.finish(&mut check);
    associations.finish(&mut check);
    assert_eq!(settled, segments + packets);
});
