//! `sipcap stats`: what the captures amount to.

use std::{ops::ControlFlow, path::PathBuf};

use anyhow::{Context, anyhow};
use sipcap::{
    error::Result,
    filter::Selection,
    pipeline::{Sink, Summary},
    report::{CaptureQuality, Cuts, StatisticsPart},
    sip::{Identity, Message},
    stats::Statistics,
    time::Timestamp,
    track::{Binding, Call, Event, Interests, Observer},
};

use crate::{
    check::CheckArgs,
    choose::{Choice, ChooseArgs},
    cli::{InputArgs, SelectArgs, WhereArgs},
    exit::Outcome,
    figures::{FigureArgs, list_metrics},
    input,
    telling::{StatsOutputArgs, Telling},
    track::{Follower, TrackArgs, Tracked},
    ui::Ui,
};

/// Tell how calls, registrations and messages went, in numbers
///
/// The metrics of RFC 6076, ratios of ITU-T E.425, delays, load, registrations, causes of failure, and counts of
/// messages, response times and retransmissions by method. The first line tells how good the capture is, and figures
/// that it cannot support are marked. A call is the first INVITE with those that follow a challenge or a redirection.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    figures: FigureArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    choose: ChooseArgs,
    #[command(flatten)]
    conditions: WhereArgs,
    #[command(flatten)]
    track: TrackArgs,
    #[command(flatten)]
    check: CheckArgs,
    #[command(flatten)]
    output: StatsOutputArgs,
}

const EXAMPLES: &str = "Examples:
  sipcap stats trace.pcap
  sipcap stats --by dst --by user-agent --top 20 trace.pcap
  sipcap stats --bucket 1m --format csv day*.pcap.zst > load.csv
  sipcap stats --number 4930 --rfc-literal trace.pcap
  sipcap stats --check 'ser >= 95 && pdd.p95_ms < 3000' --junit checks.xml trace.pcap
  sipcap stats --baseline last-week.json --tolerance 5% trace.pcap
  sipcap stats --partial -o monday.part monday*.pcap; sipcap stats --merge *.part
  sipcap stats --plot load.svg trace.pcap > report.txt
  sipcap stats --format jsonl trace.pcap | jq 'select(.metric == \"ser\")'
  sipcap stats --list-metrics";

pub(crate) fn run(args: &StatsArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    if args.figures.list_metrics {
        list_metrics(args.output.open(&[])?)?;
        return Ok(Outcome::Done);
    }
    if args.figures.merge {
        return merge(args, ui);
    }
    // What to read, and what counts.
    let options = args.track.options()?;
    let mut inputs = args.input.open(false, ui)?;
    let names = input::names(&inputs);
    let choice = args
        .choose
        .choice(&args.select, &args.conditions, names.clone())?;
    let telling = Telling::open(&args.output, &args.check, &input::files(&inputs))?;

    // The pass.
    let plan = args.figures.plan(!choice.is_of_any_message());
    let counting = Counting {
        selection: args.select.selection(),
        choice,
        statistics: Statistics::new(plan, names.clone()),
    };
    let window = [args.input.since, args.input.until];
    let mut sink = Counted {
        tracked: Tracked::new(options, counting).until(args.input.until),
        window,
    };
    let run = args.input.run(&mut inputs, &mut sink, ui)?;
    sink.tracked.warn(&names, ui);

    // What to tell.
    let statistics = sink.tracked.observer.statistics;
    let capture = CaptureQuality::new(&run.summary, window);
    let any = statistics.has_any();
    if args.figures.partial {
        telling.part(&statistics, &capture)?;
        return Ok(run.outcome(any));
    }
    telling.report(
        &args.figures.report(&statistics, &capture),
        run.outcome(any),
        ui,
    )
}

/// Puts parts together and tells of the whole.
fn merge(args: &StatsArgs, ui: &Ui) -> anyhow::Result<Outcome> {
    let files = args.input.paths();
    let telling = Telling::open(&args.output, &args.check, &files)?;
    let read = |path: &PathBuf| {
        let text =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        StatisticsPart::read(&text).map_err(|error| anyhow!("{}: {error}", path.display()))
    };
    let parts: Vec<StatisticsPart> = files.iter().map(read).collect::<anyhow::Result<_>>()?;
    let (statistics, capture, cuts) =
        StatisticsPart::merge(&parts).map_err(|error| anyhow!(error))?;
    if cuts != Cuts::default() {
        ui.warn(format_args!(
            "{} calls were open at the end of a part, {} have no beginning in theirs: those that go over the border of \
             two parts are counted in both",
            cuts.open, cuts.unbegun
        ));
    }
    if args.figures.partial {
        telling.part(&statistics, &capture)?;
        return Ok(Outcome::Done);
    }
    let any = statistics.has_any();
    telling.report(
        &args.figures.report(&statistics, &capture),
        Outcome::selected(any),
        ui,
    )
}

/// What is selected, and what it adds up to.
struct Counting {
    selection: Selection,
    choice: Choice,
    statistics: Statistics,
}

impl Observer for Counting {
    fn interests(&self) -> Interests {
        let registrations = Interests::BINDINGS.or(Interests::REGISTRATION_EVENTS);
        Interests::CALLS.or(registrations)
    }

    fn call(&mut self, call: Box<Call>) -> Result<()> {
        if self.choice.takes(&call) {
            self.statistics.call(&call);
        }
        Ok(())
    }

    fn binding(&mut self, binding: Box<Binding>) -> Result<()> {
        if self.selection.matches_binding(&binding) {
            self.statistics.binding(&binding);
        }
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        if self.selection.matches_event(event) {
            self.statistics.event(event);
        }
        Ok(())
    }
}

impl Follower for Counting {
    fn marks(&self, message: &Message<'_>) -> bool {
        self.choice.marks(message)
    }
}

/// Messages are counted as they are, and followed.
struct Counted {
    tracked: Tracked<Counting>,
    /// Since and until when.
    window: [Option<Timestamp>; 2],
}

impl Sink for Counted {
    fn takes_identities(&self) -> bool {
        true
    }

    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        // Both need it.
        let identity = message.identity.copied();
        let find = || Identity::of(message.head, message.bytes, &message.flow);
        let identity = identity.or_else(find);
        let message = &Message {
            identity: identity.as_ref(),
            ..*message
        };
        let counting = &mut self.tracked.observer;
        if counting.choice.is_of_any_message() {
            let is_selected = counting.selection.matches(message);
            counting.statistics.message(message, is_selected);
        }
        self.tracked.message(message)
    }

    fn finish(&mut self, summary: &Summary) -> Result<()> {
        self.tracked.finish(summary)?;
        let end = CaptureQuality::new(summary, self.window).span().1;
        self.tracked.observer.statistics.finish(end);
        Ok(())
    }
}
