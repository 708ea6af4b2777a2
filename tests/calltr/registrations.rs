//! What a 2xx to REGISTER says, row by row, and who holds a binding.

use super::{Script, check};

#[test]
fn a_2xx_decides() {
    check(&[
        (
            "no Contact in the request: the deadline is put off",
            "0 > REGISTER 1; 1 < 200 to=b contact=c1;expires=60",
            &[],
        ),
        (
            "*",
            "0 > REGISTER 1 contact=* expires=0; 1 < 200 to=b",
            &["1 reg-del 200 *"],
        ),
        (
            "found with a time",
            "0 > REGISTER 1 contact=c1; 1 < 200 to=b contact=c2;expires=7 contact=c1;expires=60",
            &["1 reg-new 200 c1", "91 reg-expired 200 c1"],
        ),
        (
            "found, and the time is in Expires",
            "0 > REGISTER 1 contact=c1; 1 < 200 to=b contact=c1 expires=100",
            &["1 reg-new 200 c1", "131 reg-expired 200 c1"],
        ),
        (
            "the grace can be set",
            "! reg_expiry_grace 0
             0 > REGISTER 1 contact=c1; 1 < 200 to=b contact=c1;expires=60",
            &["1 reg-new 200 c1", "61 reg-expired 200 c1"],
        ),
        (
            "found with 0",
            "0 > REGISTER 1 contact=c1; 1 < 200 to=b contact=c1;expires=0",
            &["1 reg-del 200 c1"],
        ),
        (
            "found without any time",
            "0 > REGISTER 1 contact=c1 expires=60; 1 < 200 to=b contact=c1",
            &["1 reg-new 200 c1", "31 reg-expired 200 c1"],
        ),
        (
            "not found",
            "0 > REGISTER 1 contact=c1; 1 < 200 to=b contact=c2;expires=60",
            &["1 reg-del 200 c1"],
        ),
        (
            "not found among the first ten",
            "0 > REGISTER 1 contact=c1
             1 < 200 to=b expires=60 contact=d0 contact=d1 contact=d2 contact=d3 contact=d4 \
             contact=d5 contact=d6 contact=d7 contact=d8 contact=d9 contact=c1",
            &["1 reg-del 200 c1"],
        ),
        (
            "the request was missed: the largest time counts, without grace",
            "0 < 200 of=REGISTER to=b contact=c1;expires=60 contact=c2;expires=100",
            &["0 reg-new 200 c1", "100 reg-expired 200 c1"],
        ),
        (
            "the request was missed, and no time is left",
            "0 < 200 of=REGISTER to=b contact=c1;expires=0",
            &["0 reg-del 200 c1"],
        ),
        (
            "the request was missed, and nothing is listed",
            "0 < 200 of=REGISTER to=b",
            &["0 reg-del 200 "],
        ),
    ]);
}

#[test]
fn refreshes_are_not_told() {
    check(&[
        (
            "under the same tags",
            "0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             50 > REGISTER 2 contact=c1; 50.1 < 200 to=b contact=c1;expires=60",
            &["0.1 reg-new 200 c1", "140.1 reg-expired 200 c1"],
        ),
        (
            "under another To tag, which is a fork",
            "0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             50 > REGISTER 2 contact=c1; 50.1 < 200 to=c contact=c1;expires=60",
            &["0.1 reg-new 200 c1", "140.1 reg-expired 200 c1"],
        ),
        (
            "with a challenge each time",
            "0 > REGISTER 1 contact=c1; 0.1 < 401 to=b
             0.2 > REGISTER 2 contact=c1; 0.3 < 200 to=c contact=c1;expires=60
             50 > REGISTER 3 contact=c1; 50.1 < 401 to=d
             50.2 > REGISTER 4 contact=c1; 50.3 < 200 to=e contact=c1;expires=60",
            &["0.3 reg-new 200 c1", "140.3 reg-expired 200 c1"],
        ),
        (
            "for a shorter time",
            "0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=600
             50 > REGISTER 2 contact=c1; 50.1 < 200 to=b contact=c1;expires=60",
            &["0.1 reg-new 200 c1", "140.1 reg-expired 200 c1"],
        ),
        (
            "back and forth between two Call-IDs",
            "0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             1 > REGISTER 1 id=y contact=c1; 1.1 < 200 to=c contact=c1;expires=60
             2 > REGISTER 2 id=x contact=c1; 2.1 < 200 to=b contact=c1;expires=60",
            &["0.1 reg-new 200 c1", "92.1 reg-expired 200 c1"],
        ),
        (
            "asking does not shorten it",
            "0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             50 > REGISTER 2; 50.1 < 200 to=b contact=c1;expires=10",
            &["0.1 reg-new 200 c1", "90.1 reg-expired 200 c1"],
        ),
    ]);
}

#[test]
fn another_contact_of_the_same_call_id() {
    check(&[
        (
            "under the same tags: each kind is told once",
            "0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             50 > REGISTER 2 contact=c2; 50.1 < 200 to=b contact=c2;expires=60",
            &["0.1 reg-new 200 c1", "140.1 reg-expired 200 c2"],
        ),
        (
            "under another To tag, which is a fork",
            "0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             50 > REGISTER 2 contact=c2; 50.1 < 200 to=c contact=c2;expires=60",
            &[
                "0.1 reg-new 200 c1",
                "50.1 reg-new 200 c2",
                "90.1 reg-expired 200 c1",
                "140.1 reg-expired 200 c2",
            ],
        ),
    ]);
}

