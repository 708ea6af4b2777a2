//! SIP messages from the few words that a scenario gives of them.

use std::{collections::HashMap, fmt::Write as _, net::SocketAddr};

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

/// What went before: enough to number requests and to answer them.
pub(crate) struct Dialogs<'a> {
    defaults: &'a Defaults,
    /// By Call-ID and by who asks: caller and callee number their requests apart.
    state: HashMap<(String, bool), State>,
}

#[derive(Default)]
struct State {
    number: u32,
    invite: u32,
    last: (u32, String),
    answered: bool,
    /// The INVITE that was refused: the ACK to this is of the same transaction.
    refused: Option<u32>,
}

impl<'a> Dialogs<'a> {
    pub(crate) fn new(defaults: &'a Defaults) -> Self {
        Self {
            defaults,
            state: HashMap::new(),
        }
    }

    /// Returns the octets of `line` and the rows that sipcap has to report for it.
    pub(crate) fn say(&mut self, line: &Line, src: SocketAddr) -> (Said, Vec<Expect>) {
        if let Some(literal) = &line.literal {
            let expect = line.expect.clone().expect("a literal needs `expect`");
            let octets = encode(&with_line_ends(literal, line.lf), line);
            return (Said { octets }, expect);
        }
        let call_id = line
            .call_id
            .clone()
            .unwrap_or_else(|| self.defaults.call_id.clone());
        let key = (call_id.clone(), line.back);
        let state = self.state.entry(key).or_default();
        let (first, rest) = line.start.split_once(' ').unwrap_or((&line.start, ""));
        let status: Option<u16> = first.parse().ok();
        let cseq = line
            .cseq
            .clone()
            .unwrap_or_else(|| state.cseq(status, first));
        let (number, cseq_method) = cseq.split_once(' ').expect("cseq is \"1 INVITE\"");
        match status {
            Some(status) => state.answer(status, number.parse().unwrap_or_default(), cseq_method),
            None => state.remember(number.parse().unwrap_or_default(), cseq_method),
        }

        let start = match status {
            Some(_) => format!("SIP/2.0 {}", line.start),
            None => format!("{first} {rest} SIP/2.0"),
        };
        let branch = match line.branch.as_deref() {
            Some("none") => String::new(),
            Some(branch) => format!(";branch={branch}"),
            None => format!(";branch={}", state.branch(number, cseq_method)),
        };
        let (from, to) = self.parties(line, first, &call_id);
        let from = line.from.clone().unwrap_or(from);
        let to = line.to.clone().unwrap_or(to);
        // Via names who asked, also in what is answered (RFC 3261 §8.2.6.2).
        let (asking, answering) = line.path.split_once('>').expect("path is \"a > b\"");
        let host = match status {
            Some(_) => answering.trim(),
            None => asking.trim(),
        };
        let contact = self.contact(line, src, status, cseq_method);
        let text = write(
            line,
            &[
                (
                    "Via",
                    "v",
                    &format!("SIP/2.0/$TRANSPORT {host}.invalid{branch}"),
                ),
                ("From", "f", &from),
                ("To", "t", &to),
                ("Call-ID", "i", &call_id),
                ("CSeq", "CSeq", &cseq),
            ],
            contact.as_deref(),
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

    /// Returns From and To as they follow from the defaults and from what was said.
    fn parties(&self, line: &Line, first: &str, call_id: &str) -> (String, String) {
        let defaults = self.defaults;
        let tag = line.tag.as_ref().or(defaults.to_tag.as_ref());
        let answered = self
            .state
            .get(&(call_id.to_owned(), false))
            .is_some_and(|state| state.answered);
        let tagged = match tag {
            // A tag that is given is meant; the default comes with the first answer.
            Some(tag)
                if !tag.is_empty()
                    && (line.tag.is_some()
                        || line.back
                        || (answered && !matches!(first, "CANCEL" | "REGISTER"))) =>
            {
                format!("{};tag={tag}", defaults.to)
            }
            _ => defaults.to.clone(),
        };
        if line.back {
            (tagged, defaults.from.clone())
        } else {
            (defaults.from.clone(), tagged)
        }
    }

    /// Returns Contact: as given or, where the defaults want it, the sender's address in what makes or refreshes a dialog.
    fn contact(
        &self,
        line: &Line,
        src: SocketAddr,
        status: Option<u16>,
        cseq_method: &str,
    ) -> Option<String> {
        let makes_dialog = matches!(
            cseq_method,
            "INVITE" | "SUBSCRIBE" | "UPDATE" | "REFER" | "NOTIFY"
        ) && status.is_none_or(|code| (101..300).contains(&code));
        if line.contact.is_some() || !self.defaults.contacts || !makes_dialog {
            return line.contact.clone();
        }
        Some(format!("<sip:{src}>"))
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

    /// Returns the branch that a transaction has unless it is given: CANCEL and the ACK to a refusal have that of their INVITE.
    fn branch(&self, number: &str, method: &str) -> String {
        let refused = self.refused.is_some_and(|n| n.to_string() == number);
        let method = match method {
            "CANCEL" => "INVITE",
            "ACK" if refused => "INVITE",
            other => other,
        };
        format!("z9hG4bK-{}-{number}", method.to_lowercase())
    }

    fn answer(&mut self, status: u16, number: u32, method: &str) {
        self.answered |= status > 100;
        match status {
            200..300 if method == "INVITE" => self.refused = None,
            300.. if method == "INVITE" => self.refused = Some(number),
            _ => {}
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
fn write(line: &Line, named: &[(&str, &str, &str)], contact: Option<&str>, start: &str) -> String {
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
    if let Some(contact) = contact {
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
