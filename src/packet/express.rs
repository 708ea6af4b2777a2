//! The road that nearly all frames of a capture with media take: Ethernet, perhaps a tag, whole IPv4 without options,
//! UDP on no tunnel's port. It leads where the walk leads, in a third of the time.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::{Content, Datagram, DecodeOptions, Packet, tunnel};
use crate::{
    net::{Encapsulation, Transport},
    span::Span,
};

const IPV4: [u8; 2] = [0x08, 0x00];
const VLAN: [u8; 2] = [0x81, 0x00];

const IPV4_HEADER: usize = 20;
const UDP_HEADER: usize = 8;

/// Returns the packet in an Ethernet frame, or nothing if it is not of the usual kind.
#[inline]
pub(super) fn express(frame: &[u8], options: &DecodeOptions) -> Option<Packet> {
    let ([_, _, _, _, _, _, _, _, _, _, _, _, t0, t1], rest) = frame.split_first_chunk()?;
    let mut encapsulation = Encapsulation::NONE;
    let (ip, before) = match [*t0, *t1] {
        IPV4 => (rest, 14_usize),
        VLAN => {
            let ([_, _, t0, t1], rest) = rest.split_first_chunk()?;
            if [*t0, *t1] != IPV4 {
                return None;
            }
            encapsulation = Encapsulation::VLAN;
            (rest, 18)
        }
        _ => return None,
    };
    let (header, behind) = ip.split_first_chunk::<IPV4_HEADER>()?;
    // Version 4 with a header of 5 words; protocol 17 is UDP.
    let &[
        0x45,
        _,
        n0,
        n1,
        i0,
        i1,
        f0,
        f1,
        _,
        17,
        _,
        _,
        s0,
        s1,
        s2,
        s3,
        d0,
        d1,
        d2,
        d3,
    ] = header
    else {
        return None;
    };
    let &[p0, p1, q0, q1, l0, l1, ..] = behind.first_chunk::<UDP_HEADER>()?;
    let total = usize::from(u16::from_be_bytes([n0, n1]));
    let len = usize::from(u16::from_be_bytes([l0, l1]));
    let is_fragment = u16::from_be_bytes([f0, f1]) & 0x3fff != 0;
    let is_whole =
        len >= UDP_HEADER && len <= behind.len() && total == len.checked_add(IPV4_HEADER)?;
    let (src_port, dst_port) = (u16::from_be_bytes([p0, p1]), u16::from_be_bytes([q0, q1]));
    if is_fragment || !is_whole || tunnel::may_be(options, src_port, dst_port) {
        return None;
    }
    let start = before.checked_add(IPV4_HEADER)?;
    let end = start.checked_add(len)?;
    Some(Packet {
        encapsulation,
        tunnel: 0,
        ip_id: u16::from_be_bytes([i0, i1]),
        ip_packet: Span::new(before, end),
        ip_payload: Span::new(start, end),
        content: Content::Datagram(Datagram {
            src: SocketAddr::new(IpAddr::V4(Ipv4Addr::new(s0, s1, s2, s3)), src_port),
            dst: SocketAddr::new(IpAddr::V4(Ipv4Addr::new(d0, d1, d2, d3)), dst_port),
            transport: Transport::Udp,
            payload: Span::new(start.checked_add(UDP_HEADER)?, end),
            cut: false,
        }),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{capture::LinkType, packet::walk_from_link};

    /// A frame with a tag or without, whose lengths and flags may be off by what the arguments say.
    fn frame(
        tag: bool,
        ports: (u16, u16),
        flags: u16,
        off: (i8, i8),
        payload: &[u8],
        padding: usize,
    ) -> Vec<u8> {
        let mut frame = vec![2; 12];
        if tag {
            frame.extend([0x81, 0, 0, 7]);
        }
        let len = (8 + payload.len()) as u16;
        frame.extend([0x08, 0x00, 0x45, 0]);
        frame.extend((len + 20).wrapping_add_signed(off.0.into()).to_be_bytes());
        frame.extend([0x12, 0x34]);
        frame.extend(flags.to_be_bytes());
        frame.extend([64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        frame.extend(ports.0.to_be_bytes());
        frame.extend(ports.1.to_be_bytes());
        frame.extend(len.wrapping_add_signed(off.1.into()).to_be_bytes());
        frame.extend([0, 0]);
        frame.extend(payload);
        frame.extend(vec![0; padding]);
        frame
    }

    #[test]
    fn usual_frames_take_it() {
        let options = DecodeOptions::default();
        for tag in [false, true] {
            let frame = frame(tag, (5060, 5062), 0x4000, (0, 0), b"hello", 3);
            let packet = express(&frame, &options).unwrap();
            let Content::Datagram(datagram) = packet.content else {
                panic!()
            };
            assert_eq!(datagram.payload.of(&frame), b"hello");
            assert_eq!(datagram.dst, "10.0.0.2:5062".parse().unwrap());
        }
        for (ports, flags, off) in [
            ((4789, 1), 0, (0, 0)),
            ((1, 2152), 0, (0, 0)),
            ((5060, 5060), 0x2000, (0, 0)),
            ((5060, 5060), 1, (0, 0)),
            ((5060, 5060), 0, (1, 0)),
            ((5060, 5060), 0, (0, -1)),
        ] {
            assert!(express(&frame(false, ports, flags, off, b"hello", 0), &options).is_none());
        }
    }

    proptest! {
        #[test]
        fn it_leads_where_the_walk_leads(
            tag: bool, ports: (u16, u16), flags in prop_oneof![Just(0), Just(0x4000), any::<u16>()],
            off in prop_oneof![Just((0, 0)), any::<(i8, i8)>()], payload: Vec<u8>, padding in 0_usize..9, cut: usize,
        ) {
            let mut frame = frame(tag, ports, flags, off, &payload, padding);
            let wire = frame.len();
            frame.truncate(wire - cut % 12 % wire);
            let options = DecodeOptions::default();
            if let Some(packet) = express(&frame, &options) {
                let walked = walk_from_link(&frame, LinkType::ETHERNET, wire, &options);
                prop_assert_eq!(format!("{packet:?}"), format!("{walked:?}"));
            }
        }
    }
}
