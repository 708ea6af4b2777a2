//! The thread that writes.

use std::{io, path::Path, time::Duration};

use super::{
    RecordCounts, RecordPlan,
    file::{RecordFile, format},
    names::Names,
    queue::{Shared, Work},
};
use crate::{
    capture::{Batch, Interface, LinkType, OutputFormat, Record},
    time::Timestamp,
};

/// How long frames wait in memory when no more come.
const IDLE: Duration = Duration::from_secs(1);
/// After how long a new file is tried when one could not be written, in nanoseconds.
const RETRY: i64 = 10_000_000_000;

/// Writes one file after the other.
pub(super) struct Writer {
    plan: RecordPlan,
    names: Names,
    interfaces: Vec<Interface>,
    file: Option<RecordFile>,
    /// When the first file with the names of a time began.
    began: Option<Timestamp>,
    /// Until when no file is tried.
    retry: Option<Timestamp>,
    /// Whether a file failed, and none was written since.
    has_failed: bool,
    counts: RecordCounts,
}

impl Writer {
    pub(super) fn new(plan: &RecordPlan, names: Names) -> Self {
        Self {
            plan: plan.clone(),
            names,
            interfaces: Vec::new(),
            file: None,
            began: None,
            retry: None,
            has_failed: false,
            counts: RecordCounts::default(),
        }
    }

    /// Works until there is nothing more to do.
    pub(super) fn run(mut self, shared: &Shared) {
        loop {
            match shared.pop(IDLE) {
                Some(Work::Frames(batch)) => {
                    self.frames(&batch, shared);
                    shared.give_back(batch);
                }
                Some(Work::Interfaces(interfaces)) => self.interfaces = interfaces,
                Some(Work::Passed(now)) => self.look_at_the_time(now, shared),
                Some(Work::Rotate) => {
                    self.retry = None;
                    self.close(shared);
                }
                Some(Work::End) => break,
                None => self.idle(shared),
            }
            shared.set_counts(self.told());
        }
        self.close(shared);
        self.leave_something(shared);
        shared.set_counts(self.told());
    }

    /// Returns the counts with what is in the file that is written.
    fn told(&self) -> RecordCounts {
        let mut counts = self.counts;
        if let Some(file) = &self.file {
            counts.frames = counts.frames.saturating_add(file.frames);
            counts.bytes = counts.bytes.saturating_add(file.bytes);
        }
        counts
    }

    fn frames(&mut self, batch: &Batch, shared: &Shared) {
        for record in &batch.records {
            self.look_at_the_time(record.ts, shared);
            let limit = self.plan.rotation.bytes.unwrap_or(u64::MAX);
            if self.file.as_ref().is_some_and(|file| file.len() > limit) {
                self.close(shared);
            }
            if self.counts.is_complete {
                return;
            }
            self.frame(record, record.data.of(&batch.bytes), shared);
        }
    }

    fn frame(&mut self, record: &Record, octets: &[u8], shared: &Shared) {
        let is_too_early = |retry: Timestamp| record.ts < retry;
        if self.file.is_none() && !self.retry.is_some_and(is_too_early) {
            self.open(record, shared);
        }
        let interface = self.interfaces.get(usize::from(record.interface));
        let Some(file) = &mut self.file else {
            self.counts.failed = self.counts.failed.saturating_add(1);
            return;
        };
        if file.add(record, interface, octets).is_err() {
            self.counts.unfit = self.counts.unfit.saturating_add(1);
        }
        if file.is_full() {
            self.flush(record.ts, shared);
        }
    }

    fn flush(&mut self, now: Timestamp, shared: &Shared) {
        let Some(file) = &mut self.file else { return };
        match file.flush() {
            Ok(()) => self.tell_success(shared),
            Err((error, lost)) => self.fail(&error, lost, now, shared),
        }
    }

    /// Tells that a file could not be written: once, until one can be.
    fn tell_problem(&mut self, path: &Path, error: &io::Error, shared: &Shared) {
        if !std::mem::replace(&mut self.has_failed, true) {
            let path = path.display();
            shared.tell(format!(
                "cannot record to {path}: {error}; another file is tried every 10 s"
            ));
        }
    }

