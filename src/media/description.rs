//! The session description of a message, alone or among other parts of its body.

use memchr::memmem;

use crate::sip::{Message, param};

/// Parts of a body that are looked at.
const MAX_PARTS: usize = 32;

/// Returns the session description in the body of a message: all of it, or the first part that is one (RFC 5621 §3).
///
/// Without a Content-Type, which some leave out, a body is one if it begins like one.
#[must_use]
pub fn session_description<'a>(message: &Message<'a>) -> Option<&'a [u8]> {
    let (head, bytes) = (message.head, message.bytes);
    let body = head.body.of(bytes);
    if body.is_empty() {
        return None;
    }
    let content_type = head.content_type.of(bytes);
    let (media_type, params) = match content_type.iter().position(|octet| *octet == b';') {
        Some(at) => content_type.split_at(at),
        None => (content_type, &[][..]),
    };
    let media_type = media_type.trim_ascii();
    if media_type.eq_ignore_ascii_case(b"application/sdp")
        || (media_type.is_empty() && body.starts_with(b"v=0"))
    {
        return Some(body);
    }
    let is_multipart = media_type
        .get(..10)
        .is_some_and(|kind| kind.eq_ignore_ascii_case(b"multipart/"));
    if !is_multipart {
        return None;
    }
    let boundary = param::find(params.get(1..)?, "boundary")?;
    part_of(body, unquoted(boundary))
}

/// Returns the first part of a multipart body that is a session description (RFC 2046 §5.1).
fn part_of<'a>(body: &'a [u8], boundary: &[u8]) -> Option<&'a [u8]> {
    if boundary.is_empty() {
        return None;
    }
    let delimiter = [b"--", boundary].concat();
    let mut starts = memmem::find_iter(body, &delimiter).peekable();
    let mut parts = 0;
    while let Some(start) = starts.next() {
        parts += 1;
        let end = starts.peek().copied().unwrap_or(body.len());
        let part = body.get(start + delimiter.len()..end)?;
        if parts > MAX_PARTS || part.starts_with(b"--") {
            return None;
        }
        if let Some(description) = description_in(part) {
            return Some(description);
        }
    }
    None
}

/// Returns what is behind the headers of a part, if they say that it is a session description.
fn description_in(part: &[u8]) -> Option<&[u8]> {
    let (at, len) = match (memmem::find(part, b"\r\n\r\n"), memmem::find(part, b"\n\n")) {
        (Some(at), _) => (at, 4),
        (None, Some(at)) => (at, 2),
        (None, None) => return None,
    };
    let (headers, body) = (part.get(..at)?, part.get(at + len..)?);
    let is_description = headers
        .to_ascii_lowercase()
        .windows(15)
        .any(|window| window == b"application/sdp");
    is_description.then_some(body)
}

fn unquoted(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\"")
        .and_then(|text| text.strip_suffix(b"\""))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_found_among_other_parts() {
        let body = b"--b1\r\nContent-Type: application/isup\r\n\r\n\x01\x02\r\n--b1\r\nContent-Type: application/SDP\r\n\
            Content-Disposition: session\r\n\r\nv=0\r\nm=audio 1 RTP/AVP 0\r\n\r\n--b1--\r\n";
        let found = part_of(body, b"b1").unwrap();
        assert!(found.starts_with(b"v=0\r\nm=audio"));
        assert_eq!(part_of(body, b"b2"), None);
        assert_eq!(part_of(body, b""), None);
        assert_eq!(part_of(b"--b\r\n", b"b"), None);
    }
}
