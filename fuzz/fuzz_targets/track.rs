//! Octets as messages of a few callers, in any order and at any times: every message is counted once, tables keep to their
//! caps, and no row contradicts itself.
#![no_main]

use std::net::SocketAddr;

use libfuzzer_sys::fuzz_target;
use sipcap::{
    capture::{Frame, LinkType, Origin},
    error::Result,
    net::{Encapsulation, Flow, Transport},
    sip::{Framing, Head, Message},
    time::Timestamp,
    track::{Binding, Call, Event, Exchange, Observer, Rules, Timeouts, TrackOptions, Tracker},
};

#[path = "../../tests/corpus/tracking/rows.rs"]
mod rows;

const METHODS: [&str; 16] = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "REGISTER",
    "OPTIONS",
    "PRACK",
    "UPDATE",
    "INFO",
    "REFER",
    "SUBSCRIBE",
    "NOTIFY",
    "MESSAGE",
    "PUBLISH",
    "INVITE",
    "XYZ",
];

const STATUSES: [u16; 24] = [
    100, 180, 183, 199, 200, 200, 202, 302, 400, 401, 403, 404, 407, 408, 412, 422, 423, 480, 481,
    482, 486, 487, 503, 603,
];

const HEADERS: [&str; 16] = [
    "Contact: <sip:a@192.0.2.1>;expires=60\r\n",
    "Contact: <sip:a@192.0.2.2:5070>;expires=0;+sip.instance=\"<urn:uuid:1>\";reg-id=1\r\n",
    "Contact: *\r\n",
    "Expires: 0\r\n",
    "Expires: 3600\r\n",
    "Authorization: Digest username=\"a\",realm=\"r\",nonce=\"n\",response=\"x\",nc=1\r\n",
    "WWW-Authenticate: Digest realm=\"r\",nonce=\"n\"\r\n",
    "WWW-Authenticate: Digest realm=\"r\",nonce=\"m\",stale=true\r\n",
    "Session-Expires: 90\r\n",
    "Session-Expires: 4294967295\r\n",
    "Replaces: c1;to-tag=b;from-tag=a\r\n",
    "Reason: Q.850;cause=16, SIP;cause=200\r\n",
    "Event: dialog\r\nSubscription-State: active;expires=99\r\n",
    "Event: dialog\r\nSubscription-State: terminated;reason=timeout\r\n",
    "Min-Expires: 120\r\nRSeq: 7\r\nRequire: 100rel\r\n",
    "Path: <sip:p@192.0.2.9;lr>\r\nRefer-To: <sip:z@192.0.2.7>\r\n",
];

const TAGS: [&str; 4] = ["", "a", "b", "c"];

const ADDRESSES: [([u8; 4], u16); 4] = [
    ([192, 0, 2, 1], 5060),
    ([192, 0, 2, 2], 5060),
    ([192, 0, 2, 3], 5060),
    ([192, 0, 2, 3], 5070),
];

fuzz_target!(|data: &[u8]| {
    let [way, max, data @ ..] = data else {
        return;
    };
    let mut options = TrackOptions::default();
    if way & 1 != 0 {
        options.max_calls = 1 + usize::from(max & 7);
        options.max_bindings = 1 + usize::from(max >> 5);
    }
    if way & 2 != 0 {
        options.max_memory = usize::from(*max) << 6;
    }
    if way & 4 != 0 {
        options.end_timeout = Some(i64::MAX / 4);
    }
    if way & 8 != 0 {
        options.reg_del_delay = 10_000_000_000;
    }
    options.contact_ignore_port = way & 16 != 0;
    if way & 96 == 96 {
        options.rules = Rules::Calltr;
        options.timeouts = Timeouts::CALLTR;
    }
    let is_calltr = options.rules == Rules::Calltr;
    let (max_calls, is_ended) = (options.max_calls as u64, options.end_timeout.is_some());
    let mut tracker = Tracker::new(options);
    let mut watcher = Watcher {
        is_in_order: true,
        ..Watcher::default()
    };
    let (mut messages, mut now) = (0, 0_i64);
    for octets in data.chunks_exact(8) {
        let [what, ids, sequence, place, later, one, other, more] = *octets else {
            continue;
        };
        let later = later_by(later);
        watcher.is_in_order &= later >= 0;
        now += later;
        let bytes = text(what, ids, sequence, place, [one, other]);
        let Ok(head) = Head::parse(&bytes, Framing::Datagram) else {
            continue;
        };
        messages += 1;
        let ts = Timestamp::from_nanos(now);
        let frame = Frame {
            origin: Origin {
                number: messages,
                ..Origin::default()
            },
            ts,
            captured: 1,
            orig_len: 1,
            link: LinkType(1),
            interface: 0,
        };
        let message = Message {
            identity: None,
            point: None,
            ts,
            flow: flow(place),
            encapsulation: Encapsulation::default(),
            trace: None,
            completed_by: &frame,
            frames: &[frame],
            bytes: &bytes,
            head: &head,
        };
        tracker
            .message(&message, more & 1 != 0, &mut watcher)
            .unwrap();
        let open = tracker.stats().calls - watcher.calls * u64::from(!is_calltr);
        assert!(is_calltr || open <= max_calls);
    }
    tracker
        .finish(Timestamp::from_nanos(now), &mut watcher)
        .unwrap();
    let stats = tracker.stats();
    if !is_calltr {
        assert_eq!(stats.messages(), messages, "{stats:?}");
        assert_eq!(watcher.call_messages, stats.call_messages);
        let of_exchanges = stats.exchange_messages + stats.subscription_messages;
        assert_eq!(watcher.exchange_messages, of_exchanges);
        assert_eq!(
            [watcher.calls, watcher.exchanges, watcher.bindings],
            [stats.calls, stats.exchanges, stats.bindings]
        );
        assert!(!is_ended || watcher.open == 0, "open when all is over");
    }
});

