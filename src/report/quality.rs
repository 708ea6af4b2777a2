//! Numbers that qualify all others: what the capture itself lacks.

use crate::{
    pipeline::{Fate, Summary},
    stats::Metric,
};

/// Returns how good the captures of a run are.
#[must_use]
pub fn quality(summary: &Summary) -> Vec<Metric> {
    let inputs = &summary.inputs;
    vec![
        Metric::count("frames", inputs.iter().map(|input| input.frames).sum()),
        Metric::count("duplicate-frames", summary.balance.of(Fate::Duplicate)),
        Metric::count(
            "cut-frames",
            inputs.iter().map(|input| input.cut_frames).sum(),
        ),
        Metric::count("lost-fragments", summary.balance.of(Fate::FragmentLost)),
        Metric::count(
            "clock-steps-back",
            inputs.iter().map(|input| input.backward_steps).sum(),
        ),
        Metric::count(
            "damaged-places",
            inputs.iter().map(|input| input.anomaly_count).sum(),
        ),
    ]
}
