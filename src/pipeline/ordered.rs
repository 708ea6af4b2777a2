//! The ordered stage: what needs the packets before it. Table work only; nearly every message was parsed before.

use std::ops::ControlFlow;

use crate::{
    capture::{Batch, Frame},
    error::Result,
    net::{Encapsulation, Flow},
    packet::{self, Content, DecodeOptions, Packet},
    pipeline::{
        Options, Sink, datagram,
        duplicates::Duplicates,
        fate::{Balance, Fate},
        unit::{self, Kind, Unit},
    },
    sip::{Flaws, Head, Message},
    stream::{
        Associations, Completeness, Context, Defragmenter, Found, Reassembled, SegmentFate, Streams,
    },
};

/// All state of a run, and the consumer of its messages.
pub(crate) struct Ordered<'s> {
    keep_duplicates: bool,
    decode: DecodeOptions,
    duplicates: Duplicates,
    defragmenter: Defragmenter,
    streams: Streams,
    associations: Associations,
    reassembled: Vec<Reassembled>,
    delivery: Delivery<'s>,
}

/// Where messages go, and what became of their frames.
pub(crate) struct Delivery<'s> {
    sink: &'s mut dyn Sink,
    pub(crate) balance: Balance,
    pub(crate) messages: u64,
    /// The sink wants no more messages, or failed.
    pub(crate) stopped: bool,
    result: Result<()>,
}

impl<'s> Ordered<'s> {
    pub(crate) fn new(sink: &'s mut dyn Sink, options: &Options) -> Self {
        let limits = &options.limits;
        Self {
            keep_duplicates: options.keep_duplicates,
            decode: options.decode.clone(),
            duplicates: Duplicates::default(),
            defragmenter: Defragmenter::new(limits),
            streams: Streams::new(limits),
            associations: Associations::new(limits),
            reassembled: Vec::new(),
            delivery: Delivery {
                sink,
                balance: Balance::default(),
                messages: 0,
                stopped: false,
                result: Ok(()),
            },
        }
    }

    /// Takes the next packet of the merged order.
    pub(crate) fn take(&mut self, batch: &Batch, unit: &Unit) {
        let (Some(frame), Some(record)) = (
            batch.frame(unit.record as usize),
            batch.records.get(unit.record as usize),
        ) else {
            return;
        };
        if let Some(digest) = unit.digest
            && !self.keep_duplicates
            && self.duplicates.is_copy(digest, frame.ts)
        {
            self.delivery.balance.add(Fate::Duplicate);
            return;
        }
        let bytes = record.data.of(&batch.bytes);
        let context = Context {
            encapsulation: unit.encapsulation,
            tunnel: unit.tunnel,
        };
        match &unit.kind {
            Kind::Sip {
                flow,
                bytes: span,
                head,
            } => {
                let message = Parts {
                    completed_by: &frame,
                    flow: *flow,
                    encapsulation: unit.encapsulation,
                    head,
                };
                self.delivery.message(&message, &[frame], span.of(bytes));
                self.delivery.balance.add(Fate::Sip);
            }
            Kind::Segment(segment) => {
                let payload = segment.payload.of(bytes);
                let delivery = &mut self.delivery;
                self.streams
                    .segment(segment, payload, context, frame, &mut |found| {
                        delivery.found(&found);
                    });
            }
            Kind::Sctp(sctp) => {
                let chunks = sctp.chunks.of(bytes);
                let delivery = &mut self.delivery;
                self.associations
                    .packet(sctp, chunks, context, frame, &mut |found| {
                        delivery.found(&found);
                    });
            }
            Kind::Fragment(fragment) => {
                let payload = fragment.payload.of(bytes);
                self.defragmenter
                    .push(fragment, payload, context, frame, &mut self.reassembled);
                self.take_reassembled();
            }
        }
    }

    /// Returns whether the sink wants no more messages.
    pub(crate) fn is_stopped(&self) -> bool {
        self.delivery.stopped
    }

    /// Ends all that is still open.
    pub(crate) fn finish(mut self) -> (Delivery<'s>, Tables) {
        self.defragmenter.finish(&mut self.reassembled);
        self.take_reassembled();
        // Datagrams in tunnels may have left fragments of inner packets.
        self.defragmenter.finish(&mut self.reassembled);
        self.take_reassembled();
        let delivery = &mut self.delivery;
        self.streams.finish(&mut |found| delivery.found(&found));
        self.associations
            .finish(&mut |found| delivery.found(&found));
        let tables = Tables {
            streams: self.streams.stats().clone(),
            fragments: self.defragmenter.stats().clone(),
        };
        (self.delivery, tables)
    }

    fn take_reassembled(&mut self) {
        while let Some(whole) = pop_front(&mut self.reassembled) {
            self.take_whole(&whole);
        }
    }

