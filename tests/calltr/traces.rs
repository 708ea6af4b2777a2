//! The worked traces: what the reference tells of them.

use super::check;

#[test]
fn calls() {
    check(&[
        (
            "1: answered, ended by the caller",
            "0 > INVITE 1; 0.05 < 100; 1.1 < 180 to=b; 5 < 200 to=b; 5.52 > ACK 1 to=b
             65 > BYE 2 to=b; 65.1 < 200",
            &["5 call-start 200", "65 call-end 200"],
        ),
        (
            "3: cancelled, five seconds after the last of its messages",
            "0 > INVITE 1; 1 < 180 to=b; 9 > CANCEL 1; 9.05 < 200 to=b; 9.1 < 487 of=INVITE to=b
             9.2 > ACK 1 to=b",
            &["14.2 call-attempt 487"],
        ),
        (
            "4: busy, thirty seconds after the ACK",
            "0 > INVITE 1; 0.3 < 486 to=b; 0.4 > ACK 1 to=b",
            &["30.4 call-attempt 486"],
        ),
        (
            "5: no response, 120 seconds after the last INVITE",
            "0 > INVITE 1; 0.5 > INVITE 1; 1.5 > INVITE 1; 3.5 > INVITE 1; 7.5 > INVITE 1
             15.5 > INVITE 1; 31.5 > INVITE 1",
            &["151.5 call-attempt 408"],
        ),
        (
            "7: nobody answers, 180 seconds after the 180",
            "0 > INVITE 1; 2 < 180 to=b",
            &["182 call-attempt 408"],
        ),
        (
            "8: only the end was captured",
            "0 > BYE 2 to=b; 0.1 < 200",
            &["0 call-end 291"],
        ),
        (
            "10: a wrong password",
            "0 > INVITE 1; 0.1 < 401 to=b; 0.2 > ACK 1 to=b; 0.3 > INVITE 2; 0.4 < 401 to=c
             0.5 > ACK 2 to=c",
            &["0.4 auth-failed 401"],
        ),
        (
            "10: with a 100 in between it is only told when it is given up",
            "0 > INVITE 1; 0.1 < 401 to=b; 0.2 > ACK 1 to=b; 0.3 > INVITE 2; 0.35 < 100
             0.4 < 401 to=c; 0.5 > ACK 2 to=c",
            &["30.5 auth-failed 401"],
        ),
        (
            "15: one branch fails, the other answers",
            "0 > INVITE 1; 0.1 < 404 to=b; 2 < 200 to=c; 3 > ACK 1 to=c; 9 > BYE 2 to=c; 9.1 < 200",
            &["2 call-start 200", "9 call-end 200"],
        ),
    ]);
}

