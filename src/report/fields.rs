//! How single values are written, the same in every row.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::{net::Transport, sip, text::escape, time::Timestamp, track::Flags};

/// Returns a header's value as one line of UTF-8.
pub(super) fn one_line(value: &[u8]) -> Cow<'_, str> {
    match sip::unfold(value) {
        Cow::Borrowed(line) => escape(line),
        Cow::Owned(line) => Cow::Owned(escape(&line).into_owned()),
    }
}

/// Returns a text as one line of UTF-8; nothing when it is empty, which is to say unknown.
pub(super) fn known(text: &[u8]) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then(|| one_line(text))
}

/// Returns whole milliseconds, truncated toward zero.
pub(super) const fn millis(nanos: i64) -> i64 {
    nanos / 1_000_000
}

/// Returns whole seconds, truncated toward zero.
pub(super) const fn seconds(nanos: i64) -> i64 {
    nanos / 1_000_000_000
}

/// Writes a time as RFC 3339 in UTC with nine decimals.
pub(super) fn serialize_time<S: Serializer>(
    ts: &Timestamp,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(ts.rfc3339().as_str())
}

/// A time that is written so.
pub(super) struct TimeText(pub(super) Timestamp);

impl Serialize for TimeText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_time(&self.0, serializer)
    }
}

/// Remarks that are written as a list of their names.
pub(super) struct FlagNames(pub(super) Flags);

impl Serialize for FlagNames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_flags(&self.0, serializer)
    }
}

/// Writes a time, or `null`.
pub(super) fn serialize_optional_time<S: Serializer>(
    ts: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match ts {
        Some(ts) => serialize_time(ts, serializer),
        None => serializer.serialize_none(),
    }
}

/// Writes the name of a transport.
pub(super) fn serialize_transport<S: Serializer>(
    transport: &Transport,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(transport.name())
}

/// Writes the names of remarks as a list.
pub(super) fn serialize_flags<S: Serializer>(
    flags: &Flags,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(flags.names())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_truncated_toward_zero() {
        for (nanos, expected) in [
            (0, 0),
            (999_999, 0),
            (1_000_000, 1),
            (-999_999, 0),
            (-1_500_000, -1),
            (i64::MAX, 9_223_372_036_854),
        ] {
            assert_eq!(millis(nanos), expected, "{nanos}");
        }
    }

    #[test]
    fn texts_become_one_line_or_nothing() {
        for (text, expected) in [
            (&b""[..], None),
            (b"a\r\n b", Some("a b")),
            (b"\xff", Some("\\xff")),
        ] {
            assert_eq!(known(text).as_deref(), expected);
        }
    }
}
