//! Where a session description says that media are to be sent.

use std::net::{IpAddr, SocketAddr};

use crate::sip::sdp::{Media, Sdp};

/// Addresses that count in one description; a hostile one may have thousands.
const MAX_ADDRESSES: usize = 256;

/// Layers of one stream that count; a hostile description may have thousands.
const MAX_LAYERS: u16 = 8;

/// Stands for an address that candidates are yet to tell (RFC 8840 §4.1.1).
const DISCARD: u16 = 9;

/// What an address is for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Purpose {
    /// Media, and perhaps their control on the same port (RFC 5761).
    Media,
    /// RTCP alone.
    Control,
}

/// An address at which whoever wrote the description receives.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct MediaAddress {
    /// The address.
    pub address: SocketAddr,
    /// Whether it is reached by TCP, as with MSRP (RFC 4975).
    pub is_tcp: bool,
    /// What it is for.
    pub purpose: Purpose,
    /// The how-manieth `m=` line it is of, from 0 on.
    pub media: u16,
}

/// Returns the addresses of a description: those of its `m=` lines, of their RTCP (RFC 3605, else the next port) and of
/// their ICE candidates (RFC 8839). Streams that are off have none, nor has a host that is a name.
#[must_use]
pub fn addresses(sdp: &Sdp<'_>) -> Vec<MediaAddress> {
    let mut found = Vec::new();
    for (index, media) in (0..).zip(&sdp.media) {
        of_media(media, index, &mut found);
        if found.len() >= MAX_ADDRESSES {
            found.truncate(MAX_ADDRESSES);
            break;
        }
    }
    found
}

fn of_media(media: &Media<'_>, index: u16, found: &mut Vec<MediaAddress>) {
    if media.port == 0 {
        return;
    }
    let is_tcp = media.protocol.to_ascii_uppercase().starts_with(b"TCP");
    let mut add = |ip: Option<IpAddr>, port: u16, purpose: Purpose| {
        let Some(ip) = ip.filter(|ip| !ip.is_unspecified() && port != 0 && port != DISCARD) else {
            return;
        };
        let address = MediaAddress {
            address: SocketAddr::new(ip.to_canonical(), port),
            is_tcp,
            purpose,
            media: index,
        };
        if found.len() < MAX_ADDRESSES && !found.contains(&address) {
            found.push(address);
        }
    };
    let ip = media.connection.and_then(ip);
    add(ip, media.port, Purpose::Media);
    let is_rtp = media.protocol.windows(3).any(|window| window == b"RTP");
    if is_rtp {
        let (rtcp_ip, rtcp_port) = match media.attribute("rtcp") {
            Some(value) => rtcp(value),
            None => (None, media.port.checked_add(1)),
        };
        if let Some(port) = rtcp_port {
            add(rtcp_ip.or(ip), port, Purpose::Control);
        }
        // Each layer has a port for itself and the next one for its RTCP.
        for layer in 1..media.ports.min(MAX_LAYERS) {
            let port = |beside| media.port.checked_add(2 * layer + beside);
            if let (Some(data), Some(control)) = (port(0), port(1)) {
                add(ip, data, Purpose::Media);
                add(ip, control, Purpose::Control);
            }
        }
    }
    if let Some((ip, port)) = media.attribute("path").and_then(msrp_path) {
        add(Some(ip), port, Purpose::Media);
    }
    for (ip, port, purpose) in media.attributes("candidate").filter_map(candidate) {
        add(Some(ip), port, purpose);
    }
}

/// Reads `port [IN IP4 address]` (RFC 3605 §2.1).
fn rtcp(value: &[u8]) -> (Option<IpAddr>, Option<u16>) {
    let mut words = words(value);
    let port = words.next().and_then(number);
    (words.nth(2).and_then(ip), port)
}

/// Reads a candidate: foundation, component, protocol, priority, address and port (RFC 8839 §5.1). Component 2 is RTCP.
fn candidate(value: &[u8]) -> Option<(IpAddr, u16, Purpose)> {
    let mut words = words(value);
    let component = words.nth(1)?;
    let is_udp = words.next()?.eq_ignore_ascii_case(b"udp");
    let address = ip(words.nth(1)?)?;
    let port = number(words.next()?)?;
    let purpose = match component {
        b"2" => Purpose::Control,
        _ => Purpose::Media,
    };
    is_udp.then_some((address, port, purpose))
}

