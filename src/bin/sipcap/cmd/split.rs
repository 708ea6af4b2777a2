//! `sipcap split`: one capture file for each Call-ID.

use std::{
    io::{self, Write},
    ops::ControlFlow,
    path::PathBuf,
    sync::atomic::Ordering,
};

use anyhow::bail;
use hashbrown::HashSet;
use sipcap::{
    capture::InputSummary,
    error::Result,
    filter::Selection,
    pipeline::{Sink, Summary},
    report::{CsvRows, FileRow, JsonRows},
    sip::Message,
    split::{CallFiles, FrameIndex},
};

use crate::{
    cli::{Format, InputArgs, SelectArgs},
    exit::Outcome,
    input,
    output::Output,
    ui::Ui,
};

/// Write one capture file for each Call-ID
///
/// Every packet that carried a part of a message goes to the file of that message's Call-ID, with its original time
/// and unchanged: tunnels, IP fragments and TCP segments stay what they are. A file is named after its Call-ID:
/// letters, digits and ._@- stay, other octets become %XX, long names are cut and get a hash. More than 10 000 files
/// are spread over 256 directories. The paths are printed, or a manifest. A selection selects Call-IDs: one message that
/// matches is enough, and all messages of its Call-ID are written.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SplitArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    /// Directory to write the files to; it is made if need be
    #[arg(
        short,
        long,
        value_name = "DIR",
        default_value = ".",
        help_heading = "Output options"
    )]
    output: PathBuf,
    /// What is printed for each file: its path, or a row of a manifest
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Output options"
    )]
    format: Format,
    /// Overwrite what exists
    #[arg(long, help_heading = "Output options")]
    force: bool,
    /// Put an apostrophe before CSV cells that a spreadsheet would run as formulas
    #[arg(long, help_heading = "Output options")]
    csv_safe: bool,
}

const EXAMPLES: &str = "Examples:
  sipcap split -o calls trace.pcap
  sipcap split --method INVITE --format csv -o calls ring*.pcap > manifest.csv
  zcat trace.pcap.gz | sipcap split -q -o calls - | xargs -n1 tshark -c1 -r";

pub(crate) fn run(args: &SplitArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    if args.output.exists() && !args.output.is_dir() {
        bail!(
            "{} is a file; name a directory with --output",
            args.output.display()
        );
    }

    // Which frames belong to which Call-ID.
    let mut inputs = args.input.open(true, ui)?;
    let mut sink = Frames {
        selection: args.select.selection(),
        index: FrameIndex::default(),
    };
    let run = args.input.run(&mut inputs, &mut sink, ui)?;
    let calls = sink.index.into_calls();
    if calls.is_empty() || run.summary.interrupted {
        return Ok(run.outcome(false));
    }

    // A file for each.
    let nanos = run.summary.inputs.iter().any(InputSummary::has_nanos);
    let files = CallFiles::new(&calls, &args.output, nanos);
    args.refuse(&files, &run.summary)?;
    files.write(
        &inputs.frame_reader(),
        args.input.threads.into(),
        input::stop(),
    )?;
    if input::stop().load(Ordering::Relaxed) {
        ui.note("interrupted");
        return Ok(Outcome::Interrupted);
    }

    // What to tell.
    let mut output = Output::open(None, false, &[])?;
    let manifest = Manifest::new(&mut output, args)?;
    manifest.write(&files)?;
    output.finish()?;
    ui.note(format_args!("Wrote {} files.", calls.len()));
    Ok(run.outcome(true))
}

impl SplitArgs {
    /// Fails before anything is written if a file would be overwritten.
    fn refuse(&self, files: &CallFiles<'_>, summary: &Summary) -> anyhow::Result<()> {
        let targets: HashSet<_> = files.iter().map(|(_, path)| path).collect();
        let inputs = summary.inputs.iter().map(|input| input.path.as_path());
        let directory = self
            .output
            .canonicalize()
            .unwrap_or_else(|_| self.output.clone());
        for input in inputs.filter_map(|path| path.canonicalize().ok()) {
            let within = input
                .strip_prefix(&directory)
                .map(|rest| self.output.join(rest));
            if within.is_ok_and(|path| targets.contains(path.as_path())) {
                bail!(
                    "{} is an input; choose another directory with --output",
                    input.display()
                );
            }
        }
        match files.existing() {
            Some(path) if !self.force => {
                bail!(
                    "{} exists; choose another directory, or overwrite it with --force",
                    path.display()
                )
            }
            _ => Ok(()),
        }
    }
}

/// The frames of all messages by their Call-ID.
struct Frames {
    selection: Selection,
    index: FrameIndex,
}

impl Sink for Frames {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        self.index.add(message, self.selection.matches(message));
        Ok(ControlFlow::Continue(()))
    }

    fn finish(&mut self, _: &Summary) -> Result<()> {
        Ok(())
    }
}

/// What is printed of the files.
enum Manifest<'a> {
    Paths(&'a mut Output),
    Csv(Box<CsvRows<&'a mut Output>>),
    Json(JsonRows<&'a mut Output>),
}

impl<'a> Manifest<'a> {
    fn new(output: &'a mut Output, args: &SplitArgs) -> io::Result<Self> {
        let is_terminal = output.is_terminal();
        Ok(match args.format {
            Format::Text => Self::Paths(output),
            Format::Csv => Self::Csv(Box::new(CsvRows::new(
                output,
                &FileRow::COLUMNS,
                args.csv_safe,
                is_terminal,
            )?)),
            Format::Json => Self::Json(JsonRows::new(output)),
        })
    }

    fn write(mut self, files: &CallFiles<'_>) -> io::Result<()> {
        for (call, path) in files.iter() {
            let row = FileRow::new(&call, path);
            match &mut self {
                Self::Paths(output) => writeln!(output, "{}", path.display())?,
                Self::Csv(rows) => row.write(rows)?,
                Self::Json(rows) => rows.row(&row)?,
            }
        }
        match self {
            Self::Csv(rows) => rows.into_inner().map(drop),
            Self::Paths(_) | Self::Json(_) => Ok(()),
        }
    }
}
