//! What proxies tell besides SIP: log lines, REST queries, commands, connections (OpenSIPS), and reports of media.
//!
//! OpenSIPS writes JSON for Homer 6, and for Homer 5 the values alone, joined with colons. Of the members those are taken
//! that a reader wants to see; keys of TLS sessions are not among them.

use serde_json::{Map, Value};

use super::Payload;

/// What a proxy or a probe told of something that is no SIP.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Told {
    /// What it is in short: the level of a log line, a request line, what happened to a connection.
    pub label: String,
    /// The rest.
    pub detail: String,
    /// The method of an HTTP request.
    pub method: String,
    /// The status of an HTTP response.
    pub status: Option<u16>,
    /// Whether it answers something.
    pub is_answer: bool,
}

/// Characters of a text at most.
const MAX_CHARS: usize = 2000;

/// The words for what can happen to a connection.
const NET_EVENTS: [&str; 5] = ["ACCEPTED", "CONNECT_START", "CONNECTED", "CLOSED", "STATS"];

/// The transports of management commands.
const MI_BACKENDS: [&str; 7] = [
    "fifo",
    "json",
    "http",
    "datagram",
    "xmlrpc",
    "html",
    "mi_script",
];

impl Told {
    /// Returns what a payload of a kind tells, and whether it is JSON that cannot be read.
    #[must_use]
    pub fn read(kind: Payload, payload: &[u8], links: &[u8]) -> (Self, bool) {
        let text = String::from_utf8_lossy(payload);
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        let members = text
            .starts_with('{')
            .then(|| serde_json::from_str::<Map<String, Value>>(text).ok());
        let is_json = matches!(kind, Payload::Quality | Payload::Rtcp) && !is_text_report(text);
        let is_bad = members == Some(None) || (is_json && members.is_none());
        let members = members.flatten();
        let told = match (kind, &members) {
            (Payload::Log, Some(json)) => Self::log(&member(json, "Event"), &member(json, "text")),
            (Payload::Log, None) => {
                let (level, rest) = text.split_once(':').unwrap_or(("", text));
                if !level.is_empty() && level.bytes().all(|octet| octet.is_ascii_uppercase()) {
                    Self::log(level, rest)
                } else {
                    Self::log("", text)
                }
            }
            (Payload::Rest, Some(json)) => {
                Self::rest(&member(json, "first_line"), &member(json, "payload"))
            }
            (Payload::Rest, None) => {
                // A response begins with its version; that of a request is behind the target, where colons may be.
                let version = if text.starts_with("HTTP/") {
                    0
                } else {
                    text.find(" HTTP/").unwrap_or(0)
                };
                let (line, body) = match text.get(version..).and_then(|text| text.find(':')) {
                    Some(colon) => text.split_at(version.saturating_add(colon)),
                    None => (text, ""),
                };
                Self::rest(line, body.trim_start_matches(':'))
            }
            (Payload::Mi, Some(json)) => Self::mi_json(json),
            (Payload::Mi, None) => Self::mi_text(text),
            (Payload::Net, Some(json)) => Self::net_json(json),
            (Payload::Net, None) => Self::net_text(text),
            (Payload::Control, _) => Self {
                label: "correlate".to_owned(),
                detail: String::from_utf8_lossy(links).into_owned(),
                ..Self::default()
            },
            (Payload::Rtcp | Payload::Quality, Some(json)) => Self::quality(kind, json),
            _ => Self {
                label: kind.label().to_owned(),
                detail: format!("{} octets", payload.len()),
                ..Self::default()
            },
        };
        (told.shortened(), is_bad)
    }

