//! What an event says.

use sipcap::track::{Flags, Outcome, Side};

use super::{
    Script,
    script::{SECOND, Told},
};

fn run(script: &str) -> Vec<Told> {
    Script::parse(script).run()
}

#[test]
fn times_follow_from_the_first_message_the_first_ringing_and_the_final_response() {
    let told = run(
        "0 > INVITE 1; 0.05 < 100; 1.1 < 180 to=b; 2 < 183 to=b; 5 < 200 to=b; 5.52 > ACK 1 to=b
         65 > BYE 2 to=b; 65.1 < 200",
    );
    let (delay, ring) = (1_100_000_000, 3_900_000_000);
    assert_eq!(told[0].times, [Some(delay), Some(ring), None]);
    assert_eq!(told[1].times, [None, Some(ring), Some(60 * SECOND)]);
    let told = run("0 > INVITE 1; 1 < 180 to=b; 2 < 404 to=b; 5 < 200 to=c; 9 > BYE 2 to=c");
    let ring = Some(4 * SECOND);
    assert_eq!(
        told[1].times,
        [None, ring, Some(4 * SECOND)],
        "from the answer on"
    );
    for (name, script, expected) in [
        (
            "without ringing",
            "0 > INVITE 1; 3 < 486 to=b",
            [Some(3 * SECOND), Some(0), None],
        ),
        (
            "without any response",
            "0 > INVITE 1",
            [None, Some(0), None],
        ),
        (
            "without a final response",
            "0 > INVITE 1; 1 < 180 to=b",
            [Some(SECOND), None, None],
        ),
        (
            "cancelled",
            "0 > INVITE 1; 1 < 180 to=b; 9 > CANCEL 1; 9.1 < 487 of=INVITE to=b",
            [Some(SECOND), Some(8 * SECOND), None],
        ),
        ("only the end", "0 > BYE 2 to=b", [None, Some(0), None]),
    ] {
        assert_eq!(run(script)[0].times, expected, "{name}");
    }
}

#[test]
fn statuses_that_nobody_sent_have_their_reasons() {
    for (script, reason) in [
        ("0 > INVITE 1", "internal: call state timeout"),
        ("0 > INVITE 1; 1 > CANCEL 1", "internal: cancel"),
        ("0 > INVITE 2 to=b", "internal: implied OK"),
        ("0 > INVITE 1; 1 < 486 to=b", "Because"),
    ] {
        assert_eq!(run(script)[0].reason, reason, "{script}");
    }
}

#[test]
fn outcomes_follow_from_the_status() {
    for (script, outcome) in [
        ("0 > INVITE 1", Outcome::Timeout),
        ("0 > INVITE 1; 1 < 180 to=b", Outcome::Unanswered),
        ("0 > INVITE 1; 1 < 408 to=b", Outcome::Failed),
        ("0 > INVITE 1; 1 < 486 to=b", Outcome::Busy),
        ("0 > INVITE 1; 1 > CANCEL 1", Outcome::Cancelled),
        ("0 > INVITE 1; 1 < 401 to=b", Outcome::AuthFailed),
        ("0 > INVITE 1; 1 < 302 to=b", Outcome::Redirected),
        ("0 > INVITE 1; 1 < 200 to=b", Outcome::Answered),
        ("0 > BYE 2 to=b", Outcome::MidCall),
    ] {
        assert_eq!(run(script)[0].outcome, Some(outcome), "{script}");
    }
    assert_eq!(run("0 > OPTIONS 1")[0].outcome, None);
}

#[test]
fn an_end_tells_who_ended_it() {
    for (script, side) in [
        ("0 > INVITE 1; 1 < 200 to=b; 2 > BYE 2 to=b", Side::Caller),
        ("0 > INVITE 1; 1 < 200 to=b; 2 < BYE 1", Side::Callee),
        ("0 > INVITE 1; 1 < 200 to=b", Side::Network),
        (
            "0 > INVITE 1; 1 < 200 to=b; 2 > 200 of=BYE cseq=1",
            Side::Callee,
        ),
    ] {
        assert_eq!(run(script)[1].side, Some(side), "{script}");
    }
}

#[test]
fn flags_tell_time_outs_and_missing_invites() {
    let flags = |script: &str| run(script).last().unwrap().flags;
    assert!(flags("0 > INVITE 1").contains(Flags::TIMEOUT));
    assert!(!flags("0 > INVITE 1; 1 < 486 to=b").contains(Flags::TIMEOUT));
    assert!(flags("0 > BYE 2 to=b").contains(Flags::INVITE_MISSING));
    assert!(!flags("0 > INVITE 1; 1 < 200 to=b").contains(Flags::INVITE_MISSING));
    let forced = "! end 100\n! end_timeout 30\n0 > INVITE 1";
    assert!(flags(forced).contains(Flags::FORCED_END));
}

#[test]
fn the_last_asserted_identity_counts() {
    let identities = |script: &str| run(script).last().unwrap().identities.clone();
    assert_eq!(
        identities(
            "0 > INVITE 1 pai=<sip:1@e> pai=<tel:1>; 1 < 200 to=b; 2 > INVITE 2 to=b pai=<sip:2@e>
             3 > BYE 3 to=b"
        ),
        ["sip:2@e", ""]
    );
    assert_eq!(
        identities(
            "0 > INVITE 1 pai=<sip:1@e> pai=<tel:1>; 1 < 200 to=b; 2 > ACK 1 to=b pai=<sip:2@e>
             3 > UPDATE 2 to=b pai=<sip:3@e>; 4 < INFO 1 pai=<sip:4@e>; 5 > BYE 3 to=b"
        ),
        ["sip:1@e", "tel:1"],
        "not that of ACK, UPDATE and the callee"
    );
    assert_eq!(
        identities("0 > REGISTER 1 contact=c1 pai=<sip:1@e>"),
        ["", ""]
    );
}

#[test]
fn messages_are_counted_for_who_sent_them() {
    let told = run(
        "0 > INVITE 1; 0.5 > INVITE 1; 1 < 180 to=b; 1.5 < 180 to=b; 2 < 200 to=b; 3 > ACK 1 to=b
         4 < BYE 1",
    );
    let [caller, callee] = told.last().unwrap().counters;
    // What comes again is counted apart, here as elsewhere.
    assert_eq!((caller.requests, caller.responses), (2, 0));
    assert_eq!((callee.requests, callee.responses), (1, 2));
    assert_eq!((caller.retransmissions, callee.retransmissions), (1, 1));
}

#[test]
fn who_and_where() {
    let told = run(
        "0 > INVITE 1 contact=here agent=Phone; 1 < 200 to=b contact=there agent=Gateway
         2 < BYE 1 agent=Other",
    );
    let end = told.last().unwrap();
    assert_eq!(end.call_id, "x");
    assert_eq!(end.frame, Some(3));
    assert_eq!(end.contact, "here");
    let address = |text: &str| text.parse().unwrap();
    assert_eq!(
        end.caller,
        (
            "sip:alice@example.com".to_owned(),
            address("192.0.2.1:5060"),
            "Phone".to_owned()
        )
    );
    assert_eq!(
        end.callee,
        (
            "sip:bob@example.com".to_owned(),
            address("192.0.2.2:5060"),
            "Gateway".to_owned()
        )
    );
}
