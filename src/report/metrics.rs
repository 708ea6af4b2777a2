//! Metrics for people and for programs.

use std::io::{self, Write};

use crate::{report::CsvRows, stats::Metric, text::printable};

/// The names of the columns of metrics in CSV.
pub const METRIC_COLUMNS: [&str; 5] = ["metric", "dimension", "member", "value", "unit"];

/// Writes metrics as CSV.
///
/// # Errors
/// When the output cannot be written.
pub fn write_metrics_csv<W: Write>(metrics: &[Metric], rows: &mut CsvRows<W>) -> io::Result<()> {
    for metric in metrics {
        let (dimension, member) = metric
            .scope
            .as_ref()
            .map_or(("", ""), |(dimension, member)| {
                (*dimension, member.as_str())
            });
        rows.text(metric.metric);
        rows.text(dimension);
        rows.text(member);
        rows.plain(&metric.value.to_string());
        rows.text(metric.unit);
        rows.end()?;
    }
    Ok(())
}

/// Writes metrics as aligned lines, those of one dimension under a heading.
///
/// # Errors
/// When the output cannot be written.
pub fn write_metrics_text(metrics: &[Metric], output: &mut impl Write) -> io::Result<()> {
    let heading = |metric: &Metric| {
        metric
            .scope
            .as_ref()
            .map(|(dimension, _)| (metric.metric, *dimension))
    };
    for (index, group) in metrics
        .chunk_by(|one, other| heading(one) == heading(other))
        .enumerate()
    {
        if index > 0 {
            writeln!(output)?;
        }
        let indent = match group.first().and_then(heading) {
            Some((metric, dimension)) => {
                writeln!(output, "{metric} by {dimension}")?;
                "  "
            }
            None => "",
        };
        let name = |metric: &Metric| match &metric.scope {
            Some((_, member)) => printable(member).into_owned(),
            None => metric.metric.to_owned(),
        };
        let width = group
            .iter()
            .map(|metric| name(metric).chars().count())
            .max()
            .unwrap_or(0);
        let digits = group
            .iter()
            .map(|metric| metric.value.to_string().len())
            .max()
            .unwrap_or(0);
        for metric in group {
            writeln!(
                output,
                "{indent}{:width$}  {:>digits$}",
                name(metric),
                metric.value.to_string()
            )?;
        }
    }
    Ok(())
}
