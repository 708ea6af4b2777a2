//! Figures as Markdown tables, for tickets.

use std::io::{self, Write};

use super::{
    StatisticsReport,
    value::{milliseconds, parts, shown},
};
use crate::{
    stats::{BREAKDOWNS, Figure, METRICS, Reading, Times, View},
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
    let remarks = report.capture.remarks(&total.all);
    let (first, last) = report.capture.span();
    let frames = report.capture.frames();
    let verdict = if remarks.is_empty() {
        "good"
    } else {
        "doubtful"
    };
    writeln!(output, "**Capture quality: {verdict}**, {frames} frames\n")?;
    if report.capture.has_frames() {
        let (first, last) = (first.rfc3339(), last.rfc3339());
        writeln!(output, "{} to {}\n", first.as_str(), last.as_str())?;
    }
    for remark in &remarks {
        writeln!(output, "- {}", cell(remark))?;
    }
    if !remarks.is_empty() {
        writeln!(output)?;
    }
    figures(&report.view(total), output)?;
    breakdowns(report, &report.view(total), output)?;
    for (cut, dimensions) in report.statistics.plan().cuts.iter().enumerate() {
        let names: Vec<String> = dimensions
            .iter()
            .map(|dimension| dimension.name())
            .collect();
        let lines = report.groups(cut).into_iter().map(|group| {
            let name: Vec<String> = group.key.iter().map(|part| cell(part)).collect();
            (name.join(" "), report.view(group))
        });
        summaries(
            &format!("By {}", names.join(" and ")),
            &names.join(" "),
            lines,
            output,
        )?;
    }
    let stretches = report.stretches(total);
    if !stretches.is_empty() {
        let lines = stretches.into_iter();
        let lines = lines.map(|(start, view)| (start.rfc3339().as_str().to_owned(), view));
        summaries("By time", "from", lines, output)?;
    }
    Ok(())
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
            writeln!(
                output,
                "| {} | {value} | {made_of} | {}{note} |",
                metric.name, metric.label
            )?;
        }
    }
    let names = Times::NAMES
        .map(|name| name.trim_end_matches("_ms"))
        .join(" | ");
    writeln!(
        output,
        "\n| time | count | {names} |\n|---|{}",
        "--:|".repeat(9)
    )?;
    for (metric, figure) in &figures {
        if let Reading::Time(times) = &figure.reading {
            let values = times.values.map(milliseconds).join(" | ");
            writeln!(output, "| {} | {} | {values} |", metric.name, times.count)?;
        }
    }
    Ok(())
}

/// Writes the metrics that are told apart by something.
fn breakdowns(
    report: &StatisticsReport<'_>,
    view: &View<'_>,
    output: &mut impl Write,
) -> io::Result<()> {
    for breakdown in BREAKDOWNS
        .iter()
        .filter(|breakdown| breakdown.by.len() == 1)
    {
        let mut figures = breakdown.figures(view);
        figures.retain(|figure| !matches!(figure.reading, Reading::Time(_)));
        if figures.is_empty() {
            continue;
        }
        figures.sort_by_key(|figure| match figure.reading {
            Reading::Count(count) => std::cmp::Reverse(count),
            _ => std::cmp::Reverse(None),
        });
        figures.truncate(report.top.unwrap_or(FEW));
        let by = breakdown.by.join(" ");
        writeln!(output, "\n| {by} | {} |\n|---|--:|", breakdown.metric)?;
        for figure in &figures {
            let member = |figure: &Figure| -> String {
                let members: Vec<String> = figure.scope.iter().map(|(_, m)| cell(m)).collect();
                members.join(" ")
            };
            writeln!(
                output,
                "| {} | {} |",
                member(figure),
                shown(&figure.reading)
            )?;
        }
    }
    Ok(())
}

fn summaries<'v>(
    title: &str,
    first: &str,
    lines: impl Iterator<Item = (String, View<'v>)>,
    output: &mut impl Write,
) -> io::Result<()> {
    let titles: Vec<&str> = super::text::SUMMARY
        .iter()
        .map(|(_, title)| *title)
        .collect();
    writeln!(
        output,
        "\n### {title}\n\n| {first} | {} |",
        titles.join(" | ")
    )?;
    writeln!(output, "|---|{}", "--:|".repeat(titles.len()))?;
    for (name, view) in lines {
        let cells = super::text::summary(name, &view);
        writeln!(output, "| {} |", cells.join(" | "))?;
    }
    Ok(())
}

/// Returns text that is only text in a cell of a table.
fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '#' | '~' | '@' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    if safe.is_empty() {
        "-".to_owned()
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_text_only() {
        for (text, expected) in [
            ("Phone/1.0", "Phone/1.0"),
            ("a|b", "a\\|b"),
            ("<img src=x>", "&lt;img src=x&gt;"),
            ("[x](javascript:1)", "\\[x\\](javascript:1)"),
            ("\u{1b}[31m", "\\\\x1b\\[31m"),
            ("", "-"),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
