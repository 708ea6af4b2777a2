//! From the tracking options to a tracker at work.

use std::ops::ControlFlow;

use clap::{Args, ValueEnum};
use sipcap::{
    capture::{InputSummary, Origin},
    error::Result,
    pipeline::{Notice, NoticeKind, Report, Sink, Summary},
    points::is_saved,
    sip::Message,
    time::Timestamp,
    track::{
        Correlation, Event, EventKind, Observer, Party, Rules, Timeouts, TrackOptions, TrackStats,
        Tracker,
    },
};

use crate::{cli::parse_duration, logs::Log, ui::Ui};

/// How calls, registrations and the rest are followed.
#[derive(Args, Debug)]
#[command(next_help_heading = "Tracking options")]
pub(crate) struct TrackArgs {
    /// How long a state lasts when nothing comes: inv_established=7200s,inv_neg=10s
    ///
    /// inv_1st (120 s) without any response but 100, inv_early_dlg (180 s) ringing, inv_neg (30 s) after a challenge,
    /// redirection or failure, inv_established (3600 s) without a message, inv_bye_seen (30 s) and inv_bye_repl (5 s) after BYE
    /// and its answer, inv_canceled (5 s) after CANCEL; non_inv_1st, non_inv_neg and non_inv_fin for other requests.
    /// sipcap-formats(7) has the ranges.
    #[arg(long, value_name = "STATE=TIME", value_delimiter = ',', value_parser = parse_timeout)]
    timeout: Vec<(String, i64)>,
    /// Whose time-outs apply where --timeout sets none
    ///
    /// With those of calltr, `events` tells what calltr would tell, and when.
    #[arg(long, value_name = "TABLE", default_value = "sipcap")]
    timeouts: TimeoutTable,
    /// Let time-outs fire that come within this time after the end of the capture
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    end_timeout: Option<i64>,
    /// How late a binding may be refreshed before it has expired
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    reg_expiry_grace: i64,
    /// Hold the removal of a binding back for this time, in case it is registered again
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    reg_del_delay: i64,
    /// Take Contacts for the same that differ in their port only
    #[arg(long)]
    contact_ignore_port: bool,
    /// Forget the call that is idle for the longest time when there are more
    #[arg(long, value_name = "N", default_value_t = 1 << 24, value_parser = clap::value_parser!(u32).range(1..))]
    max_calls: u32,
    /// Forget the binding that is idle for the longest time when there are more
    #[arg(long, value_name = "N", default_value_t = 1 << 24, value_parser = clap::value_parser!(u32).range(1..))]
    max_bindings: u32,
    /// Forget what is idle for the longest time when all of it takes more memory: 500M, 4G
    #[arg(long, value_name = "SIZE", default_value = "4G", value_parser = parse_size)]
    max_memory: usize,
}

/// A table of time-outs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum TimeoutTable {
    /// Ours
    Sipcap,
    /// Those of calltr, the tracker of sipcallmon
    Calltr,
}

impl TrackArgs {
    /// Returns what the tracker goes by when events alone are wanted: calltr has rules of its own for them.
    pub(crate) fn event_options(&self) -> anyhow::Result<TrackOptions> {
        let rules = match self.timeouts {
            TimeoutTable::Sipcap => Rules::Sipcap,
            TimeoutTable::Calltr => Rules::Calltr,
        };
        Ok(TrackOptions {
            rules,
            ..self.options()?
        })
    }

    /// Returns what the tracker goes by.
    pub(crate) fn options(&self) -> anyhow::Result<TrackOptions> {
        let mut timeouts = match self.timeouts {
            TimeoutTable::Sipcap => Timeouts::SIPCAP,
            TimeoutTable::Calltr => Timeouts::CALLTR,
        };
        for (state, nanos) in &self.timeout {
            timeouts
                .set(state, *nanos)
                .map_err(|error| anyhow::anyhow!("--timeout: {error}"))?;
        }
        Ok(TrackOptions {
            rules: Rules::Sipcap,
            timeouts,
            max_calls: self.max_calls as usize,
            max_bindings: self.max_bindings as usize,
            max_memory: self.max_memory,
            end_timeout: self.end_timeout,
            reg_expiry_grace: self.reg_expiry_grace,
            reg_del_delay: self.reg_del_delay,
            contact_ignore_port: self.contact_ignore_port,
            correlation: Correlation::default(),
        })
    }
}

