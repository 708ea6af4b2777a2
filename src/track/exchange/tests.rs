//! Exchanges from scripts, with events worked out by hand from RFC 3261 §17.1.2: timers E and F, T1 = 500 ms.

use crate::track::{
    TrackOptions,
    script::{run, run_with},
    timeouts::SECOND,
};

/// What is the case, the script, what is told, and what becomes of the exchanges. The script is run to second 200.
type Case<'a> = (&'a str, &'a str, &'a [&'a str], &'a [&'a str]);

fn check(cases: &[Case<'_>]) {
    for (case, script, events, exchanges) in cases {
        let told = run(script, 200);
        assert_eq!(told.events, *events, "{case}");
        assert_eq!(told.exchanges, *exchanges, "{case}");
        let lines = script.lines().filter(|line| !line.trim().is_empty());
        assert_eq!(told.stats.messages(), lines.count() as u64, "{case}");
    }
}

#[test]
fn a_final_response_decides() {
    check(&[
        (
            "OPTIONS succeeds",
            "0.000 A>B OPTIONS
             0.020 B>A 200:OPTIONS to=t",
            &["other-ok 0.02 200"],
            &["OPTIONS ok 200 20ms"],
        ),
        (
            "OPTIONS fails",
            "0.000 A>B OPTIONS
             0.020 B>A 404:OPTIONS to=t",
            &["other-failed 0.02 404"],
            &["OPTIONS failed 404 20ms"],
        ),
        (
            "a redirection is no success",
            "0.000 A>B OPTIONS
             0.020 B>A 302:OPTIONS to=t",
            &["other-failed 0.02 302"],
            &["OPTIONS failed 302 20ms"],
        ),
        (
            "100 decides nothing",
            "0.000 A>B MESSAGE
             0.010 B>A 100:MESSAGE
             9.000 B>A 202:MESSAGE to=t",
            &["other-ok 9 202"],
            &["MESSAGE ok 202 9000ms"],
        ),
        (
            "PUBLISH is refused for its entity tag",
            "0.000 A>B PUBLISH | Event: presence | SIP-If-Match: x
             0.020 B>A 412:PUBLISH to=t
             1.000 A>B PUBLISH n=2 | Event: presence
             1.020 B>A 200:PUBLISH n=2 to=t | SIP-ETag: y",
            &["other-failed 0.02 412", "other-ok 1.02 200"],
            &["PUBLISH failed 412 20ms", "PUBLISH ok 200 20ms"],
        ),
        (
            "an unknown method within a dialog that is not a call",
            "0.000 A>B PING to=t
             0.020 B>A 501:PING to=t",
            &["other-failed 0.02 501"],
            &["PING failed 501 20ms"],
        ),
        (
            "two methods under one number are two requests",
            "0.000 A>B OPTIONS via=x
             0.001 A>B INFO via=y
             0.020 B>A 200:OPTIONS via=x to=t
             0.021 B>A 481:INFO via=y to=u",
            &["other-ok 0.02 200", "other-failed 0.021 481"],
            &["OPTIONS ok 200 20ms", "INFO failed 481 20ms"],
        ),
    ]);
}

#[test]
fn what_comes_again_changes_nothing() {
    check(&[
        (
            "the 200 is lost behind the tap",
            "0.000 A>B OPTIONS
             0.020 B>A 200:OPTIONS to=t
             0.500 A>B OPTIONS
             0.520 B>A 200:OPTIONS to=t",
            &["other-ok 0.02 200"],
            &["OPTIONS ok 200 20ms +2"],
        ),
        (
            "the first response is the one that counts",
            "0.000 A>B OPTIONS
             0.020 B>A 200:OPTIONS to=t
             0.030 B>A 500:OPTIONS to=u",
            &["other-ok 0.02 200"],
            &["OPTIONS ok 200 20ms"],
        ),
        (
            "a response comes again 31 s later",
            "0.000 A>B OPTIONS
             0.020 B>A 200:OPTIONS to=t
             31.020 B>A 200:OPTIONS to=t",
            &["other-ok 0.02 200"],
            &["OPTIONS ok 200 20ms +1"],
        ),
        (
            "over TCP nothing comes again, and after 5 s it is another one",
            "0.000 A>B/tcp OPTIONS
             0.020 B>A/tcp 200:OPTIONS to=t
             5.000 A>B/tcp OPTIONS n=2
             5.020 B>A/tcp 200:OPTIONS n=2 to=t
             5.030 A>B/tcp OPTIONS
             5.040 B>A/tcp 200:OPTIONS to=t",
            &[
                "other-ok 0.02 200",
                "other-ok 5.02 200",
                "other-ok 5.04 200",
            ],
            &[
                "OPTIONS ok 200 20ms",
                "OPTIONS ok 200 20ms",
                "OPTIONS ok 200 10ms",
            ],
        ),
        (
            "a load test uses Call-ID, tag and number again",
            "0.000 A>B OPTIONS via=x
             0.020 B>A 200:OPTIONS via=x to=t
             1.000 A>B OPTIONS via=y
             1.030 B>A 200:OPTIONS via=y to=t",
            &["other-ok 0.02 200", "other-ok 1.03 200"],
            &["OPTIONS ok 200 20ms", "OPTIONS ok 200 30ms"],
        ),
    ]);
}

#[test]
fn who_sent_it_gives_up() {
    check(&[
        (
            "sent once: 32 s and 5 s",
            "1.000 A>B OPTIONS",
            &["other-timeout (38) timeout"],
            &["OPTIONS timeout"],
        ),
        (
            "eleven times, as timer E has it: 32 s after the last",
            "0.000 A>B OPTIONS
             0.500 A>B OPTIONS
             1.500 A>B OPTIONS
             3.500 A>B OPTIONS
             7.500 A>B OPTIONS
             11.500 A>B OPTIONS
             15.500 A>B OPTIONS
             19.500 A>B OPTIONS
             23.500 A>B OPTIONS
             27.500 A>B OPTIONS
             31.500 A>B OPTIONS",
            &["other-timeout (63.5) timeout"],
            &["OPTIONS timeout +10"],
        ),
        (
            "for ever: 64 s after the first",
            "0.000 A>B OPTIONS
             20.000 A>B OPTIONS
             40.000 A>B OPTIONS
             60.000 A>B OPTIONS
             80.000 A>B OPTIONS",
            &["other-timeout (64) timeout"],
            &["OPTIONS timeout +4"],
        ),
        (
            "100 is no final response",
            "0.000 A>B/tcp MESSAGE
             0.010 B>A/tcp 100:MESSAGE",
            &["other-timeout (37) timeout"],
            &["MESSAGE timeout"],
        ),
        (
            "the response comes after all",
            "0.000 A>B OPTIONS
             45.000 B>A 200:OPTIONS to=t",
            &["other-timeout (37) timeout"],
            &["OPTIONS timeout 200 45000ms"],
        ),
    ]);
    let late = "0.000 A>B OPTIONS\n45.000 B>A 200:OPTIONS to=t\n45.500 B>A 200:OPTIONS to=t";
    assert_eq!(run(late, 200).stats.late_finals, 1);
}

#[test]
fn the_time_out_can_be_set() {
    let mut options = TrackOptions::default();
    options.timeouts.set("non_inv_1st", 10 * SECOND).unwrap();
    let script = "0.000 A>B OPTIONS\n4.000 A>B OPTIONS\n9.999 B>A 100:OPTIONS";
    let told = run_with(script, 200, options);
    assert_eq!(told.events, ["other-timeout (10) timeout"]);
}

#[test]
fn the_end_of_the_capture_decides_nothing() {
    let told = run("0.000 A>B OPTIONS", 36);
    assert!(told.events.is_empty());
    assert_eq!(told.exchanges, ["OPTIONS open"]);
    let forced = TrackOptions {
        end_timeout: Some(64 * SECOND),
        ..TrackOptions::default()
    };
    let told = run_with("0.000 A>B OPTIONS", 36, forced);
    assert_eq!(told.events, ["other-timeout (37) timeout forced-end"]);
}

#[test]
fn the_hop_nearest_to_the_sender_decides() {
    check(&[
        (
            "seen at two hops: once",
            "0.000 A>P OPTIONS via=x
             0.001 P>B OPTIONS via=y,x
             0.020 B>P 200:OPTIONS via=y,x to=t
             0.021 P>A 200:OPTIONS via=x to=t",
            &["other-ok 0.021 200"],
            &["OPTIONS ok 200 21ms"],
        ),
        (
            "the proxy tries the second target: what the first said does not matter",
            "0.000 A>P MESSAGE via=x
             0.001 P>B MESSAGE via=y,x
             0.002 P>C MESSAGE via=z,x uri=sip:bob@192.0.2.12
             0.020 B>P 404:MESSAGE via=y,x to=t
             0.030 C>P 200:MESSAGE via=z,x to=u
             0.031 P>A 200:MESSAGE via=x to=u",
            &["other-ok 0.031 200"],
            &["MESSAGE ok 200 31ms"],
        ),
        (
            "below the proxy only: one refuses, the other accepts",
            "0.000 P>B MESSAGE via=y,x
             0.001 P>C MESSAGE via=z,x
             0.020 B>P 404:MESSAGE via=y,x to=t
             0.030 C>P 200:MESSAGE via=z,x to=u",
            &["other-ok 0.03 200"],
            &["MESSAGE ok 200 30ms"],
        ),
        (
            "below the proxy only: both refuse",
            "0.000 P>B MESSAGE via=y,x
             0.001 P>C MESSAGE via=z,x
             0.020 B>P 404:MESSAGE via=y,x to=t
             0.030 C>P 480:MESSAGE via=z,x to=u",
            &["other-failed 0.03 480"],
            &["MESSAGE failed 480 30ms"],
        ),
        (
            "below the proxy only: one refuses, the other never answers",
            "0.000 P>B MESSAGE via=y,x
             0.001 P>C MESSAGE via=z,x
             0.020 B>P 404:MESSAGE via=y,x to=t",
            &["other-failed (37) 404"],
            &["MESSAGE failed 404"],
        ),
        (
            "the response was missed at the first hop",
            "0.000 A>P OPTIONS via=x
             0.001 P>B OPTIONS via=y,x
             0.020 B>P 200:OPTIONS via=y,x to=t",
            &["other-ok (37) 200"],
            &["OPTIONS ok 200"],
        ),
        (
            "a proxy that shows its own Via only",
            "0.000 A>P OPTIONS via=x
             0.001 P>B OPTIONS via=y
             0.020 B>P 404:OPTIONS via=y to=t
             0.021 P>A 200:OPTIONS via=x to=u",
            &["other-ok 0.021 200"],
            &["OPTIONS ok 200 21ms"],
        ),
        (
            "a client that sends from another port than it listens to",
            "0.000 A>P OPTIONS via=x
             0.001 P>B OPTIONS via=y,x
             0.020 B>P 404:OPTIONS via=y,x to=t
             0.021 P>A:5070 200:OPTIONS via=x to=u",
            &["other-ok 0.021 200"],
            &["OPTIONS ok 200 21ms"],
        ),
        (
            "the second hop was seen first",
            "0.000 P>B OPTIONS via=y,x
             0.001 A>P OPTIONS via=x
             0.020 B>P 500:OPTIONS via=y,x to=t
             0.021 P>A 503:OPTIONS via=x to=t",
            &["other-failed 0.021 503"],
            &["OPTIONS failed 503 21ms"],
        ),
    ]);
}

/// A challenge, and what answers it.
const CHALLENGE: &str = r#"| WWW-Authenticate: Digest realm="a", nonce="1""#;
const STALE: &str = r#"| WWW-Authenticate: Digest realm="a", nonce="2", stale=TRUE"#;
const CREDENTIALS: &str = r#"| Authorization: Digest username="u", realm="a", nonce="1""#;

#[test]
fn challenges_are_taken_up_or_not() {
    let first = format!("0.000 A>B MESSAGE\n0.010 B>A 401:MESSAGE to=t {CHALLENGE}\n");
    let again = format!("0.020 A>B MESSAGE n=2 {CREDENTIALS}\n");
    let twice = |status: &str| format!("{first}{again}0.030 B>A {status}\n");
    for (case, script, events, exchanges) in [
        (
            "accepted",
            twice("200:MESSAGE n=2 to=t"),
            &["other-ok 0.03 200"][..],
            &["MESSAGE challenged 401 10ms", "MESSAGE ok 200 10ms"][..],
        ),
        (
            "the password is wrong",
            twice(&format!("401:MESSAGE n=2 to=t {CHALLENGE}")),
            &["auth-failed 0.03 401 auth-refused"],
            &["MESSAGE challenged 401 10ms", "MESSAGE auth-failed 401 10ms"],
        ),
        (
            "the nonce is out of date",
            twice(&format!("401:MESSAGE n=2 to=t {STALE}"))
                + &format!("0.040 A>B MESSAGE n=3 {CREDENTIALS}\n0.050 B>A 200:MESSAGE n=3 to=t"),
            &["other-ok 0.05 200"],
            &["MESSAGE challenged 401 10ms", "MESSAGE challenged 401 10ms", "MESSAGE ok 200 10ms"],
        ),
        (
            "the registrar asks after the proxy did",
            "0.000 A>B MESSAGE
             0.010 B>A 407:MESSAGE to=t | Proxy-Authenticate: Digest realm=\"p\"
             0.020 A>B MESSAGE n=2 | Proxy-Authorization: Digest realm=\"p\"
             0.030 B>A 401:MESSAGE n=2 to=t | WWW-Authenticate: Digest realm=\"p\"
             0.040 A>B MESSAGE n=3 | Proxy-Authorization: Digest realm=\"p\" | Authorization: Digest realm=\"p\"
             0.050 B>A 200:MESSAGE n=3 to=t"
                .to_owned(),
            &["other-ok 0.05 200"],
            &["MESSAGE challenged 407 10ms", "MESSAGE challenged 401 10ms", "MESSAGE ok 200 10ms"],
        ),
        (
            "given up: 30 s after the last message",
            format!("{first}2.000 A>B MESSAGE\n2.010 B>A 401:MESSAGE to=t {CHALLENGE}"),
            &["auth-failed (32.01) 401"],
            &["MESSAGE auth-failed 401 10ms +2"],
        ),
        (
            "what has no credentials takes up nothing",
            format!("{first}5.000 A>B MESSAGE n=2\n5.010 B>A 200:MESSAGE n=2 to=t"),
            &["other-ok 5.01 200", "auth-failed (30.01) 401"],
            &["MESSAGE auth-failed 401 10ms", "MESSAGE ok 200 10ms"],
        ),
        (
            "the retry was missed, its response was not",
            format!("{first}0.030 B>A 200:MESSAGE n=2 to=t"),
            &["other-ok 0.03 200 one-direction"],
            &["MESSAGE challenged 401 10ms", "MESSAGE ok 200"],
        ),
        (
            "the retry has the same number",
            format!("{first}0.020 A>B MESSAGE via=x {CREDENTIALS}\n0.030 B>A 200:MESSAGE via=x to=t"),
            &["other-ok 0.03 200"],
            &["MESSAGE challenged 401 10ms", "MESSAGE ok 200 10ms"],
        ),
    ] {
        let told = run(&script, 200);
        assert_eq!(told.events, events, "{case}");
        assert_eq!(told.exchanges, exchanges, "{case}");
    }
}

#[test]
fn what_was_missed_does_no_harm() {
    check(&[
        (
            "the request was missed",
            "0.020 B>A 200:OPTIONS to=t
             0.520 B>A 200:OPTIONS to=t",
            &["other-ok 0.02 200 one-direction"],
            &["OPTIONS ok 200 +1"],
        ),
        (
            "the request was missed, and it failed",
            "0.010 B>A 100:MESSAGE
             0.020 B>A 480:MESSAGE to=t",
            &["other-failed 0.02 480 one-direction"],
            &["MESSAGE failed 480"],
        ),
        (
            "the request comes after its response",
            "0.000 B>A 200:OPTIONS to=t
             0.001 A>B OPTIONS",
            &["other-ok 0 200 one-direction"],
            &["OPTIONS ok 200 -1ms"],
        ),
        (
            "a NOTIFY that nobody asked for",
            "0.000 B>A NOTIFY | Event: message-summary
             0.020 A>B 200:NOTIFY to=t",
            &["other-ok 0.02 200"],
            &["NOTIFY ok 200 20ms"],
        ),
        (
            "RFC 2543: no branch that tells a transaction",
            "0.000 A>B OPTIONS from= via=-
             0.500 A>B OPTIONS from= via=-
             0.520 B>A 200:OPTIONS from= via=- to=t",
            &["other-ok 0.52 200"],
            &["OPTIONS ok 200 520ms +1"],
        ),
    ]);
}

#[test]
fn there_is_a_limit() {
    let options = TrackOptions {
        max_calls: 2,
        ..TrackOptions::default()
    };
    let script = "0.000 A>B OPTIONS id=1\n0.001 A>B OPTIONS id=2\n0.002 A>B OPTIONS id=3";
    let told = run_with(script, 200, options);
    assert_eq!(told.stats.evicted, 1);
    assert_eq!(told.exchanges.len(), 3);
    assert_eq!(
        told.events,
        [
            "other-timeout (37.001) timeout",
            "other-timeout (37.002) timeout"
        ]
    );
}
