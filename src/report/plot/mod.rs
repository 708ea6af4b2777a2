//! Statistics as pictures: charts below each other in one SVG, or each in one of its own.
//!
//! The same figures give the same octets. No font is needed where pictures are made; whoever shows them has one. Colours
//! follow what the viewer prefers, light or dark.

mod axes;
mod chart;
mod distribution;
mod style;
mod timeline;

use std::fmt::Display;

use plotters::prelude::*;

use self::style::with_dark_mode;
use crate::report::StatisticsReport;

/// The width of a picture, and the height of each chart in it.
const SIZE: (u32, u32) = (800, 260);

/// A chart that there is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Chart {
    /// Calls per second by what became of them, over time.
    Calls,
    /// Calls that were up at a time.
    Concurrency,
    /// How often which post-dial delay came.
    PostDialDelay,
    /// How often which time to the first response came.
    ResponseTime,
    /// Final responses to calls by class, and the failures that were told most often.
    Failures,
    /// Responses by class.
    Statuses,
}

impl Chart {
    /// All of them, in their order.
    pub const ALL: [Self; 6] = [
        Self::Calls,
        Self::Concurrency,
        Self::PostDialDelay,
        Self::ResponseTime,
        Self::Statuses,
        Self::Failures,
    ];

    /// Returns the name of its file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Concurrency => "concurrent-calls",
            Self::PostDialDelay => "pdd",
            Self::ResponseTime => "response-time",
            Self::Statuses => "statuses",
            Self::Failures => "failures",
        }
    }

    fn draw(self, report: &StatisticsReport<'_>, area: &Area<'_>) -> Result<(), PlotError> {
        match self {
            Self::Calls => timeline::calls(report, area),
            Self::Concurrency => timeline::concurrency(report, area),
            Self::PostDialDelay => distribution::post_dial_delay(report, area),
            Self::ResponseTime => distribution::response_time(report, area),
            Self::Statuses => chart::statuses(report, area),
            Self::Failures => chart::failures(report, area),
        }
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// Why a picture could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("cannot draw: {0}")]
pub struct PlotError(String);

impl PlotError {
    fn new(error: impl Display) -> Self {
        Self(error.to_string())
    }
}

/// Returns an SVG with charts below each other.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn plot(report: &StatisticsReport<'_>, charts: &[Chart]) -> Result<String, PlotError> {
    let (width, height) = SIZE;
    let count = u32::try_from(charts.len()).unwrap_or(1).max(1);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (width, height * count)).into_drawing_area();
        root.fill(&style::BACKGROUND).map_err(PlotError::new)?;
        let areas = root.split_evenly((count as usize, 1));
        for (chart, area) in charts.iter().zip(&areas) {
            chart.draw(report, area)?;
        }
        root.present().map_err(PlotError::new)?;
    }
    Ok(with_dark_mode(&svg))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        report::CaptureQuality,
        stats::{Plan, Statistics},
    };

    #[test]
    fn nothing_can_be_drawn_too() {
        let statistics = Statistics::new(Plan::default(), Vec::new());
        let report = StatisticsReport {
            statistics: &statistics,
            capture: &CaptureQuality::default(),
            top: None,
        };
        let svg = plot(&report, &Chart::ALL).unwrap();
        assert!(
            svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"),
            "{svg}"
        );
        assert_eq!(svg, plot(&report, &Chart::ALL).unwrap());
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}
