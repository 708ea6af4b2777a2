//! Ranges of status codes, ports and addresses.

use std::{net::IpAddr, str::FromStr};

/// A range that cannot be read; says what it should look like.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRange(&'static str);

/// Status codes: `486`, `5xx` or `400-499`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StatusRange {
    first: u16,
    last: u16,
}

impl StatusRange {
    /// Returns whether `code` is in it.
    #[must_use]
    pub const fn contains(self, code: u16) -> bool {
        self.first <= code && code <= self.last
    }
}

impl FromStr for StatusRange {
    type Err = InvalidRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code = |text: &str| text.parse().ok().filter(|code| (100..=999).contains(code));
        let class = |text: &str| {
            let digit = text
                .strip_suffix("xx")
                .or_else(|| text.strip_suffix("XX"))?;
            digit
                .parse::<u16>()
                .ok()
                .filter(|digit| (1..=9).contains(digit))
        };
        let range = match (class(text), text.split_once('-')) {
            (Some(digit), _) => Some((digit * 100, digit * 100 + 99)),
            (None, Some((first, last))) => code(first)
                .zip(code(last))
                .filter(|(first, last)| first <= last),
            (None, None) => code(text).map(|code| (code, code)),
        };
        range
            .map(|(first, last)| Self { first, last })
            .ok_or(InvalidRange(
                "expected a status such as 486, a class such as 5xx or a range such as 400-499",
            ))
    }
}

/// Ports: `5060` or `5060-5090`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    /// Returns whether `port` is in it.
    #[must_use]
    pub const fn contains(self, port: u16) -> bool {
        self.first <= port && port <= self.last
    }
}

impl FromStr for PortRange {
    type Err = InvalidRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (first.parse(), last.parse()) {
            (Ok(first), Ok(last)) if first <= last => Ok(Self { first, last }),
            _ => Err(InvalidRange(
                "expected a port such as 5060 or a range such as 5060-5090",
            )),
        }
    }
}

/// Addresses: `192.0.2.1`, `192.0.2.0/24` or their like in IPv6.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IpRange {
    network: IpAddr,
    prefix: u32,
}

impl IpRange {
    /// Returns whether `ip` is in it.
    #[must_use]
    pub fn contains(self, ip: IpAddr) -> bool {
        let differs = match (self.network, ip) {
            (IpAddr::V4(network), IpAddr::V4(ip)) => {
                (network.to_bits() ^ ip.to_bits())
                    .checked_shr(32 - self.prefix)
                    .unwrap_or(0)
                    != 0
            }
            (IpAddr::V6(network), IpAddr::V6(ip)) => {
                (network.to_bits() ^ ip.to_bits())
                    .checked_shr(128 - self.prefix)
                    .unwrap_or(0)
                    != 0
            }
            _ => true,
        };
        !differs
    }
}

impl FromStr for IpRange {
    type Err = InvalidRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: InvalidRange = InvalidRange(
            "expected an address such as 192.0.2.1 or 2001:db8::1, or a network such as 192.0.2.0/24",
        );
        let (network, prefix) = match text.split_once('/') {
            Some((network, prefix)) => (network, Some(prefix)),
            None => (text, None),
        };
        let network: IpAddr = network.parse().map_err(|_| EXPECTED)?;
        let longest = if network.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(prefix) => prefix
                .parse()
                .ok()
                .filter(|prefix| *prefix <= longest)
                .ok_or(EXPECTED)?,
        };
        Ok(Self { network, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        for (text, inside, outside) in [
            ("486", 486, 487),
            ("5xx", 503, 600),
            ("4XX", 400, 399),
            ("400-499", 499, 500),
        ] {
            let range: StatusRange = text.parse().unwrap();
            assert!(range.contains(inside) && !range.contains(outside), "{text}");
        }
        for text in [
            "", "x", "99", "1000", "499-400", "0xx", "55xx", "486-", "-1",
        ] {
            assert!(text.parse::<StatusRange>().is_err(), "{text}");
        }
    }

    #[test]
    fn ports() {
        let range: PortRange = "5060-5090".parse().unwrap();
        assert!(range.contains(5060) && range.contains(5090) && !range.contains(5091));
        for text in ["", "sip", "65536", "5090-5060", "5060-"] {
            assert!(text.parse::<PortRange>().is_err(), "{text}");
        }
    }

    #[test]
    fn addresses() {
        for (text, ip, expected) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("0.0.0.0/0", "255.1.2.3", true),
            ("0.0.0.0/0", "::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db9::1", true),
        ] {
            assert_eq!(
                text.parse::<IpRange>()
                    .unwrap()
                    .contains(ip.parse().unwrap()),
                expected,
                "{text} {ip}"
            );
        }
        for text in ["", "host", "192.0.2.0/33", "::/129", "192.0.2.1/", "1.2.3"] {
            assert!(text.parse::<IpRange>().is_err(), "{text}");
        }
    }
}
