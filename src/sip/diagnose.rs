//! What is odd about a message in detail: all that costs too much to look for in every message of a capture.

use std::fmt;

use memchr::memchr;

use super::{
    Flaws, Head, Header, HeaderName, Method, StartLine,
    address::NameAddr,
    cseq::{saturating_number, split},
    line::{is_token, split_token, trim},
    list::{behind_quoted, values},
    sdp::Sdp,
    uri::Uri,
    via::Via,
};
use crate::span::Span;

/// How much a [`Diagnosis`] matters.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Allowed, but worth a look.
    Info,
    /// Not allowed, but understood by most.
    Warning,
    /// A strict element refuses the message.
    Error,
}

impl Severity {
    /// Returns the name used in all outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something odd in a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Diagnosis {
    /// How much it matters.
    pub severity: Severity,
    /// The header it is in; `None` for the start line, the body and the whole.
    pub header: Option<HeaderName>,
    /// Where it is, in octets of the message.
    pub offset: u32,
    /// What it is, in kebab-case; of the flaws, their names.
    pub what: &'static str,
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity.name(), self.what)?;
        if let Some(header) = self.header.filter(|header| *header != HeaderName::Other) {
            write!(f, " in {}", header.name())?;
        }
        write!(f, " at octet {}", self.offset)
    }
}

/// More than these are not listed.
const MAX_DIAGNOSES: usize = 1000;

/// Lists all that is odd about a message, its flaws included, in the order of its octets.
#[must_use]
pub fn diagnose(bytes: &[u8], head: &Head) -> Vec<Diagnosis> {
    let mut list = List {
        bytes,
        found: Vec::new(),
    };
    list.flaws(head);
    list.start_line(head);
    for header in head.headers(bytes) {
        list.header(&header, head);
    }
    list.whole(head);
    list.body(head);
    list.found.sort_by_key(|diagnosis| diagnosis.offset);
    list.found
}

struct List<'a> {
    bytes: &'a [u8],
    found: Vec<Diagnosis>,
}

impl<'a> List<'a> {
    fn add(
        &mut self,
        severity: Severity,
        header: Option<HeaderName>,
        at: usize,
        what: &'static str,
    ) {
        if self.found.len() < MAX_DIAGNOSES {
            self.found.push(Diagnosis {
                severity,
                header,
                offset: u32::try_from(at).unwrap_or(u32::MAX),
                what,
            });
        }
    }

    /// Adds something odd about a part of a header.
    fn part(&mut self, severity: Severity, header: HeaderName, part: &'a [u8], what: &'static str) {
        let at = Span::locate(self.bytes, part).start();
        self.add(severity, Some(header), at, what);
    }

    fn flaws(&mut self, head: &Head) {
        for (flaw, what) in Flaws::NAMES {
            if head.flaws.contains(*flaw) {
                let (severity, header, at) = place(*flaw, head, self.bytes);
                self.add(severity, header, at, what);
            }
        }
    }

    fn start_line(&mut self, head: &Head) {
        if let StartLine::Request { uri, .. } = head.start {
            let text = uri.of(self.bytes);
            let parsed = Uri::parse(text);
            let at = uri.start();
            if text.starts_with(b"<") {
                self.add(Severity::Error, None, at, "uri-brackets");
            }
            if !parsed.headers.is_empty() {
                self.add(Severity::Error, None, at, "uri-headers");
            }
            if let Some(what) = uri_flaw(&parsed) {
                self.add(Severity::Error, None, at, what);
            }
        }
    }

