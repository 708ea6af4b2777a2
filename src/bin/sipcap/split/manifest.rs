//! What is told of the files that were written.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use sipcap::{
    report::{CsvRows, FileRow, JsonRows},
    split::Existing,
};

use crate::output::Output;

/// A table of the files, a row for each.
pub(crate) enum Manifest {
    Csv(Box<CsvRows<Output>>),
    Json(JsonRows<Output>),
}

impl Manifest {
    /// Opens the manifest at `path`, whose ending tells its format. One that is kept gets more rows.
    pub(crate) fn open(
        path: &Path,
        existing: Existing,
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
        let adds = existing == Existing::Keep && path.is_file();
        let before = if adds {
            fs::read(path).with_context(|| format!("cannot read {}", path.display()))?
        } else {
            Vec::new()
        };
        let force = existing == Existing::Overwrite || adds;
        let mut output = Output::open(Some(path), force, inputs)?;
        output.write_all(&before)?;
        if before.last().is_some_and(|octet| *octet != b'\n') {
            output.write_all(b"\n")?;
        }
        Ok(if !is_csv {
            Self::Json(JsonRows::new(output))
        } else if before.is_empty() {
            let rows = CsvRows::new(output, &FileRow::COLUMNS, is_safe, false)?;
            Self::Csv(Box::new(rows))
        } else {
            let first = before.split(|octet| *octet == b'\n').next();
            let columns = FileRow::COLUMNS.join(",");
            if first.map(<[u8]>::trim_ascii_end) != Some(columns.as_bytes()) {
                bail!(
                    "{} has other columns; name another manifest",
                    path.display()
                );
            }
            Self::Csv(Box::new(CsvRows::more(output, is_safe)))
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
