//! Small scripts of messages for the tests of the tracker: `#[cfg(test)]` only.
//!
//! ```text
//! 0.000 A>B OPTIONS
//! 0.020 B>A 200:OPTIONS to=t | Server: B
//! ```
//! Each line is a message: seconds, from whom to whom (`A>B/tcp` over TCP, `A:5070` not from or to 5060), what, words, and headers behind bars. What it
//! is, is a method, or status and method. The words: `id=` Call-ID (`c`), `n=` the number in CSeq (1), `from=` and `to=`
//! the tags (`f` and none), `via=` the branches from the last hop to the first (`b` and the number in CSeq; `-` is none),
//! `uri=` the Request-URI.

use std::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use crate::{
    capture::{Frame, LinkType, Origin},
    error::Result,
    net::{Encapsulation, Flow, Transport},
    sip::{Framing, Head, MessageBuf},
    time::Timestamp,
    track::{Call, Event, Exchange, Observer, TrackOptions, TrackStats, Tracker},
};

/// What a script has led to.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The events, a line each: type, seconds (in brackets if a deadline told it), status, reason, seconds of expiry, and
    /// flags, as far as there are some.
    pub(super) events: Vec<String>,
    /// The exchanges, a line each: method, outcome, status, milliseconds from request to final response, and how many
    /// messages came again.
    pub(super) exchanges: Vec<String>,
    /// The calls, a line each: From tag, outcome, status, attempts, milliseconds of post-dial delay and seconds of talk (or
    /// `-`), and flags.
    pub(super) calls: Vec<String>,
    pub(super) stats: TrackStats,
}

impl Observer for Told {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        let mut line = event.kind.to_string();
        let seconds = event.ts.nanos() as f64 / 1e9;
        match event.origin {
            Some(_) => write!(line, " {seconds}").unwrap(),
            None => write!(line, " ({seconds})").unwrap(),
        }
        if let Some(status) = event.status {
            write!(line, " {status}").unwrap();
        }
        if !event.reason.is_empty() && event.reason != REASON.as_bytes() {
            write!(line, " {}", event.reason.escape_ascii()).unwrap();
        }
        if let Some(expires) = event.expires {
            write!(line, " {expires}s").unwrap();
        }
        for flag in event.flags.names() {
            write!(line, " {flag}").unwrap();
        }
        self.events.push(line);
        Ok(())
    }

    fn call(&mut self, call: Box<Call>) -> Result<()> {
        let known = |nanos: Option<i64>, unit: i64| {
            nanos.map_or_else(|| "-".to_owned(), |nanos| (nanos / unit).to_string())
        };
        let mut line = format!(
            "{} {} {} {} {} {}",
            call.from_tag().escape_ascii(),
            call.outcome(),
            known(call.status().map(i64::from), 1),
            call.attempts(),
            known(call.times().post_dial_delay(), 1_000_000),
            known(call.times().talk_time(), 1_000_000_000),
        );
        for flag in call.flags().names() {
            write!(line, " {flag}").unwrap();
        }
        self.calls.push(line);
        Ok(())
    }

    fn exchange(&mut self, exchange: &Exchange) -> Result<()> {
        let method = exchange.method_text().escape_ascii();
        let mut line = format!("{method} {}", exchange.outcome());
        if let Some(status) = exchange.status() {
            write!(line, " {status}").unwrap();
        }
        if let (Some(request), Some(response)) = (exchange.request(), exchange.final_response()) {
            write!(line, " {}ms", response.since(request) / 1_000_000).unwrap();
        }
        if exchange.retransmissions() > 0 {
            write!(line, " +{}", exchange.retransmissions()).unwrap();
        }
        self.exchanges.push(line);
        Ok(())
    }
}

/// The reason phrase of all responses.
const REASON: &str = "Because";

/// Runs a script, and the time until `end` seconds.
pub(super) fn run(script: &str, end: i64) -> Told {
    run_with(script, end, TrackOptions::default())
}

