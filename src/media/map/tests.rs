//! Packets and messages by hand, and whose the packets are.

mod turns;

use std::net::SocketAddr;

use super::*;
use crate::media::claims::MAX_AT_PLACE;
use crate::{
    capture::Frame,
    net::Encapsulation,
    sip::{Framing, Head},
};

/// A map with what was found so far: packet and owner.
#[derive(Default)]
struct Scene {
    map: MediaMap<u32>,
    found: Vec<(u32, Owner)>,
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_nanos(1_000_000_000_000 + millis * 1_000_000)
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

impl Scene {
    #[expect(clippy::too_many_arguments, reason = "a message has as many parts")]
    /// A message with start line and body, from Alice (tag a) to Bob (tag b), or a response the other way.
    fn message(
        &mut self,
        millis: i64,
        owner: Owner,
        src: &str,
        dst: &str,
        start: &str,
        body: &str,
    ) {
        let method = if start.starts_with("SIP") {
            "INVITE"
        } else {
            start.split(' ').next().unwrap()
        };
        let to = if start == INVITE {
            String::new()
        } else {
            format!(";tag=b{owner}")
        };
        self.tagged(millis, owner, [src, dst], [start, method, &to], body);
    }

    /// A message with its start line, the method of its CSeq, and the end of To.
    fn tagged(&mut self, millis: i64, owner: Owner, hop: [&str; 2], start: [&str; 3], body: &str) {
        let (map, found) = (&mut self.map, &mut self.found);
        tell(millis, owner, hop, start, body, |message| {
            map.message(message, owner, &mut |owner, packet| {
                found.push((*packet, owner));
            });
        });
    }

    /// A description of somebody who is no owner.
    fn stranger(&mut self, millis: i64, body: &str) {
        let map = &mut self.map;
        tell(
            millis,
            99,
            [A, B],
            [INVITE, "INVITE", ""],
            body,
            |message| {
                map.stranger(message);
            },
        );
    }

    /// A call between two ports of Alice and Bob, whose descriptions have sessions of their own.
    fn call(&mut self, millis: i64, owner: Owner, [a, b]: [u16; 2]) {
        let sdp = |side, ip, port| sdp(1000 * owner + side, ip, port);
        self.message(millis, owner, A, B, INVITE, &sdp(1, "192.0.2.1", a));
        self.message(millis + 100, owner, B, A, OK, &sdp(2, "192.0.2.2", b));
    }

    /// A packet with a number.
    fn packet(&mut self, millis: i64, src: &str, dst: &str, number: u32) {
        let flow = Flow {
            src: address(src),
            dst: address(dst),
            transport: Transport::Udp,
        };
        let found = &mut self.found;
        self.map
            .packet(at(millis), &flow, number, &mut |owner, packet| {
                found.push((*packet, owner));
            });
    }

