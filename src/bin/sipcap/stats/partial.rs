//! `stats --partial`: a part is counted, and what may go over its borders is carried.

use std::{fs::File, ops::ControlFlow};

use anyhow::{Context, bail};
use sipcap::{
    error::{Error, Result},
    pipeline::{Sink, Summary},
    report::{CaptureQuality, PartOrigin, PartWriter},
    sip::{Identity, Message},
    stats::Border,
    time::Timestamp,
};

use super::{Counted, border::Finding, given::Given};
use crate::{
    cmd::stats::StatsArgs,
    exit::Outcome,
    input::{self, Twice},
    telling::Telling,
    track,
    ui::Ui,
};

/// Counts a part. It is read twice: whether a call goes over the end is known there only.
pub(crate) fn partial(args: &StatsArgs, ui: &Ui) -> anyhow::Result<Outcome> {
    if args.figures.has_hops() {
        bail!(
            "--by hop cannot be counted in parts: what one capture point saw may be in another part; leave out --partial"
        );
    }
    let source = args.input.twice()?;
    let inputs = open(args, &source, ui)?;
    let names = source.names(&inputs);
    let mut counted = Counted::new(args, names.clone())?;
    let telling = Telling::open(&args.output, &args.check, &input::files(&inputs))?;

    // What may go over the borders.
    let mut finding = Finding::new(args.track.options()?);
    let mut again = inputs.again()?;
    let first = args.input.run_quietly(&mut again, &mut finding, ui)?;
    drop(again);

    // The rest is counted.
    let mut sink = Parting {
        counted: &mut counted,
        border: finding.finish(),
        writer: PartWriter::new(spool()?),
    };
    let mut inputs = inputs;
    let run = args.input.run_quietly(&mut inputs, &mut sink, ui)?;
    let writer = sink.writer;
    run.warn(&names, ui);
    counted.tracked.warn(&names, ui);
    if first.summary.interrupted || run.summary.interrupted {
        return Ok(run.outcome(false));
    }
    if first.summary.balance.total() != run.summary.balance.total() {
        bail!("the captures have changed while they were read; count them when they are complete");
    }
    let last = track::end(&run.summary);
    let origin = PartOrigin {
        options: Given::on_command_line()?.into_options(),
        inputs: names,
        end: last.min(args.input.until.unwrap_or(Timestamp::MAX)).nanos(),
    };
    let statistics = &counted.tracked.observer.statistics;
    let capture = CaptureQuality::new(&run.summary, args.input.window());
    telling.part(writer, &origin, statistics, &capture)?;
    // A part without anything is a part.
    Ok(run.outcome(true))
}

fn open(args: &StatsArgs, source: &Twice, ui: &Ui) -> anyhow::Result<sipcap::capture::Inputs> {
    let inputs = args.input.open_paths(&source.paths, false, ui);
    inputs.map_err(|error| source.blame(&error))
}

/// Returns a file for what is carried, which goes away by itself.
pub(super) fn spool() -> anyhow::Result<File> {
    tempfile::tempfile().context("cannot create a temporary file for what a part carries")
}

/// Messages are counted or carried.
struct Parting<'a> {
    counted: &'a mut Counted,
    border: Border,
    writer: PartWriter<File>,
}

impl Sink for Parting<'_> {
    fn takes_identities(&self) -> bool {
        true
    }

    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        let identity = message.identity.copied();
        let find = || Identity::of(message.head, message.bytes, &message.flow);
        let identity = identity.or_else(find);
        if self.border.has(message, identity.as_ref()) {
            self.writer.message(message).map_err(Error::Sink)?;
            return Ok(ControlFlow::Continue(()));
        }
        self.counted.message(&Message {
            identity: identity.as_ref(),
            ..*message
        })
    }

    fn finish(&mut self, summary: &Summary) -> Result<()> {
        self.counted.finish(summary)
    }
}
