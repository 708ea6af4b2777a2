//! The list of messages for people: a line each, aligned as far as the past lines tell.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};

use crate::{
    report::{MessageRow, columns::NARROW},
    text::{cut, printable, width},
};

/// A column grows up to this; longer values push their own line only.
const MAX_COLUMN: usize = 24;

/// Columns before the last one, with the widths they begin with.
const COLUMNS: [(&str, usize); 6] = [
    ("frame", 5),
    ("time", 15),
    ("message", 13),
    ("source", 18),
    ("destination", 18),
    ("over", 4),
];

/// Writes messages as lines. Columns grow when a value needs it and never shrink; days are told by lines of their own.
pub struct MessageTable<W: Write> {
    output: W,
    widths: [usize; COLUMNS.len()],
    /// The columns of the terminal; longer lines are cut.
    max_width: Option<usize>,
    is_colored: bool,
    /// Whether lines begin with the name of the input.
    names_inputs: bool,
    day: [u8; 10],
    line: String,
    /// How wide the names of capture points are, if there are any.
    seen: usize,
}

impl<W: Write> MessageTable<W> {
    /// Returns a table to `output`.
    pub fn new(output: W, max_width: Option<usize>, is_colored: bool, names_inputs: bool) -> Self {
        let mut table = Self {
            output,
            widths: COLUMNS.map(|(_, width)| width),
            max_width,
            is_colored,
            names_inputs,
            day: [0; 10],
            line: String::new(),
            seen: 0,
        };
        if table.is_narrow() {
            table.widths[1] = 12;
        }
        table
    }

    /// Writes a message.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn row(&mut self, row: &MessageRow<'_>) -> io::Result<()> {
        let time = row.ts.rfc3339();
        let (day, time) = time.as_str().split_at(10);
        let seen = printable(&row.seen()).into_owned();
        if row.point.is_some() {
            self.seen = seen
                .chars()
                .count()
                .max("seen at (+µs)".len())
                .max(self.seen);
        }
        if day.as_bytes() != self.day {
            self.begin_day(day)?;
        }
        let cells = [
            Cow::Owned(row.frame.to_string()),
            Cow::Borrowed(time.get(1..self.time_end()).unwrap_or_default()),
            what(row),
            Cow::Owned(std::net::SocketAddr::new(row.src, row.src_port).to_string()),
            Cow::Owned(std::net::SocketAddr::new(row.dst, row.dst_port).to_string()),
            Cow::Borrowed(row.transport.name()),
        ];
        let call_id = printable(row.call_id.as_deref().unwrap_or("(no Call-ID)"));
        let last = self.last(&seen, &call_id);
        let style = style(row);
        self.line(&cells, &last, row.input, style)
    }

    fn is_narrow(&self) -> bool {
        self.max_width.is_some_and(|width| width < NARROW)
    }

    /// Returns where the text of a time ends that is shown.
    fn time_end(&self) -> usize {
        if self.is_narrow() { 13 } else { 16 }
    }

    fn begin_day(&mut self, day: &str) -> io::Result<()> {
        let is_first = self.day == [0; 10];
        self.day.copy_from_slice(day.as_bytes());
        if is_first {
            let names = COLUMNS.map(|(name, _)| Cow::Borrowed(name));
            let last = self.last("seen at (+µs)", "call-id");
            self.line(&names, &last, "input", Style::new())?;
        }
        writeln!(self.output, "{day} (UTC)")
    }

    /// Returns what stands behind the columns: the points that saw the message, if points have names, and its Call-ID.
    fn last(&self, seen: &str, call_id: &str) -> String {
        match self.seen {
            0 => call_id.to_owned(),
            width => format!("{seen:width$}  {call_id}"),
        }
    }

    fn line(
        &mut self,
        cells: &[Cow<'_, str>],
        last: &str,
        input: &str,
        style: Style,
    ) -> io::Result<()> {
        self.line.clear();
        if self.names_inputs {
            self.line.push_str(&printable(input));
            self.line.push_str("  ");
        }
        let gap = if self.is_narrow() { 1 } else { 2 };
        let mut styled = 0..0;
        for (index, (cell, room)) in cells.iter().zip(&mut self.widths).enumerate() {
            let len = width(cell);
            *room = len.min(MAX_COLUMN).max(*room);
            let padding = room.saturating_sub(len);
            // Numbers are read from the right.
            let before = if index == 0 { padding } else { 0 };
            self.line.extend(std::iter::repeat_n(' ', before));
            let start = self.line.len();
            self.line.push_str(cell);
            if index == 2 {
                styled = start..self.line.len();
            }
            self.line
                .extend(std::iter::repeat_n(' ', padding - before + gap));
        }
        self.line.push_str(last);
        if let Some(max_width) = self.max_width {
            cut(&mut self.line, max_width);
        }
        match (
            self.line.get(..styled.start),
            self.line.get(styled.clone()),
            self.line.get(styled.end..),
        ) {
            (Some(before), Some(cell), Some(after)) if self.is_colored => {
                writeln!(self.output, "{before}{style}{cell}{style:#}{after}")
            }
            _ => writeln!(self.output, "{}", self.line),
        }
    }

    /// Lets whoever reads the output see what there is.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// Returns the output.
    pub fn into_inner(self) -> W {
        self.output
    }
}

/// Returns what a message is: `INVITE`, or `200 INVITE` for the response to one.
fn what<'a>(row: &'a MessageRow<'_>) -> Cow<'a, str> {
    match (&row.method, row.status) {
        (Some(method), _) => printable(method),
        (None, Some(status)) => {
            let method = row.cseq_method.as_deref().unwrap_or("?");
            Cow::Owned(format!("{status} {}", printable(method)))
        }
        (None, None) => Cow::Borrowed("?"),
    }
}

fn style(row: &MessageRow<'_>) -> Style {
    let color = match row.status {
        None => AnsiColor::Cyan,
        Some(100..=199) => AnsiColor::Blue,
        Some(200..=299) => AnsiColor::Green,
        Some(300..=399) => AnsiColor::Yellow,
        Some(_) => AnsiColor::Red,
    };
    color.on_default()
}
