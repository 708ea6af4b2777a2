//! Decompression: gzip members, zstd frames and lz4 frames, one after the other.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::Compression;

/// How many compressed octets are read at once.
const BUFFER_BYTES: usize = 128 << 10;

/// Returns a reader of what is compressed in `source`.
///
/// Its errors are of the kinds `UnexpectedEof`, `InvalidData`, `InvalidInput` and `Other` when the data are to
/// blame; those of the source itself are passed on.
pub(super) fn decoder(
    compression: Compression,
    source: Box<dyn Read + Send>,
) -> Box<dyn Read + Send> {
    let source = BufReader::with_capacity(BUFFER_BYTES, source);
    match compression {
        Compression::Gzip => Box::new(MultiGzDecoder::new(source)),
        Compression::Zstd => Box::new(ZstdFrames::new(source)),
        Compression::Lz4 => Box::new(Lz4Frames::new(source)),
    }
}

/// The zstd frames of a source as one stream. Skippable frames are skipped.
struct ZstdFrames<R> {
    source: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    fn new(source: R) -> Self {
        Self {
            source,
            decoder: FrameDecoder::new(),
            in_frame: false,
        }
    }

    /// Begins the next frame; `false` at the end of the source.
    fn begin(&mut self) -> io::Result<bool> {
        while let Some(magic) = magic(&mut self.source)? {
            if is_skippable(magic) {
                skip_frame(&mut self.source)?;
                continue;
            }
            let frame = Cursor::new(magic).chain(&mut self.source);
            self.decoder.reset(frame).map_err(io::Error::other)?;
            self.in_frame = true;
            return Ok(true);
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame && !self.begin()? {
                return Ok(0);
            }
            // Block by block, so that what is handed over is still in the cache of the processor.
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
            if self.decoder.can_collect() > 0 || buffer.is_empty() {
                return self.decoder.read(buffer);
            }
            self.in_frame = false;
        }
    }
}

/// The lz4 frames of a source as one stream. Skippable frames are skipped.
struct Lz4Frames<R: Read> {
    decoder: lz4_flex::frame::FrameDecoder<Replay<R>>,
    in_frame: bool,
}

impl<R: BufRead> Lz4Frames<R> {
    fn new(source: R) -> Self {
        let source = Replay {
            magic: Cursor::new([0; 4]),
            recent: [u8::MAX; 8],
            source,
        };
        let mut frames = Self {
            decoder: lz4_flex::frame::FrameDecoder::new(source),
            in_frame: false,
        };
        frames.decoder.get_mut().magic.set_position(4);
        frames
    }

    /// Begins the next frame; `false` at the end of the source.
    fn begin(&mut self) -> io::Result<bool> {
        let replay = self.decoder.get_mut();
        while let Some(magic) = magic(&mut replay.source)? {
            if is_skippable(magic) {
                skip_frame(&mut replay.source)?;
                continue;
            }
            replay.magic = Cursor::new(magic);
            replay.recent = [u8::MAX; 8];
            self.in_frame = true;
            return Ok(true);
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Lz4Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame && !self.begin()? {
                return Ok(0);
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.in_frame = false;
            // The decoder takes the end of the source for the end of a frame: look for the end mark.
            let replay = self.decoder.get_mut();
            if replay.source.fill_buf()?.is_empty() && !replay.has_end_mark() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// A source whose first octets were taken away to look at them, and that remembers its latest octets.
struct Replay<R> {
    magic: Cursor<[u8; 4]>,
    recent: [u8; 8],
    source: R,
}

impl<R> Replay<R> {
    /// Returns whether a frame may end here: with its end mark, or with that and a check sum. Legacy frames have
    /// no end mark.
    fn has_end_mark(&self) -> bool {
        let legacy = *self.magic.get_ref() == [0x02, 0x21, 0x4c, 0x18];
        legacy || matches!(self.recent, [.., 0, 0, 0, 0] | [0, 0, 0, 0, ..])
    }
}

impl<R: Read> Read for Replay<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut read = self.magic.read(buffer)?;
        if read == 0 {
            read = self.source.read(buffer)?;
        }
        let fresh = buffer.get(..read).unwrap_or_default();
        if let Some(last) = fresh.last_chunk() {
            self.recent = *last;
        } else {
            self.recent.rotate_left(fresh.len());
            for (recent, octet) in self.recent.iter_mut().rev().zip(fresh.iter().rev()) {
                *recent = *octet;
            }
        }
        Ok(read)
    }
}

/// Reads the magic number of a frame; `None` at the end of the source.
fn magic(source: &mut impl BufRead) -> io::Result<Option<[u8; 4]>> {
    if source.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut magic = [0; 4];
    source.read_exact(&mut magic)?;
    Ok(Some(magic))
}

fn is_skippable(magic: [u8; 4]) -> bool {
    matches!(magic, [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}

/// Skips the rest of a skippable frame (RFC 8878 §3.1.2).
fn skip_frame(source: &mut impl Read) -> io::Result<()> {
    let mut len = [0; 4];
    source.read_exact(&mut len)?;
    let len = u64::from(u32::from_le_bytes(len));
    let skipped = io::copy(&mut source.take(len), &mut io::sink())?;
    if skipped < len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const SKIPPABLE: &[u8] = b"\x5a\x2a\x4d\x18\x03\0\0\0abc";

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn lz4(data: &[u8]) -> Vec<u8> {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    /// A zstd frame with one raw block, built by hand (RFC 8878 §3.1.1).
    fn zstd(data: &[u8]) -> Vec<u8> {
        let mut frame = b"\x28\xb5\x2f\xfd\x20".to_vec();
        frame.push(u8::try_from(data.len()).unwrap());
        let header = u32::try_from(data.len()).unwrap() << 3 | 1;
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.extend_from_slice(data);
        frame
    }

    fn unpack(compression: Compression, packed: &[u8]) -> (Vec<u8>, Option<io::Error>) {
        let mut unpacked = Vec::new();
        let source = Box::new(Cursor::new(packed.to_vec()));
        let error = decoder(compression, source)
            .read_to_end(&mut unpacked)
            .err();
        (unpacked, error)
    }

    #[test]
    fn members_and_frames_are_one_stream() {
        for (compression, packed) in [
            (Compression::Gzip, [gzip(b"one, "), gzip(b"two")].concat()),
            (Compression::Lz4, [lz4(b"one, "), lz4(b"two")].concat()),
            (
                Compression::Lz4,
                [&lz4(b"one, ")[..], SKIPPABLE, &lz4(b"two")].concat(),
            ),
            (
                Compression::Zstd,
                [
                    SKIPPABLE,
                    &zstd(b"one, "),
                    SKIPPABLE,
                    &zstd(b"two"),
                    SKIPPABLE,
                ]
                .concat(),
            ),
        ] {
            let (unpacked, error) = unpack(compression, &packed);
            assert_eq!(unpacked, b"one, two", "{compression:?}");
            assert!(error.is_none(), "{compression:?} {error:?}");
        }
    }

    #[test]
    fn a_cut_is_an_error_after_what_came_before_it() {
        for (compression, packed) in [
            (Compression::Gzip, gzip(b"12345678")),
            (Compression::Lz4, lz4(b"12345678")),
            (Compression::Zstd, zstd(b"12345678")),
        ] {
            let first_len = packed.len();
            let both = [&packed[..], &packed[..]].concat();
            for cut in first_len + 1..both.len() {
                let (unpacked, error) = unpack(compression, &both[..cut]);
                assert!(unpacked.starts_with(b"12345678"), "{compression:?} {cut}");
                assert!(error.is_some(), "{compression:?} {cut}");
            }
        }
    }
}
