//! Calls, events and bindings of each scenario are those that its author worked out by hand, however it was captured.

use std::{collections::BTreeSet, fmt::Write as _, path::Path};

use rayon::prelude::*;
use serde_json::Value;

use crate::support::{
    container::{Container, Frame},
    encapsulation::Tunnel,
    expected::{self, rows},
    matrix::Variant,
    program::{Run, finish, run, sipcap},
    scenario::{Expected, Scenario, Sent},
    transport::Transport,
};

/// Runs `check` on all scenarios that say what has to be found and fails with all that it finds wrong.
fn all(check: impl Fn(&Path, &Scenario, &Expected) -> String + Sync) {
    let scenarios = Scenario::all();
    let faults: Vec<String> = scenarios
        .par_iter()
        .filter(|scenario| !scenario.expected.is_empty())
        .filter_map(|scenario| {
            let dir = tempfile::tempdir().unwrap();
            let found = scenario.expected.iter();
            let text: String = found.map(|e| check(dir.path(), scenario, e)).collect();
            let (name, about) = (&scenario.name, &scenario.about);
            (!text.is_empty()).then(|| format!("\n{name} ({about})\n{text}"))
        })
        .collect();
    let count = faults.len();
    assert!(faults.is_empty(), "{count} scenarios:\n{}", faults.concat());
}

/// Runs the command of `expected` on `files`.
fn ask(dir: &Path, expected: &Expected, more: &[&str]) -> Run {
    let words = expected.command.iter().map(String::as_str);
    let args: Vec<&str> = words.chain(more.iter().copied()).collect();
    run(dir, &args)
}

/// Writes `scenario` as captured by `variant`.
fn write(dir: &Path, name: &str, scenario: &Scenario, variant: Variant) -> Vec<Frame> {
    let capture = variant.capture(scenario);
    std::fs::write(dir.join(name), variant.encode(&capture)).unwrap();
    capture.frames
}

#[test]
fn rows_are_as_worked_out_by_hand() {
    all(|dir, scenario, expected| {
        write(dir, "plain.pcap", scenario, Variant::PLAIN);
        match rows(&ask(dir, expected, &["plain.pcap"])) {
            Ok(found) => expected::differences(expected, &found, Variant::PLAIN.container),
            Err(fault) => format!("  {}: {fault}\n", expected.command.join(" ")),
        }
    });
}

#[test]
fn neither_threads_nor_block_sizes_matter() {
    all(|dir, scenario, expected| {
        write(dir, "plain.pcap", scenario, Variant::PLAIN);
        let plain = ask(dir, expected, &["plain.pcap"]);
        let mut report = String::new();
        if let Err(fault) = rows(&plain) {
            writeln!(report, "  {}: {fault}", expected.command.join(" ")).unwrap();
        }
        let plain = plain.to_string();
        let mut compare = |how: &str, run: Run| {
            if run.to_string() != plain {
                let command = expected.command.join(" ");
                writeln!(
                    report,
                    "  {command} with {how}:\n{run}  instead of\n{plain}"
                )
                .unwrap();
            }
        };
        for threads in ["-j1", "-j2", "-j8"] {
            compare(threads, ask(dir, expected, &[threads, "plain.pcap"]));
        }
        for octets in ["64", "1000"] {
            let mut program = sipcap();
            program
                .current_dir(dir)
                .env("SIPCAP_BLOCK_BYTES", octets)
                .args(&expected.command)
                .arg("plain.pcap");
            compare(octets, finish(&mut program, None));
        }
        report
    });
}

#[test]
fn neither_tunnels_nor_streams_nor_pieces_matter() {
    all(|dir, scenario, expected| {
        let frames = write(dir, "plain.pcap", scenario, Variant::PLAIN);
        let plain = match rows(&ask(dir, expected, &["plain.pcap"])) {
            Ok(rows) => rows,
            Err(fault) => return format!("  {}: {fault}\n", expected.command.join(" ")),
        };
        let mut report = String::new();
        let mut compare = |how: &str, run: &Run| {
            let fault =
                rows(run).and_then(|found| expected::same_but_for_transport(&plain, &found));
            if let Err(fault) = fault {
                let command = expected.command.join(" ");
                writeln!(report, "  {command}, {how}: {fault}").unwrap();
            }
        };
        let tunnelled = Variant {
            tunnel: Tunnel::Vxlan,
            ..Variant::PLAIN
        };
        write(dir, "vxlan.pcap", scenario, tunnelled);
        compare("in VXLAN", &ask(dir, expected, &["vxlan.pcap"]));
        if scenario.allows("tcp") {
            // A connection whose start was missed gives its first message late: with several of them, messages overtake each other.
            let pair = |sent: &Sent| (sent.src.min(sent.dst), sent.src.max(sent.dst));
            let pairs: BTreeSet<_> = scenario.sent.iter().map(pair).collect();
            let transport = match pairs.len() {
                1 => Transport::TcpMidstream,
                _ => Transport::Tcp,
            };
            let stream = Variant {
                transport,
                ..Variant::PLAIN
            };
            write(dir, "tcp.pcap", scenario, stream);
            compare("over TCP", &ask(dir, expected, &["tcp.pcap"]));
        }
        for (index, part) in frames.chunks(frames.len().div_ceil(3)).enumerate() {
            let octets = Container::PcapMicros.encode(part);
            std::fs::write(dir.join(format!("piece{index}.pcap")), octets).unwrap();
        }
        let mut pieces = vec!["piece2.pcap", "piece0.pcap", "piece1.pcap"];
        pieces.retain(|name| dir.join(name).exists());
        compare("in pieces", &ask(dir, expected, &pieces));
        report
    });
}

#[test]
fn expectations_are_compared_with_care() {
    let table = |text: &str| -> toml::Table { toml::from_str(text).unwrap() };
    let found: Value = serde_json::from_str(
        r#"{"ts":"2026-01-15T10:00:00.133456Z","outcome":"busy","status":486,"caller":{"ip":"192.0.2.10","ua":null},
            "flags":["b","a"],"branches":[{"to_tag":"x","t_answer":null}]}"#,
    )
    .unwrap();
    let faults = |text: &str| {
        let expected = Expected {
            command: vec!["calls".to_owned()],
            rows: vec![table(text)],
        };
        expected::differences(
            &expected,
            std::slice::from_ref(&found),
            Container::PcapMicros,
        )
    };
    for right in [
        "outcome = \"busy\"\nstatus = 486\nat_ms = 10",
        "caller.ip = \"192.0.2.10\"\ncaller.ua = \"null\"",
        "flags = [\"a\", \"b\"]\nat_ms = { ts = 10 }",
        "has_flags = [\"b\"]",
        "branches = [{ to_tag = \"x\", at_ms = { t_answer = \"null\" } }]",
    ] {
        assert_eq!(faults(right), "", "{right}");
    }
    for wrong in [
        "outcome = \"failed\"",
        "outcome = \"null\"",
        "status = \"486\"",
        "at_ms = 10.001",
        "at_ms = { outcome = 10 }",
        "no_such_field = \"null\"",
        "caller.ip = \"192.0.2.1\"",
        "caller.ua = \"x\"",
        "flags = [\"a\"]",
        "has_flags = [\"c\"]",
        "branches = []",
        "branches = [{ to_tag = \"y\" }]",
    ] {
        assert_ne!(faults(wrong), "", "{wrong}");
    }
}
