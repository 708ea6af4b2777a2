//! Where headers are in a message, so that looking for one is a look-up.

use super::{
    header::{HeaderName, Headers},
    line::LineEnd,
};
use crate::span::Span;

/// Where the headers of a message are, by a mark of their names: one pass over it makes looking for one a look-up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct HeaderIndex {
    /// The marks of all that are there: a name whose mark is not among them is not there.
    marks: u64,
    /// The mark of each of the first headers, and where in the message it begins.
    places: [(u8, u16); Self::CAPACITY],
    len: u8,
    /// Where the first one begins that has no place any more.
    rest: u32,
}

impl Default for HeaderIndex {
    fn default() -> Self {
        Self {
            marks: 0,
            places: [(0, 0); Self::CAPACITY],
            len: 0,
            rest: u32::MAX,
        }
    }
}

impl HeaderIndex {
    /// Headers that have a place in it at most; hardly a message has more.
    const CAPACITY: usize = 12;

    /// Adds the header at `offset` by the first letter of its name and its length.
    #[inline]
    pub(super) fn insert(&mut self, first: u8, len: usize, offset: usize) {
        let mark = Self::mark(first, len);
        self.marks |= 1 << mark;
        let place = self.places.get_mut(usize::from(self.len));
        // Offsets grow: when one does not fit, none after it does.
        if let (Some(place), Ok(offset)) = (place, u16::try_from(offset)) {
            *place = (mark, offset);
            self.len = self.len.wrapping_add(1);
        } else {
            self.rest = self.rest.min(u32::try_from(offset).unwrap_or(u32::MAX));
        }
    }

    /// Returns whether a header may be there under this name.
    pub(super) const fn may_contain(&self, header: HeaderName) -> bool {
        match Self::marks_of(header) {
            Some((long, compact)) => self.marks & (1 << long | 1 << compact) != 0,
            None => true,
        }
    }

    /// Returns the marks of both forms of a name.
    const fn marks_of(header: HeaderName) -> Option<(u8, u8)> {
        match (header.name().as_bytes().first(), header.compact()) {
            (Some(first), compact) => {
                let long = Self::mark(*first, header.name().len());
                match compact {
                    Some(compact) => Some((long, Self::mark(compact, 1))),
                    None => Some((long, long)),
                }
            }
            (None, _) => None,
        }
    }

    const fn mark(first: u8, len: usize) -> u8 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "only the lowest bits count"
        )]
        let len = len as u8;
        (first & 0x1f).wrapping_mul(11).wrapping_add(len) & 63
    }
}

/// The values of the headers of one name.
pub(super) struct Named<'a> {
    name: HeaderName,
    /// What is looked through line by line: all headers, or those that have no place in the index.
    headers: Headers<'a>,
    /// What the index tells, and how far it was gone through.
    indexed: Option<Indexed<'a>>,
}

/// The headers of one name in an index.
struct Indexed<'a> {
    bytes: &'a [u8],
    index: &'a HeaderIndex,
    marks: (u8, u8),
    next: usize,
    end: usize,
}

impl<'a> Named<'a> {
    /// Returns the values among all headers.
    pub(super) fn among(headers: Headers<'a>, name: HeaderName) -> Self {
        Self {
            name,
            headers,
            indexed: None,
        }
    }

    /// Returns the values of headers that are in the index.
    pub(super) fn indexed(
        bytes: &'a [u8],
        headers: Span,
        index: &'a HeaderIndex,
        name: HeaderName,
    ) -> Self {
        let marks = HeaderIndex::marks_of(name).filter(|_| index.may_contain(name));
        let Some(marks) = marks else {
            return Self::among(Headers::NONE, name);
        };
        let rest = Span::new(index.rest as usize, headers.end());
        let line_end = LineEnd::of(headers.of(bytes));
        Self {
            name,
            headers: Headers {
                rest: rest.of(bytes),
                line_end,
            },
            indexed: Some(Indexed {
                bytes,
                index,
                marks,
                next: 0,
                end: headers.end(),
            }),
        }
    }

    /// Returns the next value that the index knows of.
    fn next_indexed(&mut self) -> Option<&'a [u8]> {
        let line_end = self.headers.line_end;
        let indexed = self.indexed.as_mut()?;
        while let Some(text) = indexed.next_field() {
            let mut fields = Headers {
                rest: text,
                line_end,
            };
            if let Some((name, value)) = fields.next_parts()
                && self.name.is(name)
            {
                return Some(value);
            }
        }
        self.indexed = None;
        None
    }
}

impl<'a> Indexed<'a> {
    /// Returns the headers from the next one on that may be of the name.
    fn next_field(&mut self) -> Option<&'a [u8]> {
        let (long, compact) = self.marks;
        let len = usize::from(self.index.len);
        let places = self.index.places.get(self.next..len)?;
        let is_wanted = |(mark, _): &(u8, u16)| *mark == long || *mark == compact;
        let (at, (_, offset)) = places
            .iter()
            .enumerate()
            .find(|(_, place)| is_wanted(place))?;
        self.next = self.next.saturating_add(at).saturating_add(1);
        self.bytes.get(usize::from(*offset)..self.end)
    }
}

impl<'a> Iterator for Named<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(value) = self.next_indexed() {
            return Some(value);
        }
        loop {
            if self.name != HeaderName::Other {
                self.headers.skip_to(self.name);
            }
            let header = self.headers.next()?;
            if header.kind == self.name {
                return Some(header.value);
            }
        }
    }
}
