//! CSeq (RFC 3261 §20.16), and numbers on the wire.

use super::{
    Method,
    line::{is_space, trim_start},
};
use crate::span::Span;

/// The value of CSeq (RFC 3261 §20.16).
#[derive(Clone, Copy, Debug)]
pub struct Cseq {
    /// The sequence number; `u32::MAX` for all that do not fit.
    pub number: u32,
    /// The method.
    pub method: Method,
    /// Its text.
    pub method_text: Span,
}

/// The largest sequence number that there may be (RFC 3261 §8.1.1.5).
pub(super) const MAX: u32 = i32::MAX.unsigned_abs();

/// Splits a value into number and method; `None` when one is missing.
pub(super) fn split(value: &[u8]) -> Option<(u32, &[u8])> {
    let digits = value.iter().position(|octet| !octet.is_ascii_digit())?;
    let (number, rest) = value.split_at_checked(digits)?;
    let rest = trim_start(rest);
    let len = rest.iter().position(|octet| is_space(*octet));
    let method = rest.get(..len.unwrap_or(rest.len()))?;
    let number = saturating_number(number)?;
    (!method.is_empty()).then_some((number, method))
}

/// Returns a number of digits only, `u32::MAX` for all that do not fit.
pub(super) fn saturating_number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0_u32, |number, digit| {
        number
            .saturating_mul(10)
            .saturating_add(u32::from(digit.wrapping_sub(b'0')))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_split() {
        for (value, expected) in [
            (&b"314159 INVITE"[..], Some((314_159, &b"INVITE"[..]))),
            (b"0009\r\n  INVITE", Some((9, b"INVITE"))),
            (b"1\tNEW%4d", Some((1, b"NEW%4d"))),
            (b"4294967295 ACK", Some((u32::MAX, b"ACK"))),
            (
                b"36893488147419103232 REGISTER",
                Some((u32::MAX, b"REGISTER")),
            ),
            (b"1 INV\xffTE x", Some((1, b"INV\xffTE"))),
            (b"1", None),
            (b"1 ", None),
            (b"INVITE", None),
            (b"-1 INVITE", None),
            (b"", None),
        ] {
            assert_eq!(split(value), expected, "{}", value.escape_ascii());
        }
    }
}
