//! What is told when nothing comes any more, row by row, and what is told once only.

use super::check;

#[test]
fn each_state_ends_in_its_way() {
    check(&[
        ("init", "0 < 100", &[]),
        ("inv_1st", "0 > INVITE 1", &["120 call-attempt 408"]),
        (
            "inv_early_dlg",
            "0 > INVITE 1; 1 < 180 to=b",
            &["181 call-attempt 408"],
        ),
        (
            "inv_established",
            "0 > INVITE 1; 1 < 200 to=b",
            &["1 call-start 200", "3601 call-end 408"],
        ),
        ("inv_bye_seen", "0 > BYE 1 to=b", &["0 call-end 291"]),
        (
            "inv_bye_repl",
            "0 > BYE 1 to=b; 1 < 200",
            &["0 call-end 291"],
        ),
        ("inv_canceled", "0 > CANCEL 1", &["5 call-attempt 487"]),
        (
            "inv_canceled, with a final response",
            "0 > INVITE 1; 1 > CANCEL 1; 2 < 486 of=INVITE to=b",
            &["7 call-attempt 486"],
        ),
        (
            "inv_neg, challenged",
            "0 > INVITE 1; 1 < 407 to=b",
            &["31 auth-failed 407"],
        ),
        (
            "inv_neg",
            "0 > INVITE 1; 1 < 404 to=b",
            &["31 call-attempt 404"],
        ),
        ("non_inv_1st", "0 > MESSAGE 1", &["30 other-timeout 408"]),
        (
            "non_inv_1st, with a provisional response",
            "0 > MESSAGE 1; 10 < 100",
            &["40 other-timeout 408"],
        ),
        (
            "non_inv_neg, challenged",
            "0 > MESSAGE 1; 1 < 401 to=b",
            &["6 auth-failed 401"],
        ),
        (
            "non_inv_neg",
            "0 > MESSAGE 1; 1 < 404 to=b",
            &["6 other-failed 404"],
        ),
        (
            "non_inv_fin",
            "0 > MESSAGE 1; 1 < 202 to=b",
            &["6 other-ok 202"],
        ),
        (
            "non_inv_fin, REGISTER with a binding",
            "0 > REGISTER 1 contact=c1; 1 < 200 to=b contact=c1;expires=60",
            &["1 reg-new 200 c1", "91 reg-expired 200 c1"],
        ),
        (
            "non_inv_fin, REGISTER with a removal held back",
            "! reg_del_delay 7
             0 > REGISTER 1 contact=c1 expires=0; 1 < 200 to=b",
            &["13 reg-del 200 c1"],
        ),
        (
            "non_inv_fin, REGISTER that asks",
            "0 > REGISTER 1; 1 < 200 to=b contact=c1;expires=60",
            &[],
        ),
    ]);
}

#[test]
fn times_can_be_set() {
    check(&[
        (
            "inv_1st",
            "! inv_1st 7
             0 > INVITE 1",
            &["7 call-attempt 408"],
        ),
        (
            "inv_neg",
            "! inv_neg 1
             0 > INVITE 1; 1 < 404 to=b",
            &["2 call-attempt 404"],
        ),
        (
            "non_inv_fin",
            "! non_inv_fin 60
             0 > MESSAGE 1; 1 < 200 to=b",
            &["61 other-ok 200"],
        ),
    ]);
}

#[test]
fn the_end_of_the_capture_is_no_deadline() {
    check(&[
        (
            "what is open stays open",
            "! end 119
             0 > INVITE 1",
            &[],
        ),
        (
            "a deadline at the last moment has come",
            "! end 120
             0 > INVITE 1",
            &["120 call-attempt 408"],
        ),
        (
            "deadlines behind the end fire when they are asked to",
            "! end 100
             ! end_timeout 30
             0 > INVITE 1",
            &["120 call-attempt 408"],
        ),
    ]);
}

#[test]
fn each_kind_is_told_once() {
    check(&[
        (
            "a second answer under the same tag",
            "0 > INVITE 1; 1 < 200 to=b; 2 > INVITE 2 to=b; 3 < 200; 4 > BYE 3 to=b; 5 < BYE 1",
            &["1 call-start 200", "4 call-end 200"],
        ),
        (
            "a third challenge",
            "0 > INVITE 1; 1 < 401 to=b; 2 > INVITE 2; 3 < 401 to=c; 4 > INVITE 3; 5 < 401 to=d",
            &["3 auth-failed 401"],
        ),
        (
            "an attempt, told at the response to CANCEL",
            "0 > INVITE 1; 1 < 200 of=CANCEL to=b; 2 < 487 to=b",
            &["1 call-attempt 487"],
        ),
        (
            "an attempt of two branches",
            "0 > INVITE 1; 1 < 180 to=b; 2 < 180 to=c",
            &["181 call-attempt 408"],
        ),
        (
            "no attempt when another branch was answered",
            "0 > INVITE 1; 1 < 180 to=b; 2 < 180 to=c; 5 < 200 to=c",
            &["5 call-start 200", "3605 call-end 408"],
        ),
        (
            "no attempt when another branch was answered and has ended",
            "0 > INVITE 1; 1 < 180 to=b; 2 < 180 to=c; 5 < 200 to=c; 9 > BYE 2 to=c; 10 < 200",
            &["5 call-start 200", "9 call-end 200"],
        ),
        (
            "an answer and an end of each branch",
            "0 > INVITE 1; 1 < 180 to=b; 2 < 180 to=c; 3 < 200 to=b; 4 < 200 to=c
             10 > BYE 2 to=b; 11 > BYE 3 to=c",
            &[
                "3 call-start 200",
                "4 call-start 200",
                "10 call-end 200",
                "11 call-end 200",
            ],
        ),
        (
            "a fork takes over what was told",
            "0 > INVITE 1; 1 < 200 to=b; 2 < 200 to=c; 10 > BYE 2 to=b; 11 > BYE 3 to=c",
            &["1 call-start 200", "10 call-end 200", "11 call-end 200"],
        ),
    ]);
}