/// Reads host and port of the first URI of an MSRP path: `msrp://192.0.2.1:2855/x;tcp` (RFC 4975 §6).
fn msrp_path(value: &[u8]) -> Option<(IpAddr, u16)> {
    let uri = words(value).next()?;
    let at = uri.windows(3).position(|window| window == b"://")?;
    let authority = uri.get(at + 3..)?;
    let authority = authority.split(|octet| *octet == b'/').next()?;
    let authority = authority.rsplit(|octet| *octet == b'@').next()?;
    let address: SocketAddr = std::str::from_utf8(authority).ok()?.parse().ok()?;
    Some((address.ip(), address.port()))
}

fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|octet| *octet == b' ')
        .filter(|word| !word.is_empty())
}

fn ip(text: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn number(text: &[u8]) -> Option<u16> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the addresses as text: `t` for TCP, `c` for RTCP alone, `m` for the rest.
    fn found(body: &str) -> Vec<String> {
        let sdp = Sdp::parse(body.as_bytes()).unwrap();
        let text = |found: &MediaAddress| {
            let kind = match (found.is_tcp, found.purpose) {
                (true, _) => 't',
                (false, Purpose::Control) => 'c',
                (false, Purpose::Media) => 'm',
            };
            format!("{}{kind}{}", found.media, found.address)
        };
        addresses(&sdp).iter().map(text).collect()
    }

    #[test]
    fn addresses_are_those_of_the_description() {
        for (body, expected) in [
            (
                "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n",
                &["0m192.0.2.1:4000", "0c192.0.2.1:4001"][..],
            ),
            (
                "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 0\r\nm=video 5000 RTP/SAVPF 96\r\n\
                c=IN IP6 2001:db8::1\r\na=rtcp:6000 IN IP4 192.0.2.9\r\n",
                &["1m[2001:db8::1]:5000", "1c192.0.2.9:6000"],
            ),
            (
                "v=0\r\nc=IN IP4 192.0.2.1\r\nm=video 6000/2 RTP/AVP 31\r\n",
                &[
                    "0m192.0.2.1:6000",
                    "0c192.0.2.1:6001",
                    "0m192.0.2.1:6002",
                    "0c192.0.2.1:6003",
                ],
            ),
            ("v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n", &[]),
            (
                "v=0\r\nc=IN IP4 host.example.com\r\nm=audio 4000 RTP/AVP 0\r\n",
                &[],
            ),
            (
                "v=0\r\nc=IN IP4 192.0.2.1\r\nm=image 4100 udptl t38\r\n",
                &["0m192.0.2.1:4100"],
            ),
            (
                "v=0\r\nc=IN IP4 192.0.2.1\r\nm=message 7654 TCP/MSRP *\r\na=path:msrp://192.0.2.7:7777/s;tcp\r\n",
                &["0t192.0.2.1:7654", "0t192.0.2.7:7777"],
            ),
            (
                "v=0\r\nc=IN IP4 203.0.113.1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=rtcp-mux\r\n\
                a=candidate:1 1 UDP 2130706431 10.0.0.1 8998 typ host\r\n\
                a=candidate:2 2 udp 1694498815 192.0.2.3 45665 typ srflx raddr 10.0.0.1 rport 8998\r\n\
                a=candidate:3 1 TCP 1 10.0.0.1 9 typ host tcptype active\r\na=candidate:broken\r\n",
                &["0m10.0.0.1:8998", "0c192.0.2.3:45665"],
            ),
        ] {
            assert_eq!(found(body), expected, "{body}");
        }
    }

    #[test]
    fn a_hostile_description_has_few_addresses() {
        let lines = "m=audio 4000 RTP/AVP 0\r\na=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n";
        let body = format!("v=0\r\nc=IN IP4 192.0.2.1\r\n{}", lines.repeat(1000));
        assert!(found(&body).len() <= MAX_ADDRESSES);
    }
}
