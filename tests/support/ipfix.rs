//! What a session border controller of Oracle sends to its collector, octet by octet by the layouts.

use std::net::{IpAddr, SocketAddr};

use super::{
    container::{Container, Frame},
    encapsulation::Link,
    ip::{self, ACK, PSH, Segment},
};

/// A message as the controller has it: seconds, whether it sent it, between whom, its Call-ID, and its first line.
pub(crate) type Told = (u32, bool, [[u8; 4]; 2], &'static str, &'static str);

pub(crate) const ALICE: [u8; 4] = [10, 0, 0, 5];
pub(crate) const SBC: [u8; 4] = [10, 0, 0, 9];
pub(crate) const BOB: [u8; 4] = [10, 0, 0, 20];

/// A call through the controller, which is a back-to-back user agent, takes its time and has other numbers for who calls and
/// is called.
pub(crate) const CALL: [Told; 10] = [
    (0, false, [ALICE, SBC], "in@a", "INVITE sip:bob@b SIP/2.0"),
    (3, true, [SBC, BOB], "out@s", "INVITE sip:77@s SIP/2.0"),
    (4, false, [BOB, SBC], "out@s", "SIP/2.0 200 OK"),
    (5, true, [SBC, ALICE], "in@a", "SIP/2.0 200 OK"),
    (6, false, [ALICE, SBC], "in@a", "ACK sip:bob@b SIP/2.0"),
    (7, true, [SBC, BOB], "out@s", "ACK sip:77@s SIP/2.0"),
    (60, false, [ALICE, SBC], "in@a", "BYE sip:bob@b SIP/2.0"),
    (61, true, [SBC, BOB], "out@s", "BYE sip:77@s SIP/2.0"),
    (62, false, [BOB, SBC], "out@s", "SIP/2.0 200 OK"),
    (63, true, [SBC, ALICE], "in@a", "SIP/2.0 200 OK"),
];

