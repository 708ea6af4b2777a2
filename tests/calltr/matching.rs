//! Which entry a message is of: seen in the tags, and in how often something is told.

use super::{Script, check, script::Told};

fn run(script: &str) -> Vec<Told> {
    Script::parse(script).run()
}

/// Returns time, event and tags of what is told.
fn tags(script: &str) -> Vec<String> {
    let line = |told: &Told| format!("{told} {} {}", told.tags.0, told.tags.1);
    run(script).iter().map(line).collect()
}

#[test]
fn both_tags_fit_in_either_direction() {
    check(&[(
        "the callee ends the call",
        "0 > INVITE 1; 1 < 200 to=b; 9 < BYE 1; 9.1 > 200",
        &["1 call-start 200", "9 call-end 200"],
    )]);
}

#[test]
fn an_empty_to_tag_is_filled_in() {
    for (script, expected) in [
        ("0 > INVITE 1; 1 < 180 to=b", "181 call-attempt 408 a b"),
        ("0 > INVITE 1; 1 < 100 to=p", "121 call-attempt 408 a p"),
        (
            "0 > INVITE 1; 1 < NOTIFY 1 from=q",
            "121 call-attempt 408 a q",
        ),
        ("0 > INVITE 1; 1 > CANCEL 1", "6 call-attempt 487 a "),
    ] {
        assert_eq!(tags(script), [expected], "{script}");
    }
}

#[test]
fn a_refused_entry_is_used_again() {
    for (name, script, expected) in [
        (
            "by the next branch",
            "0 > INVITE 1; 1 < 404 to=b; 2 < 486 to=c",
            "32 call-attempt 486 a c",
        ),
        (
            "by a request with credentials, which has no tag yet",
            "0 > INVITE 1; 1 < 401 to=b; 2 > INVITE 2",
            "122 call-attempt 408 a ",
        ),
        (
            "by a request with credentials and its response",
            "0 > INVITE 1; 1 < 401 to=b; 2 > INVITE 2; 3 < 180 to=c",
            "183 call-attempt 408 a c",
        ),
        (
            "not by what was seen before",
            "0 > INVITE 1; 1 < 486 to=b; 2 < 404 to=c",
            "32 call-attempt 486 a b",
        ),
        (
            "not by a 100",
            "0 > INVITE 1; 1 < 401 to=b; 2 > INVITE 2 to=b; 3 < 100 to=c",
            "33 call-attempt 487 a b",
        ),
    ] {
        assert_eq!(tags(script), [expected], "{name}");
    }
}

#[test]
fn a_message_without_to_tag_is_absorbed() {
    assert_eq!(
        tags("0 > INVITE 1; 1 < 180 to=b; 2 > INVITE 1"),
        ["182 call-attempt 408 a b"]
    );
}

#[test]
fn another_tag_makes_a_fork() {
    let told = run("0 > INVITE 1 agent=Phone; 1 < 180 to=b; 3 < 200 to=c; 9 < BYE 1 from=c");
    let [start, end] = &told[..] else {
        panic!("{told:?}")
    };
    for told in [start, end] {
        assert_eq!(told.tags, ("a".to_owned(), "c".to_owned()));
        assert_eq!(told.caller.2, "Phone", "what is known is taken over");
        assert_eq!(told.method, "INVITE");
    }
    let second = super::script::SECOND;
    assert_eq!(start.times[0], Some(3 * second), "from the first INVITE on");
    assert_eq!(end.times[2], Some(6 * second));
}

#[test]
fn a_100_never_makes_a_fork() {
    let told = run("0 > INVITE 1; 1 < 180 to=b; 2 > INVITE 2; 10 < 100 to=c");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].to_string(), "190 call-attempt 408");
    assert_eq!(told[0].counters[1].responses, 2);
}

#[test]
fn a_callee_of_another_branch_makes_a_fork_of_the_same_caller() {
    let script = "0 > INVITE 1; 1 < 180 to=b; 2 < BYE 1 from=c";
    let told = run(script);
    assert_eq!(
        told[0].tags,
        ("a".to_owned(), "c".to_owned()),
        "the caller stays the caller"
    );
    assert_eq!(told[0].side, Some(sipcap::track::Side::Callee));
    assert_eq!(told[0].caller.1, "192.0.2.1:5060".parse().unwrap());
}

#[test]
fn only_the_call_id_fits() {
    assert_eq!(
        tags(
            "0 > INVITE 1; 1 < 401 to=b; 2 > INVITE 2 from=z; 3 < 200 to=c; 9 > BYE 3 from=z to=c"
        ),
        ["3 call-start 200 z c", "9 call-end 200 z c"],
        "an entry that waits for credentials gets both tags"
    );
    assert_eq!(
        tags("0 > OPTIONS 1; 1 > OPTIONS 1 from=z"),
        ["30 other-timeout 408 a ", "31 other-timeout 408 z "],
        "any other has a fork"
    );
    assert_eq!(
        tags("0 > INVITE 1; 1 < 486 to=b; 2 > INVITE 2 from=z"),
        ["31 call-attempt 486 a b"],
        "a failure without challenge too, and one of them tells the attempt"
    );
}

#[test]
fn other_call_ids_are_others() {
    check(&[(
        "two calls",
        "0 > INVITE 1; 1 > INVITE 1 id=y",
        &["120 call-attempt 408", "121 call-attempt 408"],
    )]);
}

#[test]
fn a_response_that_comes_first_is_still_the_callees() {
    let told = run("0 < 180 to=b agent=Gateway; 1 > CANCEL 1 agent=Phone");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].caller.0, "sip:alice@example.com");
    assert_eq!(told[0].caller.1, "192.0.2.1:5060".parse().unwrap());
    assert_eq!(told[0].caller.2, "Phone");
    assert_eq!(told[0].callee.1, "192.0.2.2:5060".parse().unwrap());
    assert_eq!(told[0].callee.2, "Gateway");
}

#[test]
fn messages_without_from_tag_are_followed() {
    assert_eq!(
        tags("0 > INVITE 1 from=; 1 < 200 to=b; 2 > BYE 2 from= to=b"),
        ["1 call-start 200  b", "2 call-end 200  b"]
    );
}
