//! What is told of the files that were written.

use std::{
    io,
    path::{Path, PathBuf},
};

use anyhow::bail;
use sipcap::report::{CsvRows, FileRow, JsonRows};

use crate::output::Output;

/// A table of the files, a row for each.
pub(crate) enum Manifest {
    Csv(Box<CsvRows<Output>>),
    Json(JsonRows<Output>),
}

impl Manifest {
    /// Opens the manifest at `path`, whose ending tells its format.
    pub(crate) fn open(
        path: &Path,
        force: bool,
        is_safe: bool,
        inputs: &[PathBuf],
    ) -> anyhow::Result<Self> {
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        let is_csv = match ending.to_str() {
            Some("csv") => true,
            Some("jsonl" | "ndjson" | "json") => false,
            _ => bail!(
                "{}: a manifest is CSV or JSON Lines; let its name end with .csv or .jsonl",
                path.display()
            ),
        };
        let output = Output::open(Some(path), force, inputs)?;
        Ok(if is_csv {
            let rows = CsvRows::new(output, &FileRow::COLUMNS, is_safe, false)?;
            Self::Csv(Box::new(rows))
        } else {
            Self::Json(JsonRows::new(output))
        })
    }

    /// Adds a row.
    pub(crate) fn write(&mut self, row: &FileRow<'_>) -> io::Result<()> {
        match self {
            Self::Csv(rows) => row.write(rows),
            Self::Json(rows) => rows.row(row),
        }
    }

    /// Writes what is left and gives the file its name.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Csv(rows) => rows.into_inner()?,
            Self::Json(rows) => rows.into_inner(),
        }
        .finish()
    }
}
