//! The list of bindings for people: a line each.

use std::{borrow::Cow, io::Write, net::SocketAddr};

use anstyle::AnsiColor;

use crate::{
    report::{BindingRow, Column, CsvRows, ListRow, binding::PlaceRow, party::short_uri},
    text::printable,
    time::Timestamp,
};

const fn column(name: &'static str, max_width: usize, is_right: bool) -> Column {
    Column {
        name,
        max_width,
        is_right,
    }
}

/// The columns, the more important ones first: a narrow terminal cuts the others off.
const BINDING_COLUMNS: &[Column] = &[
    column("first", 8, false),
    column("address", 24, false),
    column("contact", 28, false),
    column("state", 10, false),
    column("until", 11, true),
    column("from", 21, false),
    column("refreshed", 9, true),
    column("over", 4, false),
    column("remarks", 30, false),
    column("user agent", 0, false),
];

impl ListRow for BindingRow<'_> {
    const COLUMNS: &'static [Column] = BINDING_COLUMNS;
    const COLORED: usize = 3;

    fn csv_columns() -> Vec<&'static str> {
        Self::CSV_COLUMNS.to_vec()
    }

    fn csv_cells<W: Write>(&self, rows: &mut CsvRows<W>) {
        self.add_cells(rows);
    }

    fn cells(&self) -> Vec<Cow<'_, str>> {
        let flags: Vec<&str> = self.flags.names().collect();
        vec![
            clock(self.ts),
            printable(short_uri(&self.aor)),
            printable(short_uri(&self.contact)),
            Cow::Borrowed(self.state),
            self.until(),
            place(self.client.place),
            match self.refreshes {
                0 => Cow::Borrowed(""),
                refreshes => Cow::Owned(format!("{refreshes}×")),
            },
            Cow::Borrowed(self.transport.name()),
            Cow::Owned(flags.join(" ")),
            printable(self.client.ua.as_deref().unwrap_or_default()),
        ]
    }

    fn color(&self) -> AnsiColor {
        match self.state {
            "active" => AnsiColor::Green,
            "learned" => AnsiColor::Blue,
            "removed" | "superseded" => AnsiColor::Yellow,
            _ => AnsiColor::Red,
        }
    }

    fn rank(&self) -> u32 {
        self.rank
    }
}

impl BindingRow<'_> {
    /// Returns when it was over, or else when it expires; with the day when that is not the one it began on.
    fn until(&self) -> Cow<'static, str> {
        let Some(until) = self.t_end.or(self.expires_at) else {
            return Cow::Borrowed("");
        };
        let (first, until_text) = (self.ts.rfc3339(), until.rfc3339());
        if first.as_str().get(..10) == until_text.as_str().get(..10) {
            return clock(until);
        }
        let day = until_text.as_str().get(5..16).unwrap_or_default();
        Cow::Owned(day.replace('T', " "))
    }
}

/// Returns the time of day.
fn clock(ts: Timestamp) -> Cow<'static, str> {
    let time = ts.rfc3339();
    Cow::Owned(time.as_str().get(11..19).unwrap_or_default().to_owned())
}

fn place(place: PlaceRow) -> Cow<'static, str> {
    match (place.ip, place.port) {
        (Some(ip), Some(port)) => Cow::Owned(SocketAddr::new(ip, port).to_string()),
        _ => Cow::Borrowed(""),
    }
}
