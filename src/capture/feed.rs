//! Where batches come from: files that are read, or interfaces that are captured on.

use std::sync::Arc;

use super::{Batch, InputSummary, Inputs, Interface, Places, Watermark};
use crate::{error::Result, time::Timestamp};

/// A source of batches for a run.
pub trait Feed: Send {
    /// Fills `batch`, reusing its buffers, with the next records; `false` when nothing comes any more.
    ///
    /// A batch may be empty: then nothing came for a while.
    ///
    /// # Errors
    ///
    /// When it cannot go on; everything before that has been handed over.
    fn next_batch(&mut self, batch: &mut Batch) -> Result<bool>;

    /// Returns the place in the merged order that no record of a later batch comes before.
    fn watermark(&self) -> Watermark;

    /// Returns whether the next batch may have to be waited for.
    fn is_drained(&self) -> bool;

    /// Returns how many inputs are merged by their times.
    fn inputs(&self) -> usize;

    /// Returns how many octets were read.
    fn position(&self) -> u64;

    /// Returns what is known about each input so far, in their order.
    fn summaries(&self) -> Vec<InputSummary>;

    /// Returns who knows where inputs were captured and what clocks are off by, if anybody does.
    fn places(&self) -> Option<Arc<dyn Places>> {
        None
    }
}

/// Somebody who sees all frames of a capture before anything is made of them.
pub trait Witness: Send {
    /// Takes note of frames, whose interfaces are among these. It should not take long.
    fn frames(&mut self, batch: &Batch, interfaces: &[Interface]);

    /// Takes note that it is this late, and nothing came.
    fn passed(&mut self, now: Timestamp) {
        let _ = now;
    }
}

impl Feed for Inputs {
    fn next_batch(&mut self, batch: &mut Batch) -> Result<bool> {
        Self::next_batch(self, batch)
    }

    fn watermark(&self) -> Watermark {
        Self::watermark(self)
    }

    fn is_drained(&self) -> bool {
        Self::is_drained(self)
    }

    fn inputs(&self) -> usize {
        self.len()
    }

    fn position(&self) -> u64 {
        Self::position(self)
    }

    fn summaries(&self) -> Vec<InputSummary> {
        Self::summaries(self)
    }

    fn places(&self) -> Option<Arc<dyn Places>> {
        Self::places(self)
    }
}
