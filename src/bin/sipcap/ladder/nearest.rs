//! Which Call-IDs somebody may have meant.

use std::{collections::BTreeSet, ops::ControlFlow};

use hashbrown::HashSet;
use sipcap::{
    error::Result,
    pipeline::{Sink, Summary},
    sip::Message,
    text::{escape, printable},
};

/// Call-IDs that are told of at most.
const MAX_TOLD: usize = 3;

/// Call-IDs that are compared at most, and octets of each.
const MAX_COMPARED: usize = 1 << 20;
const MAX_LEN: usize = 128;

/// Who finds the Call-IDs that are most like the ones that were asked for.
pub(crate) struct Nearest<'a> {
    wanted: &'a [String],
    seen: HashSet<Vec<u8>>,
    /// How far away they are, and the Call-IDs.
    nearest: BTreeSet<(usize, String)>,
}

impl<'a> Nearest<'a> {
    pub(crate) fn new(wanted: &'a [String]) -> Self {
        Self {
            wanted,
            seen: HashSet::new(),
            nearest: BTreeSet::new(),
        }
    }

    /// Returns them, the most alike first; those that are nothing like it are left out.
    pub(crate) fn into_call_ids(self) -> Vec<String> {
        let call_ids = self.nearest.into_iter();
        call_ids.map(|(_, call_id)| call_id).collect()
    }

    fn compare(&mut self, call_id: &str) {
        for wanted in self.wanted {
            let is_part = wanted.len() >= 4
                && (call_id.contains(wanted.as_str()) || wanted.contains(call_id));
            let distance = if is_part {
                0
            } else {
                strsim::damerau_levenshtein(wanted, call_id)
            };
            if distance <= wanted.chars().count() / 3 {
                self.nearest
                    .insert((distance, printable(call_id).into_owned()));
            }
        }
        while self.nearest.len() > MAX_TOLD {
            self.nearest.pop_last();
        }
    }
}

impl Sink for Nearest<'_> {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        let call_id = message.head.call_id.of(message.bytes);
        if call_id.is_empty() || call_id.len() > MAX_LEN || self.seen.contains(call_id) {
            return Ok(ControlFlow::Continue(()));
        }
        if self.seen.len() >= MAX_COMPARED {
            return Ok(ControlFlow::Break(()));
        }
        self.seen.insert(call_id.to_owned());
        self.compare(&escape(call_id));
        Ok(ControlFlow::Continue(()))
    }

    fn finish(&mut self, _: &Summary) -> Result<()> {
        Ok(())
    }
}
