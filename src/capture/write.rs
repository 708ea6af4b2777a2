//! Writing captures: original frames with their original times.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use byteorder_slice::LittleEndian;
use pcap_file::{
    DataLink, Endianness, PcapError, TsResolution,
    pcap::{PcapHeader, RawPcapPacket},
};

use super::{
    Format, Frame, InputSummary, LinkType, Resolution,
    blocks::{Described, SNAPLEN, enhanced_packet, interface_description, length, section_header},
};
/// How many octets are collected before they are written.
const BUFFER_BYTES: usize = 128 << 10;

/// The container to write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OutputFormat {
    /// pcap, which has one link type and holds times from 1970 to 2106.
    Pcap {
        /// The link type of all frames.
        link: LinkType,
        /// Nanoseconds instead of microseconds.
        nanos: bool,
    },
    /// pcapng, with an interface for each link type. It holds times from 1970 on.
    PcapNg {
        /// Nanoseconds instead of microseconds.
        nanos: bool,
    },
}

impl OutputFormat {
    /// Returns pcap if one link type is enough for the frames, pcapng otherwise.
    pub fn for_links(links: impl IntoIterator<Item = LinkType>, nanos: bool) -> Self {
        let mut links = links.into_iter();
        match links.next() {
            Some(link) if links.all(|other| other == link) => Self::Pcap { link, nanos },
            None => Self::Pcap {
                link: LinkType::ETHERNET,
                nanos,
            },
            Some(_) => Self::PcapNg { nanos },
        }
    }

    /// Returns the usual suffix of file names, without the dot.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Pcap { .. } => "pcap",
            Self::PcapNg { .. } => "pcapng",
        }
    }

    const fn nanos(self) -> bool {
        match self {
            Self::Pcap { nanos, .. } | Self::PcapNg { nanos } => nanos,
        }
    }
}

impl InputSummary {
    /// Returns whether its time stamps are finer than microseconds, so that a copy needs nanoseconds.
    #[must_use]
    pub fn has_nanos(&self) -> bool {
        self.format == Format::PcapNanos
            || self.interfaces.iter().any(|interface| {
                !matches!(
                    interface.resolution,
                    Resolution::Decimal(..=6) | Resolution::Binary(0)
                )
            })
    }
}

/// Writes a capture file. Frames are collected in a buffer; [`Self::finish`] writes the last ones.
#[derive(Debug)]
pub struct CaptureWriter<W> {
    encoder: Encoder,
    buffer: Vec<u8>,
    writer: W,
}

impl<W: Write> CaptureWriter<W> {
    /// Begins a capture file.
    #[must_use]
    pub fn new(writer: W, format: OutputFormat) -> Self {
        let mut buffer = Vec::new();
        let encoder = Encoder::begin(format, "", &mut buffer);
        Self {
            encoder,
            buffer,
            writer,
        }
    }

    /// Adds a frame, whose captured octets are `octets`.
    ///
    /// # Errors
    ///
    /// What the writer says; and a frame of another link type than that of a pcap file.
    pub fn write(&mut self, frame: &Frame, octets: &[u8]) -> io::Result<()> {
        self.encoder.frame(frame, None, octets, &mut self.buffer)?;
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what was collected.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.write_all(&self.buffer)?;
        self.buffer.clear();
        self.writer.flush()
    }

    /// Ends the file and returns the writer.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        Ok(self.writer)
    }
}

/// What a pcapng file tells besides its frames; pcap has no place for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// A comment about the file.
    pub comment: &'a str,
    /// The inputs that the frames are from, for the names of their interfaces.
    pub inputs: &'a [InputSummary],
}

impl<'a> About<'a> {
    /// Returns the name of the interface that a frame was captured on.
    fn interface(&self, frame: &Frame) -> Option<&'a str> {
        let input = self.inputs.get(usize::from(frame.origin.input))?;
        let interface = input.interfaces.get(usize::from(frame.interface))?;
        interface.name.as_deref()
    }
}

/// Turns frames into the octets of a capture file that tells of itself, piece by piece.
#[derive(Debug)]
pub struct CaptureEncoder<'a> {
    encoder: Encoder,
    about: About<'a>,
}

