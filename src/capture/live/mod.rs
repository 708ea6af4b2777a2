//! Interfaces and the standard input as one capture in time order, as it comes.
//!
//! A thread for each source copies frames into a queue; what the queue has no room for is lost and counted, so that
//! nothing that comes later can hold the capture up. With several sources, frames are held back for a moment and put in
//! the order of their times.

pub mod collector;
mod input;
mod merge;
mod queue;
pub mod socket;
mod source;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

pub use self::input::{LiveInput, LiveSender};
use self::{
    merge::Merge,
    queue::{Queue, now},
};
use super::{
    Batch, Feed, InputSummary, Interface, MAX_ANOMALIES, Watermark, Witness,
    libpcap::{Libpcap, LiveOptions, LiveStats},
    summary::Tally,
};
use crate::{
    error::{Error, Result},
    time::Timestamp,
};

/// How long to wait for frames before telling that nothing came.
const TICK: Duration = Duration::from_millis(200);
/// How long after the last frame its time is believed to be over: frames may be on their way for so long.
const LATENESS: Duration = Duration::from_secs(1);

/// How many chunks are taken in at once.
const MAX_CHUNKS: usize = 64;

/// What is captured, and until when.
#[derive(Clone, Debug)]
pub struct LivePlan {
    /// Names of interfaces, and `-` for a capture on the standard input.
    pub sources: Vec<String>,
    /// How interfaces are captured on.
    pub options: LiveOptions,
    /// Expressions in place of the filter of the options, the widest first; the first that fits an interface is used.
    pub filters: Vec<String>,
    /// How many octets may wait to be looked at.
    pub queue_bytes: usize,
    /// How many frames to take at most.
    pub count: Option<u64>,
    /// For how long to capture.
    pub duration: Option<Duration>,
}

/// A capture that goes on.
pub struct Live {
    queue: Arc<Queue>,
    merge: Option<Merge>,
    names: Vec<String>,
    /// Tells that somebody wants it to end.
    stop: &'static AtomicBool,
    /// When it ends by itself.
    deadline: Option<Instant>,
    /// How many frames may still come.
    left: u64,
    tally: Tally,
    /// By source: the numbers that its interfaces have among all.
    interfaces: Vec<Vec<u16>>,
    bytes: u64,
    clock: Arc<LiveClock>,
    warnings: Vec<String>,
    /// Who sees all frames first.
    witnesses: Vec<Box<dyn Witness>>,
}

/// Tells how a capture goes while it goes on.
#[derive(Clone)]
pub struct LiveWatch {
    queue: Arc<Queue>,
    names: Vec<String>,
}

impl LiveWatch {
    /// Returns what was counted for each source.
    #[must_use]
    pub fn counts(&self) -> Vec<LiveCounts> {
        let state = self.queue.lock();
        let counts = state.sources.iter().zip(&self.names);
        counts
            .map(|(status, name)| LiveCounts {
                name: name.clone(),
                stats: status.stats,
                came: status.came,
                lost: status.lost,
                failure: status.error.as_ref().map(ToString::to_string),
            })
            .collect()
    }

    /// Returns how many octets wait to be looked at, and how many may.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        (self.queue.lock().bytes, self.queue.capacity())
    }
}

/// Tells what time it is in the capture when nothing comes.
#[derive(Debug, Default)]
pub struct LiveClock(Mutex<Option<(Timestamp, Instant)>>);

impl LiveClock {
    /// Returns a time of the capture that is over for sure, if nothing came for a while.
    #[must_use]
    pub fn passed(&self) -> Option<Timestamp> {
        let newest = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (newest, at) = newest?;
        let since = at.elapsed().checked_sub(LATENESS)?;
        Some(newest.plus(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)))
    }

    fn set(&self, newest: Timestamp) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((newest, now()));
    }
}

/// What became of the frames of a source, besides those that came.
#[derive(Clone, Debug, Default)]
pub struct LiveCounts {
    /// The interface.
    pub name: String,
    /// What system and interface counted.
    pub stats: LiveStats,
    /// Frames that are looked at.
    pub came: u64,
    /// Frames that came faster than they could be looked at.
    pub lost: u64,
    /// Why nothing comes any more, if that is no matter of the run.
    pub failure: Option<String>,
}

