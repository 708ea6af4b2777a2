//! Ranges of octets inside a buffer that somebody else owns.

/// A range of octets in a buffer, without a lifetime.
///
/// The default span is empty and stands for "absent". Reading a span that does not fit into the given buffer gives
/// an empty slice: wire data decide where spans lie, so a mismatch must never be a panic.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Returns the span of the octets from `start` up to, not including, `end`; empty when `end` is not after `start`.
    ///
    /// Offsets past 4 GiB saturate; no buffer here is that long.
    #[inline]
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        Self {
            start,
            end: end.max(start),
        }
    }

    /// Returns the offset of the first octet.
    #[inline]
    #[must_use]
    pub const fn start(self) -> usize {
        self.start as usize
    }

    /// Returns the offset behind the last octet.
    #[inline]
    #[must_use]
    pub const fn end(self) -> usize {
        self.end as usize
    }

    /// Returns the number of octets.
    #[inline]
    #[must_use]
    pub const fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Returns whether there is no octet in it.
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.end == self.start
    }

    /// Returns the octets of the span in `buffer`, none if it does not fit.
    #[inline]
    #[must_use]
    pub fn of(self, buffer: &[u8]) -> &[u8] {
        buffer.get(self.start()..self.end()).unwrap_or_default()
    }

    /// Returns the same octets seen from a buffer in which the current one starts at `offset`.
    #[inline]
    #[must_use]
    pub fn shifted(self, offset: usize) -> Self {
        Self::new(
            self.start().saturating_add(offset),
            self.end().saturating_add(offset),
        )
    }

    /// Returns the span of `part` inside `whole`, of which it must be a slice; an empty span otherwise.
    #[inline]
    #[must_use]
    pub fn locate(whole: &[u8], part: &[u8]) -> Self {
        let start = (part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
        match start.checked_add(part.len()) {
            Some(end) if end <= whole.len() => Self::new(start, end),
            _ => Self::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_outside_the_buffer_are_empty() {
        assert_eq!(Span::new(1, 3).of(b"abcd"), b"bc");
        assert_eq!(Span::new(3, 9).of(b"abcd"), b"");
        assert_eq!(Span::new(5, 2).len(), 0);
        assert_eq!(Span::new(1, 2).shifted(usize::MAX).of(b"abcd"), b"");
    }

    #[test]
    fn a_slice_is_located_in_its_buffer_only() {
        let buffer = *b"abcdef";
        assert_eq!(Span::locate(&buffer, &buffer[2..5]), Span::new(2, 5));
        let (head, tail) = buffer.split_at(3);
        assert_eq!(Span::locate(head, tail), Span::default());
        assert_eq!(Span::locate(tail, head), Span::default());
    }
}
