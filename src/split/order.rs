//! The order of frames that are written.

use crate::{
    capture::{Frame, Origin},
    time::Timestamp,
};

/// How frames are put in the order of the capture: within one input they stay as they are, also where its clock
/// steps back; those of several inputs are sorted by time.
#[derive(Clone, Copy, Debug)]
pub struct CaptureOrder {
    is_one_input: bool,
}

impl CaptureOrder {
    /// Returns the order for these frames.
    pub fn of<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> Self {
        Self::of_inputs(frames.into_iter().map(|frame| frame.origin.input))
    }

    /// Returns the order for frames of these inputs.
    pub(super) fn of_inputs(mut inputs: impl Iterator<Item = u16>) -> Self {
        let first = inputs.next();
        Self {
            is_one_input: inputs.all(|input| Some(input) == first),
        }
    }

    /// Returns what to sort by.
    #[must_use]
    pub fn key(self, frame: &Frame) -> (Timestamp, Origin) {
        self.key_of(frame.ts, frame.origin)
    }

    pub(super) const fn key_of(self, ts: Timestamp, origin: Origin) -> (Timestamp, Origin) {
        let ts = if self.is_one_input {
            Timestamp::MIN
        } else {
            ts
        };
        (ts, origin)
    }
}
