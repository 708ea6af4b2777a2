//! Whether octets look like the packet that a tunnel would carry: a port alone proves no tunnel.

use super::ethernet::is_known;

const ETHERNET_HEADER: usize = 14;

/// Returns whether `octets` begin an Ethernet frame with a type that is known and, if it is IP, an IP header behind it.
pub(super) fn ethernet(octets: &[u8]) -> bool {
    let Some((&[_, _, _, _, _, _, _, _, _, _, _, _, t0, t1], rest)) =
        octets.split_first_chunk::<ETHERNET_HEADER>()
    else {
        return false;
    };
    match u16::from_be_bytes([t0, t1]) {
        0x0800 => rest.first().is_none_or(|first| first >> 4 == 4) && ip(rest),
        0x86dd => rest.first().is_none_or(|first| first >> 4 == 6) && ip(rest),
        // The length of an 802.3 frame, and the service access points that are in use.
        length @ 0..0x0600 => {
            usize::from(length) <= rest.len()
                && matches!(
                    rest,
                    [0xaa, 0xaa, 0x03, ..] | [0x42, 0x42, 0x03, ..] | [0xfe, 0xfe, 0x03, ..]
                )
        }
        ethertype => is_known(ethertype),
    }
}

/// Returns whether `octets` begin an IP header that does not contradict itself; a cut one is taken as it is.
pub(super) fn ip(octets: &[u8]) -> bool {
    match octets {
        [] => true,
        [first @ 0x45..=0x4f, rest @ ..] => match rest {
            [_, l0, l1, ..] => match u16::from_be_bytes([*l0, *l1]) {
                0 => true,
                total => total >= u16::from(first & 0xf) * 4,
            },
            _ => true,
        },
        [0x60..=0x6f, ..] => true,
        _ => false,
    }
}

/// Returns whether `octets`, of which there were `wire`, begin an IP packet that ends within them and says so itself:
/// for places where nothing but the first nibble announced one.
pub(super) fn whole_ip(octets: &[u8], wire: usize) -> bool {
    ip(octets) && total(octets).is_some_and(|total| (20..=wire).contains(&total))
}

/// Returns whether `octets`, of which there were `wire`, begin an IP packet that ends exactly with them: for places
/// where other readings fit too.
pub(super) fn exact_ip(octets: &[u8], wire: usize) -> bool {
    whole_ip(octets, wire) && total(octets) == Some(wire)
}

/// Returns how long the IP packet is that `octets` begin.
fn total(octets: &[u8]) -> Option<usize> {
    match octets {
        [0x45..=0x4f, _, l0, l1, ..] => Some(usize::from(u16::from_be_bytes([*l0, *l1]))),
        [0x60..=0x6f, _, _, _, l0, l1, ..] => {
            Some(usize::from(u16::from_be_bytes([*l0, *l1])).saturating_add(40))
        }
        _ => None,
    }
}

/// Returns whether `octets` begin an IPv4 header whose checksum is right (RFC 1071).
pub(super) fn ipv4_checksum(octets: &[u8]) -> bool {
    let Some(first @ 0x45..=0x4f) = octets.first() else {
        return false;
    };
    let Some(header) = octets.get(..usize::from(first & 0x0f) * 4) else {
        return false;
    };
    let sum = header.chunks_exact(2).fold(0_u32, |sum, word| {
        let word = word
            .first_chunk()
            .map_or(0, |word| u16::from_be_bytes(*word));
        sum.wrapping_add(u32::from(word))
    });
    (sum >> 16).wrapping_add(sum & 0xffff) == 0xffff
}

/// Returns whether `octets` begin with a start line of SIP, roughly: the parser decides.
pub(super) fn sip(octets: &[u8]) -> bool {
    if octets.starts_with(b"SIP/2.0 ") {
        return true;
    }
    let line = octets
        .split(|octet| *octet == b'\n')
        .next()
        .unwrap_or_default();
    line.strip_suffix(b"\r")
        .unwrap_or(line)
        .ends_with(b" SIP/2.0")
}

/// Returns whether `octets` begin a PPP frame with a protocol that sessions carry.
pub(super) fn ppp(octets: &[u8]) -> bool {
    match octets.strip_prefix(&[0xff, 0x03]).unwrap_or(octets) {
        [0x21 | 0x57, inner @ ..] | [0x00, 0x21 | 0x57, inner @ ..] => ip(inner),
        [0x00, 0x2d | 0x2f | 0x3d | 0xfb | 0xfd, ..] | [0x02, 0x81 | 0x83, ..] => true,
        [0x80, 0x21 | 0x57 | 0xfd, ..] | [0xc0, 0x21 | 0x23, ..] | [0xc2, 0x23, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_of_ipv4_headers() {
        // The header of a well-known example; its sum is b861.
        let mut header = [
            0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8,
            0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7,
        ];
        assert!(ipv4_checksum(&header));
        assert!(!ipv4_checksum(&header[..19]));
        header[8] = 0x3f;
        assert!(!ipv4_checksum(&header));
    }

    #[test]
    fn start_lines_are_recognised_roughly() {
        for (octets, expected) in [
            (&b"SIP/2.0 200 OK\r\n"[..], true),
            (b"INVITE sip:a@b SIP/2.0\r\nVia:", true),
            (b"INVITE sip:a@b SIP/2.0\nVia:", true),
            (b"GET / HTTP/1.1\r\n", false),
            (b"", false),
        ] {
            assert_eq!(sip(octets), expected);
        }
    }
}
