//! Streams of media: what went from one address to another, and how much of it is missing.

use std::net::SocketAddr;

use hashbrown::{HashMap, hash_map::Entry};

use crate::{
    media::{Owner, Report, RtpHeader, Sequence, reports},
    net::Flow,
    time::Timestamp,
};

/// Streams of one owner and of all, and payload types of one stream that are told apart at most: whoever has more is hostile.
const MAX_OF_OWNER: usize = 64;
const MAX_STREAMS: usize = 1 << 18;
const MAX_PAYLOAD_TYPES: usize = 4;

/// What is to be known of a packet to count it.
#[derive(Clone, Debug)]
pub struct MediaDatagram {
    ts: Timestamp,
    src: SocketAddr,
    dst: SocketAddr,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Rtp(RtpHeader),
    Rtcp(Vec<Report>),
    /// Something else, with its first two octets: the number of a UDPTL packet (ITU-T T.38 §9.1).
    Other(u16),
}

impl MediaDatagram {
    /// Reads a packet; `None` when there is nothing in it that could be counted.
    #[must_use]
    pub fn read(ts: Timestamp, flow: &Flow, payload: &[u8], is_rtcp: bool) -> Option<Self> {
        let content = if is_rtcp {
            Content::Rtcp(reports(payload))
        } else if let Some(header) = RtpHeader::parse(payload) {
            Content::Rtp(header)
        } else {
            let (number, _) = payload.split_first_chunk::<2>()?;
            Content::Other(u16::from_be_bytes(*number))
        };
        Some(Self {
            ts,
            src: flow.src,
            dst: flow.dst,
            content,
        })
    }
}

/// Packets from one address to another, of one source (RFC 3550 §3).
#[derive(Clone, Debug)]
pub struct MediaStream {
    /// Who sends.
    pub src: SocketAddr,
    /// Who receives.
    pub dst: SocketAddr,
    /// The source; `None` when it is not RTP.
    pub ssrc: Option<u32>,
    /// When the first packet came.
    pub first: Timestamp,
    /// When the last one came.
    pub last: Timestamp,
    /// How many there were, with those that came twice.
    pub packets: u64,
    /// Their numbers.
    pub sequence: Sequence,
    /// The payload types, and how often each came: the most frequent first.
    pub payload_types: Vec<(u8, u64)>,
    /// How many RTCP packets came from the receiver about it, and what the last of them says.
    pub reports: u64,
    /// The last of them.
    pub report: Option<Report>,
}

impl MediaStream {
    fn new(datagram: &MediaDatagram, ssrc: Option<u32>, number: u16) -> Self {
        Self {
            src: datagram.src,
            dst: datagram.dst,
            ssrc,
            first: datagram.ts,
            last: datagram.ts,
            packets: 1,
            sequence: Sequence::new(number),
            payload_types: Vec::new(),
            reports: 0,
            report: None,
        }
    }

    fn add(&mut self, datagram: &MediaDatagram, number: u16) {
        self.first = self.first.min(datagram.ts);
        self.last = self.last.max(datagram.ts);
        self.packets += 1;
        self.sequence.take(number);
    }

