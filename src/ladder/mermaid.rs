//! Ladders as Mermaid sequence diagrams, for Markdown that draws them.

use std::io::{self, Write};

use crate::ladder::{Kind, Ladder, Lane, Row, TimeColumn, labels, show};

/// Writes a ladder with these rows.
///
/// # Errors
/// When it cannot be written.
pub fn write_mermaid(
    ladder: &Ladder,
    rows: &[Row],
    time: TimeColumn,
    output: &mut impl Write,
) -> io::Result<()> {
    writeln!(output, "sequenceDiagram")?;
    let heading = escape(&labels::heading(ladder));
    writeln!(output, "    title: {heading}\n    accTitle: {heading}")?;
    for (number, lane) in ladder.lanes.iter().enumerate() {
        writeln!(output, "    participant p{number} as {}", participant(lane))?;
    }
    for row in rows {
        write_row(ladder, row, time, output)?;
    }
    Ok(())
}

fn participant(lane: &Lane) -> String {
    if lane.address.is_empty() {
        escape(&lane.name)
    } else {
        format!("{}<br/>{}", escape(&lane.name), escape(&lane.address))
    }
}

fn write_row(
    ladder: &Ladder,
    row: &Row,
    time: TimeColumn,
    output: &mut impl Write,
) -> io::Result<()> {
    let last = ladder.lanes.len().saturating_sub(1);
    let over = if last == 0 {
        "p0".to_owned()
    } else {
        format!("p0,p{last}")
    };
    let mut note = |text: &str| writeln!(output, "    Note over {over}: {}", escape(text));
    match row {
        Row::Arrow { index, copies } => {
            let Some(arrow) = ladder.arrows.get(*index) else {
                return Ok(());
            };
            let line = match arrow.kind {
                Kind::Request => "->>",
                Kind::Response(_) => "-->>",
            };
            let (from, to) = (arrow.from, arrow.to);
            let time = time.of(ladder, *index);
            let label = escape(&format!("{time} {}", labels::label(arrow, copies)));
            writeln!(output, "    p{from}{line}p{to}: {label}")
        }
        Row::Media(index) => {
            let Some(stream) = ladder.streams.get(*index) else {
                return Ok(());
            };
            let (from, to) = (stream.from, stream.to);
            writeln!(
                output,
                "    p{from}-)p{to}: {}",
                escape(format!("{} {}", time.of_bar(ladder, stream), stream.label).trim())
            )
        }
        Row::Note(index) => match ladder.notes.get(*index) {
            Some(remark) => note(&remark.text),
            None => Ok(()),
        },
        Row::Pause(nanos) => note(&format!("{} later", show::duration(*nanos))),
        Row::Folded { text, .. } => note(text),
    }
}

/// Returns a text in which nothing is taken for the syntax of Mermaid, Markdown or HTML: all but plain characters are written as
/// numbers.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            ' ' | '.' | ',' | ':' | '(' | ')' | '+' | '-' | '/' | '@' | '=' | '?' => {
                escaped.push(c);
            }
            c if c.is_ascii_alphanumeric() || !c.is_ascii() => escaped.push(c),
            c => escaped.push_str(&format!("#{};", c as u32)),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_line_or_begins_markup() {
        for (text, expected) in [
            ("INVITE bob (SDP)", "INVITE bob (SDP)"),
            ("a;b", "a#59;b"),
            ("#35;", "#35;35#59;"),
            ("<b>%%{init}", "#60;b#62;#37;#37;#123;init#125;"),
            ("```\n", "#96;#96;#96;#10;"),
            ("é 電話", "é 電話"),
        ] {
            assert_eq!(escape(text), expected);
        }
    }
}
