//! Frames built by hand from the layouts of the standards, and what they must be unwrapped to.

use super::{Content, DecodeOptions, Packet, Reason, decode};
use crate::{capture::LinkType, span::Span};

/// What the innermost datagrams carry.
pub(super) const SIP: &[u8] = b"OPTIONS sip:bob@example.com SIP/2.0\r\nl: 0\r\n\r\n";

/// A header and what is behind it.
pub(super) fn wrap(header: &[u8], payload: &[u8]) -> Vec<u8> {
    [header, payload].concat()
}

pub(super) fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2];
    frame.extend(ethertype.to_be_bytes());
    wrap(&frame, payload)
}

/// From 192.0.2.`from` to 192.0.2.200.
pub(super) fn ipv4(from: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let [l0, l1] = (20 + payload.len() as u16).to_be_bytes();
    let header = [
        0x45, 0, l0, l1, 0xab, 0xcd, 0x40, 0, 64, protocol, 0, 0, 192, 0, 2, from, 192, 0, 2, 200,
    ];
    wrap(&header, payload)
}

/// From 2001:db8::`from` to 2001:db8::200.
pub(super) fn ipv6(from: u8, next: u8, payload: &[u8]) -> Vec<u8> {
    let [l0, l1] = (payload.len() as u16).to_be_bytes();
    let mut header = vec![0x60, 0, 0, 0, l0, l1, next, 64];
    for last in [[0, from], [2, 0]] {
        header.extend([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        header.extend(last);
    }
    wrap(&header, payload)
}

pub(super) fn udp(src: u16, dst: u16, payload: &[u8]) -> Vec<u8> {
    let len = 8 + payload.len() as u16;
    let header = [src, dst, len, 0].map(u16::to_be_bytes).concat();
    wrap(&header, payload)
}

/// The innermost packet: SIP from 192.0.2.1:5060 to 192.0.2.200:5070.
pub(super) fn inner_ip() -> Vec<u8> {
    ipv4(1, 17, &udp(5060, 5070, SIP))
}

pub(super) fn inner_frame() -> Vec<u8> {
    ethernet(0x0800, &inner_ip())
}

/// A frame with `payload` in a datagram from port 40000 to `port`.
pub(super) fn over_udp(port: u16, payload: &[u8]) -> Vec<u8> {
    over_ip(17, &udp(40_000, port, payload))
}

/// A frame with `payload` in IPv4 from 192.0.2.9.
pub(super) fn over_ip(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(0x0800, &ipv4(9, protocol, payload))
}

/// Unwraps a whole frame.
pub(super) fn unwrap(link: LinkType, frame: &[u8]) -> Packet {
    let len = u32::try_from(frame.len()).unwrap();
    decode(frame, link, len, 0, &DecodeOptions::default())
}

/// Returns what `frame` is unwrapped to, in one line: tunnels, kind, addresses; `SIP` when it carries [`SIP`].
/// On the way it checks that no beginning of the frame leads to a panic or to a span outside of it.
pub(super) fn describe(link: LinkType, frame: &[u8]) -> String {
    let orig_len = u32::try_from(frame.len()).unwrap();
    for len in 0..=frame.len() {
        let cut = &frame[..len];
        for orig_len in [orig_len, u32::try_from(len).unwrap()] {
            let packet = decode(cut, link, orig_len, 0, &DecodeOptions::default());
            assert_spans_lie_in(cut, &packet);
        }
    }
    describe_packet(frame, &unwrap(link, frame))
}

pub(super) fn describe_packet(frame: &[u8], packet: &Packet) -> String {
    let text = |payload: Span| {
        if payload.of(frame) == SIP {
            "SIP".to_owned()
        } else {
            format!("{} octets", payload.len())
        }
    };
    let tunnels = packet.encapsulation;
    match &packet.content {
        Content::Datagram(it) => {
            let cut = if it.cut { " cut" } else { "" };
            let (src, dst, carried) = (it.src, it.dst, text(it.payload));
            format!("{tunnels}: {} {src} {dst} {carried}{cut}", it.transport)
        }
        Content::Segment(it) => {
            let (src, dst, carried) = (it.src, it.dst, text(it.payload));
            format!(
                "{tunnels}: segment {src} {dst} {carried} of {}",
                it.wire_len
            )
        }
        Content::Sctp(it) => {
            let (src, dst, carried) = (it.src, it.dst, text(it.chunks));
            format!("{tunnels}: sctp {src} {dst} {carried}")
        }
        Content::Fragment(it) => {
            let (src, dst, offset, more) = (it.src, it.dst, it.offset, it.more);
            let carried = text(it.payload);
            format!(
                "{tunnels}: fragment {src} {dst} id {} protocol {} at {offset} more {more} {carried}",
                it.id, it.protocol
            )
        }
        Content::Skipped(reason) => format!("{tunnels}: {reason}"),
    }
}

/// Checks a table of frames of one link type. `"vxlan"` alone stands for the innermost packet of [`inner_ip`] in VXLAN.
pub(super) fn check(link: LinkType, table: &[(&str, Vec<u8>, &str)]) {
    for (name, frame, expected) in table {
        let expected = if expected.contains(':') {
            (*expected).to_owned()
        } else {
            format!("{expected}: udp 192.0.2.1:5060 192.0.2.200:5070 SIP")
        };
        assert_eq!(describe(link, frame), expected, "{name}");
    }
}

/// Checks that everything a packet points at is inside of what it was decoded from.
pub(super) fn assert_spans_lie_in(frame: &[u8], packet: &Packet) {
    let span = match &packet.content {
        Content::Datagram(it) => it.payload,
        Content::Segment(it) => {
            assert!(it.wire_len as usize >= it.payload.len());
            it.payload
        }
        Content::Sctp(it) => it.chunks,
        Content::Fragment(it) => it.payload,
        Content::Skipped(reason) => {
            assert!(Reason::ALL.contains(reason));
            Span::default()
        }
    };
    for span in [span, packet.ip_payload] {
        assert!(span.end() <= frame.len(), "{span:?} in {}", frame.len());
    }
}
