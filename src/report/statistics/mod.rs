//! Statistics for people and for programs: every output goes by the same figures in the same order.

mod baseline;
mod capture;
mod check;
mod csv;
mod json;
mod junit;
mod layout;
mod markdown;
mod part;
mod prometheus;
mod summary;
mod text;
mod value;
mod values;

use std::cmp::Reverse;

pub use self::{
    baseline::Baseline,
    capture::CaptureQuality,
    check::{CheckResult, Checks, Verdict},
    csv::{METRIC_COLUMNS, write_statistics_csv},
    json::{write_statistics_document, write_statistics_lines},
    junit::{github_annotation, write_junit},
    markdown::write_statistics_markdown,
    part::{Merge, PartOrigin, PartWriter, StatisticsPart},
    prometheus::write_statistics_prometheus,
    text::{StatisticsText, write_statistics_text},
    values::NamedValues,
};
use crate::{
    stats::{
        BREAKDOWNS, Breakdown, Definitions, Dimension, Doubts, Figure, Group, Kpis, Level, METRICS,
        Metric, Reading, Section, Statistics, View,
    },
    time::Timestamp,
};

/// Stretches of time of everything that are shown even if nothing happened in them, at most.
const MAX_STRETCHES: i64 = 100_000;

/// What statistics amount to, ready to be written.
pub struct StatisticsReport<'a> {
    /// The figures.
    pub statistics: &'a Statistics,
    /// What they are of.
    pub capture: &'a CaptureQuality,
    /// Groups of each cut at most, those with the most calls and messages.
    pub top: Option<usize>,
}

/// A figure with what it is of.
#[derive(Clone, Debug)]
pub struct StatisticsRow {
    /// Dimensions with their values; none for everything.
    pub group: Vec<(String, String)>,
    /// When the stretch of time begins; none for all of it.
    pub bucket: Option<Timestamp>,
    /// The figure.
    pub figure: Figure,
}

