//! JSON Lines, read back into structs that know every field: a new or missing field breaks a test, since it changes a promise.

#![allow(dead_code, reason = "the fields are there to be read by serde")]

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, de::DeserializeOwned};

use super::playground;
use crate::support::program::run;

/// RFC 3339 in UTC with nine decimals.
type Time = String;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sighting {
    point: String,
    input: String,
    frame: u64,
    ts: Time,
    delay_us: i64,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "each is read and dropped")]
enum Row {
    Message {
        #[serde(default)]
        point: Option<String>,
        #[serde(default)]
        sightings: Vec<Sighting>,
        input: String,
        frame: u64,
        ts: Time,
        src: std::net::IpAddr,
        src_port: u16,
        dst: std::net::IpAddr,
        dst_port: u16,
        transport: String,
        method: Option<String>,
        status: Option<u16>,
        cseq: Option<u32>,
        cseq_method: Option<String>,
        call_id: Option<String>,
        reason: Option<String>,
        request_uri: Option<String>,
        from: Option<String>,
        to: Option<String>,
        user_agent: Option<String>,
        content_type: Option<String>,
        size_bytes: u64,
        body_bytes: u64,
        frames: u64,
        encapsulation: String,
        flaws: Vec<String>,
        agent: Option<String>,
        agent_id: Option<u32>,
        agent_ip: Option<std::net::IpAddr>,
        collected: Option<Time>,
        correlation_id: Option<String>,
        connection: Option<String>,
        text: Option<String>,
    },
    File {
        path: String,
        call_id: String,
        messages: u64,
        frames: u64,
        first: Time,
        last: Time,
        legs: Vec<String>,
        calls: u64,
        outcome: Option<String>,
        status: Option<u16>,
        caller: Option<String>,
        callee: Option<String>,
        media: u64,
        bytes: u64,
    },
    Statistics {
        version: u32,
        from: Option<Time>,
        to: Option<Time>,
        counted_by: String,
        short_ms: u64,
        bucket_ms: Option<u64>,
        calls_only: bool,
        percentiles: String,
        remarks: Vec<String>,
    },
    Metric {
        metric: String,
        scope: BTreeMap<String, String>,
        value: Option<f64>,
        unit: String,
        num: Option<f64>,
        den: Option<f64>,
        count: Option<u64>,
        min_ms: Option<f64>,
        mean_ms: Option<f64>,
        stddev_ms: Option<f64>,
        p50_ms: Option<f64>,
        p90_ms: Option<f64>,
        p95_ms: Option<f64>,
        p99_ms: Option<f64>,
        max_ms: Option<f64>,
        group: Option<BTreeMap<String, String>>,
        bucket: Option<Time>,
        note: Option<String>,
    },
    Input {
        input: String,
        format: String,
        compression: Vec<String>,
        size_bytes: u64,
        frames: u64,
        first: Option<Time>,
        last: Option<Time>,
        duration_ms: Option<i64>,
        application: Option<String>,
        notes: Vec<String>,
        packet_comments: u64,
        names: u64,
        secrets: u64,
    },
    Interface {
        input: String,
        interface: u32,
        name: Option<String>,
        link_type: u16,
        link_name: Option<String>,
        snaplen: u32,
        frames: u64,
        dropped: Option<u64>,
    },
    Fate {
        name: String,
        count: u64,
    },
    Encapsulation {
        name: String,
        count: u64,
    },
    Transport {
        name: String,
        count: u64,
    },
    Quality {
        name: String,
        count: u64,
    },
}

