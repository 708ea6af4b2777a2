//! TZSP, the TaZmen sniffer protocol.

use crate::{
    capture::LinkType,
    net::Encapsulation,
    packet::{
        Reason, fits,
        walk::{Layer, Step, Walk},
    },
};

const HEADER: usize = 4;
const KEEP_ALIVE: u8 = 4;

impl Walk<'_> {
    /// TZSP as a link type.
    pub(in crate::packet) fn tzsp(&mut self) -> Step {
        let is_cut = self.is_cut();
        self.tzsp_over_udp().unwrap_or(Err(if is_cut {
            Reason::HeaderCut
        } else {
            Reason::Malformed
        }))
    }

    pub(super) fn tzsp_over_udp(&mut self) -> Option<Step> {
        let &[1, kind @ 0..=5, p0, p1] = self.rest.first_chunk::<HEADER>()? else {
            return None;
        };
        if kind == KEEP_ALIVE {
            return Some(Err(Reason::TunnelControl));
        }
        let header_len = header_len(self.rest)?;
        let layer = match u16::from_be_bytes([p0, p1]) {
            1 if fits::ethernet(self.rest.get(header_len..)?) => Layer::Ethernet,
            18 => Layer::Wlan,
            119 => Layer::Link(LinkType::IEEE802_11_PRISM),
            127 => Layer::Link(LinkType::IEEE802_11_AVS),
            _ => return None,
        };
        Some(self.through(Encapsulation::TZSP, None, header_len, layer))
    }
}

/// Returns the length of the header with its tags, of which only padding (0) and the end (1) have no length.
fn header_len(packet: &[u8]) -> Option<usize> {
    let mut at = HEADER;
    loop {
        let tag = *packet.get(at)?;
        at = at.checked_add(1)?;
        match tag {
            0 => {}
            1 => return Some(at),
            _ => {
                let len = *packet.get(at)?;
                at = at.checked_add(1)?.checked_add(usize::from(len))?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        capture::LinkType,
        packet::vectors::{check, inner_frame, inner_ip, over_udp, wrap},
    };

    #[test]
    fn tzsp_with_tags_and_padding() {
        let on = |header: &[u8]| over_udp(37_008, &wrap(header, &inner_frame()));
        let wlan = [
            &[1, 0, 0, 18, 1, 0x08, 0x01][..],
            &[0; 22],
            &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
            &inner_ip(),
        ]
        .concat();
        check(
            LinkType::ETHERNET,
            &[
                ("MikroTik", on(&[1, 0, 0, 1, 1]), "tzsp"),
                (
                    "tags",
                    on(&[1, 1, 0, 1, 0, 10, 1, 0xd0, 0, 0x29, 2, 0, 1, 1]),
                    "tzsp",
                ),
                ("802.11", over_udp(37_008, &wlan), "tzsp+802.11"),
                ("keep-alive", on(&[1, 4, 0, 0, 1]), "none: tunnel-control"),
            ],
        );
        check(
            LinkType::TZSP,
            &[
                ("link type", wrap(&[1, 0, 0, 1, 1], &inner_frame()), "tzsp"),
                (
                    "version 2",
                    wrap(&[2, 0, 0, 1, 1], &inner_frame()),
                    "none: malformed",
                ),
            ],
        );
    }
}
