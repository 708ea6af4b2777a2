//! The first header of a frame, as the link type tells (<https://www.tcpdump.org/linktypes.html>).

use std::net::SocketAddr;

use super::{
    Content, Datagram, Reason, fits,
    walk::{Layer, Step, Walk},
};
use crate::{capture::LinkType, net::Transport};

impl Walk<'_> {
    pub(super) fn link(&mut self, link: LinkType) -> Step {
        match link {
            LinkType::ETHERNET => self.ethernet(),
            LinkType::LINUX_SLL => self.cooked(),
            LinkType::LINUX_SLL2 => self.cooked_v2(),
            LinkType::RAW
            | LinkType::RAW_BSD
            | LinkType::RAW_OPENBSD
            | LinkType::IPV4
            | LinkType::IPV6 => self.ip(),
            LinkType::NULL | LinkType::LOOP => self.loopback(),
            LinkType::PPP => Ok(Layer::Ppp),
            LinkType::PPP_HDLC | LinkType::C_HDLC => self.hdlc(),
            LinkType::PPP_ETHER => Ok(Layer::Pppoe),
            LinkType::FRELAY => self.frame_relay(),
            LinkType::IEEE802_11 => Ok(Layer::Wlan),
            LinkType::IEEE802_11_RADIOTAP => Ok(Layer::Radiotap),
            LinkType::IEEE802_11_PRISM => self.prism(),
            LinkType::IEEE802_11_AVS => self.avs(),
            LinkType::PPI => self.ppi(),
            LinkType::PKTAP => self.pktap(),
            LinkType::ERF => self.erf(),
            LinkType::NFLOG => self.nflog(),
            LinkType::TZSP => Ok(Layer::Tzsp),
            LinkType::MPLS => Ok(Layer::Mpls),
            LinkType::SCTP => Ok(Layer::Sctp),
            LinkType::WIRESHARK_UPPER_PDU => self.exported_pdu(),
            LinkType::ATM_RFC1483 => Ok(Layer::Llc),
            LinkType::ATM_CLIP => self.classical_atm(),
            LinkType::FDDI => self.before_llc(13),
            LinkType::IEEE802_5 => self.token_ring(),
            LinkType::ENC => self.before_ip(12),
            LinkType::SLIP => self.before_ip(16),
            LinkType::SLIP_BSDOS => self.before_ip(24),
            LinkType::PPP_BSDOS => self.before_ip(24),
            LinkType::IPNET => self.before_ip(24),
            LinkType::PFLOG => self.pflog(),
            LinkType::IPOIB => self.infiniband(),
            LinkType::ETHERNET_BRCM_TAG | LinkType::ETHERNET_DSA => self.switch_tag(4),
            LinkType::ETHERNET_EDSA => self.switch_tag(8),
            LinkType::ETHERNET_BRCM_TAG_PREPEND => {
                self.skip(4)?;
                Ok(Layer::Ethernet)
            }
            LinkType(147..=162) => self.private_use(),
            _ => Err(Reason::UnknownLinkType),
        }
    }

    /// Linux cooked capture, version 1.
    fn cooked(&mut self) -> Step {
        let [_, _, a0, a1, .., p0, p1] = *self.take::<16>()?;
        self.cooked_payload(u16::from_be_bytes([a0, a1]), u16::from_be_bytes([p0, p1]))
    }

    /// Linux cooked capture, version 2.
    fn cooked_v2(&mut self) -> Step {
        let [p0, p1, _, _, _, _, _, _, a0, a1, ..] = *self.take::<20>()?;
        self.cooked_payload(u16::from_be_bytes([a0, a1]), u16::from_be_bytes([p0, p1]))
    }

    /// What a cooked header with the device type `hardware` (`ARPHRD_…`) and this `protocol` leads to.
    fn cooked_payload(&mut self, hardware: u16, protocol: u16) -> Step {
        const NETLINK: u16 = 824;
        const RADIOTAP: u16 = 803;
        const FRAME_RELAY: u16 = 770;
        match (hardware, protocol) {
            (NETLINK, _) => Err(Reason::NotIp),
            (RADIOTAP, _) => Ok(Layer::Radiotap),
            (FRAME_RELAY, _) => self.frame_relay(),
            (_, 0x0004) => Ok(Layer::Llc),
            // Devices without a link layer may leave the type out.
            (_, 0) if fits::whole_ip(self.rest, self.wire) => Ok(Layer::Ip),
            (_, 0..0x0600) => Err(Reason::NotIp),
            (_, ethertype) => self.ethertype(ethertype),
        }
    }

    /// An address family, in the byte order of the host that captured or in network order.
    fn loopback(&mut self) -> Step {
        let family = *self.take()?;
        let is_ip = |family| matches!(family, 2 | 10 | 23 | 24 | 28 | 30);
        if is_ip(u32::from_le_bytes(family)) || is_ip(u32::from_be_bytes(family)) {
            Ok(Layer::Ip)
        } else {
            Err(Reason::NotIp)
        }
    }

    fn before_ip(&mut self, len: usize) -> Step {
        self.skip(len)?;
        Ok(Layer::Ip)
    }

    fn before_llc(&mut self, len: usize) -> Step {
        self.skip(len)?;
        Ok(Layer::Llc)
    }

    /// A header that tells its own length, padded to a multiple of 4.
    fn pflog(&mut self) -> Step {
        let [len] = *self.peek()?;
        self.before_ip(usize::from(len).next_multiple_of(4))
    }

    fn classical_atm(&mut self) -> Step {
        if self.rest.starts_with(&[0xaa, 0xaa, 0x03]) {
            Ok(Layer::Llc)
        } else {
            Ok(Layer::Ip)
        }
    }

    /// Token ring (IEEE 802.5), with a routing field where the source address says so.
    fn token_ring(&mut self) -> Step {
        let [_, _, _, _, _, _, _, _, source, ..] = *self.take::<14>()?;
        if source & 0x80 != 0 {
            let [control] = *self.peek()?;
            self.skip(usize::from(control & 0x1f))?;
        }
        Ok(Layer::Llc)
    }

    /// IP over InfiniBand: a global route header, then type and padding (RFC 4391).
    fn infiniband(&mut self) -> Step {
        self.skip(40)?;
        let [t0, t1, _, _] = *self.take()?;
        self.ethertype(u16::from_be_bytes([t0, t1]))
    }

    /// A switch's tag between the addresses and the type of an Ethernet frame.
    fn switch_tag(&mut self, len: usize) -> Step {
        self.skip(len.saturating_add(12))?;
        let ethertype = *self.take()?;
        self.ethertype(u16::from_be_bytes(ethertype))
    }

    /// Private use: what it looks like.
    fn private_use(&mut self) -> Step {
        if self.looks_like_pktap() {
            self.pktap()
        } else if fits::ethernet(self.rest) {
            self.ethernet()
        } else if fits::whole_ip(self.rest, self.wire) {
            self.ip()
        } else if fits::sip(self.rest) {
            let nobody = SocketAddr::new(self.src, 0);
            self.done(Content::Datagram(Datagram {
                src: nobody,
                dst: nobody,
                transport: Transport::Udp,
                payload: self.span(),
                cut: self.is_cut(),
            }))
        } else {
            Err(Reason::UnknownLinkType)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{
        DecodeOptions, decode,
        vectors::{SIP, assert_spans_lie_in, check, ethernet, inner_frame, inner_ip, wrap},
    };
    use crate::capture::LinkType;

    /// A cooked header of either version, then the packet.
    fn cooked(hardware: u16, protocol: u16, payload: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let ([h0, h1], [p0, p1]) = (hardware.to_be_bytes(), protocol.to_be_bytes());
        let v1 = [0, 4, h0, h1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, p0, p1];
        let v2 = [
            p0, p1, 0, 0, 0, 0, 0, 3, h0, h1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0,
        ];
        (wrap(&v1, payload), wrap(&v2, payload))
    }

    #[test]
    fn cooked_captures_of_both_versions() {
        let ip = inner_ip();
        for (name, hardware, protocol, payload, expected) in [
            ("Ethernet device", 1, 0x0800, ip.clone(), "none"),
            ("loopback", 772, 0x0800, ip.clone(), "none"),
            ("tun", 65_534, 0x0800, ip.clone(), "none"),
            ("no type", 65_534, 0, ip.clone(), "none"),
            ("VLAN", 1, 0x8100, wrap(&[0, 5, 0x08, 0x00], &ip), "vlan"),
            (
                "LLC",
                1,
                4,
                wrap(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &ip),
                "none",
            ),
            ("netlink", 824, 0, ip.clone(), "none: not-ip"),
            ("ARP", 1, 0x0806, vec![0; 28], "none: arp"),
        ] {
            let (v1, v2) = cooked(hardware, protocol, &payload);
            check(LinkType::LINUX_SLL, &[(name, v1, expected)]);
            check(LinkType::LINUX_SLL2, &[(name, v2, expected)]);
        }
    }

    #[test]
    fn short_headers_before_ip() {
        let ip = inner_ip();
        let before = |header: &[u8]| wrap(header, &ip);
        for (link, frame, expected) in [
            (LinkType::RAW, ip.clone(), "none"),
            (LinkType::RAW_BSD, ip.clone(), "none"),
            (LinkType::RAW_OPENBSD, ip.clone(), "none"),
            (LinkType::IPV4, ip.clone(), "none"),
            (LinkType::IPV6, ip.clone(), "none"),
            (LinkType::NULL, before(&[2, 0, 0, 0]), "none"),
            (LinkType::NULL, before(&[0, 0, 0, 2]), "none"),
            (LinkType::NULL, before(&[30, 0, 0, 0]), "none"),
            (LinkType::NULL, before(&[9, 0, 0, 0]), "none: not-ip"),
            (LinkType::LOOP, before(&[0, 0, 0, 2]), "none"),
            (LinkType::ENC, before(&[0; 12]), "none"),
            (LinkType::SLIP, before(&[0; 16]), "none"),
            (LinkType::IPNET, before(&[0; 24]), "none"),
            (
                LinkType::PFLOG,
                before(&[&[61], [0; 63].as_slice()].concat()),
                "none",
            ),
            (
                LinkType::ATM_RFC1483,
                before(&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]),
                "none",
            ),
            (
                LinkType::ATM_RFC1483,
                before(&[0xfe, 0xfe, 3, 0xcc]),
                "none",
            ),
            (LinkType::ATM_CLIP, ip.clone(), "none"),
            (
                LinkType::ATM_RFC1483,
                wrap(&[0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0], &inner_frame()),
                "none",
            ),
            (
                LinkType::FDDI,
                before(&[&[0x50], [0; 12].as_slice(), &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat()),
                "none",
            ),
            (
                LinkType::IEEE802_5,
                before(
                    &[
                        &[0x10, 0x40, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0][..],
                        &[0x06, 0, 0, 0, 0, 0],
                        &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
                    ]
                    .concat(),
                ),
                "none",
            ),
            (
                LinkType::IPOIB,
                before(&[[0; 40].as_slice(), &[8, 0, 0, 0]].concat()),
                "none",
            ),
            (
                LinkType::ETHERNET_BRCM_TAG,
                before(&[[0; 16].as_slice(), &[8, 0]].concat()),
                "none",
            ),
            (
                LinkType::ETHERNET_BRCM_TAG_PREPEND,
                wrap(&[0; 4], &inner_frame()),
                "none",
            ),
            (LinkType(999), ip.clone(), "none: unknown-link-type"),
        ] {
            check(link, &[(&format!("{link:?}"), frame, expected)]);
        }
    }

    #[test]
    fn private_link_types_are_what_they_look_like() {
        let nobody = "none: udp 0.0.0.0:0 0.0.0.0:0 SIP";
        check(
            LinkType::USER0,
            &[
                ("Ethernet", inner_frame(), "none"),
                ("IP", inner_ip(), "none"),
                ("SIP", SIP.to_vec(), nobody),
                ("something else", vec![7; 60], "none: unknown-link-type"),
            ],
        );
    }

    #[test]
    fn the_frame_check_sequence_is_no_payload() {
        let frame = wrap(&ethernet(0x0800, &inner_ip()), &[0xfc; 4]);
        let orig_len = u32::try_from(frame.len()).unwrap();
        let mut no_length = frame.clone();
        no_length[16..18].fill(0);
        no_length[38..40].fill(0);
        let options = DecodeOptions::default();
        let packet = decode(&no_length, LinkType::ETHERNET, orig_len, 4, &options);
        assert!(matches!(
            packet.content,
            crate::packet::Content::Datagram(it) if it.payload.of(&no_length) == SIP
        ));
    }

    proptest! {
        #[test]
        fn any_octets_of_any_link_type_are_survived(
            link in 0_u16..300,
            octets in proptest::collection::vec(any::<u8>(), 0..200),
            more in 0_u32..2000,
        ) {
            let orig_len = u32::try_from(octets.len()).unwrap() + more;
            let packet = decode(&octets, LinkType(link), orig_len, 4, &DecodeOptions::default());
            assert_spans_lie_in(&octets, &packet);
        }
    }
}
