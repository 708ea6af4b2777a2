//! The ordered stage: what needs the packets before it. Table work only; nearly every message was parsed before.

use std::{net::SocketAddr, sync::Arc};

use crate::{
    capture::{Batch, Frame, Places},
    net::{Flow, Transport},
    packet,
    pipeline::{
        MediaPacket, Options, Sink,
        delivery::{Delivery, Parts},
        fate::Fate,
        notice::NoticeKind,
        unit::{self, Kind, Settings, Unit},
    },
    sip::Flaws,
    stream::{
        Associations, Completeness, Context, DefragStats, Defragmenter, Digest, Reassembled,
        StreamStats, Streams,
    },
};

/// UDP, as a protocol of IP (RFC 768).
const UDP: u8 = 17;

/// All state of a run, and the consumer of its messages.
pub(crate) struct Ordered<'s> {
    settings: Settings,
    defragmenter: Defragmenter,
    streams: Streams,
    associations: Associations,
    reassembled: Vec<Reassembled>,
    delivery: Delivery<'s>,
}

/// What the tables counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    pub(crate) streams: StreamStats,
    pub(crate) fragments: DefragStats,
    /// How often any of them was full.
    pub(crate) evictions: u64,
}

/// A packet as it was found, alone in its frame or put together.
struct Found<'a> {
    kind: &'a Kind,
    bytes: &'a [u8],
    context: Context,
    digest: Option<Digest>,
    /// The frames it came in; the last one completed it.
    frames: &'a [Frame],
}

impl<'s> Ordered<'s> {
    /// Returns the stage behind the one that has the same settings.
    pub(crate) fn new(
        sink: &'s mut dyn Sink,
        options: &Options,
        settings: Settings,
        places: Option<Arc<dyn Places>>,
    ) -> Self {
        let limits = &options.limits;
        let hasher = settings.hasher.clone();
        Self {
            settings,
            defragmenter: Defragmenter::new(limits),
            streams: Streams::new(limits),
            associations: Associations::new(limits),
            reassembled: Vec::new(),
            delivery: Delivery::new(sink, options, hasher, places),
        }
    }

    /// Returns whether the sink wants no more messages.
    pub(crate) const fn is_stopped(&self) -> bool {
        self.delivery.is_stopped()
    }

    /// Lets whoever reads the output see what there is.
    pub(crate) fn pause(&mut self) {
        self.delivery.pause();
    }

    /// Takes the next packet of the merged order.
    pub(crate) fn take(&mut self, batch: &Batch, unit: &Unit) {
        let index = unit.record as usize;
        let (Some(frame), Some(record)) = (batch.frame(index), batch.records.get(index)) else {
            return;
        };
        self.delivery.learn(batch);
        if let Kind::Other { flow, bytes, fate } = &unit.kind {
            let payload = bytes.of(record.data.of(&batch.bytes));
            return self.other(&[frame], flow, payload, *fate, unit.digest);
        }
        self.packet(&Found {
            kind: &unit.kind,
            bytes: record.data.of(&batch.bytes),
            context: Context {
                encapsulation: unit.encapsulation,
                tunnel: unit.tunnel,
            },
            digest: unit.digest,
            frames: &[frame],
        });
        while !self.reassembled.is_empty() {
            for whole in std::mem::take(&mut self.reassembled) {
                self.reassembled(&whole);
            }
        }
    }

    /// Ends all that is still open.
    pub(crate) fn finish(mut self) -> (Delivery<'s>, Tables) {
        // What ends may be the beginning of a tunnel with fragments in it, which end then.
        self.defragmenter.finish(&mut self.reassembled);
        while !self.reassembled.is_empty() {
            for whole in std::mem::take(&mut self.reassembled) {
                self.reassembled(&whole);
            }
            self.defragmenter.finish(&mut self.reassembled);
        }
        let delivery = &mut self.delivery;
        self.streams.finish(&mut |found| delivery.found(&found));
        self.associations
            .finish(&mut |found| delivery.found(&found));
        let streams = self.streams.stats().clone();
        let fragments = self.defragmenter.stats().clone();
        let evictions = [
            streams.evicted_directions,
            streams.evicted_holes,
            streams.evicted_messages,
            fragments.evicted,
            self.associations.stats().evicted,
            delivery.forgotten(),
        ];
        let tables = Tables {
            streams,
            fragments,
            evictions: evictions.iter().sum(),
        };
        (self.delivery, tables)
    }

