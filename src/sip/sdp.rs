//! Session descriptions (RFC 8866), as far as finding media needs them, and as leniently.

use super::line::{LineEnd, split_around, trim};
use memchr::memchr;

/// More media than this are left out.
const MAX_MEDIA: usize = 256;

/// A session description: slices of the body.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sdp<'a> {
    /// The value of the `o=` line.
    pub origin: &'a [u8],
    /// The address for all media without one of their own.
    pub connection: Option<&'a [u8]>,
    /// The lines in front of the first `m=` line.
    pub lines: &'a [u8],
    /// The media, in their order, which is that of the answer too.
    pub media: Vec<Media<'a>>,
}

/// An `m=` line with what follows it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Media<'a> {
    /// What it is: `audio`, `video`, `image` and so on.
    pub kind: &'a [u8],
    /// The port; 0 when the stream is refused or off.
    pub port: u16,
    /// How many ports there are, two apart from each other with RTP: layers of one stream (RFC 8866 §5.14).
    pub ports: u16,
    /// The protocol, such as `RTP/AVP`.
    pub protocol: &'a [u8],
    /// The formats: payload types for RTP.
    pub formats: &'a [u8],
    /// The address, that of the session when it has none of its own.
    pub connection: Option<&'a [u8]>,
    /// The lines behind the `m=` line.
    pub lines: &'a [u8],
}

impl<'a> Sdp<'a> {
    /// Reads a description; `None` when it does not begin with a `v=` line.
    #[must_use]
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let text = trim(body);
        text.strip_prefix(b"v=")?;
        let first = lines(text)
            .find(|(name, ..)| *name == b'm')
            .map(|(_, value, _)| offset_of_line(text, value));
        let mut sdp = Self {
            lines: first.map_or(text, |len| text.get(..len).unwrap_or_default()),
            ..Self::default()
        };
        for (name, value, rest) in lines(text) {
            let media = &mut sdp.media;
            let is_full = media.len() >= MAX_MEDIA;
            match (name, media.last_mut()) {
                (b'o', _) => sdp.origin = value,
                (b'c', Some(media)) => media.connection = address(value),
                (b'c', None) => sdp.connection = address(value),
                (b'm', _) if !is_full => {
                    media.push(Media::parse(value, rest, sdp.connection));
                }
                _ => {}
            }
        }
        Some(sdp)
    }
}

/// Which way media flow, as whoever says so sees it (RFC 8866 §6.7).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MediaDirection {
    /// Both ways.
    SendRecv,
    /// It only sends: whoever gets it is on hold.
    SendOnly,
    /// It only receives.
    RecvOnly,
    /// Neither way.
    Inactive,
}

/// Returns the direction that an attribute in `lines` tells.
fn direction_in(lines_of: &[u8]) -> Option<MediaDirection> {
    lines(lines_of)
        .filter(|(kind, ..)| *kind == b'a')
        .find_map(|(_, value, _)| match value {
            b"sendrecv" => Some(MediaDirection::SendRecv),
            b"sendonly" => Some(MediaDirection::SendOnly),
            b"recvonly" => Some(MediaDirection::RecvOnly),
            b"inactive" => Some(MediaDirection::Inactive),
            _ => None,
        })
}

impl<'a> Sdp<'a> {
    /// Returns which way a stream of it flows: as its own attribute says, or that of the session, or both ways.
    #[must_use]
    pub fn direction(&self, media: &Media<'_>) -> MediaDirection {
        direction_in(media.lines)
            .or_else(|| direction_in(self.lines))
            .unwrap_or(MediaDirection::SendRecv)
    }
}

impl<'a> Media<'a> {
    fn parse(value: &'a [u8], rest: &'a [u8], connection: Option<&'a [u8]>) -> Self {
        let (kind, value) = split_word(value);
        let (port, value) = split_word(value);
        let (protocol, formats) = split_word(value);
        // "port/count" is for layered streams on ports in a row.
        let (port, ports) = memchr(b'/', port)
            .and_then(|at| split_around(port, at))
            .unwrap_or((port, b"1"));
        let number = |text| {
            super::cseq::saturating_number(text).and_then(|number| u16::try_from(number).ok())
        };
        let lines_len = lines(rest)
            .find(|(name, ..)| *name == b'm')
            .map(|(_, value, _)| offset_of_line(rest, value));
        Self {
            kind,
            port: number(port).unwrap_or_default(),
            ports: number(ports).unwrap_or(1),
            protocol,
            formats,
            connection,
            lines: lines_len.map_or(rest, |len| rest.get(..len).unwrap_or_default()),
        }
    }

