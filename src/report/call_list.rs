//! The list of calls for people: a line each.

use std::{borrow::Cow, io::Write};

use anstyle::AnsiColor;

use crate::{
    report::{CallRow, Column, CsvRows, ListRow, PartyRow},
    text::printable,
};

const fn column(name: &'static str, max_width: usize, is_right: bool) -> Column {
    Column {
        name,
        max_width,
        is_right,
    }
}

/// The columns, the more important ones first: a narrow terminal cuts the others off.
const CALL_COLUMNS: &[Column] = &[
    column("start", 12, false),
    column("caller", 20, false),
    column("callee", 20, false),
    column("outcome", 11, false),
    column("code", 4, true),
    column("talk", 9, true),
    column("ended by", 8, false),
    column("setup", 8, true),
    column("state", 11, false),
    column("call-id", 0, false),
];

impl ListRow for CallRow<'_> {
    const COLUMNS: &'static [Column] = CALL_COLUMNS;
    const COLORED: usize = 3;

    fn csv_columns() -> Vec<&'static str> {
        Self::columns()
    }

    fn csv_cells<W: Write>(&self, rows: &mut CsvRows<W>) {
        self.add_cells(rows);
    }

    fn cells(&self) -> Vec<Cow<'_, str>> {
        let time = self.ts.rfc3339();
        let time = time.as_str().get(11..23).unwrap_or_default();
        vec![
            Cow::Owned(time.to_owned()),
            user(&self.caller),
            user(&self.callee),
            Cow::Borrowed(self.outcome),
            Cow::Owned(self.status.map(|code| code.to_string()).unwrap_or_default()),
            seconds(self.durations.talk_ms),
            Cow::Borrowed(self.side.unwrap_or_default()),
            seconds(self.durations.setup_ms),
            Cow::Borrowed(self.state),
            printable(&self.call_id),
        ]
    }

    fn color(&self) -> AnsiColor {
        match self.outcome {
            "answered" => AnsiColor::Green,
            "in-progress" | "mid-call" => AnsiColor::Blue,
            "cancelled" | "busy" | "redirected" | "unanswered" => AnsiColor::Yellow,
            _ => AnsiColor::Red,
        }
    }
}

/// Returns the user part, which is the number, or else what there is.
fn user<'a>(party: &'a PartyRow<'_>) -> Cow<'a, str> {
    match party.name() {
        Cow::Borrowed(name) => {
            let user = name.rsplit_once('@').map_or(name, |(user, _)| user);
            printable(user)
        }
        Cow::Owned(address) => Cow::Owned(address),
    }
}

/// Returns milliseconds as seconds.
fn seconds(millis: Option<i64>) -> Cow<'static, str> {
    match millis {
        Some(millis) => Cow::Owned(format!("{}.{:03}", millis / 1000, millis % 1000)),
        None => Cow::Borrowed(""),
    }
}
