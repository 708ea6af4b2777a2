//! Figures as Markdown tables, for tickets.

use std::{
    cmp::Reverse,
    io::{self, Write},
};

use super::{
    StatisticsReport,
    summary::{SummaryColumn, columns, summary},
    text::beginning,
    value::{milliseconds, parts, shown},
    weight,
};
use crate::{
    stats::{BREAKDOWNS, Breakdown, Figure, METRICS, Reading, Times, View},
    text::printable,
};

/// Members of a breakdown that are shown when nobody asks for another number.
const FEW: usize = 10;

/// Writes the report.
///
/// # Errors
/// When the output cannot be written.
pub fn write_statistics_markdown(
    report: &StatisticsReport<'_>,
    output: &mut impl Write,
) -> io::Result<()> {
    let total = report.statistics.total();
    let view = report.view(total);
    quality(report, output)?;
    figures(&view, output)?;
    for breakdown in BREAKDOWNS.iter().filter(|one| one.by.len() == 1) {
        members(report, breakdown, &view, output)?;
    }
    for (cut, dimensions) in report.statistics.plan().cuts.iter().enumerate() {
        let names: Vec<String> = dimensions.iter().map(|one| one.name()).collect();
        let groups = report.groups(cut);
        let more = report.statistics.groups(cut).count() - groups.len();
        let lines = groups.into_iter().map(|group| {
            let name: Vec<String> = group.key.iter().map(|part| cell(part)).collect();
            (name.join(" | "), report.view(group))
        });
        let title = format!("By {}", names.join(" and "));
        let told = columns(dimensions);
        summaries(&title, (&names, told), lines, output)?;
        more_of(more, output)?;
    }
    let stretches = report.stretches(total).into_iter();
    let length = report.statistics.plan().bucket;
    let lines = stretches.map(|(start, view)| (beginning(start, length.unwrap_or(1)), view));
    match length {
        Some(_) => {
            let first = ["from".to_owned()];
            summaries("By time", (&first, columns(&[])), lines, output)
        }
        None => Ok(()),
    }
}

/// Tells how far the figures can be believed, and how they are defined.
fn quality(report: &StatisticsReport<'_>, output: &mut impl Write) -> io::Result<()> {
    let remarks = report.remarks();
    let frames = report.capture.frames();
    let verdict = if remarks.is_empty() {
        "good"
    } else {
        "doubtful"
    };
    writeln!(output, "**Capture quality: {verdict}**, {frames} frames\n")?;
    if report.capture.has_frames() {
        let (first, last) = report.capture.span();
        let (first, last) = (first.rfc3339(), last.rfc3339());
        writeln!(output, "{} to {}\n", first.as_str(), last.as_str())?;
    }
    for remark in &remarks {
        writeln!(output, "- {remark}")?;
    }
    let notes = report.notes();
    for note in &notes {
        writeln!(output, "- ! stands where {note}")?;
    }
    if !remarks.is_empty() || !notes.is_empty() {
        writeln!(output)?;
    }
    writeln!(output, "{}\n", report.definitions().join("; "))
}

/// Writes the metrics, those that have a distribution in a table of their own.
fn figures(view: &View<'_>, output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "| metric | value | | |\n|---|--:|---|---|")?;
    let figures = METRICS.iter().map(|metric| (metric, metric.figure(view)));
    let figures: Vec<_> = figures
        .filter(|(_, figure)| !figure.reading.is_empty())
        .collect();
    for (metric, figure) in &figures {
        if !matches!(figure.reading, Reading::Time(_)) {
            let note = figure
                .note
                .map_or_else(String::new, |note| format!(" ({note})"));
            let (value, made_of) = (shown(&figure.reading), parts(&figure.reading));
            let (name, label) = (marked(metric.name, figure), metric.label);
            writeln!(output, "| {name} | {value} | {made_of} | {label}{note} |")?;
        }
    }
    let times: Vec<(&str, &Figure)> = figures
        .iter()
        .map(|(one, figure)| (one.name, figure))
        .collect();
    distributions("time", &times, output)
}

