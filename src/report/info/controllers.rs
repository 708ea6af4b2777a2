//! A row for each session border controller that sends IPFIX.

use std::{
    io::{self, Write},
    net::IpAddr,
};

use serde::Serialize;

use crate::{
    pipeline::{ControllerCounts, Controllers},
    text::{escape, printable},
};

/// What `info` tells of a session border controller.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ControllerRow {
    r#type: &'static str,
    /// `null` if it did not tell, and in the row of all that are too many to be told apart.
    name: Option<String>,
    ip: Option<IpAddr>,
    version: Option<String>,
    keep_alive_s: Option<u16>,
    messages: u64,
    bytes: u64,
    sets: u64,
    max_sets: u64,
    sip: u64,
    connects: u64,
    keep_alives: u64,
}

impl ControllerRow {
    /// Returns the rows of all controllers.
    pub(super) fn all(controllers: &Controllers) -> Vec<Self> {
        let counts = controllers.counts();
        counts
            .into_iter()
            .map(|(ip, counts)| Self::new(ip, counts))
            .collect()
    }

    fn new(ip: Option<IpAddr>, counts: &ControllerCounts) -> Self {
        let name = counts.name.as_deref();
        let version = counts.version;
        Self {
            r#type: "controller",
            name: name.map(|name| escape(name).into_owned()),
            ip,
            version: version.map(|(major, minor)| format!("{major}.{minor}")),
            keep_alive_s: counts.keep_alive_secs,
            messages: counts.messages,
            bytes: counts.octets,
            sets: counts.sets,
            max_sets: counts.most_sets,
            sip: counts.sip,
            connects: counts.connects,
            keep_alives: counts.keep_alives,
        }
    }

    fn label(&self) -> String {
        let ip = self.ip.map(|ip| format!("from {ip}"));
        let parts: Vec<String> = [self.name.clone(), ip].into_iter().flatten().collect();
        if parts.is_empty() {
            return "others".to_owned();
        }
        printable(&parts.join(" ")).into_owned()
    }
}

/// Writes the controllers for people.
pub(super) fn write(controllers: &[ControllerRow], output: &mut impl Write) -> io::Result<()> {
    if controllers.is_empty() {
        return Ok(());
    }
    writeln!(output, "\nSession border controllers (IPFIX messages)")?;
    let labels = controllers.iter().map(|row| row.label().chars().count());
    let label = labels.max().unwrap_or(0);
    let most = controllers.iter().map(|row| row.messages).max();
    let digits = most.unwrap_or(0).to_string().len();
    for row in controllers {
        write!(
            output,
            "  {:label$}  {:>digits$}  SIP {}",
            row.label(),
            row.messages,
            row.sip
        )?;
        if let Some(seconds) = row.keep_alive_s {
            write!(output, "; keep-alive every {seconds} s")?;
        }
        writeln!(output)?;
    }
    Ok(())
}
