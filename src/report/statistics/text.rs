//! Figures for people: grouped, aligned, with their units and what they are made of.

use std::io::{self, Write};

use super::value::{milliseconds, parts, shown, sparkline};
use crate::{
    report::{
        StatisticsReport,
        columns::{NARROW, cut},
    },
    stats::{BREAKDOWNS, Breakdown, Figure, METRICS, Metric, Reading, Section, Times, View},
    text::printable,
};

/// Members of a breakdown that are shown when nobody asks for another number.
const FEW: usize = 10;

/// Characters of a cell at most.
const LONGEST: usize = 60;

/// The width of what tells of a figure, where there is no terminal.
const WIDE: usize = 100;

/// How figures are laid out.
#[derive(Clone, Copy, Debug)]
pub struct StatisticsText {
    /// The columns of the terminal, if it is one.
    pub max_width: Option<usize>,
    /// Whether headings may be coloured.
    pub is_colored: bool,
}

const SECTIONS: [Section; 6] = [
    Section::Rfc6076,
    Section::Calls,
    Section::Times,
    Section::Load,
    Section::Registrations,
    Section::Messages,
];

/// Writes the report.
///
/// # Errors
/// When the output cannot be written.
pub fn write_statistics_text(
    report: &StatisticsReport<'_>,
    style: StatisticsText,
    output: &mut impl Write,
) -> io::Result<()> {
    let mut text = Text {
        report,
        style,
        output,
    };
    text.quality()?;
    let total = report.statistics.total();
    let view = report.view(total);
    for section in SECTIONS {
        text.section(section, &view)?;
    }
    text.stretches()?;
    (0..report.statistics.plan().cuts.len()).try_for_each(|cut| text.cut(cut))
}

struct Text<'a, W> {
    report: &'a StatisticsReport<'a>,
    style: StatisticsText,
    output: &'a mut W,
}

