//! Comma-separated values (RFC 4180, lines end with LF).

use std::{
    borrow::Cow,
    io::{self, Write},
    net::IpAddr,
};

use csv::ByteRecord;
use itoa::Integer;

use crate::{report::MessageRow, text::printable, track::Flags};

/// Writes rows as CSV, the names of the columns first. Cells are collected until [`CsvRows::end`] writes them.
pub struct CsvRows<W: Write> {
    writer: csv::Writer<W>,
    record: ByteRecord,
    /// Whether cells that a spreadsheet would run as formulas are made harmless.
    is_safe: bool,
    /// Whether a terminal is to be protected from what cells hold.
    is_terminal: bool,
    cell: String,
}

impl<W: Write> CsvRows<W> {
    /// Returns a writer that has written `columns`.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn new(output: W, columns: &[&str], is_safe: bool, is_terminal: bool) -> io::Result<Self> {
        let mut rows = Self::more(output, is_safe);
        rows.is_terminal = is_terminal;
        rows.writer.write_record(columns).map_err(io_error)?;
        Ok(rows)
    }

    /// Returns a writer of more rows behind those that a file has.
    pub fn more(output: W, is_safe: bool) -> Self {
        Self {
            writer: csv::WriterBuilder::new()
                .buffer_capacity(1 << 16)
                .flexible(true)
                .from_writer(output),
            record: ByteRecord::new(),
            is_safe,
            is_terminal: false,
            cell: String::new(),
        }
    }

    /// Returns a writer of rows that are made harmless in the same way.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub(super) fn another<V: Write>(&self, output: V, columns: &[&str]) -> io::Result<CsvRows<V>> {
        CsvRows::new(output, columns, self.is_safe, self.is_terminal)
    }

    /// Writes a message.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn message(&mut self, row: &MessageRow<'_>) -> io::Result<()> {
        self.text(row.input);
        self.number(row.frame);
        self.plain(row.ts.rfc3339().as_str());
        self.address(row.src);
        self.number(row.src_port);
        self.address(row.dst);
        self.number(row.dst_port);
        self.plain(row.transport.name());
        self.optional(row.method.as_deref());
        self.optional_number(row.status);
        self.optional_number(row.cseq);
        self.optional(row.cseq_method.as_deref());
        self.optional(row.call_id.as_deref());
        self.optional(row.reason.as_deref());
        self.optional(row.request_uri.as_deref());
        self.optional(row.from.as_deref());
        self.optional(row.to.as_deref());
        self.optional(row.user_agent.as_deref());
        self.optional(row.content_type.as_deref());
        self.number(row.size_bytes);
        self.number(row.body_bytes);
        self.number(row.frames);
        self.plain(&row.encapsulation);
        match row.flaws.as_slice() {
            [] => self.plain(""),
            flaws => self.plain(&flaws.join(" ")),
        }
        self.optional(row.agent.as_deref());
        self.optional_number(row.agent_id);
        self.optional_address(row.agent_ip);
        match row.collected {
            Some(collected) => self.plain(collected.rfc3339().as_str()),
            None => self.plain(""),
        }
        self.optional(row.correlation_id.as_deref());
        self.optional(row.connection.as_deref());
        self.text(&row.seen());
        self.end()
    }

    /// Adds a cell of text from the wire.
    pub fn text(&mut self, text: &str) {
        let shown = if self.is_terminal {
            printable(text)
        } else {
            Cow::Borrowed(text)
        };
        if self.is_safe && is_formula(&shown) {
            self.plain(&format!("'{shown}"));
        } else {
            self.plain(&shown);
        }
    }

    /// Adds a cell of text, or an empty one.
    pub fn optional(&mut self, text: Option<&str>) {
        self.text(text.unwrap_or_default());
    }

    /// Adds a cell of text that is not from the wire.
    pub fn plain(&mut self, text: &str) {
        self.record.push_field(text.as_bytes());
    }

    /// Adds a cell with a number.
    pub fn number(&mut self, number: impl Integer) {
        self.plain(itoa::Buffer::new().format(number));
    }

    /// Adds a cell with a number, or an empty one.
    pub fn optional_number(&mut self, number: Option<impl Integer>) {
        match number {
            Some(number) => self.number(number),
            None => self.plain(""),
        }
    }

    /// Adds a cell with the names of remarks.
    pub fn flags(&mut self, flags: Flags) {
        self.cell.clear();
        for name in flags.names() {
            if !self.cell.is_empty() {
                self.cell.push(' ');
            }
            self.cell.push_str(name);
        }
        self.record.push_field(self.cell.as_bytes());
    }

    /// Adds a cell with an address, or an empty one.
    pub fn optional_address(&mut self, address: Option<IpAddr>) {
        match address {
            Some(address) => self.address(address),
            None => self.plain(""),
        }
    }

    fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(v4) => {
                // The formatting machinery takes four times as long, twice in each row.
                self.cell.clear();
                for octet in v4.octets() {
                    self.cell.push_str(itoa::Buffer::new().format(octet));
                    self.cell.push('.');
                }
                self.cell.pop();
                self.record.push_field(self.cell.as_bytes());
            }
            IpAddr::V6(v6) => self.plain(&v6.to_string()),
        }
    }

    /// Writes the row that the cells make.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn end(&mut self) -> io::Result<()> {
        let result = self.writer.write_byte_record(&self.record);
        self.record.clear();
        result.map_err(io_error)
    }

    /// Appends the cells of the row to `cells` instead of writing it, for [`Self::attach`] to take them up again.
    pub fn detach(&mut self, cells: &mut Vec<u8>) {
        for cell in &self.record {
            let len = u32::try_from(cell.len()).unwrap_or(u32::MAX);
            cells.extend_from_slice(&len.to_le_bytes());
            cells.extend_from_slice(cell);
        }
        self.record.clear();
    }

    /// Adds the cells that [`Self::detach`] has set aside.
    pub fn attach(&mut self, cells: &[u8]) {
        detached(cells).for_each(|cell| self.record.push_field(cell));
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

/// Returns the cells that were set aside, one by one.
pub(super) fn detached(cells: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = cells;
    std::iter::from_fn(move || {
        let (len, behind) = rest.split_first_chunk::<4>()?;
        let (cell, behind) = behind.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        rest = behind;
        Some(cell)
    })
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
