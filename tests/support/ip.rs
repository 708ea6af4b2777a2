//! IPv4, IPv6 and what is directly on top of them, written octet by octet with correct checksums.

use std::net::{IpAddr, SocketAddr};

pub(crate) const UDP: u8 = 17;
pub(crate) const TCP: u8 = 6;
pub(crate) const SCTP: u8 = 132;
const IPV6_FRAGMENT: u8 = 44;

/// Returns an IP packet around `payload`. `id` becomes the identification of IPv4 (IPv6 has none).
pub(crate) fn packet(src: IpAddr, dst: IpAddr, protocol: u8, id: u16, payload: &[u8]) -> Vec<u8> {
    match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            let total = u16::try_from(payload.len() + 20).expect("the packet is too long");
            let mut header = vec![0x45, 0];
            header.extend(total.to_be_bytes());
            header.extend(id.to_be_bytes());
            header.extend([0, 0, 64, protocol, 0, 0]);
            header.extend(src.octets());
            header.extend(dst.octets());
            set_ipv4_checksum(&mut header);
            [&header, payload].concat()
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            let length = u16::try_from(payload.len()).expect("the packet is too long");
            let mut header = vec![0x60, 0, 0, 0];
            header.extend(length.to_be_bytes());
            header.extend([protocol, 64]);
            header.extend(src.octets());
            header.extend(dst.octets());
            [&header, payload].concat()
        }
        _ => panic!("{src} and {dst} are of different families"),
    }
}

/// Returns a UDP datagram in an IP packet.
pub(crate) fn udp(src: SocketAddr, dst: SocketAddr, id: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 8).expect("the datagram is too long");
    let mut datagram = Vec::new();
    datagram.extend(src.port().to_be_bytes());
    datagram.extend(dst.port().to_be_bytes());
    datagram.extend(length.to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    let sum = match transport_checksum(src.ip(), dst.ip(), UDP, &datagram) {
        0 => 0xffff,
        sum => sum,
    };
    datagram[6..8].copy_from_slice(&sum.to_be_bytes());
    packet(src.ip(), dst.ip(), UDP, id, &datagram)
}

pub(crate) const FIN: u8 = 0x01;
pub(crate) const SYN: u8 = 0x02;
pub(crate) const PSH: u8 = 0x08;
pub(crate) const ACK: u8 = 0x10;

/// The fields of a TCP header that change from segment to segment.
#[derive(Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: u8,
}

/// Returns a TCP segment in an IP packet.
pub(crate) fn tcp(
    src: SocketAddr,
    dst: SocketAddr,
    id: u16,
    segment: Segment,
    payload: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(src.port().to_be_bytes());
    bytes.extend(dst.port().to_be_bytes());
    bytes.extend(segment.seq.to_be_bytes());
    bytes.extend(segment.ack.to_be_bytes());
    bytes.extend([0x50, segment.flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend(payload);
    let sum = transport_checksum(src.ip(), dst.ip(), TCP, &bytes);
    bytes[16..18].copy_from_slice(&sum.to_be_bytes());
    packet(src.ip(), dst.ip(), TCP, id, &bytes)
}

/// Returns an SCTP packet with one DATA chunk (RFC 9260 §3.3.1). `flags` are B (2) and E (1).
pub(crate) fn sctp(
    src: SocketAddr,
    dst: SocketAddr,
    id: u16,
    tsn: u32,
    flags: u8,
    payload: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(src.port().to_be_bytes());
    bytes.extend(dst.port().to_be_bytes());
    // Every association and side has its own verification tag.
    bytes.extend(verification_tag(src, dst).to_be_bytes());
    bytes.extend([0, 0, 0, 0]);
    bytes.extend([0, flags]);
    bytes.extend(u16::try_from(payload.len() + 16).unwrap().to_be_bytes());
    bytes.extend(tsn.to_be_bytes());
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let sum = crc32c(&bytes);
    bytes[8..12].copy_from_slice(&sum.to_le_bytes());
    packet(src.ip(), dst.ip(), SCTP, id, &bytes)
}

fn verification_tag(src: SocketAddr, dst: SocketAddr) -> u32 {
    let text = format!("{src} {dst}");
    text.bytes()
        .fold(1, |tag: u32, b| tag.wrapping_mul(16_777_619) ^ u32::from(b))
}

/// Cuts an IP packet into fragments with at most `step` octets of payload each (RFC 791, RFC 8200 §4.5).
pub(crate) fn fragments(packet: &[u8], step: usize) -> Vec<Vec<u8>> {
    assert_eq!(
        step % 8,
        0,
        "only the last fragment may have another length"
    );
    let ipv4 = packet[0] >> 4 == 4;
    let (header, payload) = packet.split_at(if ipv4 { 20 } else { 40 });
    let parts: Vec<&[u8]> = payload.chunks(step).collect();
    if parts.len() < 2 {
        return vec![packet.to_vec()];
    }
    // IPv6 packets carry no identification of their own: it is taken from the transport checksum.
    let ipv6_id = [payload[6], payload[7], payload[0], payload[1]];
    let mut out = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let more = index + 1 < parts.len();
        let offset = u16::try_from(index * step / 8).unwrap();
        let mut fragment = header.to_vec();
        if ipv4 {
            let flags = offset | if more { 0x2000 } else { 0 };
            fragment[2..4].copy_from_slice(&u16::try_from(20 + part.len()).unwrap().to_be_bytes());
            fragment[6..8].copy_from_slice(&flags.to_be_bytes());
            set_ipv4_checksum(&mut fragment);
        } else {
            let flags = (offset << 3) | u16::from(more);
            fragment[4..6].copy_from_slice(&u16::try_from(8 + part.len()).unwrap().to_be_bytes());
            let next = std::mem::replace(&mut fragment[6], IPV6_FRAGMENT);
            fragment.extend([next, 0]);
            fragment.extend(flags.to_be_bytes());
            fragment.extend(ipv6_id);
        }
        fragment.extend_from_slice(part);
        out.push(fragment);
    }
    out
}

/// Returns the packet as the next router sends it on: one hop fewer to live.
pub(crate) fn routed(packet: &[u8]) -> Vec<u8> {
    let mut out = packet.to_vec();
    if out[0] >> 4 == 4 {
        out[8] -= 1;
        set_ipv4_checksum(&mut out[..20]);
    } else {
        out[7] -= 1;
    }
    out
}

fn set_ipv4_checksum(header: &mut [u8]) {
    header[10..12].fill(0);
    let sum = checksum(&[header]);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
}

fn transport_checksum(src: IpAddr, dst: IpAddr, protocol: u8, bytes: &[u8]) -> u16 {
    let octets = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
    checksum(&[&octets(src), &octets(dst), &length, &[0, protocol], bytes])
}

/// The Internet checksum (RFC 1071); every part but the last has an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u32;
    for pair in parts.iter().flat_map(|part| part.chunks(2)) {
        let low = pair.get(1).copied().unwrap_or(0);
        sum += u32::from(u16::from_be_bytes([pair[0], low]));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// CRC-32C, bit by bit (RFC 9260 appendix A).
fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

#[test]
fn crc32c_check_value() {
    assert_eq!(crc32c(b"123456789"), 0xe306_9283);
}
