//! Where the octets of an input come from: a file, a pipe, or a decoder in front of one.

use std::{
    fmt,
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
    os::fd::AsFd,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{
    Compression,
    compressed::decoder,
    sniff::{Kind, SNIFF_BYTES, sniff},
    spool::{Copied, Spool},
};
use crate::error::{Error, Result};

/// How many compressions around each other are undone.
const MAX_NESTING: usize = 2;
/// How many octets are asked of a pipe at once: what it holds, so that nothing waits for a full block.
const PIPE_BYTES: usize = 64 << 10;

/// The octets of an input, decompressed.
pub(super) struct Source {
    path: PathBuf,
    octets: Octets,
    /// Octets that were read to tell what the input is.
    head: Cursor<Vec<u8>>,
    compression: Vec<Compression>,
    meter: Meter,
    size: Option<u64>,
    /// The copy of what cannot be read twice, if it is to be read twice.
    copy: Option<Copied>,
    /// Octets handed over so far.
    done: u64,
    /// See [`Self::is_drained`].
    is_drained: bool,
}

enum Octets {
    /// A file that can be read again.
    Regular {
        /// Closed while parked.
        file: Option<Arc<File>>,
        /// Where the capture begins in the file.
        base: u64,
        /// Whether the path leads to the file again.
        by_path: bool,
    },
    Pipe(Counted),
    Decoder(Box<dyn Read + Send>),
}

/// What a read gave.
#[derive(Debug)]
pub(super) enum Fill {
    More,
    End,
    /// The compressed data are damaged or cut.
    Broken(String),
}

/// How the octets of an input can be read again.
#[derive(Clone, Debug)]
pub(super) enum Reread {
    /// From the file of this name.
    Path(PathBuf),
    /// From this file, in which the capture begins at the offset.
    File(PathBuf, Arc<File>, u64),
    /// From the copy that was made of it.
    Copied(PathBuf, Copied),
    Not(PathBuf),
}

impl Reread {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Path(path) | Self::File(path, ..) | Self::Copied(path, _) | Self::Not(path) => {
                path
            }
        }
    }
}

/// Counts what is read from the system, and remembers whether the system failed.
#[derive(Clone, Debug, Default)]
struct Meter {
    read: Arc<AtomicU64>,
    failed: Arc<AtomicBool>,
}

/// A file or pipe whose octets are counted.
struct Counted {
    file: File,
    meter: Meter,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.file.read(buffer);
        match &result {
            Ok(read) => {
                self.meter.read.fetch_add(*read as u64, Ordering::Relaxed);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => self.meter.failed.store(true, Ordering::Relaxed),
        }
        result
    }
}

impl Source {
    /// Opens an input, looks through its compressions and tells what is inside.
    pub(super) fn open(path: &Path, spool: Option<&Arc<Spool>>) -> Result<(Self, Kind)> {
        let open_error = |source| Error::Open {
            path: path.to_owned(),
            source,
        };
        let by_path = path.as_os_str() != "-";
        let mut file = if by_path {
            File::open(path).map_err(open_error)?
        } else {
            let stdin = io::stdin().as_fd().try_clone_to_owned();
            File::from(stdin.map_err(open_error)?)
        };
        let metadata = file.metadata().map_err(open_error)?;
        let mut source = Self {
            path: path.to_owned(),
            octets: Octets::Decoder(Box::new(io::empty())),
            head: Cursor::default(),
            compression: Vec::new(),
            meter: Meter::default(),
            size: metadata.is_file().then_some(metadata.len()),
            copy: None,
            done: 0,
            is_drained: false,
        };
        let base = match source.size {
            Some(_) => file.stream_position().map_err(open_error)?,
            None => 0,
        };
        let kind = source.look_at(&mut file)?;
        let kind = if let Kind::Compressed(_) = kind {
            source.decompress(file, kind)?
        } else {
            source.octets = match source.size {
                Some(_) => Octets::Regular {
                    file: Some(Arc::new(file)),
                    base,
                    by_path,
                },
                None => Octets::Pipe(Counted {
                    file,
                    meter: source.meter.clone(),
                }),
            };
            kind
        };
        if !matches!(source.octets, Octets::Regular { .. }) {
            source.copy = spool.map(Copied::new);
        }
        Ok((source, kind))
    }

    /// Reads the first octets of `octets`, keeps them, and tells what they announce.
    fn look_at(&mut self, octets: &mut (impl Read + ?Sized)) -> Result<Kind> {
        let mut head = Vec::with_capacity(SNIFF_BYTES);
        let read = octets.take(SNIFF_BYTES as u64).read_to_end(&mut head);
        let kind = sniff(&head);
        if let Err(error) = read
            && kind == Kind::Empty
        {
            return Err(self.read_error(error));
        }
        self.head = Cursor::new(head);
        Ok(kind)
    }

