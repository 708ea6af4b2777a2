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
    for row in report.rows() {
        let figure = &row.figure;
        let (dimensions, members): (Vec<&str>, Vec<&str>) = figure
            .scope
            .iter()
            .map(|(dimension, member)| (*dimension, member.as_str()))
            .unzip();
        rows.text(figure.metric);
        rows.text(&dimensions.join("+"));
        rows.text(&members.join("+"));
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
        rows.text(&group.join("+"));
        match row.bucket {
            Some(start) => rows.plain(start.rfc3339().as_str()),
            None => rows.plain(""),
        }
        rows.text(figure.note.unwrap_or_default());
        rows.end()?;
    }
    Ok(())
}

/// Adds a number, or nothing when it is not known.
fn number<W: Write>(rows: &mut CsvRows<W>, value: Option<f64>) {
    match value {
        Some(value) => rows.plain(&value.to_string()),
        None => rows.plain(""),
    }
}
