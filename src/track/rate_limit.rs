//! Limits of how often events are told, by kind and source address, in packet time.
//!
//! A flood of events of one kind from one address says the same over and over. Once any of its windows holds more
//! events than its limit, only the first of them is told, then the 100th, 200th, 400th and so on up to the 10,000th,
//! then every 10,000th, each with how many there were since the last one told. The first event back under all limits
//! is told again.

use std::{fmt, net::IpAddr, str::FromStr};

use hashbrown::HashMap;

use crate::{
    duration::{InvalidDuration, parse_duration},
    time::Timestamp,
    track::{EventKind, timeouts::SECOND},
};

/// Windows at most.
const MAX_WINDOWS: usize = 4;

/// Events over the limit before the second one is told.
const LEAST_REPORT: u64 = 100;

/// Events over the limit between those that are told, when there are many.
const MOST_REPORT: u64 = 10_000;

/// Keys watched at a time: some 30 MiB.
const CAPACITY: usize = 1 << 18;

/// How long a key is watched at least of which nothing is heard.
const LEAST_IDLE: i64 = 300 * SECOND;

/// How many events there may be in how long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RateLimit {
    /// The events.
    pub events: u32,
    /// The time, in nanoseconds.
    pub period: i64,
}

/// The limits of all windows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RateLimits(Vec<RateLimit>);

/// Why limits cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidRateLimit {
    /// One of them is no limit.
    #[error("{0:?} is no limit; expected events and the time they may come in, such as 20/1s")]
    NoLimit(String),
    /// The number of events is none, or none at all are allowed.
    #[error("{0:?} is no number of events; expected 1 to 4294967295, as in 20/1s")]
    Events(String),
    /// The time is none.
    #[error("the time of {0:?} cannot be read: {1}")]
    Period(String, InvalidDuration),
    /// The time is too short, too long or no whole number of seconds.
    #[error("the time of {0:?} is out of range; it can be 1s to 366d, in whole seconds")]
    PeriodRange(String),
    /// Two limits have the same time.
    #[error("{0:?} sets a limit for the same time as another one")]
    Twice(String),
    /// There are too many.
    #[error("there can be {MAX_WINDOWS} limits at most")]
    TooMany,
}

impl FromStr for RateLimits {
    type Err = InvalidRateLimit;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut limits: Vec<RateLimit> = Vec::new();
        for part in text.split(',') {
            let limit = parse_limit(part.trim())?;
            if limits.iter().any(|other| other.period == limit.period) {
                return Err(InvalidRateLimit::Twice(part.to_owned()));
            }
            limits.push(limit);
        }
        if limits.len() > MAX_WINDOWS {
            return Err(InvalidRateLimit::TooMany);
        }
        Ok(Self(limits))
    }
}

fn parse_limit(text: &str) -> Result<RateLimit, InvalidRateLimit> {
    let owned = || text.to_owned();
    let (events, period) = text
        .split_once('/')
        .ok_or_else(|| InvalidRateLimit::NoLimit(owned()))?;
    let events = events
        .trim()
        .parse()
        .ok()
        .filter(|events| *events > 0)
        .ok_or_else(|| InvalidRateLimit::Events(events.to_owned()))?;
    let period =
        parse_duration(period.trim()).map_err(|error| InvalidRateLimit::Period(owned(), error))?;
    if !(SECOND..=366 * 86_400 * SECOND).contains(&period) || period % SECOND != 0 {
        return Err(InvalidRateLimit::PeriodRange(owned()));
    }
    Ok(RateLimit { events, period })
}

/// What is limited: the events of one kind that one address gave rise to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct RateKey {
    /// The kind.
    pub kind: EventKind,
    /// The address; none when it is not known.
    pub source: Option<IpAddr>,
}

impl fmt::Display for RateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.source {
            Some(source) => write!(f, "{} {source}", self.kind),
            None => write!(f, "{}", self.kind),
        }
    }
}

/// How an event stands to its limits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// What was counted.
    pub key: RateKey,
    /// Whether a limit is exceeded.
    pub is_exceeded: bool,
    /// How many events over the limits there were since the last one that was told; one over the limits counts itself.
    pub difference: u64,
    /// The rate in the window that is filled the most.
    pub current: u64,
    /// The limit of that window.
    pub limit: RateLimit,
    /// Since when the limits are exceeded, or are not.
    pub since: Timestamp,
}

/// What the limits did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RateStats {
    /// Events that are not told.
    pub suppressed: u64,
    /// How often a key went over its limits.
    pub exceeded: u64,
    /// How often a key came back under them.
    pub recovered: u64,
    /// Keys forgotten because nothing was heard of them.
    pub idle: u64,
    /// Keys forgotten because there were too many: then too much may be told.
    pub evicted: u64,
}

