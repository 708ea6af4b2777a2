//! What a UDP payload is, as far as its first octets tell.

use crate::{packet::Datagram, pipeline::fate::Fate, sip};

/// Returns where a SIP message begins in a UDP payload, after line ends that RFC 3261 §7.5 tells to ignore.
pub(crate) fn sip_start(payload: &[u8]) -> Option<usize> {
    let start = payload
        .iter()
        .position(|octet| !matches!(octet, b'\r' | b'\n'))?;
    match sip::probe(payload.get(start..)?) {
        sip::Probe::Sip => Some(start),
        sip::Probe::NotSip | sip::Probe::Partial => None,
    }
}

/// Returns the fate of a datagram that is not SIP.
pub(crate) fn fate(datagram: &Datagram, payload: &[u8]) -> Fate {
    match payload {
        [] | [0] | [0, 0] | [0, 0, 0, 0] | b"jaK" => Fate::KeepAlive,
        _ if payload.iter().all(|octet| matches!(octet, b'\r' | b'\n')) => Fate::KeepAlive,
        [0x80..=0xbf, 200..=207, ..] if payload.len() >= 8 => Fate::Rtcp,
        // The media before the ports: phones use any port for RTP.
        [0x80..=0xbf, ..] if payload.len() >= 12 && !is_dns(datagram) => Fate::Rtp,
        [0x00..=0x3f, _, _, _, 0x21, 0x12, 0xa4, 0x42, ..] => Fate::Stun,
        [0x14..=0x1a, 0xfe, 0xff | 0xfd | 0xfc, ..] => Fate::Dtls,
        [b'H', b'E', b'P', b'3', ..] | [1 | 2, 16 | 40, 2 | 10, ..] => Fate::Hep,
        _ if is_dns(datagram) => Fate::Dns,
        _ => Fate::UdpOther,
    }
}

/// Returns whether a port is that of DNS or mDNS.
fn is_dns(datagram: &Datagram) -> bool {
    let is_one = |port| matches!(port, 53 | 5353);
    is_one(datagram.src.port()) || is_one(datagram.dst.port())
}
