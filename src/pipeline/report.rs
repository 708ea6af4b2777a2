//! What capture agents tell besides messages, for sinks that ask for it.

use crate::{
    capture::Frame,
    hep::{Payload, Told},
    net::{Encapsulation, Flow},
    time::Timestamp,
    trace::Trace,
};

/// What a capture agent tells besides messages: a log line, a query, something that happened to a connection.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// When it was, as its agent tells.
    pub ts: Timestamp,
    /// The frame that completed it.
    pub frame: &'a Frame,
    /// The frames that it came in.
    pub frames: &'a [Frame],
    /// Between whom, as its agent tells; it may be nobody.
    pub flow: Option<Flow>,
    /// Who told it, and what it belongs to.
    pub trace: &'a Trace,
    /// What carried it: HEP or IPFIX.
    pub carrier: Encapsulation,
    /// What kind of thing it is.
    pub kind: Payload,
    /// What it is.
    pub told: &'a Told,
    /// The Call-ID that it is about; empty if it is about none.
    pub call_id: &'a [u8],
}
