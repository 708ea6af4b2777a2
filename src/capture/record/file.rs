//! A file of a recording, under a name of its own until it is whole.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::names::directory;
use crate::capture::{
    Frame, Interface, OutputFormat, Packer, Packing, Record, Resolution, write::Encoder,
};

/// How many octets are collected before they are written.
const BLOCK: usize = 256 << 10;

/// A file that is written.
#[derive(Debug)]
pub(super) struct RecordFile {
    /// Where it is going to be.
    path: PathBuf,
    file: NamedTempFile,
    encoder: Encoder,
    packer: Packer,
    is_packed: bool,
    /// What is not yet written, and the frames in it.
    block: Vec<u8>,
    waiting: u64,
    /// What is written.
    pub(super) bytes: u64,
    pub(super) frames: u64,
}

impl RecordFile {
    /// Creates the file that is going to be at `path`.
    pub(super) fn create(
        path: PathBuf,
        format: OutputFormat,
        packing: Option<Packing>,
    ) -> io::Result<Self> {
        let file = create(&path)?;
        let mut block = Vec::with_capacity(BLOCK);
        Ok(Self {
            path,
            file,
            encoder: Encoder::begin(format, "", &mut block),
            packer: Packer::new(packing),
            is_packed: packing.is_some(),
            block,
            waiting: 0,
            bytes: 0,
            frames: 0,
        })
    }

    /// Returns how long it is, with what is not yet written.
    pub(super) fn len(&self) -> u64 {
        let waiting = if self.is_packed { 0 } else { self.block.len() };
        self.bytes.saturating_add(waiting as u64)
    }

    /// Returns whether it has frames that are not written.
    pub(super) const fn is_waiting(&self) -> bool {
        self.waiting > 0
    }

    /// Adds a frame. An error tells that this frame cannot be in such a file.
    pub(super) fn add(
        &mut self,
        record: &Record,
        interface: Option<&Interface>,
        octets: &[u8],
    ) -> io::Result<()> {
        let frame = Frame {
            origin: crate::capture::Origin::default(),
            ts: record.ts,
            captured: u32::try_from(octets.len()).unwrap_or(u32::MAX),
            orig_len: record.orig_len,
            link: record.link,
            interface: record.interface,
        };
        let name = interface.and_then(|interface| interface.name.as_deref());
        self.encoder.frame(&frame, name, octets, &mut self.block)?;
        self.waiting = self.waiting.saturating_add(1);
        Ok(())
    }

    /// Returns whether so much waits that it should be written.
    pub(super) fn is_full(&self) -> bool {
        self.block.len() >= BLOCK
    }

    /// Writes what waits. What a full disk did not take goes again, so that the file ends with a whole frame; the error
    /// tells how many frames are lost.
    pub(super) fn flush(&mut self) -> Result<(), (io::Error, u64)> {
        let frames = std::mem::take(&mut self.waiting);
        let result = self.packer.pack(&self.block).and_then(|octets| {
            self.file.as_file_mut().write_all(octets)?;
            Ok(octets.len() as u64)
        });
        self.block.clear();
        match result {
            Ok(bytes) => {
                self.bytes = self.bytes.saturating_add(bytes);
                self.frames = self.frames.saturating_add(frames);
                Ok(())
            }
            Err(error) => {
                // If even this fails, the file is cut in a frame, which its readers will tell.
                let _ = self.file.as_file_mut().set_len(self.bytes);
                Err((error, frames))
            }
        }
    }

    /// Returns where it is going to be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name, in place of one that has it, and returns its octets and frames. An error tells how many
    /// frames are lost.
    pub(super) fn finish(mut self) -> Result<(u64, u64), (io::Error, u64)> {
        let mut result = self.flush();
        if result.is_ok() {
            let last = self.packer.finish();
            result = last
                .and_then(|last| {
                    self.file.as_file_mut().write_all(&last)?;
                    self.bytes = self.bytes.saturating_add(last.len() as u64);
                    Ok(())
                })
                .map_err(|error| (error, 0));
        }
        let counts = (self.bytes, self.frames);
        let kept = self.keep().map_err(|error| (error, 0));
        result.and(kept).map(|()| counts)
    }

    /// Gives what was written its name; without anything there is no file.
    pub(super) fn keep(self) -> io::Result<()> {
        if self.bytes > 0 {
            self.file.persist(&self.path).map_err(|error| error.error)?;
        }
        Ok(())
    }
}

/// Creates a temporary file beside where the file is going to be: nobody can have laid a link in its way.
fn create(path: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!("{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(directory(path))
}

/// Returns the format of a file whose first frame is this one; of its interfaces these are known so far.
pub(super) fn format(
    path: &Path,
    record: &Record,
    interfaces: &[Interface],
    has_several_sources: bool,
) -> OutputFormat {
    let is_fine = |interface: &Interface| {
        !matches!(
            interface.resolution,
            Resolution::Decimal(..=6) | Resolution::Binary(0)
        )
    };
    // What is not known yet may be as fine as can be.
    let nanos = has_several_sources || interfaces.iter().any(is_fine);
    let name = path.to_string_lossy();
    if has_several_sources || interfaces.len() > 1 || name.contains(".pcapng") {
        OutputFormat::PcapNg { nanos }
    } else {
        OutputFormat::Pcap {
            link: record.link,
            nanos,
        }
    }
}
