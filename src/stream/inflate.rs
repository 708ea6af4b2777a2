//! WebSocket messages compressed with permessage-deflate (RFC 7692).

use flate2::{Decompress, FlushDecompress, Status};

/// What RFC 7692 §7.2.2 puts behind each message.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Decompresses the messages of one direction, which build on each other.
///
/// A sender that begins anew with each message (`no_context_takeover`) never refers back, so nothing need be known
/// of what was agreed upon.
#[derive(Debug)]
pub(super) struct Inflater(Decompress);

impl Default for Inflater {
    fn default() -> Self {
        Self(Decompress::new(false))
    }
}

impl Inflater {
    /// What one takes, in octets: the last 32 KiB that it gave out, tables of codes, and itself.
    pub(super) const SIZE: usize = 48 << 10;

    /// Returns the message that `bytes` are compressed from; `None` if they are not, or it is longer than `limit`.
    pub(super) fn message(&mut self, bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
        let mut message = Vec::with_capacity(bytes.len().saturating_mul(4).clamp(1 << 10, limit));
        for mut input in [bytes, &TAIL] {
            while !input.is_empty() {
                if message.len() >= limit {
                    return None;
                }
                if message.len() == message.capacity() {
                    message.reserve(message.len());
                }
                let before = self.0.total_in();
                let status = self
                    .0
                    .decompress_vec(input, &mut message, FlushDecompress::Sync)
                    .ok()?;
                let used = usize::try_from(self.0.total_in().saturating_sub(before)).ok()?;
                input = input.get(used..)?;
                let is_stuck = used == 0 && message.len() < message.capacity();
                if status == Status::StreamEnd {
                    // A sender may end its last block; what follows begins anew (RFC 7692 §7.2.3.4).
                    self.0.reset(false);
                    return Some(message);
                }
                if is_stuck {
                    return None;
                }
            }
        }
        self.drain(&mut message, limit)?;
        Some(message)
    }

    /// Gets out what did not fit before.
    fn drain(&mut self, message: &mut Vec<u8>, limit: usize) -> Option<()> {
        while message.len() == message.capacity() {
            if message.len() >= limit {
                return None;
            }
            message.reserve(message.len());
            let before = message.len();
            let drained = self.0.decompress_vec(&[], message, FlushDecompress::Sync);
            if drained.is_err() || message.len() == before {
                break;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_rfc_7692_are_decompressed() {
        // RFC 7692 §7.2.3.1 and §7.2.3.2: the second message builds on the first.
        let mut inflater = Inflater::default();
        let first = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let second = [0xf2, 0x00, 0x11, 0x00, 0x00];
        assert_eq!(inflater.message(&first, 1 << 20).unwrap(), b"Hello");
        assert_eq!(inflater.message(&second, 1 << 20).unwrap(), b"Hello");
        // §7.2.3.3: no compression; §7.2.3.4: a final block.
        let stored = [
            0x00, 0x05, 0x00, 0xfa, 0xff, b'H', b'e', b'l', b'l', b'o', 0x00,
        ];
        assert_eq!(inflater.message(&stored, 1 << 20).unwrap(), b"Hello");
        let last = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        assert_eq!(inflater.message(&last, 1 << 20).unwrap(), b"Hello");
        assert_eq!(inflater.message(&first, 1 << 20).unwrap(), b"Hello");
    }

    #[test]
    fn bombs_and_garbage_are_refused() {
        use std::io::Write;
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![0; 1 << 22]).unwrap();
        let bomb = encoder.finish().unwrap();
        assert_eq!(Inflater::default().message(&bomb, 1 << 16), None);
        assert_eq!(Inflater::default().message(&[0xff; 40], 1 << 16), None);
    }
}