    /// Hands on a datagram that may be media, and tells of one that is nothing known where SIP is spoken.
    fn other(
        &mut self,
        frames: &[Frame],
        flow: &Flow,
        payload: &[u8],
        fate: Fate,
        digest: Option<Digest>,
    ) {
        let Some(frame) = frames.last() else {
            return;
        };
        let delivery = &mut self.delivery;
        if self.settings.takes_media {
            delivery.media(&MediaPacket {
                ts: frame.ts,
                flow: *flow,
                frames,
                payload,
                is_rtcp: fate == Fate::Rtcp,
                is_copy: false,
            });
        }
        if !self.settings.takes_notices || fate != Fate::UdpOther {
            return;
        }
        let is_told = delivery
            .speakers()
            .is_some_and(|speakers| speakers.is_either(flow));
        if is_told && !digest.is_some_and(|digest| delivery.is_copy(digest, frame.ts)) {
            let octets = payload.len();
            delivery.notice(NoticeKind::Probe { octets }, frame, *flow);
        }
    }

    fn packet(&mut self, found: &Found<'_>) {
        let Self { delivery, .. } = self;
        let Some((&last, before)) = found.frames.split_last() else {
            return;
        };
        if let Kind::Hep(carried) = found.kind {
            delivery.carried(carried, found.context.encapsulation, found.frames, &last);
            return delivery.settle_all(found.frames, carried.fate());
        }
        if matches!(found.kind, Kind::Sip { .. }) && !delivery.wants(None) {
            return delivery.settle_all(found.frames, Fate::Sip);
        }
        if let Some(digest) = found.digest
            && delivery.is_copy(digest, last.ts)
        {
            if let Kind::Sip { .. } = found.kind {
                self.message(found, &last, true);
            }
            return self.delivery.settle_all(found.frames, Fate::Duplicate);
        }
        let context = found.context;
        if let Kind::Sip { .. } = found.kind {
            self.message(found, &last, false);
            return self.delivery.settle_all(found.frames, Fate::Sip);
        }
        delivery.carry(found.frames);
        delivery.settle_all(before, Fate::FragmentOfPacket);
        match found.kind {
            Kind::Sip { .. } | Kind::Hep(_) | Kind::Other { .. } => {}
            Kind::Segment(segment) => {
                let payload = segment.payload.of(found.bytes);
                if self.settings.takes_media {
                    delivery.media(&MediaPacket {
                        ts: last.ts,
                        flow: Flow {
                            src: segment.src,
                            dst: segment.dst,
                            transport: Transport::Tcp,
                        },
                        frames: found.frames,
                        payload,
                        is_rtcp: false,
                        is_copy: false,
                    });
                }
                self.streams
                    .segment(segment, payload, context, last, &mut |found| {
                        delivery.found(&found);
                    });
            }
            Kind::Sctp(sctp) => {
                let chunks = sctp.chunks.of(found.bytes);
                self.associations
                    .packet(sctp, chunks, context, last, &mut |found| {
                        delivery.found(&found);
                    });
            }
            Kind::Fragment(fragment) => {
                let payload = fragment.payload.of(found.bytes);
                self.defragmenter
                    .push(fragment, payload, context, last, &mut self.reassembled);
            }
        }
    }

    /// Hands on a message, or a copy of one.
    fn message(&mut self, found: &Found<'_>, last: &Frame, is_copy: bool) {
        let Kind::Sip {
            flow,
            bytes,
            head,
            identity,
        } = found.kind
        else {
            return;
        };
        let parts = Parts {
            ts: last.ts,
            trace: None,
            completed_by: last,
            flow: *flow,
            encapsulation: found.context.encapsulation,
            head,
            identity: identity.as_ref(),
            content: found.digest.and_then(|digest| digest.content),
        };
        let bytes = bytes.of(found.bytes);
        if is_copy {
            self.delivery.copy(&parts, found.frames, bytes);
        } else {
            self.delivery.message(&parts, found.frames, bytes);
        }
    }

