//! What came in the last half minute, to tell what comes again.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::time::Timestamp;

/// How long a transaction sends again: 64·T1 (RFC 3261 §17.1.1.2, timers B and F).
pub(super) const LIFETIME: i64 = 32_000_000_000;

/// Keys remembered at most; the oldest are forgotten first.
const CAPACITY: usize = 1 << 22;

/// The keys of the last 32 seconds.
#[derive(Debug, Default)]
pub(super) struct Recent {
    seen: HashMap<u64, Timestamp>,
    /// The same, oldest first.
    order: VecDeque<(Timestamp, u64)>,
    /// How many were forgotten although they were not out of date.
    pub(super) evicted: u64,
}

impl Recent {
    /// Remembers `key` and returns whether it came before.
    pub(super) fn is_again(&mut self, key: u64, now: Timestamp) -> bool {
        self.forget(now);
        let earlier = self.seen.insert(key, now);
        self.order.push_back((now, key));
        earlier.is_some_and(|earlier| is_recent(earlier, now))
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some(&(ts, key)) = self.order.front() {
            let is_recent = is_recent(ts, now);
            if is_recent && self.order.len() < CAPACITY {
                return;
            }
            self.order.pop_front();
            if self.seen.get(&key) == Some(&ts) {
                self.seen.remove(&key);
                self.evicted += u64::from(is_recent);
            }
        }
    }
}

/// Returns whether two messages can be of one transaction; clocks may step back.
pub(super) const fn is_recent(earlier: Timestamp, now: Timestamp) -> bool {
    now.since(earlier).saturating_abs() <= LIFETIME
}