/// Counts events by kind and source address, and tells which of them are to be told.
#[derive(Debug)]
pub struct RateLimiter {
    limits: RateLimits,
    capacity: usize,
    /// How long a key is watched of which nothing is heard.
    idle: i64,
    keys: HashMap<RateKey, Counted>,
    /// When idle keys were last looked for.
    swept: Timestamp,
    stats: RateStats,
}

/// The events of one key.
#[derive(Clone, Copy, Debug)]
struct Counted {
    windows: [Window; MAX_WINDOWS],
    /// Events over the limits without one under them in between.
    exceeding: u64,
    /// How many of these there were when one was told.
    reported: u64,
    since: Timestamp,
    last_seen: Timestamp,
}

/// The events of one key in one window.
#[derive(Clone, Copy, Debug)]
struct Window {
    start: Timestamp,
    count: u64,
    /// The rate of the window before.
    last_rate: u64,
}

impl Window {
    /// Counts an event and returns the rate. A window that has passed is counted up to this event and without it.
    fn add(&mut self, ts: Timestamp, period: i64) -> u64 {
        let elapsed = ts.since(self.start);
        // An event far in the future is one with a wrong time.
        if elapsed >= period || elapsed <= -period {
            let [period, elapsed] = [period, elapsed].map(|nanos| u128::from(nanos.unsigned_abs()));
            let rate = u128::from(self.count) * period / elapsed;
            *self = Self {
                start: ts,
                count: 1,
                last_rate: u64::try_from(rate).unwrap_or(u64::MAX),
            };
        } else {
            self.count += 1;
        }
        self.count.max(self.last_rate)
    }
}

impl RateLimiter {
    /// Returns a limiter that has seen nothing yet.
    #[must_use]
    pub fn new(limits: RateLimits) -> Self {
        Self::with_capacity(limits, CAPACITY)
    }

    fn with_capacity(limits: RateLimits, capacity: usize) -> Self {
        let longest = limits.0.iter().map(|limit| limit.period).max();
        Self {
            idle: longest
                .unwrap_or_default()
                .saturating_mul(2)
                .max(LEAST_IDLE),
            limits,
            capacity,
            keys: HashMap::new(),
            swept: Timestamp::MIN,
            stats: RateStats::default(),
        }
    }

    /// Counts an event; returns how it stands to its limits, or nothing when it is not to be told.
    pub fn take(&mut self, key: RateKey, ts: Timestamp) -> Option<Rate> {
        self.make_room(key, ts);
        let new = Window {
            start: ts,
            count: 0,
            last_rate: 0,
        };
        let counted = self.keys.entry(key).or_insert(Counted {
            windows: [new; MAX_WINDOWS],
            exceeding: 0,
            reported: 0,
            since: ts,
            last_seen: ts,
        });
        counted.last_seen = ts.max(counted.last_seen);
        let (is_exceeded, current, limit) = counted.add(&self.limits, ts);
        let was_exceeded = counted.exceeding > 0;
        if is_exceeded != was_exceeded {
            counted.since = ts;
            if is_exceeded {
                self.stats.exceeded += 1;
            } else {
                self.stats.recovered += 1;
            }
        }
        if is_exceeded {
            counted.exceeding += 1;
            if !is_reported(counted.exceeding) {
                self.stats.suppressed += 1;
                return None;
            }
        }
        let difference = counted.exceeding - counted.reported;
        counted.reported = counted.exceeding;
        if !is_exceeded {
            (counted.exceeding, counted.reported) = (0, 0);
        }
        Some(Rate {
            key,
            is_exceeded,
            difference,
            current,
            limit,
            since: counted.since,
        })
    }

    /// Returns what the limits did.
    #[must_use]
    pub const fn stats(&self) -> &RateStats {
        &self.stats
    }

    /// Forgets keys of which nothing was heard for long, now and then, and others when there is no room for `key`.
    fn make_room(&mut self, key: RateKey, now: Timestamp) {
        if now.since(self.swept) >= self.idle {
            self.swept = now;
            let before = self.keys.len();
            let idle = self.idle;
            self.keys
                .retain(|_, counted| now.since(counted.last_seen) < idle);
            self.stats.idle += (before - self.keys.len()) as u64;
        }
        if self.keys.len() >= self.capacity && !self.keys.contains_key(&key) {
            self.evict();
        }
    }

