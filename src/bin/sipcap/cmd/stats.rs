//! `sipcap stats`: what the captures amount to.

use std::{
    io::Write,
    ops::ControlFlow,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::Context;
use clap::ValueEnum;
use sipcap::{
    error::Result,
    filter::Selection,
    pipeline::{Sink, Summary},
    report::{
        CaptureQuality, Chart, CsvRows, METRIC_COLUMNS, StatisticsReport, StatisticsText, plot,
        write_statistics_csv, write_statistics_document, write_statistics_lines,
        write_statistics_markdown, write_statistics_prometheus, write_statistics_text,
    },
    sip::Message,
    stats::{BREAKDOWNS, Cut, Definitions, Dimension, METRICS, Plan, Statistics, Times},
    track::{Binding, Call, Event, Observer},
};

use crate::{
    check::CheckArgs,
    choose::{Choice, ChooseArgs},
    cli::{InputArgs, SelectArgs, WhereArgs, parse_duration},
    exit::Outcome,
    input,
    output::Output,
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

/// Which figures are told.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Statistics options")]
struct FigureArgs {
    /// Tell the figures apart by src, dst, peer, user-agent, from-domain, to-domain, prefix:N, transport, method or
    /// capture (can be repeated)
    ///
    /// Of several with commas between them, groups have all in common: src,transport. A peer is either address, and
    /// everything counts for both. prefix:4 are the first four digits of the number that was dialled.
    #[arg(long, value_name = "WHAT")]
    by: Vec<By>,
    /// Tell the figures apart by time: 10s, 1m, 1h; times begin at whole ones of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_bucket)]
    bucket: Option<i64>,
    /// Show so many groups, and so many members of a list, those with the most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    top: Option<u32>,
    /// Calls shorter than this are short
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    short: i64,
    /// Count each INVITE in the ratios of RFC 6076, and not each call
    #[arg(long)]
    rfc_literal: bool,
    /// List the metrics, with what they are, and end
    #[arg(long)]
    list_metrics: bool,
}

/// How the figures are written.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Output options")]
struct StatsOutputArgs {
    /// How the figures are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: StatsFormat,
    /// Write to this file instead of the standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite what exists
    #[arg(long)]
    force: bool,
    /// Draw charts into this SVG file: calls over time, delays, statuses and failures
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Draw each chart into an SVG file of its own in this directory
    #[arg(long, value_name = "DIR")]
    plot_dir: Option<PathBuf>,
    /// Put an apostrophe before CSV cells that a spreadsheet would run as formulas
    #[arg(long)]
    csv_safe: bool,
}

/// How figures are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum StatsFormat {
    /// For people
    Text,
    /// Comma-separated values with a header line: a row for each figure
    Csv,
    /// One JSON document
    Json,
    /// JSON Lines: an object for each figure
    Jsonl,
    /// Tables for tickets
    Markdown,
    /// The text format of Prometheus
    Prometheus,
}

/// Dimensions by which groups are told apart.
#[derive(Clone, Debug)]
struct By(Cut);

impl FromStr for By {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let dimensions = text.split(',').map(Dimension::from_str);
        Ok(Self(dimensions.collect::<std::result::Result<_, _>>()?))
    }
}

const EXAMPLES: &str = "Examples:
  sipcap stats trace.pcap
  sipcap stats --by dst --by user-agent --top 20 trace.pcap
  sipcap stats --bucket 1m --format csv day*.pcap.zst > load.csv
  sipcap stats --number 4930 --rfc-literal trace.pcap
  sipcap stats --check 'ser >= 95 && pdd.p95_ms < 3000' --junit checks.xml trace.pcap
  sipcap stats --baseline last-week.json --tolerance 5% trace.pcap
  sipcap stats --plot load.svg trace.pcap > report.txt
  sipcap stats --format jsonl trace.pcap | jq 'select(.metric == \"ser\")'
  sipcap stats --list-metrics";

pub(crate) fn run(args: &StatsArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    if args.figures.list_metrics {
        return list_metrics(args);
    }
    // What to read, and what counts.
    let options = args.track.options()?;
    let mut inputs = args.input.open(false, ui)?;
    let names = input::names(&inputs);
    let choice = args
        .choose
        .choice(&args.select, &args.conditions, names.clone())?;
    let mut output = Output::open(
        args.output.output.as_deref(),
        args.output.force,
        &input::files(&inputs),
    )?;
    let plots = args.output.plots(&input::files(&inputs))?;
    let checking = args
        .check
        .prepare(&input::files(&inputs), args.output.force)?;

    // The pass.
    let counting = Counting {
        selection: args.select.selection(),
        choice,
        statistics: Statistics::new(args.figures.plan(), names.clone()),
    };
    let mut sink = Counted(Tracked::new(options, counting).until(args.input.until));
    let run = args.input.run(&mut inputs, &mut sink, ui)?;
    sink.0.warn(&names, ui);

    // What to tell.
    let statistics = sink.0.observer.statistics;
    let capture = CaptureQuality::new(&run.summary);
    let report = StatisticsReport {
        statistics: &statistics,
        capture: &capture,
        top: args.figures.top.map(|top| top as usize),
    };
    write(&report, &args.output, &mut output, ui)?;
    output.finish()?;
    for (charts, mut file) in plots {
        file.write_all(plot(&report, &charts)?.as_bytes())?;
        file.finish()?;
    }
    let has_passed = checking.run(&report, ui)?;
    let outcome = run.outcome(statistics.total().all.messages.messages > 0);
    Ok(match outcome {
        Outcome::Done if !has_passed => Outcome::Failed,
        outcome => outcome,
    })
}

