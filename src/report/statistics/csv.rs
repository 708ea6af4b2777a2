//! A row for each figure.

use std::io::{self, Write};

use crate::{
    report::{CsvRows, StatisticsReport},
    stats::{Reading, Times},
};

/// The names of the columns.
pub const METRIC_COLUMNS: [&str; 20] = [
    "metric",
    "dimension",
    "member",
    "value",
    "unit",
    "num",
    "den",
    "count",
    Times::NAMES[0],
    Times::NAMES[1],
    Times::NAMES[2],
    Times::NAMES[3],
    Times::NAMES[4],
    Times::NAMES[5],
    Times::NAMES[6],
    Times::NAMES[7],
    "group_by",
    "group",
    "bucket",
    "note",
];

/// Writes all figures as CSV.
///
/// # Errors
/// When the output cannot be written.
pub fn write_statistics_csv<W: Write>(
    report: &StatisticsReport<'_>,
    rows: &mut CsvRows<W>,
) -> io::Result<()> {
    for (metric, member, note) in about(report) {
        rows.text(metric);
        rows.plain("");
        rows.text(&member);
        (0..METRIC_COLUMNS.len() - 4).for_each(|_| rows.plain(""));
        rows.text(&note);
        rows.end()?;
    }
    for row in report.rows() {
        let figure = &row.figure;
        let (dimensions, members): (Vec<&str>, Vec<&str>) = figure
            .scope
            .iter()
            .map(|(dimension, member)| (*dimension, member.as_str()))
            .unzip();
        rows.text(figure.metric);
        rows.text(&dimensions.join("+"));
        rows.text(&joined(&members));
        number(rows, figure.reading.value());
        rows.text(figure.unit);
        let (num, den) = figure.reading.parts().unzip();
        number(rows, num);
        number(rows, den);
        match &figure.reading {
            Reading::Time(times) => {
                rows.number(times.count);
                times.values.iter().for_each(|value| number(rows, *value));
            }
            _ => (0..=Times::NAMES.len()).for_each(|_| rows.plain("")),
        }
        let (by, group): (Vec<&str>, Vec<&str>) = row
            .group
            .iter()
            .map(|(dimension, value)| (dimension.as_str(), value.as_str()))
            .unzip();
        rows.text(&by.join("+"));
        rows.text(&joined(&group));
        match row.bucket {
            Some(start) => rows.plain(start.rfc3339().as_str()),
            None => rows.plain(""),
        }
        rows.text(figure.note.unwrap_or_default());
        rows.end()?;
    }
    Ok(())
}

/// Returns what is to be known of the figures: what it is, which, and more about it.
fn about(report: &StatisticsReport<'_>) -> Vec<(&'static str, String, String)> {
    let remarks = report.remarks();
    let verdict = if remarks.is_empty() {
        "good"
    } else {
        "doubtful"
    };
    let definitions = report.statistics.plan().definitions;
    let counted_by = if definitions.is_literal {
        "invite"
    } else {
        "call"
    };
    let mut about = vec![("capture_quality", verdict.to_owned(), remarks.join("; "))];
    if report.capture.has_frames() {
        let (first, last) = report.capture.span();
        for (what, ts) in [("capture_from", first), ("capture_to", last)] {
            about.push((what, ts.rfc3339().as_str().to_owned(), String::new()));
        }
    }
    let definitions = report.definitions().join("; ");
    about.push(("counted_by", counted_by.to_owned(), definitions));
    about
}

/// Returns several values as one. So that they can be told apart, a plus sign or a backslash in one of several has a
/// backslash before it.
fn joined(values: &[&str]) -> String {
    match values {
        [one] => (*one).to_owned(),
        several => {
            let escape = |value: &&str| value.replace('\\', "\\\\").replace('+', "\\+");
            let values: Vec<String> = several.iter().map(escape).collect();
            values.join("+")
        }
    }
}

/// Adds a number, or nothing when it is not known.
fn number<W: Write>(rows: &mut CsvRows<W>, value: Option<f64>) {
    match value {
        Some(value) => rows.plain(&value.to_string()),
        None => rows.plain(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_values_can_be_told_apart() {
        assert_eq!(joined(&["a+b\\"]), "a+b\\");
        assert_eq!(joined(&["a+b", "+49"]), "a\\+b+\\+49");
        assert_eq!(joined(&["a\\", "b"]), "a\\\\+b");
        assert_eq!(joined(&[]), "");
    }
}
