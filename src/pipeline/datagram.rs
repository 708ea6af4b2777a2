//! What a UDP payload is, as far as its first octets tell.

use crate::{packet::Datagram, pipeline::fate::Fate};

/// Returns whether a payload begins like media and other binary protocols, and like no text.
#[inline]
pub(crate) fn is_binary(payload: &[u8]) -> bool {
    matches!(payload.first(), Some(0x80..))
}

/// Returns the fate of a datagram that is not SIP.
#[inline]
pub(crate) fn fate(datagram: &Datagram, payload: &[u8]) -> Fate {
    match payload {
        // The media before the ports: phones use any port for RTP.
        [0x80..=0xbf, ..] if !is_dns(datagram) => match payload {
            [_, 200..=207, ..] if payload.len() >= 8 => Fate::Rtcp,
            _ if payload.len() >= 12 => Fate::Rtp,
            _ => Fate::UdpOther,
        },
        _ => fate_of_others(datagram, payload),
    }
}

fn fate_of_others(datagram: &Datagram, payload: &[u8]) -> Fate {
    match payload {
        [] | [0] | [0, 0] | [0, 0, 0, 0] | b"jaK" => Fate::KeepAlive,
        _ if is_dns(datagram) => Fate::Dns,
        [0x00..=0x3f, _, _, _, 0x21, 0x12, 0xa4, 0x42, ..] => Fate::Stun,
        [0x14..=0x1a, 0xfe, 0xff | 0xfd | 0xfc, ..] => Fate::Dtls,
        _ if payload.iter().all(|octet| matches!(octet, b'\r' | b'\n')) => Fate::KeepAlive,
        _ => Fate::UdpOther,
    }
}

/// Returns whether a port is that of DNS or mDNS.
fn is_dns(datagram: &Datagram) -> bool {
    let is_one = |port| matches!(port, 53 | 5353);
    is_one(datagram.src.port()) || is_one(datagram.dst.port())
}