/// Returns the message itself.
pub(crate) fn sip(told: &Told) -> String {
    let (seconds, _, _, call_id, first) = told;
    let method = match first.split(' ').next().unwrap() {
        "SIP/2.0" if *seconds < 60 => "INVITE",
        "SIP/2.0" => "BYE",
        method => method,
    };
    let number = if *seconds < 60 { 1 } else { 2 };
    let tag = if *seconds < 4 { "" } else { ";tag=b" };
    let (from, to) = match *call_id {
        "in@a" => ("alice@a", "bob@b"),
        _ => ("1234@s", "77@s"),
    };
    format!(
        "{first}\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK{call_id}{method}\r\nFrom: <sip:{from}>;tag=a\r\n\
         To: <sip:{to}>{tag}\r\nCall-ID: {call_id}\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Returns a set with its header.
pub(crate) fn set(id: u16, data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(4 + data.len()).unwrap();
    [&id.to_be_bytes()[..], &len.to_be_bytes(), data].concat()
}

/// Returns a message with these sets.
pub(crate) fn message(sets: &[Vec<u8>]) -> Vec<u8> {
    let sets = sets.concat();
    let len = u16::try_from(16 + sets.len()).unwrap();
    [&[0, 10][..], &len.to_be_bytes(), &[0; 12], &sets].concat()
}

/// Returns a request to connect of a controller with this name, which wants to send something every 30 s.
pub(crate) fn connect(host: &str) -> Vec<u8> {
    let mut data = vec![
        0, 1, 0, 2, 0, 0xff, 0, 0, 0, 0, 0, 30, 0, 0, 0, 9, 1, 1, 8, 4, 0,
    ];
    data.push(u8::try_from(host.len()).unwrap());
    data.extend(host.as_bytes());
    message(&[set(256, &data)])
}

/// Returns a keep-alive, whose set says that it has no octets.
pub(crate) fn keep_alive() -> Vec<u8> {
    message(&[vec![0; 4]])
}

/// Returns the set of a message: that which came by UDP with its IP header. `incoming` is the Call-ID of the call as it
/// came in, which only goes with what the controller sent.
pub(crate) fn told(told: &Told, is_tcp: bool, incoming: &str) -> Vec<u8> {
    let (seconds, is_sent, [src, dst], _, _) = told;
    let mut data = (1_700_000_000 + seconds).to_be_bytes().to_vec();
    data.extend([0, 3, 0xd0, 0x90, 0, 1, 0, 100]);
    if is_tcp {
        data.extend([dst, src].into_iter().flatten());
        data.extend([0x13, 0xc4, 0x13, 0xc4, 0, 0, 0, 7]);
    }
    if *is_sent {
        data.push(u8::try_from(incoming.len()).unwrap());
        data.extend(incoming.as_bytes());
    }
    let text = sip(told);
    let end = |ip: &[u8; 4]| SocketAddr::new(IpAddr::from(*ip), 5060);
    let packet = ip::udp(end(src), end(dst), 1, text.as_bytes());
    let content = if is_tcp { text.into_bytes() } else { packet };
    data.push(255);
    data.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
    data.extend(content);
    set(258 + u16::from(*is_sent) + 2 * u16::from(is_tcp), &data)
}

/// Returns the whole call, each message in one of IPFIX.
pub(crate) fn call(is_tcp: bool, incoming: &str) -> Vec<u8> {
    let messages = CALL
        .iter()
        .map(|one| message(&[told(one, is_tcp, incoming)]));
    messages.collect::<Vec<_>>().concat()
}

/// Returns a capture of the connection, cut into segments of so many octets, without those that were lost.
pub(crate) fn capture(stream: &[u8], segment: usize, lost: &[usize]) -> Vec<u8> {
    let (from, to) = ("192.0.2.9:49152", "192.0.2.50:4739");
    let frame = |(number, octets): (usize, &[u8])| {
        let fields = Segment {
            seq: 1 + u32::try_from(number * segment).unwrap(),
            ack: 1,
            flags: ACK | PSH,
        };
        let id = number as u16 + 1;
        let packet = ip::tcp(
            from.parse().unwrap(),
            to.parse().unwrap(),
            id,
            fields,
            octets,
        );
        Frame {
            ts_ns: 1_700_000_100_000_000_000 + number as i64 * 1_000,
            link: Link::Ethernet.number(),
            bytes: Link::Ethernet.frame(&packet),
        }
    };
    let segments = stream.chunks(segment).enumerate();
    let segments = segments.filter(|(number, _)| !lost.contains(number));
    let frames: Vec<Frame> = segments.map(frame).collect();
    Container::PcapMicros.encode(&frames)
}

/// Returns the set of a report of the call's media: of those that came in 3000 packets with 3 lost and a MOS of 4.31, of
/// those that came from where it went out 2999, and nothing else was measured.
pub(crate) fn quality() -> Vec<u8> {
    const UNKNOWN: u32 = u32::MAX;
    let mut data: Vec<u8> = Vec::new();
    let incoming = [
        480_000, 3_000, 3, 2, 9, 1_000, 12, 0, 1, 4, 20, 31, 9_320, 431,
    ];
    let mut outgoing = [UNKNOWN; 14];
    outgoing[1] = 2_999;
    for figure in incoming.into_iter().chain(outgoing) {
        data.extend(figure.to_be_bytes());
    }
    data.push(1);
    for (src, dst, ports) in [
        (ALICE, SBC, [4_000_u16, 5_000]),
        (BOB, SBC, [6_000, 5_002]),
        (SBC, BOB, [5_002, 6_000]),
        (SBC, ALICE, [5_000, 4_000]),
    ] {
        data.extend([src, dst].concat());
        data.extend(ports.map(u16::to_be_bytes).concat());
    }
    // Slots, ports and VLANs; from when to when.
    data.extend([0, 1, 0, 100, 0, 2, 0, 200]);
    for time in [1_700_000_005_u32, 250_000, 1_700_000_061, 500_000] {
        data.extend(time.to_be_bytes());
    }
    for name in ["access", "core", "in@a", "out@s"] {
        data.push(255);
        data.extend(u16::try_from(name.len()).unwrap().to_be_bytes());
        data.extend(name.as_bytes());
    }
    set(268, &data)
}
