//! Packets and messages by hand, and whose the packets are.

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
        identity: None,
        ts: at(millis),
        flow: Flow {
            src: address(src),
            dst: address(dst),
            transport: Transport::Udp,
        },
        encapsulation: Encapsulation::default(),
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

#[test]
fn a_call_that_fails_leaves_the_media_where_they_were() {
    let mut scene = Scene::default();
    scene.call(0, 1, [4000, 6000]);
    let mut expected = Vec::new();
    for second in 1..60 {
        if second == 10 {
            let offer = sdp(9, "192.0.2.1", 4000);
            scene.message(9900, 2, A, C, INVITE, &offer);
        }
        // Nothing comes between 20 and 30 s.
        if !(20..30).contains(&second) {
            scene.packet(
                1000 * i64::from(second),
                "192.0.2.2:6000",
                "192.0.2.1:4000",
                second,
            );
            expected.push((second, 1));
        }
        if second == 10 {
            scene.message(10_200, 2, C, A, BUSY, "");
        }
    }
    assert_eq!(scene.take(), expected);
}

#[test]
fn calls_in_turn_with_one_session_are_no_legs() {
    // As SIPp has it: every call has the same `o=` line and the same ports.
    let mut scene = Scene::default();
    let mut expected = Vec::new();
    for owner in 0..6 {
        let begin = 4000 * i64::from(owner);
        scene.message(begin, owner, A, B, INVITE, &sdp(7, "192.0.2.1", 4000));
        scene.message(begin + 100, owner, B, A, OK, &sdp(7, "192.0.2.2", 4000));
        for (packet, (src, dst)) in [
            ("192.0.2.1:4000", "192.0.2.2:4000"),
            ("192.0.2.2:4000", "192.0.2.1:4000"),
        ]
        .into_iter()
        .enumerate()
        {
            scene.packet(begin + 200, src, dst, 2 * owner + packet as u32);
            expected.push((2 * owner + packet as u32, owner));
        }
        // The last two overlap.
        if owner < 4 {
            scene.message(begin + 3000, owner, A, B, BYE, "");
        }
    }
    assert_eq!(scene.take(), expected);
}

#[test]
fn a_leg_that_failed_has_no_media_of_the_next() {
    const PBX: &str = "192.0.2.9:5060";
    let offer = sdp(1, "192.0.2.1", 4000);
    let mut scene = Scene::default();
    scene.message(0, 1, A, PBX, INVITE, &offer);
    scene.message(10, 2, PBX, B, INVITE, &offer);
    scene.message(20, 2, B, PBX, BUSY, "");
    scene.message(30, 3, PBX, C, INVITE, &offer);
    let answer = sdp(3, "192.0.2.3", 7000);
    scene.message(1000, 3, C, PBX, OK, &answer);
    scene.message(1010, 1, PBX, A, OK, &answer);
    scene.packet(1100, "192.0.2.3:7000", "192.0.2.1:4000", 0);
    scene.packet(1110, "192.0.2.1:4000", "192.0.2.3:7000", 1);
    assert_eq!(scene.take(), [(0, 1), (0, 3), (1, 1), (1, 3)]);
}

#[test]
fn early_media_at_an_address_that_was_used_before_are_of_the_new_call() {
    for source in ["192.0.2.1:4002", "192.0.2.77:1"] {
        let mut scene = Scene::default();
        scene.call(0, 1, [4000, 6000]);
        scene.message(3000, 1, A, B, BYE, "");
        // From both ends of the old call, and from one of them before the new one begins.
        scene.packet(3100, "192.0.2.1:4000", "192.0.2.2:6000", 0);
        scene.packet(3900, source, "192.0.2.2:6000", 1);
        scene.message(4000, 2, A, B, INVITE, &sdp(9, "192.0.2.1", 4002));
        scene.packet(5000, source, "192.0.2.2:6000", 2);
        scene.message(5600, 2, B, A, OK, &sdp(10, "192.0.2.2", 6000));
        assert_eq!(scene.take(), [(0, 1), (1, 1), (2, 2)], "{source}");
    }
}

#[test]
fn early_media_behind_a_nat_are_found_by_where_they_come_from() {
    const NAT: &str = "203.0.113.5:5060";
    let mut scene = Scene::default();
    scene.message(0, 1, NAT, B, INVITE, &sdp(1, "192.168.1.10", 4000));
    scene.packet(1000, "192.0.2.2:6000", "203.0.113.5:33333", 0);
    scene.message(1600, 1, B, NAT, OK, &sdp(2, "192.0.2.2", 6000));
    scene.packet(1700, "192.0.2.2:6000", "203.0.113.5:33333", 1);
    assert_eq!(scene.take(), [(0, 1), (1, 1)]);
}