    fn take(&mut self) -> Vec<(u32, Owner)> {
        let found = &mut self.found;
        self.map
            .finish(&mut |owner, packet| found.push((*packet, owner)));
        found.sort_unstable();
        std::mem::take(found)
    }
}

/// Makes a message.
fn tell(
    millis: i64,
    owner: Owner,
    [src, dst]: [&str; 2],
    [start, method, to]: [&str; 3],
    body: &str,
    hear: impl FnOnce(&Message<'_>),
) {
    let text = format!(
        "{start}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=a{owner}\r\nTo: <sip:b@h>{to}\r\n\
        Call-ID: {owner}\r\nCSeq: 1 {method}\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let head = Head::parse(text.as_bytes(), Framing::Datagram).unwrap();
    let frame = sample_frame(at(millis));
    hear(&Message {
        point: None,
        identity: None,
        ts: at(millis),
        flow: Flow {
            src: address(src),
            dst: address(dst),
            transport: Transport::Udp,
        },
        encapsulation: Encapsulation::default(),
        trace: None,
        completed_by: &frame,
        frames: &[frame],
        bytes: text.as_bytes(),
        head: &head,
    });
}

fn sample_frame(ts: Timestamp) -> Frame {
    Frame {
        origin: crate::capture::Origin::default(),
        ts,
        captured: 0,
        orig_len: 0,
        link: crate::capture::LinkType::ETHERNET,
        interface: 0,
    }
}

fn sdp(session: u32, ip: &str, port: u16) -> String {
    format!(
        "v=0\r\no=- {session} 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
    )
}

const A: &str = "192.0.2.1:5060";
const B: &str = "192.0.2.2:5060";
const INVITE: &str = "INVITE sip:b@h SIP/2.0";
const OK: &str = "SIP/2.0 200 OK";
const BYE: &str = "BYE sip:b@h SIP/2.0";
const BUSY: &str = "SIP/2.0 486 Busy Here";
const C: &str = "192.0.2.3:5060";

#[test]
fn media_go_both_ways_and_rtcp_beside_them() {
    let mut scene = Scene::default();
    scene.message(0, 1, A, B, INVITE, &sdp(1, "192.0.2.1", 4000));
    scene.packet(10, "192.0.2.2:6000", "192.0.2.1:4000", 0);
    scene.message(20, 1, B, A, OK, &sdp(2, "192.0.2.2", 6000));
    scene.packet(30, "192.0.2.1:4000", "192.0.2.2:6000", 1);
    scene.packet(40, "192.0.2.1:4001", "192.0.2.2:6001", 2);
    scene.packet(50, "192.0.2.9:4000", "192.0.2.8:6000", 3);
    assert_eq!(scene.take(), [(0, 1), (1, 1), (2, 1)]);
}

#[test]
fn media_may_come_before_their_answer() {
    let mut scene = Scene::default();
    scene.message(0, 1, A, B, INVITE, &sdp(1, "192.0.2.1", 4000));
    scene.packet(100, "192.0.2.7:9", "192.0.2.2:6000", 0);
    scene.packet(1500, "192.0.2.7:9", "192.0.2.2:6000", 1);
    scene.message(2200, 1, B, A, OK, &sdp(2, "192.0.2.2", 6000));
    // The first one came 2.1 s before.
    assert_eq!(scene.take(), [(1, 1)]);
}

#[test]
fn an_address_goes_from_call_to_call() {
    let mut scene = Scene::default();
    scene.message(0, 1, A, B, INVITE, &sdp(1, "192.0.2.1", 4000));
    scene.message(1000, 1, A, B, BYE, "");
    scene.packet(1500, "192.0.2.2:6000", "192.0.2.1:4000", 0);
    scene.packet(6000, "192.0.2.2:6000", "192.0.2.1:4000", 1);
    scene.message(7000, 2, A, B, INVITE, &sdp(3, "192.0.2.1", 4000));
    scene.packet(7100, "192.0.2.2:6000", "192.0.2.1:4000", 2);
    scene.message(8000, 2, A, B, BYE, "");
    scene.packet(20_000, "192.0.2.2:6000", "192.0.2.1:4000", 3);
    assert_eq!(scene.take(), [(0, 1), (1, 1), (2, 2)]);
}

#[test]
fn what_is_over_is_idle_and_anybodys() {
    let mut scene = Scene::default();
    assert!(scene.map.is_idle(at(0)));
    scene.message(0, 1, A, B, INVITE, &sdp(1, "192.0.2.1", 4000));
    assert!(!scene.map.is_idle(at(60_000)));
    scene.stranger(61_000, &sdp(9, "192.0.2.1", 4000));
    scene.packet(62_000, "192.0.2.2:6000", "192.0.2.1:4000", 0);
    scene.message(70_000, 1, A, B, BYE, "");
    scene.packet(71_000, "192.0.2.2:6000", "192.0.2.1:4000", 1);
    // It is over, and somebody else is at the same address.
    scene.stranger(72_000, &sdp(9, "192.0.2.1", 4000));
    scene.packet(72_500, "192.0.2.2:6000", "192.0.2.1:4000", 2);
    assert_eq!(scene.take(), [(0, 1), (1, 1)]);
    assert!(scene.map.is_idle(at(74_000)));
    scene.message(80_000, 1, A, B, INVITE, &sdp(1, "192.0.2.1", 4000));
    assert!(!scene.map.is_idle(at(80_100)));
}

#[test]
fn a_failure_ends_what_was_not_answered_only() {
    let mut scene = Scene::default();
    scene.message(0, 1, A, B, INVITE, &sdp(1, "192.0.2.1", 4000));
    scene.message(10, 1, B, A, BUSY, "");
    scene.packet(6000, "192.0.2.2:6000", "192.0.2.1:4000", 0);
    scene.message(9000, 1, A, B, INVITE, &sdp(1, "192.0.2.1", 4000));
    scene.message(9010, 1, B, A, OK, &sdp(2, "192.0.2.2", 6000));
    scene.message(9020, 1, B, A, BUSY, "");
    scene.packet(60_000, "192.0.2.2:6000", "192.0.2.1:4000", 1);
    assert_eq!(scene.take(), [(1, 1)]);
}

#[test]
fn a_new_description_takes_the_place_of_the_one_before() {
    let mut scene = Scene::default();
    scene.message(0, 1, A, B, INVITE, &sdp(1, "192.0.2.1", 4000));
    scene.message(10, 1, B, A, OK, &sdp(2, "192.0.2.2", 6000));
    scene.message(10_000, 1, A, B, INVITE, &sdp(1, "192.0.2.1", 4100));
    scene.packet(11_000, "192.0.2.77:1", "192.0.2.1:4000", 0);
    // Nothing came for five seconds.
    scene.packet(16_001, "192.0.2.77:1", "192.0.2.1:4000", 1);
    scene.packet(16_001, "192.0.2.77:1", "192.0.2.1:4100", 2);
    assert_eq!(scene.take(), [(0, 1), (2, 1)]);
}

#[test]
fn a_session_that_is_passed_on_is_of_both_calls() {
    let mut scene = Scene::default();
    scene.message(0, 1, A, B, INVITE, &sdp(1, "192.0.2.1", 4000));
    scene.message(
        5,
        2,
        B,
        "192.0.2.3:5060",
        INVITE,
        &sdp(1, "192.0.2.1", 4000),
    );
    scene.packet(10, "192.0.2.3:6000", "192.0.2.1:4000", 0);
    assert_eq!(scene.take(), [(0, 1), (0, 2)]);
    // Another session at the same address is another call's.
    scene.message(20, 3, A, B, INVITE, &sdp(9, "192.0.2.1", 4000));
    scene.packet(30, "192.0.2.3:6000", "192.0.2.1:4000", 1);
    assert_eq!(scene.take(), [(1, 3)]);
}

#[test]
fn media_past_a_b2bua_are_of_both_legs() {
    // As Asterisk does it: both legs are told to send to each other's phone.
    const PBX: &str = "192.0.2.9:5060";
    let (phone_a, phone_b) = ("192.0.2.1:4000", "192.0.2.2:6000");
    let mut scene = Scene::default();
    scene.message(0, 1, A, PBX, INVITE, &sdp(1, "192.0.2.1", 4000));
    scene.message(10, 2, PBX, B, INVITE, &sdp(2, "192.0.2.9", 9000));
    scene.message(20, 2, B, PBX, OK, &sdp(3, "192.0.2.2", 6000));
    scene.message(30, 1, PBX, A, OK, &sdp(4, "192.0.2.9", 9002));
    scene.message(40, 2, PBX, B, INVITE, &sdp(2, "192.0.2.1", 4000));
    scene.packet(45, phone_b, phone_a, 0);
    scene.message(50, 1, PBX, A, INVITE, &sdp(4, "192.0.2.2", 6000));
    scene.packet(60, phone_b, phone_a, 1);
    scene.packet(61, phone_a, phone_b, 2);
    // Only the second leg has told both ends when the first packet comes.
    assert_eq!(scene.take(), [(0, 2), (1, 1), (1, 2), (2, 1), (2, 2)]);
}

#[test]
fn a_private_address_may_be_that_of_the_message() {
    let mut scene = Scene::default();
    scene.message(
        0,
        1,
        "198.51.100.1:5060",
        B,
        INVITE,
        &sdp(1, "10.0.0.1", 4000),
    );
    scene.packet(10, "192.0.2.2:6000", "198.51.100.1:4000", 0);
    scene.packet(20, "192.0.2.2:6000", "10.0.0.1:4000", 1);
    // Somebody who has announced it knows better.
    scene.message(
        30,
        2,
        "198.51.100.1:5070",
        B,
        INVITE,
        &sdp(2, "198.51.100.1", 4000),
    );
    scene.packet(40, "192.0.2.2:6000", "198.51.100.1:4000", 2);
    assert_eq!(scene.take(), [(0, 1), (1, 1), (2, 2)]);
}

#[test]
fn memory_is_bounded() {
    let mut scene = Scene::default();
    for owner in 0..40_000 {
        let millis = i64::from(owner) * 10_000;
        let port = 1024 + (owner % 60_000) as u16;
        scene.message(millis, owner, A, B, INVITE, &sdp(owner, "192.0.2.1", port));
        scene.message(millis + 1, owner, A, B, BYE, "");
    }
    assert!(scene.map.claims.iter().count() <= 1 << 16 && scene.map.sides.owners() <= 1 << 16);
    for session in 0..1000 {
        let millis = 400_000_000 + i64::from(session);
        scene.message(
            millis,
            100_000 + session,
            A,
            B,
            INVITE,
            &sdp(session, "192.0.2.1", 4000),
        );
    }
    let place = Place::new(address("192.0.2.1:4000"), false);
    assert!(scene.map.claims.at(place).len() <= MAX_AT_PLACE);
}
