//! L2TP version 2 (RFC 2661) and version 3 (RFC 3931).

use crate::{
    net::Encapsulation,
    packet::{
        Reason, fits,
        walk::{Layer, Step, Walk},
    },
};

const IS_CONTROL: u16 = 0x8000;
const HAS_LENGTH: u16 = 0x4000;
const HAS_SEQUENCE: u16 = 0x0800;
const HAS_OFFSET: u16 = 0x0200;
const RESERVED: u16 = 0x34f0;
const VERSION: u16 = 0x000f;

impl Walk<'_> {
    /// L2TP over UDP.
    pub(super) fn l2tp(&mut self) -> Option<Step> {
        let flags = u16::from_be_bytes(*self.rest.first_chunk()?);
        if flags & RESERVED != 0 {
            return None;
        }
        match (flags & VERSION, flags & IS_CONTROL != 0) {
            (2 | 3, true) => Some(Err(Reason::TunnelControl)),
            (2, false) => self.l2tp_v2(flags),
            (3, false) => self.l2tp_session(4),
            _ => None,
        }
    }

    /// L2TP version 3 directly over IP, where session 0 is for control.
    pub(in crate::packet) fn l2tp_v3(&mut self) -> Step {
        if *self.peek()? == [0; 4] {
            return Err(Reason::TunnelControl);
        }
        self.l2tp_session(0).unwrap_or(Err(Reason::NotIp))
    }

    fn l2tp_v2(&mut self, flags: u16) -> Option<Step> {
        let ids_at = if flags & HAS_LENGTH != 0 { 4 } else { 2 };
        let ids = u32::from_be_bytes(*self.rest.get(ids_at..)?.first_chunk()?);
        let mut header_len = ids_at.saturating_add(4);
        if flags & HAS_SEQUENCE != 0 {
            header_len = header_len.saturating_add(4);
        }
        if flags & HAS_OFFSET != 0 {
            let padding = u16::from_be_bytes(*self.rest.get(header_len..)?.first_chunk()?);
            header_len = header_len
                .saturating_add(2)
                .saturating_add(usize::from(padding));
        }
        fits::ppp(self.rest.get(header_len..)?)
            .then(|| self.through(Encapsulation::L2TP, Some(ids), header_len, Layer::Ppp))
    }

    /// A session of version 3, whose id is at `at`. No field tells how long its cookie is (0, 4 or 8 octets), whether
    /// a sublayer header of 4 octets follows, and what is carried: the first reading that fits is taken.
    fn l2tp_session(&mut self, at: usize) -> Option<Step> {
        let id = u32::from_be_bytes(*self.rest.get(at..)?.first_chunk()?);
        let start = at.saturating_add(4);
        [0, 4, 8, 12].into_iter().find_map(|extra| {
            let header_len = start.saturating_add(extra);
            let inner = self.rest.get(header_len..)?;
            let layer = if fits::ethernet(inner) {
                Layer::Ethernet
            } else if fits::whole_ip(inner, self.wire.saturating_sub(header_len)) {
                Layer::Ip
            } else if inner.starts_with(&[0xff, 0x03]) && fits::ppp(inner) {
                Layer::Ppp
            } else {
                return None;
            };
            Some(self.through(Encapsulation::L2TP, Some(id), header_len, layer))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        capture::LinkType,
        packet::vectors::{check, inner_frame, inner_ip, over_ip, over_udp, wrap},
    };

    #[test]
    fn version_2_carries_ppp() {
        let on = |header: &[u8]| over_udp(1701, &wrap(header, &inner_ip()));
        check(
            LinkType::ETHERNET,
            &[
                (
                    "plain",
                    on(&[0x00, 2, 0, 1, 0, 2, 0xff, 3, 0, 0x21]),
                    "l2tp",
                ),
                ("length", on(&[0x40, 2, 0, 90, 0, 1, 0, 2, 0, 0x21]), "l2tp"),
                (
                    "sequence",
                    on(&[0x08, 2, 0, 1, 0, 2, 0, 3, 0, 4, 0, 0x21]),
                    "l2tp",
                ),
                (
                    "offset",
                    on(&[0x02, 2, 0, 1, 0, 2, 0, 2, 0, 0, 0xff, 3, 0, 0x21]),
                    "l2tp",
                ),
                (
                    "control",
                    on(&[0xc8, 2, 0, 12, 0, 1, 0, 0, 0, 0, 0, 0]),
                    "none: tunnel-control",
                ),
                (
                    "LCP",
                    on(&[0, 2, 0, 1, 0, 2, 0xff, 3, 0xc0, 0x21]),
                    "l2tp: link-control",
                ),
            ],
        );
    }

    #[test]
    fn version_3_with_cookies_of_any_length() {
        let cookies: [&[u8]; 4] = [&[], &[0; 4], &[9; 8], &[9; 12]];
        for cookie in cookies {
            let session = [&[0, 0, 0, 7][..], cookie, &inner_frame()].concat();
            let over_udp = over_udp(1701, &wrap(&[0, 3, 0, 0], &session));
            check(
                LinkType::ETHERNET,
                &[
                    ("over IP", over_ip(115, &session), "l2tp"),
                    ("over UDP", over_udp, "l2tp"),
                ],
            );
        }
        check(
            LinkType::ETHERNET,
            &[
                ("control", over_ip(115, &[0; 16]), "none: tunnel-control"),
                ("nothing that fits", over_ip(115, &[9; 60]), "none: not-ip"),
            ],
        );
    }
}
