//! HEP as capture agents write it.

use std::net::IpAddr;

use super::chunk::{CHUNK_HEADER, kind};
use crate::{
    net::{Flow, Transport},
    time::Timestamp,
};

/// Octets of a payload at most.
const MAX_PAYLOAD: usize = 65_000;

/// Octets of a packet at most: what a datagram of IPv4 carries.
const MAX_PACKET: usize = 65_507;

/// Octets of what a packet of version 3 always has: its header, the chunks with addresses of IPv6, and the header of the
/// payload.
const FIXED: usize = 6 + 111 + CHUNK_HEADER;

/// A SIP message as a capture agent sends it.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// When it was seen.
    pub ts: Timestamp,
    /// Between whom.
    pub flow: Flow,
    /// Its octets.
    pub payload: &'a [u8],
    /// The number of the agent.
    pub agent_id: u32,
    /// The name of the agent; empty without one.
    pub agent_name: &'a [u8],
    /// What shows that the agent may send; empty without it.
    pub auth_key: &'a [u8],
    /// What it belongs to, the Call-ID; empty without one.
    pub correlation_id: &'a [u8],
}

impl Outgoing<'_> {
    /// Octets of a name, a key or an id at most. A longer one is left out: a part of it is another one.
    pub const MAX_TEXT: usize = 1024;

    /// Returns whether the payload is longer than can be sent; then its end is left out.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.payload.len() > self.room()
    }

    /// Returns how many octets of payload have room besides the rest.
    fn room(&self) -> usize {
        let texts = self
            .texts()
            .map(|(_, text)| CHUNK_HEADER.saturating_add(text.len()));
        let rest = texts
            .iter()
            .fold(FIXED, |all, len| all.saturating_add(*len));
        MAX_PACKET.saturating_sub(rest).min(MAX_PAYLOAD)
    }

    fn texts(&self) -> [(u16, &[u8]); 3] {
        [
            (kind::CORRELATION_ID, self.correlation_id),
            (kind::AGENT_NAME, self.agent_name),
            (kind::AUTH_KEY, self.auth_key),
        ]
        .map(|(kind, text)| match text.len() {
            0..=Self::MAX_TEXT => (kind, text),
            _ => (kind, &[][..]),
        })
    }

    /// Adds it to `out` as a packet of version 3, the chunks in the order of Kamailio.
    pub fn version_3(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(b"HEP3\0\0");
        let (seconds, micros) = self.time();
        let (family, src, dst) = match (self.flow.src.ip(), self.flow.dst.ip()) {
            (IpAddr::V4(_), IpAddr::V4(_)) => (2, kind::SRC_V4, kind::DST_V4),
            _ => (10, kind::SRC_V6, kind::DST_V6),
        };
        chunk(out, kind::FAMILY, &[family]);
        chunk(out, kind::PROTOCOL, &[self.protocol()]);
        for (kind, ip) in [(src, self.flow.src.ip()), (dst, self.flow.dst.ip())] {
            match ip {
                IpAddr::V4(ip) if family == 2 => chunk(out, kind, &ip.octets()),
                IpAddr::V4(ip) => chunk(out, kind, &ip.to_ipv6_mapped().octets()),
                IpAddr::V6(ip) => chunk(out, kind, &ip.octets()),
            }
        }
        chunk(out, kind::SRC_PORT, &self.flow.src.port().to_be_bytes());
        chunk(out, kind::DST_PORT, &self.flow.dst.port().to_be_bytes());
        chunk(out, kind::SECONDS, &seconds.to_be_bytes());
        chunk(out, kind::MICROSECONDS, &micros.to_be_bytes());
        chunk(out, kind::PAYLOAD_TYPE, &[1]);
        chunk(out, kind::AGENT_ID, &self.agent_id.to_be_bytes());
        for (kind, text) in self.texts() {
            if !text.is_empty() {
                chunk(out, kind, text);
            }
        }
        chunk(out, kind::PAYLOAD, self.shortened());
        let total = u16::try_from(out.len().saturating_sub(start)).unwrap_or(u16::MAX);
        if let Some(length) = out.get_mut(start..).and_then(|packet| packet.get_mut(4..6)) {
            length.copy_from_slice(&total.to_be_bytes());
        }
    }

    /// Adds it to `out` as a packet of version 2: in the order of octets, and with the padding, that its readers expect.
    ///
    /// Returns whether that is possible: not between addresses of different families.
    #[must_use]
    pub fn version_2(&self, out: &mut Vec<u8>) -> bool {
        let (src, dst) = (self.flow.src, self.flow.dst);
        let mut addresses = Vec::with_capacity(32);
        let (len, family) = match (src.ip(), dst.ip()) {
            (IpAddr::V4(src), IpAddr::V4(dst)) => {
                addresses.extend([src.octets(), dst.octets()].concat());
                (16, 2)
            }
            (IpAddr::V6(src), IpAddr::V6(dst)) => {
                addresses.extend([src.octets(), dst.octets()].concat());
                (40, 10)
            }
            _ => return false,
        };
        let (seconds, micros) = self.time();
        let id = u16::try_from(self.agent_id).unwrap_or(u16::MAX);
        out.extend([2, len, family, self.protocol()]);
        out.extend(src.port().to_be_bytes());
        out.extend(dst.port().to_be_bytes());
        out.extend(addresses);
        out.extend(seconds.to_le_bytes());
        out.extend(micros.to_le_bytes());
        out.extend(id.to_le_bytes());
        out.extend([0, 0]);
        out.extend_from_slice(self.shortened());
        true
    }

    fn shortened(&self) -> &[u8] {
        self.payload.get(..self.room()).unwrap_or(self.payload)
    }

    fn time(&self) -> (u32, u32) {
        let (seconds, nanos) = self.ts.parts();
        (u32::try_from(seconds).unwrap_or(0), nanos / 1000)
    }

    /// Returns the protocol of IP that stands for the transport.
    const fn protocol(&self) -> u8 {
        match self.flow.transport {
            Transport::Udp => 17,
            Transport::Tcp => 6,
            Transport::Tls => 22,
            Transport::Ws | Transport::Wss => 50,
            Transport::Sctp => 132,
        }
    }
}

