//! Events in the format that was asked for.

use std::io;

use sipcap::{
    report::{CsvRows, EventRow, EventText, JsonRows},
    track::{Event, Rate},
};

use crate::{
    cli::{Format, OutputArgs},
    output::Output,
    ui::Ui,
};

/// Where events are written.
pub(crate) struct EventRows {
    names: Vec<String>,
    format: Rows,
}

enum Rows {
    Text(EventText<Output>),
    Csv(Box<CsvRows<Output>>),
    Json(JsonRows<Output>),
}

impl EventRows {
    /// Returns rows of the events in the inputs with these names.
    pub(crate) fn new(
        output: Output,
        args: &OutputArgs,
        names: Vec<String>,
        ui: &Ui,
    ) -> io::Result<Self> {
        let is_terminal = output.is_terminal();
        let format = match args.format {
            Format::Text => {
                let width = is_terminal.then(|| ui.width());
                Rows::Text(EventText::new(output, width, ui.colors(is_terminal)))
            }
            Format::Csv => Rows::Csv(Box::new(CsvRows::new(
                output,
                &EventRow::COLUMNS,
                args.csv_safe,
                is_terminal,
            )?)),
            Format::Json => Rows::Json(JsonRows::new(output)),
        };
        Ok(Self { names, format })
    }

    /// Returns the row of an event, without what limits say of it.
    pub(crate) fn row<'a>(&'a self, event: &'a Event<'_>) -> EventRow<'a> {
        EventRow::new(event, &self.names, None)
    }

    /// Writes an event.
    pub(crate) fn write(&mut self, event: &Event<'_>, rate: Option<&Rate>) -> io::Result<()> {
        let row = EventRow::new(event, &self.names, rate);
        match &mut self.format {
            Rows::Text(text) => text.row(event.kind, &row),
            Rows::Csv(rows) => row.write(rows),
            Rows::Json(rows) => rows.row(&row),
        }
    }

    /// Lets whoever reads the output see what there is.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.format {
            Rows::Text(text) => text.flush(),
            Rows::Csv(rows) => rows.flush(),
            Rows::Json(rows) => rows.flush(),
        }
    }

    /// Writes what is left.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self.format {
            Rows::Text(text) => text.into_inner(),
            Rows::Csv(rows) => rows.into_inner()?,
            Rows::Json(rows) => rows.into_inner(),
        }
        .finish()
    }
}
