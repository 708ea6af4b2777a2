//! What stands above the lanes: whom it is about, how it went, and the facts.

use crate::ladder::{
    Ladder, Tone,
    layout::{MARGIN, columns::Columns},
    scene::{Anchor, Item, Text},
    width::{Face, fitted, pixels},
};

const TITLE: usize = 18;
const FACT: usize = 12;
const LINE: usize = 20;

/// Where the first line of facts is.
const FIRST_LINE: usize = MARGIN + 42;

/// Returns how high it is in the picture with a number, from 0 on.
pub(super) fn height(ladder: &Ladder, columns: &Columns, number: usize) -> usize {
    let lines = if number == 0 {
        flow(ladder, columns).1
    } else {
        1
    };
    FIRST_LINE + lines * LINE
}

/// Returns how wide a picture has to be for title and outcome.
pub(super) fn wanted(ladder: &Ladder) -> usize {
    let verdict = ladder.verdict.as_ref();
    let pill = verdict.map_or(0, |verdict| pixels(&verdict.text, Face::Bold, FACT) + 34);
    2 * MARGIN + pixels(&ladder.title, Face::Bold, TITLE) + pill
}

/// Draws it; `page` is what is told of the number of the picture.
pub(super) fn draw(
    ladder: &Ladder,
    columns: &Columns,
    page: Option<String>,
    number: usize,
    items: &mut Vec<Item>,
) {
    let room = columns.width - 2 * MARGIN;
    // The title has what the outcome leaves, and two thirds at least.
    let wanted = pixels(&ladder.title, Face::Bold, TITLE).min(room * 2 / 3);
    let pill = ladder.verdict.as_ref().map(|verdict| {
        let text = fitted(&verdict.text, Face::Bold, FACT, room - wanted - 34);
        let width = pixels(&text, Face::Bold, FACT) + 20;
        (text, width, verdict.tone)
    });
    let taken = pill.as_ref().map_or(0, |(_, width, _)| width + 14);
    let title = fitted(&ladder.title, Face::Bold, TITLE, room - taken);
    let width = pixels(&title, Face::Bold, TITLE);
    items.push(Item::Text(Text {
        at: (MARGIN, MARGIN + 16),
        anchor: Anchor::Start,
        face: Face::Bold,
        size: TITLE,
        class: "strong",
        text: title,
    }));
    if let Some((text, pill, tone)) = pill {
        let left = MARGIN + width + 14;
        items.push(Item::Rect {
            at: (left, MARGIN - 1),
            size: (pill, 22),
            radius: 11,
            class: match tone {
                Tone::Good => "pill good",
                Tone::Neutral => "pill so",
                Tone::Bad => "pill bad",
            },
        });
        items.push(Item::Text(Text {
            at: (left + pill / 2, MARGIN + 14),
            anchor: Anchor::Middle,
            face: Face::Bold,
            size: FACT,
            class: match tone {
                Tone::Good => "good-text",
                Tone::Neutral => "so-text",
                Tone::Bad => "bad-text",
            },
            text,
        }));
    }
    match page {
        Some(page) if number > 0 => items.push(fact_text(MARGIN, FIRST_LINE, "muted", page)),
        page => {
            let mut texts = flow(ladder, columns).0;
            texts.extend(page.map(|page| {
                Item::Text(Text {
                    at: (columns.width - MARGIN, MARGIN - 8),
                    anchor: Anchor::End,
                    face: Face::Regular,
                    size: FACT - 2,
                    class: "muted",
                    text: page,
                })
            }));
            items.append(&mut texts);
        }
    }
}

fn fact_text(x: usize, y: usize, class: &'static str, text: String) -> Item {
    Item::Text(Text {
        at: (x, y),
        anchor: Anchor::Start,
        face: Face::Regular,
        size: FACT,
        class,
        text,
    })
}

/// Returns the facts one behind the other, and how many lines they take.
fn flow(ladder: &Ladder, columns: &Columns) -> (Vec<Item>, usize) {
    let right = columns.width - MARGIN;
    let mut items = Vec::new();
    let (mut x, mut y) = (MARGIN, FIRST_LINE);
    let mut lines = usize::from(!ladder.facts.is_empty());
    for fact in &ladder.facts {
        let name = pixels(&fact.name, Face::Regular, FACT) + 6;
        let value = fitted(&fact.value, Face::Regular, FACT, right - MARGIN - name);
        let width = name + pixels(&value, Face::Regular, FACT);
        if x > MARGIN && x + width > right {
            x = MARGIN;
            y += LINE;
            lines += 1;
        }
        items.push(fact_text(x, y, "muted", fact.name.to_string()));
        items.push(fact_text(x + name, y, "plain", value));
        x += width + 24;
    }
    (items, lines)
}
