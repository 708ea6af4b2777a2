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
    Reason, fits,
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

impl Walk<'_> {
    /// The tunnel that the payload of a UDP datagram is, if it is one.
    #[inline]
    pub(super) fn udp_tunnel(&mut self, src_port: u16, dst_port: u16) -> Option<Step> {
        // Nearly all datagrams leave here.
        if !self.may_be_tunnel(src_port, dst_port) {
            return None;
        }
        self.tunnel_at(dst_port)
            .or_else(|| self.tunnel_at(src_port))
    }

    #[inline]
    fn may_be_tunnel(&self, src_port: u16, dst_port: u16) -> bool {
        self.options
            .vxlan_ports
            .iter()
            .any(|port| *port == src_port || *port == dst_port)
            || is_tunnel_port(src_port)
            || is_tunnel_port(dst_port)
    }

    #[cold]
    fn tunnel_at(&mut self, port: u16) -> Option<Step> {
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
            _ if self.options.vxlan_ports.contains(&port) => self.vxlan(),
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