impl<W: Write> Text<'_, W> {
    /// Tells how far the figures can be believed.
    fn quality(&mut self) -> io::Result<()> {
        let capture = self.report.capture;
        if !capture.has_frames() {
            return writeln!(self.output, "Capture quality: no frames");
        }
        let remarks = capture.remarks(&self.report.statistics.total().all);
        let verdict = if remarks.is_empty() {
            "good"
        } else {
            "doubtful"
        };
        let (first, last) = capture.span();
        let seconds = last.since(first) as f64 / 1e9;
        let frames = capture.frames();
        writeln!(
            self.output,
            "Capture quality: {verdict}, {frames} frames in {seconds:.3} s"
        )?;
        for remark in remarks {
            writeln!(self.output, "  {remark}")?;
        }
        let doubts = self.report.doubts();
        if doubts.is_one_way || doubts.is_lossy {
            writeln!(
                self.output,
                "  Figures with ! are of what was captured only."
            )?;
        }
        let (first, last) = (first.rfc3339(), last.rfc3339());
        let (first, last) = (first.as_str(), last.as_str());
        writeln!(self.output, "  {first} to {last}")
    }

    /// Writes a section if there is anything to tell.
    fn section(&mut self, section: Section, view: &View<'_>) -> io::Result<()> {
        let metrics = METRICS.iter().filter(|metric| metric.section == section);
        let figures: Vec<(&Metric, Figure)> = metrics
            .map(|metric| (metric, metric.figure(view)))
            .collect();
        // A report on registrations need not tell of calls that there are none of.
        if figures.iter().all(|(_, figure)| figure.reading.is_empty()) {
            return Ok(());
        }
        self.heading(section.title())?;
        self.values(&figures)?;
        self.times(&figures)?;
        if section == Section::Load {
            self.sparklines(view)?;
        }
        let breakdowns = BREAKDOWNS.iter().filter(|one| one.section == section);
        for breakdown in breakdowns {
            self.breakdown(breakdown, view)?;
        }
        Ok(())
    }

    fn heading(&mut self, title: &str) -> io::Result<()> {
        let bold = anstyle::Style::new().bold();
        writeln!(self.output)?;
        if self.style.is_colored {
            writeln!(self.output, "{bold}{title}{bold:#}")
        } else {
            writeln!(self.output, "{title}")
        }
    }

    /// Writes the figures that are one number.
    fn values(&mut self, figures: &[(&Metric, Figure)]) -> io::Result<()> {
        let lines: Vec<[String; 4]> = figures
            .iter()
            .filter(|(_, figure)| !matches!(figure.reading, Reading::Time(_)))
            .map(|(metric, figure)| {
                let mark = if figure.note.is_some() { "!" } else { "" };
                let reading = &figure.reading;
                [
                    format!("{}{mark}", metric.name),
                    shown(reading),
                    parts(reading),
                    metric.label.to_owned(),
                ]
            })
            .collect();
        self.table(&["", "", "", ""], &[false, true, false, false], &lines)
    }

    /// Writes those that have a distribution.
    fn times(&mut self, figures: &[(&Metric, Figure)]) -> io::Result<()> {
        let lines: Vec<(String, &Times, Option<&str>)> = figures
            .iter()
            .filter_map(|(metric, figure)| match &figure.reading {
                Reading::Time(times) => Some((metric.name.to_owned(), &**times, figure.note)),
                _ => None,
            })
            .collect();
        self.distributions(&lines)
    }

    fn distributions(&mut self, lines: &[(String, &Times, Option<&str>)]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        // The names of the values end in their unit.
        let kept: &[usize] = if self.width() < NARROW {
            &[1, 3, 5, 6, 7]
        } else {
            &[0, 1, 2, 3, 4, 5, 6, 7]
        };
        let mut names = vec!["", "count"];
        names.extend(
            kept.iter()
                .map(|index| Times::NAMES[*index].trim_end_matches("_ms")),
        );
        let mut right = vec![true; names.len()];
        right[0] = false;
        let lines: Vec<Vec<String>> = lines
            .iter()
            .map(|(name, times, note)| {
                let mark = if note.is_some() { "!" } else { "" };
                let values = kept.iter().map(|index| milliseconds(times.values[*index]));
                let head = [format!("{name}{mark}"), times.count.to_string()];
                head.into_iter().chain(values).collect()
            })
            .collect();
        self.table(&names, &right, &lines)
    }

    fn sparklines(&mut self, view: &View<'_>) -> io::Result<()> {
        let calls = &view.kpis.calls;
        if calls.starts.is_empty() {
            return Ok(());
        }
        let (start, end) = view.span;
        // More than there are seconds would have gaps between them.
        let seconds = usize::try_from(end.since(start) / 1_000_000_000).unwrap_or_default() + 1;
        let slots = self.width().saturating_sub(14).clamp(10, 100).min(seconds);
        for (name, seconds) in [("calls", &calls.starts), ("failures", &calls.failed_starts)] {
            let counts = seconds.slots(start, end, slots);
            let most = counts.iter().max().copied().unwrap_or_default();
            if most > 0 {
                let line = sparkline(&counts);
                writeln!(self.output, "  {name:8}  {}", line.trim_end())?;
            }
        }
        Ok(())
    }

    /// Writes a metric by what it is told apart by, the most frequent first.
    fn breakdown(&mut self, breakdown: &Breakdown, view: &View<'_>) -> io::Result<()> {
        let mut figures = breakdown.figures(view);
        // That of each method tells little more than the two apart, which stand here, too.
        if figures.is_empty() || breakdown.by == ["method", "status"] {
            return Ok(());
        }
        let most = self.report.top.unwrap_or(FEW);
        let is_ordered = !matches!(
            breakdown.by,
            ["reason" | "cause" | "user_agent" | "flaw" | "warning" | "encapsulation" | "peer"]
        );
        if !is_ordered {
            figures.sort_by_key(|figure| match figure.reading {
                Reading::Count(count) => std::cmp::Reverse(count),
                Reading::Ratio(_, whole) => std::cmp::Reverse(Some(whole)),
                _ => std::cmp::Reverse(None),
            });
        }
        let more = figures
            .len()
            .saturating_sub(if is_ordered { usize::MAX } else { most });
        if !is_ordered {
            figures.truncate(most);
        }
        writeln!(
            self.output,
            "\n  {} by {}",
            breakdown.metric,
            breakdown.by.join(" and ")
        )?;
        let member = |figure: &Figure| {
            let members: Vec<_> = figure
                .scope
                .iter()
                .map(|(_, member)| printable(member))
                .collect();
            members.join(" ")
        };
        if matches!(figures.first().map(|f| &f.reading), Some(Reading::Time(_))) {
            let lines: Vec<_> = figures
                .iter()
                .filter_map(|figure| match &figure.reading {
                    Reading::Time(times) => Some((member(figure), &**times, figure.note)),
                    _ => None,
                })
                .collect();
            self.distributions(&lines)?;
        } else {
            let lines: Vec<[String; 3]> = figures
                .iter()
                .map(|figure| {
                    [
                        member(figure),
                        shown(&figure.reading),
                        parts(&figure.reading),
                    ]
                })
                .collect();
            self.table(&["", "", ""], &[false, true, false], &lines)?;
        }
        if more > 0 {
            writeln!(self.output, "  and {more} more; see --top")?;
        }
        Ok(())
    }

    /// Writes the figures of each stretch of time.
    fn stretches(&mut self) -> io::Result<()> {
        let stretches = self.report.stretches(self.report.statistics.total());
        if stretches.is_empty() {
            return Ok(());
        }
        self.heading("By time")?;
        let lines = stretches.iter().map(|(start, view)| {
            let text = start.rfc3339();
            let text = text.as_str();
            // Whole seconds are enough: it is where a stretch begins.
            let begin = text.get(..19).unwrap_or(text);
            (format!("{begin}Z"), view)
        });
        let lines: Vec<Vec<String>> = lines.map(|(name, view)| summary(name, view)).collect();
        self.summaries("from", &lines)
    }

    /// Writes the figures of each group of a cut.
    fn cut(&mut self, cut: usize) -> io::Result<()> {
        let groups = self.report.groups(cut);
        let all = self.report.statistics.groups(cut).count();
        let Some(dimensions) = self.report.statistics.plan().cuts.get(cut) else {
            return Ok(());
        };
        let names: Vec<String> = dimensions
            .iter()
            .map(|dimension| dimension.name())
            .collect();
        self.heading(&format!("By {}", names.join(" and ")))?;
        let lines: Vec<Vec<String>> = groups
            .iter()
            .map(|group| {
                let known = group.key.iter().map(|part| match part.as_str() {
                    "" => "-".into(),
                    part => printable(part),
                });
                let name = known.collect::<Vec<_>>().join(" ");
                summary(name, &self.report.view(group))
            })
            .collect();
        self.summaries(&names.join(" "), &lines)?;
        let more = all - groups.len();
        if more > 0 {
            writeln!(self.output, "  and {more} more; see --top")?;
        }
        Ok(())
    }

    fn summaries(&mut self, first: &str, lines: &[Vec<String>]) -> io::Result<()> {
        let mut names = vec![first];
        names.extend(SUMMARY.iter().map(|(_, title)| *title));
        let mut right = vec![true; names.len()];
        right[0] = false;
        self.table(&names, &right, lines)
    }

    fn width(&self) -> usize {
        self.style.max_width.unwrap_or(WIDE)
    }

    /// Writes lines of aligned cells; the names stand above unless there are none.
    fn table(
        &mut self,
        names: &[&str],
        right: &[bool],
        lines: &[impl AsRef<[String]>],
    ) -> io::Result<()> {
        let mut widths: Vec<usize> = names.iter().map(|name| name.chars().count()).collect();
        for line in lines {
            for (width, cell) in widths.iter_mut().zip(line.as_ref()) {
                *width = cell.chars().count().min(LONGEST).max(*width);
            }
        }
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        if names.iter().any(|name| !name.is_empty()) {
            self.line(&names, right, &widths)?;
        }
        lines
            .iter()
            .try_for_each(|line| self.line(line.as_ref(), right, &widths))
    }

    fn line(&mut self, cells: &[String], right: &[bool], widths: &[usize]) -> io::Result<()> {
        let mut line = " ".to_owned();
        for ((cell, is_right), width) in cells.iter().zip(right).zip(widths) {
            let mut cell = cell.clone();
            cut(&mut cell, (*width).max(LONGEST));
            let padding = width.saturating_sub(cell.chars().count());
            line.push(' ');
            let padding = std::iter::repeat_n(' ', padding);
            if *is_right {
                line.extend(padding);
                line.push_str(&cell);
            } else {
                line.push_str(&cell);
                line.extend(padding);
            }
            line.push(' ');
        }
        line.truncate(line.trim_end().len());
        if let Some(width) = self.style.max_width {
            cut(&mut line, width);
        }
        writeln!(self.output, "{line}")
    }
}

/// What is told of each group and each stretch of time in a line.
pub(super) const SUMMARY: [(&str, &str); 9] = [
    ("calls", "calls"),
    ("calls_answered", "answered"),
    ("ser", "ser"),
    ("seer", "seer"),
    ("ner", "ner"),
    ("acd", "acd"),
    ("pdd", "pdd p95"),
    ("concurrent_calls", "peak"),
    ("messages", "messages"),
];

/// Returns the name of a group or stretch of time with what is told of it.
pub(super) fn summary(name: String, view: &View<'_>) -> Vec<String> {
    let figure = |(name, _): &(&str, &str)| {
        let figure = Metric::named(name).map(|metric| metric.figure(view));
        match figure.map(|figure| figure.reading) {
            Some(Reading::Time(times)) => milliseconds(times.values[5]),
            Some(reading) => shown(&reading),
            None => String::new(),
        }
    };
    std::iter::once(name)
        .chain(SUMMARY.iter().map(figure))
        .collect()
}
