//! The Homer encapsulation protocol (HEP, also EEP): how capture agents send on what they trace.
//!
//! [`Packet::decode`] reads versions 1, 2 and 3 and believes no length: what does not fit is left out and named in
//! [`Packet::defects`]. Of SIP it knows how messages begin, and it keeps nothing from packet to packet.
#![cfg_attr(
    not(test),
    warn(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

mod chunk;
mod defect;
mod encode;
mod inflate;
mod json;
mod listen;
mod opensips;
mod packet;
mod v2;
mod v3;

#[cfg(test)]
mod vectors;

use self::chunk::{CHUNK_HEADER, Chunks, kind};
pub use self::{
    defect::{Defect, Defects},
    encode::Outgoing,
    json::{Links, sip_text},
    listen::Listener,
    opensips::Told,
    packet::{Packet, Payload},
};
use crate::sip::{Probe, probe};

/// How HEP version 3 begins, by its own name and by that of EEP.
const MAGICS: [&[u8]; 2] = [b"HEP3", b"EEP3"];

/// Octets before the chunks of version 3: how it begins, and the length of all.
const HEADER: usize = 6;

/// Returns whether a datagram begins like HEP of any version. It may still be none.
#[inline]
#[must_use]
pub fn begins(payload: &[u8]) -> bool {
    match payload {
        [b'H' | b'E', b'E', b'P', b'3', ..] => true,
        [1 | 2, 16 | 40, ..] => v2::begins(payload),
        _ => false,
    }
}

/// Octets that tell whether a packet begins: its header, and whose and what its first chunk is.
const RESUMED_BY: usize = HEADER + 4;

/// Chunks that are looked at each time that some more of a packet has come: more than any agent sends.
const MAX_CHUNKS: usize = 100;

/// What a stream goes on with where a HEP packet may begin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InStream {
    /// A packet of so many octets.
    Packet(usize),
    /// Perhaps a packet: there is not enough of it to tell.
    Partial,
    /// Something else.
    Other,
}

/// Returns what `bytes`, the next ones of a stream, are. Streams carry version 3 only.
#[must_use]
pub fn in_stream(bytes: &[u8]) -> InStream {
    let begins = |magic: &&[u8]| {
        let len = bytes.len().min(magic.len());
        bytes.get(..len) == magic.get(..len)
    };
    if !MAGICS.iter().any(begins) {
        return InStream::Other;
    }
    match bytes.get(..HEADER) {
        Some(&[_, _, _, _, high, low]) => match usize::from(u16::from_be_bytes([high, low])) {
            len if len >= HEADER => InStream::Packet(len),
            _ => InStream::Other,
        },
        _ => InStream::Partial,
    }
}

/// Returns whether `bytes` begin a packet by its header and that of its first chunk: what is looked for in a stream when
/// there is no knowing where a packet begins.
#[must_use]
pub fn resumes(bytes: &[u8]) -> bool {
    let is_header = matches!(in_stream(bytes), InStream::Packet(len) if len > HEADER);
    let chunk = bytes.get(HEADER..).and_then(<[u8]>::first_chunk);
    is_header
        && chunk.is_some_and(|&[v0, v1, k0, k1]| {
            u16::from_be_bytes([v0, v1]) <= 8 && (1..=41).contains(&u16::from_be_bytes([k0, k1]))
        })
}

/// Returns whether `bytes` are too few to tell, but may become what [`resumes`].
#[must_use]
pub fn may_resume(bytes: &[u8]) -> bool {
    bytes.len() < RESUMED_BY && in_stream(bytes) != InStream::Other
}

/// Returns how long a packet is that says it has `len` octets: less, if another one begins in place of one of its chunks.
/// `bytes` is as much of it as has come, and what is behind it.
#[must_use]
pub fn length_of(bytes: &[u8], len: usize) -> InStream {
    let mut end = HEADER;
    for _ in 0..MAX_CHUNKS {
        let rest = match bytes.get(end..) {
            Some(rest) if end < len => rest,
            _ => break,
        };
        if resumes(rest) {
            return InStream::Packet(end);
        }
        if !rest.is_empty() && may_resume(rest) {
            return InStream::Partial;
        }
        let Some(Ok(chunk)) = (Chunks { rest }).next() else {
            break;
        };
        end = end
            .saturating_add(CHUNK_HEADER)
            .saturating_add(chunk.value.len());
    }
    InStream::Packet(len)
}

/// Returns whether the chunks of a packet of version 3 fill it.
#[must_use]
pub fn is_sound(packet: &[u8]) -> bool {
    let rest = packet.get(HEADER..).unwrap_or_default();
    Chunks { rest }.all(|chunk| chunk.is_ok())
}

/// Returns whether a packet of version 3 carries SIP, as far as can be told without inflating it.
#[must_use]
pub fn carries_sip(packet: &[u8]) -> bool {
    let rest = packet.get(HEADER..).unwrap_or_default();
    let (mut kind, mut is_sip) = (0, false);
    for chunk in (Chunks { rest }).map_while(Result::ok) {
        match (chunk.vendor, chunk.kind, chunk.value) {
            (0, kind::PAYLOAD_TYPE, &[number]) => kind = number,
            (0, kind::PAYLOAD, text) => is_sip = probe(&sip_text(text)) == Probe::Sip,
            (0, kind::COMPRESSED, _) => is_sip = true,
            _ => {}
        }
    }
    is_sip && Payload::of(kind) == Payload::Sip
}
