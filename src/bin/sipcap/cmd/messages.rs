//! `sipcap messages`: a row for each message.

use std::{collections::VecDeque, ops::ControlFlow};

use sipcap::{
    error::Result,
    filter::Selection,
    pipeline::{SIGHTINGS_WITHIN, Sighting, Sink, Summary},
    sip::{Message, MessageBuf},
    time::Timestamp,
};

use crate::{
    cli::{InputArgs, OutputArgs, SelectArgs},
    exit::Outcome,
    input,
    output::Output,
    rows::{MessageRows, Seen},
    ui::Ui,
};

/// List the messages, a row each
///
/// A row tells when the message was complete, who sent it to whom over what, and what it is. On a terminal, long
/// values are cut to its width; in a pipe or a file they are whole. With capture points (--point) or capture agents (HEP), a
/// row tells which of them saw the message, and how many microseconds after the first one.
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
        number: 0,
        held: VecDeque::new(),
        has_points: None,
    };
    let run = args.input.run(&mut inputs, &mut list, ui)?;

    list.release(Timestamp::MAX)?;
    list.rows.finish()?;
    Ok(run.outcome(list.selected > 0))
}

/// The rows of the selected messages.
struct List {
    selection: Selection,
    rows: MessageRows,
    selected: u64,
    /// How many messages there were.
    number: u64,
    /// Those that other capture points may see yet, and what came behind them.
    held: VecDeque<Held>,
    /// Whether there are capture points; not known at the beginning.
    has_points: Option<bool>,
}

/// As long as there may be capture points that have not seen anything yet, so many messages wait at most.
const MAX_FIRST: usize = 64;

/// A message that waits for what other capture points see of it.
struct Held {
    number: u64,
    message: MessageBuf,
    sightings: Vec<Seen>,
}

impl List {
    /// Writes what nobody sees any more when packets come at this moment.
    fn release(&mut self, now: Timestamp) -> Result<()> {
        while let Some(held) = self.held.front()
            && now.since(held.message.completed_by.ts) > SIGHTINGS_WITHIN
        {
            self.write_first()?;
            // At the beginning there was time enough for points to turn up.
            self.wait_no_more()?;
        }
        Ok(())
    }

    /// Writes the message that waits longest, if there is one.
    fn write_first(&mut self) -> Result<()> {
        if let Some(held) = self.held.pop_front() {
            let message = held.message.as_message();
            self.rows.write_seen(&message, &held.sightings)?;
        }
        Ok(())
    }

    /// Waits no longer for capture points that nothing is known of.
    fn wait_no_more(&mut self) -> Result<()> {
        if !self.has_points() {
            self.has_points = Some(false);
            while !self.held.is_empty() {
                self.write_first()?;
            }
        }
        Ok(())
    }

    fn has_points(&self) -> bool {
        self.has_points == Some(true)
    }
}

impl Sink for List {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        self.number += 1;
        if message.point.is_some() {
            self.has_points = Some(true);
        }
        self.release(message.completed_by.ts)?;
        if !self.selection.matches(message) {
            return Ok(ControlFlow::Continue(()));
        }
        self.selected += 1;
        if self.has_points == Some(false) {
            self.rows.write(message)?;
        } else {
            self.held.push_back(Held {
                number: self.number,
                message: message.to_buf(),
                sightings: Vec::new(),
            });
        }
        if self.held.len() >= MAX_FIRST {
            self.wait_no_more()?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn sighting(&mut self, sighting: &Sighting<'_>) -> Result<()> {
        self.has_points = Some(true);
        let held = self
            .held
            .binary_search_by_key(&sighting.of, |held| held.number);
        if let Some(held) = held.ok().and_then(|index| self.held.get_mut(index)) {
            if held.message.point.is_none() {
                held.message.point = sighting.first_point.map(str::to_owned);
            }
            held.sightings.push(Seen {
                point: sighting.message.point.unwrap_or_default().to_owned(),
                ts: sighting.message.ts,
                frame: *sighting.message.completed_by,
            });
        }
        Ok(())
    }

    fn pause(&mut self) -> Result<()> {
        self.wait_no_more()?;
        Ok(self.rows.flush()?)
    }

    fn finish(&mut self, _: &Summary) -> Result<()> {
        Ok(())
    }
}
