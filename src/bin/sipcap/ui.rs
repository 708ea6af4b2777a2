//! The only door to standard error: warnings, notes and the progress bar.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sipcap::text::sanitize;

use crate::cli::{ColorChoice, GlobalArgs};

/// How long a run goes on before a progress bar is shown.
const PROGRESS_AFTER: Duration = Duration::from_millis(500);

/// What a person is told besides the data.
#[derive(Clone, Default)]
pub(crate) struct Ui {
    quiet: bool,
    verbose: bool,
    color: ColorChoice,
    hides_progress: bool,
}

impl Ui {
    pub(crate) fn new(args: &GlobalArgs) -> Self {
        Self {
            quiet: args.quiet,
            verbose: args.verbose,
            color: args.color,
            hides_progress: false,
        }
    }

    /// Lets no progress bar be shown: the output itself shows how far it is.
    pub(crate) const fn hide_progress(&mut self) {
        self.hides_progress = true;
    }

    /// Returns whether more than the usual is to be told.
    pub(crate) const fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Tells of something odd that did not keep the command from its work.
    pub(crate) fn warn(&self, message: impl fmt::Display) {
        if !self.quiet {
            self.say("warning: ", &message.to_string());
        }
    }

    /// Tells what was done.
    pub(crate) fn note(&self, message: impl fmt::Display) {
        if !self.quiet {
            self.say("", &message.to_string());
        }
    }

    /// Tells why a command could not do its work; the causes follow on the same line.
    pub(crate) fn error(&self, error: &anyhow::Error) {
        self.say("error: ", &format!("{error:#}"));
    }

    /// Writes a line for another program that reads standard error.
    pub(crate) fn line(&self, line: &str) {
        // If standard error is closed there is nobody to tell.
        let _ = writeln!(io::stderr().lock(), "{}", sanitize(line));
    }

    fn say(&self, kind: &str, message: &str) {
        // If standard error is closed there is nobody to tell.
        let _ = writeln!(io::stderr().lock(), "sipcap: {kind}{}", sanitize(message));
    }

    /// Returns whether an output that is, or is not, a terminal may be coloured.
    pub(crate) fn colors(&self, is_terminal: bool) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                is_terminal
                    && !is_set("NO_COLOR")
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }

    /// Returns how many characters a line of the terminal takes.
    pub(crate) fn width(&self) -> usize {
        let columns = std::env::var("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok())
            .filter(|columns| *columns > 0);
        columns
            .or_else(|| terminal_size::terminal_size().map(|(width, _)| width.0.into()))
            .unwrap_or(80)
    }

    /// Returns a progress bar over `size` octets; it shows itself after half a second, on a terminal only.
    pub(crate) fn progress(&self, size: Option<u64>) -> Progress {
        let is_shown = !self.quiet && !self.hides_progress && io::stderr().is_terminal();
        Progress(is_shown.then(|| {
            let bar = match size {
                Some(size) => {
                    ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::hidden())
                }
                None => ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
            };
            let template = match size {
                Some(_) => "{wide_bar} {bytes}/{total_bytes}  {binary_bytes_per_sec}  {eta}",
                None => "{spinner} {bytes}  {binary_bytes_per_sec}",
            };
            bar.with_style(
                ProgressStyle::with_template(template)
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            )
        }))
    }
}

/// A progress bar, or none.
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    /// Moves the bar to `position` octets.
    pub(crate) fn set(&self, position: u64) {
        let Some(bar) = &self.0 else { return };
        if bar.is_hidden() && bar.elapsed() > PROGRESS_AFTER {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.set_position(position);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
