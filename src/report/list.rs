//! Lists that are sorted by what their rows began with, in any format.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use serde::Serialize;

use crate::{
    capture::Origin,
    report::{
        Column, Columns, CsvRows, ListStyle, LogRows, LogsOf, SortedRows, csv::detached,
        encode::encode,
    },
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
    format: RowFormat,
}

/// Rows that one thread puts together for a list.
pub struct ListPart {
    format: RowFormat,
    octets: Vec<u8>,
    /// What each row began with, its rank, and where it ends.
    rows: Vec<(Timestamp, Origin, u32, usize)>,
}

impl ListPart {
    /// Takes a row that began at `ts` with the frame at `origin`.
    ///
    /// # Errors
    /// Never in fact: rows are kept in memory.
    pub fn push<R: ListRow>(&mut self, ts: Timestamp, origin: Origin, row: &R) -> io::Result<()> {
        self.push_with(ts, origin, None, row)
    }

    /// Takes a row, and by what logs of it are known if the list has logs.
    ///
    /// # Errors
    /// Never in fact: rows are kept in memory.
    pub fn push_with<R: ListRow>(
        &mut self,
        ts: Timestamp,
        origin: Origin,
        key: Option<&[u8]>,
        row: &R,
    ) -> io::Result<()> {
        if let Some(key) = key {
            push_cell(&mut self.octets, key);
        }
        self.format.encode(ts, row, &mut self.octets)?;
        self.rows.push((ts, origin, row.rank(), self.octets.len()));
        Ok(())
    }
}

/// Things whose rows one thread puts together at a time.
const PART: usize = 16;

/// Octets that a row takes, more or less.
const ROW: usize = 2 << 10;

impl List {
    /// Returns a list without rows.
    ///
    /// # Errors
    /// Never in fact: nothing is written yet.
    pub fn new<R: ListRow>(format: ListFormat) -> io::Result<Self> {
        Ok(Self {
            rows: SortedRows::default(),
            format: RowFormat::new::<R>(format, &[])?,
        })
    }

    /// Takes the rows of `things`, which `add` makes of each; all threads share the work.
    ///
    /// # Errors
    /// What `add` returns, or when the temporary file for many rows cannot be written.
    pub fn extend<T: Send>(
        &mut self,
        things: Vec<T>,
        add: impl Fn(&mut ListPart, T) -> io::Result<()> + Sync,
    ) -> io::Result<()> {
        let format = &self.format;
        let parts: Vec<io::Result<ListPart>> = things
            .into_par_iter()
            .fold_chunks(
                PART,
                || {
                    Ok(ListPart {
                        format: format.another()?,
                        octets: Vec::with_capacity(PART * ROW),
                        rows: Vec::with_capacity(PART),
                    })
                },
                |part: io::Result<ListPart>, thing| {
                    let mut part = part?;
                    add(&mut part, thing)?;
                    Ok(part)
                },
            )
            .collect();
        parts.into_iter().try_for_each(|part| self.append(&part?))
    }

    fn append(&mut self, part: &ListPart) -> io::Result<()> {
        self.format.widen(&part.format);
        let mut start = 0;
        for (ts, origin, rank, end) in &part.rows {
            let row = part.octets.get(start..*end).unwrap_or_default();
            self.rows.push(*ts, *origin, *rank, row)?;
            start = *end;
        }
        Ok(())
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
        self.write_with(None, output)
    }

    /// Writes all rows in their order, with logs if every row came with by what they are known.
    ///
    /// # Errors
    /// When the output cannot be written, or the temporary file cannot be read.
    pub fn write_with(
        self,
        mut logs: Option<&mut LogsOf<'_, '_>>,
        output: &mut impl Write,
    ) -> io::Result<()> {
        if self.rows.is_empty() && self.format.is_text() {
            return Ok(());
        }
        let rows = self.rows;
        let kind = self.format.kind();
        let mut amended = Vec::new();
        let has_logs = logs.is_some();
        self.format.write(has_logs, output, |take| {
            rows.drain(|row| {
                let Some(logs) = logs.as_deref_mut() else {
                    return take(row, &[]);
                };
                let (key, row) = split_key(row);
                amended.clear();
                amended.extend_from_slice(row);
                let lines = kind.amend(&mut amended, &logs(key))?;
                take(&amended, &lines)
            })
        })
    }
}

/// Splits off by what the logs of a row are known.
pub(super) fn split_key(row: &[u8]) -> (&[u8], &[u8]) {
    let key = detached(row).next().unwrap_or_default();
    (key, row.get(4 + key.len()..).unwrap_or_default())
}

/// Which format rows have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum RowKind {
    Text,
    Csv,
    Json,
}

impl RowKind {
    /// Adds logs to a row as it is kept; returns the lines that stand below it.
    pub(super) fn amend(self, row: &mut Vec<u8>, logs: &LogRows<'_>) -> io::Result<Vec<String>> {
        match self {
            Self::Text => return Ok(logs.lines()),
            Self::Csv => logs.add_cell(row),
            Self::Json => logs.add_fields(row)?,
        }
        Ok(Vec::new())
    }
}

