//! Teredo (RFC 4380): IPv6 over UDP.

use crate::{
    net::Encapsulation,
    packet::{
        fits,
        walk::{Layer, Step, Walk},
    },
};

/// The octets of an origin indication.
const ORIGIN: usize = 8;

impl Walk<'_> {
    /// An authentication header and an origin indication may come before the packet (RFC 4380 §5.1.1).
    pub(super) fn teredo(&mut self) -> Option<Step> {
        let mut header_len = 0;
        if let [0, 1, id_len, auth_len, ..] = self.rest {
            // Nonce and confirmation follow the two fields.
            header_len = usize::from(*id_len)
                .saturating_add(usize::from(*auth_len))
                .saturating_add(4 + 9);
        }
        if self.rest.get(header_len..)?.starts_with(&[0, 0]) {
            header_len = header_len.saturating_add(ORIGIN);
        }
        let inner = self.rest.get(header_len..)?;
        let is_ipv6 = matches!(inner, [0x60..=0x6f, ..]);
        let fits = is_ipv6 && fits::whole_ip(inner, self.wire.saturating_sub(header_len));
        fits.then(|| self.through(Encapsulation::TEREDO, None, header_len, Layer::Ip))
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        capture::LinkType,
        packet::vectors::{SIP, check, ipv6, over_udp, udp, wrap},
    };

    #[test]
    fn teredo_with_and_without_indications() {
        let packet = ipv6(1, 17, &udp(5060, 5070, SIP));
        let on = |header: &[u8]| over_udp(3544, &wrap(header, &packet));
        let inner = "teredo: udp [2001:db8::1]:5060 [2001:db8::200]:5070 SIP";
        let auth = [0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0];
        let origin = [0, 0, 0x12, 0x34, 1, 2, 3, 4];
        let bubble = over_udp(3544, &ipv6(1, 59, &[]));
        check(
            LinkType::ETHERNET,
            &[
                ("plain", on(&[]), inner),
                ("authentication", on(&auth), inner),
                ("origin", on(&origin), inner),
                ("both", on(&wrap(&auth, &origin)), inner),
                ("bubble", bubble, "teredo: other-protocol"),
            ],
        );
    }
}
