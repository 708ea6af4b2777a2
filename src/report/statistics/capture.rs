//! How good the captures are that figures are of: it stands before all of them.

use serde::{Deserialize, Serialize};

use crate::{
    pipeline::{Fate, Summary},
    report::quality,
    stats::{Doubts, Figure, Kpis, MethodCounts, Reading, is_much},
    time::Timestamp,
};

/// When captures were made, how many frames they have, and what they lack.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct CaptureQuality {
    /// When observation began and ended.
    span: Option<(i64, i64)>,
    frames: u64,
    counts: Vec<Count>,
}

/// How much of something is missing or wrong.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Count {
    name: String,
    label: String,
    count: u64,
}

/// What tells that packets are missing.
const LOSSES: [&str; 5] = [
    "dropped_frames",
    "cut_frames",
    "tcp_gaps",
    "incomplete_packets",
    "skipped_bytes",
];

/// What is no reason to doubt anything.
const HARMLESS: [&str; 1] = ["duplicate_frames"];

impl CaptureQuality {
    /// Returns that of a run over what was captured between two moments, if there are such: what is outside of them was not
    /// observed.
    #[must_use]
    pub fn new(summary: &Summary, [since, until]: [Option<Timestamp>; 2]) -> Self {
        let times = summary
            .inputs
            .iter()
            .filter_map(|input| input.times.as_ref());
        let first = times.clone().map(|times| times.min).min();
        let last = times.map(|times| times.max).max();
        let span = first.zip(last).map(|(first, last)| {
            (
                first.max(since.unwrap_or(first)).nanos(),
                last.min(until.unwrap_or(last)).nanos(),
            )
        });
        let outside = summary.balance.of(Fate::OutsideTime);
        let counts = quality(summary).into_iter().map(|quality| Count {
            name: quality.name.replace('-', "_"),
            label: quality.label.to_owned(),
            count: quality.count,
        });
        Self {
            span: span.filter(|(first, last)| first <= last),
            frames: summary.balance.total().saturating_sub(outside),
            counts: counts.collect(),
        }
    }

    /// Returns that of a stretch of a capture that goes on: when its frames came, how many there were, and how many were
    /// lost. What else may be wrong is not known before the end.
    #[must_use]
    pub fn so_far(first: Timestamp, last: Timestamp, frames: u64, dropped: u64) -> Self {
        let counts = quality(&Summary::default()).into_iter();
        let counts = counts.filter(|quality| quality.name == "dropped-frames");
        Self {
            span: Some((first.nanos(), last.nanos())),
            frames,
            counts: counts
                .map(|quality| Count {
                    name: quality.name.replace('-', "_"),
                    label: quality.label.to_owned(),
                    count: dropped,
                })
                .collect(),
        }
    }

    /// Takes in that of other captures.
    pub fn merge(&mut self, other: &Self) {
        self.span = match (self.span, other.span) {
            (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
            (one, other) => one.or(other),
        };
        self.frames = self.frames.saturating_add(other.frames);
        for count in &other.counts {
            match self
                .counts
                .iter_mut()
                .find(|known| known.name == count.name)
            {
                Some(known) => known.count = known.count.saturating_add(count.count),
                None => self.counts.push(count.clone()),
            }
        }
    }

    /// Returns when observation began and ended: with the first and the last frame, or when it was told to.
    #[must_use]
    pub fn span(&self) -> (Timestamp, Timestamp) {
        let (first, last) = self.span.unwrap_or_default();
        (Timestamp::from_nanos(first), Timestamp::from_nanos(last))
    }

    /// Returns whether there is any frame.
    #[must_use]
    pub const fn has_frames(&self) -> bool {
        self.span.is_some()
    }

    /// Returns how many frames there are.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.frames
    }

    /// Returns the figures of what is missing or wrong, and how many frames there are.
    pub fn figures(&self) -> impl Iterator<Item = Figure> {
        let frames = std::iter::once(("frames", self.frames));
        let counts = self
            .counts
            .iter()
            .map(|count| (name_of(&count.name), count.count));
        frames.chain(counts).map(|(metric, count)| Figure {
            metric,
            scope: Vec::new(),
            reading: Reading::Count(Some(count)),
            unit: "count",
            note: None,
        })
    }

