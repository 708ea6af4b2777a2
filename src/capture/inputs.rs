//! All inputs as one capture in time order.

use std::{cmp::Reverse, collections::BinaryHeap, path::PathBuf};

use super::{
    Batch, FrameReader, InputSummary,
    reader::Reader,
    source::Reread,
    walk::{self, Candidate},
};
use crate::{
    error::{Error, Result},
    time::Timestamp,
};

/// How much is read at once to find the time of the first frame.
const PEEK_BYTES: usize = 4 << 10;
/// How many inputs may be open before blocks become smaller.
const MANY: usize = 64;
/// How many octets the blocks of many open inputs may have together.
const BLOCKS_BYTES: usize = 64 << 20;
/// The shortest block that many open inputs lead to.
const MIN_BLOCK: usize = 16 << 10;
/// How many descriptors are kept; files beyond are closed between two blocks.
const MAX_DESCRIPTORS: usize = 256;

/// How inputs are read.
#[derive(Clone, Debug)]
pub struct InputOptions {
    /// How many octets are read at once. No result depends on it.
    pub block_bytes: usize,
    /// Whether frames are to be read again after the pass: what cannot be read twice is copied to a temporary file.
    pub rereadable: bool,
}

impl Default for InputOptions {
    fn default() -> Self {
        Self {
            block_bytes: 1 << 20,
            rereadable: false,
        }
    }
}

/// Several inputs, read as one capture in time order.
///
/// The merge key of a record is the running maximum of the time stamps of its input up to it, and the merged order
/// is that of (key, input, number). So the order inside an input is never changed, and does not depend on blocks.
#[derive(Debug)]
pub struct Inputs {
    slots: Vec<Slot>,
    /// What is due, by the key below which no more records of it come.
    due: BinaryHeap<Reverse<(Timestamp, u16)>>,
    /// The newest key of the inputs that are done.
    done: Option<Timestamp>,
    /// How many inputs are open.
    open: usize,
    ignored: Vec<PathBuf>,
    options: InputOptions,
}

#[derive(Debug)]
struct Slot {
    path: PathBuf,
    size: Option<u64>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Looked at and closed again.
    Waiting(Box<InputSummary>),
    Open(Box<Reader>),
    Done(Box<InputSummary>, Reread),
}

impl Inputs {
    /// Opens inputs: files, directories (walked in name order), and `-` for the standard input.
    ///
    /// In directories, files that are no captures are left out; [`Self::ignored`] lists them.
    ///
    /// # Errors
    ///
    /// A named file that cannot be opened or is no capture, a directory without a capture, too many inputs.
    pub fn open(paths: &[PathBuf], options: &InputOptions) -> Result<Self> {
        let candidates = walk::candidates(paths)?;
        let mut inputs = Self {
            slots: Vec::with_capacity(candidates.len()),
            due: BinaryHeap::with_capacity(candidates.len()),
            done: None,
            open: 0,
            ignored: Vec::new(),
            options: options.clone(),
        };
        let alone = candidates.len() == 1;
        let mut roots: Vec<&PathBuf> = paths.iter().filter(|path| path.is_dir()).collect();
        for candidate in &candidates {
            match inputs.add(candidate, alone) {
                Ok(()) => roots.retain(|root| candidate.found_in.as_ref() != Some(root)),
                Err(Error::NotACapture { .. }) if candidate.found_in.is_some() => {
                    inputs.ignored.push(candidate.path.clone());
                }
                Err(error) => return Err(error),
            }
        }
        match roots.first() {
            Some(root) => Err(Error::NoCaptures {
                path: (*root).clone(),
            }),
            None => Ok(inputs),
        }
    }

    /// Looks at an input and puts it in line by the time of its first record.
    fn add(&mut self, candidate: &Candidate, alone: bool) -> Result<()> {
        let Ok(index) = u16::try_from(self.slots.len()) else {
            return Err(Error::TooManyInputs {
                count: self.slots.len().saturating_add(1),
            });
        };
        let path = &candidate.path;
        let rereadable = self.options.rereadable;
        let mut reader = Reader::open(path, index, rereadable)?;
        let size = reader.source().size();
        let mut key = Timestamp::MIN;
        let state = if alone || !reader.source().is_reopenable() {
            self.open = self.open.saturating_add(1);
            State::Open(Box::new(reader))
        } else {
            let untouched = reader.summary();
            let mut batch = Batch::default();
            while reader.next_batch(&mut batch, PEEK_BYTES)? {
                if let Some(first) = batch.records.first() {
                    key = first.ts;
                    break;
                }
            }
            State::Waiting(Box::new(untouched))
        };
        self.slots.push(Slot {
            path: path.clone(),
            size,
            state,
        });
        self.due.push(Reverse((key, index)));
        Ok(())
    }

