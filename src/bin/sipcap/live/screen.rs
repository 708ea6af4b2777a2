//! `--top`: what goes on, redrawn in place; without a terminal, a line now and then.
//!
//! The screen is a few lines that are written over again, so that a terminal needs no other mode and the last ones stay.

use std::{
    collections::VecDeque,
    io::{self, Write},
};

use sipcap::{text::printable, time::Timestamp};

use super::{Guard, Pulse};
use crate::output::Output;

/// How long rates are of, and the ratio of answers of late, in seconds.
const RATE: usize = 10;
const LATE: usize = 60;
/// How often there is a line when there is no terminal, in seconds.
const LINE_EVERY: i64 = 10;
/// Statuses of failures that are shown.
const STATUSES: usize = 8;

const SECOND: i64 = 1_000_000_000;

/// What was counted up to a second.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) pulse: Pulse,
    pub(crate) frames: u64,
    pub(crate) messages: u64,
}

/// The screen.
pub(crate) struct Screen {
    output: Output,
    guard: Guard,
    name: String,
    began: Option<Timestamp>,
    /// The second that was last drawn.
    second: i64,
    /// One for each second, the latest last.
    samples: VecDeque<Sample>,
    /// How many lines are to be written over.
    lines: usize,
}

impl Screen {
    /// Returns a screen on the standard output; `name` tells what is captured on.
    pub(crate) fn new(name: &str, guard: Guard) -> anyhow::Result<Self> {
        Ok(Self {
            output: Output::open(None, false, &[])?,
            guard,
            name: printable(name).into_owned(),
            began: None,
            second: i64::MIN,
            samples: VecDeque::new(),
            lines: 0,
        })
    }

    /// Returns whether it is a second later than when it was last drawn.
    pub(crate) const fn is_due(&self, now: Timestamp) -> bool {
        now.nanos().div_euclid(SECOND) > self.second
    }

    /// Shows what was counted up to now.
    pub(crate) fn draw(&mut self, now: Timestamp, sample: Sample) -> io::Result<()> {
        self.began.get_or_insert(now);
        let second = now.nanos().div_euclid(SECOND);
        let is_line = second.div_euclid(LINE_EVERY) > self.second.div_euclid(LINE_EVERY);
        self.second = second;
        if self.samples.len() > LATE {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
        if !self.output.is_terminal() {
            return if is_line { self.line(now) } else { Ok(()) };
        }
        let (width, height) = terminal_size::terminal_size().map_or((80, 24), |(width, height)| {
            (width.0.into(), height.0.into())
        });
        let lines = self.text(now);
        let shown = lines.len().min(usize::max(height, 2) - 1);
        if self.lines > 0 {
            write!(self.output, "\x1b[{}A\r", self.lines)?;
        }
        for line in lines.iter().take(shown) {
            let line: String = line.chars().take(width).collect();
            writeln!(self.output, "{line}\x1b[K")?;
        }
        // What is left of a longer text.
        write!(self.output, "\x1b[J")?;
        self.lines = shown;
        self.output.flush()
    }

    /// Writes a line for whoever has no terminal.
    fn line(&mut self, now: Timestamp) -> io::Result<()> {
        let state = self.state();
        let Sample {
            pulse,
            frames,
            messages,
        } = &state.now;
        let line = format!(
            "{} frames {frames} messages {messages} calls {} cps {:.1} answered {} failed {} asr {} bindings {} lost {}",
            now.rfc3339().as_str(),
            state.calls,
            state.cps(),
            pulse.answered,
            pulse.failed,
            percent(pulse),
            state.bindings,
            self.guard.losses().total(),
        );
        writeln!(self.output, "{line}")?;
        self.output.flush()
    }

    fn state(&self) -> State {
        let now = self.samples.back().cloned().unwrap_or_default();
        let ago = |seconds: usize| {
            let place = self.samples.len().saturating_sub(seconds + 1);
            self.samples.get(place).cloned().unwrap_or_default()
        };
        let (calls, bindings) = self.guard.open();
        State {
            before: ago(RATE),
            seconds: self.samples.len().saturating_sub(1).min(RATE),
            late: now.pulse.since(&ago(LATE).pulse),
            now,
            calls,
            bindings,
        }
    }

    fn text(&self, now: Timestamp) -> Vec<String> {
        let since = self.began.map_or(0, |began| now.since(began)) / SECOND;
        let mut lines = vec![format!(
            "sipcap live on {}   {}   for {:02}:{:02}:{:02}",
            self.name,
            now.rfc3339().as_str().get(..19).unwrap_or_default(),
            since / 3600,
            since / 60 % 60,
            since % 60
        )];
        lines.push(String::new());
        lines.extend(self.state().lines());
        let losses = self.guard.losses();
        lines.push(format!(
            "lost       {} by the system, {} by the interface, {} for lack of time",
            losses.system, losses.interface, losses.queue
        ));
        if let Some(record) = &self.guard.record {
            let counts = record.counts();
            lines.push(format!(
                "recorded   {} frames, {} KiB, {} whole files, {} frames not",
                counts.frames,
                counts.bytes >> 10,
                counts.files,
                losses.unrecorded
            ));
        }
        lines.extend(
            self.guard
                .news()
                .iter()
                .map(|news| printable(news).into_owned()),
        );
        lines
    }
}

/// What is shown.
struct State {
    now: Sample,
    /// So many seconds ago.
    before: Sample,
    seconds: usize,
    /// What happened of late.
    late: Pulse,
    calls: u64,
    bindings: u64,
}

impl State {
    fn rate(&self, now: u64, before: u64) -> f64 {
        now.saturating_sub(before) as f64 / self.seconds.max(1) as f64
    }

