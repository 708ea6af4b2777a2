//! What is odd about a message, as far as one pass over it can tell.

use std::fmt;

/// What is odd about a message, as a set.
///
/// A flaw is no error: the message is there and is read as well as it can be. [`Head::usable`](super::Head::usable)
/// tells whether that was enough.
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct Flaws(u32);

macro_rules! flaws {
    ($($(#[$doc:meta])* $name:ident = $bit:literal, $text:literal;)*) => {
        impl Flaws {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*

            /// Every member with the name used in all outputs.
            pub const NAMES: &'static [(Self, &'static str)] = &[$((Self::$name, $text)),*];
        }
    };
}

flaws! {
    /// It ends before the empty line behind its headers, or before its body does.
    CUT = 0, "cut";
    /// Octets in the middle of its body were not captured.
    BODY_GAP = 1, "body-gap";
    /// Its stream was picked up at this message, after a loss or from the middle.
    RESYNCED = 2, "resynced";
    /// Some of its IP fragments were not captured.
    FRAGMENT_LOST = 3, "fragment-lost";
    /// It has no Content-Length although its transport is a stream (RFC 3261 §20.14).
    NO_CONTENT_LENGTH = 4, "no-content-length";
    /// Content-Length says more than there is.
    CONTENT_LENGTH_TOO_LARGE = 5, "content-length-too-large";
    /// Content-Length says less than there is.
    CONTENT_LENGTH_TOO_SMALL = 6, "content-length-too-small";
    /// A Content-Length is no number.
    CONTENT_LENGTH_INVALID = 7, "content-length-invalid";
    /// There are several Content-Lengths that differ.
    CONTENT_LENGTH_CONFLICT = 8, "content-length-conflict";
    /// A line before the body ends with LF alone.
    LF_ONLY = 9, "lf-only";
    /// Lines end with CR alone.
    CR_ONLY = 10, "cr-only";
    /// The parts of the start line are not set apart by one SP each (RFC 3261 §7.1).
    START_LINE_SPACING = 11, "start-line-spacing";
    /// The version is not SIP/2.0.
    VERSION = 12, "version";
    /// The status code is not one of 100 to 699.
    STATUS_CODE = 13, "status-code";
    /// The method is a known one in the wrong case.
    METHOD_CASE = 14, "method-case";
    /// White space is within the Request-URI.
    URI_SPACE = 15, "uri-space";
    /// The number in CSeq is not less than 2^31 (RFC 3261 §8.1.1.5).
    CSEQ_OVERFLOW = 16, "cseq-overflow";
    /// CSeq is not a number, white space and a method; it is read if it can be.
    CSEQ_INVALID = 17, "cseq-invalid";
    /// CSeq names another method than the request line.
    CSEQ_METHOD = 18, "cseq-method";
    /// A header that may be there once is there again.
    DUPLICATE_HEADER = 19, "duplicate-header";
    /// There is no Via.
    NO_VIA = 20, "no-via";
    /// It is a request without Max-Forwards.
    NO_MAX_FORWARDS = 21, "no-max-forwards";
    /// It is an INVITE, or a 2xx to one, without Contact.
    NO_CONTACT = 22, "no-contact";
    /// There is no Call-ID.
    NO_CALL_ID = 23, "no-call-id";
    /// There is no CSeq.
    NO_CSEQ = 24, "no-cseq";
    /// There is no From.
    NO_FROM = 25, "no-from";
    /// There is no To.
    NO_TO = 26, "no-to";
    /// A line before the body is longer than 8 KiB.
    LONG_LINE = 27, "long-line";
    /// There are more than 256 headers.
    MANY_HEADERS = 28, "many-headers";
    /// IP fragments had other octets for the same place: it may be mixed from two packets.
    FRAGMENT_CONFLICT = 30, "fragment-conflict";
    /// A header line has no colon, or no name before it.
    NO_HEADER_NAME = 29, "no-header-name";
}

impl Flaws {
    /// Nothing odd.
    pub const NONE: Self = Self(0);

    /// Adds `other`.
    pub const fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Takes `other` away.
    pub const fn remove(&mut self, other: Self) {
        self.0 &= !other.0;
    }

    /// Returns whether all of `other` is in it.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns what is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the set as a number.
    #[must_use]
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// Returns the set that [`bits`](Self::bits) tells.
    #[must_use]
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Returns whether nothing is odd.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns its members one by one.
    pub fn iter(self) -> impl Iterator<Item = Self> {
        Self::NAMES
            .iter()
            .map(|(member, _)| *member)
            .filter(move |member| self.contains(*member))
    }

    /// Returns the names of its members, in kebab-case.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .iter()
            .filter(move |(member, _)| self.contains(*member))
            .map(|(_, name)| *name)
    }
}

impl fmt::Debug for Flaws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flaw_has_a_bit_and_a_name_of_its_own() {
        let mut all = Flaws::NONE;
        for (member, name) in Flaws::NAMES {
            assert!(!all.contains(*member), "{name} shares its bit");
            all.insert(*member);
        }
        let names: std::collections::BTreeSet<_> = all.names().collect();
        assert_eq!(names.len(), Flaws::NAMES.len());
        assert_eq!(all.iter().count(), Flaws::NAMES.len());
    }

    #[test]
    fn flaws_come_and_go() {
        let mut flaws = Flaws::LF_ONLY.union(Flaws::CUT);
        assert_eq!(flaws.names().collect::<Vec<_>>(), ["cut", "lf-only"]);
        flaws.remove(Flaws::CUT);
        assert_eq!(flaws, Flaws::LF_ONLY);
    }
}
