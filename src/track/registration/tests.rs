//! Traces with the events and bindings that follow from them, worked out by hand.

use std::fmt::Write as _;

use crate::{
    capture::{Frame, LinkType, Origin},
    error::Result,
    net::{Encapsulation, Flow, Transport},
    sip::{Framing, Head, Message},
    time::Timestamp,
    track::{Binding, Event, Observer, TrackOptions, Tracker, timeouts::SECOND},
};

const CLIENT: &str = "192.0.2.10:5060";
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
        (text + "\r\n").into_bytes()
    }
}

fn at(seconds: f64) -> Timestamp {
    Timestamp::from_nanos((seconds * 1000.0).round() as i64 * 1_000_000)
}

/// What was told, a line each.
#[derive(Default)]
struct Told {
    events: Vec<String>,
    bindings: Vec<String>,
}

fn seconds(ts: Option<Timestamp>) -> String {
    ts.map_or_else(
        || "-".to_owned(),
        |ts| (ts.nanos() as f64 / SECOND as f64).to_string(),
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
        self.events.push(line);
        Ok(())
    }

    fn binding(&mut self, binding: &Binding) -> Result<()> {
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
        let bytes = said.bytes();
        let head = Head::parse(&bytes, Framing::Datagram).unwrap();
        let [client, registrar] = [said.client, said.registrar].map(|text| text.parse().unwrap());
        let (src, dst) = if said.status > 0 {
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
            ts: at(said.at),
            captured: 0,
            orig_len: 0,
            link: LinkType::ETHERNET,
            interface: 0,
        };
        let message = Message {
            ts: frame.ts,
            flow: Flow {
                src,
                dst,
                transport: said.transport,
            },
            encapsulation: Encapsulation::NONE,
            completed_by: &frame,
            frames: &[],
            bytes: &bytes,
            head: &head,
        };
        tracker.message(&message, false, &mut told).unwrap();
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

#[test]
fn trace_1_a_challenge_and_a_refresh() {
    let c1 = expiring(C1, 60);
    let mut trace = registration(&c1).to_vec();
    trace.extend([register(55.0, 3, &c1), response(55.1, 200, 3, &c1)]);
    let told = run(&default(), 60.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "55.1 reg-refresh c1"],
        &["c1 active - 0.3 115.1 "],
    );
}

#[test]
fn trace_2_no_refresh() {
    let c1 = expiring(C1, 60);
    let told = run(&default(), 100.0, &registration(&c1));
    assert_told(
        &told,
        &["0.3 reg-new c1", "90.3! reg-expired c1"],
        &["c1 expired expired 0.3 60.3 "],
    );
    // At the very end it has passed; within the grace, only the time of the registrar has.
    let told = run(&default(), 90.3, &registration(&c1));
    assert_eq!(told.events.len(), 2);
    let told = run(&default(), 90.29, &registration(&c1));
    assert_told(
        &told,
        &["0.3 reg-new c1"],
        &["c1 expired expired 0.3 60.3 "],
    );
    let told = run(&default(), 60.29, &registration(&c1));
    assert_eq!(told.bindings, ["c1 active - 0.3 60.3 "]);
}

#[test]
fn trace_3_a_late_refresh() {
    let c1 = expiring(C1, 60);
    let mut trace = registration(&c1).to_vec();
    trace.extend([register(74.9, 3, &c1), response(75.0, 200, 3, &c1)]);
    let told = run(&default(), 80.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "75 reg-refresh c1"],
        &["c1 active - 0.3 135 late-refresh"],
    );
}

#[test]
fn trace_4_a_removal() {
    let (c1, none) = (expiring(C1, 60), expiring(C1, 0));
    let mut trace = registration(&c1).to_vec();
    trace.extend([register(10.0, 3, &none), response(10.1, 200, 3, "")]);
    let told = run(&default(), 200.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "10.1 reg-del c1"],
        &["c1 removed client 0.3 60.3 "],
    );
}

#[test]
fn trace_5_a_star() {
    let both = format!("{C1};expires=60, {C2};expires=60");
    let trace = [
        register(0.2, 1, &both),
        response(0.3, 200, 1, &both),
        Said {
            headers: &["Expires: 0"],
            ..register(10.0, 2, "*")
        },
        response(10.1, 200, 2, ""),
    ];
    let told = run(&default(), 200.0, &trace);
    assert_told(
        &told,
        &[
            "0.3 reg-new c1",
            "0.3 reg-new c2",
            "10.1 reg-del c1",
            "10.1 reg-del c2",
        ],
        &["c1 removed star 0.3 60.3 ", "c2 removed star 0.3 60.3 "],
    );
}

#[test]
fn trace_6_a_removal_that_is_held_back() {
    let (c1, none) = (expiring(C1, 60), expiring(C1, 0));
    let mut trace = registration(&c1).to_vec();
    trace.extend([register(10.0, 3, &none), response(10.1, 200, 3, "")]);
    let options = TrackOptions {
        reg_del_delay: 5 * SECOND,
        ..default()
    };
    let told = run(&options, 20.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "15.1! reg-del c1"],
        &["c1 removed client 0.3 60.3 "],
    );
    trace.extend([register(11.0, 4, &c1), response(11.1, 200, 4, &c1)]);
    let told = run(&options, 200.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "101.1! reg-expired c1"],
        &["c1 expired expired 0.3 71.1 "],
    );
}