/// Takes a row and the lines below it.
pub(super) type TakeRow<'t> = dyn FnMut(&[u8], &[String]) -> io::Result<()> + 't;

/// How rows are kept until they are written, and how they are written then.
pub(super) enum RowFormat {
    Text {
        columns: Columns,
        colored: usize,
        /// The columns in front of those of the row, whose cells come later.
        added: usize,
    },
    Csv {
        cells: Box<CsvRows<io::Sink>>,
        names: Vec<&'static str>,
    },
    Json,
}

impl RowFormat {
    /// Returns the format of rows of one kind, with `added` columns in front for people.
    pub(super) fn new<R: ListRow>(format: ListFormat, added: &[Column]) -> io::Result<Self> {
        Ok(match format {
            ListFormat::Text(style) => Self::Text {
                columns: Columns::new(&[added, R::COLUMNS].concat(), style),
                colored: added.len() + R::COLORED,
                added: added.len(),
            },
            ListFormat::Csv {
                is_safe,
                is_terminal,
            } => {
                let names = R::csv_columns();
                Self::Csv {
                    cells: Box::new(CsvRows::new(io::sink(), &names, is_safe, is_terminal)?),
                    names,
                }
            }
            ListFormat::Json => Self::Json,
        })
    }

    /// Returns the same format for another thread.
    fn another(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Text {
                columns,
                colored,
                added,
            } => Self::Text {
                columns: columns.clone(),
                colored: *colored,
                added: *added,
            },
            Self::Csv { cells, names } => Self::Csv {
                cells: Box::new(cells.another(io::sink(), names)?),
                names: names.clone(),
            },
            Self::Json => Self::Json,
        })
    }

    /// Takes over what another thread has measured.
    fn widen(&mut self, other: &Self) {
        if let (Self::Text { columns, .. }, Self::Text { columns: other, .. }) = (self, other) {
            columns.widen(other);
        }
    }

    /// Returns whether it is for people.
    pub(super) const fn is_text(&self) -> bool {
        matches!(self, Self::Text { .. })
    }

    pub(super) const fn kind(&self) -> RowKind {
        match self {
            Self::Text { .. } => RowKind::Text,
            Self::Csv { .. } => RowKind::Csv,
            Self::Json => RowKind::Json,
        }
    }

    /// Appends a row that began at `ts` in the form in which it is kept: for people the day, the colour and the cells, for
    /// CSV the cells, else as it will be written.
    pub(super) fn encode<R: ListRow>(
        &mut self,
        ts: Timestamp,
        row: &R,
        kept: &mut Vec<u8>,
    ) -> io::Result<()> {
        match self {
            Self::Text { columns, added, .. } => {
                let cells = row.cells();
                let blank = std::iter::repeat_n("", *added);
                columns.measure(blank.chain(cells.iter().map(AsRef::as_ref)));
                let day = ts.rfc3339();
                let day = day.as_str().get(..10).unwrap_or_default();
                let color = color_name(row.color());
                let cells = cells.iter().map(AsRef::as_ref);
                for cell in [day, color].into_iter().chain(cells) {
                    push_cell(kept, cell.as_bytes());
                }
            }
            Self::Csv { cells, .. } => {
                row.csv_cells(cells);
                cells.detach(kept);
            }
            Self::Json => encode(kept, row)?,
        }
        Ok(())
    }

    /// Writes the rows that `rows` hands over, with logs or without.
    pub(super) fn write(
        self,
        has_logs: bool,
        output: &mut impl Write,
        rows: impl FnOnce(&mut TakeRow<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Self::Text {
                mut columns,
                colored,
                ..
            } => {
                columns.header(output)?;
                let mut day = Vec::new();
                rows(&mut |row, below| {
                    let mut cells = detached(row);
                    let today = cells.next().unwrap_or_default();
                    if today != day {
                        day = today.to_vec();
                        writeln!(output, "{} (UTC)", String::from_utf8_lossy(today))?;
                    }
                    let style = style_of(cells.next().unwrap_or_default());
                    let cells = cells.map(|cell| std::str::from_utf8(cell).unwrap_or_default());
                    columns.line(output, cells, Some((colored, style)))?;
                    below
                        .iter()
                        .try_for_each(|line| columns.below(output, line))
                })
            }
            Self::Csv { mut names, .. } => {
                names.extend(has_logs.then_some("logs"));
                // The cells are safe already.
                let mut csv = CsvRows::new(output, &names, false, false)?;
                rows(&mut |row, _| {
                    csv.attach(row);
                    csv.end()
                })?;
                csv.into_inner()?;
                Ok(())
            }
            Self::Json => rows(&mut |row, _| {
                output.write_all(row)?;
                output.write_all(b"\n")
            }),
        }
    }
}

/// Appends a cell in the form that [`detached`] reads.
pub(super) fn push_cell(kept: &mut Vec<u8>, cell: &[u8]) {
    let len = u32::try_from(cell.len()).unwrap_or(u32::MAX);
    kept.extend_from_slice(&len.to_le_bytes());
    kept.extend_from_slice(cell);
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
