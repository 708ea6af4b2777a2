//! Endpoints as lanes tell them apart.

use std::net::{IpAddr, SocketAddr};

/// An endpoint as lanes tell them apart.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Place {
    pub(super) ip: IpAddr,
    pub(super) port: Port,
}

/// Where at its address an endpoint is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Port {
    Number(u16),
    /// Behind a WebSocket: there is no port that it could be reached at (RFC 7118 §5).
    WebSocket,
}

impl Place {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self {
            ip: address.ip().to_canonical(),
            port: Port::Number(address.port()),
        }
    }

    /// Returns the port, if there is one.
    pub(super) const fn number(self) -> Option<u16> {
        match self.port {
            Port::Number(port) => Some(port),
            Port::WebSocket => None,
        }
    }

    /// Returns what it is called as long as nothing better is known.
    pub(super) fn address(self) -> String {
        match self.port {
            Port::Number(port) => SocketAddr::new(self.ip, port).to_string(),
            Port::WebSocket => format!("{}/ws", self.ip),
        }
    }
}
