//! Lines of text: what they are made of, and how wide that is.

use crate::{ladder::width::cut, text::columns};

/// The characters that lines are made of.
pub(super) struct Pens {
    pub(super) lane: char,
    pub(super) line: char,
    pub(super) copy: char,
    pub(super) left: char,
    pub(super) right: char,
    pub(super) bar: char,
    pub(super) pause: char,
}

pub(super) const UNICODE: Pens = Pens {
    lane: '│',
    line: '─',
    copy: '╌',
    left: '◀',
    right: '▶',
    bar: '═',
    pause: '┊',
};

pub(super) const ASCII: Pens = Pens {
    lane: '|',
    line: '-',
    copy: '.',
    left: '<',
    right: '>',
    bar: '=',
    pause: ':',
};

/// A line under construction: a character for each column, `None` behind a wide one.
pub(super) struct Line {
    pub(super) cells: Vec<Option<char>>,
}

impl Line {
    pub(super) fn put(&mut self, at: usize, c: char) {
        if at >= self.cells.len() {
            self.cells.resize(at + 1, Some(' '));
        }
        if let Some(cell) = self.cells.get_mut(at) {
            *cell = Some(c);
        }
    }

    pub(super) fn text(&mut self, mut at: usize, text: &str) {
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

/// Returns a text in lines that are no wider than this, by words.
pub(super) fn wrapped(text: &str, room: usize) -> Vec<String> {
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

/// Returns how many columns a text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}
