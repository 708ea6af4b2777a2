//! IPFIX in a stream: messages one behind the other, each with its length.

use memchr::memmem;

use super::{
    found::{Outlet, SegmentFate},
    reader::{Reader, Step},
};
use crate::ipfix::{self, InStream};

/// How a message begins, and in how many octets it is known to.
const START: &[u8] = &[0, 10];
const START_LEN: usize = 20;

impl Reader {
    /// Takes the IPFIX message at hand, if there is one; `None` if it is something else.
    pub(super) fn ipfix(&mut self, rest: &[u8], outlet: &mut Outlet<'_>) -> Option<Step> {
        let len = match ipfix::in_stream(rest, self.is_ipfix) {
            InStream::Message(len) => len,
            InStream::Partial => return Some(Step::Wait),
            InStream::Other => {
                // The message before it was one, and this one lies.
                if self.is_ipfix
                    && !self.resynced
                    && let Some(frame) = self.ledger.frames(1, outlet.frames)
                {
                    outlet.ipfix(&frame, &[]);
                }
                return None;
            }
        };
        let Some(message) = rest.get(..len) else {
            return Some(Step::Wait);
        };
        (self.is_sip, self.is_ipfix) = (true, true);
        self.resynced = false;
        self.skipped = 0;
        if let Some(last) = self.ledger.frames(len, outlet.frames) {
            outlet.ipfix(&last, message);
        }
        let fate = if ipfix::carries_sip(message) {
            SegmentFate::Sip
        } else {
            SegmentFate::Ipfix
        };
        self.ledger.take(len, fate, outlet);
        Some(Step::Go(len))
    }

    /// Returns where, at `from` or behind it, a message begins: all of it, with another one behind it, or nothing if there
    /// have been messages. Only what is behind the first `searched` octets can have become one since the last time, and
    /// the first of all.
    pub(super) fn next_ipfix(&self, rest: &[u8], from: usize, searched: usize) -> Option<usize> {
        let is_whole = |at: &usize| {
            let text = rest.get(*at..).unwrap_or_default();
            match ipfix::in_stream(text, false) {
                InStream::Message(len) if self.is_ipfix => len <= text.len(),
                InStream::Message(len) => {
                    text.get(len..).is_some_and(|next| next.starts_with(START))
                }
                _ => false,
            }
        };
        let first = (from == 0).then_some(0);
        let new = starts(rest, from.max(searched.saturating_sub(START_LEN)));
        first.into_iter().chain(new).find(is_whole)
    }

    /// Returns where, at `from` or behind it, a message may begin of which there is not enough to tell.
    pub(super) fn first_undecided_ipfix(rest: &[u8], from: usize) -> usize {
        let may_begin = |at: &usize| {
            let text = rest.get(*at..).unwrap_or_default();
            ipfix::in_stream(text, false) != InStream::Other
        };
        let last = rest.len().saturating_sub(1);
        // The first of the two octets alone may be the last that came.
        let ends_so = (from <= last && rest.last() == Some(&0)).then_some(last);
        let known = starts(rest, from).find(may_begin);
        known.or(ends_so).unwrap_or(rest.len())
    }
}

/// Returns where messages may begin by their first two octets.
fn starts(rest: &[u8], from: usize) -> impl Iterator<Item = usize> {
    let text = rest.get(from..).unwrap_or_default();
    memmem::find_iter(text, START).map(move |at| at.saturating_add(from))
}

/// Returns whether octets at the beginning of a segment are those of a message.
pub(super) fn begins(rest: &[u8]) -> bool {
    matches!(ipfix::in_stream(rest, false), InStream::Message(_))
}
