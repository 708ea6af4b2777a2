//! What a HEP packet carries, made ready for the ordered stage.

use std::net::IpAddr;

use crate::{
    hep::{self, Defect, Defects, Links, Payload, Told},
    ipfix::{Direction, Quality, Record},
    net::{Encapsulation, Flow, Transport},
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
    /// What carries it.
    pub(crate) carrier: Encapsulation,
}

/// What it is.
#[derive(Debug)]
pub(crate) enum Content {
    /// A SIP message.
    Sip { bytes: Vec<u8>, head: Box<Head> },
    /// A packet of RTP or RTCP, as it was sent.
    Media { kind: Payload, bytes: Vec<u8> },
    /// What its agent says of something else, and the Call-ID that it is about.
    Told {
        kind: Payload,
        told: Box<Told>,
        call_id: Box<[u8]>,
    },
    /// Something else that was traced.
    Other(Payload),
    /// Nothing: a keep-alive.
    Nothing,
}

impl Carried {
    /// Returns what the HEP packet `bytes` carries, which came from `sender`; nothing if it is no HEP.
    pub(crate) fn of(bytes: &[u8], sender: IpAddr, is_cut: bool) -> Option<Box<Self>> {
        let packet = hep::Packet::decode(bytes)?;
        let mut defects = packet.defects;
        if is_cut {
            defects.insert(Defect::Cut);
        }
        let kind = packet.payload_kind();
        let links = Links::read(packet.links);
        if links.is_none() {
            defects.insert(Defect::BadJson);
        }
        let links = links.unwrap_or_default();
        let content = match packet.payload.as_deref() {
            // To put things together takes no more than their ids.
            None | Some([]) if kind == Payload::Control => {
                other(&packet, &[], &links, &mut defects)
            }
            None | Some([]) => Content::Nothing,
            Some(payload) if kind == Payload::Sip => match sip(payload, defects) {
                Some(content) if packet.addresses.is_some() => content,
                Some(_) => Content::Other(Payload::Unknown),
                None => {
                    defects.insert(Defect::NotSip);
                    Content::Other(Payload::Unknown)
                }
            },
            Some(payload) => other(&packet, payload, &links, &mut defects),
        };
        let agent = Agent::new(packet.agent_name, packet.agent_id, sender);
        let connection = match kind {
            Payload::Net => packet.correlation_id,
            _ => links.net.as_bytes(),
        };
        Some(Box::new(Self {
            ts: packet.ts,
            flow: packet.flow(),
            trace: Trace::new(agent, correlation_id(&packet, &links, &content), connection),
            defects,
            content,
            carrier: Encapsulation::HEP,
        }))
    }

    /// Returns what a session border controller at `sender` told of a message; nothing if it is no message.
    pub(crate) fn of_record(record: &Record<'_>, sender: IpAddr) -> Option<Box<Self>> {
        let (span, head) = unit::message(record.payload, false)?;
        let name = match record.direction {
            Direction::Ingress => &b"ipfix-ingress"[..],
            Direction::Egress => b"ipfix-egress",
        };
        let agent = Agent::new(name, None, sender);
        Some(Box::new(Self {
            ts: record.ts,
            flow: Some(record.flow),
            trace: Trace::new(agent, record.incoming_call_id, &[]),
            defects: Defects::default(),
            content: Content::Sip {
                bytes: span.of(record.payload).to_vec(),
                head: Box::new(head),
            },
            carrier: Encapsulation::IPFIX,
        }))
    }

    /// Returns what a session border controller at `sender` told of the media of a call, at each of its sides.
    pub(crate) fn of_quality(quality: &Quality<'_>, sender: IpAddr) -> [Box<Self>; 2] {
        let [begin, end] = quality.times;
        let [incoming, outgoing] = &quality.legs;
        [
            (incoming, outgoing, "incoming"),
            (outgoing, incoming, "outgoing"),
        ]
        .map(|(leg, other, side)| {
            let flow = leg.received.or(leg.sent).map(|[src, dst]| Flow {
                src,
                dst,
                transport: Transport::Udp,
            });
            let told = Told {
                label: format!("quality report of the {side} leg"),
                detail: leg.line(),
                ..Told::default()
            };
            let agent = Agent::new(b"ipfix-qos", None, sender);
            Box::new(Self {
                ts: end.or(begin),
                flow,
                trace: Trace::new(agent, other.call_id, &[]),
                defects: Defects::default(),
                content: Content::Told {
                    kind: Payload::Quality,
                    told: Box::new(told),
                    call_id: leg.call_id.into(),
                },
                carrier: Encapsulation::IPFIX,
            })
        })
    }

    /// Returns the fate of the frame that it came in.
    pub(crate) const fn fate(&self) -> Fate {
        match self.content {
            Content::Sip { .. } => Fate::Sip,
            _ => Fate::Hep,
        }
    }

    /// Returns what it is, for the counts.
    pub(crate) const fn kind(&self) -> Option<Payload> {
        match self.content {
            Content::Sip { .. } => Some(Payload::Sip),
            Content::Media { kind, .. } | Content::Told { kind, .. } | Content::Other(kind) => {
                Some(kind)
            }
            Content::Nothing => None,
        }
    }
}

