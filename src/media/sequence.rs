//! How many packets of a stream there were and how many are missing, by their numbers (RFC 3550 §6.4.1, appendix A.1).

/// A jump forward by more than this is a restart of the numbers rather than a loss (`MAX_DROPOUT`).
const MAX_DROPOUT: u16 = 3000;

/// A packet that is late by more than this is none of the run (`MAX_MISORDER`).
const MAX_MISORDER: u16 = 100;

/// Follows the numbers of one stream.
///
/// Unlike in the appendix, packets that come twice are told from others, so that they do not hide losses; those that come
/// before the first one in order count; and what was lost before the numbers began anew stays lost.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// The number of the first packet of the run, and the highest one: both grow beyond 2¹⁶.
    first: u64,
    highest: u64,
    /// Which of the last 128 numbers have come; the lowest bit is the highest number.
    seen: u128,
    /// Those of the run that came, each once.
    unique: u64,
    /// Losses of earlier runs.
    lost_before: u64,
    duplicates: u64,
    reordered: u64,
    /// The number after a packet that fits nowhere: if it comes next, the numbers have begun anew.
    fresh: Option<u16>,
}

impl Sequence {
    /// Begins with the number of the first packet.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        // So there is room for late ones before it.
        let first = (1 << 16) + number as u64;
        Self {
            first,
            highest: first,
            seen: 1,
            unique: 1,
            lost_before: 0,
            duplicates: 0,
            reordered: 0,
            fresh: None,
        }
    }

    /// Takes the number of the next packet.
    pub fn take(&mut self, number: u16) {
        let ahead = number.wrapping_sub(low(self.highest));
        let behind = low(self.highest).wrapping_sub(number);
        if ahead != 0 && ahead < MAX_DROPOUT {
            self.advance(ahead);
        } else if behind <= MAX_MISORDER {
            self.fall_behind(behind);
        } else if self.fresh == Some(number) {
            self.restart(number);
        } else {
            self.fresh = Some(number.wrapping_add(1));
            return;
        }
        self.fresh = None;
    }

    fn advance(&mut self, by: u16) {
        self.highest += u64::from(by);
        self.seen = self.seen.checked_shl(u32::from(by)).unwrap_or(0) | 1;
        self.unique += 1;
    }

    fn fall_behind(&mut self, by: u16) {
        let bit = 1_u128 << by;
        if self.seen & bit != 0 {
            self.duplicates += 1;
            return;
        }
        self.seen |= bit;
        self.reordered += 1;
        self.unique += 1;
        self.first = self.first.min(self.highest - u64::from(by));
    }

    /// Begins anew with the packet before this one, which fitted nowhere.
    fn restart(&mut self, number: u16) {
        *self = Self {
            lost_before: self.lost(),
            duplicates: self.duplicates,
            reordered: self.reordered,
            ..Self::new(number.wrapping_sub(1))
        };
        self.advance(1);
    }

    /// Returns how many packets never came.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        let expected = self.highest - self.first + 1;
        self.lost_before + expected.saturating_sub(self.unique)
    }

    /// Returns how many came more than once.
    #[must_use]
    pub const fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Returns how many came after one with a higher number.
    #[must_use]
    pub const fn reordered(&self) -> u64 {
        self.reordered
    }
}

/// Returns what of a number is in a packet.
const fn low(number: u64) -> u16 {
    (number & 0xffff) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_counted() {
        // Numbers; how many are lost, came twice and came late. By hand.
        for (numbers, expected) in [
            (&[5][..], (0, 0, 0)),
            (&[1, 2, 4], (1, 0, 0)),
            (&[65533, 65534, 65535, 0, 2, 1, 1, 5, 6], (2, 1, 1)),
            // The first two are the wrong way round, also where the numbers wrap.
            (&[8, 7, 9], (0, 0, 1)),
            (&[0, 65535, 1], (0, 0, 1)),
            // A copy does not make up for a loss.
            (&[1, 2, 2, 4], (1, 1, 0)),
            // It came late, but it came.
            (&[1, 2, 4, 5, 3], (0, 0, 1)),
            // The numbers begin anew: what is between is not lost, what was lost stays so.
            (&[1, 3, 30000, 30001, 30003], (2, 0, 0)),
            // A stray one is no new beginning.
            (&[1, 2, 30000, 3, 4], (0, 0, 0)),
            (&[10, 5000, 20000, 11], (0, 0, 0)),
            (&[1, 3001], (0, 0, 0)),
            (&[1, 3000], (2998, 0, 0)),
        ] {
            let (first, rest) = numbers.split_first().unwrap();
            let mut sequence = Sequence::new(*first);
            rest.iter().for_each(|number| sequence.take(*number));
            let found = (sequence.lost(), sequence.duplicates(), sequence.reordered());
            assert_eq!(found, expected, "{numbers:?}");
        }
    }

    #[test]
    fn long_streams_wrap_many_times() {
        let mut sequence = Sequence::new(65_000);
        for number in 65_001..1_000_000_u32 {
            if number % 1000 != 0 {
                sequence.take(number as u16);
            }
        }
        // 66 000, 67 000 … 999 000: 934 of them.
        assert_eq!((sequence.lost(), sequence.duplicates()), (934, 0));
    }
}
