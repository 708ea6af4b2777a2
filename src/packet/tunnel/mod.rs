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

impl Walk<'_> {
    /// The tunnel that the payload of a UDP datagram is, if it is one.
    pub(super) fn udp_tunnel(&mut self, src_port: u16, dst_port: u16) -> Option<Step> {
        self.tunnel_at(dst_port)
            .or_else(|| self.tunnel_at(src_port))
    }

    #[inline]
    fn tunnel_at(&mut self, port: u16) -> Option<Step> {
        match port {
            1701 => self.l2tp(),
            2152 => self.gtp(),
            3544 => self.teredo(),
            4754 => self.gre_over_udp(),
            4790 => self.vxlan_gpe(),
            5247 => self.capwap(),
            6081 => self.geneve(),
            6635 => self.mpls_over_udp(),
            7932 => self.hp_erm(),
            37008 => self.tzsp_over_udp(),
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
