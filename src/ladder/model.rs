//! What a ladder shows.

use std::{borrow::Cow, net::IpAddr};

use crate::{
    ladder::{NameBook, arrows, lanes::Lanes, notes, phases, show},
    sip::{MessageBuf, Method},
    time::Timestamp,
    track::{Call, Interests, Observer, TrackOptions, Tracker},
};

/// How a ladder is made.
#[derive(Clone, Debug)]
pub struct LadderOptions {
    /// Whether an endpoint is an address and a port as captured, also those of connections that were only just opened.
    pub strict_addresses: bool,
    /// What addresses are called.
    pub names: NameBook,
    /// Whether there may be more messages of the calls than these, so that nothing can be said of calls.
    pub is_partial: bool,
    /// When the capture ends: what is open then has not timed out.
    pub end: Timestamp,
}

impl Default for LadderOptions {
    fn default() -> Self {
        Self {
            strict_addresses: false,
            names: NameBook::default(),
            is_partial: false,
            end: Timestamp::MIN,
        }
    }
}

/// The messages of one call, or of what else belongs together.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    /// Who called whom, or who asked whom for what.
    pub title: String,
    /// How it went.
    pub verdict: Option<Verdict>,
    /// What else is worth knowing of all of it.
    pub facts: Vec<Fact>,
    /// The Call-IDs, in the order in which they appeared.
    pub legs: Vec<String>,
    /// Who takes part, from left to right.
    pub lanes: Vec<Lane>,
    /// The messages in the order of the capture.
    pub arrows: Vec<Arrow>,
    /// The parts of the call.
    pub phases: Vec<Phase>,
    /// Media between endpoints.
    pub streams: Vec<MediaBar>,
    /// Remarks.
    pub notes: Vec<Note>,
}

/// How a call went, in a word or two.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verdict {
    /// The words.
    pub text: String,
    /// Whether that is good.
    pub tone: Tone,
}

/// Whether something is as it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tone {
    /// It is.
    Good,
    /// Neither nor.
    Neutral,
    /// It is not.
    Bad,
}

/// A fact with its name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fact {
    /// What it is.
    pub name: Cow<'static, str>,
    /// What is known.
    pub value: String,
}

/// An endpoint.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Lane {
    /// What it is called; the address when nothing better is known.
    pub name: String,
    /// Its address; empty when it is the name.
    pub address: String,
    /// What it says that it is: User-Agent or Server.
    pub agent: String,
    /// The addresses that media of it may come from.
    pub ips: Vec<IpAddr>,
}

/// What a message is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A request.
    Request,
    /// A response with this status code; 0 when it has none.
    Response(u16),
}

/// A message that came again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Retransmission {
    /// The arrow of the first one.
    pub of: usize,
    /// The how-manieth copy it is, from 1 on.
    pub number: u32,
    /// Nanoseconds since the first one.
    pub after: i64,
}

/// A message.
#[derive(Clone, Debug)]
pub struct Arrow {
    /// When it was captured.
    pub ts: Timestamp,
    /// The lane of the sender.
    pub from: usize,
    /// The lane of the receiver; that of the sender when it sends to itself.
    pub to: usize,
    /// What it is.
    pub kind: Kind,
    /// The method, for a response that in CSeq.
    pub method: String,
    /// Method and whom it is for, or status code and reason phrase.
    pub label: String,
    /// What else is to be told in the line: `SDP`, `hold` and so on.
    pub tags: Vec<Cow<'static, str>>,
    /// What stands below the line: the session description in short, or what the method is about.
    pub detail: String,
    /// Which transaction it is of: those of one request at all hops have one number.
    pub transaction: usize,
    /// Which of the Call-IDs it has.
    pub leg: usize,
    /// What it repeats.
    pub retransmission: Option<Retransmission>,
    /// Whether it asks for credentials or has some.
    pub is_secured: bool,
    /// Whether its request is one within a dialog, about something that is repeated without much news.
    pub is_routine: bool,
    /// Transport, size, frame and file, as one line.
    pub source: String,
    /// The whole message, with line feeds.
    pub text: String,
}

/// A part of a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Phase {
    /// What goes on.
    pub name: &'static str,
    /// When it begins.
    pub begin: Timestamp,
    /// When it ends.
    pub end: Timestamp,
}

