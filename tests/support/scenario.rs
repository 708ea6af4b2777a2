//! Scenarios: who says what to whom and when, read from `testdata/scenarios/*.toml`.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use serde::Deserialize;

use super::message::{Dialogs, Said};

/// 2026-01-15T10:00:00.123456789Z: digits in every decimal, so that a lost resolution shows.
const START_NS: i64 = 1_768_471_200_123_456_789;

/// A scenario as its author wrote it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    /// One sentence: what happens.
    about: String,
    /// Names of endpoints and their addresses.
    hosts: BTreeMap<String, SocketAddr>,
    /// What messages have in common.
    #[serde(default)]
    defaults: Defaults,
    /// Transports that make sense (all when empty): "udp", "tcp", "ws", "sctp".
    #[serde(default)]
    transports: Vec<String>,
    /// What is said, in any order of time.
    message: Vec<Line>,
    /// The capture goes on until then: a datagram that is no SIP stands there.
    quiet_until_ms: Option<f64>,
    /// The hosts that tell of their messages by HEP.
    #[serde(default)]
    agents: Vec<String>,
    /// The ids of connections, by path: what goes over them goes over TLS.
    #[serde(default)]
    connections: BTreeMap<String, String>,
    /// What agents tell besides messages.
    #[serde(default)]
    told: Vec<ToldLine>,
    /// Further options of commands, by command.
    #[serde(default)]
    options: BTreeMap<String, Vec<String>>,
    /// The rows of `sipcap calls`, `sipcap events` and `sipcap regs --history`, all of them and in order; see `Expected`.
    call: Option<Vec<toml::Table>>,
    event: Option<Vec<toml::Table>>,
    binding: Option<Vec<toml::Table>>,
}

/// Something that an agent tells.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToldLine {
    at_ms: f64,
    agent: String,
    /// The number of the payload's protocol.
    kind: u8,
    /// Chunk 17.
    id: String,
    /// The Call-ID in chunk 101.
    sip: Option<String>,
    /// Between whom, if it is told.
    path: Option<String>,
    json: String,
    plain: String,
}

/// What messages have in common unless they say otherwise.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Defaults {
    pub(crate) call_id: String,
    pub(crate) from: String,
    pub(crate) to: String,
    /// The tag that To gets from the first response above 100 on.
    pub(crate) to_tag: Option<String>,
    /// Whether what makes a dialog has a Contact with its sender's address.
    pub(crate) contacts: bool,
}

/// One message.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Line {
    /// Milliseconds since the scenario began.
    pub(crate) at_ms: f64,
    /// "alice > bob".
    pub(crate) path: String,
    /// The start line without its version: "INVITE sip:bob@example.com" or "180 Ringing".
    pub(crate) start: String,
    pub(crate) call_id: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    /// "2 INVITE"; else the number goes on as RFC 3261 has it.
    pub(crate) cseq: Option<String>,
    /// "none" for Via as before RFC 3261.
    pub(crate) branch: Option<String>,
    /// Another tag of the callee than the default, "" for none.
    pub(crate) tag: Option<String>,
    /// Whether the callee asks, or is answered: From and To are exchanged and the numbers are its own.
    pub(crate) back: bool,
    pub(crate) contact: Option<String>,
    /// Further header lines.
    pub(crate) headers: Vec<String>,
    /// Whether it carries a session description.
    pub(crate) sdp: bool,
    pub(crate) body: Option<String>,
    /// Octets of a body that says nothing.
    pub(crate) filler: usize,
    /// Another value for Content-Length, "none" to leave it out.
    pub(crate) content_length: Option<String>,
    /// Whether names are written in their compact form.
    pub(crate) compact: bool,
    /// The message exactly as given (line ends become CRLF); needs `expect`.
    pub(crate) literal: Option<String>,
    /// Lines end with LF alone.
    pub(crate) lf: bool,
    /// Characters up to U+00FF are sent as single octets.
    pub(crate) latin1: bool,
    /// Over a stream it shares its segment with the next message of its sender.
    pub(crate) join_next: bool,
    /// Times, after the first, at which it is sent again.
    pub(crate) again_ms: Vec<f64>,
    /// The rows to be reported, if they do not follow from the above.
    pub(crate) expect: Option<Vec<Expect>>,
}

/// What sipcap has to report of a message: the columns that do not depend on how it was carried.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Expect {
    pub(crate) method: String,
    pub(crate) status: String,
    pub(crate) cseq: String,
    pub(crate) cseq_method: String,
    pub(crate) call_id: String,
}

/// The rows that a command has to give for a scenario, worked out by hand.
///
/// Each table names the fields that are checked, and tables within it go into nested objects; the text "null" stands for null,
/// `flags` is compared without regard to order and `has_flags` names some of them. Times are milliseconds since the scenario began: `at_ms = 10` is the field `ts`,
/// `at_ms = { t_answer = 3_100 }` names others.
pub(crate) struct Expected {
    /// The command and its options.
    pub(crate) command: Vec<String>,
    pub(crate) rows: Vec<toml::Table>,
}

/// A scenario ready to be sent over some transport.
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) about: String,
    transports: Vec<String>,
    /// In order of time.
    pub(crate) sent: Vec<Sent>,
    /// When the datagram without SIP is seen, if there is one.
    pub(crate) quiet_ns: Option<i64>,
    /// What the commands have to find.
    pub(crate) expected: Vec<Expected>,
    pub(crate) traced: Traced,
}

/// What is told by HEP, and by whom.
#[derive(Default)]
pub(crate) struct Traced {
    /// Who tells of all messages from and to itself.
    pub(crate) agents: Vec<(String, SocketAddr)>,
    /// What goes over a connection with an id.
    pub(crate) connections: Vec<((SocketAddr, SocketAddr), String)>,
    pub(crate) told: Vec<Told>,
}