    /// Returns it with texts of a length that somebody may want to read.
    fn shortened(mut self) -> Self {
        for text in [&mut self.label, &mut self.detail, &mut self.method] {
            if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
                text.truncate(end);
                text.push('…');
            }
        }
        self
    }

    fn log(level: &str, text: &str) -> Self {
        Self {
            label: if level.is_empty() { "LOG" } else { level }.to_owned(),
            detail: text.to_owned(),
            ..Self::default()
        }
    }

    fn rest(line: &str, body: &str) -> Self {
        let mut words = line.split(' ');
        let (first, second) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let is_answer = first.starts_with("HTTP/");
        Self {
            label: line.to_owned(),
            detail: body.to_owned(),
            method: if is_answer { "" } else { first }.to_owned(),
            status: second.parse().ok().filter(|_| is_answer),
            is_answer,
        }
    }

    fn mi_json(json: &Map<String, Value>) -> Self {
        if json.contains_key("reply") {
            return Self::mi_reply(&member(json, "reply"));
        }
        let backend = member(json, "backend");
        Self::mi_command(
            &member(json, "command"),
            &backend,
            &member(json, "parameters"),
        )
    }

    fn mi_text(text: &str) -> Self {
        let mut parts = text.splitn(3, ':');
        match (parts.next(), parts.next()) {
            (Some(command), Some(backend)) if MI_BACKENDS.contains(&backend) => {
                Self::mi_command(command, backend, parts.next().unwrap_or(""))
            }
            _ => Self::mi_reply(text),
        }
    }

    fn mi_command(command: &str, backend: &str, parameters: &str) -> Self {
        Self {
            label: format!("{command} ({backend})"),
            detail: parameters.to_owned(),
            ..Self::default()
        }
    }

    fn mi_reply(text: &str) -> Self {
        Self {
            label: "reply".to_owned(),
            detail: text.to_owned(),
            is_answer: true,
            ..Self::default()
        }
    }

    fn net_json(json: &Map<String, Value>) -> Self {
        let get = |name| member(json, name);
        let mut told = Self::net(
            &get("Protocol"),
            &get("Event"),
            &get("Status"),
            &get("Message"),
        );
        for name in ["client-subject", "server-subject"] {
            let subject = get(name);
            if !subject.is_empty() {
                told.detail.push_str(&format!("; {name} {subject}"));
            }
        }
        told
    }

    /// Reads values without names: the transport, what is particular to it, the event, and behind the status the message.
    fn net_text(text: &str) -> Self {
        let mut parts = text.split(':');
        let protocol = parts.next().unwrap_or("");
        let is_event = |part: &&str| {
            let mut events = NET_EVENTS.iter();
            events.any(|event| event.eq_ignore_ascii_case(part))
        };
        let Some(event) = parts.by_ref().find(is_event) else {
            return Self::net(protocol, "", "", "");
        };
        let is_status = |part: &&str| matches!(*part, "SUCCESS" | "FAILURE");
        let status = parts.by_ref().find(is_status).unwrap_or("");
        let message: Vec<&str> = parts.collect();
        Self::net(protocol, event, status, &message.join(":"))
    }

    fn net(protocol: &str, event: &str, status: &str, message: &str) -> Self {
        let parts = [status, message]
            .into_iter()
            .filter(|part| !part.is_empty());
        Self {
            label: format!("{protocol} {event}").trim().to_owned(),
            detail: parts.collect::<Vec<_>>().join(": "),
            ..Self::default()
        }
    }

    fn quality(kind: Payload, json: &Map<String, Value>) -> Self {
        let mut facts = Vec::new();
        let blocks = json.get("report_blocks").and_then(Value::as_array);
        let block = blocks.and_then(|blocks| blocks.first()?.as_object());
        for part in [Some(json), block].into_iter().flatten() {
            for (name, value) in part {
                let is_told = matches!(
                    name.to_ascii_lowercase().as_str(),
                    "ssrc"
                        | "fraction_lost"
                        | "packets_lost"
                        | "ia_jitter"
                        | "mos"
                        | "jitter"
                        | "rfactor"
                        | "codec_name"
                );
                if is_told && !value.is_object() && !value.is_array() {
                    facts.push(format!("{name} {}", plain(value)));
                }
            }
        }
        let label = if kind == Payload::Rtcp {
            "RTCP"
        } else {
            "quality report"
        };
        Self {
            label: label.to_owned(),
            detail: facts.join(", "),
            ..Self::default()
        }
    }
}

/// Returns whether a report of quality is one of RFC 6035, which is text.
fn is_text_report(text: &str) -> bool {
    text.starts_with("VQ")
}

