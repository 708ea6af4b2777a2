//! A set with a SIP message.

use super::{Defect, cursor::Cursor};
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
    /// When, if it tells a time that can be.
    pub ts: Option<Timestamp>,
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
    /// Reads a set of this id without its header.
    pub(super) fn read(id: u16, data: &'a [u8], note: &mut dyn FnMut(Defect)) -> Option<Self> {
        let mut cursor = Cursor(data);
        let record = match Self::fields(id, &mut cursor) {
            Ok(record) => record,
            Err(defect) => {
                note(defect);
                return None;
            }
        };
        if record.ts.is_none() {
            note(Defect::BadTime);
        }
        if !cursor.0.is_empty() {
            note(Defect::Padded);
        }
        Some(record)
    }

    fn fields(id: u16, cursor: &mut Cursor<'a>) -> Result<Self, Defect> {
        let place = place(id, cursor).ok_or(Defect::BadAddresses)?;
        let direction = if id.is_multiple_of(2) {
            Direction::Ingress
        } else {
            Direction::Egress
        };
        let incoming_call_id = match direction {
            Direction::Ingress => &[],
            Direction::Egress => call_id(cursor).ok_or(Defect::BadCallId)?,
        };
        let content = cursor.variable().ok_or(Defect::BadPayload)?;
        let (flow, payload) = match place.flow {
            Some(flow) => (flow, content),
            None => datagram(content).ok_or(Defect::BadPacket)?,
        };
        Ok(Self {
            ts: place.ts,
            flow,
            direction,
            incoming_call_id,
            payload,
        })
    }
}

/// When a message was seen, and between whom if that does not come with the message.
struct Place {
    ts: Option<Timestamp>,
    flow: Option<Flow>,
}

/// Reads time, interface and addresses, which are those of the receiver before those of the sender.
fn place(id: u16, cursor: &mut Cursor<'_>) -> Option<Place> {
    let ts = cursor.time()?;
    let _slot_port_vlan = cursor.u32()?;
    let transport = match id {
        258 | 259 => return Some(Place { ts, flow: None }),
        260 | 261 => Transport::Tcp,
        _ => Transport::Sctp,
    };
    let [dst, src] = cursor.ends()?;
    let _context = cursor.u32()?;
    let flow = Flow {
        src,
        dst,
        transport,
    };
    let flow = Some(flow);
    Some(Place { ts, flow })
}

/// Reads the Call-ID of the call as it came in.
fn call_id<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    match cursor.u8()? {
        255 => None,
        len => cursor.take(usize::from(len)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipfix::{Content, Set, sets, vectors::*};

    fn read(set: Set<'_>) -> Option<Record<'_>> {
        match set.read(&mut |_| {}) {
            Some(Content::Sip(record)) => Some(record),
            _ => None,
        }
    }

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
                ts: Some(Timestamp::from_parts(1_700_000_000, 250_000_000)),
                flow: Flow {
                    src: src.parse().unwrap(),
                    dst: dst.parse().unwrap(),
                    transport,
                },
                direction,
                incoming_call_id: call_id,
                payload: b"OPTIONS sip:a@b SIP/2.0\r\n\r\n",
            };
            assert_eq!(read(set), Some(expected));
            // No shorter set is a message.
            for len in 0..set.data.len() {
                let data = &set.data[..len];
                assert_eq!(read(Set { data, ..set }), None, "{len}");
            }
        }
    }
}
