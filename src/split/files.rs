//! Writing one capture file for each group.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use hashbrown::HashSet;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::{
    capture::{About, Frame, FrameReader, InputSummary, LinkType, OutputFormat, Packing},
    error::Result,
    packet::DecodeOptions,
    split::{
        FileNames, GroupFiles, GroupFrames, NameStyle,
        file_writer::{Buffers, FileWriter, How},
    },
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
    /// What becomes of files that exist.
    pub existing: Existing,
    /// What no file may be called, by whole paths.
    pub reserved: Vec<PathBuf>,
    /// What the frames were read from, for the names of interfaces.
    pub inputs: Vec<InputSummary>,
}

/// What becomes of a file that exists when another one is to have its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Existing {
    /// Nothing: there should be none, and it is an error.
    Refuse,
    /// It stays, and the new one gets another name.
    Keep,
    /// The new one takes its place.
    Overwrite,
}

/// What tells a file from others.
pub trait Labels: Sync {
    /// Returns what the name of a group's file has in it.
    fn name(&self, group: &GroupFiles<'_>) -> Vec<u8>;

    /// Returns what a pcapng file says about itself.
    fn comment(&self, group: &GroupFiles<'_>) -> String;
}

/// The files of a run: where each goes and in which format.
pub struct CallFiles<'a> {
    groups: &'a GroupFrames,
    directory: &'a Path,
    options: &'a FileOptions,
    labels: &'a dyn Labels,
    names: Mutex<FileNames>,
    /// What is not to be overwritten, as names are compared.
    reserved: HashSet<String>,
    targets: Vec<(PathBuf, OutputFormat)>,
}

/// A file that was written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileWritten {
    /// Where it is.
    pub path: PathBuf,
    /// How many octets it has.
    pub bytes: u64,
    /// How many frames are in it.
    pub frames: usize,
}

/// What came of writing files.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The file of each group; nothing where there was nothing to write, or no time.
    pub files: Vec<Option<FileWritten>>,
    /// Where the frames stand that were left out of some file: input and offset, in order.
    pub left: Vec<(u16, u64)>,
}

impl<'a> CallFiles<'a> {
    /// Returns the files for `groups` in `directory`, each with a label. Nothing is written.
    #[must_use]
    pub fn new(
        groups: &'a GroupFrames,
        directory: &'a Path,
        options: &'a FileOptions,
        labels: &'a dyn Labels,
    ) -> Self {
        let fold = |path: &PathBuf| path.to_string_lossy().to_ascii_lowercase();
        let mut files = Self {
            groups,
            directory,
            options,
            labels,
            names: Mutex::new(FileNames::new(options.style.clone(), groups.len())),
            reserved: options.reserved.iter().map(fold).collect(),
            targets: Vec::new(),
        };
        let whole = directory.canonicalize().ok();
        let target = |group: GroupFiles<'_>| {
            let format = options.format(&group);
            (files.name(&group, format, whole.as_deref()), format)
        };
        files.targets = groups.iter().map(target).collect();
        files
    }

    /// Returns the path for the file of a group: one that no other group has.
    fn name(&self, group: &GroupFiles<'_>, format: OutputFormat, whole: Option<&Path>) -> PathBuf {
        let packing = self.options.packing.map_or("", Packing::extension);
        let extension = format!("{}{packing}", format.suffix());
        let is_kept = |name: &Path| {
            self.options.existing == Existing::Keep
                && self.directory.join(name).symlink_metadata().is_ok()
        };
        let is_reserved = |name: &Path| {
            let path = whole.unwrap_or(self.directory).join(name);
            !self.reserved.is_empty()
                && self
                    .reserved
                    .contains(&path.to_string_lossy().to_ascii_lowercase())
        };
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let name = names.name(
            &self.labels.name(group),
            group.call_id,
            &extension,
            |name| is_kept(name) || is_reserved(name),
        );
        self.directory.join(name)
    }

    /// Returns each group with the path that its file is to have.
    pub fn iter(&self) -> impl Iterator<Item = (GroupFiles<'a>, &Path)> {
        self.groups
            .iter()
            .zip(self.targets.iter().map(|(path, _)| path.as_path()))
    }

    /// Writes the files, many at a time. None is ever there half; `stop` ends the work between two files. The directory
    /// has to exist.
    ///
    /// # Errors
    /// When a file cannot be written, or frames cannot be read again.
    pub fn write(
        &self,
        reader: &FrameReader,
        threads: usize,
        stop: &AtomicBool,
    ) -> Result<Written> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(io::Error::other)?;
        let left = Mutex::new(Vec::new());
        let files: Result<Vec<_>> = pool.install(|| {
            (0..self.targets.len())
                .into_par_iter()
                .map_init(Buffers::default, |buffers, position| {
                    if stop.load(Ordering::Relaxed) {
                        return Ok(None);
                    }
                    self.write_one(position, reader, buffers, &left)
                })
                .collect()
        });
        let mut left = left.into_inner().unwrap_or_else(PoisonError::into_inner);
        left.sort_unstable();
        left.dedup();
        Ok(Written {
            files: files?,
            left,
        })
    }

    fn write_one(
        &self,
        position: usize,
        reader: &FrameReader,
        buffers: &mut Buffers,
        left: &Mutex<Vec<(u16, u64)>>,
    ) -> Result<Option<FileWritten>> {
        let (Some(group), Some((path, format))) =
            (self.groups.get(position), self.targets.get(position))
        else {
            return Ok(None);
        };
        let comment = match format {
            OutputFormat::PcapNg { .. } => self.labels.comment(&group),
            OutputFormat::Pcap { .. } => String::new(),
        };
        let about = About {
            comment: &comment,
            inputs: &self.options.inputs,
        };
        let mut writer = FileWriter::new(path, self.directory, self.options.packing);
        writer.write(
            group.frames(),
            &How {
                format: *format,
                about,
                reader,
                strip: self.options.strip_tunnels.as_ref(),
            },
            buffers,
            &mut |frame: &Frame| {
                let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
                left.push((frame.origin.input, frame.origin.offset));
            },
        )?;
        let existing = self.options.existing;
        // Another run may write to the same directory.
        let again = || {
            let whole = self.directory.canonicalize().ok();
            (existing == Existing::Keep).then(|| self.name(&group, *format, whole.as_deref()))
        };
        writer.finish(existing == Existing::Overwrite, again)
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
