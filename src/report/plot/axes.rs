//! What stands around charts that have two axes.

use std::ops::Range;

use plotters::{
    coord::types::RangedCoordf64,
    prelude::{Cartesian2d, ChartBuilder, ChartContext, SVGBackend},
};

use super::{Area, PlotError, style};

/// A chart that has them.
pub(super) type Chart<'a> =
    ChartContext<'a, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Returns what stands at a value.
type Label<'l> = &'l dyn Fn(&f64) -> String;

/// Returns a chart with title, grid and axes. `along` is what it goes along, in so many steps, and `up` how high it is.
pub(super) fn draw<'a>(
    title: &str,
    area: &Area<'a>,
    (along, steps, at): (Range<f64>, usize, Label<'_>),
    (up, beside): (f64, Label<'_>),
) -> Result<Chart<'a>, PlotError> {
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .margin_right(40)
        .caption(title, style::text(16))
        .x_label_area_size(28)
        .y_label_area_size(60)
        .build_cartesian_2d(along, 0.0..up.max(1.0))
        .map_err(PlotError::new)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .max_light_lines(0)
        .bold_line_style(style::GRID)
        .axis_style(style::INK)
        .label_style(style::text(12))
        .x_labels(steps)
        .y_labels(5)
        .x_label_formatter(&at)
        .y_label_formatter(&beside)
        .draw()
        .map_err(PlotError::new)?;
    Ok(chart)
}
