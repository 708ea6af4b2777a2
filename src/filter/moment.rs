//! Moments as people write them.

use crate::time::Timestamp;

/// A time that cannot be read; says what it should look like.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a time such as 2026-11-20T10:00:00Z, 2026-11-20 10:00 (UTC) or @1700000000.5")]
pub struct InvalidTime;

/// Returns the time that `text` tells: RFC 3339, the same without a zone for UTC or without a clock for midnight, or
/// `@` and seconds since 1970.
///
/// # Errors
/// When it is none of these, or no [`Timestamp`] can tell it.
pub fn parse_time(text: &str) -> Result<Timestamp, InvalidTime> {
    if let Some(seconds) = text.strip_prefix('@') {
        return parse_seconds(seconds).ok_or(InvalidTime);
    }
    let zoned = text.parse::<jiff::Timestamp>().ok();
    let time = zoned.or_else(|| {
        let civil = text.parse::<jiff::civil::DateTime>().ok()?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(zoned.timestamp())
    });
    time.and_then(|time| i64::try_from(time.as_nanosecond()).ok())
        .map(Timestamp::from_nanos)
        .ok_or(InvalidTime)
}

/// Returns the time of whole or decimal seconds since 1970.
fn parse_seconds(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let nanos = format!("{fraction:0<9}").parse().ok()?;
    Some(Timestamp::from_parts(whole.parse().ok()?, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_unless_they_say_otherwise() {
        for (text, expected) in [
            ("1970-01-01T00:00:01Z", 1_000_000_000),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1970-01-01 00:01", 60_000_000_000),
            ("1970-01-02", 86_400_000_000_000),
            ("@1.5", 1_500_000_000),
            ("@1700000000", 1_700_000_000_000_000_000),
            ("@0.000000001", 1),
        ] {
            let time = parse_time(text).map(Timestamp::nanos);
            assert_eq!(time, Ok(expected), "{text}");
        }
        for text in [
            "",
            "@",
            "@x",
            "@1.x",
            "yesterday",
            "10:00",
            "@1.0000000001",
            "9999-01-01",
        ] {
            assert_eq!(parse_time(text), Err(InvalidTime), "{text}");
        }
    }
}
