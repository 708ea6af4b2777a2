//! From a record to what its innermost packet carries: link headers, IP, tunnels.
#![cfg_attr(
    not(test),
    warn(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

mod ethernet;
mod exported_pdu;
mod express;
mod fits;
mod ip;
mod link;
mod mpls;
mod ppp;
mod reason;
mod transport;
mod tunnel;
#[cfg(test)]
mod vectors;
mod walk;
mod wlan;
mod wrapper;

use std::net::{IpAddr, SocketAddr};

pub use reason::Reason;

use crate::{capture::LinkType, net::Encapsulation, span::Span};
use express::express;
use walk::{Layer, Walk};

/// What is told about a packet besides its bytes.
#[derive(Clone, Debug)]
pub struct DecodeOptions {
    /// UDP ports on which VXLAN is looked for (and taken only where header and inner frame fit).
    pub vxlan_ports: Vec<u16>,
}

impl Default for DecodeOptions {
    /// The assigned port (RFC 7348) and the one that Linux took before.
    fn default() -> Self {
        Self {
            vxlan_ports: vec![4789, 8472],
        }
    }
}

/// What is known about a packet that was put together from fragments: the header of the first one, and its way there.
#[derive(Clone, Copy, Debug)]
pub struct Reassembled {
    /// Every tunnel and tag around the fragments.
    pub encapsulation: Encapsulation,
    /// See [`Packet::tunnel`].
    pub tunnel: u64,
    /// See [`Packet::ip_id`].
    pub ip_id: u16,
}

/// Unwraps a captured frame, of any link type, to its innermost packet.
///
/// `orig_len` is the frame's length on the wire and `fcs_len` how many of its last octets are a frame check
/// sequence. It never fails: what cannot be followed is [`Content::Skipped`] with the reason. What was cut by the
/// snapshot length is decoded as far as it goes. A UDP datagram on a tunnel's port that does not hold what the
/// tunnel would carry is an ordinary datagram.
#[must_use]
pub fn decode(
    frame: &[u8],
    link: LinkType,
    orig_len: u32,
    fcs_len: u8,
    options: &DecodeOptions,
) -> Packet {
    let wire = (orig_len as usize).max(frame.len());
    let wire = wire.saturating_sub(usize::from(fcs_len));
    if link == LinkType::ETHERNET
        && let Some(packet) = express(frame.get(..wire).unwrap_or(frame), options)
    {
        return packet;
    }
    walk_from_link(frame, link, wire, options)
}

/// Follows the headers of a frame that had `wire` octets.
fn walk_from_link(frame: &[u8], link: LinkType, wire: usize, options: &DecodeOptions) -> Packet {
    let mut packet = Packet::unknown();
    Walk::new(frame, wire, options, &mut packet).run(Layer::Link(link));
    packet
}

/// Unwraps the `payload` of an IP packet that was put together from fragments, as [`decode`] would have.
///
/// `protocol` is the IPv4 header's protocol or the next header of the IPv6 fragment header.
#[must_use]
pub fn decode_ip_payload(
    payload: &[u8],
    protocol: u8,
    src: IpAddr,
    dst: IpAddr,
    so_far: Reassembled,
    options: &DecodeOptions,
) -> Packet {
    let mut packet = Packet {
        encapsulation: so_far.encapsulation,
        tunnel: so_far.tunnel,
        ip_id: so_far.ip_id,
        ip_packet: Span::default(),
        ip_payload: Span::new(0, payload.len()),
        ..Packet::unknown()
    };
    let mut walk = Walk::new(payload, payload.len(), options, &mut packet);
    walk.src = src;
    walk.dst = dst;
    walk.run(Layer::Protocol(protocol));
    packet
}

/// A frame, unwrapped to its innermost packet. All spans lie in the bytes that were decoded.
#[derive(Clone, Debug)]
pub struct Packet {
    /// Every tunnel and tag around it.
    pub encapsulation: Encapsulation,
    /// A mix of the tunnel ids (VNI, TEID, GRE key …; no VLAN), 0 without a tunnel. It belongs into the keys of
    /// everything that has one direction only: fragments, TCP directions.
    pub tunnel: u64,
    /// The innermost IP header's identification (0 for IPv6), for telling tap duplicates.
    pub ip_id: u16,
    /// The innermost IP packet, its header included; empty when it came in fragments.
    pub ip_packet: Span,
    /// What the innermost IP header carries, the transport header included, for telling tap duplicates.
    pub ip_payload: Span,
    /// What was found.
    pub content: Content,
}

impl Packet {
    /// A packet about which nothing is known yet.
    fn unknown() -> Self {
        Self {
            encapsulation: Encapsulation::NONE,
            tunnel: 0,
            ip_id: 0,
            ip_packet: Span::default(),
            ip_payload: Span::default(),
            content: Content::Skipped(Reason::NotIp),
        }
    }
}

/// What the innermost packet of a frame is.
#[derive(Clone, Debug)]
pub enum Content {
    /// A UDP datagram.
    Datagram(Datagram),
    /// A TCP segment.
    Segment(Segment),
    /// An SCTP packet.
    Sctp(SctpPacket),
    /// A fragment of an IP packet.
    Fragment(Fragment),
    /// Nothing that could lead to SIP.
    Skipped(Reason),
}

/// A UDP datagram (or an exported PDU, which is one without a header).
#[derive(Clone, Copy, Debug)]
pub struct Datagram {
    /// The sender.
    pub src: SocketAddr,
    /// The receiver.
    pub dst: SocketAddr,
    /// The transport as told by an exported PDU; UDP otherwise.
    pub transport: crate::net::Transport,
    /// What it carries.
    pub payload: Span,
    /// Whether octets at its end were not captured.
    pub cut: bool,
}

/// A TCP segment.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    /// The sender.
    pub src: SocketAddr,
    /// The receiver.
    pub dst: SocketAddr,
    /// The sequence number.
    pub seq: u32,
    /// The acknowledgement number, if the ACK flag is set.
    pub ack: Option<u32>,
    /// SYN is set.
    pub syn: bool,
    /// FIN is set.
    pub fin: bool,
    /// RST is set.
    pub rst: bool,
    /// The captured part of what it carries.
    pub payload: Span,
    /// How many octets it carried on the wire; more than `payload` when the frame was cut.
    pub wire_len: u32,
}

