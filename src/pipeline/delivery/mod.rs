//! Where messages go, and what became of the frames that carried them.

mod found;
mod ipfix;

use std::{borrow::Cow, hash::BuildHasher, ops::ControlFlow, sync::Arc};

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::{
    capture::{Batch, Frame, Origin, Place},
    error::Result,
    ipfix::Direction,
    net::{Encapsulation, Flow, Transport},
    pipeline::{
        MediaPacket, Options, Sink, Summary,
        agents::Agents,
        controllers::Controllers,
        fate::{Balance, Fate},
        notice::{Notice, NoticeKind, Speakers},
        sightings::{Points, Sighting},
        told::Told,
    },
    sip::{Head, Identity, Message, ParseError},
    stream::{Digest, Duplicates},
    time::Timestamp,
    trace::{Agent, Trace},
};

/// The consumer of messages, and the balance of what is not a message.
pub(crate) struct Delivery<'s> {
    sink: &'s mut dyn Sink,
    pub(crate) balance: Balance,
    pub(crate) messages: u64,
    pub(crate) unusable: u64,
    pub(crate) first_unusable: Option<(Frame, ParseError)>,
    /// What was seen moments ago; nothing when copies are kept.
    duplicates: Option<Duplicates>,
    /// Where inputs were captured, if anybody named the places.
    points: Option<Box<Points>>,
    /// Messages that agents tell of are looked for in; nothing when copies are kept.
    told: Option<Told>,
    /// What capture agents sent.
    pub(crate) agents: Agents,
    /// What session border controllers sent.
    pub(crate) controllers: Controllers,
    /// Whose messages are handed on, if not everybody's.
    wanted: Arc<[String]>,
    /// What is left out of what session border controllers tell.
    ignored: Option<Direction>,
    /// Whether there was a copy: only then it is worth the time to look for copies of media.
    has_copies: bool,
    hasher: DefaultHashBuilder,
    /// The sink wants no more messages, or failed.
    is_stopped: bool,
    result: Result<()>,
    /// By the frame that completed a fragmented packet: the frames that the packet came in before. A table further
    /// on knows the last one only; it has each until it settles it, so its caps are the caps here.
    carriers: HashMap<Origin, Vec<Frame>>,
    /// Who has spoken SIP, if the sink takes notices.
    speakers: Option<Speakers>,
}

/// A message but for its frames and octets.
pub(crate) struct Parts<'a> {
    pub(crate) ts: Timestamp,
    pub(crate) completed_by: &'a Frame,
    pub(crate) flow: Flow,
    pub(crate) encapsulation: Encapsulation,
    pub(crate) trace: Option<&'a Trace>,
    pub(crate) head: &'a Head,
    pub(crate) identity: Option<&'a Identity>,
}

impl<'a> Parts<'a> {
    fn message(&self, frames: &'a [Frame], bytes: &'a [u8], point: Option<&'a str>) -> Message<'a> {
        Message {
            ts: self.ts,
            flow: self.flow,
            encapsulation: self.encapsulation,
            trace: self.trace,
            completed_by: self.completed_by,
            frames,
            bytes,
            head: self.head,
            identity: self.identity,
            point,
        }
    }
}

impl<'s> Delivery<'s> {
    pub(crate) fn new(
        sink: &'s mut dyn Sink,
        options: &Options,
        hasher: DefaultHashBuilder,
    ) -> Self {
        let drops_copies = !options.keep_duplicates;
        Self {
            speakers: sink.takes_notices().then(Speakers::default),
            sink,
            balance: Balance::default(),
            messages: 0,
            unusable: 0,
            first_unusable: None,
            duplicates: drops_copies.then(Duplicates::default),
            points: None,
            told: drops_copies.then(Told::default),
            agents: Agents::default(),
            controllers: Controllers::default(),
            wanted: options.agents.clone(),
            ignored: options.ipfix_ignore,
            has_copies: false,
            hasher,
            is_stopped: false,
            result: Ok(()),
            carriers: HashMap::new(),
        }
    }

