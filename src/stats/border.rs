//! Which messages of a part of a capture may belong to what goes over its borders.
//!
//! Calls and transactions are told by Call-ID, so a part is counted like the whole if the messages of some Call-IDs are
//! left for later: those of what was not over at its end, and of what may have begun before it. It does no harm to leave
//! more of them. Bindings live from one REGISTER to the next, whatever their Call-IDs are, so these are always left.

use hashbrown::{HashMap, HashSet};

use crate::{
    sip::{Identity, Message, Method},
    stats::messages::method_of,
    time::Timestamp,
    track::{Timeout, TrackOptions},
};

/// For how long transactions of an INVITE wait at most (RFC 3261 §16.6, timer C), and those that have an end for what comes
/// again (64·T1), with some more in case that clocks differ.
const TRANSACTION: i64 = 180_000_000_000 + 2 * 32_000_000_000;

/// How long a Call-ID is remembered at least.
const MEMORY: i64 = 3_600_000_000_000;

/// Finds out which Call-IDs may go over a border, in a first pass over the part.
#[derive(Debug)]
pub struct BorderFinder {
    /// For how long something may be left open by its last message, but for calls that are up.
    patience: i64,
    begin: Option<Timestamp>,
    end: Timestamp,
    /// When each Call-ID was last seen: those of the last hour, and of the hour before.
    seen: [HashMap<u64, Timestamp>; 2],
    turned: Timestamp,
    /// The calls that are not over, with their Call-IDs.
    open: HashMap<u64, u64>,
    found: HashSet<u64>,
}

/// The Call-IDs that may go over a border of a part.
#[derive(Debug, Default)]
pub struct Border(HashSet<u64>);

impl BorderFinder {
    /// Returns one that has seen nothing yet; the options are those of the tracker.
    #[must_use]
    pub fn new(options: &TrackOptions) -> Self {
        // A call that is up is known as open, however long it lasts.
        let timeouts = Timeout::ALL
            .iter()
            .filter(|timeout| **timeout != Timeout::InvEstablished)
            .map(|timeout| options.timeouts.get(*timeout));
        Self {
            patience: timeouts.fold(TRANSACTION, i64::max),
            begin: None,
            end: Timestamp::MIN,
            seen: Default::default(),
            turned: Timestamp::MIN,
            open: HashMap::new(),
            found: HashSet::new(),
        }
    }

    /// Takes the next message, which is of the call with this number.
    pub fn message(&mut self, message: &Message<'_>, identity: &Identity, call: Option<u64>) {
        let begin = *self.begin.get_or_insert(message.ts);
        self.end = self.end.max(message.ts);
        self.turn(message.ts);
        let call_id = identity.call_id;
        if let Some(call) = call {
            self.open.insert(call, call_id);
        }
        let [now, before] = &mut self.seen;
        let is_first = now.insert(call_id, message.ts).is_none() && !before.contains_key(&call_id);
        let is_early = message.ts.since(begin) <= self.patience;
        if is_early || (is_first && !is_beginning(message, identity)) {
            self.found.insert(call_id);
        }
    }

    /// Takes note that the call with this number is over.
    pub fn over(&mut self, call: u64) {
        self.open.remove(&call);
    }

    /// Returns what was found, when the part is at its end.
    #[must_use]
    pub fn finish(mut self) -> Border {
        let late = self.end.plus(-self.patience);
        let last = self.seen.iter().flatten();
        self.found
            .extend(last.filter(|(_, ts)| **ts >= late).map(|(id, _)| *id));
        self.found.extend(self.open.into_values());
        Border(self.found)
    }

    /// Forgets what was not seen for long.
    fn turn(&mut self, now: Timestamp) {
        if now.since(self.turned) > MEMORY.max(self.patience) {
            let [recent, before] = &mut self.seen;
            std::mem::swap(recent, before);
            recent.clear();
            self.turned = now;
        }
    }
}

impl Border {
    /// Returns whether a message is to be left for later.
    #[must_use]
    pub fn has(&self, message: &Message<'_>, identity: Option<&Identity>) -> bool {
        method_of(message) == Method::Register
            || identity.is_some_and(|identity| self.0.contains(&identity.call_id))
    }
}

/// Returns whether nothing need to have come before it: a request out of a dialog that is none about another.
fn is_beginning(message: &Message<'_>, identity: &Identity) -> bool {
    let follows = [Method::Ack, Method::Bye, Method::Cancel, Method::Prack];
    let method = message.head.method();
    identity.to_tag.is_empty() && method.is_some_and(|method| !follows.contains(&method))
}
