//! Dumps by ngrep, which prints a dot for each octet that cannot be printed, and dumps in hexadecimal.

use super::source::{self, Source};
use crate::sip::{line::is_token, uri::hex};

/// Returns whether a text is a dump by ngrep, with or without `-W byline`.
pub(super) fn is_dump(text: &[u8]) -> bool {
    is_byline(text) || is_single_line(text)
}

/// Returns whether the lines of messages each end in the dot of their CR.
fn is_byline(text: &[u8]) -> bool {
    let (mut with, mut without) = (0_usize, 0_usize);
    for line in lines(text) {
        if is_header(line) || memchr::memmem::find(line, b"SIP/2.0").is_some() {
            if line.ends_with(b".") {
                with = with.saturating_add(1);
            } else {
                without = without.saturating_add(1);
            }
        }
    }
    with > 1 && with > without.saturating_mul(4)
}

/// Returns whether lines of messages are joined by the dots of CR LF.
fn is_single_line(text: &[u8]) -> bool {
    let joined = memchr::memmem::find_iter(text, b"..")
        .filter(|at| text.get(at.saturating_add(2)..).is_some_and(is_header))
        .count();
    joined >= 3
}

/// Undoes what ngrep has done, as far as that can be done.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    if is_byline(text) || !is_single_line(text) {
        let stripped: Vec<_> = lines(text)
            .map(|line| line.strip_suffix(b".").unwrap_or(line))
            .collect();
        return stripped.join(&b'\n');
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut joined = Vec::new();
    for line in lines(text) {
        if source::recognise(line).is_some() || line.iter().all(|octet| *octet == b'#') {
            restore_lines(&std::mem::take(&mut joined), &mut decoded);
            decoded.extend_from_slice(line);
            decoded.push(b'\n');
        } else {
            // The terminal broke the line; ngrep indents each by two spaces.
            joined.extend_from_slice(line.strip_prefix(b"  ").unwrap_or(line));
        }
    }
    restore_lines(&joined, &mut decoded);
    decoded
}

