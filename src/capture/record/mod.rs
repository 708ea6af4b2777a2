//! Recording what is captured in files that follow each other, by the rules of tcpdump's -C, -G and -W.
//!
//! A thread of its own writes, so that a slow disk holds nobody up: what the queue before it has no room for is not
//! recorded, and counted. A file has its name when it is whole. When the disk is full, the file ends with its last whole
//! frame, and another one is tried a little later.

mod file;
mod names;
mod queue;
mod writer;

use std::{path::PathBuf, sync::Arc, thread::JoinHandle};

use self::{
    names::Names,
    queue::{Shared, Work},
    writer::Writer,
};
use super::{Batch, Bpf, Interface, Packing, Witness};
use crate::{
    error::{Error, Result},
    time::Timestamp,
};

/// When the next file begins.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    /// When a file is longer than so many octets.
    pub bytes: Option<u64>,
    /// So many nanoseconds after its first frame; names then have the parts of times that strftime knows.
    pub every: Option<i64>,
    /// With `bytes`, files are written again from the first one on after so many; with `every` alone, recording ends.
    pub count: Option<u32>,
}

/// Where and how to record.
#[derive(Clone, Debug, Default)]
pub struct RecordPlan {
    /// The name of the file, or what names of files begin with.
    pub path: PathBuf,
    /// When the next file begins.
    pub rotation: Rotation,
    /// How files are compressed.
    pub packing: Option<Packing>,
    /// Whether files that exist in the beginning may be overwritten.
    pub overwrites: bool,
    /// How many octets may wait to be written.
    pub queue_bytes: usize,
    /// Whether whoever brings frames can wait until there is room for them.
    pub waits: bool,
    /// Which frames are recorded.
    pub bpf: Option<Arc<Bpf>>,
    /// Whether frames come from several sources: then of more interfaces than are known when the first one comes.
    pub has_several_sources: bool,
}

/// What became of what was to be recorded.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RecordCounts {
    /// Files that are whole.
    pub files: u64,
    /// Frames in them, and in the one that is written.
    pub frames: u64,
    /// Octets of them.
    pub bytes: u64,
    /// Frames that came faster than they could be written.
    pub lost: u64,
    /// Frames that could not be written.
    pub failed: u64,
    /// Frames of another link type than a pcap file has.
    pub unfit: u64,
    /// Whether there are as many files as there should be.
    pub is_complete: bool,
}

/// Records frames; what is left is written when it is dropped.
#[derive(Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    plan: RecordPlan,
    /// How many interfaces the thread knows of.
    described: usize,
}

/// Asks how a recording goes, and lets the next file begin.
#[derive(Clone, Debug)]
pub struct RecordWatch(Arc<Shared>);

impl Recorder {
    /// Begins to record.
    ///
    /// # Errors
    ///
    /// When a file is there already, or none can be made.
    pub fn start(plan: &RecordPlan) -> Result<Self> {
        let names = Names::new(plan)?;
        let write_error = |path: PathBuf, source| Error::Write { path, source };
        if !plan.overwrites
            && let Some(there) = names.known().into_iter().find(|path| path.exists())
        {
            let what = "it exists; choose another name, or overwrite it with --force";
            let source = std::io::Error::new(std::io::ErrorKind::AlreadyExists, what);
            return Err(write_error(there, source));
        }
        // Better now than when the first frame comes.
        let directory = names::directory(&plan.path);
        if !directory.to_string_lossy().contains('%') {
            tempfile::tempfile_in(directory)
                .map_err(|source| write_error(plan.path.clone(), source))?;
        }
        let shared = Arc::new(Shared::new(plan.queue_bytes));
        let writer = Writer::new(plan, names);
        let at_work = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("record".to_owned())
            .spawn(move || writer.run(&at_work))
            .map_err(Error::Sink)?;
        Ok(Self {
            shared,
            thread: Some(thread),
            plan: plan.clone(),
            described: 0,
        })
    }

    /// Returns who can be asked how it goes.
    #[must_use]
    pub fn watch(&self) -> RecordWatch {
        RecordWatch(Arc::clone(&self.shared))
    }

    fn end(&mut self) {
        self.shared.push(Work::End, None);
        if let Some(thread) = self.thread.take() {
            // It does not panic; if it did, what it wrote stays.
            let _ = thread.join();
        }
    }

    /// Returns the frames that are recorded.
    fn chosen(&self, batch: &Batch) -> Batch {
        let mut chosen = self.shared.spare();
        chosen.bytes.extend_from_slice(&batch.bytes);
        match &self.plan.bpf {
            None => chosen.records.extend_from_slice(&batch.records),
            Some(bpf) => {
                let takes = |record: &&super::Record| {
                    let octets = record.data.of(&batch.bytes);
                    bpf.of(record.link).takes(octets, record.orig_len)
                };
                let records = batch.records.iter().filter(takes);
                chosen.records.extend(records);
            }
        }
        chosen
    }
}

impl Witness for Recorder {
    fn frames(&mut self, batch: &Batch, interfaces: &[Interface]) {
        if batch.records.is_empty() {
            return;
        }
        if interfaces.len() > self.described {
            self.described = interfaces.len();
            self.shared
                .push(Work::Interfaces(interfaces.to_vec()), None);
        }
        let chosen = self.chosen(batch);
        self.shared
            .push(Work::Frames(chosen), Some(self.plan.waits));
    }

    fn passed(&mut self, now: Timestamp) {
        if self.plan.rotation.every.is_some() {
            self.shared.push(Work::Passed(now), None);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.end();
    }
}

impl RecordWatch {
    /// Returns what became of everything so far.
    #[must_use]
    pub fn counts(&self) -> RecordCounts {
        self.0.counts()
    }

    /// Returns what a person should know, once.
    #[must_use]
    pub fn news(&self) -> Vec<String> {
        self.0.news()
    }

    /// Lets the next file begin.
    pub fn rotate(&self) {
        self.0.push(Work::Rotate, None);
    }
}

#[cfg(test)]
mod tests;
