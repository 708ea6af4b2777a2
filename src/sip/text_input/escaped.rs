//! Strings with escaped line ends: C, Go, Python and JSON, syslog, HTML, URLs and words for octets.

use crate::sip::{
    Method,
    uri::{self, hex},
};

/// How line ends are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Style {
    /// `\r\n`, `\x0d`, `\015`, `\u000d`, `\"`.
    Backslash,
    /// `#015#012`: octal, as syslog daemons write it.
    Syslog,
    /// `<CR><LF>`, `<0d><0a>`, `<0x0D>`.
    Words,
    /// `%0D%0A`.
    Percent,
}

/// The styles and what they have at line ends.
const STYLES: &[(Style, &[&str])] = &[
    (
        Style::Backslash,
        &[
            "\\r\\n",
            "\\n",
            "\\x0d\\x0a",
            "\\u000d\\u000a",
            "\\015\\012",
        ],
    ),
    (Style::Syslog, &["#015#012", "#012"]),
    (
        Style::Words,
        &["<CR><LF>", "<LF>", "<0d><0a>", "<0x0d><0x0a>"],
    ),
    (Style::Percent, &["%0D%0A"]),
];

/// Returns whether a text has a message in it whose first line end is escaped.
pub(super) fn is_escaped(text: &[u8]) -> bool {
    let starts = |line: &[u8]| {
        find_start(line)
            .and_then(|at| style(line.get(at..)?))
            .is_some()
    };
    style(text).is_some() && lines(text).any(starts)
}

/// Returns the style of which a text has most line ends.
fn style(text: &[u8]) -> Option<Style> {
    let text = text.to_ascii_lowercase();
    let count = |ends: &[&str]| -> usize {
        let found =
            |end: &&str| memchr::memmem::find_iter(&text, &end.to_ascii_lowercase()).count();
        ends.iter().map(found).max().unwrap_or_default()
    };
    STYLES
        .iter()
        .map(|(style, ends)| (count(ends), *style))
        .filter(|(count, _)| *count > 0)
        .max_by_key(|(count, _)| *count)
        .map(|(_, style)| style)
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|octet| *octet == b'\n' || *octet == b'\r')
}

/// Returns the messages in a text, or what is from their start lines on.
///
/// Each line of several that have a message is a string of its own; of one message the lines were broken by a terminal.
pub(super) fn decode(text: &[u8]) -> Vec<Vec<u8>> {
    let Some(style) = style(text) else {
        return vec![text.to_vec()];
    };
    let with_start = lines(text)
        .filter(|line| find_start(line).is_some())
        .count();
    if with_start > 1 {
        return lines(text)
            .filter_map(|line| decode_string(line, style))
            .collect();
    }
    let joined: Vec<u8> = lines(text).flatten().copied().collect();
    decode_string(&joined, style).into_iter().collect()
}

/// Decodes a string from its start line on, up to the quote that closes it, if one opened it.
fn decode_string(text: &[u8], style: Style) -> Option<Vec<u8>> {
    let start = find_start(text)?;
    let quote = start
        .checked_sub(1)
        .and_then(|before| text.get(before))
        .copied()
        .filter(|octet| matches!(octet, b'"' | b'\'' | b'`'));
    let text = text.get(start..)?;
    Some(match style {
        Style::Backslash => decode_backslashes(text, quote),
        Style::Syslog => decode_syslog(text),
        Style::Words => decode_words(text),
        Style::Percent => uri::unescape(
            &text
                .iter()
                .map(|octet| if *octet == b'+' { b' ' } else { *octet })
                .collect::<Vec<_>>(),
        )
        .collect(),
    })
}

/// Returns where a start line begins: a method or version with a space, also an escaped one, behind it.
fn find_start(text: &[u8]) -> Option<usize> {
    let is_word = |at: usize, len: usize| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        let behind = text.get(at.saturating_add(len)..).unwrap_or_default();
        !before.is_some_and(u8::is_ascii_alphanumeric)
            && (behind.starts_with(b" ") || behind.starts_with(b"%20") || behind.starts_with(b"+"))
    };
    let find = |name: &str, tail: &[u8]| {
        memchr::memmem::find_iter(text, name).find(|at| {
            let behind = text
                .get(at.saturating_add(name.len())..)
                .unwrap_or_default();
            is_word(*at, name.len())
                && (tail.is_empty()
                    || memchr::memmem::find(behind.get(..8192).unwrap_or(behind), tail).is_some())
        })
    };
    let requests = Method::ALL.iter().filter_map(|method| {
        // A method is in CSeq too: a URI must follow.
        find(method.name(), b"SIP/2.0").filter(|at| {
            let before = text.get(..*at).unwrap_or_default();
            !before.ends_with(b": ") || memchr::memmem::rfind(before, b"CSeq").is_none()
        })
    });
    requests.chain(find("SIP/2.0", b"")).min()
}

