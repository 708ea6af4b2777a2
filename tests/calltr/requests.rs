//! What requests do, row by row: the new state shows in what comes when nothing comes any more, and when.

use super::check;

#[test]
fn bye_ends_the_call() {
    check(&[
        ("init", "0 > BYE 2 to=b", &["0 call-end 291"]),
        ("init, without a To tag", "0 > BYE 2", &["0 call-end 291"]),
        (
            "inv_1st",
            "0 > INVITE 1; 1 > BYE 2 to=b",
            &["1 call-end 291"],
        ),
        (
            "early",
            "0 > INVITE 1; 1 < 180 to=b; 2 > BYE 2 to=b",
            &["2 call-end 291"],
        ),
        (
            "established",
            "0 > INVITE 1; 1 < 200 to=b; 2 > BYE 2 to=b",
            &["1 call-start 200", "2 call-end 200"],
        ),
        (
            "inv_neg",
            "0 > INVITE 1; 1 < 486 to=b; 2 > BYE 2 to=b",
            &["2 call-end 486"],
        ),
    ]);
}

#[test]
fn bye_in_other_states_puts_the_deadline_off() {
    check(&[
        (
            "bye_seen",
            "0 > INVITE 1; 1 < 200 to=b; 2 > BYE 2 to=b; 3 > BYE 3 to=b",
            &["1 call-start 200", "2 call-end 200"],
        ),
        (
            "bye_seen, without a To tag",
            "0 > BYE 1; 1 > BYE 2",
            &["0 call-end 291"],
        ),
        (
            "bye_repl",
            "0 > INVITE 1; 1 < 200 to=b; 2 > BYE 2 to=b; 3 < 200; 4 > BYE 3 to=b",
            &["1 call-start 200", "2 call-end 200"],
        ),
        (
            "canceled",
            "0 > INVITE 1; 1 > CANCEL 1; 3 > BYE 2 to=b",
            &["8 call-attempt 487"],
        ),
        (
            "non_inv_1st",
            "0 > OPTIONS 1; 10 > BYE 2 to=b",
            &["40 other-timeout 408"],
        ),
        (
            "non_inv_neg",
            "0 > OPTIONS 1; 1 < 404 to=b; 3 > BYE 2 to=b",
            &["8 other-failed 404"],
        ),
        (
            "non_inv_fin",
            "0 > OPTIONS 1; 1 < 200 to=b; 3 > BYE 2 to=b",
            &["8 other-ok 200"],
        ),
    ]);
}

#[test]
fn cancel_makes_an_attempt_later() {
    check(&[
        ("init", "0 > CANCEL 1", &["5 call-attempt 487"]),
        (
            "inv_1st",
            "0 > INVITE 1; 3 > CANCEL 1",
            &["8 call-attempt 487"],
        ),
        (
            "early",
            "0 > INVITE 1; 1 < 180 to=b; 9 > CANCEL 1",
            &["14 call-attempt 487"],
        ),
    ]);
}

#[test]
fn cancel_in_other_states_puts_the_deadline_off() {
    check(&[
        (
            "established",
            "0 > INVITE 1; 1 < 200 to=b; 2 > CANCEL 1",
            &["1 call-start 200", "3602 call-end 408"],
        ),
        (
            "inv_neg",
            "0 > INVITE 1; 1 < 486 to=b; 2 > CANCEL 1",
            &["32 call-attempt 486"],
        ),
        (
            "canceled",
            "0 > INVITE 1; 1 > CANCEL 1; 3 > CANCEL 1",
            &["8 call-attempt 487"],
        ),
        (
            "canceled, begun by a CANCEL",
            "0 > CANCEL 1; 1 > CANCEL 2",
            &["6 call-attempt 487"],
        ),
        (
            "non_inv_1st",
            "0 > OPTIONS 1; 10 > CANCEL 1",
            &["40 other-timeout 408"],
        ),
    ]);
}

#[test]
fn requests_with_a_to_tag_in_init() {
    check(&[
        (
            "INVITE: the first one was missed",
            "0 > INVITE 2 to=b",
            &["0 call-start 290", "3600 call-end 408"],
        ),
        ("ACK", "0 > ACK 1 to=b", &[]),
        ("other", "0 > INFO 2 to=b", &["30 other-timeout 408"]),
        ("REGISTER", "0 > REGISTER 2 to=b", &["30 other-timeout 408"]),
        ("UPDATE is ignored", "0 > UPDATE 2 to=b", &[]),
        ("PRACK is ignored", "0 > PRACK 2 to=b", &[]),
    ]);
}

