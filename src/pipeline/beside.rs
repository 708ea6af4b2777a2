//! Work that a sink need not wait for.

use std::{
    io,
    sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    thread::JoinHandle,
};

/// Pieces of work that wait at most; then whoever gives another waits.
const WAITING: usize = 8;

/// Work in a thread of its own beside a run, piece by piece in the order in which it is given, so that its outcome is that
/// of doing it at once.
pub struct Beside<T, S> {
    given: SyncSender<T>,
    done: Receiver<T>,
    thread: JoinHandle<S>,
}

impl<T: Default + Send + 'static, S: Send + 'static> Beside<T, S> {
    /// Starts a thread that does `work` to each piece and to `state`.
    ///
    /// # Errors
    /// When there can be no more threads.
    pub fn new(state: S, work: impl FnMut(&mut S, &mut T) + Send + 'static) -> io::Result<Self> {
        let (given, to_do) = sync_channel(WAITING);
        let (back, done) = channel();
        let thread = std::thread::Builder::new().name("sipcap-beside".to_owned());
        Ok(Self {
            given,
            done,
            thread: thread.spawn(move || work_off(state, work, &to_do, &back))?,
        })
    }

    /// Gives a piece of work, and returns one that is done or new, to be filled again.
    pub fn give(&mut self, piece: T) -> T {
        // A thread that is gone has panicked: that is told at the end.
        let _ = self.given.send(piece);
        self.done.try_recv().unwrap_or_default()
    }

    /// Waits until all is done, and returns what came of it.
    pub fn finish(self) -> S {
        drop(self.given);
        match self.thread.join() {
            Ok(state) => state,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn work_off<T, S>(
    mut state: S,
    mut work: impl FnMut(&mut S, &mut T),
    to_do: &Receiver<T>,
    back: &Sender<T>,
) -> S {
    for mut piece in to_do {
        work(&mut state, &mut piece);
        // Nobody fills it again when all is given.
        let _ = back.send(piece);
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_in_order_and_pieces_come_back() {
        let mut beside = Beside::new(Vec::new(), |sum: &mut Vec<u32>, piece: &mut Vec<u32>| {
            sum.append(piece);
        })
        .unwrap();
        let mut piece: Vec<u32> = Vec::new();
        for number in 0..10_000 {
            assert!(piece.is_empty());
            piece.push(number);
            piece = beside.give(piece);
        }
        assert!(beside.finish().into_iter().eq(0..10_000));
    }

    #[test]
    #[should_panic(expected = "no such piece")]
    fn a_panic_is_passed_on() {
        let mut beside = Beside::new((), |(), piece: &mut u32| {
            assert!(*piece != 3, "no such piece");
        })
        .unwrap();
        for number in 0..100 {
            beside.give(number);
        }
        beside.finish();
    }
}
