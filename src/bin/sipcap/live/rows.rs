//! Events and calls as they happen.

use std::io::{self, Write as _};

use clap::ValueEnum;
use sipcap::{
    error::Result,
    report::{CallRow, EventRow, EventText, FileRow, JsonRows, StatisticsText},
    text::printable,
    time::Timestamp,
    track::Event,
};

use super::Meter;
use crate::{cli::ReportFormat, output::Output, ui::Ui};

/// What is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Shown {
    /// What happens, at once
    Events,
    /// Calls, when they are over
    Calls,
    /// Files of --split, when they are there
    Files,
    /// None of it
    Nothing,
}

/// Where events and calls are written, a line each.
pub(crate) struct LiveRows {
    names: Vec<String>,
    format: Rows,
    style: StatisticsText,
}

enum Rows {
    Text(EventText<Output>),
    Json(JsonRows<Output>),
}

impl LiveRows {
    /// Returns rows of what is captured on the interfaces with these names.
    pub(crate) fn new(output: Output, format: ReportFormat, names: Vec<String>, ui: &Ui) -> Self {
        let is_terminal = output.is_terminal();
        let style = StatisticsText {
            max_width: is_terminal.then(|| ui.width()),
            is_colored: ui.colors(is_terminal),
        };
        let format = match format {
            ReportFormat::Text => {
                Rows::Text(EventText::new(output, style.max_width, style.is_colored))
            }
            ReportFormat::Json => Rows::Json(JsonRows::new(output)),
        };
        Self {
            names,
            format,
            style,
        }
    }

    /// Writes the figures of a stretch of time that is over, or at the end those of the last one.
    pub(crate) fn figures(
        &mut self,
        meter: &mut Meter,
        end: Option<(Timestamp, u64)>,
    ) -> Result<()> {
        let style = self.style;
        let (format, output) = match &mut self.format {
            Rows::Text(text) => (ReportFormat::Text, text.output()),
            Rows::Json(rows) => (ReportFormat::Json, rows.output()),
        };
        match end {
            None => meter.report(format, style, output)?,
            Some(end) => meter.finish(end, format, style, output)?,
        }
        Ok(output.flush()?)
    }

    pub(crate) fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        let row = EventRow::new(event, &self.names, None);
        match &mut self.format {
            Rows::Text(text) => text.row(event.kind, &row),
            Rows::Json(rows) => rows.row(&row),
        }
    }

    pub(crate) fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        match &mut self.format {
            Rows::Text(text) => text.call(row),
            Rows::Json(rows) => rows.row(row),
        }
    }

    pub(crate) fn file(&mut self, row: &FileRow<'_>) -> io::Result<()> {
        match &mut self.format {
            Rows::Text(text) => writeln!(text.output(), "{}", printable(&row.path)),
            Rows::Json(rows) => rows.row(row),
        }
    }

    /// Lets whoever reads the output see what there is.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.format {
            Rows::Text(text) => text.flush(),
            Rows::Json(rows) => rows.flush(),
        }
    }

    /// Writes what is left.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self.format {
            Rows::Text(text) => text.into_inner(),
            Rows::Json(rows) => rows.into_inner(),
        }
        .finish()
    }
}