/// Returns nanoseconds: mostly some, at times hours, and at times back.
fn later_by(octet: u8) -> i64 {
    let unit = [1_000_000, 100_000_000, 3_000_000_000, 100_000_000_000][usize::from(octet >> 6)];
    let sign = if octet & 63 == 63 { -1 } else { 1 };
    sign * unit * i64::from(octet & 63)
}

fn flow(place: u8) -> Flow {
    let address = |bits: u8| SocketAddr::from(ADDRESSES[usize::from(bits & 3)]);
    Flow {
        src: address(place),
        dst: address(place >> 2),
        transport: if place & 16 == 0 {
            Transport::Udp
        } else {
            Transport::Tcp
        },
    }
}

fn text(what: u8, ids: u8, sequence: u8, place: u8, headers: [u8; 2]) -> Vec<u8> {
    let method = METHODS[usize::from(what & 15)];
    let mut out = match what >> 4 {
        0..4 => format!("{method} sip:x{}@192.0.2.9 SIP/2.0\r\n", what >> 4 & 1),
        status => {
            let index = usize::from(status - 4) * 2 + usize::from(place >> 7);
            format!("SIP/2.0 {} R\r\n", STATUSES[index])
        }
    };
    let branch = sequence >> 4;
    for via in 0..=(place >> 5 & 1) {
        out += &format!("Via: SIP/2.0/UDP 192.0.2.{via};branch=z9hG4bK{branch}{via}\r\n");
    }
    let tag = |bits: u8| match TAGS[usize::from(bits & 3)] {
        "" => String::new(),
        tag => format!(";tag={tag}"),
    };
    out += &format!(
        "From: <sip:f@192.0.2.1>{}\r\nTo: <sip:t{}@192.0.2.2>{}\r\nCall-ID: c{}\r\nCSeq: {} {method}\r\n",
        tag(ids),
        place >> 6 & 1,
        tag(ids >> 2),
        ids >> 4 & 3,
        sequence & 15,
    );
    for header in headers {
        if header & 128 != 0 {
            out += HEADERS[usize::from(header & 15)];
        }
    }
    (out + "\r\n").into_bytes()
}

#[derive(Default)]
struct Watcher {
    is_in_order: bool,
    calls: u64,
    call_messages: u64,
    exchanges: u64,
    exchange_messages: u64,
    bindings: u64,
    /// How many were handed over whose end has not come.
    open: u64,
}

impl Watcher {
    fn check(&self, row: &dyn std::fmt::Debug, check: impl FnOnce(&mut rows::Faults)) {
        let mut faults = rows::Faults {
            about: String::new(),
            found: Vec::new(),
        };
        check(&mut faults);
        assert!(faults.found.is_empty(), "{:?} {row:#?}", faults.found);
    }
}

impl Observer for Watcher {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        let spans = [
            event.post_dial_delay,
            event.setup_time,
            event.ring_time,
            event.duration,
        ];
        let mut known = spans.into_iter().flatten();
        assert!(known.all(|span| span >= 0), "{event:?}");
        Ok(())
    }

    fn call(&mut self, call: Box<Call>) -> Result<()> {
        self.calls += 1;
        self.call_messages += call.messages();
        let is_evicted = call.flags().contains(sipcap::track::Flags::EVICTED);
        let is_open = call.outcome() == sipcap::track::Outcome::InProgress;
        self.open += u64::from(is_open && !is_evicted);
        self.check(&call, |faults| rows::call(&call, self.is_in_order, faults));
        Ok(())
    }

    fn binding(&mut self, binding: Box<Binding>) -> Result<()> {
        self.bindings += u64::from(binding.refreshed().is_some());
        self.check(&binding, |faults| {
            rows::binding(&binding, self.is_in_order, faults);
        });
        Ok(())
    }

    fn exchange(&mut self, exchange: &Exchange) -> Result<()> {
        self.exchanges += 1;
        let sides = exchange.counters().iter();
        self.exchange_messages += sides.map(|side| side.messages()).sum::<u64>();
        self.check(exchange, |faults| {
            rows::exchange(exchange, self.is_in_order, faults);
        });
        Ok(())
    }
}
