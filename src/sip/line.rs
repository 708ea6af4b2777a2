//! Lines as they come: ended by CR LF, LF, CR CR LF or, rarely, CR; folded or not.

use super::Flaws;

/// Returns where the first of the `octets` is.
///
/// Lines are short and many: this, inlined, takes half the instructions of a call of memchr for each.
#[inline(always)]
pub(super) fn find<const N: usize>(octets: [u8; N], text: &[u8]) -> Option<usize> {
    let is_wanted = |octet: &u8| octets.iter().fold(false, |any, one| any | (octet == one));
    let (chunks, tail) = text.as_chunks::<16>();
    let mut at = 0_usize;
    for chunk in chunks {
        // Without a branch for each octet it is one comparison of all 16.
        if chunk
            .iter()
            .fold(false, |any, octet| any | is_wanted(octet))
        {
            return Some(at.wrapping_add(find_in_chunk(octets, chunk)));
        }
        at = at.wrapping_add(16);
    }
    if tail.is_empty() {
        return None;
    }
    // The last 16 once more: of those that are in a chunk, none is wanted.
    match text.last_chunk() {
        Some(last) if last.iter().fold(false, |any, octet| any | is_wanted(octet)) => {
            let start = text.len().wrapping_sub(16);
            Some(start.wrapping_add(find_in_chunk(octets, last)))
        }
        Some(_) => None,
        None => tail.iter().position(is_wanted),
    }
}

/// Returns where the first of the `octets` is in a chunk that has one of them.
#[inline(always)]
fn find_in_chunk<const N: usize>(octets: [u8; N], chunk: &[u8; 16]) -> usize {
    const LOW: u64 = u64::MAX / 255;
    // The highest bit of each octet that is wanted; bits behind the first one may be wrong.
    let marks = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        octets.iter().fold(0, |marks, octet| {
            let differs = word ^ LOW.wrapping_mul(u64::from(*octet));
            marks | (differs.wrapping_sub(LOW) & !differs & LOW << 7)
        })
    };
    let mut at = 0_usize;
    for word in chunk.as_chunks().0 {
        let marks = marks(word);
        if marks != 0 {
            return at.wrapping_add((marks.trailing_zeros() / 8) as usize);
        }
        at = at.wrapping_add(8);
    }
    at
}

/// The octet that ends lines. The first header's line end decides for all headers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LineEnd {
    /// LF, with any number of CRs before it.
    Lf,
    /// CR alone.
    Cr,
}

impl LineEnd {
    /// Returns how the first line of `text` ends; LF if it does not end.
    #[inline]
    pub(super) fn of(text: &[u8]) -> Self {
        // Nearly always a CR LF is found soon; whether an LF alone comes before it makes no difference then.
        let soon = text.get(..256).unwrap_or(text);
        let tail = find([b'\r'], soon).and_then(|at| text.get(at..));
        if matches!(tail, Some([b'\r', b'\n', ..])) {
            return Self::Lf;
        }
        let tail = find([b'\r', b'\n'], text).and_then(|end| text.get(end..));
        match tail.unwrap_or_default() {
            [b'\n', ..] | [] | [b'\r'] | [b'\r', b'\n', ..] | [b'\r', b'\r', b'\n', ..] => Self::Lf,
            _ => Self::Cr,
        }
    }

    const fn octet(self) -> u8 {
        match self {
            Self::Lf => b'\n',
            Self::Cr => b'\r',
        }
    }

    /// Splits `text` behind its first line; the line comes without the LF (or CR) that ends it, but with a CR before.
    ///
    /// `None` when no line ends in it.
    #[inline]
    pub(super) fn split(self, text: &[u8]) -> Option<(&[u8], &[u8])> {
        split_around(text, find([self.octet()], text)?)
    }

