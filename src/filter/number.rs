//! Telephone numbers as people write them.

use std::str::FromStr;

use crate::sip::{Head, HeaderName, StartLine, address::NameAddr, uri::Uri};

/// A telephone number to look for: its last digits decide, so that `030 123`, `+4930123` and `004930123` are found
/// by `30123`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Number(String);

impl Number {
    /// Returns whether it is the number of either party: the user part of the Request-URI, From, To or
    /// P-Asserted-Identity (RFC 3325).
    #[must_use]
    pub fn is_party_of(&self, head: &Head, bytes: &[u8]) -> bool {
        // In a header, parameters behind a URI without angle brackets are not its own (RFC 3261 §20.10).
        let is_in_header = |value| self.ends_user_of(NameAddr::parse(value).parse_uri());
        let is_requested = matches!(head.start, StartLine::Request { uri, .. }
            if self.ends_user_of(Uri::parse(uri.of(bytes))));
        is_requested
            || is_in_header(head.from.of(bytes))
            || is_in_header(head.to.of(bytes))
            || head
                .headers(bytes)
                .filter(|header| header.kind == HeaderName::PAssertedIdentity)
                .any(|header| is_in_header(header.value))
    }

    /// Returns whether the user part of a URI ends like it.
    pub(super) fn is_user_of(&self, uri: &[u8]) -> bool {
        self.ends_user_of(Uri::parse(uri))
    }

    fn ends_user_of(&self, uri: Uri<'_>) -> bool {
        // A user part may have parameters of its own (RFC 3966 §3), such as `;phone-context=`.
        let user = uri.user.unwrap_or_default();
        let number = user
            .split(|octet| *octet == b';')
            .next()
            .unwrap_or_default();
        let mut digits = number.iter().rev().filter(|octet| !is_separator(**octet));
        self.0
            .bytes()
            .rev()
            .all(|digit| digits.next().is_some_and(|octet| *octet == digit))
    }
}

impl FromStr for Number {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: String = text
            .chars()
            .filter(|c| !c.is_ascii() || !is_separator(*c as u8))
            .collect();
        let plain = digits.strip_prefix('+').unwrap_or(&digits);
        if plain.is_empty()
            || !plain
                .bytes()
                .all(|octet| octet.is_ascii_digit() || matches!(octet, b'*' | b'#'))
        {
            return Err("expected a number such as +4930123456 or its last digits");
        }
        Ok(Self(digits))
    }
}

/// RFC 3966 §3: visual separators say nothing.
const fn is_separator(octet: u8) -> bool {
    matches!(octet, b'-' | b'.' | b'(' | b')' | b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digits_decide() {
        for (number, value, expected) in [
            ("30123", &b"\"A: <b>\" <sip:+49-30-123@h>"[..], true),
            ("30123", b"\"Alice\" <sip:+49-30-123@h>;tag=1", true),
            ("+4930123", b"<sip:+4930123@h>", true),
            ("+4930123", b"<sip:4930123@h>", false),
            ("4930123", b"<sip:+4930123;phone-context=x@h>", true),
            ("030 123", b"tel:030-123", true),
            ("1234", b"<sip:234@h>", false),
            ("234", b"<sip:alice@10.0.0.234>", false),
            ("*21", b"<sip:*21@h>", true),
        ] {
            let number: Number = number.parse().unwrap();
            assert_eq!(
                number.ends_user_of(NameAddr::parse(value).parse_uri()),
                expected,
                "{}",
                value.escape_ascii()
            );
        }
        for text in ["", "+", "alice", "12a"] {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }
}
