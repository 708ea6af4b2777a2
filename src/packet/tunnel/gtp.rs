//! GTP-U (3GPP TS 29.281).

use crate::{
    net::Encapsulation,
    packet::{
        Reason, fits,
        walk::{Layer, Step, Walk},
    },
};

const HEADER: usize = 8;

/// Version 1 and the protocol type that is not GTP'.
const VERSION_AND_TYPE: u8 = 0xf0;
const VERSION_1_GTP: u8 = 0x30;

const HAS_EXTENSION: u8 = 0x04;
const HAS_OPTIONAL_FIELDS: u8 = 0x07;

/// How many extension headers are followed.
const MAX_EXTENSIONS: usize = 16;

impl Walk<'_> {
    pub(super) fn gtp(&mut self) -> Option<Step> {
        let (&[flags, kind, l0, l1, t0, t1, t2, t3], _) =
            self.rest.split_first_chunk::<HEADER>()?;
        if flags & VERSION_AND_TYPE != VERSION_1_GTP {
            return None;
        }
        let len = usize::from(u16::from_be_bytes([l0, l1]));
        match kind {
            255 => {}
            // Echo, error indication, supported extensions, end marker.
            1 | 2 | 26 | 31 | 254 if len.saturating_add(HEADER) == self.wire => {
                return Some(Err(Reason::TunnelControl));
            }
            _ => return None,
        }
        let header_len = header_len(self.rest, flags)?;
        let inner = self.rest.get(header_len..)?;
        let layer = match inner {
            [] => return None,
            _ if fits::ip(inner) => Layer::Ip,
            _ if fits::ethernet(inner) => Layer::Ethernet,
            _ => return None,
        };
        let teid = Some(u32::from_be_bytes([t0, t1, t2, t3]));
        Some(self.through(Encapsulation::GTPU, teid, header_len, layer))
    }
}

/// Returns the length of the header at the start of `packet`, its optional fields and extensions included.
fn header_len(packet: &[u8], flags: u8) -> Option<usize> {
    if flags & HAS_OPTIONAL_FIELDS == 0 {
        return Some(HEADER);
    }
    let mut end = HEADER.saturating_add(4);
    if flags & HAS_EXTENSION == 0 {
        return Some(end);
    }
    for _ in 0..MAX_EXTENSIONS {
        // The last octet so far is the type of the next extension, which begins with its length in words.
        if *packet.get(end.saturating_sub(1))? == 0 {
            return Some(end);
        }
        match *packet.get(end)? {
            0 => return None,
            words => end = end.saturating_add(usize::from(words).saturating_mul(4)),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::{
        capture::LinkType,
        packet::vectors::{check, inner_ip, over_udp, wrap},
    };

    #[test]
    fn g_pdus_with_options_and_extensions() {
        let packet = |flags: u8, kind: u8, options: &[u8]| {
            let payload = wrap(options, &inner_ip());
            let [l0, l1] = (payload.len() as u16).to_be_bytes();
            over_udp(
                2152,
                &wrap(&[flags, kind, l0, l1, 0, 0, 0xbe, 0xef], &payload),
            )
        };
        let container = [0, 0, 0, 0x85, 1, 0, 9, 0];
        let two = [0, 0, 0, 0x40, 1, 8, 9, 0xc0, 2, 0, 0, 0, 0, 0, 0, 0];
        let echo = over_udp(2152, &[0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0]);
        let datagram =
            |len: usize| format!("none: udp 192.0.2.9:40000 192.0.2.200:2152 {len} octets");
        let len = inner_ip().len();
        check(
            LinkType::ETHERNET,
            &[
                ("plain", packet(0x30, 255, &[]), "gtp-u"),
                ("sequence", packet(0x32, 255, &[0, 1, 0, 0]), "gtp-u"),
                (
                    "N-PDU number; the extension type does not count",
                    packet(0x31, 255, &[0, 0, 3, 0x85]),
                    "gtp-u",
                ),
                ("spare bit", packet(0x38, 255, &[]), "gtp-u"),
                (
                    "5G session container",
                    packet(0x34, 255, &container),
                    "gtp-u",
                ),
                ("two extensions", packet(0x34, 255, &two), "gtp-u"),
                (
                    "extension of length 0",
                    packet(0x34, 255, &[0, 0, 0, 0x85, 0, 0, 0, 0]),
                    &datagram(len + 16),
                ),
                ("echo", echo, "none: tunnel-control"),
                ("GTP'", packet(0x20, 255, &[]), &datagram(len + 8)),
                ("version 2", packet(0x48, 32, &[]), &datagram(len + 8)),
            ],
        );
    }
}
