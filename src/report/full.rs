//! Messages in full, for people.

use std::{
    borrow::Cow,
    io::{self, Write},
    net::SocketAddr,
};

use anstyle::{AnsiColor, Style};
use regex::bytes::Regex;

use crate::{
    report::MessageRow,
    sip::Message,
    text::{escape, printable, sanitize},
};

const HEADING: Style = AnsiColor::Cyan.on_default().bold();
const MATCH: Style = AnsiColor::Red.on_default().bold();

/// Writes whole messages, each under a line that tells frame, time and addresses.
pub struct MessageText<W: Write> {
    output: W,
    /// What is highlighted in colour.
    highlight: Option<Regex>,
    is_colored: bool,
    /// Whether a terminal is to be protected from what messages hold.
    is_terminal: bool,
}

impl<W: Write> MessageText<W> {
    /// Returns a writer to `output`.
    pub const fn new(
        output: W,
        is_colored: bool,
        is_terminal: bool,
        highlight: Option<Regex>,
    ) -> Self {
        Self {
            output,
            highlight,
            is_colored,
            is_terminal,
        }
    }

    /// Writes a message; lines end with LF.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn message(&mut self, message: &Message<'_>, row: &MessageRow<'_>) -> io::Result<()> {
        let heading = format!(
            "--- {} frame {}  {}  {} {} -> {}",
            printable(row.input),
            row.frame,
            row.ts,
            row.transport,
            SocketAddr::new(row.src, row.src_port),
            SocketAddr::new(row.dst, row.dst_port),
        );
        if self.is_colored {
            writeln!(self.output, "{HEADING}{heading}{HEADING:#}")?;
        } else {
            writeln!(self.output, "{heading}")?;
        }
        for line in message.bytes.split_inclusive(|octet| *octet == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            self.line(line.strip_suffix(b"\r").unwrap_or(line))?;
        }
        self.output.write_all(b"\n")
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        let mut rest = 0;
        if let Some(highlight) = self.highlight.as_ref().filter(|_| self.is_colored) {
            for found in highlight.find_iter(line).filter(|found| !found.is_empty()) {
                let before = line.get(rest..found.start()).unwrap_or_default();
                let (before, hit) = (
                    shown(before, self.is_terminal),
                    shown(found.as_bytes(), self.is_terminal),
                );
                self.output.write_all(&before)?;
                write!(self.output, "{MATCH}")?;
                self.output.write_all(&hit)?;
                write!(self.output, "{MATCH:#}")?;
                rest = found.end();
            }
        }
        let tail = shown(line.get(rest..).unwrap_or_default(), self.is_terminal);
        self.output.write_all(&tail)?;
        self.output.write_all(b"\n")
    }

    /// Lets whoever reads the output see what there is.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// Returns the output.
    pub fn into_inner(self) -> W {
        self.output
    }
}

/// Returns octets as they are, or as a terminal can be trusted with them.
fn shown(octets: &[u8], is_terminal: bool) -> Cow<'_, [u8]> {
    if !is_terminal {
        return Cow::Borrowed(octets);
    }
    match escape(octets) {
        Cow::Borrowed(text) => match sanitize(text) {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        },
        Cow::Owned(text) => Cow::Owned(sanitize(&text).into_owned().into_bytes()),
    }
}