/// Reads `STATE=TIME`.
fn parse_timeout(text: &str) -> std::result::Result<(String, i64), String> {
    let (state, time) = text
        .split_once('=')
        .ok_or("expected a state and a time, such as inv_established=7200s")?;
    Ok((state.to_owned(), parse_duration(time)?))
}

/// Reads a number of octets with or without a unit of 1024.
pub(crate) fn parse_size(text: &str) -> std::result::Result<usize, &'static str> {
    const EXPECTED: &str = "expected a size such as 500M or 4G";
    let (digits, unit) = match text.trim_end_matches(|c: char| c.is_ascii_alphabetic()) {
        digits if digits.len() < text.len() => text.split_at(digits.len()),
        _ => (text, ""),
    };
    let shift = match unit.to_ascii_uppercase().trim_end_matches("IB") {
        "" | "B" => 0,
        "K" | "KB" => 10,
        "M" | "MB" => 20,
        "G" | "GB" => 30,
        "T" | "TB" => 40,
        _ => return Err(EXPECTED),
    };
    let number: usize = digits.parse().map_err(|_| EXPECTED)?;
    number
        .checked_mul(1 << shift)
        .filter(|size| *size > 0)
        .ok_or(EXPECTED)
}

/// A tracker with who is told what happens: a sink for messages.
pub(crate) struct Tracked<O> {
    tracker: Tracker,
    /// Frames after this moment are left out.
    until: Timestamp,
    /// By how much the frame of the last message is later than the message itself, in nanoseconds: a capture agent sends
    /// what it saw earlier, or what was recorded long ago.
    behind: i64,
    /// The first messages that nothing could be made of.
    unfit: Vec<(Origin, &'static str)>,
    pub(crate) observer: O,
}

/// What became of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    /// The number of its call.
    pub(crate) call: Option<u64>,
    /// Whether nothing could be made of it.
    pub(crate) is_unfit: bool,
}

/// Messages that nothing could be made of are listed up to this many; all are counted.
const MAX_UNFIT: usize = 1000;

/// Who is told what happens, and which messages mark what they are of.
pub(crate) trait Follower: Observer {
    /// Returns whether a message marks its call.
    fn marks(&self, message: &Message<'_>) -> bool {
        let _ = message;
        false
    }

    /// Takes note of a message that belongs to the call with a number.
    fn carried(&mut self, call: u64, message: &Message<'_>) {
        let _ = (call, message);
    }

    /// Takes note of what a proxy tells besides messages.
    fn told(&mut self, report: &Report<'_>) {
        let _ = report;
    }

    /// Lets whoever reads the output see what there is.
    fn pause(&mut self) -> Result<()> {
        Ok(())
    }

    /// Returns whether it wants to hear no more.
    fn is_over(&self) -> bool {
        false
    }

    /// Returns whether what is no matter of messages is to be told as events too.
    fn takes_notices(&self) -> bool {
        false
    }
}

impl<O: Follower> Tracked<O> {
    /// Returns a tracker that tells `observer`.
    pub(crate) fn new(options: TrackOptions, observer: O) -> Self {
        Self {
            tracker: Tracker::new(options),
            until: Timestamp::MAX,
            behind: 0,
            unfit: Vec::new(),
            observer,
        }
    }

    /// Lets nothing happen after `until`, from where on frames are left out.
    pub(crate) fn until(mut self, until: Option<Timestamp>) -> Self {
        self.until = until.unwrap_or(Timestamp::MAX);
        self
    }

    /// Tells what was left out; `names` are those of the inputs.
    pub(crate) fn warn(&self, names: &[String], ui: &Ui) {
        let stats: &TrackStats = self.tracker.stats();
        if stats.evicted > 0 {
            ui.warn(format_args!(
                "{} calls, bindings and requests were forgotten because there were too many at a time; see --max-calls, \
                 --max-bindings and --max-memory",
                stats.evicted
            ));
        }
        if !ui.is_verbose() || self.unfit.is_empty() {
            return;
        }
        for (origin, why) in &self.unfit {
            let name = names
                .get(usize::from(origin.input))
                .map_or("-", String::as_str);
            ui.note(format_args!("{name}: frame {}: {why}", origin.number));
        }
        ui.note(format_args!(
            "{} messages cannot be worked with, {} fit no call, registration, subscription or request.",
            stats.unusable, stats.stray
        ));
    }