/// Returns what a packet belongs to: of SIP rather another Call-ID than its own, if any part of the packet names one.
fn correlation_id<'a>(packet: &hep::Packet<'a>, links: &'a Links, content: &Content) -> &'a [u8] {
    let own = match content {
        Content::Sip { bytes, head } => head.call_id.of(bytes),
        _ => return packet.correlation_id,
    };
    match (packet.correlation_id, links.sip.as_bytes()) {
        (id, []) => id,
        ([], id) => id,
        (id, other) if id == own => other,
        (id, _) => id,
    }
}

fn sip(payload: &[u8], defects: Defects) -> Option<Content> {
    let is_short = [Defect::Cut, Defect::BadTotal, Defect::BadChunk]
        .into_iter()
        .any(|defect| defects.contains(defect));
    let text = hep::sip_text(payload);
    let (span, head) = unit::message(&text, is_short)?;
    Some(Content::Sip {
        bytes: span.of(&text).to_vec(),
        head: Box::new(head),
    })
}

fn other(
    packet: &hep::Packet<'_>,
    payload: &[u8],
    links: &Links,
    defects: &mut Defects,
) -> Content {
    let kind = packet.payload_kind();
    if matches!(kind, Payload::Rtp | Payload::Rtcp) && matches!(payload, [0x80..=0xbf, ..]) {
        return Content::Media {
            kind,
            bytes: payload.to_vec(),
        };
    }
    if matches!(
        kind,
        Payload::Rtp | Payload::Other | Payload::Unknown | Payload::Sip
    ) {
        return Content::Other(kind);
    }
    let (told, is_bad) = Told::read(kind, payload, packet.links);
    if is_bad {
        defects.insert(Defect::BadJson);
    }
    // A query of a proxy has an id of its own there, unless it writes for Homer 5.
    let is_of_call = match kind {
        Payload::Log | Payload::Rtcp | Payload::Quality => true,
        Payload::Rest => !packet.correlation_id.starts_with(b"RESCORR"),
        _ => false,
    };
    let call_id = match links.sip.as_bytes() {
        [] if is_of_call => packet.correlation_id,
        call_id => call_id,
    };
    Content::Told {
        kind,
        told: Box::new(told),
        call_id: call_id.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a packet of version 3 with these chunks that no vendor owns.
    fn packet(chunks: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (kind, value) in chunks {
            body.extend([0, 0]);
            body.extend(kind.to_be_bytes());
            body.extend((6 + value.len() as u16).to_be_bytes());
            body.extend(*value);
        }
        let len = (6 + body.len() as u16).to_be_bytes();
        [&b"HEP3"[..], &len, &body].concat()
    }

    fn carried(chunks: &[(u16, &[u8])]) -> Box<Carried> {
        Carried::of(&packet(chunks), IpAddr::from([192, 0, 2, 1]), false).unwrap()
    }

    fn defects(carried: &Carried) -> Vec<Defect> {
        carried.defects.iter().collect()
    }

    /// What OpenSIPS is told to put together has neither payload nor addresses.
    #[test]
    fn what_is_put_together_needs_no_payload() {
        let links = br#"{"sip":"abc@host","rest":"RESCORR1"}"#;
        for payload in [&[][..], &[(15, &b""[..])], &[(15, b"{}")]] {
            let chunks = [
                &[(11, &[96][..]), (9, &[0, 0, 0, 1]), (101, links)],
                payload,
            ]
            .concat();
            let Content::Told {
                kind,
                told,
                call_id,
            } = carried(&chunks).content
            else {
                panic!("{payload:?}")
            };
            assert_eq!((kind, told.label.as_str()), (Payload::Control, "correlate"));
            assert_eq!(told.detail.as_bytes(), links);
            assert_eq!(&*call_id, b"abc@host");
        }
        let keep_alive = carried(&[(13, &[0, 30]), (11, &[1])]);
        assert!(matches!(keep_alive.content, Content::Nothing));
    }

    #[test]
    fn what_is_wrong_is_told_once() {
        let sip = b"BYE sip:a SIP/2.0\r\nCall-ID: a\r\n\r\n";
        let seconds = [0, 0, 0, 1];
        let ends = [(3, &[10, 0, 0, 1][..]), (4, &[10, 0, 0, 2])];
        for (chunks, expected) in [
            (vec![(11, &[1][..]), (15, sip)], Defect::NoAddresses),
            (
                [&ends[..], &[(11, &[1]), (15, b"none")]].concat(),
                Defect::NotSip,
            ),
            (
                [&ends[..], &[(11, &[1]), (15, sip), (101, b"{")]].concat(),
                Defect::BadJson,
            ),
            (
                [&ends[..], &[(11, &[34]), (15, b"MOS 4.1")]].concat(),
                Defect::BadJson,
            ),
        ] {
            let chunks = [&chunks[..], &[(9, &seconds)]].concat();
            assert_eq!(defects(&carried(&chunks)), [expected], "{chunks:?}");
        }
    }
}
