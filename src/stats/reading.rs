//! What a metric says: a count, a ratio with both of its parts, a time with its percentiles.

use crate::stats::Samples;

/// Nanoseconds of a millisecond and of a second.
const MILLI: f64 = 1e6;
const SECOND: f64 = 1e9;

/// What a metric says.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// How many; nothing when it cannot be told.
    Count(Option<u64>),
    /// A part of a whole, in percent.
    Ratio(u64, u64),
    /// How many in how many nanoseconds, as a rate in a second.
    Rate(u64, u128),
    /// Nanoseconds by how many there are, as seconds.
    Mean(u128, u64),
    /// Nanoseconds in nanoseconds: how many at a time.
    Level(u128, u128),
    /// A time with its distribution.
    Time(Box<Times>),
}

/// The distribution of a time, in milliseconds. Nothing is known of none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Times {
    /// How many samples.
    pub count: u64,
    /// Least, mean, standard deviation, the 50th, 90th, 95th and 99th percentile, and greatest, in the order of `NAMES`.
    pub values: [Option<f64>; 8],
}

impl Times {
    /// The names of the values.
    pub const NAMES: [&'static str; 8] = [
        "min_ms",
        "mean_ms",
        "stddev_ms",
        "p50_ms",
        "p90_ms",
        "p95_ms",
        "p99_ms",
        "max_ms",
    ];

    /// Which of them stands for all.
    pub const MEAN: usize = 1;

    /// Returns the distribution of samples.
    #[must_use]
    pub fn of(samples: &Samples) -> Self {
        let [p50, p90, p95, p99] = samples.percentiles([50, 90, 95, 99]);
        let values = [
            samples.min(),
            samples.mean(),
            samples.standard_deviation(),
            p50,
            p90,
            p95,
            p99,
            samples.max(),
        ];
        Self {
            count: samples.count(),
            values: values.map(|value| value.map(|nanos| round(nanos / MILLI))),
        }
    }
}

impl Reading {
    /// Returns the reading of samples.
    #[must_use]
    pub fn time(samples: &Samples) -> Self {
        Self::Time(Box::new(Times::of(samples)))
    }

    /// Returns the value: percent, seconds, milliseconds or how many. Without a denominator there is none.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        let quotient = |one: f64, other: f64| (other > 0.0).then(|| round(one / other));
        match self {
            Self::Count(count) => count.map(|count| count as f64),
            Self::Ratio(part, whole) => quotient(*part as f64 * 100.0, *whole as f64),
            Self::Rate(count, nanos) => quotient(*count as f64, *nanos as f64 / SECOND),
            Self::Mean(nanos, count) => quotient(*nanos as f64 / SECOND, *count as f64),
            Self::Level(nanos, length) => quotient(*nanos as f64, *length as f64),
            Self::Time(times) => times.values[Times::MEAN],
        }
    }

    /// Returns what stands for it when nothing was counted that could tell.
    pub(super) fn unknown(self) -> Self {
        match self {
            Self::Count(_) => Self::Count(None),
            other => other,
        }
    }

    /// Returns numerator and denominator, of what has them.
    #[must_use]
    pub fn parts(&self) -> Option<(f64, f64)> {
        match self {
            Self::Count(_) | Self::Time(_) => None,
            Self::Ratio(part, whole) => Some((*part as f64, *whole as f64)),
            Self::Rate(count, nanos) => Some((*count as f64, round(*nanos as f64 / SECOND))),
            Self::Mean(nanos, count) => Some((round(*nanos as f64 / SECOND), *count as f64)),
            Self::Level(nanos, length) => Some((
                round(*nanos as f64 / SECOND),
                round(*length as f64 / SECOND),
            )),
        }
    }

    /// Returns the unit of the value.
    #[must_use]
    pub const fn unit(&self) -> &'static str {
        match self {
            Self::Count(_) | Self::Level(..) => "count",
            Self::Ratio(..) => "%",
            Self::Rate(..) => "1/s",
            Self::Mean(..) => "s",
            Self::Time(_) => "ms",
        }
    }

    /// Returns whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Count(count) => count.unwrap_or_default() == 0,
            Self::Ratio(_, whole) => *whole == 0,
            Self::Rate(count, _) => *count == 0,
            Self::Mean(_, count) => *count == 0,
            Self::Level(nanos, _) => *nanos == 0,
            Self::Time(times) => times.count == 0,
        }
    }
}

/// Rounds to six decimals: more would only show how floats are made.
fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// What a metric says of a group, or of what has something in common in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The name of the metric.
    pub metric: &'static str,
    /// Of what: dimensions with their values; none for all.
    pub scope: Vec<(&'static str, String)>,
    /// What it says.
    pub reading: Reading,
    /// Another unit than that of the reading.
    pub unit: &'static str,
    /// Why it may be wrong.
    pub note: Option<&'static str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_divided_by_nothing_is_not_known() {
        for (reading, value) in [
            (Reading::Ratio(1, 3), Some(33.333_333)),
            (Reading::Ratio(0, 0), None),
            (Reading::Ratio(0, 5), Some(0.0)),
            (Reading::Rate(5, 2_000_000_000), Some(2.5)),
            (Reading::Rate(5, 0), None),
            (Reading::Mean(90_000_000_000, 2), Some(45.0)),
            (Reading::Mean(0, 0), None),
            (Reading::Level(30, 20), Some(1.5)),
            (Reading::Count(None), None),
            (Reading::time(&Samples::default()), None),
        ] {
            assert_eq!(reading.value(), value, "{reading:?}");
        }
    }
}
