//! `sipcap info`: what is in these captures.

use sipcap::report::{Info, JsonRows, Overview};

use crate::{
    cli::{InputArgs, ReportArgs, ReportFormat},
    exit::Outcome,
    input,
    output::Output,
    ui::Ui,
};

/// Tell what is in the captures, and how good they are
///
/// Files, interfaces, link types and time span; what every frame was wrapped in and what became of it (the counts sum
/// up to the frames); and what makes the capture less than the traffic was: duplicates, cuts, gaps, clock steps.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InfoArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    output: ReportArgs,
}

const EXAMPLES: &str = "Examples:
  sipcap info trace.pcap
  sipcap info --format json ring*.pcap | jq 'select(.type == \"fate\")'";

pub(crate) fn run(args: &InfoArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    let mut inputs = args.input.open(false, ui)?;
    let mut output = Output::open(
        args.output.output.as_deref(),
        args.output.force,
        &input::files(&inputs),
    )?;

    let mut overview = Overview::of_points(args.input.point_names());
    let run = args.input.run(&mut inputs, &mut overview, ui)?;

    let info = Info::new(&run.summary, overview);
    match args.output.format {
        ReportFormat::Json => info.write_json(&mut JsonRows::new(&mut output))?,
        ReportFormat::Text => info.write_text(&mut output)?,
    }
    output.finish()?;
    Ok(run.outcome(true))
}
