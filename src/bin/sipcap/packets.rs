//! The packets of selected messages, as a capture of their own.

use sipcap::{
    capture::{CaptureWriter, Frame, FrameReader, Inputs, OutputFormat},
    sip::Message,
    split::CaptureOrder,
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

    /// Returns where the frames stand: input and offset.
    pub(crate) fn places(&self) -> Vec<(u16, u64)> {
        let origins = self.frames.iter().map(|frame| frame.origin);
        origins
            .map(|origin| (origin.input, origin.offset))
            .collect()
    }

    /// Writes every frame once, in the order of the capture.
    pub(crate) fn write(&self, inputs: &Inputs, output: Output) -> anyhow::Result<usize> {
        // A TCP segment may hold parts of two messages.
        let mut frames = self.frames.clone();
        let order = CaptureOrder::of(&frames);
        frames.sort_by_key(|frame| order.key(frame));
        frames.dedup_by_key(|frame| frame.origin);
        let nanos = inputs
            .summaries()
            .iter()
            .any(sipcap::capture::InputSummary::has_nanos);
        let format = OutputFormat::for_links(frames.iter().map(|frame| frame.link), nanos);
        let reader: FrameReader = inputs.frame_reader();
        let mut writer = CaptureWriter::new(output, format);
        let mut octets = Vec::new();
        for frame in &frames {
            octets.clear();
            reader.read(frame, &mut octets)?;
            writer.write(frame, &octets)?;
        }
        writer.finish()?.finish()?;
        Ok(frames.len())
    }
}
