//! What a metric and a breakdown are, and what they need to be read.

use crate::{
    stats::{Calls, Definitions, Figure, Kpis, Level, METRICS, Reading, Seconds},
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
    /// Both directions, and all packets.
    BothWays,
    /// The same, and that calls have ended.
    Outcomes,
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
    pub(super) fn peak(&self, seconds: i64) -> Option<u64> {
        let window = self.bucket.unwrap_or_else(|| self.starts.window(seconds));
        self.starts.peak(seconds, window)
    }

    /// Returns how many calls there are, or INVITEs where each of them counts.
    pub(super) fn of_calls(&self, counts: fn(&Calls) -> (u64, u64)) -> u64 {
        let (calls, invites) = counts(&self.kpis.calls);
        match self.definitions.is_literal {
            true => invites,
            false => calls,
        }
    }

    pub(super) fn session_requests(&self) -> u64 {
        self.of_calls(|calls| (calls.attempts, calls.invites))
    }

    /// Returns those of them that were not returned to the caller, who may go on.
    pub(super) fn not_returned(&self) -> u64 {
        let returned = self.of_calls(|calls| (calls.returned, calls.invites_returned));
        self.session_requests().saturating_sub(returned)
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
        let calls = &self.kpis.calls;
        match needs {
            Needs::Nothing => None,
            _ if doubts.is_one_way => Some("one direction is missing"),
            _ if doubts.is_lossy => Some("packets are missing"),
            Needs::Outcomes if is_much(calls.in_progress, calls.attempts) => {
                Some("many calls are still being set up")
            }
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
    /// What became of messages between capture points.
    Hops,
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
            Self::Hops => "Between capture points",
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
    pub(super) matter: Matter,
    pub(super) read: fn(&View<'_>) -> Reading,
}

impl Metric {
    /// Returns what it says.
    #[must_use]
    pub fn figure(&self, view: &View<'_>) -> Figure {
        let reading = match self.matter.is_told(view) {
            true => (self.read)(view),
            false => (self.read)(&View::of_nothing()).unknown(),
        };
        let is_time = matches!(reading, Reading::Time(_)) && self.matter == Matter::Calls;
        let calls = &view.kpis.calls;
        let disorder = disorder(calls.disordered, calls.attempts).filter(|_| is_time);
        Figure {
            metric: self.name,
            scope: Vec::new(),
            unit: match self.name {
                "message_bytes" => "byte",
                _ => reading.unit(),
            },
            reading,
            note: view.note(self.needs).or(disorder),
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
    pub(super) needs: Needs,
    pub(super) read: fn(&Kpis) -> Members,
}

impl Breakdown {
    /// Returns what it says.
    #[must_use]
    pub fn figures(&self, view: &View<'_>) -> Vec<Figure> {
        let note = view.note(self.needs);
        let figure = |(members, reading): (Vec<String>, Reading)| Figure {
            metric: self.metric,
            unit: reading.unit(),
            note: note.or_else(|| self.disorder(view, &members, &reading)),
            scope: self.by.iter().copied().zip(members).collect(),
            reading,
        };
        let matter = match self.section {
            Section::Messages | Section::Hops => Matter::Messages,
            Section::Registrations => Matter::Registrations,
            _ => Matter::Calls,
        };
        match matter.is_told(view) {
            true => (self.read)(view.kpis).into_iter().map(figure).collect(),
            false => Vec::new(),
        }
    }

    /// Returns what is to be said of a response time of a method.
    fn disorder(
        &self,
        view: &View<'_>,
        members: &[String],
        reading: &Reading,
    ) -> Option<&'static str> {
        let is_time = matches!(reading, Reading::Time(_));
        let method = members
            .first()
            .filter(|_| is_time && self.by == ["method"])?;
        let mut methods = view.kpis.messages.methods();
        let (_, counts) = methods.find(|(known, _)| known.name() == method)?;
        disorder(counts.disordered, counts.transactions)
    }
}

/// Returns what is to be said of times when much was captured before what it follows.
fn disorder(disordered: u64, all: u64) -> Option<&'static str> {
    is_much(disordered, all).then_some("messages were captured out of order")
}

/// Returns whether it is more than a twentieth: single ones are odd messages, not an odd capture.
pub(crate) const fn is_much(part: u64, whole: u64) -> bool {
    part.saturating_mul(20) > whole
}
