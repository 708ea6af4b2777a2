//! All inputs as one capture in time order.

use std::{cmp::Reverse, collections::BinaryHeap, path::PathBuf, sync::Arc};

use super::{
    Batch, FrameReader, InputSummary, Place, Places,
    reader::Reader,
    source::Reread,
    spool::Spool,
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
    /// Who knows where inputs were captured, and what their clocks were off by.
    pub places: Option<Arc<dyn Places>>,
}

impl Default for InputOptions {
    fn default() -> Self {
        Self {
            block_bytes: 256 << 10,
            rereadable: false,
            places: None,
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
    /// How many inputs are open.
    open: usize,
    ignored: Vec<PathBuf>,
    block_bytes: usize,
    /// Where what cannot be read twice is copied to, if that is wanted.
    spool: Option<Arc<Spool>>,
    places: Option<Arc<dyn Places>>,
}

/// A place in the merged order of all inputs: what is at or before it can be told apart from what is still to come.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Watermark {
    /// The merge key: the running maximum of the time stamps in an input.
    pub key: Timestamp,
    /// The input that is due at this key.
    pub input: u16,
}

impl Watermark {
    /// Behind everything: nothing is to come.
    pub const END: Self = Self {
        key: Timestamp::MAX,
        input: u16::MAX,
    };
}

#[derive(Debug)]
struct Slot {
    path: PathBuf,
    /// Which of the named paths it was found under.
    named: usize,
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
        let mut inputs = Self::none(options);
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

    /// Opens the same files once more, and not what has come into their directories since.
    ///
    /// # Errors
    ///
    /// A file that cannot be opened any more.
    pub fn again(&self) -> Result<Self> {
        let options = InputOptions {
            block_bytes: self.block_bytes,
            rereadable: false,
            places: self.places.clone(),
        };
        let mut inputs = Self::none(&options);
        for slot in &self.slots {
            let candidate = Candidate {
                path: slot.path.clone(),
                found_in: None,
                named: slot.named,
            };
            inputs.add(&candidate, self.slots.len() == 1)?;
        }
        Ok(inputs)
    }

    /// Returns no inputs yet.
    fn none(options: &InputOptions) -> Self {
        Self {
            slots: Vec::new(),
            due: BinaryHeap::new(),
            open: 0,
            ignored: Vec::new(),
            block_bytes: options.block_bytes,
            spool: options.rereadable.then(Arc::default),
            places: options.places.clone(),
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
        // What cannot be opened a second time stays open, and is read first.
        let stays = alone || path.as_os_str() == "-" || !path.is_file();
        let spool = self.spool.as_ref().filter(|_| stays);
        let mut reader = Reader::open(path, index, spool)?;
        reader.set_places(self.places.clone(), candidate.named);
        let size = reader.source().size();
        let mut key = Timestamp::MIN;
        let state = if stays {
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
            named: candidate.named,
            size,
            state,
        });
        self.due.push(Reverse((key, index)));
        Ok(())
    }