    fn header(&mut self, header: &Header<'a>, head: &Head) {
        let kind = header.kind;
        if header.value.is_empty() && !header.name.is_empty() && kind != HeaderName::Subject {
            self.part(Severity::Info, kind, header.name, "empty-value");
        }
        if header.name.is_empty() && memchr(b':', header.value).is_some() {
            self.part(Severity::Error, kind, header.value, "header-name");
        }
        if kind == HeaderName::Other && header.name.len() == 1 {
            self.part(Severity::Info, kind, header.name, "unknown-compact-form");
        }
        if header.value.iter().any(|octet| is_control(*octet)) {
            self.part(Severity::Warning, kind, header.value, "control-octets");
        } else if std::str::from_utf8(header.value).is_err() {
            self.part(Severity::Warning, kind, header.value, "not-utf-8");
        }
        self.value(kind, header.value, head);
    }

    fn value(&mut self, kind: HeaderName, value: &'a [u8], head: &Head) {
        use HeaderName as H;
        match kind {
            H::Hide | H::Encryption | H::ResponseKey => {
                self.part(Severity::Info, kind, value, "obsolete-header");
            }
            H::Via => self.vias(value),
            H::From | H::To => self.address(kind, value),
            H::Contact
            | H::Route
            | H::RecordRoute
            | H::PAssertedIdentity
            | H::ReferTo
            | H::ReferredBy => {
                if has_empty_value(value) {
                    self.part(Severity::Error, kind, value, "empty-list-value");
                }
                for value in values(value) {
                    self.address(kind, value);
                }
            }
            H::MaxForwards => self.max_forwards(value),
            H::Expires | H::MinExpires | H::Rseq => {
                let number = saturating_number(split_token(value).0);
                self.number(kind, value, number);
            }
            H::RetryAfter => {
                let digits = value.split(|octet| !octet.is_ascii_digit()).next();
                self.number(kind, value, digits.and_then(saturating_number));
            }
            H::Warning if !matches!(value, [a, b, c, b' ', ..] if [a, b, c].iter().all(|o| o.is_ascii_digit())) =>
            {
                self.part(Severity::Error, kind, value, "warning-code");
            }
            H::Date if !value.ends_with(b"GMT") => {
                self.part(Severity::Warning, kind, value, "date-not-gmt");
            }
            H::Cseq if head.cseq.is_some() && split(value).is_none() => {
                self.part(Severity::Error, kind, value, "cseq-invalid");
            }
            _ => {}
        }
    }

    fn max_forwards(&mut self, value: &'a [u8]) {
        let (severity, what) = match saturating_number(value) {
            Some(0) => (Severity::Info, "max-forwards-zero"),
            Some(1..=70) => return,
            Some(71..=255) => (Severity::Info, "max-forwards-large"),
            _ => (Severity::Error, "max-forwards-invalid"),
        };
        self.part(severity, HeaderName::MaxForwards, value, what);
    }

    fn number(&mut self, kind: HeaderName, value: &'a [u8], number: Option<u32>) {
        match number {
            Some(u32::MAX) => self.part(Severity::Error, kind, value, "number-overflow"),
            None if kind != HeaderName::RetryAfter => {
                self.part(Severity::Error, kind, value, "number-invalid");
            }
            _ => {}
        }
    }

    fn vias(&mut self, list: &'a [u8]) {
        if has_empty_value(list) {
            self.part(Severity::Error, HeaderName::Via, list, "empty-list-value");
        }
        for value in values(list) {
            match Via::parse(value) {
                None => self.part(Severity::Error, HeaderName::Via, value, "via-syntax"),
                Some(via) => match via.branch() {
                    Some(_) if via.transaction_id().is_some() => {}
                    Some(b"z9hG4bK") => {
                        self.part(
                            Severity::Error,
                            HeaderName::Via,
                            value,
                            "branch-cookie-only",
                        );
                    }
                    _ => self.part(Severity::Info, HeaderName::Via, value, "no-magic-cookie"),
                },
            }
            if has_empty_param(value) {
                self.part(Severity::Error, HeaderName::Via, value, "empty-parameter");
            }
        }
    }