fn chunk(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let len = u16::try_from(value.len().saturating_add(CHUNK_HEADER)).unwrap_or(u16::MAX);
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    fn outgoing<'a>(payload: &'a [u8]) -> Outgoing<'a> {
        Outgoing {
            ts: Timestamp::from_nanos(1_700_000_000_250_000_999),
            flow: Flow {
                src: "10.0.0.1:5060".parse().unwrap(),
                dst: "10.0.0.2:5080".parse().unwrap(),
                transport: Transport::Udp,
            },
            payload,
            agent_id: 7,
            agent_name: b"",
            auth_key: b"",
            correlation_id: b"",
        }
    }

    #[test]
    fn packets_are_those_of_the_tables() {
        let mut out = Vec::new();
        assert!(outgoing(b"BYE").version_2(&mut out));
        assert_eq!(
            hex(&out),
            "0210021113c413d80a0000010a00000200f1536590d0030007000000425945"
        );
        let mut out = b"before".to_vec();
        Outgoing {
            agent_name: b"a",
            auth_key: b"k",
            correlation_id: b"c",
            ..outgoing(b"BYE")
        }
        .version_3(&mut out);
        let expected = [
            "485045",
            "48455033007b",
            "00000001000702",
            "00000002000711",
            "00000003000a0a000001",
            "00000004000a0a000002",
            "00000007000813c4",
            "00000008000813d8",
            "00000009000a6553f100",
            "0000000a000a0003d090",
            "0000000b000701",
            "0000000c000a00000007",
            "000000110007",
            "63",
            "000000130007",
            "61",
            "0000000e0007",
            "6b",
            "0000000f0009425945",
        ];
        assert_eq!(hex(&out[6..]), expected[1..].concat());
    }

    #[test]
    fn names_keys_and_ids_are_whole_or_left_out() {
        let (payload, text) = (vec![b'a'; 70_000], vec![b'k'; 1024]);
        let mut message = Outgoing {
            agent_name: &text,
            auth_key: &text,
            correlation_id: &text,
            ..outgoing(&payload)
        };
        message.flow.src = "[2001:db8::2]:5060".parse().unwrap();
        message.flow.dst = "[2001:db8::1]:5060".parse().unwrap();
        let mut out = Vec::new();
        message.version_3(&mut out);
        assert_eq!(out.len(), 65_507);
        let packet = crate::hep::Packet::decode(&out).unwrap();
        assert_eq!(packet.defects.iter().count(), 0);
        assert_eq!((packet.agent_name, packet.correlation_id), (&*text, &*text));
        assert_eq!(packet.auth_key, Some(&*text));

        let long = [&text[..], b"k"].concat();
        message.correlation_id = &long;
        out.clear();
        message.version_3(&mut out);
        let packet = crate::hep::Packet::decode(&out).unwrap();
        assert_eq!(packet.correlation_id, b"");
        assert_eq!(packet.auth_key, Some(&*text));
    }

    #[test]
    fn what_is_too_long_is_cut_and_families_are_mixed_in_version_3_only() {
        let long = vec![b'a'; 70_000];
        let mut message = outgoing(&long);
        assert!(message.is_cut());
        let mut out = Vec::new();
        message.version_3(&mut out);
        assert_eq!(usize::from(u16::from_be_bytes([out[4], out[5]])), out.len());
        assert!(out.len() < 65_507);
        message.flow.dst = "[2001:db8::1]:5060".parse().unwrap();
        assert!(!message.version_2(&mut Vec::new()));
        out.clear();
        message.version_3(&mut out);
        let packet = crate::hep::Packet::decode(&out).unwrap();
        assert_eq!(
            packet.addresses.unwrap().0,
            "::ffff:10.0.0.1".parse::<IpAddr>().unwrap()
        );
    }
}
