//! Messages sent again by the same transaction at the same hop (RFC 3261 §17).

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use crate::{
    sip::{Message, StartLine},
    stats::recent::Recent,
};

/// The messages of the last 32 seconds, to tell which ones come again.
///
/// A message comes again when transaction (top Via, Call-ID, CSeq), hop (addresses and ports) and kind (method, or
/// status and To) are the same. Copies of a packet are not counted here: the pipeline drops them.
#[derive(Debug, Default)]
pub struct Retransmissions {
    hasher: DefaultHashBuilder,
    recent: Recent,
}

impl Retransmissions {
    /// Remembers `message` and returns whether it was sent before.
    pub fn is_one(&mut self, message: &Message<'_>) -> bool {
        self.recent.is_again(self.key(message), message.ts)
    }

    /// Returns how many messages were forgotten although they were not out of date.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.recent.evicted
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
}
