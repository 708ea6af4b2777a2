//! `stats --merge`: parts are put together, and what goes over their borders is counted.

use std::{fs::File, ops::ControlFlow, path::PathBuf};

use anyhow::{Context, anyhow};
use sipcap::{
    pipeline::Sink,
    report::{Merge, PartWriter, StatisticsPart},
};

use super::{Counted, given::Given, partial::spool};
use crate::{cmd::stats::StatsArgs, exit::Outcome, telling::Telling, ui::Ui};

/// Puts parts together and tells of the whole.
pub(crate) fn merge(args: &StatsArgs, ui: &Ui) -> anyhow::Result<Outcome> {
    let files = args.input.paths();
    let telling = Telling::open(&args.output, &args.check, &files)?;
    let parts = files.iter().map(open).collect::<anyhow::Result<Vec<_>>>()?;
    let given = parts.first().map(|part| Given::new(part.options().clone()));
    let mut merge = Merge::new(parts).map_err(|error| anyhow!(error))?;
    let statistics = merge.statistics();
    let capture = merge.capture().clone();
    if args.figures.partial {
        let mut writer = PartWriter::new(spool()?);
        let carried = merge.carried(|message| {
            let result = writer.message(message);
            result.map_err(|error| error.to_string())
        });
        carried.map_err(|error| anyhow!(error))?;
        telling.part(writer, merge.origin(), &statistics, &capture)?;
        return Ok(Outcome::Done);
    }

    // What goes over the borders.
    let counted_with = given.unwrap_or_default().args()?;
    let names = merge.origin().inputs.clone();
    let mut counted = Counted::going_on(&counted_with, statistics)?;
    let carried = merge.carried(|message| match counted.message(message) {
        Ok(ControlFlow::Continue(()) | ControlFlow::Break(())) => Ok(()),
        Err(error) => Err(error.to_string()),
    });
    carried.map_err(|error| anyhow!(error))?;
    counted.finish_at(merge.end(), capture.span().1)?;
    counted.tracked.warn(&names, ui);

    let statistics = counted.into_statistics();
    let any = statistics.has_any();
    telling.report(
        &args.figures.report(&statistics, &capture),
        Outcome::selected(any),
        ui,
    )
}

fn open(path: &PathBuf) -> anyhow::Result<StatisticsPart> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    StatisticsPart::read(file).map_err(|error| anyhow!("{}: {error}", path.display()))
}
