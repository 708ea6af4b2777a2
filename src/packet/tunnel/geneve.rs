//! Geneve (RFC 8926).

use crate::{
    net::Encapsulation,
    packet::{
        Reason,
        ethernet::{is_known, u24},
        fits,
        walk::{Layer, Step, Walk},
    },
};

const HEADER: usize = 8;
const CONTROL: u8 = 0x80;

impl Walk<'_> {
    pub(super) fn geneve(&mut self) -> Option<Step> {
        let (&[version_len, flags, p0, p1, v0, v1, v2, reserved], _) =
            self.rest.split_first_chunk::<HEADER>()?;
        // The version is 0 and reserved bits are.
        if version_len & 0xc0 != 0 || flags & 0x3f != 0 || reserved != 0 {
            return None;
        }
        if flags & CONTROL != 0 {
            return Some(Err(Reason::TunnelControl));
        }
        let header_len = usize::from(version_len)
            .saturating_mul(4)
            .saturating_add(HEADER);
        let inner = self.rest.get(header_len..)?;
        let layer = match u16::from_be_bytes([p0, p1]) {
            0x0800 | 0x86dd if fits::ip(inner) => Layer::Ip,
            0x6558 if fits::ethernet(inner) => Layer::Ethernet,
            0x0800 | 0x86dd | 0x6558 => return None,
            0x8847 | 0x8848 => Layer::Mpls,
            0x894f => Layer::Nsh,
            ethertype if is_known(ethertype) => return Some(Err(Reason::NotIp)),
            _ => return None,
        };
        let vni = Some(u24([v0, v1, v2]));
        Some(self.through(Encapsulation::GENEVE, vni, header_len, layer))
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        capture::LinkType,
        packet::vectors::{check, inner_frame, inner_ip, over_udp, wrap},
    };

    #[test]
    fn geneve_with_and_without_options() {
        let on = |header: &[u8], inner: &[u8]| over_udp(6081, &wrap(header, inner));
        let len = 8 + inner_frame().len();
        let datagram = format!("none: udp 192.0.2.9:40000 192.0.2.200:6081 {len} octets");
        check(
            LinkType::ETHERNET,
            &[
                (
                    "Ethernet",
                    on(&[0, 0, 0x65, 0x58, 0, 0, 7, 0], &inner_frame()),
                    "geneve",
                ),
                (
                    "IPv4",
                    on(&[0, 0, 0x08, 0x00, 0, 0, 7, 0], &inner_ip()),
                    "geneve",
                ),
                (
                    "critical option",
                    on(
                        &[2, 0x40, 0x65, 0x58, 0, 0, 7, 0, 1, 2, 0x80, 1, 9, 9, 9, 9],
                        &inner_frame(),
                    ),
                    "geneve",
                ),
                (
                    "control",
                    on(&[0, 0x80, 0x65, 0x58, 0, 0, 7, 0], &inner_frame()),
                    "none: tunnel-control",
                ),
                (
                    "version 1",
                    on(&[0x40, 0, 0x65, 0x58, 0, 0, 7, 0], &inner_frame()),
                    &datagram,
                ),
                (
                    "unknown type",
                    on(&[0, 0, 0x12, 0x34, 0, 0, 7, 0], &inner_frame()),
                    &datagram,
                ),
            ],
        );
    }
}
