//! `sipcap ladder`: a call as arrows between those who take part.

use std::path::PathBuf;

use anyhow::{Context, bail};
use sipcap::{
    capture::Inputs,
    ladder::{Anonymizer, LadderOptions, NameBook, PictureOptions, RowOptions, TextStyle},
    sip::MessageBuf,
    time::Timestamp,
};

use crate::{
    choose::{ChooseArgs, LegArgs},
    cli::{InputArgs, SelectArgs, WhereArgs},
    exit::Outcome,
    input::{self, Run, Twice},
    ladder::{
        Collector, Directory, Drawing, Finder, Format, Found, Nearest, ThemeName, TimeName, Wanted,
        write_one,
    },
    output::Output,
    track::{TrackArgs, Tracked, end},
    ui::Ui,
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
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    choose: ChooseArgs,
    #[command(flatten)]
    conditions: WhereArgs,
    #[command(flatten)]
    which: WhichArgs,
    #[command(flatten)]
    legs: LegArgs,
    #[command(flatten)]
    content: ContentArgs,
    #[command(flatten)]
    look: LookArgs,
    #[command(flatten)]
    track: TrackArgs,
    #[command(flatten)]
    output: TargetArgs,
}

/// What is drawn instead of calls, and how many.
#[derive(clap::Args, Debug)]
#[command(
    next_help_heading = "Selection options (repeated: any of them; different ones: all of them)"
)]
struct WhichArgs {
    /// Draw the registrations of this address of record, or of this user: alice@example.com, alice
    #[arg(long, value_name = "AOR", conflicts_with_all = ["call_id", "transaction"])]
    aor: Option<String>,
    /// Draw what has this branch in a Via: one transaction, at all the hops behind its first one
    #[arg(long, value_name = "BRANCH", conflicts_with = "call_id")]
    transaction: Option<String>,
    /// Draw every selected call, each to a file of its own in the directory --output
    ///
    /// The files are called after Call-IDs; index.html and index.csv list them.
    #[arg(long, requires = "output", conflicts_with_all = ["aor", "transaction"])]
    all: bool,
    /// With --all, draw so many calls at most, those that begin first
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// What a ladder has in it.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Ladder options")]
struct ContentArgs {
    /// Call this address so (can be repeated): 192.0.2.1=SBC, 192.0.2.1:5080=Edge
    #[arg(long, value_name = "ADDRESS=NAME")]
    alias: Vec<String>,
    /// Call addresses as this file says: an address and a name in each line
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
    /// Take every address and port for an endpoint of its own
    ///
    /// Else who opens connections from any port is one endpoint, and so is a proxy with several addresses, as far as Via tells.
    #[arg(long)]
    strict_addresses: bool,
    /// Count messages that come again at the first of them instead of drawing them
    #[arg(long)]
    collapse: bool,
    /// Fold requests within a call that repeat themselves, such as re-INVITE, OPTIONS and INFO
    #[arg(long)]
    fold: bool,
    /// Replace names, numbers, hosts and addresses by pseudonyms, so that the ladder can be shown to others
    ///
    /// The same is called the same in all ladders of a run. Headers that may tell who somebody is, and bodies other than
    /// session descriptions, are left out. Times, ports and what --alias and --names say stay.
    #[arg(long)]
    anonymize: bool,
    /// Write which pseudonym stands for what to this file, as CSV
    #[arg(long, value_name = "FILE", requires = "anonymize")]
    anonymize_key: Option<PathBuf>,
    /// Which time stands beside each message
    #[arg(long, value_name = "WHICH", default_value = "start")]
    time: TimeName,
}

/// What a ladder looks like.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Ladder options")]
struct LookArgs {
    /// The colours of pictures
    #[arg(long, value_name = "THEME", default_value = "auto")]
    theme: ThemeName,
    /// Let a picture be no higher than this, in pixels, and go on in the next one
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(300..))]
    max_height: Option<u32>,
    /// Draw text with ASCII characters only
    #[arg(long)]
    ascii: bool,
}

/// Where ladders go.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Output options")]
struct TargetArgs {
    /// How a ladder is drawn [default: as the ending of --output says; text on a terminal, else svg]
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write to this file instead of the standard output; with --all, to this directory
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Overwrite what exists
    #[arg(long)]
    force: bool,
    /// With --all, put an apostrophe before cells of index.csv that a spreadsheet would run as formulas
    #[arg(long)]
    csv_safe: bool,
}

const EXAMPLES: &str = "Examples:
  sipcap ladder call.pcap
  sipcap ladder --call-id 3848276298220188511@atlanta.example.com -o call.svg trace.pcap
  sipcap ladder --number 4930123456 --outcome failed --all -o ladders day.pcap
  sipcap ladder --legs --alias 192.0.2.1=SBC --names hosts.txt -o call.svg trace.pcap
  sipcap ladder --aor alice@example.com trace.pcap
  sipcap ladder --where 'status == 503' --limit 20 --all -o failed trace.pcap";

/// Calls that are listed to choose from at most.
const MAX_LISTED: usize = 20;

