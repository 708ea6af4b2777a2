//! The places that a description claims.

use std::net::SocketAddr;

use crate::{
    media::{MediaAddress, Purpose, addresses},
    net::Flow,
    sip::sdp::Sdp,
};

/// An address that packets are sent to or from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Place {
    address: SocketAddr,
    is_tcp: bool,
}

impl Place {
    pub(super) fn new(address: SocketAddr, is_tcp: bool) -> Self {
        Self {
            address: SocketAddr::new(address.ip().to_canonical(), address.port()),
            is_tcp,
        }
    }
}

/// How much a claim says.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Rank {
    /// A port as announced, at the public address that the message came from: the address announced is a private one.
    Guess,
    /// The port next to that of the media, for RTCP.
    Control,
    /// As announced.
    Announced,
}

/// Returns the places that a description claims, each once.
pub(super) fn places(sdp: &Sdp<'_>, flow: &Flow) -> Vec<(Place, Rank)> {
    let mut places: Vec<(Place, Rank)> = Vec::new();
    let mut add =
        |place: Place, rank: Rank| match places.iter_mut().find(|(known, _)| *known == place) {
            Some((_, known)) => *known = rank.max(*known),
            None => places.push((place, rank)),
        };
    let source = flow.src.ip().to_canonical();
    for MediaAddress {
        address,
        is_tcp,
        purpose,
        ..
    } in addresses(sdp)
    {
        let rank = match purpose {
            Purpose::Media => Rank::Announced,
            Purpose::Control => Rank::Control,
        };
        add(Place::new(address, is_tcp), rank);
        if is_private(address) && address.ip() != source {
            add(
                Place::new(SocketAddr::new(source, address.port()), is_tcp),
                Rank::Guess,
            );
        }
    }
    places
}

/// Returns whether an address is one that a NAT stands in front of (RFC 1918, RFC 6598, RFC 4193).
fn is_private(address: SocketAddr) -> bool {
    match address {
        SocketAddr::V4(v4) => {
            let [first, second, ..] = v4.ip().octets();
            v4.ip().is_private() || (first == 100 && second & 0xc0 == 64)
        }
        SocketAddr::V6(v6) => v6.ip().is_unique_local(),
    }
}
