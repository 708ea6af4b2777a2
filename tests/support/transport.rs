//! How messages become IP packets: datagrams, fragments, segments, WebSocket and SCTP.

use std::{collections::HashMap, net::SocketAddr, ops::Range};

use super::{
    hep,
    ip::{self, ACK, FIN, PSH, SYN, Segment},
    scenario::{Scenario, Sent},
};

/// A way to carry messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Transport {
    Udp,
    UdpFragments,
    UdpFragmentsReversed,
    /// A segment for each message.
    Tcp,
    /// The same, but the capture began later than the connection.
    TcpMidstream,
    TcpOneOctet,
    TcpPieces,
    /// Pieces that overtake each other within a message.
    TcpShuffled,
    /// Every segment twice, the second time together with what follows.
    TcpOverlapping,
    WebSocket,
    /// Messages in two frames each, with a ping between them, cut into small segments.
    WebSocketFragments,
    Sctp,
    SctpFragments,
    /// Datagrams that a capture agent tells of.
    Hep,
    HepVersion2,
    /// What it tells is too long for the path.
    HepFragments,
    /// It tells of them over TCP, in segments that know nothing of where one ends.
    HepTcp,
}

impl Transport {
    pub(crate) const ALL: &'static [Self] = &[
        Self::Udp,
        Self::UdpFragments,
        Self::UdpFragmentsReversed,
        Self::Tcp,
        Self::TcpMidstream,
        Self::TcpOneOctet,
        Self::TcpPieces,
        Self::TcpShuffled,
        Self::TcpOverlapping,
        Self::WebSocket,
        Self::WebSocketFragments,
        Self::Sctp,
        Self::SctpFragments,
        Self::Hep,
        Self::HepVersion2,
        Self::HepFragments,
        Self::HepTcp,
    ];

    /// Returns the name in sipcap's `transport` column.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Udp
            | Self::UdpFragments
            | Self::UdpFragmentsReversed
            | Self::Hep
            | Self::HepVersion2
            | Self::HepFragments
            | Self::HepTcp => "udp",
            Self::Tcp
            | Self::TcpMidstream
            | Self::TcpOneOctet
            | Self::TcpPieces
            | Self::TcpShuffled
            | Self::TcpOverlapping => "tcp",
            Self::WebSocket | Self::WebSocketFragments => "ws",
            Self::Sctp | Self::SctpFragments => "sctp",
        }
    }

    /// Returns whether a capture agent tells of the messages, and when they were.
    pub(crate) fn is_hep(self) -> bool {
        matches!(
            self,
            Self::Hep | Self::HepVersion2 | Self::HepFragments | Self::HepTcp
        )
    }

    /// Returns the packets that carry `scenario`, in order of time.
    pub(crate) fn packets(self, scenario: &Scenario) -> Vec<Packet> {
        let mut packets = match self.name() {
            _ if self == Self::HepTcp => hep_stream(scenario),
            "udp" => self.datagrams(scenario),
            "sctp" => self.chunks(scenario),
            _ => Streams::new(self).packets(scenario),
        };
        packets.extend(scenario.quiet_ns.map(quiet));
        packets.sort_by_key(|p| p.ts_ns);
        packets
    }

    fn datagrams(self, scenario: &Scenario) -> Vec<Packet> {
        let mut out = Vec::new();
        for (index, sent) in scenario.sent.iter().enumerate() {
            let id = index as u16 + 1;
            let sip = sent.said.over("udp");
            let whole = if self.is_hep() {
                let make = match self {
                    Self::HepVersion2 => hep::message_v2,
                    _ => hep::message,
                };
                let told = make(sent.src, sent.dst, sent.ts_ns, &sip);
                let (agent, collector) = (hep::AGENT.parse(), hep::COLLECTOR.parse());
                ip::udp(agent.unwrap(), collector.unwrap(), id, &told)
            } else {
                ip::udp(sent.src, sent.dst, id, &sip)
            };
            // Few enough fragments for every limit that a reader may have.
            let step = if whole.len() > 8_000 { 1480 } else { 256 };
            let mut parts = match self {
                Self::Udp | Self::Hep | Self::HepVersion2 => vec![whole],
                _ => ip::fragments(&whole, step),
            };
            if self == Self::UdpFragmentsReversed {
                parts.reverse();
            }
            out.extend(in_a_row(sent.ts_ns, parts, index));
        }
        out
    }

    fn chunks(self, scenario: &Scenario) -> Vec<Packet> {
        let mut out = Vec::new();
        let mut next_tsn: HashMap<(SocketAddr, SocketAddr), u32> = HashMap::new();
        for (index, sent) in scenario.sent.iter().enumerate() {
            let octets = sent.said.over("sctp");
            let step = if self == Self::Sctp { 60_000 } else { 300 };
            let tsn = next_tsn
                .entry((sent.src, sent.dst))
                .or_insert(if sent.src < sent.dst { u32::MAX - 1 } else { 5 });
            let count = octets.chunks(step).count();
            let parts = octets.chunks(step).enumerate().map(|(at, part)| {
                let first = if at == 0 { 2 } else { 0 };
                let last = u8::from(at + 1 == count);
                let id = (index * 100 + at + 1) as u16;
                let packet = ip::sctp(sent.src, sent.dst, id, *tsn, first | last, part);
                *tsn = tsn.wrapping_add(1);
                packet
            });
            out.extend(in_a_row(sent.ts_ns, parts.collect(), index));
        }
        out
    }
}

