//! The threads that capture: they copy frames into the queue and do nothing else.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::queue::{Queue, now};
use crate::{
    capture::{
        Batch, InputOptions, Inputs, Interface, Record, Resolution,
        libpcap::{LiveHandle, Next},
    },
    error::{Error, Result},
    span::Span,
};

/// Octets that are collected before they are handed over, if they come faster than they can be handed over.
const CHUNK_BYTES: usize = 256 << 10;
/// How long to wait for a frame before looking whether to end.
const WAIT: Duration = Duration::from_millis(50);
/// How often counters are asked for.
const STATS_EVERY: Duration = Duration::from_secs(1);
/// How long frames are still taken that were on their way when the end came: longer than the kernel holds them back.
const LAST_FRAMES: Duration = Duration::from_millis(250);

/// Captures on an interface until the queue is stopped or the interface is gone.
pub(super) fn capture(queue: &Queue, source: usize, name: &str, mut handle: LiveHandle) {
    let error = relay(queue, source, &mut handle).err();
    let stats = handle.stats();
    queue.update(source, |status| {
        status.stats = stats;
        status.is_finished = true;
        status.error = error.map(|what| Error::Interface {
            name: name.to_owned(),
            what,
        });
    });
}

fn relay(queue: &Queue, source: usize, handle: &mut LiveHandle) -> Result<(), String> {
    let mut batch = Batch::default();
    let mut asked = now();
    let mut stopped = None;
    loop {
        let result = fill(handle, &mut batch);
        let is_idle = batch.records.is_empty();
        if !is_idle {
            queue.push(source, &mut batch);
        }
        result?;
        if stopped.is_none() && queue.is_stopped() {
            stopped = Some(now());
        }
        if stopped.is_some_and(|stopped| stopped.elapsed() > LAST_FRAMES) {
            return Ok(());
        }
        if asked.elapsed() >= STATS_EVERY {
            asked = now();
            let stats = handle.stats();
            queue.update(source, |status| status.stats = stats);
        }
        if is_idle {
            handle.wait(WAIT);
        }
    }
}

/// Copies frames that are there.
fn fill(handle: &mut LiveHandle, batch: &mut Batch) -> Result<(), String> {
    let link = handle.link();
    while batch.bytes.len() < CHUNK_BYTES {
        let Next::Frame(frame) = handle.next_frame()? else {
            break;
        };
        let start = batch.bytes.len();
        batch.bytes.extend_from_slice(frame.octets);
        batch.records.push(Record {
            ts: frame.ts,
            data: Span::new(start, batch.bytes.len()),
            orig_len: frame.orig_len,
            link,
            interface: 0,
            fcs_len: 0,
        });
    }
    Ok(())
}

/// Returns how an interface is described.
pub(super) fn describe(name: &str, handle: &LiveHandle) -> Interface {
    Interface {
        link: handle.link(),
        name: Some(name.to_owned()),
        snaplen: handle.snaplen(),
        resolution: Resolution::Decimal(if handle.has_nanos() { 9 } else { 6 }),
        offset_secs: 0,
        fcs_len: 0,
        frames: 0,
        dropped: None,
    }
}

/// Reads a capture from the standard input as it comes.
pub(super) fn read(queue: &Arc<Queue>, source: usize) {
    let error = read_on(queue, source).err();
    queue.update(source, |status| {
        status.is_finished = true;
        status.error = error;
    });
}

fn read_on(queue: &Queue, source: usize) -> Result<()> {
    let mut inputs = Inputs::open(&[PathBuf::from("-")], &InputOptions::default())?;
    let mut batch = Batch::default();
    while !queue.is_stopped() && inputs.next_batch(&mut batch)? {
        let mut summaries = inputs.summaries();
        let interfaces = summaries.pop().map(|summary| summary.interfaces);
        queue.update(source, |status| {
            status.interfaces = interfaces.unwrap_or_default();
        });
        queue.push_waiting(source, &mut batch);
    }
    Ok(())
}
