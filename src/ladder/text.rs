//! Ladders for terminals, mails and tickets without pictures.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use crate::ladder::{
    Arrow, Kind, Ladder, MediaBar, Row, TimeColumn, Tone,
    labels::{has_detail, label},
    show,
    width::{columns, cut},
};

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

/// Columns between two lanes, at least.
const MIN_GAP: usize = 12;

/// Columns between two of so many lanes, at most.
const fn max_gap(lanes: usize) -> usize {
    match lanes {
        0..=2 => 58,
        3..=4 => 44,
        _ => 32,
    }
}

/// Columns that a label has besides its text: a line and its head.
const AROUND_LABEL: usize = 6;

/// The characters that lines are made of.
struct Pens {
    lane: char,
    line: char,
    copy: char,
    left: char,
    right: char,
    bar: char,
    pause: char,
}

const UNICODE: Pens = Pens {
    lane: '│',
    line: '─',
    copy: '╌',
    left: '◀',
    right: '▶',
    bar: '═',
    pause: '┊',
};

const ASCII: Pens = Pens {
    lane: '|',
    line: '-',
    copy: '.',
    left: '<',
    right: '>',
    bar: '=',
    pause: ':',
};

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

/// A line under construction: a character for each column, `None` behind a wide one.
struct Line {
    cells: Vec<Option<char>>,
}

impl Line {
    fn put(&mut self, at: usize, c: char) {
        if at >= self.cells.len() {
            self.cells.resize(at + 1, Some(' '));
        }
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = Some(c);
        }
    }

    fn text(&mut self, mut at: usize, text: &str) {
        for c in text.chars() {
            let wide = columns(c);
            if wide == 0 {
                continue;
            }
            self.put(at, c);
            if wide == 2 {
                self.put(at + 1, ' ');
                if let Some(cell) = self.cells.get_mut(at + 1) {
                    *cell = None;
                }
            }
            at += wide;
        }
    }
}

struct Sheet<'a> {
    ladder: &'a Ladder,
    style: TextStyle,
    pens: &'static Pens,
    /// How wide the times are.
    gutter: usize,
    /// In which columns the lanes are.
    lanes: Vec<usize>,
    /// How wide a head is.
    head: usize,
}

impl<'a> Sheet<'a> {
    fn new(ladder: &'a Ladder, rows: &[Row], style: TextStyle) -> Self {
        let times = rows.iter().filter_map(|row| match row {
            Row::Arrow { index, .. } => Some(style.time.of(ladder, *index).len()),
            _ => None,
        });
        let gutter = times.max().unwrap_or(0).max(8);
        let labels = rows.iter().filter_map(|row| match row {
            Row::Arrow { index, copies } => {
                let arrow = ladder.arrows.get(*index)?;
                let label = width(&label(arrow, copies));
                let detail = if has_detail(arrow) {
                    width(&arrow.detail)
                } else {
                    0
                };
                Some((arrow.from, arrow.to, label.max(detail)))
            }
            Row::Media(index) => {
                let stream = ladder.streams.get(*index)?;
                Some((stream.from, stream.to, width(&stream.label)))
            }
            _ => None,
        });
        let wanted = labels.map(|(from, to, label)| {
            let span = from.abs_diff(to).max(1);
            (label + AROUND_LABEL).div_ceil(span)
        });
        let heads = ladder
            .lanes
            .iter()
            .map(|lane| width(&lane.name).max(width(&lane.address)) + 2);
        let wanted = wanted
            .chain(heads)
            .max()
            .unwrap_or(0)
            .clamp(22, max_gap(ladder.lanes.len()));
        let gaps = ladder.lanes.len().saturating_sub(1).max(1);
        // Half a head stands out at either side.
        let gap = style.max_width.map_or(wanted, |max| {
            let room = max.saturating_sub(gutter + 2) / (gaps + 1);
            wanted.min(room.max(MIN_GAP))
        });
        let lanes = (0..ladder.lanes.len()).map(|lane| gutter + 2 + gap / 2 + lane * gap);
        Self {
            ladder,
            style,
            pens: if style.is_ascii { &ASCII } else { &UNICODE },
            gutter,
            lanes: lanes.collect(),
            head: gap.saturating_sub(1),
        }
    }

    fn column(&self, lane: usize) -> usize {
        self.lanes.get(lane).copied().unwrap_or_default()
    }

