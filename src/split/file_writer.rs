//! Writing one capture file, piece by piece, under a name of its own until it is whole.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::{NamedTempFile, PersistError};

use crate::{
    capture::{About, CaptureEncoder, Frame, FrameReader, LinkType, OutputFormat, Packer, Packing},
    error::{Error, Result},
    packet::{self, DecodeOptions},
    split::FileWritten,
};

/// How many octets of frames are read at once, and how many of a file are written at once.
const PIECE: usize = 256 << 10;
const BLOCK: usize = 1 << 20;

/// Buffers of a thread.
#[derive(Default)]
pub(super) struct Buffers {
    frames: Vec<Frame>,
    octets: Vec<u8>,
    block: Vec<u8>,
}

/// How frames are written.
#[derive(Clone, Copy)]
pub(super) struct How<'a> {
    pub(super) format: OutputFormat,
    pub(super) about: About<'a>,
    pub(super) reader: &'a FrameReader,
    /// How the innermost IP packets are found, if those are wanted.
    pub(super) strip: Option<&'a DecodeOptions>,
}

/// A file that is written, and what it has.
pub(super) struct FileWriter<'a> {
    /// Where it is going to be.
    path: &'a Path,
    /// The directory of the run, which is there.
    directory: &'a Path,
    packer: Packer,
    /// There is none before the first block.
    file: Option<NamedTempFile>,
    bytes: u64,
    frames: usize,
}

impl<'a> FileWriter<'a> {
    pub(super) fn new(path: &'a Path, directory: &'a Path, packing: Option<Packing>) -> Self {
        Self {
            path,
            directory,
            packer: Packer::new(packing),
            file: None,
            bytes: 0,
            frames: 0,
        }
    }

    /// Writes frames, or the innermost IP packets of them. Those without one are `left`.
    pub(super) fn write(
        &mut self,
        frames: impl Iterator<Item = Frame>,
        how: &How<'_>,
        buffers: &mut Buffers,
        left: &mut impl FnMut(&Frame),
    ) -> Result<()> {
        let How {
            format,
            about,
            reader,
            strip,
        } = *how;
        let mut frames = frames.peekable();
        buffers.block.clear();
        let mut encoder = CaptureEncoder::begin(format, about, &mut buffers.block);
        while frames.peek().is_some() {
            buffers.next_piece(&mut frames);
            buffers.octets.clear();
            reader.read_all(&buffers.frames, &mut buffers.octets)?;
            let mut rest = buffers.octets.as_slice();
            for frame in &buffers.frames {
                let (octets, behind) = rest.split_at(rest.len().min(frame.captured as usize));
                rest = behind;
                let found = match strip {
                    Some(options) => inner(*frame, octets, options),
                    None => Some((*frame, octets)),
                };
                let Some((stored, octets)) = found else {
                    left(frame);
                    continue;
                };
                encoder
                    .frame(&stored, octets, &mut buffers.block)
                    .map_err(|source| self.error(source))?;
                self.frames += 1;
            }
            if buffers.block.len() >= BLOCK {
                self.flush(&mut buffers.block)?;
            }
        }
        if self.frames > 0 {
            self.flush(&mut buffers.block)?;
        }
        Ok(())
    }

    /// Adds a frame to a file whose octets are collected in `block`.
    pub(super) fn add(
        &mut self,
        encoder: &mut CaptureEncoder<'_>,
        frame: &Frame,
        octets: &[u8],
        block: &mut Vec<u8>,
    ) -> Result<()> {
        let added = encoder.frame(frame, octets, block);
        added.map_err(|source| self.error(source))?;
        self.frames += 1;
        if block.len() >= BLOCK {
            self.flush(block)?;
        }
        Ok(())
    }

    /// Writes what is left in `block`.
    pub(super) fn end(&mut self, block: &mut Vec<u8>) -> Result<()> {
        if self.frames > 0 {
            self.flush(block)?;
        }
        Ok(())
    }

