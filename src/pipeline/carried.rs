//! What a HEP packet carries, made ready for the ordered stage.

use std::net::IpAddr;

use crate::{
    hep::{self, Defect, Defects, Payload},
    net::Flow,
    pipeline::{fate::Fate, unit},
    sip::Head,
    time::Timestamp,
    trace::{Agent, Trace},
};

/// What a HEP packet carries.
#[derive(Debug)]
pub(crate) struct Carried {
    /// When its agent saw it, if it tells.
    pub(crate) ts: Option<Timestamp>,
    /// Between whom it went.
    pub(crate) flow: Option<Flow>,
    pub(crate) trace: Trace,
    pub(crate) defects: Defects,
    pub(crate) content: Content,
}

/// What it is.
#[derive(Debug)]
pub(crate) enum Content {
    /// A SIP message.
    Sip { bytes: Vec<u8>, head: Box<Head> },
    /// Something else that was traced.
    Other { kind: Payload, bytes: Vec<u8> },
    /// Nothing: a keep-alive.
    Nothing,
}

impl Carried {
    /// Returns what the HEP packet `bytes` carries, which came from `sender`; nothing if it is no HEP.
    pub(crate) fn of(bytes: &[u8], sender: IpAddr, is_cut: bool) -> Option<Box<Self>> {
        let mut packet = hep::Packet::decode(bytes)?;
        if is_cut {
            packet.defects.insert(Defect::Cut);
        }
        let kind = packet.payload_kind();
        let flow = packet.flow();
        let mut defects = packet.defects;
        let content = match packet.payload.take() {
            None => Content::Nothing,
            Some(payload) if payload.is_empty() => Content::Nothing,
            Some(payload) if kind == Payload::Sip => {
                let is_short = [Defect::Cut, Defect::BadTotal, Defect::BadChunk]
                    .into_iter()
                    .any(|defect| defects.contains(defect));
                let text = hep::sip_text(&payload);
                match unit::message(&text, is_short).filter(|_| flow.is_some()) {
                    Some((span, head)) => Content::Sip {
                        bytes: span.of(&text).to_vec(),
                        head: Box::new(head),
                    },
                    None => {
                        defects.insert(Defect::NotSip);
                        Content::Other {
                            kind: Payload::Unknown,
                            bytes: Vec::new(),
                        }
                    }
                }
            }
            Some(payload) => Content::Other {
                kind,
                bytes: payload.into_owned(),
            },
        };
        let agent = Agent::new(packet.agent_name, packet.agent_id, sender);
        Some(Box::new(Self {
            ts: packet.ts,
            flow,
            trace: Trace::new(agent, packet.correlation_id, &hep::connection(packet.links)),
            defects,
            content,
        }))
    }

    /// Returns the fate of the frame that it came in.
    pub(crate) const fn fate(&self) -> Fate {
        match self.content {
            Content::Sip { .. } => Fate::Sip,
            Content::Other { .. } | Content::Nothing => Fate::Hep,
        }
    }

    /// Returns what it is, for the counts.
    pub(crate) const fn kind(&self) -> Option<Payload> {
        match self.content {
            Content::Sip { .. } => Some(Payload::Sip),
            Content::Other { kind, .. } => Some(kind),
            Content::Nothing => None,
        }
    }
}