    fn heading(&self, output: &mut impl Write) -> io::Result<()> {
        let ladder = self.ladder;
        let mut first = ladder.title.clone();
        if let Some(verdict) = &ladder.verdict {
            first.push_str(&format!(" ({})", verdict.text));
        }
        writeln!(output, "{}", self.fitted(&first))?;
        let mut line = String::new();
        for fact in &ladder.facts {
            let fact = format!("{} {}", fact.name, fact.value);
            let room = self.style.max_width.unwrap_or(100);
            if !line.is_empty() && width(&line) + width(&fact) + 3 > room {
                writeln!(output, "{}", self.fitted(&line))?;
                line.clear();
            }
            if !line.is_empty() {
                line.push_str(", ");
            }
            line.push_str(&fact);
        }
        writeln!(output, "{}\n", self.fitted(&line))
    }

    /// Returns a text in the characters that are allowed.
    fn plain<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !self.style.is_ascii || text.is_ascii() {
            return Cow::Borrowed(text);
        }
        let mut plain = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '→' => plain.push_str("->"),
                '·' if plain.ends_with(' ') => {
                    plain.pop();
                    plain.push(',');
                }
                '·' => plain.push(','),
                '…' => plain.push('~'),
                '×' => plain.push('x'),
                'µ' => plain.push('u'),
                c if c.is_ascii() => plain.push(c),
                _ => plain.push('?'),
            }
        }
        Cow::Owned(plain)
    }

    fn fitted(&self, text: &str) -> String {
        let text = self.plain(text);
        match self.style.max_width {
            Some(max) => self.plain(&cut(&text, max)).into_owned(),
            None => text.into_owned(),
        }
    }

    fn heads(&self, output: &mut impl Write) -> io::Result<()> {
        let lanes = &self.ladder.lanes;
        for part in [0, 1, 2] {
            let texts: Vec<&str> = lanes
                .iter()
                .map(|lane| match part {
                    0 => lane.name.as_str(),
                    1 => lane.address.as_str(),
                    _ => lane.agent.as_str(),
                })
                .collect();
            if texts.iter().all(|text| text.is_empty()) {
                continue;
            }
            let mut line = Line { cells: Vec::new() };
            for (text, column) in texts.iter().zip(&self.lanes) {
                let text = cut(text, self.head);
                let start = column.saturating_sub(width(&text) / 2);
                line.text(start.max(self.gutter + 1), &text);
            }
            self.write(&line, None, output)?;
        }
        Ok(())
    }

    /// Returns a line with nothing but lanes.
    fn lanes(&self, pen: char) -> Line {
        let mut line = Line { cells: Vec::new() };
        for column in &self.lanes {
            line.put(*column, pen);
        }
        line
    }

    fn row(&self, row: &Row, output: &mut impl Write) -> io::Result<()> {
        match row {
            Row::Arrow { index, copies } => match self.ladder.arrows.get(*index) {
                Some(arrow) => self.arrow(*index, arrow, copies, output),
                None => Ok(()),
            },
            Row::Media(index) => match self.ladder.streams.get(*index) {
                Some(bar) => self.bar(bar, output),
                None => Ok(()),
            },
            Row::Note(index) => match self.ladder.notes.get(*index) {
                Some(note) => {
                    let sign = match (note.tone, self.style.is_ascii) {
                        (Tone::Bad, false) => "⚠ ",
                        (Tone::Bad, true) => "! ",
                        (_, false) => "· ",
                        (_, true) => "* ",
                    };
                    let text = format!("{sign}{}", note.text);
                    self.remark(self.pens.lane, &text, Some(note.tone), output)
                }
                None => Ok(()),
            },
            Row::Pause(nanos) => {
                let text = format!("… {} …", show::duration(*nanos));
                self.remark(self.pens.pause, &text, None, output)
            }
            Row::Folded { text, .. } => {
                let text = format!("[{text}]");
                self.remark(self.pens.pause, &text, None, output)
            }
        }
    }

    /// Writes a line with a text over the lanes.
    fn remark(
        &self,
        pen: char,
        text: &str,
        tone: Option<Tone>,
        output: &mut impl Write,
    ) -> io::Result<()> {
        let first = self.column(0);
        let last = self.lanes.last().copied().unwrap_or(first);
        let room = match self.style.max_width {
            Some(max) => max.saturating_sub(self.gutter + 4),
            None => (last - first).max(76),
        };
        let color = match tone {
            Some(Tone::Bad) => Some("31"),
            _ => Some("2"),
        };
        for text in wrapped(&self.plain(text), room) {
            let mut line = self.lanes(pen);
            let start = first.midpoint(last).saturating_sub(width(&text) / 2);
            let start = start.max(self.gutter + 2);
            line.text(start - 1, &format!(" {text} "));
            self.write(&line, color, output)?;
        }
        Ok(())
    }

    fn arrow(
        &self,
        index: usize,
        arrow: &Arrow,
        copies: &[i64],
        output: &mut impl Write,
    ) -> io::Result<()> {
        let mut line = self.lanes(self.pens.lane);
        let time = self.style.time.of(self.ladder, index);
        line.text(self.gutter.saturating_sub(time.len()), &time);
        let label = label(arrow, copies);
        let label = self.plain(&label);
        let color = color(arrow);
        if arrow.from == arrow.to {
            let column = self.column(arrow.from);
            line.text(
                column + 1,
                &format!("{}{} {label}", self.pens.line, self.pens.left),
            );
            return self.write(&line, Some(color), output);
        }
        let pen = match arrow.retransmission {
            Some(_) => self.pens.copy,
            None => self.pens.line,
        };
        self.span(&mut line, (arrow.from, arrow.to), pen, &label);
        self.write(&line, Some(color), output)?;
        if !has_detail(arrow) {
            return Ok(());
        }
        let mut line = self.lanes(self.pens.lane);
        let (left, right) = (arrow.from.min(arrow.to), arrow.from.max(arrow.to));
        let room = self.column(right) - self.column(left);
        let detail = cut(&self.plain(&arrow.detail), room.saturating_sub(3));
        line.text(self.column(left) + 2, &detail);
        self.write(&line, Some("2"), output)
    }

    fn bar(&self, bar: &MediaBar, output: &mut impl Write) -> io::Result<()> {
        let mut line = self.lanes(self.pens.lane);
        let time = self.style.time.of_bar(self.ladder, bar);
        line.text(self.gutter.saturating_sub(time.len()), &time);
        if bar.from == bar.to {
            let text = format!("{} {} ", self.pens.bar, self.plain(&bar.label));
            line.text(self.column(bar.from) + 1, &text);
        } else {
            self.span(&mut line, (bar.from, bar.to), self.pens.bar, &bar.label);
        }
        let color = if bar.is_lossy { "31" } else { "2" };
        self.write(&line, Some(color), output)
    }

    /// Draws a line between two lanes, with its label and, at the lane that it goes to, its head.
    fn span(&self, line: &mut Line, (from, to): (usize, usize), pen: char, label: &str) {
        let (left, right) = (self.column(from.min(to)), self.column(from.max(to)));
        for at in left + 1..right {
            line.put(at, pen);
        }
        if from < to {
            line.put(right.saturating_sub(1), self.pens.right);
        } else {
            line.put(left + 1, self.pens.left);
        }
        let room = (right - left).saturating_sub(4);
        let label = cut(&self.plain(label), room);
        let start = left + (right - left).saturating_sub(width(&label)).div_ceil(2);
        line.text(start.max(left + 2), &label);
    }

    /// Writes a line; the lanes and what is left of them have no colour.
    fn write(&self, line: &Line, color: Option<&str>, output: &mut impl Write) -> io::Result<()> {
        let mut text = String::new();
        let mut is_colored = false;
        let end = line.cells.iter().rposition(|cell| *cell != Some(' '));
        let cells = line.cells.iter().take(end.map_or(0, |end| end + 1));
        for (column, c) in cells.enumerate() {
            let Some(c) = c else { continue };
            let is_lane = *c == self.pens.lane || *c == self.pens.pause;
            let wanted = self.style.is_colored
                && color.is_some()
                && column > self.gutter
                && !(is_lane && self.lanes.contains(&column));
            if wanted != is_colored && *c != ' ' {
                match color.filter(|_| wanted) {
                    Some(color) => text.push_str(&format!("\x1b[{color}m")),
                    None => text.push_str("\x1b[0m"),
                }
                is_colored = wanted;
            }
            match self.plain(c.encode_utf8(&mut [0; 4])) {
                Cow::Borrowed(c) => text.push_str(c),
                Cow::Owned(c) => text.push_str(&c),
            }
        }
        if is_colored {
            text.push_str("\x1b[0m");
        }
        writeln!(output, "{text}")
    }
}

/// Returns the colour of the transaction; copies are grey.
fn color(arrow: &Arrow) -> &'static str {
    const COLORS: [&str; 6] = ["36", "33", "35", "34", "32", "31"];
    if arrow.retransmission.is_some() {
        return "2";
    }
    match arrow.kind {
        Kind::Response(400..=699) => "1;31",
        _ => COLORS
            .get(arrow.transaction % COLORS.len())
            .copied()
            .unwrap_or("0"),
    }
}

/// Returns a text in lines that are no wider than this, by words.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(cut(word, room)),
        }
    }
    lines
}

fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}
