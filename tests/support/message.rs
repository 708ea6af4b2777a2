//! SIP messages from the few words that a scenario gives of them.

use std::{collections::HashMap, fmt::Write as _};

use super::scenario::{Defaults, Expect, Line};

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.99\r\ns=-\r\nc=IN IP4 192.0.2.99\r\nt=0 0\r\n\
                   m=audio 30000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";

/// The octets of a message, but for the transport's name in Via.
#[derive(Clone)]
pub(crate) struct Said {
    octets: Vec<u8>,
}

/// The placeholder of the transport's name.
const TRANSPORT: &[u8] = b"$TRANSPORT";

impl Said {
    /// Returns the octets as they are sent over `transport` ("udp", "tcp" …).
    pub(crate) fn over(&self, transport: &str) -> Vec<u8> {
        let at = self
            .octets
            .windows(TRANSPORT.len())
            .position(|w| w == TRANSPORT);
        let Some(at) = at else {
            return self.octets.clone();
        };
        let name = transport.to_uppercase();
        [
            &self.octets[..at],
            name.as_bytes(),
            &self.octets[at + TRANSPORT.len()..],
        ]
        .concat()
    }
}

/// What went before, by Call-ID: enough to number requests and to answer them.
pub(crate) struct Dialogs<'a> {
    defaults: &'a Defaults,
    state: HashMap<String, State>,
}

#[derive(Default)]
struct State {
    number: u32,
    invite: u32,
    last: (u32, String),
    answered: bool,
}

impl<'a> Dialogs<'a> {
    pub(crate) fn new(defaults: &'a Defaults) -> Self {
        Self {
            defaults,
            state: HashMap::new(),
        }
    }

    /// Returns the octets of `line` and the rows that sipcap has to report for it.
    pub(crate) fn say(&mut self, line: &Line) -> (Said, Vec<Expect>) {
        if let Some(literal) = &line.literal {
            let expect = line.expect.clone().expect("a literal needs `expect`");
            let octets = encode(&with_line_ends(literal, line.lf), line);
            return (Said { octets }, expect);
        }
        let call_id = line
            .call_id
            .clone()
            .unwrap_or_else(|| self.defaults.call_id.clone());
        let state = self.state.entry(call_id.clone()).or_default();
        let (first, rest) = line.start.split_once(' ').unwrap_or((&line.start, ""));
        let status: Option<u16> = first.parse().ok();
        let cseq = line
            .cseq
            .clone()
            .unwrap_or_else(|| state.cseq(status, first));
        let (number, cseq_method) = cseq.split_once(' ').expect("cseq is \"1 INVITE\"");
        if status.is_none() {
            state.remember(number.parse().unwrap_or_default(), cseq_method);
        }
        state.answered |= status.is_some_and(|code| code > 100);

        let start = match status {
            Some(_) => format!("SIP/2.0 {}", line.start),
            None => format!("{first} {rest} SIP/2.0"),
        };
        let to = line
            .to
            .clone()
            .unwrap_or_else(|| match &self.defaults.to_tag {
                Some(tag) if state.answered && first != "CANCEL" => {
                    format!("{};tag={tag}", self.defaults.to)
                }
                _ => self.defaults.to.clone(),
            });
        let branch = line
            .branch
            .clone()
            .unwrap_or_else(|| format!("z9hG4bK-{}-{number}", cseq_method.to_lowercase()));
        let host = line.path.split('>').next().unwrap_or_default().trim();
        let text = write(
            line,
            &[
                (
                    "Via",
                    "v",
                    &format!("SIP/2.0/$TRANSPORT {host}.invalid;branch={branch}"),
                ),
                (
                    "From",
                    "f",
                    line.from.as_ref().unwrap_or(&self.defaults.from),
                ),
                ("To", "t", &to),
                ("Call-ID", "i", &call_id),
                ("CSeq", "CSeq", &cseq),
            ],
            &start,
        );
        let expect = line.expect.clone().unwrap_or_else(|| {
            vec![Expect {
                method: if status.is_some() {
                    String::new()
                } else {
                    first.to_owned()
                },
                status: status.map(|code| code.to_string()).unwrap_or_default(),
                cseq: number.to_owned(),
                cseq_method: cseq_method.to_owned(),
                call_id: call_id.clone(),
            }]
        });
        (
            Said {
                octets: encode(&text, line),
            },
            expect,
        )
    }
}

impl State {
    /// Returns the CSeq of the next message: responses answer the last request, ACK and CANCEL share their INVITE's number.
    fn cseq(&self, status: Option<u16>, method: &str) -> String {
        match (status, method) {
            (Some(_), _) => format!("{} {}", self.last.0, self.last.1),
            (None, "ACK" | "CANCEL") => format!("{} {method}", self.invite),
            (None, _) => format!("{} {method}", self.number + 1),
        }
    }

    fn remember(&mut self, number: u32, method: &str) {
        self.number = self.number.max(number);
        if method == "INVITE" {
            self.invite = number;
        }
        if method != "ACK" {
            self.last = (number, method.to_owned());
        }
    }
}

/// Writes start line, headers and body.
fn write(line: &Line, named: &[(&str, &str, &str)], start: &str) -> String {
    let mut text = format!("{start}\r\n");
    let mut put = |full: &str, compact: &str, value: &str| {
        let name = if line.compact { compact } else { full };
        write!(text, "{name}: {value}\r\n").unwrap();
    };
    for (full, compact, value) in named {
        put(full, compact, value);
    }
    if !start.starts_with("SIP/") {
        put("Max-Forwards", "Max-Forwards", "70");
    }
    if let Some(contact) = &line.contact {
        put("Contact", "m", contact);
    }
    let body = match &line.body {
        Some(body) => with_line_ends(body, line.lf),
        None if line.sdp => with_line_ends(SDP, line.lf),
        None => "0123456789abcde\n"
            .chars()
            .cycle()
            .take(line.filler)
            .collect(),
    };
    if line.sdp {
        put("Content-Type", "c", "application/sdp");
    }
    let length = body.len().to_string();
    match line.content_length.as_deref() {
        Some("none") => {}
        other => put("Content-Length", "l", other.unwrap_or(&length)),
    }
    for header in &line.headers {
        write!(text, "{header}\r\n").unwrap();
    }
    with_line_ends(&text, line.lf) + if line.lf { "\n" } else { "\r\n" } + &body
}

/// Returns `text` with CRLF, or LF alone, at the end of each line.
fn with_line_ends(text: &str, lf: bool) -> String {
    let text = text.replace("\r\n", "\n");
    if lf { text } else { text.replace('\n', "\r\n") }
}

/// Returns the octets of `text` in the character set that `line` asks for.
fn encode(text: &str, line: &Line) -> Vec<u8> {
    if line.latin1 {
        text.chars()
            .map(|c| u8::try_from(c).expect("latin1 text ends at U+00FF"))
            .collect()
    } else {
        text.as_bytes().to_vec()
    }
}