    /// Lets what was due at `now` happen, when no packet tells that it is that late.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Result<()> {
        self.tracker.tick(now, &mut self.observer)
    }

    /// Returns how many calls and how many bindings are followed at the moment.
    pub(crate) fn open(&self) -> (usize, usize) {
        self.tracker.open()
    }

    /// Returns the time of what frames tell of, given that of frames: capture agents send what was earlier. What one of
    /// them is ahead is not believed.
    pub(crate) fn told(&self, came: Timestamp) -> Timestamp {
        came.plus(self.behind.max(0).saturating_neg())
    }

    /// Takes the next message, and tells what became of it.
    pub(crate) fn take(&mut self, message: &Message<'_>) -> Result<Taken> {
        self.behind = message.completed_by.ts.since(message.ts);
        let is_marked = self.observer.marks(message);
        let stats = self.tracker.stats();
        let before = (stats.unusable, stats.stray);
        let call = self
            .tracker
            .message(message, is_marked, &mut self.observer)?;
        if let Some(call) = call {
            self.observer.carried(call, message);
        }
        let is_unfit = self.note_unfit(message, before);
        Ok(Taken { call, is_unfit })
    }

    /// Remembers a message that nothing could be made of since `before`; returns whether it is one.
    fn note_unfit(&mut self, message: &Message<'_>, before: (u64, u64)) -> bool {
        let stats = self.tracker.stats();
        let why = if stats.unusable > before.0 {
            "a message that cannot be worked with"
        } else if stats.stray > before.1 {
            "a message that fits nothing"
        } else {
            return false;
        };
        if self.unfit.len() < MAX_UNFIT {
            self.unfit.push((message.completed_by.origin, why));
        }
        true
    }
}

impl<O: Follower> Tracked<O> {
    /// Ends what the end of the capture at `end` ends.
    pub(crate) fn finish_at(&mut self, end: Timestamp) -> Result<()> {
        self.tracker.finish(end, &mut self.observer)
    }
}

impl<O: Follower> Sink for Tracked<O> {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        self.take(message)?;
        Ok(if self.observer.is_over() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    }

    fn takes_identities(&self) -> bool {
        true
    }

    fn takes_notices(&self) -> bool {
        self.observer.takes_notices()
    }

    fn notice(&mut self, notice: &Notice) -> Result<()> {
        let party = |address| Party {
            address: Some(address),
            ..Party::default()
        };
        let kind = match notice.kind {
            NoticeKind::Probe { .. } => EventKind::MsgProbe,
            NoticeKind::Gap { .. } => EventKind::Gap,
            NoticeKind::Resync => EventKind::TcpResync,
            NoticeKind::FragmentLost { .. } => EventKind::FragmentLost,
        };
        let reason = notice.kind.to_string();
        let event = Event {
            origin: Some(notice.frame.origin),
            caller: party(notice.flow.src),
            callee: party(notice.flow.dst),
            transport: Some(notice.flow.transport),
            reason: reason.as_bytes(),
            ..Event::new(kind, notice.frame.ts)
        };
        let came = notice.frame.ts;
        self.tracker.event(&event, came, &mut self.observer)
    }

    fn report(&mut self, report: &Report<'_>) -> Result<()> {
        self.observer.told(report);
        let Some(log) = Log::of(report) else {
            return Ok(());
        };
        if let (EventKind::Quality, Some(other)) = (log.kind, &report.trace.correlation_id) {
            self.tracker.relate(report.call_id, other);
        }
        self.tracker
            .event(&log.event(), report.frame.ts, &mut self.observer)
    }

    fn pause(&mut self) -> Result<()> {
        self.observer.pause()
    }

    fn finish(&mut self, summary: &Summary) -> Result<()> {
        let end = end(summary).min(self.until);
        self.finish_at(end.plus(self.behind.saturating_neg()))
    }
}

/// Returns when the last frame was captured; where selected calls were saved, when the capture ended that they are from.
pub(crate) fn end(summary: &Summary) -> Timestamp {
    let of_input = |input: &InputSummary| {
        let last = input.times.as_ref().map(|times| times.last);
        last.max(input.ended.filter(|_| is_saved(input)))
    };
    let ends = summary.inputs.iter().filter_map(of_input);
    ends.max().unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_1024() {
        for (text, expected) in [
            ("1000", 1000),
            ("1k", 1024),
            ("500M", 500 << 20),
            ("4GiB", 4 << 30),
        ] {
            assert_eq!(parse_size(text), Ok(expected), "{text}");
        }
        for text in ["", "M", "-1", "1.5G", "99999999999999T", "1X"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
