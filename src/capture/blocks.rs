//! Blocks of pcapng files, as they are written: little endian, on every machine.

use std::{borrow::Cow, net::IpAddr};

use byteorder_slice::LittleEndian;
use pcap_file::pcapng::RawBlock;

use super::{Frame, LinkType};
use crate::time::Timestamp;

/// The snapshot length that files declare: libpcap's limit, which every reader accepts.
pub(super) const SNAPLEN: u32 = 262_144;

/// Appends the header of a section of unknown length; empty comments are none.
pub(super) fn section_header(comments: &[&str], application: &str, buffer: &mut Vec<u8>) {
    let mut body = Vec::with_capacity(28);
    body.extend_from_slice(&0x1a2b_3c4d_u32.to_le_bytes());
    // Version 1.0, a section of unknown length.
    body.extend_from_slice(&[1, 0, 0, 0]);
    body.extend_from_slice(&(-1_i64).to_le_bytes());
    for comment in comments.iter().filter(|comment| !comment.is_empty()) {
        option(OPT_COMMENT, whole(comment).as_bytes(), &mut body);
    }
    option(SHB_USERAPPL, application.as_bytes(), &mut body);
    option(END_OF_OPTIONS, &[], &mut body);
    block(0x0a0d_0d0a, body, buffer);
}

/// Options of blocks (draft-ietf-opsawg-pcapng §3.5, §4.1, §4.2).
const END_OF_OPTIONS: u16 = 0;
const OPT_COMMENT: u16 = 1;
const IF_NAME: u16 = 2;
const IF_DESCRIPTION: u16 = 3;
const SHB_USERAPPL: u16 = 4;
const IF_TSRESOL: u16 = 9;
const IF_FCSLEN: u16 = 13;
const ISB_ENDTIME: u16 = 3;
const ISB_IFDROP: u16 = 5;
const EPB_FLAGS: u16 = 2;

/// What a file tells of an interface.
#[derive(Clone, Copy, Debug)]
pub(super) struct Described<'a> {
    pub(super) link: LinkType,
    pub(super) snaplen: u32,
    pub(super) name: Option<&'a str>,
    pub(super) description: &'a str,
    /// Nanoseconds instead of microseconds.
    pub(super) is_nanos: bool,
    /// How many octets of frame check sequence end its frames.
    pub(super) fcs_len: u8,
}

impl Default for Described<'_> {
    fn default() -> Self {
        Self {
            link: LinkType::ETHERNET,
            snaplen: SNAPLEN,
            name: None,
            description: "",
            is_nanos: false,
            fcs_len: 0,
        }
    }
}

/// Appends the description of an interface.
pub(super) fn interface_description(described: &Described<'_>, buffer: &mut Vec<u8>) {
    let mut body = Vec::with_capacity(20);
    body.extend_from_slice(&described.link.0.to_le_bytes());
    body.extend_from_slice(&[0; 2]);
    body.extend_from_slice(&described.snaplen.to_le_bytes());
    if let Some(name) = described.name {
        option(IF_NAME, name.as_bytes(), &mut body);
    }
    if !described.description.is_empty() {
        option(IF_DESCRIPTION, described.description.as_bytes(), &mut body);
    }
    let resolution = if described.is_nanos { 9 } else { 6 };
    option(IF_TSRESOL, &[resolution], &mut body);
    if described.fcs_len > 0 {
        option(IF_FCSLEN, &[described.fcs_len], &mut body);
    }
    option(END_OF_OPTIONS, &[], &mut body);
    block(1, body, buffer);
}

/// Appends an option of a pcapng block; a value that is too long is cut.
fn option(code: u16, value: &[u8], body: &mut Vec<u8>) {
    let len = u16::try_from(value.len()).unwrap_or(u16::MAX);
    body.extend_from_slice(&code.to_le_bytes());
    body.extend_from_slice(&len.to_le_bytes());
    body.extend_from_slice(value.get(..usize::from(len)).unwrap_or_default());
    body.resize(body.len().next_multiple_of(4), 0);
}

/// Returns as much of a text as an option holds.
fn whole(text: &str) -> &str {
    let mut end = text.len().min(usize::from(u16::MAX));
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}

/// Returns a time as the ticks of an interface, the high half first, whatever the byte order.
fn ticks(ts: Timestamp, nanos: bool) -> [u32; 2] {
    let since_1970 = ts.max(Timestamp::default()).nanos().cast_unsigned();
    let ticks = if nanos {
        since_1970
    } else {
        since_1970 / 1_000
    };
    [(ticks >> 32) as u32, (ticks & 0xffff_ffff) as u32]
}