/// An IP packet and the messages (indices into the scenario) that are complete with it.
pub(crate) struct Packet {
    pub(crate) ts_ns: i64,
    pub(crate) ip: Vec<u8>,
    pub(crate) completes: Vec<usize>,
}

/// Returns the one connection over which a capture agent tells of all messages, each a little later than it was sent.
fn hep_stream(scenario: &Scenario) -> Vec<Packet> {
    let (agent, collector) = (hep::AGENT.parse().unwrap(), hep::COLLECTOR.parse().unwrap());
    let mut out: Vec<Packet> = Vec::new();
    let mut emit = |ts_ns, flags, seq, payload: &[u8]| {
        let segment = Segment {
            seq,
            ack: if flags == SYN { 0 } else { 1 },
            flags,
        };
        let id = out.len() as u16;
        out.push(Packet {
            ts_ns,
            ip: ip::tcp(agent, collector, id, segment, payload),
            completes: Vec::new(),
        });
        out.len() - 1
    };
    let mut completes = Vec::new();
    let mut seq = 1_u32;
    let mut free_at_ns = 0;
    let mut waiting: Vec<u8> = Vec::new();
    let mut ends = Vec::new();
    for (index, sent) in scenario.sent.iter().enumerate() {
        if index == 0 {
            emit(sent.ts_ns - STEP_NS, SYN, 0, &[]);
        }
        let sip = sent.said.over("udp");
        waiting.extend(hep::message(sent.src, sent.dst, sent.ts_ns, &sip));
        ends.push((waiting.len(), index));
        // Two share a segment; what is less than a segment waits, but not for long.
        let next = scenario.sent.get(index + 1);
        if next.is_some_and(|next| next.ts_ns < sent.ts_ns + 20_000_000 && ends.len() < 2) {
            continue;
        }
        let mut used = 0;
        let mut at = free_at_ns.max(sent.ts_ns);
        for piece in waiting.chunks(700) {
            at += STEP_NS;
            let packet = emit(at, PSH | ACK, seq, piece);
            seq = seq.wrapping_add(piece.len() as u32);
            used += piece.len();
            let is_whole = |(end, _): &(usize, usize)| *end <= used;
            let whole: Vec<_> = ends.extract_if(.., |end| is_whole(end)).collect();
            completes.extend(whole.into_iter().map(|(_, index)| (packet, index)));
        }
        waiting.clear();
        free_at_ns = at;
    }
    for (packet, index) in completes {
        out[packet].completes.push(index);
    }
    out
}

/// The first connection of a scenario has 0xffff_ff00 for its client: START is 471 200 seconds after a full million.
const FIRST_ISN: u32 = 0xffff_ff00_u32.wrapping_sub(471_200_000);

/// Microseconds between packets of one message.
const STEP_NS: i64 = 1_000;

