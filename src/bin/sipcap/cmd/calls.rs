//! `sipcap calls`: a row for each call.

use sipcap::{
    error::Result,
    filter::{Comparison, Selection},
    report::{CallRow, LegList, List, ListFormat},
    sip::Message,
    track::{Call, Correlation, CorrelationLevel, Correlator, Observer, Outcome},
};

use clap::{
    ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser as _},
};

use crate::{
    cli::{Conditions, InputArgs, OutputArgs, SelectArgs, WhereArgs},
    exit::Outcome as Ending,
    input,
    output::Output,
    track::{Follower, TrackArgs, Tracked},
    ui::Ui,
};

/// List the calls
///
/// A row for each call, in the order of their first packets: who called whom, how it went, when and how long, and who
/// ended it. A call is what one caller's tag began under one Call-ID, with all its attempts and branches. What is open
/// at the end of the capture stays open.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CallsArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    choose: ChooseArgs,
    #[command(flatten)]
    conditions: WhereArgs,
    #[command(flatten)]
    legs: LegArgs,
    #[command(flatten)]
    track: TrackArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Which calls are selected, besides the options that all commands share.
#[derive(clap::Args, Debug)]
#[command(
    next_help_heading = "Selection options (repeated: any of them; different ones: all of them)"
)]
pub(crate) struct ChooseArgs {
    /// Calls with this outcome, or one of several: busy,failed
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',', value_parser = outcomes())]
    outcome: Vec<Outcome>,
    /// Calls that were up for this long, from the answer to the end of the call or of the capture: '>30s', 30s-60s
    #[arg(long, value_name = "COMPARISON")]
    duration: Vec<Comparison>,
}

/// How the legs of B2BUAs are put together.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Leg options")]
pub(crate) struct LegArgs {
    /// Put the legs of a call together that a B2BUA made of it
    ///
    /// Rows of one call stand together and have its number, which does not depend on what is selected. What joins a leg
    /// to an earlier one is in the field linked_by; sipcap-formats(7) has the scores.
    #[arg(long)]
    legs: bool,
    /// What joins legs: nothing, only what is explicit, such as a header with the other Call-ID, or what they have in
    /// common too
    #[arg(
        long,
        value_name = "HOW",
        default_value = "heuristic",
        requires = "legs"
    )]
    correlate: Correlate,
    /// A further header that names the Call-ID of another leg (can be repeated)
    ///
    /// Known are X-Call-ID, X-CID, X-Leg-Call-ID and Call-ID-Original.
    #[arg(long, value_name = "NAME", requires = "legs")]
    correlate_header: Vec<String>,
}

/// What joins legs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Correlate {
    /// Each leg is a call
    None,
    /// What needs no other evidence
    Explicit,
    /// All evidence
    Heuristic,
}

impl LegArgs {
    fn correlation(&self) -> Correlation {
        let mut correlation = Correlation::default();
        if self.legs {
            correlation.level = match self.correlate {
                Correlate::None => CorrelationLevel::None,
                Correlate::Explicit => CorrelationLevel::Explicit,
                Correlate::Heuristic => CorrelationLevel::Heuristic,
            };
            correlation
                .headers
                .extend_from_slice(&self.correlate_header);
        }
        correlation
    }
}

const EXAMPLES: &str = "Examples:
  sipcap calls trace.pcap
  sipcap calls --outcome failed,rejected --format csv day*.pcap.zst > failed.csv
  sipcap calls --number 4930123456 --duration '>1h' trace.pcap
  sipcap calls --where \"status == 503 || 'no-ack' in flags\" trace.pcap
  sipcap calls --legs --correlate-header X-Original-Call-ID trace.pcap
  sipcap calls --format json trace.pcap | jq -r 'select(.pdd_ms > 3000) | .call_id'";

pub(crate) fn run(args: &CallsArgs, ui: &mut Ui) -> anyhow::Result<Ending> {
    let conditions = args.conditions.compile(CallRow::SCHEMA)?;
    let mut options = args.track.options()?;
    options.correlation = args.legs.correlation();
    let mut inputs = args.input.open(false, ui)?;
    let mut output = Output::open(
        args.output.output.as_deref(),
        args.output.force,
        &input::files(&inputs),
    )?;

    let list = CallList {
        choice: Choice {
            selection: args.select.selection(),
            outcomes: args.choose.outcome.clone(),
            durations: args.choose.duration.clone(),
            conditions,
            names: input::names(&inputs),
        },
        rows: Rows::new(
            args.output.list_format(&output, ui),
            args.legs.legs.then_some(options.correlation.level),
        )?,
    };
    let mut tracked = Tracked::new(options, list).until(args.input.until);
    let run = args.input.run(&mut inputs, &mut tracked, ui)?;
    tracked.warn(&input::names(&inputs), ui);

    let CallList { choice, rows } = tracked.observer;
    let any = rows.write(&choice, &mut output, ui)?;
    output.finish()?;
    Ok(run.outcome(any))
}

