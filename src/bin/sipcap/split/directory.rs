//! The directory that files are written to.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use hashbrown::HashSet;
use sipcap::{
    pipeline::Summary,
    split::{CallFiles, Existing},
};

/// The directory that files are written to.
pub(crate) struct Directory<'a> {
    path: &'a Path,
    /// What was made for it and is to go again if nothing gets in there, the innermost first.
    made: Vec<&'a Path>,
}

impl<'a> Directory<'a> {
    /// Makes the directory, or checks that files can be written to it.
    pub(crate) fn make(path: &'a Path, existing: Existing) -> anyhow::Result<Self> {
        if path.exists() && !path.is_dir() {
            bail!(
                "{} is a file; name a directory with --output",
                path.display()
            );
        }
        let is_missing = |path: &&Path| !path.as_os_str().is_empty() && !path.exists();
        let directory = Self {
            path,
            made: path.ancestors().take_while(is_missing).collect(),
        };
        if !directory.made.is_empty() {
            fs::create_dir_all(path)
                .with_context(|| format!("cannot make the directory {}", path.display()))?;
        } else if existing == Existing::Refuse && fs::read_dir(path)?.next().is_some() {
            bail!(
                "{} is not empty; choose another directory, add to it with --append, or overwrite files with --force",
                path.display()
            );
        }
        tempfile::tempfile_in(path)
            .with_context(|| format!("cannot write to the directory {}", path.display()))?;
        Ok(directory)
    }

    /// Fails before anything is written if a file would be an input.
    pub(crate) fn refuse_inputs(
        &self,
        files: &CallFiles<'_>,
        summary: &Summary,
    ) -> anyhow::Result<()> {
        let targets: HashSet<_> = files.iter().map(|(_, path)| path).collect();
        let whole = self
            .path
            .canonicalize()
            .unwrap_or_else(|_| self.path.to_owned());
        let inputs = summary.inputs.iter().map(|input| input.path.as_path());
        for input in inputs.filter_map(|path| path.canonicalize().ok()) {
            let within: Result<PathBuf, _> =
                input.strip_prefix(&whole).map(|rest| self.path.join(rest));
            if within.is_ok_and(|path| targets.contains(path.as_path())) {
                bail!(
                    "{} is an input; choose another directory with --output",
                    input.display()
                );
            }
        }
        Ok(())
    }
}

impl Drop for Directory<'_> {
    fn drop(&mut self) {
        // What has something in it stays, as it should.
        let _ = self.made.iter().try_for_each(fs::remove_dir);
    }
}