impl Live {
    /// Begins to capture, on what the plan names and on `inputs`; `stop` ends it.
    ///
    /// # Errors
    ///
    /// When a source cannot be captured on.
    pub fn open(
        library: Option<&'static Libpcap>,
        plan: &LivePlan,
        inputs: Vec<Box<dyn LiveInput>>,
        stop: &'static AtomicBool,
    ) -> Result<Self> {
        let further = inputs.iter().map(|input| input.name());
        let names: Vec<String> = plan.sources.iter().cloned().chain(further).collect();
        let queue = Arc::new(Queue::new(plan.queue_bytes, names.len()));
        let mut warnings = Vec::new();
        // All are opened before any begins: either everything works or nothing was captured.
        let mut handles = Vec::new();
        for name in &plan.sources {
            let Some(library) = library.filter(|_| name != "-") else {
                handles.push(None);
                continue;
            };
            let (handle, warning) = open(library, name, plan)?;
            warnings.extend(warning.map(|warning| format!("{name}: {warning}")));
            handles.push(Some(handle));
        }
        for (source, (name, handle)) in plan.sources.iter().zip(handles).enumerate() {
            let (queue, name) = (Arc::clone(&queue), name.clone());
            let thread = std::thread::Builder::new().name(format!("capture-{name}"));
            let spawned = match handle {
                Some(handle) => {
                    let interface = source::describe(&name, &handle);
                    queue.update(source, |status| status.interfaces = vec![interface]);
                    thread.spawn(move || source::capture(&queue, source, &name, handle))
                }
                None => {
                    queue.update(source, |status| status.is_pipe = true);
                    thread.spawn(move || source::read(&queue, source))
                }
            };
            spawned.map_err(Error::Sink)?;
        }
        for (input, source) in inputs.into_iter().zip(plan.sources.len()..) {
            let spawned = input::spawn(input, &queue, source);
            spawned.map_err(Error::Sink)?;
        }
        Ok(Self {
            merge: (names.len() > 1).then(|| Merge::new(names.len())),
            stop,
            deadline: plan
                .duration
                .and_then(|duration| now().checked_add(duration)),
            left: plan.count.unwrap_or(u64::MAX),
            tally: Tally::new(0, names.join(",").into()),
            interfaces: vec![Vec::new(); names.len()],
            names,
            bytes: 0,
            clock: Arc::default(),
            warnings,
            witnesses: Vec::new(),
            queue,
        })
    }

    /// Returns what libpcap warned of.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Returns what tells the time when nothing comes.
    #[must_use]
    pub fn clock(&self) -> Arc<LiveClock> {
        Arc::clone(&self.clock)
    }

    /// Returns what was counted for each source.
    #[must_use]
    pub fn counts(&self) -> Vec<LiveCounts> {
        self.watch().counts()
    }

    /// Returns who can be asked how it goes.
    #[must_use]
    pub fn watch(&self) -> LiveWatch {
        LiveWatch {
            queue: Arc::clone(&self.queue),
            names: self.names.clone(),
        }
    }

    /// Lets somebody see all frames before anything is made of them.
    pub fn add_witness(&mut self, witness: Box<dyn Witness>) {
        self.witnesses.push(witness);
    }

    /// Lets nobody see the frames any more.
    pub fn dismiss_witnesses(&mut self) {
        self.witnesses.clear();
    }

    /// Remembers what is odd in what came from a pipe.
    fn note(&mut self, batch: &Batch) {
        let summary = &mut self.tally.summary;
        let count = batch.anomalies.len();
        let room = MAX_ANOMALIES.saturating_sub(summary.anomalies.len());
        let kept = batch.anomalies.iter().take(room);
        summary.anomalies.extend(kept.cloned());
        summary.anomaly_count = summary.anomaly_count.saturating_add(count as u64);
    }

    /// Gives what was captured its place among all that was.
    fn number(&mut self, source: usize, batch: &mut Batch) {
        let keep = usize::try_from(self.left).unwrap_or(usize::MAX);
        batch.records.truncate(keep);
        self.left = self.left.saturating_sub(batch.records.len() as u64);
        batch.input = 0;
        batch.first_number = self.tally.summary.frames.saturating_add(1);
        batch.floor = self.tally.newest;
        batch.offset = self.bytes;
        self.bytes = self.bytes.saturating_add(batch.bytes.len() as u64);
        if self.merge.is_none() {
            self.renumber(source, batch);
        }
        for record in &batch.records {
            self.tally.count(record);
        }
        if !batch.records.is_empty() {
            self.clock.set(self.tally.newest);
            let interfaces = &self.tally.summary.interfaces;
            for witness in &mut self.witnesses {
                witness.frames(batch, interfaces);
            }
        }
    }

