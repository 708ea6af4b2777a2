//! The walk from a frame's first header to its innermost packet, one header after the other.

use std::net::{IpAddr, Ipv4Addr};

use super::{Content, DecodeOptions, Packet, Reason};
use crate::{capture::LinkType, net::Encapsulation, span::Span};

/// How many headers are followed, and how many of them may be tunnels.
const MAX_HEADERS: u8 = 16;
const MAX_TUNNELS: u8 = 4;

/// How the next octets are to be read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layer {
    Link(LinkType),
    Ethernet,
    Vlan,
    Llc,
    ServiceTag,
    TagThenType(u8),
    MacSec,
    Wlan,
    WlanSwapped,
    Radiotap,
    Mpls,
    Pppoe,
    Ppp,
    Ip,
    Protocol(u8),
    Udp,
    Tcp,
    Sctp,
    Gre,
    EtherIp,
    L2tpV3,
    Nsh,
    Tzsp,
    /// The content is set.
    Done,
}

/// What a header leads to, or why it leads nowhere.
pub(super) type Step = Result<Layer, Reason>;

/// Where the walk stands, and what it has learnt on the way.
pub(super) struct Walk<'a> {
    pub(super) options: &'a DecodeOptions,
    /// The captured octets that are not read yet.
    pub(super) rest: &'a [u8],
    /// How long `rest` was on the wire, as far as the headers tell; longer than `rest` when the frame was cut.
    pub(super) wire: usize,
    /// The innermost addresses.
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    /// What was learnt, in the place where the caller wants it: copying it would cost as much as all the rest.
    pub(super) packet: &'a mut Packet,
    whole: &'a [u8],
    headers_left: u8,
    tunnels_left: u8,
}

impl<'a> Walk<'a> {
    /// Starts at the beginning of `whole`, which had `wire` octets before it was cut.
    #[inline]
    pub(super) fn new(
        whole: &'a [u8],
        wire: usize,
        options: &'a DecodeOptions,
        packet: &'a mut Packet,
    ) -> Self {
        Self {
            options,
            rest: whole.get(..wire).unwrap_or(whole),
            wire,
            src: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            dst: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            packet,
            whole,
            headers_left: MAX_HEADERS,
            tunnels_left: MAX_TUNNELS,
        }
    }

    /// Follows the headers from `layer` on to the content.
    pub(super) fn run(&mut self, mut layer: Layer) {
        loop {
            match self.spend_header().and_then(|()| self.step(layer)) {
                Ok(Layer::Done) => return,
                Ok(next) => layer = next,
                Err(reason) => {
                    self.packet.content = Content::Skipped(reason);
                    return;
                }
            }
        }
    }

    fn step(&mut self, layer: Layer) -> Step {
        match layer {
            Layer::Link(link) => self.link(link),
            Layer::Ethernet => self.ethernet(),
            Layer::Vlan => self.vlan(),
            Layer::Llc => self.llc(),
            Layer::ServiceTag => self.service_tag(),
            Layer::TagThenType(len) => self.tag_then_type(len),
            Layer::MacSec => self.macsec(),
            Layer::Wlan => self.wlan(),
            Layer::WlanSwapped => self.wlan_swapped(),
            Layer::Radiotap => self.radiotap(),
            Layer::Mpls => self.mpls(),
            Layer::Pppoe => self.pppoe(),
            Layer::Ppp => self.ppp(),
            Layer::Ip => self.ip(),
            Layer::Protocol(protocol) => self.protocol(protocol),
            Layer::Udp => self.udp(),
            Layer::Tcp => self.tcp(),
            Layer::Sctp => self.sctp(),
            Layer::Gre => self.gre(),
            Layer::EtherIp => self.etherip(),
            Layer::L2tpV3 => self.l2tp_v3(),
            Layer::Nsh => self.nsh(),
            Layer::Tzsp => self.tzsp(),
            Layer::Done => Ok(Layer::Done),
        }
    }

    /// Takes one header from the budget.
    pub(super) fn spend_header(&mut self) -> Result<(), Reason> {
        self.headers_left = self.headers_left.checked_sub(1).ok_or(Reason::TooDeep)?;
        Ok(())
    }

    /// Enters a tunnel, whose `id` keeps apart what goes through it.
    pub(super) fn enter(&mut self, kind: Encapsulation, id: Option<u32>) -> Result<(), Reason> {
        self.tunnels_left = self.tunnels_left.checked_sub(1).ok_or(Reason::TooDeep)?;
        self.packet.encapsulation.insert(kind);
        if let Some(id) = id {
            self.packet.tunnel = mix(self.packet.tunnel, kind, id);
        }
        Ok(())
    }

    /// Returns the next `N` octets and leaves them there.
    pub(super) fn peek<const N: usize>(&self) -> Result<&'a [u8; N], Reason> {
        self.rest.first_chunk().ok_or_else(|| self.too_short(N))
    }

    /// Takes the next `N` octets.
    pub(super) fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], Reason> {
        let (head, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or_else(|| self.too_short(N))?;
        self.rest = rest;
        self.wire = self.wire.saturating_sub(N);
        Ok(head)
    }

    /// Skips `len` octets.
    pub(super) fn skip(&mut self, len: usize) -> Result<(), Reason> {
        self.rest = self.rest.get(len..).ok_or_else(|| self.too_short(len))?;
        self.wire = self.wire.saturating_sub(len);
        Ok(())
    }

    /// Lets `rest` end where a header says that its payload does: what is behind is padding, what misses was cut.
    pub(super) fn limit(&mut self, wire: usize) {
        self.rest = self.rest.get(..wire).unwrap_or(self.rest);
        self.wire = wire;
    }

    /// Returns whether octets of `rest` were not captured.
    pub(super) const fn is_cut(&self) -> bool {
        self.wire > self.rest.len()
    }

    /// Returns the empty end of `rest`.
    pub(super) fn end(&self) -> &'a [u8] {
        self.rest.get(self.rest.len()..).unwrap_or_default()
    }

    /// Returns the span of `rest`.
    pub(super) fn span(&self) -> Span {
        Span::locate(self.whole, self.rest)
    }

    /// Returns why `len` octets cannot be taken.
    pub(super) const fn too_short(&self, len: usize) -> Reason {
        if self.wire >= len {
            Reason::HeaderCut
        } else {
            Reason::Malformed
        }
    }

    /// Sets the content.
    #[inline]
    pub(super) fn done(&mut self, content: Content) -> Step {
        self.packet.content = content;
        Ok(Layer::Done)
    }
}

/// Mixes a tunnel's id into those of the tunnels around it, the same way in every run; never 0.
fn mix(around: u64, kind: Encapsulation, id: u32) -> u64 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = around ^ (u64::from(kind.bits()) << 32 | u64::from(id));
    let step = (step ^ step >> 32).wrapping_mul(MULTIPLIER);
    (step ^ step >> 29).wrapping_mul(MULTIPLIER) | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tunnel_ids_of_different_kinds_and_orders_differ() {
        let vxlan = |around, id| mix(around, Encapsulation::VXLAN, id);
        let gre = |around, id| mix(around, Encapsulation::GRE, id);
        let mut all = [
            vxlan(0, 0),
            vxlan(0, 1),
            gre(0, 0),
            gre(0, 1),
            gre(vxlan(0, 1), 1),
            vxlan(gre(0, 1), 1),
        ];
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(all.iter().all(|mixed| *mixed != 0));
    }
}
