//! Charts of bars: one for each member.

use plotters::prelude::*;

use super::{Area, PlotError, style};
use crate::report::StatisticsReport;

/// Bars of a chart at most.
const MOST: usize = 8;

/// Draws the responses by class.
pub(super) fn statuses(report: &StatisticsReport<'_>, area: &Area<'_>) -> Result<(), PlotError> {
    let statuses = report.statistics.total().all.messages.statuses();
    let names = [
        (1, "1xx provisional", style::ALL),
        (2, "2xx success", style::GOOD),
        (3, "3xx redirection", style::ALL),
        (4, "4xx failure", style::BAD),
        (5, "5xx server failure", style::BAD),
        (6, "6xx failure everywhere", style::BAD),
    ];
    let bars = names.map(|(class, name, color)| {
        let of_class = statuses.range(class * 100..(class + 1) * 100);
        (
            name.to_owned(),
            of_class.map(|(_, count)| count).sum(),
            color,
        )
    });
    draw("Responses", &bars, area)
}

/// Draws the reasons why calls were not answered that were told most often.
pub(super) fn failures(report: &StatisticsReport<'_>, area: &Area<'_>) -> Result<(), PlotError> {
    let reasons = &report.statistics.total().all.calls.reasons;
    let mut bars: Vec<(String, u64, RGBColor)> = reasons
        .iter()
        .map(|(reason, count)| (style::label(reason), count, style::BAD))
        .collect();
    bars.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    bars.truncate(MOST);
    draw("Calls not answered, by reason phrase", &bars, area)
}

/// Draws a title, and that there is nothing.
pub(super) fn nothing(title: &str, area: &Area<'_>) -> Result<(), PlotError> {
    let area = area
        .titled(title, style::text(16))
        .map_err(PlotError::new)?;
    let at = (24, 24);
    let none = Text::new("None in this capture".to_owned(), at, style::text(12));
    area.draw(&none).map_err(PlotError::new)
}

/// Draws bars from left to right, below each other.
fn draw(title: &str, bars: &[(String, u64, RGBColor)], area: &Area<'_>) -> Result<(), PlotError> {
    if bars.iter().all(|(_, count, _)| *count == 0) {
        return nothing(title, area);
    }
    let area = area
        .titled(title, style::text(16))
        .map_err(PlotError::new)?;
    let (width, height) = area.dim_in_pixel();
    // Few bars are no thicker than many.
    let height = (height as i32 - 16).min(40 * bars.len() as i32);
    let width = width as i32;
    let most = bars.iter().map(|(_, count, _)| *count).max().unwrap_or(0);
    let rows = i32::try_from(bars.len().max(1)).unwrap_or(1);
    let (left, room) = (260, width - 260 - 90);
    for ((name, count, color), row) in bars.iter().zip(0..) {
        let (top, bottom) = (height * row / rows + 3, height * (row + 1) / rows - 3);
        let middle = (top + bottom) / 2;
        let part = *count as f64 / most.max(1) as f64;
        let right = left + (f64::from(room) * part).round() as i32;
        let at = (left - 8, middle);
        area.draw(&Text::new(name.clone(), at, style::text_at_right(12)))
            .map_err(PlotError::new)?;
        // However few there are, they are not none.
        if *count > 0 {
            let corners = [(left, top), (right.max(left + 1), bottom)];
            area.draw(&Rectangle::new(corners, color.filled()))
                .map_err(PlotError::new)?;
        }
        let at = (right + 8, middle - 6);
        area.draw(&Text::new(count.to_string(), at, style::text(12)))
            .map_err(PlotError::new)?;
    }
    Ok(())
}
