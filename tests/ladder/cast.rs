//! The calls that ladders are looked at with: scenarios, and ways to capture them.

use std::{fmt::Write as _, path::Path};

use crate::support::{matrix::Variant, scenario::Scenario, transport::Transport};

/// Scenarios of the repository, whose ladders are kept as pictures.
const SCENARIOS: &[&str] = &[
    "answered-call",
    "authenticated-call",
    "behind-nat",
    "busy-call",
    "call-emergency",
    "call-fork-above-proxy",
    "call-fork-below-proxy",
    "call-forked-answers",
    "call-legs-side-by-side",
    "call-no-ack",
    "call-no-response",
    "call-proxied",
    "call-redirect-followed",
    "call-reliable",
    "call-spiral",
    "call-transfer",
    "cancel-crosses-200",
    "hold-and-resume",
    "hostile-text",
    "ipv6-call",
    "mid-call",
    "other-message-challenged",
    "registration",
    "retransmissions",
    "subscription",
    "two-legs",
];

/// Returns each scenario with its name and how it is captured.
pub(super) fn cast() -> Vec<(String, Scenario, Variant)> {
    let plain = |name: &&str| ((*name).to_owned(), Scenario::named(name), Variant::PLAIN);
    let mut cast: Vec<_> = SCENARIOS.iter().map(plain).collect();
    for (name, transport) in [("tcp", Transport::Tcp), ("websocket", Transport::WebSocket)] {
        let variant = Variant {
            transport,
            ..Variant::PLAIN
        };
        cast.push((name.to_owned(), Scenario::named("answered-call"), variant));
    }
    for (name, script) in [
        ("twelve-lanes", hops(12)),
        ("thirty-lanes", hops(30)),
        ("three-hundred-messages", long_call(147)),
    ] {
        cast.push((name.to_owned(), written(name, &script), Variant::PLAIN));
    }
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/ladders");
    for name in ["hostile-everywhere", "quiet-and-nat", "hops-of-one-proxy"] {
        let scenario = Scenario::read(&own.join(format!("{name}.toml")));
        cast.push((name.to_owned(), scenario, Variant::PLAIN));
    }
    cast
}

/// Returns the scenario of a script.
fn written(name: &str, script: &str) -> Scenario {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(format!("{name}.toml"));
    std::fs::write(&path, script).unwrap();
    Scenario::read(&path)
}

/// Returns a call over so many endpoints in a row.
fn hops(lanes: usize) -> String {
    let mut script = "about = \"A call over many hops\"\n[hosts]\n".to_owned();
    for lane in 1..=lanes {
        let _ = writeln!(script, "h{lane} = \"192.0.2.{lane}:5060\"");
    }
    script.push_str(
        "[defaults]\ncall_id = \"hops@192.0.2.1\"\nfrom = \"<sip:alice@example.com>;tag=a\"\n\
         to = \"<sip:bob@example.com>\"\nto_tag = \"b\"\n",
    );
    let mut at = 0;
    let mut say = |from: usize, to: usize, start: &str| {
        at += 7;
        let _ = writeln!(
            script,
            "[[message]]\nat_ms = {at}\npath = \"h{from} > h{to}\"\nstart = \"{start}\"\ncseq = \"1 {}\"",
            if start.starts_with("ACK") {
                "ACK"
            } else {
                "INVITE"
            }
        );
    };
    for (start, is_forward) in [
        ("INVITE sip:bob@example.com", true),
        ("180 Ringing", false),
        ("200 OK", false),
        ("ACK sip:bob@example.com", true),
    ] {
        for lane in 1..lanes {
            if is_forward {
                say(lane, lane + 1, start);
            } else {
                say(lanes + 1 - lane, lanes - lane, start);
            }
        }
    }
    script
}

/// Returns a call with so many INFO requests in it.
fn long_call(requests: usize) -> String {
    let mut script = "about = \"A call with much in it\"\n[hosts]\na = \"192.0.2.10:5060\"\nb = \"192.0.2.20:5060\"\n\
        [defaults]\ncall_id = \"long@192.0.2.10\"\nfrom = \"<sip:alice@example.com>;tag=a\"\n\
        to = \"<sip:bob@example.com>\"\nto_tag = \"b\"\n"
        .to_owned();
    let mut say = |at: usize, path: &str, start: &str| {
        let _ = writeln!(
            script,
            "[[message]]\nat_ms = {at}\npath = \"{path}\"\nstart = \"{start}\""
        );
    };
    say(0, "a > b", "INVITE sip:bob@example.com");
    say(20, "b > a", "180 Ringing");
    say(2000, "b > a", "200 OK");
    say(2020, "a > b", "ACK sip:bob@192.0.2.20");
    for request in 0..requests {
        say(3000 + request * 1000, "a > b", "INFO sip:bob@192.0.2.20");
        say(3030 + request * 1000, "b > a", "200 OK");
    }
    let end = 4000 + requests * 1000;
    say(end, "a > b", "BYE sip:bob@192.0.2.20");
    say(end + 20, "b > a", "200 OK");
    script
}
