//! Reading single frames again, after the pass.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Frame, source::Reread};
use crate::error::{Error, Result};

/// How many files are kept open.
const MAX_OPEN: usize = 64;

/// Reads frames by the place where they stand; threads can share it.
#[derive(Debug)]
pub struct FrameReader {
    sources: Vec<Reread>,
    /// Files opened by path, each in the place that the number of its input leads to.
    open: Mutex<Vec<Option<Opened>>>,
}

#[derive(Clone, Debug)]
struct Opened {
    input: u16,
    file: Arc<File>,
}

impl FrameReader {
    pub(super) fn new(sources: Vec<Reread>) -> Self {
        let places = sources.len().min(MAX_OPEN);
        Self {
            sources,
            open: Mutex::new(vec![None; places]),
        }
    }

    /// Appends the captured octets of `frame` to `buffer`.
    ///
    /// # Errors
    ///
    /// An input that cannot be read any more, has become shorter, or was not kept
    /// ([`InputOptions::rereadable`](super::InputOptions::rereadable)).
    pub fn read(&self, frame: &Frame, buffer: &mut Vec<u8>) -> Result<()> {
        let origin = frame.origin;
        let Some(source) = self.sources.get(usize::from(origin.input)) else {
            return Ok(());
        };
        let before = buffer.len();
        buffer.resize(before.saturating_add(frame.captured as usize), 0);
        let octets = buffer.get_mut(before..).unwrap_or_default();
        let result = match source {
            Reread::Path(path) => self
                .by_path(origin.input, path)
                .and_then(|file| file.read_exact_at(octets, origin.offset)),
            Reread::File(_, file, base) => {
                file.read_exact_at(octets, base.saturating_add(origin.offset))
            }
            Reread::Copied(_, copy) => copy.read_exact_at(octets, origin.offset),
            Reread::Not(_) => Err(io::Error::other("this input cannot be read twice")),
        };
        result.map_err(|error| {
            buffer.truncate(before);
            Error::Read {
                path: source.path().to_owned(),
                offset: origin.offset,
                source: error,
            }
        })
    }

    /// Returns an input's file, opened if it is not open any more.
    fn by_path(&self, input: u16, path: &Path) -> io::Result<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let place = usize::from(input).checked_rem(open.len()).unwrap_or(0);
        match open.get_mut(place) {
            Some(Some(opened)) if opened.input == input => Ok(Arc::clone(&opened.file)),
            place => {
                let file = Arc::new(File::open(path)?);
                if let Some(place) = place {
                    *place = Some(Opened {
                        input,
                        file: Arc::clone(&file),
                    });
                }
                Ok(file)
            }
        }
    }
}