/// What is told of a frame besides its octets.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Remarks {
    /// Direction, errors and the like, as pcapng packs them (`epb_flags`).
    pub flags: Option<u32>,
    /// Comments, one after the other.
    pub comments: Vec<String>,
}

/// Appends a frame.
pub(super) fn enhanced_packet(
    frame: &Frame,
    octets: &[u8],
    interface: u32,
    nanos: bool,
    buffer: &mut Vec<u8>,
) {
    remarked_packet(frame, octets, interface, nanos, &Remarks::default(), buffer);
}

/// Appends a frame with what is told of it.
pub(super) fn remarked_packet(
    frame: &Frame,
    octets: &[u8],
    interface: u32,
    nanos: bool,
    remarks: &Remarks,
    buffer: &mut Vec<u8>,
) {
    let [high, low] = ticks(frame.ts, nanos);
    let mut body = Vec::with_capacity(octets.len().saturating_add(24));
    body.extend_from_slice(&interface.to_le_bytes());
    body.extend_from_slice(&high.to_le_bytes());
    body.extend_from_slice(&low.to_le_bytes());
    body.extend_from_slice(&length(octets).to_le_bytes());
    body.extend_from_slice(&frame.orig_len.to_le_bytes());
    body.extend_from_slice(octets);
    body.resize(body.len().next_multiple_of(4), 0);
    if *remarks != Remarks::default() {
        for comment in &remarks.comments {
            option(OPT_COMMENT, whole(comment).as_bytes(), &mut body);
        }
        if let Some(flags) = remarks.flags {
            option(EPB_FLAGS, &flags.to_le_bytes(), &mut body);
        }
        option(END_OF_OPTIONS, &[], &mut body);
    }
    block(6, body, buffer);
}

/// Appends a block of a pcapng file.
fn block(kind: u32, body: Vec<u8>, buffer: &mut Vec<u8>) {
    let len = length(&body).saturating_add(12);
    let block = RawBlock {
        type_: kind,
        initial_len: len,
        body: Cow::Owned(body),
        trailer_len: len,
    };
    // Writing to memory does not fail. The count that comes back is wrong, the octets are right.
    let _ = block.write_to::<LittleEndian, _>(buffer);
}

/// Returns the length as a number of the file.
pub(super) fn length(octets: &[u8]) -> u32 {
    u32::try_from(octets.len()).unwrap_or(u32::MAX)
}

/// Appends secrets (draft-ietf-opsawg-pcapng §4.7).
pub(super) fn secrets(kind: u32, bytes: &[u8], buffer: &mut Vec<u8>) {
    let mut body = Vec::with_capacity(bytes.len().saturating_add(12));
    body.extend_from_slice(&kind.to_le_bytes());
    body.extend_from_slice(&length(bytes).to_le_bytes());
    body.extend_from_slice(bytes);
    body.resize(body.len().next_multiple_of(4), 0);
    block(0xa, body, buffer);
}

/// Appends names of addresses (§4.5), each of which ends with a zero.
pub(super) fn names(named: &[(IpAddr, String)], buffer: &mut Vec<u8>) {
    let mut body = Vec::new();
    for (address, name) in named {
        let (kind, mut value) = match address {
            IpAddr::V4(address) => (1, address.octets().to_vec()),
            IpAddr::V6(address) => (2, address.octets().to_vec()),
        };
        value.extend(name.bytes().filter(|octet| *octet != 0));
        value.push(0);
        option(kind, &value, &mut body);
    }
    option(END_OF_OPTIONS, &[], &mut body);
    block(4, body, buffer);
}

/// Appends how many frames an interface lost, or when its capture ended (§4.6).
pub(super) fn interface_statistics(
    interface: u32,
    dropped: Option<u64>,
    ended: Option<(Timestamp, bool)>,
    buffer: &mut Vec<u8>,
) {
    let mut body = Vec::with_capacity(28);
    body.extend_from_slice(&interface.to_le_bytes());
    // Nobody knows when it was counted; the time has no option to be left out by.
    let [high, low] = ended.map_or([0; 2], |(ended, is_nanos)| ticks(ended, is_nanos));
    let time = [high.to_le_bytes(), low.to_le_bytes()].concat();
    body.extend_from_slice(&time);
    if ended.is_some() {
        option(ISB_ENDTIME, &time, &mut body);
    }
    if let Some(dropped) = dropped {
        option(ISB_IFDROP, &dropped.to_le_bytes(), &mut body);
    }
    option(END_OF_OPTIONS, &[], &mut body);
    block(5, body, buffer);
}
