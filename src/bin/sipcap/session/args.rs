//! The options of saving calls.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use sipcap::ladder::NameBook;

use crate::ui::Ui;

/// What selected calls are saved to, and what is noted with them.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Session options")]
pub(crate) struct SaveArgs {
    /// Save the packets of the selected calls to this pcapng file instead of printing rows
    ///
    /// All frames of their messages go there, unchanged and with their times, copies and other capture points too, and so
    /// does what proxies tell of them (HEP). Interfaces are named after capture points, if there are any. The first frame of
    /// each call has a comment that says what became of it. Names of hosts, secrets for decryption and comments of pcapng
    /// inputs are kept.
    #[arg(short, long, value_name = "FILE", conflicts_with = "output")]
    pub(crate) write: Option<PathBuf>,
    /// Note this in the file (can be repeated)
    #[arg(long, value_name = "TEXT", requires = "write")]
    pub(crate) note: Vec<String>,
    /// Save the media of the calls, too
    #[arg(long, requires = "write")]
    pub(crate) with_media: bool,
    /// Note what addresses are called (can be repeated): 192.0.2.1=SBC
    #[arg(long, value_name = "ADDRESS=NAME", requires = "write")]
    alias: Vec<String>,
    /// Note what this file calls addresses: an address and a name in each line
    #[arg(long, value_name = "FILE", requires = "write")]
    names: Option<PathBuf>,
}

impl SaveArgs {
    /// Returns what addresses are called.
    pub(crate) fn names(&self, ui: &Ui) -> anyhow::Result<Vec<(IpAddr, String)>> {
        let (hosts, with_port) = name_book(self.names.as_deref(), &self.alias)?.of_hosts();
        if with_port > 0 {
            ui.warn(format_args!(
                "{with_port} names are of an address with a port and not saved: captures name addresses alone"
            ));
        }
        Ok(hosts)
    }
}

/// Returns what addresses are called in a file and on the command line.
pub(crate) fn name_book(names: Option<&Path>, aliases: &[String]) -> anyhow::Result<NameBook> {
    let mut book = NameBook::default();
    if let Some(path) = names {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        book.add_lines(&text)
            .map_err(|(line, error)| anyhow::anyhow!("{}: line {line}: {error}", path.display()))?;
    }
    for alias in aliases {
        book.add(alias)
            .map_err(|error| anyhow::anyhow!("--alias: {error}"))?;
    }
    Ok(book)
}
