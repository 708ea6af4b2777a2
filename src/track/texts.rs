//! The few texts of a long-lived object, in one piece of memory.

use std::marker::PhantomData;

/// Octets that are kept of one text. Longer ones are cut: nobody needs them, and whoever sends them decides how much.
pub(crate) const MAX_TEXT: usize = 1024;

/// Octets that may be spent on texts that were set anew, apart from as many as there are in use.
const SLACK: usize = 128;

/// Which text of an object.
pub(crate) trait Field: Copy {
    /// Its number, from 0 on.
    fn index(self) -> usize;
}

/// `N` texts named by `F`.
#[derive(Clone, Debug)]
pub(crate) struct Texts<F, const N: usize> {
    octets: Vec<u8>,
    /// Where each begins, and how long it is.
    spans: [(u16, u16); N],
    fields: PhantomData<F>,
}

impl<F: Field, const N: usize> Texts<F, N> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            octets: Vec::with_capacity(capacity),
            spans: [(0, 0); N],
            fields: PhantomData,
        }
    }

    /// Returns a text; empty when there is none.
    pub(crate) fn get(&self, field: F) -> &[u8] {
        let (start, len) = self.spans.get(field.index()).copied().unwrap_or_default();
        let start = usize::from(start);
        self.octets
            .get(start..start + usize::from(len))
            .unwrap_or_default()
    }

    /// Sets a text. One that does not fit any more is left out.
    pub(crate) fn set(&mut self, field: F, text: &[u8]) {
        if self.get(field) == text {
            return;
        }
        let text = kept(text);
        if !self.has_room(text.len()) && !self.make_room(text.len()) {
            return;
        }
        // Not twice as much as is needed: there may be a million of these.
        self.octets.reserve_exact(text.len());
        let start = self.octets.len();
        self.octets.extend_from_slice(text);
        if let Some(span) = self.spans.get_mut(field.index()) {
            *span = (start as u16, text.len() as u16);
        }
    }

    fn has_room(&self, len: usize) -> bool {
        let end = self.octets.len() + len;
        end <= self.octets.capacity() && end <= usize::from(u16::MAX)
    }

    /// Drops what is not used any more, so that texts that change now and then do not add up; returns whether there can be
    /// room for `len` octets more.
    fn make_room(&mut self, len: usize) -> bool {
        let is_wasteful = self.octets.len() > 2 * self.used() + SLACK;
        if is_wasteful || self.octets.len() + len > usize::from(u16::MAX) {
            self.compact();
        }
        self.octets.len() + len <= usize::from(u16::MAX)
    }

    /// Sets a text with which another one may begin, as the Request-URI often does with the address in To: then it takes no
    /// memory of its own.
    pub(crate) fn set_beginning(&mut self, field: F, text: &[u8], whole: F) {
        let text = kept(text);
        let start = self.spans.get(whole.index()).map(|(start, _)| *start);
        match (start, self.spans.get_mut(field.index())) {
            (Some(start), Some(span))
                if !text.is_empty()
                    && self
                        .octets
                        .get(usize::from(start)..)
                        .is_some_and(|octets| octets.starts_with(text)) =>
            {
                *span = (start, text.len() as u16);
            }
            _ => self.set(field, text),
        }
    }

    /// Sets a text that there is none of yet.
    pub(crate) fn set_once(&mut self, field: F, text: &[u8]) {
        if self.get(field).is_empty() {
            self.set(field, text);
        }
    }

    /// Returns how many octets of memory it has taken.
    pub(crate) fn allocated(&self) -> usize {
        self.octets.capacity()
    }

    /// Returns how many octets the texts have, what several have in common counted once.
    fn used(&self) -> usize {
        let own = (0..N).filter(|at| whole_of(&self.spans, *at).is_none());
        own.filter_map(|at| self.spans.get(at))
            .map(|(_, len)| usize::from(*len))
            .sum()
    }

    /// Drops what is not part of any text any more.
    pub(crate) fn compact(&mut self) {
        let before = self.spans;
        let mut octets = Vec::with_capacity(self.used());
        for (at, (start, len)) in before.into_iter().enumerate() {
            let whole = whole_of(&before, at).and_then(|whole| self.spans.get(whole));
            let place = whole.map_or(octets.len() as u16, |(start, _)| *start);
            if whole.is_none() {
                let (start, len) = (usize::from(start), usize::from(len));
                let text = self.octets.get(start..start + len).unwrap_or_default();
                octets.extend_from_slice(text);
            }
            if let Some(span) = self.spans.get_mut(at) {
                *span = (place, len);
            }
        }
        self.octets = octets;
    }
}

/// Returns which text before the one at `at` begins with it, in the same octets.
fn whole_of(spans: &[(u16, u16)], at: usize) -> Option<usize> {
    let (start, len) = *spans.get(at)?;
    let mut before = spans.get(..at)?.iter();
    before.position(|(other, whole)| *other == start && *whole >= len)
}

/// Returns as much of a text as is kept of it.
pub(crate) fn kept(text: &[u8]) -> &[u8] {
    text.get(..MAX_TEXT).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    struct Nth(usize);

    impl Field for Nth {
        fn index(self) -> usize {
            self.0
        }
    }

    #[test]
    fn texts_can_be_set_again() {
        let mut texts = Texts::<Nth, 2>::new(8);
        texts.set(Nth(0), b"alice");
        texts.set(Nth(1), b"bob");
        texts.set(Nth(0), b"al");
        texts.set(Nth(1), b"robert");
        texts.set_once(Nth(1), b"bert");
        assert_eq!(
            (texts.get(Nth(0)), texts.get(Nth(1))),
            (&b"al"[..], &b"robert"[..])
        );
        assert_eq!(texts.get(Nth(7)), b"");
    }

    #[test]
    fn what_texts_have_in_common_stays_so() {
        let mut texts = Texts::<Nth, 4>::new(64);
        texts.set(Nth(0), b"gone");
        texts.set(Nth(0), b"sip:bob@example.com;user=phone");
        texts.set_beginning(Nth(2), b"sip:bob@example.com", Nth(0));
        texts.set(Nth(3), b"Bob");
        texts.compact();
        assert_eq!(
            [0, 1, 2, 3].map(|nth| texts.get(Nth(nth))),
            [
                &b"sip:bob@example.com;user=phone"[..],
                b"",
                b"sip:bob@example.com",
                b"Bob"
            ]
        );
        assert_eq!(texts.allocated(), 33);
    }

    #[test]
    fn memory_is_bounded() {
        let mut texts = Texts::<Nth, 2>::new(8);
        for i in 0..10_000_usize {
            texts.set(Nth(i % 2), &vec![b'x'; i]);
        }
        assert_eq!(texts.get(Nth(1)).len(), MAX_TEXT);
        assert!(texts.allocated() <= usize::from(u16::MAX));
    }

    #[test]
    fn a_text_that_changes_to_and_fro_takes_no_more_memory() {
        let mut texts = Texts::<Nth, 2>::new(8);
        texts.set(Nth(1), b"stays");
        for _ in 0..10_000 {
            texts.set(Nth(0), b"");
            texts.set(Nth(0), b"comes and goes");
        }
        assert_eq!(
            (texts.get(Nth(0)), texts.get(Nth(1))),
            (&b"comes and goes"[..], &b"stays"[..])
        );
        assert!(texts.allocated() < 300, "{}", texts.allocated());
    }
}
