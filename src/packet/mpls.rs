//! MPLS label stacks (RFC 3032) and what they may carry, which no field tells.

use super::{
    Reason, fits,
    walk::{Layer, Step, Walk},
};
use crate::net::Encapsulation;

/// How many labels one stack may have.
const MAX_LABELS: usize = 16;

/// The octets of a pseudowire's control word (RFC 4385).
const CONTROL_WORD: usize = 4;

impl Walk<'_> {
    pub(super) fn mpls(&mut self) -> Step {
        self.packet.encapsulation.insert(Encapsulation::MPLS);
        for _ in 0..MAX_LABELS {
            let [_, _, label_end, _ttl] = *self.take()?;
            if label_end & 1 == 1 {
                return self.after_labels();
            }
        }
        Err(Reason::TooDeep)
    }

    /// An IP packet, or Ethernet with or without a control word: whichever reading fits. Ethernet addresses may begin
    /// with any nibble, so a first nibble alone proves nothing; a checksum does, and a length that ends with the frame.
    fn after_labels(&mut self) -> Step {
        let nibble = self.peek::<1>()?[0] >> 4;
        if fits::ipv4_checksum(self.rest) || fits::exact_ip(self.rest, self.wire) {
            return Ok(Layer::Ip);
        }
        let behind_control_word = self.rest.get(CONTROL_WORD..).unwrap_or_default();
        match nibble {
            0 if fits::ethernet(behind_control_word) => {
                self.skip(CONTROL_WORD)?;
                Ok(Layer::Ethernet)
            }
            _ if fits::ethernet(self.rest) => Ok(Layer::Ethernet),
            // Offloading leaves a checksum out, IPv6 has none, and a length may be of more than was captured.
            4 | 6 if fits::ip(self.rest) => Ok(Layer::Ip),
            1 => Err(Reason::TunnelControl),
            _ => Err(Reason::NotIp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::{check, inner_frame, inner_ip, wrap};
    use crate::capture::LinkType;

    #[test]
    fn what_a_label_stack_carries_is_found_out() {
        const BOTTOM: [u8; 4] = [0x00, 0x01, 0x01, 64];
        const ABOVE: [u8; 4] = [0x00, 0x02, 0x00, 64];
        let below = |payload: &[u8]| wrap(&BOTTOM, payload);
        // Ethernet addresses that begin as IPv4, IPv6 or a control word would.
        let to = |first: u8| {
            let mut frame = inner_frame();
            frame[0] = first;
            frame
        };
        // Sent by 2001:db8:806::1: where Ethernet would have its type, there is that of ARP.
        let datagram = b"\x13\xc4\x13\xc4\x00\x12\x00\x00OPTIONS si";
        let mut like_arp = vec![0x60, 0, 0, 0, 0, 18, 17, 64];
        for ends in [[0x20, 1, 0x0d, 0xb8, 8, 6], [0x20, 1, 0x0d, 0xb8, 0, 0]] {
            like_arp.extend(ends);
            like_arp.extend([0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        }
        like_arp.extend(datagram);
        let mut cut_short = inner_ip();
        cut_short.truncate(30);
        check(
            LinkType::MPLS,
            &[
                ("IP", below(&inner_ip()), "mpls"),
                ("two labels", wrap(&ABOVE, &below(&inner_ip())), "mpls"),
                (
                    "control word",
                    below(&wrap(&[0, 0, 0, 1], &to(0x02))),
                    "mpls",
                ),
                ("no control word", below(&to(0x02)), "mpls"),
                ("address like IPv4", below(&to(0x46)), "mpls"),
                ("address like IPv6", below(&to(0x60)), "mpls"),
                ("address like ACH", below(&to(0x10)), "mpls"),
                (
                    "control word, like IPv4",
                    below(&wrap(&[0; 4], &to(0x46))),
                    "mpls",
                ),
                (
                    "ACH",
                    below(&[0x10, 0, 0, 7, 1, 2, 3, 4]),
                    "mpls: tunnel-control",
                ),
                (
                    "IP longer than its frame",
                    below(&cut_short),
                    "mpls: udp 192.0.2.1:5060 192.0.2.200:5070 2 octets cut",
                ),
                (
                    "IPv6, like ARP",
                    below(&like_arp),
                    "mpls: udp [2001:db8:806::1]:5060 [2001:db8::1]:5060 10 octets",
                ),
                ("no bottom", ABOVE.repeat(20), "mpls: too-deep"),
            ],
        );
    }
}