    fn tell_success(&mut self, shared: &Shared) {
        if std::mem::replace(&mut self.has_failed, false) {
            shared.tell("recording goes on in another file".to_owned());
        }
    }

    fn open(&mut self, record: &Record, shared: &Shared) {
        if self.began.is_none() {
            self.began = Some(record.ts);
            self.names.begin(record.ts);
        }
        let path = self.names.next();
        let format = self.format(&path, record);
        match RecordFile::create(path.clone(), format, self.plan.packing) {
            Ok(file) => {
                self.file = Some(file);
                self.retry = None;
            }
            Err(error) => {
                self.tell_problem(&path, &error, shared);
                self.retry = Some(record.ts.plus(RETRY));
            }
        }
    }

    /// Ends the file whose time is over.
    fn look_at_the_time(&mut self, now: Timestamp, shared: &Shared) {
        let (Some(every), Some(began)) = (self.plan.rotation.every, self.began) else {
            return;
        };
        if now.since(began) >= every {
            self.close(shared);
            self.began = None;
        }
    }

    /// Writes what waits if nothing more comes. Compressed blocks are better long.
    fn idle(&mut self, shared: &Shared) {
        let is_waiting = self.file.as_ref().is_some_and(RecordFile::is_waiting);
        if is_waiting && self.plan.packing.is_none() {
            // Time has not gone on: if it fails, the next frame tries again.
            self.flush(Timestamp::MIN, shared);
        }
    }

    /// Gives the file its name.
    fn close(&mut self, shared: &Shared) {
        let Some(file) = self.file.take() else { return };
        let before = (file.bytes, file.frames);
        let (path, result) = (file.path().to_owned(), file.finish());
        match result {
            Ok((bytes, frames)) => {
                self.count(bytes, frames);
                self.tell_success(shared);
            }
            Err((error, lost)) => {
                self.count(before.0, before.1);
                self.counts.failed = self.counts.failed.saturating_add(lost);
                self.tell_problem(&path, &error, shared);
            }
        }
        let rotation = &self.plan.rotation;
        self.counts.is_complete = rotation.bytes.is_none()
            && rotation.every.is_some()
            && rotation
                .count
                .is_some_and(|count| self.counts.files >= count.into());
    }

    fn count(&mut self, bytes: u64, frames: u64) {
        self.counts.files = self.counts.files.saturating_add(u64::from(bytes > 0));
        self.counts.bytes = self.counts.bytes.saturating_add(bytes);
        self.counts.frames = self.counts.frames.saturating_add(frames);
    }

    /// Keeps what could be written of a file, and tries another one later.
    fn fail(&mut self, error: &io::Error, lost: u64, now: Timestamp, shared: &Shared) {
        self.counts.failed = self.counts.failed.saturating_add(lost);
        if let Some(file) = self.file.take() {
            let path = file.path().to_owned();
            self.tell_problem(&path, error, shared);
            self.count(file.bytes, file.frames);
            if let Err(error) = file.keep() {
                self.tell_problem(&path, &error, shared);
            }
        }
        self.retry = Some(now.plus(RETRY));
    }

    fn format(&self, path: &Path, record: &Record) -> OutputFormat {
        format(
            path,
            record,
            &self.interfaces,
            self.plan.has_several_sources,
        )
    }

    /// Writes a file without frames if nothing came, so that there is one.
    fn leave_something(&mut self, shared: &Shared) {
        if self.began.is_some() || self.plan.rotation.every.is_some() {
            return;
        }
        let link = self.interfaces.first().map(|interface| interface.link);
        let record = Record {
            ts: Timestamp::default(),
            data: crate::span::Span::default(),
            orig_len: 0,
            link: link.unwrap_or(LinkType::ETHERNET),
            interface: 0,
            fcs_len: 0,
        };
        let path = self.names.next();
        let format = self.format(&path, &record);
        let file = RecordFile::create(path.clone(), format, self.plan.packing);
        let result = file
            .map_err(|error| (error, 0))
            .and_then(RecordFile::finish);
        match result {
            Ok((bytes, frames)) => self.count(bytes, frames),
            Err((error, _)) => self.tell_problem(&path, &error, shared),
        }
    }
}
