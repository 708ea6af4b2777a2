//! SIP in WebSockets (RFC 6455, RFC 7118): each WebSocket message is one SIP message.

use super::{
    found::{Outlet, SegmentFate},
    inflate::Inflater,
    reader::{Reader, State, Step},
};
use crate::{
    net::{Flow, Transport},
    sip::{Flaws, Framing, Head, Method, Probe, probe},
};

/// What a direction of a WebSocket remembers within a message, and of the ones before if they are compressed.
#[derive(Debug, Default)]
pub(super) struct WebSocket {
    /// Up to there the octets at hand have been read: frames of a message that is not complete.
    read: usize,
    /// Its payload so far, unmasked.
    message: Vec<u8>,
    is_compressed: bool,
    inflater: Option<Box<Inflater>>,
}

impl WebSocket {
    /// Returns how many octets it holds, with what it takes to hold them.
    pub(super) fn size(&self) -> usize {
        let inflater = self.inflater.as_ref().map_or(0, |_| Inflater::SIZE);
        self.message.capacity().saturating_add(inflater)
    }

    /// Gives back the memory that is kept for the next message; nothing of it may have come.
    pub(super) fn trim(&mut self) {
        self.message = Vec::new();
    }

    /// Forgets the messages before: one that builds on them cannot be decompressed any more.
    pub(super) fn forget(&mut self) {
        self.inflater = None;
    }
}

/// A frame's header (RFC 6455 §5.2).
struct FrameHeader {
    is_final: bool,
    is_compressed: bool,
    opcode: u8,
    mask: [u8; 4],
    /// Where the payload begins.
    start: usize,
    /// Where it ends, whether it is all there or not.
    end: usize,
}

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PONG: u8 = 10;
/// The longest control frame.
const MAX_CONTROL: usize = 125;

enum Header {
    Valid(FrameHeader),
    Partial,
    Invalid,
}

impl FrameHeader {
    /// Reads the header that `bytes` begin with.
    fn parse(bytes: &[u8]) -> Header {
        let [first, second, rest @ ..] = bytes else {
            return Header::Partial;
        };
        let opcode = first & 0x0f;
        let is_control = opcode >= CLOSE;
        let short = usize::from(second & 0x7f);
        let is_valid = first & 0x30 == 0
            && matches!(opcode, CONTINUATION..=BINARY | CLOSE..=PONG)
            && (!is_control || (first & 0xc0 == 0x80 && short <= MAX_CONTROL));
        if !is_valid {
            return Header::Invalid;
        }
        let (len, rest) = match (short, rest) {
            (126, [a, b, rest @ ..]) => (u64::from(u16::from_be_bytes([*a, *b])), rest),
            (127, rest) => match rest.split_first_chunk() {
                Some((len, rest)) => (u64::from_be_bytes(*len), rest),
                None => return Header::Partial,
            },
            (126, _) => return Header::Partial,
            _ => (short as u64, rest),
        };
        let (mask, rest) = match (second & 0x80, rest) {
            (0, rest) => ([0; 4], rest),
            (_, [a, b, c, d, rest @ ..]) => ([*a, *b, *c, *d], rest),
            _ => return Header::Partial,
        };
        let start = bytes.len().saturating_sub(rest.len());
        let Some(end) = usize::try_from(len)
            .ok()
            .and_then(|len| start.checked_add(len))
        else {
            return Header::Invalid;
        };
        Header::Valid(Self {
            is_final: first & 0x80 != 0,
            is_compressed: first & 0x40 != 0,
            opcode,
            mask,
            start,
            end,
        })
    }

    /// Appends the payload to `message`, as much as there is of it.
    fn unmask(&self, bytes: &[u8], message: &mut Vec<u8>) {
        let end = self.end.min(bytes.len());
        let payload = bytes.get(self.start..end).unwrap_or_default();
        let mask = self.mask.iter().cycle();
        message.extend(payload.iter().zip(mask).map(|(octet, key)| octet ^ key));
    }
}

