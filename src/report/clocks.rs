//! What the clocks of capture points are off by, as rows and as text.

use std::io::{self, Write};

use serde::Serialize;

use super::JsonRows;
use crate::{
    offsets::{Offsets, PointClock},
    text::printable,
};

/// A row about the clock of a point.
#[derive(Clone, Debug, Serialize)]
struct ClockRow<'a> {
    r#type: &'static str,
    point: &'a str,
    /// The point whose clock counts.
    reference: &'a str,
    /// When, by that clock, and how far it is ahead then; `None` if nothing tells.
    at: Option<String>,
    ahead_us: Option<i64>,
    uncertainty_us: Option<i64>,
    bound_us: Option<i64>,
    drift_ppb: Option<i64>,
    /// The point it was compared with, how many messages went from there to it, and how many the other way.
    compared_with: Option<&'a str>,
    messages_from: Option<usize>,
    messages_to: Option<usize>,
    passes_proxy: Option<bool>,
    is_steady: Option<bool>,
}

impl<'a> ClockRow<'a> {
    /// Returns a row for each point but the first, whose clock counts.
    fn all(offsets: &'a Offsets) -> Vec<Self> {
        let Some((reference, points)) = offsets.points.split_first() else {
            return Vec::new();
        };
        let row = |point| row(&reference.name, point);
        points.iter().map(row).collect()
    }
}

/// Writes a row for each point but the first, whose clock counts.
pub(super) fn write_clock_rows<W: Write>(
    offsets: &Offsets,
    rows: &mut JsonRows<W>,
) -> io::Result<()> {
    let all = ClockRow::all(offsets);
    all.iter().try_for_each(|row| rows.row(row))
}

fn row<'a>(reference: &'a str, point: &'a PointClock) -> ClockRow<'a> {
    let compared = point.compared.as_ref();
    let told = |nanos: i64| compared.map(|_| nanos.saturating_add(nanos.signum() * 500) / 1_000);
    let fit = compared.map(|(_, pair)| &pair.fit);
    let drift = fit.filter(|fit| fit.has_rate);
    ClockRow {
        r#type: "clock",
        point: &point.name,
        reference,
        at: compared.map(|_| point.at.to_string()),
        ahead_us: told(point.ahead),
        uncertainty_us: told(point.uncertainty),
        bound_us: told(point.bound),
        drift_ppb: drift.map(|fit| (fit.correction.rate * 1e9).round() as i64),
        compared_with: compared.map(|(name, _)| &**name),
        messages_from: fit.map(|fit| fit.messages[0]),
        messages_to: fit.map(|fit| fit.messages[1]),
        passes_proxy: compared.map(|(_, pair)| pair.passes_proxy),
        is_steady: fit.map(|fit| !fit.is_uneven),
    }
}

/// Returns a sentence about the clock of each point but the first, whose clock counts.
#[must_use]
pub fn clock_sentences(offsets: &Offsets) -> Vec<String> {
    let Some((reference, points)) = offsets.points.split_first() else {
        return Vec::new();
    };
    points
        .iter()
        .map(|point| sentence(&reference.name, point))
        .collect()
}

fn sentence(reference: &str, point: &PointClock) -> String {
    let name = printable(&point.name);
    let reference = printable(reference);
    let Some((by, pair)) = &point.compared else {
        return format!(
            "{name}: nothing tells how far its clock is from that of {reference}: no messages of both directions are at both"
        );
    };
    let ahead = if point.ahead < 0 {
        "behind"
    } else {
        "ahead of"
    };
    let least = if point.uncertainty < point.bound {
        format!("± {}; ", length(point.uncertainty))
    } else {
        String::new()
    };
    let mut text = format!(
        "{name} is {} {ahead} {reference} ({least}± {} whatever the ways take)",
        length(point.ahead.saturating_abs()),
        length(point.bound)
    );
    let fit = &pair.fit;
    if fit.has_rate {
        text += &format!(", drifts {:+.1} ppm", fit.correction.rate * 1e6);
    }
    text += &format!(
        ", from {} messages there and {} back",
        fit.messages[0], fit.messages[1]
    );
    if *by.as_ref() != *reference {
        text += &format!(" between it and {}", printable(by));
    }
    if pair.passes_proxy {
        text += " that a proxy passed on";
    }
    if fit.is_uneven {
        text += "; one of the clocks was set meanwhile";
    }
    if let Some(minutes) = point.zone_minutes() {
        text += &format!("; that looks like another time zone ({minutes:+} min)");
    }
    text
}

/// Returns milliseconds, or seconds if they are many.
fn length(nanos: i64) -> String {
    let millis = nanos as f64 / 1e6;
    if millis < 10_000.0 {
        format!("{millis:.3} ms")
    } else {
        format!("{:.3} s", millis / 1e3)
    }
}