    /// Returns whether the sink wants no more messages.
    pub(crate) const fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Lets whoever reads the output see what there is.
    pub(crate) fn pause(&mut self) {
        if !self.is_stopped {
            let result = self.sink.pause();
            self.note(result);
        }
    }

    /// Hands over no more when the sink failed.
    fn note(&mut self, result: Result<()>) {
        if result.is_err() {
            self.is_stopped = true;
            self.result = result;
        }
    }

    /// Returns whether a packet is a copy of one that was seen moments ago, and is not to be kept.
    pub(crate) fn is_copy(&mut self, digest: Digest, ts: Timestamp) -> bool {
        let duplicates = self.duplicates.as_mut();
        let is_copy = duplicates.is_some_and(|duplicates| duplicates.is_copy(digest, ts));
        self.has_copies |= is_copy;
        is_copy
    }

    /// Returns whether an agent told of a message moments ago that is seen on the wire now.
    pub(crate) fn is_told(&mut self, digest: Option<Digest>, ts: Timestamp) -> bool {
        let content = digest.and_then(|digest| digest.content);
        let told = self.told.as_mut().zip(content);
        told.is_some_and(|(told, content)| told.captured(content, ts))
    }

    /// Returns whether everything is handed on, or what this agent sent is; without one, what is on the wire.
    pub(crate) fn wants(&self, agent: Option<&Agent>) -> bool {
        let is_it = |agent: &Agent| self.wanted.iter().any(|name| agent.is_called(name));
        self.wanted.is_empty() || agent.is_some_and(is_it)
    }

    /// Returns how many packets and messages were forgotten too early to tell their copies.
    pub(crate) fn forgotten(&self) -> u64 {
        let points = self.points.as_ref().map_or(0, |points| points.evicted);
        self.duplicates
            .as_ref()
            .map_or(points, |duplicates| points + duplicates.evicted)
    }

    /// Learns where the frames of a batch were captured.
    pub(crate) fn learn(&mut self, batch: &Batch) {
        if batch.places.is_some() {
            self.points.get_or_insert_default().learn(batch);
        }
    }

    /// Returns a digest that is only compared with others of the same capture point.
    pub(crate) fn apart(&self, digest: Digest, frame: Option<&Frame>) -> Digest {
        let place = frame.and_then(|frame| self.points.as_ref()?.place(frame));
        digest.salted(place.map_or(0, Place::salt))
    }

    /// Hands over a message that came in `frames`, and in those that carried them.
    pub(crate) fn message(&mut self, parts: &Parts<'_>, frames: &[Frame], bytes: &[u8]) {
        if self.carriers.is_empty() {
            return self.hand_over(parts, frames, bytes);
        }
        let all = self.with_carriers(frames);
        self.hand_over(parts, &all, bytes);
    }

    /// Hands over a copy of a message.
    pub(crate) fn copy(&mut self, parts: &Parts<'_>, frames: &[Frame], bytes: &[u8]) {
        if self.is_stopped {
            return;
        }
        let all = self.with_carriers(frames);
        let point = self.point(parts.completed_by);
        let message = parts.message(&all, bytes, point.as_deref());
        let result = self.sink.copy(&message);
        self.note(result);
    }

    fn hand_over(&mut self, parts: &Parts<'_>, frames: &[Frame], bytes: &[u8]) {
        if self.is_stopped || self.is_sighting(parts, frames, bytes) {
            return;
        }
        self.messages += 1;
        if let Some(speakers) = &mut self.speakers {
            speakers.note(&parts.flow);
        }
        if let Err(error) = parts.head.usable() {
            self.unusable += 1;
            self.first_unusable
                .get_or_insert((*parts.completed_by, error));
        }
        let point = self.point(parts.completed_by);
        let message = parts.message(frames, bytes, point.as_deref());
        match self.sink.message(&message) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => self.is_stopped = true,
            Err(error) => self.note(Err(error)),
        }
    }

