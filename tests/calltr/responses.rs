//! What responses do, row by row.

use super::check;

#[test]
fn responses_to_cancel() {
    check(&[
        ("init", "0 < 200 of=CANCEL to=b", &["0 call-attempt 200"]),
        (
            "inv_1st: the CANCEL was missed",
            "0 > INVITE 1; 3 < 200 of=CANCEL to=b",
            &["3 call-attempt 487"],
        ),
        (
            "early: the CANCEL was missed",
            "0 > INVITE 1; 1 < 180 to=b; 9 < 200 of=CANCEL to=b",
            &["9 call-attempt 487"],
        ),
        (
            "canceled",
            "0 > INVITE 1; 3 > CANCEL 1; 4 < 200 to=b",
            &["9 call-attempt 487"],
        ),
        (
            "non_inv_1st: it is refused",
            "0 > OPTIONS 1; 1 > CANCEL 1; 10 < 481 to=b",
            &["40 other-timeout 408"],
        ),
        (
            "established: it is refused",
            "0 > INVITE 1; 1 < 200 to=b; 2 > CANCEL 1; 3 < 481 to=b",
            &["1 call-start 200", "3603 call-end 408"],
        ),
    ]);
}

#[test]
fn responses_to_bye() {
    check(&[
        ("init", "0 < 200 of=BYE cseq=2 to=b", &["0 call-end 200"]),
        (
            "inv_1st",
            "0 > INVITE 1; 1 < 200 of=BYE cseq=2 to=b",
            &["1 call-end 291"],
        ),
        (
            "early",
            "0 > INVITE 1; 1 < 180 to=b; 2 < 200 of=BYE cseq=2 to=b",
            &["2 call-end 291"],
        ),
        (
            "established",
            "0 > INVITE 1; 1 < 200 to=b; 2 < 200 of=BYE cseq=2 to=b",
            &["1 call-start 200", "2 call-end 200"],
        ),
        (
            "bye_seen: it was told",
            "0 > INVITE 1; 1 < 200 to=b; 2 > BYE 2 to=b; 3 < 200",
            &["1 call-start 200", "2 call-end 200"],
        ),
        (
            "inv_neg",
            "0 > INVITE 1; 1 < 486 to=b; 2 < 200 of=BYE cseq=2 to=b",
            &["2 call-end 486"],
        ),
        (
            "whatever the answer is",
            "0 > INVITE 1; 1 < 200 to=b; 2 < 481 of=BYE cseq=2 to=b",
            &["1 call-start 200", "2 call-end 200"],
        ),
        (
            "canceled",
            "0 > INVITE 1; 1 > CANCEL 1; 3 < 200 of=BYE cseq=2 to=b",
            &["8 call-attempt 487"],
        ),
        (
            "non_inv_1st",
            "0 > OPTIONS 1; 10 < 200 of=BYE cseq=2 to=b",
            &["40 other-timeout 408"],
        ),
        (
            "non_inv_1st: it is refused",
            "0 > OPTIONS 1; 10 < 481 of=BYE cseq=2 to=b",
            &["40 other-timeout 408"],
        ),
    ]);
}

#[test]
fn failures_of_invite() {
    check(&[
        ("init", "0 < 486 to=b", &["30 call-attempt 486"]),
        (
            "inv_1st",
            "0 > INVITE 1; 1 < 486 to=b",
            &["31 call-attempt 486"],
        ),
        (
            "inv_1st: redirected",
            "0 > INVITE 1; 1 < 302 to=b",
            &["31 call-attempt 302"],
        ),
        (
            "early",
            "0 > INVITE 1; 1 < 180 to=b; 5 < 603 to=b",
            &["35 call-attempt 603"],
        ),
        (
            "inv_neg: the next branch fails, too",
            "0 > INVITE 1; 1 < 404 to=b; 5 < 486 to=c",
            &["35 call-attempt 486"],
        ),
        (
            "established: a re-INVITE is refused",
            "0 > INVITE 1; 1 < 200 to=b; 10 > INVITE 2 to=b; 11 < 488",
            &["1 call-start 200", "3611 call-end 408"],
        ),
        (
            "canceled",
            "0 > INVITE 1; 1 > CANCEL 1; 3 < 487 of=INVITE to=b",
            &["8 call-attempt 487"],
        ),
    ]);
}

