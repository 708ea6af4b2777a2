//! A row for each capture file that was written.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use hashbrown::HashSet;
use serde::Serialize;

use crate::{
    report::CsvRows,
    split::{FileWritten, GroupFiles},
    text::escape,
    time::Timestamp,
};

/// What the manifest tells of a file. Fields are only ever added, at the end.
#[derive(Clone, Debug, Serialize)]
pub struct FileRow<'a> {
    /// `file`.
    pub r#type: &'static str,
    /// The file.
    pub path: Cow<'a, str>,
    /// The Call-ID of its messages, of several calls that of the first one; `null` for messages without one.
    pub call_id: Option<Cow<'a, str>>,
    /// How many messages are in it.
    pub messages: u32,
    /// How many frames are in it.
    pub frames: usize,
    /// When the first frame was captured.
    #[serde(serialize_with = "super::fields::serialize_time")]
    pub first: Timestamp,
    /// When the last frame was captured.
    #[serde(serialize_with = "super::fields::serialize_time")]
    pub last: Timestamp,
    /// The Call-IDs of the calls in it, in the order in which they began.
    pub legs: Vec<Cow<'a, str>>,
    /// How many calls are in it.
    pub calls: usize,
    /// What became of the first one.
    pub outcome: Option<&'a str>,
    /// Its final status.
    pub status: Option<u16>,
    /// Who called in it.
    pub caller: Option<&'a str>,
    /// Who was called.
    pub callee: Option<&'a str>,
    /// How many packets of media are in it.
    pub media: u32,
    /// How many octets the file has.
    pub bytes: u64,
}

/// What is known of a call in a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileCall {
    /// Its Call-ID.
    pub call_id: String,
    /// What became of it.
    pub outcome: &'static str,
    /// Its final status.
    pub status: Option<u16>,
    /// The URI of who called.
    pub caller: Option<String>,
    /// The URI of who was called.
    pub callee: Option<String>,
}

impl<'a> FileRow<'a> {
    /// The names of the columns, in their order.
    pub const COLUMNS: [&'static str; 14] = [
        "path", "call_id", "messages", "frames", "first", "last", "legs", "calls", "outcome",
        "status", "caller", "callee", "media", "bytes",
    ];

    /// Returns the row of a file.
    #[must_use]
    pub fn new(
        group: &GroupFiles<'a>,
        calls: impl IntoIterator<Item = &'a FileCall>,
        file: &'a FileWritten,
    ) -> Self {
        let calls: Vec<&FileCall> = calls.into_iter().collect();
        let mut frames = group.frames();
        let first = frames
            .next()
            .map_or_else(Timestamp::default, |frame| frame.ts);
        let mut known = HashSet::new();
        let legs = calls.iter().map(|call| call.call_id.as_str());
        let legs = legs.filter(|leg| known.insert(*leg)).map(Cow::Borrowed);
        let call = calls.first();
        Self {
            r#type: "file",
            path: file.path.to_string_lossy(),
            call_id: (!group.call_id.is_empty()).then(|| escape(group.call_id)),
            messages: group.messages,
            frames: file.frames,
            first,
            last: frames.next_back().map_or(first, |frame| frame.ts),
            legs: legs.collect(),
            calls: calls.len(),
            outcome: call.map(|call| call.outcome),
            status: call.and_then(|call| call.status),
            caller: call.and_then(|call| call.caller.as_deref()),
            callee: call.and_then(|call| call.callee.as_deref()),
            media: group.media,
            bytes: file.bytes,
        }
    }

    /// Writes the row as CSV.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write<W: Write>(&self, rows: &mut CsvRows<W>) -> io::Result<()> {
        rows.text(&self.path);
        rows.optional(self.call_id.as_deref());
        rows.number(self.messages);
        rows.number(self.frames);
        rows.text(self.first.rfc3339().as_str());
        rows.text(self.last.rfc3339().as_str());
        rows.text(&self.legs.join(" "));
        rows.number(self.calls);
        rows.optional(self.outcome);
        rows.optional_number(self.status);
        rows.optional(self.caller);
        rows.optional(self.callee);
        rows.number(self.media);
        rows.number(self.bytes);
        rows.end()
    }
}
