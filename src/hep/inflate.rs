//! Compressed payloads, of which the specification does not say in which format.

use flate2::{Decompress, FlushDecompress, Status};

/// Octets that a payload may have: those of the longest datagram, which an agent can have traced at most.
const LIMIT: usize = 64 << 10;

/// Returns the payload that `bytes` are compressed from, as zlib, gzip or deflate without either; nothing if they are
/// not, or it is longer than any may be.
pub(super) fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut inflater, bytes) = match bytes {
        [0x1f, 0x8b, 8, flags, ..] => (Decompress::new(false), behind_gzip_header(bytes, *flags)?),
        // RFC 1950 §2.2: the method, and a check of the first two octets.
        [method, check, ..]
            if method & 0x0f == 8 && u16::from_be_bytes([*method, *check]).is_multiple_of(31) =>
        {
            (Decompress::new(true), bytes)
        }
        _ => (Decompress::new(false), bytes),
    };
    // One more than there may be tells that there is more.
    let mut payload = Vec::with_capacity(LIMIT.saturating_add(1));
    let status = inflater
        .decompress_vec(bytes, &mut payload, FlushDecompress::Finish)
        .ok()?;
    payload.shrink_to_fit();
    (status == Status::StreamEnd && payload.len() <= LIMIT).then_some(payload)
}

/// Returns what is behind the header of gzip (RFC 1952 §2.3).
fn behind_gzip_header(bytes: &[u8], flags: u8) -> Option<&[u8]> {
    let mut rest = bytes.get(10..)?;
    if flags & 4 != 0 {
        let (len, behind) = rest.split_first_chunk()?;
        rest = behind.get(usize::from(u16::from_le_bytes(*len))..)?;
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            let end = memchr::memchr(0, rest)?;
            rest = rest.get(end.checked_add(1)?..)?;
        }
    }
    if flags & 2 != 0 {
        rest = rest.get(2..)?;
    }
    Some(rest)
}
