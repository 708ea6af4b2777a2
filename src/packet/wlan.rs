//! IEEE 802.11 data frames and the headers that monitors put before them.

use super::{
    Reason,
    walk::{Layer, Step, Walk},
};
use crate::net::Encapsulation;

const DATA: u8 = 2;

/// Bits of the frame control field's second octet.
const TO_DS: u8 = 0x01;
const FROM_DS: u8 = 0x02;
const MORE_FRAGMENTS: u8 = 0x04;
const PROTECTED: u8 = 0x40;
const ORDER: u8 = 0x80;

/// The bit in the first octet of the QoS field that announces several packets in one frame.
const A_MSDU: u8 = 0x80;

impl Walk<'_> {
    /// A frame of 802.11, FCS or not: the lengths of IP trim it.
    pub(super) fn wlan(&mut self) -> Step {
        let control = *self.peek()?;
        self.wlan_data(control, false)
    }

    /// A frame whose frame control field has its octets swapped.
    pub(super) fn wlan_swapped(&mut self) -> Step {
        let [flags, control] = *self.peek()?;
        self.wlan_data([control, flags], false)
    }

    /// A frame with this frame control field; `padded` tells that its header is filled up to a multiple of 4 octets.
    fn wlan_data(&mut self, [control, flags]: [u8; 2], padded: bool) -> Step {
        if control & 0x03 != 0 {
            return Err(Reason::Malformed);
        }
        let (kind, subtype) = (control >> 2 & 0x03, control >> 4);
        let (has_no_data, has_qos) = (subtype & 4 != 0, subtype & 8 != 0);
        if kind != DATA || has_no_data {
            return Err(Reason::LinkControl);
        }
        let start = self.rest;
        let [.., sequence, _] = *self.take::<24>()?;
        if flags & (TO_DS | FROM_DS) == TO_DS | FROM_DS {
            self.skip(6)?;
        }
        let mut is_aggregate = false;
        if has_qos {
            let [qos, _] = *self.take()?;
            is_aggregate = qos & A_MSDU != 0;
            if flags & ORDER != 0 {
                self.skip(4)?;
            }
        }
        if flags & PROTECTED != 0 {
            return Err(Reason::TunnelOpaque);
        }
        if flags & MORE_FRAGMENTS != 0 || sequence & 0x0f != 0 {
            return Err(Reason::LinkFragment);
        }
        if padded
            && !start
                .len()
                .saturating_sub(self.rest.len())
                .is_multiple_of(4)
        {
            self.skip(2)?;
        }
        self.packet.encapsulation.insert(Encapsulation::WLAN);
        if is_aggregate {
            // A frame has one fate here, so the first of its packets stands for it.
            let [.., l0, l1] = *self.take::<14>()?;
            self.limit(usize::from(u16::from_be_bytes([l0, l1])));
        }
        Ok(Layer::Llc)
    }

    /// Radiotap: version, padding, length and fields, little-endian.
    pub(super) fn radiotap(&mut self) -> Step {
        let [version, _, l0, l1] = *self.peek()?;
        if version != 0 {
            return Err(Reason::Malformed);
        }
        let header = self.rest;
        let len = usize::from(u16::from_le_bytes([l0, l1]));
        self.skip(len.max(8))?;
        let control = *self.peek()?;
        let padded = has_data_padding(header.get(..len).unwrap_or_default());
        self.wlan_data(control, padded)
    }

    /// The old Prism header of fixed length, or AVS under its link type.
    pub(super) fn prism(&mut self) -> Step {
        if self.rest.starts_with(&[0x80, 0x21, 0x10]) {
            return self.avs();
        }
        self.skip(144)?;
        Ok(Layer::Wlan)
    }

    /// The AVS header: magic number, then its length.
    pub(super) fn avs(&mut self) -> Step {
        let [_, _, _, _, len @ ..] = *self.peek::<8>()?;
        self.skip((u32::from_be_bytes(len) as usize).max(8))?;
        Ok(Layer::Wlan)
    }
}

