//! A message with where and when it was seen.

use super::{Head, Identity};
use crate::{
    capture::Frame,
    net::{Encapsulation, Flow},
    time::Timestamp,
    trace::Trace,
};

/// One message, as a consumer sees it.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// When its last octet was captured, or when its capture agent says that it saw it.
    pub ts: Timestamp,
    /// Between whom.
    pub flow: Flow,
    /// What it was wrapped in.
    pub encapsulation: Encapsulation,
    /// What its capture agent told of it, if it came from one.
    pub trace: Option<&'a Trace>,
    /// The frame that completed it.
    pub completed_by: &'a Frame,
    /// The frames that carried it, in the order of its octets.
    pub frames: &'a [Frame],
    /// Its octets.
    pub bytes: &'a [u8],
    /// Its structure.
    pub head: &'a Head,
    /// What tells it from others, if that was found out already.
    pub identity: Option<&'a Identity>,
    /// The capture point where it was seen, if that has a name.
    pub point: Option<&'a str>,
}

impl Message<'_> {
    /// Returns a copy that lives on its own.
    #[must_use]
    pub fn to_buf(&self) -> MessageBuf {
        MessageBuf {
            ts: self.ts,
            flow: self.flow,
            encapsulation: self.encapsulation,
            trace: self.trace.cloned().map(Box::new),
            completed_by: *self.completed_by,
            frames: self.frames.to_vec(),
            bytes: self.bytes.to_vec(),
            head: self.head.clone(),
            point: self.point.map(str::to_owned),
            sightings: Vec::new(),
        }
    }
}

/// A [`Message`] that owns what it is made of.
#[derive(Clone, Debug)]
pub struct MessageBuf {
    /// When its last octet was captured, or when its capture agent says that it saw it.
    pub ts: Timestamp,
    /// Between whom.
    pub flow: Flow,
    /// What it was wrapped in.
    pub encapsulation: Encapsulation,
    /// What its capture agent told of it, if it came from one.
    pub trace: Option<Box<Trace>>,
    /// The frame that completed it.
    pub completed_by: Frame,
    /// The frames that carried it, in the order of its octets.
    pub frames: Vec<Frame>,
    /// Its octets.
    pub bytes: Vec<u8>,
    /// Its structure.
    pub head: Head,
    /// The capture point where it was seen, if that has a name.
    pub point: Option<String>,
    /// Other points that saw it, and when.
    pub sightings: Vec<(String, Timestamp)>,
}

impl MessageBuf {
    /// Returns the message as consumers take it.
    #[must_use]
    pub fn as_message(&self) -> Message<'_> {
        Message {
            ts: self.ts,
            flow: self.flow,
            encapsulation: self.encapsulation,
            trace: self.trace.as_deref(),
            completed_by: &self.completed_by,
            frames: &self.frames,
            bytes: &self.bytes,
            head: &self.head,
            identity: None,
            point: self.point.as_deref(),
        }
    }
}