/// Returns whether `bytes`, which begin with an HTTP head, ask for a WebSocket or grant one (RFC 6455 §4).
pub(super) fn is_upgrade(bytes: &[u8]) -> bool {
    if !bytes.starts_with(b"GET ") && !bytes.starts_with(b"HTTP/1.1 101") {
        return false;
    }
    bytes
        .split(|octet| *octet == b'\n')
        .take_while(|line| !matches!(line, [] | [b'\r']))
        .any(|line| {
            let mut parts = line.splitn(2, |octet| *octet == b':');
            let name = parts.next().unwrap_or_default().trim_ascii();
            let value = parts.next().unwrap_or_default().trim_ascii();
            name.eq_ignore_ascii_case(b"upgrade") && value.eq_ignore_ascii_case(b"websocket")
        })
}

/// Returns whether `bytes` begin with a WebSocket frame that begins a SIP message.
pub(super) fn begins(bytes: &[u8]) -> bool {
    let Header::Valid(header) = FrameHeader::parse(bytes) else {
        return false;
    };
    if !matches!(header.opcode, TEXT | BINARY) || header.is_compressed {
        return false;
    }
    let mut text = Vec::new();
    let start = bytes
        .get(..header.start.saturating_add(24))
        .unwrap_or(bytes);
    header.unmask(start, &mut text);
    let mut words = text.split(|octet| *octet == b' ');
    let word = words.next().unwrap_or_default();
    words.next().is_some() && (word == b"SIP/2.0" || Method::from_bytes(word) != Method::Other)
}

impl Reader {
    pub(super) fn websocket(&mut self, rest: &[u8], outlet: &mut Outlet<'_>) -> Step {
        let State::WebSocket(socket) = &mut self.state else {
            return Step::Go(0);
        };
        loop {
            let bytes = rest.get(socket.read..).unwrap_or_default();
            let header = match FrameHeader::parse(bytes) {
                Header::Valid(header) => header,
                Header::Partial => return Step::Wait,
                Header::Invalid => break,
            };
            let limit = outlet.limits.body.saturating_add(outlet.limits.head);
            let is_within = socket.read > 0;
            if header.end.saturating_add(socket.message.len()) > limit {
                break;
            }
            if bytes.len() < header.end {
                return Step::Wait;
            }
            let read = socket.read.saturating_add(header.end);
            match header.opcode {
                CLOSE.. if is_within => socket.read = read,
                CLOSE.. => {
                    let fate = match header.opcode {
                        CLOSE => SegmentFate::WebSocketOther,
                        _ => SegmentFate::KeepAlive,
                    };
                    self.ledger.take(read, fate, outlet);
                    return Step::Go(read);
                }
                // A message begins with a frame that says what it is, and goes on with ones that do not.
                opcode if (opcode == CONTINUATION) != is_within => break,
                _ => {
                    socket.is_compressed |= header.is_compressed;
                    header.unmask(bytes, &mut socket.message);
                    socket.read = read;
                    if header.is_final {
                        self.websocket_message(rest.get(..read).unwrap_or_default(), outlet);
                        return Step::Go(read);
                    }
                }
            }
        }
        self.lose_sync(outlet);
        Step::Go(0)
    }

    /// Gives out the message that is complete, made of all of `raw`.
    fn websocket_message(&mut self, raw: &[u8], outlet: &mut Outlet<'_>) {
        outlet.stats.websocket_messages = outlet.stats.websocket_messages.saturating_add(1);
        let State::WebSocket(socket) = &mut self.state else {
            return;
        };
        let mut message = std::mem::take(&mut socket.message);
        socket.read = 0;
        if std::mem::take(&mut socket.is_compressed) {
            let inflater = socket.inflater.get_or_insert_default();
            match inflater.message(&message, outlet.limits.body) {
                Some(inflated) => message = inflated,
                None => {
                    socket.inflater = None;
                    let counter = &mut outlet.stats.websocket_undecodable;
                    *counter = counter.saturating_add(1);
                    message.clear();
                }
            }
        }
        self.emit_datagram(&message, raw.len(), Flaws::NONE, outlet);
        message.clear();
        if let State::WebSocket(socket) = &mut self.state
            && message.capacity() <= 1 << 16
        {
            socket.message = message;
        }
    }

