//! Ladders as Mermaid sequence diagrams, for Markdown that draws them.

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
pub fn write_mermaid(
    ladder: &Ladder,
    rows: &[Row],
    time: TimeColumn,
    output: &mut impl Write,
) -> io::Result<()> {
    writeln!(output, "sequenceDiagram")?;
    let heading = escape(&labels::heading(ladder));
    writeln!(output, "    title: {heading}\n    accTitle: {heading}")?;
    let mermaid = Mermaid {
        lanes: ladder.lanes.len(),
    };
    for (number, lane) in ladder.lanes.iter().enumerate() {
        let name = participant(&mermaid, lane, "<br/>");
        writeln!(output, "    participant p{number} as {name}")?;
    }
    write_rows(&mermaid, ladder, rows, time, output)
}

/// The language of Mermaid.
struct Mermaid {
    /// How many lanes remarks are over.
    lanes: usize,
}

impl Language for Mermaid {
    fn escape(&self, text: &str) -> String {
        escape(text)
    }

    fn arrow(&self, arrow: &Arrow, label: &str) -> String {
        let line = match arrow.kind {
            Kind::Request => "->>",
            Kind::Response(_) => "-->>",
        };
        format!("    p{}{line}p{}: {label}", arrow.from, arrow.to)
    }

    fn media(&self, from: usize, to: usize, label: &str) -> String {
        format!("    p{from}-)p{to}: {label}")
    }

    fn note(&self, text: &str) -> String {
        match self.lanes {
            0 | 1 => format!("    Note over p0: {text}"),
            lanes => format!("    Note over p0,p{}: {text}", lanes - 1),
        }
    }

    fn pause(&self, nanos: i64) -> String {
        self.note(&escape(&format!("{} later", show::duration(nanos))))
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
