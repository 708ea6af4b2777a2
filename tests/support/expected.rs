//! Rows of JSON Lines, compared with what a scenario says of them.

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    container::Container,
    program::Run,
    scenario::{Expected, time_ns},
};

/// Returns the rows of a run; without any, the status has to say so.
pub(crate) fn rows(run: &Run) -> Result<Vec<Value>, String> {
    let text = String::from_utf8_lossy(&run.stdout);
    let rows: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
    match rows {
        Ok(rows) if run.status == i32::from(rows.is_empty()) => Ok(rows),
        _ => Err(run.to_string()),
    }
}

/// Returns all fields that differ, a line each.
pub(crate) fn differences(expected: &Expected, found: &[Value], container: Container) -> String {
    let name = &expected.command[0];
    let mut faults = Faults {
        container,
        text: String::new(),
    };
    if expected.rows.len() != found.len() {
        let (right, wrong) = (expected.rows.len(), found.len());
        faults.tell(name, &format!("{wrong} rows instead of {right}"));
        for row in found.iter().skip(expected.rows.len().min(found.len())) {
            faults.tell(name, &format!("too many: {row}"));
        }
    }
    for (index, row) in expected.rows.iter().enumerate() {
        let path = format!("{name}[{index}]");
        match found.get(index) {
            Some(value) => faults.object(&path, row, value),
            None => {
                let lines: Vec<String> = row.iter().map(|(k, v)| format!("{k} = {v}")).collect();
                faults.tell(&path, &format!("missing: {}", lines.join(", ")));
            }
        }
    }
    faults.text
}

/// Differences so far.
struct Faults {
    container: Container,
    text: String,
}

impl Faults {
    fn tell(&mut self, path: &str, fault: &str) {
        writeln!(self.text, "  {path}: {}", fault.trim_end()).unwrap();
    }

    fn object(&mut self, path: &str, expected: &toml::Table, found: &Value) {
        for (key, value) in expected {
            match (key.as_str(), value) {
                ("at_ms", toml::Value::Table(times)) => {
                    for (field, at_ms) in times {
                        self.time(&format!("{path}.{field}"), at_ms, found.get(field));
                    }
                }
                ("at_ms", at_ms) => self.time(&format!("{path}.ts"), at_ms, found.get("ts")),
                ("has_flags", toml::Value::Array(flags)) => self.has_flags(path, flags, found),
                _ => self.field(&format!("{path}.{key}"), value, found.get(key)),
            }
        }
    }

    fn has_flags(&mut self, path: &str, flags: &[toml::Value], found: &Value) {
        let found = found.get("flags").and_then(Value::as_array);
        for flag in flags {
            let is_there = |found: &Vec<Value>| found.iter().any(|f| f.as_str() == flag.as_str());
            if !found.is_some_and(is_there) {
                self.tell(path, &format!("expected the flag {flag}, found {found:?}"));
            }
        }
    }

    fn time(&mut self, path: &str, at_ms: &toml::Value, found: Option<&Value>) {
        let ms = match at_ms {
            toml::Value::Integer(ms) => *ms as f64,
            toml::Value::Float(ms) => *ms,
            other => return self.field(path, other, found),
        };
        let stored = |ms| self.container.stored(time_ns(ms));
        let text = found.and_then(Value::as_str).unwrap_or_default();
        let Ok(time) = text.parse::<jiff::Timestamp>() else {
            let found = found.map_or_else(|| "no such field".to_owned(), Value::to_string);
            return self.tell(path, &format!("expected {ms} ms, found {found}"));
        };
        if time.as_nanosecond() != i128::from(stored(ms)) {
            let other = (time.as_nanosecond() - i128::from(stored(0.0))) as f64 / 1e6;
            self.tell(path, &format!("expected {ms} ms, found {other} ms"));
        }
    }

    fn field(&mut self, path: &str, expected: &toml::Value, found: Option<&Value>) {
        let Some(found) = found else {
            return self.tell(path, &format!("expected {expected}, found no such field"));
        };
        match (expected, found) {
            (toml::Value::Table(table), Value::Object(_)) => self.object(path, table, found),
            (toml::Value::Array(parts), Value::Array(others)) if parts.len() == others.len() => {
                let mut others = others.clone();
                let mut parts = parts.clone();
                if path.ends_with(".flags") {
                    others.sort_by_key(Value::to_string);
                    parts.sort_by_key(toml::Value::to_string);
                }
                for (index, (part, other)) in parts.iter().zip(&others).enumerate() {
                    self.field(&format!("{path}[{index}]"), part, Some(other));
                }
            }
            _ if !scalar(expected).is_some_and(|value| value == *found) => {
                self.tell(path, &format!("expected {expected}, found {found}"));
            }
            _ => {}
        }
    }
}

/// Returns the JSON that a value without parts stands for.
fn scalar(expected: &toml::Value) -> Option<Value> {
    match expected {
        toml::Value::String(text) if text == "null" => Some(Value::Null),
        toml::Value::String(text) => Some(text.as_str().into()),
        toml::Value::Integer(number) => Some((*number).into()),
        toml::Value::Float(number) => Some((*number).into()),
        toml::Value::Boolean(truth) => Some((*truth).into()),
        _ => None,
    }
}

/// Says where rows differ in more than what comes with another transport or file.
pub(crate) fn same_but_for_transport(plain: &[Value], found: &[Value]) -> Result<(), String> {
    let strip = |rows: &[Value]| rows.iter().cloned().map(without_transport).collect();
    let (plain, found): (Vec<Value>, Vec<Value>) = (strip(plain), strip(found));
    let at = (0..plain.len().max(found.len())).find(|&at| plain.get(at) != found.get(at));
    let Some(at) = at else {
        return Ok(());
    };
    let mut text = format!("{} rows, {} before", found.len(), plain.len());
    match (plain.get(at), found.get(at)) {
        (Some(Value::Object(before)), Some(Value::Object(now))) => {
            for (key, value) in before
                .iter()
                .filter(|&(key, value)| now.get(key) != Some(value))
            {
                let other = now.get(key).unwrap_or(&Value::Null);
                write!(text, "\n    [{at}].{key}: {value} became {other}").unwrap();
            }
        }
        (before, now) => write!(text, "\n    [{at}]: {before:?} became {now:?}").unwrap(),
    }
    Err(text)
}

/// Returns a row without the fields that tell how it was captured.
fn without_transport(mut row: Value) -> Value {
    if let Value::Object(fields) = &mut row {
        for key in ["input", "frame", "transport", "encapsulation"] {
            fields.remove(key);
        }
        if let Some(Value::Array(flags)) = fields.get_mut("flags") {
            flags.retain(|flag| flag != "tcp-retransmission");
        }
    }
    row
}
