//! Writing pcapng files of several interfaces, each with what is known of it.

use std::{
    io::{self, Write},
    net::IpAddr,
};

use super::{
    Frame, Interface, LinkType, Resolution, Secrets,
    blocks::{
        Described, Remarks, interface_description, interface_statistics, names, remarked_packet,
        secrets, section_header,
    },
};
use crate::time::Timestamp;

/// How many octets are collected before they are written.
const BUFFER_BYTES: usize = 256 << 10;

/// An interface as it is told in a file. Frames of equal ones need but one.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct InterfaceNote {
    /// How the first header of its frames is to be read.
    pub link: LinkType,
    /// The most octets that were kept of a frame; 0 is no limit.
    pub snaplen: u32,
    /// What it is called.
    pub name: String,
    /// What else is to be known of it.
    pub description: String,
    /// Whether its times are told in nanoseconds instead of microseconds.
    pub is_nanos: bool,
    /// How many octets of frame check sequence end its frames.
    pub fcs_len: u8,
}

impl InterfaceNote {
    /// Returns a note of an interface that gets another name and description.
    #[must_use]
    pub fn of(interface: &Interface, name: String, description: String) -> Self {
        Self {
            link: interface.link,
            snaplen: interface.snaplen,
            name,
            description,
            is_nanos: !matches!(
                interface.resolution,
                Resolution::Decimal(..=6) | Resolution::Binary(0)
            ),
            fcs_len: interface.fcs_len,
        }
    }
}

/// Writes a pcapng file. What is told of an interface stands in front of its frames.
#[derive(Debug)]
pub struct PcapNgWriter<W> {
    /// Whether the times of each interface are in nanoseconds.
    interfaces: Vec<bool>,
    buffer: Vec<u8>,
    writer: W,
}

impl<W: Write> PcapNgWriter<W> {
    /// Begins a file that this application writes, with comments about it.
    #[must_use]
    pub fn new(writer: W, application: &str, comments: &[&str]) -> Self {
        let mut buffer = Vec::with_capacity(BUFFER_BYTES);
        section_header(comments, application, &mut buffer);
        Self {
            interfaces: Vec::new(),
            buffer,
            writer,
        }
    }

    /// Describes an interface, and returns its number.
    pub fn interface(&mut self, note: &InterfaceNote) -> u32 {
        let described = Described {
            link: note.link,
            snaplen: note.snaplen,
            name: Some(note.name.as_str()).filter(|name| !name.is_empty()),
            description: &note.description,
            is_nanos: note.is_nanos,
            fcs_len: note.fcs_len,
        };
        interface_description(&described, &mut self.buffer);
        self.interfaces.push(note.is_nanos);
        u32::try_from(self.interfaces.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// Adds a frame of an interface, whose captured octets are `octets`.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn frame(&mut self, interface: u32, frame: &Frame, octets: &[u8]) -> io::Result<()> {
        self.frame_with(interface, frame, octets, &Remarks::default())
    }

    /// Adds a frame of an interface with what is told of it.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn frame_with(
        &mut self,
        interface: u32,
        frame: &Frame,
        octets: &[u8],
        remarks: &Remarks,
    ) -> io::Result<()> {
        let is_nanos = self.is_nanos(interface);
        remarked_packet(
            frame,
            octets,
            interface,
            is_nanos,
            remarks,
            &mut self.buffer,
        );
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn is_nanos(&self, interface: u32) -> bool {
        let is_nanos = self.interfaces.get(interface as usize);
        is_nanos.copied().unwrap_or_default()
    }

    /// Adds secrets for the decryption of frames behind them.
    pub fn secrets(&mut self, stored: &Secrets) {
        secrets(stored.kind, &stored.bytes, &mut self.buffer);
    }

    /// Adds what addresses are called.
    pub fn names(&mut self, named: &[(IpAddr, String)]) {
        if !named.is_empty() {
            names(named, &mut self.buffer);
        }
    }

    /// Tells how many frames of an interface were lost before they could be captured.
    pub fn dropped(&mut self, interface: u32, frames: u64) {
        interface_statistics(interface, Some(frames), None, &mut self.buffer);
    }

    /// Tells when the capture on an interface ended, and how many frames of it were lost if that is known.
    pub fn ended(&mut self, interface: u32, end: Timestamp, lost: Option<u64>) {
        let ended = Some((end, self.is_nanos(interface)));
        interface_statistics(interface, lost, ended, &mut self.buffer);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        capture::{Origin, sample},
        time::Timestamp,
    };

    fn note(name: &str, is_nanos: bool, fcs_len: u8) -> InterfaceNote {
        InterfaceNote {
            link: LinkType::ETHERNET,
            snaplen: 0,
            name: name.to_owned(),
            description: String::new(),
            is_nanos,
            fcs_len,
        }
    }

    fn frame(nanos: i64) -> Frame {
        Frame {
            origin: Origin::default(),
            ts: Timestamp::from_nanos(nanos),
            captured: 3,
            orig_len: 5,
            link: LinkType::ETHERNET,
            interface: 0,
        }
    }

    #[test]
    fn an_interface_is_told_octet_by_octet() {
        let mut writer = PcapNgWriter::new(Vec::new(), "sipcap", &[]);
        let header = writer.buffer.len();
        writer.interface(&note("edge", true, 4));
        let file = writer.finish().unwrap();
        // draft-ietf-opsawg-pcapng §4.2: name, resolution and length of the check sequence.
        let expected = [
            &b"\x01\0\0\0\x30\0\0\0\x01\0\0\0\0\0\0\0"[..],
            b"\x02\0\x04\0edge",
            b"\x09\0\x01\0\x09\0\0\0",
            b"\x0d\0\x01\0\x04\0\0\0",
            b"\0\0\0\0\x30\0\0\0",
        ];
        assert_eq!(file[header..], expected.concat());
    }

    #[test]
    fn times_names_secrets_and_losses_are_read_back() {
        let mut writer = PcapNgWriter::new(Vec::new(), "sipcap", &["two", "of them"]);
        let edge = writer.interface(&note("edge", false, 0));
        let core = writer.interface(&note("core", true, 0));
        let host = ("192.0.2.1".parse().unwrap(), "proxy".to_owned());
        let key_log = Secrets {
            kind: 0x544c_534b,
            bytes: b"CLIENT_RANDOM 1 2\n".to_vec(),
        };
        writer.names(std::slice::from_ref(&host));
        writer.secrets(&key_log);
        writer.frame(core, &frame(1_000_000_001), b"abc").unwrap();
        writer.frame(edge, &frame(1_000_002_003), b"abc").unwrap();
        writer.dropped(core, 7);
        let file = writer.finish().unwrap();
        let (frames, anomalies) = sample::read(&file, 1 << 20);
        assert!(anomalies.is_empty(), "{anomalies:?}");
        let times: Vec<_> = frames.iter().map(|frame| frame.1.nanos()).collect();
        assert_eq!(times, [1_000_000_001, 1_000_002_000]);
        let summary = sample::summary(&file);
        assert_eq!(summary.names, [host]);
        assert_eq!(summary.secrets, [key_log]);
        let interfaces: Vec<_> = summary
            .interfaces
            .iter()
            .map(|i| (i.name.as_deref().unwrap(), i.frames, i.dropped))
            .collect();
        assert_eq!(interfaces, [("edge", 1, None), ("core", 1, Some(7))]);
    }
}
