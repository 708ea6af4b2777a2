//! Lines to messages: where one begins, where its body ends, and what stands between them.

use super::{
    TextMessage,
    source::{self, Source},
};
use crate::sip::{
    Framing, Head, Method,
    line::trim_line_end,
    start_line::{self, Parts},
};

/// Splits lines into messages; with `indented`, lines of a message that are indented less than its start line end it.
pub(super) fn split(text: &[u8], indented: bool) -> Vec<TextMessage> {
    let mut splitter = Splitter {
        indented,
        ..Splitter::default()
    };
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for line in text.split(|octet| *octet == b'\n') {
        splitter.line(trim_line_end(line));
    }
    splitter.finish();
    splitter.found
}

#[derive(Default)]
struct Splitter {
    indented: bool,
    found: Vec<TextMessage>,
    /// What was said about the message that comes next.
    next: Source,
    draft: Option<Draft>,
}

/// A message in the making.
struct Draft {
    bytes: Vec<u8>,
    indentation: usize,
    source: Source,
    body: Option<Body>,
}

/// What is known about a body before it ends.
struct Body {
    start: usize,
    said: Option<usize>,
    kind: Kind,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    /// SDP, or nothing that says otherwise: ends with its last `x=` line.
    Sdp,
    /// Anything else, empty lines included: ends where Content-Length says.
    Opaque,
    /// Like [`Kind::Opaque`], and start lines may be in it.
    Messages,
}

impl Splitter {
    fn line(&mut self, line: &[u8]) {
        let holds = self.draft.as_ref().is_some_and(Draft::holds_messages);
        let is_open = self.draft.as_ref().is_some_and(Draft::is_open);
        let text = line.trim_ascii_start();
        if !holds && is_start_line(text) {
            return self.start(text, line.len().saturating_sub(text.len()));
        }
        if !is_open && let Some(source) = source::recognise(line) {
            self.finish();
            return self.next.merge(&source);
        }
        // Outside of messages other text may stand before one, such as the IP header in a dump by tcpdump.
        if self.draft.is_none()
            && let Some(text) = find_start_line(line).and_then(|at| line.get(at..))
        {
            return self.start(text, 0);
        }
        let Some(draft) = &mut self.draft else {
            if is_label(line) {
                self.next.label = Some(String::from_utf8_lossy(line.trim_ascii()).into_owned());
            }
            return;
        };
        let (indentation, text) = unindent(line, draft.indentation);
        let outside = self.indented && indentation < draft.indentation && !text.is_empty();
        if outside || !is_open && is_separator(line) || !draft.push(text) {
            self.finish();
            if is_label(line) {
                self.next.label = Some(String::from_utf8_lossy(line.trim_ascii()).into_owned());
            }
        }
    }

    /// Begins a message with its start line.
    fn start(&mut self, line: &[u8], indentation: usize) {
        self.finish();
        self.draft = Some(Draft {
            bytes: [line, b"\r\n"].concat(),
            indentation,
            source: std::mem::take(&mut self.next),
            body: None,
        });
    }

    fn finish(&mut self) {
        if let Some(draft) = self.draft.take() {
            let mut message = TextMessage {
                bytes: draft.bytes,
                ..TextMessage::default()
            };
            draft.source.put_into(&mut message);
            self.found.push(message);
        }
    }
}

impl Draft {
    /// Adds a line; `false` when it does not belong to the message.
    fn push(&mut self, line: &[u8]) -> bool {
        if let Some(body) = &self.body
            && !body.takes(line, self.bytes.len())
        {
            return false;
        }
        self.bytes.extend_from_slice(line);
        self.bytes.extend_from_slice(b"\r\n");
        if self.body.is_none() && line.is_empty() {
            let body = Body::expected(&self.bytes);
            let goes_on = body.said != Some(0);
            self.body = Some(body);
            return goes_on;
        }
        true
    }

    /// Returns whether lines that look like the end of the message may be part of its body.
    fn is_open(&self) -> bool {
        self.body
            .as_ref()
            .is_some_and(|body| body.kind != Kind::Sdp && !body.is_full(self.bytes.len()))
    }

    fn holds_messages(&self) -> bool {
        self.is_open()
            && self
                .body
                .as_ref()
                .is_some_and(|body| body.kind == Kind::Messages)
    }
}

impl Body {
    /// Tells from the headers what to expect.
    fn expected(head: &[u8]) -> Self {
        let parsed = Head::parse(head, Framing::Text).ok();
        let said = parsed
            .as_ref()
            .and_then(|parsed| usize::try_from(parsed.content_length?).ok());
        let content_type = parsed.map_or(&[][..], |parsed| parsed.content_type.of(head));
        let is = |name: &[u8]| {
            content_type
                .get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
        };
        let kind = if is(b"message/sip") || is(b"multipart/") {
            Kind::Messages
        } else if content_type.is_empty() || is(b"application/sdp") {
            Kind::Sdp
        } else {
            Kind::Opaque
        };
        Self {
            start: head.len(),
            said,
            kind,
        }
    }

    /// Returns whether a message of `len` octets has all of its body.
    fn is_full(&self, len: usize) -> bool {
        self.said
            .is_none_or(|said| len.saturating_sub(self.start) >= said)
    }

    /// Returns whether a line belongs to the body of a message that has `len` octets.
    fn takes(&self, line: &[u8], len: usize) -> bool {
        let is_first = len == self.start;
        let is_sdp_line = matches!(line, [b'a'..=b'z', b'=', ..]);
        match self.kind {
            // "(Alice's SDP not shown)"
            _ if is_first && line.starts_with(b"(") => true,
            Kind::Sdp => is_sdp_line,
            Kind::Opaque | Kind::Messages if self.said.is_some() => !self.is_full(len),
            Kind::Opaque | Kind::Messages => !line.is_empty(),
        }
    }
}