    /// Numbers the interfaces of a source among those of all.
    fn renumber(&mut self, source: usize, batch: &mut Batch) {
        let Some(known) = self.interfaces.get_mut(source) else {
            return;
        };
        let state = self.queue.lock();
        let described = state.sources.get(source).map(|status| &status.interfaces);
        for interface in described.into_iter().flatten().skip(known.len()) {
            let all = &mut self.tally.summary.interfaces;
            known.push(u16::try_from(all.len()).unwrap_or(u16::MAX));
            all.push(Interface {
                frames: 0,
                ..interface.clone()
            });
        }
        drop(state);
        for record in &mut batch.records {
            let interface = known.get(usize::from(record.interface));
            record.interface = interface.copied().unwrap_or(u16::MAX);
        }
    }

    /// Tells who sees the frames how late it is when none come.
    fn tell_the_time(&mut self) {
        if let Some(passed) = self.clock.passed() {
            for witness in &mut self.witnesses {
                witness.passed(passed);
            }
        }
    }

    /// Ends the sources when it is time.
    fn look_at_the_time(&self) {
        let is_late = self.deadline.is_some_and(|deadline| now() >= deadline);
        if is_late || self.left == 0 || self.stop.load(Ordering::Relaxed) {
            self.queue.stop();
        }
    }

    /// Returns why a source ended before its time. The others went on; what came is finished as at any other end.
    #[must_use]
    pub fn failure(&self) -> Option<Error> {
        let mut state = self.queue.lock();
        state
            .sources
            .iter_mut()
            .find_map(|source| source.error.take())
    }
}

impl Feed for Live {
    fn next_batch(&mut self, batch: &mut Batch) -> Result<bool> {
        batch.clear();
        self.look_at_the_time();
        if self.left == 0 {
            return Ok(false);
        }
        if self.merge.is_some() {
            return self.next_merged(batch);
        }
        let Some(chunk) = self.queue.pop(TICK) else {
            if self.queue.is_over() {
                return Ok(false);
            }
            batch.floor = self.tally.newest;
            self.tell_the_time();
            return Ok(true);
        };
        self.note(&chunk.batch);
        self.queue.give_back(std::mem::replace(batch, chunk.batch));
        self.number(chunk.source, batch);
        Ok(true)
    }

    fn watermark(&self) -> Watermark {
        Watermark::END
    }

    fn is_drained(&self) -> bool {
        match &self.merge {
            None => self.queue.lock().chunks.is_empty(),
            Some(merge) => merge.is_drained(),
        }
    }

    fn inputs(&self) -> usize {
        1
    }

    fn position(&self) -> u64 {
        self.bytes
    }

    fn summaries(&self) -> Vec<InputSummary> {
        let mut summary = self.tally.summary();
        (summary.bytes, summary.plain_bytes) = (self.bytes, self.bytes);
        for (source, counts) in self.counts().into_iter().enumerate() {
            let first = self.interfaces.get(source).and_then(|known| known.first());
            let Some(first) = first.filter(|_| counts.name != "-") else {
                continue;
            };
            if let Some(interface) = summary.interfaces.get_mut(usize::from(*first)) {
                let stats = counts.stats;
                let dropped = stats.dropped.saturating_add(stats.interface_dropped);
                interface.dropped = Some(dropped.saturating_add(counts.lost));
            }
        }
        vec![summary]
    }
}

impl Live {
    /// Fills `batch` with frames of all sources in the order of their times.
    fn next_merged(&mut self, batch: &mut Batch) -> Result<bool> {
        let Some(mut merge) = self.merge.take() else {
            return Ok(false);
        };
        let mut wait = merge.wait(TICK);
        // Of a flood no more than can be passed on.
        for _ in 0..MAX_CHUNKS {
            let Some(mut chunk) = self.queue.pop(wait) else {
                break;
            };
            self.note(&chunk.batch);
            self.renumber(chunk.source, &mut chunk.batch);
            merge.push(chunk);
            wait = Duration::ZERO;
        }
        let is_over = self.queue.is_over();
        merge.fill(batch, is_over, |used| self.queue.give_back(used));
        let is_empty = merge.is_empty();
        self.merge = Some(merge);
        if is_over && is_empty && batch.records.is_empty() {
            return Ok(false);
        }
        self.number(0, batch);
        if batch.records.is_empty() {
            self.tell_the_time();
        }
        Ok(true)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.queue.stop();
    }
}

/// Opens an interface with the first filter that fits it.
fn open(
    library: &'static Libpcap,
    name: &str,
    plan: &LivePlan,
) -> Result<(super::libpcap::LiveHandle, Option<String>)> {
    let mut failed = None;
    for filter in &plan.filters {
        let options = LiveOptions {
            filter: filter.clone(),
            ..plan.options.clone()
        };
        match library.open_live(name, &options) {
            Err(error @ Error::Bpf { .. }) => failed = Some(error),
            opened => return opened,
        }
    }
    match failed {
        Some(error) => Err(error),
        None => library.open_live(name, &plan.options),
    }
}
