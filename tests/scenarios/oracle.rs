//! Whether the builder builds what it says: tshark reads its captures and finds nothing malformed.

use std::{fmt::Write as _, path::Path, process::Command};

use crate::support::{
    matrix::{Capture, Tap, Variant, all_pairs},
    scenario::Scenario,
};

/// Scenarios that tshark 4.0 rightly calls malformed or wrongly does not follow: headers with spaces before the colon, compact l: on a stream, a keep-alive in
/// front of a message in one segment, SIP on ports of other protocols.
const TSHARK_DIFFERS: &[&str] = &[
    "compact-headers",
    "datagram-lengths",
    "hostile-text",
    "keep-alives",
    "odd-ports",
    "pipelined",
    "stream-lengths",
];

#[test]
#[ignore = "takes a minute and needs tshark; `just oracle` and the CI run it"]
fn tshark_finds_the_same_messages() {
    if Command::new("tshark").arg("--version").output().is_err() {
        println!("tshark not found: skipped");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (ordinary, scenarios): (Vec<_>, Vec<_>) =
        Scenario::all().into_iter().partition(Scenario::is_ordinary);
    let choices = all_pairs(&scenarios).into_iter();
    let choices = choices.map(|(scenario, variant)| (&scenarios[scenario], variant));
    let choices = choices.chain(ordinary.iter().map(|scenario| (scenario, Variant::PLAIN)));
    let mut report = String::new();
    for (number, (scenario, variant)) in choices.enumerate() {
        if TSHARK_DIFFERS.contains(&scenario.name.as_str()) {
            continue;
        }
        // tshark keeps duplicates.
        let variant = Variant {
            tap: Tap::Once,
            ..variant
        };
        let capture = variant.capture(scenario);
        let path = dir.path().join(format!("{number}.pcap"));
        std::fs::write(&path, variant.encode(&capture)).unwrap();
        let (theirs, faults) = tshark(&path, variant);
        // It knows no HEP, but what carries that.
        let ours = match variant.transport.is_hep() {
            true => Vec::new(),
            false => expected(&capture),
        };
        if theirs != ours || !faults.is_empty() {
            let name = &scenario.name;
            write!(
                report,
                "{name} as {variant:?}: {faults:?}\n- {ours:?}\n+ {theirs:?}\n"
            )
            .unwrap();
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// Returns frame, times and Call-ID of each message that has to be found.
fn expected(capture: &Capture) -> Vec<String> {
    let row = |row: &crate::support::matrix::Row| {
        format!("{} {} {}", row.frame, row.ts_ns, row.message.call_id)
    };
    capture.rows.iter().map(row).collect()
}

/// Returns the same of what tshark found, and the frames in which it found a fault.
fn tshark(path: &Path, variant: Variant) -> (Vec<String>, Vec<String>) {
    let http = format!(
        "tcp.port==5060,{}",
        if variant.transport.name() == "ws" {
            "http"
        } else {
            "sip"
        }
    );
    let output = Command::new("tshark")
        .args(["-n", "-2", "-d", "udp.port==8472,vxlan", "-d", &http])
        .args([
            "-o",
            "ip.check_checksum:TRUE",
            "-o",
            "udp.check_checksum:TRUE",
        ])
        .args(["-o", "tcp.check_checksum:TRUE", "-o", "sctp.checksum:TRUE"])
        .args([
            "-o",
            "tcp.reassemble_out_of_order:TRUE",
            "-T",
            "fields",
            "-E",
            "aggregator=\x1f",
        ])
        .args([
            "-e",
            "frame.number",
            "-e",
            "frame.time_epoch",
            "-e",
            "sip.Call-ID",
        ])
        .args([
            "-e",
            "_ws.malformed",
            "-e",
            "ip.checksum.status",
            "-e",
            "udp.checksum.status",
        ])
        .args(["-e", "tcp.checksum.status", "-e", "sctp.checksum.status"])
        .arg("-r")
        .arg(path)
        .output()
        .unwrap();
    let mut messages = Vec::new();
    let mut faults = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let [frame, time, call_ids, malformed, sums @ ..] = cells.as_slice() else {
            panic!("{line:?}: {}", String::from_utf8_lossy(&output.stderr));
        };
        if !malformed.is_empty() || sums.iter().any(|sum| sum.split('\x1f').any(|s| s == "0")) {
            faults.push(line.to_owned());
        }
        let ts_ns = time.replace('.', "");
        for call_id in call_ids.split('\x1f').filter(|id| !id.is_empty()) {
            messages.push(format!("{frame} {ts_ns} {call_id}"));
        }
    }
    (messages, faults)
}
