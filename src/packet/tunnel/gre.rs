//! GRE (RFC 2784, RFC 2890) with what it carries, and its version 1 (PPTP, RFC 2637).

use crate::{
    net::Encapsulation,
    packet::{
        Reason,
        ethernet::{after_ethertype, is_known},
        fits,
        walk::{Layer, Step, Walk},
    },
};

const HAS_CHECKSUM: u8 = 0x80;
const HAS_ROUTING: u8 = 0x40;
const HAS_KEY: u8 = 0x20;
const HAS_SEQUENCE: u8 = 0x10;
/// In the second octet, version 1 only.
const HAS_ACKNOWLEDGEMENT: u8 = 0x80;

/// How many entries of the old source routing are followed.
const MAX_ROUTES: usize = 16;

impl Walk<'_> {
    pub(in crate::packet) fn gre(&mut self) -> Step {
        let [flags, version, p0, p1] = *self.take()?;
        let protocol = u16::from_be_bytes([p0, p1]);
        match version & 0x07 {
            0 => self.gre_v0(flags, protocol),
            1 => self.gre_v1(flags, version, protocol),
            _ => Err(Reason::Malformed),
        }
    }

    /// GRE over UDP (RFC 8086): no routing, version 0, reserved bits 0, and a payload that is known.
    pub(super) fn gre_over_udp(&mut self) -> Option<Step> {
        let &[flags, version, p0, p1] = self.rest.first_chunk()?;
        let is_carried = match u16::from_be_bytes([p0, p1]) {
            0x88be | 0x22eb => true,
            protocol => is_known(protocol),
        };
        (flags & 0x4f == 0 && version == 0 && is_carried).then(|| self.gre())
    }

    fn gre_v0(&mut self, flags: u8, protocol: u16) -> Step {
        if flags & (HAS_CHECKSUM | HAS_ROUTING) != 0 {
            self.skip(4)?;
        }
        let key = if flags & HAS_KEY != 0 {
            Some(u32::from_be_bytes(*self.take()?))
        } else {
            None
        };
        if flags & HAS_SEQUENCE != 0 {
            self.skip(4)?;
        }
        if flags & HAS_ROUTING != 0 {
            self.skip_routes()?;
        }
        let vsid = key.map_or(0, |key| key >> 8);
        match protocol {
            // Keep-alive packets hold an empty answer to themselves.
            0x0000 => Err(Reason::TunnelControl),
            0x88be => self.erspan(flags & HAS_SEQUENCE != 0),
            0x22eb => self.erspan(true),
            0x883e => self.wccp(key),
            // NVGRE (RFC 7637) and an Ethernet tunnel with a key look the same; network 0 is reserved there.
            0x6558 if vsid != 0 && flags & (HAS_CHECKSUM | HAS_SEQUENCE) == 0 => {
                self.through(Encapsulation::NVGRE, Some(vsid), 0, Layer::Ethernet)
            }
            _ => {
                self.enter(Encapsulation::GRE, key)?;
                after_ethertype(protocol)
            }
        }
    }

    /// Source route entries (RFC 1701): address family, offset, length, data; one without length ends them.
    fn skip_routes(&mut self) -> Result<(), Reason> {
        for _ in 0..MAX_ROUTES {
            let [_, _, _, len] = *self.take()?;
            if len == 0 {
                return Ok(());
            }
            self.skip(usize::from(len))?;
        }
        Err(Reason::TooDeep)
    }

    /// WCCP: version 2 puts a header of four octets before the packet.
    fn wccp(&mut self, key: Option<u32>) -> Step {
        let header_len = if fits::whole_ip(self.rest, self.wire) {
            0
        } else {
            4
        };
        self.through(Encapsulation::GRE, key, header_len, Layer::Ip)
    }

    /// Enhanced GRE: the key is a payload length and an id; acknowledgements may come without payload.
    fn gre_v1(&mut self, flags: u8, version: u8, protocol: u16) -> Step {
        if flags & HAS_KEY == 0 {
            return Err(Reason::Malformed);
        }
        let [l0, l1, i0, i1] = *self.take()?;
        let len = usize::from(u16::from_be_bytes([l0, l1]));
        match protocol {
            0x880b => {
                if flags & HAS_SEQUENCE == 0 || len == 0 {
                    return Err(Reason::TunnelControl);
                }
                self.skip(4)?;
                if version & HAS_ACKNOWLEDGEMENT != 0 {
                    self.skip(4)?;
                }
                self.limit(len);
                let call = u32::from(u16::from_be_bytes([i0, i1]));
                self.through(Encapsulation::PPTP, Some(call), 0, Layer::Ppp)
            }
            // MikroTik's Ethernet over IP, with its id in little-endian.
            0x6400 => {
                if len == 0 {
                    return Err(Reason::TunnelControl);
                }
                let id = u32::from(u16::from_le_bytes([i0, i1]));
                self.through(Encapsulation::GRE, Some(id), 0, Layer::Ethernet)
            }
            _ => Err(Reason::NotIp),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        capture::LinkType,
        packet::vectors::{check, inner_frame, inner_ip, over_ip, over_udp, wrap},
    };

    #[test]
    fn gre_with_every_optional_field() {
        let on = |header: &[u8]| over_ip(47, &wrap(header, &inner_ip()));
        let eth = |header: &[u8]| over_ip(47, &wrap(header, &inner_frame()));
        check(
            LinkType::ETHERNET,
            &[
                ("plain", on(&[0, 0, 8, 0]), "gre"),
                ("checksum", on(&[0x80, 0, 8, 0, 1, 2, 0, 0]), "gre"),
                ("key", on(&[0x20, 0, 8, 0, 0, 0, 0, 5]), "gre"),
                (
                    "all",
                    on(&[0xb0, 0, 8, 0, 1, 2, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1]),
                    "gre",
                ),
                (
                    "routes",
                    on(&[
                        0x40, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 4, 10, 0, 0, 1, 0, 0, 0, 0,
                    ]),
                    "gre",
                ),
                ("Ethernet", eth(&[0, 0, 0x65, 0x58]), "gre"),
                (
                    "Ethernet with a small key",
                    eth(&[0x20, 0, 0x65, 0x58, 0, 0, 0, 5]),
                    "gre",
                ),
                ("NVGRE", eth(&[0x20, 0, 0x65, 0x58, 0, 0x20, 1, 5]), "nvgre"),
                ("MPLS", on(&[0, 0, 0x88, 0x47, 0, 1, 1, 9]), "mpls+gre"),
                ("WCCP 2", on(&[0, 0, 0x88, 0x3e, 0, 0, 0, 0]), "gre"),
                ("WCCP 1", on(&[0, 0, 0x88, 0x3e]), "gre"),
                ("keep-alive", on(&[0, 0, 0, 0]), "none: tunnel-control"),
                ("version 2", on(&[0, 2, 8, 0]), "none: malformed"),
                (
                    "over UDP",
                    over_udp(4754, &wrap(&[0, 0, 8, 0], &inner_ip())),
                    "gre",
                ),
            ],
        );
    }

    #[test]
    fn version_1_carries_ppp() {
        let len = (1 + inner_ip().len()) as u8;
        let on = |header: &[u8]| over_ip(47, &wrap(header, &inner_ip()));
        let eoip = [0x20, 0x01, 0x64, 0x00, 0, 99, 7, 0];
        check(
            LinkType::ETHERNET,
            &[
                (
                    "sequence",
                    on(&[0x30, 1, 0x88, 0x0b, 0, len, 0, 7, 0, 0, 0, 1, 0x21]),
                    "pptp",
                ),
                (
                    "sequence and acknowledgement",
                    on(&[
                        0x30, 0x81, 0x88, 0x0b, 0, len, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0x21,
                    ]),
                    "pptp",
                ),
                (
                    "acknowledgement only",
                    over_ip(47, &[0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 7, 0, 0, 0, 2]),
                    "none: tunnel-control",
                ),
                (
                    "no key",
                    over_ip(47, &[0x10, 1, 0x88, 0x0b, 0, 0, 0, 2]),
                    "none: malformed",
                ),
                ("MikroTik", over_ip(47, &wrap(&eoip, &inner_frame())), "gre"),
            ],
        );
    }
}