    /// Fills `batch`, reusing its buffers, with the next records of the input that is due; `false` when all is read.
    ///
    /// A batch may hold anomalies only. Live data of a pipe come as they are written, in smaller batches.
    ///
    /// # Errors
    ///
    /// An input that cannot be read any further; everything before that has been handed over.
    pub fn next_batch(&mut self, batch: &mut Batch) -> Result<bool> {
        while let Some(Reverse((_, index))) = self.due.pop() {
            if self.fill(index, batch)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Fills `batch` with the next records of one input, whether it is due or not; `false` when all of it is read.
    ///
    /// # Errors
    ///
    /// The input cannot be read any further.
    pub fn next_batch_of(&mut self, input: u16, batch: &mut Batch) -> Result<bool> {
        let before = self.due.len();
        self.due.retain(|Reverse((_, due))| *due != input);
        if self.due.len() == before {
            return Ok(false);
        }
        self.fill(input, batch)
    }

    /// Fills `batch` from an input that was taken out of the line, and puts it back if more is to come.
    fn fill(&mut self, index: u16, batch: &mut Batch) -> Result<bool> {
        let block = self.block_bytes();
        let Some(reader) = self.reader(index)? else {
            return Ok(false);
        };
        let found = reader.next_batch(batch, block)?;
        let newest = reader.newest();
        if found && !reader.is_finished() {
            if self.open > MAX_DESCRIPTORS {
                self.park(index);
            }
            self.due.push(Reverse((newest, index)));
        } else {
            self.close(index);
        }
        Ok(found)
    }

    /// Returns the block size that keeps memory bounded with as many open inputs as there are.
    fn block_bytes(&self) -> usize {
        let wanted = self.block_bytes;
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
            let mut reader = Reader::open(&slot.path, index, self.spool.as_ref())?;
            reader.set_places(self.places.clone(), slot.named);
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

    /// Returns the place in the merged order that no record of a later batch comes before.
    #[must_use]
    pub fn watermark(&self) -> Watermark {
        match self.due.peek() {
            None => Watermark::END,
            Some(&Reverse((key, input))) => Watermark { key, input },
        }
    }

    /// Returns whether an input is a pipe that has nothing more at hand: the next batch may have to be waited for.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        let is_drained = |slot: &Slot| matches!(&slot.state, State::Open(reader) if reader.source().is_drained());
        self.slots.iter().any(is_drained)
    }

    /// Returns how many inputs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Returns whether there is no input at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Returns the inputs as they were named or found, in their order.
    pub fn paths(&self) -> impl Iterator<Item = &std::path::Path> {
        self.slots.iter().map(|slot| slot.path.as_path())
    }

    /// Returns the inputs of which more is to come, each with the key below which no more of its records come.
    pub fn due(&self) -> impl Iterator<Item = Watermark> {
        self.due
            .iter()
            .map(|&Reverse((key, input))| Watermark { key, input })
    }

    /// Returns what is known about an input so far. Its times are told when it is read.
    #[must_use]
    pub fn known(&self, input: u16) -> Option<&InputSummary> {
        match &self.slots.get(usize::from(input))?.state {
            State::Waiting(summary) | State::Done(summary, _) => Some(summary),
            State::Open(reader) => Some(reader.known()),
        }
    }

    /// Returns where frames of an interface of an input were captured, if anybody knows.
    #[must_use]
    pub fn place(&self, input: u16, interface: u16) -> Option<Place> {
        let slot = self.slots.get(usize::from(input))?;
        let known = self.known(input)?;
        let described = known.interfaces.get(usize::from(interface))?;
        let place = self.places.as_ref()?.place(slot.named, known, described);
        place.is_known().then_some(place)
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

    /// Returns who knows where inputs were captured and what clocks are off by, if anybody does.
    #[must_use]
    pub fn places(&self) -> Option<Arc<dyn Places>> {
        self.places.clone()
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

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use super::*;
    use crate::capture::{
        Frame,
        sample::{PCAP_HEADER, interface, packet, pcap, record, section},
    };

    /// Merges like a consumer does: by key, input and number, releasing what is up to the watermark.
    fn merge(inputs: &mut Inputs) -> Vec<(u16, u64)> {
        let mut held: Vec<(Timestamp, u16, u64)> = Vec::new();
        let mut merged = Vec::new();
        let mut batch = Batch::default();
        loop {
            let more = inputs.next_batch(&mut batch).unwrap();
            let mut key = batch.floor;
            for (record, number) in batch.records.iter().zip(batch.first_number..) {
                key = key.max(record.ts);
                held.push((key, batch.input, number));
            }
            batch.clear();
            held.sort_unstable();
            let mark = inputs.watermark();
            let due =
                held.partition_point(|(key, input, _)| (*key, *input) <= (mark.key, mark.input));
            merged.extend(held.drain(..due).map(|(_, input, number)| (input, number)));
            if !more {
                assert!(held.is_empty());
                return merged;
            }
        }
    }

    fn directory(files: &[(&str, Vec<u8>)]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let directory = tempfile::tempdir().unwrap();
        let paths = files.iter().map(|(name, bytes)| {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
            path
        });
        let paths = paths.collect();
        (directory, paths)
    }

    fn options(block_bytes: usize) -> InputOptions {
        InputOptions {
            block_bytes,
            rereadable: true,
            places: None,
        }
    }

    #[test]
    fn inputs_are_merged_by_running_maximum_input_and_number() {
        for (files, expected) in [
            // One after the other, named in the wrong order, like a ring that began anew.
            (
                vec![vec![30, 31], vec![10, 11], vec![20, 21]],
                vec![(1, 1), (1, 2), (2, 1), (2, 2), (0, 1), (0, 2)],
            ),
            // Overlapping, with equal times.
            (
                vec![vec![1, 3, 5], vec![1, 2, 5, 6]],
                vec![(0, 1), (1, 1), (1, 2), (0, 2), (0, 3), (1, 3), (1, 4)],
            ),
            // Backward steps stay where they are: the second frame of input 0 counts as 9.
            (
                vec![vec![9, 2, 10], vec![3, 8, 9, 10]],
                vec![(1, 1), (1, 2), (0, 1), (0, 2), (1, 3), (0, 3), (1, 4)],
            ),
            (vec![vec![], vec![4], vec![]], vec![(1, 1)]),
        ] {
            let names = ["a", "b", "c"];
            let files: Vec<_> = names
                .into_iter()
                .zip(files.iter().map(|seconds| pcap(seconds)))
                .collect();
            let (_directory, paths) = directory(&files);
            for block_bytes in [64, 150, 1 << 20] {
                let mut inputs = Inputs::open(&paths, &options(block_bytes)).unwrap();
                assert_eq!(merge(&mut inputs), expected, "{block_bytes}");
                assert_eq!(inputs.position(), inputs.size().unwrap());
            }
        }
    }

    #[test]
    fn many_overlapping_files_are_parked_and_go_on() {
        let files: Vec<_> = (0..300_u32)
            .map(|n| (format!("{n:03}"), pcap(&[n, n + 300, n + 600])))
            .collect();
        let files: Vec<_> = files
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.clone()))
            .collect();
        let (_directory, paths) = directory(&files);
        let mut inputs = Inputs::open(&paths, &options(80)).unwrap();
        let merged = merge(&mut inputs);
        let expected: Vec<_> = (1..=3)
            .flat_map(|number| (0..300).map(move |input| (input, number)))
            .collect();
        assert_eq!(merged, expected);
    }

    #[test]
    fn directories_are_walked_in_name_order() {
        let (directory, _) = directory(&[
            ("b.pcap", pcap(&[1])),
            ("a/z.pcapng", [section(false), interface(1, b"")].concat()),
            ("a/notes.txt", b"hello".to_vec()),
            ("empty", Vec::new()),
        ]);
        let root = directory.path().to_owned();
        let inputs = Inputs::open(std::slice::from_ref(&root), &options(100)).unwrap();
        let summaries = inputs.summaries();
        let paths: Vec<_> = summaries.iter().map(|summary| &summary.path).collect();
        assert_eq!(paths, [&root.join("a/z.pcapng"), &root.join("b.pcap")]);
        assert_eq!(
            inputs.ignored(),
            [root.join("a/notes.txt"), root.join("empty")]
        );
    }

    #[test]
    fn what_cannot_be_read_is_an_error_that_says_why() {
        let (directory, _) = directory(&[
            ("notes", b"hello".to_vec()),
            ("empty", Vec::new()),
            ("cut", PCAP_HEADER[..20].to_vec()),
            ("xz", b"\xfd7zXZ\0\0\0\0\0\0\0".to_vec()),
        ]);
        for (name, expected) in [
            ("notes", "notes: not a pcap or pcapng capture"),
            (
                "empty",
                "empty: there is nothing in it; a capture has a header at least",
            ),
            ("cut", "cut: cut in the middle of its pcap header"),
            ("xz", "xz: compressed with xz"),
            ("missing", "cannot open"),
            ("", "no capture in this directory"),
        ] {
            let path = directory.path().join(name);
            let error = Inputs::open(&[path], &options(100))
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    /// Reads all frames, then each of them again.
    fn reread(path: PathBuf) -> (Vec<Vec<u8>>, InputSummary) {
        let mut inputs = Inputs::open(&[path], &options(200)).unwrap();
        let mut seen: Vec<(Frame, Vec<u8>)> = Vec::new();
        let mut batch = Batch::default();
        while inputs.next_batch(&mut batch).unwrap() {
            for (index, record) in batch.records.iter().enumerate() {
                let octets = record.data.of(&batch.bytes).to_vec();
                seen.push((batch.frame(index).unwrap(), octets));
            }
        }
        let reader = inputs.frame_reader();
        for (frame, octets) in &seen {
            let mut again = b"before".to_vec();
            reader.read(frame, &mut again).unwrap();
            assert_eq!(again, [b"before", &octets[..]].concat());
        }
        let octets = seen.into_iter().map(|(_, octets)| octets).collect();
        (octets, inputs.summaries().remove(0))
    }

    #[test]
    fn frames_can_be_read_again_whatever_the_input() {
        let plain = [
            &PCAP_HEADER[..],
            &record(1, 0, b"one"),
            &record(2, 0, b"two"),
        ]
        .concat();
        let ng = [
            section(false),
            interface(1, b""),
            packet(0, 1, b"one", b""),
            packet(0, 2, b"two", b""),
        ]
        .concat();
        let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
        lz4.write_all(&ng).unwrap();
        let (_directory, paths) = directory(&[
            ("plain", plain.clone()),
            ("ng", ng),
            ("gz", gzip(&plain)),
            ("gz in gz", gzip(&gzip(&plain))),
            ("lz4", lz4.finish().unwrap()),
        ]);
        for path in paths {
            let (octets, summary) = reread(path);
            assert_eq!(octets, [b"one", b"two"], "{}", summary.path.display());
            assert_eq!(summary.anomaly_count, 0);
            assert_eq!(summary.frames, 2);
        }
    }

    #[test]
    fn three_compressions_are_too_many() {
        let (_directory, paths) = directory(&[("a", gzip(&gzip(&gzip(&pcap(&[1])))))]);
        let error = Inputs::open(&paths, &options(100)).unwrap_err().to_string();
        assert!(error.contains("compressed more than twice"), "{error}");
    }

    #[test]
    fn a_cut_compressed_file_gives_what_came_before_and_one_anomaly() {
        // Stored, not deflated: what the cut leaves is known.
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        encoder.write_all(&pcap(&[1, 2, 3])).unwrap();
        let packed = encoder.finish().unwrap();
        // 10 octets of gzip header, 5 of block header, then 24 + 2 * 76 of the capture and a part of the third frame.
        let cut = 10 + 5 + 24 + 2 * 76 + 30;
        let (_directory, paths) = directory(&[("cut.gz", packed[..cut].to_vec())]);
        let (octets, summary) = reread(paths[0].clone());
        assert_eq!(octets.len(), 2);
        assert_eq!(summary.anomaly_count, 1);
        let anomaly = &summary.anomalies[0];
        assert!(anomaly.what.contains("compressed data"));
        assert_eq!((anomaly.frame, anomaly.offset), (2, 24 + 2 * 76 + 30));
        assert_eq!(summary.bytes, cut as u64);
    }
}
