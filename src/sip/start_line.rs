//! The start line (RFC 3261 §7.1, §7.2), read as tolerantly as it can be told from other protocols.

use super::{
    Flaws, Method,
    line::{find, is_space, split_token, trim_end, trim_line_end, trim_start},
};
use crate::span::Span;

/// The longest start line that is looked at, in octets.
pub(super) const MAX_LEN: usize = 8 * 1024;

/// The first line (RFC 3261 §7.1, §7.2).
#[derive(Clone, Copy, Debug)]
pub enum StartLine {
    /// A request line.
    Request {
        /// The method.
        method: Method,
        /// Its text.
        method_text: Span,
        /// The Request-URI.
        uri: Span,
    },
    /// A status line.
    Response {
        /// The status code, 0 when it has not three digits ([`Head::status_code`](super::Head::status_code) tells).
        code: u16,
        /// The reason phrase, which may be empty.
        reason: Span,
    },
}

/// The parts of a start line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Parts<'a> {
    Request { method: &'a [u8], uri: &'a [u8] },
    Response { code: u16, reason: &'a [u8] },
}

impl Parts<'_> {
    /// Returns the parts as spans of `bytes`, which they are slices of.
    pub(super) fn locate(self, bytes: &[u8]) -> StartLine {
        match self {
            Self::Request { method, uri } => StartLine::Request {
                method: Method::from_bytes(method),
                method_text: Span::locate(bytes, method),
                uri: Span::locate(bytes, uri),
            },
            Self::Response { code, reason } => StartLine::Response {
                code,
                reason: Span::locate(bytes, reason),
            },
        }
    }
}

/// Splits a start line, given without its LF, into its parts; `None` when it is none.
///
/// Taken are any number of SP and HTAB between and behind the parts, white space within the Request-URI, any version
/// and any number of digits in the status code (RFC 4475 §3.1.2): each is told as a flaw.
pub(super) fn split(line: &[u8]) -> Option<(Parts<'_>, Flaws)> {
    let line = trim_line_end(line);
    if matches!(line, [b'S' | b's', b'I' | b'i', b'P' | b'p', b'/', ..]) {
        split_status_line(line)
    } else {
        split_request_line(line)
    }
}

fn split_request_line(line: &[u8]) -> Option<(Parts<'_>, Flaws)> {
    let mut flaws = Flaws::NONE;
    let (method, rest) = split_token(line);
    let text = trim_end(rest);
    let (version_flaws, text) = match text.strip_suffix(b" SIP/2.0") {
        Some(_) => (Flaws::NONE, text.get(..text.len().wrapping_sub(7))?),
        None => {
            let (version, text) = split_last_word(text);
            (check_version(version)?, text)
        }
    };
    let uri = trim_end(trim_start(text));
    if method.is_empty() || uri.is_empty() || !text.first().is_some_and(|octet| is_space(*octet)) {
        return None;
    }
    // One SP before and one behind the URI, none behind the version.
    let spaces = text.len().saturating_sub(uri.len());
    if spaces != 2 || rest.last().is_some_and(|octet| is_space(*octet)) {
        flaws.insert(Flaws::START_LINE_SPACING);
    }
    if find(*b" \t\r\n", uri).is_some() {
        flaws.insert(Flaws::URI_SPACE);
    }
    if Method::from_bytes(method) == Method::Other && Method::is_miscased(method) {
        flaws.insert(Flaws::METHOD_CASE);
    }
    Some((Parts::Request { method, uri }, flaws.union(version_flaws)))
}

fn split_status_line(line: &[u8]) -> Option<(Parts<'_>, Flaws)> {
    let (mut flaws, text) = match line.strip_prefix(b"SIP/2.0") {
        Some(text) if text.first().is_some_and(|octet| is_space(*octet)) => (Flaws::NONE, text),
        _ => {
            let at = line.iter().position(|octet| is_space(*octet))?;
            let (version, text) = line.split_at_checked(at)?;
            (check_version(version)?, text)
        }
    };
    let code = trim_start(text);
    let digits = code
        .iter()
        .position(|octet| !octet.is_ascii_digit())
        .unwrap_or(code.len());
    let (code, tail) = code.split_at_checked(digits)?;
    if digits == 0 || !tail.first().is_none_or(|octet| is_space(*octet)) {
        return None;
    }
    let spaces = text.len().saturating_sub(digits.saturating_add(tail.len()));
    if spaces != 1 || tail.is_empty() {
        flaws.insert(Flaws::START_LINE_SPACING);
    }
    let code = match *code {
        [a, b, c] => [a, b, c].iter().fold(0_u16, |code, digit| {
            code.saturating_mul(10)
                .saturating_add(u16::from(digit.wrapping_sub(b'0')))
        }),
        _ => 0,
    };
    if !(100..700).contains(&code) {
        flaws.insert(Flaws::STATUS_CODE);
    }
    let reason = trim_end(trim_start(tail));
    Some((Parts::Response { code, reason }, flaws))
}

/// Splits off the last word of a text that does not end in white space; what is before it keeps its white space.
fn split_last_word(text: &[u8]) -> (&[u8], &[u8]) {
    let at = text
        .iter()
        .rposition(|octet| is_space(*octet))
        .map_or(0, |at| at.saturating_add(1));
    let (before, word) = text.split_at_checked(at).unwrap_or_default();
    (word, before)
}