    /// Goes on with a packet that came in fragments; a tunnel in it may hold anything, even fragments again.
    fn take_whole(&mut self, whole: &Reassembled) {
        let Some(&last) = whole.frames.last() else {
            return;
        };
        if let Some(fate) = fate_of_fragments(whole.completeness) {
            self.delivery
                .balance
                .add_many(fate, whole.frames.len() as u64);
            return;
        }
        let so_far = packet::Reassembled {
            encapsulation: whole.context.encapsulation,
            tunnel: whole.context.tunnel,
            ip_id: 0,
        };
        let packet = packet::decode_ip_payload(
            &whole.bytes,
            whole.protocol,
            whole.src,
            whole.dst,
            so_far,
            &self.decode,
        );
        let context = Context {
            encapsulation: packet.encapsulation,
            tunnel: packet.tunnel,
        };
        if !matches!(packet.content, Content::Datagram(_) | Content::Skipped(_)) {
            self.delivery
                .balance
                .add_many(Fate::FragmentOfStream, whole.frames.len() as u64 - 1);
        }
        match packet.content {
            Content::Datagram(_) | Content::Skipped(_) => self.delivery.whole(whole, &packet),
            Content::Segment(segment) => {
                let payload = segment.payload.of(&whole.bytes);
                let delivery = &mut self.delivery;
                self.streams
                    .segment(&segment, payload, context, last, &mut |found| {
                        delivery.found(&found);
                    });
            }
            Content::Sctp(sctp) => {
                let chunks = sctp.chunks.of(&whole.bytes);
                let delivery = &mut self.delivery;
                self.associations
                    .packet(&sctp, chunks, context, last, &mut |found| {
                        delivery.found(&found);
                    });
            }
            Content::Fragment(fragment) => {
                let payload = fragment.payload.of(&whole.bytes);
                self.defragmenter
                    .push(&fragment, payload, context, last, &mut self.reassembled);
            }
        }
    }
}

/// What the tables counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    pub(crate) streams: crate::stream::StreamStats,
    pub(crate) fragments: crate::stream::DefragStats,
}

/// A message but for its frames and octets.
struct Parts<'a> {
    completed_by: &'a Frame,
    flow: Flow,
    encapsulation: Encapsulation,
    head: &'a Head,
}

impl Delivery<'_> {
    fn message(&mut self, parts: &Parts<'_>, frames: &[Frame], bytes: &[u8]) {
        if self.stopped {
            return;
        }
        self.messages += 1;
        let message = Message {
            ts: parts.completed_by.ts,
            flow: parts.flow,
            encapsulation: parts.encapsulation,
            completed_by: parts.completed_by,
            frames,
            bytes,
            head: parts.head,
        };
        match self.sink.message(&message) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => self.stopped = true,
            Err(error) => {
                self.stopped = true;
                self.result = Err(error);
            }
        }
    }

    fn found(&mut self, found: &Found<'_>) {
        match *found {
            Found::Message {
                completed_by,
                flow,
                encapsulation,
                frames,
                bytes,
                head,
                ..
            } => {
                self.message(
                    &Parts {
                        completed_by,
                        flow,
                        encapsulation,
                        head,
                    },
                    frames,
                    bytes,
                );
            }
            Found::Settled { fate, .. } => self.balance.add(fate.into()),
        }
    }

    /// Takes a reassembled datagram, or what is there of it.
    fn whole(&mut self, whole: &Reassembled, packet: &Packet) {
        let Some(completed_by) = whole.frames.last() else {
            return;
        };
        let frames = whole.frames.len() as u64;
        let lost = whole.completeness != Completeness::Complete;
        let Content::Datagram(datagram) = packet.content else {
            let fate = match packet.content {
                Content::Skipped(reason) if !lost => reason.into(),
                _ => Fate::FragmentLost,
            };
            self.balance.add_many(fate, frames);
            return;
        };
        let payload = datagram.payload.of(&whole.bytes);
        let Some((span, mut head)) = unit::message(payload, datagram.cut && !lost) else {
            let fate = if lost {
                Fate::FragmentLost
            } else {
                datagram::fate(&datagram, payload)
            };
            self.balance.add_many(fate, frames);
            return;
        };
        if lost {
            head.flaws.insert(Flaws::FRAGMENT_LOST);
        }
        let flow = Flow {
            src: datagram.src,
            dst: datagram.dst,
            transport: datagram.transport,
        };
        let parts = Parts {
            completed_by,
            flow,
            encapsulation: packet.encapsulation,
            head: &head,
        };
        self.message(&parts, &whole.frames, span.of(payload));
        self.balance.add_many(Fate::Sip, frames);
    }

    /// Tells the sink that all is said, unless it failed before.
    pub(crate) fn close(self, summary: &crate::pipeline::Summary) -> Result<()> {
        self.result?;
        self.sink.finish(summary)
    }
}

impl From<SegmentFate> for Fate {
    fn from(fate: SegmentFate) -> Self {
        match fate {
            SegmentFate::Sip => Self::Sip,
            SegmentFate::KeepAlive => Self::KeepAlive,
            SegmentFate::NoData => Self::TcpNoData,
            SegmentFate::Retransmission => Self::TcpRetransmission,
            SegmentFate::OutOfWindow => Self::TcpOutOfWindow,
            SegmentFate::Lost => Self::FragmentLost,
            SegmentFate::Tls => Self::Tls,
            SegmentFate::Http => Self::Http,
            SegmentFate::WebSocketOther => Self::WebSocket,
            SegmentFate::Other => Self::TcpOther,
            SegmentFate::Skipped => Self::StreamSkipped,
        }
    }
}

/// Returns the fate of fragments that make no packet, not even its beginning.
const fn fate_of_fragments(completeness: Completeness) -> Option<Fate> {
    match completeness {
        Completeness::Complete | Completeness::Lost => None,
        Completeness::Orphan => Some(Fate::FragmentLost),
        Completeness::Duplicate => Some(Fate::Duplicate),
        Completeness::Overlap | Completeness::Malformed => Some(Fate::Malformed),
    }
}

fn pop_front<T>(items: &mut Vec<T>) -> Option<T> {
    if items.is_empty() {
        None
    } else {
        Some(items.remove(0))
    }
}