    /// Gives out `message`, made of the next `len` octets of the stream, if it is SIP.
    fn emit_datagram(&mut self, message: &[u8], len: usize, flaws: Flaws, outlet: &mut Outlet<'_>) {
        let text = message.trim_ascii_start();
        let is_sip = probe(text) == Probe::Sip;
        let head = is_sip.then(|| Head::parse(text, Framing::Datagram));
        let (Some(Ok(mut head)), Some(last)) = (head, self.ledger.frames(len, outlet.frames))
        else {
            let fate = if text.is_empty() && !message.is_empty() {
                SegmentFate::KeepAlive
            } else {
                SegmentFate::WebSocketOther
            };
            self.ledger.take(len, fate, outlet);
            return;
        };
        head.flaws.insert(flaws);
        if std::mem::take(&mut self.resynced) {
            head.flaws.insert(Flaws::RESYNCED);
        }
        self.is_sip = true;
        self.skipped = 0;
        let flow = Flow {
            transport: Transport::Ws,
            ..outlet.flow
        };
        outlet.message(flow, &last, text, &head);
        self.ledger.take(len, SegmentFate::Sip, outlet);
    }

    /// Gives out what is there of a message of which no more will come.
    pub(super) fn cut_websocket(
        &mut self,
        mut socket: WebSocket,
        held: &[u8],
        outlet: &mut Outlet<'_>,
    ) {
        let bytes = held.get(socket.read..).unwrap_or_default();
        if let Header::Valid(header) = FrameHeader::parse(bytes)
            && header.opcode < CLOSE
        {
            socket.is_compressed |= header.is_compressed;
            header.unmask(bytes, &mut socket.message);
        }
        if socket.is_compressed {
            socket.message.clear();
        }
        self.emit_datagram(&socket.message, held.len(), Flaws::CUT, outlet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        packet::Segment,
        stream::{
            Limits,
            SegmentFate::{Http, KeepAlive, NoData, Sip, WebSocketOther},
            wire::{Wire, client, message, segment, server},
        },
    };

    const REQUEST: &[u8] = b"GET /sip HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
    const MESSAGE: &str = "SIP/2.0 200 OK\r\n\r\n";

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }

    /// An unmasked text frame.
    fn text_frame(text: &[u8]) -> Vec<u8> {
        let len = u16::try_from(text.len()).unwrap().to_be_bytes();
        [&[0x81, 126, len[0], len[1]], text].concat()
    }

    #[test]
    fn masked_and_fragmented_messages_are_found() {
        // Made by hand from RFC 6455 §5.2; the second has a ping between its fragments.
        let masked = hex("819237fa213d64b3711205d4111d05ca111d78b12c373af0");
        let fragments = hex("01085349502f322e30208900800a323030204f4b0d0a0d0a");
        for frames in [masked, fragments] {
            for cut in 1..frames.len() {
                let mut wire = Wire::synced();
                wire.data(0, REQUEST);
                let at = REQUEST.len();
                wire.data(at, &frames[..cut]);
                wire.data(at + cut, &frames[cut..]);
                let catch = wire.finish();
                assert_eq!(catch.texts(), [MESSAGE]);
                assert_eq!(catch.messages[0].transport, Transport::Ws);
                assert_eq!(catch.messages[0].frames, [3, 4]);
                assert_eq!(catch.fates(), [NoData, Http, Sip, Sip]);
            }
        }
    }

    #[test]
    fn what_is_no_sip_has_a_fate_too() {
        let mut wire = Wire::synced();
        wire.data(0, REQUEST);
        let mut at = REQUEST.len();
        let ping = hex("8900");
        let keep_alive = hex("8202").into_iter().chain(*b"\r\n").collect();
        let close = hex("880203e8");
        for frame in [
            ping,
            keep_alive,
            text_frame(b"{}"),
            text_frame(&message('a')),
            close,
        ] {
            wire.data(at, &frame);
            at += frame.len();
        }
        let catch = wire.finish();
        assert_eq!(catch.messages[0].text.as_bytes(), message('a'));
        let expected = [
            NoData,
            Http,
            KeepAlive,
            KeepAlive,
            WebSocketOther,
            Sip,
            WebSocketOther,
        ];
        assert_eq!(catch.fates(), expected);
    }

