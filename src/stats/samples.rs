//! Samples of a duration: exact count, sum, least and greatest, and percentiles to a thousandth.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error, ser::SerializeStruct};

use crate::stats::merge::Merge;

/// Each power of two is cut into this many classes, as in an HDR histogram: values of a class differ by less than 0.1 %.
const CLASS_BITS: u32 = 10;

/// Samples wait until there are at least so many, and as many as there are classes: to put them to their classes together
/// takes a fraction of the time that it takes one by one. Most groups and stretches of time have fewer samples.
const PATIENCE: usize = 1 << 5;

/// Durations in nanoseconds, added up so that nothing depends on their order.
///
/// Only classes with samples take memory: most groups of a report have few. Each class knows its greatest sample, which
/// stands for all of them, so a percentile is a sample that occurred, and the exact one where a class has one value.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Samples {
    count: u64,
    sum: u128,
    /// The sum of the squares.
    squares: u128,
    /// In their order, without those that wait.
    #[serde(deserialize_with = "ascending")]
    classes: Vec<Class>,
    /// 0 as long as there is no sample.
    min: u64,
    /// Values that are not yet put to their classes, and how often each came.
    #[serde(skip)]
    waiting: Vec<(u64, u64)>,
}

/// Samples that are told apart no further: its number, how many they are, and the greatest.
type Class = (u32, u64, u64);

impl Samples {
    /// Adds a duration in nanoseconds; one that is not known, or negative, is none.
    pub fn add(&mut self, nanos: Option<i64>) {
        self.add_times(nanos, 1);
    }

    /// Adds the same duration `times` times.
    pub fn add_times(&mut self, nanos: Option<i64>, times: u64) {
        let Some(value) = nanos.and_then(|nanos| u64::try_from(nanos).ok()) else {
            return;
        };
        if times == 0 {
            return;
        }
        let (wide, factor) = (u128::from(value), u128::from(times));
        self.min = if self.count == 0 {
            value
        } else {
            self.min.min(value)
        };
        self.count = self.count.saturating_add(times);
        // Products of two that have 64 bits have 128 at most.
        self.sum = self.sum.saturating_add(wide.wrapping_mul(factor));
        let square = wide.wrapping_mul(wide);
        self.squares = self.squares.saturating_add(match times {
            1 => square,
            _ => square.saturating_mul(factor),
        });
        self.waiting.push((value, times));
        if self.waiting.len() >= self.classes.len().max(PATIENCE) {
            self.classes = self.all_classes();
            self.waiting.clear();
        }
    }

    /// Returns the classes with the samples that wait.
    fn all_classes(&self) -> Vec<Class> {
        if self.waiting.is_empty() {
            return self.classes.clone();
        }
        let mut waiting = self.waiting.clone();
        waiting.sort_unstable();
        let waiting = waiting
            .into_iter()
            .map(|(value, times)| (class(value), times, value));
        join(self.classes.iter().copied(), waiting)
    }

    /// Returns how many samples there are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Returns the sum of all, in nanoseconds, here as below.
    #[must_use]
    pub const fn sum(&self) -> u128 {
        self.sum
    }

    /// Returns the least.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min as f64)
    }

    /// Returns the greatest.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        let waiting = self.waiting.iter().map(|(value, _)| *value).max();
        let known = self.classes.last().map(|(_, _, max)| *max);
        known.max(waiting).map(|max| max as f64)
    }

    /// Returns the arithmetic mean.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// Returns the standard deviation of all samples, which are the population.
    #[must_use]
    pub fn standard_deviation(&self) -> Option<f64> {
        let count = u128::from(self.count);
        let (quotient, rest) = (self.sum.checked_div(count)?, self.sum.checked_rem(count)?);
        // Σ(x − q)² = Σx² − q(Σx + r) in whole numbers, as floats would cancel each other out.
        let around = quotient.saturating_mul(self.sum.saturating_add(rest));
        let squares = self.squares.saturating_sub(around) as f64;
        let offset = rest as f64 / count as f64;
        let variance = squares / count as f64 - offset * offset;
        Some(variance.max(0.0).sqrt())
    }

    /// Returns the sample at the nearest rank: of n samples in order, that at ⌈percent/100·n⌉. It is never below that
    /// sample, and above it by less than a thousandth.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<f64> {
        let [found] = self.percentiles([percent]);
        found
    }

    /// Returns several percentiles, which must ascend.
    #[must_use]
    pub fn percentiles<const N: usize>(&self, percents: [u8; N]) -> [Option<f64>; N] {
        let mut classes = self.classes();
        let mut seen = 0;
        let mut last = None;
        percents.map(|percent| {
            let rank = (u128::from(self.count) * u128::from(percent)).div_ceil(100);
            while seen < rank.max(1) {
                let (max, count) = classes.next()?;
                seen += u128::from(count);
                last = Some(max as f64);
            }
            last
        })
    }

    /// Returns the classes: the greatest sample of each and how many it has, in ascending order.
    pub fn classes(&self) -> impl Iterator<Item = (u64, u64)> + use<> {
        let classes = self.all_classes().into_iter();
        classes.map(|(_, count, max)| (max, count))
    }
}

