//! `sipcap calls`: a row for each call.

use std::path::Path;

use sipcap::{
    error::Result,
    pipeline::Report,
    report::{CallRow, LegList, List, ListFormat, LogsOf},
    sip::Message,
    track::{Call, CorrelationLevel, Correlator, Interests, Observer, TrackOptions},
};

use crate::{
    choose::{Choice, ChooseArgs, LegArgs},
    cli::{InputArgs, OutputArgs, SelectArgs, WhereArgs},
    exit::Outcome as Ending,
    input,
    logs::Logs,
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
    /// Tell what proxies told of each call besides SIP: log lines, queries, commands, connections (HEP of OpenSIPS and others)
    ///
    /// They are lines below the row of their call, with the time since it began; in JSON a list of rows as `sipcap events` has
    /// them; in CSV a column that counts them. What belongs to a call is told by Call-IDs and by the connections that its
    /// messages went over. No more than 200 are told of a call.
    #[arg(long, conflicts_with = "write", help_heading = "Output options")]
    with_logs: bool,
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
  sipcap calls --with-logs --outcome failed hep.pcap
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
        logs: args.with_logs.then(|| Logs::new(input::names(&inputs))),
    };
    let mut tracked = Tracked::new(options, list).until(args.input.until);
    let run = args.input.run(&mut inputs, &mut tracked, ui)?;
    tracked.warn(&input::names(&inputs), ui);

    let CallList { choice, rows, logs } = tracked.observer;
    if let Some(logs) = &logs {
        logs.warn(ui);
    }
    let any = rows.write(&choice, logs.as_ref(), &mut output, ui)?;
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
    /// What proxies tell, if it is wanted.
    logs: Option<Logs>,
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
        let key = self.logs.as_mut().map(|logs| logs.key(&call));
        self.rows.push(Over { call, key }, &self.choice)
    }
}

/// A call that is over, and by what its logs are known.
struct Over {
    call: Box<Call>,
    key: Option<Vec<u8>>,
}

/// Rows in the order of their calls, or of calls that legs were put together to.
enum Rows {
    Calls {
        list: List,
        /// Calls whose rows are yet to be made: that of many at once by all threads.
        waiting: Vec<Over>,
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
    fn push(&mut self, over: Over, choice: &Choice) -> Result<()> {
        match self {
            Self::Calls { list, waiting } => {
                waiting.push(over);
                if waiting.len() >= MAX_WAITING {
                    add_rows(list, std::mem::take(waiting), choice)?;
                }
            }
            Self::Legs { list, correlator } => {
                let leg = correlator.end(&over.call);
                if let Some(row) = choice.row(&over.call) {
                    list.push_with(leg, over.key.as_deref(), &row)?;
                }
                correlator.links().try_for_each(|link| list.link(&link))?;
            }
        }
        Ok(())
    }

    /// Writes all rows, with their logs if these are wanted; returns whether there is any.
    fn write(
        self,
        choice: &Choice,
        logs: Option<&Logs>,
        output: &mut Output,
        ui: &Ui,
    ) -> Result<bool> {
        let mut logs = logs.map(|logs| |key: &[u8]| logs.of(key));
        let logs = logs.as_mut().map(|logs| logs as &mut LogsOf<'_, '_>);
        match self {
            Self::Calls { mut list, waiting } => {
                add_rows(&mut list, waiting, choice)?;
                let any = !list.is_empty();
                list.write_with(logs, output)?;
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
                list.write_with(logs, output)?;
                Ok(any)
            }
        }
    }
}

/// Adds the rows of the calls that are selected.
fn add_rows(list: &mut List, calls: Vec<Over>, choice: &Choice) -> Result<()> {
    list.extend(calls, |rows, Over { call, key }| match choice.row(&call) {
        Some(row) => rows.push_with(call.first_seen(), call.origin(), key.as_deref(), &row),
        None => Ok(()),
    })?;
    Ok(())
}

impl Follower for CallList {
    fn marks(&self, message: &Message<'_>) -> bool {
        self.choice.marks(message)
    }

    fn carried(&mut self, call: u64, message: &Message<'_>) {
        if let Some(logs) = &mut self.logs {
            logs.note(call, message);
        }
    }

    fn told(&mut self, report: &Report<'_>) {
        if let Some(logs) = &mut self.logs {
            logs.take(report);
        }
    }
}
