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
