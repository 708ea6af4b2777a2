//! Several captures become one file: every frame at its place in time, on an interface named after where it was
//! captured.

mod copies;
mod coverage;
mod interfaces;
mod order;

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use hashbrown::DefaultHashBuilder;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

pub use self::{
    copies::Copies,
    coverage::{Gap, PointCoverage},
};
use self::{
    copies::{Digest, Seen},
    coverage::Coverage,
    interfaces::Interfaces,
    order::{Order, Waiting},
};
use crate::{
    capture::{Batch, Bpf, Compiled, InputSummary, Inputs, LinkType, PcapNgWriter, Record},
    error::{Error, Result},
    packet::{self, DecodeOptions},
    points::WRITTEN_BY,
    time::Timestamp,
};

/// Batches that are taken in at once, for each thread, and at most; and octets in them.
const BATCHES_PER_THREAD: usize = 6;
const MAX_BATCHES: usize = 64;
const MAX_WINDOW_BYTES: usize = 20 << 20;
/// How many octets may wait for their place.
const ROOM_BYTES: u64 = 128 << 20;

/// What is told about a merge besides its inputs.
#[derive(Debug)]
pub struct MergeOptions {
    /// How many threads to use; 0 is one for each processor.
    pub threads: usize,
    /// Which copies of packets are left out.
    pub copies: Copies,
    /// How packets are decoded, to tell copies.
    pub decode: DecodeOptions,
    /// How far frames are from their place in time at most, in nanoseconds.
    pub hold: i64,
    /// Frames before this moment are left out.
    pub since: Timestamp,
    /// Frames after this moment are left out.
    pub until: Timestamp,
    /// Frames that this does not take are left out.
    pub bpf: Option<Arc<Bpf>>,
}

/// What was merged.
#[derive(Debug, Default)]
pub struct Merged {
    /// What was captured where, in the order of the first frames.
    pub points: Vec<PointCoverage>,
    /// How many frames were written.
    pub frames: u64,
    /// How many frames were left out for their time or by the BPF expression.
    pub left_out: u64,
    /// How many frames are of interfaces that nothing is known of; they are left out, too.
    pub orphans: u64,
    /// How many packets were forgotten too early to tell their copies.
    pub forgotten: u64,
    /// The inputs, in the order of their indices.
    pub inputs: Vec<InputSummary>,
    /// Whether the run was ended before its inputs.
    pub interrupted: bool,
}

/// Merges `inputs` into a pcapng file, and returns it with what was done. `progress` is told the octets read so far.
///
/// # Errors
///
/// When an input cannot be read on, and what the writer says.
pub fn merge<W: Write + Send>(
    inputs: &mut Inputs,
    options: &MergeOptions,
    writer: W,
    stop: &AtomicBool,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(W, Merged)> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build()
        .map_err(|error| Error::Sink(std::io::Error::other(error)))?;
    let merging = Merging {
        order: Order::new(options.hold, inputs.len(), ROOM_BYTES),
        output: Out {
            options,
            writer: PcapNgWriter::new(writer, WRITTEN_BY, &[]),
            interfaces: Interfaces::new(inputs),
            coverage: Coverage::default(),
            seen: Seen::default(),
            newest: None,
            merged: Merged::default(),
        },
        options,
        hasher: DefaultHashBuilder::default(),
        gate: options.bpf.as_deref().map(|bpf| Gate { bpf, last: None }),
    };
    pool.install(|| merging.run(inputs, stop, progress))
}

/// A merge that goes on.
struct Merging<'a, W> {
    options: &'a MergeOptions,
    order: Order,
    hasher: DefaultHashBuilder,
    gate: Option<Gate<'a>>,
    output: Out<'a, W>,
}

/// Where frames go that have found their place.
struct Out<'a, W> {
    options: &'a MergeOptions,
    writer: PcapNgWriter<W>,
    interfaces: Interfaces,
    coverage: Coverage,
    seen: Seen,
    /// The latest time of a frame that is written.
    newest: Option<Timestamp>,
    merged: Merged,
}

