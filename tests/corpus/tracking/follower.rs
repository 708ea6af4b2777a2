//! Follows the messages of one capture beside the tracker and compares what it tells.

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
};

use sipcap::{
    capture::Origin,
    error::Result,
    pipeline::{Sink, Summary},
    report::{BindingRow, CallRow, List, ListFormat},
    sip::Message,
    time::Timestamp,
    track::{
        Binding, Call, Event, EventKind, Exchange, ExchangeOutcome, Flags, Observer, Outcome,
        Rules, SideCounters, State, TrackOptions, TrackStats, Tracker,
    },
};

use super::rows::{self, Faults};

/// After a leap of time deadlines wait for the next packet.
const LEAP: i64 = 3600 * 1_000_000_000;

/// A tracker, and who watches it.
pub(super) struct Follower {
    tracker: Tracker,
    watcher: Watcher,
    is_finished: bool,
}

/// What went into the tracker, and what came out of it so far.
struct Watcher {
    faults: Vec<String>,
    is_calltr: bool,
    /// Whether the end of the capture ends everything.
    is_ended: bool,
    /// The frame and the time of the message that is being followed; none at the end.
    now: Option<(Origin, Timestamp)>,
    latest: Timestamp,
    /// Whether no message so far was earlier than the one before it.
    is_in_order: bool,
    /// Whether the last message came so much later that deadlines may be told late.
    has_leapt: bool,
    last_event: Timestamp,
    /// When each Call-ID was first seen, and how often.
    call_ids: HashMap<Vec<u8>, (Timestamp, u64)>,
    /// The events of calls by their Call-IDs.
    told: HashMap<Vec<u8>, Vec<EventKind>>,
    calls: HashMap<Vec<u8>, Vec<Row>>,
    bindings: u64,
    exchanges: u64,
    exchange_messages: u64,
    call_rows: List,
    binding_rows: List,
}

/// What is kept of a call.
struct Row {
    episode: u32,
    from_tag: Vec<u8>,
    messages: u64,
    /// The event that has to have been told.
    due: Option<EventKind>,
    /// Whether an answer may follow a failure.
    may_succeed_late: bool,
}

impl Follower {
    pub(super) fn new(options: TrackOptions) -> Self {
        let list = || ListFormat::Json;
        Self {
            watcher: Watcher {
                faults: Vec::new(),
                is_calltr: options.rules == Rules::Calltr,
                is_ended: options.end_timeout.is_some(),
                now: None,
                latest: Timestamp::MIN,
                is_in_order: true,
                has_leapt: false,
                last_event: Timestamp::MIN,
                call_ids: HashMap::new(),
                told: HashMap::new(),
                calls: HashMap::new(),
                bindings: 0,
                exchanges: 0,
                exchange_messages: 0,
                call_rows: List::new::<CallRow<'_>>(list()).unwrap(),
                binding_rows: List::new::<BindingRow<'_>>(list()).unwrap(),
            },
            tracker: Tracker::new(options),
            is_finished: false,
        }
    }

    /// Returns what does not fit together.
    pub(super) fn faults(mut self, is_complete: bool) -> Vec<String> {
        if self.is_finished {
            self.watcher.finish(self.tracker.stats());
        } else if is_complete {
            self.watcher.fault("it never finished");
        }
        self.watcher.faults
    }
}

impl Sink for Follower {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        self.watcher.note(message);
        self.tracker.message(message, false, &mut self.watcher)?;
        Ok(ControlFlow::Continue(()))
    }

    fn finish(&mut self, summary: &Summary) -> Result<()> {
        self.watcher.now = None;
        let times = summary
            .inputs
            .iter()
            .filter_map(|input| input.times.as_ref());
        let end = times.map(|times| times.last).max();
        self.tracker
            .finish(end.unwrap_or(Timestamp::MIN), &mut self.watcher)?;
        self.is_finished = true;
        let (messages, stats) = (summary.messages, self.tracker.stats());
        if !self.watcher.is_calltr && stats.messages() != messages {
            let fault = format!("{messages} messages, but {stats:?}");
            self.watcher.fault(&fault);
        }
        if stats.unusable != summary.unusable {
            let fault = format!("{} unusable, but {stats:?}", summary.unusable);
            self.watcher.fault(&fault);
        }
        Ok(())
    }
}