    fn address(&mut self, kind: HeaderName, value: &'a [u8]) {
        let parsed = NameAddr::parse(value);
        let bracket = memchr(b'<', value);
        if value.starts_with(b"\"") && behind_quoted(value).is_none() {
            self.part(Severity::Error, kind, value, "unbalanced-quote");
        } else if bracket.is_some()
            && !value.starts_with(b"\"")
            && !is_plain_name(parsed.display_name)
        {
            self.part(Severity::Error, kind, value, "display-name");
        }
        if bracket.is_some() && memchr(b'>', value).is_none() {
            self.part(Severity::Error, kind, value, "unbalanced-bracket");
        }
        if bracket.is_none() && memchr(b'?', parsed.uri).is_some() {
            self.part(Severity::Error, kind, value, "uri-without-brackets");
        }
        let behind = bracket.and_then(|at| value.get(at.saturating_add(1)..));
        if matches!(behind, Some([b' ' | b'\t', ..]))
            || parsed.uri.iter().any(|octet| matches!(octet, b' ' | b'\t'))
        {
            self.part(Severity::Error, kind, value, "uri-space");
        }
        if parsed.uri != b"*"
            && let Some(what) = uri_flaw(&parsed.parse_uri())
        {
            self.part(Severity::Error, kind, value, what);
        }
        if has_empty_param(parsed.params) {
            self.part(Severity::Error, kind, value, "empty-parameter");
        }
        if parsed.param("expires").and_then(saturating_number) == Some(u32::MAX) {
            self.part(Severity::Error, kind, value, "number-overflow");
        }
    }

    fn whole(&mut self, head: &Head) {
        let is_tagless =
            |span: Span| !span.is_empty() && NameAddr::parse(span.of(self.bytes)).tag().is_none();
        let (from, to) = (is_tagless(head.from), is_tagless(head.to));
        if from {
            self.add(
                Severity::Warning,
                Some(HeaderName::From),
                head.from.start(),
                "no-from-tag",
            );
        }
        if to && head.status_code().is_some_and(|code| code > 100) {
            self.add(
                Severity::Warning,
                Some(HeaderName::To),
                head.to.start(),
                "no-to-tag",
            );
        }
        if head.method() == Some(Method::Other) && !head.flaws.contains(Flaws::METHOD_CASE) {
            self.add(Severity::Info, None, 0, "unknown-method");
        }
    }

    fn body(&mut self, head: &Head) {
        let body = head.body.of(self.bytes);
        let content_type = head.content_type.of(self.bytes);
        let media_type = content_type.split(|octet| *octet == b';').next();
        let is_sdp =
            media_type.is_some_and(|kind| trim(kind).eq_ignore_ascii_case(b"application/sdp"));
        let at = head.body.start();
        if !trim(body).is_empty() && content_type.is_empty() {
            self.add(Severity::Warning, None, at, "no-content-type");
        }
        if is_sdp && !body.is_empty() && !trim(body).starts_with(b"(") {
            match Sdp::parse(body) {
                None => self.add(Severity::Error, None, at, "body-not-sdp"),
                Some(sdp) => {
                    if sdp.origin.is_empty() {
                        self.add(Severity::Warning, None, at, "sdp-no-origin");
                    }
                    if sdp.media.iter().any(|media| media.connection.is_none()) {
                        self.add(Severity::Error, None, at, "sdp-no-connection");
                    }
                }
            }
        }
    }
}