impl FigureArgs {
    fn plan(&self) -> Plan {
        Plan {
            definitions: Definitions {
                is_literal: self.rfc_literal,
                short: self.short,
            },
            cuts: self.by.iter().map(|by| by.0.clone()).collect(),
            bucket: self.bucket,
        }
    }
}

impl StatsOutputArgs {
    /// Opens the files of charts, with the charts that each is to have.
    fn plots(&self, inputs: &[PathBuf]) -> anyhow::Result<Vec<(Vec<Chart>, Output)>> {
        let open = |path: &Path| Output::open(Some(path), self.force, inputs);
        let mut plots = Vec::new();
        if let Some(path) = &self.plot {
            plots.push((Chart::ALL.to_vec(), open(path)?));
        }
        if let Some(dir) = &self.plot_dir {
            std::fs::create_dir_all(dir)
                .with_context(|| format!("cannot make the directory {}", dir.display()))?;
            for chart in Chart::ALL {
                let path = dir.join(format!("{}.svg", chart.name()));
                plots.push((vec![chart], open(&path)?));
            }
        }
        Ok(plots)
    }
}

/// Writes the report in the format that was asked for.
fn write(
    report: &StatisticsReport<'_>,
    args: &StatsOutputArgs,
    output: &mut Output,
    ui: &Ui,
) -> anyhow::Result<()> {
    let is_terminal = output.is_terminal();
    match args.format {
        StatsFormat::Text => {
            let style = StatisticsText {
                max_width: is_terminal.then(|| ui.width()),
                is_colored: ui.colors(is_terminal),
            };
            write_statistics_text(report, style, output)?;
        }
        StatsFormat::Csv => {
            let mut rows = CsvRows::new(&mut *output, &METRIC_COLUMNS, args.csv_safe, is_terminal)?;
            write_statistics_csv(report, &mut rows)?;
            rows.into_inner()?;
        }
        StatsFormat::Json => write_statistics_document(report, output)?,
        StatsFormat::Jsonl => write_statistics_lines(report, output)?,
        StatsFormat::Markdown => write_statistics_markdown(report, output)?,
        StatsFormat::Prometheus => write_statistics_prometheus(report, output)?,
    }
    Ok(())
}

/// Lists the metrics.
fn list_metrics(args: &StatsArgs) -> anyhow::Result<Outcome> {
    let mut output = Output::open(args.output.output.as_deref(), args.output.force, &[])?;
    for metric in METRICS {
        let source = match metric.source {
            "" => String::new(),
            source => format!(" ({source})"),
        };
        writeln!(output, "{}\n    {}{source}", metric.name, metric.about)?;
    }
    for breakdown in BREAKDOWNS.iter().filter(|one| one.by == ["method"]) {
        writeln!(
            output,
            "{}.METHOD\n    {}",
            breakdown.metric, breakdown.about
        )?;
    }
    writeln!(
        output,
        "\nA method is written as in requests.invite. A metric that is a time has count and {} behind a dot, as in pdd.p95_ms;\nwithout them it is the mean.",
        Times::NAMES.join(", ")
    )?;
    output.finish()?;
    Ok(Outcome::Done)
}

/// Reads how long a stretch of time is.
fn parse_bucket(text: &str) -> std::result::Result<i64, String> {
    match parse_duration(text)? {
        ..1_000_000 => Err("expected a time of at least 1ms".to_owned()),
        nanos => Ok(nanos),
    }
}

/// What is selected, and what it adds up to.
struct Counting {
    selection: Selection,
    choice: Choice,
    statistics: Statistics,
}

impl Observer for Counting {
    fn call(&mut self, call: Box<Call>) -> Result<()> {
        if self.choice.takes(&call) {
            self.statistics.call(&call)?;
        }
        Ok(())
    }

    fn binding(&mut self, binding: Box<Binding>) -> Result<()> {
        if self.selection.matches_binding(&binding) {
            self.statistics.binding(&binding)?;
        }
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        if self.selection.matches_event(event) {
            self.statistics.event(event)?;
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
struct Counted(Tracked<Counting>);

impl Sink for Counted {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        let counting = &mut self.0.observer;
        if counting.selection.matches(message) {
            counting.statistics.message(message)?;
        }
        self.0.message(message)
    }

    fn finish(&mut self, summary: &Summary) -> Result<()> {
        self.0.finish(summary)?;
        let end = CaptureQuality::new(summary).span().1;
        self.0.observer.statistics.finish(end);
        Ok(())
    }
}
