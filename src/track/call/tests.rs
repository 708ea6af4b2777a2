//! What odd traffic makes of calls: each script with its calls, worked out by hand.
//!
//! A calls B; P is a proxy or B2BUA, N and Q the two sides of a NAT. A call is told as [`Told::calls`] says.

use crate::track::script::{Told, run};

/// Runs a script for five minutes, and compares the calls that it makes.
fn calls(script: &str, expected: &[&str]) -> Told {
    let told = run(script, 300);
    assert_eq!(told.calls, expected, "{script}");
    told
}

#[test]
fn what_a_nat_passes_on_is_one_invite() {
    calls(
        "0 A>N INVITE via=b1
        0.001 Q>P INVITE via=b1
        0.1 P>Q 180:INVITE via=b1 to=t
        0.101 N>A 180:INVITE via=b1 to=t
        5 P>Q 486:INVITE via=b1 to=t
        5.001 N>A 486:INVITE via=b1 to=t
        5.1 A>N ACK via=b1 to=t
        5.101 Q>P ACK via=b1 to=t",
        &["f busy 486 1 101 -"],
    );
}

#[test]
fn requests_in_an_early_dialog_are_no_answer() {
    let told = calls(
        "0 A>B INVITE
        0.2 B>A 180:INVITE to=t
        1 A>B INFO n=2 to=t
        1.1 B>A 200:INFO n=2 to=t
        5 B>A 486:INVITE to=t
        5.1 A>B ACK to=t",
        &["f busy 486 1 200 -"],
    );
    assert!(
        !told
            .events
            .iter()
            .any(|event| event.starts_with("call-start"))
    );
}

#[test]
fn a_retry_may_be_missed() {
    calls(
        "0 A>B INVITE
        0.1 B>A 407:INVITE to=c
        0.11 A>B ACK to=c
        0.3 B>A 180:INVITE n=2 to=t
        3 B>A 200:INVITE n=2 to=t
        3.1 A>B ACK n=2 to=t via=x
        60 A>B BYE n=3 to=t
        60.1 B>A 200:BYE n=3 to=t",
        &["f answered 200 1 300 57"],
    );
}

#[test]
fn a_server_that_says_nothing_does_not_hold_up_the_next_one() {
    calls(
        "0 A>B INVITE via=b1
        0.5 A>B INVITE via=b1
        4 A>C INVITE via=b2
        4.2 C>A 180:INVITE via=b2 to=t
        9 C>A 486:INVITE via=b2 to=t
        9.1 A>C ACK via=b2 to=t",
        &["f busy 486 1 4200 - forked"],
    );
}

#[test]
fn a_bye_after_lost_answers_ends_the_call() {
    calls(
        "0 A>B INVITE
        0.1 B>A 100:INVITE
        60 A>B BYE n=2 to=t
        60.1 B>A 200:BYE n=2 to=t",
        &["f answered - 1 - - answer-implied"],
    );
    // Here the dialog is known to be early.
    calls(
        "0 A>B INVITE
        0.1 B>A 180:INVITE to=t
        5 A>B BYE n=2 to=t
        5.1 B>A 200:BYE n=2 to=t",
        &["f cancelled - 1 100 - early-bye"],
    );
}

#[test]
fn one_to_tag_for_everything_is_no_hindrance() {
    calls(
        "0 A>B INVITE via=b1
        1 B>A 200:INVITE via=b1 to=t
        1.1 A>B ACK to=t via=x
        5 A>B BYE n=2 to=t via=y
        5.1 B>A 200:BYE n=2 to=t via=y
        10 A>B INVITE via=d1
        11 B>A 200:INVITE via=d1 to=t
        11.1 A>B ACK to=t via=dx
        20 A>B BYE n=2 to=t via=dy
        20.1 B>A 200:BYE n=2 to=t via=dy",
        &["f answered 200 1 1000 4", "f answered 200 1 1000 9"],
    );
}

#[test]
fn one_branch_for_everything_is_no_hindrance() {
    calls(
        "0 A>B INVITE via=b
        0.1 B>A 401:INVITE via=b to=c
        0.11 A>B ACK via=b to=c
        0.2 A>B INVITE n=2 via=b
        0.3 B>A 180:INVITE n=2 via=b to=t
        1 B>A 200:INVITE n=2 via=b to=t
        1.1 A>B ACK n=2 via=b to=t
        60 A>B BYE n=3 via=b to=t
        60.1 B>A 200:BYE n=3 via=b to=t",
        &["f answered 200 1 300 59"],
    );
}

#[test]
fn a_b2bua_may_count_for_itself() {
    calls(
        "0 A>P INVITE n=1 via=a1
        0.001 P>B INVITE n=101 via=p1
        0.5 B>P 180:INVITE n=101 via=p1 to=t
        0.51 P>A 180:INVITE n=1 via=a1 to=t
        5 B>P 200:INVITE n=101 via=p1 to=t
        5.001 P>A 200:INVITE n=1 via=a1 to=t
        5.1 A>P ACK n=1 via=a3 to=t
        5.11 P>B ACK n=101 via=p3 to=t
        10.001 A>P BYE n=2 via=a4 to=t
        10.1 P>A 200:BYE n=2 via=a4 to=t",
        &["f answered 200 1 510 5"],
    );
}

