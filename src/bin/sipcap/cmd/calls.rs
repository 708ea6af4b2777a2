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
        selection: args.select.selection(),
        outcomes: args.choose.outcome.clone(),
        durations: args.choose.duration.clone(),
        conditions,
        names: input::names(&inputs),
        rows: Rows::new(
            args.output.list_format(&output, ui),
            args.legs.legs.then_some(options.correlation.level),
        )?,
    };
    let mut tracked = Tracked::new(options, list).until(args.input.until);
    let run = args.input.run(&mut inputs, &mut tracked, ui)?;
    tracked.warn(&input::names(&inputs), ui);

    let any = tracked.observer.rows.write(&mut output, ui)?;
    output.finish()?;
    Ok(run.outcome(any))
}

fn outcomes() -> impl clap::builder::TypedValueParser<Value = Outcome> {
    PossibleValuesParser::new(Outcome::ALL.iter().map(|outcome| outcome.name()))
        .try_map(|name| name.parse::<Outcome>())
}

/// The rows of the selected calls.
struct CallList {
    selection: Selection,
    outcomes: Vec<Outcome>,
    durations: Vec<Comparison>,
    conditions: Conditions,
    names: Vec<String>,
    rows: Rows,
}

impl CallList {
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

    fn call(&mut self, call: &Call) -> Result<()> {
        let row = || {
            let name = self.names.get(usize::from(call.origin().input));
            CallRow::new(call, name.map_or("", String::as_str))
        };
        let row = self.selects(call).then(row);
        let row = row.filter(|row| self.conditions.hold(row));
        self.rows.push(call, row.as_ref())
    }
}

/// Rows in the order of their calls, or of calls that legs were put together to.
enum Rows {
    Calls(List),
    Legs {
        list: LegList,
        correlator: Box<Correlator>,
    },
}

impl Rows {
    fn new(format: ListFormat, legs: Option<CorrelationLevel>) -> Result<Self> {
        Ok(match legs {
            None => Self::Calls(List::new::<CallRow<'_>>(format)?),
            Some(level) => Self::Legs {
                list: LegList::new::<CallRow<'_>>(format)?,
                correlator: Box::new(Correlator::new(level)),
            },
        })
    }

    /// Takes a call that is over, with its row if it is selected.
    fn push(&mut self, call: &Call, row: Option<&CallRow<'_>>) -> Result<()> {
        match (self, row) {
            (Self::Calls(list), Some(row)) => list.push(call.first_seen(), call.origin(), row)?,
            (Self::Calls(_), None) => {}
            (Self::Legs { list, correlator }, row) => {
                let leg = correlator.end(call);
                if let Some(row) = row {
                    list.push(leg, row)?;
                }
                correlator.links().try_for_each(|link| list.link(&link))?;
            }
        }
        Ok(())
    }

    /// Writes all rows; returns whether there is any.
    fn write(self, output: &mut Output, ui: &Ui) -> Result<bool> {
        match self {
            Self::Calls(list) => {
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

impl Follower for CallList {
    fn marks(&self, message: &Message<'_>) -> bool {
        self.selection.marks(message)
    }
}
