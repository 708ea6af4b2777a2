//! The figures of a capture that goes on, in the text format of Prometheus.

use std::io::{self, Write};

use sipcap::capture::LiveCounts;

use super::{Guard, Pulse};

/// Writes what is counted at once: frames, losses, and what happens to calls and bindings.
pub(super) fn write_live(guard: &Guard, pulse: &Pulse, output: &mut Vec<u8>) -> io::Result<()> {
    let (calls, bindings) = guard.open();
    let (waiting, _) = guard.live.waiting();
    gauge("calls", "Calls that are followed", calls, output)?;
    gauge("bindings", "Bindings that are followed", bindings, output)?;
    let what = "Octets that wait to be looked at";
    gauge("queue_bytes", what, waiting as u64, output)?;
    for (name, what, value) in [
        ("messages", "Messages", guard.messages()),
        ("calls_begun", "Calls of which a message came", pulse.begun),
        ("calls_answered", "Calls that were answered", pulse.answered),
        ("calls_ended", "Answered calls that ended", pulse.ended),
        ("bindings_made", "Bindings that were made", pulse.registered),
        (
            "bindings_removed",
            "Bindings that were removed",
            pulse.removed,
        ),
        (
            "bindings_expired",
            "Bindings that were not refreshed in time",
            pulse.expired,
        ),
        (
            "auth_failed",
            "Requests whose credentials were refused",
            pulse.refused,
        ),
    ] {
        counter(name, what, [(String::new(), value)], output)?;
    }
    let failures = pulse.failures.iter();
    let failures = failures.map(|(status, count)| (label("status", &status.to_string()), *count));
    let what = "Calls that were not answered, by final status, 0 for none";
    counter("calls_failed", what, failures, output)?;
    frames(&guard.live.counts(), output)?;
    let Some(record) = &guard.record else {
        return Ok(());
    };
    let counts = record.counts();
    let unrecorded = counts.lost.saturating_add(counts.failed);
    for (name, what, value) in [
        (
            "recorded_frames",
            "Frames that were recorded",
            counts.frames,
        ),
        (
            "recorded_bytes",
            "Octets of the files they are in",
            counts.bytes,
        ),
        (
            "recorded_files",
            "Recorded files that are whole",
            counts.files,
        ),
        (
            "unrecorded_frames",
            "Frames that could not be recorded",
            unrecorded,
        ),
    ] {
        counter(name, what, [(String::new(), value)], output)?;
    }
    Ok(())
}

/// Writes what came and what was lost on each interface.
fn frames(counts: &[LiveCounts], output: &mut Vec<u8>) -> io::Result<()> {
    let came = counts
        .iter()
        .map(|counts| (label("interface", &counts.name), counts.came));
    counter("frames", "Frames that were captured", came, output)?;
    let lost = counts.iter().flat_map(|counts| {
        let interface = label("interface", &counts.name);
        let ways = [
            ("system", counts.stats.dropped),
            ("interface", counts.stats.interface_dropped),
            ("queue", counts.lost),
        ];
        ways.map(|(by, lost)| (format!("{interface},{}", label("by", by)), lost))
    });
    counter(
        "frames_lost",
        "Frames that were lost, and by whom",
        lost,
        output,
    )
}

fn gauge(name: &str, what: &str, value: u64, output: &mut Vec<u8>) -> io::Result<()> {
    let name = format!("sipcap_live_{name}");
    writeln!(output, "# HELP {name} {what}")?;
    writeln!(output, "# TYPE {name} gauge\n{name} {value}")
}

fn counter(
    name: &str,
    what: &str,
    values: impl IntoIterator<Item = (String, u64)>,
    output: &mut Vec<u8>,
) -> io::Result<()> {
    let name = format!("sipcap_live_{name}_total");
    writeln!(output, "# HELP {name} {what}\n# TYPE {name} counter")?;
    for (labels, value) in values {
        match labels.as_str() {
            "" => writeln!(output, "{name} {value}")?,
            labels => writeln!(output, "{name}{{{labels}}} {value}")?,
        }
    }
    Ok(())
}

fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("{name}=\"{}\"", value.replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_end_where_they_should() {
        assert_eq!(label("a", "x\"y\\z\n"), "a=\"x\\\"y\\\\z\\n\"");
        let mut text = Vec::new();
        let values = [(String::new(), 1), (label("a", "b"), 2)];
        counter("x", "What", values, &mut text).unwrap();
        let expected = "# HELP sipcap_live_x_total What\n# TYPE sipcap_live_x_total counter\n\
                        sipcap_live_x_total 1\nsipcap_live_x_total{a=\"b\"} 2\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}
