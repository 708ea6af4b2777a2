//! Users as two sides of a B2BUA write them.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use crate::sip::uri::{Uri, unescape};

/// The digits at the end of a telephone number that decide.
const DIGITS: usize = 7;

/// Octets of a user that are looked at.
const MAX_USER: usize = 128;

/// Users that stand for nobody in particular (RFC 3323 §4.1.1.3, and what is common).
const NOBODY: [&[u8]; 6] = [
    b"anonymous",
    b"unknown",
    b"unavailable",
    b"restricted",
    b"private",
    b"asterisk",
];

/// Returns what two spellings of one user have in common, as a hash: the last digits of a telephone number, or else the
/// user itself. `None` when it is nobody in particular.
pub(super) fn key(uri: &[u8], hasher: &DefaultHashBuilder) -> Option<u64> {
    let uri = Uri::parse(uri);
    let user = uri.user?;
    // A user may have parameters of its own (RFC 3966 §3).
    let user = user.split(|octet| *octet == b';').next()?;
    let user: Vec<u8> = unescape(user).take(MAX_USER).collect();
    let digits: Vec<u8> = user
        .iter()
        .copied()
        .filter(|octet| !matches!(octet, b'-' | b'.' | b'(' | b')' | b' '))
        .collect();
    let number = digits.strip_prefix(b"+").unwrap_or(&digits);
    if !number.is_empty() && number.iter().all(u8::is_ascii_digit) {
        let number = number.strip_prefix(b"00").unwrap_or(number);
        let start = number.len().saturating_sub(DIGITS);
        return Some(hasher.hash_one(number.get(start..).unwrap_or_default()));
    }
    let is_nobody = user.is_empty()
        || NOBODY
            .iter()
            .any(|nobody| user.eq_ignore_ascii_case(nobody));
    (!is_nobody).then(|| hasher.hash_one(user.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_number_are_the_same() {
        let hasher = DefaultHashBuilder::default();
        let key = |uri: &str| key(uri.as_bytes(), &hasher);
        for (one, other, is_same) in [
            ("sip:5551234567@a", "sip:+15551234567@b:5080", true),
            ("sip:0049-30-1234567@a", "tel:+49301234567", true),
            ("sip:1234567@a", "sip:91234567@a", true),
            ("sip:4001@a", "sip:4001@b;user=phone", true),
            ("sip:4001@a", "sip:+4930004001@a", false),
            ("sip:004001@a", "sip:4001@a", true),
            ("sip:%34001;phone-context=x@a", "sip:4001@a", true),
            ("sip:alice@a", "sip:alice@b", true),
            ("sip:alice@a", "sip:bob@a", false),
            ("sip:*21@a", "sip:21@a", false),
        ] {
            assert_eq!(key(one) == key(other), is_same, "{one} {other}");
        }
        for nobody in [
            "sip:Anonymous@anonymous.invalid",
            "sip:192.0.2.1",
            "",
            "sip:@a",
        ] {
            assert_eq!(key(nobody), None, "{nobody}");
        }
    }
}
