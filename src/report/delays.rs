//! How long messages take from one capture point to another.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::Serialize;

use super::JsonRows;
use crate::{pipeline::Sighting, stats::Samples, text::printable};

/// Pairs of points that are told apart at most, and what the others are called.
const MAX_PAIRS: usize = 4_096;
const OTHERS: &str = "(others)";

/// Delays by the point that saw a message first and the one that saw it later, as their clocks tell.
#[derive(Debug, Default)]
pub(super) struct Delays {
    pairs: BTreeMap<(String, String), Samples>,
}

/// A row about a pair of points.
#[derive(Debug, Serialize)]
struct DelayRow<'a> {
    r#type: &'static str,
    from: &'a str,
    to: &'a str,
    messages: u64,
    min_us: Option<i64>,
    median_us: Option<i64>,
    p95_us: Option<i64>,
    max_us: Option<i64>,
}

impl Delays {
    /// Adds a message that was seen again.
    pub(super) fn add(&mut self, sighting: &Sighting<'_>) {
        let (Some(from), Some(to)) = (sighting.first_point, sighting.message.point) else {
            return;
        };
        let delay = sighting.message.ts.since(sighting.first);
        // What was told first may have been seen later.
        let (from, to) = if delay < 0 { (to, from) } else { (from, to) };
        let pair = (from.to_owned(), to.to_owned());
        let is_full = self.pairs.len() >= MAX_PAIRS && !self.pairs.contains_key(&pair);
        let pair = match is_full {
            true => (OTHERS.to_owned(), OTHERS.to_owned()),
            false => pair,
        };
        let samples = self.pairs.entry(pair).or_default();
        samples.add(Some(delay.saturating_abs()));
    }

    fn rows(&self) -> impl Iterator<Item = DelayRow<'_>> {
        let micros = |nanos: Option<f64>| nanos.map(|nanos| (nanos / 1e3).round() as i64);
        self.pairs
            .iter()
            .map(move |((from, to), samples)| DelayRow {
                r#type: "delay",
                from,
                to,
                messages: samples.count(),
                min_us: micros(samples.min()),
                median_us: micros(samples.percentile(50)),
                p95_us: micros(samples.percentile(95)),
                max_us: micros(samples.max()),
            })
    }

    /// Writes a row for each pair of points.
    pub(super) fn write_rows<W: Write>(&self, rows: &mut JsonRows<W>) -> io::Result<()> {
        let mut pairs = self.rows();
        pairs.try_for_each(|row| rows.row(&row))
    }

    /// Writes a table for people, if there is anything to tell.
    pub(super) fn write_text(&self, output: &mut impl Write) -> io::Result<()> {
        if self.pairs.is_empty() {
            return Ok(());
        }
        let label =
            |row: &DelayRow<'_>| format!("{} to {}", printable(row.from), printable(row.to));
        let width = self.rows().map(|row| label(&row).chars().count()).max();
        let width = width.unwrap_or_default();
        writeln!(
            output,
            "\nDelays between capture points (ms, by their clocks)"
        )?;
        writeln!(
            output,
            "  {:width$}  {:>8}  {:>9}  {:>9}  {:>9}  {:>9}",
            "", "messages", "least", "median", "95%", "most"
        )?;
        for row in self.rows() {
            let millis = |micros: Option<i64>| {
                let micros = micros.unwrap_or_default();
                format!("{}.{:03}", micros / 1_000, micros % 1_000)
            };
            writeln!(
                output,
                "  {:width$}  {:>8}  {:>9}  {:>9}  {:>9}  {:>9}",
                label(&row),
                row.messages,
                millis(row.min_us),
                millis(row.median_us),
                millis(row.p95_us),
                millis(row.max_us)
            )?;
        }
        Ok(())
    }
}