impl<'a> CaptureEncoder<'a> {
    /// Begins a file in `buffer`.
    #[must_use]
    pub fn begin(format: OutputFormat, about: About<'a>, buffer: &mut Vec<u8>) -> Self {
        let encoder = Encoder::begin(format, about.comment, buffer);
        Self { encoder, about }
    }

    /// Appends a frame, whose captured octets are `octets`, to `buffer`.
    ///
    /// # Errors
    ///
    /// A frame of another link type than that of a pcap file.
    pub fn frame(&mut self, frame: &Frame, octets: &[u8], buffer: &mut Vec<u8>) -> io::Result<()> {
        let interface = self.about.interface(frame);
        self.encoder.frame(frame, interface, octets, buffer)
    }
}

/// Turns frames into the octets of a file. All files are little endian, on every machine.
#[derive(Debug)]
pub(super) struct Encoder {
    format: OutputFormat,
    /// The link types and names that have an interface in a pcapng file.
    interfaces: Vec<(LinkType, Option<String>)>,
}

impl Encoder {
    pub(super) fn begin(format: OutputFormat, comment: &str, buffer: &mut Vec<u8>) -> Self {
        match format {
            OutputFormat::Pcap { link, nanos } => {
                let header = PcapHeader {
                    version_major: 2,
                    version_minor: 4,
                    ts_correction: 0,
                    ts_accuracy: 0,
                    snaplen: SNAPLEN,
                    datalink: DataLink::from(u32::from(link.0)),
                    ts_resolution: if nanos {
                        TsResolution::NanoSecond
                    } else {
                        TsResolution::MicroSecond
                    },
                    endianness: Endianness::Little,
                };
                // Writing to memory does not fail.
                let _ = header.write_to(buffer);
            }
            OutputFormat::PcapNg { .. } => section_header(&[comment], "sipcap", buffer),
        }
        Self {
            format,
            interfaces: Vec::new(),
        }
    }

