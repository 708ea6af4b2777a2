//! VXLAN (RFC 7348), VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe) and NSH (RFC 8300).

use crate::{
    net::Encapsulation,
    packet::{
        Reason,
        ethernet::u24,
        fits,
        walk::{Layer, Step, Walk},
    },
};

const HEADER: usize = 8;

/// The flag that says that there is a network identifier. Some senders set all others, too.
const HAS_VNI: u8 = 0x08;

/// Flags of VXLAN-GPE. Some senders leave out the one for the next protocol and set the field nevertheless.
const RESERVED: u8 = 0xc0;
const VERSION: u8 = 0x30;
const HAS_NEXT_PROTOCOL: u8 = 0x04;
const OAM: u8 = 0x01;

impl Walk<'_> {
    pub(super) fn vxlan(&mut self) -> Option<Step> {
        let (&[flags, _, _, _, v0, v1, v2, _], inner) = self.rest.split_first_chunk::<HEADER>()?;
        if flags & HAS_VNI != 0 && fits::ethernet(inner) {
            let vni = Some(u24([v0, v1, v2]));
            return Some(self.through(Encapsulation::VXLAN, vni, HEADER, Layer::Ethernet));
        }
        // The extended header also comes on the port of the plain one.
        (flags & HAS_NEXT_PROTOCOL != 0).then(|| self.vxlan_gpe())?
    }

    pub(super) fn vxlan_gpe(&mut self) -> Option<Step> {
        let (&[flags, _, _, next, v0, v1, v2, _], inner) =
            self.rest.split_first_chunk::<HEADER>()?;
        if flags & (RESERVED | VERSION) != 0 || flags & (HAS_VNI | HAS_NEXT_PROTOCOL) == 0 {
            return None;
        }
        if flags & OAM != 0 {
            return Some(Err(Reason::TunnelControl));
        }
        let has_next = flags & HAS_NEXT_PROTOCOL != 0;
        let layer = match next {
            0 if !has_next => Layer::Ethernet,
            next => next_protocol(next)?,
        };
        let fits = match layer {
            Layer::Ip => fits::whole_ip(inner, self.wire.saturating_sub(HEADER)),
            Layer::Ethernet => fits::ethernet(inner),
            // Neither a service header nor labels can be told from other octets.
            _ => has_next,
        };
        let vni = (flags & HAS_VNI != 0).then(|| u24([v0, v1, v2]));
        fits.then(|| self.through(Encapsulation::VXLAN_GPE, vni, HEADER, layer))
    }

    /// The network service header; its length counts words of 4 octets.
    pub(in crate::packet) fn nsh(&mut self) -> Step {
        let [version_flags, len, _, next] = *self.peek()?;
        if version_flags & 0xc0 != 0 {
            return Err(Reason::Malformed);
        }
        let len = usize::from(len & 0x3f).saturating_mul(4).max(HEADER);
        self.skip(len)?;
        self.packet.encapsulation.insert(Encapsulation::NSH);
        next_protocol(next).ok_or(Reason::NotIp)
    }
}

/// The next protocol of VXLAN-GPE and of NSH, which share their numbers.
const fn next_protocol(number: u8) -> Option<Layer> {
    match number {
        1 | 2 => Some(Layer::Ip),
        3 => Some(Layer::Ethernet),
        4 => Some(Layer::Nsh),
        5 => Some(Layer::Mpls),
        _ => None,
    }
}