#[test]
fn trace_7_a_fetch() {
    let both = format!("{C1};expires=60, {C2};expires=90");
    let trace = [register(0.0, 1, ""), response(0.1, 200, 1, &both)];
    let told = run(&default(), 70.0, &trace);
    assert_told(
        &told,
        &[],
        &[
            "c1 expired expired - 60.1 learned",
            "c2 learned - - 90.1 learned",
        ],
    );
}

#[test]
fn trace_8_a_contact_that_is_not_accepted() {
    let (c1, c2) = (expiring(C1, 60), expiring(C2, 60));
    let trace = [register(0.0, 1, &c1), response(0.1, 200, 1, &c2)];
    let told = run(&default(), 10.0, &trace);
    assert_told(
        &told,
        &["0.1 reg-failed c1"],
        &["c1 failed - - - ", "c2 learned - - 60.1 learned"],
    );
}

#[test]
fn trace_9_another_call_id() {
    let c1 = expiring(C1, 60);
    let mut trace = registration(&c1).to_vec();
    trace.extend([
        Said {
            call_id: "y",
            ..register(40.0, 1, &c1)
        },
        Said {
            call_id: "y",
            ..response(40.1, 200, 1, &c1)
        },
    ]);
    let told = run(&default(), 60.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "40.1 reg-refresh c1"],
        &["c1 active - 0.3 100.1 call-id-changed"],
    );
}

#[test]
fn trace_10_another_port() {
    let first = expiring("<sip:c1@192.0.2.10:5060>", 60);
    let second = expiring("<sip:c1@192.0.2.10:5062>", 60);
    let both = format!("{first}, {second}");
    let mut trace = registration(&first).to_vec();
    trace.extend([register(20.0, 3, &second), response(20.1, 200, 3, &both)]);
    let told = run(&default(), 79.0, &trace);
    // The registrar says that the first has 60 s left, too: 80.1 s.
    assert_told(
        &told,
        &["0.3 reg-new c1", "20.1 reg-new c1:5062"],
        &["c1 superseded - 0.3 80.1 ", "c1:5062 active - 20.1 80.1 "],
    );
    let both = format!("{C1};expires=40, {second}");
    trace.pop();
    trace.push(response(20.1, 200, 3, &both));
    let told = run(&default(), 100.0, &trace);
    assert_told(
        &told,
        &[
            "0.3 reg-new c1",
            "20.1 reg-new c1:5062",
            "90.3! reg-expired c1",
        ],
        &[
            "c1 superseded superseded 0.3 60.3 ",
            "c1:5062 expired expired 20.1 80.1 ",
        ],
    );
    let options = TrackOptions {
        contact_ignore_port: true,
        ..default()
    };
    trace.pop();
    trace.push(response(20.1, 200, 3, &second));
    let told = run(&options, 79.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "20.1 reg-refresh c1:5062"],
        &["c1:5062 active - 0.3 80.1 "],
    );
}

#[test]
fn trace_11_too_brief() {
    let (brief, long) = (expiring(C1, 60), expiring(C1, 300));
    let mut trace = vec![
        register(0.0, 1, &brief),
        Said {
            headers: &["Min-Expires: 300"],
            ..response(0.1, 423, 1, "")
        },
    ];
    let told = run(&default(), 60.0, &trace);
    assert_told(&told, &["32.1! reg-failed c1 423"], &["c1 failed - - - "]);
    trace.extend([register(0.2, 2, &long), response(0.3, 200, 2, &long)]);
    let told = run(&default(), 60.0, &trace);
    assert_told(&told, &["0.3 reg-new c1"], &["c1 active - 0.3 300.3 "]);
}

#[test]
fn trace_12_credentials_that_are_refused() {
    let c1 = expiring(C1, 60);
    let mut trace = registration(&c1).to_vec();
    trace[3] = Said {
        headers: &[CHALLENGE],
        ..response(0.3, 401, 2, "")
    };
    let told = run(&default(), 60.0, &trace);
    assert_told(
        &told,
        &["0.3 auth-failed c1 401", "0.3 reg-failed c1 401"],
        &["c1 failed - - - "],
    );
}

#[test]
fn trace_13_less_than_was_asked_for() {
    let (long, short) = (expiring(C1, 7200), expiring(C1, 3600));
    let trace = [register(0.0, 1, &long), response(0.1, 200, 1, &short)];
    let told = run(&default(), 4000.0, &trace);
    assert_told(
        &told,
        &["0.1 reg-new c1", "3630.1! reg-expired c1"],
        &["c1 expired expired 0.1 3600.1 "],
    );
}

#[test]
fn trace_14_a_response_alone() {
    let c1 = expiring(C1, 100);
    let told = run(&default(), 50.0, &[response(0.0, 200, 1, &c1)]);
    assert_told(&told, &[], &["c1 learned - - 100 learned"]);
}

#[test]
fn trace_15_two_contacts() {
    let both = format!("{C1};expires=60, {C2};expires=120");
    let trace = [register(0.0, 1, &both), response(0.1, 200, 1, &both)];
    let told = run(&default(), 50.0, &trace);
    assert_told(
        &told,
        &["0.1 reg-new c1", "0.1 reg-new c2"],
        &["c1 active - 0.1 60.1 ", "c2 active - 0.1 120.1 "],
    );
}
