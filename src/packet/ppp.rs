//! PPP (RFC 1661), PPPoE (RFC 2516), HDLC framings and frame relay (RFC 2427).

use super::{
    Reason,
    walk::{Layer, Step, Walk},
};
use crate::net::Encapsulation;

impl Walk<'_> {
    /// A PPPoE session packet; Ethernet's padding may follow it.
    pub(super) fn pppoe(&mut self) -> Step {
        let [version_type, code, _, _, l0, l1] = *self.take()?;
        if version_type != 0x11 {
            return Err(Reason::Malformed);
        }
        if code != 0 {
            return Err(Reason::LinkControl);
        }
        self.packet.encapsulation.insert(Encapsulation::PPPOE);
        self.limit(usize::from(u16::from_be_bytes([l0, l1])));
        Ok(Layer::Ppp)
    }

    /// PPP, with or without address and control octets and with a protocol field of one or two octets.
    pub(super) fn ppp(&mut self) -> Step {
        if self.rest.starts_with(&[0xff, 0x03]) {
            self.skip(2)?;
        }
        let [first] = *self.take()?;
        let protocol = if first & 1 == 1 {
            u16::from(first)
        } else {
            let [second] = *self.take()?;
            u16::from_be_bytes([first, second])
        };
        match protocol {
            0x0021 | 0x0057 => Ok(Layer::Ip),
            0x0281 | 0x0283 => Ok(Layer::Mpls),
            // A bridged frame (RFC 3518): flags, kind of frame (1 is Ethernet).
            0x0031 => match self.take()? {
                [_, 1] => Ok(Layer::Ethernet),
                _ => Err(Reason::NotIp),
            },
            0x003d => Err(Reason::LinkFragment),
            // Van Jacobson's compressed headers, encryption, compression.
            0x002d | 0x002f | 0x0053 | 0x0055 | 0x00fb | 0x00fd => Err(Reason::TunnelOpaque),
            0x8000.. => Err(Reason::LinkControl),
            _ => Err(Reason::NotIp),
        }
    }

    /// HDLC with PPP (RFC 1662) or with an ethertype, as Cisco does.
    pub(super) fn hdlc(&mut self) -> Step {
        match self.peek()? {
            [0x0f | 0x8f, _] => {
                let [_, _, t0, t1] = *self.take()?;
                match u16::from_be_bytes([t0, t1]) {
                    // Keep-alives and address resolution of Cisco's serial lines.
                    0x8035 | 0x2000 => Err(Reason::LinkControl),
                    ethertype => self.ethertype(ethertype),
                }
            }
            _ => Ok(Layer::Ppp),
        }
    }

    /// Frame relay: a Q.922 address of two to four octets, then a network layer identifier or Cisco's ethertype.
    pub(super) fn frame_relay(&mut self) -> Step {
        for octet in 1..=4 {
            let [address] = *self.take()?;
            if address & 1 == 1 {
                break;
            } else if octet == 4 {
                return Err(Reason::Malformed);
            }
        }
        let [first, second] = *self.take()?;
        if first != 0x03 {
            return self.ethertype(u16::from_be_bytes([first, second]));
        }
        // A zero octet may pad before the identifier.
        let identifier = match second {
            0 => {
                let [identifier] = *self.take()?;
                identifier
            }
            identifier => identifier,
        };
        match identifier {
            0xcc | 0x8e => Ok(Layer::Ip),
            0x80 => self.snap(),
            0x08 => Err(Reason::LinkControl),
            _ => Err(Reason::NotIp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::{check, ethernet, inner_frame, inner_ip, wrap};
    use crate::capture::LinkType;

    #[test]
    fn ppp_with_and_without_compressed_fields() {
        let ip = inner_ip();
        let before = |header: &[u8]| wrap(header, &ip);
        check(
            LinkType::PPP,
            &[
                (
                    "address, control",
                    before(&[0xff, 0x03, 0x00, 0x21]),
                    "none",
                ),
                ("protocol only", before(&[0x00, 0x21]), "none"),
                ("one octet", before(&[0x21]), "none"),
                ("MPLS", before(&[0x02, 0x81, 0, 1, 0x01, 64]), "mpls"),
                ("bridged", wrap(&[0x00, 0x31, 0, 1], &inner_frame()), "none"),
                ("LCP", before(&[0xc0, 0x21]), "none: link-control"),
                ("multilink", before(&[0x00, 0x3d]), "none: link-fragment"),
                ("compressed", before(&[0x00, 0xfd]), "none: tunnel-opaque"),
                ("IPX", before(&[0x00, 0x2b]), "none: not-ip"),
            ],
        );
        check(
            LinkType::PPP_HDLC,
            &[
                ("PPP", before(&[0xff, 0x03, 0x00, 0x21]), "none"),
                ("Cisco", before(&[0x8f, 0x00, 0x08, 0x00]), "none"),
            ],
        );
        check(
            LinkType::C_HDLC,
            &[
                ("IP", before(&[0x0f, 0x00, 0x08, 0x00]), "none"),
                (
                    "keep-alive",
                    before(&[0x8f, 0x00, 0x80, 0x35]),
                    "none: link-control",
                ),
            ],
        );
    }

    #[test]
    fn pppoe_is_trimmed_to_its_length() {
        let ip = inner_ip();
        let [l0, l1] = (2 + ip.len() as u16).to_be_bytes();
        let session = |code: u8| {
            let header = [0x11, code, 0, 7, l0, l1, 0x00, 0x21];
            wrap(&wrap(&header, &ip), &[0xaa; 10])
        };
        check(
            LinkType::ETHERNET,
            &[
                ("session", ethernet(0x8864, &session(0)), "pppoe"),
                (
                    "terminate",
                    ethernet(0x8864, &session(0xa7)),
                    "none: link-control",
                ),
                (
                    "discovery",
                    ethernet(0x8863, &session(9)),
                    "none: link-control",
                ),
            ],
        );
        check(LinkType::PPP_ETHER, &[("bare", session(0), "pppoe")]);
    }

    #[test]
    fn frame_relay_with_addresses_of_any_length() {
        let ip = inner_ip();
        let before = |header: &[u8]| wrap(header, &ip);
        let snap = [0x18, 0x41, 0x03, 0x00, 0x80, 0, 0, 0, 0x08, 0x00];
        let bridged = [0x18, 0x41, 0x03, 0x00, 0x80, 0, 0x80, 0xc2, 0, 7];
        check(
            LinkType::FRELAY,
            &[
                ("two octets", before(&[0x18, 0x41, 0x03, 0xcc]), "none"),
                (
                    "four octets",
                    before(&[0x18, 0x40, 0x40, 0x41, 0x03, 0xcc]),
                    "none",
                ),
                ("SNAP", before(&snap), "none"),
                ("bridged", wrap(&bridged, &inner_frame()), "none"),
                ("Cisco", before(&[0x18, 0x41, 0x08, 0x00]), "none"),
                (
                    "Q.933",
                    before(&[0x00, 0x01, 0x03, 0x08]),
                    "none: link-control",
                ),
                (
                    "address without end",
                    before(&[0, 0, 0, 0]),
                    "none: malformed",
                ),
            ],
        );
    }
}
