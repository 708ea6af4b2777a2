//! A row for each capture file that was written.

use std::{
    borrow::Cow,
    io::{self, Write},
    path::Path,
};

use serde::Serialize;

use crate::{report::CsvRows, split::CallEntry, text::escape, time::Timestamp};

/// What the manifest tells of a file. Fields are only ever added, at the end.
#[derive(Clone, Debug, Serialize)]
pub struct FileRow<'a> {
    /// `file`.
    pub r#type: &'static str,
    /// The file.
    pub path: Cow<'a, str>,
    /// The Call-ID of all its messages; `null` for messages without one.
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
}

impl<'a> FileRow<'a> {
    /// The names of the columns, in their order.
    pub const COLUMNS: [&'static str; 6] =
        ["path", "call_id", "messages", "frames", "first", "last"];

    /// Returns the row of the file at `path`.
    #[must_use]
    pub fn new(call: &CallEntry<'a>, path: &'a Path) -> Self {
        let mut frames = call.frames();
        let count = frames.len();
        let first = frames
            .next()
            .map_or_else(Timestamp::default, |frame| frame.ts);
        Self {
            r#type: "file",
            path: path.to_string_lossy(),
            call_id: (!call.call_id.is_empty()).then(|| escape(call.call_id)),
            messages: call.messages,
            frames: count,
            first,
            last: frames.last().map_or(first, |frame| frame.ts),
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
        rows.end()
    }
}
