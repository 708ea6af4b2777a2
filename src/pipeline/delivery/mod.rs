//! Where messages go, and what became of the frames that carried them.

mod found;
mod ipfix;

use std::{borrow::Cow, hash::BuildHasher, ops::ControlFlow, sync::Arc};

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::{
    capture::{Batch, Frame, Origin, Place, Places},
    error::Result,
    ipfix::Direction,
    net::{Encapsulation, Flow, Transport},
    pipeline::{
        MediaPacket, Options, Sink, Summary,
        agents::Agents,
        controllers::Controllers,
        fate::{Balance, Fate},
        notice::{Notice, NoticeKind, Speakers},
        observers::{Observer, Observers},
        sightings::{First, Glimpse, Seen, Sighting, Sightings},
    },
    sip::{Flaws, Head, Identity, Message, ParseError},
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
    /// Who sees messages.
    observers: Observers,
    /// Messages that are seen again elsewhere are looked for in; nothing when copies are kept.
    sightings: Option<Sightings>,
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
    /// What tells it from messages that say something else or go elsewhere; nothing when that does not matter.
    pub(crate) content: Option<u64>,
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
        places: Option<Arc<dyn Places>>,
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
            observers: Observers::new(places),
            sightings: drops_copies.then(Sightings::default),
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

    /// Returns whether everything is handed on, or what this agent sent is; without one, what is on the wire.
    pub(crate) fn wants(&self, agent: Option<&Agent>) -> bool {
        let is_it = |agent: &Agent| self.wanted.iter().any(|name| agent.is_called(name));
        self.wanted.is_empty() || agent.is_some_and(is_it)
    }

    /// Returns how many packets and messages were forgotten too early to tell their copies.
    pub(crate) fn forgotten(&self) -> u64 {
        let sightings = self.sightings.as_ref().map_or(0, |table| table.evicted);
        let duplicates = self.duplicates.as_ref().map_or(0, |table| table.evicted);
        sightings + duplicates
    }

    /// Learns where the frames of a batch were captured.
    pub(crate) fn learn(&mut self, batch: &Batch) {
        if batch.places.is_some() {
            self.observers.learn(batch);
        }
    }

    /// Returns a digest that is only compared with others of the same capture point.
    pub(crate) fn apart(&self, digest: Digest, frame: Option<&Frame>) -> Digest {
        let place = frame.and_then(|frame| self.observers.place(frame));
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
        let observer = self.observer(parts);
        let all = self.with_carriers(frames);
        let point = self.point(&observer);
        let message = parts.message(&all, bytes, point.as_deref());
        let result = self.sink.copy(&message);
        self.note(result);
    }

    fn hand_over(&mut self, parts: &Parts<'_>, frames: &[Frame], bytes: &[u8]) {
        if self.is_stopped {
            return;
        }
        let observer = self.observer(parts);
        match self.see(parts, &observer) {
            Seen::First => {}
            Seen::Again => return self.again(parts, &observer, frames, bytes),
            Seen::Elsewhere(first) => {
                return self.sighting(parts, &observer, &first, (frames, bytes));
            }
        }
        if parts.head.flaws.contains(Flaws::RESYNCED) {
            self.notice(NoticeKind::Resync, parts.completed_by, parts.flow);
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
        let point = self.point(&observer);
        let message = parts.message(frames, bytes, point.as_deref());
        match self.sink.message(&message) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => self.is_stopped = true,
            Err(error) => self.note(Err(error)),
        }
    }

    /// Returns who saw a message.
    fn observer(&mut self, parts: &Parts<'_>) -> Observer {
        let agent = parts.trace.map(|trace| &trace.agent);
        self.observers.of(agent, parts.completed_by)
    }

    /// Returns what a message is to those of the last moments.
    fn see(&mut self, parts: &Parts<'_>, by: &Observer) -> Seen {
        let (Some(sightings), Some(content)) = (&mut self.sightings, parts.content) else {
            return Seen::First;
        };
        sightings.see(&Glimpse {
            content,
            came: parts.completed_by.ts,
            at: parts.ts,
            by,
            number: self.messages.saturating_add(1),
        })
    }

    /// Hands over a message that its agent told of before.
    fn again(&mut self, parts: &Parts<'_>, by: &Observer, frames: &[Frame], bytes: &[u8]) {
        if let Some(trace) = parts.trace {
            self.agents.count_copy(&trace.agent, false);
        }
        let point = self.point(by);
        let message = parts.message(frames, bytes, point.as_deref());
        let result = self.sink.copy(&message);
        self.note(result);
    }

    /// Hands over a message that another point saw first.
    fn sighting(
        &mut self,
        parts: &Parts<'_>,
        by: &Observer,
        first: &First,
        (frames, bytes): (&[Frame], &[u8]),
    ) {
        if let Some(trace) = parts.trace {
            self.agents.count_copy(&trace.agent, true);
        }
        let point = self.point(by);
        let wire = self.observers.wire();
        let sighting = Sighting {
            message: parts.message(frames, bytes, point.as_deref()),
            of: first.number,
            first: first.at,
            first_point: Some(first.point.as_ref().unwrap_or(wire)),
        };
        let result = self.sink.sighting(&sighting);
        self.note(result);
    }

    /// Returns the name of the point that an observer is; the wire has one only beside others.
    fn point(&self, observer: &Observer) -> Option<Arc<str>> {
        let has_points = || self.sightings.as_ref().is_some_and(Sightings::has_points);
        match &observer.point {
            Some(point) => Some(Arc::clone(point)),
            None => has_points().then(|| Arc::clone(self.observers.wire())),
        }
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
