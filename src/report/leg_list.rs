//! The list of calls by legs: rows of one call stand together and have its number.

use std::io::{self, Write};

use crate::{
    report::{
        Column, ListFormat, ListRow, LogsOf, SortedRows,
        csv::detached,
        list::{RowFormat, push_cell, split_key},
        sorted::{Place, RowKey},
    },
    track::{LegPlace, Link},
};

/// The column for people that tells call and leg.
const CALL_COLUMN: Column = Column {
    name: "call",
    max_width: 16,
    is_right: true,
};

/// Rows that end with the fields `call`, `leg` and `linked_by`, which become known after them.
///
/// What was linked is sorted with the rows, so that the two meet, and then by calls: memory is bounded however many
/// there are.
pub struct LegList {
    format: RowFormat,
    pieces: SortedRows,
    rows: u64,
    piece: Vec<u8>,
}

/// What the first octet of a piece says about the others.
const ROW: u8 = b'R';
const LINK: u8 = b'L';

impl LegList {
    /// Returns a list without rows.
    ///
    /// # Errors
    /// Never in fact: nothing is written yet.
    pub fn new<R: ListRow>(format: ListFormat) -> io::Result<Self> {
        Ok(Self {
            format: RowFormat::new::<R>(format, &[CALL_COLUMN])?,
            pieces: SortedRows::default(),
            rows: 0,
            piece: Vec::new(),
        })
    }

    /// Takes the row of a leg.
    ///
    /// # Errors
    /// When the temporary file for many rows cannot be written.
    pub fn push<R: ListRow>(&mut self, leg: LegPlace, row: &R) -> io::Result<()> {
        self.push_with(leg, None, row)
    }

    /// Takes the row of a leg, and by what logs of it are known if the list has logs.
    ///
    /// # Errors
    /// When the temporary file for many rows cannot be written.
    pub fn push_with<R: ListRow>(
        &mut self,
        leg: LegPlace,
        key: Option<&[u8]>,
        row: &R,
    ) -> io::Result<()> {
        self.rows += 1;
        self.piece.clear();
        self.piece.push(ROW);
        if let Some(key) = key {
            push_cell(&mut self.piece, key);
        }
        self.format.encode(leg.ts, row, &mut self.piece)?;
        self.pieces.push_at(leg.into(), &self.piece)
    }

    /// Takes the call that a leg is of. Legs without a row count too.
    ///
    /// # Errors
    /// When the temporary file for many rows cannot be written.
    pub fn link(&mut self, link: &Link) -> io::Result<()> {
        self.piece.clear();
        self.piece.push(LINK);
        Place::from(link.call).encode(&mut self.piece);
        for name in link.linked_by.names() {
            push_cell(&mut self.piece, name.as_bytes());
        }
        self.pieces.push_at(link.leg.into(), &self.piece)
    }

    /// Returns whether there is no row.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Writes all rows, by calls.
    ///
    /// # Errors
    /// When the output cannot be written, or the temporary file cannot be read.
    pub fn write(self, output: &mut impl Write) -> io::Result<()> {
        self.write_with(None, output)
    }

    /// Writes all rows, by calls, with logs if every row came with by what they are known.
    ///
    /// # Errors
    /// When the output cannot be written, or the temporary file cannot be read.
    pub fn write_with(
        mut self,
        mut logs: Option<&mut LogsOf<'_, '_>>,
        output: &mut impl Write,
    ) -> io::Result<()> {
        if self.rows == 0 && self.format.is_text() {
            return Ok(());
        }
        let mut legs = by_calls(self.pieces)?;
        if let RowFormat::Text { columns, .. } = &mut self.format {
            each(&mut legs, |numbers, _, row| {
                if !row.is_empty() {
                    columns.measure(std::iter::once(numbers.cell().as_str()));
                }
                Ok(())
            })?;
        }
        let number = match self.format {
            RowFormat::Text { .. } => number_text,
            RowFormat::Csv { .. } => number_csv,
            RowFormat::Json => number_json,
        };
        let mut numbered = Vec::new();
        let kind = self.format.kind();
        self.format.write(logs.is_some(), output, |take| {
            each(&mut legs, |numbers, names, row| {
                if row.is_empty() {
                    return Ok(());
                }
                numbered.clear();
                let Some(logs) = logs.as_deref_mut() else {
                    number(row, numbers, names, &mut numbered);
                    return take(&numbered, &[]);
                };
                let (key, row) = split_key(row);
                number(row, numbers, names, &mut numbered);
                let lines = kind.amend(&mut numbered, &logs(key))?;
                take(&numbered, &lines)
            })
        })
    }
}

