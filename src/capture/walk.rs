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
}

/// Lists the files that `paths` name, those of directories in name order.
pub(super) fn candidates(paths: &[PathBuf]) -> Result<Vec<Candidate>> {
    let mut all = Vec::new();
    for path in paths {
        if path.as_os_str() != "-" && path.is_dir() {
            walk(path, path, 0, &mut all).map_err(|source| Error::Open {
                path: path.clone(),
                source,
            })?;
        } else {
            all.push(Candidate {
                path: path.clone(),
                found_in: None,
            });
        }
    }
    Ok(all)
}

fn walk(root: &Path, directory: &Path, depth: usize, all: &mut Vec<Candidate>) -> io::Result<()> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_unstable_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // Links to directories are not followed: they may lead back.
        if entry.file_type()?.is_dir() {
            if depth < MAX_DEPTH {
                walk(root, &path, depth.saturating_add(1), all)?;
            }
        } else if path.is_file() {
            all.push(Candidate {
                path,
                found_in: Some(root.to_owned()),
            });
        }
    }
    Ok(())
}
