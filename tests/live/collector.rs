//! A collector of `sipcap live` that runs.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    process::{Child, Stdio},
    time::Duration,
};

use super::interrupt;
use crate::support::program::sipcap;

/// A collector that runs.
pub(super) struct Collector {
    pub(super) live: Child,
    pub(super) address: SocketAddr,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Collector {
    /// Lets it listen by this option at any port.
    pub(super) fn begin(listen: &str, options: &[&str]) -> Self {
        let mut live = sipcap()
            .args(["live", listen, "127.0.0.1:0"])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(live.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let address = line.trim_end().trim_end_matches('.').rsplit(' ').next();
        let address = address.and_then(|address| address.parse().ok());
        Self {
            live,
            address: address.unwrap_or_else(|| panic!("no address: {line}")),
            stderr,
        }
    }

    /// Ends it when everything has arrived; returns what it wrote to its outputs.
    pub(super) fn end(mut self) -> (Vec<u8>, String) {
        std::thread::sleep(Duration::from_millis(600));
        interrupt(&self.live);
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        let output = self.live.wait_with_output().unwrap();
        (output.stdout, stderr)
    }
}
