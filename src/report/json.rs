//! JSON Lines: one object a line, each with its `type`.

use std::io::{self, Write};

use serde::Serialize;

use crate::report::encode::encode;

/// Writes rows as JSON Lines.
pub struct JsonRows<W: Write> {
    output: W,
    /// The row that is being made.
    row: Vec<u8>,
}

impl<W: Write> JsonRows<W> {
    /// Returns a writer to `output`, which should be buffered.
    pub const fn new(output: W) -> Self {
        Self {
            output,
            row: Vec::new(),
        }
    }

    /// Writes a row.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn row(&mut self, row: &impl Serialize) -> io::Result<()> {
        self.row.clear();
        encode(&mut self.row, row)?;
        self.row.push(b'\n');
        self.output.write_all(&self.row)
    }

    /// Lets whoever reads the output see what there is.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// Returns the output, for what is no row: whole lines, between two of them.
    pub const fn output(&mut self) -> &mut W {
        &mut self.output
    }

    /// Returns the output.
    pub fn into_inner(self) -> W {
        self.output
    }
}