/// Returns whether the flags field of a radiotap header tells that the 802.11 header is padded.
fn has_data_padding(header: &[u8]) -> bool {
    const HAS_TIME: u8 = 0x01;
    const HAS_FLAGS: u8 = 0x02;
    const DATA_PADDING: u8 = 0x20;

    // Each word of the field map tells in its highest bit whether one more follows.
    let mut map = header.get(4..).unwrap_or_default().chunks_exact(4);
    let Some(last) = map.position(|word| word.last().is_some_and(|octet| octet & 0x80 == 0)) else {
        return false;
    };
    let Some(fields) = header.get(4) else {
        return false;
    };
    let mut at = last.saturating_add(2).saturating_mul(4);
    if fields & HAS_TIME != 0 {
        at = at.next_multiple_of(8).saturating_add(8);
    }
    fields & HAS_FLAGS != 0
        && header
            .get(at)
            .is_some_and(|flags| flags & DATA_PADDING != 0)
}

#[cfg(test)]
mod tests {
    use super::super::vectors::{check, inner_ip, wrap};
    use crate::capture::LinkType;

    const SNAP: [u8; 8] = [0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00];

    /// A frame with this frame control field, sequence control field and rest of the header.
    fn frame(control: [u8; 2], sequence: u8, more: &[u8]) -> Vec<u8> {
        let mut header = [0_u8; 24];
        header[..2].copy_from_slice(&control);
        header[22] = sequence;
        [&header, more, &SNAP, &inner_ip()].concat()
    }

    #[test]
    fn data_frames_of_every_shape() {
        let msdu_len = (8 + inner_ip().len()) as u16;
        let aggregate = [&[0x80, 0][..], &[0; 12], &msdu_len.to_be_bytes()].concat();
        check(
            LinkType::IEEE802_11,
            &[
                ("data", frame([0x08, 0x01], 0x10, &[]), "802.11"),
                ("four addresses", frame([0x08, 0x03], 0, &[0; 6]), "802.11"),
                ("QoS", frame([0x88, 0x02], 0, &[0; 2]), "802.11"),
                ("QoS and HT", frame([0x88, 0x82], 0, &[0; 6]), "802.11"),
                ("aggregate", frame([0x88, 0x02], 0, &aggregate), "802.11"),
                (
                    "protected",
                    frame([0x08, 0x41], 0, &[]),
                    "none: tunnel-opaque",
                ),
                (
                    "first fragment",
                    frame([0x08, 0x05], 0, &[]),
                    "none: link-fragment",
                ),
                (
                    "last fragment",
                    frame([0x08, 0x01], 1, &[]),
                    "none: link-fragment",
                ),
                ("null", frame([0x48, 0x01], 0, &[]), "none: link-control"),
                ("beacon", frame([0x80, 0x00], 0, &[]), "none: link-control"),
                ("version 1", frame([0x09, 0x00], 0, &[]), "none: malformed"),
            ],
        );
    }

    #[test]
    fn monitor_headers() {
        let plain = frame([0x08, 0x01], 0, &[]);
        let padded = frame([0x88, 0x01], 0, &[0; 4]);
        check(
            LinkType::IEEE802_11_RADIOTAP,
            &[
                (
                    "no fields",
                    wrap(&[0, 0, 8, 0, 0, 0, 0, 0], &plain),
                    "802.11",
                ),
                (
                    "time, flags with padding",
                    wrap(
                        &[0, 0, 17, 0, 3, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x20],
                        &padded,
                    ),
                    "802.11",
                ),
                (
                    "a second word, flags without padding",
                    wrap(&[0, 0, 13, 0, 2, 0, 0, 0x80, 0, 0, 0, 0, 0x10], &plain),
                    "802.11",
                ),
            ],
        );
        let avs = [&[0x80, 0x21, 0x10, 0x01, 0, 0, 0, 64][..], &[0; 56]].concat();
        check(
            LinkType::IEEE802_11_PRISM,
            &[
                ("Prism", wrap(&[0; 144], &plain), "802.11"),
                ("AVS under its number", wrap(&avs, &plain), "802.11"),
            ],
        );
        check(
            LinkType::IEEE802_11_AVS,
            &[("AVS", wrap(&avs, &plain), "802.11")],
        );
    }
}