/// Returns packets one after the other, of which the last one completes the message `index`.
fn in_a_row(ts_ns: i64, parts: Vec<Vec<u8>>, index: usize) -> Vec<Packet> {
    let count = parts.len();
    let packet = |(at, ip)| Packet {
        ts_ns: ts_ns + at as i64 * STEP_NS,
        ip,
        completes: if at + 1 == count { vec![index] } else { vec![] },
    };
    parts.into_iter().enumerate().map(packet).collect()
}

/// Returns a packet that is no SIP, a question for the address of sip.example.com, by which a capture goes on.
fn quiet(ts_ns: i64) -> Packet {
    let question = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03sip\x07example\x03com\0\0\x01\0\x01";
    let (src, dst) = (
        SocketAddr::from(([198, 51, 100, 7], 53_000)),
        SocketAddr::from(([198, 51, 100, 53], 53)),
    );
    Packet {
        ts_ns,
        ip: ip::udp(src, dst, 7, question),
        completes: Vec::new(),
    }
}

/// TCP connections, written by both sides.
struct Streams {
    how: Transport,
    directions: HashMap<(SocketAddr, SocketAddr), Direction>,
    /// Client and server, in the order of connecting.
    connections: Vec<(SocketAddr, SocketAddr)>,
    next_id: u16,
    out: Vec<Packet>,
}

/// What one side has sent.
struct Direction {
    next_seq: u32,
    free_at_ns: i64,
    /// What waits to share a segment with the next message.
    joined: Vec<u8>,
    joined_ends: Vec<(usize, usize)>,
    client: bool,
}

impl Streams {
    fn new(how: Transport) -> Self {
        Self {
            how,
            directions: HashMap::new(),
            connections: Vec::new(),
            next_id: 1,
            out: Vec::new(),
        }
    }

    fn packets(mut self, scenario: &Scenario) -> Vec<Packet> {
        for (index, sent) in scenario.sent.iter().enumerate() {
            self.connect(sent);
            let octets = match self.how {
                Transport::WebSocket => self.web_socket(sent, false),
                Transport::WebSocketFragments => self.web_socket(sent, true),
                _ => sent.said.over("tcp"),
            };
            let direction = self.directions.get_mut(&(sent.src, sent.dst)).unwrap();
            direction.joined.extend(octets);
            direction.joined_ends.push((direction.joined.len(), index));
            if !sent.join_next {
                self.write(sent);
            }
        }
        for (client, server) in std::mem::take(&mut self.connections) {
            let free_at = |key| self.directions[&key].free_at_ns;
            let at = free_at((client, server)).max(free_at((server, client))) + STEP_NS;
            self.emit(at, client, server, FIN | ACK, &[]);
            self.emit(at + STEP_NS, server, client, FIN | ACK, &[]);
            self.emit(at + 2 * STEP_NS, client, server, ACK, &[]);
        }
        self.out
    }

    /// Opens the connection of `sent` if it is the first message on it.
    fn connect(&mut self, sent: &Sent) {
        let (src, dst) = (sent.src, sent.dst);
        if self.directions.contains_key(&(src, dst)) {
            return;
        }
        self.connections.push((src, dst));
        // Each connection has its own sequence numbers; those of one side wrap soon.
        let own = (sent.ts_ns / 1_000_000_000 % 1_000_000 * 1_000) as u32;
        for (key, next_seq, client) in [
            ((src, dst), own.wrapping_add(FIRST_ISN), true),
            ((dst, src), own.wrapping_add(0x1000), false),
        ] {
            let direction = Direction {
                next_seq,
                free_at_ns: sent.ts_ns,
                joined: Vec::new(),
                joined_ends: Vec::new(),
                client,
            };
            self.directions.insert(key, direction);
        }
        if self.how != Transport::TcpMidstream {
            let at = sent.ts_ns - 10 * STEP_NS;
            self.emit(at, src, dst, SYN, &[]);
            self.emit(at + STEP_NS, dst, src, SYN | ACK, &[]);
            self.emit(at + 2 * STEP_NS, src, dst, ACK, &[]);
            if self.how.name() == "ws" {
                let hello = "GET / HTTP/1.1\r\nHost: sip.example.com\r\nUpgrade: websocket\r\n\
                             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                             Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Version: 13\r\n\r\n";
                let welcome = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                               Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
                self.emit(at + 3 * STEP_NS, src, dst, PSH | ACK, hello.as_bytes());
                self.emit(at + 4 * STEP_NS, dst, src, PSH | ACK, welcome.as_bytes());
            }
        }
    }

