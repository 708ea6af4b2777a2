//! Ladders that can be shown to others.

use sipcap::ladder::Anonymizer;

use crate::{
    ladder::{Content, Drawing},
    output::Output,
};

/// Replaces names and addresses by pseudonyms, and writes what they stand for to `key`.
pub(crate) fn anonymize(
    ladders: &mut [Content],
    drawing: &mut Drawing,
    key: Option<Output>,
) -> anyhow::Result<()> {
    let mut anonymizer = Anonymizer::default();
    // What proxies log may tell anything.
    ladders.iter_mut().for_each(|ladder| ladder.reports.clear());
    for message in ladders.iter_mut().flat_map(|ladder| &mut ladder.messages) {
        *message = anonymizer.message(message);
    }
    for stream in ladders.iter_mut().flat_map(|ladder| &mut ladder.streams) {
        stream.src = anonymizer.endpoint(stream.src);
        stream.dst = anonymizer.endpoint(stream.dst);
    }
    for gap in &mut drawing.gaps {
        gap.src = anonymizer.endpoint(gap.src);
        gap.dst = anonymizer.endpoint(gap.dst);
    }
    drawing.ladder.names = anonymizer.name_book(&drawing.ladder.names);
    if let Some(mut key) = key {
        anonymizer.write_key(&mut key)?;
        key.finish()?;
    }
    Ok(())
}
