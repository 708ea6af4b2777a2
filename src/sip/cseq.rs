//! CSeq (RFC 3261 §20.16), and numbers on the wire.

use super::{
    Method,
    line::{is_space, trim_start},
};
use crate::span::Span;

/// The value of CSeq (RFC 3261 §20.16).
#[derive(Clone, Copy, Debug)]
pub struct Cseq {
    /// The sequence number; `u32::MAX` also for all that do not fit, which [`number`](Self::number) tells apart.
    pub number: u32,
    /// Whether the number is the one that was sent.
    pub(super) fits: bool,
    /// The method.
    pub method: Method,
    /// Its text.
    pub method_text: Span,
}

impl Cseq {
    /// Returns the sequence number; `None` when it does not fit into 32 bits.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        self.fits.then_some(self.number)
    }
}

/// The largest sequence number that there may be (RFC 3261 §8.1.1.5).
pub(super) const MAX: u32 = i32::MAX.unsigned_abs();

/// The parts of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Parts<'a> {
    /// `None` when it does not fit.
    pub(super) number: Option<u32>,
    pub(super) method: &'a [u8],
    /// Whether white space is between the two.
    pub(super) is_spaced: bool,
}

/// Splits a value into number and method; `None` when one is missing.
pub(super) fn split(value: &[u8]) -> Option<Parts<'_>> {
    let digits = value.iter().position(|octet| !octet.is_ascii_digit())?;
    let (number, behind) = value.split_at_checked(digits)?;
    let rest = trim_start(behind);
    let len = rest.iter().position(|octet| is_space(*octet));
    let method = rest.get(..len.unwrap_or(rest.len()))?;
    (!number.is_empty() && !method.is_empty()).then(|| Parts {
        number: fitting_number(number),
        method,
        is_spaced: rest.len() < behind.len(),
    })
}

/// Returns the number that digits are, if it fits.
fn fitting_number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |number, digit| {
        number
            .checked_mul(10)?
            .checked_add(u32::from(digit.wrapping_sub(b'0')))
    })
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
            (
                &b"314159 INVITE"[..],
                Some((Some(314_159), &b"INVITE"[..], true)),
            ),
            (b"0009\r\n  INVITE", Some((Some(9), b"INVITE", true))),
            (b"1\tNEW%4d", Some((Some(1), b"NEW%4d", true))),
            (b"1OPTIONS", Some((Some(1), b"OPTIONS", false))),
            (b"4294967295 ACK", Some((Some(u32::MAX), b"ACK", true))),
            (b"4294967296 ACK", Some((None, b"ACK", true))),
            (
                b"36893488147419103232 REGISTER",
                Some((None, b"REGISTER", true)),
            ),
            (b"1 INV\xffTE x", Some((Some(1), b"INV\xffTE", true))),
            (b"1", None),
            (b"1 ", None),
            (b"INVITE", None),
            (b"-1 INVITE", None),
            (b"", None),
        ] {
            let found = split(value).map(|found| (found.number, found.method, found.is_spaced));
            assert_eq!(found, expected, "{}", value.escape_ascii());
        }
    }
}
