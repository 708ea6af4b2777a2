//! Which transmission sequence numbers have been seen (RFC 9260 §1.6).

/// The transmission sequence numbers that came lately.
#[derive(Debug)]
pub(super) struct Seen {
    /// The highest one, extended to 64 bits.
    highest: u64,
    /// A bit for each of those up to it, as a ring.
    bits: [u64; 32],
}

impl Seen {
    const WINDOW: u64 = 32 * 64;

    /// Returns a window up to `tsn` in which nothing has been seen.
    pub(super) fn new(tsn: u32) -> Self {
        Self {
            highest: (1 << 40) | u64::from(tsn),
            bits: [0; 32],
        }
    }

    /// Returns the number extended to 64 bits, and whether it is new.
    pub(super) fn note(&mut self, tsn: u32) -> (u64, bool) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a TSN is the low half of its extension"
        )]
        let distance = tsn.wrapping_sub(self.highest as u32).cast_signed();
        let number = self.highest.wrapping_add_signed(i64::from(distance));
        if number > self.highest {
            let passed = number.saturating_sub(self.highest);
            if passed >= Self::WINDOW {
                self.bits = [0; 32];
            } else {
                for skipped in self.highest.saturating_add(1)..=number {
                    self.set(skipped, false);
                }
            }
            self.highest = number;
        } else if self.highest.saturating_sub(number) >= Self::WINDOW {
            // Too old to tell, or a peer that began anew: better twice than not at all.
            return (number, true);
        }
        (number, !self.set(number, true))
    }

    /// Sets the bit of a number and returns what it was.
    fn set(&mut self, number: u64, value: bool) -> bool {
        let index = usize::try_from((number >> 6) & 31).unwrap_or_default();
        let mask = 1_u64 << (number & 63);
        let Some(word) = self.bits.get_mut(index) else {
            return false;
        };
        let was = *word & mask != 0;
        *word = if value { *word | mask } else { *word & !mask };
        was
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_new_once() {
        let mut seen = Seen::new(u32::MAX - 1);
        for tsn in [u32::MAX, 1, 0, u32::MAX - 5, 40, 3000, 2999, 1001] {
            assert!(seen.note(tsn).1, "{tsn} is new");
            assert!(!seen.note(tsn).1, "{tsn} is not new");
        }
        let (before, _) = seen.note(5000);
        assert_eq!(seen.note(5001), (before + 1, true));
        assert!(seen.note(1001).1, "too old to be remembered");
    }
}
