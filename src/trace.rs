//! Who traced a message, when it was not captured where it was sent but told by a capture agent (HEP).

use std::{borrow::Cow, fmt, net::IpAddr};

/// How many octets of a name or an id are kept: nobody gives longer ones, and who forges them gets no memory for it.
const KEPT: usize = 256;

/// A program that sends on what it sees: a proxy that traces, or a probe.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Agent {
    /// Its name.
    pub name: Option<Box<[u8]>>,
    /// Its number.
    pub id: Option<u32>,
    /// Where it sends from.
    pub address: IpAddr,
}

impl Agent {
    /// Returns an agent; an empty name is none.
    #[must_use]
    pub fn new(name: &[u8], id: Option<u32>, address: IpAddr) -> Self {
        Self {
            name: kept(name),
            id,
            address,
        }
    }

    /// Returns what it is called: its name, or else its number, or else its address.
    #[must_use]
    pub fn label(&self) -> Cow<'_, str> {
        match (&self.name, self.id) {
            (Some(name), _) => crate::text::escape(name),
            (None, Some(id)) => id.to_string().into(),
            (None, None) => self.address.to_string().into(),
        }
    }

    /// Returns whether `text` is its name, its number or its address.
    #[must_use]
    pub fn is_called(&self, text: &str) -> bool {
        let is_name = |name: &[u8]| name == text.as_bytes() || crate::text::escape(name) == text;
        self.name.as_deref().is_some_and(is_name)
            || self.id.is_some_and(|id| text.parse() == Ok(id))
            || text.parse() == Ok(self.address)
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label())
    }
}

/// What a capture agent told of something that it traced, besides the thing itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trace {
    /// Who told it.
    pub agent: Agent,
    /// What it belongs to by its agent's word, in most cases a Call-ID.
    pub correlation_id: Option<Box<[u8]>>,
    /// The connection that it went over (OpenSIPS).
    pub connection: Option<Box<[u8]>>,
}

impl Trace {
    /// Returns what `agent` told; empty ids are none.
    #[must_use]
    pub fn new(agent: Agent, correlation_id: &[u8], connection: &[u8]) -> Self {
        Self {
            agent,
            correlation_id: kept(correlation_id),
            connection: kept(connection),
        }
    }
}

fn kept(text: &[u8]) -> Option<Box<[u8]>> {
    let text = text.get(..KEPT).unwrap_or(text);
    (!text.is_empty()).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_are_called_by_name_number_or_address() {
        let address = "192.0.2.7".parse().unwrap();
        for (name, id, label, others) in [
            (&b"edge"[..], Some(7), "edge", ["7", "192.0.2.7"]),
            (b"", Some(7), "7", ["7", "192.0.2.7"]),
            (b"", None, "192.0.2.7", ["192.0.2.7"; 2]),
            (b"\xff", Some(1), "\\xff", ["1", "192.0.2.7"]),
        ] {
            let agent = Agent::new(name, id, address);
            assert_eq!(agent.label(), label);
            assert!(agent.is_called(label));
            assert!(others.iter().all(|other| agent.is_called(other)));
            assert!(!agent.is_called("") && !agent.is_called("core"));
        }
    }

    #[test]
    fn long_names_are_cut() {
        let agent = Agent::new(&[b'a'; 65_000], None, "::1".parse().unwrap());
        assert_eq!(agent.label().len(), KEPT);
    }
}
