//! Ladders as pages that stand alone: the picture, and the messages beside it. Nothing is loaded from elsewhere, which the
//! page also forbids itself.

mod index;

use std::io::{self, Write};

use serde::Serialize;

pub use self::index::{IndexEntry, write_index};
use crate::ladder::{
    Kind, Ladder, Scene, labels,
    svg::{self, Theme},
};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the script knows of a message.
#[derive(Serialize)]
struct Message<'a> {
    /// Its number, from 1 on.
    n: usize,
    label: String,
    /// What messages have in common that are alike.
    kind: String,
    source: &'a str,
    text: &'a str,
}

/// Writes a page with a ladder and its pictures.
///
/// # Errors
/// When it cannot be written.
pub fn write_html(
    ladder: &Ladder,
    pictures: &[Scene],
    theme: Theme,
    output: &mut impl Write,
) -> io::Result<()> {
    write_head(&ladder.title, STYLE, theme, output)?;
    output.write_all(HEADER.as_bytes())?;
    output.write_all(b"<main id=\"ladder\">\n")?;
    for picture in pictures {
        output.write_all(svg::svg(picture, theme).as_bytes())?;
    }
    output.write_all(b"</main>\n")?;
    output.write_all(MESSAGE.as_bytes())?;
    let messages = in_script(&messages(ladder))?;
    write!(
        output,
        "<script type=\"application/json\" id=\"messages\">{messages}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

/// Writes what a page begins with, up to its body.
fn write_head(title: &str, style: &str, theme: Theme, output: &mut impl Write) -> io::Result<()> {
    let mut escaped = String::new();
    svg::escape(title, &mut escaped);
    let shade = match theme {
        Theme::Auto => "",
        Theme::Light => " data-theme=\"light\"",
        Theme::Dark => " data-theme=\"dark\"",
    };
    write!(
        output,
        "<!DOCTYPE html>\n<html lang=\"en\"{shade}>\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{escaped}</title>\n\
         <style>\n{style}</style>\n</head>\n<body>\n"
    )
}

const HEADER: &str = "<header>\n<label for=\"search\">Search</label>\n<input id=\"search\" type=\"search\" autocomplete=\"off\" \
    placeholder=\"text in messages\">\n<p id=\"found\" role=\"status\"></p>\n\
    <p class=\"keys\"><kbd>\u{2191}</kbd> <kbd>\u{2193}</kbd> messages  <kbd>/</kbd> search  <kbd>Enter</kbd> next found</p>\n\
    </header>\n";

const MESSAGE: &str = "<aside id=\"message\" aria-live=\"polite\">\n<h2 id=\"title\"></h2>\n<p id=\"source\"></p>\n\
    <label for=\"against\">Compared with</label>\n<select id=\"against\">\n<option value=\"previous\">the message before</option>\n\
    <option value=\"like\">the last one like it</option>\n<option value=\"none\">nothing</option>\n</select>\n\
    <div id=\"text\"></div>\n</aside>\n";

fn messages(ladder: &Ladder) -> Vec<Message<'_>> {
    let arrows = ladder.arrows.iter().enumerate();
    arrows
        .map(|(index, arrow)| Message {
            n: index + 1,
            label: labels::label(arrow, &[]),
            kind: match arrow.kind {
                Kind::Request => arrow.method.clone(),
                Kind::Response(code) => format!("{} {}", code / 100, arrow.method),
            },
            source: &arrow.source,
            text: &arrow.text,
        })
        .collect()
}

/// Returns values as JSON that can stand in a script element: nothing in it ends the element or begins a comment.
fn in_script(messages: &[Message<'_>]) -> io::Result<String> {
    let json = serde_json::to_string(messages)?;
    let mut safe = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => safe.push(c),
        }
    }
    Ok(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_do_not_end_the_script() {
        let message = Message {
            n: 1,
            label: "</script><!--".to_owned(),
            kind: String::new(),
            source: "",
            text: "a&b\u{2028}",
        };
        let json = in_script(&[message]).unwrap();
        assert!(!json.contains(['<', '>', '&', '\u{2028}']), "{json}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value[0]["label"], "</script><!--");
        assert_eq!(value[0]["text"], "a&b\u{2028}");
    }
}
