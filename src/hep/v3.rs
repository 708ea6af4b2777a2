//! HEP version 3: a header, and chunks in any order.

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::{
    Defect, HEADER, Packet,
    chunk::{Broken, Chunk, Chunks, kind},
    inflate,
};
use crate::time::Timestamp;

/// What is known of a packet so far.
#[derive(Default)]
struct Draft<'a> {
    packet: Packet<'a>,
    src: [Option<IpAddr>; 2],
    dst: [Option<IpAddr>; 2],
    seconds: Option<u32>,
    microseconds: u32,
    /// Which of two pairs of addresses is meant.
    is_v6: bool,
}

/// Returns what a packet of version 3 tells.
pub(super) fn decode(bytes: &[u8]) -> Option<Packet<'_>> {
    let (&[_, _, _, _, high, low], _) = bytes.split_first_chunk::<HEADER>()?;
    let total = usize::from(u16::from_be_bytes([high, low]));
    let mut draft = Draft::default();
    draft.packet.version = 3;
    // What is behind the end of a datagram's packet is padding.
    let chunks = match bytes.get(HEADER..total) {
        Some(chunks) => chunks,
        None => {
            draft.packet.defects.insert(Defect::BadTotal);
            bytes.get(HEADER..)?
        }
    };
    for chunk in (Chunks { rest: chunks }) {
        match chunk {
            Ok(chunk) => draft.take(chunk),
            Err(Broken(chunk)) => {
                draft.packet.defects.insert(Defect::BadChunk);
                // Of a message the beginning is worth having; of anything else it is not.
                if let Some(chunk) = chunk.filter(|chunk| chunk.kind == kind::PAYLOAD) {
                    draft.take(chunk);
                }
            }
        }
    }
    Some(draft.finish())
}

impl<'a> Draft<'a> {
    fn take(&mut self, chunk: Chunk<'a>) {
        if chunk.vendor == 0 && self.value(chunk.kind, chunk.value).is_none() {
            self.packet.defects.insert(Defect::BadValue);
        }
    }

    /// Takes the value of a chunk; fails if it has another length than its type has.
    fn value(&mut self, kind: u16, value: &'a [u8]) -> Option<()> {
        let packet = &mut self.packet;
        let [v4, v6] = [0, 1];
        match kind {
            // The sender's number of IPv4 is the same everywhere.
            kind::FAMILY => self.is_v6 = octet(value)? != 2,
            kind::PROTOCOL => packet.protocol = octet(value)?,
            kind::SRC_V4 => *self.src.get_mut(v4)? = Some(ipv4(value)?),
            kind::DST_V4 => *self.dst.get_mut(v4)? = Some(ipv4(value)?),
            kind::SRC_V6 => *self.src.get_mut(v6)? = Some(ipv6(value)?),
            kind::DST_V6 => *self.dst.get_mut(v6)? = Some(ipv6(value)?),
            kind::SRC_PORT => packet.ports.0 = short(value)?,
            kind::DST_PORT => packet.ports.1 = short(value)?,
            kind::SECONDS => self.seconds = Some(long(value)?),
            kind::MICROSECONDS => self.microseconds = long(value)?,
            kind::PAYLOAD_TYPE => packet.payload_type = octet(value)?,
            kind::AGENT_ID => packet.agent_id = Some(agent_id(value)?),
            kind::AUTH_KEY => packet.auth_key = Some(value),
            kind::PAYLOAD => packet.payload = Some(Cow::Borrowed(value)),
            kind::COMPRESSED => match inflate::inflate(value) {
                Some(payload) => packet.payload = Some(Cow::Owned(payload)),
                None => packet.defects.insert(Defect::Undecodable),
            },
            kind::CORRELATION_ID => packet.correlation_id = value,
            kind::AGENT_NAME => packet.agent_name = value,
            kind::LINKS => packet.links = value,
            // Of what the others tell nothing is needed.
            _ => {}
        }
        Some(())
    }

    fn finish(self) -> Packet<'a> {
        let mut packet = self.packet;
        let both = |family: usize| Some(((*self.src.get(family)?)?, (*self.dst.get(family)?)?));
        let (meant, other) = if self.is_v6 { (1, 0) } else { (0, 1) };
        packet.addresses = both(meant).or_else(|| both(other));
        packet.ts = self
            .seconds
            .and_then(|seconds| time(seconds, self.microseconds));
        packet
    }
}

/// Returns the moment that a packet tells; 0 is none.
pub(super) fn time(seconds: u32, microseconds: u32) -> Option<Timestamp> {
    let nanos = microseconds
        .checked_mul(1000)
        .filter(|nanos| *nanos < 1_000_000_000)?;
    (seconds > 0).then(|| Timestamp::from_parts(seconds.into(), nanos))
}

fn octet(value: &[u8]) -> Option<u8> {
    <[u8; 1]>::try_from(value).ok().map(|[octet]| octet)
}

fn short(value: &[u8]) -> Option<u16> {
    value.try_into().ok().map(u16::from_be_bytes)
}

fn long(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
}

/// Returns the number of an agent, for which some write two octets.
fn agent_id(value: &[u8]) -> Option<u32> {
    long(value).or_else(|| short(value).map(u32::from))
}

fn ipv4(value: &[u8]) -> Option<IpAddr> {
    let octets: [u8; 4] = value.try_into().ok()?;
    Some(Ipv4Addr::from(octets).into())
}

fn ipv6(value: &[u8]) -> Option<IpAddr> {
    let octets: [u8; 16] = value.try_into().ok()?;
    Some(Ipv6Addr::from(octets).into())
}
