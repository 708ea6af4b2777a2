//! Addresses that calls have in turn, or that some have for others.

use super::*;

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
