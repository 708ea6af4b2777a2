//! `sipcap completions`: completions for shells.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{cli::Cli, exit::Outcome, output::Output};

/// Print the completions for a shell
///
/// For example: sipcap completions bash > ~/.local/share/bash-completion/completions/sipcap
#[derive(clap::Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs) -> anyhow::Result<Outcome> {
    let mut output = Output::open(None, false, &[])?;
    // Into memory first: clap takes a closed pipe for a reason to panic.
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "sipcap", &mut text);
    output.write_all(&text)?;
    output.finish()?;
    Ok(Outcome::Done)
}