    fn cps(&self) -> f64 {
        self.rate(self.now.pulse.begun, self.before.pulse.begun)
    }

    fn lines(&self) -> Vec<String> {
        let Self {
            now, before, late, ..
        } = self;
        let pulse = &now.pulse;
        let counted = |name: &str, now: u64, before: u64| {
            format!("{name:10} {now:>12}  {:10.1} /s", self.rate(now, before))
        };
        vec![
            counted("frames", now.frames, before.frames),
            counted("messages", now.messages, before.messages),
            format!(
                "{}   cps",
                counted("calls", pulse.begun, before.pulse.begun)
            ),
            counted("answered", pulse.answered, before.pulse.answered),
            counted("failed", pulse.failed, before.pulse.failed),
            counted("ended", pulse.ended, before.pulse.ended),
            format!("{:10} {:>12}", "followed", self.calls),
            format!(
                "asr        {:>12}  {:>10} in a minute",
                percent(pulse),
                percent(late)
            ),
            format!("failures   {}", failures(pulse)),
            format!(
                "bindings   {:>12}  followed; {} made, {} removed, {} expired, {} refused",
                self.bindings, pulse.registered, pulse.removed, pulse.expired, pulse.refused
            ),
        ]
    }
}

/// Returns the statuses of most failures with how many there were.
fn failures(pulse: &Pulse) -> String {
    let mut failures: Vec<_> = pulse.failures.iter().collect();
    failures.sort_by_key(|(status, count)| (u64::MAX - **count, **status));
    let failures = failures.into_iter().take(STATUSES);
    let failures = failures.map(|(status, count)| match status {
        0 => format!("none {count}"),
        status => format!("{status} {count}"),
    });
    failures.collect::<Vec<_>>().join("   ")
}

fn percent(pulse: &Pulse) -> String {
    let ratio = pulse.answer_seizure_ratio();
    ratio.map_or_else(|| "n/a".to_owned(), |ratio| format!("{ratio:.1}%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_the_last_seconds() {
        let sample = |begun: u64, answered: u64, failed: u64| Sample {
            pulse: Pulse {
                begun,
                answered,
                failed,
                failures: [(486, failed), (0, 2), (404, 2)].into(),
                ..Pulse::default()
            },
            frames: begun * 100,
            messages: begun * 10,
        };
        let (now, before) = (sample(50, 30, 10), sample(25, 10, 10));
        let state = State {
            late: now.pulse.since(&before.pulse),
            now,
            before,
            seconds: 10,
            calls: 7,
            bindings: 3,
        };
        let lines = state.lines();
        // 25 calls in 10 s; 30 of 40; 20 of 20 of late.
        assert_eq!(lines[2], "calls                50         2.5 /s   cps");
        assert_eq!(lines[7], "asr               75.0%      100.0% in a minute");
        assert_eq!(lines[8], "failures   486 10   none 2   404 2");
        assert!(lines.iter().all(|line| line.len() <= 80), "{lines:?}");
    }
}
