//! Who tells how a capture goes while it goes on: what is lost, what cannot be written, and the state when asked for.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::Context;
use sipcap::capture::{LiveCounts, LiveWatch, RecordCounts, RecordWatch};

use crate::{input::stop, ui::Ui};

/// How often it is looked whether there is anything to tell.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many looks pass at least between two lines about the same.
const PATIENCE: u32 = 10;

/// What the run counts for others to see.
#[derive(Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) messages: AtomicU64,
    pub(crate) calls: AtomicU64,
    pub(crate) bindings: AtomicU64,
}

/// What can be told of a capture that goes on.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) live: LiveWatch,
    pub(crate) record: Option<RecordWatch>,
    pub(crate) gauges: Arc<Gauges>,
    pub(crate) ui: Ui,
    /// The latest news, if there is a screen that shows them.
    pub(crate) screen: Option<Arc<Mutex<VecDeque<String>>>>,
}

/// News that a screen shows.
const MAX_NEWS: usize = 3;

/// A guard at work; it ends when this is dropped.
pub(crate) struct OnGuard {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for OnGuard {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It does not panic; if it did, there would be nothing to do about it.
            let _ = thread.join();
        }
    }
}

impl Guard {
    /// Tells what happens until it is dropped.
    pub(crate) fn watch(self) -> anyhow::Result<OnGuard> {
        let (end, ended) = channel();
        let thread = std::thread::Builder::new().name("guard".to_owned());
        let thread = thread
            .spawn(move || self.look_on(&ended))
            .context("cannot watch the capture")?;
        Ok(OnGuard {
            end: Some(end),
            thread: Some(thread),
        })
    }

