//! What changed since an earlier run, as its JSON document tells.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    StatisticsReport,
    check::{CheckResult, Verdict},
    json::VERSION,
    values::{NamedValues, shown},
};
use crate::stats::{Better, METRICS};

/// The figures of an earlier run.
pub struct Baseline {
    values: BTreeMap<String, f64>,
    counted_by: String,
    short_ms: i64,
}

/// Which values of a time are compared.
const COMPARED: [&str; 2] = ["mean_ms", "p95_ms"];

impl Baseline {
    /// Reads the JSON document of an earlier run.
    ///
    /// # Errors
    /// When it is none, or one that a later version wrote.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        const EXPECTED: &str = "expected what sipcap stats --format json writes";
        let document: Value =
            serde_json::from_slice(text).map_err(|error| format!("{EXPECTED}: {error}"))?;
        if document["type"] != "statistics" {
            return Err(EXPECTED.to_owned());
        }
        if document["version"] != VERSION {
            let version = &document["version"];
            return Err(format!("it has version {version}; known is {VERSION}"));
        }
        let rows = document["metrics"].as_array().ok_or(EXPECTED)?;
        let mut values = BTreeMap::new();
        for row in rows.iter().filter(|row| is_of_everything(row)) {
            let name = row["metric"].as_str().unwrap_or_default();
            let parts = std::iter::once("value").chain(COMPARED);
            for part in parts {
                if let Some(value) = row[part].as_f64() {
                    values.insert(format!("{name}.{part}"), value);
                }
            }
        }
        Ok(Self {
            values,
            counted_by: document["counted_by"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            short_ms: document["short_ms"].as_i64().unwrap_or_default(),
        })
    }

    /// Returns what became of each metric of which it is known which way is better. One has failed when it is worse by more
    /// than `tolerance`, a part of what it was.
    ///
    /// # Errors
    /// When the earlier run counted otherwise.
    pub fn compare(
        &self,
        report: &StatisticsReport<'_>,
        tolerance: f64,
        may_miss: bool,
    ) -> Result<Vec<CheckResult>, String> {
        let definitions = report.statistics.plan().definitions;
        let counted_by = if definitions.is_literal {
            "invite"
        } else {
            "call"
        };
        if self.counted_by != counted_by || self.short_ms != definitions.short / 1_000_000 {
            return Err("it was counted with another --rfc-literal or --short".to_owned());
        }
        let now = NamedValues::of(report);
        let mut results = Vec::new();
        for metric in METRICS
            .iter()
            .filter(|metric| metric.better != Better::Either)
        {
            let parts: &[&str] = if metric.is_time() {
                &COMPARED
            } else {
                &["value"]
            };
            for part in parts {
                let before = self.values.get(&format!("{}.{part}", metric.name)).copied();
                let name = match *part {
                    "value" => metric.name.to_owned(),
                    part => format!("{}.{part}", metric.name),
                };
                let Some(before) = before else { continue };
                let value = now.get(&name);
                let verdict = match value {
                    None if may_miss => Verdict::Passed,
                    None => Verdict::NoData,
                    Some(value) if is_worse(metric.better, before, value, tolerance) => {
                        Verdict::Failed
                    }
                    Some(_) => Verdict::Passed,
                };
                let values = [("before", Some(before)), ("now", value)];
                results.push(CheckResult {
                    check: format!("{name} as before"),
                    verdict,
                    values: values
                        .map(|(name, value)| (name.to_owned(), shown(value)))
                        .into(),
                });
            }
        }
        Ok(results)
    }
}

/// Returns whether a value is worse than before, by more than a part of what it was.
fn is_worse(better: Better, before: f64, now: f64, tolerance: f64) -> bool {
    // So that what is printed as equal is equal.
    let allowed = before.abs() * tolerance + 1e-9;
    match better {
        Better::More => now < before - allowed,
        Better::Less => now > before + allowed,
        Better::Either => false,
    }
}

fn is_of_everything(row: &Value) -> bool {
    let is_empty = |value: &Value| value.as_object().is_none_or(serde_json::Map::is_empty);
    is_empty(&row["scope"]) && is_empty(&row["group"]) && row["bucket"].is_null()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worse_is_what_the_metric_says() {
        for (better, before, now, tolerance, expected) in [
            (Better::More, 90.0, 85.5, 0.05, false),
            (Better::More, 90.0, 85.4, 0.05, true),
            (Better::More, 90.0, 99.0, 0.0, false),
            (Better::Less, 100.0, 105.0, 0.05, false),
            (Better::Less, 100.0, 105.1, 0.05, true),
            (Better::Less, 0.0, 0.1, 0.5, true),
            (Better::Less, 100.0, 1.0, 0.0, false),
            (Better::Either, 1.0, 100.0, 0.0, false),
        ] {
            assert_eq!(
                is_worse(better, before, now, tolerance),
                expected,
                "{before} {now}"
            );
        }
    }

    #[test]
    fn what_is_no_baseline_is_refused() {
        for text in [
            &b""[..],
            b"{}",
            b"[]",
            b"{\"type\":\"statistics\",\"version\":99,\"metrics\":[]}",
            b"{\"type\":\"statistics\",\"version\":1}",
            b"\xff",
        ] {
            assert!(Baseline::read(text).is_err());
        }
    }
}
