//! The captures in `testdata/captures`, which README and fuzzers use: they come from scenarios, and these tests say how.

use std::path::Path;

use crate::support::{
    container::{Container, Frame},
    encapsulation::{Link, Tunnel},
    hep,
    matrix::{Tap, Variant},
    scenario::Scenario,
    transport::Transport,
};

/// An ordinary call over UDP.
fn call() -> Vec<u8> {
    let variant = Variant::PLAIN;
    variant.encode(&variant.capture(&Scenario::named("answered-call")))
}

/// Calls, registrations and oddities over all transports, tunnels and link types.
fn mixed() -> Vec<u8> {
    // One after the other, since many talk between the same endpoints.
    let cast = [
        (
            "mid-call",
            Transport::TcpMidstream,
            Tunnel::None,
            Link::Null,
            Tap::Once,
        ),
        (
            "answered-call",
            Transport::Udp,
            Tunnel::Vxlan,
            Link::Ethernet,
            Tap::Once,
        ),
        (
            "lost-200",
            Transport::UdpFragments,
            Tunnel::None,
            Link::QinQ,
            Tap::Once,
        ),
        (
            "busy-call",
            Transport::Udp,
            Tunnel::Gre,
            Link::Sll,
            Tap::Mirrored,
        ),
        (
            "authenticated-call",
            Transport::Tcp,
            Tunnel::GtpU,
            Link::Raw,
            Tap::Once,
        ),
        (
            "cancelled-call",
            Transport::WebSocket,
            Tunnel::None,
            Link::Sll2,
            Tap::Once,
        ),
        (
            "ipv6-call",
            Transport::UdpFragmentsReversed,
            Tunnel::Geneve,
            Link::Ethernet,
            Tap::Once,
        ),
        (
            "retransmissions",
            Transport::Udp,
            Tunnel::None,
            Link::Ethernet,
            Tap::Once,
        ),
        (
            "hold-and-resume",
            Transport::TcpShuffled,
            Tunnel::Erspan2,
            Link::Ethernet,
            Tap::Once,
        ),
        (
            "behind-nat",
            Transport::Udp,
            Tunnel::IpInIp,
            Link::Pppoe,
            Tap::Once,
        ),
        (
            "two-legs",
            Transport::Sctp,
            Tunnel::None,
            Link::Mpls,
            Tap::Once,
        ),
        (
            "pipelined",
            Transport::Tcp,
            Tunnel::None,
            Link::Ethernet,
            Tap::Once,
        ),
        (
            "hostile-text",
            Transport::Udp,
            Tunnel::None,
            Link::Ethernet,
            Tap::Once,
        ),
        (
            "keep-alives",
            Transport::Udp,
            Tunnel::None,
            Link::Ethernet,
            Tap::Once,
        ),
        (
            "registration",
            Transport::TcpPieces,
            Tunnel::None,
            Link::Vlan,
            Tap::Once,
        ),
    ];
    let mut frames: Vec<Frame> = Vec::new();
    let mut start = 0;
    for (name, transport, tunnel, link, tap) in cast {
        let container = Container::PcapNg;
        let variant = Variant {
            transport,
            tap,
            tunnel,
            link,
            container,
        };
        let scenario = Scenario::named(name).delayed(start);
        start = scenario.seconds() + 3;
        frames.extend(variant.capture(&scenario).frames);
    }
    Container::PcapNg.encode(&frames)
}

/// A call over TCP in small segments.
fn segments() -> Vec<u8> {
    let variant = Variant {
        transport: Transport::TcpPieces,
        ..Variant::PLAIN
    };
    variant.encode(&variant.capture(&Scenario::named("busy-call")))
}

/// A call that a capture agent tells of over TCP, and of which the wire has one side.
fn hep() -> Vec<u8> {
    let scenario = Scenario::named("answered-call");
    let told = Variant {
        transport: Transport::HepTcp,
        ..Variant::PLAIN
    };
    let mut frames = told.capture(&scenario).frames;
    let wire = Variant::PLAIN.capture(&scenario).frames;
    frames.extend(wire.into_iter().step_by(2));
    frames.sort_by_key(|frame| frame.ts_ns);
    Container::PcapMicros.encode(&frames)
}

/// What two proxies tell of a call, each in its way.
fn opensips(is_plain: bool) -> Vec<u8> {
    let scenario = Scenario::named("traced-by-opensips");
    Container::PcapMicros.encode(&hep::traced(&scenario, is_plain))
}

#[test]
fn committed_captures_are_what_the_builder_makes() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/captures");
    for (name, bytes) in [
        ("call.pcap", call()),
        ("mixed.pcapng", mixed()),
        ("segments.pcap", segments()),
        ("hep.pcap", hep()),
        ("opensips.pcap", opensips(false)),
        ("opensips-plain.pcap", opensips(true)),
    ] {
        assert!(
            bytes.len() < 50 << 10,
            "{name} is too large to be committed"
        );
        let path = dir.join(name);
        if std::env::var_os("UPDATE_CAPTURES").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        let committed = std::fs::read(&path).unwrap_or_default();
        assert!(committed == bytes, "{name} is stale: run `just generate`");
    }
}