/// Returns what is odd about a SIP version; `None` when it is none.
fn check_version(text: &[u8]) -> Option<Flaws> {
    let (name, version) = text.split_at_checked(4)?;
    if !name.eq_ignore_ascii_case(b"SIP/") {
        return None;
    }
    if version == b"2.0" {
        return Some(Flaws::NONE);
    }
    let mut numbers = version.splitn(2, |octet| *octet == b'.');
    let is_number = |part: Option<&[u8]>| {
        part.is_some_and(|p| !p.is_empty() && p.iter().all(u8::is_ascii_digit))
    };
    (is_number(numbers.next()) && is_number(numbers.next())).then_some(Flaws::VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_lines() {
        let odd_method = b"!interesting-Method0123456789_*+`.%indeed'~";
        for (line, method, uri, flaws) in [
            (
                &b"INVITE sip:bob@biloxi.com SIP/2.0\r"[..],
                &b"INVITE"[..],
                &b"sip:bob@biloxi.com"[..],
                &[][..],
            ),
            (
                b"INVITE sip:bob@biloxi.com SIP/2.0",
                b"INVITE",
                b"sip:bob@biloxi.com",
                &[],
            ),
            (b"OPTIONS sip:a sip/2.0\r\r", b"OPTIONS", b"sip:a", &[]),
            (
                b"INVITE  sip:a   SIP/2.0\r",
                b"INVITE",
                b"sip:a",
                &["start-line-spacing"],
            ),
            (
                b"OPTIONS sip:a SIP/2.0  \r",
                b"OPTIONS",
                b"sip:a",
                &["start-line-spacing"],
            ),
            (b"OPTIONS\tsip:a SIP/2.0\r", b"OPTIONS", b"sip:a", &[]),
            (
                b"INVITE sip:a; lr SIP/2.0\r",
                b"INVITE",
                b"sip:a; lr",
                &["uri-space"],
            ),
            (
                b"OPTIONS sip:a SIP/7.0\r",
                b"OPTIONS",
                b"sip:a",
                &["version"],
            ),
            (
                b"invite sip:a SIP/2.0\r",
                b"invite",
                b"sip:a",
                &["method-case"],
            ),
            (b"INVITE <sip:a> SIP/2.0\r", b"INVITE", b"<sip:a>", &[]),
            (
                b"!interesting-Method0123456789_*+`.%indeed'~ sip:a SIP/2.0\r",
                odd_method,
                b"sip:a",
                &[],
            ),
        ] {
            let (parts, found) = split(line).unwrap();
            assert_eq!(parts, Parts::Request { method, uri });
            assert_eq!(
                found.names().collect::<Vec<_>>(),
                flaws,
                "{}",
                line.escape_ascii()
            );
        }
    }

    #[test]
    fn status_lines() {
        for (line, code, reason, flaws) in [
            (&b"SIP/2.0 200 OK\r"[..], 200, &b"OK"[..], &[][..]),
            (b"sip/2.0 200 OK", 200, b"OK", &[]),
            (b"SIP/2.0 100 \r", 100, b"", &[]),
            (b"SIP/2.0 100\r", 100, b"", &["start-line-spacing"]),
            (
                b"SIP/2.0  486 Busy Here\r",
                486,
                b"Busy Here",
                &["start-line-spacing"],
            ),
            (
                b"SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\r",
                200,
                b"= 2**3 * 5**2 \xd0\xbd",
                &[],
            ),
            (b"SIP/7.0 200 OK\r", 200, b"OK", &["version"]),
            (
                b"SIP/2.0 4294967301 better not\r",
                0,
                b"better not",
                &["status-code"],
            ),
            (b"SIP/2.0 700 ?\r", 700, b"?", &["status-code"]),
            (b"SIP/2.0 20 ?\r", 0, b"?", &["status-code"]),
        ] {
            let (parts, found) = split(line).unwrap();
            assert_eq!(parts, Parts::Response { code, reason });
            assert_eq!(
                found.names().collect::<Vec<_>>(),
                flaws,
                "{}",
                line.escape_ascii()
            );
        }
    }

    #[test]
    fn other_lines() {
        for line in [
            &b""[..],
            b"GET / HTTP/1.1\r",
            b"HTTP/1.1 200 OK\r",
            b"RTSP/1.0 200 OK\r",
            b"DESCRIBE rtsp://a/b RTSP/1.0\r",
            b"MSRP a786hjs2 SEND\r",
            b"OPTIONS icap://a/b ICAP/1.0\r",
            b"INVITE SIP/2.0\r",
            b"INVITE sip:a\r",
            b"INVITE sip:a SIP/2\r",
            b"INVITE sip:a SIP/a.b\r",
            b"SIP/2.0\r",
            b"SIP/2.0 OK\r",
            b"SIP/2.0 200OK\r",
            b" INVITE sip:a SIP/2.0\r",
            b"INV(ITE sip:a SIP/2.0\r",
        ] {
            assert_eq!(split(line), None, "{}", line.escape_ascii());
        }
    }
}