    pub(super) fn frame(
        &mut self,
        frame: &Frame,
        interface: Option<&str>,
        octets: &[u8],
        buffer: &mut Vec<u8>,
    ) -> io::Result<()> {
        match self.format {
            OutputFormat::Pcap { link, nanos } if link == frame.link => {
                record(frame, octets, nanos, buffer)
            }
            OutputFormat::Pcap { .. } => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a pcap file holds one link type only",
            )),
            OutputFormat::PcapNg { .. } => {
                let interface = self.interface(frame.link, interface, buffer);
                enhanced_packet(frame, octets, interface, self.format.nanos(), buffer);
                Ok(())
            }
        }
    }

    /// Returns the interface of a link type and a name, described before its first frame.
    fn interface(&mut self, link: LinkType, name: Option<&str>, buffer: &mut Vec<u8>) -> u32 {
        let known = self
            .interfaces
            .iter()
            .position(|(known, known_name)| *known == link && known_name.as_deref() == name);
        let index = known.unwrap_or_else(|| {
            self.interfaces.push((link, name.map(str::to_owned)));
            let described = Described {
                link,
                name,
                is_nanos: self.format.nanos(),
                ..Described::default()
            };
            interface_description(&described, buffer);
            self.interfaces.len().saturating_sub(1)
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }
}

/// Appends a record of a pcap file.
fn record(frame: &Frame, octets: &[u8], nanos: bool, buffer: &mut Vec<u8>) -> io::Result<()> {
    let (secs, fraction) = frame.ts.parts();
    // Times that pcap cannot tell become the nearest one.
    let (ts_sec, fraction) = match u32::try_from(secs) {
        Ok(secs) => (secs, fraction),
        Err(_) if secs < 0 => (0, 0),
        Err(_) => (u32::MAX, 999_999_999),
    };
    let raw = RawPcapPacket {
        ts_sec,
        ts_frac: if nanos { fraction } else { fraction / 1_000 },
        incl_len: length(octets),
        orig_len: frame.orig_len,
        data: Cow::Borrowed(octets),
    };
    raw.write_to::<_, LittleEndian>(buffer)
        .map(|_| ())
        .map_err(|error| match error {
            PcapError::IoError(error) => error,
            other => io::Error::other(other),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        capture::{Origin, sample},
        time::Timestamp,
    };

    fn frame(link: LinkType, nanos: i64, orig_len: u32) -> Frame {
        Frame {
            origin: Origin::default(),
            ts: Timestamp::from_nanos(nanos),
            captured: 3,
            orig_len,
            link,
            interface: 0,
        }
    }

    #[test]
    fn pcap_octet_by_octet() {
        let frame = frame(LinkType::LINUX_SLL2, 1_000_002_003, 5);
        for (nanos, magic, fraction) in [
            (false, b"\xd4\xc3\xb2\xa1", b"\x02\0\0\0"),
            (true, b"\x4d\x3c\xb2\xa1", b"\xd3\x07\0\0"),
        ] {
            let link = LinkType::LINUX_SLL2;
            let mut file = Vec::new();
            let format = OutputFormat::Pcap { link, nanos };
            let mut encoder = CaptureEncoder::begin(format, About::default(), &mut file);
            encoder.frame(&frame, b"abc", &mut file).unwrap();
            let expected = [
                &magic[..],
                b"\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0\x14\x01\0\0\x01\0\0\0",
                fraction,
                b"\x03\0\0\0\x05\0\0\0abc",
            ];
            assert_eq!(file, expected.concat());
        }
    }

    #[test]
    fn times_that_pcap_cannot_tell_become_the_nearest() {
        for (nanos, stored) in [(-1, [0_u32; 2]), (i64::MAX, [u32::MAX, 999_999])] {
            let mut file = Vec::new();
            let link = LinkType::RAW;
            let format = OutputFormat::Pcap { link, nanos: false };
            let mut encoder = CaptureEncoder::begin(format, About::default(), &mut file);
            let frame = frame(link, nanos, 3);
            encoder.frame(&frame, b"abc", &mut file).unwrap();
            let stored: Vec<u8> = stored.into_iter().flat_map(u32::to_le_bytes).collect();
            assert_eq!(file[24..32], stored);
        }
    }

    #[test]
    fn another_link_type_does_not_get_into_pcap() {
        let format = OutputFormat::Pcap {
            link: LinkType::RAW,
            nanos: false,
        };
        let mut writer = CaptureWriter::new(Vec::new(), format);
        assert!(
            writer
                .write(&frame(LinkType::ETHERNET, 1, 3), b"abc")
                .is_err()
        );
    }

    #[test]
    fn pcapng_is_read_back_as_it_was() {
        for (nanos, times) in [
            (false, [1_000_002_000, 1_000_000_000_000_000_000]),
            (true, [1_000_002_003, 1_000_000_000_000_000_001]),
        ] {
            let frames = [
                frame(LinkType::ETHERNET, times[0], 5),
                frame(LinkType::RAW, times[1], 3),
                frame(LinkType::ETHERNET, times[0], 4),
            ];
            let mut writer = CaptureWriter::new(Vec::new(), OutputFormat::PcapNg { nanos });
            for frame in &frames {
                writer.write(frame, b"abc").unwrap();
            }
            let (seen, anomalies) = sample::read(&writer.finish().unwrap(), 100);
            assert!(anomalies.is_empty());
            let seen: Vec<_> = seen
                .iter()
                .map(|(_, ts, _, octets)| (ts.nanos(), &octets[..]))
                .collect();
            let abc = &b"abc"[..];
            assert_eq!(seen, [(times[0], abc), (times[1], abc), (times[0], abc)]);
        }
    }

    #[test]
    fn several_link_types_need_pcapng() {
        let pcap = |link| OutputFormat::Pcap { link, nanos: true };
        for (links, expected) in [
            (vec![], pcap(LinkType::ETHERNET)),
            (vec![LinkType::RAW; 3], pcap(LinkType::RAW)),
            (
                vec![LinkType::RAW, LinkType::ETHERNET],
                OutputFormat::PcapNg { nanos: true },
            ),
        ] {
            assert_eq!(OutputFormat::for_links(links, true), expected);
        }
    }
}
