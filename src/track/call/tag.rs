//! Tags that take no memory of their own when they are as short as nearly all are.

use std::ops::Deref;

/// Octets of a tag that is kept in place.
const SHORT: usize = 22;

/// A tag.
#[derive(Clone, Debug)]
pub(super) enum Tag {
    /// How long it is, and its octets.
    Short(u8, [u8; SHORT]),
    Long(Box<[u8]>),
}

impl From<&[u8]> for Tag {
    fn from(tag: &[u8]) -> Self {
        let mut octets = [0; SHORT];
        match (octets.get_mut(..tag.len()), u8::try_from(tag.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(tag);
                Self::Short(len, octets)
            }
            _ => Self::Long(tag.into()),
        }
    }
}

impl Deref for Tag {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Short(len, octets) => octets.get(..usize::from(*len)).unwrap_or_default(),
            Self::Long(tag) => tag,
        }
    }
}

impl Tag {
    /// Returns how many octets of memory it takes apart from itself.
    pub(super) fn allocated(&self) -> usize {
        match self {
            Self::Short(..) => 0,
            Self::Long(tag) => tag.len() + 16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_any_length_come_back() {
        for len in 0..64 {
            let text = vec![b'x'; len];
            let tag = Tag::from(text.as_slice());
            assert_eq!(*tag, *text);
            assert_eq!(tag.allocated() > 0, len > SHORT);
        }
        assert_eq!(size_of::<Tag>(), 24);
    }
}