/// An SCTP packet.
#[derive(Clone, Copy, Debug)]
pub struct SctpPacket {
    /// The sender.
    pub src: SocketAddr,
    /// The receiver.
    pub dst: SocketAddr,
    /// The verification tag.
    pub tag: u32,
    /// The chunks.
    pub chunks: Span,
}

/// A fragment of an IPv4 or IPv6 packet.
#[derive(Clone, Copy, Debug)]
pub struct Fragment {
    /// The sender.
    pub src: IpAddr,
    /// The receiver.
    pub dst: IpAddr,
    /// What the whole packet carries (for IPv6 only to be trusted in the fragment at offset 0).
    pub protocol: u8,
    /// The identification.
    pub id: u32,
    /// Where its payload stands in the whole one.
    pub offset: u32,
    /// Whether more fragments follow.
    pub more: bool,
    /// Its captured payload.
    pub payload: Span,
    /// Whether octets at its end were not captured.
    pub cut: bool,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        vectors::{
            SIP, assert_spans_lie_in, describe_packet, inner_frame, ipv6, udp, unwrap, wrap,
        },
        *,
    };

    fn reassembled(payload: &[u8], protocol: u8) -> Packet {
        let so_far = Reassembled {
            encapsulation: Encapsulation::FRAGMENTS,
            tunnel: 7,
            ip_id: 9,
        };
        let [src, dst] = [1, 2].map(|last| IpAddr::from([0xfd, 0, 0, 0, 0, 0, 0, last]));
        decode_ip_payload(
            payload,
            protocol,
            src,
            dst,
            so_far,
            &DecodeOptions::default(),
        )
    }

    #[test]
    fn reassembled_packets_go_on_where_fragments_stopped() {
        let datagram = udp(5060, 5070, SIP);
        let options = wrap(&[17, 0, 1, 4, 0, 0, 0, 0], &datagram);
        let vxlan = udp(1, 4789, &wrap(&[8, 0, 0, 0, 0, 0, 7, 0], &inner_frame()));
        let plain = "ip-fragments: udp [fd::1]:5060 [fd::2]:5070 SIP";
        for (payload, protocol, expected) in [
            (datagram, 17, plain),
            (options, 60, plain),
            (
                vxlan,
                17,
                "vxlan+ip-fragments: udp 192.0.2.1:5060 192.0.2.200:5070 SIP",
            ),
        ] {
            let packet = reassembled(&payload, protocol);
            assert_eq!(describe_packet(&payload, &packet), expected);
        }
        let packet = reassembled(&[0; 40], 17);
        assert_eq!((packet.tunnel, packet.ip_id), (7, 9));
        assert_eq!(packet.ip_payload, Span::new(0, 40));
    }

    #[test]
    fn packets_are_small_and_can_be_sent() {
        fn is_send<T: Send>(_: &T) {}
        let frame = ipv6(1, 17, &udp(5060, 5070, SIP));
        is_send(&unwrap(LinkType::RAW, &frame));
        assert!(size_of::<Packet>() <= 128);
    }

    proptest! {
        #[test]
        fn any_reassembled_octets_are_survived(
            protocol in any::<u8>(),
            payload in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            assert_spans_lie_in(&payload, &reassembled(&payload, protocol));
        }
    }
}
