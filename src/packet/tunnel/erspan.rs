//! ERSPAN I, II and III (draft-foschiano-erspan-03): what a switch mirrored.

use crate::{
    net::Encapsulation,
    packet::{
        fits,
        walk::{Layer, Step, Walk},
    },
};

impl Walk<'_> {
    /// What follows the GRE header. Type I has no header of its own and no GRE sequence number.
    pub(super) fn erspan(&mut self, has_sequence: bool) -> Step {
        let version = self.rest.first().map_or(0, |first| first >> 4);
        match (has_sequence, version) {
            (true, 1) => self.erspan_ii(),
            (true, 2) => self.erspan_iii(),
            _ => self.through(Encapsulation::ERSPAN, None, 0, Layer::Ethernet),
        }
    }

    fn erspan_ii(&mut self) -> Step {
        let [_, _, s0, s1, ..] = *self.take::<8>()?;
        self.through(Encapsulation::ERSPAN, session(s0, s1), 0, Layer::Ethernet)
    }

    fn erspan_iii(&mut self) -> Step {
        const HAS_PLATFORM_HEADER: u8 = 0x01;
        const FRAME_TYPE: u8 = 0x7c;
        const IP: u8 = 2 << 2;

        let [_, _, s0, s1, .., kind, flags] = *self.take::<12>()?;
        if flags & HAS_PLATFORM_HEADER != 0 {
            self.skip(8)?;
        }
        let layer = if kind & FRAME_TYPE == IP && fits::ip(self.rest) {
            Layer::Ip
        } else {
            Layer::Ethernet
        };
        self.through(Encapsulation::ERSPAN, session(s0, s1), 0, layer)
    }
}

/// The session id: the lower ten bits of the second half word.
fn session(high: u8, low: u8) -> Option<u32> {
    Some(u32::from(u16::from_be_bytes([high, low]) & 0x03ff))
}

#[cfg(test)]
mod tests {
    use crate::{
        capture::LinkType,
        packet::vectors::{check, inner_frame, inner_ip, over_ip},
    };

    #[test]
    fn erspan_of_all_three_types() {
        let gre = |sequence: &[u8], protocol: [u8; 2], header: &[u8], inner: &[u8]| {
            let flags = if sequence.is_empty() { 0 } else { 0x10 };
            over_ip(
                47,
                &[&[flags, 0], &protocol[..], sequence, header, inner].concat(),
            )
        };
        let two = [0x10, 0x64, 0x18, 0x07, 0, 0, 0, 1];
        let three = |kind: u8, flags: u8| [0x20, 0x64, 0, 7, 1, 2, 3, 4, 0, 0, kind, flags];
        let with_platform = [&three(0, 0x01)[..], &[5; 8]].concat();
        let frame = inner_frame();
        check(
            LinkType::ETHERNET,
            &[
                ("I", gre(&[], [0x88, 0xbe], &[], &frame), "erspan"),
                (
                    "II",
                    gre(&[0, 0, 0, 1], [0x88, 0xbe], &two, &frame),
                    "erspan",
                ),
                (
                    "III",
                    gre(&[0, 0, 0, 1], [0x22, 0xeb], &three(0, 0), &frame),
                    "erspan",
                ),
                (
                    "III, IP",
                    gre(&[0, 0, 0, 1], [0x22, 0xeb], &three(8, 0), &inner_ip()),
                    "erspan",
                ),
                (
                    "III, platform",
                    gre(&[0, 0, 0, 1], [0x22, 0xeb], &with_platform, &frame),
                    "erspan",
                ),
            ],
        );
    }
}
