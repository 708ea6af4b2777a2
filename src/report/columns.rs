//! Lists for people: lines of aligned cells, cut to the width of the terminal.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use anstyle::Style;

use crate::text::{cut, width};

/// A column of a list.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// What stands above it.
    pub name: &'static str,
    /// It grows up to this; longer cells are cut. The last column is never cut but by the terminal.
    pub max_width: usize,
    /// Whether cells stand at its right, as numbers do.
    pub is_right: bool,
}

/// How the lines of a list are written.
#[derive(Clone, Copy, Debug)]
pub struct ListStyle {
    /// The columns of the terminal; longer lines are cut.
    pub max_width: Option<usize>,
    /// Whether cells may be coloured.
    pub is_colored: bool,
}

/// On terminals narrower than this, columns stand closer.
pub(super) const NARROW: usize = 100;

/// The widths of a list's columns: they are as wide as the widest cell that was measured.
#[derive(Clone, Debug)]
pub struct Columns {
    columns: Vec<Column>,
    widths: Vec<usize>,
    style: ListStyle,
    line: String,
}

impl Columns {
    /// Returns columns as wide as their names.
    #[must_use]
    pub fn new(columns: &[Column], style: ListStyle) -> Self {
        Self {
            columns: columns.to_vec(),
            widths: columns.iter().map(|column| width(column.name)).collect(),
            style,
            line: String::new(),
        }
    }

    /// Lets the columns be wide enough for `cells`.
    pub fn measure<'c>(&mut self, cells: impl Iterator<Item = &'c str>) {
        for ((cell, room), column) in cells.zip(&mut self.widths).zip(&self.columns) {
            *room = width(cell).min(column.max_width).max(*room);
        }
    }

    /// Lets the columns be as wide as those of `other`.
    pub(super) fn widen(&mut self, other: &Self) {
        for (width, other) in self.widths.iter_mut().zip(&other.widths) {
            *width = (*width).max(*other);
        }
    }

    /// Writes the names of the columns.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn header(&mut self, output: &mut impl Write) -> io::Result<()> {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        self.line(output, names.into_iter(), None)
    }

    /// Writes a line; the cell with the number in `styled` is coloured.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn line<'c>(
        &mut self,
        output: &mut impl Write,
        cells: impl Iterator<Item = &'c str>,
        styled: Option<(usize, Style)>,
    ) -> io::Result<()> {
        self.line.clear();
        let is_narrow = self.style.max_width.is_some_and(|width| width < NARROW);
        let gap = if is_narrow { 1 } else { 2 };
        let last = self.columns.len().saturating_sub(1);
        let mut colored = 0..0;
        for (index, ((cell, width), column)) in
            cells.zip(&self.widths).zip(&self.columns).enumerate()
        {
            let start = self.line.len();
            if index == last {
                self.line.push_str(cell);
            } else {
                push_cut(&mut self.line, cell, *width, column.is_right);
            }
            if styled.is_some_and(|(number, _)| number == index) {
                colored = start..self.line.len();
            }
            if index != last {
                self.line.extend(std::iter::repeat_n(' ', gap));
            }
        }
        let end = self.line.trim_end().len();
        self.line.truncate(end);
        if let Some(max_width) = self.style.max_width {
            cut(&mut self.line, max_width);
        }
        let parts = (
            self.line.get(..colored.start),
            self.line.get(colored.clone()),
            self.line.get(colored.end..),
        );
        match (parts, styled) {
            ((Some(before), Some(cell), Some(after)), Some((_, style)))
                if self.style.is_colored =>
            {
                writeln!(output, "{before}{style}{cell}{style:#}{after}")
            }
            _ => writeln!(output, "{}", self.line),
        }
    }
}

impl Columns {
    /// Writes a line that has no cells.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub(super) fn below(&mut self, output: &mut impl Write, text: &str) -> io::Result<()> {
        self.line.clear();
        self.line.push_str(text);
        if let Some(max_width) = self.style.max_width {
            cut(&mut self.line, max_width);
        }
        writeln!(output, "{}", self.line)
    }
}

/// Adds a cell in exactly `columns` columns of a terminal.
fn push_cut(line: &mut String, cell: &str, columns: usize, is_right: bool) {
    let mut cell = Cow::Borrowed(cell);
    if width(&cell) > columns {
        cut(cell.to_mut(), columns);
    }
    let padding = columns.saturating_sub(width(&cell));
    let padding = std::iter::repeat_n(' ', padding);
    if is_right {
        line.extend(padding);
        line.push_str(&cell);
    } else {
        line.push_str(&cell);
        line.extend(padding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column {
            name: "who",
            max_width: 6,
            is_right: false,
        },
        Column {
            name: "n",
            max_width: 4,
            is_right: true,
        },
        Column {
            name: "rest",
            max_width: 0,
            is_right: false,
        },
    ];

    fn lines(max_width: Option<usize>) -> String {
        let rows = [["alice", "1", "x"], ["bartholomew", "1000", "a long rest"]];
        let style = ListStyle {
            max_width,
            is_colored: false,
        };
        let mut columns = Columns::new(COLUMNS, style);
        rows.iter()
            .for_each(|row| columns.measure(row.iter().copied()));
        let mut output = Vec::new();
        columns.header(&mut output).unwrap();
        for row in rows {
            columns.line(&mut output, row.into_iter(), None).unwrap();
        }
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn cells_are_aligned_and_cut() {
        assert_eq!(
            lines(None),
            "who        n  rest\nalice      1  x\nbarth…  1000  a long rest\n"
        );
        assert_eq!(
            lines(Some(16)),
            "who       n rest\nalice     1 x\nbarth… 1000 a l…\n"
        );
    }
}