    /// Fills `batch`, reusing its buffers, with the next records of the input that is due; `false` when all is read.
    ///
    /// # Errors
    ///
    /// An input that cannot be read any further; everything before that has been handed over.
    pub fn next_batch(&mut self, batch: &mut Batch) -> Result<bool> {
        while let Some(Reverse((_, index))) = self.due.pop() {
            let block = self.block_bytes();
            let Some(reader) = self.reader(index)? else {
                continue;
            };
            let found = reader.next_batch(batch, block)?;
            let newest = reader.newest();
            if found && !reader.is_finished() {
                if self.open > MAX_DESCRIPTORS {
                    self.park(index);
                }
                self.due.push(Reverse((newest, index)));
            } else {
                self.done = Some(self.done.map_or(newest, |done| done.max(newest)));
                self.close(index);
            }
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the block size that keeps memory bounded with as many open inputs as there are.
    fn block_bytes(&self) -> usize {
        let wanted = self.options.block_bytes;
        match BLOCKS_BYTES.checked_div(self.open) {
            Some(share) if self.open > MANY => wanted.min(share.max(MIN_BLOCK)),
            _ => wanted,
        }
    }

    /// Returns the reader of an input, opening it if it waits.
    fn reader(&mut self, index: u16) -> Result<Option<&mut Reader>> {
        let Some(slot) = self.slots.get_mut(usize::from(index)) else {
            return Ok(None);
        };
        if matches!(slot.state, State::Waiting(_)) {
            let reader = Reader::open(&slot.path, index, self.options.rereadable)?;
            slot.state = State::Open(Box::new(reader));
            self.open = self.open.saturating_add(1);
        }
        match &mut slot.state {
            State::Open(reader) => Ok(Some(reader)),
            _ => Ok(None),
        }
    }

    fn park(&mut self, index: u16) {
        if let Some(Slot {
            state: State::Open(reader),
            ..
        }) = self.slots.get_mut(usize::from(index))
        {
            reader.park();
        }
    }

    /// Closes an input that is read to its end.
    fn close(&mut self, index: u16) {
        let Some(slot) = self.slots.get_mut(usize::from(index)) else {
            return;
        };
        if let State::Open(reader) = &slot.state {
            self.open = self.open.saturating_sub(1);
            let (summary, reread) = reader.finish();
            slot.state = State::Done(Box::new(summary), reread);
        }
    }

    /// Returns a key that no record of a later batch is below, so that what is held back below it can be released.
    ///
    /// It is [`Timestamp::MAX`] when whatever comes belongs behind everything that was handed over: at the end, with
    /// a single input, and with one input left whose records are newer than those of all others.
    #[must_use]
    pub fn watermark(&self) -> Timestamp {
        match self.due.peek() {
            None => Timestamp::MAX,
            Some(Reverse((key, _))) => {
                let last = self.due.len() == 1 && self.done.is_none_or(|done| done < *key);
                if last { Timestamp::MAX } else { *key }
            }
        }
    }

    /// Returns how many octets all inputs have on disk; `None` when that is not known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        self.slots
            .iter()
            .try_fold(0_u64, |sum, slot| Some(sum.saturating_add(slot.size?)))
    }

    /// Returns how many octets of [`Self::size`] are read.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.slots.iter().fold(0, |sum, slot| {
            sum.saturating_add(match &slot.state {
                State::Waiting(_) => 0,
                State::Open(reader) => reader.source().position(),
                State::Done(summary, _) => summary.bytes,
            })
        })
    }

    /// Returns what is known about each input so far, in their order.
    #[must_use]
    pub fn summaries(&self) -> Vec<InputSummary> {
        let summary = |slot: &Slot| match &slot.state {
            State::Waiting(summary) | State::Done(summary, _) => (**summary).clone(),
            State::Open(reader) => reader.summary(),
        };
        self.slots.iter().map(summary).collect()
    }

    /// Returns the files in directories that are no captures.
    #[must_use]
    pub fn ignored(&self) -> &[PathBuf] {
        &self.ignored
    }

    /// Returns what reads frames again after the pass.
    #[must_use]
    pub fn frame_reader(&self) -> FrameReader {
        let source = |slot: &Slot| match &slot.state {
            State::Waiting(_) => Reread::Path(slot.path.clone()),
            State::Open(reader) => reader.source().reread(),
            State::Done(_, reread) => reread.clone(),
        };
        FrameReader::new(self.slots.iter().map(source).collect())
    }
}