/// Replaces pairs of dots by line ends where a header, an empty line or a line of SDP follows, or nothing.
fn restore_lines(text: &[u8], decoded: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(octet) = rest.first() {
        let dots = rest.iter().take_while(|octet| **octet == b'.').count();
        let (run, behind) = rest.split_at_checked(dots).unwrap_or_default();
        let ends = dots / 2;
        let is_end = ends > 1
            || ends == 1
                && (behind.is_empty()
                    || is_header(behind)
                    || matches!(behind, [b'a'..=b'z', b'=', ..]));
        if is_end {
            // Of an odd number of dots the first ends a value.
            decoded.extend(run.iter().take(dots % 2));
            decoded.extend(std::iter::repeat_n(b'\n', ends));
            rest = behind;
        } else if dots > 0 {
            decoded.extend_from_slice(run);
            rest = behind;
        } else {
            decoded.push(*octet);
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    if !text.is_empty() {
        decoded.push(b'\n');
    }
}

/// Returns whether a text begins with the name of a header and a colon.
fn is_header(text: &[u8]) -> bool {
    let name = text
        .iter()
        .take_while(|octet| is_token(**octet) && **octet != b'.')
        .count();
    name > 0 && text.get(name) == Some(&b':') && text.first().is_some_and(u8::is_ascii_alphabetic)
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|octet| *octet == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Returns whether half of the lines of a text or more are octets in hexadecimal.
pub(super) fn is_hex(text: &[u8]) -> bool {
    let full = lines(text).filter(|line| !line.trim_ascii().is_empty());
    let rows = lines(text)
        .filter(|line| !read_row(line).is_empty())
        .count();
    rows > 1 && rows.saturating_mul(2) >= full.count()
}

/// Returns the octets of each dump in a text, and what stands above it.
pub(super) fn decode_hex(text: &[u8]) -> Vec<(Source, Vec<u8>)> {
    let mut found: Vec<(Source, Vec<u8>)> = Vec::new();
    let mut above = Source::default();
    let mut is_open = false;
    for line in lines(text) {
        let octets = read_row(line);
        if octets.is_empty() {
            is_open = false;
            if let Some(source) = source::recognise(line) {
                above.merge(&source);
            }
        } else if let Some((_, dump)) = found.last_mut().filter(|_| is_open) {
            dump.extend(octets);
        } else {
            found.push((std::mem::take(&mut above), octets));
            is_open = true;
        }
    }
    found
}

/// Reads a row of a dump: an offset or none, up to 16 octets, the same as text or nothing.
fn read_row(line: &[u8]) -> Vec<u8> {
    let (first, behind) = split_word(line);
    let rest = match is_offset(first) {
        true => behind,
        false if line.starts_with(b"  ") => line,
        false => return Vec::new(),
    };
    let mut octets = Vec::with_capacity(16);
    // In a short row the text may look like octets: the row ends before the last text that says the same.
    let mut len = None;
    let mut rest = rest;
    while octets.len() < 16 {
        let (word, behind) = split_word(rest);
        // tcpdump writes pairs of octets without a space.
        let pair: Option<Vec<u8>> = word.chunks(2).map(hex_octet).collect();
        match pair {
            Some(pair) if (1..=2).contains(&pair.len()) => octets.extend(pair),
            _ => break,
        }
        rest = behind;
        if is_text_of(rest, &octets) {
            len = Some(octets.len());
        }
    }
    octets.truncate(len.unwrap_or(16).min(16));
    octets
}

fn split_word(line: &[u8]) -> (&[u8], &[u8]) {
    let text = line.trim_ascii_start();
    let len = text.iter().position(u8::is_ascii_whitespace);
    text.split_at_checked(len.unwrap_or(text.len()))
        .unwrap_or_default()
}

/// Returns whether a word is the offset of a row, `0010` or `0x0010:`.
fn is_offset(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"0x").unwrap_or(word);
    let digits = digits.strip_suffix(b":").unwrap_or(digits);
    (3..=8).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit)
}

/// Returns whether a text is what dumps print for octets, with white space before it; SP is printed as it is or as a dot.
fn is_text_of(text: &[u8], octets: &[u8]) -> bool {
    let before = text.len().checked_sub(octets.len());
    let Some((space, text)) = before.and_then(|before| text.split_at_checked(before)) else {
        return false;
    };
    let says = |(shown, octet): (&u8, &u8)| match octet {
        b' ' => matches!(shown, b' ' | b'.'),
        b'!'..=b'~' => shown == octet,
        _ => *shown == b'.',
    };
    !space.is_empty() && space.trim_ascii().is_empty() && text.iter().zip(octets).all(says)
}

fn hex_octet(digits: &[u8]) -> Option<u8> {
    match digits {
        [high, low] => Some(hex(*high)? << 4 | hex(*low)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dots_that_end_lines_are_replaced() {
        for (text, expected) in [
            (
                "SIP/2.0 200 OK..Via: a..b..To: c....",
                "SIP/2.0 200 OK\nVia: a..b\nTo: c\n\n\n",
            ),
            ("To: c...Via: d.....", "To: c.\nVia: d.\n\n\n"),
            ("c: x....v=0..s=-..", "c: x\n\nv=0\ns=-\n\n"),
        ] {
            let mut decoded = Vec::new();
            restore_lines(text.as_bytes(), &mut decoded);
            assert_eq!(String::from_utf8(decoded).unwrap(), expected);
        }
    }

    #[test]
    fn rows_of_octets_are_read() {
        for (line, expected) in [
            (
                "  49 4e 56 49 54 45 20 73  69 70 3a 61 40 62 20 53    INVITE sip:a@b S",
                &b"INVITE sip:a@b S"[..],
            ),
            ("0000  49 4e 0d 0a   IN..", b"IN\r\n"),
            ("0010   61 62 20   ab ", b"ab "),
            ("\t0x0000:  4500 0034 6162            E..4ab", b"E\0\x004ab"),
            ("0000  49 4e", b"IN"),
            ("0000  65 4e 6e", b"eNn"),
            ("0000  0a 0d 61   ..a", b"\n\ra"),
            ("0000  ab   61 62", b"\xabab"),
            ("0000  61 62   ab", b"ab"),
            ("INVITE sip:a SIP/2.0", b""),
            ("49 4e", b""),
            ("", b""),
        ] {
            assert_eq!(read_row(line.as_bytes()), expected, "{line}");
        }
    }
}
