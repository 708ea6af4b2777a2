//! What all pictures of a ladder write beside an arrow.

use std::fmt::Write as _;

use crate::ladder::{Arrow, Kind, Ladder, show};

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
        let arrows = &ladder.arrows;
        let Some(arrow) = arrows.get(index) else {
            return String::new();
        };
        let since = |earlier: usize| {
            let earlier = arrows.get(earlier).map_or(arrow.ts, |earlier| earlier.ts);
            show::seconds(arrow.ts.since(earlier))
        };
        match self {
            Self::Start => since(0),
            Self::Delta => format!("+{}", since(index.saturating_sub(1))),
            Self::Absolute => show::clock(arrow.ts),
        }
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
            " (copy {}, +{})",
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
