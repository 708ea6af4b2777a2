//! From a record to what its innermost packet carries: link headers, IP, tunnels.
#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

use std::net::{IpAddr, SocketAddr};

use crate::{net::Encapsulation, span::Span};

/// What is told about a packet besides its bytes.
#[derive(Clone, Debug)]
pub struct DecodeOptions {
    /// UDP ports on which VXLAN is looked for (and taken only where header and inner frame fit).
    pub vxlan_ports: Vec<u16>,
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
    /// What the innermost IP header carries, the transport header included, for telling tap duplicates.
    pub ip_payload: Span,
    /// What was found.
    pub content: Content,
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

/// Why a frame cannot lead to SIP.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Reason {
    /// The link type is not known.
    UnknownLinkType,
    /// ARP, LLDP, spanning tree …: no IP.
    NotIp,
    /// A header is cut by the snapshot length.
    HeaderCut,
    /// A header contradicts itself.
    Malformed,
    /// ICMP or ICMPv6, quoted packets included.
    Icmp,
    /// IPsec ESP.
    Esp,
    /// Another IP protocol.
    OtherProtocol,
    /// A tunnel's control message.
    TunnelControl,
    /// A tunnel whose content is encrypted or compressed.
    TunnelOpaque,
    /// More tunnels or headers in each other than are followed.
    TooDeep,
}
