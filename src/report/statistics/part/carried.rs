//! Messages that a part carries because nobody can tell yet what they amount to.
//!
//! Each is a line of JSON. Its octets are a text with one character for each, U+0000 to U+00FF.

use std::{
    io::{self, BufRead, Read, Write},
    net::SocketAddr,
};

use serde::{Deserialize, Serialize};

use crate::{
    capture::{Frame, LinkType, Origin},
    net::{Encapsulation, Flow, Transport},
    sip::{Flaws, Framing, Head, Message, MessageBuf},
    time::Timestamp,
};

/// A message is not longer than that as a line; a datagram has 64 KiB, each octet of which takes six at most.
const MAX_LINE: u64 = 1 << 24;

/// A message as it is written.
#[derive(Deserialize, Serialize)]
struct Line {
    ts: i64,
    src: SocketAddr,
    dst: SocketAddr,
    transport: String,
    encapsulation: u32,
    input: u16,
    frame: u64,
    flaws: u32,
    point: Option<String>,
    octets: String,
}

/// Writes a message.
pub(super) fn write(message: &Message<'_>, output: &mut impl Write) -> io::Result<()> {
    let origin = message.completed_by.origin;
    let line = Line {
        ts: message.ts.nanos(),
        src: message.flow.src,
        dst: message.flow.dst,
        transport: message.flow.transport.name().to_owned(),
        encapsulation: message.encapsulation.bits(),
        input: origin.input,
        frame: origin.number,
        flaws: message.head.flaws.bits(),
        point: message.point.map(str::to_owned),
        octets: message.bytes.iter().copied().map(char::from).collect(),
    };
    serde_json::to_writer(&mut *output, &line)?;
    output.write_all(b"\n")
}

/// Reads the next message; its input is so many more than it says.
pub(super) fn read(input: &mut impl BufRead, first: u16) -> Result<Option<MessageBuf>, String> {
    let mut text = Vec::new();
    let len = input
        .take(MAX_LINE)
        .read_until(b'\n', &mut text)
        .map_err(|error| error.to_string())?;
    if len == 0 {
        return Ok(None);
    }
    let line: Line =
        serde_json::from_slice(&text).map_err(|error| format!("it is damaged: {error}"))?;
    let message = line.message(first).ok_or("it is damaged")?;
    Ok(Some(message))
}

impl Line {
    fn message(&self, first: u16) -> Option<MessageBuf> {
        let octets = self.octets.chars().map(|octet| u8::try_from(octet).ok());
        let bytes: Vec<u8> = octets.collect::<Option<_>>()?;
        let transport = Transport::ALL
            .into_iter()
            .find(|transport| transport.name() == self.transport)?;
        let framing = match transport {
            Transport::Tcp | Transport::Tls => Framing::Stream,
            Transport::Udp | Transport::Ws | Transport::Wss | Transport::Sctp => Framing::Datagram,
        };
        let mut head = Head::parse(&bytes, framing).ok()?;
        head.flaws = Flaws::from_bits(self.flaws);
        let ts = Timestamp::from_nanos(self.ts);
        let completed_by = Frame {
            origin: Origin {
                input: self.input.checked_add(first)?,
                number: self.frame,
                offset: 0,
            },
            ts,
            captured: 0,
            orig_len: 0,
            link: LinkType::NULL,
            interface: 0,
        };
        Some(MessageBuf {
            ts,
            flow: Flow {
                src: self.src,
                dst: self.dst,
                transport,
            },
            encapsulation: Encapsulation::from_bits(self.encapsulation),
            trace: None,
            completed_by,
            frames: vec![completed_by],
            bytes,
            head,
            point: self.point.clone(),
            sightings: Vec::new(),
        })
    }
}
