//! `sipcap calls`: a row for each call.

use sipcap::{
    error::Result,
    filter::{Comparison, Selection},
    report::{CallRow, List},
    sip::Message,
    track::{Call, Observer, Outcome},
};

use crate::{
    cli::{InputArgs, OutputArgs, SelectArgs},
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
    /// With this outcome
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',')]
    outcome: Vec<Outcome>,
    /// That were up for this long, from the answer to the end: '>30s', '<=500ms', 30s-60s
    #[arg(long, value_name = "COMPARISON")]
    duration: Vec<Comparison>,
}

const EXAMPLES: &str = "Examples:
  sipcap calls trace.pcap
  sipcap calls --outcome failed,rejected --format csv day*.pcap.zst > failed.csv
  sipcap calls --number 4930123456 --duration '>1h' trace.pcap
  sipcap calls --format json trace.pcap | jq -r 'select(.pdd_ms > 3000) | .call_id'";

pub(crate) fn run(args: &CallsArgs, ui: &mut Ui) -> anyhow::Result<Ending> {
    let options = args.track.options()?;
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
        names: input::names(&inputs),
        list: List::new::<CallRow<'_>>(args.output.list_format(&output, ui))?,
    };
    let mut tracked = Tracked::new(options, list).until(args.input.until);
    let run = args.input.run(&mut inputs, &mut tracked, ui)?;
    tracked.warn(ui);

    let list = tracked.observer.list;
    let any = !list.is_empty();
    list.write(&mut output)?;
    output.finish()?;
    Ok(run.outcome(any))
}

/// The rows of the selected calls.
struct CallList {
    selection: Selection,
    outcomes: Vec<Outcome>,
    durations: Vec<Comparison>,
    names: Vec<String>,
    list: List,
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
    fn call(&mut self, call: &Call) -> Result<()> {
        if self.selects(call) {
            let name = self.names.get(usize::from(call.origin().input));
            let row = CallRow::new(call, name.map_or("", String::as_str));
            self.list.push(call.first_seen(), call.origin(), &row)?;
        }
        Ok(())
    }
}

impl Follower for CallList {
    fn marks(&self, message: &Message<'_>) -> bool {
        self.selection.marks(message)
    }
}
