//! The lists of the ladders in a directory.

use std::io::{self, Write};

use sipcap::{
    ladder::{IndexEntry, Theme, write_index},
    report::CsvRows,
};

/// The columns of `index.csv`.
const COLUMNS: [&str; 7] = [
    "file", "first", "last", "title", "outcome", "messages", "call_ids",
];

/// Writes the list as a page.
pub(crate) fn write_page(
    entries: &[IndexEntry],
    theme: Theme,
    output: &mut impl Write,
) -> io::Result<()> {
    write_index(entries, theme, output)
}

/// Writes the list as a table.
pub(crate) fn write_table(
    entries: &[IndexEntry],
    is_safe: bool,
    output: &mut impl Write,
) -> io::Result<()> {
    let mut rows = CsvRows::new(output, &COLUMNS, is_safe, false)?;
    for entry in entries {
        rows.text(&entry.file);
        rows.plain(entry.first.rfc3339().as_str());
        rows.plain(entry.last.rfc3339().as_str());
        rows.text(&entry.title);
        rows.text(entry.verdict.as_ref().map_or("", |verdict| &verdict.text));
        rows.number(entry.messages);
        rows.text(&entry.call_ids.join(" "));
        rows.end()?;
    }
    rows.into_inner().map(drop)
}
