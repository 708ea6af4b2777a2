//! Statistics of a part of a capture, kept in a file until all parts are put together.
//!
//! A part is JSON Lines, compressed by gzip: what was counted, and then the messages of what may go over the borders of the
//! part ([`Border`](crate::stats::Border)). These are counted when the parts are together: what they amount to may depend on
//! messages of another part.

mod carried;
mod merge;

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read, Write},
};

use flate2::{Compression, bufread::MultiGzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};

use super::CaptureQuality;
use crate::{
    sip::{Message, MessageBuf},
    stats::{Group, Plan, Statistics},
    time::Timestamp,
};

pub use self::merge::Merge;

/// The layout of the file; it changes with every change of what is counted.
const VERSION: u32 = 5;

const TYPE: &str = "statistics-part";

/// What was counted is not longer than that: some hundred thousand sets of figures.
const MAX_HEADER: u64 = 1 << 32;

/// How a part is compressed: what it carries is alike, and shrinks well at any level.
const LEVEL: Compression = Compression::new(3);

/// What decides which part it is, and what was counted in it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct PartOrigin {
    /// The options that it was counted with, by name.
    pub options: BTreeMap<String, Vec<String>>,
    /// The names of the captures.
    pub inputs: Vec<String>,
    /// When nothing more happened in it: the time of its last frame.
    pub end: i64,
}

impl PartOrigin {
    /// Returns whether the option of this name may be another one in each part: it tells which part that is.
    #[must_use]
    pub fn is_own(name: &str) -> bool {
        ["since", "until", "point"].contains(&name)
    }
}

/// What was counted in a part of a capture, and what it carries.
pub struct StatisticsPart {
    counted: Counted,
    messages: Box<dyn BufRead>,
}

/// What was counted in a part of a capture.
#[derive(Debug, Deserialize)]
struct Counted {
    origin: PartOrigin,
    plan: Plan,
    capture: CaptureQuality,
    /// The groups, everything first.
    groups: Vec<Group>,
}

/// The same before it is written.
#[derive(Serialize)]
struct Written<'a> {
    r#type: &'static str,
    version: u32,
    origin: &'a PartOrigin,
    plan: &'a Plan,
    capture: &'a CaptureQuality,
    groups: Vec<&'a Group>,
}

/// What tells whether a file is a part that can be read.
#[derive(Deserialize)]
struct Kind {
    r#type: String,
    version: u32,
}

/// A part that is being written: messages first, as what was counted is known in the end only.
pub struct PartWriter<F: Write> {
    carried: GzEncoder<F>,
}

impl<F: Write + Read + io::Seek> PartWriter<F> {
    /// Returns one that keeps messages in `spool`, which is empty.
    #[must_use]
    pub fn new(spool: F) -> Self {
        Self {
            carried: GzEncoder::new(spool, LEVEL),
        }
    }

    /// Carries a message.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn message(&mut self, message: &Message<'_>) -> io::Result<()> {
        carried::write(message, &mut self.carried)
    }

    /// Writes the part.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(
        self,
        origin: &PartOrigin,
        statistics: &Statistics,
        capture: &CaptureQuality,
        output: &mut impl Write,
    ) -> io::Result<()> {
        let part = Written {
            r#type: TYPE,
            version: VERSION,
            origin,
            plan: statistics.plan(),
            capture,
            groups: statistics.all_groups().collect(),
        };
        let mut counted = GzEncoder::new(&mut *output, LEVEL);
        serde_json::to_writer(&mut counted, &part)?;
        counted.write_all(b"\n")?;
        counted.finish()?;
        let mut spool = self.carried.finish()?;
        spool.rewind()?;
        io::copy(&mut spool, output)?;
        Ok(())
    }
}

impl StatisticsPart {
    /// Reads what was counted in a part; what it carries is read as it is needed.
    ///
    /// # Errors
    /// When it is none, or one of another version.
    pub fn read(source: impl Read + 'static) -> Result<Self, String> {
        let none = |error: &dyn ToString| {
            format!(
                "expected what sipcap stats --partial writes: {}",
                error.to_string()
            )
        };
        let mut messages = plain(source).map_err(|error| none(&error))?;
        let mut text = Vec::new();
        (&mut messages)
            .take(MAX_HEADER)
            .read_until(b'\n', &mut text)
            .map_err(|error| none(&error))?;
        let kind: Kind = serde_json::from_slice(&text).map_err(|error| none(&error))?;
        if kind.r#type != TYPE {
            let kind = kind.r#type;
            return Err(format!(
                "expected what sipcap stats --partial writes, not {kind}"
            ));
        }
        if kind.version != VERSION {
            let version = kind.version;
            return Err(format!(
                "it has version {version}; known is {VERSION}: count it again with this version of sipcap"
            ));
        }
        let counted: Counted = serde_json::from_slice(&text).map_err(|error| none(&error))?;
        if !counted.is_sound() {
            return Err("it is damaged".to_owned());
        }
        Ok(Self { counted, messages })
    }

    /// Returns the options that it was counted with, by name.
    #[must_use]
    pub const fn options(&self) -> &BTreeMap<String, Vec<String>> {
        &self.counted.origin.options
    }

    /// Returns the next message that it carries; its input is so many more than the part says.
    fn next_message(&mut self, first: u16) -> Result<Option<MessageBuf>, String> {
        carried::read(&mut self.messages, first)
    }

    /// Returns what is different in each part of a capture: its time, and its captures.
    fn place(&self) -> ((Timestamp, Timestamp), &[String]) {
        (self.counted.capture.span(), &self.counted.origin.inputs)
    }
}

impl Counted {
    fn is_sound(&self) -> bool {
        let cuts = &self.plan.cuts;
        self.plan.bucket.is_none_or(|length| length > 0)
            && self.groups.iter().all(|group| match group.cut {
                None => group.key.is_empty(),
                Some(cut) => cuts.get(cut).map(Vec::len) == Some(group.key.len()),
            })
    }
}

/// Returns a reader of what may be compressed in `source`.
fn plain(source: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    let mut source = BufReader::new(source);
    let is_compressed = source.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(if is_compressed {
        Box::new(BufReader::new(MultiGzDecoder::new(source)))
    } else {
        Box::new(source)
    })
}

#[cfg(test)]
mod tests;
