//! Metrics of scenarios are those that were worked out by hand, beside their calculation in `testdata/statistics`.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use serde::Deserialize;
use serde_json::Value;

use crate::support::{matrix::Variant, program::run, scenario::Scenario};

/// What a file says of the scenario of its name. What it does not name has to be nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paper {
    metrics: BTreeMap<String, toml::Value>,
    /// What differs with `--rfc-literal`, among what is named there.
    #[serde(default)]
    literal: BTreeMap<String, toml::Value>,
}

/// Metrics that follow from the length of a capture or of its messages.
const INCIDENTAL: [&str; 4] = ["cps", "message_rate", "message_bytes", "frames"];

#[test]
fn metrics_are_as_worked_out_by_hand() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/statistics");
    let mut paths: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() >= 15);
    let mut faults = String::new();
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let paper: Paper = toml::from_str(&std::fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let found = metrics(name, &[]);
        for (metric, row) in &found {
            let expected = paper.metrics.get(metric);
            let fault = expected.map_or_else(|| nothing(row), |expected| compare(expected, row));
            let is_incidental = INCIDENTAL.contains(&metric.as_str()) && expected.is_none();
            if let Some(fault) = fault.filter(|_| !is_incidental) {
                writeln!(faults, "{name}: {metric}: {fault}").unwrap();
            }
        }
        let literal = metrics(name, &["--rfc-literal"]);
        for (metric, expected) in &paper.literal {
            if let Some(fault) = compare(expected, &literal[metric]) {
                writeln!(faults, "{name}: {metric} by each INVITE: {fault}").unwrap();
            }
        }
        let unknown = paper
            .metrics
            .keys()
            .filter(|name| !found.contains_key(*name));
        unknown.for_each(|metric| writeln!(faults, "{name}: no metric {metric}").unwrap());
    }
    assert!(faults.is_empty(), "\n{faults}");
}

/// Returns the metrics of a scenario that are of everything, by name.
fn metrics(name: &str, options: &[&str]) -> BTreeMap<String, Value> {
    let dir = tempfile::tempdir().unwrap();
    let capture = Variant::PLAIN.capture(&Scenario::named(name));
    let file = dir.path().join("plain.pcap");
    std::fs::write(file, Variant::PLAIN.encode(&capture)).unwrap();
    let args = [&["stats", "--format", "jsonl", "plain.pcap"], options].concat();
    let text = run(dir.path(), &args).stdout;
    let rows = text
        .split(|octet| *octet == b'\n')
        .filter(|line| !line.is_empty());
    let rows = rows.map(|line| serde_json::from_slice::<Value>(line).unwrap());
    let rows =
        rows.filter(|row| row["type"] == "metric" && row["scope"].as_object().unwrap().is_empty());
    rows.map(|row| (row["metric"].as_str().unwrap().to_owned(), row))
        .collect()
}

/// Returns what is wrong with a metric that should be nothing.
fn nothing(row: &Value) -> Option<String> {
    let is_nothing = row["value"].is_null() || row["value"].as_f64() == Some(0.0);
    // A rate of nothing is divided by its time all the same.
    let is_undivided =
        row["unit"] == "1/s" || row["den"].is_null() || row["den"].as_f64() == Some(0.0);
    (!is_nothing || !is_undivided).then(|| format!("found {row}, which the paper does not name"))
}

/// Returns how a metric differs from the paper: a count, the two parts of a ratio, or the samples of a time.
fn compare(expected: &toml::Value, row: &Value) -> Option<String> {
    let wanted: Vec<(&str, Option<f64>)> = match expected {
        toml::Value::Integer(count) => vec![("value", Some(*count as f64))],
        toml::Value::String(ratio) => {
            let (num, den) = ratio.split_once('/').unwrap();
            let parts: (f64, f64) = (num.parse().unwrap(), den.parse().unwrap());
            let factor = if row["unit"] == "%" { 100.0 } else { 1.0 };
            let value = (parts.1 > 0.0).then(|| parts.0 * factor / parts.1);
            vec![
                ("num", Some(parts.0)),
                ("den", Some(parts.1)),
                ("value", value),
            ]
        }
        toml::Value::Array(samples) => distribution(samples),
        other => panic!("{other} is neither a count nor a ratio nor a list of samples"),
    };
    let differs = |(name, value): &(&str, Option<f64>)| match (row[*name].as_f64(), value) {
        (Some(found), Some(value)) => (found - value).abs() > 1e-5 * value.abs().max(1.0),
        (found, value) => found != *value,
    };
    let wrong: Vec<_> = wanted.into_iter().filter(differs).collect();
    (!wrong.is_empty()).then(|| format!("expected {wrong:?}, found {row}"))
}

/// Returns what samples in milliseconds amount to: percentiles are those at the nearest rank.
fn distribution(samples: &[toml::Value]) -> Vec<(&'static str, Option<f64>)> {
    let mut sorted: Vec<f64> = samples
        .iter()
        .map(|sample| sample.as_integer().unwrap() as f64)
        .collect();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / count;
    let variance = sorted.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    let rank = |percent: f64| sorted[((percent / 100.0 * count).ceil() as usize).max(1) - 1];
    vec![
        ("count", Some(count)),
        ("min_ms", Some(sorted[0])),
        ("mean_ms", Some(mean)),
        ("value", Some(mean)),
        ("stddev_ms", Some(variance.sqrt())),
        ("p50_ms", Some(rank(50.0))),
        ("p90_ms", Some(rank(90.0))),
        ("p95_ms", Some(rank(95.0))),
        ("p99_ms", Some(rank(99.0))),
        ("max_ms", Some(rank(100.0))),
    ]
}
