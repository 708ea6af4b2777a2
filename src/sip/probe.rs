//! Whether octets are SIP, and where in a stream the next message begins.

use memchr::memchr;

use super::{
    Flaws, Method,
    line::{LineEnd, find, is_token, split_around, split_token},
    start_line::{self, Parts},
    uri::is_scheme,
};

/// What octets look like from their first line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Probe {
    /// They begin with a SIP start line.
    Sip,
    /// They do not.
    NotSip,
    /// Their first line does not end, but up to here it may be a start line. A whole datagram like this is not SIP.
    Partial,
}

/// Returns whether `bytes` begin with a SIP start line, which line ends may precede (RFC 3261 §7.5).
///
/// The line may be as odd as RFC 4475 has it (see [`Flaws`](super::Flaws)) but not longer than 8 KiB. HTTP, RTSP,
/// MSRP, ICAP and other protocols with lines are told apart by the version.
#[must_use]
pub fn probe(bytes: &[u8]) -> Probe {
    match start_line(skip_line_ends(bytes)) {
        Ok(_) => Probe::Sip,
        Err(other) => other,
    }
}

/// A start line, taken apart.
pub(super) struct Start<'a> {
    /// How long it is without its line end.
    pub(super) len: usize,
    pub(super) parts: Parts<'a>,
    pub(super) flaws: Flaws,
}

/// Returns the start line that `text`, without line ends before it, begins with; otherwise what it looks like.
pub(super) fn start_line(text: &[u8]) -> Result<Start<'_>, Probe> {
    match text {
        [] => return Err(Probe::Partial),
        [first, ..] if !is_token(*first) => return Err(Probe::NotSip),
        _ => {}
    }
    let text = text.get(..start_line::MAX_LEN).unwrap_or(text);
    let (word, behind) = split_token(text);
    if let [octet, ..] = behind
        && !matches!(octet, b' ' | b'\t' | b'/')
    {
        return Err(Probe::NotSip);
    }
    match find([b'\r', b'\n'], behind) {
        Some(end) => {
            let len = word.len().saturating_add(end);
            let line = text.get(..len).unwrap_or_default();
            let (parts, flaws) = start_line::split(line).ok_or(Probe::NotSip)?;
            Ok(Start { len, parts, flaws })
        }
        None if text.len() < start_line::MAX_LEN && may_go_on(word, behind) => Err(Probe::Partial),
        None => Err(Probe::NotSip),
    }
}

/// Returns whether a first line that does not end yet can still become a start line.
fn may_go_on(word: &[u8], behind: &[u8]) -> bool {
    let is_version = word.eq_ignore_ascii_case(b"SIP");
    match behind {
        [] => true,
        [b'/', ..] if !is_version => false,
        // Neither a URI nor a reason phrase has control octets; text in UTF-8 is fine.
        _ => behind
            .iter()
            .all(|octet| !octet.is_ascii_control() || *octet == b'\t'),
    }
}

