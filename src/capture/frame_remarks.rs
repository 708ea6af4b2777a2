//! What pcapng tells of single frames besides their octets, read again after the pass.

use std::io;

use super::{Frame, FrameReader, Remarks, order::Order, pcapng};

/// The octets of a block before those of its frame, in both blocks that have options.
const HEAD: usize = 28;
/// The longest list of options that is read.
const MAX_OPTIONS: usize = 1 << 20;
/// The blocks of frames that have options: enhanced packets and their predecessors.
const KINDS: [u32; 2] = [6, 2];

/// `opt_comment` and `epb_flags`.
const COMMENT: u16 = 1;
const FLAGS: u16 = 2;

impl FrameReader {
    /// Returns what a pcapng input tells of a frame. What is no such block, or a damaged one, tells nothing.
    #[must_use]
    pub fn remarks(&self, frame: &Frame) -> Remarks {
        self.options(frame).unwrap_or_default()
    }

    fn options(&self, frame: &Frame) -> io::Result<Remarks> {
        let mut head = [0; HEAD];
        let origin = frame.origin;
        let Some(start) = origin.offset.checked_sub(HEAD as u64) else {
            return Ok(Remarks::default());
        };
        self.read_exact(origin.input, &mut head, start)?;
        let Some((order, len)) = framed(&head, frame.captured) else {
            return Ok(Remarks::default());
        };
        let mut list = vec![0; len];
        let padded = u64::from(frame.captured).next_multiple_of(4);
        self.read_exact(
            origin.input,
            &mut list,
            origin.offset.saturating_add(padded),
        )?;
        let mut remarks = Remarks::default();
        for (code, value) in pcapng::options(order, &list) {
            match code {
                COMMENT => remarks
                    .comments
                    .push(String::from_utf8_lossy(value).into_owned()),
                FLAGS => remarks.flags = order.u32(value, 0),
                _ => {}
            }
        }
        Ok(remarks)
    }
}

/// Returns the byte order of a block and how long its list of options is, if its head is one of a frame of so many octets.
fn framed(head: &[u8; HEAD], captured: u32) -> Option<(Order, usize)> {
    let order = [Order::Little, Order::Big].into_iter().find(|order| {
        let kind = order.u32(head, 0);
        kind.is_some_and(|kind| KINDS.contains(&kind))
    })?;
    let len = order.u32(head, 4)? as usize;
    if order.u32(head, 20)? != captured {
        return None;
    }
    let before = HEAD.checked_add((captured as usize).checked_next_multiple_of(4)?)?;
    let options = len
        .next_multiple_of(4)
        .checked_sub(before)?
        .checked_sub(4)?;
    (1..=MAX_OPTIONS)
        .contains(&options)
        .then_some((order, options))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{
        Batch, InputOptions, Inputs,
        sample::{interface, packet, section},
    };

    /// Returns what is told of each frame of a file.
    fn remarks(blocks: &[Vec<u8>]) -> Vec<Remarks> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.pcapng");
        std::fs::write(&path, blocks.concat()).unwrap();
        let mut inputs = Inputs::open(&[path], &InputOptions::default()).unwrap();
        let mut frames = Vec::new();
        let mut batch = Batch::default();
        while inputs.next_batch(&mut batch).unwrap() {
            frames.extend((0..batch.records.len()).filter_map(|index| batch.frame(index)));
        }
        let reader = inputs.frame_reader();
        frames.iter().map(|frame| reader.remarks(frame)).collect()
    }

    #[test]
    fn comments_and_flags_are_read_again() {
        // draft-ietf-opsawg-pcapng §3.5 and §4.3.1: code, length, value, padding; inbound is 1.
        let list = b"\x01\0\x05\0first\0\0\0\x02\0\x04\0\x01\0\0\0\x01\0\x02\0\xc3\xa4\0\0\0\0\0\0";
        let found = remarks(&[
            section(false),
            interface(1, b""),
            packet(0, 1, b"abcde", list),
            packet(0, 2, b"abcd", b""),
            packet(0, 3, b"", b"\x01\0\x03\0one\0"),
        ]);
        let told = |flags, comments: &[&str]| Remarks {
            flags,
            comments: comments.iter().map(ToString::to_string).collect(),
        };
        let expected = [
            told(Some(1), &["first", "ä"]),
            Remarks::default(),
            told(None, &["one"]),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn other_heads_tell_nothing() {
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(b"\x06\0\0\0\x2c\0\0\0");
        head[20] = 5;
        // 44 octets: 28 and 8 for the frame, 4 for options, 4 for the length once more.
        assert_eq!(framed(&head, 5), Some((Order::Little, 4)));
        for (at, octet) in [(0, 3), (4, 0x28), (4, 0), (7, 0xff), (20, 6)] {
            let mut other = head;
            other[at] = octet;
            assert_eq!(framed(&other, 5), None, "{at}");
        }
        assert_eq!(framed(&head, u32::MAX), None);
    }
}
