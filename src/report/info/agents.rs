//! A row for each capture agent.

use std::{
    io::{self, Write},
    net::IpAddr,
};

use serde::Serialize;

use crate::{
    pipeline::{AgentCounts, Agents},
    text::{escape, printable},
    trace::Agent,
};

/// Clocks that differ by more than this are told of: what is sent needs less to come.
const CLOCK_NS: i64 = 5_000_000_000;

/// What `info` tells of a capture agent.
#[derive(Clone, Debug, Serialize)]
pub(super) struct AgentRow {
    r#type: &'static str,
    /// `null` in the row of all that are too many to be told apart, and so are the others.
    name: Option<String>,
    id: Option<u32>,
    ip: Option<IpAddr>,
    packets: u64,
    sip: u64,
    copies: u64,
    sightings: u64,
    keep_alives: u64,
    /// By how much its times are ahead of those of the capture, at least and at most.
    clock_min_ms: Option<i64>,
    clock_max_ms: Option<i64>,
}

impl AgentRow {
    /// Returns the rows of all agents.
    pub(super) fn all(agents: &Agents) -> Vec<Self> {
        let counts = agents.counts();
        counts
            .into_iter()
            .map(|(agent, counts)| Self::new(agent, counts))
            .collect()
    }

    fn new(agent: Option<&Agent>, counts: &AgentCounts) -> Self {
        let name = agent.and_then(|agent| agent.name.as_deref());
        Self {
            r#type: "agent",
            name: name.map(|name| escape(name).into_owned()),
            id: agent.and_then(|agent| agent.id),
            ip: agent.map(|agent| agent.address),
            packets: counts.packets,
            sip: counts.sip,
            copies: counts.copies,
            sightings: counts.sightings,
            keep_alives: counts.keep_alives,
            clock_min_ms: counts.clock.map(|(low, _)| low / 1_000_000),
            clock_max_ms: counts.clock.map(|(_, high)| high / 1_000_000),
        }
    }

    fn label(&self) -> String {
        let id = self.id.map(|id| format!("id {id}"));
        let ip = self.ip.map(|ip| format!("from {ip}"));
        let parts: Vec<String> = [self.name.clone(), id, ip].into_iter().flatten().collect();
        if parts.is_empty() {
            return "others".to_owned();
        }
        printable(&parts.join(" ")).into_owned()
    }

    /// Returns what is odd about its clock.
    fn clock(&self) -> Option<String> {
        let (low, high) = (self.clock_min_ms?, self.clock_max_ms?);
        let limit = CLOCK_NS / 1_000_000;
        let is_off = |ms: i64| ms.saturating_abs() > limit;
        let seconds = |ms: i64| format!("{}.{:03} s", ms / 1000, ms % 1000);
        if !is_off(low) && !is_off(high) {
            return None;
        }
        Some(if low > 0 {
            format!("its clock is ahead by {}", seconds(low))
        } else if high < 0 {
            format!("its clock is behind by {}", seconds(high.saturating_neg()))
        } else {
            "its clock changes".to_owned()
        })
    }
}

/// Writes the agents for people.
pub(super) fn write(agents: &[AgentRow], output: &mut impl Write) -> io::Result<()> {
    if agents.is_empty() {
        return Ok(());
    }
    writeln!(output, "\nCapture agents (packets)")?;
    let label = agents.iter().map(|agent| agent.label().chars().count());
    let label = label.max().unwrap_or(0);
    let most = agents.iter().map(|agent| agent.packets).max().unwrap_or(0);
    let digits = most.to_string().len();
    for agent in agents {
        write!(
            output,
            "  {:label$}  {:>digits$}",
            agent.label(),
            agent.packets
        )?;
        write!(output, "  SIP {}", agent.sip)?;
        let again = agent.copies.saturating_sub(agent.sightings);
        let copies = [
            (agent.sightings, "seen elsewhere before"),
            (again, "told twice"),
        ];
        for (count, what) in copies.iter().filter(|(count, _)| *count > 0) {
            write!(output, ", {count} of it {what}")?;
        }
        match agent.clock() {
            Some(clock) => writeln!(output, "; {clock}")?,
            None => writeln!(output)?,
        }
    }
    Ok(())
}
