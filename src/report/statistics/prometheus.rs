//! Figures in the text format of Prometheus, for a file that a node exporter picks up.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use super::{StatisticsReport, StatisticsRow};
use crate::{
    stats::{BREAKDOWNS, Metric, Reading},
    text::printable,
};

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
    let mut families = Families::default();
    families.capture(report);
    for row in report.rows().filter(|row| row.bucket.is_none()) {
        families.row(&row);
    }
    for (name, family) in &families.0 {
        writeln!(output, "# HELP {name} {}", family.help)?;
        writeln!(output, "# TYPE {name} {}", family.kind)?;
        output.write_all(family.samples.as_bytes())?;
    }
    Ok(())
}

/// Samples by the name that they have in common.
#[derive(Default)]
struct Families(BTreeMap<String, Family>);

struct Family {
    help: String,
    kind: &'static str,
    samples: String,
}

impl Families {
    /// Adds a sample of a name with a suffix.
    fn add(
        &mut self,
        name: &str,
        help: &str,
        kind: &'static str,
        (suffix, labels, value): (&str, &str, f64),
    ) {
        let family = self.0.entry(name.to_owned()).or_insert_with(|| Family {
            help: help.to_owned(),
            kind,
            samples: String::new(),
        });
        let labels = match labels {
            "" => String::new(),
            labels => format!("{{{labels}}}"),
        };
        let sample = format!("{name}{suffix}{labels} {value}\n");
        family.samples.push_str(&sample);
    }

    fn gauge(&mut self, name: &str, help: &str, labels: &str, value: f64) {
        self.add(name, help, "gauge", ("", labels, value));
    }

    /// Adds when was captured, how figures are defined, and whether they can be believed.
    fn capture(&mut self, report: &StatisticsReport<'_>) {
        let definitions = report.statistics.plan().definitions;
        let counted_by = if definitions.is_literal {
            "invite"
        } else {
            "call"
        };
        let labels = format!("counted_by=\"{counted_by}\",percentile=\"nearest-rank\"");
        self.gauge(
            "sipcap_definitions",
            "How figures are defined",
            &labels,
            1.0,
        );
        let short = definitions.short as f64 / 1e9;
        self.gauge(
            "sipcap_short_calls_below_seconds",
            "How long short calls last at most",
            "",
            short,
        );
        let doubts = report.doubts();
        for (why, holds) in [("one_way", doubts.is_one_way), ("lossy", doubts.is_lossy)] {
            let help = "Whether figures are of what was captured only: one direction or packets are missing";
            self.gauge(
                "sipcap_doubtful",
                help,
                &format!("why=\"{why}\""),
                f64::from(u8::from(holds)),
            );
        }
        if report.capture.has_frames() {
            let (first, last) = report.capture.span();
            let seconds = |ts: crate::time::Timestamp| (ts.nanos() as f64 / 1e3).round() / 1e6;
            self.gauge(
                "sipcap_capture_start_seconds",
                "When observation began",
                "",
                seconds(first),
            );
            self.gauge(
                "sipcap_capture_end_seconds",
                "When observation ended",
                "",
                seconds(last),
            );
        }
    }

    fn row(&mut self, row: &StatisticsRow) {
        let (name, labels, help) = (name(row), labels(row), help(row));
        let reading = &row.figure.reading;
        if let Reading::Time(times) = reading {
            let mut sample = |suffix: &str, labels: &str, value: f64| {
                self.add(&name, help, "summary", (suffix, labels, value));
            };
            let [_, _, _, p50, p90, p95, p99, _] = times.values;
            for (quantile, value) in [("0.5", p50), ("0.9", p90), ("0.95", p95), ("0.99", p99)] {
                let quantile = format!("quantile=\"{quantile}\"");
                let both = [labels.as_str(), &quantile];
                let both: Vec<&str> = both.into_iter().filter(|part| !part.is_empty()).collect();
                if let Some(value) = value {
                    sample("", &both.join(","), seconds(value));
                }
            }
            let mean = reading.value().unwrap_or_default();
            sample("_sum", &labels, seconds(mean * times.count as f64));
            sample("_count", &labels, times.count as f64);
            return;
        }
        match (reading, reading.value()) {
            (Reading::Ratio(..), Some(value)) => {
                self.gauge(&name, help, &labels, (value * 1e6).round() / 1e8);
            }
            (_, Some(value)) => self.gauge(&name, help, &labels, value),
            (_, None) => {}
        }
        // What it is made of adds up where quotients do not.
        if let Some((num, den)) = reading.parts() {
            for (part, value, what) in [("num", num, "numerator"), ("den", den, "denominator")] {
                self.gauge(
                    &format!("{name}_{part}"),
                    &format!("{help}: {what}"),
                    &labels,
                    value,
                );
            }
        }
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

/// Returns a value between quotes. Nothing in it steers a terminal, and no reader takes it for more than a line.
fn escape(value: &str) -> String {
    let value = printable(value).replace('\\', "\\\\");
    value.replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_end_where_they_should() {
        assert_eq!(escape("a\"b\\c"), "a\\\"b\\\\c");
        assert_eq!(
            escape("a\nb\r\u{1b}[31m\0"),
            "a\\\\x0ab\\\\x0d\\\\x1b[31m\\\\x00"
        );
        assert_eq!(seconds(1234.5), 1.2345);
    }
}
