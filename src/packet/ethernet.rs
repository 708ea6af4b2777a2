//! Ethernet, IEEE 802.2 and the tags between their headers and the network layer.

use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::{
    Reason,
    walk::{Layer, Step, Walk},
};
use crate::net::Encapsulation;

/// Below it the type field is a length (IEEE 802.3).
const FIRST_ETHERTYPE: u16 = 0x0600;

/// The octets of the integrity check value at the end of a MACsec frame, with the default cipher suites.
const MACSEC_ICV: usize = 16;

impl Walk<'_> {
    pub(super) fn ethernet(&mut self) -> Step {
        let header = Ethernet2HeaderSlice::from_slice(self.rest).map_err(|_| self.too_short(14))?;
        self.skip(header.slice().len())?;
        self.ethertype(header.ether_type().0)
    }

    /// What follows an ethertype, or an 802.3 length in its place.
    pub(super) fn ethertype(&mut self, ethertype: u16) -> Step {
        if ethertype < FIRST_ETHERTYPE {
            let len = usize::from(ethertype);
            if len <= self.wire {
                self.limit(len);
            }
            return Ok(Layer::Llc);
        }
        after_ethertype(ethertype)
    }

    /// A stack of 802.1Q and 802.1ad tags.
    pub(super) fn vlan(&mut self) -> Step {
        let mut kind = Encapsulation::VLAN;
        loop {
            let tag =
                SingleVlanHeaderSlice::from_slice(self.rest).map_err(|_| self.too_short(4))?;
            self.skip(tag.slice().len())?;
            match self.ethertype(tag.ether_type().0) {
                Ok(Layer::Vlan) => {
                    self.spend_header()?;
                    kind = Encapsulation::QINQ;
                }
                step => {
                    self.packet.encapsulation.insert(kind);
                    return step;
                }
            }
        }
    }

    /// IEEE 802.2 LLC, with SNAP where it says so.
    pub(super) fn llc(&mut self) -> Step {
        let [dsap, ssap, control] = *self.take()?;
        match (dsap, ssap, control) {
            (0xaa, 0xaa, 0x03) => self.snap(),
            (0x06, 0x06, 0x03) => Ok(Layer::Ip),
            (0x42, 0x42, 0x03) => Err(Reason::LinkControl),
            // OSI network layer protocol identifiers (RFC 2684 §5.2).
            (0xfe, 0xfe, 0x03) => match self.take::<1>()? {
                [0xcc | 0x8e] => Ok(Layer::Ip),
                _ => Err(Reason::NotIp),
            },
            _ => Err(Reason::NotIp),
        }
    }

    /// The organisation code and type behind LLC (RFC 1042).
    pub(super) fn snap(&mut self) -> Step {
        let [o0, o1, o2, t0, t1] = *self.take()?;
        match ([o0, o1, o2], u16::from_be_bytes([t0, t1])) {
            ([0, 0, 0 | 0xf8], ethertype) if ethertype >= FIRST_ETHERTYPE => {
                after_ethertype(ethertype)
            }
            // Bridged Ethernet, with or without its check sequence; ATM pads it (RFC 2684 §5.2), frame relay does not.
            ([0, 0x80, 0xc2], 0x0001 | 0x0007) => {
                if self.rest.starts_with(&[0, 0]) {
                    self.skip(2)?;
                }
                Ok(Layer::Ethernet)
            }
            ([0, 0, 0x0c], _) => Err(Reason::LinkControl),
            _ => Err(Reason::NotIp),
        }
    }

    /// The I-TAG of 802.1ah: flags and service, then the customer's frame.
    pub(super) fn service_tag(&mut self) -> Step {
        let [_flags, service @ ..] = *self.take::<4>()?;
        self.enter(Encapsulation::PROVIDER_TAG, Some(u24(service)))?;
        Ok(Layer::Ethernet)
    }

    /// A tag of `len` octets, then a type: 802.1BR, VN-Tag, Cisco metadata.
    pub(super) fn tag_then_type(&mut self, len: u8) -> Step {
        self.skip(usize::from(len))?;
        self.packet
            .encapsulation
            .insert(Encapsulation::PROVIDER_TAG);
        let ethertype = *self.take()?;
        self.ethertype(u16::from_be_bytes(ethertype))
    }

    /// MACsec (IEEE 802.1AE §9): only what is authenticated and not encrypted can be read.
    pub(super) fn macsec(&mut self) -> Step {
        const EXPLICIT_CHANNEL: u8 = 0x20;
        const ENCRYPTED_OR_CHANGED: u8 = 0x0c;

        let [control, _, _, _, _, _] = *self.take::<6>()?;
        if control & ENCRYPTED_OR_CHANGED != 0 {
            return Err(Reason::TunnelOpaque);
        }
        if control & EXPLICIT_CHANNEL != 0 {
            self.skip(8)?;
        }
        self.packet.encapsulation.insert(Encapsulation::MACSEC);
        self.limit(self.wire.saturating_sub(MACSEC_ICV));
        let ethertype = *self.take()?;
        self.ethertype(u16::from_be_bytes(ethertype))
    }
}

