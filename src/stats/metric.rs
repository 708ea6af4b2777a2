//! What can be told: a row for each metric, by which all outputs go.

use crate::{
    stats::{Definitions, Figure, Kpis, Level, Reading, Samples, Seconds},
    time::Timestamp,
};

/// Figures of a group in a stretch of time, with what is needed to read them.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What was counted.
    pub kpis: &'a Kpis,
    /// From when to when.
    pub span: (Timestamp, Timestamp),
    /// When the calls of the group began, be it in this stretch of time or not.
    pub starts: &'a Seconds,
    /// When the stretch of time begins and ends by the clock, captured or not; none for all of it.
    pub bucket: Option<(Timestamp, Timestamp)>,
    /// How figures are defined.
    pub definitions: Definitions,
    /// The calls that were up in that time.
    pub calls_up: Level,
    /// The bindings that were there in that time.
    pub bindings_up: Level,
    /// The bindings that were there at its end.
    pub bindings_left: u64,
    /// What the capture lacks.
    pub doubts: Doubts,
}

/// What a capture lacks, so that some figures are not what they seem.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Doubts {
    /// One direction of much is missing.
    pub is_one_way: bool,
    /// Packets are missing.
    pub is_lossy: bool,
}

/// What a metric cannot do without.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Needs {
    Nothing,
    /// Both directions.
    BothWays,
    /// All packets.
    AllPackets,
}

/// Which way a metric gets better.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Better {
    /// More is better.
    More,
    /// Less is better.
    Less,
    /// It depends.
    Either,
}

/// Nothing was counted.
static NOTHING: std::sync::LazyLock<Kpis> = std::sync::LazyLock::new(Kpis::default);

impl View<'_> {
    /// Returns how long it is, in nanoseconds.
    #[must_use]
    pub fn length(&self) -> u128 {
        let length = self.span.1.since(self.span.0);
        u128::try_from(length).unwrap_or_default()
    }

    /// Returns the most calls that began in so many seconds one after the other; none in what is shorter.
    fn peak(&self, seconds: i64) -> Option<u64> {
        let window = self.bucket.unwrap_or_else(|| self.starts.window(seconds));
        self.starts.peak(seconds, window)
    }

    fn of_nothing() -> Self {
        Self {
            kpis: &NOTHING,
            span: (Timestamp::MIN, Timestamp::MIN),
            starts: &NOTHING.calls.starts,
            bucket: None,
            definitions: Definitions::default(),
            calls_up: Level::default(),
            bindings_up: Level::default(),
            bindings_left: 0,
            doubts: Doubts::default(),
        }
    }

    fn note(&self, needs: Needs) -> Option<&'static str> {
        let doubts = self.doubts;
        match needs {
            Needs::BothWays if doubts.is_one_way => Some("one direction is missing"),
            Needs::BothWays | Needs::AllPackets if doubts.is_lossy => Some("packets are missing"),
            _ => None,
        }
    }
}

/// What a metric is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Matter {
    Calls,
    Registrations,
    Messages,
}

impl Matter {
    /// Returns whether anything is known of it: when calls are chosen by what they alone have, of nothing else.
    fn is_told(self, view: &View<'_>) -> bool {
        self == Self::Calls || !view.definitions.calls_only
    }
}

/// What metrics stand together.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Section {
    /// RFC 6076.
    Rfc6076,
    /// How calls went.
    Calls,
    /// How long things took.
    Times,
    /// How much there was at a time.
    Load,
    /// Registrations.
    Registrations,
    /// Messages.
    Messages,
}

impl Section {
    /// Returns what stands above them.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Rfc6076 => "RFC 6076",
            Self::Calls => "Calls",
            Self::Times => "Times of calls",
            Self::Load => "Load",
            Self::Registrations => "Registrations",
            Self::Messages => "Messages",
        }
    }
}

