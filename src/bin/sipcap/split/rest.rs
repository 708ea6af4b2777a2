//! The frames that are in no other file.

use std::sync::atomic::Ordering;

use sipcap::capture::{Batch, CaptureWriter, InputSummary, Inputs, LinkType, OutputFormat};

use crate::{input, output::Output};

/// Reads `inputs` once more and writes every frame but those at `places`, which are input and offset, in order. When
/// somebody wants to end before that is done, there is no file.
pub(crate) fn write_rest(
    inputs: &mut Inputs,
    summaries: &[InputSummary],
    places: &[(u16, u64)],
    output: Output,
) -> anyhow::Result<()> {
    let links = summaries.iter().flat_map(|input| &input.interfaces);
    let links: Vec<LinkType> = links.map(|interface| interface.link).collect();
    let nanos = summaries.iter().any(InputSummary::has_nanos);
    let mut writer = CaptureWriter::new(output, OutputFormat::for_links(links, nanos));
    let mut batch = Batch::default();
    while inputs.next_batch(&mut batch)? {
        if input::stop().load(Ordering::Relaxed) {
            return Ok(());
        }
        for (index, record) in batch.records.iter().enumerate() {
            let Some(frame) = batch.frame(index) else {
                continue;
            };
            let place = (frame.origin.input, frame.origin.offset);
            if places.binary_search(&place).is_err() {
                writer.write(&frame, record.data.of(&batch.bytes))?;
            }
        }
    }
    writer.finish()?.finish()
}