    /// Forgets the tenth of the keys that were not heard of for the longest time; those over their limits come last.
    fn evict(&mut self) {
        let rank = |counted: &Counted| (counted.exceeding > 0, counted.last_seen);
        let mut ranks: Vec<_> = self.keys.values().map(rank).collect();
        let tenth = ranks.len() / 10;
        let (_, cutoff, _) = ranks.select_nth_unstable(tenth);
        let cutoff = *cutoff;
        let before = self.keys.len();
        self.keys.retain(|_, counted| rank(counted) > cutoff);
        self.stats.evicted += (before - self.keys.len()) as u64;
    }
}

impl Counted {
    /// Counts an event; returns whether a limit is exceeded, and the rate and limit of the window filled the most.
    fn add(&mut self, limits: &RateLimits, ts: Timestamp) -> (bool, u64, RateLimit) {
        let mut fullest = (
            0,
            RateLimit {
                events: 1,
                period: 0,
            },
        );
        let mut is_exceeded = false;
        for (window, limit) in self.windows.iter_mut().zip(&limits.0) {
            let rate = window.add(ts, limit.period);
            is_exceeded |= rate > u64::from(limit.events);
            let (other_rate, other): (u64, RateLimit) = fullest;
            if u128::from(rate) * u128::from(other.events)
                > u128::from(other_rate) * u128::from(limit.events)
            {
                fullest = (rate, *limit);
            }
        }
        (is_exceeded, fullest.0, fullest.1)
    }
}

