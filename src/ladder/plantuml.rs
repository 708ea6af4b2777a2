//! Ladders as PlantUML sequence diagrams.

use std::io::{self, Write};

use crate::ladder::{
    Arrow, Kind, Ladder, Row, TimeColumn,
    diagram::{Language, participant, write_rows},
    labels, show,
};

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
        let name = participant(&PlantUml, lane, "\\n");
        writeln!(output, "participant \"{name}\" as p{number}")?;
    }
    write_rows(&PlantUml, ladder, rows, time, output)?;
    writeln!(output, "@enduml")
}

/// The language of PlantUML.
struct PlantUml;

impl Language for PlantUml {
    fn escape(&self, text: &str) -> String {
        escape(text)
    }

    fn arrow(&self, arrow: &Arrow, label: &str) -> String {
        let line = match (arrow.kind, arrow.retransmission) {
            (_, Some(_)) => "-[#grey,dashed]>",
            (Kind::Request, None) => "->",
            (Kind::Response(_), None) => "-->",
        };
        format!("p{} {line} p{} : {label}", arrow.from, arrow.to)
    }

    fn media(&self, from: usize, to: usize, label: &str) -> String {
        format!("p{from} -[bold]>> p{to} : {label}")
    }

    fn note(&self, text: &str) -> String {
        format!("note across : {text}")
    }

    fn pause(&self, nanos: i64) -> String {
        format!("... {} ...", escape(&show::duration(nanos)))
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
