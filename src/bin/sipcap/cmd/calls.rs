//! `sipcap calls`: a row for each call.

use std::path::Path;

use sipcap::{
    error::Result,
    report::{CallRow, LegList, List, ListFormat},
    sip::Message,
    track::{Call, CorrelationLevel, Correlator, Interests, Observer, TrackOptions},
};

use crate::{
    choose::{Choice, ChooseArgs, LegArgs},
    cli::{InputArgs, OutputArgs, SelectArgs, WhereArgs},
    exit::Outcome as Ending,
    input,
    output::Output,
    session::{SaveArgs, Saving},
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
    save: SaveArgs,
    #[command(flatten)]
    output: OutputArgs,
}

const EXAMPLES: &str = "Examples:
  sipcap calls trace.pcap
  sipcap calls --outcome failed,rejected --format csv day*.pcap.zst > failed.csv
  sipcap calls --number 4930123456 --duration '>1h' trace.pcap
  sipcap calls --where \"status == 503 || 'no-ack' in flags\" trace.pcap
  sipcap calls --legs --correlate-header X-Original-Call-ID trace.pcap
  sipcap calls --outcome failed -w failed.pcapng --note 'ticket 4711' trace.pcap
  sipcap calls --format json trace.pcap | jq -r 'select(.pdd_ms > 3000) | .call_id'";

pub(crate) fn run(args: &CallsArgs, ui: &mut Ui) -> anyhow::Result<Ending> {
    let mut options = args.track.options()?;
    options.correlation = args.legs.correlation();
    if let Some(path) = &args.save.write {
        return args.saving(path, options).run(
            |names| args.choose.choice(&args.select, &args.conditions, names),
            ui,
        );
    }
    let mut inputs = args.input.open(false, ui)?;
    let choice = args
        .choose
        .choice(&args.select, &args.conditions, input::names(&inputs))?;
    let mut output = Output::open(
        args.output.output.as_deref(),
        args.output.force,
        &input::files(&inputs),
    )?;

    let list = CallList {
        choice,
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

impl CallsArgs {
    /// Returns how the selected calls are saved to a file.
    fn saving<'a>(&'a self, path: &'a Path, options: TrackOptions) -> Saving<'a> {
        Saving {
            input: &self.input,
            save: &self.save,
            path,
            force: self.output.force,
            options,
            has_legs: self.legs.legs,
        }
    }
}

/// The rows of the selected calls.
struct CallList {
    choice: Choice,
    rows: Rows,
}

impl Observer for CallList {
    fn interests(&self) -> Interests {
        Interests::CALLS
    }

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
        self.choice.marks(message)
    }
}
