//! Tunnels, and which of them a UDP datagram may be.
//!
//! A port proves nothing: phones use 4789 for themselves, and SIP is sent from 2152. Each function for a tunnel over
//! UDP returns `None`, with nothing read, when its header or what is behind it does not fit.

mod capwap;
mod erspan;
mod geneve;
mod gre;
mod gtp;
mod l2tp;
mod teredo;
mod tzsp;
mod vxlan;

use super::{
    DecodeOptions, Reason, fits,
    walk::{Layer, Step, Walk},
};
use crate::net::Encapsulation;

const L2TP: u16 = 1701;
const GTP_U: u16 = 2152;
const TEREDO: u16 = 3544;
const GRE: u16 = 4754;
const VXLAN_GPE: u16 = 4790;
const CAPWAP_DATA: u16 = 5247;
const GENEVE: u16 = 6081;
const MPLS: u16 = 6635;
const HP_ERM: u16 = 7932;
const TZSP: u16 = 37008;

/// Returns whether a tunnel has this port; VXLAN has its own option.
#[inline]
const fn is_tunnel_port(port: u16) -> bool {
    matches!(
        port,
        L2TP | GTP_U | TEREDO | GRE | VXLAN_GPE | CAPWAP_DATA | GENEVE | MPLS | HP_ERM | TZSP
    )
}

/// Returns whether a datagram with these ports may be a tunnel's.
#[inline]
pub(super) fn may_be(options: &DecodeOptions, src_port: u16, dst_port: u16) -> bool {
    let is_vxlan = |port: &u16| *port == src_port || *port == dst_port;
    options.vxlan_ports.iter().any(is_vxlan) || is_tunnel_port(src_port) || is_tunnel_port(dst_port)
}

