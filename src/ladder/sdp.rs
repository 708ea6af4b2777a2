//! Session descriptions in short.

use std::net::IpAddr;

use crate::{
    ladder::show,
    sip::sdp::{Media, MediaDirection, Sdp},
};

/// Media and formats that are told of at most.
const MAX_MEDIA: usize = 4;
const MAX_FORMATS: usize = 6;

/// Payload types of one medium that are known at most: as many as there are.
const MAX_PAYLOADS: usize = 128;

/// What one description says, as far as the next one may say something else.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Said {
    /// Where media are to be sent.
    addresses: Vec<(String, u16)>,
    codecs: Vec<String>,
    pub(super) is_on_hold: bool,
}

/// Returns a description in one line.
pub(super) fn summary(sdp: &Sdp<'_>) -> String {
    let media = sdp.media.iter().take(MAX_MEDIA);
    let media: Vec<String> = media.map(|media| medium(sdp, media)).collect();
    let more = sdp.media.len().saturating_sub(MAX_MEDIA);
    let mut text = media.join(" · ");
    if more > 0 {
        text.push_str(&format!(" · {more} more"));
    }
    text
}

fn medium(sdp: &Sdp<'_>, media: &Media<'_>) -> String {
    let kind = show::line(media.kind);
    if media.port == 0 {
        return format!("{kind} off");
    }
    let host = show::line(media.connection.unwrap_or(b"?"));
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host
    };
    let mut text = format!("{kind} {host}:{}", media.port);
    let codecs = codecs(media);
    if !codecs.is_empty() {
        text.push(' ');
        text.push_str(&codecs.join(", "));
    }
    text.push_str(match sdp.direction(media) {
        MediaDirection::SendRecv => "",
        MediaDirection::SendOnly => " sendonly",
        MediaDirection::RecvOnly => " recvonly",
        MediaDirection::Inactive => " inactive",
    });
    text
}

/// Returns the names of the formats, in their order.
fn codecs(media: &Media<'_>) -> Vec<String> {
    let is_rtp = media.protocol.windows(3).any(|part| part == b"RTP");
    let formats = media.formats.split(|octet| *octet == b' ');
    let formats = formats.filter(|format| !format.is_empty());
    let mut codecs: Vec<String> = formats
        .take(MAX_FORMATS + 1)
        .map(|format| codec(media, format, is_rtp))
        .collect();
    if codecs.len() > MAX_FORMATS {
        codecs.truncate(MAX_FORMATS);
        codecs.push("…".to_owned());
    }
    codecs.dedup();
    codecs
}

fn codec(media: &Media<'_>, format: &[u8], is_rtp: bool) -> String {
    if !is_rtp {
        return show::line(format);
    }
    let mapped = media.attributes("rtpmap").find_map(|map| {
        let rest = map.strip_prefix(format)?.strip_prefix(b" ")?;
        rest.split(|octet| *octet == b'/').next()
    });
    match mapped {
        Some(name) if name.eq_ignore_ascii_case(b"telephone-event") => "tel-event".to_owned(),
        Some(name) => show::line(name.trim_ascii()),
        None => match static_codec(format) {
            Some(name) => name.to_owned(),
            None => show::line(format),
        },
    }
}

/// Returns the codec of a payload type that needs no `rtpmap` (RFC 3551 §6).
fn static_codec(format: &[u8]) -> Option<&'static str> {
    Some(match format {
        b"0" => "PCMU",
        b"3" => "GSM",
        b"4" => "G723",
        b"8" => "PCMA",
        b"9" => "G722",
        b"10" | b"11" => "L16",
        b"13" => "CN",
        b"15" => "G728",
        b"18" => "G729",
        b"26" => "JPEG",
        b"31" => "H261",
        b"34" => "H263",
        _ => return None,
    })
}

/// Returns what the payload types of a medium mean.
pub(super) fn payloads(media: &Media<'_>) -> Vec<(u8, String)> {
    let formats = media
        .formats
        .split(|octet| *octet == b' ')
        .take(MAX_PAYLOADS);
    let known = formats.filter_map(|format| {
        let number: u8 = std::str::from_utf8(format).ok()?.parse().ok()?;
        Some((number, codec(media, format, true)))
    });
    // A number is no name of what nobody explains.
    let known = known.filter(|(number, name)| *name != number.to_string());
    known.collect()
}

/// Returns what a payload type is called that no description explains.
pub(super) fn codec_of(payload_type: u8) -> String {
    let number = payload_type.to_string();
    let name = static_codec(number.as_bytes());
    name.map_or_else(|| format!("type {number}"), str::to_owned)
}

