//! From messages to calls, registrations and events.

use std::ops::ControlFlow;

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use sipcap::{
    error::Result,
    filter::Selection,
    pipeline::{Sink, Summary},
    sip::Message,
    time::Timestamp,
    track::{Observer, Timeouts, TrackOptions, Tracker},
};

use crate::{cli::parse_duration, ui::Ui};

/// How calls and registrations are followed.
#[derive(Args, Debug)]
#[command(next_help_heading = "Tracking options")]
pub(crate) struct TrackArgs {
    /// How long a state lasts when nothing comes
    ///
    /// States are init, inv_1st, inv_early_dlg, inv_neg, inv_established, inv_bye_seen, inv_bye_repl, inv_canceled,
    /// non_inv_1st, non_inv_neg and non_inv_fin; for example inv_1st=60s,inv_established=2h. Time is that of the capture.
    #[arg(long, value_name = "STATE=DURATION", value_delimiter = ',', value_parser = parse_timeout)]
    timeout: Vec<(String, i64)>,
    /// Whose time-outs are used
    #[arg(long, value_name = "WHOSE", default_value = "sipcap")]
    timeouts: Whose,
    /// Let time-outs pass that end within this time after the capture; without it, what is open stays open
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    end_timeout: Option<i64>,
    /// Calls that are followed at a time; the one idle for the longest time is forgotten first
    #[arg(long, value_name = "N", default_value_t = 1 << 24, value_parser = clap::value_parser!(u32).range(1..))]
    max_calls: u32,
    /// Bindings that are followed at a time
    #[arg(long, value_name = "N", default_value_t = 1 << 24, value_parser = clap::value_parser!(u32).range(1..))]
    max_bindings: u32,
    /// Memory for all that is followed, for example 500M or 4G
    #[arg(long, value_name = "SIZE", default_value = "4G", value_parser = parse_size)]
    max_memory: u64,
    /// How late a binding may be refreshed before it counts as expired
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    reg_expiry_grace: i64,
    /// How long the removal of a binding is held back, in case it is registered again
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_duration)]
    reg_del_delay: i64,
    /// Take Contacts for the same that differ in their port only
    #[arg(long)]
    contact_ignore_port: bool,
}

/// Whose time-outs are used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Whose {
    /// Those of sipcap
    Sipcap,
    /// Those of calltr, the tracker of sipcallmon
    Calltr,
}

impl TrackArgs {
    /// Returns what the tracker goes by.
    pub(crate) fn options(&self) -> anyhow::Result<TrackOptions> {
        let mut timeouts = match self.timeouts {
            Whose::Sipcap => Timeouts::SIPCAP,
            Whose::Calltr => Timeouts::CALLTR,
        };
        for (name, nanos) in &self.timeout {
            timeouts
                .set(name, *nanos)
                .map_err(|error| anyhow!("--timeout: {error}"))?;
        }
        Ok(TrackOptions {
            timeouts,
            max_calls: self.max_calls as usize,
            max_bindings: self.max_bindings as usize,
            max_memory: usize::try_from(self.max_memory).unwrap_or(usize::MAX),
            end_timeout: self.end_timeout,
            reg_expiry_grace: self.reg_expiry_grace,
            reg_del_delay: self.reg_del_delay,
            contact_ignore_port: self.contact_ignore_port,
            ..TrackOptions::default()
        })
    }
}

fn parse_timeout(text: &str) -> Result<(String, i64), String> {
    let (name, duration) = text
        .split_once('=')
        .ok_or("expected a state and a duration, such as inv_1st=60s")?;
    Ok((name.trim().to_owned(), parse_duration(duration.trim())?))
}

fn parse_size(text: &str) -> Result<u64, &'static str> {
    const EXPECTED: &str = "expected a size such as 500M or 4G; units are K, M and G";
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match text.get(digits.len()..).unwrap_or_default() {
        "" => 0,
        "K" | "k" => 10,
        "M" => 20,
        "G" => 30,
        _ => return Err(EXPECTED),
    };
    let size = digits.parse::<u64>().ok();
    size.and_then(|size| size.checked_mul(1 << shift))
        .filter(|size| *size > 0)
        .ok_or(EXPECTED)
}

/// An observer at work.
pub(crate) trait Watcher: Observer {
    /// Is told that a pipe has nothing more at hand.
    fn pause(&mut self) -> Result<()> {
        Ok(())
    }

    /// Returns whether it wants to hear no more.
    fn is_over(&self) -> bool {
        false
    }
}

/// A tracker that takes the messages of a run and tells a watcher what happens.
pub(crate) struct Tracked<W> {
    tracker: Tracker,
    /// Its expressions mark the calls that they match a message of.
    selection: Selection,
    /// Frames after this moment are not looked at.
    until: Option<Timestamp>,
    pub(crate) watcher: W,
}

impl<W: Watcher> Tracked<W> {
    pub(crate) fn new(
        options: TrackOptions,
        selection: Selection,
        until: Option<Timestamp>,
        watcher: W,
    ) -> Self {
        Self {
            tracker: Tracker::new(options),
            selection,
            until,
            watcher,
        }
    }

    /// Tells what the tracker could not make use of, and what it forgot.
    pub(crate) fn tell(&self, ui: &Ui) {
        let stats = self.tracker.stats();
        if stats.evicted > 0 {
            ui.warn(format_args!(
                "{} calls or bindings were forgotten before their end, because there were too many (--max-calls, \
                 --max-bindings, --max-memory)",
                stats.evicted
            ));
        }
        if ui.is_verbose() {
            ui.note(format_args!(
                "{} calls; {} messages are of none of what is followed, {} cannot be worked with.",
                stats.calls, stats.stray, stats.unusable
            ));
        }
    }

    fn flow(&self) -> ControlFlow<()> {
        if self.watcher.is_over() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl<W: Watcher> Sink for Tracked<W> {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        let is_marked = self.selection.marks(message);
        self.tracker
            .message(message, is_marked, &mut self.watcher)?;
        Ok(self.flow())
    }

    fn pause(&mut self) -> Result<()> {
        self.watcher.pause()
    }

    fn finish(&mut self, summary: &Summary) -> Result<()> {
        let ends = summary.inputs.iter().filter_map(|input| input.times);
        let end = ends.map(|times| times.max).max();
        let end = end.unwrap_or(Timestamp::MIN);
        let end = self.until.map_or(end, |until| until.min(end));
        self.tracker.finish(end, &mut self.watcher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, size) in [
            ("1", 1),
            ("64K", 64 << 10),
            ("500M", 500 << 20),
            ("4G", 4 << 30),
        ] {
            assert_eq!(parse_size(text), Ok(size), "{text}");
        }
        for text in [
            "",
            "G",
            "0",
            "4T",
            "1.5G",
            "-1",
            "99999999999999999999",
            "99999999999G",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