    /// Returns the message in a WebSocket frame, or in two with a ping between them (RFC 6455 §5).
    fn web_socket(&self, sent: &Sent, fragmented: bool) -> Vec<u8> {
        let octets = sent.said.over("ws");
        let masked = self.directions[&(sent.src, sent.dst)].client;
        if fragmented && octets.len() > 100 {
            let (start, end) = octets.split_at(77);
            [
                web_socket_frame(0x01, start, masked),
                web_socket_frame(0x89, b"?", masked),
                web_socket_frame(0x80, end, masked),
            ]
            .concat()
        } else {
            web_socket_frame(0x81, &octets, masked)
        }
    }

    /// Sends all that `sent`'s side has to say by now.
    fn write(&mut self, sent: &Sent) {
        let (src, dst) = (sent.src, sent.dst);
        let direction = self.directions.get_mut(&(src, dst)).unwrap();
        let octets = std::mem::take(&mut direction.joined);
        let ends = std::mem::take(&mut direction.joined_ends);
        let start_seq = direction.next_seq;
        let mut at = sent.ts_ns.max(direction.free_at_ns);
        let pieces = self.pieces(octets.len());
        let first = self.out.len();
        for piece in &pieces {
            let direction = self.directions.get_mut(&(src, dst)).unwrap();
            direction.next_seq = start_seq.wrapping_add(piece.start as u32);
            self.emit(at, src, dst, PSH | ACK, &octets[piece.clone()]);
            at += STEP_NS;
        }
        let direction = self.directions.get_mut(&(src, dst)).unwrap();
        direction.next_seq = start_seq.wrapping_add(octets.len() as u32);
        direction.free_at_ns = at;
        for (end, index) in ends {
            // A message is complete when the stream is whole up to its end.
            let mut seen = vec![false; end];
            let completing = pieces.iter().position(|piece| {
                seen[piece.start.min(end)..piece.end.min(end)].fill(true);
                seen.iter().all(|&octet| octet)
            });
            self.out[first + completing.unwrap()].completes.push(index);
        }
    }

    /// Returns how `len` octets are cut into segments, in the order of sending.
    fn pieces(&self, len: usize) -> Vec<Range<usize>> {
        let cut = |step: usize| {
            (0..len)
                .step_by(step)
                .map(|start| start..len.min(start + step))
                .collect::<Vec<_>>()
        };
        match self.how {
            Transport::TcpOneOctet => cut(1),
            Transport::TcpPieces | Transport::WebSocketFragments => cut(97),
            Transport::TcpShuffled => {
                let mut pieces = cut(131);
                pieces.chunks_mut(3).for_each(<[_]>::reverse);
                pieces
            }
            Transport::TcpOverlapping => cut(200)
                .into_iter()
                .flat_map(|piece| [piece.clone(), piece.start..len.min(piece.end + 50)])
                .collect(),
            _ => cut(16_000),
        }
    }

    fn emit(&mut self, ts_ns: i64, src: SocketAddr, dst: SocketAddr, flags: u8, payload: &[u8]) {
        let ack = self.directions[&(dst, src)].next_seq;
        let direction = self.directions.get_mut(&(src, dst)).unwrap();
        let segment = Segment {
            seq: direction.next_seq,
            ack: if flags & ACK == 0 { 0 } else { ack },
            flags,
        };
        let length = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        direction.next_seq = direction.next_seq.wrapping_add(length);
        let packet = ip::tcp(src, dst, self.next_id, segment, payload);
        self.next_id = self.next_id.wrapping_add(1);
        self.out.push(Packet {
            ts_ns,
            ip: packet,
            completes: Vec::new(),
        });
    }
}

/// Returns one WebSocket frame; `first` has the FIN bit and the opcode.
fn web_socket_frame(first: u8, payload: &[u8], masked: bool) -> Vec<u8> {
    let mask_bit = if masked { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..126 => frame.push(mask_bit | len as u8),
        len => {
            frame.push(mask_bit | 126);
            frame.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
    }
    if masked {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        frame.extend(key);
        frame.extend(payload.iter().zip(key.iter().cycle()).map(|(p, k)| p ^ k));
    } else {
        frame.extend(payload);
    }
    frame
}
