//! Session descriptions: what they say about media stays, who they are of does not.

use std::net::SocketAddr;

use super::{Anonymizer, uris::is_word};

/// Lines of one description that are written at most.
const MAX_LINES: usize = 500;

/// Attributes that tell nothing of anybody.
const ATTRIBUTES: &[&str] = &[
    "curr", "des", "fmtp", "inactive", "maxptime", "ptime", "recvonly", "rtcp-fb", "rtcp-mux",
    "rtpmap", "sendonly", "sendrecv", "setup",
];

impl Anonymizer {
    /// Returns a session description with pseudonyms; lines that may tell who it is of are left out.
    pub(super) fn description(&mut self, body: &[u8]) -> String {
        let lines = body.split(|octet| matches!(octet, b'\r' | b'\n'));
        let lines = lines.filter(|line| !line.is_empty()).take(MAX_LINES);
        let lines = lines.filter_map(|line| {
            let line = std::str::from_utf8(line).ok()?;
            let (kind, value) = line.split_once('=')?;
            let value = self.line(kind, value.trim())?;
            Some(format!("{kind}={value}\r\n"))
        });
        lines.collect()
    }

    fn line(&mut self, kind: &str, value: &str) -> Option<String> {
        Some(match kind {
            "v" => "0".to_owned(),
            "s" => "-".to_owned(),
            "t" => "0 0".to_owned(),
            // Session and version tell what is new, and are numbers.
            "o" => {
                let words: Vec<&str> = value.split(' ').collect();
                let [_, session, version, _, _, address] = words.as_slice() else {
                    return None;
                };
                if ![session, version]
                    .iter()
                    .all(|word| word.bytes().all(|octet| octet.is_ascii_digit()))
                {
                    return None;
                }
                format!("- {session} {version} {}", self.connection(address))
            }
            "c" => {
                let address = value.split(' ').nth(2)?;
                let address = address.split('/').next()?;
                self.connection(address)
            }
            "m" | "b" => plain(value)?,
            "a" => self.attribute(value)?,
            _ => return None,
        })
    }

    fn connection(&mut self, address: &str) -> String {
        let address = self.names.host(address.as_bytes());
        let version = if address.contains(':') { "IP6" } else { "IP4" };
        format!("IN {version} {address}")
    }

    fn attribute(&mut self, value: &str) -> Option<String> {
        let name = value.split(':').next()?;
        if name == "rtcp" {
            let port: u16 = value
                .strip_prefix("rtcp:")?
                .split(' ')
                .next()?
                .parse()
                .ok()?;
            let address = value.split(' ').nth(3);
            return Some(match address {
                Some(address) => format!("rtcp:{port} {}", self.connection(address)),
                None => format!("rtcp:{port}"),
            });
        }
        if name == "candidate" {
            return self.candidate(value);
        }
        ATTRIBUTES.contains(&name).then(|| plain(value))?
    }

    /// Rewrites the address of a candidate (RFC 8839 §5.1), and leaves out what follows its type.
    fn candidate(&mut self, value: &str) -> Option<String> {
        let words: Vec<&str> = value.split(' ').collect();
        let [_, component, protocol, priority, address, port, _, kind, ..] = words.as_slice()
        else {
            return None;
        };
        let known = [component, protocol, priority, port, kind];
        if !known.iter().all(|word| is_word(word)) {
            return None;
        }
        let address = self.names.host(address.as_bytes());
        Some(format!(
            "candidate:1 {component} {protocol} {priority} {address} {port} typ {kind}"
        ))
    }
}

/// Returns a value if it has nothing in it that may be a name or an address.
fn plain(value: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " :/;=,.-+*_?".contains(c);
    let has_address = value
        .split([' ', '=', ';', ','])
        .any(|word| word.parse::<std::net::IpAddr>().is_ok() || word.parse::<SocketAddr>().is_ok());
    (value.chars().all(is_plain) && !has_address).then(|| value.to_owned())
}
