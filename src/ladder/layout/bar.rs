//! Streams of media: a bar from one lane to another, with what is known of them.

use crate::ladder::{
    MediaBar,
    layout::{columns::TIME, page::Sheet},
    scene::{Anchor, Item, Text},
    width::{Face, fitted},
};

/// How high a bar is, and how far from lanes and from what stands above it.
const HEIGHT: usize = 22;
const APART: usize = 8;
const ABOVE: usize = 7;

impl Sheet<'_> {
    pub(super) fn bar(&self, bar: &MediaBar, y: usize, items: &mut Vec<Item>) {
        items.push(Item::Open {
            message: None,
            class: "media".to_owned(),
            tooltip: bar.facts.clone(),
        });
        items.push(Item::Text(Text {
            at: (self.columns.times[0], y + 22),
            anchor: Anchor::End,
            face: Face::Mono,
            size: TIME,
            class: "muted",
            text: self.options.time.of_bar(self.ladder, bar),
        }));
        let (left, right) = self.ends(bar);
        let width = (right - left).saturating_sub(2 * APART);
        items.push(Item::Rect {
            at: (left + APART, y + ABOVE),
            size: (width, HEIGHT),
            radius: 4,
            class: if bar.is_lossy { "bar lossy" } else { "bar" },
        });
        if bar.from != bar.to {
            let is_leftward = bar.to < bar.from;
            items.push(Item::Head {
                tip: (
                    if is_leftward { left + 2 } else { right - 2 },
                    y + ABOVE + HEIGHT / 2,
                ),
                is_leftward,
                is_filled: true,
            });
        }
        items.push(Item::Text(Text {
            at: (left.midpoint(right), y + 22),
            anchor: Anchor::Middle,
            face: Face::Regular,
            size: TIME,
            class: "plain",
            text: fitted(&bar.label, Face::Regular, TIME, width.saturating_sub(12)),
        }));
        items.push(Item::Close);
    }

    /// Returns from where to where a bar goes; one within a lane stands beside it.
    fn ends(&self, bar: &MediaBar) -> (usize, usize) {
        let (from, to) = (self.columns.lane(bar.from), self.columns.lane(bar.to));
        if from != to {
            return (from.min(to), from.max(to));
        }
        match self.beside(bar.from) {
            (room, true) => (from - room, from),
            (room, false) => (from, from + room),
        }
    }
}
