//! The second pass: the messages of what is drawn, and their media.

use std::{collections::VecDeque, net::SocketAddr, ops::ControlFlow};

use sipcap::{
    error::Result,
    ladder::{Report, put_in_order},
    media::{MediaDatagram, MediaMap, MediaStream, Owner, Streams},
    net::Transport,
    pipeline::{self, MediaPacket, Notice, NoticeKind, Sighting, Sink, Summary},
    sip::{Message, MessageBuf},
    time::Timestamp,
};

use crate::{
    ladder::{Wanted, told::Told},
    ui::Ui,
};

/// Messages in one ladder at most; nobody looks at more.
const MAX_MESSAGES: usize = 20_000;

/// Messages that may be seen by another capture point at most.
const MAX_RECENT: usize = 4_096;

/// Gaps that are remembered at most.
const MAX_GAPS: usize = 10_000;

/// Something that is not in the capture.
#[derive(Clone, Debug)]
pub(crate) struct Gap {
    pub(crate) ts: Timestamp,
    pub(crate) src: SocketAddr,
    pub(crate) dst: SocketAddr,
    what: String,
}

impl Gap {
    /// Returns whether it is between the ends of a message. Ports that are not known are 0.
    fn is_beside(&self, message: &MessageBuf) -> bool {
        let is_same = |one: SocketAddr, other: SocketAddr| {
            one.ip() == other.ip() && (one.port() == other.port() || one.port() == 0)
        };
        let (src, dst) = (message.flow.src, message.flow.dst);
        is_same(self.src, src) && is_same(self.dst, dst)
            || is_same(self.src, dst) && is_same(self.dst, src)
    }

    /// Returns what is told of it in the ladder of these messages, if it belongs there.
    pub(crate) fn told(&self, messages: &[MessageBuf]) -> Option<String> {
        let (first, last) = (messages.first()?, messages.last()?);
        let is_within = first.ts <= self.ts && self.ts <= last.ts;
        let is_beside = || messages.iter().any(|message| self.is_beside(message));
        (is_within && is_beside()).then(|| {
            format!(
                "A gap in the capture: {} ({} to {})",
                self.what, self.src, self.dst
            )
        })
    }
}

/// What is drawn in one ladder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub(crate) messages: Vec<MessageBuf>,
    pub(crate) streams: Vec<MediaStream>,
    /// What proxies tell of it.
    pub(crate) reports: Vec<Report>,
}

/// Who collects messages and media.
pub(crate) struct Collector {
    wanted: Wanted,
    ladders: Vec<Content>,
    /// The media of each ladder, when they are drawn.
    media: Option<Media>,
    /// What is missing between messages.
    pub(crate) gaps: Vec<Gap>,
    /// What proxies tell.
    told: Told,
    /// Messages that were left out because a ladder had too many.
    left_out: u64,
    /// How many messages there were in the capture.
    number: u64,
    recent: Recent,
}

/// Whose packets are whose, and the streams that they are of.
#[derive(Default)]
struct Media {
    map: MediaMap<MediaDatagram>,
    streams: Streams,
}

impl Collector {
    pub(crate) fn new(wanted: Wanted, has_media: bool) -> Self {
        Self {
            media: (has_media && wanted.has_sessions()).then(Media::default),
            wanted,
            ladders: Vec::new(),
            gaps: Vec::new(),
            told: Told::default(),
            left_out: 0,
            number: 0,
            recent: Recent::default(),
        }
    }

    /// Returns whether there is no message.
    pub(crate) fn is_empty(&self) -> bool {
        self.ladders.iter().all(|ladder| ladder.messages.is_empty())
    }

    /// Returns what was collected of each ladder.
    pub(crate) fn take(&mut self) -> Vec<Content> {
        let mut ladders = std::mem::take(&mut self.ladders);
        for (ladder, owner) in ladders.iter_mut().zip(0..) {
            put_in_order(&mut ladder.messages);
            ladder.reports = self.told.of(&ladder.messages);
            if let Some(media) = &mut self.media {
                ladder.streams = media.streams.take(owner);
            }
        }
        ladders
    }