/// A metric.
pub struct Metric {
    /// Its name in all outputs and in conditions.
    pub name: &'static str,
    /// What a person reads.
    pub label: &'static str,
    /// Where it stands.
    pub section: Section,
    /// Where it is defined.
    pub source: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Which way is better.
    pub better: Better,
    pub(super) needs: Needs,
    matter: Matter,
    read: fn(&View<'_>) -> Reading,
}

impl Metric {
    /// Returns what it says.
    #[must_use]
    pub fn figure(&self, view: &View<'_>) -> Figure {
        let reading = match self.matter.is_told(view) {
            true => (self.read)(view),
            false => (self.read)(&View::of_nothing()).unknown(),
        };
        Figure {
            metric: self.name,
            scope: Vec::new(),
            unit: match self.name {
                "message_bytes" => "byte",
                _ => reading.unit(),
            },
            reading,
            note: view.note(self.needs),
        }
    }

    /// Returns whether it is a time with a distribution.
    #[must_use]
    pub fn is_time(&self) -> bool {
        matches!((self.read)(&View::of_nothing()), Reading::Time(_))
    }

    /// Returns the metric of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        METRICS.iter().find(|metric| metric.name == name)
    }
}

/// What a metric says of all that it is told apart by.
pub(super) type Members = Vec<(Vec<String>, Reading)>;

/// A metric told apart by something.
pub struct Breakdown {
    /// The name of the metric.
    pub metric: &'static str,
    /// By what: the dimensions of its scopes.
    pub by: &'static [&'static str],
    /// Where it stands.
    pub section: Section,
    /// What it is.
    pub about: &'static str,
    pub(super) read: fn(&Kpis) -> Members,
}

impl Breakdown {
    /// Returns what it says.
    #[must_use]
    pub fn figures(&self, view: &View<'_>) -> Vec<Figure> {
        let figure = |(members, reading): (Vec<String>, Reading)| Figure {
            metric: self.metric,
            scope: self.by.iter().copied().zip(members).collect(),
            unit: reading.unit(),
            reading,
            note: None,
        };
        let matter = match self.section {
            Section::Messages => Matter::Messages,
            Section::Registrations => Matter::Registrations,
            _ => Matter::Calls,
        };
        match matter.is_told(view) {
            true => (self.read)(view.kpis).into_iter().map(figure).collect(),
            false => Vec::new(),
        }
    }
}

fn time(samples: &Samples) -> Reading {
    Reading::time(samples)
}

fn count(count: u64) -> Reading {
    Reading::Count(Some(count))
}

macro_rules! metrics {
    ($($section:ident $matter:ident { $($name:ident $label:literal, $source:literal, $needs:ident, $better:ident, $about:literal,
        |$view:ident| $read:expr;)* })*) => {
        /// Every metric, in the order of output.
        pub const METRICS: &[Metric] = &[$($(Metric {
            name: stringify!($name),
            label: $label,
            section: Section::$section,
            matter: Matter::$matter,
            source: $source,
            about: $about,
            needs: Needs::$needs,
            better: Better::$better,
            read: |$view| $read,
        },)*)*];
    };
}

