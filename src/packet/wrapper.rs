//! Headers that capture programs put in front of a frame of another link type.

use super::{
    Reason,
    walk::{Layer, Step, Walk},
};
use crate::capture::LinkType;

impl Walk<'_> {
    /// Per-packet information: version, flags, length and link type, little-endian.
    pub(super) fn ppi(&mut self) -> Step {
        let [_, _, l0, l1, d0, d1, _, _] = *self.peek()?;
        self.skip(usize::from(u16::from_le_bytes([l0, l1])).max(8))?;
        Ok(Layer::Link(LinkType(u16::from_le_bytes([d0, d1]))))
    }

    /// Apple's packet tap: header length, record type and link type, little-endian.
    pub(super) fn pktap(&mut self) -> Step {
        let [l0, l1, l2, l3, r0, r1, r2, r3, d0, d1, _, _] = *self.peek()?;
        if u32::from_le_bytes([r0, r1, r2, r3]) != 1 {
            return Err(Reason::LinkControl);
        }
        self.skip(u32::from_le_bytes([l0, l1, l2, l3]) as usize)?;
        Ok(Layer::Link(LinkType(u16::from_le_bytes([d0, d1]))))
    }

    /// Returns whether the frame begins with a packet tap's header, which old systems stored under a private number.
    pub(super) fn looks_like_pktap(&self) -> bool {
        matches!(
            self.rest,
            [len @ 108..=255, 0, 0, 0, 1, 0, 0, 0, _, _, 0, 0, ..] if usize::from(*len) < self.wire
        )
    }

    /// Endace's record: time, type, flags, record length, losses, wire length; then extensions.
    pub(super) fn erf(&mut self) -> Step {
        const MORE_EXTENSIONS: u8 = 0x80;
        const MAX_EXTENSIONS: usize = 16;

        let [_, _, _, _, _, _, _, _, kind, _flags, _, _, _, _, w0, w1] = *self.take()?;
        let mut more = kind & MORE_EXTENSIONS != 0;
        for _ in 0..MAX_EXTENSIONS {
            if !more {
                break;
            }
            let [extension, ..] = *self.take::<8>()?;
            more = extension & MORE_EXTENSIONS != 0;
        }
        let on_wire = usize::from(u16::from_be_bytes([w0, w1]));
        match kind & !MORE_EXTENSIONS {
            // POS in HDLC, plain, coloured, coloured by DSM or by hash.
            1 | 10 | 15 | 19 => {
                self.limit(on_wire);
                self.hdlc()
            }
            // Ethernet of the same sorts.
            2 | 11 | 16 | 20 => {
                self.skip(2)?;
                self.limit(on_wire);
                Ok(Layer::Ethernet)
            }
            22 | 23 => {
                self.limit(on_wire);
                Ok(Layer::Ip)
            }
            _ => Err(Reason::UnknownLinkType),
        }
    }

    /// Linux netfilter log: a list of attributes in the byte order of the host that captured, one of them the packet.
    pub(super) fn nflog(&mut self) -> Step {
        const PAYLOAD: u16 = 9;
        const HEADER: u16 = 4;
        const MAX_ATTRIBUTES: usize = 64;

        let [family, ..] = *self.take::<4>()?;
        let is_big_endian = match *self.peek()? {
            [l0, l1] if self.is_plausible(u16::from_le_bytes([l0, l1])) => false,
            [l0, l1] if self.is_plausible(u16::from_be_bytes([l0, l1])) => true,
            _ => return Err(Reason::Malformed),
        };
        for _ in 0..MAX_ATTRIBUTES {
            let [l0, l1, t0, t1] = *self.take()?;
            let (len, kind) = if is_big_endian {
                (u16::from_be_bytes([l0, l1]), u16::from_be_bytes([t0, t1]))
            } else {
                (u16::from_le_bytes([l0, l1]), u16::from_le_bytes([t0, t1]))
            };
            let len = usize::from(len.checked_sub(HEADER).ok_or(Reason::Malformed)?);
            if kind == PAYLOAD {
                self.limit(len);
                return match family {
                    2 | 10 => Ok(Layer::Ip),
                    _ => Err(Reason::NotIp),
                };
            }
            self.skip(len.next_multiple_of(4))?;
        }
        Err(Reason::Malformed)
    }

    /// Returns whether an attribute of the netfilter log can be that long.
    fn is_plausible(&self, len: u16) -> bool {
        len >= 4 && usize::from(len) <= self.wire
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::{check, inner_frame, inner_ip, wrap};
    use crate::capture::LinkType;

    #[test]
    fn wrappers_name_the_link_type_behind_them() {
        let frame = inner_frame();
        check(
            LinkType::PPI,
            &[
                ("Ethernet", wrap(&[0, 0, 8, 0, 1, 0, 0, 0], &frame), "none"),
                (
                    "with fields, raw IP",
                    wrap(&[0, 0, 12, 0, 101, 0, 0, 0, 9, 9, 9, 9], &inner_ip()),
                    "none",
                ),
            ],
        );
        let pktap = |kind: u8| {
            let header = [&[108, 0, 0, 0, kind, 0, 0, 0, 1, 0, 0, 0][..], &[0; 96]].concat();
            wrap(&header, &frame)
        };
        check(
            LinkType::PKTAP,
            &[
                ("packet", pktap(1), "none"),
                ("no packet", pktap(2), "none: link-control"),
            ],
        );
        check(LinkType::PKTAP_APPLE, &[("old number", pktap(1), "none")]);
    }

    #[test]
    fn erf_records_with_and_without_extensions() {
        let record = |kind: u8, extensions: &[u8], payload: &[u8]| {
            let [w0, w1] = (payload.len() as u16).to_be_bytes();
            let head = [0, 0, 0, 0, 0, 0, 0, 0, kind, 0, 0, 0, 0, 0, w0, w1];
            [&head, extensions, payload].concat()
        };
        let ethernet = wrap(&[0, 0], &inner_frame());
        check(
            LinkType::ERF,
            &[
                ("Ethernet", record(2, &[], &ethernet), "none"),
                (
                    "two extensions",
                    record(
                        0x82,
                        &[0x80, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
                        &ethernet,
                    ),
                    "none",
                ),
                ("IPv4", record(22, &[], &inner_ip()), "none"),
                (
                    "HDLC",
                    record(1, &[], &wrap(&[0x0f, 0, 0x08, 0x00], &inner_ip())),
                    "none",
                ),
                (
                    "statistics",
                    record(27, &[], &[0; 20]),
                    "none: unknown-link-type",
                ),
            ],
        );
    }

    #[test]
    fn netfilter_logs_in_both_byte_orders() {
        let ip = inner_ip();
        let len = 4 + ip.len() as u16;
        let log = |family: u8, prefix: [u8; 8], len: [u8; 2], kind: [u8; 2]| {
            [&[family, 0, 0, 0][..], &prefix, &len, &kind, &ip].concat()
        };
        let little = [5, 0, 10, 0, b'x', 0, 0, 0];
        let big = [0, 5, 0, 10, b'x', 0, 0, 0];
        check(
            LinkType::NFLOG,
            &[
                ("little", log(2, little, len.to_le_bytes(), [9, 0]), "none"),
                ("big", log(2, big, len.to_be_bytes(), [0, 9]), "none"),
                (
                    "bridge",
                    log(7, little, len.to_le_bytes(), [9, 0]),
                    "none: not-ip",
                ),
                (
                    "length below 4",
                    vec![2, 0, 0, 0, 3, 0, 9, 0],
                    "none: malformed",
                ),
            ],
        );
    }
}
