//! `sipcap calls --with-logs`: what proxies tell of a call is told with its row. What and when is in the scenario
//! traced-by-opensips, from whose first message, 10 ms after its start, times count.

use serde_json::Value;

use super::playground;
use crate::support::program::run;

/// Milliseconds after the start of the scenario, the kind, and how it begins; lines of no call and of another one are left out.
const TOLD: [(i64, &str, &str); 7] = [
    (0, "net", "TLS ACCEPTED"),
    (13, "log", "INFO: call from alice to 5551"),
    (18, "rest", "GET /route?to=5551 HTTP/1.1"),
    (30, "rest", "HTTP/1.1 200 OK"),
    (31, "log", "NOTICE: route to 192.0.2.30"),
    (62_590, "log", "INFO: CDR: answered, 60 s"),
    (92_600, "net", "TLS CLOSED"),
];

fn json(dir: &std::path::Path, args: &[&str]) -> Vec<Value> {
    let run = run(dir, args);
    let text = String::from_utf8(run.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn logs_of_a_call_are_in_its_row() {
    let dir = playground();
    let dir = dir.path();
    let plain = json(dir, &["calls", "--format", "json", "opensips.pcap"]);
    let events = json(dir, &["events", "opensips.pcap"]);
    for more in [&[][..], &["--legs"], &["-j1"]] {
        let args = ["calls", "--with-logs", "--format", "json", "opensips.pcap"];
        let rows = json(dir, &[&args, more].concat());
        assert_eq!(rows.len(), 1);
        // Fields are only added.
        for (name, value) in plain[0].as_object().unwrap() {
            assert_eq!(&rows[0][name], value, "{name}");
        }
        assert_eq!(rows[0]["logs_left_out"], 0);
        let logs = rows[0]["logs"].as_array().unwrap();
        assert_eq!(logs.len(), TOLD.len());
        for (log, (millis, kind, text)) in logs.iter().zip(TOLD) {
            // 2026-01-15T10:00:00.123456Z is the start of the scenario.
            let micros = 123_456 + millis * 1_000;
            let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
            let ts = format!(
                "2026-01-15T10:{:02}:{:02}.{micros:06}000Z",
                seconds / 60,
                seconds % 60
            );
            assert_eq!((&log["ts"], &log["type"]), (&ts.into(), &kind.into()));
            let reason = log["reason"].as_str().unwrap();
            assert!(reason.starts_with(text), "{reason}");
            assert!(events.contains(log), "{log}");
        }
    }
}

#[test]
fn logs_stand_below_the_row_and_are_counted_in_csv() {
    let dir = playground();
    for more in [&[][..], &["--legs"]] {
        let text = run(
            dir.path(),
            &[&["calls", "--with-logs", "opensips.pcap"], more].concat(),
        );
        let text = String::from_utf8(text.stdout).unwrap();
        let lines: Vec<&str> = text.lines().skip(3).collect();
        assert_eq!(lines.len(), TOLD.len());
        for (line, (millis, kind, text)) in lines.iter().zip(TOLD) {
            let after = millis - 10;
            let sign = if after < 0 { '-' } else { '+' };
            let after = after.abs();
            let start = format!("{sign}{}.{:03}", after / 1_000, after % 1_000);
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(words[..2], [start.as_str(), kind]);
            assert!(line.starts_with("  ") && line.contains(text), "{line}");
        }
        let args = [
            "calls",
            "--with-logs",
            "--format",
            "csv",
            "opensips.pcap",
            "call.pcap",
        ];
        let table = run(dir.path(), &[&args, more].concat());
        let mut reader = csv::Reader::from_reader(table.stdout.as_slice());
        assert_eq!(reader.headers().unwrap().iter().next_back(), Some("logs"));
        let counts = reader
            .records()
            .map(|row| row.unwrap().iter().next_back().unwrap().to_owned());
        let mut counts: Vec<String> = counts.collect();
        counts.sort();
        assert_eq!(counts, ["0", "7"]);
    }
}

#[test]
fn logs_are_saved_with_their_call() {
    let dir = playground();
    let args = ["calls", "-w", "saved.pcapng", "opensips.pcap"];
    assert_eq!(run(dir.path(), &args).status, 0);
    let texts = |name: &str| {
        let text = run(dir.path(), &["calls", "--with-logs", name]);
        String::from_utf8(text.stdout).unwrap()
    };
    assert_eq!(texts("saved.pcapng"), texts("opensips.pcap"));
    let ladder = |name: &str| {
        let text = run(dir.path(), &["ladder", "--format", "text", name]);
        String::from_utf8(text.stdout).unwrap()
    };
    assert_eq!(ladder("saved.pcapng"), ladder("opensips.pcap"));
    // What is of no call is not saved.
    let saved = json(
        dir.path(),
        &["events", "--events", "log,mi", "saved.pcapng"],
    );
    assert!(
        saved
            .iter()
            .all(|event| event["call_id"] == "traced@198.51.100.5")
    );
    assert_eq!(saved.len(), 3);
}