impl<W: Write + Send> Merging<'_, W> {
    fn run(
        mut self,
        inputs: &mut Inputs,
        stop: &AtomicBool,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(W, Merged)> {
        loop {
            let window = match self.order.wants(inputs.due()) {
                Some(input) => read_one(inputs, input)?,
                None => read(inputs)?,
            };
            let is_last = window.is_empty() && inputs.due().next().is_none();
            for (batch, digests) in self.digests(window) {
                self.output.note(inputs, batch.input);
                self.push(&batch, &digests, inputs);
            }
            self.bpf_failure()?;
            let output = &mut self.output;
            self.order
                .release(inputs.due(), &mut |frame| output.write(frame, inputs))?;
            progress(inputs.position());
            let interrupted = stop.load(Ordering::Relaxed);
            if is_last || interrupted {
                return self.output.finish(inputs, interrupted);
            }
        }
    }

    fn bpf_failure(&self) -> Result<()> {
        let bpf = self.options.bpf.as_deref();
        bpf.map_or(Ok(()), Bpf::failure)
    }

    /// Finds out what tells copies, if that is wanted.
    fn digests(&self, window: Vec<Batch>) -> Vec<(Arc<Batch>, Vec<Option<Digest>>)> {
        let (decode, hasher) = (&self.options.decode, &self.hasher);
        let is_wanted = self.options.copies != Copies::Keep;
        let digest = |batch: &Batch, record: &Record| {
            let octets = record.data.of(&batch.bytes);
            let packet =
                packet::decode(octets, record.link, record.orig_len, record.fcs_len, decode);
            copies::digest(&packet, octets, hasher)
        };
        let of_batch = |batch: Batch| {
            let records = batch.records.iter().filter(|_| is_wanted);
            let digests = records.map(|record| digest(&batch, record)).collect();
            (Arc::new(batch), digests)
        };
        window.into_par_iter().map(of_batch).collect()
    }

    fn push(&mut self, batch: &Arc<Batch>, digests: &[Option<Digest>], inputs: &Inputs) {
        let interfaces = inputs
            .known(batch.input)
            .map_or(0, |known| known.interfaces.len());
        for (index, record) in batch.records.iter().enumerate() {
            let is_orphan = usize::from(record.interface) >= interfaces;
            let is_wanted = record.ts >= self.options.since
                && record.ts <= self.options.until
                && self
                    .gate
                    .as_mut()
                    .is_none_or(|gate| gate.takes(record, batch));
            let merged = &mut self.output.merged;
            merged.orphans += u64::from(is_orphan);
            merged.left_out += u64::from(!is_orphan && !is_wanted);
            let digest = digests.get(index).copied().flatten();
            self.order
                .push(batch, index, digest, is_wanted && !is_orphan);
        }
    }
}

/// Reads some batches.
fn read(inputs: &mut Inputs) -> Result<Vec<Batch>> {
    let most = (BATCHES_PER_THREAD * rayon::current_num_threads()).min(MAX_BATCHES);
    let mut window = Vec::with_capacity(most);
    let mut bytes = 0;
    while window.len() < most && bytes < MAX_WINDOW_BYTES {
        let mut batch = Batch::default();
        if !inputs.next_batch(&mut batch)? {
            break;
        }
        bytes += batch.bytes.len();
        window.push(batch);
    }
    Ok(window)
}

/// Reads a batch of one input.
fn read_one(inputs: &mut Inputs, input: u16) -> Result<Vec<Batch>> {
    let mut batch = Batch::default();
    let found = inputs.next_batch_of(input, &mut batch)?;
    Ok(found.then_some(batch).into_iter().collect())
}

/// Which frames the BPF expression takes.
struct Gate<'a> {
    bpf: &'a Bpf,
    /// What the last frame was tested with; neighbours are alike.
    last: Option<(LinkType, Arc<Compiled>)>,
}

impl Gate<'_> {
    fn takes(&mut self, record: &Record, batch: &Batch) -> bool {
        if self
            .last
            .as_ref()
            .is_none_or(|(link, _)| *link != record.link)
        {
            self.last = Some((record.link, self.bpf.of(record.link)));
        }
        let octets = record.data.of(&batch.bytes);
        let compiled = self.last.as_ref().map(|(_, compiled)| compiled);
        compiled.is_none_or(|compiled| compiled.takes(octets, record.orig_len))
    }
}

impl<W: Write> Out<'_, W> {
    /// Writes what an input tells besides its frames, as soon as it is known: secrets have to stand before what they
    /// decrypt.
    fn note(&mut self, inputs: &Inputs, input: u16) {
        if let Some(known) = inputs.known(input) {
            self.interfaces.note(input, known, &mut self.writer);
        }
    }

    fn write(&mut self, waiting: &Waiting, inputs: &Inputs) -> Result<()> {
        let Self {
            options,
            writer,
            interfaces,
            coverage,
            seen,
            newest,
            merged,
        } = self;
        let (batch, index) = (&waiting.batch, waiting.index);
        let (Some(record), Some(frame)) = (batch.records.get(index), batch.frame(index)) else {
            return Ok(());
        };
        let Some(known) = inputs.known(batch.input) else {
            return Ok(());
        };
        let point = batch.place(record.interface);
        let point = point.and_then(|place| place.point.as_deref());
        let place = interfaces.of(batch.input, record.interface, known, point, coverage);
        let is_copy = seen.is_copy(options.copies, waiting.digest, place.point, record.ts);
        coverage.count(place.point, batch.input, record.ts, is_copy);
        if is_copy {
            return Ok(());
        }
        if newest.is_some_and(|newest| record.ts < newest) {
            coverage.late(place.point);
        }
        *newest = (*newest).max(Some(record.ts));
        merged.frames += 1;
        let interface = interfaces.described(place.note, writer);
        writer.frame(interface, &frame, record.data.of(&batch.bytes))?;
        Ok(())
    }

    fn finish(mut self, inputs: &Inputs, interrupted: bool) -> Result<(W, Merged)> {
        let summaries = inputs.summaries();
        self.interfaces.finish(&summaries, &mut self.writer);
        let merged = Merged {
            points: self.coverage.points,
            forgotten: self.seen.forgotten(),
            inputs: summaries,
            interrupted,
            ..self.merged
        };
        Ok((self.writer.finish()?, merged))
    }
}
