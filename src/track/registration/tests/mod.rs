//! Traces with the events and bindings that follow from them, worked out by hand: `#[cfg(test)]` only.

mod hops;
mod limits;
mod missing;
mod oddities;
mod traces;

use std::fmt::Write as _;

use crate::{
    capture::{Frame, LinkType, Origin},
    error::Result,
    net::{Encapsulation, Flow, Transport},
    sip::{Framing, Head, MessageBuf},
    time::Timestamp,
    track::{Binding, Event, Observer, TrackOptions, Tracker, timeouts::SECOND},
};

const CLIENT: &str = "192.0.2.10:5060";
const EDGE: &str = "192.0.2.5:5060";
const REGISTRAR: &str = "192.0.2.1:5060";

const C1: &str = "<sip:c1@192.0.2.10:5060>";
const C2: &str = "<sip:c2@192.0.2.11:5060>";

const CHALLENGE: &str = "WWW-Authenticate: Digest realm=\"r\", nonce=\"1\"";
const CREDENTIALS: &str = "Authorization: Digest username=\"a\", realm=\"r\", nonce=\"1\"";

/// A message of a trace.
#[derive(Clone, Copy)]
struct Said<'a> {
    at: f64,
    /// 0 in a REGISTER.
    status: u16,
    call_id: &'a str,
    cseq: u32,
    from: &'a str,
    to: &'a str,
    contact: &'a str,
    headers: &'a [&'a str],
    /// Who sends the REGISTER, and who gets it.
    client: &'a str,
    registrar: &'a str,
    /// The branches of its Vias, the topmost first.
    branches: &'a [&'a str],
    transport: Transport,
    /// The text behind which nothing of it was captured, if that is not empty.
    cut_behind: &'a str,
}

const REGISTER: Said<'_> = Said {
    at: 0.0,
    status: 0,
    call_id: "x@192.0.2.10",
    cseq: 1,
    from: "<sip:alice@example.com>;tag=f",
    to: "<sip:alice@example.com>",
    contact: "",
    headers: &[],
    client: CLIENT,
    registrar: REGISTRAR,
    branches: &["1"],
    transport: Transport::Udp,
    cut_behind: "",
};

/// Returns a REGISTER; each has a branch of its own by its CSeq.
fn register<'a>(at: f64, cseq: u32, contact: &'a str) -> Said<'a> {
    Said {
        at,
        cseq,
        contact,
        ..REGISTER
    }
}

/// Returns the response to a REGISTER.
fn response<'a>(at: f64, status: u16, cseq: u32, contact: &'a str) -> Said<'a> {
    Said {
        status,
        ..register(at, cseq, contact)
    }
}

fn expiring(contact: &str, seconds: u32) -> String {
    format!("{contact};expires={seconds}")
}

impl Said<'_> {
    fn bytes(&self) -> Vec<u8> {
        let mut text = match self.status {
            0 => "REGISTER sip:example.com SIP/2.0\r\n".to_owned(),
            status => format!("SIP/2.0 {status} Some Reason\r\n"),
        };
        for branch in self.branches {
            let cseq = self.cseq;
            write!(
                text,
                "Via: SIP/2.0/UDP h;branch=z9hG4bK-{branch}-{cseq}\r\n"
            )
            .unwrap();
        }
        let to_tag = if self.status > 0 { ";tag=t" } else { "" };
        write!(
            text,
            "From: {}\r\nTo: {}{to_tag}\r\nCall-ID: {}\r\nCSeq: {} REGISTER\r\n",
            self.from, self.to, self.call_id, self.cseq
        )
        .unwrap();
        if !self.contact.is_empty() {
            write!(text, "Contact: {}\r\n", self.contact).unwrap();
        }
        for header in self.headers {
            write!(text, "{header}\r\n").unwrap();
        }
        text.push_str("\r\n");
        if !self.cut_behind.is_empty() {
            let start = text.find(self.cut_behind).unwrap();
            text.truncate(start + self.cut_behind.len());
        }
        text.into_bytes()
    }

    /// Returns it as it is captured in a frame.
    fn message(&self, number: u64) -> MessageBuf {
        let bytes = self.bytes();
        let [client, registrar] = [self.client, self.registrar].map(|text| text.parse().unwrap());
        let (src, dst) = if self.status > 0 {
            (registrar, client)
        } else {
            (client, registrar)
        };
        let frame = Frame {
            origin: Origin {
                input: 0,
                number,
                offset: 0,
            },
            ts: at(self.at),
            captured: 0,
            orig_len: 0,
            link: LinkType::ETHERNET,
            interface: 0,
        };
        MessageBuf {
            point: None,
            sightings: Vec::new(),
            ts: frame.ts,
            flow: Flow {
                src,
                dst,
                transport: self.transport,
            },
            encapsulation: Encapsulation::NONE,
            trace: None,
            completed_by: frame,
            frames: vec![frame],
            head: Head::parse(&bytes, Framing::Datagram).unwrap(),
            bytes,
        }
    }
}

