//! From messages seen at two points to the offset of their clocks.

use std::collections::BTreeMap;

use crate::{capture::Correction, time::Timestamp};

/// From when on it is found out whether clocks drift apart: messages in each direction, and time between them.
const MIN_TO_DRIFT: usize = 20;
const MIN_SPAN: i64 = 30_000_000_000;
/// How much clocks drift apart at most: far more than any oscillator.
const MAX_RATE: f64 = 1e-3;
/// How much they may drift apart where that is not found out: what a plain oscillator is good for.
const USUAL_RATE: f64 = 5e-5;
/// Messages in a direction from which on their jitter tells how good the least delay is.
const MIN_TO_JUDGE: usize = 4;
/// The number of the least delay that is compared with the very least.
const JUDGED_BY: usize = 8;
/// Neighbours that a delay is compared with, to tell what cannot be right.
const NEIGHBOURS: usize = 15;
/// A deviation from them that is always believed.
const BELIEVED: f64 = 1e6;
/// How fine times in a capture are, usually.
const RESOLUTION: f64 = 1e3;

/// A message that two points have seen.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Sample {
    /// When the first point saw it.
    pub(super) at: i64,
    /// How much later the second one saw it, each by its own clock.
    pub(super) later: i64,
    /// Between which hosts.
    pub(super) hosts: u32,
    /// In which direction between them.
    pub(super) is_back: bool,
}

/// How far the clock of a second point is ahead of that of a first one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// In the middle of the messages, by the clock of the first point: the moment and how far the second is ahead then.
    /// The rate is 0 if the messages are too few to tell, see [`Self::has_rate`].
    pub correction: Correction,
    /// Whether the rate was found out.
    pub has_rate: bool,
    /// How far off the estimate may be, in nanoseconds, if the way takes as long there as back.
    pub uncertainty: i64,
    /// How far off it may be whatever the ways take: half of the least delays of both directions.
    pub bound: i64,
    /// How many messages went from the first point to the second one, and back.
    pub messages: [usize; 2],
    /// Whether no steady clock explains the times: one of them was set while it captured.
    pub is_uneven: bool,
}

/// Returns what the clock of the second point is ahead, if messages of both directions tell.
pub(super) fn fit(mut samples: Vec<Sample>) -> Option<Fit> {
    samples.sort_unstable();
    let [there, back] = directions(&samples);
    let there = Side::new(&there)?;
    let back = Side::new(&back)?;
    let first = there.span().0.min(back.span().0);
    let last = there.span().1.max(back.span().1);
    let middle = first.saturating_add(last.saturating_sub(first) / 2);
    // Numbers around zero are told finely by floats.
    let base = there.samples.first()?.later;
    let (there, back) = (there.around(middle, base), back.around(middle, base));

    let span = last.saturating_sub(first);
    let gap = |rate: f64| lowest(&there, rate) - highest(&back, rate);
    let is_enough = |side: &[(f64, f64)]| side.len() >= MIN_TO_DRIFT;
    let has_rate = span >= MIN_SPAN && is_enough(&there) && is_enough(&back) || gap(0.0) < 0.0;
    let rate = if has_rate { widest(&gap) } else { 0.0 };
    let ahead = (lowest(&there, rate) + highest(&back, rate)) / 2.0;
    let bound = gap(rate) / 2.0;

    let half_span = span as f64 / 2.0;
    let judged = (spread(&there, rate, 1.0) + spread(&back, rate, -1.0)) / 2.0;
    let drift = if has_rate {
        let doubt = judged.max(RESOLUTION);
        let least = gap(rate) - doubt;
        rate_doubt(rate, least, &gap) * half_span
    } else {
        USUAL_RATE * half_span
    };
    let is_uneven = bound < -RESOLUTION;
    let can_judge = there.len().min(back.len()) >= MIN_TO_JUDGE;
    let bound = bound.abs() + RESOLUTION;
    let uncertainty = if can_judge || is_uneven {
        let uncertainty = judged + drift + RESOLUTION;
        if is_uneven {
            uncertainty + bound
        } else if has_rate {
            uncertainty
        } else {
            uncertainty.min(bound + drift)
        }
    } else {
        bound + drift
    };
    Some(Fit {
        correction: Correction {
            at: Timestamp::from_nanos(middle),
            ahead: base.saturating_add(nanos(ahead)),
            rate,
        },
        has_rate,
        uncertainty: nanos(uncertainty),
        bound: nanos(bound + if has_rate { 0.0 } else { drift }),
        messages: [there.len(), back.len()],
        is_uneven,
    })
}

/// A float that is out of range becomes the nearest number.
fn nanos(value: f64) -> i64 {
    value.round() as i64
}

