//! What Wireshark exports: a PDU behind a list of tags that tell where it came from, in place of headers.

use std::net::{IpAddr, SocketAddr};

use super::{
    Content, Datagram, Reason, fits,
    walk::{Step, Walk},
};
use crate::net::{Encapsulation, Transport};

/// How many tags are read before the PDU.
const MAX_TAGS: usize = 64;

impl Walk<'_> {
    /// A PDU that was exported as SIP, or looks like it. Its tags are numbers and lengths of two octets and a value.
    pub(super) fn exported_pdu(&mut self) -> Step {
        let (mut src_port, mut dst_port) = (0, 0);
        let mut transport = Transport::Udp;
        let mut is_sip = false;
        for _ in 0..MAX_TAGS {
            let [t0, t1, l0, l1] = *self.take()?;
            let tag = u16::from_be_bytes([t0, t1]);
            if tag == 0 {
                return if is_sip || fits::sip(self.rest) {
                    self.packet
                        .encapsulation
                        .insert(Encapsulation::EXPORTED_PDU);
                    self.done(Content::Datagram(Datagram {
                        src: SocketAddr::new(self.src, src_port),
                        dst: SocketAddr::new(self.dst, dst_port),
                        transport,
                        payload: self.span(),
                        cut: self.is_cut(),
                    }))
                } else {
                    Err(Reason::NotIp)
                };
            }
            let len = usize::from(u16::from_be_bytes([l0, l1]));
            let value = self.rest.get(..len).ok_or_else(|| self.too_short(len))?;
            self.skip(len)?;
            match tag {
                12 | 13 => is_sip |= trim_zeros(value) == b"sip",
                20 => self.src = ipv4(value).unwrap_or(self.src),
                21 => self.dst = ipv4(value).unwrap_or(self.dst),
                22 => self.src = ipv6(value).unwrap_or(self.src),
                23 => self.dst = ipv6(value).unwrap_or(self.dst),
                24 => transport = port_type(value).unwrap_or(transport),
                25 => src_port = port(value),
                26 => dst_port = port(value),
                _ => {}
            }
        }
        Err(Reason::Malformed)
    }
}

fn trim_zeros(mut name: &[u8]) -> &[u8] {
    while let [head @ .., 0] = name {
        name = head;
    }
    name
}

fn ipv4(value: &[u8]) -> Option<IpAddr> {
    Some(IpAddr::from(*value.first_chunk::<4>()?))
}

fn ipv6(value: &[u8]) -> Option<IpAddr> {
    Some(IpAddr::from(*value.first_chunk::<16>()?))
}

fn port_type(value: &[u8]) -> Option<Transport> {
    match u32::from_be_bytes(*value.first_chunk()?) {
        1 => Some(Transport::Sctp),
        2 => Some(Transport::Tcp),
        3 => Some(Transport::Udp),
        _ => None,
    }
}

fn port(value: &[u8]) -> u16 {
    match value {
        [0, 0, high, low, ..] => u16::from_be_bytes([*high, *low]),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::{SIP, check, wrap};
    use crate::capture::LinkType;

    fn tag(number: u16, value: &[u8]) -> Vec<u8> {
        let len = value.len() as u16;
        [&number.to_be_bytes(), &len.to_be_bytes(), value].concat()
    }

    #[test]
    fn exported_pdus_tell_addresses_and_transport() {
        let tags = |dissector: &[u8]| {
            [
                tag(12, dissector),
                tag(20, &[10, 0, 0, 1]),
                tag(21, &[10, 0, 0, 2]),
                tag(24, &[0, 0, 0, 2]),
                tag(25, &[0, 0, 0x13, 0xc5]),
                tag(26, &[0, 0, 0x80, 0x01]),
                tag(30, &[0, 0, 0, 9]),
                tag(0, &[]),
            ]
            .concat()
        };
        let flow = "exported-pdu: tcp 10.0.0.1:5061 10.0.0.2:32769";
        let v6 = [
            tag(22, &[0xfe; 16]),
            tag(23, &[0xfd; 16]),
            tag(0, &[]),
            SIP.to_vec(),
        ]
        .concat();
        check(
            LinkType::WIRESHARK_UPPER_PDU,
            &[
                ("SIP", wrap(&tags(b"sip\0"), SIP), &format!("{flow} SIP")),
                (
                    "named SIP, anything",
                    wrap(&tags(b"sip\0"), &[9; 5]),
                    &format!("{flow} 5 octets"),
                ),
                (
                    "SIP by its look",
                    wrap(&tags(b"data"), SIP),
                    &format!("{flow} SIP"),
                ),
                (
                    "HTTP",
                    wrap(&tags(b"http"), b"GET / HTTP/1.1"),
                    "none: not-ip",
                ),
                (
                    "IPv6, no ports",
                    v6,
                    "exported-pdu: udp [fefe:fefe:fefe:fefe:fefe:fefe:fefe:fefe]:0 \
                     [fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd]:0 SIP",
                ),
                (
                    "no end of tags",
                    tag(30, &[0; 4]).repeat(70),
                    "none: malformed",
                ),
            ],
        );
    }
}