impl Watcher {
    fn fault(&mut self, text: &str) {
        self.faults.push(text.to_owned());
    }

    /// Checks something, with a word about what and where it is.
    fn check(&mut self, about: String, check: impl FnOnce(&mut Faults)) {
        let mut faults = Faults {
            about,
            found: std::mem::take(&mut self.faults),
        };
        check(&mut faults);
        self.faults = faults.found;
    }

    /// Takes note of a message before the tracker gets it.
    fn note(&mut self, message: &Message<'_>) {
        self.is_in_order &= message.ts >= self.latest;
        // The last leap is over only when two packets in a row have told the same.
        let is_leap = self.latest != Timestamp::MIN && message.ts.since(self.latest) > LEAP;
        if self.has_leapt && !is_leap {
            self.last_event = Timestamp::MIN;
        }
        self.has_leapt =
            is_leap || (self.has_leapt && self.now.is_some_and(|(_, ts)| ts != self.latest));
        self.latest = self.latest.max(message.ts);
        self.now = Some((message.completed_by.origin, message.ts));
        let call_id = message.head.call_id.of(message.bytes);
        let (_, count) = self
            .call_ids
            .entry(call_id.to_vec())
            .or_insert((message.ts, 0));
        *count += 1;
    }

    fn finish(&mut self, stats: &TrackStats) {
        let (mut calls, mut messages) = (0, 0);
        for (call_id, rows) in std::mem::take(&mut self.calls) {
            let call_id_text = String::from_utf8_lossy(&call_id).into_owned();
            let mut episodes: Vec<u32> = rows.iter().map(|call| call.episode).collect();
            let of_call_id: u64 = rows.iter().map(|call| call.messages).sum();
            episodes.sort_unstable();
            episodes.dedup();
            let is_consecutive = episodes.iter().zip(1..).all(|(found, due)| *found == due);
            let keys: HashSet<_> = rows
                .iter()
                .map(|call| (call.episode, &call.from_tag))
                .collect();
            let seen = self.call_ids.get(&call_id).map_or(0, |(_, count)| *count);
            self.check(call_id_text, |faults| {
                faults.expect(is_consecutive, || format!("episodes {episodes:?}"));
                faults.expect(keys.len() == rows.len(), || {
                    format!("{} calls with {} keys", rows.len(), keys.len())
                });
                faults.expect(of_call_id <= seen, || {
                    format!("{seen} messages, but {of_call_id} in calls")
                });
            });
            self.check_events(&call_id, &rows);
            calls += rows.len() as u64;
            messages += of_call_id;
        }
        if !self.is_calltr {
            let of_no_call: Vec<_> = std::mem::take(&mut self.told).into_iter().collect();
            for (call_id, told) in of_no_call {
                let call_id = String::from_utf8_lossy(&call_id);
                self.fault(&format!("{call_id}: {told:?} of no call"));
            }
        }
        let (bindings, exchanges) = (self.bindings, self.exchanges);
        let (exchange_messages, is_calltr) = (self.exchange_messages, self.is_calltr);
        self.check("in all".to_owned(), |faults| {
            for (name, found, due) in [
                ("calls", calls, stats.calls),
                ("messages of calls", messages, stats.call_messages),
                ("exchanges", exchanges, stats.exchanges),
                (
                    "messages of exchanges",
                    exchange_messages,
                    stats.exchange_messages + stats.subscription_messages,
                ),
                ("bindings", bindings, stats.bindings),
            ] {
                faults.expect(is_calltr || found == due, || {
                    format!("{found} {name}, but {due} in the statistics")
                });
            }
        });
        self.check_rows();
    }