/// Returns what a description says.
pub(super) fn said(sdp: &Sdp<'_>) -> Said {
    let used = || sdp.media.iter().filter(|media| media.port != 0);
    Said {
        addresses: used()
            .map(|media| (show::line(media.connection.unwrap_or_default()), media.port))
            .collect(),
        codecs: used().flat_map(codecs).collect(),
        is_on_hold: used().next().is_some() && used().all(|media| is_on_hold(sdp, media)),
    }
}

/// Returns whether a medium is on hold: nothing is wanted of the other side (RFC 3264 §8.4, and RFC 2543 before it).
fn is_on_hold(sdp: &Sdp<'_>, media: &Media<'_>) -> bool {
    use MediaDirection::{Inactive, SendOnly};
    matches!(sdp.direction(media), SendOnly | Inactive) || media.connection == Some(b"0.0.0.0")
}

impl Said {
    /// Returns what is new against what the same side said before.
    pub(super) fn news(&self, before: &Self) -> Vec<&'static str> {
        let mut news = Vec::new();
        match (before.is_on_hold, self.is_on_hold) {
            (false, true) => news.push("hold"),
            (true, false) => news.push("resume"),
            _ => {}
        }
        if self.addresses != before.addresses && !self.is_on_hold && !before.is_on_hold {
            news.push("new address");
        }
        if self.codecs != before.codecs {
            news.push("new codecs");
        }
        news
    }

    /// Returns the first address for media that is private.
    pub(super) fn private_address(&self) -> Option<IpAddr> {
        let mut ips = self
            .addresses
            .iter()
            .filter_map(|(host, _)| host.parse().ok());
        ips.find(|ip| is_private(*ip))
    }
}

/// Returns whether an address can only be reached from its own network (RFC 1918, RFC 6598, RFC 4193, RFC 3927).
pub(super) fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_private() || ip.is_link_local() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Sdp<'_> {
        Sdp::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn a_description_is_told_in_a_line() {
        for (body, expected) in [
            (
                "v=0\nc=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 0 8 101\na=rtpmap:101 telephone-event/8000\na=sendrecv\n",
                "audio 10.0.0.1:4000 PCMU, PCMA, tel-event",
            ),
            (
                "v=0\nc=IN IP6 2001:db8::1\nm=audio 4000 RTP/AVP 96\na=rtpmap:96 opus/48000/2\na=sendonly\nm=video 0 RTP/AVP 31\n",
                "audio [2001:db8::1]:4000 opus sendonly · video off",
            ),
            (
                "v=0\nc=IN IP4 192.0.2.1\nm=image 4100 udptl t38\n",
                "image 192.0.2.1:4100 t38",
            ),
            ("v=0\nm=audio 4000 RTP/AVP 77\n", "audio ?:4000 77"),
            (
                "v=0\r\nc=IN IP4 192.0.2.1\r\na=inactive\r\nm=audio 4000 RTP/AVP 0\r\nm=video 5000 RTP/AVP 31\r\na=sendonly\r\n",
                "audio 192.0.2.1:4000 PCMU inactive · video 192.0.2.1:5000 H261 sendonly",
            ),
        ] {
            assert_eq!(summary(&parse(body)), expected);
        }
    }

    #[test]
    fn news_are_told() {
        let body = |address: &str, rest: &str| {
            format!("v=0\nc=IN IP4 {address}\nm=audio 4000 RTP/AVP {rest}\n")
        };
        let first = said(&parse(&body("10.0.0.1", "0 8")));
        for (address, rest, expected) in [
            ("10.0.0.1", "0 8\na=sendonly", &["hold"][..]),
            ("0.0.0.0", "0 8", &["hold"]),
            ("10.0.0.2", "0", &["new address", "new codecs"]),
            ("10.0.0.1", "0 8", &[]),
        ] {
            assert_eq!(said(&parse(&body(address, rest))).news(&first), expected);
        }
        let held = said(&parse(&body("10.0.0.1", "0 8\na=inactive")));
        assert_eq!(first.news(&held), ["resume"]);
        let all = said(&parse(&body("10.0.0.1\na=sendonly", "0 8")));
        assert_eq!(all.news(&first), ["hold"]);
    }

    #[test]
    fn private_addresses_are_known() {
        for (ip, expected) in [
            ("10.1.2.3", true),
            ("172.31.0.1", true),
            ("172.32.0.1", false),
            ("100.64.0.1", true),
            ("192.0.2.1", false),
            ("fd00::1", true),
            ("::ffff:192.168.1.1", true),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_private(ip.parse().unwrap()), expected, "{ip}");
        }
    }
}
