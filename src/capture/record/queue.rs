//! What waits to be written.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::RecordCounts;
use crate::{
    capture::{Batch, Interface},
    time::Timestamp,
};

/// Buffers kept for the next frames.
const MAX_SPARE: usize = 8;
/// What a batch takes besides its octets, for each record.
const RECORD_BYTES: usize = 48;
/// News kept until somebody asks.
const MAX_NEWS: usize = 16;

/// What there is to do.
#[derive(Debug)]
pub(super) enum Work {
    /// Frames to write.
    Frames(Batch),
    /// The interfaces of frames that follow.
    Interfaces(Vec<Interface>),
    /// It is this late, and nothing came.
    Passed(Timestamp),
    /// The next file is to begin.
    Rotate,
    /// All is said.
    End,
}

#[derive(Debug, Default)]
struct State {
    work: VecDeque<Work>,
    bytes: usize,
    spare: Vec<Batch>,
    counts: RecordCounts,
    news: Vec<String>,
}

/// Between who brings frames and who writes them.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    filled: Condvar,
    emptied: Condvar,
    capacity: usize,
}

impl Shared {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            capacity,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds work. Where a limit counts, frames without room are lost, or waited with if that `waits`.
    pub(super) fn push(&self, work: Work, limit: Option<bool>) {
        let mut state = self.lock();
        let size = size(&work);
        let is_full =
            |state: &State| state.bytes > 0 && state.bytes.saturating_add(size) > self.capacity;
        while limit == Some(true) && is_full(&state) {
            state = self
                .emptied
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        match work {
            Work::Frames(batch) if limit.is_some() && is_full(&state) => {
                let lost = &mut state.counts.lost;
                *lost = lost.saturating_add(batch.records.len() as u64);
                keep(&mut state.spare, batch);
            }
            work => {
                state.bytes = state.bytes.saturating_add(size);
                state.work.push_back(work);
                drop(state);
                self.filled.notify_one();
            }
        }
    }

    /// Returns what is to be done next, or nothing after waiting for this time.
    pub(super) fn pop(&self, wait: Duration) -> Option<Work> {
        let state = self.lock();
        let (mut state, _) = self
            .filled
            .wait_timeout_while(state, wait, |state| state.work.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let work = state.work.pop_front()?;
        state.bytes = state.bytes.saturating_sub(size(&work));
        drop(state);
        self.emptied.notify_all();
        Some(work)
    }

    /// Returns an empty buffer.
    pub(super) fn spare(&self) -> Batch {
        self.lock().spare.pop().unwrap_or_default()
    }

    /// Takes a buffer back.
    pub(super) fn give_back(&self, batch: Batch) {
        keep(&mut self.lock().spare, batch);
    }

    pub(super) fn counts(&self) -> RecordCounts {
        self.lock().counts
    }

    /// Takes note of what the writer counted; what was lost before it is counted here.
    pub(super) fn set_counts(&self, counts: RecordCounts) {
        let mut state = self.lock();
        state.counts = RecordCounts {
            lost: state.counts.lost,
            ..counts
        };
    }

    pub(super) fn tell(&self, what: String) {
        let news = &mut self.lock().news;
        if news.len() < MAX_NEWS {
            news.push(what);
        }
    }

    pub(super) fn news(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().news)
    }
}

fn keep(spare: &mut Vec<Batch>, mut batch: Batch) {
    batch.clear();
    if spare.len() < MAX_SPARE {
        spare.push(batch);
    }
}

fn size(work: &Work) -> usize {
    let Work::Frames(batch) = work else {
        return 0;
    };
    let records = batch.records.len().saturating_mul(RECORD_BYTES);
    batch.bytes.len().saturating_add(records)
}
