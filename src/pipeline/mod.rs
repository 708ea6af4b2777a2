//! From inputs to messages, by all threads.
//!
//! Three things happen at a time, each to a window of some batches: the next window is read, the one before it is
//! decoded by all threads, and the one before that goes through the ordered stage. Rayon spreads them over the
//! threads; one thread does the same things one after the other. The units of a window are always taken in the order
//! of the capture, so the outcome does not depend on the threads.

mod agents;
mod carried;
mod controllers;
mod datagram;
mod delivery;
mod fate;
mod left_out;
mod merge;
mod notice;
mod observers;
mod ordered;
mod report;
mod sightings;
mod stored;
mod unit;

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use hashbrown::DefaultHashBuilder;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};

pub use self::{
    agents::{AgentCounts, Agents},
    controllers::{ControllerCounts, Controllers},
    fate::{Balance, Fate},
    left_out::LeftOut,
    notice::{Notice, NoticeKind},
    report::Report,
    sightings::{SIGHTINGS_WITHIN, Sighting},
    stored::stored,
};
use self::{
    merge::Merge,
    ordered::Ordered,
    unit::{Settings, Tally, Work},
};
use crate::{
    capture::{Bpf, Feed, Frame, InputSummary, Watermark},
    error::{Error, Result},
    ipfix::Direction,
    net::{Encapsulation, Flow},
    packet::DecodeOptions,
    sip::{Message, ParseError},
    stream::{DefragStats, Limits, StreamStats},
    time::Timestamp,
};

/// Batches in a window, for each thread. More of them fall out of the caches, fewer let threads wait for each other.
const BATCHES_PER_THREAD: usize = 6;

/// Batches in a window at most, and octets in them, so that memory does not grow with the number of threads.
const MAX_BATCHES: usize = 64;
const MAX_WINDOW_BYTES: usize = 20 << 20;

/// A consumer of messages.
pub trait Sink: Send {
    /// Takes the next message. `Break` ends the run politely: [`Sink::finish`] is still called.
    ///
    /// # Errors
    /// An error ends the run at once and is what [`Pipeline::run`] returns.
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>>;

    /// Takes a copy of a message that was seen moments ago, as taps make them. It is no message of its own.
    ///
    /// # Errors
    /// An error ends the run at once and is what [`Pipeline::run`] returns.
    fn copy(&mut self, message: &Message<'_>) -> Result<()> {
        let _ = message;
        Ok(())
    }

    /// Takes a message that was taken before, as another capture point saw it. It is no message of its own.
    ///
    /// # Errors
    /// An error ends the run at once and is what [`Pipeline::run`] returns.
    fn sighting(&mut self, sighting: &Sighting<'_>) -> Result<()> {
        self.copy(&sighting.message)
    }

    /// Returns whether it takes notices; looking out for them takes time.
    fn takes_notices(&self) -> bool {
        false
    }

    /// Takes a notice if it takes any, between the messages before it and those behind it.
    ///
    /// # Errors
    /// An error ends the run at once and is what [`Pipeline::run`] returns.
    fn notice(&mut self, notice: &Notice) -> Result<()> {
        let _ = notice;
        Ok(())
    }

    /// Returns whether messages are to come with their [`Identity`](crate::sip::Identity), as far as it needs nothing but
    /// them: whoever follows what happens needs it.
    fn takes_identities(&self) -> bool {
        false
    }

    /// Returns whether it takes packets that may be media; handing them on takes time.
    fn takes_media(&self) -> bool {
        false
    }

    /// Takes a packet that may be media, between the messages before it and those behind it.
    ///
    /// # Errors
    /// An error ends the run at once and is what [`Pipeline::run`] returns.
    fn media(&mut self, packet: &MediaPacket<'_>) -> Result<()> {
        let _ = packet;
        Ok(())
    }

    /// Takes what a capture agent tells besides messages, between the messages before it and those behind it.
    ///
    /// # Errors
    /// An error ends the run at once and is what [`Pipeline::run`] returns.
    fn report(&mut self, report: &Report<'_>) -> Result<()> {
        let _ = report;
        Ok(())
    }

    /// Is told that a pipe has nothing more at hand: whoever reads the output should see what there is.
    ///
    /// # Errors
    /// An error ends the run at once and is what [`Pipeline::run`] returns.
    fn pause(&mut self) -> Result<()> {
        Ok(())
    }

    /// Takes what is to be said about the whole run, after the last message.
    ///
    /// # Errors
    /// An error is what [`Pipeline::run`] returns.
    fn finish(&mut self, summary: &Summary) -> Result<()>;
}

