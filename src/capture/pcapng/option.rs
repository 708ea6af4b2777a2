//! The option lists at the end of pcapng blocks.

use crate::capture::order::Order;

/// `opt_comment`, allowed in every block.
pub(super) const COMMENT: u16 = 1;

/// Goes over the options of a list; a list may end with its block instead of `opt_endofopt`.
pub(super) struct Options<'a> {
    order: Order,
    rest: &'a [u8],
    /// Whether the list ended in the middle of an option.
    pub(super) cut: bool,
}

impl<'a> Options<'a> {
    pub(super) const fn new(order: Order, list: &'a [u8]) -> Self {
        Self {
            order,
            rest: list,
            cut: false,
        }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let code = self.order.u16(self.rest, 0);
        let len = self.order.u16(self.rest, 2).map(usize::from);
        let (Some(code), Some(len)) = (code, len) else {
            self.cut = true;
            self.rest = &[];
            return None;
        };
        if code == 0 {
            self.rest = &[];
            return None;
        }
        let after = self.rest.get(4..).unwrap_or_default();
        let Some(value) = after.get(..len) else {
            self.cut = true;
            self.rest = &[];
            return None;
        };
        // The padding of the last option may be missing.
        self.rest = after.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_end_in_three_ways() {
        for (list, expected, cut) in [
            (&b""[..], vec![], false),
            (b"\x01\0\x02\0hi\0\0\0\0\0\0", vec![(1, &b"hi"[..])], false),
            (b"\x01\0\x02\0hi\0\0", vec![(1, b"hi")], false),
            (b"\x01\0\x02\0hi", vec![(1, b"hi")], false),
            (
                b"\x01\0\0\0\x09\0\x01\0\x06",
                vec![(1, b""), (9, b"\x06")],
                false,
            ),
            (b"\x01\0\x09\0hi\0\0", vec![], true),
            (b"\x01\0", vec![], true),
        ] {
            let mut options = Options::new(Order::Little, list);
            let found: Vec<_> = options.by_ref().collect();
            assert_eq!((found, options.cut), (expected, cut), "{list:x?}");
        }
    }
}
