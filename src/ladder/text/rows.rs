//! What stands below the heads: messages, media, and what is told between them.

use std::io::{self, Write};

use crate::ladder::{
    Arrow, Kind, MediaBar, Row, Tone,
    labels::{has_detail, label},
    show,
    text::{
        line::{Line, width, wrapped},
        sheet::Sheet,
    },
    width::cut,
};

impl Sheet<'_> {
    pub(super) fn row(&self, row: &Row, output: &mut impl Write) -> io::Result<()> {
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
