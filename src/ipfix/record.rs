//! A set with a SIP message.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::{
    capture::LinkType,
    net::{Flow, Transport},
    packet::{self, Content, DecodeOptions},
    time::Timestamp,
};

/// Whether a controller received a message or sent it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// It received it.
    Ingress,
    /// It sent it.
    Egress,
}

impl Direction {
    /// Returns the name used in all outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }
}

/// A SIP message as a controller saw it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Record<'a> {
    /// When.
    pub ts: Timestamp,
    /// Between whom.
    pub flow: Flow,
    /// Whether it was received or sent.
    pub direction: Direction,
    /// Of what was sent: the Call-ID of the call as it came in; empty if that is not known.
    pub incoming_call_id: &'a [u8],
    /// The message.
    pub payload: &'a [u8],
}

impl<'a> Record<'a> {
    /// Returns what a set, with its header, tells of a SIP message; `None` if it is of another kind, or damaged.
    #[must_use]
    pub fn read(set: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor(set);
        let id = cursor.u16()?;
        let _len = cursor.u16()?;
        let direction = match id {
            258..=263 if id % 2 == 0 => Direction::Ingress,
            258..=263 => Direction::Egress,
            _ => return None,
        };
        let (seconds, micros) = (cursor.u32()?, cursor.u32()?);
        let nanos = micros.checked_mul(1_000)?;
        let _slot_port_vlan = cursor.u32()?;
        let ends = match id {
            258 | 259 => None,
            _ => Some(cursor.ends(if id < 262 {
                Transport::Tcp
            } else {
                Transport::Sctp
            })?),
        };
        let incoming_call_id = match direction {
            Direction::Ingress => &[],
            Direction::Egress => match cursor.u8()? {
                255 => return None,
                len => cursor.take(usize::from(len))?,
            },
        };
        let content = cursor.variable()?;
        let (flow, payload) = match ends {
            Some(flow) => (flow, content),
            None => datagram(content)?,
        };
        Some(Self {
            ts: Timestamp::from_parts(i64::from(seconds), nanos),
            flow,
            direction,
            incoming_call_id,
            payload,
        })
    }
}

/// Returns what a UDP datagram with its IP header carries, and between whom.
fn datagram(octets: &[u8]) -> Option<(Flow, &[u8])> {
    let len = u32::try_from(octets.len()).ok()?;
    let options = DecodeOptions {
        vxlan_ports: Vec::new(),
    };
    let packet = packet::decode(octets, LinkType::RAW, len, 0, &options);
    let Content::Datagram(datagram) = packet.content else {
        return None;
    };
    let flow = Flow {
        src: datagram.src,
        dst: datagram.dst,
        transport: Transport::Udp,
    };
    Some((flow, datagram.payload.of(octets)))
}

/// Octets that are read one after the other.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.first_chunk().copied()
    }

    fn u8(&mut self) -> Option<u8> {
        self.chunk().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.chunk().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_be_bytes)
    }

    /// Reads addresses and ports of a connection, the receiver before the sender, and the number of the connection.
    fn ends(&mut self, transport: Transport) -> Option<Flow> {
        let [dst, src] = [self.chunk::<4>()?, self.chunk::<4>()?];
        let [dst_port, src_port] = [self.u16()?, self.u16()?];
        let _context = self.u32()?;
        let end = |ip: [u8; 4], port| SocketAddr::new(IpAddr::V4(Ipv4Addr::from(ip)), port);
        Some(Flow {
            src: end(src, src_port),
            dst: end(dst, dst_port),
            transport,
        })
    }

    /// Reads a field of variable length (RFC 7011 §7): an octet, or 255 and two octets, tell how long it is.
    fn variable(&mut self) -> Option<&'a [u8]> {
        let len = match self.u8()? {
            255 => usize::from(self.u16()?),
            len => usize::from(len),
        };
        self.take(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipfix::{sets, vectors::*};

    #[test]
    fn sets_are_read_as_worked_out() {
        for (digits, src, dst, transport, direction, call_id) in [
            (
                UDP_OUT,
                "10.0.0.1:5060",
                "10.0.0.2:5062",
                Transport::Udp,
                Direction::Egress,
                &b"in-leg@sb"[..],
            ),
            (
                TCP_IN,
                "10.0.0.1:40000",
                "10.0.0.2:5060",
                Transport::Tcp,
                Direction::Ingress,
                b"",
            ),
        ] {
            let message = octets(digits);
            let set = sets(&message).next().unwrap();
            let expected = Record {
                ts: Timestamp::from_parts(1_700_000_000, 250_000_000),
                flow: Flow {
                    src: src.parse().unwrap(),
                    dst: dst.parse().unwrap(),
                    transport,
                },
                direction,
                incoming_call_id: call_id,
                payload: b"OPTIONS sip:a@b SIP/2.0\r\n\r\n",
            };
            assert_eq!(Record::read(set), Some(expected));
            // No shorter set is a message.
            for len in 0..set.len() {
                assert_eq!(Record::read(&set[..len]), None, "{len}");
            }
        }
    }

    #[test]
    fn other_sets_are_no_messages() {
        for digits in [
            "0000 0004",
            "0100 0019 0001 0000 0000 0000 0000 001e 00000001 01 02 08 04 00 00",
            "010c 0010 000000000000000000000000",
            // A Call-ID of 255 octets is not valid.
            "0105 0024 6553f100 0003d090 00010064 0a000002 0a000001 13c4 9c40 0000004d ff 01 41",
        ] {
            assert_eq!(Record::read(&octets(digits)), None, "{digits}");
        }
    }
}