metrics! {
    Rfc6076 Calls {
        ser "session establishment ratio", "RFC 6076 §4.6", BothWays, More,
            "Calls answered by 2xx, of all calls but those returned to the caller by 3xx, 401, 402 or 407",
            |v| match v.definitions.is_literal {
                true => Reading::Ratio(v.kpis.calls.answered, v.kpis.calls.invites.saturating_sub(v.kpis.calls.invites_returned)),
                false => Reading::Ratio(v.kpis.calls.answered, v.kpis.calls.attempts.saturating_sub(v.kpis.calls.returned)),
            };
        seer "session establishment effectiveness ratio", "RFC 6076 §4.7", BothWays, More,
            "The same with those refused by 480, 486, 600 or 603 among the good ones",
            |v| {
                let good = v.kpis.calls.answered + v.kpis.calls.refused;
                match v.definitions.is_literal {
                    true => Reading::Ratio(good, v.kpis.calls.invites.saturating_sub(v.kpis.calls.invites_returned)),
                    false => Reading::Ratio(good, v.kpis.calls.attempts.saturating_sub(v.kpis.calls.returned)),
                }
            };
        isa "ineffective session attempts", "RFC 6076 §4.8", BothWays, Less,
            "Calls that failed by 408, 500, 503 or 504, of all calls",
            |v| Reading::Ratio(v.kpis.calls.ineffective, session_requests(v));
        scr "session completion ratio", "RFC 6076 §4.9", BothWays, More,
            "Answered calls that ended by BYE with 2xx or by their session timer, of all calls",
            |v| Reading::Ratio(v.kpis.calls.completed, session_requests(v));
    }
    Rfc6076 Registrations {
        ira "ineffective registration attempts", "RFC 6076 §4.2", BothWays, Less,
            "Registrations that failed by 4xx but 401, 402 and 407, by 5xx or 6xx, or without a response, of all REGISTER requests",
            |v| Reading::Ratio(v.kpis.registrations.ineffective, register_requests(v));
        rrd "registration request delay", "RFC 6076 §4.1", BothWays, Less,
            "From the first REGISTER of a registration to its 2xx, challenges included",
            |v| time(&v.kpis.registrations.rrd);
    }
    Rfc6076 Calls {
        srd_ok "session request delay, successful", "RFC 6076 §4.3.1", BothWays, Less,
            "From the first INVITE to the first 101 to 199, or to the 2xx, of answered calls",
            |v| time(&v.kpis.calls.srd_ok);
        srd_failed "session request delay, failed", "RFC 6076 §4.3.2", BothWays, Less,
            "From the first INVITE to the 4xx but 401, 402 and 407, 5xx or 6xx, or 32 s when nothing came at all",
            |v| time(&v.kpis.calls.srd_failed);
        sdd_ok "session disconnect delay, successful", "RFC 6076 §4.4", BothWays, Less,
            "From BYE to its 2xx",
            |v| time(&v.kpis.calls.sdd_ok);
        sdd_failed "session disconnect delay, failed", "RFC 6076 §4.4", BothWays, Less,
            "32 s for each BYE without a response",
            |v| time(&v.kpis.calls.sdd_failed);
        sdt "session duration time", "RFC 6076 §4.5", AllPackets, Either,
            "From the 2xx to BYE",
            |v| time(&v.kpis.calls.sdt);
    }
    Calls Calls {
        calls "calls", "", Nothing, Either,
            "Attempts to call: the first INVITE with those that follow a challenge or a redirection is one",
            |v| count(v.kpis.calls.attempts);
        invites "INVITEs of them", "", Nothing, Either,
            "INVITEs that begin calls, those with credentials and those after redirections too, without retransmissions",
            |v| count(v.kpis.calls.invites);
        calls_answered "answered", "", BothWays, Either, "Calls answered by 2xx",
            |v| count(v.kpis.calls.answered);
        calls_completed "completed", "", BothWays, Either, "Answered calls that ended by BYE with 2xx or by their session timer",
            |v| count(v.kpis.calls.completed);
        calls_up_at_end "still up at the end", "", Nothing, Either, "Answered calls that nothing ended in the capture",
            |v| count(v.kpis.calls.still_up);
        calls_without_beginning "without their beginning", "", Nothing, Either, "Calls that began before the capture; they are in no ratio",
            |v| count(v.kpis.calls.mid_calls);
        calls_one_way "heard from one side only", "", Nothing, Either, "Calls of which one direction is missing",
            |v| count(v.kpis.calls.one_direction);
        asr "answer-seizure ratio", "ITU-T E.425", BothWays, More,
            "Answered calls, of those not returned to the caller by 3xx, 401 or 407",
            |v| Reading::Ratio(v.kpis.calls.answered, v.kpis.calls.attempts.saturating_sub(v.kpis.calls.not_seized));
        abr "answer-bid ratio", "ITU-T E.425", BothWays, More, "Answered calls, of all calls",
            |v| Reading::Ratio(v.kpis.calls.answered, v.kpis.calls.attempts);
        ner "network effectiveness ratio", "ITU-T E.425", BothWays, More,
            "Answered calls and those ended by 480, 486, 487, 600, 603 or 607 or by the caller, of those of the answer-seizure ratio",
            |v| Reading::Ratio(v.kpis.calls.answered + v.kpis.calls.delivered, v.kpis.calls.attempts.saturating_sub(v.kpis.calls.not_seized));
        ccr "call completion ratio", "", BothWays, More, "Calls that ended normally: by BYE with 2xx and cause 16, of all calls",
            |v| Reading::Ratio(v.kpis.calls.ended_normally, v.kpis.calls.attempts);
        cssr "call set-up success ratio", "", BothWays, More, "Calls with 101 to 199 or 2xx, of all calls",
            |v| Reading::Ratio(v.kpis.calls.alerted, v.kpis.calls.attempts);
        call_drop_ratio "call drop ratio", "", AllPackets, Less,
            "Answered calls that ended without BYE, or with cause 27, 38, 41 or 102, of answered calls",
            |v| Reading::Ratio(v.kpis.calls.dropped, v.kpis.calls.answered);
        short_calls "short calls", "", Nothing, Either, "Answered calls ended by BYE in less than 10 s or --short, of those ended by BYE",
            |v| Reading::Ratio(v.kpis.calls.short, v.kpis.calls.sdt.count());
        abandoned "given up while ringing", "", BothWays, Either, "Calls that the caller gave up while it rang, of all calls",
            |v| Reading::Ratio(v.kpis.calls.abandoned, v.kpis.calls.attempts);
        ring_no_answer "rang, not answered", "", BothWays, Either, "Calls that rang until 408, 480 or a time-out, of all calls",
            |v| Reading::Ratio(v.kpis.calls.ring_no_answer, v.kpis.calls.attempts);
        acd "average call duration", "", AllPackets, Either, "Mean time from the answer to BYE, of calls ended by BYE",
            |v| Reading::Mean(v.kpis.calls.sdt.sum(), v.kpis.calls.sdt.count());
        mht "mean holding time", "", Nothing, Either, "Mean time from the first INVITE to the end, of calls that ended",
            |v| Reading::Mean(v.kpis.calls.holding.sum(), v.kpis.calls.holding.count());
    }
    Times Calls {
        pdd "post-dial delay", "", BothWays, Less, "From the first INVITE to the first 101 to 199, or to the 2xx, of all calls",
            |v| time(&v.kpis.calls.pdd);
        setup_time "set-up time", "", BothWays, Either, "From the first INVITE to the 2xx",
            |v| time(&v.kpis.calls.setup);
        trying_delay "time to 100", "", BothWays, Less, "From the last INVITE to its 100",
            |v| time(&v.kpis.calls.trying);
        ring_time "ring time", "", BothWays, Either, "From 180 to the 2xx, CANCEL or failure",
            |v| time(&v.kpis.calls.ring);
        ack_delay "time to ACK", "", BothWays, Less, "From the 2xx to its ACK",
            |v| time(&v.kpis.calls.ack);
        holding_time "holding time", "", Nothing, Either, "From the first INVITE to the end of the call",
            |v| time(&v.kpis.calls.holding);
    }
    Load Calls {
        cps "calls per second", "", Nothing, Either, "Calls in the time of the capture",
            |v| Reading::Rate(v.kpis.calls.attempts, v.length());
        cps_peak_1s "peak in 1 s", "", Nothing, Either, "The most calls that began in one second of the clock",
            |v| Reading::Count(v.peak(1));
        cps_peak_10s "peak in 10 s", "", Nothing, Either, "The most calls per second that began in ten seconds one after the other",
            |v| match v.peak(10) {
                Some(most) => Reading::Rate(most, 10_000_000_000),
                None => Reading::Count(None),
            };
        concurrent_calls "calls at a time, peak", "", AllPackets, Either, "The most calls that were up at a time, from the answer to the end",
            |v| count(v.calls_up.peak);
        erlang "calls at a time, mean (Erlang)", "ITU-T E.600", AllPackets, Either, "The time that calls were up, by the time of the capture",
            |v| Reading::Level(v.calls_up.area, v.length());
    }
    Load Messages {
        message_rate "messages per second", "", Nothing, Either, "Messages in the time of the capture",
            |v| Reading::Rate(v.kpis.messages.messages, v.length());
    }
    Registrations Registrations {
        registrations "registrations", "", Nothing, Either, "Registrations that were accepted, refused or not answered: a challenge and what follows are one",
            |v| count(v.kpis.registrations.accepted + v.kpis.registrations.failed);
        registration_failures "failed", "", BothWays, Less, "Registrations that failed for whatever reason, of all registrations",
            |v| Reading::Ratio(v.kpis.registrations.failed, v.kpis.registrations.accepted + v.kpis.registrations.failed);
        bindings_begun "bindings begun", "", Nothing, Either, "Bindings that came into being",
            |v| count(v.kpis.registrations.begun);
        bindings_refreshed "refreshes", "", Nothing, Either, "Refreshes of bindings",
            |v| count(v.kpis.registrations.refreshes);
        bindings_late "with a late refresh", "", Nothing, Either, "Bindings with a refresh after they had expired",
            |v| count(v.kpis.registrations.late);
        bindings_at_end "there at the end", "", Nothing, Either, "Bindings that had not expired at the end of the capture",
            |v| count(v.bindings_left);
        bindings_peak "at a time, peak", "", Nothing, Either, "The most bindings at a time",
            |v| count(v.bindings_up.peak);
        refresh_interval "refresh interval", "", Nothing, Either, "From one refresh of a binding to the next: its mean, for each refresh",
            |v| time(&v.kpis.registrations.refresh_interval);
    }
    Messages Messages {
        messages "messages", "", Nothing, Either, "SIP messages, retransmissions too",
            |v| count(v.kpis.messages.messages);
        requests "requests", "", Nothing, Either, "Requests, retransmissions too",
            |v| count(v.kpis.messages.sum(|m| m.requests));
        responses "responses", "", Nothing, Either, "Responses, retransmissions too",
            |v| count(v.kpis.messages.sum(super::MethodCounts::responses));
        request_retransmissions "request retransmissions", "", Nothing, Either, "Requests that came again",
            |v| count(v.kpis.messages.sum(|m| m.request_retransmissions));
        response_retransmissions "response retransmissions", "", Nothing, Either, "Responses that came again",
            |v| count(v.kpis.messages.sum(|m| m.response_retransmissions));
        request_retransmission_ratio "of all requests", "", Nothing, Less, "Requests that came again, of all requests",
            |v| Reading::Ratio(v.kpis.messages.sum(|m| m.request_retransmissions), v.kpis.messages.sum(|m| m.requests));
        response_retransmission_ratio "of all responses", "", Nothing, Less, "Responses that came again, of all responses",
            |v| Reading::Ratio(v.kpis.messages.sum(|m| m.response_retransmissions), v.kpis.messages.sum(super::MethodCounts::responses));
        responses_without_request "responses without a request", "", Nothing, Either, "Responses whose request is not in the capture",
            |v| count(v.kpis.messages.stray_responses);
        options_availability "OPTIONS answered", "", BothWays, More, "OPTIONS requests with a final response, of those that are over",
            |v| {
                let options = v.kpis.messages.counts_of(crate::sip::Method::Options);
                options.map_or(Reading::Ratio(0, 0), |o| Reading::Ratio(o.answered, o.transactions))
            };
        message_bytes "bytes of messages", "", Nothing, Either, "Bytes of SIP messages, without what carried them",
            |v| count(v.kpis.messages.octets);
        responses_1xx "1xx", "", Nothing, Either, "Provisional responses", |v| class(v, 1);
        responses_2xx "2xx", "", Nothing, Either, "Successful responses", |v| class(v, 2);
        responses_3xx "3xx", "", Nothing, Either, "Redirections", |v| class(v, 3);
        responses_4xx "4xx", "", Nothing, Either, "Failures of requests", |v| class(v, 4);
        responses_5xx "5xx", "", Nothing, Either, "Failures of servers", |v| class(v, 5);
        responses_6xx "6xx", "", Nothing, Either, "Failures everywhere", |v| class(v, 6);
    }
}

/// Returns how many session requests ratios go by.
fn session_requests(view: &View<'_>) -> u64 {
    match view.definitions.is_literal {
        true => view.kpis.calls.invites,
        false => view.kpis.calls.attempts,
    }
}

/// Returns how many REGISTER requests were sent, however many hops they were seen at.
fn register_requests(view: &View<'_>) -> u64 {
    let register = view.kpis.messages.counts_of(crate::sip::Method::Register);
    register.map_or(0, |counts| counts.requests_at_first_hop)
}

fn class(view: &View<'_>, class: u16) -> Reading {
    let statuses = view.kpis.messages.statuses();
    let of_class = statuses.range(class * 100..(class + 1) * 100);
    count(of_class.map(|(_, count)| count).sum())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_fit_for_conditions() {
        let names: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(names.iter().all(|name| name.chars().all(is_word)));
        assert!(METRICS.is_sorted_by_key(|metric| metric.section));
    }
}
