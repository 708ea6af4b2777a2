//! Where frames of an interface were captured, and what its clock was off by.

use std::{
    fmt::Debug,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use super::{InputSummary, Interface};
use crate::time::Timestamp;

/// What the place is called where frames were captured that nobody has named, once there are others.
pub const WIRE: &str = "wire";

/// How a clock is put right: it was ahead by `ahead` nanoseconds at the moment `at` of a clock that is right, and gained
/// `rate` nanoseconds in each after that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correction {
    /// The moment, in the time that is right.
    pub at: Timestamp,
    /// How much the clock was ahead then, in nanoseconds.
    pub ahead: i64,
    /// How much it gained.
    pub rate: f64,
}

impl Correction {
    /// Returns how much the clock was ahead at a moment of the time that is right.
    #[must_use]
    pub fn ahead_at(&self, moment: Timestamp) -> i64 {
        let gained = moment.since(self.at) as f64 * self.rate;
        // A float that is out of range becomes the nearest number.
        #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
        let gained = gained.round() as i64;
        self.ahead.saturating_add(gained)
    }

    /// Returns the time that is right for what the clock said.
    #[must_use]
    pub fn of(&self, said: Timestamp) -> Timestamp {
        // said = right + ahead + rate · (right - at), solved for what right is later than at.
        let since = said.since(self.at).saturating_sub(self.ahead);
        let gained = since as f64 * (self.rate / (1.0 + self.rate));
        #[expect(clippy::cast_possible_truncation, reason = "it saturates")]
        let gained = gained.round() as i64;
        said.plus(self.ahead.saturating_neg())
            .plus(gained.saturating_neg())
    }
}

/// Where frames of an interface were captured.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The name of the capture point, if it has one.
    pub point: Option<Arc<str>>,
    /// What puts its clock right, one after the other.
    pub clock: Arc<[Correction]>,
    /// A number that is another for each point, 0 for no point.
    salt: u64,
}

impl Place {
    /// Returns the place of frames of a point.
    #[must_use]
    pub fn new(point: Option<&str>, clock: Arc<[Correction]>) -> Self {
        let salt = point.map_or(0, |name| {
            // Nothing that is shown depends on it.
            let mut hasher = DefaultHasher::new();
            name.hash(&mut hasher);
            hasher.finish() | 1
        });
        Self {
            point: point.map(Arc::from),
            clock,
            salt,
        }
    }

    /// Returns whether there is anything to tell.
    pub(super) fn is_known(&self) -> bool {
        self.point.is_some() || !self.clock.is_empty()
    }

    /// Returns a number to tell packets of this point from those of another.
    pub(crate) const fn salt(&self) -> u64 {
        self.salt
    }

    /// Returns a time of this place as clocks that are right tell it.
    #[must_use]
    pub fn corrected(&self, said: Timestamp) -> Timestamp {
        let steps = self.clock.iter();
        steps.fold(said, |ts, correction| correction.of(ts))
    }
}

/// Knows where inputs were captured.
pub trait Places: Debug + Send + Sync {
    /// Returns where frames of an interface of an input were captured. The input was found under the `path` of that number
    /// among those that were named; `known` is what is known of it so far.
    fn place(&self, path: usize, known: &InputSummary, interface: &Interface) -> Place;

    /// Returns what puts the clock of the capture agent with this label right, one after the other.
    fn clock_of_agent(&self, label: &str) -> Arc<[Correction]> {
        let _ = label;
        Arc::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_put_right() {
        let at = Timestamp::from_parts(1_000, 0);
        for (ahead, rate, said, right) in [
            // Ahead by 200 ms.
            (200_000_000, 0.0, (1_000, 500_000_000), (1_000, 300_000_000)),
            // Behind by 1.5 s.
            (-1_500_000_000, 0.0, (999, 0), (1_000, 500_000_000)),
            // 100 ppm: after 100 s it has gained 10 ms.
            (0, 1e-4, (1_100, 10_000_000), (1_100, 0)),
            (5, 1e-4, (900, 0), (900, 9_998_995)),
        ] {
            let correction = Correction { at, ahead, rate };
            let said = Timestamp::from_parts(said.0, said.1);
            let expected = Timestamp::from_parts(right.0, right.1);
            let off = correction.of(said).since(expected);
            assert!(off.abs() <= 10, "{correction:?} {off}");
            let back = correction
                .of(said)
                .plus(correction.ahead_at(correction.of(said)));
            assert!(back.since(said).abs() <= 2, "{correction:?}");
        }
        // Nothing overflows.
        let wild = Correction {
            at: Timestamp::MIN,
            ahead: i64::MIN,
            rate: 1e300,
        };
        let _ = (wild.of(Timestamp::MAX), wild.ahead_at(Timestamp::MAX));
    }
}
