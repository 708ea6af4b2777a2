//! The time stamps of pcapng: any power of 10 or 2 as unit, and an offset.

use crate::{capture::Resolution, time::Timestamp};

const NANOS_PER_SEC: u128 = 1_000_000_000;

/// How the ticks of an interface become time (`if_tsresol`, `if_tsoffset`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    resolution: Resolution,
    offset_nanos: i64,
    /// Nanoseconds of a tick where that is a whole number.
    nanos_per_tick: Option<u64>,
}

impl Clock {
    pub(super) fn new(resolution: Resolution, offset_secs: i64) -> Self {
        let nanos_per_tick = match resolution {
            Resolution::Decimal(n) => 9_u32.checked_sub(u32::from(n)).map(|n| 10_u64.pow(n)),
            Resolution::Binary(_) => None,
        };
        Self {
            resolution,
            offset_nanos: Timestamp::from_parts(offset_secs, 0).nanos(),
            nanos_per_tick,
        }
    }

    /// Returns the moment that `ticks` stand for.
    pub(super) fn time(&self, ticks: u64) -> Timestamp {
        let nanos = match self.nanos_per_tick {
            Some(per_tick) => i64::try_from(ticks.saturating_mul(per_tick)).unwrap_or(i64::MAX),
            None => i64::try_from(self.fine(ticks)).unwrap_or(i64::MAX),
        };
        Timestamp::from_nanos(nanos).plus(self.offset_nanos)
    }

    /// Returns nanoseconds where a tick is shorter than one, or no whole number of them.
    fn fine(&self, ticks: u64) -> u128 {
        let ticks = u128::from(ticks);
        match self.resolution {
            // 64 + 30 bits: no overflow; and a unit too fine to be told leaves nothing.
            Resolution::Binary(n) => ticks
                .saturating_mul(NANOS_PER_SEC)
                .checked_shr(u32::from(n))
                .unwrap_or_default(),
            Resolution::Decimal(n) => 10_u128
                .checked_pow(u32::from(n.saturating_sub(9)))
                .and_then(|ticks_per_nano| ticks.checked_div(ticks_per_nano))
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_become_nanoseconds() {
        // Calculated on paper.
        for (resolution, offset, ticks, nanos) in [
            (Resolution::Decimal(6), 0, 1_500_000, 1_500_000_000),
            (Resolution::Decimal(9), 0, 1_500_000, 1_500_000),
            (Resolution::Decimal(0), 0, 3, 3_000_000_000),
            (Resolution::Decimal(12), 0, 1_234_567, 1_234),
            (Resolution::Decimal(3), 1000, 5, 1_000_005_000_000),
            (Resolution::Decimal(6), -1, 1_500_000, 500_000_000),
            (Resolution::Decimal(127), 0, u64::MAX, 0),
            (Resolution::Binary(10), 0, 1_536, 1_500_000_000),
            (Resolution::Binary(32), 0, 1 << 31, 500_000_000),
            (Resolution::Binary(0), 0, 7, 7_000_000_000),
            (Resolution::Binary(127), 0, u64::MAX, 0),
            (Resolution::Decimal(0), 0, u64::MAX, i64::MAX),
            (Resolution::Decimal(6), i64::MAX, u64::MAX, i64::MAX),
        ] {
            let time = Clock::new(resolution, offset).time(ticks);
            assert_eq!(time.nanos(), nanos, "{resolution:?} {ticks}");
        }
    }
}
