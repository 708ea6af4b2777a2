//! Comma-separated values (RFC 4180, lines end with LF).

use std::{
    borrow::Cow,
    fmt::Display,
    io::{self, Write},
};

use crate::{report::MessageRow, text::printable};

/// Writes rows as CSV, the names of the columns first.
pub struct CsvRows<W: Write> {
    writer: csv::Writer<W>,
    /// Whether cells that a spreadsheet would run as formulas are made harmless.
    is_safe: bool,
    /// Whether a terminal is to be protected from what cells hold.
    is_terminal: bool,
    cell: Vec<u8>,
}

impl<W: Write> CsvRows<W> {
    /// Returns a writer that has written `columns`.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn new(output: W, columns: &[&str], is_safe: bool, is_terminal: bool) -> io::Result<Self> {
        let mut writer = csv::WriterBuilder::new()
            .buffer_capacity(1 << 16)
            .from_writer(output);
        writer.write_record(columns).map_err(io_error)?;
        Ok(Self {
            writer,
            is_safe,
            is_terminal,
            cell: Vec::new(),
        })
    }

    /// Writes a message.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn message(&mut self, row: &MessageRow<'_>) -> io::Result<()> {
        self.text(row.input)?;
        self.number(row.frame)?;
        self.writer
            .write_field(row.ts.rfc3339().as_str())
            .map_err(io_error)?;
        self.number(row.src)?;
        self.number(row.src_port)?;
        self.number(row.dst)?;
        self.number(row.dst_port)?;
        self.writer
            .write_field(row.transport.name())
            .map_err(io_error)?;
        self.optional(row.method.as_deref())?;
        self.optional_number(row.status)?;
        self.optional_number(row.cseq)?;
        self.optional(row.cseq_method.as_deref())?;
        self.optional(row.call_id.as_deref())?;
        self.optional(row.reason.as_deref())?;
        self.optional(row.request_uri.as_deref())?;
        self.optional(row.from.as_deref())?;
        self.optional(row.to.as_deref())?;
        self.optional(row.user_agent.as_deref())?;
        self.optional(row.content_type.as_deref())?;
        self.number(row.size_bytes)?;
        self.number(row.body_bytes)?;
        self.number(row.frames)?;
        self.text(&row.encapsulation)?;
        self.text(&row.flaws.join(" "))?;
        self.end()
    }

    /// Writes a cell of text.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        let shown = if self.is_terminal {
            printable(text)
        } else {
            Cow::Borrowed(text)
        };
        let text = shown.as_ref();
        if self.is_safe && is_formula(text) {
            self.cell.clear();
            self.cell.push(b'\'');
            self.cell.extend_from_slice(text.as_bytes());
            return self.writer.write_field(&self.cell).map_err(io_error);
        }
        self.writer.write_field(text).map_err(io_error)
    }

    /// Writes a cell that holds no text from the wire, such as a number or an address.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn number(&mut self, number: impl Display) -> io::Result<()> {
        self.cell.clear();
        write!(self.cell, "{number}")?;
        self.writer.write_field(&self.cell).map_err(io_error)
    }

    /// Writes a cell of text, or an empty one.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn optional(&mut self, text: Option<&str>) -> io::Result<()> {
        self.text(text.unwrap_or_default())
    }

    /// Writes a cell with a number, or an empty one.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn optional_number(&mut self, number: Option<impl Display>) -> io::Result<()> {
        match number {
            Some(number) => self.number(number),
            None => self.writer.write_field("").map_err(io_error),
        }
    }

    /// Ends the row.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn end(&mut self) -> io::Result<()> {
        self.writer.write_record(None::<&[u8]>).map_err(io_error)
    }

    /// Lets whoever reads the output see what there is.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// Writes what is still buffered and returns the output.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn into_inner(self) -> io::Result<W> {
        self.writer
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)
    }
}

/// Returns what the system said; a closed pipe must stay one.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}

/// Returns whether a spreadsheet takes `text` for a formula (OWASP, CSV injection).
fn is_formula(text: &str) -> bool {
    matches!(
        text.as_bytes(),
        [b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r', ..]
    )
}
