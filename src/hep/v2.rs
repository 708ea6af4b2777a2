//! HEP versions 1 and 2: a header of fixed fields, and the message up to the end of the datagram.

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::{Packet, v3};
use crate::{sip::Method, time::Timestamp};

/// Octets of the header with addresses of IPv4 and IPv6; what version 2 has behind it does not count.
const LEN_V4: usize = 16;
const LEN_V6: usize = 40;

/// 2005 began at this second of Unix time: no HEP is older.
const OLDEST: u32 = 1_104_537_600;

/// 2100 begins at this second.
const YOUNGEST: u32 = 4_102_444_800;

const MICROS_PER_SECOND: u32 = 1_000_000;

/// Returns whether a datagram begins with a header of version 1 or 2 and has a message behind it.
pub(super) fn begins(bytes: &[u8]) -> bool {
    decode(bytes).is_some()
}

/// Returns what a packet of version 1 or 2 tells. Without a magic number, every field of it has to fit.
pub(super) fn decode(bytes: &[u8]) -> Option<Packet<'_>> {
    let (&[version, len, family, protocol], ports) = bytes.split_first_chunk()?;
    let (&[s0, s1, d0, d1], addresses) = ports.split_first_chunk()?;
    let len = usize::from(len);
    // The family is a number of the sender's system: those of Linux, FreeBSD and macOS.
    let is_header = matches!(
        (version, len, family),
        (1 | 2, LEN_V4, 2) | (1 | 2, LEN_V6, 10 | 24 | 28 | 30)
    );
    if !is_header || !matches!(protocol, 6 | 17 | 22 | 50 | 132) {
        return None;
    }
    let behind = bytes.get(len..)?;
    let (start, ts, agent_id) = match version {
        1 => (0, None, None),
        _ => timed(behind)?,
    };
    let payload = behind.get(start..).filter(|payload| is_text(payload))?;
    Some(Packet {
        version,
        addresses: Some(pair(addresses, len)?),
        ports: (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1])),
        protocol,
        ts,
        payload_type: 1,
        agent_id,
        payload: Some(Cow::Borrowed(payload)),
        ..Packet::default()
    })
}

fn pair(addresses: &[u8], len: usize) -> Option<(IpAddr, IpAddr)> {
    if len == LEN_V4 {
        let (src, rest) = addresses.split_first_chunk::<4>()?;
        let dst = rest.first_chunk::<4>()?;
        Some((Ipv4Addr::from(*src).into(), Ipv4Addr::from(*dst).into()))
    } else {
        let (src, rest) = addresses.split_first_chunk::<16>()?;
        let dst = rest.first_chunk::<16>()?;
        Some((Ipv6Addr::from(*src).into(), Ipv6Addr::from(*dst).into()))
    }
}

/// Returns what version 2 has behind the addresses: where the message begins, the time and the number of the agent.
///
/// Senders copy a structure of theirs: in the order of octets of their machine, which is little endian nearly always,
/// and with the two octets of padding that it ends with nearly always.
fn timed(behind: &[u8]) -> Option<(usize, Option<Timestamp>, Option<u32>)> {
    let (seconds, rest) = behind.split_first_chunk::<4>()?;
    let (micros, rest) = rest.split_first_chunk::<4>()?;
    let id = rest.first_chunk::<2>()?;
    let start = if is_padded(rest.get(2..)?) { 12 } else { 10 };
    let little = (
        u32::from_le_bytes(*seconds),
        u32::from_le_bytes(*micros),
        u16::from_le_bytes(*id),
    );
    let big = (
        u32::from_be_bytes(*seconds),
        u32::from_be_bytes(*micros),
        u16::from_be_bytes(*id),
    );
    // Many a second is one of this century in both orders; a fraction of it hardly ever is one in both.
    let is_time = |(seconds, micros, _): &(u32, u32, u16)| {
        (OLDEST..YOUNGEST).contains(seconds) && *micros < MICROS_PER_SECOND
    };
    let told = [little, big].into_iter().find(is_time);
    let (_, _, id) = told.unwrap_or(little);
    let ts = told.and_then(|(seconds, micros, _)| v3::time(seconds, micros));
    Some((start, ts, Some(id.into())))
}

/// Returns whether the padding is there, given it, if so, and the message. It is not always cleared: it may be two letters,
/// as a message begins with two at least.
fn is_padded(text: &[u8]) -> bool {
    let begins = |text: &[u8]| {
        let word = text.split(|octet| *octet == b' ').next();
        let word = word.unwrap_or_default();
        word == b"SIP/2.0" || Method::from_bytes(word) != Method::Other
    };
    let are_letters = |octets: &[u8]| octets.iter().all(u8::is_ascii_alphabetic);
    match text.split_at_checked(2) {
        Some((padding, behind)) => !are_letters(padding) || (begins(behind) && !begins(text)),
        None => false,
    }
}

fn is_text(payload: &[u8]) -> bool {
    payload.first().is_some_and(u8::is_ascii_alphabetic)
}
