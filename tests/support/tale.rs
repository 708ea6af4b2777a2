//! Small captures that a test tells line by line, and what `sipcap stats` says of them.

use std::{fmt::Write as _, path::Path};

use serde_json::Value;

use super::{
    matrix::Variant,
    program::{Run, run},
    scenario::Scenario,
};

/// What all of them begin with.
const HEAD: &str = r#"
about = "As the test says"
hosts = { alice = "192.0.2.10:5060", bob = "192.0.2.20:5060" }
defaults = { call_id = "a", from = "<sip:alice@example.com>;tag=a1", to = "<sip:bob@example.com>", to_tag = "b1", contacts = true }
"#;

/// Messages, a line each: when in milliseconds, who to whom, the start line, and what else is to be said.
#[derive(Clone)]
pub(crate) struct Tale(String);

impl Tale {
    pub(crate) fn new() -> Self {
        Self(HEAD.to_owned())
    }

    /// Returns messages alone, for a tale of many hosts.
    pub(crate) const fn empty() -> Self {
        Self(String::new())
    }

    /// Returns a tale of further hosts, written as in TOML and each with a comma behind it.
    pub(crate) fn with_hosts(hosts: &str, messages: &str) -> Self {
        Self(HEAD.replacen("hosts = {", &format!("hosts = {{ {hosts}"), 1) + messages)
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Has Alice say something.
    pub(crate) fn alice(self, at_ms: f64, start: &str, more: &str) -> Self {
        self.say(at_ms, "alice > bob", start, more)
    }

    /// Has Bob say something.
    pub(crate) fn bob(self, at_ms: f64, start: &str, more: &str) -> Self {
        self.say(at_ms, "bob > alice", start, more)
    }

    pub(crate) fn say(mut self, at_ms: f64, path: &str, start: &str, more: &str) -> Self {
        let line = format!("at_ms = {at_ms}\npath = \"{path}\"\nstart = \"{start}\"");
        write!(self.0, "\n[[message]]\n{line}\n{more}\n").unwrap();
        self
    }

    /// Writes the capture as `name` in `dir`.
    pub(crate) fn write(&self, dir: &Path, name: &str) {
        let capture = Variant::PLAIN.capture(&Scenario::parse(name, &self.0));
        std::fs::write(dir.join(name), Variant::PLAIN.encode(&capture)).unwrap();
    }

    /// Runs `sipcap stats` over it.
    pub(crate) fn stats(&self, options: &[&str]) -> Run {
        let dir = tempfile::tempdir().unwrap();
        self.write(dir.path(), "tale.pcap");
        run(dir.path(), &[&["stats"], options, &["tale.pcap"]].concat())
    }

    /// Returns its figures.
    pub(crate) fn figures(&self, options: &[&str]) -> Figures {
        let run = self.stats(&[&["--format", "jsonl"], options].concat());
        let lines = run.stdout.split(|octet| *octet == b'\n');
        let lines = lines.filter(|line| !line.is_empty());
        let rows = lines.map(|line| serde_json::from_slice(line).unwrap());
        Figures(rows.collect())
    }
}

/// The rows of a report.
pub(crate) struct Figures(Vec<Value>);

impl Figures {
    /// Returns the row of a metric, of everything.
    pub(crate) fn of(&self, metric: &str) -> &Value {
        self.within(metric, &[])
    }

    /// Returns the row of a metric whose scope, group or bucket has these values; those not named are not there.
    pub(crate) fn within(&self, metric: &str, place: &[(&str, &str)]) -> &Value {
        let row = self.find(metric, place);
        row.unwrap_or_else(|| panic!("no {metric} of {place:?}"))
    }

    pub(crate) fn find(&self, metric: &str, place: &[(&str, &str)]) -> Option<&Value> {
        self.0.iter().find(|row| {
            let mut found = Vec::new();
            for part in ["scope", "group"] {
                let members = row[part].as_object().into_iter().flatten();
                found.extend(members.map(|(name, value)| (name.as_str(), value.as_str().unwrap())));
            }
            found.extend(row["bucket"].as_str().map(|bucket| ("bucket", bucket)));
            row["metric"] == metric && found == place
        })
    }

    /// Returns numerator and denominator of a metric, of everything.
    pub(crate) fn parts(&self, metric: &str) -> (f64, f64) {
        parts(self.of(metric))
    }
}

pub(crate) fn parts(row: &Value) -> (f64, f64) {
    (row["num"].as_f64().unwrap(), row["den"].as_f64().unwrap())
}