    /// Returns whether a message was seen before, at another capture point; then it is handed over as a sighting of it.
    fn is_sighting(&mut self, parts: &Parts<'_>, frames: &[Frame], bytes: &[u8]) -> bool {
        let (Some(points), true) = (&mut self.points, self.duplicates.is_some()) else {
            return false;
        };
        let key = self.hasher.hash_one((parts.flow, bytes));
        let number = self.messages.saturating_add(1);
        let Some(first) = points.see(key, parts.completed_by, number) else {
            return false;
        };
        let point = self.point(parts.completed_by);
        let sighting = Sighting {
            message: parts.message(frames, bytes, point.as_deref()),
            of: first.number,
            first: first.at,
            first_point: first.point.as_deref(),
        };
        let result = self.sink.sighting(&sighting);
        self.note(result);
        true
    }

    /// Returns the name of the capture point where a frame was seen.
    fn point(&self, frame: &Frame) -> Option<Arc<str>> {
        self.points.as_ref()?.place(frame)?.point.clone()
    }

    /// Returns who has spoken SIP, if the sink takes notices.
    pub(crate) const fn speakers(&self) -> Option<&Speakers> {
        self.speakers.as_ref()
    }

    /// Hands over a notice if the sink takes any.
    pub(crate) fn notice(&mut self, kind: NoticeKind, frame: &Frame, flow: Flow) {
        if self.is_stopped || self.speakers.is_none() {
            return;
        }
        let notice = Notice {
            kind,
            frame: *frame,
            flow,
        };
        let result = self.sink.notice(&notice);
        self.note(result);
    }

    /// Hands over a packet that may be media.
    pub(crate) fn media(&mut self, packet: &MediaPacket<'_>) {
        if self.is_stopped {
            return;
        }
        let is_datagram = packet.flow.transport == Transport::Udp;
        let is_copy = self.has_copies && is_datagram && {
            // What makes two packets of media the same has a number of its own: RTP counts them.
            let digest = Digest {
                hash: self.hasher.hash_one((packet.flow, packet.payload)),
                content: None,
                is_ipv6: packet.flow.src.is_ipv6(),
            };
            self.is_copy(digest, packet.ts)
        };
        let packet = &MediaPacket { is_copy, ..*packet };
        let result = if self.carriers.is_empty() {
            self.sink.media(packet)
        } else {
            let frames = &*self.with_carriers(packet.frames);
            self.sink.media(&MediaPacket { frames, ..*packet })
        };
        self.note(result);
    }

    /// Remembers that the last of `frames` stands for all of them from now on.
    pub(crate) fn carry(&mut self, frames: &[Frame]) {
        if let [_, .., last] = frames {
            let all = self.with_carriers(frames);
            self.carriers.insert(last.origin, all);
        }
    }

    /// Counts frames that have found their fate.
    pub(crate) fn settle_all(&mut self, frames: &[Frame], fate: Fate) {
        self.balance.add_many(fate, frames.len() as u64);
        frames.iter().for_each(|frame| self.settle(frame));
    }

    /// Forgets what carried a frame that no message will name any more.
    fn settle(&mut self, frame: &Frame) {
        if !self.carriers.is_empty() {
            self.carriers.remove(&frame.origin);
        }
    }

    /// Returns `frames` with those that carried them.
    pub(crate) fn whole<'f>(&self, frames: &'f [Frame]) -> Cow<'f, [Frame]> {
        if self.carriers.is_empty() {
            Cow::Borrowed(frames)
        } else {
            Cow::Owned(self.with_carriers(frames))
        }
    }

    /// Returns `frames`, each with those that carried it before it.
    fn with_carriers(&self, frames: &[Frame]) -> Vec<Frame> {
        let mut all = Vec::with_capacity(frames.len());
        for frame in frames {
            match self.carriers.get(&frame.origin) {
                Some(carriers) => all.extend_from_slice(carriers),
                None => all.push(*frame),
            }
        }
        all
    }

    /// Tells the sink that all is said, unless it failed before.
    pub(crate) fn close(self, summary: &Summary) -> Result<()> {
        self.result?;
        self.sink.finish(summary)
    }
}