pub(crate) fn run(args: &LadderArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    let names = args.content.names()?;
    let source = args.input.twice()?;
    let target = args.target(&source, ui)?;
    let key = args.content.key(args.output.force, &source)?;

    // Which calls.
    let job = Job { args, source, ui };
    let wanted = match job.named() {
        Some(wanted) => wanted,
        None => {
            let (found, run) = job.find()?;
            if run.summary.interrupted || found.groups.is_empty() {
                return job.nothing(&run);
            }
            if found.groups.len() > 1 && !args.which.all {
                bail!("{}", ambiguous(&found));
            }
            job.warn_limit(&found);
            Wanted::groups(&found.groups)
        }
    };

    // Their messages.
    let (mut collector, run) = job.collect(wanted)?;
    if collector.ladders.iter().all(Vec::is_empty) || run.summary.interrupted {
        return job.nothing(&run);
    }

    // Their ladders.
    let mut drawing = args.drawing(names, end(&run.summary), &target, ui);
    drawing.gaps = std::mem::take(&mut collector.gaps);
    if args.content.anonymize {
        anonymize(&mut collector.ladders, &mut drawing, key)?;
    }
    target.write(&collector.ladders, &drawing, args, ui)?;
    Ok(run.outcome(true))
}

impl LadderArgs {
    /// Returns the Call-IDs that tell alone what is drawn: then no call has to be followed.
    fn call_ids(&self) -> Option<&[String]> {
        let is_alone = self.choose.is_empty() && self.conditions.is_empty() && !self.legs.legs;
        self.select.call_ids_alone().filter(|_| is_alone)
    }

    /// Opens what is written to, so that nothing is read in vain.
    fn target(&self, source: &Twice, ui: &Ui) -> anyhow::Result<Target> {
        let path = self.output.output.as_deref();
        if self.which.all {
            let path = path.context("name a directory with --output")?;
            return Ok(Target::Many(Directory::make(
                path,
                self.output.force,
                self.output.csv_safe,
            )?));
        }
        let inputs = self.input.open_paths(&source.paths, false, ui);
        let inputs = inputs.map_err(|error| source.blame(&error))?;
        let files = input::files(&inputs);
        Ok(Target::One(Output::open(path, self.output.force, &files)?))
    }

    fn drawing(&self, names: NameBook, end: Timestamp, target: &Target, ui: &Ui) -> Drawing {
        let is_terminal = matches!(target, Target::One(output) if output.is_terminal());
        let path = self.output.output.as_deref().filter(|_| !self.which.all);
        let usual = if is_terminal {
            Format::Text
        } else {
            Format::Svg
        };
        let format = self.output.format.or_else(|| Format::of_path(path?));
        let time = self.content.time.into();
        Drawing {
            format: format.unwrap_or(usual),
            ladder: LadderOptions {
                strict_addresses: self.content.strict_addresses,
                names,
                is_partial: self.which.transaction.is_some(),
                end,
            },
            rows: RowOptions {
                collapses: self.content.collapse,
                folds: self.content.fold,
            },
            picture: PictureOptions {
                time,
                max_height: self.look.max_height.map(|height| height as usize),
                has_messages: true,
            },
            text: TextStyle {
                is_ascii: self.look.ascii,
                is_colored: ui.colors(is_terminal),
                max_width: is_terminal.then(|| ui.width()),
                time,
            },
            theme: self.look.theme.into(),
            gaps: Vec::new(),
        }
    }
}

/// Replaces names and addresses by pseudonyms.
fn anonymize(
    ladders: &mut [Vec<MessageBuf>],
    drawing: &mut Drawing,
    key: Option<Output>,
) -> anyhow::Result<()> {
    let mut anonymizer = Anonymizer::default();
    for message in ladders.iter_mut().flatten() {
        *message = anonymizer.message(message);
    }
    for gap in &mut drawing.gaps {
        gap.src = anonymizer.endpoint(gap.src);
        gap.dst = anonymizer.endpoint(gap.dst);
    }
    drawing.ladder.names = anonymizer.name_book(&drawing.ladder.names);
    if let Some(mut key) = key {
        anonymizer.write_key(&mut key)?;
        key.finish()?;
    }
    Ok(())
}

impl ContentArgs {
    /// Opens the file for the meaning of pseudonyms.
    fn key(&self, force: bool, source: &Twice) -> anyhow::Result<Option<Output>> {
        let path = self.anonymize_key.as_deref();
        path.map(|path| Output::open(Some(path), force, &source.paths))
            .transpose()
    }

    /// Returns what addresses are called.
    fn names(&self) -> anyhow::Result<NameBook> {
        let mut names = NameBook::default();
        if let Some(path) = &self.names {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            names.add_lines(&text).map_err(|(line, error)| {
                anyhow::anyhow!("{}: line {line}: {error}", path.display())
            })?;
        }
        for alias in &self.alias {
            names
                .add(alias)
                .map_err(|error| anyhow::anyhow!("--alias: {error}"))?;
        }
        Ok(names)
    }
}

/// Where ladders are written to.
enum Target {
    One(Output),
    Many(Directory),
}

