//! `sipcap messages`: a row for each message.

use std::ops::ControlFlow;

use sipcap::{
    error::Result,
    filter::Selection,
    pipeline::{Sink, Summary},
    sip::Message,
};

use crate::{
    cli::{InputArgs, OutputArgs, SelectArgs},
    exit::Outcome,
    input,
    output::Output,
    rows::MessageRows,
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
    let output = Output::open(
        args.output.output.as_deref(),
        args.output.force,
        &input::files(&inputs),
    )?;

    let rows = MessageRows::list(output, &args.output, input::names(&inputs), ui)?;
    let mut list = List {
        selection: args.select.selection(),
        rows,
        selected: 0,
    };
    let run = args.input.run(&mut inputs, &mut list, ui)?;

    list.rows.finish()?;
    Ok(run.outcome(list.selected > 0))
}

/// The rows of the selected messages.
struct List {
    selection: Selection,
    rows: MessageRows,
    selected: u64,
}

impl Sink for List {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        if self.selection.matches(message) {
            self.selected += 1;
            self.rows.write(message)?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn pause(&mut self) -> Result<()> {
        Ok(self.rows.flush()?)
    }

    fn finish(&mut self, _: &Summary) -> Result<()> {
        Ok(())
    }
}
