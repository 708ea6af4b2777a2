//! Charts over the time of the capture.

use plotters::prelude::*;

use super::{Area, PlotError, axes, style};
use crate::{report::StatisticsReport, time::Timestamp};

/// Points of a line at most.
const POINTS: usize = 240;

const SECOND: i64 = 1_000_000_000;

/// Draws calls per second: all, answered and failed.
pub(super) fn calls(report: &StatisticsReport<'_>, area: &Area<'_>) -> Result<(), PlotError> {
    let (start, end) = report.capture.span();
    let calls = &report.statistics.total().all.calls;
    let second = |ts: Timestamp| ts.nanos().div_euclid(SECOND);
    let seconds = second(end) - second(start) + 1;
    // Slots of whole seconds: otherwise some would have one more than others, and the line would shake.
    let width = seconds.saturating_add(POINTS as i64 - 1) / POINTS as i64;
    let width = width.max(1);
    let slots = (seconds + width - 1) / width;
    let last = start.plus((slots * width - 1).saturating_mul(SECOND));
    let slots = usize::try_from(slots).unwrap_or(1);
    let width = width as f64;
    let [all, answered, failed] = [&calls.starts, &calls.answered_starts, &calls.failed_starts]
        .map(|counts| counts.slots(start, last, slots));
    let decided = answered.iter().zip(&failed).map(|(one, other)| one + other);
    let neither = all
        .iter()
        .zip(decided)
        .map(|(all, part)| all.saturating_sub(part));
    let neither: Vec<u64> = neither.collect();
    let lines = [
        ("all", all, style::ALL),
        ("answered", answered, style::GOOD),
        ("failed", failed, style::BAD),
        ("busy, cancelled, refused, open", neither, style::OTHER),
    ];
    let lines = lines.map(|(name, counts, color)| {
        let rates = counts.iter().map(|count| *count as f64 / width);
        let times = (0..slots).map(|slot| (slot as f64 + 0.5) * width);
        Line {
            name,
            color,
            points: times.zip(rates).collect(),
        }
    });
    let title = dated("Calls per second, by when they began", start);
    draw(&title, start, slots as f64 * width, &lines, area)
}

/// Draws how many calls were up: the most in each part of the time.
pub(super) fn concurrency(report: &StatisticsReport<'_>, area: &Area<'_>) -> Result<(), PlotError> {
    let (start, end) = report.capture.span();
    let length = end.since(start).max(1);
    let edge = |slot: usize| {
        let offset = i128::from(length) * slot as i128 / POINTS as i128;
        start
            .plus(i64::try_from(offset).unwrap_or(i64::MAX))
            .nanos()
    };
    let windows: Vec<(i64, i64)> = (0..POINTS)
        .map(|slot| (edge(slot), edge(slot + 1)))
        .collect();
    let levels = report.statistics.total().all.calls.up.windows(&windows);
    let points = windows.iter().zip(levels).map(|((from, _), level)| {
        let seconds = Timestamp::from_nanos(*from).since(start) as f64 / SECOND as f64;
        (seconds, level.peak as f64)
    });
    let line = Line {
        name: "calls",
        color: style::ALL,
        points: points.collect(),
    };
    let length = length as f64 / SECOND as f64;
    let title = dated("Calls at a time", start);
    draw(&title, start, length, &[line], area)
}

/// Returns a title with the day and the zone of what is below it.
fn dated(title: &str, start: Timestamp) -> String {
    let text = start.rfc3339();
    let day = text.as_str().get(..10).unwrap_or_default();
    format!("{title} ({day}, UTC)")
}

struct Line {
    name: &'static str,
    color: RGBColor,
    points: Vec<(f64, f64)>,
}

/// Draws lines over `length` seconds from `start` on; the first one is filled.
fn draw(
    title: &str,
    start: Timestamp,
    length: f64,
    lines: &[Line],
    area: &Area<'_>,
) -> Result<(), PlotError> {
    let values = lines.iter().flat_map(|line| &line.points);
    let most = values.map(|(_, value)| *value).fold(0.0, f64::max);
    // The names of several lines stand above them.
    let headroom = match lines.len() {
        1 => 1.05,
        lines => 1.1 + 0.25 * lines as f64,
    };
    let value = |value: &f64| format!("{}", (*value * 100.0).round() / 100.0);
    let mut chart = axes::draw(
        title,
        area,
        (0.0..length.max(1e-9), 8, &|seconds| {
            clock(start, *seconds, length)
        }),
        (most * headroom, &value),
    )?;
    for (index, line) in lines.iter().enumerate() {
        let color = line.color;
        if index == 0 {
            let filled = AreaSeries::new(line.points.iter().copied(), 0.0, color.mix(0.15));
            chart.draw_series(filled).map_err(PlotError::new)?;
        }
        chart
            .draw_series(LineSeries::new(
                line.points.iter().copied(),
                color.stroke_width(2),
            ))
            .map_err(PlotError::new)?
            .label(line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
    }
    if lines.len() > 1 {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(style::BACKGROUND)
            .border_style(style::GRID)
            .label_font(style::text(12))
            .draw()
            .map_err(PlotError::new)?;
    }
    Ok(())
}

/// Returns the time of day, in UTC; with the day when there are several.
fn clock(start: Timestamp, seconds: f64, length: f64) -> String {
    let text = start.plus((seconds * SECOND as f64) as i64).rfc3339();
    let text = text.as_str();
    let part = if length > 2.0 * 86_400.0 {
        text.get(5..16).map(|part| part.replace('T', " "))
    } else if length > 7200.0 {
        text.get(11..16).map(str::to_owned)
    } else {
        text.get(11..19).map(str::to_owned)
    };
    part.unwrap_or_default()
}
