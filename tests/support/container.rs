//! Capture files: pcap and pcapng in their variants, compressed or not.

use std::io::Write as _;

/// A frame to be stored.
#[derive(Clone)]
pub(crate) struct Frame {
    pub(crate) ts_ns: i64,
    pub(crate) link: u16,
    pub(crate) bytes: Vec<u8>,
}

/// A file format.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Container {
    PcapMicros,
    PcapMicrosBig,
    PcapNanos,
    PcapNanosBig,
    /// Alexey Kuznetzov's variant, with eight more octets in each record header.
    PcapModified,
    /// Microseconds, the default resolution.
    PcapNg,
    /// Nanoseconds, big-endian, with options that readers skip.
    PcapNgBig,
    PcapGzip,
    PcapLz4,
    PcapNgZstd,
}

impl Container {
    pub(crate) const ALL: &'static [Self] = &[
        Self::PcapMicros,
        Self::PcapMicrosBig,
        Self::PcapNanos,
        Self::PcapNanosBig,
        Self::PcapModified,
        Self::PcapNg,
        Self::PcapNgBig,
        Self::PcapGzip,
        Self::PcapLz4,
        Self::PcapNgZstd,
    ];

    /// Returns what is left of a time in this format.
    pub(crate) fn stored(self, ts_ns: i64) -> i64 {
        match self {
            Self::PcapNanos | Self::PcapNanosBig | Self::PcapNgBig => ts_ns,
            _ => ts_ns - ts_ns % 1000,
        }
    }

    /// Returns the octets of a file. Only pcapng takes frames of several link types.
    pub(crate) fn encode(self, frames: &[Frame]) -> Vec<u8> {
        match self {
            Self::PcapMicros => pcap(Order::Little, 0xa1b2_c3d4, frames),
            Self::PcapMicrosBig => pcap(Order::Big, 0xa1b2_c3d4, frames),
            Self::PcapNanos => pcap(Order::Little, 0xa1b2_3c4d, frames),
            Self::PcapNanosBig => pcap(Order::Big, 0xa1b2_3c4d, frames),
            Self::PcapModified => pcap(Order::Little, 0xa1b2_cd34, frames),
            Self::PcapNg => pcapng(Order::Little, 6, frames),
            Self::PcapNgBig => pcapng(Order::Big, 9, frames),
            Self::PcapGzip => {
                // Two members, as `cat a.gz b.gz` makes them.
                let plain = Self::PcapMicros.encode(frames);
                let (start, end) = plain.split_at(plain.len() / 2);
                [gzip(start), gzip(end)].concat()
            }
            Self::PcapLz4 => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder.write_all(&Self::PcapMicros.encode(frames)).unwrap();
                encoder.finish().unwrap()
            }
            Self::PcapNgZstd => ruzstd::encoding::compress_to_vec(
                Self::PcapNg.encode(frames).as_slice(),
                ruzstd::encoding::CompressionLevel::Fastest,
            ),
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The order of octets in numbers.
#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    fn u32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }
}

fn pcap(order: Order, magic: u32, frames: &[Frame]) -> Vec<u8> {
    let link = frames.first().map_or(1, |f| f.link);
    assert!(
        frames.iter().all(|f| f.link == link),
        "pcap knows one link type a file"
    );
    let mut out = Vec::new();
    out.extend(order.u32(magic));
    out.extend(order.u16(2));
    out.extend(order.u16(4));
    for word in [0, 0, 262_144, u32::from(link)] {
        out.extend(order.u32(word));
    }
    for frame in frames {
        let seconds = frame.ts_ns / 1_000_000_000;
        let nanos = frame.ts_ns % 1_000_000_000;
        let fraction = if magic == 0xa1b2_3c4d {
            nanos
        } else {
            nanos / 1000
        };
        let length = frame.bytes.len() as u32;
        for word in [seconds as u32, fraction as u32, length, length] {
            out.extend(order.u32(word));
        }
        if magic == 0xa1b2_cd34 {
            // Interface index, protocol, packet type and padding.
            out.extend(order.u32(2));
            out.extend(order.u16(8));
            out.extend([0, 0]);
        }
        out.extend(&frame.bytes);
    }
    out
}

fn pcapng(order: Order, decimals: u8, frames: &[Frame]) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let padded = body.len().next_multiple_of(4);
        let length = order.u32(padded as u32 + 12);
        let mut out = [&order.u32(kind)[..], &length, body].concat();
        out.resize(8 + padded, 0);
        out.extend(length);
        out
    };
    let option = |code: u16, value: &[u8]| {
        let mut out = [&order.u16(code)[..], &order.u16(value.len() as u16), value].concat();
        out.resize(out.len().next_multiple_of(4), 0);
        out
    };
    let magic = order.u32(0x1a2b_3c4d);
    let mut section = [&magic[..], &order.u16(1), &order.u16(0), &[0xff; 8]].concat();
    section.extend(option(1, b"made for a test"));
    section.extend(option(0, &[]));
    let mut out = block(0x0a0d_0d0a, &section);
    let mut links: Vec<u16> = Vec::new();
    for frame in frames {
        let interface = links
            .iter()
            .position(|&l| l == frame.link)
            .unwrap_or_else(|| {
                links.push(frame.link);
                let mut body = [&order.u16(frame.link)[..], &[0, 0], &order.u32(262_144)].concat();
                body.extend(option(2, format!("if{}", links.len()).as_bytes()));
                if decimals != 6 {
                    body.extend(option(9, &[decimals]));
                }
                // The end of the options may be left out; here it is for microseconds.
                if decimals != 6 {
                    body.extend(option(0, &[]));
                }
                out.extend(block(1, &body));
                links.len() - 1
            });
        let ticks = frame.ts_ns as u64 / 10_u64.pow(9 - u32::from(decimals));
        let length = frame.bytes.len() as u32;
        let mut body = Vec::new();
        for word in [
            interface as u32,
            (ticks >> 32) as u32,
            ticks as u32,
            length,
            length,
        ] {
            body.extend(order.u32(word));
        }
        body.extend(&frame.bytes);
        out.extend(block(6, &body));
    }
    out
}
