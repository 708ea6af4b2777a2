//! What proxies tell besides messages, and which calls it belongs to.

use std::collections::BTreeSet;

use hashbrown::HashMap;
use sipcap::{pipeline::Report, time::Timestamp};

/// What is made of reports, in the order of the capture.
#[derive(Debug)]
pub(crate) struct Told<T> {
    things: Vec<T>,
    /// Which of them are of a Call-ID, or of a connection.
    by_call_id: HashMap<Vec<u8>, Vec<usize>>,
    by_connection: HashMap<Vec<u8>, Vec<usize>>,
    /// How many are remembered at most.
    most: usize,
    pub(crate) left_out: u64,
}

impl<T> Told<T> {
    /// Returns a place for so many things.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            things: Vec::new(),
            by_call_id: HashMap::new(),
            by_connection: HashMap::new(),
            most,
            left_out: 0,
        }
    }

    /// Remembers what is made of a report.
    pub(crate) fn take(&mut self, report: &Report<'_>, thing: impl FnOnce() -> T) {
        if self.things.len() >= self.most {
            self.left_out += 1;
            return;
        }
        let index = self.things.len();
        self.things.push(thing());
        if !report.call_id.is_empty() {
            let of_call = self.by_call_id.entry_ref(report.call_id);
            of_call.or_default().push(index);
        }
        if let Some(connection) = &report.trace.connection {
            let of_connection = self.by_connection.entry_ref(&**connection);
            of_connection.or_default().push(index);
        }
    }

    /// Returns whether anything is told of a Call-ID.
    pub(crate) fn knows(&self, call_id: &[u8]) -> bool {
        self.by_call_id.contains_key(call_id)
    }

    /// Returns what is told of these Call-IDs, and of the connections that messages with them went over.
    pub(crate) fn of<'a>(
        &self,
        keys: impl IntoIterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    ) -> impl Iterator<Item = &T> {
        let mut found = BTreeSet::<usize>::new();
        for (call_id, connection) in keys {
            let of_call = self.by_call_id.get(call_id);
            let of_connection = connection.and_then(|id| self.by_connection.get(id));
            found.extend(of_call.into_iter().chain(of_connection).flatten());
        }
        found.into_iter().filter_map(|index| self.things.get(index))
    }
}

/// When calls under one Call-ID began, in order: something that is told of the Call-ID belongs to the one that began last
/// before it, or else to the first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beginnings(Vec<Timestamp>);

impl Beginnings {
    pub(crate) fn add(&mut self, first: Timestamp) {
        let place = self.0.partition_point(|known| *known <= first);
        self.0.insert(place, first);
    }

    /// Returns whether what is told at `ts` belongs to the call that began at `first`.
    pub(crate) fn is_of(&self, first: Timestamp, ts: Timestamp) -> bool {
        let begun = self.0.partition_point(|known| *known <= ts);
        self.0
            .get(begun.saturating_sub(1))
            .is_none_or(|owner| *owner == first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_belongs_to_the_call_that_began_before() {
        let at = |seconds| Timestamp::from_parts(seconds, 0);
        let mut beginnings = Beginnings::default();
        assert!(beginnings.is_of(at(5), at(1)));
        beginnings.add(at(20));
        beginnings.add(at(10));
        for (ts, owner) in [(5, 10), (10, 10), (19, 10), (20, 20), (99, 20)] {
            for first in [10, 20] {
                assert_eq!(beginnings.is_of(at(first), at(ts)), first == owner, "{ts}");
            }
        }
    }
}
