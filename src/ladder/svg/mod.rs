//! Pictures as SVG that stand alone: no scripts, no fonts, nothing from elsewhere, and the same octets for the same
//! ladder. Texts were made harmless before; what is escaped here is the syntax of XML.

mod theme;

use std::fmt::Write as _;

pub use self::theme::Theme;
use crate::ladder::{
    scene::{Anchor, Item, Scene, Text},
    width::Face,
};

/// Returns a picture as an SVG document.
#[must_use]
pub fn svg(scene: &Scene, theme: Theme) -> String {
    let mut document = String::with_capacity(4096 + scene.items.len() * 160);
    let svg = &mut document;
    let (width, height) = (scene.width, scene.height);
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"group\" aria-roledescription=\"ladder\">\n<title>"
    );
    escape(&scene.title, svg);
    svg.push_str("</title>\n<desc>");
    escape(&scene.description, svg);
    svg.push_str("</desc>\n<style>\n");
    theme::write(theme, svg);
    let _ = writeln!(
        svg,
        "</style>\n<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>"
    );
    scene.items.iter().for_each(|item| draw(item, svg));
    svg.push_str("</svg>\n");
    document
}

fn draw(item: &Item, svg: &mut String) {
    // Writing to a text never fails.
    let _ = match item {
        Item::Open {
            message,
            class,
            tooltip,
        } => {
            open(*message, class, tooltip, svg);
            Ok(())
        }
        Item::Close => writeln!(svg, "</g>"),
        Item::Text(text) => {
            draw_text(text, svg);
            Ok(())
        }
        Item::Line { from, to, class } => writeln!(
            svg,
            "<path class=\"{class}\" d=\"M{} {}L{} {}\"/>",
            from.0, from.1, to.0, to.1
        ),
        Item::Rect {
            at,
            size,
            radius,
            class,
        } => writeln!(
            svg,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{radius}\"/>",
            at.0, at.1, size.0, size.1
        ),
        Item::Head {
            tip: (x, y),
            is_leftward,
            is_filled,
        } => {
            let (class, close) = if *is_filled {
                ("tip", "z")
            } else {
                ("open", "")
            };
            let back = if *is_leftward { "" } else { "-" };
            // Out from one corner, to the tip, and to the other corner.
            let forth = if *is_leftward { "-" } else { "" };
            writeln!(
                svg,
                "<path class=\"{class}\" d=\"M{x} {y}m{back}9 -5l{forth}9 5l{back}9 5{close}\"/>"
            )
        }
        Item::Hook {
            at: (x, y),
            is_leftward,
        } => {
            let (sign, tip) = if *is_leftward { ("-", "-") } else { ("", "") };
            writeln!(
                svg,
                "<path class=\"wire\" d=\"M{x} {y}h{sign}32v14h{}24\"/><path class=\"tip\" d=\"M{x} {}m{tip}10 -5l{}9 5l{tip}9 5z\"/>",
                if *is_leftward { "" } else { "-" },
                y + 14,
                if *is_leftward { "" } else { "-" },
            )
        }
        Item::Lock { at: (x, y) } => writeln!(
            svg,
            "<path class=\"lock\" d=\"M{} {y}m0 5v-2a3 3 0 0 1 6 0v2\"/><rect class=\"key\" x=\"{x}\" y=\"{}\" width=\"9\" height=\"6\" rx=\"1\"/>",
            x + 1,
            y + 5
        ),
        Item::Warning { at: (x, y) } => writeln!(
            svg,
            "<path class=\"sign\" d=\"M{} {y}l7 13h-14z\"/><path class=\"mark\" d=\"M{} {}v4m0 1.5v1.5\"/>",
            x + 7,
            x + 7,
            y + 4
        ),
    };
}

fn open(message: Option<usize>, class: &str, tooltip: &str, svg: &mut String) {
    let _ = match message {
        Some(number) => write!(svg, "<g id=\"m{number}\" class=\"m {class}\">"),
        None => write!(svg, "<g class=\"{class}\">"),
    };
    svg.push_str("<title>");
    escape(tooltip, svg);
    svg.push_str("</title>\n");
}

fn draw_text(text: &Text, svg: &mut String) {
    if text.text.is_empty() {
        return;
    }
    let face = match text.face {
        Face::Regular => "",
        Face::Bold => " bold",
        Face::Mono => " mono",
    };
    let anchor = match text.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let (x, y) = text.at;
    let _ = write!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" class=\"{}{face}\"{anchor}>",
        text.size, text.class
    );
    escape(&text.text, svg);
    svg.push_str("</text>\n");
}

/// Adds a text in which nothing is taken for markup. What XML has no place for was made visible before; what is left of it
/// becomes U+FFFD.
pub(super) fn escape(text: &str, xml: &mut String) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&#39;"),
            '\t' | '\n' => xml.push(c),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            c => xml.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_taken_for_markup() {
        let mut xml = String::new();
        escape("</text><script>a(\"1\")&'\u{0}\u{ffff}]]>\n", &mut xml);
        assert_eq!(
            xml,
            "&lt;/text&gt;&lt;script&gt;a(&quot;1&quot;)&amp;&#39;\u{fffd}\u{fffd}]]&gt;\n"
        );
    }
}
