//! What is told of a merge: which point has what, and what is missing.

use sipcap::{
    merge::{Merged, PointCoverage},
    time::Timestamp,
};

/// Points, pairs of files and gaps that are told of; the others are counted.
const MAX_LINES: usize = 20;

/// Returns what was done, a line each; inputs have these names.
pub(crate) fn notes(merged: &Merged, names: &[String], tells_copies: bool) -> Vec<String> {
    let mut notes = Vec::new();
    for point in merged.points.iter().take(MAX_LINES) {
        notes.push(coverage(point, tells_copies));
        notes.extend(gaps(point));
        notes.extend(overlap_of_files(point, merged, names));
    }
    let more = merged.points.len().saturating_sub(MAX_LINES);
    if more > 0 {
        notes.push(format!("{more} more points"));
    }
    notes.extend(common_time(&merged.points));
    let frames = count(merged.frames, "frame");
    let points = count(merged.points.len() as u64, "point");
    let copies: u64 = merged.points.iter().map(|point| point.copies).sum();
    let copies = if tells_copies {
        format!(", left out {}", count_of(copies, "copy", "copies"))
    } else {
        String::new()
    };
    notes.push(format!("Wrote {frames} of {points}{copies}."));
    notes
}

/// Returns what went wrong on the way.
pub(crate) fn warnings(merged: &Merged) -> Vec<String> {
    let mut warnings = Vec::new();
    let late: u64 = merged.points.iter().map(|point| point.late).sum();
    if late > 0 {
        warnings.push(format!(
            "{} behind later ones; in the captures they are farther behind than --reorder allows",
            count_of(late, "frame stands", "frames stand")
        ));
    }
    if merged.orphans > 0 {
        warnings.push(format!(
            "left out {} of interfaces that are not described",
            count(merged.orphans, "frame")
        ));
    }
    if merged.forgotten > 0 {
        warnings.push(format!(
            "{} forgotten too early to tell copies of them",
            count_of(merged.forgotten, "packet was", "packets were")
        ));
    }
    warnings
}

fn coverage(point: &PointCoverage, tells_copies: bool) -> String {
    let frames = count(point.frames, "frame");
    let files = count(point.inputs.len() as u64, "file");
    let copies = if tells_copies {
        format!(", {}", count_of(point.copies, "copy", "copies"))
    } else {
        String::new()
    };
    let name = &point.name;
    let times = point.times.map_or_else(String::new, |(first, last)| {
        format!(
            ", {} to {} ({})",
            clock(first),
            clock(last),
            length(last.since(first))
        )
    });
    format!("{name}: {frames}{copies} in {files}{times}")
}

fn gaps(point: &PointCoverage) -> Vec<String> {
    let name = &point.name;
    let mut lines: Vec<String> = point
        .gaps
        .iter()
        .map(|gap| {
            format!(
                "{name}: nothing for {} from {}",
                length(gap.nanos()),
                clock(gap.from)
            )
        })
        .collect();
    let more = point.gap_count.saturating_sub(point.gaps.len() as u64);
    if more > 0 {
        lines.push(format!("{name}: {more} more gaps"));
    }
    lines
}

/// Tells of files of one point whose times overlap: the same traffic may be in both.
fn overlap_of_files(point: &PointCoverage, merged: &Merged, names: &[String]) -> Option<String> {
    let mut files: Vec<_> = point
        .inputs
        .iter()
        .filter_map(|input| {
            let times = merged.inputs.get(usize::from(*input))?.times?;
            Some((times.min, times.max, *input))
        })
        .collect();
    files.sort_unstable();
    // The file so far that ends last, and the pair with the longest overlap.
    let mut last: Option<(Timestamp, u16)> = None;
    let (mut longest, mut pairs) = (None, 0_u64);
    for (first, end, input) in files {
        if let Some((before, other)) = last {
            let overlap = before.min(end).since(first);
            if overlap > 0 {
                pairs += 1;
                longest = longest.max(Some((overlap, other, input)));
            }
        }
        if last.is_none_or(|(before, _)| end > before) {
            last = Some((end, input));
        }
    }
    let (overlap, one, other) = longest?;
    let name = |input: u16| names.get(usize::from(input)).map_or("-", String::as_str);
    let more = match pairs {
        1 => String::new(),
        more => format!(
            ", as do {}",
            count_of(more - 1, "other pair", "other pairs")
        ),
    };
    Some(format!(
        "{}: {} and {} overlap for {}{more}",
        point.name,
        name(one),
        name(other),
        length(overlap)
    ))
}

/// Tells of the time in which all points have frames.
fn common_time(points: &[PointCoverage]) -> Option<String> {
    if points.len() < 2 {
        return None;
    }
    let times = || points.iter().filter_map(|point| point.times);
    let from = times().map(|(first, _)| first).max()?;
    let to = times().map(|(_, last)| last).min()?;
    Some(if from <= to {
        format!(
            "all points: {} to {} ({})",
            clock(from),
            clock(to),
            length(to.since(from))
        )
    } else {
        let apart = length(from.since(to));
        format!("all points: never at the same time, {apart} apart")
    })
}

fn count(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

fn count_of(count: u64, one: &str, many: &str) -> String {
    let what = if count == 1 { one } else { many };
    format!("{count} {what}")
}

/// Returns a time with milliseconds, which is enough for people.
fn clock(ts: Timestamp) -> String {
    let text = ts.rfc3339();
    let text = text.as_str();
    format!("{}Z", text.get(..23).unwrap_or(text))
}

/// Returns a duration as people say it: `1h 02m 03s`, `4.567s`.
fn length(nanos: i64) -> String {
    let millis = nanos / 1_000_000;
    let (seconds, rest) = (millis / 1_000, millis % 1_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}.{rest:03}s"),
        (0, minutes) => format!("{minutes}m {:02}s", seconds % 60),
        (hours, minutes) => format!("{hours}h {minutes:02}m {:02}s", seconds % 60),
    }
}
