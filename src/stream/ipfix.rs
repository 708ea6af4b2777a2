//! IPFIX in a stream: messages one behind the other, each with its length, and sets in them.

use super::{
    found::{Outlet, SegmentFate},
    reader::{Reader, Step},
};
use crate::ipfix::{self, InStream, Record};

impl Reader {
    /// Takes the IPFIX message at hand, if there is one; `None` if it is something else.
    pub(super) fn ipfix(&mut self, rest: &[u8], outlet: &mut Outlet<'_>) -> Option<Step> {
        let len = match ipfix::in_stream(rest) {
            InStream::Message(len) => len,
            InStream::Partial => return Some(Step::Wait),
            InStream::Other => return None,
        };
        let Some(message) = rest.get(..len) else {
            return Some(Step::Wait);
        };
        self.resynced = false;
        self.skipped = 0;
        let mut fate = SegmentFate::Other;
        if let Some(last) = self.ledger.frames(len, outlet.frames) {
            for set in ipfix::sets(message) {
                if let Some(record) = Record::read(set) {
                    fate = SegmentFate::Sip;
                    outlet.record(&last, record);
                } else if set.starts_with(&[0, 0]) && fate == SegmentFate::Other {
                    fate = SegmentFate::KeepAlive;
                }
            }
        }
        self.ledger.take(len, fate, outlet);
        Some(Step::Go(len))
    }
}

/// Returns whether octets at the beginning of a segment are those of a message.
pub(super) fn begins(rest: &[u8]) -> bool {
    matches!(ipfix::in_stream(rest), InStream::Message(_))
}
