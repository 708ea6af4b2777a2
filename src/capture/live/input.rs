//! Sources of frames besides interfaces and pipes, which bring their own way to listen.

use std::{fmt, sync::Arc};

use super::queue::Queue;
use crate::capture::{Batch, Interface};

/// A source of frames that a thread of its own runs.
pub trait LiveInput: fmt::Debug + Send {
    /// Returns what it is called.
    fn name(&self) -> String;

    /// Returns how its frames are described.
    fn interface(&self) -> Interface;

    /// Hands frames to `sender` until that is stopped.
    fn run(self: Box<Self>, sender: &LiveSender);
}

/// Runs a source in a thread of its own.
pub(super) fn spawn(
    input: Box<dyn LiveInput>,
    queue: &Arc<Queue>,
    source: usize,
) -> std::io::Result<()> {
    let sender = LiveSender {
        queue: Arc::clone(queue),
        source,
    };
    let interface = input.interface();
    queue.update(source, |status| status.interfaces = vec![interface]);
    let thread = std::thread::Builder::new().name(format!("capture-{}", input.name()));
    thread.spawn(move || {
        input.run(&sender);
        sender
            .queue
            .update(source, |status| status.is_finished = true);
    })?;
    Ok(())
}

/// Where a source hands over its frames.
#[derive(Clone)]
pub struct LiveSender {
    pub(super) queue: Arc<Queue>,
    pub(super) source: usize,
}

impl LiveSender {
    /// Hands over the records of `batch`, or counts them as lost if there is no room; leaves an empty batch.
    pub fn push(&self, batch: &mut Batch) {
        self.queue.push(self.source, batch);
    }

    /// Hands over the records of `batch` as soon as there is room.
    pub fn push_waiting(&self, batch: &mut Batch) {
        self.queue.push_waiting(self.source, batch);
    }

    /// Returns whether nobody wants any more frames.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.queue.is_stopped()
    }
}