#[test]
fn failures_of_other_requests() {
    check(&[
        ("init", "0 < 404 of=OPTIONS to=b", &["5 other-failed 404"]),
        (
            "non_inv_1st",
            "0 > OPTIONS 1; 1 < 404 to=b",
            &["6 other-failed 404"],
        ),
        (
            "inv_1st",
            "0 > INVITE 1; 10 < 481 of=INFO cseq=2 to=b",
            &["130 call-attempt 408"],
        ),
        (
            "early",
            "0 > INVITE 1; 1 < 180 to=b; 10 < 481 of=INFO cseq=2 to=b",
            &["190 call-attempt 408"],
        ),
        (
            "established",
            "0 > INVITE 1; 1 < 200 to=b; 10 < 481 of=INFO cseq=2 to=b",
            &["1 call-start 200", "3610 call-end 408"],
        ),
        (
            "non_inv_fin",
            "0 > OPTIONS 1; 1 < 200 to=b; 3 < 500 of=INFO cseq=2 to=b",
            &["8 other-ok 200"],
        ),
    ]);
}

#[test]
fn the_same_challenge_twice_is_a_failure() {
    check(&[
        (
            "401 to INVITE",
            "0 > INVITE 1; 0.1 < 401 to=b; 0.2 > ACK 1 to=b; 0.3 > INVITE 2; 0.4 < 401 to=c",
            &["0.4 auth-failed 401"],
        ),
        (
            "407 to INVITE",
            "0 > INVITE 1; 0.1 < 407 to=b; 0.3 > INVITE 2; 0.4 < 407 to=c",
            &["0.4 auth-failed 407"],
        ),
        (
            "401 to MESSAGE",
            "0 > MESSAGE 1; 0.1 < 401 to=b; 0.3 > MESSAGE 2; 0.4 < 401 to=c",
            &["0.4 auth-failed 401"],
        ),
        (
            "not the same",
            "0 > INVITE 1; 0.1 < 401 to=b; 0.3 > INVITE 2; 0.4 < 407 to=c",
            &["30.4 auth-failed 407"],
        ),
        (
            "the same one seen again",
            "0 > INVITE 1; 0.1 < 401 to=b; 0.5 < 401 to=b",
            &["30.5 auth-failed 401"],
        ),
    ]);
}

#[test]
fn answers() {
    check(&[
        (
            "init",
            "0 < 200 to=b",
            &["0 call-start 200", "3600 call-end 408"],
        ),
        (
            "inv_1st",
            "0 > INVITE 1; 1 < 200 to=b",
            &["1 call-start 200", "3601 call-end 408"],
        ),
        (
            "early",
            "0 > INVITE 1; 1 < 180 to=b; 5 < 202 to=b",
            &["5 call-start 202", "3605 call-end 408"],
        ),
        (
            "inv_neg: the next branch is answered",
            "0 > INVITE 1; 1 < 404 to=b; 5 < 200 to=c",
            &["5 call-start 200", "3605 call-end 408"],
        ),
        (
            "established: a re-INVITE is answered",
            "0 > INVITE 1; 1 < 200 to=b; 10 > INVITE 2 to=b; 11 < 200",
            &["1 call-start 200", "3611 call-end 408"],
        ),
        (
            "canceled: too late",
            "0 > INVITE 1; 1 > CANCEL 1; 3 < 200 of=INVITE to=b",
            &["8 call-attempt 200"],
        ),
    ]);
}

