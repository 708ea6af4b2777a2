//! A capture file for each call of a capture that goes on, written when the call is over.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    Existing, FileNames, FileWritten, NameStyle, Spooled, WindowReader, file_writer::FileWriter,
};
use crate::{
    capture::{About, CaptureEncoder, InputSummary, OutputFormat, Packing},
    error::Result,
};

/// How the files of calls are written.
#[derive(Clone, Debug)]
pub struct LiveFileOptions {
    /// Where they go.
    pub directory: PathBuf,
    /// How they are compressed.
    pub packing: Option<Packing>,
    /// What becomes of files that exist.
    pub existing: Existing,
}

impl LiveFileOptions {
    /// Writes the file of a call; there is none without frames.
    ///
    /// # Errors
    /// When it cannot be written, or frames cannot be read again.
    pub fn write(
        &self,
        call_id: &[u8],
        spooled: &Spooled,
        window: &WindowReader,
    ) -> Result<Option<FileWritten>> {
        let inputs = [window.about()];
        let nanos = inputs.iter().any(InputSummary::has_nanos);
        let format = if spooled.has_links {
            OutputFormat::PcapNg { nanos }
        } else {
            OutputFormat::Pcap {
                link: spooled.link(),
                nanos,
            }
        };
        let path = self.path(call_id, format);
        let mut writer = FileWriter::new(&path, &self.directory, self.packing);
        let about = About {
            comment: "",
            inputs: &inputs,
        };
        let mut block = Vec::new();
        let mut encoder = CaptureEncoder::begin(format, about, &mut block);
        spooled.read(|frame, octets| writer.add(&mut encoder, frame, octets, &mut block))?;
        writer.end(&mut block)?;
        let overwrites = self.existing == Existing::Overwrite;
        // Somebody else may write there, too.
        writer.finish(overwrites, || {
            (!overwrites).then(|| self.path(call_id, format))
        })
    }

    /// Returns a path for the file of a call, one that is free unless files may be overwritten.
    fn path(&self, call_id: &[u8], format: OutputFormat) -> PathBuf {
        let style = NameStyle {
            prefix: "callid_".to_owned(),
            suffix: String::new(),
            extension: None,
            directories: Some(0),
        };
        let packing = self.packing.map_or("", Packing::extension);
        let extension = format!("{}{packing}", format.suffix());
        let is_taken = |name: &Path| {
            self.existing != Existing::Overwrite
                && self.directory.join(name).symlink_metadata().is_ok()
        };
        // Those of a run are not remembered: it may go on for years.
        let name = FileNames::new(style, 1).name(call_id, call_id, &extension, is_taken);
        self.directory.join(name)
    }

    /// Makes the directory, or checks that files can be written to it.
    ///
    /// # Errors
    /// When that is not so.
    pub fn make_directory(&self) -> io::Result<()> {
        std::fs::create_dir_all(&self.directory)?;
        tempfile::tempfile_in(&self.directory).map(|_| ())
    }
}