    /// Checks that rows are written in the order of their times and frames.
    fn check_rows(&mut self) {
        let empty = || List::new::<CallRow<'_>>(ListFormat::Json).unwrap();
        for (name, list) in [
            ("calls", std::mem::replace(&mut self.call_rows, empty())),
            (
                "bindings",
                std::mem::replace(&mut self.binding_rows, empty()),
            ),
        ] {
            let mut text = Vec::new();
            list.write(&mut text).unwrap();
            let row = |line: &str| -> (String, u64) {
                let row: serde_json::Value = serde_json::from_str(line).unwrap();
                let ts = row["ts"].as_str().unwrap().to_owned();
                (ts, row["frame"].as_u64().unwrap())
            };
            let text = String::from_utf8(text).unwrap();
            if !text.lines().map(row).is_sorted() {
                self.fault(&format!("the rows of {name} are not sorted"));
            }
        }
    }

    /// Checks what was told of the calls of a Call-ID. Events do not say of which episode they are.
    fn check_events(&mut self, call_id: &[u8], calls: &[Row]) {
        use EventKind as K;
        let told = self.told.remove(call_id).unwrap_or_default();
        let count = |kind| told.iter().filter(|known| **known == kind).count();
        let place = |kind| told.iter().position(|known| *known == kind);
        self.check(String::from_utf8_lossy(call_id).into_owned(), |faults| {
            for kind in [
                K::CallStart,
                K::CallAttempt,
                K::CallEnd,
                K::AuthFailed,
                K::CallRinging,
                K::CallRedirected,
            ] {
                let (found, most) = (count(kind), calls.len());
                faults.expect(found <= most, || {
                    format!("{kind} {found} times, {most} calls")
                });
                let least = calls.iter().filter(|call| call.due == Some(kind)).count();
                faults.expect(found >= least, || {
                    format!("{kind} {found} times, but {least} calls have it")
                });
            }
            let [call] = calls else {
                return;
            };
            let (start, end) = (place(K::CallStart), place(K::CallEnd));
            faults.expect(end.is_none() || start < end, || {
                "call-end before call-start".to_owned()
            });
            let is_failed = count(K::CallAttempt) > 0;
            let is_up = start.is_some() || end.is_some();
            faults.expect(!is_failed || !is_up || call.may_succeed_late, || {
                format!("{told:?} of one attempt")
            });
        });
    }
}

impl Row {
    fn new(call: &Call) -> Self {
        let flags = call.flags();
        // A BYE in an early dialog waits for what the INVITE leads to.
        let is_open = flags.contains(Flags::EVICTED)
            || (flags.contains(Flags::EARLY_BYE) && call.status().is_none());
        // Of an ACK alone it is told when its time is over.
        let is_ack_alone = call.status().is_none() && call.outcome() == Outcome::Failed;
        let due = match (call.state(), call.outcome()) {
            (State::Failed, Outcome::AuthFailed) => Some(EventKind::AuthFailed),
            (State::Failed, _) if !is_ack_alone => Some(EventKind::CallAttempt),
            (State::Ended, _) => Some(EventKind::CallEnd),
            _ => None,
        };
        Self {
            episode: call.episode(),
            from_tag: call.from_tag().to_ascii_lowercase(),
            messages: call.messages(),
            due: due.filter(|_| !is_open),
            may_succeed_late: call.attempts() > 1
                || flags.contains(Flags::LATE_ANSWER)
                || flags.contains(Flags::FORKED),
        }
    }
}

fn about(call: &Call) -> String {
    format!(
        "call in frame {} ({})",
        call.origin().number,
        String::from_utf8_lossy(call.call_id())
    )
}