    /// Tells what was left out.
    pub(crate) fn warn(&self, ui: &Ui) {
        let media = self.media.as_ref();
        let packets = media.map_or(0, |media| media.streams.left_out());
        for (count, what) in [
            (self.left_out, "messages"),
            (packets, "packets of media"),
            (self.told.left_out(), "reports of proxies"),
        ] {
            if count > 0 {
                ui.warn(format_args!(
                    "{count} {what} were left out of ladders that have too many"
                ));
            }
        }
    }

    /// Takes note of what a message says about media.
    fn describe(&mut self, message: &Message<'_>, ladder: Option<usize>) {
        let Some(Media { map, streams }) = &mut self.media else {
            return;
        };
        match ladder.and_then(|ladder| Owner::try_from(ladder).ok()) {
            Some(owner) => {
                map.message(message, owner, &mut |owner, packet| {
                    streams.add(owner, packet);
                });
            }
            None if !map.is_idle(message.ts) => map.stranger(message),
            None => {}
        }
    }
}

/// Messages that other capture points may see yet.
#[derive(Default)]
struct Recent(VecDeque<(u64, usize, usize)>);

impl Recent {
    /// Adds a message by its number, its ladder, and its place there.
    fn add(&mut self, number: u64, ladder: usize, place: usize) {
        if self.0.len() >= MAX_RECENT {
            self.0.pop_front();
        }
        self.0.push_back((number, ladder, place));
    }

    /// Returns the ladder of a message, and its place there.
    fn find(&self, number: u64) -> Option<(usize, usize)> {
        let index = self.0.binary_search_by_key(&number, |(known, ..)| *known);
        let (_, ladder, place) = self.0.get(index.ok()?)?;
        Some((*ladder, *place))
    }
}

impl Sink for Collector {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        self.number += 1;
        let ladder = self.wanted.ladder_of(message);
        self.describe(message, ladder);
        let Some(index) = ladder else {
            return Ok(ControlFlow::Continue(()));
        };
        if index >= self.ladders.len() {
            self.ladders.resize_with(index + 1, Content::default);
        }
        match self.ladders.get_mut(index) {
            Some(ladder) if ladder.messages.len() < MAX_MESSAGES => {
                self.recent.add(self.number, index, ladder.messages.len());
                ladder.messages.push(message.to_buf());
            }
            _ => self.left_out += 1,
        }
        Ok(ControlFlow::Continue(()))
    }

    fn sighting(&mut self, sighting: &Sighting<'_>) -> Result<()> {
        let place = self.recent.find(sighting.of);
        let message = place.and_then(|(ladder, place)| {
            let ladder = self.ladders.get_mut(ladder)?;
            ladder.messages.get_mut(place)
        });
        if let (Some(message), Some(point)) = (message, sighting.message.point) {
            if message.point.is_none() {
                message.point = sighting.first_point.map(str::to_owned);
            }
            message
                .sightings
                .push((point.to_owned(), sighting.message.ts));
        }
        Ok(())
    }

    fn takes_notices(&self) -> bool {
        true
    }

    fn notice(&mut self, notice: &Notice) -> Result<()> {
        let is_gap = !matches!(notice.kind, NoticeKind::Probe { .. });
        if is_gap && self.gaps.len() < MAX_GAPS {
            self.gaps.push(Gap {
                ts: notice.frame.ts,
                src: notice.flow.src,
                dst: notice.flow.dst,
                what: notice.kind.to_string(),
            });
        }
        Ok(())
    }

    fn report(&mut self, report: &pipeline::Report<'_>) -> Result<()> {
        self.told.take(report);
        Ok(())
    }

    fn takes_media(&self) -> bool {
        self.media.is_some()
    }

    fn media(&mut self, packet: &MediaPacket<'_>) -> Result<()> {
        let Some(Media { map, streams }) = &mut self.media else {
            return Ok(());
        };
        let flow = &packet.flow;
        if flow.transport != Transport::Udp || map.is_idle(packet.ts) {
            return Ok(());
        }
        let datagram = MediaDatagram::read(packet.ts, flow, packet.payload, packet.is_rtcp);
        if let Some(datagram) = datagram {
            map.packet(packet.ts, flow, datagram, &mut |owner, packet| {
                streams.add(owner, packet);
            });
        }
        Ok(())
    }

    fn finish(&mut self, _: &Summary) -> Result<()> {
        if let Some(Media { map, streams }) = &mut self.media {
            map.finish(&mut |owner, packet| streams.add(owner, packet));
        }
        Ok(())
    }
}