#[test]
fn the_end_of_one_branch_is_not_that_of_the_others() {
    let bye_ok = ["SIP/2.0 200 OK", "BYE", ";tag=t2"];
    let mut scene = Scene::default();
    scene.message(0, 1, A, B, INVITE, &sdp(1, "192.0.2.1", 4000));
    for (src, tag, ip) in [(B, ";tag=t1", "192.0.2.2"), (C, ";tag=t2", "192.0.2.3")] {
        scene.tagged(1000, 1, [src, A], [OK, "INVITE", tag], &sdp(2, ip, 6000));
    }
    scene.tagged(1400, 1, [A, C], [BYE, "BYE", ";tag=t2"], "");
    scene.tagged(1500, 1, [C, A], bye_ok, "");
    // Past what lingers.
    scene.packet(8000, "192.0.2.2:6000", "192.0.2.1:4000", 0);
    scene.packet(8000, "192.0.2.1:4000", "192.0.2.2:6000", 1);
    scene.packet(8000, "192.0.2.88:1", "192.0.2.3:6000", 2);
    scene.tagged(9000, 1, [A, B], [BYE, "BYE", ";tag=t1"], "");
    scene.packet(15_000, "192.0.2.2:6000", "192.0.2.1:4000", 3);
    assert_eq!(scene.take(), [(0, 1), (1, 1)]);
}

#[test]
fn a_call_goes_on_when_its_end_is_refused_for_now() {
    let mut scene = Scene::default();
    scene.call(0, 1, [4000, 6000]);
    scene.message(1000, 1, A, B, BYE, "");
    let challenge = [
        "SIP/2.0 407 Proxy Authentication Required",
        "BYE",
        ";tag=b1",
    ];
    scene.tagged(1010, 1, [B, A], challenge, "");
    scene.packet(9000, "192.0.2.2:6000", "192.0.2.1:4000", 0);
    // A stranger ends nothing.
    scene.tagged(9100, 1, [C, B], [BYE, "BYE", ";tag=other"], "");
    scene.packet(19_000, "192.0.2.1:4000", "192.0.2.2:6000", 1);
    assert_eq!(scene.take(), [(0, 1), (1, 1)]);
}

#[test]
fn only_calls_have_media() {
    let mut scene = Scene::default();
    scene.call(0, 1, [4000, 6000]);
    let offer = sdp(77, "192.0.2.2", 6000);
    scene.tagged(500, 2, [B, A], [OK, "OPTIONS", ";tag=x"], &offer);
    // What somebody could do, told in a refusal (RFC 3261 §21.4.26).
    let refusal = ["SIP/2.0 488 Not Acceptable Here", "INVITE", ";tag=x"];
    scene.tagged(600, 3, [B, A], refusal, &offer);
    scene.packet(700, "192.0.2.1:4000", "192.0.2.2:6000", 0);
    assert_eq!(scene.take(), [(0, 1)]);
}

#[test]
fn a_call_without_an_end_gives_way() {
    let mut scene = Scene::default();
    // The first one has announced the port that is next to that of the second one, which comes two minutes later.
    scene.call(0, 1, [4001, 6000]);
    scene.packet(1000, "192.0.2.77:1", "192.0.2.1:4001", 0);
    scene.call(121_000, 2, [4000, 6002]);
    scene.packet(122_000, "192.0.2.77:1", "192.0.2.1:4001", 1);
    // While media come to it, it keeps the port.
    scene.call(200_000, 3, [4101, 6004]);
    scene.packet(201_000, "192.0.2.77:1", "192.0.2.1:4101", 2);
    scene.call(210_000, 4, [4100, 6006]);
    scene.packet(211_000, "192.0.2.77:1", "192.0.2.1:4101", 3);
    // After an hour without anything, nothing is of it any more.
    scene.packet(3_800_000, "192.0.2.77:1", "192.0.2.1:4000", 4);
    assert_eq!(scene.take(), [(0, 1), (1, 2), (2, 3), (3, 3)]);
}

#[test]
fn calls_that_are_over_push_out_none_that_lives() {
    let mut scene = Scene::default();
    scene.call(0, 1, [4000, 6000]);
    for owner in 2..200 {
        let millis = 100 * i64::from(owner);
        let offer = sdp(owner, "192.0.2.1", 4000);
        scene.message(millis, owner, A, C, INVITE, &offer);
        scene.message(millis + 10, owner, C, A, BUSY, "");
    }
    scene.packet(30_000, "192.0.2.77:1", "192.0.2.1:4000", 0);
    assert_eq!(scene.take(), [(0, 1)]);
}

#[test]
fn what_goes_on_after_the_end_is_not_of_another_call_at_one_end() {
    let mut scene = Scene::default();
    // Bob has two calls at one port, and the one with Alice is over.
    scene.message(0, 2, B, C, INVITE, &sdp(9, "192.0.2.2", 6000));
    scene.message(100, 2, C, B, OK, &sdp(10, "192.0.2.3", 7000));
    scene.call(1000, 1, [4000, 6000]);
    scene.packet(2900, "192.0.2.2:6000", "192.0.2.1:4000", 0);
    scene.packet(2910, "192.0.2.1:4000", "192.0.2.2:6000", 1);
    scene.message(3000, 1, A, B, BYE, "");
    scene.packet(3020, "192.0.2.2:6000", "192.0.2.1:4000", 2);
    scene.packet(3040, "192.0.2.1:4000", "192.0.2.2:6000", 3);
    scene.packet(3060, "192.0.2.3:7000", "192.0.2.2:6000", 4);
    assert_eq!(scene.take(), [(0, 1), (1, 1), (2, 1), (3, 1), (4, 2)]);
}
