//! The commands, a file each.

pub(crate) mod calls;
pub(crate) mod completions;
pub(crate) mod events;
pub(crate) mod grep;
pub(crate) mod hep;
pub(crate) mod info;
pub(crate) mod ladder;
pub(crate) mod live;
pub(crate) mod man;
pub(crate) mod merge;
pub(crate) mod messages;
pub(crate) mod parse;
pub(crate) mod regs;
pub(crate) mod split;
pub(crate) mod stats;

use crate::{cli::Command, exit::Outcome, ui::Ui};

/// Runs a command.
pub(crate) fn run(command: &Command, ui: &mut Ui) -> anyhow::Result<Outcome> {
    match command {
        Command::Info(args) => info::run(args, ui),
        Command::Messages(args) => messages::run(args, ui),
        Command::Grep(args) => grep::run(args, ui),
        Command::Calls(args) => calls::run(args, ui),
        Command::Regs(args) => regs::run(args, ui),
        Command::Events(args) => events::run(args, ui),
        Command::Stats(args) => stats::run(args, ui),
        Command::Split(args) => split::run(args, ui),
        Command::Merge(args) => merge::run(args, ui),
        Command::Ladder(args) => ladder::run(args, ui),
        Command::Live(args) => live::run(args, ui),
        Command::Hep(args) => hep::run(args, ui),
        Command::Parse(args) => parse::run(args, ui),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
    }
}
