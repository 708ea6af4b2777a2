//! Messages sent again by the same transaction at the same hop (RFC 3261 §17).

use std::{collections::VecDeque, hash::BuildHasher};

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::{
    sip::{Message, StartLine},
    time::Timestamp,
};

/// How long a transaction sends again: 64·T1 (RFC 3261 §17.1.1.2, timers B and F).
const LIFETIME_NS: i64 = 32_000_000_000;

/// Messages remembered at most; the oldest are forgotten first.
const CAPACITY: usize = 1 << 22;

/// The messages of the last 32 seconds, to tell which ones come again.
///
/// A message comes again when transaction (top Via, Call-ID, CSeq), hop (addresses and ports) and kind (method, or
/// status and To) are the same. Copies of a packet are not counted here: the pipeline drops them.
#[derive(Debug, Default)]
pub struct Retransmissions {
    hasher: DefaultHashBuilder,
    seen: HashMap<u64, Timestamp>,
    /// The same, oldest first.
    order: VecDeque<(Timestamp, u64)>,
    /// How many were forgotten although they were not out of date.
    pub evicted: u64,
}

impl Retransmissions {
    /// Remembers `message` and returns whether it was sent before.
    pub fn is_one(&mut self, message: &Message<'_>) -> bool {
        self.forget(message.ts);
        let key = self.key(message);
        let earlier = self.seen.insert(key, message.ts);
        self.order.push_back((message.ts, key));
        earlier.is_some_and(|earlier| is_recent(earlier, message.ts))
    }

    fn key(&self, message: &Message<'_>) -> u64 {
        let Message {
            bytes, head, flow, ..
        } = *message;
        let kind = match head.start {
            StartLine::Request { method_text, .. } => (method_text.of(bytes), 0),
            StartLine::Response { code, .. } => (head.to.of(bytes), code),
        };
        let transaction = (
            head.via.of(bytes),
            head.call_id.of(bytes),
            head.cseq_text.of(bytes),
        );
        self.hasher.hash_one((flow, transaction, kind))
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
const fn is_recent(earlier: Timestamp, now: Timestamp) -> bool {
    now.since(earlier).saturating_abs() <= LIFETIME_NS
}
