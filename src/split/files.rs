//! Writing one capture file for each group.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use flate2::{Compression, write::GzEncoder};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::{
    capture::{About, Frame, FrameReader, InputSummary, LinkType, OutputFormat, encode},
    error::{Error, Result},
    packet::{self, DecodeOptions},
    split::{FileNames, GroupFiles, GroupFrames, NameStyle},
};

/// Which container files are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Container {
    /// pcap, or pcapng for frames of several link types.
    #[default]
    Pcap,
    /// pcapng, with the names of interfaces and a comment.
    PcapNg,
}

/// How files are compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Packing {
    /// By gzip (RFC 1952).
    Gzip,
    /// By Zstandard (RFC 8878).
    Zstd,
}

impl Packing {
    const fn extension(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }
}

/// How the files of a run are written.
#[derive(Debug)]
pub struct FileOptions {
    /// How they are called.
    pub style: NameStyle,
    /// Which container they are.
    pub container: Container,
    /// How they are compressed.
    pub packing: Option<Packing>,
    /// Whether times are written in nanoseconds.
    pub nanos: bool,
    /// How the innermost IP packets are found that are written instead of the frames.
    pub strip_tunnels: Option<DecodeOptions>,
    /// Whether a file that exists keeps its name, and the new one gets another.
    pub keep_existing: bool,
    /// What the frames were read from, for the names of interfaces.
    pub inputs: Vec<InputSummary>,
}

/// What tells a file from others.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Label {
    /// What its name has in it.
    pub name: Vec<u8>,
    /// What a pcapng file says about itself.
    pub comment: String,
}

/// The files of a run: where each goes and in which format.
pub struct CallFiles<'a> {
    groups: &'a GroupFrames,
    directory: &'a Path,
    options: &'a FileOptions,
    label: &'a (dyn Fn(&GroupFiles<'_>) -> Label + Sync),
    names: FileNames,
    targets: Vec<(PathBuf, OutputFormat)>,
}

impl<'a> CallFiles<'a> {
    /// Returns the files for `groups` in `directory`, with a label for each. Nothing is written.
    #[must_use]
    pub fn new(
        groups: &'a GroupFrames,
        directory: &'a Path,
        options: &'a FileOptions,
        label: &'a (dyn Fn(&GroupFiles<'_>) -> Label + Sync),
    ) -> Self {
        let mut names = FileNames::new(options.style.clone(), groups.len());
        let packing = options.packing.map_or("", Packing::extension);
        let target = |group: GroupFiles<'_>| {
            let format = options.format(&group);
            let extension = format!("{}{packing}", format.suffix());
            let name = names.name(&label(&group).name, group.call_id, &extension, |name| {
                options.keep_existing && directory.join(name).exists()
            });
            (directory.join(name), format)
        };
        let targets = groups.iter().map(target).collect();
        Self {
            groups,
            directory,
            options,
            label,
            names,
            targets,
        }
    }

    /// Returns each group with the path of its file.
    pub fn iter(&self) -> impl Iterator<Item = (GroupFiles<'a>, &Path)> {
        self.groups
            .iter()
            .zip(self.targets.iter().map(|(path, _)| path.as_path()))
    }

    /// Writes the files, many at a time, each with one call to the system. None is ever there half; `stop` ends the
    /// work between two files. Returns how many octets each has.
    ///
    /// # Errors
    /// When a file cannot be written, or frames cannot be read again.
    pub fn write(
        &self,
        reader: &FrameReader,
        threads: usize,
        stop: &AtomicBool,
    ) -> Result<Vec<u64>> {
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
            (0..self.targets.len())
                .into_par_iter()
                .map_init(Buffers::default, |buffers, position| {
                    if stop.load(Ordering::Relaxed) {
                        return Ok(0);
                    }
                    self.write_one(position, reader, buffers)
                })
                .collect()
        })
    }

    fn write_one(
        &self,
        position: usize,
        reader: &FrameReader,
        buffers: &mut Buffers,
    ) -> Result<u64> {
        let (Some(group), Some((path, format))) =
            (self.groups.get(position), self.targets.get(position))
        else {
            return Ok(0);
        };
        let comment = match format {
            OutputFormat::PcapNg { .. } => (self.label)(&group).comment,
            OutputFormat::Pcap { .. } => String::new(),
        };
        let about = About {
            comment: &comment,
            inputs: &self.options.inputs,
        };
        buffers.octets.clear();
        buffers.file.clear();
        for frame in group.frames() {
            reader.read(&frame, &mut buffers.octets)?;
        }
        let mut rest = buffers.octets.as_slice();
        let strip = self.options.strip_tunnels.as_ref();
        let frames = group.frames().filter_map(|frame| {
            let (octets, behind) = rest.split_at(rest.len().min(frame.captured as usize));
            rest = behind;
            match strip {
                Some(options) => inner(frame, octets, options),
                None => Some((frame, octets)),
            }
        });
        let result = encode(frames, *format, &about, &mut buffers.file)
            .and_then(|()| buffers.pack(self.options.packing))
            .and_then(|octets| write_whole(path, octets).map(|()| octets.len() as u64));
        result.map_err(|source| Error::Write {
            path: path.clone(),
            source,
        })
    }
}

impl FileOptions {
    /// Returns the format of the file of a group.
    fn format(&self, group: &GroupFiles<'_>) -> OutputFormat {
        let nanos = self.nanos;
        match self.container {
            Container::PcapNg => OutputFormat::PcapNg { nanos },
            Container::Pcap if self.strip_tunnels.is_some() => OutputFormat::Pcap {
                link: LinkType::RAW,
                nanos,
            },
            Container::Pcap => {
                OutputFormat::for_links(group.frames().map(|frame| frame.link), nanos)
            }
        }
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

/// Writes a file under its name with `.part` and gives it its own when it is whole. So no half file has a final name, and
/// what is behind a link stays as it is.
fn write_whole(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let result = File::create(part)
        .and_then(|mut file| file.write_all(octets))
        .and_then(|()| fs::rename(part, path));
    if result.is_err() {
        // If even that fails there is nothing left to do.
        let _ = fs::remove_file(part);
    }
    result
}

/// Buffers of a thread.
#[derive(Default)]
struct Buffers {
    octets: Vec<u8>,
    file: Vec<u8>,
    packed: Vec<u8>,
}

impl Buffers {
    /// Returns the file, compressed if it is to be.
    fn pack(&mut self, packing: Option<Packing>) -> io::Result<&[u8]> {
        match packing {
            None => return Ok(&self.file),
            Some(Packing::Gzip) => {
                self.packed.clear();
                let mut encoder = GzEncoder::new(&mut self.packed, Compression::default());
                encoder.write_all(&self.file)?;
                encoder.finish()?;
            }
            Some(Packing::Zstd) => {
                self.packed = compress_to_vec(self.file.as_slice(), CompressionLevel::Fastest);
            }
        }
        Ok(&self.packed)
    }
}
