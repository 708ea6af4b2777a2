//! Rows that become known in another order than they are shown in.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
};

use crate::{capture::Origin, time::Timestamp, track::LegPlace};

/// Octets of rows kept in memory; more of them go to a temporary file.
const MAX_MEMORY: usize = 16 << 20;

/// Octets read at once from each sorted run.
const READ_BYTES: usize = 1 << 16;

/// Where a row stands: by the time of what it began with, then by its frame.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Place {
    ts: Timestamp,
    input: u16,
    frame: u64,
    /// The place among the rows that began with the frame.
    rank: u32,
    /// Rows of one place stay in the order in which they came.
    number: u64,
}

impl From<LegPlace> for Place {
    fn from(leg: LegPlace) -> Self {
        Self {
            ts: leg.ts,
            input: leg.input,
            frame: leg.frame,
            rank: 0,
            number: leg.number,
        }
    }
}

/// What rows are sorted by.
pub(super) trait RowKey: Copy + Ord {
    /// Octets that it takes in a file.
    const LEN: usize;

    /// Appends its octets.
    fn encode(self, octets: &mut Vec<u8>);

    /// Takes as many octets off again.
    fn decode(octets: &mut &[u8]) -> Self;
}

impl RowKey for Place {
    const LEN: usize = 8 + 2 + 8 + 4 + 8;

    fn encode(self, octets: &mut Vec<u8>) {
        octets.extend_from_slice(&self.ts.nanos().to_le_bytes());
        octets.extend_from_slice(&self.input.to_le_bytes());
        octets.extend_from_slice(&self.frame.to_le_bytes());
        octets.extend_from_slice(&self.rank.to_le_bytes());
        octets.extend_from_slice(&self.number.to_le_bytes());
    }

    fn decode(octets: &mut &[u8]) -> Self {
        Self {
            ts: Timestamp::from_nanos(i64::from_le_bytes(take(octets))),
            input: u16::from_le_bytes(take(octets)),
            frame: u64::from_le_bytes(take(octets)),
            rank: u32::from_le_bytes(take(octets)),
            number: u64::from_le_bytes(take(octets)),
        }
    }
}

impl RowKey for (Place, Place) {
    const LEN: usize = 2 * Place::LEN;

    fn encode(self, octets: &mut Vec<u8>) {
        self.0.encode(octets);
        self.1.encode(octets);
    }

    fn decode(octets: &mut &[u8]) -> Self {
        (Place::decode(octets), Place::decode(octets))
    }
}

/// Takes the first octets off; zeros when there are not so many.
fn take<const N: usize>(octets: &mut &[u8]) -> [u8; N] {
    match octets.split_first_chunk() {
        Some((first, rest)) => {
            *octets = rest;
            *first
        }
        None => [0; N],
    }
}

/// Rows, to be taken out in the order of what they began with. Memory is bounded: sorted runs of them are put into a
/// temporary file, and merged in the end.
#[derive(Debug)]
pub(super) struct SortedRows<K = Place> {
    max_memory: usize,
    places: Vec<(K, usize, usize)>,
    octets: Vec<u8>,
    count: u64,
    spilled: Option<Spilled>,
}

#[derive(Debug)]
struct Spilled {
    file: File,
    /// Where each run begins and ends.
    runs: Vec<(u64, u64)>,
}

impl<K: RowKey> Default for SortedRows<K> {
    fn default() -> Self {
        Self::with_memory(MAX_MEMORY)
    }
}

impl SortedRows {
    /// Takes a row that began at `ts` with the frame at `origin`; of several of that frame, the one of the least rank
    /// comes first.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(super) fn push(
        &mut self,
        ts: Timestamp,
        origin: Origin,
        rank: u32,
        row: &[u8],
    ) -> io::Result<()> {
        let place = Place {
            ts,
            input: origin.input,
            frame: origin.number,
            rank,
            number: self.count,
        };
        self.push_at(place, row)
    }
}

impl<K: RowKey> SortedRows<K> {
    /// Returns no rows; some `max_memory` octets of them are kept in memory.
    #[must_use]
    pub(super) const fn with_memory(max_memory: usize) -> Self {
        Self {
            max_memory,
            places: Vec::new(),
            octets: Vec::new(),
            count: 0,
            spilled: None,
        }
    }