impl Observer for Watcher {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        let frame = event.origin.map_or(0, |origin| origin.number);
        let (kind, ts) = (event.kind, event.ts);
        let call_id = event.call_id.to_vec();
        let known = self.call_ids.get(&call_id).map(|(first, _)| *first);
        let (now, last_event) = (self.now, self.last_event);
        let (is_in_order, has_leapt) = (self.is_in_order, self.has_leapt);
        self.check(
            format!("{kind} in frame {frame} at {}", ts.rfc3339().as_str()),
            |faults| {
                faults.expect(known.is_some(), || "of no message".to_owned());
                faults.expect(
                    known.is_none_or(|first| first <= ts) || !is_in_order,
                    || "before its first message".to_owned(),
                );
                if let (Some(origin), Some(now)) = (event.origin, now) {
                    faults.expect((origin, ts) == now, || {
                        "not of the message that comes in".to_owned()
                    });
                }
                faults.expect(event.origin.is_none() || now.is_some(), || {
                    "of a message, but at the end".to_owned()
                });
                faults.expect(ts >= last_event || !is_in_order || has_leapt, || {
                    format!("after an event at {}", last_event.rfc3339().as_str())
                });
                for (name, span) in [
                    ("pdd", event.post_dial_delay),
                    ("setup", event.setup_time),
                    ("ring", event.ring_time),
                    ("duration", event.duration),
                ] {
                    faults.expect(span.is_none_or(|span| span >= 0), || {
                        format!("{name} {span:?}")
                    });
                }
            },
        );
        self.last_event = self.last_event.max(ts);
        if event.method == b"INVITE" && kind != EventKind::ParseError {
            self.told.entry(call_id).or_default().push(kind);
        }
        Ok(())
    }

    fn call(&mut self, call: Box<Call>) -> Result<()> {
        let is_in_order = self.is_in_order;
        self.check(about(&call), |faults| {
            rows::call(&call, is_in_order, faults);
        });
        if self.is_ended && !call.flags().contains(Flags::EVICTED) {
            let outcome = call.outcome();
            self.check(about(&call), |faults| {
                faults.expect(outcome != Outcome::InProgress, || {
                    format!("{outcome} when all is over")
                });
            });
        }
        let of_call_id = self.calls.entry(call.call_id().to_vec()).or_default();
        of_call_id.push(Row::new(&call));
        self.call_rows.extend(vec![call], |rows, call| {
            rows.push(call.first_seen(), call.origin(), &CallRow::new(&call, ""))
        })?;
        Ok(())
    }

    fn binding(&mut self, binding: Box<Binding>) -> Result<()> {
        let is_in_order = self.is_in_order;
        let about = format!("binding in frame {}", binding.frame());
        let is_open = self.is_ended && binding.ended().is_none();
        self.check(about, |faults| {
            rows::binding(&binding, is_in_order, faults);
            let is_over = !is_open || binding.state().name() == "failed";
            faults.expect(is_over, || "there when all is over".to_owned());
        });
        // What is seen of no success is in no statistics.
        self.bindings += u64::from(binding.refreshed().is_some());
        let origin = Origin {
            input: binding.input(),
            number: binding.frame(),
            ..Origin::default()
        };
        self.binding_rows.extend(vec![binding], |rows, binding| {
            rows.push(binding.first_seen(), origin, &BindingRow::new(&binding, ""))
        })?;
        Ok(())
    }

    fn exchange(&mut self, exchange: &Exchange) -> Result<()> {
        let is_in_order = self.is_in_order;
        let about = format!("exchange in frame {}", exchange.origin().number);
        let is_open = self.is_ended && exchange.outcome() == ExchangeOutcome::Open;
        self.check(about, |faults| {
            rows::exchange(exchange, is_in_order, faults);
            faults.expect(!is_open, || "open when all is over".to_owned());
        });
        self.exchanges += 1;
        let sides = exchange.counters().iter();
        self.exchange_messages += sides.map(SideCounters::messages).sum::<u64>();
        Ok(())
    }
}
