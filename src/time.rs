//! Packet time: nanoseconds since 1970 as the capture recorded them.

use std::fmt;

const NANOS_PER_SEC: i64 = 1_000_000_000;
const SECS_PER_DAY: i64 = 86_400;

/// A moment in packet time: nanoseconds since 1970-01-01T00:00:00Z.
///
/// It comes from the capture and never from the clock of this machine, and it may go backwards from one packet to
/// the next. Differences saturate, so hostile time stamps cannot overflow anything.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest moment that can be told.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest moment that can be told.
    pub const MAX: Self = Self(i64::MAX);

    /// Returns the moment that is `nanos` nanoseconds after 1970.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Returns the moment `secs` seconds and `nanos` nanoseconds after 1970, carrying over-long fractions.
    #[must_use]
    pub const fn from_parts(secs: i64, nanos: u32) -> Self {
        Self(
            secs.saturating_mul(NANOS_PER_SEC)
                .saturating_add(nanos as i64),
        )
    }

    /// Returns the nanoseconds since 1970.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Returns the nanoseconds that have passed since `earlier`, negative when time went backwards.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the moment `nanos` nanoseconds later.
    #[must_use]
    pub const fn plus(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// Returns the whole seconds since 1970, rounded down, and the nanoseconds within the second.
    #[must_use]
    pub const fn parts(self) -> (i64, u32) {
        (
            self.0.div_euclid(NANOS_PER_SEC),
            self.0.rem_euclid(NANOS_PER_SEC) as u32,
        )
    }

    /// Writes RFC 3339 in UTC with nine decimals, for example `2026-11-20T10:00:00.123456789Z`.
    #[must_use]
    pub fn rfc3339(self) -> Rfc3339 {
        let (secs, nanos) = self.parts();
        let (year, month, day) = civil(secs.div_euclid(SECS_PER_DAY));
        let second_of_day = secs.rem_euclid(SECS_PER_DAY);
        let mut text = *b"0000-00-00T00:00:00.000000000Z";
        let second_of_day = second_of_day as u32;
        // Nanoseconds in an i64 end in the year 2262, so four digits always do.
        text[..4].copy_from_slice(&digits::<4>(year.unsigned_abs() as u32));
        text[5..7].copy_from_slice(&digits::<2>(month as u32));
        text[8..10].copy_from_slice(&digits::<2>(day as u32));
        text[11..13].copy_from_slice(&digits::<2>(second_of_day / 3600));
        text[14..16].copy_from_slice(&digits::<2>(second_of_day / 60 % 60));
        text[17..19].copy_from_slice(&digits::<2>(second_of_day % 60));
        text[20..29].copy_from_slice(&digits::<9>(nanos));
        Rfc3339(text)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rfc3339().as_str())
    }
}

/// The text of a [`Timestamp`], made without an allocation.
#[derive(Clone, Copy, Debug)]
pub struct Rfc3339([u8; 30]);

impl Rfc3339 {
    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Returns the last `N` decimal digits of a number. A loop of a length that is known is none in the end.
fn digits<const N: usize>(mut value: u32) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
    digits
}

/// Returns year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, u64, u64) {
    // Eras of 400 years, with years that begin in March, so that the leap day comes last.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u64, day as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_agrees_with_an_independent_calendar() {
        for secs in [
            0_i64,
            -1,
            951_782_400,
            951_868_799,
            1_105_725_482,
            4_102_444_799,
            -2_208_988_800,
            1_709_164_800,
        ] {
            for nanos in [0_u32, 1, 123_456_789, 999_999_999] {
                let ours = Timestamp::from_parts(secs, nanos).to_string();
                let theirs = jiff::Timestamp::new(secs, 0).unwrap().to_string();
                assert_eq!(ours, theirs.replace('Z', &format!(".{nanos:09}Z")));
            }
        }
    }

    #[test]
    fn hostile_times_saturate() {
        assert_eq!(Timestamp::from_parts(i64::MAX, 5), Timestamp::MAX);
        assert_eq!(Timestamp::MAX.since(Timestamp::MIN), i64::MAX);
        assert_eq!(Timestamp::MIN.to_string().len(), 30);
        assert_eq!(Timestamp::MAX.to_string().len(), 30);
    }
}
