//! Messages as a capture agent sends them, by the tables of the HEP specification.

use std::net::{IpAddr, SocketAddr};

/// Where the agent is, and where it sends to.
pub(crate) const AGENT: &str = "198.51.100.9:33000";
pub(crate) const COLLECTOR: &str = "198.51.100.8:9060";

/// A chunk that no vendor owns.
pub(crate) fn chunk(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(6 + value.len()).unwrap().to_be_bytes();
    [&[0, 0][..], &kind.to_be_bytes(), &length, value].concat()
}

/// A packet of version 3.
pub(crate) fn packet(chunks: &[Vec<u8>]) -> Vec<u8> {
    let chunks = chunks.concat();
    let length = u16::try_from(6 + chunks.len()).unwrap().to_be_bytes();
    [&b"HEP3"[..], &length, &chunks].concat()
}

/// The chunks that tell between whom a payload went (as protocol `protocol` of IP) and when.
pub(crate) fn place(src: SocketAddr, dst: SocketAddr, protocol: u8, ts_ns: i64) -> Vec<Vec<u8>> {
    let seconds = u32::try_from(ts_ns / 1_000_000_000).unwrap();
    let micros = u32::try_from(ts_ns % 1_000_000_000 / 1_000).unwrap();
    let family = if src.is_ipv4() { 2 } else { 10 };
    let mut chunks = vec![chunk(1, &[family]), chunk(2, &[protocol])];
    for (address, v4, v6) in [(src, 3, 5), (dst, 4, 6)] {
        chunks.push(match address.ip() {
            IpAddr::V4(ip) => chunk(v4, &ip.octets()),
            IpAddr::V6(ip) => chunk(v6, &ip.octets()),
        });
    }
    chunks.extend([
        chunk(7, &src.port().to_be_bytes()),
        chunk(8, &dst.port().to_be_bytes()),
        chunk(9, &seconds.to_be_bytes()),
        chunk(10, &micros.to_be_bytes()),
    ]);
    chunks
}

/// A SIP message over UDP in version 3.
pub(crate) fn message(src: SocketAddr, dst: SocketAddr, ts_ns: i64, sip: &[u8]) -> Vec<u8> {
    let mut chunks = place(src, dst, 17, ts_ns);
    chunks.extend([
        chunk(11, &[1]),
        chunk(12, &228_u32.to_be_bytes()),
        chunk(19, b"edge"),
        chunk(15, sip),
    ]);
    packet(&chunks)
}

/// A SIP message over UDP in version 2, with the padding that its senders leave.
pub(crate) fn message_v2(src: SocketAddr, dst: SocketAddr, ts_ns: i64, sip: &[u8]) -> Vec<u8> {
    let seconds = u32::try_from(ts_ns / 1_000_000_000).unwrap();
    let micros = u32::try_from(ts_ns % 1_000_000_000 / 1_000).unwrap();
    let octets = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let header = if src.is_ipv4() {
        [2, 16, 2, 17]
    } else {
        [2, 40, 10, 17]
    };
    [
        &header[..],
        &src.port().to_be_bytes(),
        &dst.port().to_be_bytes(),
        &octets(src.ip()),
        &octets(dst.ip()),
        &seconds.to_le_bytes(),
        &micros.to_le_bytes(),
        &228_u16.to_le_bytes(),
        &[0, 0],
        sip,
    ]
    .concat()
}