/// Something that an agent tells besides messages.
pub(crate) struct Told {
    pub(crate) ts_ns: i64,
    pub(crate) agent: SocketAddr,
    pub(crate) kind: u8,
    pub(crate) id: String,
    pub(crate) sip: Option<String>,
    pub(crate) between: Option<(SocketAddr, SocketAddr)>,
    pub(crate) json: String,
    pub(crate) plain: String,
}

/// Octets that one endpoint sends to another.
pub(crate) struct Sent {
    pub(crate) ts_ns: i64,
    pub(crate) src: SocketAddr,
    pub(crate) dst: SocketAddr,
    pub(crate) said: Said,
    pub(crate) join_next: bool,
    pub(crate) expect: Vec<Expect>,
}

impl Scenario {
    /// Reads one scenario; a mistake in it is a failed test that names the file.
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        Self::parse(path.file_stem().unwrap().to_str().unwrap(), &text)
    }

    /// Returns the scenario that `text` tells.
    pub(crate) fn parse(name: &str, text: &str) -> Self {
        let script: Script = toml::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let name = name.to_owned();
        let mut dialogs = Dialogs::new(&script.defaults);
        let mut sent = Vec::new();
        for line in &script.message {
            let endpoint = |name: &str| {
                *script
                    .hosts
                    .get(name.trim())
                    .unwrap_or_else(|| panic!("{name}: unknown host {:?}", line.path))
            };
            let (src, dst) = line.path.split_once('>').expect("path is \"a > b\"");
            let (said, expect) = dialogs.say(line, endpoint(src));
            for at_ms in std::iter::once(line.at_ms).chain(line.again_ms.iter().copied()) {
                sent.push(Sent {
                    ts_ns: time_ns(at_ms),
                    src: endpoint(src),
                    dst: endpoint(dst),
                    said: said.clone(),
                    join_next: line.join_next,
                    expect: expect.clone(),
                });
            }
        }
        sent.sort_by_key(|s| s.ts_ns);
        let expected = script.expected();
        let traced = script.traced();
        Self {
            name,
            about: script.about,
            transports: script.transports,
            sent,
            quiet_ns: script.quiet_until_ms.map(time_ns),
            expected,
            traced,
        }
    }

    /// Reads all scenarios of the repository, in the order of their names.
    pub(crate) fn all() -> Vec<Self> {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios");
        let mut paths: Vec<_> = std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "toml"))
            .collect();
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// Returns the scenario of that name.
    pub(crate) fn named(name: &str) -> Self {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios");
        Self::read(&dir.join(format!("{name}.toml")))
    }

    /// Returns whether it makes sense over the transport `name`.
    pub(crate) fn allows(&self, name: &str) -> bool {
        self.transports.is_empty() || self.transports.iter().any(|t| t == name)
    }

    /// Returns whether its messages are ordinary ones, of which the ways to capture them make nothing special.
    pub(crate) fn is_ordinary(&self) -> bool {
        let prefixes = ["call-", "other-", "reg-", "sub-"];
        prefixes.iter().any(|prefix| self.name.starts_with(prefix))
    }

    /// Returns the same scenario some seconds later.
    pub(crate) fn delayed(mut self, seconds: i64) -> Self {
        for sent in &mut self.sent {
            sent.ts_ns += seconds * 1_000_000_000;
        }
        self.quiet_ns = self.quiet_ns.map(|ns| ns + seconds * 1_000_000_000);
        self
    }

    /// Returns how long it takes, in seconds rounded up.
    pub(crate) fn seconds(&self) -> i64 {
        let times = self.sent.iter().map(|sent| sent.ts_ns);
        let times = times.chain(self.quiet_ns).map(|ns| ns - START_NS);
        times.max().unwrap_or_default() / 1_000_000_000 + 1
    }
}

impl Script {
    /// Returns what is told by HEP.
    fn traced(&self) -> Traced {
        let ends = |path: &str| {
            let (src, dst) = path.split_once('>').expect("path is \"a > b\"");
            (self.hosts[src.trim()], self.hosts[dst.trim()])
        };
        let agent = |name: &String| (name.clone(), self.hosts[name]);
        let connections = self.connections.iter();
        let told = self.told.iter().map(|line| Told {
            ts_ns: time_ns(line.at_ms),
            agent: self.hosts[&line.agent],
            kind: line.kind,
            id: line.id.clone(),
            sip: line.sip.clone(),
            between: line.path.as_deref().map(ends),
            json: line.json.clone(),
            plain: line.plain.clone(),
        });
        Traced {
            agents: self.agents.iter().map(agent).collect(),
            connections: connections
                .map(|(path, id)| (ends(path), id.clone()))
                .collect(),
            told: told.collect(),
        }
    }

    /// Returns what each command has to find.
    fn expected(&self) -> Vec<Expected> {
        let commands = [
            ("calls", &["calls"][..], &self.call),
            ("events", &["events"], &self.event),
            ("regs", &["regs", "--history"], &self.binding),
        ];
        let given = commands.into_iter().filter_map(|(name, command, rows)| {
            let words = command.iter().chain(&["--format", "json"]);
            let options = self.options.get(name).into_iter().flatten().cloned();
            Some(Expected {
                command: words.map(|&word| word.to_owned()).chain(options).collect(),
                rows: rows.clone()?,
            })
        });
        given.collect()
    }
}

/// Returns the time that is so many milliseconds after the beginning.
pub(crate) fn time_ns(at_ms: f64) -> i64 {
    START_NS + (at_ms * 1e6).round() as i64
}
