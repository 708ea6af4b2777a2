//! What is known about an input after it was read.

use std::{net::IpAddr, path::PathBuf};

use super::{Compression, LinkType, Record};
use crate::{error::Anomaly, time::Timestamp};

/// How many anomalies of an input are kept; the others are counted.
pub const MAX_ANOMALIES: usize = 100;

/// What an input is and what was found in it.
#[derive(Clone, Debug, Default)]
pub struct InputSummary {
    /// Where it is; `-` is the standard input.
    pub path: PathBuf,
    /// The container.
    pub format: Format,
    /// The compressions around it, the outermost first.
    pub compression: Vec<Compression>,
    /// How many octets of it were read, compressed ones if it is compressed.
    pub bytes: u64,
    /// How many octets it has without compression, as far as it was read.
    pub plain_bytes: u64,
    /// How many frames it holds.
    pub frames: u64,
    /// When its frames were captured; `None` without a frame.
    pub times: Option<Times>,
    /// How often a frame is older than the one before it.
    pub backward_steps: u64,
    /// How many frames were cut by the snapshot length.
    pub cut_frames: u64,
    /// How many frames have a fraction of a second or more beside their seconds; it is carried.
    pub odd_times: u64,
    /// How many frames belong to an interface that was not described; they cannot be decoded.
    pub orphan_frames: u64,
    /// How many octets were skipped because they are damaged.
    pub skipped_bytes: u64,
    /// The interfaces it was captured on, those of all sections; one for pcap.
    pub interfaces: Vec<Interface>,
    /// How many sections it has; one for pcap.
    pub sections: u64,
    /// How many comments are in it.
    pub comments: u64,
    /// How many of them are on packets.
    pub packet_comments: u64,
    /// The comments of its sections, the first ones of them.
    pub notes: Vec<String>,
    /// When the capture ended, if it tells.
    pub ended: Option<Timestamp>,
    /// How many blocks of resolved names are in it.
    pub name_blocks: u64,
    /// What addresses are called there, the first ones of them.
    pub names: Vec<(IpAddr, String)>,
    /// Secrets for decryption, in the order of the file.
    pub secrets: Vec<Secrets>,
    /// How many secrets were left out because there were too many.
    pub secrets_dropped: u64,
    /// The program that wrote it, if it says so.
    pub application: Option<String>,
    /// The first [`MAX_ANOMALIES`] oddities.
    pub anomalies: Vec<Anomaly>,
    /// How many oddities there are in all.
    pub anomaly_count: u64,
}

/// A capture container.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Format {
    /// pcap with microseconds.
    #[default]
    Pcap,
    /// pcap with nanoseconds.
    PcapNanos,
    /// pcap with the longer record header of patched libpcaps.
    PcapModified,
    /// pcapng.
    PcapNg,
}

impl Format {
    /// Returns the name used in all outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::PcapNanos => "pcap (nanoseconds)",
            Self::PcapModified => "pcap (modified)",
            Self::PcapNg => "pcapng",
        }
    }
}

/// When the frames of an input were captured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Times {
    /// The first frame.
    pub first: Timestamp,
    /// The last frame.
    pub last: Timestamp,
    /// The oldest frame.
    pub min: Timestamp,
    /// The newest frame.
    pub max: Timestamp,
}

/// The unit of a capture's time stamps.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Resolution {
    /// 10 to the power of minus this, in seconds.
    Decimal(u8),
    /// 2 to the power of minus this, in seconds.
    Binary(u8),
}

/// An interface, as the capture describes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Interface {
    /// How the first header of its frames is to be read.
    pub link: LinkType,
    /// Its name; octets that are no UTF-8 are replaced.
    pub name: Option<String>,
    /// The most octets that were kept of a frame; 0 is no limit.
    pub snaplen: u32,
    /// The unit of its time stamps.
    pub resolution: Resolution,
    /// What is to be added to its time stamps, in seconds.
    pub offset_secs: i64,
    /// How many octets of frame check sequence end its frames.
    pub fcs_len: u8,
    /// How many frames of it are in the capture.
    pub frames: u64,
    /// How many frames were lost before they could be written, if the capture tells.
    pub dropped: Option<u64>,
}

/// Secrets for decryption (pcapng's decryption secrets block).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Secrets {
    /// What they are, for example 0x544c534b for a TLS key log.
    pub kind: u32,
    /// The secrets as stored.
    pub bytes: Vec<u8>,
}

/// Counts while an input is read.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) summary: InputSummary,
    pub(super) input: u16,
    /// The running maximum of the time stamps: the key by which inputs are merged.
    pub(super) newest: Timestamp,
    pub(super) oldest: Timestamp,
    pub(super) last: Timestamp,
    /// Anomalies that no batch has taken yet.
    pub(super) fresh: Vec<Anomaly>,
}

impl Tally {
    pub(super) fn new(input: u16, path: PathBuf) -> Self {
        Self {
            summary: InputSummary {
                path,
                ..InputSummary::default()
            },
            input,
            newest: Timestamp::MIN,
            oldest: Timestamp::MAX,
            last: Timestamp::default(),
            fresh: Vec::new(),
        }
    }

    /// Counts a record that is about to be handed over.
    #[inline]
    pub(super) fn count(&mut self, record: &Record) {
        let summary = &mut self.summary;
        if summary.frames == 0 {
            summary.times = Some(Times {
                first: record.ts,
                last: record.ts,
                min: record.ts,
                max: record.ts,
            });
        } else {
            summary.backward_steps = summary
                .backward_steps
                .wrapping_add(u64::from(record.ts < self.last));
        }
        summary.frames = summary.frames.wrapping_add(1);
        summary.cut_frames = summary
            .cut_frames
            .wrapping_add(u64::from(record.data.len() < record.orig_len as usize));
        self.newest = self.newest.max(record.ts);
        self.oldest = self.oldest.min(record.ts);
        self.last = record.ts;
        if let Some(interface) = summary.interfaces.get_mut(usize::from(record.interface)) {
            interface.frames = interface.frames.wrapping_add(1);
        }
    }

    /// Notes something odd at `offset`.
    pub(super) fn note(&mut self, offset: u64, what: impl Into<String>) {
        let summary = &mut self.summary;
        summary.anomaly_count = summary.anomaly_count.saturating_add(1);
        if summary.anomalies.len() >= MAX_ANOMALIES {
            return;
        }
        let anomaly = Anomaly {
            input: self.input,
            frame: summary.frames,
            offset,
            what: what.into(),
        };
        summary.anomalies.push(anomaly.clone());
        self.fresh.push(anomaly);
    }

    /// Returns the summary as it stands.
    pub(super) fn summary(&self) -> InputSummary {
        let mut summary = self.summary.clone();
        if let Some(times) = &mut summary.times {
            times.last = self.last;
            times.min = self.oldest;
            times.max = self.newest;
        }
        summary
    }
}