/// The numbers of a call and of a leg in it.
#[derive(Clone, Copy, Default)]
struct Numbers {
    call: u64,
    leg: u32,
}

impl Numbers {
    fn cell(self) -> String {
        format!("{}.{}", self.call, self.leg)
    }
}

/// Puts rows and links together, sorted by calls: how long the names of the evidence are, these, and the row if there is
/// one.
fn by_calls(mut pieces: SortedRows) -> io::Result<SortedRows<(Place, Place)>> {
    let mut legs = SortedRows::default();
    let mut leg: Option<(Place, Vec<u8>, Vec<u8>)> = None;
    let mut join = |leg: Option<(Place, Vec<u8>, Vec<u8>)>| {
        let Some((place, link, row)) = leg else {
            return Ok(());
        };
        let mut names = link.as_slice();
        let call = match names {
            [] => place,
            _ => Place::decode(&mut names),
        };
        let mut joined = Vec::with_capacity(4 + names.len() + row.len());
        push_cell(&mut joined, names);
        joined.extend_from_slice(&row);
        legs.push_at((call, place), &joined)
    };
    pieces.each(|place, piece| {
        let is_next = leg.as_ref().is_none_or(|(known, ..)| *known != place);
        if is_next {
            join(leg.replace((place, Vec::new(), Vec::new())))?;
        }
        match (piece.split_first(), &mut leg) {
            (Some((&LINK, link)), Some((_, known, _))) => known.extend_from_slice(link),
            (Some((_, row)), Some((_, _, known))) => known.extend_from_slice(row),
            _ => {}
        }
        Ok(())
    })?;
    join(leg.take())?;
    Ok(legs)
}

/// Shows each leg with its numbers, the names of the evidence, and its row, which is empty when it has none.
fn each(
    legs: &mut SortedRows<(Place, Place)>,
    mut show: impl FnMut(Numbers, &[&str], &[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut last = None;
    let mut numbers = Numbers::default();
    legs.each(|(call, _), leg| {
        if last.replace(call) == Some(call) {
            numbers.leg = numbers.leg.saturating_add(1);
        } else {
            numbers = Numbers {
                call: numbers.call + 1,
                leg: 1,
            };
        }
        let names = detached(leg).next().unwrap_or_default();
        let row = leg.get(4 + names.len()..).unwrap_or_default();
        let names: Vec<&str> = detached(names)
            .map(|name| std::str::from_utf8(name).unwrap_or_default())
            .collect();
        show(numbers, &names, row)
    })
}

/// Adds the numbers to a row for people, behind its day and its colour.
fn number_text(row: &[u8], numbers: Numbers, _: &[&str], numbered: &mut Vec<u8>) {
    for (index, cell) in detached(row).enumerate() {
        if index == 2 {
            push_cell(numbered, numbers.cell().as_bytes());
        }
        push_cell(numbered, cell);
    }
}

/// Puts the numbers into the last three cells.
fn number_csv(row: &[u8], numbers: Numbers, names: &[&str], numbered: &mut Vec<u8>) {
    let cells: Vec<&[u8]> = detached(row).collect();
    let kept = cells.len().saturating_sub(3);
    let cells = cells.iter().take(kept);
    cells.for_each(|cell| push_cell(numbered, cell));
    let (call, leg) = (numbers.call.to_string(), numbers.leg.to_string());
    for cell in [call, leg, names.join(" ")] {
        push_cell(numbered, cell.as_bytes());
    }
}

/// Adds the numbers at the end of the object.
fn number_json(row: &[u8], numbers: Numbers, names: &[&str], numbered: &mut Vec<u8>) {
    numbered.extend_from_slice(row.strip_suffix(b"}").unwrap_or(row));
    let Numbers { call, leg } = numbers;
    // The names are our own and need no escapes.
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let names = names.join(",");
    let fields = format!(",\"call\":{call},\"leg\":{leg},\"linked_by\":[{names}]}}");
    numbered.extend_from_slice(fields.as_bytes());
}