/// A datagram without SIP, or a segment of a TCP stream, that may be of the media of a call.
#[derive(Clone, Copy, Debug)]
pub struct MediaPacket<'a> {
    /// When it was captured; of fragments, the last of them.
    pub ts: Timestamp,
    /// Between whom.
    pub flow: Flow,
    /// The frames that carried it.
    pub frames: &'a [Frame],
    /// What it carries.
    pub payload: &'a [u8],
    /// Whether it is RTCP by its looks.
    pub is_rtcp: bool,
    /// Whether it is a copy of a packet that was seen moments ago, in a capture that has copies of messages.
    pub is_copy: bool,
}

/// What is told about a run besides its inputs.
#[derive(Debug)]
pub struct Options {
    /// How many threads to use; 0 is one for each processor.
    pub threads: usize,
    /// How packets are decoded.
    pub decode: DecodeOptions,
    /// The caps and time-outs of streams and fragments.
    pub limits: Limits,
    /// Whether copies of a packet count as packets of their own.
    pub keep_duplicates: bool,
    /// Frames before this moment are left out.
    pub since: Timestamp,
    /// Frames after this moment are left out.
    pub until: Timestamp,
    /// Frames that this does not take are left out.
    pub bpf: Option<Arc<Bpf>>,
    /// The capture agents whose messages are handed on, by name, number or address; if empty, all messages are.
    pub agents: Arc<[String]>,
    /// Which messages that session border controllers tell of by IPFIX are left out.
    pub ipfix_ignore: Option<Direction>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 0,
            decode: DecodeOptions::default(),
            limits: Limits::default(),
            keep_duplicates: false,
            since: Timestamp::MIN,
            until: Timestamp::MAX,
            bpf: None,
            agents: Arc::default(),
            ipfix_ignore: None,
        }
    }
}

/// What was found in a run, besides its messages.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// The inputs, in the order of their indices.
    pub inputs: Vec<InputSummary>,
    /// What became of every frame.
    pub balance: Balance,
    /// How many messages there were.
    pub messages: u64,
    /// How many of them cannot be worked with (see [`Head::usable`](crate::sip::Head::usable)).
    pub unusable: u64,
    /// The frame that completed the first of those, and why it cannot.
    pub first_unusable: Option<(Frame, ParseError)>,
    /// How many frames were wrapped in what.
    pub encapsulations: BTreeMap<Encapsulation, u64>,
    /// What TCP and WebSocket streams went through.
    pub streams: StreamStats,
    /// What IP fragments went through.
    pub fragments: DefragStats,
    /// What capture agents sent by HEP.
    pub agents: Agents,
    /// What session border controllers sent by IPFIX.
    pub controllers: Controllers,
    /// How often a table was full and forgot something: then numbers may be off.
    pub evictions: u64,
    /// What a BPF expression left out and was probably not meant to.
    pub left_out: LeftOut,
    /// Whether the run was ended before its inputs.
    pub interrupted: bool,
}

/// A run over inputs, not yet begun.
pub struct Pipeline<'a> {
    inputs: &'a mut dyn Feed,
    options: &'a Options,
    stop: Option<&'a AtomicBool>,
    progress: Option<&'a (dyn Fn(u64) + Sync)>,
}

impl<'a> Pipeline<'a> {
    /// Returns a run over `inputs`.
    pub fn new(inputs: &'a mut dyn Feed, options: &'a Options) -> Self {
        Self {
            inputs,
            options,
            stop: None,
            progress: None,
        }
    }

    /// Lets `stop` end the run: when it is set, what was read is finished and the summary says so.
    #[must_use]
    pub fn stop_on(mut self, stop: &'a AtomicBool) -> Self {
        self.stop = Some(stop);
        self
    }

