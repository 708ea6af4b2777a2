//! The files besides those of the calls.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::bail;
use sipcap::{
    capture::{InputSummary, Inputs},
    report::FileRow,
    split::Existing,
};

use crate::{
    output::Output,
    packets::Packets,
    split::{Manifest, write_rest},
};

/// Which files are wanted besides those of the calls.
pub(crate) struct Wanted<'a> {
    pub(crate) errors: Option<&'a Path>,
    pub(crate) rest: Option<&'a Path>,
    pub(crate) manifest: Option<&'a Path>,
    /// What becomes of those that exist.
    pub(crate) existing: Existing,
    /// Whether cells of the manifest are made harmless for spreadsheets.
    pub(crate) csv_safe: bool,
}

/// The files besides those of the calls.
pub(crate) struct Extras {
    errors: Option<Output>,
    rest: Option<Output>,
    manifest: Option<Manifest>,
    /// Where they are.
    places: Vec<PathBuf>,
}

impl Extras {
    /// Opens them, so that nothing is read in vain.
    pub(crate) fn open(wanted: &Wanted<'_>, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        let captures = [("--errors", wanted.errors), ("--rest", wanted.rest)];
        let mut places = Vec::new();
        for (option, path) in captures
            .into_iter()
            .chain([("--manifest", wanted.manifest)])
        {
            let Some(path) = path else {
                continue;
            };
            if path == Path::new("-") {
                bail!("{option} needs a file; the standard output has the paths");
            }
            let place = place(path);
            if places.contains(&place) {
                bail!("{} is to be two files; name another", path.display());
            }
            places.push(place);
        }
        let force = wanted.existing == Existing::Overwrite;
        if wanted.existing == Existing::Keep {
            for (option, path) in captures {
                if let Some(path) = path.filter(|path| path.is_file()) {
                    bail!(
                        "{} exists, and --append adds to directories and manifests only; name another file with {option}",
                        path.display()
                    );
                }
            }
        }
        let open = |path: &Path| Output::open(Some(path), force, inputs);
        let manifest = |path: &Path| Manifest::open(path, wanted.existing, wanted.csv_safe, inputs);
        Ok(Self {
            errors: wanted.errors.map(open).transpose()?,
            rest: wanted.rest.map(open).transpose()?,
            manifest: wanted.manifest.map(manifest).transpose()?,
            places,
        })
    }

    /// Returns where they are: no other file may be there.
    pub(crate) fn places(&self) -> Vec<PathBuf> {
        self.places.clone()
    }

    pub(crate) fn write_errors(
        &mut self,
        packets: Option<&Packets>,
        inputs: &Inputs,
    ) -> anyhow::Result<()> {
        if let (Some(packets), Some(output)) = (packets, self.errors.take()) {
            packets.write(inputs, output)?;
        }
        Ok(())
    }

    /// Writes all frames but those at `places`.
    pub(crate) fn write_rest(
        &mut self,
        inputs: &mut Inputs,
        summaries: &[InputSummary],
        places: &[(u16, u64)],
    ) -> anyhow::Result<()> {
        if let Some(output) = self.rest.take() {
            write_rest(inputs, summaries, places, output)?;
        }
        Ok(())
    }

    /// Prints the paths, and writes the manifest: each file comes with what makes its row.
    pub(crate) fn tell<'r>(
        mut self,
        files: impl Iterator<Item = (&'r Path, impl FnOnce() -> FileRow<'r>)>,
        print0: bool,
    ) -> anyhow::Result<()> {
        let mut output = Output::open(None, false, &[])?;
        let end = if print0 { b"\0" } else { b"\n" };
        for (path, row) in files {
            output.write_all(path.as_os_str().as_encoded_bytes())?;
            output.write_all(end)?;
            if let Some(manifest) = &mut self.manifest {
                manifest.write(&row())?;
            }
        }
        output.finish()?;
        self.manifest.map(Manifest::finish).transpose()?;
        Ok(())
    }
}

/// Returns where a file is, or is going to be, whatever it is called by.
fn place(path: &Path) -> PathBuf {
    if let Ok(place) = path.canonicalize() {
        return place;
    }
    let parent = path
        .parent()
        .filter(|parent| *parent != Path::new(""))
        .unwrap_or_else(|| Path::new("."));
    let whole = parent.canonicalize().unwrap_or_else(|_| parent.to_owned());
    whole.join(path.file_name().unwrap_or_default())
}
