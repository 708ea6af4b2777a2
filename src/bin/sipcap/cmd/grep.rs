//! `sipcap grep`: the messages whose octets match.

use std::{
    io::Write,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use anyhow::{anyhow, bail};
use hashbrown::HashSet;
use regex::bytes::Regex;
use sipcap::{
    capture::Inputs,
    error::Result,
    filter::{self, Selection},
    pipeline::{Sink, Summary},
    sip::Message,
};

use crate::{
    cli::{InputArgs, OutputArgs, SelectArgs, one_line},
    exit::Outcome,
    input::{self, Twice},
    output::Output,
    packets::Packets,
    rows::MessageRows,
    ui::Ui,
};

/// Print the messages that match a regular expression
///
/// The expression is looked for in the octets of each message, headers and body; ^ and $ are the ends of lines.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct GrepArgs {
    /// The regular expression
    #[arg(value_name = "PATTERN")]
    pattern: String,
    #[command(flatten)]
    input: InputArgs,
    /// Match in either case
    #[arg(short, long, help_heading = "Match options")]
    ignore_case: bool,
    /// Select the messages that do not match
    #[arg(short = 'v', long, help_heading = "Match options")]
    invert_match: bool,
    /// Select all messages with the Call-IDs of those that match
    #[arg(long, help_heading = "Match options")]
    dialog: bool,
    /// Print how many messages are selected, and nothing else
    #[arg(short, long, conflicts_with = "write", help_heading = "Output options")]
    count: bool,
    /// Write the packets of the selected messages to this capture file instead of printing them
    #[arg(
        short,
        long,
        value_name = "FILE",
        conflicts_with = "output",
        help_heading = "Output options"
    )]
    write: Option<PathBuf>,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

const EXAMPLES: &str = "Examples:
  sipcap grep -i 'user-agent:.*friendly-scanner' trace.pcap
  sipcap grep --dialog '^Reason: Q.850;cause=34' trace.pcap
  sipcap grep --dialog -w call.pcap 'sip:\\+4930123456@' ring*.pcap
  sipcap grep -c . --status 503 trace.pcap.gz";

pub(crate) fn run(args: &GrepArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    let mut matcher = args.matcher()?;
    let twice = if args.dialog {
        Some(args.input.twice()?)
    } else {
        None
    };
    let mut inputs = args.open(twice.as_ref(), ui)?;
    let target = args.write.as_deref().or(args.output.output.as_deref());
    let output = Output::open(target, args.output.force, &input::files(&inputs))?;
    if args.write.as_deref() == Some(Path::new("-")) && output.is_terminal() {
        bail!("a capture is not for a terminal; name a file, or pipe it on");
    }

    let names = twice
        .as_ref()
        .map_or_else(|| input::names(&inputs), |copies| copies.names(&inputs));

    // Which Call-IDs are meant, if whole dialogs are.
    if args.dialog {
        let mut dialogs = Dialogs {
            matcher,
            call_ids: HashSet::new(),
        };
        args.input.run_quietly(&mut inputs, &mut dialogs, ui)?;
        matcher = Matcher::Dialogs(dialogs.call_ids);
        inputs = args.open(twice.as_ref(), ui)?;
    }

    // The messages themselves.
    let what = if args.count {
        What::Count(output)
    } else if args.write.is_some() {
        What::Packets(Packets::default(), output)
    } else {
        let highlight = if args.invert_match {
            None
        } else {
            Some(args.regex()?)
        };
        What::Rows(Box::new(MessageRows::in_full(
            output,
            &args.output,
            names.clone(),
            highlight,
            ui,
        )?))
    };
    let mut grep = Grep {
        matcher,
        selected: 0,
        what,
    };
    let run = args.input.run_quietly(&mut inputs, &mut grep, ui)?;
    run.warn(&names, ui);

    let selected = grep.selected;
    match grep.what {
        What::Rows(rows) => rows.finish()?,
        What::Count(mut output) => {
            writeln!(output, "{selected}")?;
            output.finish()?;
        }
        What::Packets(packets, output) => {
            let frames = packets.write(&inputs, output)?;
            ui.note(format_args!(
                "Wrote {frames} frames of {selected} messages."
            ));
        }
    }
    Ok(run.outcome(selected > 0))
}

impl GrepArgs {
    /// Opens the inputs, or the copies of what can be read only once.
    fn open(&self, twice: Option<&Twice>, ui: &Ui) -> anyhow::Result<Inputs> {
        let rereadable = self.write.is_some();
        match twice {
            Some(copies) => self
                .input
                .open_paths(&copies.paths, rereadable, ui)
                .map_err(|error| copies.blame(&error)),
            None => self.input.open(rereadable, ui),
        }
    }

    fn regex(&self) -> anyhow::Result<Regex> {
        filter::pattern(&self.pattern, self.ignore_case).map_err(|error| {
            anyhow!(
                "bad regular expression {:?}: {}",
                self.pattern,
                one_line(&error)
            )
        })
    }

    fn matcher(&self) -> anyhow::Result<Matcher> {
        Ok(Matcher::Pattern {
            regex: self.regex()?,
            inverted: self.invert_match,
            selection: Box::new(self.select.selection()),
        })
    }
}

/// Which messages are meant.
enum Matcher {
    Pattern {
        regex: Regex,
        inverted: bool,
        selection: Box<Selection>,
    },
    Dialogs(HashSet<Vec<u8>>),
}

impl Matcher {
    fn matches(&self, message: &Message<'_>) -> bool {
        match self {
            Self::Pattern {
                regex,
                inverted,
                selection,
            } => selection.matches(message) && regex.is_match(message.bytes) != *inverted,
            Self::Dialogs(call_ids) => call_ids.contains(message.head.call_id.of(message.bytes)),
        }
    }
}

/// The Call-IDs of messages that match.
struct Dialogs {
    matcher: Matcher,
    call_ids: HashSet<Vec<u8>>,
}

impl Sink for Dialogs {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        let call_id = message.head.call_id.of(message.bytes);
        if !call_id.is_empty() && !self.call_ids.contains(call_id) && self.matcher.matches(message)
        {
            self.call_ids.insert(call_id.to_vec());
        }
        Ok(ControlFlow::Continue(()))
    }

    fn finish(&mut self, _: &Summary) -> Result<()> {
        Ok(())
    }
}

/// What is done with the messages that are meant.
enum What {
    Rows(Box<MessageRows>),
    Count(Output),
    Packets(Packets, Output),
}

struct Grep {
    matcher: Matcher,
    selected: u64,
    what: What,
}

impl Sink for Grep {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        if self.matcher.matches(message) {
            self.selected += 1;
            match &mut self.what {
                What::Rows(rows) => rows.write(message)?,
                What::Count(_) => {}
                What::Packets(packets, _) => packets.add(message),
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn pause(&mut self) -> Result<()> {
        match &mut self.what {
            What::Rows(rows) => Ok(rows.flush()?),
            What::Count(_) | What::Packets(..) => Ok(()),
        }
    }

    fn finish(&mut self, _: &Summary) -> Result<()> {
        Ok(())
    }
}
