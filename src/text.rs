//! Wire octets as text that can do no harm.

use std::borrow::Cow;

/// Returns `bytes` as UTF-8; octets that are none become `\xNN`.
#[must_use]
pub fn escape(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(escape_invalid(bytes)),
    }
}

fn escape_invalid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for octet in chunk.invalid() {
            text.push_str(&format!("\\x{octet:02x}"));
        }
    }
    text
}

/// Returns `text` with everything made visible that would steer a terminal or deceive a reader: control characters,
/// bidirectional controls and characters without a width become `\xNN` or `\u{…}`. Line feeds and tabs stay.
#[must_use]
pub fn sanitize(text: &str) -> Cow<'_, str> {
    replace(text, |c| !matches!(c, '\n' | '\t') && is_harmful(c))
}

/// Returns `text` as [`sanitize`] does, with line feeds and tabs made visible too: fit for a cell of a table.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    replace(text, is_harmful)
}

fn replace(text: &str, is_harmful: impl Fn(char) -> bool) -> Cow<'_, str> {
    // Nearly all texts are like that; without an early end many octets are looked at together.
    let is_plain = text
        .bytes()
        .fold(true, |so_far, octet| so_far & matches!(octet, b' '..=b'~'));
    if is_plain || !text.chars().any(&is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !is_harmful(c) => safe.push(c),
            c if c.is_ascii() => safe.push_str(&format!("\\x{:02x}", c as u32)),
            c => safe.push_str(&format!("\\u{{{:x}}}", c as u32)),
        }
    }
    Cow::Owned(safe)
}

const fn is_harmful(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Returns how many columns of a terminal a character takes (Unicode Standard Annex 11, roughly).
#[must_use]
pub const fn columns(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{fe20}'..='\u{fe2f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{303e}'
        | '\u{3041}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// Returns how many columns of a terminal a text takes: characters of East Asia take two, and combining ones none.
#[must_use]
pub fn width(text: &str) -> usize {
    // Nearly all texts are, and then there is nothing to look up.
    if text.is_ascii() {
        return text.len();
    }
    text.chars().map(columns).sum()
}

/// Cuts a text to so many columns of a terminal and shows that it was cut.
pub fn cut(text: &mut String, room: usize) {
    if width(text) <= room {
        return;
    }
    let mut end = 0;
    let mut taken = 1;
    for (start, c) in text.char_indices() {
        taken += columns(c);
        if taken > room {
            break;
        }
        end = start + c.len_utf8();
    }
    text.truncate(end);
    if room > 0 {
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_to_columns() {
        for (text, columns, expected) in [
            ("alice", 5, "alice"),
            ("alice", 4, "ali…"),
            ("alice", 1, "…"),
            ("alice", 0, ""),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("e\u{301}e\u{301}e\u{301}", 3, "e\u{301}e\u{301}e\u{301}"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
        ] {
            let mut short = text.to_owned();
            cut(&mut short, columns);
            assert_eq!(short, expected, "{text} {columns}");
        }
    }

    #[test]
    fn octets_that_are_no_utf8_are_escaped() {
        for (bytes, text) in [
            (&b"J\xfcrgen"[..], "J\\xfcrgen"),
            ("Jürgen".as_bytes(), "Jürgen"),
            (b"\xff", "\\xff"),
            (b"", ""),
        ] {
            assert_eq!(escape(bytes), text);
        }
    }

    #[test]
    fn nothing_steers_a_terminal() {
        for (text, safe) in [
            ("\u{1b}[31mred", "\\x1b[31mred"),
            ("a\nb\tc", "a\nb\tc"),
            ("\u{202e}evil", "\\u{202e}evil"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("Jürgen 日本", "Jürgen 日本"),
        ] {
            assert_eq!(sanitize(text), safe);
        }
        assert_eq!(printable("a\r\nb"), "a\\x0d\\x0ab");
    }
}
