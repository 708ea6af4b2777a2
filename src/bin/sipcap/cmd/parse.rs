//! `sipcap parse`: what the parser sees in a text.

use std::{
    fs::File,
    io::{self, IsTerminal, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::{ValueEnum, builder::PossibleValue};
use sipcap::{
    report::{JsonRows, ParsedRow},
    sip::text_input::{self, TextFormat},
};

use crate::{
    cli::{ReportArgs, ReportFormat},
    exit::Outcome,
    output::Output,
    ui::Ui,
};

/// Texts are looked at as a whole; longer ones are cut.
const MAX_TEXT: u64 = 64 << 20;

/// Show what the parser sees in pasted text
///
/// Finds SIP messages in mails, RFCs, ngrep and tcpdump output, logs of Asterisk, FreeSWITCH, SIPp and others, and
/// strings with escaped line ends, and takes each apart: start line, headers with their offsets, body, and what is odd.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ParseArgs {
    /// Texts, or - for the standard input, which is also read without any
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How the text is written
    #[arg(
        long = "as",
        value_name = "KIND",
        default_value = "auto",
        help_heading = "Input options"
    )]
    kind: Kind,
    /// End with status 2 when a message cannot be worked with
    #[arg(long, help_heading = "Input options")]
    strict: bool,
    #[command(flatten)]
    output: ReportArgs,
}

const EXAMPLES: &str = "Examples:
  xclip -o | sipcap parse
  sipcap parse --format json ngrep.txt | jq .diagnoses
  grep -h INVITE app.log | sipcap parse --as escaped";

/// A [`TextFormat`] that can be typed.
#[derive(Clone, Copy, Debug)]
struct Kind(TextFormat);

impl ValueEnum for Kind {
    fn value_variants<'a>() -> &'a [Self] {
        const KINDS: [Kind; TextFormat::NAMES.len()] = {
            let mut kinds = [Kind(TextFormat::Auto); TextFormat::NAMES.len()];
            let mut index = 0;
            while index < kinds.len() {
                kinds[index] = Kind(TextFormat::NAMES[index].0);
                index += 1;
            }
            kinds
        };
        &KINDS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()))
    }
}

pub(crate) fn run(args: &ParseArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    let files = if args.files.is_empty() {
        vec![PathBuf::from("-")]
    } else {
        args.files.clone()
    };
    let mut output = Output::open(args.output.output.as_deref(), args.output.force, &files)?;

    let (mut number, mut unusable) = (0, 0);
    for path in &files {
        let text = read(path, ui)?;
        for message in text_input::messages(&text, args.kind.0) {
            number += 1;
            let row = ParsedRow::new(&message, number)?;
            unusable += usize::from(row.error.is_some());
            match args.output.format {
                ReportFormat::Json => JsonRows::new(&mut output).row(&row)?,
                ReportFormat::Text => {
                    if number > 1 {
                        writeln!(output)?;
                    }
                    row.write_text(&mut output)?;
                }
            }
        }
    }
    output.finish()?;
    if number == 0 {
        ui.note("There is no SIP message in this text.");
    }
    Ok(if args.strict && unusable > 0 {
        Outcome::Damaged
    } else {
        Outcome::selected(number > 0)
    })
}

fn read(path: &Path, ui: &Ui) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    let name = path.display();
    if path == Path::new("-") {
        if io::stdin().is_terminal() {
            ui.note("Paste the text and end it with Ctrl-D.");
        }
        io::stdin()
            .lock()
            .take(MAX_TEXT)
            .read_to_end(&mut text)
            .context("cannot read the standard input")?;
    } else {
        let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
        file.take(MAX_TEXT)
            .read_to_end(&mut text)
            .with_context(|| format!("cannot read {name}"))?;
    }
    if text.len() as u64 == MAX_TEXT {
        ui.warn(format_args!(
            "{name}: only the first {} MiB are looked at",
            MAX_TEXT >> 20
        ));
    }
    Ok(text)
}