fn decode_backslashes(text: &[u8], quote: Option<u8>) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((octet, behind)) = rest.split_first() {
        if Some(*octet) == quote {
            break;
        }
        if *octet != b'\\' {
            decoded.push(*octet);
            rest = behind;
            continue;
        }
        rest = match behind {
            [b'n', behind @ ..] => push(&mut decoded, b'\n', behind),
            [b'r', behind @ ..] => push(&mut decoded, b'\r', behind),
            [b't', behind @ ..] => push(&mut decoded, b'\t', behind),
            [b'a', behind @ ..] => push(&mut decoded, 7, behind),
            [b'b', behind @ ..] => push(&mut decoded, 8, behind),
            [b'v', behind @ ..] => push(&mut decoded, 11, behind),
            [b'f', behind @ ..] => push(&mut decoded, 12, behind),
            [b'x', high, low, behind @ ..] if let_hex(*high, *low).is_some() => push(
                &mut decoded,
                let_hex(*high, *low).unwrap_or_default(),
                behind,
            ),
            [b'u', digits @ ..] => push_utf16(&mut decoded, digits),
            [
                a @ b'0'..=b'3',
                b @ b'0'..=b'7',
                c @ b'0'..=b'7',
                behind @ ..,
            ] => push(&mut decoded, octal(*a, *b, *c), behind),
            [b'0', behind @ ..] => push(&mut decoded, 0, behind),
            [octet, behind @ ..] => push(&mut decoded, *octet, behind),
            [] => &[],
        };
    }
    decoded
}

fn push<'a>(decoded: &mut Vec<u8>, octet: u8, behind: &'a [u8]) -> &'a [u8] {
    decoded.push(octet);
    behind
}

/// Adds the octet or character with the four digits that `text` begins with, and returns what is behind them.
fn push_utf16<'a>(decoded: &mut Vec<u8>, text: &'a [u8]) -> &'a [u8] {
    let unit = |digits: &[u8]| {
        digits.iter().try_fold(0_u16, |unit, digit| {
            Some(unit << 4 | u16::from(hex(*digit)?))
        })
    };
    let Some((digits, behind)) = text.split_at_checked(4) else {
        return text;
    };
    let Some(first) = unit(digits) else {
        return text;
    };
    // A character beyond 16 bits is two of them.
    let second = behind
        .strip_prefix(b"\\u")
        .and_then(|behind| behind.split_at_checked(4))
        .and_then(|(digits, behind)| Some((unit(digits)?, behind)));
    let mut buffer = [0; 4];
    let mut add = |units: &[u16]| match char::decode_utf16(units.iter().copied()).next() {
        Some(Ok(character)) => {
            decoded.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
            true
        }
        _ => false,
    };
    if add(&[first]) {
        return behind;
    }
    match second {
        Some((second, behind)) if add(&[first, second]) => behind,
        _ => behind,
    }
}

fn let_hex(high: u8, low: u8) -> Option<u8> {
    Some(hex(high)? << 4 | hex(low)?)
}

/// Returns the octet of three octal digits, of which the first is at most 3.
fn octal(a: u8, b: u8, c: u8) -> u8 {
    let digit = |octet: u8| octet.wrapping_sub(b'0') & 7;
    digit(a) << 6 | digit(b) << 3 | digit(c)
}

fn decode_syslog(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        rest = match rest {
            [
                b'#',
                a @ b'0'..=b'3',
                b @ b'0'..=b'7',
                c @ b'0'..=b'7',
                behind @ ..,
            ] => push(&mut decoded, octal(*a, *b, *c), behind),
            [octet, behind @ ..] => push(&mut decoded, *octet, behind),
            [] => return decoded,
        };
    }
}

fn decode_words(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((octet, behind)) = rest.split_first() {
        let end = rest.iter().take(6).position(|octet| *octet == b'>');
        let word = end
            .and_then(|end| rest.get(1..end))
            .filter(|_| *octet == b'<');
        let value = word.and_then(|word| match word.to_ascii_lowercase().as_slice() {
            b"cr" => Some(b'\r'),
            b"lf" => Some(b'\n'),
            [b'0', b'x', high, low] | [high, low] => let_hex(*high, *low),
            _ => None,
        });
        rest = match (value, end) {
            (Some(value), Some(end)) => push(
                &mut decoded,
                value,
                rest.get(end.saturating_add(1)..).unwrap_or_default(),
            ),
            _ => push(&mut decoded, *octet, behind),
        };
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved() {
        for (text, quote, expected) in [
            (r#"a\r\n\t\\\"b"#, None, &b"a\r\n\t\\\"b"[..]),
            (r"\x41\x4\101\0\q\/", None, b"Ax4A\0q/"),
            (
                r"\u00e9\ud83d\ude00\u12",
                None,
                "\u{e9}\u{1f600}12".as_bytes(),
            ),
            (r#"a\"b"c"#, Some(b'"'), b"a\"b"),
            ("a\\", None, b"a"),
        ] {
            assert_eq!(
                decode_backslashes(text.as_bytes(), quote),
                expected,
                "{text}"
            );
        }
        assert_eq!(decode_syslog(b"a#015#012b#9#01"), b"a\r\nb#9#01");
        assert_eq!(
            decode_words(b"a<CR><LF><sip:b><0d><0x0A><"),
            b"a\r\n<sip:b>\r\n<"
        );
    }

    #[test]
    fn start_lines_are_found_in_strings() {
        for (text, expected) in [
            (&b"msg=\"INVITE sip:a SIP/2.0\\r\\n"[..], Some(5)),
            (b"x SIP/2.0 200 OK\\r\\nCSeq: 1 INVITE\\r\\n", Some(2)),
            (b"REINVITE sip:a SIP/2.0", None),
            (b"nothing", None),
        ] {
            assert_eq!(find_start(text), expected, "{}", text.escape_ascii());
        }
    }
}