#[test]
fn successes_of_other_requests() {
    check(&[
        ("init", "0 < 200 of=OPTIONS to=b", &["5 other-ok 200"]),
        (
            "inv_1st",
            "0 > INVITE 1; 10 < 200 of=INFO cseq=2 to=b",
            &["130 call-attempt 408"],
        ),
        (
            "early",
            "0 > INVITE 1; 1 < 180 to=b; 10 < 200 of=INFO cseq=2 to=b",
            &["190 call-attempt 408"],
        ),
        (
            "inv_neg",
            "0 > INVITE 1; 1 < 486 to=b; 2 < 200 of=INFO cseq=2 to=b",
            &["32 call-attempt 486"],
        ),
        (
            "non_inv_1st",
            "0 > OPTIONS 1; 1 < 200 to=b",
            &["6 other-ok 200"],
        ),
        (
            "non_inv_neg",
            "0 > OPTIONS 1; 1 < 404 to=b; 2 < 200 to=c",
            &["7 other-ok 200"],
        ),
        (
            "non_inv_1st: INVITE, which it began with",
            "0 < 100; 0.5 > INFO 2 to=b; 1 < 200 of=INVITE cseq=3 to=b",
            &["6 other-ok 200"],
        ),
        (
            "non_inv_1st: not the method it began with",
            "0 > OPTIONS 1; 10 < 200 of=INFO cseq=2 to=b",
            &["40 other-timeout 408"],
        ),
        (
            "established",
            "0 > INVITE 1; 1 < 200 to=b; 10 < 200 of=INFO cseq=2 to=b",
            &["1 call-start 200", "3610 call-end 408"],
        ),
    ]);
}

#[test]
fn provisional_responses() {
    check(&[
        (
            "init, with a tag",
            "0 < 180 to=b",
            &["180 call-attempt 408"],
        ),
        (
            "inv_1st, with a tag",
            "0 > INVITE 1; 1 < 183 to=b",
            &["181 call-attempt 408"],
        ),
        (
            "early, with a tag",
            "0 > INVITE 1; 1 < 180 to=b; 10 < 183 to=b",
            &["190 call-attempt 408"],
        ),
        (
            "inv_1st, without a tag",
            "0 > INVITE 1; 10 < 183",
            &["130 call-attempt 408"],
        ),
        ("init, 100", "0 < 100", &[]),
        (
            "inv_1st, 100 with a tag",
            "0 > INVITE 1; 10 < 100 to=b",
            &["130 call-attempt 408"],
        ),
        (
            "established",
            "0 > INVITE 1; 1 < 200 to=b; 10 > INVITE 2 to=b; 11 < 180",
            &["1 call-start 200", "3611 call-end 408"],
        ),
    ]);
}

#[test]
fn responses_seen_again_put_the_deadline_off() {
    check(&[
        (
            "a smaller number",
            "0 > INVITE 1; 1 > INVITE 2; 2 < 486 cseq=1 to=b",
            &["122 call-attempt 408"],
        ),
        (
            "the same status",
            "0 > INVITE 1; 1 < 486 to=b; 2 < 486 to=b",
            &["32 call-attempt 486"],
        ),
        (
            "a smaller status",
            "0 > INVITE 1; 1 < 183 to=b; 2 < 180 to=b",
            &["182 call-attempt 408"],
        ),
        (
            "2xx behind a failure is not",
            "0 > INVITE 1; 1 < 486 to=b; 2 < 200 to=b",
            &["2 call-start 200", "3602 call-end 408"],
        ),
        (
            "PRACK",
            "0 > INVITE 1; 10 < 200 of=PRACK cseq=2 to=b",
            &["130 call-attempt 408"],
        ),
        (
            "PRACK does not count",
            "0 > INVITE 1; 1 < 183 to=b; 2 > PRACK 2 to=b; 3 < 200; 9 < 200 of=INVITE cseq=1 to=b",
            &["9 call-start 200", "3609 call-end 408"],
        ),
        (
            "UPDATE",
            "0 > INVITE 1; 1 < 180 to=b; 10 < 488 of=UPDATE cseq=2 to=b",
            &["190 call-attempt 408"],
        ),
        (
            "ACK",
            "0 > INVITE 1; 10 < 200 of=ACK to=b",
            &["130 call-attempt 408"],
        ),
        ("ACK in init", "0 < 200 of=ACK to=b", &[]),
    ]);
}