/// What `events` tells; the type is the kind of event.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventRow {
    r#type: String,
    ts: Time,
    input: Option<String>,
    frame: Option<u64>,
    call_id: Option<String>,
    from_tag: Option<String>,
    to_tag: Option<String>,
    method: Option<String>,
    caller: Party,
    callee: Party,
    ruri: Option<String>,
    contact: Option<String>,
    pai: Vec<String>,
    transport: Option<String>,
    status: Option<u16>,
    reason: Option<String>,
    outcome: Option<String>,
    side: Option<String>,
    cause: Option<u8>,
    pdd_ms: Option<i64>,
    setup_ms: Option<i64>,
    ring_ms: Option<i64>,
    duration_ms: Option<i64>,
    aor: Option<String>,
    expires_s: Option<u32>,
    counters: Sides,
    flags: Vec<String>,
    rate: Option<Rate>,
    connection: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Party {
    uri: Option<String>,
    display: Option<String>,
    ip: Option<std::net::IpAddr>,
    port: Option<u16>,
    ua: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sides {
    caller: Counters,
    callee: Counters,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Counters {
    requests: u32,
    responses: u32,
    retransmissions: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rate {
    exceeded: bool,
    ex_diff: u64,
    crt: u64,
    lim: u32,
    period_s: i64,
    since: Time,
    key: String,
}

/// Returns the rows that a command prints.
fn rows<T: DeserializeOwned>(args: &str) -> Vec<T> {
    let dir = playground();
    let run = run(dir.path(), &args.split(' ').collect::<Vec<_>>());
    assert_eq!(run.status, 0, "{args}: {run}");
    let text = String::from_utf8(run.stdout).expect("JSON is UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{args}: {e}: {line}")))
        .collect()
}

#[test]
fn messages_have_these_fields() {
    let count = |args| {
        rows(args)
            .iter()
            .filter(|row: &&Row| matches!(row, Row::Message { .. }))
            .count()
    };
    assert_eq!(count("messages --format json call.pcap"), 7);
    assert!(count("messages --format json mixed.pcapng") > 80);
    assert_eq!(count("grep --format json Ringing call.pcap"), 1);
}

#[test]
fn whole_messages_come_with_grep_only() {
    let texts = |args| {
        let text = |row: &Row| matches!(row, Row::Message { text: Some(_), .. });
        rows(args).iter().filter(|row| text(row)).count()
    };
    assert_eq!(texts("messages --format json call.pcap"), 0);
    assert_eq!(texts("grep --format json Ringing call.pcap"), 1);
}

#[test]
fn the_fates_of_all_frames_sum_up_to_the_frames() {
    for file in ["call.pcap", "mixed.pcapng", "cut.pcap"] {
        let rows: Vec<Row> = rows(&format!("info --format json {file}"));
        let frames: u64 = rows
            .iter()
            .map(|row| match row {
                Row::Input { frames, .. } => *frames,
                _ => 0,
            })
            .sum();
        let fates: u64 = rows
            .iter()
            .map(|row| match row {
                Row::Fate { count, .. } => *count,
                _ => 0,
            })
            .sum();
        let interfaces: u64 = rows
            .iter()
            .map(|row| match row {
                Row::Interface { frames, .. } => *frames,
                _ => 0,
            })
            .sum();
        let wrapped: u64 = rows
            .iter()
            .map(|row| match row {
                Row::Encapsulation { count, .. } => *count,
                _ => 0,
            })
            .sum();
        assert!(frames > 0);
        assert_eq!(
            (fates, interfaces, wrapped),
            (frames, frames, frames),
            "{file}"
        );
    }
}

#[test]
fn events_have_these_fields() {
    let events: Vec<EventRow> = rows("events call.pcap");
    let types: Vec<&str> = events.iter().map(|event| event.r#type.as_str()).collect();
    assert_eq!(types, ["call-ringing", "call-start", "call-end"]);
    assert!(events.iter().all(|event| event.rate.is_none()));
    let limited: Vec<EventRow> = rows("events --rate-limit 1/1h mixed.pcapng");
    assert!(limited.iter().all(|event| event.rate.is_some()));
}

#[test]
fn each_file_of_split_has_a_row() {
    let dir = playground();
    let args = "split -q --manifest rows.jsonl -o out mixed.pcapng";
    let run = run(dir.path(), &args.split(' ').collect::<Vec<_>>());
    assert_eq!(run.status, 0, "{run}");
    let text = std::fs::read_to_string(dir.path().join("rows.jsonl")).unwrap();
    let rows: Vec<Row> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect();
    let paths: BTreeSet<&String> = rows
        .iter()
        .filter_map(|row| match row {
            Row::File { path, .. } => Some(path),
            _ => None,
        })
        .collect();
    assert_eq!(paths.len(), rows.len());
    assert!(paths.len() > 20);
}

#[test]
fn metrics_count_all_messages() {
    let total = |args: &str, name: &str| -> f64 {
        rows(args)
            .iter()
            .filter_map(|row| match row {
                Row::Metric {
                    metric,
                    scope,
                    value,
                    ..
                } if metric == name && scope.is_empty() => *value,
                _ => None,
            })
            .sum()
    };
    // The scenario has three requests and four responses.
    assert_eq!(total("stats --format jsonl call.pcap", "messages"), 7.0);
    assert_eq!(total("stats --format jsonl call.pcap", "requests"), 3.0);
    assert_eq!(total("stats --format jsonl call.pcap", "responses"), 4.0);
}