    /// Returns the value of the first `a=NAME` or `a=NAME:VALUE` line, empty when it has none.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'a [u8]> {
        self.attributes(name).next()
    }

    /// Returns the values of all `a=NAME` and `a=NAME:VALUE` lines.
    pub fn attributes<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        lines(self.lines)
            .filter(|(kind, ..)| *kind == b'a')
            .filter_map(|(_, value, _)| match value.strip_prefix(name.as_bytes())? {
                [] => Some(&[][..]),
                [b':', value @ ..] => Some(value),
                _ => None,
            })
    }
}

/// Returns letter and value of each `x=value` line and what is behind it; other lines are left out.
fn lines(text: &[u8]) -> impl Iterator<Item = (u8, &[u8], &[u8])> {
    let mut rest = text;
    let line_end = LineEnd::of(text);
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (line, behind) = line_end.split(rest).unwrap_or((rest, &[]));
            rest = behind;
            if let [name, b'=', value @ ..] = trim(line) {
                return Some((*name, value, behind));
            }
        }
        None
    })
}

/// Returns where the line begins in `text` that has `value`, a slice of `text`, behind two octets.
fn offset_of_line(text: &[u8], value: &[u8]) -> usize {
    crate::span::Span::locate(text, value)
        .start()
        .saturating_sub(2)
}

/// Returns the address in the value of a `c=` line, without time to live and count.
fn address(value: &[u8]) -> Option<&[u8]> {
    let (_, rest) = split_word(value);
    let (_, rest) = split_word(rest);
    let (address, _) = split_word(rest);
    let address = memchr(b'/', address)
        .and_then(|at| split_around(address, at))
        .map_or(address, |(address, _)| address);
    (!address.is_empty()).then_some(address)
}

fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let text = trim(text);
    let (word, rest) = memchr(b' ', text)
        .and_then(|at| split_around(text, at))
        .unwrap_or((text, &[]));
    (word, trim(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_are_found() {
        let body = b"v=0\r\no=alice 1 2 IN IP4 host\r\ns=-\r\nc=IN IP4 192.0.2.1/127\r\nt=0 0\r\n\
            m=audio 49170 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendonly\r\n\
            m=video 51372/2 RTP/SAVP 31\r\nc=IN IP6 2001:db8::1\r\na=rtcp:53020\r\n\
            m=image 0 udptl t38\r\n";
        let sdp = Sdp::parse(body).unwrap();
        assert_eq!(sdp.origin, b"alice 1 2 IN IP4 host");
        let found: Vec<_> = sdp
            .media
            .iter()
            .map(|media| {
                (
                    media.kind,
                    media.port,
                    media.protocol,
                    media.formats,
                    media.connection.unwrap(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                (
                    &b"audio"[..],
                    49170,
                    &b"RTP/AVP"[..],
                    &b"0 8 101"[..],
                    &b"192.0.2.1"[..]
                ),
                (b"video", 51372, b"RTP/SAVP", b"31", b"2001:db8::1"),
                (b"image", 0, b"udptl", b"t38", b"192.0.2.1"),
            ]
        );
        let ports: Vec<u16> = sdp.media.iter().map(|media| media.ports).collect();
        assert_eq!(ports, [1, 2, 1]);
        assert_eq!(sdp.media[0].attribute("sendonly"), Some(&b""[..]));
        assert_eq!(sdp.media[0].attribute("rtcp"), None);
        assert_eq!(sdp.media[1].attribute("rtcp"), Some(&b"53020"[..]));
    }

    #[test]
    fn odd_descriptions_do_no_harm() {
        for (body, media) in [
            (&b"v=0\nm=\n"[..], Some(1)),
            (b"v=0\nm=audio 99999 RTP/AVP\nc=\nx\n=\n", Some(1)),
            (b"v=0", Some(0)),
            (b"m=audio 1 RTP/AVP 0", None),
            (b"", None),
        ] {
            assert_eq!(Sdp::parse(body).map(|sdp| sdp.media.len()), media);
        }
    }
}
