//! Text out of RFCs: page breaks, and the notation for long lines and odd octets (RFC 4475 §2).

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::sip::{start_line, uri::hex};

static PAGE_BREAK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?:\S.* \[Page \d+\]|RFC \d+ .* \d{4}|\x0c+)\s*$").ok());

static REPEAT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"<repeat count=(\d{1,5})>([^<]*)</repeat>").ok());

static HEX: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"<hex>([0-9A-Fa-f]*)</hex>").ok());

/// Returns whether a text is out of an RFC: has page breaks, the notation, or messages indented by three or more.
pub(super) fn is_rfc(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"<allOneLine>").is_some()
        || lines(text).any(|line| {
            let start = line.trim_ascii_start();
            let indentation = line.len().saturating_sub(start.len());
            is_page_break(line) || indentation >= 3 && start_line::split(start).is_some()
        })
}

fn is_page_break(line: &[u8]) -> bool {
    PAGE_BREAK
        .as_ref()
        .is_some_and(|pattern| pattern.is_match(line))
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|octet| *octet == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Takes out page breaks and resolves the notation; indentation is left.
pub(super) fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded: Vec<Vec<u8>> = Vec::new();
    let mut after_break = false;
    let mut long_line: Option<Vec<u8>> = None;
    for line in lines(text) {
        let line = line.strip_prefix(b"\x0c").unwrap_or(line);
        let word = line.trim_ascii();
        if is_page_break(line) {
            while decoded
                .last()
                .is_some_and(|line| line.trim_ascii().is_empty())
            {
                decoded.pop();
            }
            after_break = true;
        } else if after_break && word.is_empty() {
        } else if word == b"<allOneLine>" {
            long_line = Some(Vec::new());
        } else if word == b"</allOneLine>" {
            decoded.extend(long_line.take().map(|line| resolve(&line)));
        } else if let Some(long) = &mut long_line {
            // The first line keeps its indentation, which is that of the message.
            let part = if long.is_empty() {
                line
            } else {
                line.trim_ascii_start()
            };
            long.extend_from_slice(part);
        } else {
            after_break = false;
            decoded.push(resolve(line));
        }
    }
    decoded.extend(long_line);
    decoded.join(&b'\n')
}

/// The most octets that a repetition may grow to.
const MAX_REPEAT: usize = 4096;

fn resolve(line: &[u8]) -> Vec<u8> {
    if memchr::memmem::find(line, b"</").is_none() {
        return line.to_vec();
    }
    let mut resolved = line.to_vec();
    if let Some(repeat) = &*REPEAT {
        resolved = repeat
            .replace_all(&resolved, |found: &regex::bytes::Captures<'_>| {
                let group = |index| found.get(index).map_or(&[][..], |group| group.as_bytes());
                let count = crate::sip::cseq::saturating_number(group(1)).unwrap_or_default();
                let count = usize::try_from(count).unwrap_or_default();
                let unit = group(2);
                unit.iter()
                    .copied()
                    .cycle()
                    .take(count.saturating_mul(unit.len()).min(MAX_REPEAT))
                    .collect::<Vec<u8>>()
            })
            .into_owned();
    }
    if let Some(pattern) = &*HEX {
        resolved = pattern
            .replace_all(&resolved, |found: &regex::bytes::Captures<'_>| {
                let digits = found.get(1).map_or(&[][..], |group| group.as_bytes());
                digits
                    .chunks(2)
                    .filter_map(|pair| match pair {
                        [high, low] => Some(hex(*high)? << 4 | hex(*low)?),
                        _ => None,
                    })
                    .collect::<Vec<u8>>()
            })
            .into_owned();
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notation_is_resolved() {
        assert!(PAGE_BREAK.is_some() && REPEAT.is_some() && HEX.is_some());
        for (text, expected) in [
            (
                "   <allOneLine>\n   To: a\n     b\n   c\n   </allOneLine>\n   d\n",
                "   To: abc\n   d\n",
            ),
            ("x<repeat count=3>%2</repeat>y", "x%2%2%2y"),
            ("a<hex>4142</hex>", "aAB"),
            (
                "a\n\n\nRosenberg, et al.   Standards Track     [Page 213]\n\x0c\nRFC 3261      SIP      June 2002\n\n\nb",
                "a\nb",
            ),
            ("a\n\nb", "a\n\nb"),
        ] {
            let decoded = String::from_utf8(decode(text.as_bytes())).unwrap();
            assert_eq!(decoded, expected);
        }
    }
}
