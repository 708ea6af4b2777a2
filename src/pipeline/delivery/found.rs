//! What is found in streams, and what capture agents tell: messages, and what is none.

use super::{Delivery, Parts, ipfix::Carrier};
use crate::{
    capture::Frame,
    hep::Payload,
    net::Encapsulation,
    pipeline::{
        MediaPacket,
        carried::{Carried, Content},
        notice::NoticeKind,
        report::Report,
    },
    stream::{Digest, Found},
};

impl Delivery<'_> {
    /// Takes what the tables of streams hand over.
    pub(crate) fn found(&mut self, found: &Found<'_>) {
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
                if !self.wants(None) {
                    return;
                }
                // A stream captured twice, in two tunnels or plain and in one, is two streams with the same messages. All
                // octets count: responses that a forking proxy passes on differ in the tag of To only.
                let digest = Digest::of_message(&self.hasher, &flow, bytes);
                let digest = self.apart(digest, Some(completed_by));
                let parts = Parts {
                    ts: completed_by.ts,
                    completed_by,
                    flow,
                    encapsulation,
                    trace: None,
                    head,
                    identity: None,
                    content: digest.content,
                };
                if self.is_copy(digest, completed_by.ts) {
                    self.copy(&parts, frames, bytes);
                } else {
                    self.message(&parts, frames, bytes);
                }
            }
            Found::Ipfix {
                flow,
                encapsulation,
                frames,
                completed_by,
                bytes,
            } => {
                let carrier = Carrier {
                    flow,
                    encapsulation,
                    frames,
                    last: completed_by,
                };
                self.ipfix(&carrier, bytes);
            }
            Found::Hep {
                flow,
                encapsulation,
                frames,
                completed_by,
                bytes,
            } => {
                if let Some(carried) = Carried::of(bytes, flow.src.ip(), false) {
                    self.carried(&carried, encapsulation, frames, completed_by);
                }
            }
            Found::Gap {
                flow,
                frame,
                octets,
            } => self.notice(NoticeKind::Gap { octets }, frame, flow),
            Found::Settled { fate, frame } => {
                self.balance.add(fate.into());
                self.settle(frame);
            }
        }
    }

    /// Hands over what a capture agent sent in `frames`.
    pub(crate) fn carried(
        &mut self,
        carried: &Carried,
        mut encapsulation: Encapsulation,
        frames: &[Frame],
        last: &Frame,
    ) {
        self.agents.count(carried, last.ts);
        let agent = &carried.trace.agent;
        if !self.wants(Some(agent)) {
            return;
        }
        let ts = carried
            .ts
            .map_or(last.ts, |told| self.observers.corrected(agent, told));
        match (&carried.content, carried.flow) {
            (Content::Sip { bytes, head }, Some(flow)) => {
                encapsulation.insert(carried.carrier);
                let parts = Parts {
                    ts,
                    completed_by: last,
                    flow,
                    encapsulation,
                    trace: Some(&carried.trace),
                    head,
                    identity: None,
                    content: Digest::of_message(&self.hasher, &flow, bytes).content,
                };
                self.message(&parts, frames, bytes);
            }
            (Content::Media { kind, bytes }, Some(flow)) => self.media(&MediaPacket {
                ts,
                flow,
                frames,
                payload: bytes,
                is_rtcp: *kind == Payload::Rtcp,
                is_copy: false,
            }),
            (
                Content::Told {
                    kind,
                    told,
                    call_id,
                },
                flow,
            ) => self.report(&Report {
                ts,
                frame: last,
                frames: &self.whole(frames),
                flow,
                trace: &carried.trace,
                carrier: carried.carrier,
                kind: *kind,
                told,
                call_id,
            }),
            _ => {}
        }
    }

    /// Hands over what an agent tells besides messages if the sink takes it.
    fn report(&mut self, report: &Report<'_>) {
        if self.is_stopped {
            return;
        }
        let result = self.sink.report(report);
        self.note(result);
    }
}