/// Tells samples of the way there from those of the way back. Hosts of which only one direction was seen tell nothing.
fn directions(samples: &[Sample]) -> [Vec<Sample>; 2] {
    let mut by_hosts: BTreeMap<u32, Vec<Sample>> = BTreeMap::new();
    for sample in samples {
        by_hosts.entry(sample.hosts).or_default().push(*sample);
    }
    let mut found = [Vec::new(), Vec::new()];
    for samples in by_hosts.values() {
        // What goes from the first point to the second is seen later there than what comes back, at about that time.
        let mut differences: Vec<i64> = samples
            .windows(2)
            .filter_map(|pair| match pair {
                [one, other] if !one.is_back && other.is_back => {
                    Some(one.later.saturating_sub(other.later))
                }
                [one, other] if one.is_back && !other.is_back => {
                    Some(other.later.saturating_sub(one.later))
                }
                _ => None,
            })
            .collect();
        differences.sort_unstable();
        let Some(median) = differences.get(differences.len() / 2) else {
            continue;
        };
        let is_turned = *median < 0;
        for sample in samples {
            found[usize::from(sample.is_back != is_turned)].push(*sample);
        }
    }
    found
        .each_mut()
        .iter_mut()
        .for_each(|side| side.sort_unstable());
    found
}

/// The samples of one direction, without those that cannot be right.
struct Side {
    samples: Vec<Sample>,
}

impl Side {
    fn new(all: &[Sample]) -> Option<Self> {
        let deviations: Vec<f64> = (0..all.len()).map(|index| deviation(all, index)).collect();
        let mut sizes: Vec<f64> = deviations.iter().map(|deviation| deviation.abs()).collect();
        sizes.sort_unstable_by(f64::total_cmp);
        let usual = *sizes.get(sizes.len() / 2)?;
        let samples = all
            .iter()
            .zip(&deviations)
            .filter(|(_, deviation)| deviation.abs() <= BELIEVED.max(usual * 10.0))
            .map(|(sample, _)| *sample)
            .collect();
        Some(Self { samples })
    }

    fn span(&self) -> (i64, i64) {
        let at = |sample: Option<&Sample>| sample.map_or(0, |sample| sample.at);
        (at(self.samples.first()), at(self.samples.last()))
    }

    /// Returns times and delays relative to these.
    fn around(&self, middle: i64, base: i64) -> Vec<(f64, f64)> {
        let around = |sample: &Sample| {
            let at = sample.at.saturating_sub(middle) as f64;
            (at, sample.later.saturating_sub(base) as f64)
        };
        self.samples.iter().map(around).collect()
    }
}

/// Returns how far a delay is from the middle one of its neighbours; 0 when there are too few.
fn deviation(all: &[Sample], index: usize) -> f64 {
    let from = index.saturating_sub(NEIGHBOURS / 2);
    let to = (from + NEIGHBOURS).min(all.len());
    let from = to.saturating_sub(NEIGHBOURS);
    let (Some(near), Some(sample)) = (all.get(from..to), all.get(index)) else {
        return 0.0;
    };
    if near.len() < NEIGHBOURS {
        return 0.0;
    }
    let mut delays: Vec<i64> = near.iter().map(|sample| sample.later).collect();
    delays.sort_unstable();
    let median = delays.get(delays.len() / 2).copied().unwrap_or_default();
    sample.later.saturating_sub(median) as f64
}

/// Returns the least delay of the way there, if the clocks drift apart at this rate.
fn lowest(side: &[(f64, f64)], rate: f64) -> f64 {
    let delays = side.iter().map(|(at, later)| later - rate * at);
    delays.fold(f64::INFINITY, f64::min)
}

/// Returns the least delay of the way back, which is the highest of what is told, since it counts backwards.
fn highest(side: &[(f64, f64)], rate: f64) -> f64 {
    let delays = side.iter().map(|(at, later)| later - rate * at);
    delays.fold(f64::NEG_INFINITY, f64::max)
}

/// Returns the rate at which the two directions are farthest apart: any other one makes delays look shorter than they
/// are. The distance is a concave function of the rate, so it is found by narrowing.
fn widest(gap: &dyn Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (-MAX_RATE, MAX_RATE);
    for _ in 0..80 {
        let third = (high - low) / 3.0;
        let (one, other) = (low + third, high - third);
        if gap(one) < gap(other) {
            low = one;
        } else {
            high = other;
        }
    }
    (low + high) / 2.0
}

/// Returns how far another rate is from this one that explains the delays nearly as well.
fn rate_doubt(rate: f64, least: f64, gap: &dyn Fn(f64) -> f64) -> f64 {
    let farthest = |end: f64| {
        let (mut good, mut bad) = (rate, end);
        for _ in 0..50 {
            let middle = (good + bad) / 2.0;
            if gap(middle) >= least {
                good = middle;
            } else {
                bad = middle;
            }
        }
        (good - rate).abs()
    };
    farthest(-MAX_RATE * 2.0).max(farthest(MAX_RATE * 2.0))
}