    /// Puts decoders in front of `file` as long as what comes out is compressed.
    fn decompress(&mut self, file: File, mut kind: Kind) -> Result<Kind> {
        self.meter
            .read
            .fetch_add(self.head.get_ref().len() as u64, Ordering::Relaxed);
        let mut octets: Box<dyn Read + Send> = Box::new(Counted {
            file,
            meter: self.meter.clone(),
        });
        while let Kind::Compressed(compression) = kind {
            if self.compression.len() >= MAX_NESTING {
                break;
            }
            self.compression.push(compression);
            let head = std::mem::take(&mut self.head);
            octets = decoder(compression, Box::new(head.chain(octets)));
            kind = self.look_at(&mut octets)?;
        }
        self.octets = Octets::Decoder(octets);
        Ok(kind)
    }

    /// Appends about `want` octets to `bytes`; a pipe may give fewer.
    pub(super) fn fill(&mut self, bytes: &mut Vec<u8>, want: usize) -> Result<Fill> {
        let before = bytes.len();
        let result = self.read(bytes, want);
        let fresh = bytes.get(before..).unwrap_or_default();
        self.done = self.done.saturating_add(fresh.len() as u64);
        if let Some(copy) = &mut self.copy {
            copy.append(fresh).map_err(|source| Error::Write {
                path: std::env::temp_dir(),
                source,
            })?;
        }
        match result {
            Ok(fill) => Ok(fill),
            // The system failed, not the data.
            Err(error)
                if !matches!(self.octets, Octets::Decoder(_))
                    || self.meter.failed.load(Ordering::Relaxed) =>
            {
                Err(self.read_error(error))
            }
            Err(_) => Ok(Fill::Broken(format!(
                "compressed data are damaged or cut after about {} bytes of the file; what came before is used",
                self.position()
            ))),
        }
    }

    fn read(&mut self, bytes: &mut Vec<u8>, want: usize) -> io::Result<Fill> {
        let head = self.head.read_to_end(bytes)?;
        let want = want.saturating_sub(head).max(1);
        // Room to spare keeps read_to_end from probing for the end, and from growing the buffer.
        bytes.reserve(want.saturating_add(64));
        let limit = want as u64;
        let read = match &mut self.octets {
            Octets::Regular { file, base, .. } => {
                let file = match file {
                    Some(file) => file,
                    None => {
                        let mut reopened = File::open(&self.path)?;
                        reopened.seek(SeekFrom::Start(base.saturating_add(self.done)))?;
                        file.insert(Arc::new(reopened))
                    }
                };
                (&**file).take(limit).read_to_end(bytes)?
            }
            Octets::Decoder(decoder) => decoder.take(limit).read_to_end(bytes)?,
            Octets::Pipe(pipe) => {
                let before = bytes.len();
                bytes.resize(before.saturating_add(want.min(PIPE_BYTES)), 0);
                let read = read_once(pipe, bytes.get_mut(before..).unwrap_or_default());
                bytes.truncate(before.saturating_add(*read.as_ref().unwrap_or(&0)));
                self.is_drained = bytes.len() < before.saturating_add(want.min(PIPE_BYTES));
                return Ok(match read? {
                    0 => Fill::End,
                    _ => Fill::More,
                });
            }
        };
        Ok(if read < want { Fill::End } else { Fill::More })
    }

    /// Gives the descriptor back until the next read, where that is possible.
    pub(super) fn park(&mut self) {
        if let Octets::Regular {
            file,
            by_path: true,
            ..
        } = &mut self.octets
        {
            *file = None;
        }
    }

    /// Returns whether it is a pipe that had less at hand than was asked for: the next read may have to wait.
    pub(super) const fn is_drained(&self) -> bool {
        self.is_drained
    }

    pub(super) fn compression(&self) -> &[Compression] {
        &self.compression
    }

    /// Returns how many octets of the disk or pipe were read.
    pub(super) fn position(&self) -> u64 {
        match self.octets {
            Octets::Decoder(_) => self.meter.read.load(Ordering::Relaxed),
            _ => self.done,
        }
    }

    /// Returns how many octets it has on disk, if it is a file.
    pub(super) const fn size(&self) -> Option<u64> {
        self.size
    }

    /// Tells how to read its octets again.
    pub(super) fn reread(&self) -> Reread {
        let path = self.path.clone();
        match (&self.copy, &self.octets) {
            (Some(copy), _) => Reread::Copied(path, copy.clone()),
            (_, Octets::Regular { by_path: true, .. }) => Reread::Path(path),
            (
                _,
                Octets::Regular {
                    file: Some(file),
                    base,
                    ..
                },
            ) => Reread::File(path, Arc::clone(file), *base),
            _ => Reread::Not(path),
        }
    }

    fn read_error(&self, source: io::Error) -> Error {
        Error::Read {
            path: self.path.clone(),
            offset: self.done,
            source,
        }
    }
}

/// Reads once, whatever signals come in between.
fn read_once(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path)
            .field("compression", &self.compression)
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}