    fn look_on(&self, ended: &Receiver<()>) {
        let mut failed = 0;
        let mut told = Losses::default();
        let mut since_told = PATIENCE;
        loop {
            let is_last = ended.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout);
            self.pass_on_news();
            failed = self.tell_failures(failed, is_last);
            since_told = since_told.saturating_add(1);
            let losses = self.losses();
            if losses.total() > told.total() && since_told > PATIENCE && !is_last {
                self.warn(&losses.since(&told));
                (told, since_told) = (losses, 0);
            }
            if is_last {
                return;
            }
        }
    }

    /// Tells which interfaces are gone, if others go on, beyond those that were told; returns how many there are.
    fn tell_failures(&self, told: usize, is_last: bool) -> usize {
        let counts = self.live.counts();
        let failed = counts.iter().filter_map(|counts| counts.failure.as_ref());
        let failed: Vec<&String> = failed.collect();
        if failed.len() > told && failed.len() < counts.len() && !is_last {
            failed.iter().skip(told).for_each(|what| self.warn(what));
        }
        failed.len()
    }

    /// Tells what the recording has to say.
    fn pass_on_news(&self) {
        let Some(record) = &self.record else { return };
        for news in record.news() {
            self.warn(&news);
        }
        if record.counts().is_complete {
            stop().store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn warn(&self, what: &str) {
        let Some(screen) = &self.screen else {
            return self.ui.warn(what);
        };
        let mut news = screen.lock().unwrap_or_else(PoisonError::into_inner);
        if news.len() >= MAX_NEWS {
            news.pop_front();
        }
        news.push_back(what.to_owned());
    }

    /// Returns the latest news for a screen.
    pub(crate) fn news(&self) -> Vec<String> {
        let news = self.screen.as_ref().map(|news| news.lock());
        let news = news.map(|news| news.unwrap_or_else(PoisonError::into_inner));
        news.into_iter()
            .flat_map(|news| news.iter().cloned().collect::<Vec<_>>())
            .collect()
    }

    pub(crate) fn losses(&self) -> Losses {
        let mut losses = Losses::default();
        for LiveCounts { stats, lost, .. } in self.live.counts() {
            losses.system = losses.system.saturating_add(stats.dropped);
            losses.interface = losses.interface.saturating_add(stats.interface_dropped);
            losses.queue = losses.queue.saturating_add(lost);
        }
        if let Some(record) = &self.record {
            let RecordCounts { lost, failed, .. } = record.counts();
            losses.unrecorded = lost.saturating_add(failed);
        }
        losses
    }

    /// Does what a signal asks for.
    pub(crate) fn answer(&self, is_hangup: bool) {
        match &self.record {
            _ if !is_hangup => self.tell_state(),
            Some(record) => record.rotate(),
            // Nobody is there any more.
            None => stop().store(true, Ordering::Relaxed),
        }
    }

    /// Tells how it goes; a screen does that all the time.
    fn tell_state(&self) {
        if self.screen.is_some() {
            return;
        }
        for line in self.state() {
            self.ui.line(&format!("sipcap: {line}"));
        }
    }

    /// Returns how many calls and how many bindings are followed.
    pub(crate) fn open(&self) -> (u64, u64) {
        let Gauges {
            calls, bindings, ..
        } = &*self.gauges;
        (
            calls.load(Ordering::Relaxed),
            bindings.load(Ordering::Relaxed),
        )
    }

    /// Returns how many messages came.
    pub(crate) fn messages(&self) -> u64 {
        self.gauges.messages.load(Ordering::Relaxed)
    }

    fn state(&self) -> Vec<String> {
        let (calls, bindings) = self.open();
        let messages = self.messages();
        let counts = self.live.counts();
        let frames: u64 = counts.iter().map(|counts| counts.came).sum();
        let (waiting, room) = self.live.waiting();
        let mut lines = vec![format!(
            "calls {calls}, bindings {bindings}, frames {frames}, messages {messages}; {} of {} KiB wait",
            waiting >> 10,
            room >> 10,
        )];
        for LiveCounts {
            name,
            stats,
            came,
            lost,
            ..
        } in &counts
        {
            lines.push(format!(
                "{name}: {came} frames; lost {} by the system, {} by the interface, {lost} for lack of time",
                stats.dropped, stats.interface_dropped
            ));
        }
        if let Some(record) = &self.record {
            let counts = record.counts();
            lines.push(format!(
                "recorded {} frames, {} octets, {} whole files; not recorded {}",
                counts.frames,
                counts.bytes,
                counts.files,
                counts.lost.saturating_add(counts.failed)
            ));
        }
        lines
    }
}

/// Frames that were lost.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Losses {
    pub(crate) system: u64,
    pub(crate) interface: u64,
    pub(crate) queue: u64,
    pub(crate) unrecorded: u64,
}

impl Losses {
    pub(crate) const fn total(&self) -> u64 {
        let lost = self.system.saturating_add(self.interface);
        lost.saturating_add(self.queue)
            .saturating_add(self.unrecorded)
    }

    /// Returns a line about what was lost since then.
    fn since(&self, before: &Self) -> String {
        let parts = [
            (self.system, before.system, "by the system (see --buffer)"),
            (self.interface, before.interface, "by the interface"),
            (
                self.queue,
                before.queue,
                "because they came too fast for what is done with them",
            ),
            (self.unrecorded, before.unrecorded, "for the recording"),
        ];
        let lost = parts
            .iter()
            .map(|(now, before, how)| (now.saturating_sub(*before), how))
            .filter(|(lost, _)| *lost > 0)
            .map(|(lost, how)| format!("{lost} {how}"));
        format!("frames were lost: {}", lost.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_told_since_the_last_time() {
        let before = Losses {
            system: 5,
            ..Losses::default()
        };
        let now = Losses {
            system: 7,
            unrecorded: 3,
            ..before
        };
        assert_eq!(
            now.since(&before),
            "frames were lost: 2 by the system (see --buffer), 3 for the recording"
        );
        assert_eq!((before.total(), now.total()), (5, 10));
    }
}
