//! Frames of calls that go on: a file is written when its call is over.
//!
//! They are kept in memory while there is room, and then in a file for each call, in a directory that goes away in the end.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, Read, Write},
    os::unix::fs::FileExt,
    path::PathBuf,
};

use hashbrown::HashMap;
use tempfile::TempDir;

use super::Group;
use crate::{
    capture::{Frame, LinkType, Origin},
    time::Timestamp,
};

/// How much of a call waits in memory.
const MOST_OF_CALL: usize = 64 << 10;
/// The octets before each frame.
const HEAD: usize = 28;
/// No frame is longer (libpcap's limit, with room to spare).
const LONGEST: usize = 1 << 24;

/// The frames of all calls.
#[derive(Debug)]
pub struct Spool {
    directory: TempDir,
    calls: HashMap<Group, Spooled>,
    /// Octets in memory, and how many there may be.
    bytes: usize,
    most: usize,
}

/// The frames of a call.
#[derive(Debug, Default)]
pub struct Spooled {
    buffer: Vec<u8>,
    file: Option<PathBuf>,
    /// Octets in the file.
    written: u64,
    last: Option<u64>,
    is_unsorted: bool,
    link: Option<LinkType>,
    /// Whether frames have several link types.
    pub has_links: bool,
    /// How many frames there are, some perhaps twice.
    pub frames: usize,
    /// How many messages they carry, and how many packets of media.
    pub messages: u32,
    /// See `messages`.
    pub media: u32,
    /// When the first and the last frame were captured.
    pub times: Option<(Timestamp, Timestamp)>,
}

impl Spool {
    /// Returns a spool that has its files in a directory of its own below `parent`, and `most` octets in memory.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new(parent: &std::path::Path, most: usize) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        let directory = builder.prefix(".sipcap-").tempdir_in(parent)?;
        Ok(Self {
            directory,
            calls: HashMap::new(),
            bytes: 0,
            most,
        })
    }

    /// Returns whether a call is known.
    #[must_use]
    pub fn has(&self, call: Group) -> bool {
        self.calls.contains_key(&call)
    }

    /// Returns the call, a new one if need be.
    pub fn call(&mut self, call: Group) -> &mut Spooled {
        self.calls.entry(call).or_default()
    }

    /// Adds a frame to a call.
    ///
    /// # Errors
    /// When what has no room cannot be written; it is lost then.
    pub fn add(&mut self, call: Group, frame: &Frame, octets: &[u8]) -> io::Result<()> {
        let spooled = self.calls.entry(call).or_default();
        if spooled.last == Some(frame.origin.offset) {
            // A frame may carry several messages.
            return Ok(());
        }
        let before = spooled.buffer.len();
        spooled.add(frame, octets);
        self.bytes += spooled.buffer.len() - before;
        if spooled.buffer.len() > MOST_OF_CALL {
            self.bytes -= spooled.buffer.len();
            spooled.flush(call, &self.directory)?;
        }
        if self.bytes > self.most {
            self.flush()?;
        }
        Ok(())
    }

    /// Takes a call out that is over.
    pub fn remove(&mut self, call: Group) -> Option<Spooled> {
        let spooled = self.calls.remove(&call)?;
        self.bytes -= spooled.buffer.len();
        Some(spooled)
    }

    /// Writes everything that is in memory.
    fn flush(&mut self) -> io::Result<()> {
        self.bytes = 0;
        let mut result = Ok(());
        for (call, spooled) in &mut self.calls {
            let flushed = spooled.flush(*call, &self.directory);
            result = result.and(flushed);
        }
        result
    }
}

impl Spooled {
    fn add(&mut self, frame: &Frame, octets: &[u8]) {
        self.is_unsorted |= self.last > Some(frame.origin.offset);
        self.last = Some(frame.origin.offset);
        self.has_links |= *self.link.get_or_insert(frame.link) != frame.link;
        self.frames += 1;
        let (first, last) = self.times.unwrap_or((frame.ts, frame.ts));
        self.times = Some((first.min(frame.ts), last.max(frame.ts)));
        let buffer = &mut self.buffer;
        buffer.extend_from_slice(&frame.origin.offset.to_le_bytes());
        buffer.extend_from_slice(&frame.ts.nanos().to_le_bytes());
        buffer.extend_from_slice(&frame.captured.to_le_bytes());
        buffer.extend_from_slice(&frame.orig_len.to_le_bytes());
        buffer.extend_from_slice(&frame.link.0.to_le_bytes());
        buffer.extend_from_slice(&frame.interface.to_le_bytes());
        buffer.extend_from_slice(octets);
    }

    /// Returns the link type of the first frame.
    #[must_use]
    pub fn link(&self) -> LinkType {
        self.link.unwrap_or(LinkType::ETHERNET)
    }

