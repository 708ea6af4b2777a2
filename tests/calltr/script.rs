//! Who says what and when, in a few words, and what the tracker tells of it.
//!
//! A script has a line for each message: seconds, `>` from the caller or `<` from the callee, what is said, and what is
//! special about it.
//!
//! ```text
//! 0.0 > INVITE 1
//! 1.1 < 180 to=b
//! 5.0 > BYE 2 to=b
//! 5.1 < 200
//! ```
//!
//! A request has its number in CSeq. The caller's From tag is `a`; the callee's is `b`, and its To tag `a`. A response is to
//! the last request of the other side, but for what it says itself: `cseq=1`, `of=CANCEL`. Others are `id=` (Call-ID), `from=`
//! and `to=` (tags), `contact=` (a name for `<sip:NAME@192.0.2.9>` with what follows it, or `*`), `expires=`, `user=` (the one
//! that is registered), `pai=` and `agent=`. A line with `!` sets an option of the tracker; `! end 20` ends the capture then.
//! Without that it goes on until every deadline has come.

use std::{collections::BTreeMap, fmt, net::SocketAddr};

use sipcap::{
    capture::{Frame, LinkType, Origin},
    error::Result,
    net::{Encapsulation, Flow, Transport},
    sip::{Framing, Head, Message},
    time::Timestamp,
    track::{
        Event, EventKind, Flags, Observer, Outcome, Rules, Side, SideCounters, Timeouts,
        TrackOptions, TrackStats, Tracker,
    },
};

pub(crate) const SECOND: i64 = 1_000_000_000;

/// What was told, as far as the tests look at it.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) ts: Timestamp,
    pub(crate) kind: EventKind,
    pub(crate) frame: Option<u64>,
    pub(crate) status: Option<u16>,
    pub(crate) reason: String,
    pub(crate) call_id: String,
    pub(crate) tags: (String, String),
    pub(crate) method: String,
    pub(crate) caller: (String, SocketAddr, String),
    pub(crate) callee: (String, SocketAddr, String),
    pub(crate) contact: String,
    pub(crate) identities: [String; 2],
    pub(crate) outcome: Option<Outcome>,
    pub(crate) side: Option<Side>,
    /// Post-dial delay, ring time and duration.
    pub(crate) times: [Option<i64>; 3],
    pub(crate) aor: String,
    pub(crate) expires: Option<u32>,
    pub(crate) counters: [SideCounters; 2],
    pub(crate) flags: Flags,
}