#[test]
fn a_packet_with_a_wrong_time_ends_nothing() {
    calls(
        "0 A>B INVITE
        1 B>A 200:INVITE to=t
        1.1 A>B ACK to=t via=x
        100000000 A>B INFO n=2 to=t
        12 B>A 200:INFO n=2 to=t
        61 A>B BYE n=3 to=t
        61.1 B>A 200:BYE n=3 to=t",
        &["f answered 200 1 1000 60"],
    );
}

#[test]
fn the_end_of_one_branch_is_not_that_of_others() {
    let fork = "0 A>P INVITE
        1 P>A 200:INVITE to=b1
        1.1 A>P ACK to=b1 via=x
        1.2 P>A 200:INVITE to=b2
        1.3 A>P ACK to=b2 via=x2
        5 A>P UPDATE n=2 to=b1
        5.1 P>A 481:UPDATE n=2 to=b1
        60 A>P BYE n=3 to=b2
        60.1 P>A 200:BYE n=3 to=b2";
    calls(fork, &["f answered 200 1 1000 59 forked"]);
    let early = "0 A>P INVITE
        1 P>A 180:INVITE to=b1
        1.2 P>A 180:INVITE to=b2
        3 A>P BYE n=2 to=b1
        3.1 P>A 200:BYE n=2 to=b1
        9 P>A 200:INVITE to=b2
        9.1 A>P ACK to=b2 via=x
        60 A>P BYE n=3 to=b2
        60.1 P>A 200:BYE n=3 to=b2";
    calls(early, &["f answered 200 1 1000 51 forked"]);
}

#[test]
fn an_ack_behind_the_first_hop_fails_its_branch_only() {
    calls(
        "0 A>P INVITE via=b1
        0.001 P>B INVITE via=p1,b1
        0.002 P>C INVITE via=p2,b1
        0.5 C>P 180:INVITE via=p2,b1 to=c
        0.51 P>A 180:INVITE via=b1 to=c
        2 P>B ACK via=p1,b1 to=bb
        9 C>P 200:INVITE via=p2,b1 to=c
        9.01 P>A 200:INVITE via=b1 to=c
        9.1 A>P ACK via=x to=c
        60 A>P BYE n=2 to=c
        60.1 P>A 200:BYE n=2 to=c",
        &["f answered 200 1 510 50"],
    );
}

#[test]
fn replaces_names_one_dialog_of_several() {
    let script = "0 A>B INVITE id=one from=a1
        1 B>A 200:INVITE id=one from=a1 to=b1
        1.1 A>B ACK id=one from=a1 to=b1 via=x
        2 C>D INVITE id=one from=c1
        3 D>C 200:INVITE id=one from=c1 to=d1
        3.1 C>D ACK id=one from=c1 to=d1 via=x2
        20 E>D INVITE id=two from=e1 | Replaces: one;to-tag=d1;from-tag=c1
        21 D>E 200:INVITE id=two from=e1 to=d2
        21.1 E>D ACK id=two from=e1 to=d2 via=x3";
    calls(
        script,
        &[
            "c1 answered 200 1 1000 - replaced",
            "a1 answered 200 1 1000 -",
            "e1 answered 200 1 1000 -",
        ],
    );
}

#[test]
fn a_session_timer_counts_when_it_was_agreed() {
    // 90 s were asked for and not granted; after an hour of silence the call is given up all the same.
    let script = "0 A>B INVITE | Session-Expires: 7200
        1 B>A 200:INVITE to=t
        1.1 A>B ACK to=t via=x";
    let told = run(script, 4000);
    assert_eq!(told.calls, ["f answered 200 1 1000 - timeout"]);
    let script = script.replace(
        "200:INVITE to=t",
        "200:INVITE to=t | Session-Expires: 4294967295",
    );
    let told = run(&script, 90_000);
    assert_eq!(
        told.calls,
        ["f answered 200 1 1000 - timeout session-expired"]
    );
}

#[test]
fn a_long_tag_is_one_branch() {
    let tag = "t".repeat(1100);
    let script = "0 A>B INVITE
        0.1 B>A 180:INVITE to=TAG
        1 B>A 200:INVITE to=TAG
        1.1 A>B ACK to=TAG via=x
        60 A>B BYE n=2 to=TAG
        60.1 B>A 200:BYE n=2 to=TAG";
    calls(&script.replace("TAG", &tag), &["f answered 200 1 100 59"]);
}

#[test]
fn one_call_id_has_few_calls_at_a_time() {
    let lines: Vec<String> = (0..1000)
        .map(|number| {
            format!(
                "{} A>B INVITE from=f{number} via=b{number}",
                f64::from(number) / 1000.0
            )
        })
        .collect();
    let told = run(&lines.join("\n"), 5);
    let evicted = told
        .calls
        .iter()
        .filter(|call| call.ends_with("evicted"))
        .count();
    assert_eq!(
        (told.calls.len(), evicted, told.stats.evicted),
        (1000, 744, 744)
    );
}

#[test]
fn ringing_needs_no_tag() {
    let told = calls(
        "0 A>B INVITE
        0.2 B>A 180:INVITE
        9 B>A 200:INVITE to=t
        9.1 A>B ACK to=t via=x
        60 A>B BYE n=3 to=t
        60.1 B>A 200:BYE n=3 to=t",
        &["f answered 200 1 200 51"],
    );
    assert!(
        told.events
            .iter()
            .any(|event| event.starts_with("call-ringing 0.2"))
    );
}
