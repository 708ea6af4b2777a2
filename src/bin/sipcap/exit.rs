//! How the program ends.

use std::{io, process::ExitCode};

use crate::ui::Ui;

/// How a command ended that was able to do its work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// It did what it was asked for.
    Done,
    /// Nothing was selected.
    Nothing,
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

/// Reports a usage error, or prints the help or version that was asked for.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // If even this cannot be written there is nobody to tell.
    let _ = error.print();
    if error.use_stderr() {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    }
}

/// Turns the outcome of a command into the exit code that design and man page promise.
pub(crate) fn code(outcome: anyhow::Result<Outcome>, ui: &mut Ui) -> ExitCode {
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Nothing) => ExitCode::from(1),
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
