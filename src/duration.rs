//! Durations as people write them, and what they are compared with.

use std::str::FromStr;

use jiff::{Span, SpanRelativeTo};

/// A duration, or a comparison with one, that cannot be read; says what it should look like.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidDuration {
    /// There is no unit.
    #[error("a duration needs its unit, as in 30s; units are d, h, m, s, ms, us and ns")]
    NoUnit,
    /// It is no duration for another reason.
    #[error(
        "expected a duration such as 30s, 1h30m, 1.5s or 500ms; units are d, h, m, s, ms, us and ns"
    )]
    Duration,
    /// It is no comparison.
    #[error(
        "expected a comparison with a duration, such as '>30s', '<=500ms' or '=0s', or a range such as 30s-60s"
    )]
    Comparison,
    /// A range ends before it begins.
    #[error("this range ends before it begins; write the shorter duration first, as in 30s-60s")]
    Range,
}

/// Returns the nanoseconds of a duration such as `30s`, `1h30m`, `1.5s` or `500ms`. Days have 24 hours.
///
/// # Errors
/// When there is no unit, when it is negative, or when it is longer than 292 years.
pub fn parse_duration(text: &str) -> Result<i64, InvalidDuration> {
    if text.parse::<f64>().is_ok() {
        return Err(InvalidDuration::NoUnit);
    }
    // ISO 8601 and signs are read by the library as well, but would be one more thing to explain.
    if !text.starts_with(|c: char| c.is_ascii_digit()) || text.contains([':', ',']) {
        return Err(InvalidDuration::Duration);
    }
    text.parse::<Span>()
        .ok()
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok())
        .and_then(|duration| i64::try_from(duration.as_nanos()).ok())
        .filter(|nanos| *nanos >= 0)
        .ok_or(InvalidDuration::Duration)
}

/// Which durations count: `>30s`, `>=30s`, `<30s`, `<=30s`, `=30s`, or from `30s-60s`, both included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Comparison {
    least: i64,
    most: i64,
}

impl Comparison {
    /// Returns whether a duration in nanoseconds counts; one that is not known does not.
    #[must_use]
    pub fn matches(self, nanos: Option<i64>) -> bool {
        nanos.is_some_and(|nanos| self.least <= nanos && nanos <= self.most)
    }
}

impl FromStr for Comparison {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (is_less, rest) = match text.strip_prefix(['<', '>', '=']) {
            Some(rest) => (text.starts_with('<'), rest),
            None => return parse_range(text),
        };
        let (includes, rest) = match rest.strip_prefix('=') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let nanos = parse_duration(rest.trim_start())?;
        // No duration is the shortest or longest that can be told, so the steps to the next one stay in range.
        let (least, most) = match (text.starts_with('='), is_less, includes) {
            (true, ..) => (nanos, nanos),
            (_, true, true) => (i64::MIN, nanos),
            (_, true, false) => (i64::MIN, nanos - 1),
            (_, false, true) => (nanos, i64::MAX),
            (_, false, false) => (nanos.saturating_add(1), i64::MAX),
        };
        Ok(Self { least, most })
    }
}

fn parse_range(text: &str) -> Result<Comparison, InvalidDuration> {
    let (least, most) = text.split_once('-').ok_or(InvalidDuration::Comparison)?;
    let (least, most) = (parse_duration(least.trim())?, parse_duration(most.trim())?);
    if least > most {
        return Err(InvalidDuration::Range);
    }
    Ok(Comparison { least, most })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, nanos) in [
            ("7200s", 7_200_000_000_000),
            ("2h", 7_200_000_000_000),
            ("30m", 1_800_000_000_000),
            ("500ms", 500_000_000),
            ("10us", 10_000),
            ("10µs", 10_000),
            ("7ns", 7),
            ("5d", 432_000_000_000_000),
            ("1.5s", 1_500_000_000),
            ("0.5h", 1_800_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("1d 1ms", 86_400_001_000_000),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(nanos), "{text}");
        }
        for (text, error) in [
            ("30", InvalidDuration::NoUnit),
            ("1.5", InvalidDuration::NoUnit),
            ("", InvalidDuration::Duration),
            ("s", InvalidDuration::Duration),
            ("-5s", InvalidDuration::Duration),
            ("5s ago", InvalidDuration::Duration),
            ("PT5S", InvalidDuration::Duration),
            ("1:30", InvalidDuration::Duration),
            ("1:30:00", InvalidDuration::Duration),
            ("5x", InvalidDuration::Duration),
            ("1mo", InvalidDuration::Duration),
            ("300000d", InvalidDuration::Duration),
            ("99999999999999999999s", InvalidDuration::Duration),
        ] {
            assert_eq!(parse_duration(text), Err(error), "{text}");
        }
    }

    #[test]
    fn comparisons() {
        const SECOND: i64 = 1_000_000_000;
        for (text, inside, outside) in [
            (">30s", 30 * SECOND + 1, 30 * SECOND),
            (">=30s", 30 * SECOND, 30 * SECOND - 1),
            ("< 30s", 30 * SECOND - 1, 30 * SECOND),
            ("<=30s", 30 * SECOND, 30 * SECOND + 1),
            ("<30s", -1, i64::MAX),
            ("=30s", 30 * SECOND, 30 * SECOND + 1),
            ("==30s", 30 * SECOND, 30 * SECOND - 1),
            ("30s-1m", 30 * SECOND, 30 * SECOND - 1),
            ("30s - 1m", 60 * SECOND, 60 * SECOND + 1),
            ("0s-0s", 0, 1),
        ] {
            let comparison: Comparison = text.parse().unwrap();
            assert!(comparison.matches(Some(inside)), "{text} {inside}");
            assert!(!comparison.matches(Some(outside)), "{text} {outside}");
            assert!(!comparison.matches(None), "{text}");
        }
        for (text, error) in [
            ("30s", InvalidDuration::Comparison),
            ("", InvalidDuration::Comparison),
            (">30", InvalidDuration::NoUnit),
            (">", InvalidDuration::Duration),
            ("<>30s", InvalidDuration::Duration),
            ("60s-30s", InvalidDuration::Range),
            ("30-60s", InvalidDuration::NoUnit),
        ] {
            assert_eq!(text.parse::<Comparison>(), Err(error), "{text}");
        }
    }
}
