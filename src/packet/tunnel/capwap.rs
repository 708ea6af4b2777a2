//! CAPWAP data (RFC 5415): what a wireless access point and its controller exchange.

use crate::{
    net::Encapsulation,
    packet::{
        Reason, fits,
        walk::{Layer, Step, Walk},
    },
};

/// The shortest header.
const HEADER: usize = 8;

/// In the third octet.
const IS_NATIVE: u8 = 0x01;
/// In the fourth octet.
const IS_FRAGMENT: u8 = 0x80;
const IS_KEEP_ALIVE: u8 = 0x08;

impl Walk<'_> {
    pub(super) fn capwap(&mut self) -> Option<Step> {
        let (&[preamble, lengths, ids, flags, ..], _) = self.rest.split_first_chunk::<HEADER>()?;
        match preamble {
            0 => {}
            // DTLS, whose records begin behind three reserved octets.
            1 => return self.is_dtls().then_some(Err(Reason::TunnelOpaque)),
            _ => return None,
        }
        let header_len = usize::from(lengths >> 3).saturating_mul(4);
        if header_len < HEADER {
            return None;
        }
        if flags & IS_KEEP_ALIVE != 0 {
            return Some(Err(Reason::TunnelControl));
        }
        if flags & IS_FRAGMENT != 0 {
            return Some(Err(Reason::LinkFragment));
        }
        let inner = self.rest.get(header_len..)?;
        let layer = match inner {
            _ if ids & IS_NATIVE == 0 => fits::ethernet(inner).then_some(Layer::Ethernet)?,
            // Cisco swaps the two octets of the frame control field; the type of data frames tells.
            [_, control, ..] if is_data(*control) && !is_data(*inner.first()?) => {
                Layer::WlanSwapped
            }
            [control, _, ..] if control & 0x03 == 0 => Layer::Wlan,
            _ => return None,
        };
        Some(self.through(Encapsulation::CAPWAP, None, header_len, layer))
    }

    fn is_dtls(&self) -> bool {
        matches!(self.rest, [_, 0, 0, 0, 20..=25, 0xfe, ..])
    }
}

/// Returns whether it is the first octet of a data frame's frame control field.
const fn is_data(control: u8) -> bool {
    control & 0x0f == 0x08
}

#[cfg(test)]
mod tests {
    use crate::{
        capture::LinkType,
        packet::vectors::{check, inner_frame, inner_ip, over_udp, wrap},
    };

    #[test]
    fn capwap_with_native_and_ethernet_frames() {
        let on = |header: &[u8], inner: &[u8]| over_udp(5247, &wrap(header, inner));
        let wlan = |control: [u8; 2]| {
            [
                &control[..],
                &[0; 22],
                &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
                &inner_ip(),
            ]
            .concat()
        };
        let radio = [0, 0x20, 0x43, 0, 0, 0, 0, 0, 6, 1, 2, 3, 4, 5, 6, 0];
        check(
            LinkType::ETHERNET,
            &[
                (
                    "Ethernet",
                    on(&[0, 0x10, 0x42, 0, 0, 0, 0, 0], &inner_frame()),
                    "capwap",
                ),
                (
                    "802.11",
                    on(&[0, 0x10, 0x43, 0, 0, 0, 0, 0], &wlan([0x08, 0x01])),
                    "capwap+802.11",
                ),
                (
                    "swapped",
                    on(&[0, 0x10, 0x43, 0, 0, 0, 0, 0], &wlan([0x01, 0x08])),
                    "capwap+802.11",
                ),
                (
                    "radio address",
                    on(&radio, &wlan([0x08, 0x02])),
                    "capwap+802.11",
                ),
                (
                    "keep-alive",
                    on(&[0, 0x10, 0x42, 8, 0, 0, 0, 0], &[0; 9]),
                    "none: tunnel-control",
                ),
                (
                    "fragment",
                    on(&[0, 0x10, 0x43, 0x80, 0, 1, 0, 0], &[0; 99]),
                    "none: link-fragment",
                ),
                (
                    "DTLS",
                    on(&[1, 0, 0, 0, 23, 0xfe, 0xfd, 0], &[0; 99]),
                    "none: tunnel-opaque",
                ),
            ],
        );
    }
}
