//! Figures as objects, in one document or a line each.

use std::io::{self, Write};

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    report::{JsonRows, StatisticsReport, StatisticsRow},
    stats::{Reading, Times},
    time::Timestamp,
};

/// The layout of the document; it changes when an older reader would misread it.
pub(super) const VERSION: u32 = 1;

/// Writes all figures as one JSON document.
///
/// # Errors
/// When the output cannot be written.
pub fn write_statistics_document(
    report: &StatisticsReport<'_>,
    output: &mut impl Write,
) -> io::Result<()> {
    let document = document(report);
    let head = serde_json::to_string(&document)?;
    let head = head.strip_suffix('}').unwrap_or(&head);
    write!(output, "{head},\"metrics\":[")?;
    for (index, row) in report.rows().enumerate() {
        output.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *output, &row)?;
    }
    output.write_all(b"\n]}\n")
}

/// Writes all figures as JSON Lines, behind a line with what stands before them in the document.
///
/// # Errors
/// When the output cannot be written.
pub fn write_statistics_lines(
    report: &StatisticsReport<'_>,
    output: &mut impl Write,
) -> io::Result<()> {
    let mut rows = JsonRows::new(output);
    rows.row(&document(report))?;
    report.rows().try_for_each(|row| rows.row(&row))
}

/// Returns what stands before the figures.
fn document(report: &StatisticsReport<'_>) -> Document {
    let plan = report.statistics.plan();
    let (first, last) = report.capture.span();
    let time = |ts: Timestamp| {
        report
            .capture
            .has_frames()
            .then(|| ts.rfc3339().as_str().to_owned())
    };
    Document {
        r#type: "statistics",
        version: VERSION,
        from: time(first),
        to: time(last),
        counted_by: if plan.definitions.is_literal {
            "invite"
        } else {
            "call"
        },
        short_ms: plan.definitions.short / 1_000_000,
        bucket_ms: plan.bucket.map(|length| length / 1_000_000),
        calls_only: plan.definitions.calls_only,
        percentiles: "nearest-rank",
        remarks: report.remarks(),
    }
}

/// What stands before the figures.
#[derive(Serialize)]
struct Document {
    r#type: &'static str,
    version: u32,
    from: Option<String>,
    to: Option<String>,
    counted_by: &'static str,
    short_ms: i64,
    bucket_ms: Option<i64>,
    calls_only: bool,
    percentiles: &'static str,
    remarks: Vec<String>,
}

impl Serialize for StatisticsRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let figure = &self.figure;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", "metric")?;
        map.serialize_entry("metric", figure.metric)?;
        map.serialize_entry("scope", &Members(&figure.scope))?;
        map.serialize_entry("value", &Number(figure.reading.value()))?;
        map.serialize_entry("unit", figure.unit)?;
        if let Some((num, den)) = figure.reading.parts() {
            map.serialize_entry("num", &Number(Some(num)))?;
            map.serialize_entry("den", &Number(Some(den)))?;
        }
        if let Reading::Time(times) = &figure.reading {
            map.serialize_entry("count", &times.count)?;
            for (name, value) in Times::NAMES.iter().zip(times.values) {
                map.serialize_entry(name, &Number(value))?;
            }
        }
        if !self.group.is_empty() {
            map.serialize_entry("group", &Members(&self.group))?;
        }
        if let Some(bucket) = self.bucket {
            map.serialize_entry("bucket", bucket.rfc3339().as_str())?;
        }
        if let Some(note) = figure.note {
            map.serialize_entry("note", note)?;
        }
        map.end()
    }
}

/// Dimensions with their values, as an object.
struct Members<'a, T>(&'a [(T, String)]);

impl<T: AsRef<str>> Serialize for Members<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name.as_ref(), value)))
    }
}

/// A number, without a fraction when it has none.
struct Number(Option<f64>);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match self.0 {
            None => serializer.serialize_none(),
            Some(value) if value.fract() == 0.0 && value.abs() < EXACT => {
                serializer.serialize_i64(value as i64)
            }
            Some(value) => serializer.serialize_f64(value),
        }
    }
}
