//! Addresses of long-lived objects, in as little memory as they need.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// An address and a port in 18 octets, or none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Endpoint {
    /// That of IPv4 is mapped into IPv6 (RFC 4291 §2.5.5.2).
    address: [u8; 16],
    port: u16,
}

impl Endpoint {
    /// No endpoint: the unspecified address.
    pub(crate) const NONE: Self = Self {
        address: [0; 16],
        port: 0,
    };

    /// Returns whether both are the same but for their ports.
    pub(crate) fn has_same_ip(self, other: Self) -> bool {
        self.address == other.address
    }

    pub(crate) fn get(self) -> Option<SocketAddr> {
        let address = Ipv6Addr::from(self.address).to_canonical();
        (self != Self::NONE).then(|| SocketAddr::new(address, self.port))
    }
}

impl From<SocketAddr> for Endpoint {
    fn from(address: SocketAddr) -> Self {
        let octets = match address.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
            IpAddr::V6(ip) => ip.octets(),
        };
        Self {
            address: octets,
            port: address.port(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back() {
        for text in ["192.0.2.1:5060", "[2001:db8::1]:0", "0.0.0.0:5060"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(Endpoint::from(address).get(), Some(address));
        }
        assert_eq!(Endpoint::NONE.get(), None);
        assert_eq!(size_of::<Endpoint>(), 18);
    }
}
