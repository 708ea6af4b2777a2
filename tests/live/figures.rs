//! `--stats-every`: the figures of `stats`, of each stretch of time and of all of it.

use std::path::Path;

use serde_json::Value;

use crate::support::{
    matrix::Variant,
    program::{finish, run_with_input, sipcap},
    scenario::Scenario,
};

fn rows(stdout: &[u8]) -> Vec<Value> {
    let lines = stdout.split(|octet| *octet == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

/// Returns the figures of a document that are of all the capture, by their names.
fn figures(document: &Value) -> Vec<(String, Value)> {
    let metrics = document["metrics"].as_array().unwrap();
    let figures = metrics.iter().map(|figure| {
        let name = format!("{} {}", figure["metric"], figure["scope"]);
        (name, figure["value"].clone())
    });
    figures.collect()
}

/// Returns the arguments that count what comes through a pipe, in stretches of this time.
fn counting(time: &str) -> [&str; 7] {
    [
        "live",
        "-i",
        "-",
        "--show",
        "nothing",
        "--stats-every",
        time,
    ]
}

#[test]
fn the_last_total_is_what_stats_tells_of_the_file() {
    for scenario in [
        "answered-call",
        "call-forked-answers",
        "authenticated-call",
        "hold-and-resume",
        "reg-expired",
    ] {
        let scenario = Scenario::named(scenario);
        let bytes = Variant::PLAIN.encode(&Variant::PLAIN.capture(&scenario));
        let args = counting("1s");
        let live = run_with_input(Path::new("/"), &args, &bytes);
        assert_eq!(live.status, 0, "{live}");
        let rows = rows(&live.stdout);
        let of = |of: &str| {
            let all = rows.iter().filter(|row| row["of"] == of);
            all.cloned().collect::<Vec<_>>()
        };
        let (totals, intervals) = (of("total"), of("interval"));
        assert_eq!(totals.len(), intervals.len(), "{live}");
        let stats = finish(
            sipcap().args(["stats", "--format", "json", "-"]),
            Some(&bytes),
        );
        let stats: Value = serde_json::from_slice(&stats.stdout).unwrap();
        // Of the quality of a capture that goes on less is known.
        let known = figures(totals.last().unwrap());
        let expected: Vec<_> = figures(&stats)
            .into_iter()
            .filter(|(name, _)| known.iter().any(|(known, _)| known == name))
            .collect();
        assert!(expected.len() > 50, "{}", expected.len());
        assert_eq!(known, expected);
        // Stretches add up.
        let messages = |row: &Value| {
            let metrics = row["metrics"].as_array().unwrap();
            let messages = metrics.iter().find(|one| {
                one["metric"] == "messages" && one["scope"].as_object().unwrap().is_empty()
            });
            messages.unwrap()["value"].as_u64().unwrap()
        };
        let sum: u64 = intervals.iter().map(messages).sum();
        assert_eq!(sum, messages(totals.last().unwrap()));
    }
}

#[test]
fn stretches_begin_at_whole_ones_of_the_clock() {
    // 10:00:00.123456 to 10:00:13.
    let scenario = Scenario::named("answered-call");
    let bytes = Variant::PLAIN.encode(&Variant::PLAIN.capture(&scenario));
    let args = counting("5s");
    let live = run_with_input(Path::new("/"), &args, &bytes);
    let rows = rows(&live.stdout);
    let first = rows.first().unwrap();
    assert_eq!(first["from"], "2026-01-15T10:00:00.123456000Z", "{live}");
    for pair in rows.chunks(2) {
        let [interval, total] = pair else {
            panic!("{live}");
        };
        assert_eq!(
            (&interval["of"], &total["of"]),
            (&"interval".into(), &"total".into())
        );
        assert_eq!(interval["to"], total["to"]);
        assert_eq!(total["from"], first["from"]);
    }
    assert!(rows.len() >= 4, "{live}");
    let from = rows[2]["from"].as_str().unwrap();
    assert!(
        ["0", "5"]
            .iter()
            .any(|five| from.ends_with(&format!("{five}.000000000Z")))
    );
    // The call is answered in one of them and ends in one of them.
    let sum = |what: &str| -> u64 {
        let rows = rows.iter().filter(|row| row["of"] == "interval");
        rows.map(|row| row[what].as_u64().unwrap()).sum()
    };
    assert_eq!((sum("answered"), sum("failed"), sum("ended")), (1, 0, 1));
}

#[test]
fn without_a_terminal_there_is_a_line_now_and_then() {
    // Answered after 3 s, ended after 63 s.
    let scenario = Scenario::named("answered-call");
    let bytes = Variant::PLAIN.encode(&Variant::PLAIN.capture(&scenario));
    let run = run_with_input(Path::new("/"), &["live", "-i", "-", "--top"], &bytes);
    assert_eq!(run.status, 0, "{run}");
    let text = String::from_utf8(run.stdout.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let [first, last] = lines.as_slice() else {
        panic!("{run}");
    };
    assert!(first.starts_with("2026-01-15T10:00:00.123456000Z"), "{run}");
    assert!(last.starts_with("2026-01-15T10:01:03.243456000Z"), "{run}");
    assert!(last.contains(" answered 1 failed 0 asr 100.0% "), "{run}");
    assert!(!text.contains('\u{1b}'), "{run}");
    // Rows may go to a file at the same time.
    let directory = tempfile::tempdir().unwrap();
    let rows = ["live", "-i", "-", "--top", "--show", "calls", "-o", "x"];
    let with_rows = run_with_input(directory.path(), &rows, &bytes);
    assert_eq!(with_rows.stdout, run.stdout, "{with_rows}");
    let rows = std::fs::read_to_string(directory.path().join("x")).unwrap();
    assert_eq!(rows.lines().count(), 1, "{rows}");
    let both = ["live", "-i", "-", "--top", "--stats-every", "1s"];
    let run = run_with_input(Path::new("/"), &both, &bytes);
    assert_eq!((run.status, run.stderr.lines().count()), (2, 1), "{run}");
}
