//! `sipcap man`: the manual pages.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::CommandFactory;
use clap_mangen::Man;

use crate::{cli::Cli, exit::Outcome, output::Output};

/// Write the manual pages
///
/// Without a directory, the page of sipcap itself goes to the standard output: sipcap man | man -l -
#[derive(clap::Args, Debug)]
pub(crate) struct ManArgs {
    /// Write the pages of sipcap and of each command into this directory
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,
}

pub(crate) fn run(args: &ManArgs) -> anyhow::Result<Outcome> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    match &args.out_dir {
        None => {
            let mut output = Output::open(None, false, &[])?;
            render(&command, &mut output)?;
            output.finish()?;
        }
        Some(directory) => {
            write(&command, directory)?;
            for subcommand in command.get_subcommands() {
                write(subcommand, directory)?;
                for subcommand in subcommand.get_subcommands() {
                    write(subcommand, directory)?;
                }
            }
        }
    }
    Ok(Outcome::Done)
}

fn render(command: &clap::Command, output: &mut impl io::Write) -> io::Result<()> {
    // No date: the same program writes the same pages.
    Man::new(command.clone())
        .date("")
        .source(concat!("sipcap ", env!("CARGO_PKG_VERSION")))
        .manual("sipcap manual")
        .render(output)
}

fn write(command: &clap::Command, directory: &Path) -> anyhow::Result<()> {
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name());
    let path = directory.join(format!("{name}.1"));
    let mut page = Vec::new();
    render(command, &mut page)?;
    fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))
}
