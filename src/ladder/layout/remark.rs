//! What stands between the messages: remarks, pauses, and what is not drawn.

use crate::ladder::{
    Note, Tone,
    layout::{
        MARGIN,
        columns::{Columns, DETAIL, TIME},
        page::Sheet,
    },
    scene::{Anchor, Item, Text},
    width::{Face, fitted, pixels},
};

/// How high a line of a remark is.
pub(super) const NOTE_LINE: usize = 15;

/// Returns the lines of a remark, by words.
pub(super) fn note_lines(note: &Note, columns: &Columns) -> Vec<String> {
    let (left, right) = columns.edges();
    let room = (right - left).saturating_sub(50).max(120);
    let mut lines: Vec<String> = Vec::new();
    for word in note.text.split(' ') {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match (lines.last_mut(), longer) {
            (Some(line), Some(longer)) if pixels(&longer, Face::Regular, DETAIL + 1) <= room => {
                *line = longer;
            }
            _ => lines.push(fitted(word, Face::Regular, DETAIL + 1, room)),
        }
    }
    lines
}

impl Sheet<'_> {
    pub(super) fn note(&self, note: &Note, y: usize, items: &mut Vec<Item>) {
        let lines = note_lines(note, self.columns);
        let widest = lines
            .iter()
            .map(|line| pixels(line, Face::Regular, DETAIL + 1));
        let sign = if note.tone == Tone::Bad { 20 } else { 0 };
        let width = widest.max().unwrap_or_default() + 24 + sign;
        let (first, last) = self.columns.edges();
        let left = first
            .midpoint(last)
            .saturating_sub(width / 2)
            .max(first.min(MARGIN));
        let height = 12 + lines.len() * NOTE_LINE;
        items.push(Item::Rect {
            at: (left, y + 4),
            size: (width, height - 1),
            radius: 4,
            class: if note.tone == Tone::Bad {
                "note alarm"
            } else {
                "note"
            },
        });
        if sign > 0 {
            items.push(Item::Warning {
                at: (left + 10, y + 10),
            });
        }
        for (line, number) in lines.into_iter().zip(0..) {
            items.push(Item::Text(Text {
                at: (left + 12 + sign, y + 21 + number * NOTE_LINE),
                anchor: Anchor::Start,
                face: Face::Regular,
                size: DETAIL + 1,
                class: "note-text",
                text: line,
            }));
        }
    }

    /// Writes something between the lanes about what is not drawn.
    pub(super) fn remark(&self, text: &str, class: &'static str, y: usize, items: &mut Vec<Item>) {
        let (first, last) = self.columns.edges();
        let text = Text {
            at: (first.midpoint(last), y + 21),
            anchor: Anchor::Middle,
            face: Face::Regular,
            size: TIME,
            class,
            text: fitted(text, Face::Regular, TIME, last - first),
        };
        let width = text.width() + 24;
        items.push(Item::Rect {
            at: (text.at.0.saturating_sub(width / 2), y + 6),
            size: (width, 22),
            radius: 11,
            class: "paper",
        });
        items.push(Item::Text(text));
    }
}