fn at(seconds: f64) -> Timestamp {
    Timestamp::from_nanos((seconds * 1000.0).round() as i64 * 1_000_000)
}

/// What was told, a line each.
#[derive(Default)]
struct Told {
    events: Vec<String>,
    /// How long what each event is of has lasted, in seconds.
    durations: Vec<Option<f64>>,
    bindings: Vec<String>,
}

fn seconds(ts: Option<Timestamp>) -> String {
    ts.map_or_else(
        || "-".to_owned(),
        |ts| ((ts.nanos() / 1_000_000) as f64 / 1000.0).to_string(),
    )
}

/// Returns the user of a Contact, with its port if that is not 5060.
fn short(contact: &[u8]) -> String {
    let uri = crate::sip::uri::Uri::parse(contact);
    let user = String::from_utf8_lossy(uri.user.unwrap_or_default()).into_owned();
    match uri.port {
        Some(5060) | None => user,
        Some(port) => format!("{user}:{port}"),
    }
}

impl Observer for Told {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        let status = event
            .status
            .filter(|status| *status != 200)
            .map_or_else(String::new, |status| format!(" {status}"));
        // No frame tells of a deadline.
        let deadline = if event.origin.is_none() { "!" } else { "" };
        let line = format!(
            "{}{deadline} {} {}{status}",
            seconds(Some(event.ts)),
            event.kind,
            short(event.contact)
        );
        assert_eq!(event.method, b"REGISTER");
        let duration = event.duration.map(|nanos| nanos as f64 / 1e9);
        self.durations.push(duration);
        self.events.push(line);
        Ok(())
    }

    fn binding(&mut self, binding: Box<Binding>) -> Result<()> {
        let flags: Vec<&str> = binding.flags().names().collect();
        self.bindings.push(format!(
            "{} {} {} {} {} {}",
            short(binding.contact()),
            binding.state(),
            binding.end_reason().map_or("-", |reason| reason.name()),
            seconds(binding.registered()),
            seconds(binding.expires_at()),
            flags.join(",")
        ));
        Ok(())
    }
}

/// Returns what a tracker tells of a trace that ends at `end`.
fn run(options: &TrackOptions, end: f64, trace: &[Said<'_>]) -> Told {
    let mut tracker = Tracker::new(options.clone());
    let mut told = Told::default();
    let mut trace = trace.to_vec();
    trace.sort_by(|one, other| one.at.total_cmp(&other.at));
    for (number, said) in (1..).zip(&trace) {
        let message = said.message(number);
        tracker
            .message(&message.as_message(), false, &mut told)
            .unwrap();
    }
    tracker.finish(at(end), &mut told).unwrap();
    told
}

/// Asserts what is told of a trace: the events, and the bindings in the order in which they are over.
#[track_caller]
fn assert_told(told: &Told, events: &[&str], bindings: &[&str]) {
    assert_eq!(told.events, events, "{:#?}", told.bindings);
    assert_eq!(told.bindings, bindings);
}

/// The registration that most traces begin with: with a challenge, for 60 s from 0.3 s on.
fn registration(contact: &str) -> [Said<'_>; 4] {
    [
        register(0.0, 1, contact),
        Said {
            headers: &[CHALLENGE],
            ..response(0.1, 401, 1, "")
        },
        Said {
            headers: &[CREDENTIALS],
            ..register(0.2, 2, contact)
        },
        response(0.3, 200, 2, contact),
    ]
}

fn default() -> TrackOptions {
    TrackOptions::default()
}
