//! Messages in the format that was asked for.

use std::io;

use regex::bytes::Regex;
use sipcap::{
    capture::Frame,
    report::{CsvRows, JsonRows, MessageRow, MessageTable, MessageText, SightingRow},
    sip::Message,
    text::escape,
    time::Timestamp,
};

use crate::{
    cli::{Format, OutputArgs},
    output::Output,
    ui::Ui,
};

/// Where messages are written, a row each or in full.
pub(crate) struct MessageRows {
    names: Vec<String>,
    /// Whether rows carry the whole message.
    in_full: bool,
    format: Rows,
}

/// A message at another capture point than the one that saw it first.
pub(crate) struct Seen {
    pub(crate) point: String,
    /// When that point saw it, by its clock.
    pub(crate) ts: Timestamp,
    /// The frame that completed it there.
    pub(crate) frame: Frame,
}

enum Rows {
    Table(MessageTable<Output>),
    Full(MessageText<Output>),
    Csv(Box<CsvRows<Output>>),
    Json(JsonRows<Output>),
}

impl MessageRows {
    /// Returns rows of the messages of the inputs with these names: a line each in a table.
    pub(crate) fn list(
        output: Output,
        args: &OutputArgs,
        names: Vec<String>,
        ui: &Ui,
    ) -> io::Result<Self> {
        let format = match args.format {
            Format::Text => {
                let is_terminal = output.is_terminal();
                let width = is_terminal.then(|| ui.width());
                Rows::Table(MessageTable::new(
                    output,
                    width,
                    ui.colors(is_terminal),
                    names.len() > 1,
                ))
            }
            Format::Csv => Rows::csv(output, args)?,
            Format::Json => Rows::Json(JsonRows::new(output)),
        };
        Ok(Self {
            names,
            in_full: false,
            format,
        })
    }

    /// Returns rows that hold the whole messages; matches of `highlight` are coloured.
    pub(crate) fn in_full(
        output: Output,
        args: &OutputArgs,
        names: Vec<String>,
        highlight: Option<Regex>,
        ui: &Ui,
    ) -> io::Result<Self> {
        let format = match args.format {
            Format::Text => {
                let is_terminal = output.is_terminal();
                Rows::Full(MessageText::new(
                    output,
                    ui.colors(is_terminal),
                    is_terminal,
                    highlight,
                ))
            }
            Format::Csv => Rows::csv(output, args)?,
            Format::Json => Rows::Json(JsonRows::new(output)),
        };
        Ok(Self {
            names,
            in_full: true,
            format,
        })
    }

    /// Writes a message.
    pub(crate) fn write(&mut self, message: &Message<'_>) -> io::Result<()> {
        self.write_seen(message, &[])
    }

    /// Writes a message with what other capture points saw of it.
    pub(crate) fn write_seen(
        &mut self,
        message: &Message<'_>,
        sightings: &[Seen],
    ) -> io::Result<()> {
        let names = &self.names;
        let name = |input: u16| names.get(usize::from(input)).map_or("", String::as_str);
        let mut row = MessageRow::new(message, name(message.completed_by.origin.input));
        row.sightings = sightings
            .iter()
            .map(|seen| SightingRow {
                point: seen.point.as_str().into(),
                input: name(seen.frame.origin.input),
                frame: seen.frame.origin.number,
                ts: seen.ts,
                delay_us: seen.ts.since(message.ts) / 1_000,
            })
            .collect();
        match &mut self.format {
            Rows::Table(table) => table.row(&row),
            Rows::Full(text) => text.message(message, &row),
            Rows::Csv(rows) => rows.message(&row),
            Rows::Json(rows) => {
                row.text = self.in_full.then(|| escape(message.bytes));
                rows.row(&row)
            }
        }
    }

    /// Lets whoever reads the output see what there is.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.format {
            Rows::Table(table) => table.flush(),
            Rows::Full(text) => text.flush(),
            Rows::Csv(rows) => rows.flush(),
            Rows::Json(rows) => rows.flush(),
        }
    }

    /// Writes what is left.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self.format {
            Rows::Table(table) => table.into_inner(),
            Rows::Full(text) => text.into_inner(),
            Rows::Csv(rows) => rows.into_inner()?,
            Rows::Json(rows) => rows.into_inner(),
        }
        .finish()
    }
}

impl Rows {
    fn csv(output: Output, args: &OutputArgs) -> io::Result<Self> {
        let is_terminal = output.is_terminal();
        Ok(Self::Csv(Box::new(CsvRows::new(
            output,
            &MessageRow::COLUMNS,
            args.csv_safe,
            is_terminal,
        )?)))
    }
}
