//! Accumulators that add up: two halves of a capture give what the whole gives.

use std::collections::BTreeMap;

/// What can take in another one of its kind.
pub trait Merge {
    /// Takes in what `other` has counted.
    fn merge(&mut self, other: &Self);
}

impl Merge for u64 {
    fn merge(&mut self, other: &Self) {
        *self = self.saturating_add(*other);
    }
}

impl Merge for u128 {
    fn merge(&mut self, other: &Self) {
        *self = self.saturating_add(*other);
    }
}

impl<T: Merge> Merge for Box<T> {
    fn merge(&mut self, other: &Self) {
        (**self).merge(other);
    }
}

impl<K: Clone + Ord, V: Clone + Merge> Merge for BTreeMap<K, V> {
    fn merge(&mut self, other: &Self) {
        for (key, value) in other {
            match self.get_mut(key) {
                Some(known) => known.merge(value),
                None => {
                    self.insert(key.clone(), value.clone());
                }
            }
        }
    }
}

/// Makes a struct of accumulators that is merged field by field.
macro_rules! accumulator {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize, serde::Serialize)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $kind,)*
        }

        impl $crate::stats::merge::Merge for $name {
            fn merge(&mut self, other: &Self) {
                $($crate::stats::merge::Merge::merge(&mut self.$field, &other.$field);)*
            }
        }
    };
}

pub(super) use accumulator;
