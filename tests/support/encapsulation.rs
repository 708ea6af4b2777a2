//! What a packet is wrapped in on its way: tunnels, tags and link layers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::ip;

/// A tunnel around the innermost IP packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tunnel {
    None,
    Vxlan,
    /// VXLAN over IPv6, on the port that older Linux kernels take.
    VxlanOverIpv6,
    /// VXLAN whose outer packets were too long for the path.
    VxlanFragmented,
    Gre,
    /// GRE with key, sequence number and an Ethernet frame.
    GreEthernet,
    Erspan2,
    Geneve,
    IpInIp,
    GtpU,
    /// GRE in VXLAN.
    Nested,
}

impl Tunnel {
    pub(crate) const ALL: &'static [Self] = &[
        Self::None,
        Self::Vxlan,
        Self::VxlanOverIpv6,
        Self::VxlanFragmented,
        Self::Gre,
        Self::GreEthernet,
        Self::Erspan2,
        Self::Geneve,
        Self::IpInIp,
        Self::GtpU,
        Self::Nested,
    ];

    /// Returns the IP packets that carry `packet`. `id` tells packets of the tunnel apart.
    pub(crate) fn wrap(self, packet: &[u8], id: u16) -> Vec<Vec<u8>> {
        let v4 = |last| IpAddr::V4(Ipv4Addr::new(198, 51, 100, last));
        let v6 = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, last));
        let over_udp = |port, payload: &[u8]| {
            let src = SocketAddr::new(v4(1), 49_152);
            ip::udp(src, SocketAddr::new(v4(2), port), id, payload)
        };
        let over_ip = |protocol, payload: &[u8]| ip::packet(v4(1), v4(2), protocol, id, payload);
        let vxlan = [&[8, 0, 0, 0, 0, 0x12, 0x34, 0][..], &ethernet(packet)].concat();
        let whole = match self {
            Self::None => packet.to_vec(),
            Self::Vxlan => over_udp(4789, &vxlan),
            Self::VxlanOverIpv6 => {
                let (src, dst) = (SocketAddr::new(v6(1), 49_152), SocketAddr::new(v6(2), 8472));
                ip::udp(src, dst, id, &vxlan)
            }
            Self::VxlanFragmented => return ip::fragments(&over_udp(4789, &vxlan), 1400),
            Self::Gre => {
                let header = [[0, 0], ether_type(packet)].concat();
                over_ip(47, &[&header, packet].concat())
            }
            Self::GreEthernet => {
                let header = [0x30, 0, 0x65, 0x58, 0, 0, 0, 42, 0, 0, 0, 7];
                over_ip(47, &[&header[..], &ethernet(packet)].concat())
            }
            Self::Erspan2 => {
                let gre = [0x10, 0, 0x88, 0xbe, 0, 0, 0, 9];
                let erspan = [0x10, 0x00, 0x00, 0x05, 0, 0, 0, 0];
                over_ip(47, &[&gre[..], &erspan, &ethernet(packet)].concat())
            }
            Self::Geneve => {
                // One option of four octets.
                let header = [2, 0, 0x65, 0x58, 0, 0, 77, 0, 1, 2, 3, 1, 9, 9, 9, 9];
                over_udp(6081, &[&header[..], &ethernet(packet)].concat())
            }
            Self::IpInIp => over_ip(if packet[0] >> 4 == 4 { 4 } else { 41 }, packet),
            Self::GtpU => {
                let length = u16::try_from(packet.len() + 4).unwrap().to_be_bytes();
                // With a sequence number, as many gateways send it.
                let header = [0x32, 255, length[0], length[1], 0, 0, 0, 99, 0, 1, 0, 0];
                over_udp(2152, &[&header[..], packet].concat())
            }
            Self::Nested => {
                let inner = Self::Gre.wrap(packet, id).remove(0);
                return Self::Vxlan.wrap(&inner, id);
            }
        };
        vec![whole]
    }
}

/// A link layer, which a capture file has a number for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Link {
    Ethernet,
    Vlan,
    QinQ,
    Mpls,
    Pppoe,
    Sll,
    Sll2,
    Raw,
    Null,
}

impl Link {
    pub(crate) const ALL: &'static [Self] = &[
        Self::Ethernet,
        Self::Vlan,
        Self::QinQ,
        Self::Mpls,
        Self::Pppoe,
        Self::Sll,
        Self::Sll2,
        Self::Raw,
        Self::Null,
    ];

    /// Returns the LINKTYPE number.
    pub(crate) fn number(self) -> u16 {
        match self {
            Self::Ethernet | Self::Vlan | Self::QinQ | Self::Mpls | Self::Pppoe => 1,
            Self::Sll => 113,
            Self::Sll2 => 276,
            Self::Raw => 101,
            Self::Null => 0,
        }
    }

    /// Returns the frame that carries `packet`.
    pub(crate) fn frame(self, packet: &[u8]) -> Vec<u8> {
        let ether_type = ether_type(packet);
        let ipv4 = packet[0] >> 4 == 4;
        let header = match self {
            Self::Ethernet => return ethernet(packet),
            Self::Vlan => [&MACS[..], &[0x81, 0, 0, 100], &ether_type].concat(),
            Self::QinQ => [&MACS[..], &[0x88, 0xa8, 0, 7, 0x81, 0, 0, 100], &ether_type].concat(),
            // Two labels, the second one at the bottom of the stack.
            Self::Mpls => [&MACS[..], &[0x88, 0x47, 0, 1, 0x10, 64, 0, 2, 0x01, 64]].concat(),
            Self::Pppoe => {
                let length = u16::try_from(packet.len() + 2).unwrap().to_be_bytes();
                let ppp: [u8; 2] = if ipv4 { [0, 0x21] } else { [0, 0x57] };
                [&MACS[..], &[0x88, 0x64, 0x11, 0, 0, 5], &length, &ppp].concat()
            }
            Self::Sll => [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0][..], &ether_type].concat(),
            Self::Sll2 => [
                &ether_type[..],
                &[0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0],
            ]
            .concat(),
            Self::Raw => Vec::new(),
            Self::Null => vec![if ipv4 { 2 } else { 30 }, 0, 0, 0],
        };
        let mut frame = [&header, packet].concat();
        if self.number() == 1 {
            frame.resize(frame.len().max(60), 0);
        }
        frame
    }
}

/// Destination and source, both locally administered.
const MACS: [u8; 12] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];

/// Returns an Ethernet II frame, padded to the least length without its checksum.
fn ethernet(packet: &[u8]) -> Vec<u8> {
    let mut frame = [&MACS[..], &ether_type(packet), packet].concat();
    frame.resize(frame.len().max(60), 0);
    frame
}

fn ether_type(packet: &[u8]) -> [u8; 2] {
    match packet[0] >> 4 {
        4 => [0x08, 0x00],
        _ => [0x86, 0xdd],
    }
}
