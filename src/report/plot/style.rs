//! Colours and texts of pictures.

use plotters::prelude::*;
use plotters::style::{RGBColor, text_anchor::Pos};

use crate::text::printable;

pub(super) const BACKGROUND: RGBColor = RGBColor(255, 255, 255);
pub(super) const INK: RGBColor = RGBColor(34, 34, 34);
pub(super) const GRID: RGBColor = RGBColor(224, 224, 224);
pub(super) const ALL: RGBColor = RGBColor(0, 95, 160);
pub(super) const GOOD: RGBColor = RGBColor(20, 120, 60);
pub(super) const BAD: RGBColor = RGBColor(190, 40, 40);
pub(super) const OTHER: RGBColor = RGBColor(150, 105, 0);

/// What each colour is in the dark.
const DARK: [(RGBColor, &str); 7] = [
    (BACKGROUND, "#16191d"),
    (INK, "#dddddd"),
    (GRID, "#33383e"),
    (ALL, "#6cb8f0"),
    (GOOD, "#6fd08c"),
    (BAD, "#ff8a80"),
    (OTHER, "#e0b050"),
];

/// Characters of a label at most.
const LONGEST: usize = 40;

/// What plotters divides sizes of fonts by.
const SHRINKING: f64 = 1.24;

/// Returns text in a size in pixels.
pub(super) fn text(size: i32) -> TextStyle<'static> {
    let size = f64::from(size) * SHRINKING;
    ("sans-serif", size).into_font().color(&INK)
}

/// Returns text that stands at the right of its place.
pub(super) fn text_at_right(size: i32) -> TextStyle<'static> {
    use plotters::style::text_anchor::{HPos, VPos};
    text(size).pos(Pos::new(HPos::Right, VPos::Center))
}

/// Returns text below its place, at its left or right.
pub(super) fn text_beside(size: i32, is_left: bool) -> TextStyle<'static> {
    use plotters::style::text_anchor::{HPos, VPos};
    let side = if is_left { HPos::Right } else { HPos::Left };
    text(size).pos(Pos::new(side, VPos::Top))
}

/// Returns what somebody else wrote as a label: nothing in it steers, and it is short.
pub(super) fn label(text: &str) -> String {
    let safe: String = printable(text)
        .chars()
        .filter(|c| !c.is_control())
        .collect();
    if safe.chars().count() <= LONGEST {
        return safe;
    }
    let short: String = safe.chars().take(LONGEST - 1).collect();
    format!("{short}…")
}

/// Adds rules for viewers that prefer the dark, and takes the size for a proportion, so that a picture can be scaled.
pub(super) fn with_dark_mode(svg: &str) -> String {
    let rules: String = DARK
        .iter()
        .map(|(RGBColor(r, g, b), dark)| {
            let light = format!("#{r:02X}{g:02X}{b:02X}");
            format!("[fill=\"{light}\"]{{fill:{dark}}}[stroke=\"{light}\"]{{stroke:{dark}}}")
        })
        .collect();
    let style = format!("<style>@media (prefers-color-scheme: dark){{{rules}}}</style>\n");
    match svg.find('>') {
        Some(at) => {
            let (head, rest) = svg.split_at(at + 1);
            format!("{head}\n{style}{rest}")
        }
        None => svg.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short_and_harmless() {
        assert_eq!(label("Busy Here"), "Busy Here");
        assert_eq!(label("a\u{1b}[31m\n\u{202e}b"), "a\\x1b[31m\\x0a\\u{202e}b");
        assert_eq!(label(&"x".repeat(100)).chars().count(), LONGEST);
    }
}
