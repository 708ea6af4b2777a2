//! The octets of the latest frames of a capture that goes on: what is made of a frame comes a little later.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    capture::{Batch, Frame, InputSummary, Interface, Witness},
    time::Timestamp,
};

/// How long frames are kept at least if there is room: fragments and segments may wait so long for others.
const KEPT: i64 = 60_000_000_000;

/// Sees all frames, and keeps the latest.
#[derive(Debug)]
pub struct FrameWindow {
    shared: Arc<Mutex<Window>>,
    most: usize,
}

/// Asks for the octets of frames.
#[derive(Clone, Debug)]
pub struct WindowReader(Arc<Mutex<Window>>);

#[derive(Debug, Default)]
struct Window {
    /// In the order of their offsets.
    pieces: VecDeque<Piece>,
    bytes: usize,
    about: InputSummary,
}

#[derive(Debug)]
struct Piece {
    offset: u64,
    octets: Vec<u8>,
    newest: Timestamp,
}

impl FrameWindow {
    /// Returns a window of `most` octets.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            shared: Arc::default(),
            most,
        }
    }

    /// Returns who can be asked for octets.
    #[must_use]
    pub fn reader(&self) -> WindowReader {
        WindowReader(Arc::clone(&self.shared))
    }
}

impl Witness for FrameWindow {
    fn frames(&mut self, batch: &Batch, interfaces: &[Interface]) {
        let newest = batch.records.iter().map(|record| record.ts).max();
        let Some(newest) = newest else { return };
        let mut window = lock(&self.shared);
        if window.about.interfaces.len() < interfaces.len() {
            window.about.interfaces = interfaces.to_vec();
        }
        let mut spare = None;
        while let Some(oldest) = window.pieces.front() {
            let is_old = newest.since(oldest.newest) > KEPT;
            if !is_old && window.bytes + batch.bytes.len() <= self.most {
                break;
            }
            if let Some(piece) = window.pieces.pop_front() {
                window.bytes -= piece.octets.len();
                spare = Some(piece.octets);
            }
        }
        // Mostly as many octets come as go.
        let mut octets = spare.unwrap_or_default();
        octets.clear();
        octets.extend_from_slice(&batch.bytes);
        window.bytes += octets.len();
        window.pieces.push_back(Piece {
            offset: batch.offset,
            octets,
            newest,
        });
    }
}

impl WindowReader {
    /// Hands the captured octets of each frame to `take`; returns how many frames are there no more.
    pub fn read(&self, frames: &[Frame], mut take: impl FnMut(&Frame, &[u8])) -> u64 {
        let window = lock(&self.0);
        let mut gone = 0;
        for frame in frames {
            match window.octets(frame) {
                Some(octets) => take(frame, octets),
                None => gone += 1,
            }
        }
        gone
    }

    /// Returns what is known of the capture.
    #[must_use]
    pub fn about(&self) -> InputSummary {
        lock(&self.0).about.clone()
    }
}

impl Window {
    fn octets(&self, frame: &Frame) -> Option<&[u8]> {
        let offset = frame.origin.offset;
        let behind = self.pieces.partition_point(|piece| piece.offset <= offset);
        let piece = self.pieces.get(behind.checked_sub(1)?)?;
        let start = usize::try_from(offset - piece.offset).ok()?;
        let end = start.checked_add(frame.captured as usize)?;
        piece.octets.get(start..end)
    }
}

fn lock(window: &Mutex<Window>) -> MutexGuard<'_, Window> {
    window.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{LinkType, Origin};
    use crate::{capture::Record, span::Span};

    fn batch(offset: u64, second: i64, octets: &[u8]) -> Batch {
        Batch {
            offset,
            bytes: octets.to_vec(),
            records: vec![Record {
                ts: Timestamp::from_parts(second, 0),
                data: Span::new(0, octets.len()),
                orig_len: 0,
                link: LinkType::RAW,
                interface: 0,
                fcs_len: 0,
            }],
            ..Batch::default()
        }
    }

    fn frame(offset: u64, captured: u32) -> Frame {
        Frame {
            origin: Origin {
                offset,
                ..Origin::default()
            },
            ts: Timestamp::default(),
            captured,
            orig_len: captured,
            link: LinkType::RAW,
            interface: 0,
        }
    }

    #[test]
    fn octets_are_there_as_long_as_there_is_room_and_time() {
        let mut window = FrameWindow::new(8);
        let reader = window.reader();
        let read = |frames: &[Frame]| {
            let mut octets = Vec::new();
            let gone = reader.read(frames, |_, of| octets.extend_from_slice(of));
            (octets, gone)
        };
        assert_eq!(read(&[frame(0, 2)]), (vec![], 1));
        window.frames(&batch(0, 0, b"abcd"), &[]);
        window.frames(&batch(4, 1, b"efgh"), &[]);
        let all = [frame(5, 3), frame(0, 4), frame(2, 1)];
        assert_eq!(read(&all), (b"fghabcdc".to_vec(), 0));
        // Across a border, and behind the end.
        assert_eq!(read(&[frame(2, 4), frame(8, 1), frame(7, 2)]).1, 3);
        window.frames(&batch(8, 2, b"i"), &[]);
        assert_eq!(read(&[frame(0, 4), frame(4, 1)]), (b"e".to_vec(), 1));
        window.frames(&batch(9, 70, b"j"), &[]);
        assert_eq!(
            read(&[frame(4, 1), frame(8, 1), frame(9, 1)]),
            (b"j".to_vec(), 2)
        );
    }
}