/// Returns by how much the least delays of a direction differ: the very least one is hardly farther from what it would
/// be without any jitter.
fn spread(side: &[(f64, f64)], rate: f64, sign: f64) -> f64 {
    let delays = side.iter().map(|(at, later)| sign * (later - rate * at));
    let mut delays: Vec<f64> = delays.collect();
    delays.sort_unstable_by(f64::total_cmp);
    let judged_by = delays.get(JUDGED_BY.min(delays.len()).saturating_sub(1));
    match (delays.first(), judged_by) {
        (Some(least), Some(other)) => other - least,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A generator of numbers that are as good as random (Knuth's MMIX).
    struct Random(u64);

    impl Random {
        /// Returns a number from 0 to 1.
        fn next(&mut self) -> f64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }

        /// Returns a number that is seldom large, 1 on average.
        fn exponential(&mut self) -> f64 {
            -(1.0 - self.next()).ln()
        }
    }

    /// What two taps are like.
    #[derive(Clone, Copy, Debug)]
    struct Taps {
        /// How far the second clock is ahead in the middle, in milliseconds, and what it gains, in ppm.
        ahead_ms: f64,
        ppm: f64,
        /// The delay of both ways, and how much more it is on average.
        delay_ms: f64,
        jitter_ms: f64,
        seconds: f64,
        requests: usize,
    }

    /// Returns requests and responses between two hosts that both taps saw, some of them from the other side.
    fn samples(taps: &Taps, random: &mut Random) -> Vec<Sample> {
        let mut samples = Vec::new();
        for number in 0..taps.requests {
            let start = taps.seconds * number as f64 / taps.requests as f64;
            let from_far = random.next() < 0.3;
            for (step, is_response) in [(0.0, false), (0.05 * random.next(), true)] {
                let goes_there = is_response == from_far;
                let delay = taps.delay_ms + taps.jitter_ms * random.exponential();
                let sent = start + step;
                let (near, far) = if goes_there {
                    (sent, sent + delay / 1e3)
                } else {
                    (sent + delay / 1e3, sent)
                };
                let gained = (near - taps.seconds / 2.0) * taps.ppm * 1e-6;
                let far = far + taps.ahead_ms / 1e3 + gained;
                // Captures have microseconds.
                let micros = |seconds: f64| (seconds * 1e6).floor() as i64 * 1_000;
                samples.push(Sample {
                    at: micros(near),
                    later: micros(far) - micros(near),
                    hosts: 1,
                    is_back: !goes_there,
                });
            }
        }
        samples
    }

    /// Returns the error of an estimate at a moment, in nanoseconds.
    fn error(fit: &Fit, taps: &Taps, seconds: f64) -> f64 {
        let moment = Timestamp::from_nanos((seconds * 1e9) as i64);
        let gained = (seconds - taps.seconds / 2.0) * taps.ppm * 1e3;
        fit.correction.ahead_at(moment) as f64 - taps.ahead_ms * 1e6 - gained
    }

    #[test]
    fn the_worked_example() {
        // Milliseconds at the first tap and at the second one; who sent it.
        let samples = [
            (10_000, 10_212, false),
            (10_262, 10_450, true),
            (12_510, 12_700, true),
            (12_515, 12_729, false),
            (20_000, 20_211, false),
            (20_028, 20_215, true),
        ]
        .map(|(near, far, is_back): (i64, i64, bool)| Sample {
            at: near * 1_000_000,
            later: (far - near) * 1_000_000,
            hosts: 3,
            is_back,
        });
        let fit = fit(samples.to_vec()).unwrap();
        // (0.211 + 0.190) / 2 and (0.211 - 0.190) / 2; ten seconds of an unknown drift beside it, and a microsecond.
        assert_eq!(fit.correction.ahead, 200_500_000);
        assert_eq!(fit.bound, 10_500_000 + 250_700 + 1_000);
        assert_eq!(fit.messages, [3, 3]);
        assert!(!fit.has_rate && !fit.is_uneven);
    }

    #[test]
    fn estimates_lie_within_their_uncertainty() {
        let mut random = Random(20_261_121);
        let (mut all, mut outside) = (0, Vec::new());
        for ahead_ms in [-1_500.0, -20.0, 0.0, 0.3, 40.0, 3_600_000.0] {
            for (delay_ms, jitter_ms) in [(10.0, 1.0), (0.2, 0.05), (30.0, 20.0), (1.0, 3.0)] {
                for (seconds, requests, ppm) in [
                    (8.0, 4, 0.0),
                    (60.0, 30, 10.0),
                    (100.0, 500, -40.0),
                    (600.0, 100, 0.0),
                    (3_600.0, 400, 25.0),
                    (3_600.0, 3_000, -80.0),
                ] {
                    for _ in 0..5 {
                        let taps = Taps {
                            ahead_ms,
                            ppm,
                            delay_ms,
                            jitter_ms,
                            seconds,
                            requests,
                        };
                        let fit = fit(samples(&taps, &mut random)).unwrap();
                        let worst = [0.0, seconds / 2.0, seconds]
                            .map(|moment| error(&fit, &taps, moment).abs())
                            .into_iter()
                            .fold(0.0, f64::max);
                        all += 1;
                        if fit.is_uneven || worst > fit.uncertainty as f64 {
                            outside.push((worst / fit.uncertainty as f64, fit, taps));
                        }
                    }
                }
            }
        }
        assert!(
            outside.is_empty(),
            "{} of {all}: {outside:#?}",
            outside.len()
        );
    }
}