impl Target {
    fn write(
        self,
        ladders: &[Vec<MessageBuf>],
        drawing: &Drawing,
        args: &LadderArgs,
        ui: &Ui,
    ) -> anyhow::Result<()> {
        match self {
            Self::One(output) => {
                let messages = ladders.first().map_or(&[][..], Vec::as_slice);
                let drawn = drawing.draw(messages)?;
                let path = args.output.output.as_deref();
                write_one(&drawn, output, path, args.output.force)
            }
            Self::Many(directory) => {
                let count = directory.write(ladders, drawing)?;
                let noun = if count == 1 { "ladder" } else { "ladders" };
                ui.note(format_args!("Wrote {count} {noun}."));
                Ok(())
            }
        }
    }
}

/// The passes over the input.
struct Job<'a> {
    args: &'a LadderArgs,
    source: Twice,
    ui: &'a Ui,
}

impl Job<'_> {
    fn open(&self) -> anyhow::Result<Inputs> {
        let inputs = self
            .args
            .input
            .open_paths(&self.source.paths, false, self.ui);
        inputs.map_err(|error| self.source.blame(&error))
    }

    /// Returns what is drawn if the options name it exactly.
    fn named(&self) -> Option<Wanted> {
        let which = &self.args.which;
        if let Some(aor) = &which.aor {
            return Some(Wanted::Aor(aor.clone()));
        }
        if let Some(branch) = &which.transaction {
            return Some(Wanted::Transaction(branch.clone()));
        }
        self.args.call_ids()?;
        let selection = Box::new(self.args.select.selection());
        Some(if which.all {
            Wanted::EachCallId(selection, hashbrown::HashMap::new())
        } else {
            Wanted::CallIds(selection)
        })
    }

    /// Finds the selected calls.
    fn find(&self) -> anyhow::Result<(Found, Run)> {
        let args = self.args;
        let mut options = args.track.options()?;
        options.correlation = args.legs.correlation();
        let level = args.legs.legs.then_some(options.correlation.level);
        let mut inputs = self.open()?;
        let names = self.source.names(&inputs);
        let choice = args
            .choose
            .choice(&args.select, &args.conditions, names.clone())?;
        let limit = if args.which.all {
            args.which.limit as usize
        } else {
            MAX_LISTED
        };
        let finder = Finder::new(choice, level, limit);
        let mut tracked = Tracked::new(options, finder).until(args.input.until);
        let run = args.input.run_quietly(&mut inputs, &mut tracked, self.ui)?;
        tracked.warn(&names, self.ui);
        Ok((tracked.observer.into_found(), run))
    }

    /// Collects the messages.
    fn collect(&self, wanted: Wanted) -> anyhow::Result<(Collector, Run)> {
        let mut inputs = self.open()?;
        let mut collector = Collector::new(wanted);
        let run = self
            .args
            .input
            .run_quietly(&mut inputs, &mut collector, self.ui)?;
        run.warn(&self.source.names(&inputs), self.ui);
        if collector.left_out > 0 {
            self.ui.warn(format_args!(
                "{} messages were left out of ladders that have too many",
                collector.left_out
            ));
        }
        Ok((collector, run))
    }

    /// Tells that nothing is drawn, and what may have been meant.
    fn nothing(&self, run: &Run) -> anyhow::Result<Outcome> {
        let outcome = run.outcome(false);
        if outcome != Outcome::Nothing {
            return Ok(outcome);
        }
        let wanted = self.args.select.call_ids();
        let mut hint = String::new();
        if !wanted.is_empty() {
            let mut nearest = Nearest::new(wanted);
            self.args
                .input
                .run_quietly(&mut self.open()?, &mut nearest, self.ui)?;
            let nearest = nearest.into_call_ids();
            if !nearest.is_empty() {
                hint = format!("; similar Call-IDs are {}", nearest.join(", "));
            }
        } else if self.named().is_none() {
            hint = "; what is no call is drawn with --call-id, --aor or --transaction".to_owned();
        }
        let what = if self.named().is_some() {
            "message"
        } else {
            "call"
        };
        self.ui.note(format_args!("No {what} is selected{hint}."));
        Ok(outcome)
    }

    /// Warns when not all calls are drawn.
    fn warn_limit(&self, found: &Found) {
        let limit = u64::from(self.args.which.limit);
        if self.args.which.all && found.groups.len() as u64 >= limit && found.selected > limit {
            self.ui.warn(format_args!(
                "{} calls are selected; the first {limit} are drawn, see --limit",
                found.selected
            ));
        }
    }
}

/// Returns what is told when several calls are selected and one is wanted.
fn ambiguous(found: &Found) -> String {
    let mut text = format!(
        "{} calls are selected; choose one with --call-id, or draw all of them with --all -o DIR:",
        found.selected
    );
    for group in &found.groups {
        text.push_str("\n  ");
        text.push_str(&group.brief);
    }
    let more = found.selected.saturating_sub(found.groups.len() as u64);
    if more > 0 {
        text.push_str(&format!("\n  and {more} more"));
    }
    text
}
