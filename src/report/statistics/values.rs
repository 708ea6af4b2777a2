//! Single numbers by their names, as conditions and comparisons have them: `ser`, `pdd.p95_ms`, `requests.invite`.

use crate::{
    filter::{Fields, Kind, Value},
    sip::Method,
    stats::{BREAKDOWNS, Figure, METRICS, Metric, Reading, Times},
};

use super::{CaptureQuality, StatisticsReport};

/// The numbers of a report by their names, in the order of the metrics.
#[derive(Clone, Debug)]
pub struct NamedValues(Vec<(String, Option<f64>)>);

impl NamedValues {
    /// Returns the names that there are, whatever is counted.
    #[must_use]
    pub fn names() -> Vec<String> {
        let mut names = Vec::new();
        for metric in METRICS {
            names.push(metric.name.to_owned());
            names.extend(times_of(metric.name));
        }
        for breakdown in BREAKDOWNS.iter().filter(|one| one.by == ["method"]) {
            for method in Method::ALL {
                let name = member(breakdown.metric, method.name());
                names.extend(times_of(&name));
                names.push(name);
            }
        }
        names.extend(CaptureQuality::names().map(|(name, _)| name.to_owned()));
        names
    }

    /// Returns the numbers of everything in `report`.
    #[must_use]
    pub fn of(report: &StatisticsReport<'_>) -> Self {
        let view = report.view(report.statistics.total());
        let metrics = METRICS.iter().map(|metric| metric.figure(&view));
        let breakdowns = BREAKDOWNS.iter().filter(|one| one.by == ["method"]);
        let known: Vec<Figure> = metrics
            .chain(breakdowns.flat_map(|breakdown| breakdown.figures(&view)))
            .chain(report.capture.figures())
            .collect();
        let mut found = std::collections::BTreeMap::new();
        for figure in known {
            let name = match figure.scope.first() {
                Some((_, method)) => member(figure.metric, method),
                None => figure.metric.to_owned(),
            };
            if let Reading::Time(times) = &figure.reading {
                found.insert(format!("{name}.count"), Some(times.count as f64));
                for (part, value) in Times::NAMES.iter().zip(times.values) {
                    found.insert(format!("{name}.{part}"), value);
                }
            }
            found.insert(name, figure.reading.value());
        }
        let names = Self::names().into_iter();
        Self(
            names
                .map(|name| {
                    let value = found.get(&name).copied().flatten();
                    (name, value)
                })
                .collect(),
        )
    }

    /// Returns the name and the value at an index into the names.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<(&str, Option<f64>)> {
        self.0
            .get(index)
            .map(|(name, value)| (name.as_str(), *value))
    }

    /// Returns the value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.and_then(|(_, value)| *value)
    }
}

/// Returns the kinds that go with the names.
pub(super) fn schema(names: &[String]) -> Vec<(&str, Kind)> {
    names
        .iter()
        .map(|name| (name.as_str(), Kind::Number))
        .collect()
}

impl Fields for NamedValues {
    fn field(&self, index: usize) -> Value<'_> {
        match self.at(index) {
            Some((_, Some(value))) => Value::Float(value),
            _ => Value::Null,
        }
    }
}

/// Returns the names of the parts of a time, if it is one.
fn times_of(name: &str) -> Vec<String> {
    let plain = name.split('.').next().unwrap_or(name);
    let is_time =
        Metric::named(plain).map_or_else(|| plain.ends_with("_response_time"), Metric::is_time);
    let parts = std::iter::once("count").chain(Times::NAMES);
    parts
        .filter(|_| is_time)
        .map(|part| format!("{name}.{part}"))
        .collect()
}

fn member(metric: &str, method: &str) -> String {
    format!("{metric}.{}", method.to_ascii_lowercase())
}

/// Returns a number as people read it.
pub(super) fn shown(value: Option<f64>) -> String {
    value.map_or_else(
        || "no data".to_owned(),
        |value| format!("{}", (value * 1e3).round() / 1e3),
    )
}
