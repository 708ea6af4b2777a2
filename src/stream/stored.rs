//! Which octets of TCP streams a capture has at all, where that is known beforehand.
//!
//! A capture of selected calls lacks the rest of the streams that these went over. Nothing of that comes late, so it need
//! not be waited for.

use std::net::SocketAddr;

use hashbrown::HashMap;

use crate::packet::Segment;

/// Octets that are this near before a segment may be of the same stream.
const NEAR: u32 = 1 << 16;

/// The octets of TCP streams that are in a capture, by sequence numbers.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// By sender and receiver: where runs of octets begin, and how long they are.
    runs: HashMap<(SocketAddr, SocketAddr), Vec<(u32, u32)>>,
}

impl Stored {
    /// Adds the octets of a segment.
    pub fn add(&mut self, segment: &Segment) {
        if segment.wire_len > 0 {
            let seq = segment.seq.wrapping_add(u32::from(segment.syn));
            let runs = self.runs.entry((segment.src, segment.dst)).or_default();
            match runs.last_mut() {
                // Most of them come in order.
                Some((start, len)) if start.wrapping_add(*len) == seq && *len < 1 << 30 => {
                    *len = len.saturating_add(segment.wire_len);
                }
                _ => runs.push((seq, segment.wire_len)),
            }
        }
    }

    /// Puts runs in order, which has to be done before anything is asked.
    pub fn settle(&mut self) {
        for runs in self.runs.values_mut() {
            runs.sort_unstable();
            let mut joined: Vec<(u32, u32)> = Vec::new();
            for (start, len) in runs.drain(..) {
                match joined.last_mut() {
                    Some((before, known)) if start.wrapping_sub(*before) <= *known => {
                        let end = start.wrapping_sub(*before).saturating_add(len);
                        *known = end.max(*known);
                    }
                    _ => joined.push((start, len)),
                }
            }
            *runs = joined;
        }
    }

    /// Returns how far it is from `seq` to the next octet that is there: 0 if it is there itself; `None` without any in the
    /// half of the numbers that is ahead.
    pub(super) fn distance(&self, ends: (SocketAddr, SocketAddr), seq: u32) -> Option<u32> {
        let runs = self.runs.get(&ends)?;
        let at = runs.partition_point(|(start, _)| *start <= seq);
        // The last one may go on past the end of the numbers.
        let before = at
            .checked_sub(1)
            .and_then(|at| runs.get(at))
            .or_else(|| runs.last());
        if before.is_some_and(|(start, len)| seq.wrapping_sub(*start) < *len) {
            return Some(0);
        }
        let (next, _) = runs.get(at).or_else(|| runs.first())?;
        let distance = next.wrapping_sub(seq);
        (distance < 1 << 31).then_some(distance)
    }

    /// Returns how long before `seq` the first octets are that may be of the same stream, 0 without any; `None` if those at
    /// `seq` are not there themselves.
    pub(super) fn start_before(&self, ends: (SocketAddr, SocketAddr), seq: u32) -> Option<u32> {
        let first = self.distance(ends, seq.wrapping_sub(NEAR))?;
        NEAR.checked_sub(first)
            .filter(|_| self.distance(ends, seq) == Some(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    fn ends() -> (SocketAddr, SocketAddr) {
        (
            "192.0.2.1:5060".parse().unwrap(),
            "192.0.2.2:5060".parse().unwrap(),
        )
    }

    fn stored(runs: &[(u32, u32)]) -> Stored {
        let mut stored = Stored::default();
        for &(seq, wire_len) in runs {
            stored.add(&Segment {
                src: ends().0,
                dst: ends().1,
                seq,
                ack: None,
                syn: false,
                fin: false,
                rst: false,
                payload: Span::default(),
                wire_len,
            });
        }
        stored.settle();
        stored
    }

    #[test]
    fn the_next_octet_that_is_there_is_found() {
        let some = stored(&[
            (1_100, 50),
            (1_000, 100),
            (2_000, 10),
            (2_005, 20),
            (900_000, 5),
        ]);
        for (seq, expected) in [
            (1_000, Some(0)),
            (1_149, Some(0)),
            (1_150, Some(850)),
            (1_999, Some(1)),
            (2_024, Some(0)),
            (2_025, Some(897_975)),
            (0, Some(1_000)),
            (900_005, None),
        ] {
            assert_eq!(some.distance(ends(), seq), expected, "{seq}");
        }
        for (seq, expected) in [
            (1_000, Some(0)),
            (1_001, Some(1)),
            (1_100, Some(100)),
            (1_150, None),
            (2_000, Some(1_000)),
            (900_000, Some(0)),
        ] {
            assert_eq!(some.start_before(ends(), seq), expected, "{seq}");
        }
        let (src, dst) = ends();
        assert_eq!(some.distance((dst, src), 1_000), None);
    }

    #[test]
    fn numbers_wrap() {
        let some = stored(&[(u32::MAX - 9, 20), (100, 10)]);
        for (seq, expected) in [
            (u32::MAX - 10, Some(1)),
            (u32::MAX, Some(0)),
            (9, Some(0)),
            (10, Some(90)),
        ] {
            assert_eq!(some.distance(ends(), seq), expected, "{seq}");
        }
        assert_eq!(some.start_before(ends(), 5), Some(15));
        assert_eq!(some.start_before(ends(), u32::MAX - 9), Some(0));
    }
}
