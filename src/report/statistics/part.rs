//! Statistics of a part of a capture, kept in a file until all parts are put together.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::CaptureQuality;
use crate::{
    stats::{Group, Plan, Statistics},
    track::Outcome,
};

/// The layout of the file; it changes with every change of what is counted.
const VERSION: u32 = 2;

const TYPE: &str = "statistics-part";

/// What was counted in a part of a capture.
#[derive(Debug, Deserialize)]
pub struct StatisticsPart {
    /// What was to be counted, and how.
    pub plan: Plan,
    /// How good the captures of the part are.
    pub capture: CaptureQuality,
    /// The groups, everything first.
    groups: Vec<Group>,
}

/// The same before it is written.
#[derive(Serialize)]
struct Written<'a> {
    r#type: &'static str,
    version: u32,
    plan: &'a Plan,
    capture: &'a CaptureQuality,
    groups: Vec<&'a Group>,
}

/// What tells whether a file is a part that can be read.
#[derive(Deserialize)]
struct Kind {
    r#type: String,
    version: u32,
}

/// Calls that go over the border of a part.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Cuts {
    /// They were still open at the end of a part that others follow.
    pub open: u64,
    /// Their beginning is missing in a part that follows others.
    pub unbegun: u64,
}

/// Writes what was counted in a part.
///
/// # Errors
/// When the output cannot be written.
pub fn write_part(
    statistics: &Statistics,
    capture: &CaptureQuality,
    output: &mut impl Write,
) -> io::Result<()> {
    let part = Written {
        r#type: TYPE,
        version: VERSION,
        plan: statistics.plan(),
        capture,
        groups: statistics.all_groups().collect(),
    };
    serde_json::to_writer(&mut *output, &part)?;
    output.write_all(b"\n")
}

impl StatisticsPart {
    /// Reads a part.
    ///
    /// # Errors
    /// When it is none, or one of another version.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let error = |error| format!("expected what sipcap stats --partial writes: {error}");
        let kind: Kind = serde_json::from_slice(text).map_err(error)?;
        if kind.r#type != TYPE {
            let kind = kind.r#type;
            return Err(format!(
                "expected what sipcap stats --partial writes, not {kind}"
            ));
        }
        if kind.version != VERSION {
            let version = kind.version;
            return Err(format!(
                "it has version {version}; known is {VERSION}: count it again with this version of sipcap"
            ));
        }
        let part: Self = serde_json::from_slice(text).map_err(error)?;
        let cuts = part.plan.cuts.len();
        let is_sound = part.plan.bucket.is_none_or(|length| length > 0)
            && part.groups.iter().all(|group| match group.cut {
                None => group.key.is_empty(),
                Some(cut) => {
                    let dimensions = part.plan.cuts.get(cut).map(Vec::len);
                    cut < cuts && dimensions == Some(group.key.len())
                }
            });
        is_sound
            .then_some(part)
            .ok_or_else(|| "it is damaged".to_owned())
    }

    /// Puts parts together, which were all counted by the same plan; returns the calls that go over their borders, too.
    ///
    /// # Errors
    /// When the parts were counted in different ways, or are too many.
    pub fn merge(parts: &[Self]) -> Result<(Statistics, CaptureQuality, Cuts), String> {
        let plan = parts
            .first()
            .map(|part| part.plan.clone())
            .unwrap_or_default();
        if parts.iter().any(|part| part.plan != plan) {
            return Err(
                "the parts were counted with different --by, --bucket, --short or --rfc-literal"
                    .to_owned(),
            );
        }
        let mut statistics = Statistics::new(plan, Vec::new());
        let mut capture = CaptureQuality::default();
        let mut cuts = Cuts::default();
        let starts = || parts.iter().filter(|part| part.capture.has_frames());
        let first = starts().map(|part| part.capture.span().0).min();
        let last = starts().map(|part| part.capture.span().1).max();
        for part in parts {
            statistics.merge(&part.groups);
            capture.merge(&part.capture);
            let (start, end) = part.capture.span();
            cuts.open += if last.is_some_and(|last| end < last) {
                part.open()
            } else {
                0
            };
            cuts.unbegun += if first.is_some_and(|first| start > first) {
                part.unbegun()
            } else {
                0
            };
        }
        Ok((statistics, capture, cuts))
    }

    /// Returns how many calls were open at its end.
    fn open(&self) -> u64 {
        let calls = self.groups.first().map(|group| &group.all.calls);
        calls.map_or(0, |calls| {
            let pending = calls
                .outcomes()
                .find(|(outcome, _)| *outcome == Outcome::InProgress);
            calls
                .still_up
                .saturating_add(pending.map_or(0, |(_, count)| count))
        })
    }

    /// Returns how many calls have no INVITE in it.
    fn unbegun(&self) -> u64 {
        self.groups
            .first()
            .map_or(0, |group| group.all.calls.without_invite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(statistics: &Statistics) -> Vec<u8> {
        let mut text = Vec::new();
        write_part(statistics, &CaptureQuality::default(), &mut text).unwrap();
        text
    }

    #[test]
    fn a_part_comes_back() {
        let text = written(&Statistics::new(Plan::default(), Vec::new()));
        let part = StatisticsPart::read(&text).unwrap();
        let (statistics, _, cuts) = StatisticsPart::merge(&[part]).unwrap();
        assert_eq!(written(&statistics), text);
        assert_eq!(cuts, Cuts::default());
    }

    #[test]
    fn what_is_no_part_is_refused() {
        let text = written(&Statistics::new(Plan::default(), Vec::new()));
        let text = String::from_utf8(text).unwrap();
        for (from, to) in [
            ("\"version\":2", "\"version\":1"),
            ("statistics-part", "statistics"),
            ("\"bucket\":null", "\"bucket\":0"),
            ("\"cut\":null", "\"cut\":7"),
            ("\"attempts\":0", "\"attempts\":-1"),
            ("{", "["),
        ] {
            let wrong = text.replacen(from, to, 1);
            assert_ne!(wrong, text, "{from}");
            assert!(StatisticsPart::read(wrong.as_bytes()).is_err(), "{to}");
        }
    }

    #[test]
    fn parts_of_different_plans_are_refused() {
        let other = Plan {
            bucket: Some(1),
            ..Plan::default()
        };
        let parts = [Plan::default(), other].map(|plan| {
            StatisticsPart::read(&written(&Statistics::new(plan, Vec::new()))).unwrap()
        });
        assert!(StatisticsPart::merge(&parts).is_err());
    }
}
