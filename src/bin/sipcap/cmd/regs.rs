//! `sipcap regs`: a row for each binding.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use sipcap::{
    capture::Origin,
    error::Result,
    filter::Selection,
    report::{BindingRow, List},
    sip::Message,
    time::Timestamp,
    track::{Binding, BindingState, Flags, Interests, Observer},
};

use crate::{
    cli::{Conditions, InputArgs, OutputArgs, SelectArgs, WhereArgs, parse_time},
    exit::Outcome,
    input,
    output::Output,
    track::{Follower, TrackArgs, Tracked},
    ui::Ui,
};

/// List the registrations, a row for each binding
///
/// A binding is an address of record and a Contact where it can be reached. Listed are those that the registrar has at
/// the end of the capture, as far as the capture tells; what a response lists without that anybody was seen to
/// register it is there too, as learned. Rows are in the order of their first packets.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RegsArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    choose: ChooseArgs,
    #[command(flatten)]
    conditions: WhereArgs,
    #[command(flatten)]
    track: TrackArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Which bindings are selected, besides the options that all commands share.
#[derive(clap::Args, Debug)]
#[command(
    next_help_heading = "Selection options (repeated: any of them; different ones: all of them)"
)]
pub(crate) struct ChooseArgs {
    /// Bindings that the registrar had at this time, with the state that they had then
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<Timestamp>,
    /// All bindings there were, also those that are over and those that were never accepted
    #[arg(long, conflicts_with = "at")]
    history: bool,
    /// Bindings in this state, or in one of several
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = states())]
    state: Vec<BindingState>,
}

const EXAMPLES: &str = "Examples:
  sipcap regs trace.pcap
  sipcap regs --at '2026-11-20 10:00' --format csv day*.pcap.zst > registered.csv
  sipcap regs --history --to alice@example.com trace.pcap
  sipcap regs --history --state failed --format json trace.pcap | jq -r .client.ip | sort | uniq -c";

pub(crate) fn run(args: &RegsArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    let conditions = args.conditions.compile(BindingRow::SCHEMA)?;
    let options = args.track.options()?;
    // What comes later has no say in what there was.
    let until = args.choose.at.into_iter().chain(args.input.until).min();
    let input = InputArgs {
        until,
        ..args.input.clone()
    };
    let mut inputs = input.open(false, ui)?;
    let mut output = Output::open(
        args.output.output.as_deref(),
        args.output.force,
        &input::files(&inputs),
    )?;

    let list = BindingList {
        choice: Choice {
            selection: args.select.selection(),
            which: args.choose.which(),
            states: args.choose.state.clone(),
            conditions,
            names: input::names(&inputs),
        },
        list: List::new::<BindingRow<'_>>(args.output.list_format(&output, ui))?,
        waiting: Vec::new(),
    };
    let mut tracked = Tracked::new(options, list).until(until);
    let run = input.run(&mut inputs, &mut tracked, ui)?;
    tracked.warn(&input::names(&inputs), ui);

    tracked.observer.add_rows()?;
    let list = tracked.observer.list;
    let any = !list.is_empty();
    list.write(&mut output)?;
    output.finish()?;
    Ok(run.outcome(any))
}

fn states() -> impl clap::builder::TypedValueParser<Value = BindingState> {
    PossibleValuesParser::new(BindingState::ALL.iter().map(|state| state.name()))
        .try_map(|name| name.parse::<BindingState>())
}

/// When a binding has to have been there.
enum Which {
    AtEnd,
    At(Timestamp),
    Ever,
}

impl ChooseArgs {
    fn which(&self) -> Which {
        match self.at {
            Some(ts) => Which::At(ts),
            None if self.history => Which::Ever,
            None => Which::AtEnd,
        }
    }
}

impl Which {
    fn includes(&self, binding: &Binding) -> bool {
        match self {
            Self::Ever => true,
            Self::At(ts) => binding.is_registered_at(*ts),
            // What was forgotten before the end is not known to be there.
            Self::AtEnd => binding.ended().is_none() && !binding.flags().contains(Flags::EVICTED),
        }
    }
}

/// The rows of the selected bindings.
struct BindingList {
    choice: Choice,
    list: List,
    /// Bindings whose rows are yet to be made: that of many at once by all threads.
    #[expect(clippy::vec_box, reason = "they come in boxes and go on in them")]
    waiting: Vec<Box<Binding>>,
}

/// Bindings that wait for their rows at most.
const MAX_WAITING: usize = 512;

/// Which bindings are selected, and what their rows are made with.
struct Choice {
    selection: Selection,
    which: Which,
    states: Vec<BindingState>,
    conditions: Conditions,
    names: Vec<String>,
}

impl Choice {
    /// Returns the row of a binding if it is selected.
    fn row<'a>(&'a self, binding: &'a Binding) -> Option<BindingRow<'a>> {
        if !self.which.includes(binding) || !self.selection.matches_binding(binding) {
            return None;
        }
        let name = self.names.get(usize::from(binding.input()));
        let row = BindingRow::new(binding, name.map_or("", String::as_str));
        let is_in = |state: &BindingState| state.name() == row.state;
        let is_selected =
            (self.states.is_empty() || self.states.iter().any(is_in)) && self.conditions.hold(&row);
        is_selected.then_some(row)
    }
}

impl BindingList {
    /// Makes the rows of the bindings that wait for them.
    fn add_rows(&mut self) -> Result<()> {
        let (waiting, choice) = (std::mem::take(&mut self.waiting), &self.choice);
        self.list
            .extend(waiting, |rows, binding| match choice.row(&binding) {
                Some(row) => {
                    let origin = Origin {
                        input: binding.input(),
                        number: binding.frame(),
                        ..Origin::default()
                    };
                    rows.push(binding.first_seen(), origin, &row)
                }
                None => Ok(()),
            })?;
        Ok(())
    }
}

impl Observer for BindingList {
    fn interests(&self) -> Interests {
        Interests::BINDINGS
    }

    fn binding(&mut self, binding: Box<Binding>) -> Result<()> {
        self.waiting.push(binding);
        if self.waiting.len() >= MAX_WAITING {
            self.add_rows()?;
        }
        Ok(())
    }
}

impl Follower for BindingList {
    fn marks(&self, message: &Message<'_>) -> bool {
        self.choice.selection.marks(message)
    }
}
