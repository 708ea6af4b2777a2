//! Between the threads that capture and the run: as much as memory allows, and a count of what there was no room for.

use std::{
    collections::VecDeque,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    capture::{Batch, Interface, libpcap::LiveStats},
    error::Error,
};

/// Buffers kept for the next frames.
const MAX_SPARE: usize = 8;
/// What a chunk takes besides its octets, for each record.
const RECORD_BYTES: usize = 48;

/// Frames of one source.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) source: usize,
    /// Its records are in the order of capture; their interfaces are those of the source.
    pub(super) batch: Batch,
    /// When it came.
    pub(super) at: Instant,
}

/// What is known about a source.
#[derive(Debug, Default)]
pub(super) struct Status {
    pub(super) interfaces: Vec<Interface>,
    pub(super) stats: LiveStats,
    /// Frames that there was room for.
    pub(super) came: u64,
    /// Frames that there was no room for.
    pub(super) lost: u64,
    pub(super) is_finished: bool,
    /// Whether it may wait for octets of a pipe for ever.
    pub(super) is_pipe: bool,
    pub(super) error: Option<Error>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) chunks: VecDeque<Chunk>,
    pub(super) bytes: usize,
    spare: Vec<Batch>,
    pub(super) sources: Vec<Status>,
}

/// The queue that all sources share.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    emptied: Condvar,
    capacity: usize,
    stop: AtomicBool,
}

impl Queue {
    /// Returns a queue that holds as many octets.
    pub(super) fn new(capacity: usize, sources: usize) -> Self {
        let mut status = Vec::new();
        status.resize_with(sources, Status::default);
        Self {
            state: Mutex::new(State {
                chunks: VecDeque::new(),
                bytes: 0,
                spare: Vec::new(),
                sources: status,
            }),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            capacity,
            stop: AtomicBool::new(false),
        }
    }

    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the sources end.
    pub(super) fn stop(&self) {
        // With the lock: whoever has just seen that there is no stop yet waits before it is called.
        let state = self.lock();
        self.stop.store(true, Ordering::Relaxed);
        drop(state);
        self.emptied.notify_all();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Puts the records of `batch` in, or counts them as lost if there is no room; leaves an empty batch.
    pub(super) fn push(&self, source: usize, batch: &mut Batch) {
        let mut state = self.lock();
        if state.bytes.saturating_add(size(batch)) > self.capacity {
            if let Some(status) = state.sources.get_mut(source) {
                status.lost = status.lost.saturating_add(batch.records.len() as u64);
            }
            return batch.clear();
        }
        self.put(state, source, batch);
    }

    /// Puts the records of `batch` in as soon as there is room: for sources that can wait.
    pub(super) fn push_waiting(&self, source: usize, batch: &mut Batch) {
        let mut state = self.lock();
        while state.bytes > 0
            && state.bytes.saturating_add(size(batch)) > self.capacity
            && !self.is_stopped()
        {
            state = self
                .emptied
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        self.put(state, source, batch);
    }

    fn put(&self, mut state: MutexGuard<'_, State>, source: usize, batch: &mut Batch) {
        state.bytes = state.bytes.saturating_add(size(batch));
        if let Some(status) = state.sources.get_mut(source) {
            status.came = status.came.saturating_add(batch.records.len() as u64);
        }
        let spare = state.spare.pop().unwrap_or_default();
        let chunk = Chunk {
            source,
            batch: std::mem::replace(batch, spare),
            at: now(),
        };
        state.chunks.push_back(chunk);
        drop(state);
        self.filled.notify_one();
    }

    /// Returns what came first, waiting for this time at most.
    pub(super) fn pop(&self, wait: Duration) -> Option<Chunk> {
        let is_waiting = |state: &mut State| {
            state.chunks.is_empty() && state.sources.iter().any(|source| !source.is_finished)
        };
        let (mut state, _) = self
            .filled
            .wait_timeout_while(self.lock(), wait, is_waiting)
            .unwrap_or_else(PoisonError::into_inner);
        let chunk = state.chunks.pop_front()?;
        state.bytes = state.bytes.saturating_sub(size(&chunk.batch));
        drop(state);
        self.emptied.notify_all();
        Some(chunk)
    }

    /// Takes a buffer back.
    pub(super) fn give_back(&self, mut batch: Batch) {
        batch.clear();
        let mut state = self.lock();
        if state.spare.len() < MAX_SPARE {
            state.spare.push(batch);
        }
    }

    /// Changes what is known about a source.
    pub(super) fn update(&self, source: usize, change: impl FnOnce(&mut Status)) {
        if let Some(status) = self.lock().sources.get_mut(source) {
            change(status);
        }
        self.filled.notify_one();
    }

    /// Returns whether nothing comes any more, or nothing that is waited for.
    pub(super) fn is_over(&self) -> bool {
        let state = self.lock();
        let is_over = |source: &Status| source.is_finished || source.is_pipe && self.is_stopped();
        state.chunks.is_empty() && state.sources.iter().all(is_over)
    }
}

fn size(batch: &Batch) -> usize {
    let records = batch.records.len().saturating_mul(RECORD_BYTES);
    batch.bytes.len().saturating_add(records)
}

/// Returns the time of the machine, for how long to wait: never for what is said about packets.
#[expect(
    clippy::disallowed_methods,
    reason = "how long nothing came is no matter of packets"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        capture::{LinkType, Record},
        span::Span,
        time::Timestamp,
    };

    fn batch(octets: usize) -> Batch {
        Batch {
            bytes: vec![0; octets],
            records: vec![Record {
                ts: Timestamp::from_nanos(0),
                data: Span::new(0, octets),
                orig_len: 0,
                link: LinkType::ETHERNET,
                interface: 0,
                fcs_len: 0,
            }],
            ..Batch::default()
        }
    }

    #[test]
    fn what_has_no_room_is_counted_and_nobody_waits() {
        let queue = Queue::new(1000, 1);
        for _ in 0..5 {
            let mut batch = batch(300);
            queue.push(0, &mut batch);
            assert!(batch.records.is_empty() && batch.bytes.is_empty());
        }
        // 348 octets each: two have room.
        assert_eq!(queue.lock().sources[0].lost, 3);
        let taken: Vec<usize> = std::iter::from_fn(|| queue.pop(Duration::ZERO))
            .map(|chunk| chunk.batch.bytes.len())
            .collect();
        assert_eq!(taken, [300, 300]);
        queue.push(0, &mut batch(300));
        assert_eq!(queue.lock().sources[0].lost, 3);
        assert!(!queue.is_over());
        queue.pop(Duration::ZERO).unwrap();
        queue.update(0, |status| status.is_finished = true);
        assert!(queue.is_over() && queue.pop(Duration::from_secs(9)).is_none());
    }

    #[test]
    fn a_pipe_waits_until_there_is_room() {
        let queue = Queue::new(1000, 1);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..100 {
                    queue.push_waiting(0, &mut batch(600));
                }
                queue.update(0, |status| status.is_finished = true);
            });
            let mut count = 0;
            while let Some(chunk) = queue.pop(Duration::from_secs(9)) {
                count += 1;
                queue.give_back(chunk.batch);
            }
            assert_eq!((count, queue.lock().sources[0].lost), (100, 0));
        });
    }
}
