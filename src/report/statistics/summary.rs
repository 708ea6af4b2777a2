//! The figures of a group or a stretch of time that stand in a line.

use super::value::{milliseconds, shown};
use crate::stats::{Dimension, Metric, Reading, View};

/// A figure in such a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct SummaryColumn {
    metric: &'static str,
    /// Which value of a time it is, by [`Times::NAMES`].
    part: usize,
    pub(super) title: &'static str,
    /// The higher, the sooner it is left out where there is no room.
    pub(super) rank: u8,
}

const fn column(metric: &'static str, title: &'static str, rank: u8) -> SummaryColumn {
    SummaryColumn {
        metric,
        part: 5,
        title,
        rank,
    }
}

/// What is told of each group and each stretch of time.
const SUMMARY: [SummaryColumn; 9] = {
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

/// What is told of each hop between capture points.
const HOPS: [SummaryColumn; 7] = {
    const fn delay(part: usize, title: &'static str, rank: u8) -> SummaryColumn {
        SummaryColumn {
            part,
            ..column("hop_delay", title, rank)
        }
    }
    [
        column("hop_messages", "messages", 0),
        delay(0, "min", 3),
        delay(3, "p50", 0),
        delay(5, "p95", 2),
        delay(7, "max", 1),
        column("hop_loss", "lost", 0),
        column("hop_missed", "missed", 4),
    ]
};

/// Returns what is told of each group of this cut.
pub(super) fn columns(cut: &[Dimension]) -> &'static [SummaryColumn] {
    if cut.contains(&Dimension::Hop) {
        &HOPS
    } else {
        &SUMMARY
    }
}

impl SummaryColumn {
    /// Returns its cell: a ratio with what it is made of, and a mark before what may be wrong.
    pub(super) fn cell(&self, view: &View<'_>) -> String {
        let Some(figure) = Metric::named(self.metric).map(|metric| metric.figure(view)) else {
            return String::new();
        };
        let value = match &figure.reading {
            Reading::Time(times) => match times.values.get(self.part).copied().flatten() {
                // From point to point it may be a fraction of a millisecond.
                Some(value) if self.metric == "hop_delay" => format!("{value:.3} ms"),
                value => milliseconds(value),
            },
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

/// Returns what these columns tell of a group or stretch of time.
pub(super) fn summary(columns: &[SummaryColumn], view: &View<'_>) -> Vec<String> {
    columns.iter().map(|column| column.cell(view)).collect()
}
