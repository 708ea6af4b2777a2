//! `sipcap messages`: a row for each message.

use std::{io, ops::ControlFlow};

use sipcap::{
    error::Result,
    filter::Selection,
    pipeline::{Sink, Summary},
    report::{CsvRows, JsonRows, MessageRow, MessageTable},
    sip::Message,
};

use crate::{
    cli::{Format, InputArgs, OutputArgs, SelectArgs},
    exit::Outcome,
    output::Output,
    ui::Ui,
};

/// List the messages, a row each
///
/// A row tells when the message was complete, who sent it to whom over what, and what it is. On a terminal, long
/// values are cut to its width; in a pipe or a file they are whole.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MessagesArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

const EXAMPLES: &str = "Examples:
  sipcap messages trace.pcap
  sipcap messages --status 5xx --format csv ring*.pcap > errors.csv
  tcpdump -i any -w - | sipcap messages --method INVITE -
  sipcap messages --format json trace.pcap | jq -r .user_agent | sort | uniq -c";

pub(crate) fn run(args: &MessagesArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    let mut inputs = args.input.open(false, ui)?;
    let names = inputs.paths().map(|path| path.display().to_string()).collect();
    let output = Output::open(args.output.output.as_deref(), args.output.force, &args.input.paths())?;

    let rows = Rows::new(output, &args.output, ui)?;
    let mut list = List { names, selection: args.select.selection(), rows, selected: 0 };
    let run = args.input.run(&mut inputs, &mut list, ui)?;

    list.rows.finish()?;
    Ok(run.outcome(list.selected > 0))
}

/// The rows of the selected messages.
struct List {
    names: Vec<String>,
    selection: Selection,
    rows: Rows,
    selected: u64,
}

impl Sink for List {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        if self.selection.matches(message) {
            self.selected += 1;
            let name = self.names.get(usize::from(message.completed_by.origin.input)).map_or("", String::as_str);
            self.rows.write(&MessageRow::new(message, name))?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn finish(&mut self, _: &Summary) -> Result<()> {
        Ok(())
    }
}

/// Rows in one of the formats.
enum Rows {
    Text(MessageTable<Output>),
    Csv(CsvRows<Output>),
    Json(JsonRows<Output>),
}

impl Rows {
    fn new(output: Output, args: &OutputArgs, ui: &Ui) -> io::Result<Self> {
        Ok(match args.format {
            Format::Csv => Self::Csv(CsvRows::new(output, &MessageRow::COLUMNS, args.csv_safe)?),
            Format::Json => Self::Json(JsonRows::new(output)),
            Format::Text => {
                let width = output.is_terminal().then(|| ui.width());
                Self::Text(MessageTable::new(output, width, ui.colors_stdout())?)
            }
        })
    }

    fn write(&mut self, row: &MessageRow<'_>) -> io::Result<()> {
        match self {
            Self::Text(table) => table.row(row),
            Self::Csv(rows) => rows.message(row),
            Self::Json(rows) => rows.row(row),
        }
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Text(table) => table.into_inner(),
            Self::Csv(rows) => rows.into_inner()?,
            Self::Json(rows) => rows.into_inner(),
        }
        .finish()
    }
}