    fn count(&mut self, payload_type: u8) {
        let known = self
            .payload_types
            .iter()
            .position(|(known, _)| *known == payload_type);
        let Some(mut at) = known else {
            if self.payload_types.len() < MAX_PAYLOAD_TYPES {
                self.payload_types.push((payload_type, 1));
            }
            return;
        };
        if let Some((_, count)) = self.payload_types.get_mut(at) {
            *count += 1;
        }
        let count = |types: &[(u8, u64)], at: usize| types.get(at).map(|(_, count)| *count);
        while at > 0 && count(&self.payload_types, at) > count(&self.payload_types, at - 1) {
            self.payload_types.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// The streams of all owners.
#[derive(Debug, Default)]
pub struct Streams {
    /// Where in the list of its owner each stream is.
    places: HashMap<(Owner, SocketAddr, SocketAddr, Option<u32>), usize>,
    of: HashMap<Owner, Vec<MediaStream>>,
    left_out: u64,
}

impl Streams {
    /// Counts a packet of an owner.
    pub fn add(&mut self, owner: Owner, datagram: &MediaDatagram) {
        match &datagram.content {
            Content::Rtp(header) => {
                let stream = self.stream(owner, datagram, Some(header.ssrc), header.sequence);
                if let Some(stream) = stream {
                    stream.count(header.payload_type);
                }
            }
            Content::Rtcp(reports) => self.report(owner, datagram, reports),
            Content::Other(number) => {
                self.stream(owner, datagram, None, *number);
            }
        }
    }

    /// Counts a packet to its stream.
    fn stream(
        &mut self,
        owner: Owner,
        datagram: &MediaDatagram,
        ssrc: Option<u32>,
        number: u16,
    ) -> Option<&mut MediaStream> {
        let is_full = self.places.len() >= MAX_STREAMS;
        match self.places.entry((owner, datagram.src, datagram.dst, ssrc)) {
            Entry::Occupied(place) => {
                let stream = self.of.get_mut(&owner)?.get_mut(*place.get())?;
                stream.add(datagram, number);
                Some(stream)
            }
            Entry::Vacant(place) => {
                let streams = self.of.entry(owner).or_default();
                if is_full || streams.len() >= MAX_OF_OWNER {
                    self.left_out += 1;
                    return None;
                }
                place.insert(streams.len());
                streams.push(MediaStream::new(datagram, ssrc, number));
                streams.last_mut()
            }
        }
    }

    /// Takes what the receivers of streams tell of them.
    fn report(&mut self, owner: Owner, datagram: &MediaDatagram, reports: &[Report]) {
        let streams = self.of.get_mut(&owner).into_iter().flatten();
        for stream in streams.filter(|stream| stream.dst.ip() == datagram.src.ip()) {
            let mut about = reports.iter();
            if let Some(report) = about.find(|report| Some(report.ssrc) == stream.ssrc) {
                stream.reports += 1;
                stream.report = Some(*report);
            }
        }
    }

    /// Returns the streams of an owner, in the order of their first packets, and forgets them.
    pub fn take(&mut self, owner: Owner) -> Vec<MediaStream> {
        let mut streams = self.of.remove(&owner).unwrap_or_default();
        for stream in &streams {
            self.places
                .remove(&(owner, stream.src, stream.dst, stream.ssrc));
        }
        streams.sort_by_key(|stream| stream.first);
        streams
    }

    /// Returns how many packets are of no stream because there were too many.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Transport;

    const A: &str = "192.0.2.1:4000";
    const B: &str = "192.0.2.2:5000";

    fn datagram(at_ms: i64, src: &str, dst: &str, payload: &[u8], is_rtcp: bool) -> MediaDatagram {
        let flow = Flow {
            src: src.parse().unwrap(),
            dst: dst.parse().unwrap(),
            transport: Transport::Udp,
        };
        let ts = Timestamp::from_nanos(at_ms * 1_000_000);
        MediaDatagram::read(ts, &flow, payload, is_rtcp).unwrap()
    }

    fn rtp(payload_type: u8, number: u8, ssrc: u8) -> [u8; 12] {
        [0x80, payload_type, 0, number, 0, 0, 0, 0, 0, 0, 0, ssrc]
    }

    #[test]
    fn packets_are_counted_by_ends_and_source() {
        let mut streams = Streams::default();
        for (at, src, dst, packet) in [
            (20, B, A, rtp(101, 7, 2)),
            (0, A, B, rtp(0, 1, 1)),
            (40, B, A, rtp(0, 8, 2)),
            (60, B, A, rtp(0, 10, 2)),
            (80, A, B, rtp(0, 9, 3)),
            (99, A, B, *b"\0\x01 no RTP at"),
        ] {
            streams.add(7, &datagram(at, src, dst, &packet, false));
        }
        // B tells of what it gets from A, and of something that nobody knows.
        let mut report = vec![0x82, 201, 0, 13, 0, 0, 0, 2];
        report.extend([0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 9]);
        report.extend([0; 32]);
        streams.add(7, &datagram(100, B, A, &report, true));
        assert!(streams.take(8).is_empty());
        let told: Vec<String> = streams
            .take(7)
            .iter()
            .map(|stream| {
                format!(
                    "{} {:?} {}/{} {:?} {:?}",
                    stream.src,
                    stream.ssrc,
                    stream.packets,
                    stream.sequence.lost(),
                    stream.payload_types,
                    stream.report.map(|report| (report.lost, report.jitter)),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "192.0.2.1:4000 Some(1) 1/0 [(0, 1)] Some((4, 9))",
                "192.0.2.2:5000 Some(2) 3/1 [(0, 2), (101, 1)] None",
                "192.0.2.1:4000 Some(3) 1/0 [(0, 1)] None",
                "192.0.2.1:4000 None 1/0 [] None",
            ]
        );
        assert!(streams.take(7).is_empty());
    }

    #[test]
    fn sources_are_bounded() {
        let mut streams = Streams::default();
        for source in 0..=255 {
            streams.add(1, &datagram(0, A, B, &rtp(0, 1, source), false));
        }
        assert_eq!(streams.left_out(), 256 - MAX_OF_OWNER as u64);
        assert_eq!(streams.take(1).len(), MAX_OF_OWNER);
    }
}
