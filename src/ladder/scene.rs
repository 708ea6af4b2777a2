//! A picture as a list of what is in it, with places and sizes in pixels: what a test can measure before it is drawn.

use crate::ladder::width::{Face, pixels};

/// A picture.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// How wide it is.
    pub width: usize,
    /// How high it is.
    pub height: usize,
    /// What it shows.
    pub title: String,
    /// The same in more words.
    pub description: String,
    /// What is in it, from back to front.
    pub(super) items: Vec<Item>,
}

/// Something in a picture.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// What follows, up to `Close`, is one thing.
    Open {
        /// The number of the message that it is, from 1 on.
        message: Option<usize>,
        class: String,
        /// What is told when a pointer rests on it.
        tooltip: String,
    },
    Close,
    Text(Text),
    Line {
        from: (usize, usize),
        to: (usize, usize),
        class: &'static str,
    },
    Rect {
        at: (usize, usize),
        size: (usize, usize),
        radius: usize,
        class: &'static str,
    },
    /// The head of an arrow whose tip is at a place.
    Head {
        tip: (usize, usize),
        is_leftward: bool,
        is_filled: bool,
    },
    /// A line out and back again, to the left or to the right.
    Hook {
        at: (usize, usize),
        is_leftward: bool,
    },
    /// A padlock.
    Lock {
        at: (usize, usize),
    },
    /// A triangle that warns.
    Warning {
        at: (usize, usize),
    },
}

/// A line of text.
#[derive(Clone, Debug)]
pub(super) struct Text {
    /// Its left end, its middle or its right end, and its base line.
    pub(super) at: (usize, usize),
    pub(super) anchor: Anchor,
    pub(super) face: Face,
    pub(super) size: usize,
    pub(super) class: &'static str,
    pub(super) text: String,
}

/// Which part of a text is at its place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Text {
    /// Returns how wide it is at most.
    pub(super) fn width(&self) -> usize {
        pixels(&self.text, self.face, self.size)
    }
}

/// A box around a text: left, top, right and bottom.
pub(super) type TextBox = (usize, usize, usize, usize);

impl Text {
    /// Returns the box around it.
    pub(super) fn bounds(&self) -> TextBox {
        let width = self.width();
        let left = match self.anchor {
            Anchor::Start => self.at.0,
            Anchor::Middle => self.at.0.saturating_sub(width / 2),
            Anchor::End => self.at.0.saturating_sub(width),
        };
        // Ascenders take some three quarters of the size, descenders a quarter.
        let top = self.at.1.saturating_sub(self.size * 3 / 4);
        (left, top, left + width, self.at.1 + self.size / 4)
    }
}

impl Scene {
    /// Returns all texts.
    fn texts(&self) -> impl Iterator<Item = &Text> {
        self.items.iter().filter_map(|item| match item {
            Item::Text(text) => Some(text),
            _ => None,
        })
    }

    /// Returns a text that leaves the picture, or two that overlap, if there are any: what must not be.
    #[must_use]
    pub fn flaw(&self) -> Option<String> {
        let texts: Vec<(&Text, TextBox)> = self.texts().map(|text| (text, text.bounds())).collect();
        for (index, (text, bounds)) in texts.iter().enumerate() {
            let reaches_left = match text.anchor {
                Anchor::Start => false,
                Anchor::Middle => text.width() / 2 > text.at.0,
                Anchor::End => text.width() > text.at.0,
            };
            if reaches_left || bounds.2 > self.width || bounds.3 > self.height {
                return Some(format!(
                    "{:?} leaves {}x{}: {bounds:?}",
                    text.text, self.width, self.height
                ));
            }
            for (other, around) in texts.iter().skip(index + 1) {
                let is_apart = bounds.2 <= around.0
                    || around.2 <= bounds.0
                    || bounds.3 <= around.1
                    || around.3 <= bounds.1;
                if !is_apart && !text.text.is_empty() && !other.text.is_empty() {
                    return Some(format!(
                        "{:?} {bounds:?} and {:?} {around:?}",
                        text.text, other.text
                    ));
                }
            }
        }
        None
    }
}
