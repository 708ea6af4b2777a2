//! How often which duration came, on a scale where each step is twice the one before.

use plotters::prelude::*;

use super::{Area, PlotError, axes, style};
use crate::{
    report::StatisticsReport,
    stats::{Merge, Samples},
};

/// Bars for each doubling of the duration.
const BARS: f64 = 4.0;

/// How much higher the chart is than its longest bar: above them stand the percentiles.
const HEADROOM: f64 = 1.35;

/// Durations below this are together, in nanoseconds.
const SHORTEST: f64 = 1e5;

pub(super) fn post_dial_delay(
    report: &StatisticsReport<'_>,
    area: &Area<'_>,
) -> Result<(), PlotError> {
    let samples = &report.statistics.total().all.calls.pdd;
    draw("Post-dial delay, number of calls", samples, area)
}

pub(super) fn response_time(
    report: &StatisticsReport<'_>,
    area: &Area<'_>,
) -> Result<(), PlotError> {
    let mut samples = Samples::default();
    for (_, counts) in report.statistics.total().all.messages.methods() {
        samples.merge(&counts.first_response);
    }
    draw(
        "Time to the first response, number of requests",
        &samples,
        area,
    )
}

fn draw(title: &str, samples: &Samples, area: &Area<'_>) -> Result<(), PlotError> {
    if samples.count() == 0 {
        return super::chart::nothing(title, area);
    }
    let bar_of = |nanos: f64| ((nanos.max(SHORTEST) / SHORTEST).log2() * BARS).floor() as i32;
    let mut bars = std::collections::BTreeMap::new();
    for (nanos, count) in samples.classes() {
        *bars.entry(bar_of(nanos as f64)).or_insert(0_u64) += count;
    }
    let first = bars.keys().next().copied().unwrap_or(0);
    let last = bars.keys().next_back().copied().unwrap_or(0).max(first + 8);
    let most = bars.values().copied().max().unwrap_or(0);
    let edge = |bar: f64| SHORTEST * (bar / BARS).exp2();
    let range = f64::from(first)..f64::from(last + 1);
    let mut chart = axes::draw(
        title,
        area,
        (range, 9, &|bar| duration(edge(*bar))),
        (most as f64 * HEADROOM, &|count| whole(*count)),
    )?;
    let rectangles = bars.iter().map(|(bar, count)| {
        let (left, right) = (f64::from(*bar) + 0.06, f64::from(*bar) + 0.94);
        Rectangle::new([(left, 0.0), (right, *count as f64)], style::ALL.filled())
    });
    chart.draw_series(rectangles).map_err(PlotError::new)?;
    let marks = [50, 95, 99].into_iter();
    let marks = marks.filter_map(|percent| Some((percent, samples.percentile(percent)?)));
    let place = |nanos: f64| (nanos.max(SHORTEST) / SHORTEST).log2() * BARS;
    let width = f64::from(last + 1 - first);
    let is_late = |at: f64| at > f64::from(first) + width * 0.85;
    let mut late: Option<f64> = None;
    for (index, (percent, nanos)) in marks.enumerate() {
        let at = place(nanos);
        let top = most as f64 * HEADROOM;
        let line = PathElement::new([(at, 0.0), (at, top)], style::BAD.stroke_width(1));
        chart.draw_series([line]).map_err(PlotError::new)?;
        let text = format!("p{percent} {}", duration(nanos));
        // Near the right edge it stands at the left of its line and of those before it, and never on one.
        let is_right = is_late(at);
        let beside = match is_right {
            true => *late.get_or_insert(at) - 0.008 * width,
            false => at + 0.008 * width,
        };
        let place = (beside, top * (1.0 - 0.09 * index as f64));
        let text = Text::new(text, place, style::text_beside(12, is_right));
        chart.draw_series([text]).map_err(PlotError::new)?;
    }
    Ok(())
}

/// Returns a count; between two whole ones stands nothing.
fn whole(count: f64) -> String {
    if (count - count.round()).abs() < 1e-9 {
        format!("{count:.0}")
    } else {
        String::new()
    }
}

/// Returns a duration with two digits or so.
fn duration(nanos: f64) -> String {
    let (value, unit) = match nanos {
        ..1e9 => (nanos / 1e6, "ms"),
        ..120e9 => (nanos / 1e9, "s"),
        _ => (nanos / 60e9, "min"),
    };
    match value {
        ..10.0 => format!("{value:.1} {unit}"),
        _ => format!("{value:.0} {unit}"),
    }
}