impl fmt::Display for Told {
    /// Writes time, event and status, and the Contact of a binding.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.ts.nanos() / 1_000_000;
        assert_eq!(millis * 1_000_000, self.ts.nanos(), "scripts are in ms");
        write!(f, "{} {} ", millis as f64 / 1000.0, self.kind)?;
        match self.status {
            Some(status) => write!(f, "{status}")?,
            None => f.write_str("-")?,
        }
        if self.kind.name().starts_with("reg-") {
            write!(f, " {}", self.contact)?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Record(Vec<Told>);

impl Observer for Record {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
        self.0.push(Told {
            ts: event.ts,
            kind: event.kind,
            frame: event.origin.map(|origin| origin.number),
            status: event.status,
            reason: text(event.reason),
            call_id: text(event.call_id),
            tags: (text(event.from_tag), text(event.to_tag)),
            method: text(event.method),
            caller: (
                text(event.caller.uri),
                event.caller.address.unwrap(),
                text(event.caller.user_agent),
            ),
            callee: (
                text(event.callee.uri),
                event.callee.address.unwrap(),
                text(event.callee.user_agent),
            ),
            contact: text(event.contact)
                .trim_start_matches("sip:")
                .trim_end_matches("@192.0.2.9")
                .to_owned(),
            identities: event.asserted_identities.map(text),
            outcome: event.outcome,
            side: event.side,
            times: [event.post_dial_delay, event.ring_time, event.duration],
            aor: text(event.aor),
            expires: event.expires,
            counters: event.counters,
            flags: event.flags,
        });
        Ok(())
    }
}

/// The last request of one side.
#[derive(Clone, Debug)]
struct Asked {
    method: String,
    cseq: String,
    tags: [String; 2],
    call_id: String,
    user: String,
}

/// A script, read.
pub(crate) struct Script {
    messages: Vec<(Timestamp, bool, Vec<u8>)>,
    pub(crate) options: TrackOptions,
    end: Timestamp,
    asked: [Asked; 2],
}

impl Script {
    pub(crate) fn parse(text: &str) -> Self {
        let asked = |tags: [&str; 2]| Asked {
            method: "INVITE".to_owned(),
            cseq: "1".to_owned(),
            tags: tags.map(str::to_owned),
            call_id: "x".to_owned(),
            user: "alice".to_owned(),
        };
        let mut script = Self {
            messages: Vec::new(),
            options: TrackOptions {
                rules: Rules::Calltr,
                timeouts: Timeouts::CALLTR,
                ..TrackOptions::default()
            },
            end: Timestamp::from_nanos(1_000_000 * SECOND),
            asked: [asked(["a", ""]), asked(["b", "a"])],
        };
        let lines = text.lines().flat_map(|line| line.split("; "));
        for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["!", name] => script.set(name, "1"),
                ["!", name, value] => script.set(name, value),
                [time, side, what, ref rest @ ..] => {
                    script.say(at(time), side == ">", what, rest);
                }
                _ => panic!("{line}"),
            }
        }
        script
    }

    fn set(&mut self, name: &str, value: &str) {
        let options = &mut self.options;
        let number: i64 = value.parse().unwrap();
        match name {
            "end" => self.end = at(value),
            "end_timeout" => options.end_timeout = Some(number * SECOND),
            "reg_expiry_grace" => options.reg_expiry_grace = number * SECOND,
            "reg_del_delay" => options.reg_del_delay = number * SECOND,
            "contact_ignore_port" => options.contact_ignore_port = true,
            "max_calls" => options.max_calls = number as usize,
            "max_memory" => options.max_memory = number as usize,
            state => options.timeouts.set(state, number * SECOND).unwrap(),
        }
    }

    fn say(&mut self, ts: Timestamp, is_by_caller: bool, what: &str, rest: &[&str]) {
        let words: BTreeMap<&str, &str> = rest
            .iter()
            .filter_map(|word| word.split_once('='))
            .collect();
        let is_response = what.parse::<u16>().is_ok();
        let asker = usize::from(is_by_caller == is_response);
        let mut asked = self.asked[asker].clone();
        if !is_response {
            what.clone_into(&mut asked.method);
            rest[0].clone_into(&mut asked.cseq);
            asked.tags = [["a", ""], ["b", "a"]][asker].map(str::to_owned);
        }
        for (name, value) in &words {
            let place = match *name {
                "cseq" => &mut asked.cseq,
                "of" => &mut asked.method,
                "from" => &mut asked.tags[0],
                "to" => &mut asked.tags[1],
                "id" => &mut asked.call_id,
                "user" => &mut asked.user,
                _ => continue,
            };
            (*value).clone_into(place);
        }
        if !is_response {
            self.asked[asker] = asked.clone();
        }
        let bytes = octets(what, is_response, asker, &asked, rest);
        self.messages.push((ts, is_by_caller, bytes));
    }

    /// Returns what is told.
    pub(crate) fn run(&self) -> Vec<Told> {
        self.run_with_stats().0
    }

    /// Returns what is told, and the counts of the tracker.
    pub(crate) fn run_with_stats(&self) -> (Vec<Told>, TrackStats) {
        let mut tracker = Tracker::new(self.options.clone());
        let mut record = Record::default();
        for (index, (ts, is_by_caller, bytes)) in self.messages.iter().enumerate() {
            let head = Head::parse(bytes, Framing::Datagram).unwrap();
            head.usable().unwrap();
            let frame = Frame {
                origin: Origin {
                    input: 0,
                    number: index as u64 + 1,
                    offset: 0,
                },
                ts: *ts,
                captured: 0,
                orig_len: 0,
                link: LinkType(1),
                interface: 0,
            };
            let [caller, callee] = ["192.0.2.1:5060", "192.0.2.2:5060"];
            let (src, dst) = if *is_by_caller {
                (caller, callee)
            } else {
                (callee, caller)
            };
            let message = Message {
                identity: None,
                point: None,
                ts: *ts,
                flow: Flow {
                    src: src.parse().unwrap(),
                    dst: dst.parse().unwrap(),
                    transport: Transport::Udp,
                },
                encapsulation: Encapsulation::default(),
                trace: None,
                completed_by: &frame,
                frames: &[frame],
                bytes,
                head: &head,
            };
            tracker.message(&message, false, &mut record).unwrap();
        }
        tracker.finish(self.end, &mut record).unwrap();
        (record.0, *tracker.stats())
    }
}

/// Returns the message in full.
fn octets(what: &str, is_response: bool, asker: usize, asked: &Asked, rest: &[&str]) -> Vec<u8> {
    let Asked {
        method,
        cseq,
        tags,
        call_id,
        user,
    } = asked;
    let start = if is_response {
        format!("SIP/2.0 {what} Because")
    } else {
        format!("{what} sip:bob@192.0.2.2 SIP/2.0")
    };
    let mut users = [user.as_str(), "bob"];
    if method == "REGISTER" {
        users[1] = user;
    }
    if asker == 1 {
        users.reverse();
    }
    let tag = |tag: &str| match tag {
        "" => String::new(),
        tag => format!(";tag={tag}"),
    };
    let (from, to) = (tag(&tags[0]), tag(&tags[1]));
    let mut text = format!(
        "{start}\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK{cseq}{method}\r\n\
         From: <sip:{}@example.com>{from}\r\nTo: <sip:{}@example.com>{to}\r\n\
         Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n",
        users[0], users[1]
    );
    for (name, value) in rest.iter().filter_map(|word| word.split_once('=')) {
        let header = match name {
            "contact" => format!("Contact: {}", contact(value)),
            "expires" => format!("Expires: {value}"),
            "pai" => format!("P-Asserted-Identity: {value}"),
            "agent" => format!("User-Agent: {value}"),
            _ => continue,
        };
        text.push_str(&header);
        text.push_str("\r\n");
    }
    text.push_str("Content-Length: 0\r\n\r\n");
    text.into_bytes()
}

/// Writes out `NAME:PORT;parameters`.
fn contact(short: &str) -> String {
    if short == "*" {
        return short.to_owned();
    }
    let (address, params) = short.split_once(';').unwrap_or((short, ""));
    let (name, port) = address.split_once(':').unwrap_or((address, ""));
    let colon = if port.is_empty() { "" } else { ":" };
    let semicolon = if params.is_empty() { "" } else { ";" };
    format!("<sip:{name}@192.0.2.9{colon}{port}>{semicolon}{params}")
}

/// Returns the moment that is so many seconds after the beginning.
fn at(seconds: &str) -> Timestamp {
    let seconds: f64 = seconds.parse().unwrap();
    Timestamp::from_nanos((seconds * 1000.0).round() as i64 * 1_000_000)
}