#[test]
fn registrations() {
    check(&[
        (
            "1: registered with a password, and refreshed",
            "! end 90
             0 > REGISTER 1 contact=c1 expires=60; 0.1 < 401 to=b
             0.2 > REGISTER 2 contact=c1 expires=60; 0.3 < 200 to=c contact=c1;expires=60
             55 > REGISTER 3 contact=c1 expires=60; 55.1 < 200 to=d contact=c1;expires=60",
            &["0.3 reg-new 200 c1"],
        ),
        (
            "2: not refreshed",
            "0 > REGISTER 1 contact=c1 expires=60; 0.1 < 401 to=b
             0.2 > REGISTER 2 contact=c1 expires=60; 0.3 < 200 to=c contact=c1;expires=60",
            &["0.3 reg-new 200 c1", "90.3 reg-expired 200 c1"],
        ),
        (
            "3: refreshed late",
            "! end 140
             0 > REGISTER 1 contact=c1 expires=60; 0.1 < 401 to=b
             0.2 > REGISTER 2 contact=c1 expires=60; 0.3 < 200 to=c contact=c1;expires=60
             75 > REGISTER 3 contact=c1 expires=60; 75.1 < 200 to=d contact=c1;expires=60",
            &["0.3 reg-new 200 c1"],
        ),
        (
            "4: removed",
            "0 > REGISTER 1 contact=c1; 0.3 < 200 to=b contact=c1;expires=60
             10 > REGISTER 2 contact=c1;expires=0; 10.1 < 200 to=c",
            &["0.3 reg-new 200 c1", "10.1 reg-del 200 c1"],
        ),
        (
            "5: all are removed, the other one by its own deadline",
            "0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             1 > REGISTER 1 id=y from=z contact=c2
             1.1 < 200 to=c contact=c1;expires=59 contact=c2;expires=60
             10 > REGISTER 2 id=x contact=* expires=0; 10.1 < 200 to=d",
            &[
                "0.1 reg-new 200 c1",
                "1.1 reg-new 200 c2",
                "10.1 reg-del 200 *",
                "15.1 reg-del 200 c2",
            ],
        ),
        (
            "6: removed and registered again within the delay",
            "! reg_del_delay 5
             ! end 60
             0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             10 > REGISTER 2 contact=c1;expires=0; 10.1 < 200 to=c
             11 > REGISTER 3 contact=c1; 11.1 < 200 to=d contact=c1;expires=60",
            &["0.1 reg-new 200 c1"],
        ),
        (
            "6: without a delay",
            "! end 60
             0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             10 > REGISTER 2 contact=c1;expires=0; 10.1 < 200 to=c
             11 > REGISTER 3 contact=c1; 11.1 < 200 to=d contact=c1;expires=60",
            &[
                "0.1 reg-new 200 c1",
                "10.1 reg-del 200 c1",
                "11.1 reg-new 200 c1",
            ],
        ),
        (
            "7: asked for",
            "0 > REGISTER 1; 0.1 < 200 to=b contact=c1;expires=60 contact=c2;expires=60",
            &[],
        ),
        (
            "8: only another one is listed",
            "0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c2;expires=60",
            &["0.1 reg-del 200 c1"],
        ),
        (
            "9: refreshed under another Call-ID, then given up",
            "0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             50 > REGISTER 1 id=y from=z contact=c1; 50.1 < 200 to=c contact=c1;expires=60",
            &["0.1 reg-new 200 c1", "140.1 reg-expired 200 c1"],
        ),
        (
            "10: another port",
            "! end 100
             0 > REGISTER 1 contact=c1:5060; 0.1 < 200 to=b contact=c1:5060;expires=60
             50 > REGISTER 1 id=y from=z contact=c1:5062; 50.1 < 200 to=c contact=c1:5062;expires=60",
            &[
                "0.1 reg-new 200 c1@192.0.2.9:5060",
                "50.1 reg-new 200 c1@192.0.2.9:5062",
                "90.1 reg-expired 200 c1@192.0.2.9:5060",
            ],
        ),
        (
            "10: another port that does not count",
            "! contact_ignore_port
             ! end 100
             0 > REGISTER 1 contact=c1:5060; 0.1 < 200 to=b contact=c1:5060;expires=60
             50 > REGISTER 1 id=y from=z contact=c1:5062; 50.1 < 200 to=c contact=c1:5062;expires=60",
            &["0.1 reg-new 200 c1@192.0.2.9:5060"],
        ),
        (
            "11: too brief, and again",
            "! end 100
             0 > REGISTER 1 contact=c1 expires=60; 0.1 < 423 to=b
             0.2 > REGISTER 2 contact=c1 expires=300; 0.3 < 200 to=c contact=c1;expires=300",
            &["0.3 reg-new 200 c1"],
        ),
        (
            "12: a wrong password",
            "0 > REGISTER 1 contact=c1; 0.1 < 401 to=b; 0.2 > REGISTER 2 contact=c1; 0.3 < 401 to=c",
            &["0.3 auth-failed 401"],
        ),
        (
            "13: granted for a shorter time than asked for",
            "0 > REGISTER 1 contact=c1 expires=7200; 0.1 < 200 to=b contact=c1;expires=3600",
            &["0.1 reg-new 200 c1", "3630.1 reg-expired 200 c1"],
        ),
        (
            "14: the request was missed",
            "0 < 200 of=REGISTER to=b contact=c1;expires=100",
            &["0 reg-new 200 c1", "100 reg-expired 200 c1"],
        ),
        (
            "15: two Contacts, only the first is followed",
            "0 > REGISTER 1 contact=c1 contact=c2
             0.1 < 200 to=b contact=c1;expires=60 contact=c2;expires=60",
            &["0.1 reg-new 200 c1", "90.1 reg-expired 200 c1"],
        ),
    ]);
}