/// Returns a member as text; empty if it is missing.
fn member(json: &Map<String, Value>, name: &str) -> String {
    json.get(name).map(plain).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kind, payload, and what is to be made of it: label, detail, status, whether it is an answer.
    type Row<'a> = (Payload, &'a str, &'a str, &'a str, Option<u16>, bool);

    #[test]
    fn both_encodings_tell_the_same() {
        let rows: &[Row<'_>] = &[
            // OpenSIPS, xlog.c and proto_hep: members of JSON, or their values in this order.
            (
                Payload::Log,
                "{\n\t\"Event\":\t\"ERROR\",\n\t\"text\":\t\"no: route\\n\"\n}",
                "ERROR",
                "no: route\n",
                None,
                false,
            ),
            (
                Payload::Log,
                "ERROR:no: route",
                "ERROR",
                "no: route",
                None,
                false,
            ),
            (
                Payload::Log,
                "call from sip:a@b",
                "LOG",
                "call from sip:a@b",
                None,
                false,
            ),
            (
                Payload::Rest,
                r#"{"first_line":"GET /r?to=1 HTTP/1.1"}"#,
                "GET /r?to=1 HTTP/1.1",
                "",
                None,
                false,
            ),
            (
                Payload::Rest,
                "POST http://h:80/r HTTP/1.1:{\"a\":1}",
                "POST http://h:80/r HTTP/1.1",
                "{\"a\":1}",
                None,
                false,
            ),
            (
                Payload::Rest,
                r#"{"first_line":"HTTP/1.1 200 OK","payload":"{\"gw\":7}"}"#,
                "HTTP/1.1 200 OK",
                "{\"gw\":7}",
                Some(200),
                true,
            ),
            (
                Payload::Rest,
                "HTTP/1.1 404 Not Found:a:b",
                "HTTP/1.1 404 Not Found",
                "a:b",
                Some(404),
                true,
            ),
            (
                Payload::Rest,
                "HTTP/1.1 200 OK:see HTTP/2: yes",
                "HTTP/1.1 200 OK",
                "see HTTP/2: yes",
                Some(200),
                true,
            ),
            (
                Payload::Mi,
                r#"{"command":"ps","backend":"fifo"}"#,
                "ps (fifo)",
                "",
                None,
                false,
            ),
            (
                Payload::Mi,
                "dlg_list:json:1,2",
                "dlg_list (json)",
                "1,2",
                None,
                false,
            ),
            (Payload::Mi, r#"{"reply":"OK"}"#, "reply", "OK", None, true),
            (
                Payload::Mi,
                "Process:: ID=0",
                "reply",
                "Process:: ID=0",
                None,
                true,
            ),
            (
                Payload::Net,
                "{\"Protocol\":\"TCP\",\"Event\":\"CLOSED\",\"Status\":\"SUCCESS\",\"Message\":\"Timeout on no traffic\"}",
                "TCP CLOSED",
                "SUCCESS: Timeout on no traffic",
                None,
                false,
            ),
            (
                Payload::Net,
                "TCP:CLOSED:SUCCESS:Timeout on no traffic",
                "TCP CLOSED",
                "SUCCESS: Timeout on no traffic",
                None,
                false,
            ),
            (
                Payload::Net,
                "TLS:/CN=a:b:/CN=ca:00ff:ACCEPTED:SUCCESS:Connection accepted...",
                "TLS ACCEPTED",
                "SUCCESS: Connection accepted...",
                None,
                false,
            ),
            (
                Payload::Net,
                "WS:ACCEPTED:GET / HTTP/1.1:FAILURE:HTTP/1.1 400:Failed",
                "WS ACCEPTED",
                "FAILURE: HTTP/1.1 400:Failed",
                None,
                false,
            ),
            (
                Payload::Rtcp,
                r#"{"type":201,"ssrc":5,"report_blocks":[{"source_ssrc":9,"fraction_lost":3,"ia_jitter":12}]}"#,
                "RTCP",
                "ssrc 5, fraction_lost 3, ia_jitter 12",
                None,
                false,
            ),
        ];
        for (kind, payload, label, detail, status, is_answer) in rows {
            let (told, is_bad) = Told::read(*kind, payload.as_bytes(), b"");
            assert_eq!(
                (
                    told.label.as_str(),
                    told.detail.as_str(),
                    told.status,
                    told.is_answer,
                    is_bad
                ),
                (*label, *detail, *status, *is_answer, false),
                "{payload}"
            );
        }
    }

    #[test]
    fn keys_are_not_told() {
        for payload in [
            r#"{"Protocol":"TLS","server-subject":"/CN=s","master-key":"5ec2e7","Event":"CONNECTED","Status":"SUCCESS","Message":"ok"}"#,
            "TLS:/CN=s:/CN=ca:5ec2e7:CONNECTED:SUCCESS:ok",
        ] {
            let (told, _) = Told::read(Payload::Net, payload.as_bytes(), b"");
            assert_eq!(told.label, "TLS CONNECTED");
            assert!(!told.detail.contains("5ec2e7"), "{}", told.detail);
        }
    }

    #[test]
    fn json_that_is_none_is_told_as_such_and_does_no_harm() {
        for payload in ["{", "{\"a\":", &"{\"a\":".repeat(10_000), "{\"Event\": 1]"] {
            for kind in [
                Payload::Log,
                Payload::Rest,
                Payload::Mi,
                Payload::Net,
                Payload::Quality,
            ] {
                assert!(Told::read(kind, payload.as_bytes(), b"").1);
            }
        }
        // Reports are always JSON, but for those of RFC 6035; what proxies tell is not.
        for (kind, payload, expected) in [
            (Payload::Quality, "MOS 4.1", true),
            (Payload::Rtcp, "", true),
            (Payload::Quality, "VQSessionReport: CallTerm\r\n", false),
            (Payload::Log, "a line", false),
        ] {
            let (_, is_bad) = Told::read(kind, payload.as_bytes(), b"");
            assert_eq!(is_bad, expected, "{payload}");
        }
        let (told, is_bad) = Told::read(Payload::Net, b"{\"Event\":[1],\"Protocol\":{}}", b"");
        assert_eq!((told.label.as_str(), is_bad), ("{} [1]", false));
        assert_eq!(Told::read(Payload::Log, b"\xff\xfe", b"").0.label, "LOG");
    }
}
