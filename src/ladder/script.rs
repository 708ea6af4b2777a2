//! Messages for the tests of ladders: `#[cfg(test)]` only.

use std::net::SocketAddr;

use crate::{
    capture::{Frame, LinkType, Origin},
    net::{Encapsulation, Flow, Transport},
    sip::{Framing, Head, MessageBuf},
    time::Timestamp,
};

/// Returns a message at so many milliseconds; `ends` are the addresses of sender and receiver, and lines end with LF.
pub(super) fn message(at_ms: i64, ends: &str, transport: Transport, text: &str) -> MessageBuf {
    let bytes = text.replace('\n', "\r\n").into_bytes();
    let (src, dst) = ends.split_once(' ').unwrap();
    let address = |text: &str| -> SocketAddr { text.parse().unwrap() };
    let ts = Timestamp::from_nanos(at_ms * 1_000_000);
    let completed_by = Frame {
        origin: Origin {
            input: 0,
            number: 1,
            offset: 0,
        },
        ts,
        captured: 0,
        orig_len: 0,
        link: LinkType::ETHERNET,
        interface: 0,
    };
    MessageBuf {
        point: None,
        sightings: Vec::new(),
        ts,
        flow: Flow {
            src: address(src),
            dst: address(dst),
            transport,
        },
        encapsulation: Encapsulation::NONE,
        trace: None,
        completed_by,
        frames: vec![completed_by],
        head: Head::parse(&bytes, Framing::Datagram).unwrap(),
        bytes,
    }
}

/// Returns a message of a call: its start line, what is in Via behind the transport, the value of CSeq, and further lines.
pub(super) fn said(
    at_ms: i64,
    ends: &str,
    transport: Transport,
    [start, via, cseq, rest]: [&str; 4],
) -> MessageBuf {
    let to_tag = if start.starts_with("SIP") && !start.contains(" 100 ") {
        ";tag=b"
    } else {
        ""
    };
    let text = format!(
        "{start}\nVia: SIP/2.0/TCP {via}\nFrom: <sip:alice@a.example>;tag=a\nTo: <sip:bob@b.example>{to_tag}\n\
         Call-ID: c\nCSeq: {cseq}\n{rest}\n"
    );
    message(at_ms, ends, transport, &text)
}
