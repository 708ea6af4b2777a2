//! The figures of a group or a stretch of time that stand in a line.

use super::value::{milliseconds, shown};
use crate::stats::{Metric, Reading, View};

/// A figure in such a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct SummaryColumn {
    metric: &'static str,
    pub(super) title: &'static str,
    /// The higher, the sooner it is left out where there is no room.
    pub(super) rank: u8,
}

/// What is told of each group and each stretch of time.
pub(super) const SUMMARY: [SummaryColumn; 9] = {
    const fn column(metric: &'static str, title: &'static str, rank: u8) -> SummaryColumn {
        SummaryColumn {
            metric,
            title,
            rank,
        }
    }
    [
        column("calls", "calls", 0),
        column("calls_answered", "answered", 6),
        column("ser", "ser", 2),
        column("seer", "seer", 5),
        column("ner", "ner", 7),
        column("acd", "acd", 8),
        column("pdd", "pdd p95", 3),
        column("concurrent_calls", "peak", 4),
        column("messages", "messages", 1),
    ]
};

impl SummaryColumn {
    /// Returns its cell: a ratio with what it is made of, and a mark before what may be wrong.
    pub(super) fn cell(&self, view: &View<'_>) -> String {
        let Some(figure) = Metric::named(self.metric).map(|metric| metric.figure(view)) else {
            return String::new();
        };
        let value = match &figure.reading {
            Reading::Time(times) => milliseconds(times.values[5]),
            Reading::Ratio(part, whole) if *whole > 0 => {
                format!("{} {part}/{whole}", shown(&figure.reading))
            }
            Reading::Mean(_, count) if *count > 0 => {
                format!("{} of {count}", shown(&figure.reading))
            }
            reading => shown(reading),
        };
        let is_known = figure.reading.value().is_some();
        let mark = if figure.note.is_some() && is_known {
            "!"
        } else {
            ""
        };
        format!("{mark}{value}")
    }
}

/// Returns what is told of a group or stretch of time.
pub(super) fn summary(view: &View<'_>) -> Vec<String> {
    SUMMARY.iter().map(|column| column.cell(view)).collect()
}
