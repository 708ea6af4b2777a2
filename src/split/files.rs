//! Writing one capture file for each Call-ID.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::{
    capture::{FrameReader, OutputFormat, encode},
    error::{Error, Result},
    split::{CallEntry, CallFrames, FileNames},
};

/// The files of a run: where each goes and in which format.
#[derive(Debug)]
pub struct CallFiles<'a> {
    calls: &'a CallFrames,
    directory: &'a Path,
    names: FileNames,
    targets: Vec<(PathBuf, OutputFormat)>,
}

impl<'a> CallFiles<'a> {
    /// Returns the files for `calls` in `directory`, with times in nanoseconds or microseconds. Nothing is written.
    #[must_use]
    pub fn new(calls: &'a CallFrames, directory: &'a Path, nanos: bool) -> Self {
        let mut names = FileNames::new(calls.len());
        let target = |call: CallEntry<'_>| {
            let format = OutputFormat::for_links(call.frames().map(|frame| frame.link), nanos);
            (
                directory.join(names.name(call.call_id, format.suffix())),
                format,
            )
        };
        let targets = calls.iter().map(target).collect();
        Self {
            calls,
            directory,
            names,
            targets,
        }
    }

    /// Returns each Call-ID with the path of its file.
    pub fn iter(&self) -> impl Iterator<Item = (CallEntry<'a>, &Path)> {
        self.calls
            .iter()
            .zip(self.targets.iter().map(|(path, _)| path.as_path()))
    }

    /// Returns a file that exists already, if there is one.
    #[must_use]
    pub fn existing(&self) -> Option<&Path> {
        // A directory that is not there, or has nothing in it, needs no further look.
        let _ = fs::read_dir(self.directory).ok()?.next()?;
        self.targets
            .iter()
            .map(|(path, _)| path.as_path())
            .find(|path| path.exists())
    }

    /// Writes the files, many at a time, each with one call to the system. None is ever there half; `stop` ends the
    /// work between two files.
    ///
    /// # Errors
    /// When a file cannot be written, or frames cannot be read again.
    pub fn write(&self, reader: &FrameReader, threads: usize, stop: &AtomicBool) -> Result<()> {
        let directories = std::iter::once(PathBuf::new()).chain(self.names.directories());
        for directory in directories.map(|name| self.directory.join(name)) {
            fs::create_dir_all(&directory).map_err(|source| Error::Write {
                path: directory,
                source,
            })?;
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(io::Error::other)?;
        pool.install(|| {
            (0..self.targets.len()).into_par_iter().try_for_each_init(
                Buffers::default,
                |buffers, position| {
                    if stop.load(Ordering::Relaxed) {
                        Ok(())
                    } else {
                        self.write_one(position, reader, buffers)
                    }
                },
            )
        })
    }

    fn write_one(
        &self,
        position: usize,
        reader: &FrameReader,
        buffers: &mut Buffers,
    ) -> Result<()> {
        let (Some(call), Some((path, format))) =
            (self.calls.get(position), self.targets.get(position))
        else {
            return Ok(());
        };
        buffers.octets.clear();
        buffers.file.clear();
        for frame in call.frames() {
            reader.read(frame, &mut buffers.octets)?;
        }
        let mut rest = buffers.octets.as_slice();
        let frames = call.frames().map(|frame| {
            let (octets, behind) = rest.split_at(rest.len().min(frame.captured as usize));
            rest = behind;
            (frame, octets)
        });
        let result = encode(frames, *format, &mut buffers.file)
            .and_then(|()| write_whole(path, position, &buffers.file));
        result.map_err(|source| Error::Write {
            path: path.clone(),
            source,
        })
    }
}

/// Writes a file under a temporary name and gives it its own when it is whole. So no half file has a final name, and
/// what is behind a link stays as it is.
fn write_whole(path: &Path, position: usize, octets: &[u8]) -> io::Result<()> {
    let temporary = path.with_file_name(format!(".sipcap-{position}.tmp"));
    let result = File::create(&temporary)
        .and_then(|mut file| file.write_all(octets))
        .and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        // If even that fails there is nothing left to do.
        let _ = fs::remove_file(&temporary);
    }
    result
}

/// Buffers of a thread.
#[derive(Default)]
struct Buffers {
    octets: Vec<u8>,
    file: Vec<u8>,
}