/// Returns how much a flaw matters and where it is, as far as the head tells.
fn place(flaw: Flaws, head: &Head, bytes: &[u8]) -> (Severity, Option<HeaderName>, usize) {
    use HeaderName as H;
    let headers = head.headers.start();
    let value = |name: H| {
        let header = head.headers(bytes).find(|header| header.kind == name);
        header.map_or(headers, |header| Span::locate(bytes, header.value).start())
    };
    let start_line = Flaws::START_LINE_SPACING
        .union(Flaws::VERSION)
        .union(Flaws::STATUS_CODE)
        .union(Flaws::METHOD_CASE)
        .union(Flaws::URI_SPACE);
    let length = Flaws::CONTENT_LENGTH_TOO_LARGE
        .union(Flaws::CONTENT_LENGTH_TOO_SMALL)
        .union(Flaws::CONTENT_LENGTH_INVALID)
        .union(Flaws::CONTENT_LENGTH_CONFLICT);
    let cseq = Flaws::CSEQ_OVERFLOW
        .union(Flaws::CSEQ_INVALID)
        .union(Flaws::CSEQ_METHOD);
    let mild = Flaws::LF_ONLY
        .union(Flaws::LONG_LINE)
        .union(Flaws::MANY_HEADERS)
        .union(Flaws::RESYNCED);
    if start_line.contains(flaw) {
        (Severity::Error, None, 0)
    } else if length.contains(flaw) {
        (
            Severity::Error,
            Some(H::ContentLength),
            value(H::ContentLength),
        )
    } else if cseq.contains(flaw) {
        (Severity::Error, Some(H::Cseq), head.cseq_text.start())
    } else if mild.contains(flaw) {
        (Severity::Info, None, headers)
    } else if flaw == Flaws::CUT || flaw == Flaws::BODY_GAP {
        (Severity::Warning, None, head.body.start())
    } else {
        (Severity::Error, None, headers)
    }
}