fn outcomes() -> impl clap::builder::TypedValueParser<Value = Outcome> {
    PossibleValuesParser::new(Outcome::ALL.iter().map(|outcome| outcome.name()))
        .try_map(|name| name.parse::<Outcome>())
}

/// The rows of the selected calls.
struct CallList {
    choice: Choice,
    rows: Rows,
}

/// Which calls are selected, and what their rows are made with.
struct Choice {
    selection: Selection,
    outcomes: Vec<Outcome>,
    durations: Vec<Comparison>,
    conditions: Conditions,
    names: Vec<String>,
}

impl Choice {
    /// Returns the row of a call if it is selected.
    fn row<'a>(&'a self, call: &'a Call) -> Option<CallRow<'a>> {
        if !self.selects(call) {
            return None;
        }
        let name = self.names.get(usize::from(call.origin().input));
        let row = CallRow::new(call, name.map_or("", String::as_str));
        self.conditions.hold(&row).then_some(row)
    }

    fn selects(&self, call: &Call) -> bool {
        let duration = || call.duration();
        (self.outcomes.is_empty() || self.outcomes.contains(&call.outcome()))
            && (self.durations.is_empty()
                || self
                    .durations
                    .iter()
                    .any(|wanted| wanted.matches(duration())))
            && self.selection.matches_call(call)
    }
}

impl Observer for CallList {
    fn call_begun(&mut self, call: &Call) -> Result<()> {
        if let Rows::Legs { correlator, .. } = &mut self.rows {
            correlator.begin(call);
        }
        Ok(())
    }

    fn call(&mut self, call: Box<Call>) -> Result<()> {
        self.rows.push(call, &self.choice)
    }
}

/// Rows in the order of their calls, or of calls that legs were put together to.
enum Rows {
    Calls {
        list: List,
        /// Calls whose rows are yet to be made: that of many at once by all threads.
        #[expect(clippy::vec_box, reason = "they come in boxes and go on in them")]
        waiting: Vec<Box<Call>>,
    },
    Legs {
        list: LegList,
        correlator: Box<Correlator>,
    },
}

/// Calls that wait for their rows at most.
const MAX_WAITING: usize = 512;

impl Rows {
    fn new(format: ListFormat, legs: Option<CorrelationLevel>) -> Result<Self> {
        Ok(match legs {
            None => Self::Calls {
                list: List::new::<CallRow<'_>>(format)?,
                waiting: Vec::new(),
            },
            Some(level) => Self::Legs {
                list: LegList::new::<CallRow<'_>>(format)?,
                correlator: Box::new(Correlator::new(level)),
            },
        })
    }

    /// Takes a call that is over.
    fn push(&mut self, call: Box<Call>, choice: &Choice) -> Result<()> {
        match self {
            Self::Calls { list, waiting } => {
                waiting.push(call);
                if waiting.len() >= MAX_WAITING {
                    add_rows(list, std::mem::take(waiting), choice)?;
                }
            }
            Self::Legs { list, correlator } => {
                let leg = correlator.end(&call);
                if let Some(row) = choice.row(&call) {
                    list.push(leg, &row)?;
                }
                correlator.links().try_for_each(|link| list.link(&link))?;
            }
        }
        Ok(())
    }

    /// Writes all rows; returns whether there is any.
    fn write(self, choice: &Choice, output: &mut Output, ui: &Ui) -> Result<bool> {
        match self {
            Self::Calls { mut list, waiting } => {
                add_rows(&mut list, waiting, choice)?;
                let any = !list.is_empty();
                list.write(output)?;
                Ok(any)
            }
            Self::Legs {
                mut list,
                mut correlator,
            } => {
                correlator.finish();
                correlator.links().try_for_each(|link| list.link(&link))?;
                if correlator.hasty() > 0 {
                    ui.warn(format_args!(
                        "{} legs were open for so long that they were put together with later ones only",
                        correlator.hasty()
                    ));
                }
                let any = !list.is_empty();
                list.write(output)?;
                Ok(any)
            }
        }
    }
}

/// Adds the rows of the calls that are selected.
#[expect(clippy::vec_box, reason = "they come in boxes")]
fn add_rows(list: &mut List, calls: Vec<Box<Call>>, choice: &Choice) -> Result<()> {
    list.extend(calls, |rows, call| match choice.row(&call) {
        Some(row) => rows.push(call.first_seen(), call.origin(), &row),
        None => Ok(()),
    })?;
    Ok(())
}

impl Follower for CallList {
    fn marks(&self, message: &Message<'_>) -> bool {
        self.choice.selection.marks(message)
    }
}
