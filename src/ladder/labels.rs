//! What all pictures of a ladder write beside an arrow.

use std::fmt::Write as _;

use crate::{
    ladder::{Arrow, Kind, Ladder, MediaBar, show},
    time::Timestamp,
};

/// Which time stands at the left of each message.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TimeColumn {
    /// Seconds since the first message.
    #[default]
    Start,
    /// Seconds since the message before.
    Delta,
    /// The time of day in UTC.
    Absolute,
}

impl TimeColumn {
    /// Returns the time of an arrow.
    pub(super) fn of(self, ladder: &Ladder, index: usize) -> String {
        let before = index.saturating_sub(1);
        let ts = |index: usize| ladder.arrows.get(index).map(|arrow| arrow.ts);
        ts(index).map_or_else(String::new, |at| self.at(ladder, at, ts(before)))
    }

    /// Returns the time of a stream; it comes behind no message in particular.
    pub(super) fn of_bar(self, ladder: &Ladder, bar: &MediaBar) -> String {
        match self {
            Self::Delta => String::new(),
            _ => self.at(ladder, bar.ts, None),
        }
    }

    fn at(self, ladder: &Ladder, ts: Timestamp, before: Option<Timestamp>) -> String {
        let since = |earlier: Option<Timestamp>| show::seconds(ts.since(earlier.unwrap_or(ts)));
        match self {
            Self::Start => since(ladder.arrows.first().map(|arrow| arrow.ts)),
            Self::Delta => {
                let sign = if before > Some(ts) { "" } else { "+" };
                format!("{sign}{}", since(before))
            }
            Self::Absolute => show::clock(ts),
        }
    }
}

/// Returns what a ladder is about, and how it went.
pub(super) fn heading(ladder: &Ladder) -> String {
    match &ladder.verdict {
        Some(verdict) => format!("{} ({})", ladder.title, verdict.text),
        None => ladder.title.clone(),
    }
}

/// Returns whether something stands below an arrow: what a copy says was said before.
pub(super) fn has_detail(arrow: &Arrow) -> bool {
    !arrow.detail.is_empty() && arrow.retransmission.is_none()
}

/// Returns the label of an arrow with all that belongs to it.
pub(super) fn label(arrow: &Arrow, copies: &[i64]) -> String {
    // Of a copy it is known what it is.
    let mut label = match (arrow.kind, arrow.retransmission) {
        (Kind::Request, Some(_)) => arrow.method.clone(),
        _ => arrow.label.clone(),
    };
    if !arrow.tags.is_empty() && arrow.retransmission.is_none() {
        let _ = write!(label, " ({})", arrow.tags.join(", "));
    }
    if let Some(again) = arrow.retransmission {
        let _ = write!(
            label,
            " (retransmission {}, +{})",
            again.number,
            show::duration(again.after)
        );
    }
    if let Some(last) = copies.last() {
        let _ = write!(
            label,
            " ×{} (in {})",
            copies.len() + 1,
            show::duration(*last)
        );
    }
    label
}
