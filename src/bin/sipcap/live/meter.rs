//! Figures of a capture that goes on: of the last stretch of time, and of all of it.

use std::io::{self, Write};

use sipcap::{
    error::Result,
    report::{
        CaptureQuality, StatisticsReport, StatisticsText, write_statistics_document,
        write_statistics_prometheus, write_statistics_text,
    },
    sip::Message,
    stats::{Group, Plan, Statistics},
    time::Timestamp,
    track::{Binding, Call, Event},
};

use super::{Guard, Pulse, exposition::write_live, screen::Sample};
use crate::cli::ReportFormat;

/// For how long the course of things is remembered: what is told so late counts, but in no peak.
const REMEMBERED: i64 = 12 * 3600 * 1_000_000_000;

/// How often what was counted is added up when there are no reports, in nanoseconds.
const TURN: i64 = 60_000_000_000;

/// Members of a list that Prometheus is told.
const TOP: usize = 100;

/// Counts what happens.
pub(crate) struct Meter {
    is_reporting: bool,
    /// How long a stretch of time is, in nanoseconds; stretches begin at whole ones of the clock.
    every: i64,
    /// What was counted since the last report, and before.
    stretch: Statistics,
    total: Statistics,
    pulse: Pulse,
    span: Option<Span>,
    guard: Guard,
    /// The number of the last frame that something was made of.
    frames: u64,
    told: Told,
}

/// What was known at the last report.
#[derive(Default)]
struct Told {
    frames: u64,
    lost: u64,
    pulse: Pulse,
}

/// The time that was looked at.
#[derive(Clone, Copy)]
struct Span {
    first: Timestamp,
    /// When the stretch of time begins that is counted now.
    began: Timestamp,
    last: Timestamp,
}

/// What a report is of.
#[derive(Clone, Copy)]
enum Of {
    Interval,
    Total,
}

impl Of {
    const fn name(self) -> &'static str {
        match self {
            Self::Interval => "interval",
            Self::Total => "total",
        }
    }
}

impl Meter {
    /// Returns a meter that reports each `every` nanoseconds, if it is to report.
    pub(crate) fn new(every: Option<i64>, names: &[String], guard: Guard) -> Self {
        let statistics = || Statistics::new(Plan::default(), names.to_vec());
        Self {
            is_reporting: every.is_some(),
            every: every.unwrap_or(TURN).max(1),
            stretch: statistics(),
            total: statistics(),
            pulse: Pulse::default(),
            span: None,
            guard,
            frames: 0,
            told: Told::default(),
        }
    }

    /// Takes note of how late it is; returns whether a stretch of time is over.
    pub(crate) fn is_due(&mut self, now: Timestamp) -> bool {
        let span = self.span.get_or_insert(Span {
            first: now,
            began: now,
            last: now,
        });
        let number = |ts: Timestamp| ts.nanos().div_euclid(self.every);
        span.last = span.last.max(now);
        number(span.last) > number(span.began)
    }

    pub(crate) fn message(&mut self, message: &Message<'_>, is_selected: bool) {
        self.frames = self.frames.max(message.completed_by.origin.number);
        self.stretch.message(message, is_selected);
    }

    pub(crate) fn call(&mut self, call: &Call) {
        self.stretch.call(call);
    }

    pub(crate) fn binding(&mut self, binding: &Binding) {
        self.stretch.binding(binding);
    }

    pub(crate) fn event(&mut self, event: &Event<'_>) {
        self.pulse.event(event);
        self.stretch.event(event);
    }

    /// Takes note of a message of the call with this number.
    pub(crate) fn of_call(&mut self, number: u64) {
        self.pulse.call(number);
    }

    /// Returns what was counted so far.
    pub(crate) fn sample(&self) -> Sample {
        Sample {
            pulse: self.pulse.clone(),
            frames: self.frames,
            messages: self.guard.messages(),
        }
    }