impl StatisticsReport<'_> {
    /// Returns all figures: those of everything, then those of each group, each followed by those of its stretches of time.
    pub fn rows(&self) -> impl Iterator<Item = StatisticsRow> {
        let everything = self.rows_of(self.statistics.total());
        let cuts = 0..self.statistics.plan().cuts.len();
        let groups = cuts.flat_map(|cut| self.groups(cut));
        everything.chain(groups.flat_map(|group| self.rows_of(group)))
    }

    /// Returns the groups of a cut, those with the most calls and messages first.
    #[must_use]
    pub fn groups(&self, cut: usize) -> Vec<&Group> {
        let mut groups: Vec<&Group> = self.statistics.groups(cut).collect();
        groups.sort_by_key(|group| {
            Reverse((
                group.all.calls.attempts,
                group.all.messages.messages,
                hop_messages(group),
            ))
        });
        groups.truncate(self.top.unwrap_or(usize::MAX));
        groups
    }

    /// Returns the dimensions of a group with its values.
    #[must_use]
    pub fn name(&self, group: &Group) -> Vec<(String, String)> {
        let cuts = &self.statistics.plan().cuts;
        let dimensions = group.cut.and_then(|cut| cuts.get(cut));
        let dimensions = dimensions.into_iter().flatten();
        dimensions
            .map(|dimension| dimension.name())
            .zip(group.key.iter().cloned())
            .collect()
    }

    /// Returns the figures of a group over all the time.
    #[must_use]
    pub fn view<'g>(&self, group: &'g Group) -> View<'g> {
        let span = self.capture.span();
        let (start, end) = (span.0.nanos(), span.1.nanos());
        View {
            calls_up: group.all.calls.up.level(start, end),
            bindings_up: group.all.registrations.up.level(start, end),
            bindings_left: left(&group.all, end),
            ..self.view_of(&group.all, group, span)
        }
    }

    /// Returns the figures of a group by stretch of time, with when each begins.
    #[must_use]
    pub fn stretches<'g>(&self, group: &'g Group) -> Vec<(Timestamp, View<'g>)> {
        let Some(length) = self.statistics.plan().bucket else {
            return Vec::new();
        };
        let span = self.capture.span();
        let (first, last) = (span.0.nanos(), span.1.nanos());
        let all = first.div_euclid(length)..=last.div_euclid(length);
        let is_gapless = group.cut.is_none() && all.end() - all.start() < MAX_STRETCHES;
        let numbers: Vec<i64> = if is_gapless && first <= last {
            all.collect()
        } else {
            group.buckets.keys().copied().collect()
        };
        let windows: Vec<(i64, i64)> = numbers
            .iter()
            .map(|number| {
                let start = number.saturating_mul(length);
                (start.max(first), start.saturating_add(length).min(last))
            })
            .collect();
        let calls = group.all.calls.up.windows(&windows);
        let bindings = group.all.registrations.up.windows(&windows);
        let levels = calls.into_iter().zip(bindings);
        let stretches = numbers.iter().zip(&windows).zip(levels);
        stretches
            .map(|((number, (start, end)), (calls_up, bindings_up))| {
                let kpis = group.buckets.get(number).map_or(&*NOTHING, Box::as_ref);
                let at = Timestamp::from_nanos;
                let begin = at(number.saturating_mul(length));
                let view = View {
                    calls_up,
                    bindings_up,
                    bindings_left: left(&group.all, *end),
                    bucket: Some((begin, begin.plus(length))),
                    ..self.view_of(kpis, group, (at(*start), at(*end)))
                };
                (begin, view)
            })
            .collect()
    }

    fn view_of<'g>(
        &self,
        kpis: &'g Kpis,
        group: &'g Group,
        span: (Timestamp, Timestamp),
    ) -> View<'g> {
        View {
            kpis,
            span,
            starts: &group.all.calls.starts,
            bucket: None,
            definitions: self.statistics.plan().definitions,
            calls_up: Level::default(),
            bindings_up: Level::default(),
            bindings_left: 0,
            doubts: self.doubts(),
        }
    }

    /// Returns what a person should know before believing a figure; nothing if all is well.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let total = &self.statistics.total().all;
        let mut remarks = self.capture.remarks(total);
        let left_out = self.statistics.left_out();
        if left_out > 0 {
            remarks.push(format!(
                "{left_out} counts are in no stretch of time, as there are too many of them"
            ));
        }
        if total.calls.up.is_rounded() {
            remarks.push("more calls at a time than can be told to the moment".to_owned());
        }
        if total.hops.forgotten > 0 {
            remarks.push(format!(
                "{} messages given up before all capture points could have seen them, as there were too many at a time",
                total.hops.forgotten
            ));
        }
        if total.messages.forgotten > 0 {
            remarks.push(format!(
                "{} requests forgotten, as there were too many at a time",
                total.messages.forgotten
            ));
        }
        remarks
    }

    /// Returns what is said of figures of everything that may be wrong, each once.
    #[must_use]
    pub fn notes(&self) -> Vec<&'static str> {
        let view = self.view(self.statistics.total());
        let metrics = METRICS.iter().map(|metric| metric.figure(&view));
        let breakdowns = BREAKDOWNS.iter().flat_map(|one| one.figures(&view));
        let mut notes = Vec::new();
        for note in metrics.chain(breakdowns).filter_map(|figure| figure.note) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes
    }

    /// Returns how figures are defined where there is a choice.
    #[must_use]
    pub fn definitions(&self) -> Vec<String> {
        let Definitions {
            is_literal,
            short,
            calls_only,
        } = self.statistics.plan().definitions;
        let counted = match is_literal {
            true => "RFC 6076 by INVITEs (--rfc-literal)",
            false => "RFC 6076 by calls",
        };
        let mut definitions = vec![
            counted.to_owned(),
            format!("short calls below {} s", short as f64 / 1e9),
            "percentiles at the nearest rank".to_owned(),
        ];
        if calls_only {
            definitions.push("calls only (--outcome, --duration or --where)".to_owned());
        }
        definitions
    }

    /// Returns what a breakdown says, and how many members more there are than `top`, or than `few` where nobody has asked;
    /// those with the most are kept. They stand in their own order.
    #[must_use]
    pub fn members(
        &self,
        breakdown: &Breakdown,
        view: &View<'_>,
        few: Option<usize>,
    ) -> (Vec<Figure>, usize) {
        let figures = breakdown.figures(view);
        let most = self.top.or(few).unwrap_or(usize::MAX);
        let more = figures.len().saturating_sub(most);
        if more == 0 {
            return (figures, 0);
        }
        let mut order: Vec<usize> = (0..figures.len()).collect();
        order.sort_by_key(|index| Reverse(figures.get(*index).map(weight)));
        order.truncate(most);
        order.sort_unstable();
        let kept = order
            .into_iter()
            .filter_map(|index| figures.get(index).cloned());
        (kept.collect(), more)
    }

    /// Returns whether a group is of hops between capture points, of which nothing else is known.
    fn is_of_hops(&self, group: &Group) -> bool {
        let cuts = &self.statistics.plan().cuts;
        let cut = group.cut.and_then(|cut| cuts.get(cut));
        cut.is_some_and(|cut| cut.contains(&Dimension::Hop))
    }

    /// Returns what the capture lacks.
    #[must_use]
    pub fn doubts(&self) -> Doubts {
        self.capture.doubts(&self.statistics.total().all)
    }

    fn rows_of(&self, group: &Group) -> impl Iterator<Item = StatisticsRow> {
        let name = self.name(group);
        let view = self.view(group);
        let mut rows: Vec<StatisticsRow> = Vec::new();
        // Of groups and stretches of time only what is known is told: there may be thousands of them.
        let is_everything = group.cut.is_none();
        let mut add = |bucket: Option<Timestamp>, figure: Figure| {
            let is_optional =
                Metric::named(figure.metric).is_some_and(|metric| metric.section == Section::Hops);
            let is_always_told = is_everything && bucket.is_none() && !is_optional;
            if figure.reading.value().is_none() && !is_always_told {
                return;
            }
            rows.push(StatisticsRow {
                group: name.clone(),
                bucket,
                figure,
            });
        };
        let of_hops = self.is_of_hops(group);
        let metrics = || {
            let all = METRICS.iter();
            all.filter(move |metric| !of_hops || metric.section == Section::Hops)
        };
        for metric in metrics() {
            add(None, metric.figure(&view));
        }
        for breakdown in BREAKDOWNS {
            for figure in self.members(breakdown, &view, None).0 {
                add(None, figure);
            }
        }
        if group.cut.is_none() {
            self.capture.figures().for_each(|figure| add(None, figure));
        }
        for (start, view) in self.stretches(group) {
            for metric in metrics() {
                add(Some(start), metric.figure(&view));
            }
        }
        rows.into_iter()
    }
}

/// Returns how many messages took a hop, or should have.
const fn hop_messages(group: &Group) -> u64 {
    let hops = &group.all.hops;
    hops.delay.count() + hops.lost + hops.missed
}

/// Returns how much a figure is of.
fn weight(figure: &Figure) -> u64 {
    match &figure.reading {
        Reading::Count(count) => count.unwrap_or_default(),
        Reading::Ratio(_, whole) => *whole,
        Reading::Time(times) => times.count,
        _ => 0,
    }
}

/// Returns how many bindings there are at a moment.
fn left(kpis: &Kpis, at: i64) -> u64 {
    kpis.registrations.up.level(at, at.saturating_add(1)).peak
}

/// The figures of a stretch of time without anything.
static NOTHING: std::sync::LazyLock<Kpis> = std::sync::LazyLock::new(Kpis::default);
