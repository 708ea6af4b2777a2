//! `sipcap grep`: the messages whose octets match.

use std::{collections::HashSet, io::Write, ops::ControlFlow, path::PathBuf};

use regex::bytes::Regex;
use sipcap::{
    capture::{Frame, InputOptions, Inputs},
    error::Result,
    filter::{self, Selection},
    pipeline::{Sink, Summary},
    report::{MessageRow, MessageText},
    sip::Message,
};

use crate::{
    cli::{InputArgs, SelectArgs, one_line},
    exit::Outcome,
    frames,
    input::Run,
    output::{self, Output},
    ui::Ui,
};

/// Print the messages that match a regular expression
///
/// The expression is looked for in the octets of each message, headers and body; ^ and $ are the ends of lines.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct GrepArgs {
    /// The regular expression
    #[arg(value_name = "PATTERN")]
    pattern: String,
    #[command(flatten)]
    input: InputArgs,
    /// Match in either case
    #[arg(short, long)]
    ignore_case: bool,
    /// Select the messages that do not match
    #[arg(short = 'v', long)]
    invert_match: bool,
    /// Print how many messages are selected and nothing else
    #[arg(short, long, conflicts_with_all = ["write", "json"])]
    count: bool,
    /// Select all messages with the Call-IDs of those that match
    #[arg(long)]
    dialog: bool,
    /// Write the packets of the selected messages to this capture file instead of printing them
    #[arg(short, long, value_name = "FILE", conflicts_with = "json")]
    write: Option<PathBuf>,
    /// Print JSON Lines, with the whole message in "text"
    #[arg(long)]
    json: bool,
    /// Overwrite what exists
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    select: SelectArgs,
}
