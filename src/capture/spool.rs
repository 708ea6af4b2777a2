//! A copy of what cannot be read twice: pipes, and what comes out of a decoder.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// One temporary file for all inputs. It has no name, so nothing is left behind, and it is made when it is needed.
#[derive(Debug, Default)]
pub(super) struct Spool {
    file: OnceLock<File>,
    len: AtomicU64,
}

impl Spool {
    fn file(&self) -> io::Result<&File> {
        match self.file.get() {
            Some(file) => Ok(file),
            None => {
                let file = tempfile::tempfile()?;
                Ok(self.file.get_or_init(|| file))
            }
        }
    }
}

/// The copy of one input, in pieces as it was read.
#[derive(Clone, Debug)]
pub(super) struct Copied {
    spool: Arc<Spool>,
    pieces: Vec<Piece>,
    len: u64,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where it begins in the input.
    offset: u64,
    /// Where it begins in the temporary file.
    place: u64,
}

impl Copied {
    pub(super) fn new(spool: &Arc<Spool>) -> Self {
        Self {
            spool: Arc::clone(spool),
            pieces: Vec::new(),
            len: 0,
        }
    }

    /// Adds the next octets of the input.
    pub(super) fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        let len = octets.len() as u64;
        let place = self.spool.len.fetch_add(len, Ordering::Relaxed);
        self.spool.file()?.write_all_at(octets, place)?;
        let follows = self.pieces.last().is_some_and(|last| {
            let before = self.len.saturating_sub(last.offset);
            last.place.saturating_add(before) == place
        });
        if !follows {
            let offset = self.len;
            self.pieces.push(Piece { offset, place });
        }
        self.len = self.len.saturating_add(len);
        Ok(())
    }

    /// Fills `octets` with those from `offset` of the input on.
    pub(super) fn read_exact_at(&self, octets: &mut [u8], offset: u64) -> io::Result<()> {
        let end = offset.saturating_add(octets.len() as u64);
        if end > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let file = self.spool.file()?;
        let behind = self.pieces.partition_point(|piece| piece.offset <= offset);
        let mut pieces = self.pieces.iter().skip(behind.saturating_sub(1)).peekable();
        let (mut rest, mut at) = (octets, offset);
        while let Some(piece) = pieces.next() {
            let piece_end = pieces.peek().map_or(self.len, |next| next.offset);
            let wanted = piece_end.saturating_sub(at);
            let split = usize::try_from(wanted).map_or(rest.len(), |len| len.min(rest.len()));
            let (now, later) = rest.split_at_mut(split);
            let within = at.saturating_sub(piece.offset);
            file.read_exact_at(now, piece.place.saturating_add(within))?;
            at = piece_end;
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interleaved_copies_are_read_back_across_pieces() {
        let spool = Arc::default();
        let (mut one, mut two) = (Copied::new(&spool), Copied::new(&spool));
        for (copy, octets) in [
            (0, "abc"),
            (0, "def"),
            (1, "12"),
            (0, "g"),
            (1, "345"),
            (0, "hi"),
        ] {
            let copy = if copy == 0 { &mut one } else { &mut two };
            copy.append(octets.as_bytes()).unwrap();
        }
        assert_eq!((one.pieces.len(), two.pieces.len()), (3, 2));
        for (copy, whole) in [(&one, &b"abcdefghi"[..]), (&two, b"12345")] {
            for start in 0..=whole.len() {
                for end in start..=whole.len() {
                    let mut octets = vec![0; end - start];
                    copy.read_exact_at(&mut octets, start as u64).unwrap();
                    assert_eq!(octets, whole[start..end]);
                }
            }
            let mut octets = vec![0; 2];
            assert!(
                copy.read_exact_at(&mut octets, whole.len() as u64 - 1)
                    .is_err()
            );
        }
    }
}
