//! Values that are lists: separated by commas outside of quotes, angle brackets and comments (RFC 3261 §7.3.1).

use memchr::memchr;

use super::line::{find, split_around, trim};

/// Returns the values of a list, trimmed, without empty ones.
#[must_use]
pub fn values(list: &[u8]) -> Values<'_> {
    Values { rest: list }
}

/// The values of a list, in its order.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let (value, rest) = split_at(self.rest, b',').unwrap_or((self.rest, &[]));
            self.rest = rest;
            let value = trim(value);
            if !value.is_empty() {
                return Some(value);
            }
        }
        None
    }
}

/// Returns what is before and behind the first `separator` that is not within quotes, angle brackets or a comment.
///
/// What is opened but never closed opens nothing, so that it cannot hide the rest (RFC 4475 §3.1.2.6).
pub(super) fn split_at(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let parts = split_around(text, find([separator], text)?)?;
    match find(*b"\"<(", parts.0) {
        None => Some(parts),
        Some(_) => split_outside(text, separator),
    }
}

/// The long way of [`split_at`], for text that has quotes, brackets or comments before the separator.
fn split_outside(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let mut rest = text;
    // Openers that turned out to be unclosed are not tried again: that would take quadratic time.
    let (mut quotes, mut angles, mut comments) = (true, true, true);
    while let [octet, behind @ ..] = rest {
        let (enabled, closed) = match octet {
            b'"' if quotes => (&mut quotes, behind_quoted(rest)),
            b'<' if angles => (&mut angles, behind_angle(rest)),
            b'(' if comments => (&mut comments, behind_comment(rest)),
            octet if *octet == separator => {
                return split_around(text, text.len().saturating_sub(rest.len()));
            }
            _ => {
                rest = behind;
                continue;
            }
        };
        *enabled = closed.is_some();
        rest = closed.unwrap_or(behind);
    }
    None
}

/// Returns what is behind the quoted string that `text` begins with; `None` when it does not end.
pub(super) fn behind_quoted(text: &[u8]) -> Option<&[u8]> {
    let (b'"', mut rest) = text.split_first()? else {
        return None;
    };
    loop {
        let (_, tail) = rest.split_at_checked(find([b'"', b'\\'], rest)?)?;
        rest = match tail {
            [b'"', behind @ ..] => return Some(behind),
            [_, _, behind @ ..] => behind,
            _ => return None,
        };
    }
}

fn behind_angle(text: &[u8]) -> Option<&[u8]> {
    Some(split_around(text, memchr(b'>', text)?)?.1)
}

/// Returns what is behind the comment that `text` begins with; comments nest (RFC 3261 §25.1).
fn behind_comment(text: &[u8]) -> Option<&[u8]> {
    let mut depth = 0_usize;
    let mut rest = text;
    loop {
        rest = match rest {
            [b'(', behind @ ..] => {
                depth = depth.saturating_add(1);
                behind
            }
            [b')', behind @ ..] => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(behind);
                }
                behind
            }
            [b'\\', _, behind @ ..] | [_, behind @ ..] => behind,
            [] => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_at_their_own_commas() {
        for (list, expected) in [
            (&b"a, b ,c"[..], &[&b"a"[..], b"b", b"c"][..]),
            (
                b"\"a,b\" <sip:a>, <sip:c,d@e>",
                &[b"\"a,b\" <sip:a>", b"<sip:c,d@e>"],
            ),
            (b"\"a\\\",b\" <sip:a>,c", &[b"\"a\\\",b\" <sip:a>", b"c"]),
            (
                b"SIP/2.0/UDP a (x,(y,)\\),z), b",
                &[b"SIP/2.0/UDP a (x,(y,)\\),z)", b"b"],
            ),
            (b"a,,b,", &[b"a", b"b"]),
            (b"\"a, b", &[b"\"a", b"b"]),
            (b"<a, b", &[b"<a", b"b"]),
            (b"(a, b", &[b"(a", b"b"]),
            (b"a,\r\n b", &[b"a", b"b"]),
            (b" , ", &[]),
            (b"", &[]),
        ] {
            let found: Vec<_> = values(list).collect();
            assert_eq!(found, expected, "{}", list.escape_ascii());
        }
    }
}
