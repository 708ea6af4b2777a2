//! From pairs of points to a clock for all of them.

use std::{collections::BTreeMap, sync::Arc};

use super::fit::Fit;
use crate::{capture::Correction, time::Timestamp};

/// Clocks that are apart by nearly a whole number of these were probably set to another zone.
const ZONE: i64 = 900_000_000_000;
/// How near that is.
const NEAR_ZONE: i64 = 20_000_000_000;

/// What two points tell of their clocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairOffset {
    /// How far the second clock is ahead of the first.
    pub fit: Fit,
    /// Whether no message was seen at both points on the same way, but those that a proxy passed on: its time counts as delay.
    pub passes_proxy: bool,
}

/// The clock of a point.
#[derive(Clone, Debug, PartialEq)]
pub struct PointClock {
    /// The point.
    pub name: Arc<str>,
    /// The point whose clock it was compared with, and what came out; `None` for the first point, which is right by
    /// definition, and for a point that has seen no message of others in both directions.
    pub compared: Option<(Arc<str>, PairOffset)>,
    /// Whether its times can be put right: it is the first point, or compared with it, perhaps by way of others.
    pub is_known: bool,
    /// What puts its times right, one after the other.
    pub corrections: Arc<[Correction]>,
    /// A moment in the middle of what was compared, by the clock of the first point.
    pub at: Timestamp,
    /// How far it is ahead of the first point at that moment.
    pub ahead: i64,
    /// How far off that may be if ways take as long there as back.
    pub uncertainty: i64,
    /// How far off it may be in any case.
    pub bound: i64,
}

impl PointClock {
    fn right(name: &Arc<str>, is_known: bool) -> Self {
        Self {
            name: Arc::clone(name),
            compared: None,
            is_known,
            corrections: Arc::default(),
            at: Timestamp::default(),
            ahead: 0,
            uncertainty: 0,
            bound: 0,
        }
    }

    /// Returns how many minutes it is ahead if it looks as if it were set to another time zone.
    #[must_use]
    pub const fn zone_minutes(&self) -> Option<i64> {
        let zones = self.ahead.saturating_add(self.ahead.signum() * NEAR_ZONE) / ZONE;
        let is_near = self.ahead.saturating_sub(zones * ZONE).saturating_abs() <= NEAR_ZONE;
        if zones != 0 && is_near {
            Some(zones * (ZONE / 60_000_000_000))
        } else {
            None
        }
    }
}

/// The clocks of all points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offsets {
    /// The points, the one whose clock counts first.
    pub points: Vec<PointClock>,
}

impl Offsets {
    /// Compares each point with the first one, directly or by way of others, however it is best known.
    pub(super) fn new(names: &[Arc<str>], pairs: &BTreeMap<[u16; 2], PairOffset>) -> Self {
        let mut points: Vec<PointClock> = names
            .iter()
            .enumerate()
            .map(|(index, name)| PointClock::right(name, index == 0))
            .collect();
        // Always the point that is best known next, by way of those that are known.
        while let Some((from, to, pair)) = best(&points, pairs) {
            let clock = compared(&points, from, to, pair);
            let (Some(clock), Some(point)) = (clock, points.get_mut(to)) else {
                break;
            };
            *point = clock;
        }
        Self { points }
    }

    /// Returns the clock of a point.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&PointClock> {
        self.points.iter().find(|point| *point.name == *name)
    }
}

/// Returns a known point, one that is not known, and what they tell of each other, so that the bound is the least.
fn best(
    points: &[PointClock],
    pairs: &BTreeMap<[u16; 2], PairOffset>,
) -> Option<(usize, usize, PairOffset)> {
    let mut best: Option<(i64, usize, usize, PairOffset)> = None;
    for (&[one, other], pair) in pairs {
        let (one, other) = (usize::from(one), usize::from(other));
        let (from, to) = match (points.get(one)?.is_known, points.get(other)?.is_known) {
            (true, false) => (one, other),
            (false, true) => (other, one),
            _ => continue,
        };
        let bound = points.get(from)?.bound.saturating_add(pair.fit.bound);
        if best.is_none_or(|(least, ..)| bound < least) {
            best = Some((bound, from, to, *pair));
        }
    }
    best.map(|(_, from, to, pair)| (from, to, pair))
}

