//! Where data go: the standard output, or a file that appears when it is whole.

use std::{
    fs,
    io::{self, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use tempfile::NamedTempFile;

/// A destination for data.
pub(crate) enum Output {
    /// The standard output; written line by line when somebody watches.
    Stdout(BufWriter<io::Stdout>, bool),
    /// A file under a temporary name, and whether it may take the place of one that exists.
    File(BufWriter<NamedTempFile>, PathBuf, bool),
    /// A device or a pipe, which is written to as it is.
    Device(BufWriter<fs::File>, PathBuf),
}

impl Output {
    /// Opens the file at `path`, or the standard output.
    ///
    /// Refuses a file that exists, unless forced, and one that is among the inputs.
    pub(crate) fn open(
        path: Option<&Path>,
        force: bool,
        inputs: &[PathBuf],
    ) -> anyhow::Result<Self> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            let stdout = io::stdout();
            let is_watched = stdout.is_terminal();
            return Ok(Self::Stdout(
                BufWriter::with_capacity(1 << 16, stdout),
                is_watched,
            ));
        };
        refuse(path, force, inputs)?;
        // Renaming a file onto a device would replace the device.
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            let device = fs::OpenOptions::new().write(true).open(path);
            let device = device.with_context(|| format!("cannot write {}", path.display()))?;
            return Ok(Self::Device(
                BufWriter::with_capacity(1 << 18, device),
                path.to_owned(),
            ));
        }
        let directory = path
            .parent()
            .filter(|parent| *parent != Path::new(""))
            .unwrap_or_else(|| Path::new("."));
        if !directory.is_dir() {
            bail!("{} is no directory; make it first", directory.display());
        }
        let file = tempfile::Builder::new()
            .prefix(".sipcap-")
            .tempfile_in(directory)
            .with_context(|| format!("cannot create a file in {}", directory.display()))?;
        Ok(Self::File(
            BufWriter::with_capacity(1 << 18, file),
            path.to_owned(),
            force,
        ))
    }

    /// Opens the file at `path`, or the standard output, for what goes on: the file is there at once, and grows.
    pub(crate) fn open_growing(path: Option<&Path>, force: bool) -> anyhow::Result<Self> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            return Self::open(None, force, &[]);
        };
        refuse(path, force, &[])?;
        let file = fs::File::create(path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self::Device(
            BufWriter::with_capacity(1 << 16, file),
            path.to_owned(),
        ))
    }

    /// Returns whether a person watches.
    pub(crate) const fn is_terminal(&self) -> bool {
        matches!(self, Self::Stdout(_, true))
    }

    /// Writes what is buffered and gives a file its name.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Stdout(mut stdout, _) => Ok(stdout.flush()?),
            Self::Device(mut device, path) => device
                .flush()
                .with_context(|| format!("cannot write {}", path.display())),
            Self::File(file, path, force) => {
                let error = || format!("cannot write {}", path.display());
                let file = file
                    .into_inner()
                    .map_err(io::IntoInnerError::into_error)
                    .with_context(error)?;
                make_readable(file.as_file()).with_context(error)?;
                // It was not there in the beginning.
                let result = if force {
                    file.persist(&path)
                } else {
                    file.persist_noclobber(&path)
                };
                result.map_err(|error| error.error).with_context(error)?;
                Ok(())
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout, is_watched) => {
                let written = stdout.write(data)?;
                if *is_watched && data.ends_with(b"\n") {
                    stdout.flush()?;
                }
                Ok(written)
            }
            Self::File(file, ..) => file.write(data),
            Self::Device(device, _) => device.write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout, _) => stdout.flush(),
            Self::File(file, ..) => file.flush(),
            Self::Device(device, _) => device.flush(),
        }
    }
}

/// Temporary files are for their owner alone; results are as readable as any new file.
#[cfg(unix)]
fn make_readable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &fs::File) -> io::Result<()> {
    Ok(())
}

/// Fails if `path` must not be written: it exists and nobody forced it, or it is an input.
pub(crate) fn refuse(path: &Path, force: bool, inputs: &[PathBuf]) -> anyhow::Result<()> {
    let Ok(target) = path.canonicalize() else {
        return Ok(());
    };
    let is_input = |input: &&PathBuf| input.canonicalize().is_ok_and(|input| input == target);
    if inputs.iter().any(|input| is_input(&input)) {
        bail!(
            "{} is an input; choose another file to write to",
            path.display()
        );
    }
    if target.is_dir() {
        bail!("{} is a directory; name a file in it", path.display());
    }
    // Devices such as /dev/null are there to be written to.
    if !force && target.is_file() {
        bail!(
            "{} exists; choose another name, or overwrite it with --force",
            path.display()
        );
    }
    Ok(())
}
