//! The pace of packet time. Only here does the clock of this machine say when something is written; never what.

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use sipcap::time::Timestamp;

use crate::input;

/// How long a signal may go unnoticed.
const NAP: Duration = Duration::from_millis(20);

/// Waits between events as long as there was between them in the capture.
pub(crate) struct Pace {
    /// How much faster than the capture.
    speed: f64,
    /// How long to wait at most.
    max_delay: Option<Duration>,
    /// When the last event was due, and its packet time.
    last: Option<(Instant, Timestamp)>,
}

impl Pace {
    pub(crate) const fn new(speed: f64, max_delay: Option<Duration>) -> Self {
        Self {
            speed,
            max_delay,
            last: None,
        }
    }

    /// Waits until an event of this packet time is due; returns whether nobody wants the program to end.
    pub(crate) fn wait(&mut self, ts: Timestamp) -> bool {
        let now = now();
        let due = match self.last {
            None => now,
            // What is due counts and not when it was done: delays do not add up.
            Some((due, last)) => due.checked_add(self.delay(ts.since(last))).unwrap_or(due),
        };
        let latest = self.last.map_or(ts, |(_, last)| ts.max(last));
        self.last = Some((due, latest));
        while !input::stop().load(Ordering::Relaxed) {
            let left = due.saturating_duration_since(self::now());
            if left.is_zero() {
                return true;
            }
            thread::sleep(left.min(NAP));
        }
        false
    }

    /// Returns how long to wait for what came `nanos` later.
    fn delay(&self, nanos: i64) -> Duration {
        let seconds = nanos.max(0) as f64 / 1e9 / self.speed;
        let delay = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        self.max_delay.map_or(delay, |most| delay.min(most))
    }
}

/// Reads how many times as fast something is done.
pub(crate) fn parse_speed(text: &str) -> Result<f64, &'static str> {
    let speed = text.parse().ok();
    speed
        .filter(|speed: &f64| speed.is_finite() && *speed > 0.0)
        .ok_or("expected a number above 0, such as 10 or 0.5")
}

#[expect(
    clippy::disallowed_methods,
    reason = "replaying is the one thing that happens in the time of this machine"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_those_of_the_capture_at_another_speed() {
        let second = 1_000_000_000;
        let most = Some(Duration::from_secs(2));
        for (speed, max_delay, nanos, millis) in [
            (1.0, None, second, 1000),
            (10.0, None, second, 100),
            (0.5, None, second, 2000),
            (1.0, most, 3600 * second, 2000),
            (1.0, most, second, 1000),
            (1.0, None, -second, 0),
        ] {
            let pace = Pace::new(speed, max_delay);
            assert_eq!(pace.delay(nanos), Duration::from_millis(millis), "{nanos}");
        }
        // Longer than can be told, it waits for a signal.
        assert_eq!(Pace::new(1e-300, None).delay(second), Duration::MAX);
    }
}
