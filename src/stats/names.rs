//! Counts by what somebody else has named, and may have named in a million ways.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::{stats::merge::Merge, text::escape};

/// Names that are counted each for itself at most.
const CAPACITY: usize = 4096;

/// Characters of a name that are kept.
const LONGEST: usize = 200;

/// Under what name all others are counted when there are too many.
pub(super) const OTHERS: &str = "(others)";

/// How often which name came.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(from = "BTreeMap<String, u64>")]
pub struct Names(HashMap<String, u64>);

impl Names {
    /// Counts octets as a name; none at all is none.
    pub fn add(&mut self, name: &[u8]) {
        if !name.is_empty() {
            // Mostly it is known as it stands.
            match std::str::from_utf8(name)
                .ok()
                .filter(|name| *name != OTHERS)
                .and_then(|name| self.0.get_mut(name))
            {
                Some(count) => *count += 1,
                None => self.count(&as_name(&escape(name)), 1),
            }
        }
    }

    /// Returns the names with their counts, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        let names = self.0.iter().map(|(name, count)| (name.as_str(), *count));
        let mut names: Vec<(&str, u64)> = names.collect();
        names.sort_unstable();
        names.into_iter()
    }

    /// Returns how often a name came.
    #[must_use]
    pub fn of(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    fn count(&mut self, name: &str, count: u64) {
        let is_full = self.0.len() >= CAPACITY && !self.0.contains_key(name);
        let name = if is_full { OTHERS } else { name };
        match self.0.get_mut(name) {
            Some(known) => *known = known.saturating_add(count),
            None => {
                self.0.insert(name.to_owned(), count);
            }
        }
    }
}

/// Returns the beginning of a name, which is never that of all others.
pub(super) fn as_name(name: &str) -> String {
    if name == OTHERS {
        return name.replace('(', "\\x28");
    }
    name.chars().take(LONGEST).collect()
}

impl From<BTreeMap<String, u64>> for Names {
    fn from(names: BTreeMap<String, u64>) -> Self {
        Self(names.into_iter().collect())
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl Merge for Names {
    fn merge(&mut self, other: &Self) {
        for (name, count) in other.iter() {
            self.count(name, count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_fill_the_memory() {
        let mut names = Names::default();
        for number in 0..CAPACITY + 10 {
            names.add(format!("n{number}").as_bytes());
        }
        names.add(b"n0");
        names.add(b"");
        names.add(&[b'x'; 1000]);
        let counts: BTreeMap<&str, u64> = names.iter().collect();
        assert_eq!(counts.len(), CAPACITY + 1);
        assert_eq!((counts["n0"], counts[OTHERS]), (2, 11));
        let mut hostile = Names::default();
        hostile.add(OTHERS.as_bytes());
        hostile.add(OTHERS.as_bytes());
        assert!(hostile.iter().eq([("\\x28others)", 2)]));
    }
}
