//! The options of `sipcap ladder`, by what they are about.

use std::path::PathBuf;

use clap::ValueEnum;
use sipcap::ladder::{NameBook, RowOptions};

use crate::{
    choose::{ChooseArgs, LegArgs},
    cli::{InputArgs, SelectArgs, WhereArgs},
    input::Twice,
    ladder::{Format, ThemeName, TimeName},
    output::Output,
    session::name_book,
    track::TrackArgs,
};

/// Draw a call as a ladder of its messages
///
/// An arrow for each message between those who sent and received it, with times, phases of the call, session
/// descriptions and remarks. A picture (SVG) stands alone: it can be mailed, attached to a ticket or put into a wiki. On a
/// terminal the ladder is text. If several calls are selected, they are listed to choose from; --all draws each of them.
/// What several --call-id name is drawn in one ladder, also what is no call.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LadderArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    #[command(flatten)]
    pub(crate) choose: ChooseArgs,
    #[command(flatten)]
    pub(crate) conditions: WhereArgs,
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    #[command(flatten)]
    pub(crate) legs: LegArgs,
    #[command(flatten)]
    pub(crate) content: ContentArgs,
    #[command(flatten)]
    pub(crate) look: LookArgs,
    #[command(flatten)]
    pub(crate) track: TrackArgs,
    #[command(flatten)]
    pub(crate) output: TargetArgs,
}

const EXAMPLES: &str = "Examples:
  sipcap ladder call.pcap
  sipcap ladder --call-id 3848276298220188511@atlanta.example.com -o call.svg trace.pcap
  sipcap ladder --number 4930123456 --outcome failed --all -o ladders day.pcap
  sipcap ladder --legs --alias 192.0.2.1=SBC --names hosts.txt -o call.svg trace.pcap
  sipcap ladder --aor alice@example.com trace.pcap
  sipcap ladder --where 'status == 503' --limit 20 --all -o failed trace.pcap";

/// What is drawn instead of calls, and how many.
#[derive(clap::Args, Debug)]
#[command(
    next_help_heading = "Selection options (repeated: any of them; different ones: all of them)"
)]
pub(crate) struct WhichArgs {
    /// Draw the registrations of this address of record, or of this user: alice@example.com, alice
    #[arg(long, value_name = "AOR", conflicts_with_all = ["call_id", "transaction"])]
    pub(crate) aor: Option<String>,
    /// Draw what has this branch in a Via: one transaction, at all the hops behind its first one
    #[arg(long, value_name = "BRANCH", conflicts_with = "call_id")]
    pub(crate) transaction: Option<String>,
    /// Draw every selected call, each to a file of its own in the directory --output
    ///
    /// The files are called after Call-IDs; index.html and index.csv list them.
    #[arg(long, requires = "output", conflicts_with_all = ["aor", "transaction"])]
    pub(crate) all: bool,
    /// With --all, draw so many calls at most, those that begin first
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

/// What a ladder has in it.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Ladder options")]
pub(crate) struct ContentArgs {
    /// Call this address so (can be repeated): 192.0.2.1=SBC, 192.0.2.1:5080=Edge
    ///
    /// Addresses with the same name are one endpoint, unless they talk to each other or --strict-addresses is given.
    #[arg(long, value_name = "ADDRESS=NAME")]
    alias: Vec<String>,
    /// Call addresses as this file says: an address and a name in each line
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
    /// Take every address and port for an endpoint of its own
    ///
    /// Else who opens connections from any port is one endpoint, and so is a proxy with several addresses, as far as Via tells.
    #[arg(long)]
    pub(crate) strict_addresses: bool,
    /// Which media are drawn, as bars between who sends and who receives them
    #[arg(long, value_name = "KIND", default_value = "rtp")]
    pub(crate) media: MediaName,
    /// Count messages that come again at the first of them instead of drawing them
    #[arg(long)]
    collapse: bool,
    /// Fold requests within a call that repeat themselves, such as re-INVITE, OPTIONS and INFO
    #[arg(long)]
    fold: bool,
    /// Replace names, numbers, hosts and addresses by pseudonyms, so that the ladder can be shown to others
    ///
    /// The same is called the same in all ladders of a run. Headers that may tell who somebody is, and bodies other than
    /// session descriptions, are left out, and so is what proxies log. Times, ports and what --alias and --names say stay.
    #[arg(long)]
    pub(crate) anonymize: bool,
    /// Write which pseudonym stands for what to this file, as CSV
    #[arg(long, value_name = "FILE", requires = "anonymize")]
    anonymize_key: Option<PathBuf>,
    /// Which time stands beside each message
    #[arg(long, value_name = "WHICH", default_value = "start")]
    pub(crate) time: TimeName,
}

/// Which media are drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum MediaName {
    /// None, which is faster
    None,
    /// RTP and fax (T.38) at the addresses that the calls announce, with what RTCP reports of them
    Rtp,
}

impl ContentArgs {
    /// Returns what is drawn of the messages.
    pub(crate) const fn rows(&self) -> RowOptions {
        RowOptions {
            collapses: self.collapse,
            folds: self.fold,
        }
    }

    /// Opens the file for the meaning of pseudonyms.
    pub(crate) fn key(&self, force: bool, source: &Twice) -> anyhow::Result<Option<Output>> {
        let path = self.anonymize_key.as_deref();
        path.map(|path| Output::open(Some(path), force, &source.paths))
            .transpose()
    }

    /// Returns what addresses are called.
    pub(crate) fn name_book(&self) -> anyhow::Result<NameBook> {
        name_book(self.names.as_deref(), &self.alias)
    }
}

/// What a ladder looks like.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Ladder options")]
pub(crate) struct LookArgs {
    /// The colours of pictures
    #[arg(long, value_name = "THEME", default_value = "auto")]
    pub(crate) theme: ThemeName,
    /// Let a picture be no higher than this, in pixels, and go on in the next one
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(300..))]
    pub(crate) max_height: Option<u32>,
    /// Draw text with ASCII characters only
    #[arg(long)]
    pub(crate) ascii: bool,
}

/// Where ladders go.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Output options")]
pub(crate) struct TargetArgs {
    /// How a ladder is drawn [default: as the ending of --output says; text on a terminal, else svg]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// Write to this file instead of the standard output; with --all, to this directory
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite what exists
    #[arg(long)]
    pub(crate) force: bool,
    /// With --all, put an apostrophe before cells of index.csv that a spreadsheet would run as formulas
    #[arg(long)]
    pub(crate) csv_safe: bool,
}
