//! Octets as a frame of any link type: what is found lies inside of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sipcap::{
    capture::LinkType,
    packet::{Content, DecodeOptions, decode},
};

fuzz_target!(|data: &[u8]| {
    let [low, high, fcs_len, longer, frame @ ..] = data else {
        return;
    };
    let link = LinkType(u16::from_le_bytes([*low, *high % 2]));
    let orig_len = frame.len() as u32 + u32::from(*longer);
    let packet = decode(frame, link, orig_len, *fcs_len, &DecodeOptions::default());
    let payload = match packet.content {
        Content::Datagram(datagram) => datagram.payload,
        Content::Segment(segment) => segment.payload,
        Content::Sctp(packet) => packet.chunks,
        Content::Fragment(fragment) => fragment.payload,
        Content::Skipped(_) => return,
    };
    assert!(payload.end() <= frame.len());
    assert!(packet.ip_payload.end() <= frame.len());
});
