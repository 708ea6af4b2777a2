//! `sipcap stats`: what the captures amount to.

use sipcap::report::CaptureQuality;

use crate::{
    check::CheckArgs,
    choose::ChooseArgs,
    cli::{InputArgs, SelectArgs, WhereArgs},
    exit::Outcome,
    figures::{FigureArgs, list_metrics},
    input,
    stats::{Counted, merge, partial},
    telling::{StatsOutputArgs, Telling},
    track::TrackArgs,
    ui::Ui,
};

/// Tell how calls, registrations and messages went, in numbers
///
/// The metrics of RFC 6076, ratios of ITU-T E.425, delays, load, registrations, causes of failure, and counts of
/// messages, response times and retransmissions by method. The first line tells how good the capture is, and figures
/// that it cannot support are marked. A call is the first INVITE with those that follow a challenge or a redirection.
///
/// Selection options apply to calls, registrations and messages each for itself. With --outcome, --duration or --where, which
/// only calls have, nothing is told of messages and registrations.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) figures: FigureArgs,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    #[command(flatten)]
    pub(crate) choose: ChooseArgs,
    #[command(flatten)]
    pub(crate) conditions: WhereArgs,
    #[command(flatten)]
    pub(crate) track: TrackArgs,
    #[command(flatten)]
    pub(crate) check: CheckArgs,
    #[command(flatten)]
    pub(crate) output: StatsOutputArgs,
}

const EXAMPLES: &str = "Examples:
  sipcap stats trace.pcap
  sipcap stats --by dst --by user-agent --top 20 trace.pcap
  sipcap stats --by hop --align-clocks --point edge=edge.pcap --point core=core.pcap
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
    if args.figures.partial {
        return partial(args, ui);
    }

    // What to read, and what counts.
    let mut inputs = args.input.open(false, ui)?;
    let names = input::names(&inputs);
    let mut counted = Counted::new(args, names.clone())?;
    let telling = Telling::open(&args.output, &args.check, &input::files(&inputs))?;

    // The pass.
    let run = args.input.run(&mut inputs, &mut counted, ui)?;
    counted.tracked.warn(&names, ui);

    // What to tell.
    let statistics = counted.into_statistics();
    let capture = CaptureQuality::new(&run.summary, args.input.window());
    let any = statistics.has_any();
    if statistics.lacks_hops() {
        ui.warn(
            "--by hop: no message was seen at two capture points; name them with --point or --interface-points",
        );
    }
    telling.report(
        &args.figures.report(&statistics, &capture),
        run.outcome(any),
        ui,
    )
}