/// Returns whether a line is a start line that prose cannot be taken for.
fn is_start_line(line: &[u8]) -> bool {
    match start_line::split(line) {
        Some((Parts::Request { method, uri }, _)) => {
            let is_upper = method.iter().all(u8::is_ascii_uppercase);
            let is_odd = method.iter().any(|octet| !octet.is_ascii_alphabetic());
            // Not the end of other octets with a method behind them.
            let ends = |known: &Method| method.ends_with(known.name().as_bytes());
            (is_upper || is_odd && !Method::ALL.iter().any(ends)) && uri.contains(&b':')
        }
        Some((Parts::Response { .. }, _)) => true,
        None => false,
    }
}

/// Returns where in a line a start line begins that goes on to its end.
fn find_start_line(line: &[u8]) -> Option<usize> {
    let candidates = memchr::memmem::find_iter(line, b"SIP/2.0 ");
    let responses = candidates.filter(|at| line.get(*at..).is_some_and(is_start_line));
    let requests = Method::ALL.iter().filter_map(|method| {
        let at = memchr::memmem::find(line, method.name().as_bytes())?;
        line.get(at..).is_some_and(is_start_line).then_some(at)
    });
    responses.chain(requests).min()
}

/// Returns how far a line is indented, at most `by`, and the line without that.
fn unindent(line: &[u8], by: usize) -> (usize, &[u8]) {
    let spaces = line
        .iter()
        .take(by)
        .position(|octet| *octet != b' ' && *octet != b'\t')
        .unwrap_or_else(|| by.min(line.len()));
    let text = line.get(spaces..).unwrap_or_default();
    // An empty line may have lost or kept its indentation.
    if text.trim_ascii().is_empty() && by > 0 {
        return (by, &[]);
    }
    (spaces, text)
}

/// Returns whether a line is nothing but a rule, such as `----------` or `<------------->`.
fn is_separator(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let inner = line.strip_prefix(b"<").unwrap_or(line);
    let inner = inner.strip_suffix(b">").unwrap_or(inner);
    match inner {
        [first @ (b'-' | b'=' | b'*' | b'#' | b'_'), rest @ ..] => {
            (rest.len() > 1 || *first == b'#') && rest.iter().all(|octet| octet == first)
        }
        _ => false,
    }
}

/// Returns whether a line is the label of a message in an RFC: `F1 INVITE Alice -> Bob`.
fn is_label(line: &[u8]) -> bool {
    match line.trim_ascii_start() {
        [b'F', rest @ ..] => {
            let digits = rest
                .iter()
                .take_while(|octet| octet.is_ascii_digit())
                .count();
            digits > 0 && rest.get(digits).is_some_and(u8::is_ascii_whitespace)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, indented: bool) -> Vec<String> {
        split(text.as_bytes(), indented)
            .iter()
            .map(|message| String::from_utf8_lossy(&message.bytes).replace("\r\n", "|"))
            .collect()
    }

    #[test]
    fn messages_end_where_something_else_begins() {
        for (text, expected) in [
            (
                "SIP/2.0 200 OK\na: b\n\nBYE sip:x SIP/2.0\nc: d\n",
                &["SIP/2.0 200 OK|a: b||", "BYE sip:x SIP/2.0|c: d|"][..],
            ),
            ("SIP/2.0 200 OK\na: b\n---\nx\n", &["SIP/2.0 200 OK|a: b|"]),
            (
                "SIP/2.0 200 OK\na: b\n<------------->\nx\n",
                &["SIP/2.0 200 OK|a: b|"],
            ),
            (
                "SIP/2.0 200 OK\nl: 0\n\nwords\n",
                &["SIP/2.0 200 OK|l: 0||"],
            ),
            (
                "SIP/2.0 200 OK\nl: 129\nc: application/sdp\n\nv=0\no=a\n\nwords\n",
                &["SIP/2.0 200 OK|l: 129|c: application/sdp||v=0|o=a|"],
            ),
            (
                "SIP/2.0 200 OK\nl: 131\n\n(Bob's SDP not shown)\n\nwords\n",
                &["SIP/2.0 200 OK|l: 131||(Bob's SDP not shown)|"],
            ),
            (
                "NOTIFY sip:x SIP/2.0\nc: message/sipfrag\nl: 16\n\nSIP/2.0 200 OK\n",
                &["NOTIFY sip:x SIP/2.0|c: message/sipfrag|l: 16||SIP/2.0 200 OK|"],
            ),
            (
                "MESSAGE sip:x SIP/2.0\nc: text/plain\nl: 6\n\na\n\nb\nwords\n",
                &["MESSAGE sip:x SIP/2.0|c: text/plain|l: 6||a||b|"],
            ),
            (
                "E..4.......SIP/2.0 200 OK\na: b\n",
                &["SIP/2.0 200 OK|a: b|"],
            ),
            (
                "10:00:00.1 IP 10.0.0.1.5060 > 10.0.0.2.5060: SIP: BYE sip:x SIP/2.0\nE..BYE sip:x SIP/2.0\na: b\n",
                &["BYE sip:x SIP/2.0|a: b|"],
            ),
            ("no message at all\n", &[]),
        ] {
            assert_eq!(texts(text, false), expected, "{text}");
        }
    }

    #[test]
    fn indentation_is_undone() {
        let text = "   BYE sip:x SIP/2.0\n   a: b\n     folded\n\n   words\n  4.  Title\n";
        assert_eq!(texts(text, true), ["BYE sip:x SIP/2.0|a: b|  folded||"]);
        assert_eq!(
            texts("   BYE sip:x SIP/2.0\n   a: b\nc: d\n", true),
            ["BYE sip:x SIP/2.0|a: b|"]
        );
    }
}
