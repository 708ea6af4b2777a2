//! The time up to which tables give up what they waited for.

use crate::time::Timestamp;

/// The time up to which the tables give up what they waited for: that of the packets, except that a leap ahead counts
/// when a later packet confirms it. One packet with a wrong time gives up nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    now: Option<Timestamp>,
    /// Where the last packet leapt to.
    ahead: Option<Timestamp>,
}

impl Clock {
    /// Takes the time of the next packet and returns the time it is now; more than `leap` nanoseconds are a leap.
    pub(crate) fn tick(&mut self, ts: Timestamp, leap: i64) -> Timestamp {
        let is_leap = |from: Timestamp| ts.since(from) > leap;
        let Some(now) = self.now.filter(|now| is_leap(*now)) else {
            (self.now, self.ahead) = (Some(ts), None);
            return ts;
        };
        match self.ahead.replace(ts) {
            // A packet for which this is a leap too confirms the one before, but not itself.
            Some(ahead) if is_leap(ahead) => *self.now.insert(ahead),
            Some(ahead) if ahead <= ts => {
                self.ahead = None;
                *self.now.insert(ts)
            }
            _ => now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_counts_when_it_is_confirmed() {
        // The times of packets, and what time it is then, in seconds; 60 s are no leap.
        let table: &[&[(i64, i64)]] = &[
            &[(1_700_000_000, 1_700_000_000)],
            &[(1000, 1000), (1060, 1060), (1000, 1000), (3, 3)],
            // A packet with a wrong time, or two.
            &[(1000, 1000), (8200, 1000), (1001, 1001), (1002, 1002)],
            &[
                (1000, 1000),
                (8200, 1000),
                (1001, 1001),
                (8200, 1001),
                (1002, 1002),
            ],
            &[(8200, 8200), (1000, 1000), (1001, 1001)],
            // A pause.
            &[(1000, 1000), (8200, 1000), (8201, 8201), (8202, 8202)],
            &[(1000, 1000), (8200, 1000), (8200, 8200)],
            // A pause behind each packet.
            &[
                (1000, 1000),
                (1100, 1000),
                (1200, 1100),
                (1300, 1200),
                (1301, 1301),
            ],
            // A wrong time and a pause behind it.
            &[(1000, 1000), (8200, 1000), (1100, 1000), (1101, 1101)],
            &[(-9000, -9000), (1000, -9000), (1001, 1001)],
        ];
        for times in table {
            let mut clock = Clock::default();
            for (ts, expected) in *times {
                let now = clock.tick(Timestamp::from_nanos(*ts), 60);
                assert_eq!(now.nanos(), *expected, "{ts} of {times:?}");
            }
        }
    }
}