/// Returns whether the `count`-th event in a row over the limits is told.
const fn is_reported(count: u64) -> bool {
    if count < MOST_REPORT {
        let is_multiple = count.is_multiple_of(LEAST_REPORT);
        count == 1 || is_multiple && (count / LEAST_REPORT).is_power_of_two()
    } else {
        count.is_multiple_of(MOST_REPORT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: i64 = SECOND / 1000;

    fn key(last: u8) -> RateKey {
        RateKey {
            kind: EventKind::CallAttempt,
            source: Some(IpAddr::from([192, 0, 2, last])),
        }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_nanos(millis * MILLI)
    }

    fn limiter(limits: &str) -> RateLimiter {
        RateLimiter::new(limits.parse().unwrap())
    }

    #[test]
    fn limits_are_read() {
        let limits: RateLimits = "20/1s, 240/1m,3600/1h".parse().unwrap();
        let limit = |events, seconds| RateLimit {
            events,
            period: seconds * SECOND,
        };
        assert_eq!(limits.0, [limit(20, 1), limit(240, 60), limit(3600, 3600)]);
        for (text, error) in [
            ("", "\"\" is no limit"),
            ("20", "\"20\" is no limit"),
            ("20/1s,", "\"\" is no limit"),
            ("x/1s", "\"x\" is no number"),
            ("0/1s", "\"0\" is no number"),
            ("-1/1s", "\"-1\" is no number"),
            ("99999999999/1s", "\"99999999999\" is no number"),
            (
                "20/1",
                "the time of \"20/1\" cannot be read: a duration needs",
            ),
            ("20/1x", "the time of \"20/1x\" cannot be read"),
            ("20/0s", "the time of \"20/0s\" is out of range"),
            ("20/1500ms", "the time of \"20/1500ms\" is out of range"),
            ("20/400d", "the time of \"20/400d\" is out of range"),
            ("20/1m,30/60s", "\"30/60s\" sets a limit for the same time"),
            ("1/1s,1/2s,1/3s,1/4s,1/5s", "there can be 4 limits"),
        ] {
            let found = text.parse::<RateLimits>().unwrap_err().to_string();
            assert!(found.starts_with(error), "{text}: {found}");
        }
    }

    #[test]
    fn what_stays_within_the_limit_is_told() {
        let mut limiter = limiter("20/1s");
        // Twenty a second, without end.
        for event in 0..1000 {
            let rate = limiter.take(key(1), at(event * 50)).unwrap();
            assert!(!rate.is_exceeded, "{event}: {rate:?}");
        }
        assert_eq!(limiter.stats(), &RateStats::default());
    }

    #[test]
    fn a_burst_is_told_once_and_then_at_powers_of_two() {
        let mut limiter = limiter("20/1s");
        // 30,020 events within a second: 20 under the limit, 30,000 over it.
        let told: Vec<(i64, u64)> = (0..30_020)
            .filter_map(|event| {
                let rate = limiter.take(key(1), Timestamp::from_nanos(event * 1000))?;
                rate.is_exceeded.then_some((event - 19, rate.difference))
            })
            .collect();
        assert_eq!(
            told,
            [
                (1, 1),
                (100, 99),
                (200, 100),
                (400, 200),
                (800, 400),
                (1600, 800),
                (3200, 1600),
                (6400, 3200),
                (10_000, 3600),
                (20_000, 10_000),
                (30_000, 10_000),
            ]
        );
        assert_eq!(limiter.stats().suppressed, 30_000 - 11);
        assert_eq!(limiter.stats().exceeded, 1);
    }

    #[test]
    fn the_rate_of_a_window_lasts_for_the_next_one() {
        let mut limiter = limiter("2/1s");
        // Three in the first second: the third is over the limit.
        for (millis, expected) in [
            (0, Some((false, 1))),
            (100, Some((false, 2))),
            (200, Some((true, 3))),
        ] {
            let rate = limiter.take(key(1), at(millis));
            assert_eq!(rate.map(|rate| (rate.is_exceeded, rate.current)), expected);
        }
        // At 1.2 s the window has passed: 3 events in 1.2 s are 2 a second, rounded down.
        let rate = limiter.take(key(1), at(1200)).unwrap();
        assert!(!rate.is_exceeded);
        assert_eq!(
            (rate.current, rate.difference, rate.since),
            (2, 0, at(1200))
        );
        // A burst of 4 in the second window: 4 at 2.2 s hold for the third window.
        assert!(limiter.take(key(1), at(1300)).is_some());
        assert!(
            limiter
                .take(key(1), at(1400))
                .is_some_and(|rate| rate.is_exceeded)
        );
        assert_eq!(limiter.take(key(1), at(1500)), None);
        assert_eq!(limiter.take(key(1), at(2200)), None);
        // The third window begins at 2.2 s; at 3.2 s it had one event.
        let rate = limiter.take(key(1), at(3200)).unwrap();
        assert!(!rate.is_exceeded);
        // Over the limit were those at 1.4, 1.5 and 2.2 s; the first of them was told.
        assert_eq!((rate.current, rate.difference), (1, 2));
        let stats = limiter.stats();
        assert_eq!(
            (stats.exceeded, stats.recovered, stats.suppressed),
            (2, 2, 2)
        );
    }

    #[test]
    fn any_window_can_be_exceeded() {
        let mut limiter = limiter("20/1s,3/1m");
        let rates: Vec<_> = (0..4)
            .filter_map(|event| limiter.take(key(1), at(event * 2000)))
            .collect();
        let last = rates.last().unwrap();
        assert_eq!(rates.len(), 4);
        assert!(last.is_exceeded);
        assert_eq!(
            (last.current, last.limit.events, last.limit.period),
            (4, 3, 60 * SECOND)
        );
        assert_eq!(last.since, at(6000));
        // Of those under it the window is told that is filled the most.
        assert_eq!((rates[0].current, rates[0].limit.events), (1, 3));
    }

    #[test]
    fn kinds_and_addresses_are_counted_on_their_own() {
        let mut limiter = limiter("1/1s");
        let other_kind = RateKey {
            kind: EventKind::CallEnd,
            ..key(1)
        };
        let nobody = RateKey {
            source: None,
            ..key(1)
        };
        for key in [key(1), key(2), other_kind, nobody] {
            assert!(!limiter.take(key, at(0)).unwrap().is_exceeded, "{key}");
        }
        assert!(limiter.take(key(2), at(1)).unwrap().is_exceeded);
        assert_eq!(key(1).to_string(), "call-attempt 192.0.2.1");
        assert_eq!(nobody.to_string(), "call-attempt");
    }

    #[test]
    fn time_that_goes_backwards_does_no_harm() {
        let mut limiter = limiter("2/1s");
        for millis in [5000, 4000, i64::MIN / MILLI, i64::MAX / MILLI, 0] {
            limiter.take(key(1), at(millis));
        }
        assert_eq!(limiter.keys.len(), 1);
    }

    #[test]
    fn idle_keys_are_forgotten_in_packet_time() {
        let mut limiter = limiter("1/1s");
        limiter.take(key(1), at(0));
        limiter.take(key(2), at(200_000));
        limiter.take(key(3), at(300_000));
        assert_eq!((limiter.keys.len(), limiter.stats().idle), (2, 1));
    }

    #[test]
    fn the_table_is_bounded() {
        let limits: RateLimits = "1/1s".parse().unwrap();
        let mut limiter = RateLimiter::with_capacity(limits, 100);
        // One that is over its limit outlasts those that are not.
        limiter.take(key(1), at(0));
        limiter.take(key(1), at(0));
        for number in 0..10_000_u32 {
            let source = Some(IpAddr::from(number.to_be_bytes()));
            limiter.take(RateKey { source, ..key(0) }, at(i64::from(number)));
            assert!(limiter.keys.len() <= 100);
        }
        assert!(limiter.keys.contains_key(&key(1)));
        // Eleven are forgotten at a time: the tenth, and the one that the cut is made at.
        assert_eq!(limiter.stats().evicted, 10_001 - limiter.keys.len() as u64);
    }
}
