//! A page that lists ladders in files beside it.

use std::io::{self, Write};

use crate::{
    ladder::{Ladder, Tone, Verdict, show, svg},
    time::Timestamp,
};

const STYLE: &str = include_str!("index.css");
const SCRIPT: &str = include_str!("index.js");

/// A ladder in a list.
#[derive(Clone, Debug)]
pub struct IndexEntry {
    /// The name of its file.
    pub file: String,
    /// When its first message came.
    pub first: Timestamp,
    /// When its last message came.
    pub last: Timestamp,
    /// What it shows.
    pub title: String,
    /// How it went.
    pub verdict: Option<Verdict>,
    /// How many messages it has.
    pub messages: usize,
    /// The Call-IDs.
    pub call_ids: Vec<String>,
}

impl IndexEntry {
    /// Returns the entry of a ladder in a file.
    #[must_use]
    pub fn new(ladder: &Ladder, file: String) -> Self {
        let first = ladder.arrows.first().map(|arrow| arrow.ts);
        let last = ladder.arrows.last().map(|arrow| arrow.ts);
        Self {
            file,
            first: first.unwrap_or_default(),
            last: last.unwrap_or_default(),
            title: ladder.title.clone(),
            verdict: ladder.verdict.clone(),
            messages: ladder.arrows.len(),
            call_ids: ladder.legs.clone(),
        }
    }
}

/// Writes a page with these ladders.
///
/// # Errors
/// When it cannot be written.
pub fn write_index(
    entries: &[IndexEntry],
    theme: svg::Theme,
    output: &mut impl Write,
) -> io::Result<()> {
    let count = entries.len();
    super::write_head(&format!("{count} ladders"), STYLE, theme, output)?;
    write!(
        output,
        "<h1>{count} ladders</h1>\n<label for=\"search\">Search</label>\n\
         <input id=\"search\" type=\"search\" autocomplete=\"off\" placeholder=\"who, how, Call-ID\">\n\
         <span id=\"found\" role=\"status\"></span>\n<table>\n<thead><tr><th>Start (UTC)</th><th>Call</th><th>Outcome</th>\
         <th>Span</th><th>Messages</th><th>Call-ID</th></tr></thead>\n<tbody>\n"
    )?;
    let mut row = String::new();
    for entry in entries {
        row.clear();
        add_row(entry, &mut row);
        output.write_all(row.as_bytes())?;
    }
    write!(
        output,
        "</tbody>\n</table>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

fn add_row(entry: &IndexEntry, row: &mut String) {
    let start = show::moment(entry.first);
    let start = start.trim_end_matches(" UTC");
    row.push_str("<tr><td class=\"time\">");
    row.push_str(start);
    row.push_str("</td><td><a href=\"");
    // Names have percent signs of their own.
    svg::escape(&entry.file.replace('%', "%25"), row);
    row.push_str("\">");
    svg::escape(&entry.title, row);
    let (class, verdict) = match &entry.verdict {
        Some(verdict) => (
            match verdict.tone {
                Tone::Good => "good",
                Tone::Neutral => "so",
                Tone::Bad => "bad",
            },
            verdict.text.as_str(),
        ),
        None => ("so", ""),
    };
    row.push_str(&format!("</a></td><td class=\"{class}\">"));
    svg::escape(verdict, row);
    let span = show::duration(entry.last.since(entry.first));
    row.push_str(&format!(
        "</td><td class=\"time\">{span}</td><td class=\"count\">{}</td><td>",
        entry.messages
    ));
    svg::escape(&entry.call_ids.join(" "), row);
    row.push_str("</td></tr>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_inert() {
        let entry = IndexEntry {
            file: "%3Cx%3E.svg".to_owned(),
            first: Timestamp::from_nanos(0),
            last: Timestamp::from_nanos(1_500_000_000),
            title: "<script>".to_owned(),
            verdict: None,
            messages: 2,
            call_ids: vec!["\"><b>".to_owned()],
        };
        let mut row = String::new();
        add_row(&entry, &mut row);
        assert_eq!(
            row,
            "<tr><td class=\"time\">1970-01-01 00:00:00.000</td><td><a href=\"%253Cx%253E.svg\">&lt;script&gt;</a></td>\
             <td class=\"so\"></td><td class=\"time\">1.50 s</td><td class=\"count\">2</td><td>&quot;&gt;&lt;b&gt;</td></tr>\n"
        );
    }
}
