//! Which files are inputs: those that are named, and those in directories.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::error::{Error, Result};

/// How deep directories are followed.
const MAX_DEPTH: usize = 32;

/// A file that may be an input.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    /// The named directory in which it was found; such a file may be something else than a capture.
    pub(super) found_in: Option<PathBuf>,
    /// Which of the named paths it is, or was found in.
    pub(super) named: usize,
}

/// Lists the files that `paths` name, those of directories in name order.
pub(super) fn candidates(paths: &[PathBuf]) -> Result<Vec<Candidate>> {
    let mut all = Vec::new();
    for (named, path) in paths.iter().enumerate() {
        if path.as_os_str() != "-" && path.is_dir() {
            let mut found = |file| {
                all.push(Candidate {
                    path: file,
                    found_in: Some(path.clone()),
                    named,
                });
            };
            walk(path, 0, &mut found).map_err(|source| Error::Open {
                path: path.clone(),
                source,
            })?;
        } else {
            all.push(Candidate {
                path: path.clone(),
                found_in: None,
                named,
            });
        }
    }
    Ok(all)
}

fn walk(directory: &Path, depth: usize, found: &mut dyn FnMut(PathBuf)) -> io::Result<()> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_unstable_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // Links to directories are not followed: they may lead back.
        if entry.file_type()?.is_dir() {
            if depth < MAX_DEPTH {
                walk(&path, depth.saturating_add(1), found)?;
            }
        } else if path.is_file() {
            found(path);
        }
    }
    Ok(())
}
