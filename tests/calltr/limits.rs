//! What is too much.

use std::fmt::Write as _;

use super::Script;

#[test]
fn the_entry_that_is_idle_for_the_longest_time_goes_first() {
    let script = "! max_calls 2
                  0 > INVITE 1 id=p; 1 > INVITE 1 id=q; 2 > INVITE 1 id=p; 3 > INVITE 1 id=r";
    let (told, stats) = Script::parse(script).run_with_stats();
    let ids: Vec<&str> = told.iter().map(|told| told.call_id.as_str()).collect();
    assert_eq!(ids, ["p", "r"]);
    assert_eq!((stats.evicted, stats.calls, stats.call_messages), (1, 3, 4));
}

#[test]
fn messages_are_counted_by_what_they_are_of() {
    let script =
        "0 > INVITE 1; 1 < 180 to=b; 2 < 180 to=c; 0 > OPTIONS 1 id=y; 0 > REGISTER 1 id=z";
    let (_, stats) = Script::parse(script).run_with_stats();
    assert_eq!(
        (stats.calls, stats.call_messages),
        (1, 3),
        "a fork is no call"
    );
    assert_eq!((stats.exchange_messages, stats.register_messages), (1, 1));
}

#[test]
fn memory_is_bounded() {
    let mut script = "! max_memory 100000\n".to_owned();
    for call in 0..1000 {
        writeln!(script, "0 > INVITE 1 id=call{call}").unwrap();
    }
    let (told, stats) = Script::parse(&script).run_with_stats();
    assert!(told.len() > 50 && told.len() < 300, "{}", told.len());
    assert_eq!(told.len() as u64 + stats.evicted, 1000);
}

#[test]
fn ever_new_tags_make_no_more_than_256_entries() {
    let mut script = String::new();
    for tag in 0..1000 {
        writeln!(script, "0 > OPTIONS 1 from=t{tag}").unwrap();
    }
    let told = Script::parse(&script).run();
    assert_eq!(told.len(), 256);
}

#[test]
fn no_more_than_256_bindings_of_one_user_are_found_again() {
    let mut script = "! end 60\n".to_owned();
    let mut register = |device: u32, time: u32, call_id: &str| {
        let at = format!("id={call_id}{device} contact=c{device}");
        writeln!(script, "{time} > REGISTER 1 {at}").unwrap();
        writeln!(script, "{time}.1 < 200 to=b {at};expires=60").unwrap();
    };
    for device in 0..300 {
        register(device, 0, "first");
    }
    for device in [0, 255, 256, 299] {
        register(device, 1, "again");
    }
    let told = Script::parse(&script).run();
    let again: Vec<&str> = told[300..].iter().map(|t| t.contact.as_str()).collect();
    assert_eq!(again, ["c256", "c299"]);
}

#[test]
fn a_key_that_is_too_long_is_not_tracked() {
    // `a`, `b` and Call-ID are 384 octets, or one more.
    for (len, events) in [(382, 1), (383, 0)] {
        let script = format!("0 > BYE 2 to=b id={}", "x".repeat(len));
        let (told, stats) = Script::parse(&script).run_with_stats();
        assert_eq!((told.len(), stats.stray), (events, 1 - events as u64));
    }
}
