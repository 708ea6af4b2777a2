//! What a file is, by its first octets.

use super::{order::Order, pcap::Variant};

/// How many octets decide what a file is.
pub(super) const SNIFF_BYTES: usize = 12;

/// What the first octets of a file announce.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Pcap(Order, Variant),
    PcapNg,
    Compressed(Compression),
    /// A format that is not read, and what to do about it.
    Foreign(&'static str),
    Empty,
    Unknown,
}

/// How a capture is compressed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Compression {
    /// gzip (RFC 1952), several members included.
    Gzip,
    /// Zstandard (RFC 8878), several frames included.
    Zstd,
    /// LZ4 frames.
    Lz4,
}

impl Compression {
    /// Returns the name used in all outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }
}

/// Tells a file by its first [`SNIFF_BYTES`] octets, or by all of them if it is shorter.
pub(super) const fn sniff(first: &[u8]) -> Kind {
    use {Compression as C, Order as O, Variant as V};
    match first {
        [] => Kind::Empty,
        [0xd4, 0xc3, 0xb2, 0xa1, ..] => Kind::Pcap(O::Little, V::Micros),
        [0xa1, 0xb2, 0xc3, 0xd4, ..] => Kind::Pcap(O::Big, V::Micros),
        [0x4d, 0x3c, 0xb2, 0xa1, ..] => Kind::Pcap(O::Little, V::Nanos),
        [0xa1, 0xb2, 0x3c, 0x4d, ..] => Kind::Pcap(O::Big, V::Nanos),
        [0x34, 0xcd, 0xb2, 0xa1, ..] => Kind::Pcap(O::Little, V::Modified),
        [0xa1, 0xb2, 0xcd, 0x34, ..] => Kind::Pcap(O::Big, V::Modified),
        [0x0a, 0x0d, 0x0d, 0x0a, ..] => Kind::PcapNg,
        [0x1f, 0x8b, ..] => Kind::Compressed(C::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Kind::Compressed(C::Zstd),
        // A skippable frame: lz4 has the same ones, but no tool begins an lz4 file with one.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Kind::Compressed(C::Zstd),
        [0x04, 0x22, 0x4d, 0x18, ..] | [0x02, 0x21, 0x4c, 0x18, ..] => Kind::Compressed(C::Lz4),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            Kind::Foreign("compressed with xz; unpack it first: xz -dk FILE")
        }
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => {
            Kind::Foreign("compressed with bzip2; unpack it first: bzip2 -dk FILE")
        }
        [b'P', b'K', 3, 4, ..] => Kind::Foreign("a zip archive; unpack it first: unzip FILE"),
        [b's', b'n', b'o', b'o', b'p', 0, 0, 0, ..] => {
            Kind::Foreign("a snoop capture (RFC 1761); convert it first: editcap -F pcap FILE OUT")
        }
        [0xa1, 0xb2, 0xc3, 0xcb, ..] | [0xcb, 0xc3, 0xb2, 0xa1, ..] => {
            Kind::Foreign("a stored filter program of libpcap, not a capture")
        }
        [0xa1, 0xb2, 0x34, 0xcd, ..]
        | [0xcd, 0x34, 0xb2, 0xa1, ..]
        | [0xa1, 0x2b, 0x3c, 0x4d, ..]
        | [0x4d, 0x3c, 0x2b, 0xa1, ..] => Kind::Foreign(
            "a variant of pcap that is not documented; try to convert it: editcap -F pcap FILE OUT",
        ),
        [b'R', b'T', b'S', b'S', ..] | [b'G', b'M', b'B', b'U', ..] => Kind::Foreign(
            "a capture of Microsoft Network Monitor; convert it first: editcap -F pcap FILE OUT",
        ),
        _ => Kind::Unknown,
    }
}

/// Says what to do with a file that is nothing known.
pub(super) const UNKNOWN: &str = "not a pcap or pcapng capture (also not compressed with gzip, zstd or lz4); \
    try to convert it: editcap -F pcap FILE OUT; for messages as text use sipcap parse";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magics_are_told_apart() {
        for (first, kind) in [
            (
                &b"\xd4\xc3\xb2\xa1"[..],
                Kind::Pcap(Order::Little, Variant::Micros),
            ),
            (b"\xa1\xb2\xc3\xd4", Kind::Pcap(Order::Big, Variant::Micros)),
            (
                b"\x4d\x3c\xb2\xa1",
                Kind::Pcap(Order::Little, Variant::Nanos),
            ),
            (b"\xa1\xb2\x3c\x4d", Kind::Pcap(Order::Big, Variant::Nanos)),
            (
                b"\x34\xcd\xb2\xa1",
                Kind::Pcap(Order::Little, Variant::Modified),
            ),
            (
                b"\xa1\xb2\xcd\x34",
                Kind::Pcap(Order::Big, Variant::Modified),
            ),
            (b"\x0a\x0d\x0d\x0a", Kind::PcapNg),
            (b"\x1f\x8b", Kind::Compressed(Compression::Gzip)),
            (b"\x28\xb5\x2f\xfd", Kind::Compressed(Compression::Zstd)),
            (b"\x5a\x2a\x4d\x18", Kind::Compressed(Compression::Zstd)),
            (b"\x04\x22\x4d\x18", Kind::Compressed(Compression::Lz4)),
            (b"\x02\x21\x4c\x18", Kind::Compressed(Compression::Lz4)),
            (b"", Kind::Empty),
            (b"\xd4\xc3\xb2", Kind::Unknown),
            (b"INVITE sip:", Kind::Unknown),
        ] {
            assert_eq!(sniff(first), kind, "{first:x?}");
        }
        for first in [
            &b"\xfd7zXZ\0"[..],
            b"BZh9",
            b"snoop\0\0\0",
            b"\xa1\xb2\xc3\xcb",
            b"PK\x03\x04",
        ] {
            assert!(matches!(sniff(first), Kind::Foreign(_)), "{first:x?}");
        }
    }
}