/// Returns what is wrong with a URI that a strict element would not take.
fn uri_flaw(uri: &Uri<'_>) -> Option<&'static str> {
    let is_sip =
        uri.scheme.eq_ignore_ascii_case(b"sip") || uri.scheme.eq_ignore_ascii_case(b"sips");
    let bare_colon = !uri.host.starts_with(b"[") && memchr(b':', uri.host).is_some();
    if uri.scheme.is_empty() {
        Some("uri-without-scheme")
    } else if is_sip && (uri.host.is_empty() || bare_colon) {
        Some("uri-host")
    } else {
        None
    }
}

/// Returns whether an unquoted display name is nothing but tokens (RFC 3261 §25.1), or octets beyond ASCII.
fn is_plain_name(name: &[u8]) -> bool {
    name.iter()
        .all(|octet| is_token(*octet) || octet.is_ascii_whitespace() || !octet.is_ascii())
}

/// Returns whether commas stand at an end of a list or next to each other.
fn has_empty_value(list: &[u8]) -> bool {
    let list = trim(list);
    list.starts_with(b",") || list.ends_with(b",")
}

fn has_empty_param(text: &[u8]) -> bool {
    let text = trim(text);
    text.ends_with(b";") || text.windows(2).any(|pair| pair == b";;")
}

/// Returns whether an octet is a control character that is no white space of a header.
const fn is_control(octet: u8) -> bool {
    octet.is_ascii_control() && !matches!(octet, b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests {
    use super::{super::Framing, *};

    /// What is odd in a message with these lines and whatever else it needs.
    fn found(start: &str, lines: &str) -> Vec<&'static str> {
        let mut text = format!("{start}\r\n{lines}");
        for (name, line) in [
            ("Via:", "Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"),
            ("Max-Forwards:", "Max-Forwards: 70\r\n"),
            ("From:", "From: <sip:a@b>;tag=1\r\n"),
            ("To:", "To: <sip:a@b>;tag=2\r\n"),
            ("Call-ID:", "Call-ID: x\r\n"),
            ("CSeq:", "CSeq: 1 OPTIONS\r\n"),
        ] {
            if !text.contains(name) {
                text.push_str(line);
            }
        }
        if !text.contains("\r\n\r\n") {
            text.push_str("\r\n");
        }
        let head = Head::parse(text.as_bytes(), Framing::Datagram).unwrap();
        let found = diagnose(text.as_bytes(), &head);
        found.iter().map(|diagnosis| diagnosis.what).collect()
    }

    #[test]
    fn oddities_of_rfc_4475_are_told() {
        // Lines of our own with the defects of the sections named.
        for (section, line, expected) in [
            (
                "3.1.2.1",
                "Via: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n",
                &[
                    "empty-list-value",
                    "no-magic-cookie",
                    "empty-parameter",
                    "via-syntax",
                    "empty-parameter",
                ][..],
            ),
            (
                "3.1.2.1",
                "Contact: \"Joe\" <sip:joe@b>;;;;\r\n",
                &["empty-parameter"],
            ),
            (
                "3.1.2.4",
                "Max-Forwards: 300\r\n",
                &["max-forwards-invalid"],
            ),
            ("3.1.2.4", "Expires: 10000000000\r\n", &["number-overflow"]),
            (
                "3.1.2.4",
                "Contact: <sip:a@b>;expires=280297596632815\r\n",
                &["number-overflow"],
            ),
            (
                "3.1.2.5",
                "Warning: 1812 overture \"in progress\"\r\n",
                &["warning-code"],
            ),
            (
                "3.1.2.5",
                "Retry-After: 949302838503028349304023988\r\n",
                &["number-overflow"],
            ),
            (
                "3.1.2.6",
                "To: \"Mr. User <sip:a@b>;tag=1\r\n",
                &["unbalanced-quote"],
            ),
            (
                "3.1.2.12",
                "Date: Fri, 01 Jan 2010 16:00:00 EST\r\n",
                &["date-not-gmt"],
            ),
            (
                "3.1.2.13",
                "Contact: sip:a@b?Route=%3Csip:c%3E\r\n",
                &["uri-without-brackets"],
            ),
            (
                "3.1.2.14",
                "To: \"W, T\" < sip:a@b >;tag=1\r\n",
                &["uri-space"],
            ),
            (
                "3.1.2.15",
                "From: Bell, A <sip:a@b>;tag=1\r\n",
                &["display-name"],
            ),
            (
                "3.2.1",
                "Via: SIP/2.0/UDP a;branch=z9hG4bK\r\n",
                &["branch-cookie-only"],
            ),
            ("3.3.11", "Max-Forwards: 0\r\n", &["max-forwards-zero"]),
            ("3.4.1", "From: <sip:a@b>\r\n", &["no-from-tag"]),
        ] {
            assert_eq!(
                found("OPTIONS sip:a@b SIP/2.0", line),
                expected,
                "{section}"
            );
        }
    }

    #[test]
    fn start_lines_and_bodies_are_judged() {
        for (start, line, expected) in [
            ("OPTIONS sip:a@b SIP/2.0", "", &[][..]),
            ("OPTIONS <sip:a@b> SIP/2.0", "", &["uri-brackets"]),
            ("OPTIONS sip:a@b?Route=x SIP/2.0", "", &["uri-headers"]),
            ("OPTIONS sip:2001:db8::10 SIP/2.0", "", &["uri-host"]),
            ("OPTIONS bob SIP/2.0", "", &["uri-without-scheme"]),
            ("SIP/2.0 200 OK", "To: <sip:a@b>\r\n", &["no-to-tag"]),
            ("SIP/2.0 100 Trying", "To: <sip:a@b>\r\n", &[]),
            (
                "SIP/2.0 200 OK",
                "g: 1\r\nHide: route\r\nY:\r\n",
                &["unknown-compact-form", "obsolete-header", "empty-value"],
            ),
            ("SIP/2.0 200 OK", "X: \u{1}\r\n", &["control-octets"]),
            ("SIP/2.0 200 OK", "a(b: c\r\n", &["header-name"]),
        ] {
            assert_eq!(found(start, line), expected, "{start} {line}");
        }
    }

    #[test]
    fn diagnoses_tell_what_and_where() {
        let diagnosis = Diagnosis {
            severity: Severity::Warning,
            header: Some(HeaderName::From),
            offset: 60,
            what: "no-from-tag",
        };
        assert_eq!(
            diagnosis.to_string(),
            "warning: no-from-tag in From at octet 60"
        );
    }
}
