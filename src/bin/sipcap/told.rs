//! What proxies tell besides messages, and which calls it belongs to.

use std::collections::BTreeSet;

use hashbrown::HashMap;
use sipcap::{pipeline::Report, sip::Message, time::Timestamp};

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

/// The connections that the messages of each call went over, by its number and the word of proxies.
#[derive(Debug, Default)]
pub(crate) struct Connections(HashMap<u64, Vec<Box<[u8]>>>);

/// Connections that are remembered of a call at most.
const MAX_CONNECTIONS: usize = 32;

impl Connections {
    /// Notes the connection of a message of a call.
    pub(crate) fn note(&mut self, call: u64, message: &Message<'_>) {
        let Some(connection) = message.trace.and_then(|trace| trace.connection.as_ref()) else {
            return;
        };
        let known = self.0.entry(call).or_default();
        if known.len() < MAX_CONNECTIONS && !known.contains(connection) {
            known.push(connection.clone());
        }
    }

    /// Returns the connections of a call.
    pub(crate) fn of(&self, call: u64) -> &[Box<[u8]>] {
        self.0.get(&call).map_or(&[], Vec::as_slice)
    }

    /// Returns the connections of a call that is over.
    pub(crate) fn take(&mut self, call: u64) -> Vec<Box<[u8]>> {
        self.0.remove(&call).unwrap_or_default()
    }
}

/// When calls began under Call-IDs that had a call before, by these: what is told of the Call-ID belongs to the call that began
/// last before it, or else to the first one.
#[derive(Debug, Default)]
pub(crate) struct Later(HashMap<Vec<u8>, Vec<Timestamp>>);

/// Beginnings that are remembered at most; what is told of calls behind them belongs to more than one.
const MAX_LATER: usize = 1 << 16;

impl Later {
    /// Notes when a call began that is the how-manieth under its Call-ID.
    pub(crate) fn note(&mut self, call_id: &[u8], episode: u32, first: Timestamp) {
        if episode > 1 && (self.0.len() < MAX_LATER || self.0.contains_key(call_id)) {
            let known = self.0.entry_ref(call_id).or_default();
            let place = known.partition_point(|known| *known <= first);
            known.insert(place, first);
        }
    }

    /// Returns whether what is told of a Call-ID at `ts` belongs to the call that began at `first`.
    pub(crate) fn is_of(&self, call_id: &[u8], first: Timestamp, ts: Timestamp) -> bool {
        let Some(known) = self.0.get(call_id) else {
            return true;
        };
        let begun = |ts| known.partition_point(|known| *known <= ts);
        begun(first) == begun(ts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_belongs_to_the_call_that_began_before() {
        let at = |seconds| Timestamp::from_parts(seconds, 0);
        let mut later = Later::default();
        for (episode, first) in [(1, 10), (3, 30), (2, 20)] {
            later.note(b"a", episode, at(first));
        }
        for (ts, owner) in [(5, 10), (10, 10), (19, 10), (20, 20), (29, 20), (99, 30)] {
            for first in [10, 20, 30] {
                assert_eq!(later.is_of(b"a", at(first), at(ts)), first == owner, "{ts}");
            }
        }
        assert!(later.is_of(b"b", at(10), at(99)));
    }
}
