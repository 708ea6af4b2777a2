//! Segments made by hand, and what comes out of the tables for them: for tests only.

use std::net::SocketAddr;

use super::{Context, Found, Limits, SegmentFate, Streams};
use crate::{
    capture::{Frame, LinkType, Origin},
    net::{Encapsulation, Transport},
    packet::Segment,
    sip::Flaws,
    span::Span,
    time::Timestamp,
};

pub(super) const MS: i64 = 1_000_000;

/// A message as it came out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Got {
    pub(super) ts_ms: i64,
    pub(super) text: String,
    pub(super) body: String,
    pub(super) flaws: Flaws,
    /// The numbers of its frames, and of the one that completed it.
    pub(super) frames: Vec<u64>,
    pub(super) completed_by: u64,
    pub(super) transport: Transport,
    pub(super) src_port: u16,
    pub(super) encapsulation: Encapsulation,
}

/// What came out.
#[derive(Debug, Default)]
pub(super) struct Catch {
    pub(super) messages: Vec<Got>,
    /// HEP packets, each with the number of the frame that completed it.
    pub(super) heps: Vec<(u64, Vec<u8>)>,
    pub(super) fates: Vec<(u64, SegmentFate)>,
    /// The frames behind what is missing, and how many octets are.
    pub(super) gaps: Vec<(u64, Option<u64>)>,
}

impl Catch {
    pub(super) fn take(&mut self, found: &Found<'_>) {
        match found {
            Found::Message {
                ts,
                flow,
                encapsulation,
                frames,
                completed_by,
                bytes,
                head,
            } => {
                assert!(frames.contains(completed_by));
                self.messages.push(Got {
                    ts_ms: ts.nanos() / MS,
                    text: String::from_utf8_lossy(bytes).into_owned(),
                    body: String::from_utf8_lossy(head.body.of(bytes)).into_owned(),
                    flaws: stream_flaws(head.flaws),
                    frames: frames.iter().map(|frame| frame.origin.number).collect(),
                    completed_by: completed_by.origin.number,
                    transport: flow.transport,
                    src_port: flow.src.port(),
                    encapsulation: *encapsulation,
                });
            }
            Found::Hep {
                completed_by,
                bytes,
                ..
            } => {
                self.heps.push((completed_by.origin.number, bytes.to_vec()));
            }
            Found::Ipfix { .. } => {}
            Found::Gap { frame, octets, .. } => self.gaps.push((frame.origin.number, *octets)),
            Found::Settled { frame, fate } => self.fates.push((frame.origin.number, *fate)),
        }
    }

    /// Returns the fate of each frame from the first on; every one must have exactly one.
    pub(super) fn fates(&self) -> Vec<SegmentFate> {
        let mut fates = self.fates.clone();
        fates.sort_unstable();
        for (index, (number, _)) in fates.iter().enumerate() {
            assert_eq!(*number, index as u64 + 1, "settled once each: {fates:?}");
        }
        fates.into_iter().map(|(_, fate)| fate).collect()
    }

    pub(super) fn texts(&self) -> Vec<&str> {
        self.messages.iter().map(|got| got.text.as_str()).collect()
    }
}

/// Returns those of `flaws` that are the stream's.
fn stream_flaws(flaws: Flaws) -> Flaws {
    const OURS: [Flaws; 6] = [
        Flaws::CUT,
        Flaws::BODY_GAP,
        Flaws::RESYNCED,
        Flaws::NO_CONTENT_LENGTH,
        Flaws::CONTENT_LENGTH_TOO_LARGE,
        Flaws::CONTENT_LENGTH_TOO_SMALL,
    ];
    let ours = OURS.into_iter().filter(|flaw| flaws.contains(*flaw));
    ours.fold(Flaws::NONE, Flaws::union)
}

pub(super) fn frame(number: u64, ts_ms: i64) -> Frame {
    Frame {
        origin: Origin {
            input: 0,
            number,
            offset: number * 1000,
        },
        ts: Timestamp::from_nanos(ts_ms * MS),
        captured: 0,
        orig_len: 0,
        link: LinkType(1),
        interface: 0,
    }
}

