//! The parallel stage: records of one batch become units, without any state between them.

use std::{hash::BuildHasher, sync::Arc};

use hashbrown::DefaultHashBuilder;

use crate::{
    capture::{Batch, Bpf, Compiled, LinkType, Place, Record},
    hep,
    net::{Encapsulation, Flow},
    packet::{self, Content, Datagram, DecodeOptions, Fragment, Packet, SctpPacket, Segment},
    pipeline::{
        carried::Carried,
        datagram,
        fate::{Balance, Fate},
        left_out::LeftOut,
    },
    sip::{Flaws, Head, Identity},
    span::Span,
    stream::Digest,
    time::Timestamp,
};

/// What the parallel stage needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) decode: DecodeOptions,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
    /// Which frames are read, if not all.
    pub(crate) bpf: Option<Arc<Bpf>>,
    pub(crate) hasher: DefaultHashBuilder,
    /// Whether datagrams are looked for that are nothing known.
    pub(crate) takes_notices: bool,
    /// Whether all datagrams that may be media are handed on.
    pub(crate) takes_media: bool,
    /// Whether it is found out what tells messages from others.
    pub(crate) takes_identities: bool,
}

/// A packet that the ordered stage has to see.
#[derive(Debug)]
pub(crate) struct Unit {
    /// Its record, an index into the batch.
    pub(crate) record: u32,
    /// Where it stands in the merged order of all inputs: the latest time in its input so far.
    pub(crate) key: Timestamp,
    pub(crate) encapsulation: Encapsulation,
    pub(crate) tunnel: u64,
    pub(crate) digest: Option<Digest>,
    pub(crate) kind: Kind,
}

/// What it carries; spans are into the record's octets.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "of the others there are few, and nobody waits with them"
)]
pub(crate) enum Kind {
    Sip {
        flow: Flow,
        bytes: Span,
        head: Head,
        /// What tells it from others, if the sink wants to know.
        identity: Option<Identity>,
    },
    /// What a capture agent sent.
    Hep(Box<Carried>),
    Segment(Segment),
    Sctp(SctpPacket),
    Fragment(Fragment),
    /// A datagram without SIP. Its frame has found its fate; there may be something to tell of it, or it may be media.
    Other {
        flow: Flow,
        bytes: Span,
        fate: Fate,
    },
}

/// A batch on its way through the pipeline.
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(crate) batch: Batch,
    pub(crate) units: Vec<Unit>,
    pub(crate) tally: Tally,
}

/// What the parallel stage counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) balance: Balance,
    /// Frames by what they were wrapped in, in no order.
    pub(crate) encapsulations: Vec<(Encapsulation, u64)>,
    pub(crate) left_out: LeftOut,
}

impl Tally {
    /// Adds the counts of `other`.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.balance.merge(&other.balance);
        self.left_out.merge(&other.left_out);
        for &(encapsulation, frames) in &other.encapsulations {
            self.wrapped(encapsulation, frames);
        }
    }

    fn wrapped(&mut self, encapsulation: Encapsulation, frames: u64) {
        // Neighbours are alike: the search ends at the first entry nearly always.
        match self
            .encapsulations
            .iter_mut()
            .find(|(known, _)| *known == encapsulation)
        {
            Some((_, count)) => *count += frames,
            None => self.encapsulations.push((encapsulation, frames)),
        }
    }
}

impl Work {
    /// Decodes every record of the batch.
    pub(crate) fn decode(&mut self, settings: &Settings) {
        self.units.clear();
        self.tally = Tally::default();
        let mut key = self.batch.floor;
        let mut gate = settings.bpf.as_deref().map(Gate::new);
        for (index, record) in self.batch.records.iter().enumerate() {
            key = key.max(record.ts);
            if record.ts < settings.since || record.ts > settings.until {
                self.tally.balance.add(Fate::OutsideTime);
                continue;
            }
            let bytes = record.data.of(&self.batch.bytes);
            if let Some(gate) = &mut gate
                && !gate.takes(record, bytes, settings, &mut self.tally.left_out)
            {
                self.tally.balance.add(Fate::LeftOut);
                continue;
            }
            let mut packet = packet::decode(
                bytes,
                record.link,
                record.orig_len,
                record.fcs_len,
                &settings.decode,
            );
            let sorted = sort(&packet, bytes, settings);
            if let Ok(Kind::Hep(_)) = sorted {
                packet.encapsulation.insert(Encapsulation::HEP);
            }
            self.tally.wrapped(packet.encapsulation, 1);
            let salt = self.batch.place(record.interface).map_or(0, Place::salt);
            match sorted {
                Ok(kind) => self.units.push(Unit {
                    record: index as u32,
                    key,
                    encapsulation: packet.encapsulation,
                    // What several points see is apart, like what comes through several tunnels.
                    tunnel: packet.tunnel ^ salt,
                    digest: digest(&kind, &packet, bytes, &settings.hasher)
                        .map(|digest| digest.salted(salt)),
                    kind,
                }),
                Err(fate) => {
                    self.tally.balance.add(fate);
                    if let Some(kind) = other(&packet, fate, settings) {
                        let is_stranger = settings.takes_notices && fate == Fate::UdpOther;
                        let digest = || digest(&kind, &packet, bytes, &settings.hasher);
                        self.units.push(Unit {
                            record: index as u32,
                            key,
                            encapsulation: packet.encapsulation,
                            tunnel: packet.tunnel,
                            digest: is_stranger.then(digest).flatten(),
                            kind,
                        });
                    }
                }
            }
        }
    }
}

/// Which frames of a batch are read.
struct Gate<'a> {
    bpf: &'a Bpf,
    /// What the last frame was tested with; neighbours are alike.
    current: Option<(LinkType, Arc<Compiled>)>,
}

