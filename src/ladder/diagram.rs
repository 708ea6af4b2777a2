//! Ladders in the languages of tools that draw diagrams: the same rows in other words.

use std::io::{self, Write};

use crate::ladder::{Arrow, Ladder, Lane, Row, TimeColumn, labels};

/// The words of such a language. Every text that it is given may be of the wire: what is handed on is escaped.
pub(super) trait Language {
    /// Returns a text in which nothing is taken for syntax.
    fn escape(&self, text: &str) -> String;

    /// Returns the line of an arrow.
    fn arrow(&self, arrow: &Arrow, label: &str) -> String;

    /// Returns the line of media from one lane to another.
    fn media(&self, from: usize, to: usize, label: &str) -> String;

    /// Returns the line of a remark.
    fn note(&self, text: &str) -> String;

    /// Returns the line of a time in which nothing happens.
    fn pause(&self, nanos: i64) -> String;
}

/// Returns what a lane is called; `line_break` stands before its address.
pub(super) fn participant(language: &impl Language, lane: &Lane, line_break: &str) -> String {
    let name = language.escape(&lane.name);
    if lane.address.is_empty() {
        return name;
    }
    format!("{name}{line_break}{}", language.escape(&lane.address))
}

/// Writes rows, a line each.
pub(super) fn write_rows(
    language: &impl Language,
    ladder: &Ladder,
    rows: &[Row],
    time: TimeColumn,
    output: &mut impl Write,
) -> io::Result<()> {
    let lines = rows
        .iter()
        .filter_map(|row| line(language, ladder, row, time));
    for line in lines {
        writeln!(output, "{line}")?;
    }
    Ok(())
}

fn line(language: &impl Language, ladder: &Ladder, row: &Row, time: TimeColumn) -> Option<String> {
    let note = |text: &str| language.note(&language.escape(text));
    Some(match row {
        Row::Arrow { index, copies } => {
            let arrow = ladder.arrows.get(*index)?;
            let time = time.of(ladder, *index);
            let label = format!("{time} {}", labels::label(arrow, copies));
            language.arrow(arrow, &language.escape(&label))
        }
        Row::Media(index) => {
            let stream = ladder.streams.get(*index)?;
            let label = format!("{} {}", time.of_bar(ladder, stream), stream.label);
            language.media(stream.from, stream.to, &language.escape(label.trim()))
        }
        Row::Note(index) => note(&ladder.notes.get(*index)?.text),
        Row::Pause(nanos) => language.pause(*nanos),
        Row::Folded { text, .. } => note(text),
    })
}