/// Media from one endpoint to another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MediaBar {
    /// When the first packet was captured.
    pub ts: Timestamp,
    /// When the last one was.
    pub end: Timestamp,
    /// The lane of the sender.
    pub from: usize,
    /// The lane of the receiver; that of the sender when they cannot be told apart.
    pub to: usize,
    /// What is known of the stream: codec, packets, loss and for how long.
    pub label: String,
    /// How many packets there were.
    pub packets: u64,
    /// Whether so many are missing that it can be heard: one in a hundred or more.
    pub is_lossy: bool,
    /// All that is known of it, a fact in each line.
    pub facts: String,
}

/// A remark.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    /// The arrow that it stands behind; `None` before all of them.
    pub after: Option<usize>,
    /// The words.
    pub text: String,
    /// Whether something is wrong.
    pub tone: Tone,
}

impl Ladder {
    /// Returns the ladder of `messages`, which are in the order of the capture.
    #[must_use]
    pub fn new(messages: &[MessageBuf], options: &LadderOptions) -> Self {
        let mut lanes = Lanes::new(messages, options);
        let mut legs = Vec::new();
        let arrows = arrows::arrows(messages, &mut lanes, &mut legs);
        let calls = if options.is_partial {
            Vec::new()
        } else {
            calls(messages, options.end)
        };
        let mut ladder = Self {
            lanes: lanes.finish(messages, &arrows, &options.names),
            arrows,
            legs,
            ..Self::default()
        };
        ladder.phases = calls.first().map(phases::phases).unwrap_or_default();
        ladder.notes = notes::notes(messages, &ladder, &calls);
        phases::describe(&mut ladder, messages, &calls);
        ladder
    }

    /// Adds a remark about something that was captured at a time.
    pub fn add_note(&mut self, ts: Timestamp, text: &str, tone: Tone) {
        let note = Note {
            after: self.arrows.iter().rposition(|arrow| arrow.ts <= ts),
            text: show::line(text.as_bytes()),
            tone,
        };
        let at = self
            .notes
            .partition_point(|known| known.after <= note.after);
        self.notes.insert(at, note);
    }
}

/// Puts messages into the order of the capture: what comes out of a stream may be held back until the stream is understood.
///
/// That is the order of the frames. Several captures, and several interfaces of one, are written each for itself: there the
/// times tell.
pub fn put_in_order(messages: &mut [MessageBuf]) {
    let place = |message: &MessageBuf| {
        let frame = &message.completed_by;
        (frame.origin.input, frame.interface)
    };
    let first = messages.first().map(place);
    // Agents tell of a message sooner or later; they say when it was.
    let is_told = messages.iter().any(|message| message.trace.is_some());
    if !is_told && messages.iter().all(|message| Some(place(message)) == first) {
        messages.sort_by_key(|message| message.completed_by.origin.number);
    } else {
        messages.sort_by_key(|message| message.ts);
    }
}

/// Returns the calls that messages are of, in the order in which they began.
fn calls(messages: &[MessageBuf], end: Timestamp) -> Vec<Call> {
    struct Calls(Vec<Call>);

    impl Observer for Calls {
        fn interests(&self) -> Interests {
            Interests::CALLS
        }

        fn call(&mut self, call: Box<Call>) -> crate::error::Result<()> {
            self.0.push(*call);
            Ok(())
        }
    }

    let has_calls = |message: &MessageBuf| {
        let cseq = message.head.cseq;
        cseq.is_some_and(|cseq| matches!(cseq.method, Method::Invite | Method::Bye))
    };
    let mut calls = Calls(Vec::new());
    if messages.iter().any(has_calls) {
        let mut tracker = Tracker::new(TrackOptions::default());
        // The observer never fails, so the tracker does not either.
        for message in messages {
            let _ = tracker.message(&message.as_message(), false, &mut calls);
        }
        // The capture does not end before its last message.
        let last = messages.last().map_or(Timestamp::MIN, |last| last.ts);
        // What an agent tells is later than what it tells of, by years if it was recorded.
        let behind = messages
            .last()
            .map_or(0, |last| last.completed_by.ts.since(last.ts));
        let end = end.plus(behind.saturating_neg());
        let _ = tracker.finish(end.max(last), &mut calls);
    }
    calls.0.sort_by_key(Call::number);
    calls.0
}
