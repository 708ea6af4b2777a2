//! What makes a capture less than the traffic was: it qualifies all other numbers.

use crate::{
    capture::InputSummary,
    pipeline::{Fate, Summary},
};

/// A count that tells how good a capture is; 0 is best.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quality {
    /// The name in machine-readable outputs.
    pub name: &'static str,
    /// What a person reads.
    pub label: &'static str,
    /// How many.
    pub count: u64,
}

/// Returns how good the captures of a run are.
#[must_use]
pub fn quality(summary: &Summary) -> Vec<Quality> {
    let inputs = &summary.inputs;
    let sum = |count: fn(&InputSummary) -> u64| inputs.iter().map(count).sum();
    let dropped = |input: &InputSummary| {
        input
            .interfaces
            .iter()
            .filter_map(|interface| interface.dropped)
            .sum()
    };
    let packets_lost = summary
        .fragments
        .lost
        .saturating_add(summary.fragments.orphans);
    let rows = [
        (
            "duplicate-frames",
            "tap duplicates",
            summary.balance.of(Fate::Duplicate),
        ),
        (
            "dropped-frames",
            "frames dropped by the capture",
            sum(dropped),
        ),
        (
            "cut-frames",
            "frames cut by the snapshot length",
            sum(|input| input.cut_frames),
        ),
        ("tcp-gaps", "gaps in TCP streams", summary.streams.holes),
        (
            "tcp-lost-bytes",
            "bytes lost in them",
            summary.streams.lost_octets,
        ),
        (
            "incomplete-packets",
            "IP packets with missing fragments",
            packets_lost,
        ),
        (
            "clock-steps-back",
            "steps back in time",
            sum(|input| input.backward_steps),
        ),
        (
            "damaged-places",
            "damaged places",
            sum(|input| input.anomaly_count),
        ),
        (
            "unusable-messages",
            "messages without what identifies them",
            summary.unusable,
        ),
        (
            "table-evictions",
            "times that a table was full",
            summary.evictions,
        ),
        (
            "skipped-bytes",
            "bytes skipped there",
            sum(|input| input.skipped_bytes),
        ),
    ];
    rows.into_iter()
        .map(|(name, label, count)| Quality { name, label, count })
        .collect()
}