pub(super) fn client() -> SocketAddr {
    "192.0.2.1:40000".parse().unwrap()
}

pub(super) fn server() -> SocketAddr {
    "198.51.100.2:5060".parse().unwrap()
}

pub(super) fn segment(src: SocketAddr, dst: SocketAddr, seq: u32) -> Segment {
    Segment {
        src,
        dst,
        seq,
        ack: None,
        syn: false,
        fin: false,
        rst: false,
        payload: Span::default(),
        wire_len: 0,
    }
}

/// A capture of TCP in the making: a frame each millisecond, sequence numbers from `isn` + 1.
pub(super) struct Wire {
    pub(super) streams: Streams,
    pub(super) catch: Catch,
    pub(super) number: u64,
    pub(super) now_ms: i64,
    pub(super) isn: u32,
    pub(super) context: Context,
}

impl Wire {
    pub(super) fn new() -> Self {
        Self::with(&Limits::default())
    }

    pub(super) fn with(limits: &Limits) -> Self {
        Self {
            streams: Streams::new(limits),
            catch: Catch::default(),
            number: 0,
            now_ms: 0,
            isn: 999,
            context: Context::default(),
        }
    }

    /// Begins with a SYN of the client.
    pub(super) fn synced() -> Self {
        let mut wire = Self::new();
        wire.syn();
        wire
    }

    pub(super) fn send(&mut self, segment: &Segment, bytes: &[u8]) {
        self.number += 1;
        self.now_ms += 1;
        let catch = &mut self.catch;
        self.streams.segment(
            segment,
            bytes,
            self.context,
            frame(self.number, self.now_ms),
            &mut |found| catch.take(&found),
        );
    }

    pub(super) fn syn(&mut self) {
        let syn = Segment {
            syn: true,
            ..segment(client(), server(), self.isn)
        };
        self.send(&syn, b"");
    }

    pub(super) fn seq(&self, position: usize) -> u32 {
        self.isn
            .wrapping_add(1)
            .wrapping_add(u32::try_from(position).unwrap())
    }

    /// Sends octets of the client's stream from `position` on.
    pub(super) fn data(&mut self, position: usize, bytes: &[u8]) {
        self.cut(position, bytes, bytes.len());
    }

    /// The same, cut by the snapshot length.
    pub(super) fn cut(&mut self, position: usize, bytes: &[u8], wire_len: usize) {
        let segment = Segment {
            wire_len: u32::try_from(wire_len).unwrap(),
            ..segment(client(), server(), self.seq(position))
        };
        self.send(&segment, bytes);
    }

    /// Lets the server acknowledge all up to `position`.
    pub(super) fn ack(&mut self, position: usize) {
        let ack = Segment {
            ack: Some(self.seq(position)),
            ..segment(server(), client(), 70_000)
        };
        self.send(&ack, b"");
    }

    pub(super) fn fin(&mut self, position: usize) {
        let fin = Segment {
            fin: true,
            ..segment(client(), server(), self.seq(position))
        };
        self.send(&fin, b"");
    }

    pub(super) fn finish(mut self) -> Catch {
        let catch = &mut self.catch;
        self.streams.finish(&mut |found| catch.take(&found));
        self.catch
    }
}

/// A request of 300 octets of headers and a body of 200, as `domain` cases have it; `id` is its Call-ID.
pub(super) fn message(id: char) -> Vec<u8> {
    message_with(id, "Content-Length: 200\r\n")
}

/// The same with another Content-Length header, or none.
pub(super) fn message_with(id: char, length: &str) -> Vec<u8> {
    let start = format!(
        "MESSAGE sip:b@example.com SIP/2.0\r\nCall-ID: {id}@h\r\nCSeq: 1 MESSAGE\r\n{length}"
    );
    let fill = 300 - start.len() - "Subject: \r\n\r\n".len();
    let mut text = format!("{start}Subject: {}\r\n\r\n", "s".repeat(fill));
    assert_eq!(text.len(), 300);
    for line in 0..10 {
        text.push_str(&format!("line {line} of body {id}..\r\n"));
    }
    assert_eq!(text.len(), 500);
    text.into_bytes()
}
