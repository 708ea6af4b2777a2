//! Messages: a line from one lane to another, with its label.

use crate::ladder::{
    Arrow, Kind, Row, TimeColumn, labels,
    layout::{
        MARGIN,
        columns::{AROUND_LABEL, BESIDE_LABEL, DETAIL, LABEL, TIME},
        page::{Sheet, row_height},
    },
    scene::{Anchor, Item, Text},
    width::{Face, fitted, pixels},
};

/// How much room a label has.
#[derive(Clone, Copy)]
struct Room {
    room: usize,
    /// Whether lanes go through it.
    crosses: bool,
}

impl Sheet<'_> {
    pub(super) fn arrow(
        &self,
        index: usize,
        arrow: &Arrow,
        copies: &[i64],
        y: usize,
        items: &mut Vec<Item>,
    ) {
        let is_request = arrow.kind == Kind::Request;
        let class = match (arrow.retransmission.is_some(), is_request) {
            (true, _) => "copy".to_owned(),
            (false, true) => format!("t{} request", arrow.transaction % 8),
            (false, false) => format!("t{} response", arrow.transaction % 8),
        };
        items.push(Item::Open {
            message: Some(index + 1),
            class,
            tooltip: self.tooltip(arrow),
        });
        let height = row_height(
            self.ladder,
            self.columns,
            &Row::Arrow {
                index,
                copies: Vec::new(),
            },
        );
        items.push(Item::Rect {
            at: (MARGIN - 8, y + 2),
            size: (self.columns.edges().1 + 8 - MARGIN, height - 4),
            radius: 4,
            class: "hit",
        });
        self.times(index, arrow, y + 28, items);
        if arrow.from == arrow.to {
            self.hook(arrow, copies, y, items);
        } else {
            self.straight(arrow, copies, y, items);
        }
        items.push(Item::Close);
    }

    fn tooltip(&self, arrow: &Arrow) -> String {
        if self.options.has_messages {
            format!("{}\n\n{}", arrow.source, arrow.text)
        } else {
            arrow.source.clone()
        }
    }

    fn times(&self, index: usize, arrow: &Arrow, y: usize, items: &mut Vec<Item>) {
        let columns = self.columns;
        let mut time = |x, time: TimeColumn, class| {
            items.push(Item::Text(Text {
                at: (x, y),
                anchor: Anchor::End,
                face: Face::Mono,
                size: TIME,
                class,
                text: time.of(self.ladder, index),
            }));
        };
        let [first, second] = columns.times;
        time(first, self.options.time, "plain");
        if self.options.time != TimeColumn::Delta && index > 0 {
            time(second, TimeColumn::Delta, "muted");
        }
        if self.ladder.legs.len() > 1 {
            items.push(Item::Text(Text {
                at: (columns.leg, y),
                anchor: Anchor::Middle,
                face: Face::Bold,
                size: DETAIL,
                class: "leg",
                text: (arrow.leg + 1).to_string(),
            }));
        }
    }

    fn straight(&self, arrow: &Arrow, copies: &[i64], y: usize, items: &mut Vec<Item>) {
        let (from, to) = (self.columns.lane(arrow.from), self.columns.lane(arrow.to));
        let (left, right) = (from.min(to), from.max(to));
        let line = y + 24;
        let is_leftward = to < from;
        let room = right - left - AROUND_LABEL + 12;
        let crosses = arrow.from.abs_diff(arrow.to) > 1;
        let middle = left.midpoint(right);
        let label = labels::label(arrow, copies);
        self.label(
            arrow,
            &label,
            (middle, line - 6),
            Room { room, crosses },
            items,
        );
        items.push(Item::Line {
            from: (if is_leftward { from - 1 } else { from + 1 }, line),
            to: (if is_leftward { to + 7 } else { to - 7 }, line),
            class: "wire",
        });
        items.push(Item::Head {
            tip: (if is_leftward { to + 2 } else { to - 2 }, line),
            is_leftward,
            is_filled: arrow.kind == Kind::Request,
        });
        if labels::has_detail(arrow) {
            let detail = Text {
                at: (middle, line + 14),
                anchor: Anchor::Middle,
                face: Face::Regular,
                size: DETAIL,
                class: "muted",
                text: fitted(&arrow.detail, Face::Regular, DETAIL, room),
            };
            backed(detail, crosses, items);
        }
    }

    /// Returns how much room there is beside a lane, up to the next one, and whether that is at its left.
    pub(super) fn beside(&self, lane: usize) -> (usize, bool) {
        let x = self.columns.lane(lane);
        let lanes = self.columns.lanes.len();
        if lanes == 1 {
            (self.columns.width - MARGIN - x, false)
        } else if lane + 1 == lanes {
            (x - self.columns.lane(lane - 1), true)
        } else {
            (self.columns.lane(lane + 1) - x, false)
        }
    }

    /// Draws a message of a lane to itself. It stands to the right but for that of the last lane.
    fn hook(&self, arrow: &Arrow, copies: &[i64], y: usize, items: &mut Vec<Item>) {
        let x = self.columns.lane(arrow.from);
        let (room, is_last) = self.beside(arrow.from);
        items.push(Item::Hook {
            at: (x, y + 16),
            is_leftward: is_last,
        });
        let room = room.saturating_sub(BESIDE_LABEL);
        let text = fitted(&labels::label(arrow, copies), Face::Bold, LABEL, room);
        items.push(Item::Text(Text {
            at: (if is_last { x - 40 } else { x + 40 }, y + 26),
            anchor: if is_last { Anchor::End } else { Anchor::Start },
            face: Face::Bold,
            size: LABEL,
            class: label_class(arrow),
            text,
        }));
    }

    fn label(
        &self,
        arrow: &Arrow,
        label: &str,
        (x, y): (usize, usize),
        room: Room,
        items: &mut Vec<Item>,
    ) {
        let face = match arrow.kind {
            Kind::Request if arrow.retransmission.is_none() => Face::Bold,
            _ => Face::Regular,
        };
        let lock = if arrow.is_secured { 14 } else { 0 };
        let text = fitted(label, face, LABEL, room.room.saturating_sub(lock));
        let width = pixels(&text, face, LABEL);
        let label = Text {
            at: (x + lock / 2, y),
            anchor: Anchor::Middle,
            face,
            size: LABEL,
            class: label_class(arrow),
            text,
        };
        backed(label, room.crosses, items);
        if lock > 0 {
            items.push(Item::Lock {
                at: ((x + lock / 2).saturating_sub(width / 2 + lock), y - 10),
            });
        }
    }
}

/// Draws a text, on paper when lines would go through it.
fn backed(text: Text, crosses: bool, items: &mut Vec<Item>) {
    if crosses && !text.text.is_empty() {
        let (left, top, right, bottom) = text.bounds();
        items.push(Item::Rect {
            at: (left.saturating_sub(4), top),
            size: (right - left + 8, bottom - top),
            radius: 2,
            class: "paper",
        });
    }
    items.push(Item::Text(text));
}

fn label_class(arrow: &Arrow) -> &'static str {
    match arrow.kind {
        _ if arrow.retransmission.is_some() => "muted",
        Kind::Request => "strong",
        Kind::Response(200..=299) => "good-text",
        Kind::Response(300..=399 | 401 | 407) => "so-text",
        Kind::Response(400..=699) => "bad-text",
        Kind::Response(_) => "plain",
    }
}
