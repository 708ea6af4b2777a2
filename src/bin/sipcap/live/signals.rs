//! What signals ask for while a capture goes on.

use anyhow::Context;
use nix::sys::signal::{SigSet, Signal};

/// Signals that wait until they are asked for, and do nothing by themselves. Threads that begin later do the same.
pub(crate) struct Signals(SigSet);

impl Signals {
    /// Lets SIGUSR1 and SIGHUP wait. This must come before any thread begins.
    pub(crate) fn hold() -> anyhow::Result<Self> {
        let mut set = SigSet::empty();
        set.add(Signal::SIGUSR1);
        set.add(Signal::SIGHUP);
        set.thread_block().context("cannot hold signals back")?;
        Ok(Self(set))
    }

    /// Calls `asked` whenever one comes, on a thread of its own; the flag tells a SIGHUP from a SIGUSR1.
    pub(crate) fn on_each(self, asked: impl Fn(bool) + Send + 'static) -> anyhow::Result<()> {
        let thread = std::thread::Builder::new().name("signals".to_owned());
        let wait = move || {
            while let Ok(signal) = self.0.wait() {
                asked(signal == Signal::SIGHUP);
            }
        };
        thread.spawn(wait).context("cannot wait for signals")?;
        Ok(())
    }
}
