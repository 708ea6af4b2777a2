//! The `sipcap` command.

mod check;
mod choose;
mod cli;
mod clocks;
mod cmd;
mod event_rows;
mod exit;
mod figures;
mod hep;
mod input;
mod ladder;
mod live;
mod logs;
mod merge_notes;
mod output;
mod pace;
mod packets;
mod points;
mod rows;
mod session;
mod split;
mod stats;
mod telling;
mod told;
mod track;
mod ui;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let mut ui = ui::Ui::new(&cli.global);
    let outcome = cmd::run(&cli.command, &mut ui);
    exit::code(outcome, &mut ui)
}
