//! Why a message cannot be worked with.

use std::fmt;

/// Why a message cannot be worked with, and where in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ParseError {
    /// Where, in octets of the message: the line to blame, or the header lines when one is missing.
    pub offset: u32,
    /// Why.
    pub reason: ParseReason,
}

/// Why a message cannot be worked with.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ParseReason {
    /// There is no SIP start line.
    NoStartLine,
    /// The status code has not three digits.
    StatusCode,
    /// There is no Call-ID, or an empty one.
    NoCallId,
    /// There is no CSeq, or an empty one.
    NoCseq,
    /// CSeq is not a number and a method.
    CseqInvalid,
    /// The number in a response's CSeq is larger than that of any request (RFC 4475 §3.1.2.5).
    CseqOverflow,
    /// There is no From, or an empty one.
    NoFrom,
    /// There is no To, or an empty one.
    NoTo,
}

impl ParseReason {
    /// Returns the reason as a phrase.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoStartLine => "no SIP start line",
            Self::StatusCode => "status code without three digits",
            Self::NoCallId => "no Call-ID",
            Self::NoCseq => "no CSeq",
            Self::CseqInvalid => "CSeq is not a number and a method",
            Self::CseqOverflow => "CSeq number out of range",
            Self::NoFrom => "no From",
            Self::NoTo => "no To",
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at octet {}", self.reason.text(), self.offset)
    }
}

impl std::error::Error for ParseError {}

impl ParseError {
    pub(super) fn new(offset: usize, reason: ParseReason) -> Self {
        Self {
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_tell_what_and_where() {
        let error = ParseError::new(35, ParseReason::NoCallId);
        assert_eq!(error.to_string(), "no Call-ID at octet 35");
    }
}