    fn flush(&mut self, call: Group, directory: &TempDir) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let path = self
            .file
            .get_or_insert_with(|| directory.path().join(format!("{call:08x}")));
        // Not kept open: there may be more calls than a process may have files open.
        let opened = OpenOptions::new().append(true).create(true).open(path);
        let result = opened.and_then(|mut file| {
            let result = file.write_all(&self.buffer);
            if result.is_err() {
                // Half a frame would spoil those behind it.
                file.set_len(self.written)?;
            }
            result
        });
        if result.is_ok() {
            self.written += self.buffer.len() as u64;
        }
        self.buffer = Vec::new();
        result
    }

    /// Hands each frame to `take`, in the order of the capture, each once.
    ///
    /// # Errors
    /// When they cannot be read again, and what `take` returned.
    pub fn read<E: From<io::Error>>(
        &self,
        mut take: impl FnMut(&Frame, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.is_unsorted {
            return self.read_sorted(&mut take);
        }
        let mut octets = Vec::new();
        let mut reader = self.reader()?;
        while let Some(frame) = next(&mut reader, &mut octets)? {
            take(&frame, &octets)?;
        }
        Ok(())
    }

    fn read_sorted<E: From<io::Error>>(
        &self,
        take: &mut impl FnMut(&Frame, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut places = Vec::new();
        let (mut reader, mut octets, mut place) = (self.reader()?, Vec::new(), 0_u64);
        while let Some(frame) = next(&mut reader, &mut octets)? {
            places.push((frame.origin.offset, place));
            place += (HEAD + octets.len()) as u64;
        }
        places.sort_unstable();
        places.dedup_by_key(|(offset, _)| *offset);
        let file = self.open()?;
        for (_, place) in places {
            let found = match place.checked_sub(self.written) {
                Some(place) => {
                    let place = usize::try_from(place).unwrap_or(usize::MAX);
                    let mut rest = self.buffer.get(place..).unwrap_or_default();
                    next(&mut rest, &mut octets)?
                }
                None => match &file {
                    Some(file) => next(&mut At(file, place), &mut octets)?,
                    None => None,
                },
            };
            if let Some(frame) = found {
                take(&frame, &octets)?;
            }
        }
        Ok(())
    }

    fn open(&self) -> io::Result<Option<File>> {
        self.file.as_ref().map(File::open).transpose()
    }

    fn reader(&self) -> io::Result<Box<dyn Read + '_>> {
        let memory = self.buffer.as_slice();
        Ok(match self.open()? {
            Some(file) => Box::new(BufReader::with_capacity(1 << 17, file).chain(memory)),
            None => Box::new(memory),
        })
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            // The directory goes in the end, and everything in it.
            let _ = std::fs::remove_file(file);
        }
    }
}

/// A file from a place on.
struct At<'a>(&'a File, u64);

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.0.read_at(buffer, self.1)?;
        self.1 += len as u64;
        Ok(len)
    }
}

/// Returns the next frame, with its octets in the buffer.
fn next(reader: &mut impl Read, octets: &mut Vec<u8>) -> io::Result<Option<Frame>> {
    let mut head = [0; HEAD];
    match reader.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let [a, b, c, d] = [0, 8, 16, 20].map(|at| {
        let octets = head.get(at..).unwrap_or_default();
        octets.first_chunk::<8>().copied().unwrap_or_default()
    });
    let half = |octets: [u8; 8]| u32::from_le_bytes([octets[0], octets[1], octets[2], octets[3]]);
    let captured = half(c);
    let orig_len = half(d);
    octets.resize((captured as usize).min(LONGEST), 0);
    reader.read_exact(octets)?;
    Ok(Some(Frame {
        origin: Origin {
            input: 0,
            number: 0,
            offset: u64::from_le_bytes(a),
        },
        ts: Timestamp::from_nanos(i64::from_le_bytes(b)),
        captured,
        orig_len,
        link: LinkType(u16::from_le_bytes([head[24], head[25]])),
        interface: u16::from_le_bytes([head[26], head[27]]),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(offset: u64, octets: &[u8]) -> Frame {
        Frame {
            origin: Origin {
                offset,
                ..Origin::default()
            },
            ts: Timestamp::from_nanos(-3 + offset as i64),
            captured: octets.len() as u32,
            orig_len: 70_000,
            link: LinkType::RAW,
            interface: 3,
        }
    }

    fn read(spooled: &Spooled) -> Vec<(u64, Vec<u8>)> {
        let mut all = Vec::new();
        let take = |found: &Frame, octets: &[u8]| -> io::Result<()> {
            assert_eq!(*found, frame(found.origin.offset, octets));
            all.push((found.origin.offset, octets.to_vec()));
            Ok(())
        };
        spooled.read(take).unwrap();
        all
    }

    #[test]
    fn frames_come_back_in_their_order_from_memory_and_disk() {
        let parent = tempfile::tempdir().unwrap();
        for most in [usize::MAX, 5000, 0] {
            let mut spool = Spool::new(parent.path(), most).unwrap();
            let long = vec![9; 30_000];
            for (call, offset) in [(1, 10), (2, 20), (1, 30), (1, 5), (1, 10), (2, 20), (2, 40)] {
                spool.add(call, &frame(offset, &long), &long).unwrap();
                spool.add(call, &frame(offset + 1, b"x"), b"x").unwrap();
                spool.add(call, &frame(offset + 1, b"x"), b"x").unwrap();
            }
            assert!(spool.has(1) && !spool.has(3));
            let one = spool.remove(1).unwrap();
            let expected = [5, 6, 10, 11, 30, 31];
            let offsets: Vec<u64> = read(&one).iter().map(|(offset, _)| *offset).collect();
            assert_eq!(offsets, expected, "{most}");
            let two = spool.remove(2).unwrap();
            let offsets: Vec<u64> = read(&two).iter().map(|(offset, _)| *offset).collect();
            assert_eq!(offsets, [20, 21, 40, 41], "{most}");
            assert!(spool.remove(2).is_none());
            assert_eq!(spool.bytes, 0);
            drop((one, two, spool));
        }
        // Nothing is left behind.
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