    /// Returns the figures of all so far, for Prometheus.
    pub(crate) fn exposition(&self) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        write_live(&self.guard, &self.pulse, &mut text)?;
        let Some(span) = self.span else {
            return Ok(text);
        };
        let groups = self.total.all_groups().chain(self.stretch.all_groups());
        let groups: Vec<Group> = groups.cloned().collect();
        let mut all = Statistics::new(Plan::default(), Vec::new());
        all.merge(&groups);
        let capture = CaptureQuality::so_far(span.first, span.last, self.frames, self.lost());
        let report = StatisticsReport {
            statistics: &all,
            capture: &capture,
            top: Some(TOP),
        };
        write_statistics_prometheus(&report, &mut text)?;
        Ok(text)
    }

    /// Returns how many frames were lost before anything could be made of them.
    fn lost(&self) -> u64 {
        let losses = self.guard.losses();
        losses.total().saturating_sub(losses.unrecorded)
    }

    /// Adds what was counted in the stretch of time to the total, and begins anew.
    fn turn_over(&mut self, end: Timestamp) {
        let counted = self.stretch.take();
        self.total.merge(&counted);
        self.total.settle(end.plus(-REMEMBERED));
    }

    /// Reports on the stretch of time that is over, and on all of it so far.
    pub(crate) fn report(
        &mut self,
        format: ReportFormat,
        style: StatisticsText,
        output: &mut impl Write,
    ) -> Result<()> {
        let Some(span) = &mut self.span else {
            return Ok(());
        };
        if !self.is_reporting {
            let end = std::mem::replace(&mut span.began, span.last);
            self.turn_over(end);
            return Ok(());
        }
        let whole = span.last.nanos().div_euclid(self.every);
        let end = Timestamp::from_nanos(whole.saturating_mul(self.every)).max(span.began);
        let (first, began) = (span.first, std::mem::replace(&mut span.began, end));
        self.report_until((first, began, end), format, style, output)
    }

    /// Counts what is left, and reports on it.
    pub(crate) fn finish(
        &mut self,
        (end, frames): (Timestamp, u64),
        format: ReportFormat,
        style: StatisticsText,
        output: &mut impl Write,
    ) -> Result<()> {
        self.frames = frames;
        self.stretch.finish(end);
        if !self.is_reporting {
            return Ok(());
        }
        let Some(span) = self.span else { return Ok(()) };
        let end = end.max(span.began);
        self.report_until((span.first, span.began, end), format, style, output)
    }

    fn report_until(
        &mut self,
        (first, began, end): (Timestamp, Timestamp, Timestamp),
        format: ReportFormat,
        style: StatisticsText,
        output: &mut impl Write,
    ) -> Result<()> {
        let now = Told {
            frames: self.frames,
            lost: self.lost(),
            pulse: self.pulse.clone(),
        };
        let before = std::mem::take(&mut self.told);
        let interval = CaptureQuality::so_far(
            began,
            end,
            now.frames.saturating_sub(before.frames),
            now.lost.saturating_sub(before.lost),
        );
        let all = CaptureQuality::so_far(first, end, now.frames, now.lost);
        let pulse = now.pulse.since(&before.pulse);
        self.told = now;
        self.write((Of::Interval, &pulse), &interval, format, style, output)?;
        self.turn_over(end);
        Ok(self.write((Of::Total, &self.pulse), &all, format, style, output)?)
    }

    fn write(
        &self,
        (of, pulse): (Of, &Pulse),
        capture: &CaptureQuality,
        format: ReportFormat,
        style: StatisticsText,
        output: &mut impl Write,
    ) -> io::Result<()> {
        let statistics = match of {
            Of::Interval => &self.stretch,
            Of::Total => &self.total,
        };
        let report = StatisticsReport {
            statistics,
            capture,
            top: None,
        };
        match format {
            ReportFormat::Text => self.text((of, pulse), &report, style, output),
            ReportFormat::Json => self.json((of, pulse), &report, output),
        }
    }

    fn text(
        &self,
        (of, pulse): (Of, &Pulse),
        report: &StatisticsReport<'_>,
        style: StatisticsText,
        output: &mut impl Write,
    ) -> io::Result<()> {
        let (calls, bindings) = self.guard.open();
        let name = of.name();
        let Pulse {
            begun,
            answered,
            failed,
            ended,
            ..
        } = pulse;
        writeln!(
            output,
            "\n=== {name}: {begun} calls begun, {answered} answered, {failed} failed, {ended} ended; {calls} calls and \
             {bindings} bindings are followed ==="
        )?;
        write_statistics_text(report, style, output)
    }

    /// Writes the document of `stats --format json` in a line, with what it is of in front.
    fn json(
        &self,
        (of, pulse): (Of, &Pulse),
        report: &StatisticsReport<'_>,
        output: &mut impl Write,
    ) -> io::Result<()> {
        const HEAD: &[u8] = b"{\"type\":\"statistics\",";
        let mut document = Vec::new();
        write_statistics_document(report, &mut document)?;
        // In JSON there are line feeds between things only.
        document.retain(|octet| *octet != b'\n');
        let rest = document.strip_prefix(HEAD).unwrap_or_default();
        let (calls, bindings) = self.guard.open();
        output.write_all(HEAD)?;
        let name = of.name();
        write!(
            output,
            "\"of\":\"{name}\",\"open_calls\":{calls},\"open_bindings\":{bindings},\"begun\":{},\"answered\":{},\"failed\":{},\"ended\":{},",
            pulse.begun, pulse.answered, pulse.failed, pulse.ended
        )?;
        output.write_all(rest)?;
        output.write_all(b"\n")
    }
}