/// Returns the clock of a point as it compares with one that is known.
fn compared(points: &[PointClock], from: usize, to: usize, pair: PairOffset) -> Option<PointClock> {
    let (known, point) = (points.get(from)?, points.get(to)?);
    let there = pair.fit.correction;
    let correction = if from < to { there } else { turned(&there) };
    let corrections: Arc<[Correction]> = std::iter::once(correction)
        .chain(known.corrections.iter().copied())
        .collect();
    // What its clock said in the middle of what was compared.
    let said = correction.at.plus(correction.ahead);
    let right = |ts: Timestamp, correction: &Correction| correction.of(ts);
    let at = corrections.iter().fold(said, right);
    Some(PointClock {
        name: Arc::clone(&point.name),
        compared: Some((
            Arc::clone(&known.name),
            PairOffset {
                fit: Fit {
                    correction,
                    ..pair.fit
                },
                ..pair
            },
        )),
        is_known: true,
        corrections,
        at,
        ahead: said.since(at),
        uncertainty: known.uncertainty.saturating_add(pair.fit.uncertainty),
        bound: known.bound.saturating_add(pair.fit.bound),
    })
}

/// Returns how far the first clock is ahead of the second, told what it is the other way round.
fn turned(there: &Correction) -> Correction {
    Correction {
        at: there.at.plus(there.ahead),
        ahead: there.ahead.saturating_neg(),
        rate: -there.rate / (1.0 + there.rate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(ahead_ms: i64, bound_ms: i64) -> PairOffset {
        PairOffset {
            fit: Fit {
                correction: Correction {
                    at: Timestamp::from_parts(100, 0),
                    ahead: ahead_ms * 1_000_000,
                    rate: 0.0,
                },
                has_rate: false,
                uncertainty: bound_ms * 500_000,
                bound: bound_ms * 1_000_000,
                messages: [9, 9],
                is_uneven: false,
            },
            passes_proxy: false,
        }
    }

    #[test]
    fn points_are_compared_by_way_of_others_where_that_is_better() {
        let names = ["edge", "core", "far", "alone"].map(Arc::from).to_vec();
        // far - edge is known badly, far - core and core - edge are known well; nobody has seen what alone has.
        let pairs = BTreeMap::from([
            ([0, 1], pair(-40, 2)),
            ([0, 2], pair(990, 50)),
            ([1, 2], pair(1_000, 3)),
        ]);
        let offsets = Offsets::new(&names, &pairs);
        let told: Vec<_> = offsets
            .points
            .iter()
            .map(|point| {
                let ms = |nanos: i64| nanos / 1_000_000;
                let from = point.compared.as_ref().map(|(from, _)| from.to_string());
                (from, point.is_known, ms(point.ahead), ms(point.bound))
            })
            .collect();
        assert_eq!(
            told,
            [
                (None, true, 0, 0),
                (Some("edge".into()), true, -40, 2),
                (Some("core".into()), true, 960, 5),
                (None, false, 0, 0),
            ]
        );
        let far = offsets.of("far").unwrap();
        let said = Timestamp::from_parts(500, 960_000_000);
        let right = far.corrections.iter().fold(said, |ts, c| c.of(ts));
        assert_eq!(right, Timestamp::from_parts(500, 0));
    }

    #[test]
    fn a_comparison_can_be_turned() {
        let there = Correction {
            at: Timestamp::from_parts(1_000, 0),
            ahead: -1_500_000_000,
            rate: 8e-5,
        };
        let back = turned(&there);
        for seconds in [0, 1_000, 5_000] {
            let near = Timestamp::from_parts(seconds, 0);
            let far = near.plus(there.ahead_at(near));
            assert!(back.of(near).since(far).abs() <= 2, "{seconds}");
            assert!(there.of(far).since(near).abs() <= 2, "{seconds}");
        }
    }

    #[test]
    fn time_zones_are_suspected() {
        for (ahead_ms, zone) in [
            (3_600_040, Some(60)),
            (-7_198_500, Some(-120)),
            (19_800_000, Some(330)),
            (1_500, None),
            (30_000, None),
            (1_700_000, None),
        ] {
            let mut clock = PointClock::right(&Arc::from("far"), true);
            clock.ahead = ahead_ms * 1_000_000;
            assert_eq!(clock.zone_minutes(), zone, "{ahead_ms}");
        }
    }
}