#[test]
fn a_binding_is_of_its_address_of_record() {
    check(&[(
        "the same Contact of two users",
        "! end 80
         0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
         1 > REGISTER 1 id=y user=carol contact=c1; 1.1 < 200 to=c contact=c1;expires=60",
        &["0.1 reg-new 200 c1", "1.1 reg-new 200 c1"],
    )]);
}

#[test]
fn removals() {
    check(&[
        (
            "by another Call-ID",
            "0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             10 > REGISTER 1 id=y contact=c1;expires=0; 10.1 < 200 to=c",
            &["0.1 reg-new 200 c1", "10.1 reg-del 200 c1"],
        ),
        (
            "twice",
            "0 > REGISTER 1 contact=c1;expires=0; 0.1 < 200 to=b
             1 > REGISTER 2 contact=c1;expires=0; 1.1 < 200 to=b",
            &["0.1 reg-del 200 c1"],
        ),
        (
            "and registered again under the same tags",
            "0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             1 > REGISTER 2 contact=c1;expires=0; 1.1 < 200 to=b
             2 > REGISTER 3 contact=c1; 2.1 < 200 to=b contact=c1;expires=60",
            &[
                "0.1 reg-new 200 c1",
                "1.1 reg-del 200 c1",
                "2.1 reg-new 200 c1",
                "92.1 reg-expired 200 c1",
            ],
        ),
        (
            "* of another Call-ID than all of them",
            "0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             1 > REGISTER 1 id=y contact=c2; 1.1 < 200 to=c contact=c2;expires=60
             10 > REGISTER 1 id=z contact=* expires=0; 10.1 < 200 to=d",
            &[
                "0.1 reg-new 200 c1",
                "1.1 reg-new 200 c2",
                "10.1 reg-del 200 *",
                "15.1 reg-del 200 c1",
                "15.1 reg-del 200 c2",
            ],
        ),
        (
            "* of another user",
            "! end 60
             0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             10 > REGISTER 1 id=z user=carol contact=* expires=0; 10.1 < 200 to=d",
            &["0.1 reg-new 200 c1", "10.1 reg-del 200 *"],
        ),
    ]);
}

#[test]
fn removals_that_are_held_back() {
    check(&[
        (
            "not registered again",
            "! reg_del_delay 5
             0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             10 > REGISTER 2 contact=c1;expires=0; 10.1 < 200 to=b",
            &["0.1 reg-new 200 c1", "20.1 reg-del 200 c1"],
        ),
        (
            "registered again under the same tags",
            "! reg_del_delay 5
             0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             10 > REGISTER 2 contact=c1;expires=0; 10.1 < 200 to=b
             12 > REGISTER 3 contact=c1; 12.1 < 200 to=b contact=c1;expires=60",
            &["0.1 reg-new 200 c1", "102.1 reg-expired 200 c1"],
        ),
        (
            "registered again under another Call-ID",
            "! reg_del_delay 5
             0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             10 > REGISTER 2 contact=c1;expires=0; 10.1 < 200 to=b
             12 > REGISTER 1 id=y contact=c1; 12.1 < 200 to=c contact=c1;expires=60",
            &["0.1 reg-new 200 c1", "102.1 reg-expired 200 c1"],
        ),
        (
            "another one registered instead, under the same tags",
            "! reg_del_delay 5
             0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             10 > REGISTER 2 contact=c1;expires=0; 10.1 < 200 to=b
             12 > REGISTER 3 contact=c2; 12.1 < 200 to=b contact=c2;expires=60",
            &[
                "0.1 reg-new 200 c1",
                "12.1 reg-del 200 c1",
                "12.1 reg-new 200 c2",
                "102.1 reg-expired 200 c2",
            ],
        ),
        (
            "too late",
            "! reg_del_delay 5
             ! end 60
             0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             10 > REGISTER 2 contact=c1;expires=0; 10.1 < 200 to=b
             21 > REGISTER 3 contact=c1; 21.1 < 200 to=b contact=c1;expires=60",
            &[
                "0.1 reg-new 200 c1",
                "20.1 reg-del 200 c1",
                "21.1 reg-new 200 c1",
            ],
        ),
        (
            "*",
            "! reg_del_delay 5
             0 > REGISTER 1 contact=c1; 0.1 < 200 to=b contact=c1;expires=60
             1 > REGISTER 1 id=y contact=c2; 1.1 < 200 to=c contact=c2;expires=60
             10 > REGISTER 2 id=x contact=* expires=0; 10.1 < 200 to=b",
            &[
                "0.1 reg-new 200 c1",
                "1.1 reg-new 200 c2",
                "20.1 reg-del 200 *",
                "20.1 reg-del 200 c2",
            ],
        ),
    ]);
}

#[test]
fn an_event_of_a_binding_says_what_it_is_of() {
    let script = "0 > REGISTER 1 contact=c1; 1 < 200 to=b contact=c1;expires=60";
    let told = Script::parse(script).run();
    let [new, expired] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(new.aor, "sip:alice@example.com");
    assert_eq!((new.expires, new.frame), (Some(60), Some(2)));
    assert_eq!((new.method.as_str(), new.times[2]), ("REGISTER", None));
    assert_eq!(expired.aor, "sip:alice@example.com");
    assert_eq!((expired.expires, expired.frame), (None, None));
    assert_eq!(expired.times[2], Some(90 * super::script::SECOND));
}
