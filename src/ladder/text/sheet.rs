//! Where everything of a ladder is in lines of text, and what stands above the lanes.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use crate::ladder::{
    Ladder, Row,
    labels::{has_detail, heading, label},
    text::{
        TextStyle,
        line::{ASCII, Line, Pens, UNICODE, width},
    },
    width::cut,
};

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

pub(super) struct Sheet<'a> {
    pub(super) ladder: &'a Ladder,
    pub(super) style: TextStyle,
    pub(super) pens: &'static Pens,
    /// How wide the times are.
    pub(super) gutter: usize,
    /// In which columns the lanes are.
    pub(super) lanes: Vec<usize>,
    /// How wide a head is.
    head: usize,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(ladder: &'a Ladder, rows: &[Row], style: TextStyle) -> Self {
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

    pub(super) fn column(&self, lane: usize) -> usize {
        self.lanes.get(lane).copied().unwrap_or_default()
    }

    pub(super) fn heading(&self, output: &mut impl Write) -> io::Result<()> {
        let ladder = self.ladder;
        writeln!(output, "{}", self.fitted(&heading(ladder)))?;
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
    pub(super) fn plain<'t>(&self, text: &'t str) -> Cow<'t, str> {
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

    pub(super) fn heads(&self, output: &mut impl Write) -> io::Result<()> {
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
    pub(super) fn lanes(&self, pen: char) -> Line {
        let mut line = Line { cells: Vec::new() };
        for column in &self.lanes {
            line.put(*column, pen);
        }
        line
    }

    /// Writes a line; the lanes and what is left of them have no colour.
    pub(super) fn write(
        &self,
        line: &Line,
        color: Option<&str>,
        output: &mut impl Write,
    ) -> io::Result<()> {
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
