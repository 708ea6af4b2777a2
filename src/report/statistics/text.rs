//! Figures for people: grouped, aligned, with their units and what they are made of.

use std::{
    cmp::Reverse,
    io::{self, Write},
};

use super::{
    layout::{Column, Table},
    summary::{SummaryColumn, columns, summary},
    value::{milliseconds, parts, shown, sparkline},
    weight,
};
use crate::{
    report::StatisticsReport,
    stats::{BREAKDOWNS, Breakdown, Figure, METRICS, Metric, Reading, Section, Times, View},
    text::printable,
    time::Timestamp,
};

/// Members of a breakdown that are shown when nobody asks for another number.
const FEW: usize = 10;

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

const SECTIONS: [Section; 7] = [
    Section::Rfc6076,
    Section::Calls,
    Section::Times,
    Section::Load,
    Section::Registrations,
    Section::Messages,
    Section::Hops,
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
        let remarks = self.report.remarks();
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
        for note in self.report.notes() {
            writeln!(self.output, "  ! stands where {note}")?;
        }
        let (first, last) = (first.rfc3339(), last.rfc3339());
        let (first, last) = (first.as_str(), last.as_str());
        writeln!(self.output, "  {first} to {last}")?;
        writeln!(self.output, "  {}", self.report.definitions().join("; "))
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
        let lines = figures
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
            });
        let mut columns: Vec<Column> = ["", "", "", ""].map(Column::left).into();
        columns[1].is_right = true;
        // What the names mean is in the manual, too.
        columns[3].rank = 1;
        self.table(columns, lines.map(Vec::from).collect())
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
        // The names of the values end in their unit. Mean and tail tell most.
        const RANKS: [u8; Times::NAMES.len()] = [3, 0, 4, 1, 5, 0, 2, 1];
        let mut columns = vec![Column::left(""), Column::right("count")];
        columns.extend(Times::NAMES.iter().zip(RANKS).map(|(name, rank)| Column {
            rank,
            ..Column::right(name.trim_end_matches("_ms"))
        }));
        let lines = lines.iter().map(|(name, times, note)| {
            let mark = if note.is_some() { "!" } else { "" };
            let head = [format!("{name}{mark}"), times.count.to_string()];
            head.into_iter()
                .chain(times.values.map(milliseconds))
                .collect()
        });
        self.table(columns, lines.collect())
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
        let is_open = matches!(
            breakdown.by,
            ["reason" | "cause" | "user_agent" | "flaw" | "warning" | "encapsulation" | "peer"]
        );
        let (mut figures, more) = self.report.members(breakdown, view, is_open.then_some(FEW));
        // That of each method tells little more than the two apart, which stand here, too.
        if figures.is_empty() || breakdown.by == ["method", "status"] {
            return Ok(());
        }
        if is_open {
            figures.sort_by_key(|figure| Reverse(weight(figure)));
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
            let lines = figures.iter().map(|figure| {
                let mark = if figure.note.is_some() { "!" } else { "" };
                vec![
                    format!("{}{mark}", member(figure)),
                    shown(&figure.reading),
                    parts(&figure.reading),
                ]
            });
            let mut columns: Vec<Column> = ["", "", ""].map(Column::left).into();
            columns[0].may_shrink = true;
            columns[1].is_right = true;
            self.table(columns, lines.collect())?;
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
        let length = self.report.statistics.plan().bucket.unwrap_or_default();
        let told = columns(&[]);
        let lines = stretches
            .iter()
            .map(|(start, view)| (vec![beginning(*start, length)], summary(told, view)));
        self.summaries(vec![Column::left("from")], told, lines.collect())
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
        let told = columns(dimensions);
        let lines = groups.iter().map(|group| {
            let known = group.key.iter().map(|part| match part.as_str() {
                "" => "-".to_owned(),
                part => printable(part).into_owned(),
            });
            (known.collect(), summary(told, &self.report.view(group)))
        });
        let named = names.iter().map(|name| Column {
            may_shrink: true,
            ..Column::left(name)
        });
        let (named, lines) = (named.collect(), lines.collect());
        self.summaries(named, told, lines)?;
        let more = all - groups.len();
        if more > 0 {
            writeln!(self.output, "  and {more} more; see --top")?;
        }
        Ok(())
    }

    fn summaries(
        &mut self,
        mut columns: Vec<Column>,
        told: &[SummaryColumn],
        lines: Vec<(Vec<String>, Vec<String>)>,
    ) -> io::Result<()> {
        columns.extend(told.iter().map(|column| Column {
            rank: column.rank,
            ..Column::right(column.title)
        }));
        let lines = lines
            .into_iter()
            .map(|(names, cells)| [names, cells].concat());
        self.table(columns, lines.collect())
    }

    fn width(&self) -> usize {
        self.style.max_width.unwrap_or(WIDE)
    }

    fn table(&mut self, columns: Vec<Column>, lines: Vec<Vec<String>>) -> io::Result<()> {
        Table { columns, lines }.write(self.style.max_width, self.output)
    }
}

/// Returns when a stretch of time begins, with as many decimals as its length has.
pub(super) fn beginning(start: Timestamp, length: i64) -> String {
    let text = start.rfc3339();
    let text = text.as_str();
    let end = match length {
        length if length % 1_000_000_000 == 0 => 19,
        length if length % 1_000_000 == 0 => 23,
        length if length % 1_000 == 0 => 26,
        _ => 29,
    };
    format!("{}Z", text.get(..end).unwrap_or(text))
}
