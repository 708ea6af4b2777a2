//! What proxies tell of a call, below its row.

use std::io;

use crate::{
    report::{EventRow, encode::encode, list::push_cell},
    text::printable,
    time::Timestamp,
};

/// What proxies tell of a call besides SIP.
#[derive(Clone, Debug)]
pub struct LogRows<'a> {
    /// Each thing, as `events` tells it.
    pub rows: Vec<EventRow<'a>>,
    /// How many more there are.
    pub left_out: u64,
    /// When the call began.
    pub since: Timestamp,
}

/// Who knows what is told of a call: by what was handed over with its row.
pub type LogsOf<'f, 'a> = dyn FnMut(&[u8]) -> LogRows<'a> + 'f;

impl LogRows<'_> {
    /// Adds the fields `logs` and `logs_left_out` to a row in JSON.
    pub(super) fn add_fields(&self, row: &mut Vec<u8>) -> io::Result<()> {
        if row.pop_if(|last| *last == b'}').is_none() {
            return Ok(());
        }
        row.extend_from_slice(b",\"logs\":");
        encode(row, &self.rows)?;
        row.extend_from_slice(b",\"logs_left_out\":");
        encode(row, &self.left_out)?;
        row.push(b'}');
        Ok(())
    }

    /// Adds the cell `logs` to a row in CSV: how many there are.
    pub(super) fn add_cell(&self, row: &mut Vec<u8>) {
        let count = (self.rows.len() as u64).saturating_add(self.left_out);
        push_cell(row, count.to_string().as_bytes());
    }

    /// Returns a line for each, with how long after the call began it was.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.rows.iter().map(|row| self.line(row)).collect();
        if self.left_out > 0 {
            lines.push(format!("  {:>10}  {} more", "…", self.left_out));
        }
        lines
    }

    fn line(&self, row: &EventRow<'_>) -> String {
        let millis = row.ts.since(self.since) / 1_000_000;
        let sign = if millis < 0 { '-' } else { '+' };
        let millis = millis.unsigned_abs();
        let after = format!("{sign}{}.{:03}", millis / 1_000, millis % 1_000);
        let who = match (row.caller.ip, row.callee.ip) {
            (Some(_), Some(_)) => format!("{} → {}", row.caller.name(), row.callee.name()),
            _ => row.caller.name().into_owned(),
        };
        let what = printable(row.reason.as_deref().unwrap_or_default());
        format!("  {after:>10}  {:<9}  {who}  {what}", row.r#type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::{Event, EventKind, Party};

    #[test]
    fn logs_are_fields_cells_or_lines() {
        let began = Timestamp::from_parts(1_000, 0);
        let party = |address: &str| Party {
            address: Some(address.parse().unwrap()),
            ..Party::default()
        };
        let log = Event {
            caller: party("192.0.2.10:0"),
            reason: b"a \x1b line",
            ..Event::new(EventKind::Log, began.plus(1_234_567_890))
        };
        let net = Event {
            caller: party("192.0.2.1:40000"),
            callee: party("192.0.2.10:5061"),
            reason: b"TLS ACCEPTED",
            ..Event::new(EventKind::Net, began.plus(-10_999_999))
        };
        let logs = LogRows {
            rows: [&net, &log]
                .map(|event| EventRow::new(event, &[], None))
                .to_vec(),
            left_out: 3,
            since: began,
        };
        let mut row = b"{\"type\":\"call\"}".to_vec();
        logs.add_fields(&mut row).unwrap();
        let row: serde_json::Value = serde_json::from_slice(&row).unwrap();
        assert_eq!(
            (&row["type"], &row["logs_left_out"]),
            (&"call".into(), &3.into())
        );
        assert_eq!(row["logs"][0]["type"], "net");
        assert_eq!(row["logs"][1]["reason"], "a \u{1b} line");
        let mut cells = Vec::new();
        logs.add_cell(&mut cells);
        assert_eq!(cells, b"\x01\0\0\x005");
        assert_eq!(
            logs.lines(),
            [
                "      -0.010  net        192.0.2.1:40000 → 192.0.2.10:5061  TLS ACCEPTED",
                "      +1.234  log        192.0.2.10  a \\x1b line",
                "           …  3 more",
            ]
        );
    }
}