    /// Takes a row that stands at `key`.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(super) fn push_at(&mut self, key: K, row: &[u8]) -> io::Result<()> {
        self.count += 1;
        let start = self.octets.len();
        self.octets.extend_from_slice(row);
        self.places.push((key, start, self.octets.len()));
        let size = self.octets.len() + self.places.len() * size_of::<(K, usize, usize)>();
        if size > self.max_memory {
            self.spill()?;
        }
        Ok(())
    }

    /// Returns how many rows there are.
    #[must_use]
    pub(super) const fn len(&self) -> u64 {
        self.count
    }

    /// Returns whether there is none.
    #[must_use]
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Hands over all rows in their order.
    ///
    /// # Errors
    /// When the temporary file cannot be read, and what `take` returns.
    pub(super) fn drain(mut self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        self.each(|_, row| take(row))
    }

    /// Shows all rows in their order, with where they stand.
    ///
    /// # Errors
    /// When the temporary file cannot be written or read, and what `take` returns.
    pub(super) fn each(
        &mut self,
        mut take: impl FnMut(K, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.spilled.is_some() && !self.places.is_empty() {
            self.spill()?;
        }
        let Some(spilled) = &self.spilled else {
            self.places.sort_unstable();
            return self.places.iter().try_for_each(|(key, start, end)| {
                take(*key, self.octets.get(*start..*end).unwrap_or_default())
            });
        };
        spilled.merge(&mut take)
    }

    /// Puts what is in memory into the file, sorted.
    fn spill(&mut self) -> io::Result<()> {
        self.places.sort_unstable();
        if self.spilled.is_none() {
            let file = tempfile::tempfile()?;
            self.spilled = Some(Spilled {
                file,
                runs: Vec::new(),
            });
        }
        let Some(Spilled { file, runs }) = &mut self.spilled else {
            return Ok(());
        };
        let begin = runs.last().map_or(0, |(_, end)| *end);
        let mut end = begin;
        let mut output = io::BufWriter::with_capacity(1 << 18, file);
        let mut header = Vec::new();
        for (key, start, stop) in self.places.drain(..) {
            let row = self.octets.get(start..stop).unwrap_or_default();
            header.clear();
            key.encode(&mut header);
            header.extend_from_slice(&(row.len() as u64).to_le_bytes());
            output.write_all(&header)?;
            output.write_all(row)?;
            end += (header.len() + row.len()) as u64;
        }
        output.flush()?;
        drop(output);
        runs.push((begin, end));
        self.octets.clear();
        Ok(())
    }
}

impl Spilled {
    fn merge<K: RowKey>(&self, take: &mut dyn FnMut(K, &[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut runs = Vec::with_capacity(self.runs.len());
        let mut heads = BinaryHeap::new();
        for (begin, end) in &self.runs {
            let window = Window::new(&self.file, *begin, *end);
            let mut run = Run {
                input: BufReader::with_capacity(READ_BYTES, window),
                header: vec![0; K::LEN + size_of::<u64>()],
                row: Vec::new(),
            };
            if let Some(key) = run.next::<K>()? {
                heads.push(Reverse((key, runs.len())));
            }
            runs.push(run);
        }
        while let Some(Reverse((key, index))) = heads.pop() {
            let Some(run) = runs.get_mut(index) else {
                continue;
            };
            take(key, &run.row)?;
            if let Some(key) = run.next()? {
                heads.push(Reverse((key, index)));
            }
        }
        Ok(())
    }
}

/// A sorted run that is being read.
struct Run<'f> {
    input: BufReader<Window<'f>>,
    /// What stands before each row: its key and its length.
    header: Vec<u8>,
    row: Vec<u8>,
}

impl Run<'_> {
    /// Reads the next row and returns its key; `None` at the end.
    fn next<K: RowKey>(&mut self) -> io::Result<Option<K>> {
        match self.input.read_exact(&mut self.header) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let mut header = self.header.as_slice();
        let key = K::decode(&mut header);
        let len = u64::from_le_bytes(take(&mut header));
        self.row.resize(usize::try_from(len).unwrap_or_default(), 0);
        self.input.read_exact(&mut self.row)?;
        Ok(Some(key))
    }
}

/// A part of a file, read on its own.
struct Window<'f> {
    file: &'f File,
    position: u64,
    end: u64,
}

impl<'f> Window<'f> {
    const fn new(file: &'f File, begin: u64, end: u64) -> Self {
        Self {
            file,
            position: begin,
            end,
        }
    }
}

impl Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.position).unwrap_or(usize::MAX);
        let len = buffer.len().min(left);
        let mut file = self.file;
        file.seek(SeekFrom::Start(self.position))?;
        let read = file.read(buffer.get_mut(..len).unwrap_or_default())?;
        self.position += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(max_memory: usize) -> Vec<String> {
        let mut rows: SortedRows = SortedRows::with_memory(max_memory);
        for i in 0..1_000_u64 {
            let ts = Timestamp::from_nanos((i * 7_919 % 1_000) as i64 / 10);
            let origin = Origin {
                input: (i % 2) as u16,
                number: i / 50,
                offset: 0,
            };
            let rank = (i * 31 % 7) as u32;
            let row = format!("{} {} {} {rank} {i}", ts.nanos(), i % 2, i / 50);
            rows.push(ts, origin, rank, row.as_bytes()).unwrap();
        }
        let mut out = Vec::new();
        rows.drain(|row| {
            out.push(String::from_utf8(row.to_vec()).unwrap());
            Ok(())
        })
        .unwrap();
        out
    }

    #[test]
    fn rows_come_in_order_however_little_memory_there_is() {
        let all = sorted(usize::MAX);
        assert_eq!(all.len(), 1_000);
        let keys: Vec<Vec<u64>> = all
            .iter()
            .map(|row| row.split(' ').map(|n| n.parse().unwrap()).collect())
            .collect();
        assert!(keys.is_sorted());
        for max_memory in [1, 1_000, 10_000] {
            assert_eq!(sorted(max_memory), all, "{max_memory}");
        }
    }
}
