//! Lists that are sorted by what their rows began with, in any format.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::{
    capture::Origin,
    report::{Column, Columns, CsvRows, ListStyle, SortedRows, csv::detached},
    time::Timestamp,
};

/// A row of a list.
pub trait ListRow: Serialize {
    /// The columns for people.
    const COLUMNS: &'static [Column];

    /// Which of them is coloured.
    const COLORED: usize;

    /// Returns the names of the CSV columns.
    fn csv_columns() -> Vec<&'static str>;

    /// Adds the CSV cells, in the order of their columns.
    fn csv_cells<W: Write>(&self, rows: &mut CsvRows<W>);

    /// Returns the cells for people, made harmless, in the order of their columns.
    fn cells(&self) -> Vec<Cow<'_, str>>;

    /// Returns the colour of the coloured one.
    fn color(&self) -> AnsiColor;

    /// Returns its place among the rows that began with the same frame.
    fn rank(&self) -> u32 {
        0
    }
}

/// How a list is written.
#[derive(Clone, Copy, Debug)]
pub enum ListFormat {
    /// For people.
    Text(ListStyle),
    /// Comma-separated values.
    Csv {
        /// Whether cells that a spreadsheet would run as formulas are made harmless.
        is_safe: bool,
        /// Whether a terminal is to be protected from what cells hold.
        is_terminal: bool,
    },
    /// JSON Lines.
    Json,
}

/// Rows of one kind that become known in any order and are written when all are.
pub struct List {
    rows: SortedRows,
    kind: Kind,
    /// The row that is being put together.
    row: Vec<u8>,
}

enum Kind {
    Text {
        columns: Columns,
        colored: usize,
    },
    Csv {
        cells: Box<CsvRows<io::Sink>>,
        names: Vec<&'static str>,
    },
    Json,
}

impl List {
    /// Returns a list without rows.
    ///
    /// # Errors
    /// Never in fact: nothing is written yet.
    pub fn new<R: ListRow>(format: ListFormat) -> io::Result<Self> {
        let kind = match format {
            ListFormat::Text(style) => Kind::Text {
                columns: Columns::new(R::COLUMNS, style),
                colored: R::COLORED,
            },
            ListFormat::Csv {
                is_safe,
                is_terminal,
            } => {
                let names = R::csv_columns();
                Kind::Csv {
                    cells: Box::new(CsvRows::new(io::sink(), &names, is_safe, is_terminal)?),
                    names,
                }
            }
            ListFormat::Json => Kind::Json,
        };
        Ok(Self {
            rows: SortedRows::default(),
            kind,
            row: Vec::new(),
        })
    }

    /// Takes a row that began at `ts` with the frame at `origin`.
    ///
    /// # Errors
    /// When the temporary file for many rows cannot be written.
    pub fn push<R: ListRow>(&mut self, ts: Timestamp, origin: Origin, row: &R) -> io::Result<()> {
        self.row.clear();
        match &mut self.kind {
            Kind::Text { columns, .. } => {
                let cells = row.cells();
                columns.measure(cells.iter().map(AsRef::as_ref));
                let day = ts.rfc3339();
                let color = color_name(row.color());
                let day = day.as_str().get(..10).unwrap_or_default();
                for cell in [day, color]
                    .into_iter()
                    .chain(cells.iter().map(AsRef::as_ref))
                {
                    let len = u32::try_from(cell.len()).unwrap_or(u32::MAX);
                    self.row.extend_from_slice(&len.to_le_bytes());
                    self.row.extend_from_slice(cell.as_bytes());
                }
            }
            Kind::Csv { cells, .. } => {
                row.csv_cells(cells);
                cells.detach(&mut self.row);
            }
            Kind::Json => serde_json::to_writer(&mut self.row, row)?,
        }
        self.rows.push(ts, origin, row.rank(), &self.row)
    }

    /// Returns how many rows there are.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.rows.len()
    }

    /// Returns whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes all rows in their order.
    ///
    /// # Errors
    /// When the output cannot be written, or the temporary file cannot be read.
    pub fn write(self, output: &mut impl Write) -> io::Result<()> {
        match self.kind {
            Kind::Text {
                mut columns,
                colored,
            } => {
                if self.rows.is_empty() {
                    return Ok(());
                }
                columns.header(output)?;
                let mut day = Vec::new();
                self.rows.drain(|row| {
                    let mut cells = detached(row);
                    let today = cells.next().unwrap_or_default();
                    if today != day {
                        day = today.to_vec();
                        writeln!(output, "{} (UTC)", String::from_utf8_lossy(today))?;
                    }
                    let style = style_of(cells.next().unwrap_or_default());
                    let cells = cells.map(|cell| std::str::from_utf8(cell).unwrap_or_default());
                    columns.line(output, cells, Some((colored, style)))
                })
            }
            Kind::Csv { names, .. } => {
                // The cells are safe already.
                let mut rows = CsvRows::new(output, &names, false, false)?;
                self.rows.drain(|row| {
                    rows.attach(row);
                    rows.end()
                })?;
                rows.into_inner()?;
                Ok(())
            }
            Kind::Json => self.rows.drain(|row| {
                output.write_all(row)?;
                output.write_all(b"\n")
            }),
        }
    }
}

/// Colours by the names that rows are kept with.
const COLORS: [(&str, AnsiColor); 5] = [
    ("red", AnsiColor::Red),
    ("green", AnsiColor::Green),
    ("yellow", AnsiColor::Yellow),
    ("blue", AnsiColor::Blue),
    ("cyan", AnsiColor::Cyan),
];

fn color_name(color: AnsiColor) -> &'static str {
    COLORS
        .iter()
        .find(|(_, known)| *known == color)
        .map_or("", |(name, _)| name)
}

fn style_of(name: &[u8]) -> Style {
    COLORS
        .iter()
        .find(|(known, _)| known.as_bytes() == name)
        .map_or_else(Style::new, |(_, color)| color.on_default())
}