/// Returns `bytes` without the line ends they begin with.
pub(super) fn skip_line_ends(mut bytes: &[u8]) -> &[u8] {
    while let [b'\r' | b'\n', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// Returns where the next message begins in a stream of which the framing is lost, `from` or behind it.
///
/// That is exactly at `from` or behind an LF, where there is the start line of a known method with a URI that has a
/// scheme, or of a response, and a header behind it. When more octets have come, search again from the last LF or
/// 8 KiB before them, whichever is nearer to them: a start line that is not all there yet is not found.
#[must_use]
pub fn find_start(bytes: &[u8], from: usize) -> Option<usize> {
    let mut text = bytes.get(from..)?;
    loop {
        if is_message(text) {
            return bytes.len().checked_sub(text.len());
        }
        (_, text) = split_around(text, memchr(b'\n', text)?)?;
    }
}

/// Returns whether `text` begins with the start line of a known method or a response and the name of a header.
fn is_message(text: &[u8]) -> bool {
    // Methods are in upper case; of responses the version may be in either.
    if !matches!(text, [b'A'..=b'Z' | b's', ..]) || !has_known_word(text) {
        return false;
    }
    let text = text.get(..start_line::MAX_LEN).unwrap_or(text);
    let Some((line, rest)) = LineEnd::Lf.split(text) else {
        return false;
    };
    let plausible = match start_line::split(line) {
        Some((Parts::Request { uri, .. }, _)) => has_scheme(uri),
        Some((Parts::Response { .. }, _)) => true,
        None => false,
    };
    plausible && begins_header(rest)
}

/// Returns whether the first word is a method or a version.
fn has_known_word(text: &[u8]) -> bool {
    let (word, behind) = split_token(text.get(..16).unwrap_or(text));
    match behind {
        [b' ' | b'\t', ..] => Method::from_bytes(word) != Method::Other,
        [b'/', ..] => word.eq_ignore_ascii_case(b"SIP"),
        _ => false,
    }
}

/// Returns whether a URI begins with a scheme (RFC 3986 §3.1), in angle brackets or not.
fn has_scheme(uri: &[u8]) -> bool {
    let uri = uri.strip_prefix(b"<").unwrap_or(uri);
    let scheme = memchr(b':', uri).and_then(|end| uri.get(..end));
    scheme.is_some_and(is_scheme)
}

/// Returns whether `text` begins with the name of a header and its colon.
fn begins_header(text: &[u8]) -> bool {
    let (name, mut rest) = split_token(text);
    while let [b' ' | b'\t', behind @ ..] = rest {
        rest = behind;
    }
    !name.is_empty() && rest.first() == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines_are_recognised() {
        let long = [b"INVITE sip:".as_slice(), &[b'a'; 8192], b" SIP/2.0\r\n"].concat();
        for (bytes, expected) in [
            (
                &b"INVITE sip:bob@biloxi.com SIP/2.0\r\nVia: "[..],
                Probe::Sip,
            ),
            (b"SIP/2.0 200 OK\r\n", Probe::Sip),
            (b"sip/2.0 200 OK\n", Probe::Sip),
            (b"\r\n\r\nSIP/2.0 200 OK\r\n", Probe::Sip),
            (b"INVITE  sip:a  SIP/2.0 \r\n", Probe::Sip),
            (b"OPTIONS sip:a SIP/7.0\r", Probe::Sip),
            (b"SIP/2.0 4294967301 better not\r\n", Probe::Sip),
            (b"", Probe::Partial),
            (b"\r\n", Probe::Partial),
            (b"INV", Probe::Partial),
            (b"INVITE sip:bob@bil", Probe::Partial),
            (b"SIP/2.0 200", Probe::Partial),
            (b"GET / HTTP/1.1\r\n", Probe::NotSip),
            (b"HTTP/1.1 2", Probe::NotSip),
            (b"RTSP/1.0 200 OK\r\n", Probe::NotSip),
            (b"MSRP 4ka SEND\r\n", Probe::NotSip),
            (b"INVITE\r\n", Probe::NotSip),
            (b"\x80\x08\x01\x02", Probe::NotSip),
            (b"HEP3\x00\x01", Probe::NotSip),
            (b"ab \x00\x01", Probe::NotSip),
            (&long, Probe::NotSip),
            (&long[..8100], Probe::Partial),
        ] {
            assert_eq!(probe(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_stream_is_picked_up_at_its_next_message() {
        let message = b"BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP c\r\n\r\n";
        for (before, at) in [
            (&b""[..], Some(0)),
            (b"a=b\r\n", Some(5)),
            (b"\n", Some(1)),
            (b"tag=1\r\nCSeq: 1 BYE\r\n\r\n", Some(22)),
            (b"NEWMETHOD sip:a@b SIP/2.0\r\n", Some(27)),
            (b"x", None),
        ] {
            let text = [before, message].concat();
            assert_eq!(find_start(&text, 0), at, "{}", text.escape_ascii());
        }
        for text in [
            &b"BYE sip:a@b SIP/2.0\r\n"[..],
            b"BYE sip:a@b SIP/2.0\r\nno header\r\n",
            b"BYE sip:a@b SIP/2.0\r\nVia",
            b"BYE nothing SIP/2.0\r\nVia: x\r\n",
            b"SIP/2.0\r\nVia: x\r\n",
        ] {
            assert_eq!(find_start(text, 0), None, "{}", text.escape_ascii());
        }
        assert_eq!(find_start(b"SIP/2.0 200 OK\nv : x\n", 0), Some(0));
        assert_eq!(find_start(b"aBYE sip:a SIP/2.0\nv : x\n", 1), Some(1));
        assert_eq!(find_start(b"", 1), None);
    }
}