/// Writes figures that have a distribution, if there are any.
fn distributions(
    title: &str,
    figures: &[(&str, &Figure)],
    output: &mut impl Write,
) -> io::Result<()> {
    let is_time = |figure: &Figure| matches!(figure.reading, Reading::Time(_));
    if !figures.iter().any(|(_, figure)| is_time(figure)) {
        return Ok(());
    }
    let names = Times::NAMES.map(|name| name.trim_end_matches("_ms"));
    let (names, dashes) = (names.join(" | "), "--:|".repeat(9));
    writeln!(output, "\n| {title} | count | {names} |\n|---|{dashes}")?;
    for (name, figure) in figures {
        if let Reading::Time(times) = &figure.reading {
            let values = times.values.map(milliseconds).join(" | ");
            let name = marked(name, figure);
            writeln!(output, "| {name} | {} | {values} |", times.count)?;
        }
    }
    Ok(())
}

/// Writes a metric told apart by something, those with the most first.
fn members(
    report: &StatisticsReport<'_>,
    breakdown: &Breakdown,
    view: &View<'_>,
    output: &mut impl Write,
) -> io::Result<()> {
    let (mut figures, more) = report.members(breakdown, view, Some(FEW));
    figures.sort_by_key(|figure| Reverse(weight(figure)));
    let names: Vec<String> = figures
        .iter()
        .map(|figure| {
            let members: Vec<String> = figure.scope.iter().map(|(_, m)| cell(m)).collect();
            members.join(" ")
        })
        .collect();
    let lines = names.iter().map(String::as_str).zip(&figures);
    let lines: Vec<(&str, &Figure)> = lines.collect();
    let title = format!("{} by {}", breakdown.metric, breakdown.by.join(" "));
    if matches!(figures.first().map(|f| &f.reading), Some(Reading::Time(_))) {
        distributions(&title, &lines, output)?;
    } else if !lines.is_empty() {
        writeln!(output, "\n| {title} | | |\n|---|--:|---|")?;
        for (name, figure) in lines {
            let (value, made_of) = (shown(&figure.reading), parts(&figure.reading));
            let name = marked(name, figure);
            writeln!(output, "| {name} | {value} | {made_of} |")?;
        }
    }
    more_of(more, output)
}

fn summaries<'v>(
    title: &str,
    (first, told): (&[String], &[SummaryColumn]),
    lines: impl Iterator<Item = (String, View<'v>)>,
    output: &mut impl Write,
) -> io::Result<()> {
    let titles: Vec<&str> = told.iter().map(|column| column.title).collect();
    let names = first.join(" | ");
    writeln!(
        output,
        "\n### {title}\n\n| {names} | {} |",
        titles.join(" | ")
    )?;
    let dashes = ("---|".repeat(first.len()), "--:|".repeat(titles.len()));
    writeln!(output, "|{}{}", dashes.0, dashes.1)?;
    for (name, view) in lines {
        writeln!(output, "| {name} | {} |", summary(told, &view).join(" | "))?;
    }
    Ok(())
}

/// Tells that there is more than is shown.
fn more_of(more: usize, output: &mut impl Write) -> io::Result<()> {
    match more {
        0 => Ok(()),
        more => writeln!(output, "\nand {more} more; see --top"),
    }
}

/// Returns a name with a mark if the figure may be wrong.
fn marked(name: &str, figure: &Figure) -> String {
    let mark = if figure.note.is_some() { "!" } else { "" };
    format!("{name}{mark}")
}

/// Returns text that is only text in a cell of a table: in a span of code nothing is a link, a mention or a formula.
fn cell(text: &str) -> String {
    // A bar ends a cell even there.
    let text = printable(text).replace('|', "\\x7c");
    if text.is_empty() {
        return "-".to_owned();
    }
    let runs = text.split(|c| c != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or_default() + 1);
    let is_apart = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let gap = if is_apart { " " } else { "" };
    format!("{fence}{gap}{text}{gap}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_text_only() {
        for (text, expected) in [
            ("Phone/1.0", "`Phone/1.0`"),
            ("a|b", "`a\\x7cb`"),
            ("a\\|b", "`a\\\\x7cb`"),
            ("`a` ``", "``` `a` `` ```"),
            (
                "https://evil.example @all $x$",
                "`https://evil.example @all $x$`",
            ),
            ("\u{1b}[31m", "`\\x1b[31m`"),
            ("", "-"),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