    #[test]
    fn a_websocket_is_known_without_its_handshake() {
        let mut wire = Wire::new();
        wire.data(100, &text_frame(&message('a')));
        wire.data(604, &text_frame(&message('b')));
        // A hole, and on it goes at a segment's start.
        wire.data(2000, &text_frame(&message('c')));
        let catch = wire.finish();
        assert_eq!(catch.messages.len(), 3);
        assert!(
            catch
                .messages
                .iter()
                .all(|got| got.transport == Transport::Ws)
        );
        assert_eq!(catch.messages[2].flaws, Flaws::RESYNCED);
        assert_eq!(catch.fates(), [Sip, Sip, Sip]);
    }

    #[test]
    fn compressed_messages_are_inflated() {
        use flate2::{Compress, Compression, FlushCompress};
        let mut wire = Wire::synced();
        wire.data(0, REQUEST);
        let mut at = REQUEST.len();
        let mut compress = Compress::new(Compression::default(), false);
        for id in ['a', 'b'] {
            let mut bytes = Vec::with_capacity(2048);
            compress
                .compress_vec(&message(id), &mut bytes, FlushCompress::Sync)
                .unwrap();
            bytes.truncate(bytes.len() - 4);
            let mut frame = text_frame(&bytes);
            frame[0] |= 0x40;
            wire.data(at, &frame);
            at += frame.len();
        }
        let catch = wire.finish();
        let expected = ['a', 'b'].map(|id| String::from_utf8(message(id)).unwrap());
        assert_eq!(catch.texts(), expected);
    }

    #[test]
    fn what_decompression_takes_is_held_within_the_limit() {
        let limits = Limits {
            held: 10 * Inflater::SIZE,
            ..Limits::default()
        };
        let mut wire = Wire::with(&limits);
        // RFC 7692 §7.2.3.1: "Hello".
        let hello = hex("c107f248cdc9c90700");
        for port in 1..=40 {
            let mut src = client();
            src.set_port(port);
            let syn = Segment {
                syn: true,
                ..segment(src, server(), 999)
            };
            wire.send(&syn, b"");
            let bytes = [REQUEST, &hello].concat();
            let data = Segment {
                wire_len: u32::try_from(bytes.len()).unwrap(),
                ..segment(src, server(), 1000)
            };
            wire.send(&data, &bytes);
            assert!(wire.streams.held() <= limits.held);
        }
        assert_eq!(wire.streams.stats().websocket_messages, 40);
        assert!(wire.streams.held() >= 5 * Inflater::SIZE);
        assert_eq!(wire.streams.stats().evicted_messages, 0, "none was cut");
    }

    #[test]
    fn lengths_are_not_trusted() {
        for header in [
            "827fffffffffffffffff",
            "827f0000000010000000",
            "8b00",
            "897e0001",
            "f100",
        ] {
            let mut wire = Wire::synced();
            wire.data(0, REQUEST);
            let at = REQUEST.len();
            let header = hex(header);
            wire.data(at, &header);
            wire.data(at + header.len(), &text_frame(&message('a')));
            let catch = wire.finish();
            assert_eq!(catch.messages.len(), 1, "picked up at the next segment");
            catch.fates();
        }
    }

    #[test]
    fn upgrades_are_told_from_other_http() {
        for (text, expected) in [
            (REQUEST, true),
            (
                b"HTTP/1.1 101 Switching Protocols\r\nupgrade:websocket\r\n\r\n",
                true,
            ),
            (b"HTTP/1.1 200 OK\r\nUpgrade: websocket\r\n\r\n", false),
            (b"GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n", false),
            (b"GET / HTTP/1.1\r\n\r\nUpgrade: websocket\r\n", false),
        ] {
            assert_eq!(is_upgrade(text), expected);
        }
    }
}
