//! Recording what is captured.

use std::{path::PathBuf, sync::Arc};

use anyhow::bail;
use sipcap::capture::{Bpf, Packing, RecordPlan, Rotation};

use crate::cli::{Compress, parse_duration};

/// How many octets may wait to be written.
const QUEUE_BYTES: usize = 64 << 20;

/// Where what is captured is recorded.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Recording options")]
pub(crate) struct RecordArgs {
    /// Record all that is captured in this file; it has its name when it is whole
    ///
    /// It is pcap, or pcapng for several interfaces or with such a name. SIGHUP begins the next file.
    #[arg(short = 'w', long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
    /// Begin the next file when one is longer than this: millions of octets, or a size such as 500k, 100M or 1G
    ///
    /// The next ones get the numbers 1, 2, ... behind their names.
    #[arg(short = 'C', long, value_name = "SIZE", requires = "write", value_parser = parse_rotate_size)]
    rotate_size: Option<u64>,
    /// Begin the next file after this time: seconds, or a time such as 10m; names have parts of the time in them
    ///
    /// %Y %m %d %H %M %S and the others of strftime stand for when the first frame of a file was captured.
    #[arg(short = 'G', long, value_name = "TIME", requires = "write", value_parser = parse_rotate_every)]
    rotate_every: Option<i64>,
    /// Keep so many files with -C, the next one takes the place of the first; end after so many with -G
    #[arg(short = 'W', long, value_name = "N", requires = "write", value_parser = clap::value_parser!(u32).range(1..))]
    rotate_count: Option<u32>,
    /// Compress files while they are written; names end with .gz or .zst then
    #[arg(long, value_name = "HOW")]
    pub(crate) compress: Option<Compress>,
}

impl RecordArgs {
    /// Returns what is to be recorded, if anything is; a source that can wait `waits`.
    pub(crate) fn plan(
        &self,
        overwrites: bool,
        waits: bool,
        bpf: Option<Arc<Bpf>>,
    ) -> anyhow::Result<Option<RecordPlan>> {
        let Some(path) = &self.write else {
            return Ok(None);
        };
        let (size, every) = (self.rotate_size, self.rotate_every);
        if path.as_os_str() == "-" {
            bail!("--write: name a file; the standard output has events and calls");
        }
        if path.is_dir() {
            bail!(
                "--write: {} is a directory; name a file in it",
                path.display()
            );
        }
        if self.rotate_count.is_some() && size.is_none() && every.is_none() {
            bail!("--rotate-count needs --rotate-size or --rotate-every");
        }
        let name = path.to_string_lossy();
        if every.is_some() && !name.contains('%') {
            bail!(
                "--rotate-every: each file would take the place of the one before; put the time into the name, as in \
                 trace-%Y%m%d-%H%M%S.pcap"
            );
        }
        let packing = self.compress.map(Compress::packing);
        let by_name = [Packing::Gzip, Packing::Zstd]
            .into_iter()
            .find(|packing| name.ends_with(packing.extension()));
        Ok(Some(RecordPlan {
            path: path.clone(),
            rotation: Rotation {
                bytes: size,
                every,
                count: self.rotate_count,
            },
            packing: packing.or(by_name),
            overwrites,
            queue_bytes: QUEUE_BYTES,
            waits,
            bpf,
            ..RecordPlan::default()
        }))
    }
}

/// Reads a size as tcpdump does: without a unit, millions of octets.
fn parse_rotate_size(text: &str) -> Result<u64, &'static str> {
    const EXPECTED: &str = "expected millions of octets, or a size such as 500k, 100M or 1G";
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..).unwrap_or_default() {
        "" => 1_000_000,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        _ => return Err(EXPECTED),
    };
    let number: u64 = digits.parse().map_err(|_| EXPECTED)?;
    number
        .checked_mul(unit)
        .filter(|size| *size > 0)
        .ok_or(EXPECTED)
}

/// Reads a time as tcpdump does: without a unit, seconds.
fn parse_rotate_every(text: &str) -> Result<i64, String> {
    let seconds = text.parse::<u32>().map(|seconds| format!("{seconds}s"));
    match parse_duration(seconds.as_deref().unwrap_or(text))? {
        ..1_000_000_000 => Err("expected a time of at least 1s".to_owned()),
        nanos => Ok(nanos),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// tcpdump(1): -C, -G.
    #[test]
    fn units_are_those_of_tcpdump() {
        for (text, size) in [
            ("1", 1_000_000),
            ("10", 10_000_000),
            ("1k", 1024),
            ("2M", 2_097_152),
            ("1G", 1_073_741_824),
        ] {
            assert_eq!(parse_rotate_size(text), Ok(size), "{text}");
        }
        for text in ["", "0", "k", "1T", "1.5M", "-1", "99999999999999999999"] {
            assert!(parse_rotate_size(text).is_err(), "{text}");
        }
        assert_eq!(parse_rotate_every("60"), Ok(60_000_000_000));
        assert_eq!(parse_rotate_every("10m"), Ok(600_000_000_000));
        assert!(parse_rotate_every("0").is_err() && parse_rotate_every("5ms").is_err());
    }
}