    fn flush(&mut self, block: &mut Vec<u8>) -> Result<()> {
        let result = self.packer.pack(block).and_then(|octets| {
            self.bytes += octets.len() as u64;
            append(&mut self.file, (self.path, self.directory), octets)
        });
        block.clear();
        result.map_err(|source| self.error(source))
    }

    /// Gives the file its name; `again` is asked for another one when that is taken, unless it may be overwritten. There is
    /// no file without frames.
    pub(super) fn finish(
        mut self,
        overwrites: bool,
        again: impl Fn() -> Option<PathBuf>,
    ) -> Result<Option<FileWritten>> {
        if self.frames == 0 {
            return Ok(None);
        }
        let result = self.packer.finish().and_then(|octets| {
            self.bytes += octets.len() as u64;
            append(&mut self.file, (self.path, self.directory), &octets)
        });
        result.map_err(|source| self.error(source))?;
        let Some(mut file) = self.file.take() else {
            return Ok(None);
        };
        let mut path = self.path.to_owned();
        loop {
            let result = if overwrites {
                file.persist(&path)
            } else {
                file.persist_noclobber(&path)
            };
            let (error, back) = match result {
                Ok(_) => {
                    return Ok(Some(FileWritten {
                        path,
                        bytes: self.bytes,
                        frames: self.frames,
                    }));
                }
                Err(PersistError { error, file }) => (error, file),
            };
            file = back;
            match again() {
                Some(other) if error.kind() == io::ErrorKind::AlreadyExists => path = other,
                _ => {
                    return Err(Error::Write {
                        path,
                        source: error,
                    });
                }
            }
        }
    }

    fn error(&self, source: io::Error) -> Error {
        Error::Write {
            path: self.path.to_owned(),
            source,
        }
    }
}

/// Writes octets to the temporary file, which is created where the file is going to be.
fn append(
    file: &mut Option<NamedTempFile>,
    (path, directory): (&Path, &Path),
    octets: &[u8],
) -> io::Result<()> {
    if octets.is_empty() {
        return Ok(());
    }
    let file = match file {
        Some(file) => file,
        None => {
            let parent = path.parent().unwrap_or(directory);
            file.insert(create(parent, parent != directory)?)
        }
    };
    file.as_file_mut().write_all(octets)
}

/// Creates a temporary file: nobody can have laid a link in its way. A directory for a part of the files is made when the
/// first one comes.
fn create(directory: &Path, is_part: bool) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sipcap-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    match builder.tempfile_in(directory) {
        Err(error) if is_part && error.kind() == io::ErrorKind::NotFound => {
            match fs::create_dir(directory) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            builder.tempfile_in(directory)
        }
        result => result,
    }
}

/// Returns the innermost IP packet of a frame as a frame of its own; none when there is no IP in it.
fn inner<'o>(frame: Frame, octets: &'o [u8], options: &DecodeOptions) -> Option<(Frame, &'o [u8])> {
    let packet = packet::decode(octets, frame.link, frame.orig_len, 0, options);
    let span = packet.ip_packet;
    let inner = span.of(octets);
    if inner.is_empty() {
        return None;
    }
    // What is behind it in the frame is padding; what is missing of it was not captured.
    let on_wire = if span.end() < octets.len() {
        inner.len() as u32
    } else {
        frame.orig_len.saturating_sub(span.start() as u32)
    };
    let frame = Frame {
        captured: inner.len() as u32,
        orig_len: on_wire.max(inner.len() as u32),
        link: LinkType::RAW,
        ..frame
    };
    Some((frame, inner))
}

impl Buffers {
    /// Takes the next frames, as many as are read at once.
    fn next_piece(&mut self, frames: &mut impl Iterator<Item = Frame>) {
        self.frames.clear();
        let mut len = 0;
        for frame in frames {
            len += frame.captured as usize;
            self.frames.push(frame);
            if len >= PIECE {
                break;
            }
        }
    }
}