    /// Returns what is behind the empty line that `text` begins with, if it does.
    #[inline]
    pub(super) fn skip_blank(self, mut text: &[u8]) -> Option<&[u8]> {
        if self == Self::Lf {
            while let [b'\r', rest @ ..] = text {
                text = rest;
            }
        }
        match text {
            [octet, rest @ ..] if *octet == self.octet() => Some(rest),
            _ => None,
        }
    }

    /// Splits off a header field: a line with the lines that continue it (RFC 3261 §7.3.1).
    ///
    /// The field comes with its inner line ends, like the line of [`split`](Self::split); `text` must not begin
    /// with the empty line, which nothing continues. `None` when the last line of it does not end in `text`.
    #[inline]
    pub(super) fn split_field(self, text: &[u8]) -> Option<(&[u8], &[u8])> {
        let (mut field, mut rest) = self.split(text)?;
        while let [b' ' | b'\t', ..] = rest {
            let (_, behind) = self.split(rest)?;
            let len = text.len().saturating_sub(behind.len()).saturating_sub(1);
            field = text.get(..len)?;
            rest = behind;
        }
        Some((field, rest))
    }
}

/// Splits off the start line; `None` when it does not end. It comes without its line end, which is told as a flaw when
/// it is not CR LF.
pub(super) fn split_start_line(text: &[u8]) -> Option<(&[u8], &[u8], Flaws)> {
    split_start_line_at(text, find([b'\r', b'\n'], text)?)
}

/// Like [`split_start_line`], when it is known how long the line is.
#[inline]
pub(super) fn split_start_line_at(text: &[u8], len: usize) -> Option<(&[u8], &[u8], Flaws)> {
    let (line, tail) = text.split_at_checked(len)?;
    let behind = match LineEnd::Lf.skip_blank(tail) {
        Some(behind) if tail.starts_with(b"\n") => (behind, Flaws::LF_ONLY),
        Some(behind) => (behind, Flaws::NONE),
        None => (tail.get(1..)?, Flaws::CR_ONLY),
    };
    Some((line, behind.0, behind.1))
}

/// Returns what is before and behind the octet at `at`.
#[inline]
pub(super) fn split_around(text: &[u8], at: usize) -> Option<(&[u8], &[u8])> {
    let (before, tail) = text.split_at_checked(at)?;
    let (_, behind) = tail.split_first()?;
    Some((before, behind))
}

/// Returns whether an octet is white space within a header: SP, HTAB, or part of a fold.
pub(super) const fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}

/// Returns `text` without white space at its ends.
#[inline]
pub(super) fn trim(text: &[u8]) -> &[u8] {
    trim_end(trim_start(text))
}

/// Returns the value of a field, given with the CR that may end it, without white space at its ends.
#[inline]
pub(super) fn trim_value(text: &[u8]) -> &[u8] {
    // How nearly all are written.
    if let [b' ', value @ .., b'\r'] = text
        && let ([first, ..], [.., last]) = (value, value)
        && *first > b' '
        && *last > b' '
    {
        return value;
    }
    trim(text)
}

/// Returns `text` without white space at its start.
pub(super) fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [octet, rest @ ..] = text
        && is_space(*octet)
    {
        text = rest;
    }
    text
}

/// Returns `text` without white space at its end.
pub(super) fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., octet] = text
        && is_space(*octet)
    {
        text = rest;
    }
    text
}

/// Returns a line without the CRs of its end.
pub(super) fn trim_line_end(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b'\r'] = line {
        line = rest;
    }
    line
}

/// Returns whether an octet may stand in a token (RFC 3261 §25.1).
#[expect(clippy::indexing_slicing, reason = "an octet is always below 256")]
pub(super) const fn is_token(octet: u8) -> bool {
    TOKEN[octet as usize]
}

const TOKEN: [bool; 256] = token_table();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated at compile time only"
)]
const fn token_table() -> [bool; 256] {
    let mut table = [false; 256];
    let mut octet: u8 = 0;
    while octet < 128 {
        let is_mark = matches!(
            octet,
            b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~'
        );
        table[octet as usize] = octet.is_ascii_alphanumeric() || is_mark;
        octet += 1;
    }
    table
}

