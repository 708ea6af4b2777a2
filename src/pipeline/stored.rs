//! Which octets of TCP streams are in a capture: a look at its frames before they are read.

use crate::{
    capture::{Batch, Inputs},
    error::Result,
    packet::{self, Content, DecodeOptions},
    stream::Stored,
};

/// The number of UDP as a protocol of IP.
const UDP: u8 = 17;

/// Returns which octets of TCP streams are in `inputs`, which are read to their end; `None` if that cannot be told of all,
/// because some are in IP fragments.
///
/// # Errors
///
/// An input that cannot be read on.
pub fn stored(inputs: &mut Inputs, decode: &DecodeOptions) -> Result<Option<Stored>> {
    let mut stored = Stored::default();
    let mut batch = Batch::default();
    while inputs.next_batch(&mut batch)? {
        for record in &batch.records {
            let octets = record.data.of(&batch.bytes);
            let (link, len) = (record.link, record.orig_len);
            match packet::decode(octets, link, len, record.fcs_len, decode).content {
                Content::Segment(segment) => stored.add(&segment),
                Content::Fragment(fragment) if fragment.protocol != UDP => return Ok(None),
                _ => {}
            }
        }
    }
    stored.settle();
    Ok(Some(stored))
}