/// What follows an ethertype that is not a length.
pub(super) fn after_ethertype(ethertype: u16) -> Step {
    match ethertype {
        0x0800 | 0x86dd => Ok(Layer::Ip),
        0x8100 | 0x88a8 | 0x9100 | 0x9101 | 0x9200 | 0x9300 => Ok(Layer::Vlan),
        0x8847 | 0x8848 => Ok(Layer::Mpls),
        0x8864 => Ok(Layer::Pppoe),
        0x880b => Ok(Layer::Ppp),
        0x6558 => Ok(Layer::Ethernet),
        0x88e7 => Ok(Layer::ServiceTag),
        0x8909 | 0x893f => Ok(Layer::TagThenType(6)),
        0x8926 => Ok(Layer::TagThenType(4)),
        0x88e5 => Ok(Layer::MacSec),
        0x894f => Ok(Layer::Nsh),
        0x0806 | 0x8035 => Err(Reason::Arp),
        // Loopback, slow protocols, PPPoE discovery, 802.1X, LLDP, connectivity fault management.
        0x9000 | 0x8809 | 0x8863 | 0x888e | 0x88cc | 0x8902 => Err(Reason::LinkControl),
        _ => Err(Reason::NotIp),
    }
}

/// Returns whether `ethertype` is one that frames in tunnels carry, as far as it can be told.
pub(super) fn is_known(ethertype: u16) -> bool {
    !matches!(after_ethertype(ethertype), Err(Reason::NotIp))
}

/// Returns a number of three octets.
pub(super) const fn u24([high, middle, low]: [u8; 3]) -> u32 {
    u32::from_be_bytes([0, high, middle, low])
}

#[cfg(test)]
mod tests {
    use super::super::vectors::{check, ethernet, inner_frame, inner_ip, wrap};
    use crate::capture::LinkType;

    #[test]
    fn tags_and_headers_between_ethernet_and_ip() {
        let ip = inner_ip();
        let tagged = |tag: &[u8]| ethernet(0x8100, &wrap(tag, &ip));
        let llc = |header: &[u8]| {
            let payload = wrap(header, &ip);
            ethernet(payload.len() as u16, &wrap(&payload, &[0; 9]))
        };
        let macsec = |control: u8, channel: &[u8]| {
            let secured = wrap(&wrap(&[control, 0, 0, 0, 0, 1], channel), &[0x08, 0x00]);
            ethernet(0x88e5, &wrap(&wrap(&secured, &ip), &[0xee; 16]))
        };
        check(
            LinkType::ETHERNET,
            &[
                ("plain", ethernet(0x0800, &ip), "none"),
                (
                    "padding is no payload",
                    wrap(&ethernet(0x0800, &ip), &[0; 20]),
                    "none",
                ),
                ("IPv4 under the type of IPv6", ethernet(0x86dd, &ip), "none"),
                ("802.1Q", tagged(&[0x60, 100, 0x08, 0x00]), "vlan"),
                ("priority tag", tagged(&[0xe0, 0, 0x08, 0x00]), "vlan"),
                (
                    "802.1ad",
                    ethernet(0x88a8, &wrap(&[0, 10, 0x81, 0, 0, 20, 0x08, 0x00], &ip)),
                    "qinq",
                ),
                (
                    "three old tags",
                    ethernet(
                        0x9100,
                        &wrap(&[0, 1, 0x92, 0, 0, 2, 0x93, 0, 0, 3, 8, 0], &ip),
                    ),
                    "qinq",
                ),
                (
                    "LLC and SNAP",
                    llc(&[0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00]),
                    "none",
                ),
                ("LLC for IP", llc(&[0x06, 0x06, 0x03]), "none"),
                (
                    "spanning tree",
                    llc(&[0x42, 0x42, 0x03, 0, 0]),
                    "none: link-control",
                ),
                ("NetBIOS", llc(&[0xf0, 0xf0, 0x03]), "none: not-ip"),
                (
                    "802.1ah",
                    ethernet(0x88e7, &wrap(&[0, 0, 0x12, 0x34], &inner_frame())),
                    "provider-tag",
                ),
                (
                    "802.1BR",
                    ethernet(0x893f, &wrap(&[0, 0, 0, 1, 0, 0, 0x08, 0x00], &ip)),
                    "provider-tag",
                ),
                (
                    "VN-Tag and 802.1Q",
                    ethernet(0x8926, &wrap(&[0, 1, 0, 2, 0x81, 0, 0, 7, 0x08, 0x00], &ip)),
                    "vlan+provider-tag",
                ),
                (
                    "Cisco metadata",
                    ethernet(0x8909, &wrap(&[1, 1, 0, 1, 0, 9, 0x08, 0x00], &ip)),
                    "provider-tag",
                ),
                ("MACsec, authenticated", macsec(0, &[]), "macsec"),
                ("MACsec with channel", macsec(0x20, &[7; 8]), "macsec"),
                (
                    "MACsec, encrypted",
                    macsec(0x2c, &[7; 8]),
                    "none: tunnel-opaque",
                ),
                ("ARP", ethernet(0x0806, &[0; 28]), "none: arp"),
                ("LLDP", ethernet(0x88cc, &[0; 28]), "none: link-control"),
                ("EtherCAT", ethernet(0x88a4, &[0; 28]), "none: not-ip"),
                (
                    "no version of IP",
                    ethernet(0x0800, &[0x55; 28]),
                    "none: malformed",
                ),
            ],
        );
    }

    #[test]
    fn tags_without_end_are_given_up() {
        let tags = [0x00, 0x01, 0x81, 0x00].repeat(40);
        check(
            LinkType::ETHERNET,
            &[("40 tags", ethernet(0x8100, &tags), "none: too-deep")],
        );
    }
}
