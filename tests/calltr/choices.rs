//! Which of several entries that fit alike a message is of.

use super::{Script, script::Told};

/// Returns what is told, with the tags and how many requests the caller sent.
fn run(script: &str) -> Vec<String> {
    let line = |told: &Told| {
        let requests = told.counters[0].requests;
        format!("{told} {} {} {requests}", told.tags.0, told.tags.1)
    };
    Script::parse(script).run().iter().map(line).collect()
}

#[test]
fn without_a_to_tag_both_tags_fit_only_for_the_same_method() {
    // The entry of the first branch has no tag any more, but the CANCEL has the number of the other.
    assert_eq!(
        run("0 > INVITE 5; 1 < 180 to=b; 2 < 180 to=c; 3 < 401 to=b; 4 > INVITE 6; 5 > CANCEL 5"),
        ["10 call-attempt 487 a c 1"]
    );
}

#[test]
fn the_one_of_the_same_method_comes_first() {
    // A fork that an INFO has made, and the INVITE that it is a fork of.
    assert_eq!(
        run("0 > INVITE 5; 1 < 180 to=b; 2 > INFO 6 to=c; 3 < 200; 4 > INVITE 6"),
        ["8 other-ok 200 a c 1", "184 call-attempt 408 a b 2"]
    );
}

#[test]
fn then_the_one_with_the_same_number() {
    // Two branches, one of which has had an INFO; the CANCEL has the number of the other.
    assert_eq!(
        run("0 > INVITE 5; 1 < 180 to=b; 2 < 180 to=c; 3 < 200 of=INFO cseq=9 to=c; 4 > CANCEL 5"),
        ["9 call-attempt 487 a b 2"]
    );
}

#[test]
fn then_the_one_that_waits_for_credentials() {
    // Two branches; one is challenged, the other has had a later request.
    assert_eq!(
        run("0 > INVITE 5; 1 < 180 to=b; 2 < 180 to=c; 3 < 401 to=b
             4 < 200 of=INFO cseq=6 to=c; 5 > INVITE 7; 6 < 200 to=d; 7 > BYE 8 to=d"),
        ["6 call-start 200 a d 2", "7 call-end 200 a d 3"]
    );
}

#[test]
fn then_the_one_with_the_greater_number() {
    assert_eq!(
        run("0 > INVITE 5; 1 < 180 to=b; 2 < 180 to=c; 3 < 200 of=INFO cseq=6 to=b; 4 > CANCEL 7"),
        ["9 call-attempt 487 a b 2"]
    );
}