    /// Returns the names of these figures, each with what it is.
    pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
        std::iter::once(("frames", "Frames that were captured")).chain(NAMES)
    }

    /// Returns what it lacks, together with what was found in it.
    #[must_use]
    pub fn doubts(&self, total: &Kpis) -> Doubts {
        let lost = self
            .counts
            .iter()
            .filter(|count| LOSSES.contains(&count.name.as_str()));
        let calls = total.calls.attempts + total.calls.mid_calls;
        let responses = total.messages.sum(MethodCounts::responses);
        Doubts {
            is_lossy: lost.map(|count| count.count).any(|count| count > 0),
            is_one_way: is_much(total.calls.one_direction, calls)
                || is_much(total.messages.stray_responses, responses),
        }
    }

    /// Returns what a person should know before believing a figure; nothing if all is well.
    #[must_use]
    pub fn remarks(&self, total: &Kpis) -> Vec<String> {
        let calls = total.calls.attempts + total.calls.mid_calls;
        let responses = total.messages.sum(MethodCounts::responses);
        let mut remarks: Vec<String> = self
            .counts
            .iter()
            .filter(|count| count.count > 0 && !HARMLESS.contains(&count.name.as_str()))
            .map(|count| match count.label.strip_suffix("places") {
                Some(label) if count.count == 1 => format!("1 {label}place"),
                _ => format!("{} {}", count.count, count.label),
            })
            .collect();
        let one_way = total.calls.one_direction;
        if is_much(one_way, calls) {
            remarks.push(format!(
                "{one_way} of {calls} calls heard from one side only"
            ));
        }
        let stray = total.messages.stray_responses;
        if is_much(stray, responses) {
            remarks.push(format!(
                "{stray} of {responses} responses without their request"
            ));
        }
        for (method, counts) in total.messages.methods() {
            let (some, all) = (counts.disordered, counts.transactions);
            if is_much(some, all) {
                remarks.push(format!(
                    "{some} of {all} {method} with a response that was captured before the request"
                ));
            }
        }
        let disordered = total.calls.disordered;
        if is_much(disordered, calls) {
            remarks.push(format!(
                "{disordered} of {calls} calls with messages captured before what they follow"
            ));
        }
        remarks
    }
}

/// Returns the name of a count as figures have it.
fn name_of(name: &str) -> &'static str {
    let mut names = NAMES.into_iter().map(|(known, _)| known);
    names.find(|known| *known == name).unwrap_or("other_faults")
}

/// What may be missing or wrong.
const NAMES: [(&str, &str); 11] = [
    (
        "duplicate_frames",
        "Copies of frames, as from a mirror port; each counts once",
    ),
    (
        "dropped_frames",
        "Frames that were lost while capturing, as the captures say",
    ),
    ("cut_frames", "Frames of which the end was not captured"),
    (
        "tcp_gaps",
        "Places in TCP streams where something is missing",
    ),
    ("tcp_lost_bytes", "Bytes that are missing there"),
    (
        "incomplete_packets",
        "IP packets of which fragments are missing",
    ),
    (
        "clock_steps_back",
        "Frames with an earlier time than the one before",
    ),
    ("damaged_places", "Places in captures that cannot be read"),
    ("unusable_messages", "Messages that cannot be worked with"),
    (
        "table_evictions",
        "What was forgotten because there was too much at a time",
    ),
    ("skipped_bytes", "Bytes of captures that were passed over"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_name() {
        let capture = CaptureQuality::new(&Summary::default(), [None; 2]);
        for (figure, count) in capture.figures().skip(1).zip(&capture.counts) {
            assert_eq!(figure.metric, count.name);
        }
        assert!(
            LOSSES
                .iter()
                .chain(&HARMLESS)
                .all(|name| { capture.counts.iter().any(|count| count.name == *name) })
        );
    }
}
