//! IPv4 (RFC 791), IPv6 (RFC 8200) with its extension headers, and what they carry.

use std::net::IpAddr;

use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice, err};

use super::{
    Content, Fragment, Reason,
    walk::{Layer, Step, Walk},
};
use crate::{net::Encapsulation, span::Span};

/// How many extension headers of one IPv6 packet are followed.
const MAX_EXTENSIONS: usize = 16;

impl Walk<'_> {
    /// IPv4 or IPv6, as the version tells, whatever the header before called it.
    pub(super) fn ip(&mut self) -> Step {
        match self.rest.first().map(|first| first >> 4) {
            Some(4) => self.ipv4(),
            Some(6) => self.ipv6(),
            Some(_) => Err(Reason::Malformed),
            None => Err(self.too_short(1)),
        }
    }

    fn ipv4(&mut self) -> Step {
        let header = match Ipv4HeaderSlice::from_slice(self.rest) {
            Ok(header) => header,
            Err(err::ipv4::HeaderSliceError::Len(missing)) => {
                return Err(self.too_short(missing.required_len));
            }
            Err(_) => return Err(Reason::Malformed),
        };
        let header_len = header.slice().len();
        match usize::from(header.total_len()) {
            // Segmentation by the network card leaves 0 in what was captured before it.
            0 => {}
            total if total < header_len => return Err(Reason::Malformed),
            total => self.limit(total),
        }
        let start = self.span().start();
        self.skip(header_len)?;
        self.src = IpAddr::V4(header.source_addr());
        self.dst = IpAddr::V4(header.destination_addr());
        self.packet.ip_id = header.identification();
        self.packet.ip_payload = self.span();
        self.packet.ip_packet = Span::new(start, self.span().end());
        if !header.is_fragmenting_payload() {
            return self.protocol(header.protocol().0);
        }
        self.done(Content::Fragment(Fragment {
            src: self.src,
            dst: self.dst,
            protocol: header.protocol().0,
            id: u32::from(header.identification()),
            offset: u32::from(header.fragments_offset().byte_offset()),
            more: header.more_fragments(),
            payload: self.span(),
            cut: self.is_cut(),
        }))
    }

    fn ipv6(&mut self) -> Step {
        let header = match Ipv6HeaderSlice::from_slice(self.rest) {
            Ok(header) => header,
            Err(err::ipv6::HeaderSliceError::Len(missing)) => {
                return Err(self.too_short(missing.required_len));
            }
            Err(_) => return Err(Reason::Malformed),
        };
        let start = self.span().start();
        self.skip(header.slice().len())?;
        // 0 stands for a jumbogram, or was left by segmentation in the network card.
        if header.payload_length() != 0 {
            self.limit(usize::from(header.payload_length()));
        }
        self.src = IpAddr::V6(header.source_addr());
        self.dst = IpAddr::V6(header.destination_addr());
        self.packet.ip_id = 0;
        self.packet.ip_payload = self.span();
        self.packet.ip_packet = Span::new(start, self.span().end());
        self.protocol(header.next_header().0)
    }

    /// What an IP header carries.
    pub(super) fn protocol(&mut self, protocol: u8) -> Step {
        match protocol {
            6 => Ok(Layer::Tcp),
            17 => Ok(Layer::Udp),
            132 => Ok(Layer::Sctp),
            1 | 58 => Err(Reason::Icmp),
            4 | 41 => {
                self.enter(Encapsulation::IP_IN_IP, None)?;
                Ok(Layer::Ip)
            }
            47 => Ok(Layer::Gre),
            50 => Err(Reason::Esp),
            97 => Ok(Layer::EtherIp),
            115 => Ok(Layer::L2tpV3),
            137 => Ok(Layer::Mpls),
            0 | 43 | 44 | 51 | 60 | 135 | 139 | 140 => self.extensions(protocol),
            _ => Err(Reason::OtherProtocol),
        }
    }

    /// The extension headers of IPv6 (RFC 8200 §4), and the authentication header of either version (RFC 4302).
    fn extensions(&mut self, mut protocol: u8) -> Step {
        for _ in 0..MAX_EXTENSIONS {
            let (next, len) = match (protocol, self.src.is_ipv6()) {
                (51, _) => {
                    let [next, words] = *self.peek()?;
                    self.packet.encapsulation.insert(Encapsulation::AH);
                    (next, usize::from(words).saturating_add(2).saturating_mul(4))
                }
                (44, true) => {
                    let [next, _, offset_high, offset_low, id @ ..] = *self.take::<8>()?;
                    let offset = u16::from_be_bytes([offset_high, offset_low]);
                    let (more, offset) = (offset & 1 != 0, offset & !7);
                    if !more && offset == 0 {
                        // An atomic fragment is a whole packet (RFC 6946).
                        protocol = next;
                        continue;
                    }
                    return self.done(Content::Fragment(Fragment {
                        src: self.src,
                        dst: self.dst,
                        protocol: next,
                        id: u32::from_be_bytes(id),
                        offset: u32::from(offset),
                        more,
                        payload: self.span(),
                        cut: self.is_cut(),
                    }));
                }
                (0 | 43 | 60 | 135 | 139 | 140, true) => {
                    let [next, eights] = *self.peek()?;
                    (
                        next,
                        usize::from(eights).saturating_add(1).saturating_mul(8),
                    )
                }
                (0 | 43 | 44 | 60 | 135 | 139 | 140, false) => return Err(Reason::OtherProtocol),
                _ => return self.protocol(protocol),
            };
            self.skip(len)?;
            protocol = next;
        }
        Err(Reason::TooDeep)
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::{SIP, check, describe_packet, ipv4, ipv6, udp, unwrap, wrap};
    use crate::capture::LinkType;

    const V6: &str = "none: udp [2001:db8::1]:5060 [2001:db8::200]:5070 SIP";

    fn sip() -> Vec<u8> {
        udp(5060, 5070, SIP)
    }

    /// An IPv4 packet with octets 6 and 7 (flags and offset) set.
    fn ipv4_fragment(flags_offset: u16, payload: &[u8]) -> Vec<u8> {
        let mut packet = ipv4(1, 17, payload);
        packet[6..8].copy_from_slice(&flags_offset.to_be_bytes());
        packet
    }

    #[test]
    fn ipv4_lengths_and_fragments() {
        let with_total = |total: u16| {
            let mut packet = wrap(&ipv4(1, 17, &sip()), &[0; 7]);
            packet[2..4].copy_from_slice(&total.to_be_bytes());
            packet
        };
        let mut with_options = wrap(&[0x47, 0, 0, 0], &ipv4(1, 17, &[])[4..]);
        with_options.extend([1; 8]);
        let with_options = wrap(&with_options, &sip());
        let mut short_header = ipv4(1, 17, &sip());
        short_header[0] = 0x44;
        let fragment = "none: fragment 192.0.2.1 192.0.2.200 id 43981 protocol 17";
        check(
            LinkType::RAW,
            &[
                ("plain", ipv4(1, 17, &sip()), "none"),
                (
                    "options, total length 0 (segmentation offload)",
                    with_options,
                    "none",
                ),
                (
                    "total length shorter than the header",
                    with_total(19),
                    "none: malformed",
                ),
                ("header shorter than 20", short_header, "none: malformed"),
                (
                    "first fragment",
                    ipv4_fragment(0x2000, &[0; 16]),
                    &format!("{fragment} at 0 more true 16 octets"),
                ),
                (
                    "last fragment",
                    ipv4_fragment(0x00b9, &[0; 9]),
                    &format!("{fragment} at 1480 more false 9 octets"),
                ),
                ("ICMP", ipv4(1, 1, &[3; 40]), "none: icmp"),
                ("ESP", ipv4(1, 50, &[3; 40]), "none: esp"),
                ("OSPF", ipv4(1, 89, &[3; 40]), "none: other-protocol"),
                (
                    "IPv6's hop-by-hop in IPv4",
                    ipv4(1, 0, &[17, 0, 0, 0, 0, 0, 0, 0]),
                    "none: other-protocol",
                ),
                (
                    "authentication header",
                    ipv4(
                        1,
                        51,
                        &wrap(
                            &[
                                17, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
                                9, 9,
                            ],
                            &sip(),
                        ),
                    ),
                    "ah",
                ),
                ("IPv4 in IPv4", ipv4(9, 4, &ipv4(1, 17, &sip())), "ip-in-ip"),
                (
                    "IPv6 in IPv4",
                    ipv4(9, 41, &ipv6(1, 17, &sip())),
                    &V6.replace("none", "ip-in-ip"),
                ),
                ("IPv4 in IPv6", ipv6(9, 4, &ipv4(1, 17, &sip())), "ip-in-ip"),
            ],
        );
    }

    #[test]
    fn ipv6_extension_headers_before_and_after_a_fragment_header() {
        let hop = [60, 0, 1, 4, 0, 0, 0, 0];
        let options = [44, 1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let atomic = [43, 0, 0, 0, 0, 0, 0, 5];
        let routing = [17, 0, 0, 0, 0, 0, 0, 0];
        let chain = [&hop[..], &options, &atomic, &routing, &sip()].concat();
        let later = [
            60, 0, 0x00, 0x11, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, 5, 6, 7, 8,
        ];
        let endless = [0, 0, 0, 0, 0, 0, 0, 0].repeat(40);
        let mut jumbo = ipv6(1, 17, &sip());
        jumbo[4..6].fill(0);
        check(
            LinkType::RAW,
            &[
                ("plain", ipv6(1, 17, &sip()), V6),
                ("padding", wrap(&ipv6(1, 17, &sip()), &[0; 6]), V6),
                ("payload length 0", jumbo, V6),
                ("chain with an atomic fragment", ipv6(1, 0, &chain), V6),
                (
                    "fragment",
                    ipv6(1, 44, &later),
                    "none: fragment 2001:db8::1 2001:db8::200 id 3735928559 protocol 60 at 16 more true 8 octets",
                ),
                (
                    "extensions without end",
                    ipv6(1, 0, &endless),
                    "none: too-deep",
                ),
                ("no next header", ipv6(1, 59, &[]), "none: other-protocol"),
                ("ICMPv6", ipv6(1, 58, &[128; 8]), "none: icmp"),
            ],
        );
    }

    #[test]
    fn the_ip_payload_and_identification_are_told() {
        let packet = ipv4(1, 17, &sip());
        let outer = ipv6(9, 4, &packet);
        let found = unwrap(LinkType::RAW, &outer);
        assert_eq!(found.ip_id, 0xabcd);
        assert_eq!(found.ip_payload.of(&outer), sip());
    }

    #[test]
    fn tunnels_in_tunnels_are_followed_four_deep() {
        let mut packet = ipv4(1, 17, &sip());
        for depth in 1..=5 {
            packet = ipv4(9, 4, &packet);
            let found = describe_packet(&packet, &unwrap(LinkType::RAW, &packet));
            assert_eq!(
                found == "ip-in-ip: too-deep",
                depth == 5,
                "{depth}: {found}"
            );
        }
    }
}
