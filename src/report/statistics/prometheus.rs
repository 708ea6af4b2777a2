//! Figures in the text format of Prometheus, for a file that a node exporter picks up.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use super::{StatisticsReport, StatisticsRow};
use crate::stats::{BREAKDOWNS, Metric, Reading};

/// Writes all figures but those of stretches of time, for which Prometheus has no place. Times are in seconds and ratios
/// parts of one, as is the custom there.
///
/// # Errors
/// When the output cannot be written.
pub fn write_statistics_prometheus(
    report: &StatisticsReport<'_>,
    output: &mut impl Write,
) -> io::Result<()> {
    // All that has one name has to stand together.
    let mut families: BTreeMap<String, Vec<StatisticsRow>> = BTreeMap::new();
    for row in report.rows().filter(|row| row.bucket.is_none()) {
        families.entry(name(&row)).or_default().push(row);
    }
    for (name, rows) in &families {
        let Some(first) = rows.first() else { continue };
        let kind = match first.figure.reading {
            Reading::Time(_) => "summary",
            _ => "gauge",
        };
        writeln!(output, "# HELP {name} {}", help(first))?;
        writeln!(output, "# TYPE {name} {kind}")?;
        rows.iter().try_for_each(|row| samples(name, row, output))?;
    }
    Ok(())
}

fn samples(name: &str, row: &StatisticsRow, output: &mut impl Write) -> io::Result<()> {
    let labels = labels(row);
    let sample = |output: &mut dyn Write, suffix: &str, more: &str, value: f64| {
        let both = [labels.as_str(), more]
            .into_iter()
            .filter(|part| !part.is_empty());
        let both: Vec<&str> = both.collect();
        match both.join(",") {
            all if all.is_empty() => writeln!(output, "{name}{suffix} {value}"),
            all => writeln!(output, "{name}{suffix}{{{all}}} {value}"),
        }
    };
    match (&row.figure.reading, row.figure.reading.value()) {
        (Reading::Time(times), mean) => {
            let [_, _, _, p50, p90, p95, p99, _] = times.values;
            for (quantile, value) in [("0.5", p50), ("0.9", p90), ("0.95", p95), ("0.99", p99)] {
                if let Some(value) = value {
                    let label = format!("quantile=\"{quantile}\"");
                    sample(output, "", &label, seconds(value))?;
                }
            }
            let sum = seconds(mean.unwrap_or_default() * times.count as f64);
            sample(output, "_sum", "", sum)?;
            sample(output, "_count", "", times.count as f64)
        }
        (Reading::Ratio(..), Some(value)) => sample(output, "", "", (value * 1e6).round() / 1e8),
        (_, Some(value)) => sample(output, "", "", value),
        (_, None) => Ok(()),
    }
}

/// Returns seconds, with as many digits as milliseconds have.
fn seconds(milliseconds: f64) -> f64 {
    (milliseconds * 1e6).round() / 1e9
}

fn name(row: &StatisticsRow) -> String {
    let figure = &row.figure;
    let by: Vec<&str> = figure
        .scope
        .iter()
        .map(|(dimension, _)| *dimension)
        .collect();
    let by = match by.join("_and_") {
        by if by.is_empty() => by,
        by => format!("_by_{by}"),
    };
    let metric = figure.metric.trim_end_matches("_ratio");
    let metric = metric.trim_end_matches("_time");
    let unit = match figure.reading {
        Reading::Time(_) | Reading::Mean(..) => "_seconds",
        Reading::Ratio(..) => "_ratio",
        _ => "",
    };
    format!("sipcap_{metric}{by}{unit}")
}

fn help(row: &StatisticsRow) -> &'static str {
    let figure = &row.figure;
    let dimensions = figure.scope.iter().map(|(dimension, _)| *dimension);
    let breakdown = BREAKDOWNS
        .iter()
        .find(|one| one.metric == figure.metric && one.by.iter().copied().eq(dimensions.clone()));
    match (breakdown, Metric::named(figure.metric)) {
        (Some(breakdown), _) => breakdown.about,
        (None, Some(metric)) => metric.about,
        (None, None) => "Quality of the capture",
    }
}

/// Returns the labels of a row without braces.
fn labels(row: &StatisticsRow) -> String {
    let scope = row.figure.scope.iter();
    let scope = scope.map(|(name, value)| (*name, value.as_str()));
    let group = row.group.iter();
    let group = group.map(|(name, value)| (name.as_str(), value.as_str()));
    let labels = scope
        .map(|label| ("", label))
        .chain(group.map(|label| ("group_", label)));
    let labels: Vec<String> = labels
        .map(|(prefix, (name, value))| {
            let name: String = name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .collect();
            format!("{prefix}{name}=\"{}\"", escape(value))
        })
        .collect();
    labels.join(",")
}

fn escape(value: &str) -> String {
    let value = value.replace('\\', "\\\\");
    value.replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_end_where_they_should() {
        assert_eq!(escape("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
        assert_eq!(seconds(1234.5), 1.2345);
    }
}
