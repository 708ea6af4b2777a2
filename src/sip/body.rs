//! Where the body ends (RFC 3261 §18.3, §20.14).

use super::{Flaws, Framing, line::trim_end};

/// Returns the body in what is behind the headers, given the Content-Length and how the message was delimited, and
/// what is odd about its length.
pub(super) fn delimit(rest: &[u8], said: Option<u32>, framing: Framing) -> (&[u8], Flaws) {
    let said = said.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    let mismatch = |said: usize| match said.cmp(&rest.len()) {
        std::cmp::Ordering::Less => Flaws::CONTENT_LENGTH_TOO_SMALL,
        std::cmp::Ordering::Equal => Flaws::NONE,
        std::cmp::Ordering::Greater => Flaws::CONTENT_LENGTH_TOO_LARGE,
    };
    let cut = |said: usize| rest.get(..said).unwrap_or(rest);
    match (framing, said) {
        (Framing::Datagram, Some(said)) => (cut(said), mismatch(said)),
        (Framing::Stream, Some(said)) => (cut(said), Flaws::NONE),
        (Framing::Stream, None) => (rest, Flaws::NO_CONTENT_LENGTH),
        (Framing::Text, Some(said)) if !fits_text(rest, said) => (rest, mismatch(said)),
        (Framing::Text, _) | (Framing::Datagram, None) => (rest, Flaws::NONE),
    }
}

/// Returns whether a Content-Length is right for a body in text: with its line ends as they are, as LF or as CR LF, with
/// or without those at its end. Bodies that are left out, `(Alice's SDP not shown)`, fit always.
fn fits_text(body: &[u8], said: usize) -> bool {
    let text = trim_end(body);
    let lengths = |part: &[u8]| {
        let ends = part.iter().filter(|octet| **octet == b'\n').count();
        let pairs = part.windows(2).filter(|pair| *pair == b"\r\n").count();
        let shortest = part.len().saturating_sub(pairs);
        [shortest, part.len(), shortest.saturating_add(ends)]
    };
    let [shortest, _, longest] = lengths(text);
    let ended = [shortest.saturating_add(1), longest.saturating_add(2)];
    text.starts_with(b"(")
        || lengths(body).contains(&said)
        || lengths(text).contains(&said)
        || ended.contains(&said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_end_by_framing() {
        let small = Flaws::CONTENT_LENGTH_TOO_SMALL;
        let large = Flaws::CONTENT_LENGTH_TOO_LARGE;
        for (said, framing, len, flaws) in [
            (None, Framing::Datagram, 6, Flaws::NONE),
            (Some(6), Framing::Datagram, 6, Flaws::NONE),
            (Some(2), Framing::Datagram, 2, small),
            (Some(9999), Framing::Datagram, 6, large),
            (Some(u32::MAX), Framing::Datagram, 6, large),
            (None, Framing::Stream, 6, Flaws::NO_CONTENT_LENGTH),
            (Some(2), Framing::Stream, 2, Flaws::NONE),
            (Some(9), Framing::Stream, 6, Flaws::NONE),
            (Some(1), Framing::Text, 6, small),
            (Some(9), Framing::Text, 6, large),
        ] {
            let (body, found) = delimit(b"v=0\r\nx", said, framing);
            assert_eq!((body.len(), found), (len, flaws), "{said:?} {framing:?}");
        }
    }

    #[test]
    fn text_may_have_lost_its_line_ends() {
        // "v=0", "s=-": 3 octets each, with CR LF 10 in all, with LF 8, without the last line end 8 and 7.
        for body in [
            &b"v=0\ns=-\n"[..],
            b"v=0\r\ns=-\r\n",
            b"v=0\r\ns=-",
            b"v=0\ns=-\n\n\n",
        ] {
            for said in [7, 8, 10] {
                assert!(fits_text(body, said), "{said}: {}", body.escape_ascii());
            }
            assert!(!fits_text(body, 20));
            assert!(!fits_text(body, 3));
        }
        assert!(fits_text(b"(Alice's SDP not shown)\n", 142));
        assert!(fits_text(b"\n", 0));
    }
}
