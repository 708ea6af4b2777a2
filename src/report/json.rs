//! JSON Lines: one object a line, each with its `type`.

use std::io::{self, Write};

use serde::Serialize;

/// Writes rows as JSON Lines.
pub struct JsonRows<W: Write> {
    output: W,
}

impl<W: Write> JsonRows<W> {
    /// Returns a writer to `output`, which should be buffered.
    pub const fn new(output: W) -> Self {
        Self { output }
    }

    /// Writes a row.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn row(&mut self, row: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.output, row)?;
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
