//! The options that decide what is counted: a part keeps them, so that all parts are counted alike.

use std::{collections::BTreeMap, ffi::OsStr};

use anyhow::{anyhow, bail};
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches, parser::ValueSource};

use sipcap::report::PartOrigin;

use crate::{cli::Cli, cmd::stats::StatsArgs, figures::DECIDED_BEFORE};

/// Options by their long names, each with its values.
#[derive(Clone, Debug, Default)]
pub(super) struct Given(BTreeMap<String, Vec<String>>);

impl Given {
    pub(super) const fn new(options: BTreeMap<String, Vec<String>>) -> Self {
        Self(options)
    }

    /// Returns those that the program was started with.
    pub(super) fn on_command_line() -> anyhow::Result<Self> {
        let all = Cli::command().try_get_matches_from(std::env::args_os())?;
        let (_, matches) = all.subcommand().unwrap_or(("", &all));
        let mut options = BTreeMap::new();
        for option in deciding(&stats_command()) {
            if matches.value_source(&option.id) == Some(ValueSource::CommandLine) {
                let values = if option.is_flag {
                    Vec::new()
                } else {
                    values(matches, &option.id)?
                };
                options.insert(option.name, values);
            }
        }
        Ok(Self(options))
    }

    pub(super) fn into_options(self) -> BTreeMap<String, Vec<String>> {
        self.0
    }

    /// Returns what they mean, without those of one part alone.
    pub(super) fn args(&self) -> anyhow::Result<StatsArgs> {
        let command = stats_command();
        let known: Vec<String> = deciding(&command).map(|option| option.name).collect();
        let mut line = vec!["stats".to_owned()];
        for (name, values) in &self.0 {
            if !known.contains(name) {
                bail!("the parts were counted with --{name}, which is not known here");
            }
            if PartOrigin::is_own(name) {
                continue;
            }
            match values.as_slice() {
                [] => line.push(format!("--{name}")),
                values => line.extend(values.iter().map(|value| format!("--{name}={value}"))),
            }
        }
        let matches = command
            .try_get_matches_from(line)
            .map_err(|error| anyhow!("the options of the parts: {error}"))?;
        Ok(StatsArgs::from_arg_matches(&matches)?)
    }
}

fn stats_command() -> Command {
    use clap::Args;
    StatsArgs::augment_args(Command::new("stats"))
}

/// An option that decides what is counted.
struct Deciding {
    id: String,
    /// Its long name.
    name: String,
    /// Whether it has no value.
    is_flag: bool,
}

fn deciding(command: &Command) -> impl Iterator<Item = Deciding> {
    command
        .get_arguments()
        .filter(|arg| DECIDED_BEFORE.contains(&arg.get_id().as_str()))
        .filter_map(|arg| {
            Some(Deciding {
                id: arg.get_id().to_string(),
                name: arg.get_long()?.to_owned(),
                is_flag: !arg.get_action().takes_values(),
            })
        })
}

/// Returns the values of an option as they were typed.
fn values(matches: &ArgMatches, id: &str) -> anyhow::Result<Vec<String>> {
    let values = matches.get_raw(id).into_iter().flatten();
    let text = |value: &OsStr| value.to_str().map(str::to_owned);
    values
        .map(|value| text(value).ok_or_else(|| anyhow!("--{id} is no UTF-8")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What may be different in each part, and when parts are put together.
    const DECIDED_ANEW: [&str; 19] = [
        "files",
        "threads",
        "block_bytes",
        "top",
        "partial",
        "merge",
        "list_metrics",
        "check",
        "allow_missing",
        "junit",
        "annotate",
        "baseline",
        "tolerance",
        "format",
        "output",
        "force",
        "plot",
        "plot_dir",
        "csv_safe",
    ];

    #[test]
    fn each_option_is_decided_once() {
        for arg in stats_command().get_arguments() {
            let id = arg.get_id().as_str();
            let is_before = DECIDED_BEFORE.contains(&id);
            assert_ne!(is_before, DECIDED_ANEW.contains(&id), "{id}");
        }
    }

    #[test]
    fn options_come_back() {
        let options = [
            ("rfc-literal", &[][..]),
            ("until", &["@7"]),
            ("regexp", &["-x", "y,z"]),
            ("method", &["INVITE", "BYE"]),
        ];
        let options = options.map(|(name, values)| {
            let values = values.iter().map(ToString::to_string).collect();
            (name.to_owned(), values)
        });
        let args = Given::new(options.into()).args().unwrap();
        assert!(args.figures.plan(false).definitions.is_literal);
        assert!(args.input.until.is_none(), "it is of one part alone");
        let selection = args.select.selection();
        assert_eq!(selection.methods, ["INVITE", "BYE"]);
        assert_eq!(selection.patterns.len(), 2);
    }

    #[test]
    fn options_that_decide_nothing_are_refused() {
        for name in ["output", "force", "nonsense"] {
            let options = [(name.to_owned(), Vec::new())];
            assert!(Given::new(options.into()).args().is_err());
        }
    }
}
