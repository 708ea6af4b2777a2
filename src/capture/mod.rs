//! From bytes to records: capture files, pipes and their containers.
//!
//! This layer only frames. It knows where a record begins, when it was captured, how long it is and of which link
//! type; it knows no packet and no SIP.
#![cfg_attr(
    not(test),
    warn(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

mod blocks;
mod bpf;
mod compressed;
mod feed;
mod frame_reader;
mod frame_remarks;
mod inputs;
pub mod libpcap;
mod link_type;
mod live;
mod order;
mod packer;
mod pcap;
mod pcapng;
mod pcapng_writer;
mod place;
mod reader;
mod record;
#[cfg(test)]
mod sample;
mod sniff;
mod source;
mod spool;
mod summary;
mod walk;
mod write;

pub use blocks::Remarks;
pub(crate) use bpf::Compiled;
pub use bpf::{Bpf, widened};
pub use feed::{Feed, Witness};
pub use frame_reader::FrameReader;
pub use inputs::{InputOptions, Inputs, Watermark};
pub use link_type::LinkType;
pub use live::{
    Live, LiveClock, LiveCounts, LiveInput, LivePlan, LiveSender, LiveWatch, collector, socket,
};
pub(crate) use packer::Packer;
pub use packer::Packing;
pub use pcapng_writer::{InterfaceNote, PcapNgWriter};
pub use place::{Correction, Place, Places, WIRE};
pub use record::{RecordCounts, RecordPlan, RecordWatch, Recorder, Rotation};
pub use sniff::Compression;
pub use summary::{Format, InputSummary, Interface, MAX_ANOMALIES, Resolution, Secrets, Times};
pub use write::{About, CaptureEncoder, CaptureWriter, OutputFormat};

use std::sync::Arc;

use crate::{error::Anomaly, span::Span, time::Timestamp};

/// A record as stored: a captured frame with its time, inside the bytes of a [`Batch`].
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// When it was captured.
    pub ts: Timestamp,
    /// The captured octets, in [`Batch::bytes`], a trailing frame check sequence included.
    pub data: Span,
    /// How long the frame was on the wire.
    pub orig_len: u32,
    /// How its first header is to be read.
    pub link: LinkType,
    /// The interface it was captured on, an index into [`InputSummary::interfaces`]; `u16::MAX` if it
    /// was not described.
    pub interface: u16,
    /// How many octets of frame check sequence end the frame on the wire.
    pub fcs_len: u8,
}

/// Where a record stands in the inputs.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Origin {
    /// Which input, an index into the inputs.
    pub input: u16,
    /// The frame number, from 1 in each input, as Wireshark shows it.
    pub number: u64,
    /// Where its captured octets begin, in octets of the (decompressed) input.
    pub offset: u64,
}

/// A record with the place it came from: enough to find it again and to write it somewhere else.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Frame {
    /// Where it stands.
    pub origin: Origin,
    /// When it was captured.
    pub ts: Timestamp,
    /// How many octets of it were captured.
    pub captured: u32,
    /// How long it was on the wire.
    pub orig_len: u32,
    /// How its first header is to be read.
    pub link: LinkType,
    /// The interface it was captured on.
    pub interface: u16,
}

/// Whole records of one input, some 256 KiB of them, and the bytes they lie in.
#[derive(Debug, Default)]
pub struct Batch {
    /// Which input they are from.
    pub input: u16,
    /// The frame number of the first record.
    pub first_number: u64,
    /// The running maximum of the time stamps of the input before the first record, [`Timestamp::MIN`] at its start:
    /// inputs are merged by this maximum, carried on over the records.
    pub floor: Timestamp,
    /// Where `bytes` begins, in octets of the (decompressed) input.
    pub offset: u64,
    /// The bytes, containers' headers included.
    pub bytes: Vec<u8>,
    /// The records in the order of the input.
    pub records: Vec<Record>,
    /// What was odd on the way.
    pub anomalies: Vec<Anomaly>,
    /// By interface: where its frames were captured, if that is known. Their times are put right already.
    pub places: Option<Arc<[Place]>>,
}

impl Batch {
    /// Empties it and keeps its buffers.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.records.clear();
        self.anomalies.clear();
        self.places = None;
    }

    /// Returns where frames of an interface were captured, if that is known.
    #[must_use]
    pub fn place(&self, interface: u16) -> Option<&Place> {
        self.places.as_ref()?.get(usize::from(interface))
    }

    /// Returns the record at `index` with the place it came from.
    #[must_use]
    pub fn frame(&self, index: usize) -> Option<Frame> {
        let record = self.records.get(index)?;
        Some(Frame {
            origin: Origin {
                input: self.input,
                number: self.first_number.saturating_add(index as u64),
                offset: self.offset.saturating_add(record.data.start() as u64),
            },
            ts: record.ts,
            captured: u32::try_from(record.data.len()).unwrap_or(u32::MAX),
            orig_len: record.orig_len,
            link: record.link,
            interface: record.interface,
        })
    }
}
