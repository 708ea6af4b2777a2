//! A HEP packet of any version.

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
};

use super::{Defect, Defects, HEADER, v2, v3};
use crate::{
    net::{Flow, Transport},
    time::Timestamp,
};

/// What a capture agent sent on: a payload, and what it knows of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Packet<'a> {
    /// 1, 2 or 3.
    pub version: u8,
    /// Between which addresses the payload went.
    pub addresses: Option<(IpAddr, IpAddr)>,
    /// Between which ports.
    pub ports: (u16, u16),
    /// The IP protocol that carried it, or what stands for one (see [`transport`](Self::transport)).
    pub protocol: u8,
    /// When the agent saw it.
    pub ts: Option<Timestamp>,
    /// What the payload is, as a number (see [`Payload`]).
    pub payload_type: u8,
    /// The number of the agent.
    pub agent_id: Option<u32>,
    /// The name of the agent; empty without one.
    pub agent_name: &'a [u8],
    /// What the agent shows that it may send; never to be printed.
    pub auth_key: Option<&'a [u8]>,
    /// What the payload belongs to, in most cases a Call-ID; empty without one.
    pub correlation_id: &'a [u8],
    /// What else it belongs to: JSON (OpenSIPS); empty without it.
    pub links: &'a [u8],
    /// What was traced; nothing in a keep-alive.
    pub payload: Option<Cow<'a, [u8]>>,
    /// What is wrong with it.
    pub defects: Defects,
}

/// What the payload of a packet is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Payload {
    /// A SIP message.
    Sip,
    /// A packet of RTP.
    Rtp,
    /// RTCP, as JSON or as it is.
    Rtcp,
    /// A report of how a stream of media was: JSON.
    Quality,
    /// A line that a proxy logged.
    Log,
    /// A request over HTTP that a proxy made, or the response.
    Rest,
    /// A command to a proxy, or the answer to it.
    Mi,
    /// Something that happened to a connection.
    Net,
    /// What a proxy was told to put together.
    Control,
    /// Another protocol that has a number.
    Other,
    /// A number that nobody assigned.
    Unknown,
}

impl Payload {
    /// Returns what has this number.
    #[must_use]
    pub const fn of(number: u8) -> Self {
        match number {
            // Some agents send 0 with SIP, and 50 is SIP as JSON.
            0 | 1 | 50 => Self::Sip,
            4 => Self::Rtp,
            5 => Self::Rtcp,
            34 | 35 | 38 => Self::Quality,
            86 | 100 => Self::Log,
            87 => Self::Mi,
            88 => Self::Rest,
            89 => Self::Net,
            96 => Self::Control,
            2 | 3 | 6..=13 | 53..=58 | 60 | 61 => Self::Other,
            _ => Self::Unknown,
        }
    }

    /// Returns the name in machine-readable outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sip => "sip",
            Self::Rtp => "rtp",
            Self::Rtcp => "rtcp",
            Self::Quality => "quality",
            Self::Log => "log",
            Self::Rest => "rest",
            Self::Mi => "mi",
            Self::Net => "net",
            Self::Control => "control",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }

    /// Returns what a person reads.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sip => "SIP",
            Self::Rtp => "RTP",
            Self::Rtcp => "RTCP",
            Self::Quality => "reports of media quality",
            Self::Log => "log lines",
            Self::Rest => "REST (HTTP)",
            Self::Mi => "management interface",
            Self::Net => "connections",
            Self::Control => "correlation",
            Self::Other => "other protocols",
            Self::Unknown => "unknown",
        }
    }
}

impl<'a> Packet<'a> {
    /// Returns what a datagram, or that many octets of a stream, tell; nothing if they are no HEP.
    #[must_use]
    pub fn decode(bytes: &'a [u8]) -> Option<Self> {
        let mut packet = match bytes {
            [b'H' | b'E', b'E', b'P', b'3', ..] if bytes.len() >= HEADER => v3::decode(bytes)?,
            _ => v2::decode(bytes)?,
        };
        if packet.payload.is_some() {
            if packet.addresses.is_none() {
                packet.defects.insert(Defect::NoAddresses);
            }
            if packet.ts.is_none() && packet.version > 1 {
                packet.defects.insert(Defect::NoTime);
            }
            if packet.payload_kind() == Payload::Unknown {
                packet.defects.insert(Defect::UnknownProtocol);
            }
        }
        Some(packet)
    }

    /// Returns what the payload is by its number.
    #[must_use]
    pub const fn payload_kind(&self) -> Payload {
        Payload::of(self.payload_type)
    }

    /// Returns what carried the payload. TLS and WebSockets have no number of their own as protocols of IP; 22 and 50 stand
    /// for them.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        match self.protocol {
            6 => Transport::Tcp,
            22 => Transport::Tls,
            50 => Transport::Ws,
            132 => Transport::Sctp,
            _ => Transport::Udp,
        }
    }

    /// Returns between whom the payload went, if that is told.
    #[must_use]
    pub fn flow(&self) -> Option<Flow> {
        let (src, dst) = self.addresses?;
        Some(Flow {
            src: SocketAddr::new(src, self.ports.0),
            dst: SocketAddr::new(dst, self.ports.1),
            transport: self.transport(),
        })
    }
}
