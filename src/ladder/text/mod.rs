//! Ladders for terminals, mails and tickets without pictures.

mod line;
mod rows;
mod sheet;

use std::io::{self, Write};

use self::sheet::Sheet;
use crate::ladder::{Ladder, Row, TimeColumn};

/// How a ladder is written as text.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TextStyle {
    /// Whether lines are drawn with ASCII characters only.
    pub is_ascii: bool,
    /// Whether transactions have colours.
    pub is_colored: bool,
    /// How many columns there are; as many as it takes without.
    pub max_width: Option<usize>,
    /// Which time is told.
    pub time: TimeColumn,
}

/// Writes a ladder with these rows.
///
/// # Errors
/// When it cannot be written.
pub fn write_text(
    ladder: &Ladder,
    rows: &[Row],
    style: TextStyle,
    output: &mut impl Write,
) -> io::Result<()> {
    let sheet = Sheet::new(ladder, rows, style);
    sheet.heading(output)?;
    sheet.heads(output)?;
    for row in rows {
        sheet.row(row, output)?;
    }
    Ok(())
}
