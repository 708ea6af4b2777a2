//! The packets of selected messages, as a capture of their own.

use sipcap::{
    capture::{CaptureWriter, Frame, FrameReader, Inputs, OutputFormat},
    sip::Message,
};

use crate::output::Output;

/// The frames of selected messages.
#[derive(Default)]
pub(crate) struct Packets {
    frames: Vec<Frame>,
}

impl Packets {
    /// Adds the frames of a message.
    pub(crate) fn add(&mut self, message: &Message<'_>) {
        self.frames.extend_from_slice(message.frames);
    }

    /// Writes every frame once, in the order of time, or for each input in its own order.
    pub(crate) fn write(mut self, inputs: &Inputs, output: Output) -> anyhow::Result<usize> {
        in_capture_order(&mut self.frames);
        let nanos = inputs
            .summaries()
            .iter()
            .any(sipcap::capture::InputSummary::has_nanos);
        let format = OutputFormat::for_links(self.frames.iter().map(|frame| frame.link), nanos);
        let reader: FrameReader = inputs.frame_reader();
        let mut writer = CaptureWriter::new(output, format);
        let mut octets = Vec::new();
        for frame in &self.frames {
            octets.clear();
            reader.read(frame, &mut octets)?;
            writer.write(frame, &octets)?;
        }
        writer.finish()?.finish()?;
        Ok(self.frames.len())
    }
}

/// Sorts frames as they were captured and drops those that are there twice, as a TCP segment with two messages is.
pub(crate) fn in_capture_order(frames: &mut Vec<Frame>) {
    let is_one_input = frames
        .iter()
        .all(|frame| frame.origin.input == frames[0].origin.input);
    if is_one_input {
        frames.sort_unstable_by_key(|frame| frame.origin.number);
    } else {
        frames.sort_unstable_by_key(|frame| (frame.ts, frame.origin.input, frame.origin.number));
    }
    frames.dedup_by_key(|frame| (frame.origin.input, frame.origin.number));
}
