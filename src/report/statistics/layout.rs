//! Lines of aligned cells that fit a terminal.

use std::io::{self, Write};

use crate::text::{cut, width};

/// The width of a cell at most.
const LONGEST: usize = 60;

/// The width that names keep at least when other columns need room.
const SHORTEST: usize = 12;

/// A column of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    /// What stands above it.
    pub(super) name: String,
    /// Whether cells stand at its right, as numbers do.
    pub(super) is_right: bool,
    /// The higher, the sooner it is left out where there is no room; one with 0 is always there.
    pub(super) rank: u8,
    /// Whether its cells may be cut where there is no room.
    pub(super) may_shrink: bool,
}

impl Column {
    pub(super) fn left(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn right(name: &str) -> Self {
        Self {
            is_right: true,
            ..Self::left(name)
        }
    }
}

/// A table; names stand above it unless there are none.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) lines: Vec<Vec<String>>,
}

impl Table {
    /// Writes it, without the columns for which there is no room.
    pub(super) fn write(
        &self,
        max_width: Option<usize>,
        output: &mut impl Write,
    ) -> io::Result<()> {
        let mut widths: Vec<Option<usize>> = (0..self.columns.len())
            .map(|index| Some(self.width(index)))
            .collect();
        if let Some(max_width) = max_width {
            self.fit(&mut widths, max_width);
        }
        let names = self.columns.iter().map(|column| column.name.as_str());
        if names.clone().any(|name| !name.is_empty()) {
            self.line(names, &widths, max_width, output)?;
        }
        self.lines.iter().try_for_each(|line| {
            let cells = line.iter().map(String::as_str);
            self.line(cells, &widths, max_width, output)
        })
    }

    fn width(&self, index: usize) -> usize {
        let cells = self.lines.iter().filter_map(|line| line.get(index));
        let cells = cells.map(|cell| width(cell).min(LONGEST));
        let name = self
            .columns
            .get(index)
            .map_or(0, |column| width(&column.name));
        cells.max().unwrap_or_default().max(name)
    }

    /// Leaves columns out, and cuts names short, until a line fits.
    fn fit(&self, widths: &mut [Option<usize>], max_width: usize) {
        let short = |(column, width): (&Column, &Option<usize>)| match (column, width) {
            (_, None) => 0,
            (column, Some(width)) if column.may_shrink => (*width).min(SHORTEST) + 2,
            (_, Some(width)) => width + 2,
        };
        while self.columns.iter().zip(&*widths).map(short).sum::<usize>() > max_width {
            let last = (0..widths.len())
                .filter(|index| widths.get(*index).is_some_and(Option::is_some))
                .max_by_key(|index| self.columns.get(*index).map_or(0, |column| column.rank));
            match last.and_then(|index| Some((self.columns.get(index)?, widths.get_mut(index)?))) {
                Some((column, width)) if column.rank > 0 => *width = None,
                _ => break,
            }
        }
        let total: usize = widths.iter().flatten().map(|width| width + 2).sum();
        let mut excess = total.saturating_sub(max_width);
        // The first of several names tells most.
        for (column, width) in self.columns.iter().zip(widths).rev() {
            if let (true, Some(width)) = (column.may_shrink, width) {
                let less = excess.min(width.saturating_sub(SHORTEST));
                *width -= less;
                excess -= less;
            }
        }
    }

    fn line<'c>(
        &self,
        cells: impl Iterator<Item = &'c str>,
        widths: &[Option<usize>],
        max_width: Option<usize>,
        output: &mut impl Write,
    ) -> io::Result<()> {
        let mut line = String::new();
        for ((cell, column), room) in cells.zip(&self.columns).zip(widths) {
            let Some(room) = *room else { continue };
            let mut cell = cell.to_owned();
            cut(&mut cell, room);
            let padding = std::iter::repeat_n(' ', room.saturating_sub(width(&cell)));
            line.push_str("  ");
            if column.is_right {
                line.extend(padding);
                line.push_str(&cell);
            } else {
                line.push_str(&cell);
                line.extend(padding);
            }
        }
        line.truncate(line.trim_end().len());
        if let Some(max_width) = max_width {
            cut(&mut line, max_width);
        }
        writeln!(output, "{line}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(table: &Table, max_width: Option<usize>) -> String {
        let mut output = Vec::new();
        table.write(max_width, &mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn what_has_no_room_is_left_out_and_names_are_cut() {
        let mut table = Table {
            columns: vec![
                Column {
                    may_shrink: true,
                    ..Column::left("who")
                },
                Column::right("calls"),
                Column {
                    rank: 1,
                    ..Column::right("ser")
                },
                Column {
                    rank: 2,
                    ..Column::right("seer")
                },
            ],
            lines: vec![],
        };
        for cells in [
            ["日本日本日本日本日", "1", "50 %", "100 %"],
            ["x", "12345", "7 %", "8 %"],
        ] {
            table.lines.push(cells.map(str::to_owned).into());
        }
        assert_eq!(
            written(&table, None),
            "  who                 calls   ser   seer\n  日本日本日本日本日      1  50 %  100 %\n  \
             x                   12345   7 %    8 %\n"
        );
        assert_eq!(
            written(&table, Some(27)),
            "  who           calls   ser\n  日本日本日…       1  50 %\n  x             12345   7 %\n"
        );
    }
}