/// Puts classes together; both are in order, and a class may come several times.
fn join(one: impl Iterator<Item = Class>, other: impl Iterator<Item = Class>) -> Vec<Class> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    let mut joined: Vec<Class> = Vec::new();
    loop {
        let is_other = match (one.peek(), other.peek()) {
            (Some(one), Some(other)) => other.0 < one.0,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let next = if is_other { other.next() } else { one.next() };
        let Some((class, count, max)) = next else {
            return joined;
        };
        match joined.last_mut() {
            Some((last, known, greatest)) if *last == class => {
                *known = known.saturating_add(count);
                *greatest = max.max(*greatest);
            }
            _ => joined.push((class, count, max)),
        }
    }
}

impl PartialEq for Samples {
    fn eq(&self, other: &Self) -> bool {
        let sums = |one: &Self| (one.count, one.sum, one.squares, one.min);
        sums(self) == sums(other) && self.all_classes() == other.all_classes()
    }
}

impl Serialize for Samples {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Samples", 5)?;
        fields.serialize_field("count", &self.count)?;
        fields.serialize_field("sum", &self.sum)?;
        fields.serialize_field("squares", &self.squares)?;
        fields.serialize_field("classes", &self.all_classes())?;
        fields.serialize_field("min", &self.min)?;
        fields.end()
    }
}

/// Reads classes, which are in order.
fn ascending<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Class>, D::Error> {
    let classes = Vec::<Class>::deserialize(deserializer)?;
    if classes.is_sorted_by(|one, next| one.0 < next.0) {
        return Ok(classes);
    }
    Err(D::Error::custom("samples are out of order"))
}

impl Merge for Samples {
    fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.min = if self.count == 0 {
            other.min
        } else {
            self.min.min(other.min)
        };
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.saturating_add(other.sum);
        self.squares = self.squares.saturating_add(other.squares);
        let (known, others) = (self.all_classes(), other.all_classes());
        self.waiting.clear();
        self.classes = join(known.into_iter(), others.into_iter());
    }
}

/// Returns the class of a value: values below 2^11 have one of their own.
const fn class(value: u64) -> u32 {
    let bits = u64::BITS - value.leading_zeros();
    let shift = bits.saturating_sub(CLASS_BITS + 1);
    (shift << CLASS_BITS) + (value >> shift) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[i64]) -> Samples {
        let mut samples = Samples::default();
        values.iter().for_each(|value| samples.add(Some(*value)));
        samples
    }

    #[test]
    fn a_small_sample_is_exact() {
        // 2, 4, 4, 4, 5, 5, 7, 9 is the textbook sample with mean 5 and standard deviation 2.
        let samples = of(&[9, 2, 5, 4, 4, 7, 5, 4]);
        assert_eq!(samples.count(), 8);
        assert_eq!(samples.sum(), 40);
        assert_eq!((samples.min(), samples.max()), (Some(2.0), Some(9.0)));
        assert_eq!(samples.mean(), Some(5.0));
        assert_eq!(samples.standard_deviation(), Some(2.0));
        // Ranks ⌈.5·8⌉ = 4, ⌈.9·8⌉ = 8, ⌈.95·8⌉ = 8, ⌈.01·8⌉ = 1.
        for (percent, expected) in [(50, 4.0), (90, 9.0), (95, 9.0), (1, 2.0), (100, 9.0)] {
            assert_eq!(samples.percentile(percent), Some(expected), "p{percent}");
        }
    }

    #[test]
    fn nothing_has_no_figures() {
        let samples = of(&[-1]);
        assert_eq!(samples, Samples::default());
        assert_eq!(samples.percentile(50), None);
        assert_eq!((samples.min(), samples.max()), (None, None));
        assert_eq!((samples.mean(), samples.standard_deviation()), (None, None));
    }

    #[test]
    fn the_longest_durations_do_no_harm() {
        let samples = of(&[i64::MAX; 9]);
        assert_eq!(samples.max(), Some(i64::MAX as f64));
        assert!(samples.standard_deviation().is_some_and(f64::is_finite));
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_the_sorted_sample(mut values in prop::collection::vec(0..i64::MAX / 4, 1..200), percent in 1..=100_u8) {
            let found = of(&values).percentile(percent).unwrap();
            values.sort_unstable();
            let rank = (values.len() * usize::from(percent)).div_ceil(100).max(1);
            let exact = values[rank - 1] as f64;
            prop_assert!(found >= exact && found <= exact * 1.001 + 1.0, "{found} instead of {exact}");
            let all = of(&values).percentiles([1, percent, percent, 100]);
            prop_assert_eq!((all[1], all[2]), (Some(found), Some(found)));
            prop_assert_eq!(all[3], of(&values).percentile(100));
        }

        #[test]
        fn halves_add_up(values in prop::collection::vec(0..100_000_000_000_i64, 0..100), at in 0..100_usize) {
            let (one, other) = values.split_at(at.min(values.len()));
            let mut merged = of(other);
            merged.merge(&of(one));
            prop_assert_eq!(merged, of(&values));
        }
    }
}
