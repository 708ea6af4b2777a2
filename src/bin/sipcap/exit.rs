//! How the program ends.

use std::{io, process::ExitCode};

use anyhow::anyhow;
use clap::error::ErrorKind;

use crate::ui::Ui;

/// How a command ended that was able to do its work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// It did what it was asked for.
    Done,
    /// Nothing was selected.
    Nothing,
    /// A check failed.
    Failed,
    /// The input was damaged, and `--strict` was given.
    Damaged,
    /// It was ended by a signal before its time.
    Interrupted,
}

impl Outcome {
    /// Returns `Done` if anything was selected.
    pub(crate) const fn selected(any: bool) -> Self {
        if any { Self::Done } else { Self::Nothing }
    }
}

/// Reports a usage error in one line, or prints the help or version that was asked for.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // If even this cannot be written there is nobody to tell.
        let _ = error.print();
        return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
    }
    let text = error.render().to_string();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let told: Vec<_> = lines
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .map(|line| line.trim_start_matches("error: "))
        .collect();
    let told = told.join(" ").replace(" tip: ", "; tip: ");
    Ui::default().error(&anyhow!("{told}; see --help"));
    ExitCode::from(2)
}

/// Turns the outcome of a command into the exit code that design and man page promise.
pub(crate) fn code(outcome: anyhow::Result<Outcome>, ui: &mut Ui) -> ExitCode {
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Nothing | Outcome::Failed) => ExitCode::from(1),
        Ok(Outcome::Damaged) => ExitCode::from(2),
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            ui.error(&error);
            ExitCode::from(2)
        }
    }
}

/// Returns whether the reader of the output is gone, as in `sipcap messages x.pcap | head`.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = match cause.downcast_ref::<sipcap::error::Error>() {
            Some(sipcap::error::Error::Sink(io)) => Some(io),
            _ => cause.downcast_ref::<io::Error>(),
        };
        io.is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
    })
}
