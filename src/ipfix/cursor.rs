//! Octets that are read one after the other.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::time::Timestamp;

/// Microseconds of a second.
const MICROS: u32 = 1_000_000;

/// Octets that are read one after the other.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.first_chunk().copied()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.chunk().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.chunk().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_be_bytes)
    }

    /// Reads seconds and microseconds; no time if there are more of these than can be.
    pub(super) fn time(&mut self) -> Option<Option<Timestamp>> {
        let (seconds, micros) = (self.u32()?, self.u32()?);
        let nanos = micros.checked_mul(1_000).filter(|_| micros < MICROS);
        Some(nanos.map(|nanos| Timestamp::from_parts(i64::from(seconds), nanos)))
    }

    /// Reads two addresses and then their ports.
    pub(super) fn ends(&mut self) -> Option<[SocketAddr; 2]> {
        let ips = [self.chunk::<4>()?, self.chunk::<4>()?];
        let ports = [self.u16()?, self.u16()?];
        let end = |ip: [u8; 4], port| SocketAddr::new(IpAddr::V4(Ipv4Addr::from(ip)), port);
        Some([end(ips[0], ports[0]), end(ips[1], ports[1])])
    }

    /// Reads a field of variable length (RFC 7011 §7): an octet, or 255 and two octets, tell how long it is.
    pub(super) fn variable(&mut self) -> Option<&'a [u8]> {
        let len = match self.u8()? {
            255 => usize::from(self.u16()?),
            len => usize::from(len),
        };
        self.take(len)
    }
}
