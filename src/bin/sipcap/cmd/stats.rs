//! `sipcap stats`: what the captures amount to.

use std::ops::ControlFlow;

use sipcap::{
    error::Result,
    filter::Selection,
    pipeline::{Sink, Summary},
    report::{CsvRows, JsonRows, METRIC_COLUMNS, quality, write_metrics_csv, write_metrics_text},
    sip::Message,
    stats::{Counts, Metric},
};

use crate::{
    cli::{Format, InputArgs, OutputArgs, SelectArgs},
    exit::Outcome,
    input,
    output::Output,
    ui::Ui,
};

/// Count the messages
///
/// By method, status, transport and encapsulation, with retransmissions, and with what is odd about them. The last
/// counts tell how good the capture is; they are of all frames, whatever is selected.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

const EXAMPLES: &str = "Examples:
  sipcap stats trace.pcap
  sipcap stats --ip 192.0.2.0/24 --format csv trace.pcap.zst
  sipcap stats --format json trace.pcap | jq 'select(.metric == \"responses\")'";

pub(crate) fn run(args: &StatsArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    let mut inputs = args.input.open(false, ui)?;
    let mut output = Output::open(
        args.output.output.as_deref(),
        args.output.force,
        &input::files(&inputs),
    )?;

    let mut sink = Counting {
        selection: args.select.selection(),
        counts: Counts::default(),
    };
    let run = args.input.run(&mut inputs, &mut sink, ui)?;

    let mut metrics = sink.counts.metrics();
    metrics.push(Metric::count("frames", run.summary.balance.total()));
    metrics.extend(
        quality(&run.summary)
            .iter()
            .map(|quality| Metric::count(quality.name, quality.count)),
    );
    match args.output.format {
        Format::Text => write_metrics_text(&metrics, &mut output)?,
        Format::Csv => {
            let mut rows = CsvRows::new(&mut output, &METRIC_COLUMNS, args.output.csv_safe, false)?;
            write_metrics_csv(&metrics, &mut rows)?;
            rows.into_inner()?;
        }
        Format::Json => {
            let mut rows = JsonRows::new(&mut output);
            metrics.iter().try_for_each(|metric| rows.row(metric))?;
        }
    }
    output.finish()?;
    Ok(run.outcome(sink.counts.messages() > 0))
}

struct Counting {
    selection: Selection,
    counts: Counts,
}

impl Sink for Counting {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        if self.selection.matches(message) {
            self.counts.add(message);
        }
        Ok(ControlFlow::Continue(()))
    }

    fn finish(&mut self, _: &Summary) -> Result<()> {
        Ok(())
    }
}
