//! Which messages are seen again: by their numbers in CSeq, not by their transactions.

use crate::{sip::Method, track::seen::Seen};

/// What was seen last of the transactions that one side began.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sequence {
    request: Option<u32>,
    response: Option<u32>,
    /// The last status of the method that the entry began with; 0 without one.
    pub(super) status: u16,
}

impl Sequence {
    /// Returns the greatest number.
    pub(super) fn greatest(&self) -> Option<u32> {
        self.request.max(self.response)
    }

    /// Returns whether a message changes nothing: it came before, or is one of those that never count.
    pub(super) fn is_spent(&self, seen: &Seen<'_>) -> bool {
        is_ignored(seen) || self.is_retransmission(seen)
    }

    /// Returns whether a message came before, as far as its number tells.
    pub(super) fn is_retransmission(&self, seen: &Seen<'_>) -> bool {
        let number = Some(seen.cseq);
        if number < self.greatest() {
            return true;
        }
        if seen.is_response() {
            let is_first_2xx =
                (200..300).contains(&seen.status) && !(200..300).contains(&self.status);
            number == self.response && seen.status <= self.status && !is_first_2xx
        } else {
            number == self.greatest() && !matches!(seen.method, Method::Ack | Method::Cancel)
        }
    }

    /// Takes note of a message; its status counts if it is of the method that the entry began with.
    pub(super) fn note(&mut self, seen: &Seen<'_>, is_creator: bool) {
        if !seen.is_response() {
            self.request = Some(seen.cseq);
            return;
        }
        self.response = Some(seen.cseq);
        if is_creator {
            self.status = seen.status;
        }
    }
}

/// Returns whether a message never changes anything.
pub(super) fn is_ignored(seen: &Seen<'_>) -> bool {
    match seen.method {
        Method::Prack | Method::Update => true,
        Method::Ack => seen.is_response(),
        _ => false,
    }
}
