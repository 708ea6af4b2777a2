//! Compressing files while they are written.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// How files are compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Packing {
    /// By gzip (RFC 1952).
    Gzip,
    /// By Zstandard (RFC 8878).
    Zstd,
}

impl Packing {
    /// Returns what names of such files end with.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Zstd => ".zst",
        }
    }
}

/// Compresses blocks.
#[derive(Debug)]
pub(crate) enum Packer {
    None,
    Gzip(Box<GzEncoder<Vec<u8>>>),
    /// A frame of each block: a file may have several (RFC 8878 §3.1).
    Zstd(Vec<u8>),
}

impl Packer {
    pub(crate) fn new(packing: Option<Packing>) -> Self {
        match packing {
            None => Self::None,
            Some(Packing::Gzip) => {
                Self::Gzip(Box::new(GzEncoder::new(Vec::new(), Compression::default())))
            }
            Some(Packing::Zstd) => Self::Zstd(Vec::new()),
        }
    }

    /// Returns what is to be written of a block.
    pub(crate) fn pack<'b>(&'b mut self, block: &'b [u8]) -> io::Result<&'b [u8]> {
        match self {
            Self::None => Ok(block),
            Self::Gzip(encoder) => {
                // It has been written.
                encoder.get_mut().clear();
                encoder.write_all(block)?;
                Ok(encoder.get_ref())
            }
            Self::Zstd(packed) => {
                *packed = compress_to_vec(block, CompressionLevel::Fastest);
                Ok(packed)
            }
        }
    }

    /// Returns what is to be written in the end.
    pub(crate) fn finish(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => {
                encoder.get_mut().clear();
                encoder.try_finish()?;
                Ok(std::mem::take(encoder.get_mut()))
            }
            Self::None | Self::Zstd(_) => Ok(Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn packed_blocks_are_one_file() {
        let blocks = [vec![1_u8; 3000], (0..=255).collect(), vec![7; 10]];
        for packing in [Packing::Gzip, Packing::Zstd] {
            let mut packer = Packer::new(Some(packing));
            let mut packed = Vec::new();
            for block in &blocks {
                packed.extend_from_slice(packer.pack(block).unwrap());
            }
            packed.extend_from_slice(&packer.finish().unwrap());
            let (mut packed, mut octets) = (packed.as_slice(), Vec::new());
            while packing == Packing::Zstd && !packed.is_empty() {
                let mut decoder = ruzstd::decoding::StreamingDecoder::new(&mut packed).unwrap();
                decoder.read_to_end(&mut octets).unwrap();
            }
            if packing == Packing::Gzip {
                let mut decoder = flate2::read::GzDecoder::new(packed);
                decoder.read_to_end(&mut octets).unwrap();
            }
            assert_eq!(octets, blocks.concat(), "{packing:?}");
        }
    }
}