#[test]
fn an_ack_in_init_keeps_the_entry_for_another_second() {
    let script = "0 > ACK 1 to=b; 0.9 > ACK 1 to=b; 1.8 > INFO 2 to=b";
    let told = super::Script::parse(script).run();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].counters[0].requests, 3, "all are of one entry");
    let script = "0 > ACK 1 to=b; 1.1 > INFO 2 to=b";
    let told = super::Script::parse(script).run();
    assert_eq!(told[0].counters[0].requests, 1, "the ACK was given up");
    let script = "0 < 100 to=b; 1.1 > INFO 2 to=b";
    let told = super::Script::parse(script).run();
    assert_eq!(told[0].counters[1].responses, 0, "so was the 100");
}

#[test]
fn requests_with_a_to_tag_before_the_answer_that_leave_it_open() {
    check(&[
        (
            "ACK in inv_1st",
            "0 > INVITE 1; 10 > ACK 1 to=b",
            &["130 call-attempt 408"],
        ),
        (
            "ACK in early",
            "0 > INVITE 1; 1 < 180 to=b; 10 > ACK 1 to=b",
            &["190 call-attempt 408"],
        ),
        (
            "NOTIFY in inv_1st",
            "0 > INVITE 1; 10 < NOTIFY 1",
            &["130 call-attempt 408"],
        ),
        (
            "NOTIFY in early",
            "0 > INVITE 1; 1 < 180 to=b; 10 < NOTIFY 1",
            &["190 call-attempt 408"],
        ),
        (
            "PRACK in inv_1st",
            "0 > INVITE 1; 10 > PRACK 2 to=b",
            &["130 call-attempt 408"],
        ),
        (
            "UPDATE in early",
            "0 > INVITE 1; 1 < 180 to=b; 10 > UPDATE 2 to=b",
            &["190 call-attempt 408"],
        ),
    ]);
}

#[test]
fn requests_with_a_to_tag_before_the_answer_that_imply_it() {
    check(&[
        (
            "re-INVITE in inv_1st",
            "0 > INVITE 1; 10 > INVITE 2 to=b",
            &["10 call-start 290", "3610 call-end 408"],
        ),
        (
            "INFO in inv_1st, from the callee",
            "0 > INVITE 1; 10 < INFO 1",
            &["10 call-start 290", "3610 call-end 408"],
        ),
        (
            "INFO in early",
            "0 > INVITE 1; 1 < 180 to=b; 10 > INFO 2 to=b",
            &["10 call-start 290", "3610 call-end 408"],
        ),
        (
            "the deadline is put off, not set",
            "! inv_established 10
             0 > INVITE 1; 5 > INFO 2 to=b",
            &["5 call-start 290", "120 call-end 408"],
        ),
    ]);
}

#[test]
fn requests_with_a_to_tag_in_other_states() {
    check(&[
        (
            "established: INFO",
            "0 > INVITE 1; 1 < 200 to=b; 100 > INFO 2 to=b",
            &["1 call-start 200", "3700 call-end 408"],
        ),
        (
            "established: re-INVITE",
            "0 > INVITE 1; 1 < 200 to=b; 100 < INVITE 1",
            &["1 call-start 200", "3700 call-end 408"],
        ),
        (
            "inv_neg: ACK",
            "0 > INVITE 1; 1 < 486 to=b; 2 > ACK 1 to=b",
            &["32 call-attempt 486"],
        ),
        (
            "canceled: INFO",
            "0 > INVITE 1; 1 > CANCEL 1; 3 > INFO 2 to=b",
            &["8 call-attempt 487"],
        ),
        (
            "non_inv_1st: INFO",
            "0 > OPTIONS 1; 10 > INFO 2 to=b",
            &["40 other-timeout 408"],
        ),
        (
            "non_inv_neg: INFO",
            "0 > OPTIONS 1; 1 < 404 to=b; 3 > INFO 2 to=b",
            &["8 other-failed 404"],
        ),
        (
            "non_inv_fin: INFO",
            "0 > OPTIONS 1; 1 < 200 to=b; 3 > INFO 2 to=b",
            &["8 other-ok 200"],
        ),
    ]);
}

