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

#[cfg(test)]
mod tests {
    use crate::{
        capture::LinkType,
        packet::vectors::{check, inner_frame, inner_ip, ipv4, over_udp, wrap},
    };

    #[test]
    fn vxlan_is_believed_when_its_frame_fits() {
        let on = |port: u16, header: [u8; 8], inner: &[u8]| over_udp(port, &wrap(&header, inner));
        let plain = [0x08, 0, 0, 0, 0, 0x30, 0x39, 0];
        let datagram = "none: udp 192.0.2.9:40000 192.0.2.200";
        let frame = inner_frame();
        let len = 8 + frame.len();
        let mut tagged = frame.clone();
        tagged.splice(12..12, [0x81, 0, 0, 5]);
        let mut unknown = frame.clone();
        unknown[12..14].fill(0x20);
        check(
            LinkType::ETHERNET,
            &[
                ("assigned port", on(4789, plain, &frame), "vxlan"),
                ("old port", on(8472, plain, &frame), "vxlan"),
                ("tagged", on(4789, plain, &tagged), "vlan+vxlan"),
                (
                    "reserved bits",
                    on(4789, [0xff, 1, 0xd1, 0xf2, 0, 0, 11, 0], &frame),
                    "vxlan",
                ),
                (
                    "no flag",
                    on(4789, [0; 8], &frame),
                    &format!("{datagram}:4789 {len} octets"),
                ),
                (
                    "unknown type",
                    on(4789, plain, &unknown),
                    &format!("{datagram}:4789 {len} octets"),
                ),
                (
                    "other port",
                    on(4788, plain, &frame),
                    &format!("{datagram}:4788 {len} octets"),
                ),
            ],
        );
    }

    #[test]
    fn the_generic_extension_and_service_headers() {
        let gpe = |flags: u8, next: u8, inner: &[u8]| {
            over_udp(4790, &wrap(&[flags, 0, 0, next, 0, 0, 9, 0], inner))
        };
        let nsh = |next: u8, inner: &[u8]| {
            let header = [0x0f, 0xc6, 1, next, 0, 0, 1, 255, 0, 0, 0, 0, 0, 0, 0, 0];
            [&header[..], &[0; 8], inner].concat()
        };
        check(
            LinkType::ETHERNET,
            &[
                ("IPv4", gpe(0x0c, 1, &inner_ip()), "vxlan-gpe"),
                ("Ethernet", gpe(0x0c, 3, &inner_frame()), "vxlan-gpe"),
                (
                    "next protocol without flag",
                    gpe(0x08, 1, &inner_ip()),
                    "vxlan-gpe",
                ),
                ("plain VXLAN", gpe(0x08, 0, &inner_frame()), "vxlan-gpe"),
                (
                    "MPLS",
                    gpe(0x0c, 5, &wrap(&[0, 1, 1, 9], &inner_ip())),
                    "mpls+vxlan-gpe",
                ),
                (
                    "NSH and IPv4",
                    gpe(0x0c, 4, &nsh(1, &inner_ip())),
                    "vxlan-gpe+nsh",
                ),
                (
                    "NSH and Ethernet",
                    gpe(0x0c, 4, &nsh(3, &inner_frame())),
                    "vxlan-gpe+nsh",
                ),
                ("OAM", gpe(0x0d, 1, &inner_ip()), "none: tunnel-control"),
                (
                    "IPv4 that does not fit",
                    gpe(0x0c, 1, &ipv4(1, 17, &[])[1..]),
                    "none: udp 192.0.2.9:40000 192.0.2.200:4790 27 octets",
                ),
            ],
        );
    }
}