    /// Calls `progress` from time to time with the octets read so far.
    #[must_use]
    pub fn on_progress(mut self, progress: &'a (dyn Fn(u64) + Sync)) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Reads the inputs to their end and hands every message to `sink`, in the order of the capture.
    ///
    /// # Errors
    /// When an input cannot be read on, and when the sink fails.
    pub fn run(self, sink: &mut dyn Sink) -> Result<Summary> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.options.threads)
            .thread_name(|index| format!("sipcap-{index}"))
            .build()
            .map_err(|error| Error::Sink(std::io::Error::other(error)))?;
        pool.install(|| self.run_in_pool(sink))
    }

    fn run_in_pool(self, sink: &mut dyn Sink) -> Result<Summary> {
        let settings = Settings {
            decode: self.options.decode.clone(),
            since: self.options.since,
            until: self.options.until,
            bpf: self.options.bpf.clone(),
            takes_notices: sink.takes_notices(),
            takes_media: sink.takes_media(),
            takes_identities: sink.takes_identities(),
            hasher: DefaultHashBuilder::default(),
        };
        let capacity = (BATCHES_PER_THREAD * rayon::current_num_threads()).min(MAX_BATCHES);
        let (mut read, mut decode, mut deliver) = (
            Window::new(capacity),
            Window::new(capacity),
            Window::new(capacity),
        );
        let bpf = self.options.bpf.as_deref();
        let mut stage = Stage {
            ordered: Ordered::new(sink, self.options, settings.clone(), self.inputs.places()),
            merge: (self.inputs.inputs() > 1).then(Merge::default),
            tally: Tally::default(),
        };
        loop {
            let ((reading, ()), ()) = rayon::join(
                || rayon::join(|| read.fill(self.inputs), || decode.decode(&settings)),
                || stage.take(&mut deliver),
            );
            if let Some(progress) = self.progress {
                progress(self.inputs.position());
            }
            let is_interrupted = self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed));
            let is_last = read.is_empty() && decode.is_empty();
            let is_unfit = bpf.is_some_and(|bpf| bpf.failure().is_err());
            let is_over =
                reading.is_err() || is_interrupted || is_unfit || stage.ordered.is_stopped();
            if is_over || is_last || read.is_trickle {
                // Nothing of what was read is left behind.
                stage.take(&mut decode);
                read.decode(&settings);
                stage.take(&mut read);
                stage.ordered.pause();
            }
            if is_over || is_last {
                reading?;
                bpf.map_or(Ok(()), Bpf::failure)?;
                return stage.finish(self.inputs, is_interrupted);
            }
            // What was delivered is read into again.
            std::mem::swap(&mut deliver, &mut decode);
            std::mem::swap(&mut decode, &mut read);
        }
    }
}

/// Some batches on their way; the buffers stay.
struct Window {
    work: Vec<Work>,
    filled: usize,
    watermark: Watermark,
    /// Whether it ends early because a pipe has nothing more at hand.
    is_trickle: bool,
}

impl Window {
    fn new(capacity: usize) -> Self {
        let mut work = Vec::new();
        work.resize_with(capacity, Work::default);
        Self {
            work,
            filled: 0,
            watermark: Watermark::END,
            is_trickle: false,
        }
    }

    fn is_empty(&self) -> bool {
        self.filled == 0
    }

    fn fill(&mut self, inputs: &mut dyn Feed) -> Result<()> {
        self.filled = 0;
        self.is_trickle = false;
        let mut bytes = 0;
        for work in &mut self.work {
            if !inputs.next_batch(&mut work.batch)? {
                break;
            }
            self.filled += 1;
            bytes += work.batch.bytes.len();
            self.is_trickle = inputs.is_drained();
            if self.is_trickle || bytes > MAX_WINDOW_BYTES {
                break;
            }
        }
        self.watermark = inputs.watermark();
        Ok(())
    }

    fn decode(&mut self, settings: &Settings) {
        self.work[..self.filled]
            .par_iter_mut()
            .with_max_len(1)
            .for_each(|work| work.decode(settings));
    }
}

/// The ordered stage with what stands in front of it.
struct Stage<'s> {
    ordered: Ordered<'s>,
    merge: Option<Merge>,
    tally: Tally,
}

impl Stage<'_> {
    fn take(&mut self, window: &mut Window) {
        let Self {
            ordered,
            merge,
            tally,
        } = self;
        for work in &mut window.work[..window.filled] {
            tally.merge(&work.tally);
            match merge {
                None => work
                    .units
                    .iter()
                    .for_each(|unit| ordered.take(&work.batch, unit)),
                Some(merge) => merge.push(std::mem::take(work)),
            }
        }
        if let Some(merge) = merge {
            merge.release(window.watermark, &mut |work, unit| {
                ordered.take(&work.batch, &work.units[unit]);
            });
        }
        window.filled = 0;
    }

    fn finish(mut self, inputs: &dyn Feed, interrupted: bool) -> Result<Summary> {
        if let Some(merge) = &mut self.merge {
            let ordered = &mut self.ordered;
            merge.release(Watermark::END, &mut |work, unit| {
                ordered.take(&work.batch, &work.units[unit]);
            });
        }
        let (delivery, tables) = self.ordered.finish();
        let mut balance = self.tally.balance;
        balance.merge(&delivery.balance);
        let summary = Summary {
            inputs: inputs.summaries(),
            balance,
            messages: delivery.messages,
            unusable: delivery.unusable,
            first_unusable: delivery.first_unusable,
            encapsulations: self.tally.encapsulations.into_iter().collect(),
            evictions: tables.evictions,
            streams: tables.streams,
            fragments: tables.fragments,
            left_out: self.tally.left_out,
            agents: delivery.agents.clone(),
            controllers: delivery.controllers.clone(),
            interrupted,
        };
        delivery.close(&summary)?;
        Ok(summary)
    }
}