#[test]
fn invite_without_a_to_tag() {
    check(&[
        ("init", "0 > INVITE 1", &["120 call-attempt 408"]),
        (
            "inv_neg",
            "0 > INVITE 1; 1 < 401 to=b; 2 > INVITE 2",
            &["122 call-attempt 408"],
        ),
        (
            "early",
            "0 > INVITE 1; 1 < 180 to=b; 10 > INVITE 2",
            &["190 call-attempt 408"],
        ),
        (
            "established",
            "0 > INVITE 1; 1 < 200 to=b; 10 > INVITE 2",
            &["1 call-start 200", "3610 call-end 408"],
        ),
        (
            "canceled",
            "0 > INVITE 1; 1 > CANCEL 1; 3 > INVITE 2",
            &["8 call-attempt 487"],
        ),
        (
            "non_inv_1st",
            "0 > OPTIONS 1; 10 > INVITE 2",
            &["40 other-timeout 408"],
        ),
    ]);
}

#[test]
fn ack_without_a_to_tag() {
    check(&[
        ("init", "0 > ACK 1", &[]),
        (
            "inv_1st",
            "0 > INVITE 1; 10 > ACK 1",
            &["130 call-attempt 408"],
        ),
        (
            "established",
            "0 > INVITE 1; 1 < 200 to=b; 10 > ACK 1",
            &["1 call-start 200", "3610 call-end 408"],
        ),
    ]);
}

#[test]
fn register_without_a_to_tag() {
    check(&[
        (
            "init",
            "0 > REGISTER 1 contact=c1",
            &["30 other-timeout 408"],
        ),
        (
            "non_inv_1st",
            "0 > REGISTER 1 contact=c1; 10 > REGISTER 2 contact=c1",
            &["40 other-timeout 408"],
        ),
        (
            "non_inv_neg",
            "0 > REGISTER 1 contact=c1; 1 < 401 to=b; 3 > REGISTER 2 contact=c1",
            &["8 auth-failed 401"],
        ),
        (
            "the Contact is that of the last one",
            "! end 10
             0 > REGISTER 1 contact=c1; 1 < 401 to=b; 2 > REGISTER 2 contact=c2
             3 < 200 to=b contact=c2;expires=60",
            &["3 reg-new 200 c2"],
        ),
    ]);
}

#[test]
fn other_requests_without_a_to_tag() {
    check(&[
        ("init", "0 > OPTIONS 1", &["30 other-timeout 408"]),
        (
            "init, begun by another method",
            "0 < 100 of=OPTIONS; 0.5 > MESSAGE 2",
            &["30.5 other-timeout 408"],
        ),
        (
            "the method it began with",
            "0 > OPTIONS 1; 1 < 200 to=b; 3 > OPTIONS 2",
            &["33 other-timeout 408"],
        ),
        (
            "another method",
            "0 > OPTIONS 1; 10 > MESSAGE 2",
            &["40 other-timeout 408"],
        ),
        (
            "in a call",
            "0 > INVITE 1; 10 > OPTIONS 2",
            &["130 call-attempt 408"],
        ),
    ]);
}

#[test]
fn requests_seen_again_put_the_deadline_off() {
    check(&[
        (
            "the same number",
            "0 > INVITE 1; 0.5 > INVITE 1; 1.5 > INVITE 1",
            &["121.5 call-attempt 408"],
        ),
        (
            "a smaller number",
            "0 > INVITE 2; 1 < 200 to=b; 2 > BYE 1 to=b",
            &["1 call-start 200", "3602 call-end 408"],
        ),
        (
            "a smaller number than that of a response",
            "0 > INVITE 1; 1 < 200 of=INFO cseq=5 to=b; 2 > BYE 2 to=b",
            &["122 call-attempt 408"],
        ),
        (
            "each side has its own numbers",
            "0 > INVITE 7; 1 < 200 to=b; 2 < BYE 1",
            &["1 call-start 200", "2 call-end 200"],
        ),
        (
            "CANCEL has the number of its INVITE",
            "0 > INVITE 1; 1 > CANCEL 1",
            &["6 call-attempt 487"],
        ),
    ]);
}
