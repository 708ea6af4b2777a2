//! Where ladders are written to.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use sipcap::{
    ladder::IndexEntry,
    split::{FileNames, NameStyle},
};

use crate::{
    ladder::{
        Content,
        draw::{Drawing, Drawn},
        index,
    },
    output::Output,
};

/// Writes a ladder to a file or the standard output; one that is too high goes on in files beside the first.
pub(crate) fn write_one(
    drawn: &Drawn,
    mut output: Output,
    path: Option<&Path>,
    force: bool,
) -> anyhow::Result<()> {
    let mut documents = drawn.documents.iter();
    if let Some(first) = documents.next() {
        if path.is_none() && documents.len() > 0 {
            bail!(
                "the ladder takes {} pictures; name a file with --output",
                documents.len() + 1
            );
        }
        output.write_all(first)?;
    }
    output.finish()?;
    for (document, number) in documents.zip(2..) {
        let further = numbered(path.unwrap_or_else(|| Path::new("")), number);
        let mut output = Output::open(Some(&further), force, &[])?;
        output.write_all(document)?;
        output.finish()?;
    }
    Ok(())
}

/// Returns the path of a further picture of a ladder: `call-2.svg` beside `call.svg`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(extension) => format!("{stem}-{number}.{}", extension.to_string_lossy()),
        None => format!("{stem}-{number}"),
    };
    path.with_file_name(name)
}

/// A directory for many ladders.
pub(crate) struct Directory {
    path: PathBuf,
    force: bool,
    /// Whether cells of the table are made harmless for spreadsheets.
    csv_safe: bool,
}

impl Directory {
    /// Makes the directory, or checks that files can be written to it.
    pub(crate) fn make(path: &Path, force: bool, csv_safe: bool) -> anyhow::Result<Self> {
        if path.exists() && !path.is_dir() {
            bail!(
                "{} is a file; name a directory with --output",
                path.display()
            );
        }
        if path.exists() {
            if !force && fs::read_dir(path)?.next().is_some() {
                bail!(
                    "{} is not empty; choose another directory, or overwrite files with --force",
                    path.display()
                );
            }
        } else {
            fs::create_dir_all(path)
                .with_context(|| format!("cannot make the directory {}", path.display()))?;
        }
        Ok(Self {
            path: path.to_owned(),
            force,
            csv_safe,
        })
    }

    /// Draws all ladders, by all threads, and writes them to files that are called after their Call-IDs.
    pub(crate) fn write(&self, ladders: &[Content], drawing: &Drawing) -> anyhow::Result<usize> {
        let style = NameStyle {
            prefix: String::new(),
            suffix: String::new(),
            extension: None,
            directories: Some(0),
        };
        let mut names = FileNames::new(style, ladders.len());
        let extension = drawing.format.extension();
        let named: Vec<(PathBuf, &Content)> = ladders
            .iter()
            .map(|ladder| {
                let first = ladder.messages.first();
                let call_id = first.map_or(&[][..], |first| first.head.call_id.of(&first.bytes));
                let name = names.name(call_id, call_id, extension, |path| {
                    path == Path::new("index.html")
                });
                (name, ladder)
            })
            .collect();
        let entries = named.into_par_iter().map(|(file, ladder)| {
            let drawn = drawing.draw(ladder)?;
            let path = self.path.join(&file);
            let output = Output::open(Some(&path), self.force, &[])?;
            write_one(&drawn, output, Some(&path), self.force)?;
            let name = file.to_string_lossy().into_owned();
            Ok(IndexEntry::new(&drawn.ladder, name))
        });
        let entries: Vec<IndexEntry> = entries.collect::<anyhow::Result<_>>()?;
        self.write_lists(&entries, drawing)?;
        Ok(entries.len())
    }

    /// Writes the lists of the ladders.
    fn write_lists(&self, entries: &[IndexEntry], drawing: &Drawing) -> anyhow::Result<()> {
        let open = |name| Output::open(Some(&self.path.join(name)), self.force, &[]);
        let mut page = open("index.html")?;
        index::write_page(entries, drawing.theme, &mut page)?;
        page.finish()?;
        let mut table = open("index.csv")?;
        index::write_table(entries, self.csv_safe, &mut table)?;
        table.finish()
    }
}