    /// Tells of a datagram without its beginning between hosts that speak SIP. What is missing of a segment is a gap.
    fn orphan(&mut self, whole: &Reassembled) {
        let flow = Flow {
            src: SocketAddr::new(whole.src, 0),
            dst: SocketAddr::new(whole.dst, 0),
            transport: Transport::Udp,
        };
        let delivery = &mut self.delivery;
        let is_told = whole.protocol == UDP
            && delivery
                .speakers()
                .is_some_and(|speakers| speakers.are_both_hosts(&flow));
        if let (true, Some(last)) = (is_told, whole.frames.last()) {
            let has_beginning = false;
            delivery.notice(NoticeKind::FragmentLost { has_beginning }, last, flow);
        }
    }

    /// Goes on with a packet that came in fragments; a tunnel in it may hold anything, even fragments again.
    fn reassembled(&mut self, whole: &Reassembled) {
        let is_lost = match whole.completeness {
            Completeness::Complete => false,
            Completeness::Lost => true,
            Completeness::Orphan => {
                self.orphan(whole);
                return self.delivery.settle_all(&whole.frames, Fate::FragmentLost);
            }
            Completeness::Duplicate => {
                return self.delivery.settle_all(&whole.frames, Fate::Duplicate);
            }
            Completeness::Overlap | Completeness::Malformed => {
                return self.delivery.settle_all(&whole.frames, Fate::Malformed);
            }
        };
        let so_far = packet::Reassembled {
            encapsulation: whole.context.encapsulation,
            tunnel: whole.context.tunnel,
            ip_id: whole.id as u16,
        };
        let packet = packet::decode_ip_payload(
            &whole.bytes,
            whole.protocol,
            whole.src,
            whole.dst,
            so_far,
            &self.settings.decode,
        );
        let mut kind = unit::sort(&packet, &whole.bytes, &self.settings);
        if whole.has_conflict
            && let Ok(Kind::Sip { head, .. }) = &mut kind
        {
            head.flaws.insert(Flaws::FRAGMENT_CONFLICT);
        }
        if is_lost {
            kind = match kind {
                Ok(Kind::Sip {
                    flow,
                    bytes,
                    mut head,
                    identity,
                }) => {
                    head.flaws.insert(Flaws::FRAGMENT_LOST);
                    if let Some(last) = whole.frames.last() {
                        let has_beginning = true;
                        let kind = NoticeKind::FragmentLost { has_beginning };
                        self.delivery.notice(kind, last, flow);
                    }
                    Ok(Kind::Sip {
                        flow,
                        bytes,
                        head,
                        identity,
                    })
                }
                // What misses of a segment is a gap in its stream.
                Ok(Kind::Segment(segment)) => Ok(Kind::Segment(segment)),
                // Of anything else the beginning alone leads nowhere.
                Ok(_) | Err(_) => Err(Fate::FragmentLost),
            };
        }
        match kind {
            Ok(kind) => self.packet(&Found {
                kind: &kind,
                bytes: &whole.bytes,
                context: Context {
                    encapsulation: packet.encapsulation,
                    tunnel: packet.tunnel,
                },
                digest: unit::digest(&kind, &packet, &whole.bytes, &self.settings.hasher)
                    .map(|digest| self.delivery.apart(digest, whole.frames.last())),
                frames: &whole.frames,
            }),
            Err(fate) => {
                if let Some(Kind::Other { flow, bytes, .. }) =
                    unit::other(&packet, fate, &self.settings)
                {
                    let payload = bytes.of(&whole.bytes);
                    self.other(&whole.frames, &flow, payload, fate, None);
                }
                self.delivery.settle_all(&whole.frames, fate);
            }
        }
    }
}