impl<'a> Gate<'a> {
    const fn new(bpf: &'a Bpf) -> Self {
        Self { bpf, current: None }
    }

    /// Returns whether a frame is read.
    fn takes(
        &mut self,
        record: &Record,
        bytes: &[u8],
        settings: &Settings,
        left_out: &mut LeftOut,
    ) -> bool {
        let link = record.link;
        if self
            .current
            .as_ref()
            .is_none_or(|(known, _)| *known != link)
        {
            self.current = Some((link, self.bpf.of(link)));
        }
        let Some((_, compiled)) = &self.current else {
            return true;
        };
        let is_taken = compiled.takes(bytes, record.orig_len);
        if is_taken {
            left_out.taken(compiled, bytes, link, record.orig_len);
        } else {
            left_out.left_out(
                self.bpf,
                compiled,
                bytes,
                link,
                &settings.decode.vxlan_ports,
            );
        }
        is_taken
    }
}

/// Tells what is for the ordered stage from what has found its fate. Contents are only looked at, not copied: nearly
/// all frames of a capture with media end here.
#[inline]
pub(crate) fn sort(packet: &Packet, bytes: &[u8], settings: &Settings) -> Result<Kind, Fate> {
    match &packet.content {
        Content::Datagram(datagram) => {
            let payload = datagram.payload.of(bytes);
            if datagram::is_binary(payload) {
                return Err(datagram::fate(datagram, payload));
            }
            sip(datagram, payload, settings)
                .or_else(|| hep(datagram, payload))
                .ok_or_else(|| datagram::fate(datagram, payload))
        }
        Content::Segment(segment) => Ok(Kind::Segment(*segment)),
        Content::Sctp(sctp) => Ok(Kind::Sctp(*sctp)),
        Content::Fragment(fragment) => Ok(Kind::Fragment(*fragment)),
        Content::Skipped(reason) => Err((*reason).into()),
    }
}

/// Returns a datagram without SIP that somebody wants to know of.
pub(crate) fn other(packet: &Packet, fate: Fate, settings: &Settings) -> Option<Kind> {
    let is_wanted = settings.takes_media && fate.may_be_media()
        || settings.takes_notices && fate == Fate::UdpOther;
    match &packet.content {
        Content::Datagram(datagram) if is_wanted => Some(Kind::Other {
            flow: flow(datagram),
            bytes: datagram.payload,
            fate,
        }),
        _ => None,
    }
}

fn flow(datagram: &Datagram) -> Flow {
    Flow {
        src: datagram.src,
        dst: datagram.dst,
        transport: datagram.transport,
    }
}

fn sip(datagram: &Datagram, payload: &[u8], settings: &Settings) -> Option<Kind> {
    let (span, head) = message(payload, datagram.cut)?;
    let flow = flow(datagram);
    let identity = || Identity::of(&head, span.of(payload), &flow);
    Some(Kind::Sip {
        flow,
        bytes: span.shifted(datagram.payload.start()),
        identity: settings.takes_identities.then(identity).flatten(),
        head,
    })
}

/// Returns what a capture agent sent in a datagram, if one did.
fn hep(datagram: &Datagram, payload: &[u8]) -> Option<Kind> {
    if !hep::begins(payload) {
        return None;
    }
    Carried::of(payload, datagram.src.ip(), datagram.cut).map(Kind::Hep)
}

/// Returns the SIP message in a datagram's payload, if there is one.
pub(crate) fn message(payload: &[u8], cut: bool) -> Option<(Span, Head)> {
    let (start, mut head) = Head::in_datagram(payload)?;
    let text = payload.get(start..)?;
    if cut {
        // The capture is to blame, not the sender.
        head.flaws.remove(Flaws::CONTENT_LENGTH_TOO_LARGE);
        head.flaws.insert(Flaws::CUT);
    }
    // What follows the body is not part of the message (RFC 3261 §18.3).
    let end = head.body.end().max(head.headers.end()).min(text.len());
    Some((Span::new(start, start + end), head))
}

/// Returns what tells copies of a packet from another one; nothing for segments without data, of which equal ones
/// are in order. Copies of a datagram may come through different tunnels; those of a stream may not, since each
/// tunnel has a stream of its own and must not be left with holes.
pub(crate) fn digest(
    kind: &Kind,
    packet: &Packet,
    bytes: &[u8],
    hasher: &DefaultHashBuilder,
) -> Option<Digest> {
    let id = packet.ip_id;
    let within = (id, packet.tunnel);
    let (hash, is_ipv6) = match kind {
        Kind::Sip {
            flow, bytes: span, ..
        } => {
            return Some(Digest::of_message(hasher, flow, span.of(bytes)).with_id(id));
        }
        Kind::Hep(_) => return None,
        Kind::Other {
            flow, bytes: span, ..
        } => (
            hasher.hash_one((flow, id, span.of(bytes))),
            flow.src.is_ipv6(),
        ),
        Kind::Segment(segment) if segment.payload.is_empty() => return None,
        Kind::Segment(s) => (
            hasher.hash_one((s.src, s.dst, s.seq, s.ack, within, s.payload.of(bytes))),
            s.src.is_ipv6(),
        ),
        Kind::Sctp(s) => (
            hasher.hash_one((s.src, s.dst, s.tag, within, s.chunks.of(bytes))),
            s.src.is_ipv6(),
        ),
        Kind::Fragment(f) => (
            hasher.hash_one((f.src, f.dst, f.id, f.offset, within, f.payload.of(bytes))),
            f.src.is_ipv6(),
        ),
    };
    Some(Digest {
        hash,
        content: None,
        is_ipv6,
    })
}
