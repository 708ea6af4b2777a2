//! Ladders as PlantUML sequence diagrams.

use std::io::{self, Write};

use crate::ladder::{Kind, Ladder, Lane, Row, TimeColumn, labels, show};

/// Writes a ladder with these rows.
///
/// # Errors
/// When it cannot be written.
pub fn write_plantuml(
    ladder: &Ladder,
    rows: &[Row],
    time: TimeColumn,
    output: &mut impl Write,
) -> io::Result<()> {
    writeln!(output, "@startuml\nhide footbox")?;
    writeln!(output, "title {}", escape(&labels::heading(ladder)))?;
    for (number, lane) in ladder.lanes.iter().enumerate() {
        writeln!(output, "participant \"{}\" as p{number}", participant(lane))?;
    }
    for row in rows {
        write_row(ladder, row, time, output)?;
    }
    writeln!(output, "@enduml")
}

fn participant(lane: &Lane) -> String {
    if lane.address.is_empty() {
        escape(&lane.name)
    } else {
        format!("{}\\n{}", escape(&lane.name), escape(&lane.address))
    }
}

fn write_row(
    ladder: &Ladder,
    row: &Row,
    time: TimeColumn,
    output: &mut impl Write,
) -> io::Result<()> {
    let mut note = |text: &str| writeln!(output, "note across : {}", escape(text));
    match row {
        Row::Arrow { index, copies } => {
            let Some(arrow) = ladder.arrows.get(*index) else {
                return Ok(());
            };
            let line = match (arrow.kind, arrow.retransmission) {
                (_, Some(_)) => "-[#grey,dashed]>",
                (Kind::Request, None) => "->",
                (Kind::Response(_), None) => "-->",
            };
            let (from, to) = (arrow.from, arrow.to);
            let time = time.of(ladder, *index);
            let label = escape(&format!("{time} {}", labels::label(arrow, copies)));
            writeln!(output, "p{from} {line} p{to} : {label}")
        }
        Row::Media(index) => {
            let Some(stream) = ladder.streams.get(*index) else {
                return Ok(());
            };
            let (from, to) = (stream.from, stream.to);
            writeln!(
                output,
                "p{from} -[bold]>> p{to} : {}",
                escape(format!("{} {}", time.of_bar(ladder, stream), stream.label).trim())
            )
        }
        Row::Note(index) => match ladder.notes.get(*index) {
            Some(remark) => note(&remark.text),
            None => Ok(()),
        },
        Row::Pause(nanos) => writeln!(output, "... {} ...", escape(&show::duration(*nanos))),
        Row::Folded { text, .. } => note(text),
    }
}

/// Returns a text in which nothing is taken for the syntax of PlantUML: all but plain characters are written as numbers.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    let mut last = '\0';
    for c in text.chars() {
        match c {
            // Two of the same are markup: --struck--, //slanted//, ..dotted..
            '.' | ',' | ':' | '(' | ')' | '+' | '-' | '/' | '@' | '=' | '?'
                if c != last && last != '\0' =>
            {
                escaped.push(c);
            }
            ' ' => escaped.push(c),
            c if c.is_ascii_alphanumeric() || !c.is_ascii() => escaped.push(c),
            c => escaped.push_str(&format!("<U+{:04X}>", c as u32)),
        }
        last = c;
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
            ("a--b//c", "a-<U+002D>b/<U+002F>c"),
            ("!include x", "<U+0021>include x"),
            (
                "\"<b>~%date()\\n",
                "<U+0022><U+003C>b<U+003E><U+007E><U+0025>date()<U+005C>n",
            ),
            ("@enduml", "<U+0040>enduml"),
            ("a\n@enduml", "a<U+000A>@enduml"),
        ] {
            assert_eq!(escape(text), expected);
        }
    }
}