/// Splits off the token that `text` begins with, which may be empty.
pub(super) fn split_token(text: &[u8]) -> (&[u8], &[u8]) {
    let len = text
        .iter()
        .position(|octet| !is_token(*octet))
        .unwrap_or(text.len());
    text.split_at_checked(len).unwrap_or_default()
}

/// Returns the offset just behind the empty line that ends the headers, looking at the lines from `from` on.
///
/// Lines end with CR LF, LF, CR CR LF or any mix of them, or with CR alone. A line of only SP and HTAB continues the
/// one before it and does not end the headers (RFC 3261 §7.3.1). `from` lies within the start line or a header; to
/// resume a search when more octets have come, let it be four octets before those that are new.
#[must_use]
pub fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut rest = bytes.get(from..)?;
    let line_end = LineEnd::of(rest);
    loop {
        (_, rest) = line_end.split(rest)?;
        if let Some(body) = line_end.skip_blank(rest) {
            return bytes.len().checked_sub(body.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_end_behind_their_empty_line() {
        for (text, expected) in [
            (&b"A: b\r\n\r\nbody"[..], Some(8)),
            (b"A: b\n\nbody", Some(6)),
            (b"A: b\r\n\nbody", Some(7)),
            (b"A: b\n\r\nbody", Some(7)),
            (b"A: b\r\r\n\r\r\nbody", Some(10)),
            (b"A: b\r\rbody", Some(6)),
            (b"A: b\r\n \t\r\n\r\n", Some(12)),
            (b"A: b\r\n \t\r\nC: d\r\n", None),
            (b"A: b\r\n\r", None),
            (b"A: b\r\n", None),
            (b"", None),
        ] {
            assert_eq!(head_end(text, 0), expected, "{}", text.escape_ascii());
        }
        assert_eq!(head_end(b"A: b\r\n\r\n", 3), Some(8));
        assert_eq!(head_end(b"A: b\r\n\r\n", 99), None);
    }

    #[test]
    fn octets_are_found_wherever_they_are() {
        for len in 0..50 {
            let none = vec![b'\x0b'; len];
            assert_eq!(find([b'\n', b'\r'], &none), None);
            for first in 0..len {
                for second in first..len {
                    let mut text = none.clone();
                    (text[second], text[first]) = (b'\n', b'\r');
                    assert_eq!(find([b'\n', b'\r'], &text), Some(first));
                    let expected = if first == second { None } else { Some(second) };
                    assert_eq!(find([b'\n'], &text), expected, "{first} {second} {len}");
                }
            }
        }
    }

    #[test]
    fn the_first_line_end_decides() {
        for (text, expected) in [
            (&b"a\r\nb"[..], LineEnd::Lf),
            (b"a\nb\rc", LineEnd::Lf),
            (b"a\r\r\nb", LineEnd::Lf),
            (b"a\rb\n", LineEnd::Cr),
            (b"a\r\rb\n", LineEnd::Cr),
            (b"a\r", LineEnd::Lf),
            (b"a", LineEnd::Lf),
        ] {
            assert_eq!(LineEnd::of(text), expected, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn fields_take_their_folds_along() {
        for (text, field, rest) in [
            (
                &b"A: b\r\n c\r\nD: e\r\n"[..],
                &b"A: b\r\n c\r"[..],
                &b"D: e\r\n"[..],
            ),
            (b"A: b\n\tc\n  d\n\n", b"A: b\n\tc\n  d", b"\n"),
            (b"A: b\r\n \r\n\r\n", b"A: b\r\n \r", b"\r\n"),
            (b"A: b\r\n", b"A: b\r", b""),
        ] {
            assert_eq!(LineEnd::Lf.split_field(text), Some((field, rest)));
        }
        assert_eq!(LineEnd::Lf.split_field(b"A: b"), None);
        assert_eq!(LineEnd::Lf.split_field(b"A: b\n c"), None);
    }
}
