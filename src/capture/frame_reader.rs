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

/// Frames that are not further apart than this are read at once, as many as this together: less is copied in vain than
/// another call to the system takes.
const MAX_GAP: u64 = 2 << 10;
const MAX_RUN: u64 = 128 << 10;

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
        self.read_all(std::slice::from_ref(frame), buffer)
    }

    /// Appends the captured octets of all `frames` to `buffer`, one behind the other.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn read_all(&self, frames: &[Frame], buffer: &mut Vec<u8>) -> Result<()> {
        let mut opened: Option<Opened> = None;
        let mut rest = frames;
        while let Some(first) = rest.first() {
            let count = run_len(rest);
            let (run, behind) = rest.split_at(count);
            rest = behind;
            let Some(source) = self.sources.get(usize::from(first.origin.input)) else {
                continue;
            };
            let before = buffer.len();
            if let Err(error) = self.read_run(source, run, &mut opened, buffer) {
                buffer.truncate(before);
                return Err(Error::Read {
                    path: source.path().to_owned(),
                    offset: first.origin.offset,
                    source: error,
                });
            }
        }
        Ok(())
    }

    /// Reads frames that stand close together at once; what is between them goes again.
    fn read_run(
        &self,
        source: &Reread,
        run: &[Frame],
        opened: &mut Option<Opened>,
        buffer: &mut Vec<u8>,
    ) -> io::Result<()> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            return Ok(());
        };
        let start = first.origin.offset;
        let behind = |octets: u64| usize::try_from(octets).map_err(io::Error::other);
        let len = behind(end(last).saturating_sub(start))?;
        let before = buffer.len();
        buffer.resize(before.saturating_add(len), 0);
        let octets = buffer.get_mut(before..).unwrap_or_default();
        self.fill(source, first.origin.input, opened, (octets, start))?;
        let mut kept = before;
        for frame in run {
            let at = before.saturating_add(behind(frame.origin.offset.saturating_sub(start))?);
            let end = at.saturating_add(frame.captured as usize);
            if at != kept {
                buffer.copy_within(at..end, kept);
            }
            kept = kept.saturating_add(frame.captured as usize);
        }
        buffer.truncate(kept);
        Ok(())
    }

    /// Fills `octets` with those of an input that stand at `start`.
    pub(super) fn read_exact(&self, input: u16, octets: &mut [u8], start: u64) -> io::Result<()> {
        let source = self.sources.get(usize::from(input));
        let source = source.ok_or(io::ErrorKind::NotFound)?;
        self.fill(source, input, &mut None, (octets, start))
    }

    fn fill(
        &self,
        source: &Reread,
        input: u16,
        opened: &mut Option<Opened>,
        (octets, start): (&mut [u8], u64),
    ) -> io::Result<()> {
        match source {
            Reread::Path(path) => {
                let file = match opened {
                    Some(opened) if opened.input == input => &opened.file,
                    _ => {
                        let file = self.by_path(input, path)?;
                        &opened.insert(Opened { input, file }).file
                    }
                };
                file.read_exact_at(octets, start)
            }
            Reread::File(_, file, base) => file.read_exact_at(octets, base.saturating_add(start)),
            Reread::Copied(_, copy) => copy.read_exact_at(octets, start),
            Reread::Not(_) => Err(io::Error::other("this input cannot be read twice")),
        }
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

fn end(frame: &Frame) -> u64 {
    frame
        .origin
        .offset
        .saturating_add(u64::from(frame.captured))
}

/// Returns how many of the first frames stand close together in one input.
fn run_len(frames: &[Frame]) -> usize {
    let Some(first) = frames.first() else {
        return 0;
    };
    let is_next = |pair: &&[Frame]| {
        let [one, next] = pair else {
            return false;
        };
        let gap = next.origin.offset.checked_sub(end(one));
        let len = end(next).saturating_sub(first.origin.offset);
        one.origin.input == next.origin.input
            && gap.is_some_and(|gap| gap <= MAX_GAP)
            && len <= MAX_RUN
    };
    frames
        .windows(2)
        .take_while(is_next)
        .count()
        .saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        capture::{LinkType, Origin},
        time::Timestamp,
    };

    fn frame(input: u16, offset: u64, captured: u32) -> Frame {
        Frame {
            origin: Origin {
                input,
                number: 0,
                offset,
            },
            ts: Timestamp::default(),
            captured,
            orig_len: captured,
            link: LinkType::RAW,
            interface: 0,
        }
    }

    #[test]
    fn frames_come_as_they_are_asked_for() {
        let octets: Vec<u8> = (0..400_000_u32).map(|at| (at % 251) as u8).collect();
        let dir = tempfile::tempdir().unwrap();
        let paths = ["a", "b"].map(|name| dir.path().join(name));
        std::fs::write(&paths[0], &octets).unwrap();
        std::fs::write(&paths[1], &octets[7..]).unwrap();
        let reader = FrameReader::new(paths.map(Reread::Path).to_vec());
        // Side by side, with the gap of a header, far off, backwards, of another file, empty, and more than is read at once.
        let places = [
            (0, 24, 10),
            (0, 34, 6),
            (0, 56, 100),
            (0, 3000, 5),
            (0, 2990, 5),
            (1, 3000, 5),
            (1, 3100, 0),
            (0, 3200, 130_000),
            (0, 133_216, 90_000),
            (0, 223_216, 60_000),
        ];
        let frames = places.map(|(input, offset, captured)| frame(input, offset, captured));
        let expected = places.map(|(input, offset, captured)| {
            let start = offset as usize + 7 * usize::from(input);
            &octets[start..start + captured as usize]
        });
        let mut found = b"before".to_vec();
        reader.read_all(&frames, &mut found).unwrap();
        assert_eq!(found, [b"before", expected.concat().as_slice()].concat());
        let mut found = b"before".to_vec();
        let behind = [frame(0, 24, 10), frame(0, 399_999, 2)];
        assert!(reader.read_all(&behind, &mut found).is_err());
    }
}