impl Walk<'_> {
    /// The tunnel that the payload of a UDP datagram is, if it is one.
    #[inline]
    pub(super) fn udp_tunnel(&mut self, src_port: u16, dst_port: u16) -> Option<Step> {
        // Nearly all datagrams leave here.
        if !may_be(self.options, src_port, dst_port) {
            return None;
        }
        self.tunnel_at(dst_port)
            .or_else(|| self.tunnel_at(src_port))
    }

    #[cold]
    fn tunnel_at(&mut self, port: u16) -> Option<Step> {
        if self.options.vxlan_ports.contains(&port)
            && let Some(step) = self.vxlan()
        {
            return Some(step);
        }
        match port {
            L2TP => self.l2tp(),
            GTP_U => self.gtp(),
            TEREDO => self.teredo(),
            GRE => self.gre_over_udp(),
            VXLAN_GPE => self.vxlan_gpe(),
            CAPWAP_DATA => self.capwap(),
            GENEVE => self.geneve(),
            MPLS => self.mpls_over_udp(),
            HP_ERM => self.hp_erm(),
            TZSP => self.tzsp_over_udp(),
            _ => None,
        }
    }

    /// Enters a tunnel and goes behind its header of `header_len` octets.
    fn through(
        &mut self,
        kind: Encapsulation,
        id: Option<u32>,
        header_len: usize,
        layer: Layer,
    ) -> Step {
        self.enter(kind, id)?;
        self.skip(header_len)?;
        Ok(layer)
    }

    /// Ethernet in IP (RFC 3378): version 3 and a reserved field.
    pub(super) fn etherip(&mut self) -> Step {
        match self.peek()? {
            [0x30..=0x3f, _] => self.through(Encapsulation::ETHERIP, None, 2, Layer::Ethernet),
            _ => Err(Reason::Malformed),
        }
    }

    /// MPLS over UDP (RFC 7510).
    fn mpls_over_udp(&mut self) -> Option<Step> {
        const MAX_LABELS: usize = 16;
        let labels = self
            .rest
            .chunks_exact(4)
            .take(MAX_LABELS)
            .position(|label| matches!(label, [_, _, end, _] if end & 1 == 1))?;
        let header_len = labels.saturating_add(1).saturating_mul(4);
        let inner = self.rest.get(header_len..)?;
        let behind_control_word = inner.get(4..).unwrap_or_default();
        let is_mpls = fits::whole_ip(inner, self.wire.saturating_sub(header_len))
            || fits::ethernet(inner)
            || fits::ethernet(behind_control_word);
        is_mpls.then(|| self.through(Encapsulation::MPLS, None, 0, Layer::Mpls))
    }

    /// HP's remote mirroring: 12 octets of its own, or 2 by other accounts, then Ethernet.
    fn hp_erm(&mut self) -> Option<Step> {
        let header_len = [12, 2]
            .into_iter()
            .find(|len| fits::ethernet(self.rest.get(*len..).unwrap_or_default()))?;
        Some(self.through(Encapsulation::HP_ERM, None, header_len, Layer::Ethernet))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        capture::LinkType,
        packet::{
            DecodeOptions, decode,
            vectors::{
                SIP, assert_spans_lie_in, check, describe_packet, inner_frame, inner_ip, over_ip,
                over_udp, unwrap, wrap,
            },
        },
    };

    #[test]
    fn small_tunnels() {
        check(
            LinkType::ETHERNET,
            &[
                (
                    "EtherIP",
                    over_ip(97, &wrap(&[0x30, 0], &inner_frame())),
                    "etherip",
                ),
                (
                    "no EtherIP",
                    over_ip(97, &wrap(&[0x40, 0], &inner_frame())),
                    "none: malformed",
                ),
                (
                    "MPLS in IP",
                    over_ip(137, &wrap(&[0, 1, 1, 64], &inner_ip())),
                    "mpls",
                ),
                (
                    "MPLS in UDP",
                    over_udp(6635, &wrap(&[0, 1, 1, 64], &inner_ip())),
                    "mpls",
                ),
                (
                    "HP ERM",
                    over_udp(7932, &wrap(&[0; 12], &inner_frame())),
                    "hp-erm",
                ),
                (
                    "HP ERM, short",
                    over_udp(7932, &wrap(&[0; 2], &inner_frame())),
                    "hp-erm",
                ),
            ],
        );
    }

    #[test]
    fn sip_on_the_port_of_a_tunnel_stays_what_it_is() {
        for port in [
            1701, 2152, 3544, 4754, 4789, 4790, 5247, 6081, 6635, 7932, 8472, 37_008,
        ] {
            let frame = over_udp(port, SIP);
            let found = describe_packet(&frame, &unwrap(LinkType::ETHERNET, &frame));
            assert_eq!(
                found,
                format!("none: udp 192.0.2.9:40000 192.0.2.200:{port} SIP")
            );
        }
    }

    #[test]
    fn ids_are_mixed_and_tags_are_not() {
        let vxlan = |vni: u8| over_udp(4789, &wrap(&[8, 0, 0, 0, 0, 0, vni, 0], &inner_frame()));
        let tunnel = |frame: &[u8]| unwrap(LinkType::ETHERNET, frame).tunnel;
        assert_eq!(tunnel(&vxlan(1)), tunnel(&vxlan(1)));
        assert_ne!(tunnel(&vxlan(1)), tunnel(&vxlan(2)));
        assert_eq!(tunnel(&inner_frame()), 0);
    }

    #[test]
    fn a_port_given_for_vxlan_may_be_that_of_another_tunnel() {
        let options = DecodeOptions {
            vxlan_ports: vec![2152],
        };
        let vxlan = over_udp(2152, &wrap(&[8, 0, 0, 0, 0, 0, 7, 0], &inner_frame()));
        let len = inner_ip().len() as u16;
        let [l0, l1] = len.to_be_bytes();
        let gtp = over_udp(2152, &wrap(&[0x30, 255, l0, l1, 0, 0, 0, 7], &inner_ip()));
        for (frame, expected) in [(vxlan, "vxlan"), (gtp, "gtp-u")] {
            let orig_len = u32::try_from(frame.len()).unwrap();
            let packet = decode(&frame, LinkType::ETHERNET, orig_len, 0, &options);
            assert_eq!(packet.encapsulation.to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn any_octets_on_any_tunnel_are_survived(
            port in prop::sample::select(vec![
                1701_u16, 2152, 3544, 4754, 4789, 4790, 5247, 6081, 6635, 7932, 8472, 37_008,
            ]),
            first in 0_usize..12,
            octets in proptest::collection::vec(any::<u8>(), 0..120),
        ) {
            // Beginnings that get past the first check of some tunnel.
            let beginnings: [&[u8]; 12] = [
                &[], &[0x08], &[0x37, 0xff], &[0x30, 0xff], &[0x40, 0x02], &[0x00, 0x03],
                &[1, 0, 0, 1], &[0x00, 0x10], &[0, 0, 0x65, 0x58], &[0x0c, 0, 0, 4],
                &[0, 1, 4, 4], &[0x20, 0x00, 0x65, 0x58],
            ];
            let payload = wrap(beginnings[first], &octets);
            for frame in [over_udp(port, &payload), over_ip(47, &payload), over_ip(115, &payload)] {
                let orig_len = u32::try_from(frame.len()).unwrap();
                let packet =
                    decode(&frame, LinkType::ETHERNET, orig_len, 0, &DecodeOptions::default());
                assert_spans_lie_in(&frame, &packet);
            }
        }
    }
}
