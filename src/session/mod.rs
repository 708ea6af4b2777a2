//! Selected calls in one capture file that tells all that is known of them: where they were captured, what hosts are
//! called, what decrypts them, and what somebody noted.

mod interfaces;

use std::{
    io::Write,
    net::IpAddr,
    sync::atomic::{AtomicBool, Ordering},
};

use hashbrown::{HashMap, HashSet};

use self::interfaces::Interfaces;
use crate::{
    capture::{Format, Frame, FrameReader, InputSummary, Inputs, PcapNgWriter, Remarks, Secrets},
    error::Result,
    points::{SAVED_BY, SAVED_BY_POINT},
    time::Timestamp,
};

/// Notes on frames, by the input of each and where it stands there.
pub type FrameNotes = HashMap<(u16, u64), Vec<String>>;

/// What is told besides frames.
#[derive(Debug, Default)]
pub struct About {
    /// What is to be said of the whole file, in front of what the inputs say of themselves.
    pub notes: Vec<String>,
    /// Notes on frames, in front of those that they have.
    pub frame_notes: FrameNotes,
    /// What addresses are called, in front of what the inputs call them; only the first name of each counts.
    pub names: Vec<(IpAddr, String)>,
    /// When the capture ended that the frames are from: what is open in them was open then.
    pub end: Option<Timestamp>,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Saved {
    /// How many frames.
    pub frames: u64,
    /// Whether somebody stopped it: then the file is not whole.
    pub is_stopped: bool,
}

/// Writes `frames` of `inputs`, which have been read, to a pcapng file, and returns it.
///
/// # Errors
///
/// When a frame cannot be read again, and what the writer says.
pub fn save<W: Write>(
    inputs: &Inputs,
    frames: impl Iterator<Item = Frame> + Clone,
    about: &About,
    stop: &AtomicBool,
    writer: W,
) -> Result<(W, Saved)> {
    let summaries = inputs.summaries();
    let mut interfaces = Interfaces::new(inputs, &summaries, frames.clone());
    let application = if interfaces.has_points() {
        SAVED_BY_POINT
    } else {
        SAVED_BY
    };
    let notes = notes(about, &summaries);
    let mut writer = PcapNgWriter::new(writer, application, &notes);
    secrets(&summaries).for_each(|secrets| writer.secrets(secrets));
    for names in names(about, &summaries).chunks(NAMES_PER_BLOCK) {
        writer.names(names);
    }
    let remarks = RemarkReader {
        reader: inputs.frame_reader(),
        has_remarks: summaries.iter().map(has_remarks).collect(),
        notes: &about.frame_notes,
    };
    let mut saved = Saved::default();
    let mut octets = Vec::new();
    for frame in frames {
        if saved.frames % 1_024 == 0 && stop.load(Ordering::Relaxed) {
            saved.is_stopped = true;
            break;
        }
        octets.clear();
        remarks.reader.read(&frame, &mut octets)?;
        let interface = interfaces.of(&frame, &mut writer);
        writer.frame_with(interface, &frame, &octets, &remarks.of(&frame))?;
        saved.frames = saved.frames.saturating_add(1);
    }
    interfaces.finish(&summaries, about.end, &mut writer);
    Ok((writer.finish()?, saved))
}

/// A block of names is no longer than readers believe.
const NAMES_PER_BLOCK: usize = 1_024;

/// Returns what is to be said of the whole file, each thing once.
fn notes<'a>(about: &'a About, inputs: &'a [InputSummary]) -> Vec<&'a str> {
    let mut notes: Vec<&str> = Vec::new();
    let of_inputs = inputs.iter().flat_map(|input| &input.notes);
    for note in about.notes.iter().chain(of_inputs) {
        if !notes.contains(&note.as_str()) {
            notes.push(note);
        }
    }
    notes
}

/// Returns the secrets of all inputs, each once.
fn secrets(inputs: &[InputSummary]) -> impl Iterator<Item = &Secrets> {
    let mut seen: HashSet<(u32, &[u8])> = HashSet::new();
    let all = inputs.iter().flat_map(|input| &input.secrets);
    all.filter(move |secrets| seen.insert((secrets.kind, &secrets.bytes)))
}

/// Returns the first name of each address.
fn names(about: &About, inputs: &[InputSummary]) -> Vec<(IpAddr, String)> {
    let mut seen = HashSet::new();
    let of_inputs = inputs.iter().flat_map(|input| &input.names);
    let all = about.names.iter().chain(of_inputs);
    all.filter(|(ip, _)| seen.insert(*ip)).cloned().collect()
}

/// Returns whether frames of an input may have remarks.
fn has_remarks(input: &InputSummary) -> bool {
    input.format == Format::PcapNg
}

/// Reads what the inputs tell of frames, and adds notes to it.
struct RemarkReader<'a> {
    reader: FrameReader,
    /// Whether anything is told of frames, by input.
    has_remarks: Vec<bool>,
    notes: &'a FrameNotes,
}

impl RemarkReader<'_> {
    fn of(&self, frame: &Frame) -> Remarks {
        let origin = frame.origin;
        let mut remarks = match self.has_remarks.get(usize::from(origin.input)) {
            Some(true) => self.reader.remarks(frame),
            _ => Remarks::default(),
        };
        if let Some(notes) = self.notes.get(&(origin.input, origin.offset)) {
            // One that is saved again has its notes already.
            remarks.comments.retain(|comment| !notes.contains(comment));
            remarks.comments.splice(0..0, notes.iter().cloned());
        }
        remarks
    }
}