pub(super) fn run_with(script: &str, end: i64, options: TrackOptions) -> Told {
    let mut told = Told::default();
    let mut tracker = Tracker::new(options);
    for line in script.lines().map(str::trim) {
        if !line.is_empty() {
            let message = message(line);
            let message = message.as_message();
            tracker.message(&message, false, &mut told).unwrap();
        }
    }
    let end = Timestamp::from_parts(end, 0);
    tracker.finish(end, &mut told).unwrap();
    told.stats = *tracker.stats();
    told
}

/// Returns the message that a line tells of.
pub(super) fn message(line: &str) -> MessageBuf {
    let mut parts = line.split('|').map(str::trim);
    let mut words = parts.next().unwrap().split_whitespace();
    let ts = timestamp(words.next().unwrap());
    let flow = flow(words.next().unwrap());
    let what = words.next().unwrap();
    let (status, method) = match what.split_once(':') {
        Some((status, method)) => (Some(status), method),
        None => (None, what),
    };
    let (mut id, mut number, mut from, mut to, mut via, mut uri) =
        ("c", "1", "f", "", String::new(), "sip:bob@example.com");
    for (name, value) in words.map(|word| word.split_once('=').unwrap()) {
        match name {
            "id" => id = value,
            "n" => number = value,
            "from" => from = value,
            "to" => to = value,
            "via" => via = value.to_owned(),
            "uri" => uri = value,
            _ => panic!("{line}: what is {name}?"),
        }
    }
    if via.is_empty() {
        via = format!("b{number}");
    }
    let mut text = match status {
        Some(status) => format!("SIP/2.0 {status} {REASON}\r\n"),
        None => format!("{method} {uri} SIP/2.0\r\n"),
    };
    for branch in via.split(',') {
        let transport = flow.transport.name().to_ascii_uppercase();
        if branch == "-" {
            write!(text, "Via: SIP/2.0/{transport} a.example.com\r\n").unwrap();
            continue;
        }
        write!(
            text,
            "Via: SIP/2.0/{transport} {branch}.example.com;branch=z9hG4bK{branch}\r\n"
        )
        .unwrap();
    }
    let tag = |tag: &str| match tag {
        "" => String::new(),
        tag => format!(";tag={tag}"),
    };
    let (from, to) = (tag(from), tag(to));
    write!(
        text,
        "From: <sip:alice@example.com>{from}\r\nTo: <sip:bob@example.com>{to}\r\n"
    )
    .unwrap();
    write!(text, "Call-ID: {id}\r\nCSeq: {number} {method}\r\n").unwrap();
    for header in parts {
        write!(text, "{header}\r\n").unwrap();
    }
    text.push_str("\r\n");
    let bytes = text.into_bytes();
    let frame = frame(ts);
    MessageBuf {
        point: None,
        sightings: Vec::new(),
        ts,
        flow,
        encapsulation: Encapsulation::default(),
        trace: None,
        completed_by: frame,
        frames: vec![frame],
        head: Head::parse(&bytes, Framing::Datagram).unwrap(),
        bytes,
    }
}

/// Returns the time that a number of seconds tells.
fn timestamp(seconds: &str) -> Timestamp {
    let seconds: f64 = seconds.parse().unwrap();
    Timestamp::from_nanos((seconds * 1e6).round() as i64 * 1000)
}

/// Returns from whom to whom, and over what.
fn flow(text: &str) -> Flow {
    let (pair, transport) = text.split_once('/').unwrap_or((text, "udp"));
    let (src, dst) = pair.split_once('>').unwrap();
    Flow {
        src: host(src),
        dst: host(dst),
        transport: match transport {
            "tcp" => Transport::Tcp,
            _ => Transport::Udp,
        },
    }
}

/// Returns the address of a host, which a letter names.
fn host(text: &str) -> SocketAddr {
    let (name, port) = text.split_once(':').unwrap_or((text, "5060"));
    let number = name.bytes().next().unwrap() - b'A';
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10 + number));
    SocketAddr::new(address, port.parse().unwrap())
}

fn frame(ts: Timestamp) -> Frame {
    Frame {
        origin: Origin::default(),
        ts,
        captured: 0,
        orig_len: 0,
        link: LinkType::UNKNOWN,
        interface: 0,
    }
}
