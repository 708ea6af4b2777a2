//! From left to right: how wide the times are, where the lanes stand, and what is right of them.

use crate::ladder::{
    Ladder, Row, TimeColumn, labels,
    layout::{MARGIN, header},
    show,
    width::{Face, pixels},
};

/// How large the letters of what are.
pub(super) const LABEL: usize = 12;
pub(super) const DETAIL: usize = 10;
pub(super) const TIME: usize = 11;
pub(super) const NAME: usize = 13;
pub(super) const ADDRESS: usize = 11;
pub(super) const AGENT: usize = 10;
pub(super) const PHASE: usize = 11;

/// What the head of an arrow and the space around its label take.
pub(super) const AROUND_LABEL: usize = 40;

/// The same for what a lane tells itself.
pub(super) const BESIDE_LABEL: usize = 56;

/// No picture is less wide, and none is wider only because of its title.
const MIN_WIDTH: usize = 640;
const MAX_TITLE: usize = 900;

/// The columns of a picture.
pub(super) struct Columns {
    /// Where the times end, and the times since the message before.
    pub(super) times: [usize; 2],
    /// Where the numbers of legs stand in the middle, when there are several.
    pub(super) leg: usize,
    /// Where the lanes are.
    pub(super) lanes: Vec<usize>,
    /// How wide the heads of the lanes are.
    pub(super) heads: Vec<usize>,
    /// Where the parts of the call are.
    pub(super) rail: usize,
    /// How wide everything is.
    pub(super) width: usize,
}

/// How far lanes may be from each other, and how wide their heads, when there are so many.
const fn limits(lanes: usize) -> (usize, usize) {
    match lanes {
        0..=4 => (330, 200),
        5..=8 => (250, 180),
        9..=16 => (190, 150),
        _ => (160, 140),
    }
}

const MIN_GAP: usize = 130;
const MIN_HEAD: usize = 100;

impl Columns {
    pub(super) fn new(ladder: &Ladder, rows: &[Row], time: TimeColumn) -> Self {
        let (max_gap, max_head) = limits(ladder.lanes.len());
        let heads: Vec<usize> = ladder
            .lanes
            .iter()
            .map(|lane| head(lane, max_head))
            .collect();
        let gaps = gaps(ladder, rows, &heads, max_gap);
        let times = time_columns(ladder, rows, time);
        let leg = times[1] + 18;
        let left = if ladder.legs.len() > 1 {
            leg + 12
        } else {
            times[1] + 8
        };
        let first = left + 12 + heads.first().copied().unwrap_or_default() / 2;
        let mut lanes = vec![first];
        for gap in &gaps {
            lanes.push(lanes.last().copied().unwrap_or(first) + gap);
        }
        lanes.truncate(ladder.lanes.len());
        let last = lanes.last().copied().unwrap_or(first);
        let rail = last + heads.last().copied().unwrap_or_default() / 2 + 20;
        let phases = ladder.phases.iter().map(|phase| {
            let span = show::duration(phase.end.since(phase.begin));
            10 + pixels(phase.name, Face::Bold, PHASE).max(pixels(&span, Face::Regular, PHASE))
        });
        let right = phases.max().map_or(rail - 20, |width| rail + width);
        Self {
            times,
            leg,
            lanes,
            heads,
            rail,
            width: (right + MARGIN).max(header::wanted(ladder).clamp(MIN_WIDTH, MAX_TITLE)),
        }
    }

    /// Returns where a lane is.
    pub(super) fn lane(&self, lane: usize) -> usize {
        self.lanes.get(lane).copied().unwrap_or_default()
    }

    /// Returns where the outer edges of the first and the last head are.
    pub(super) fn edges(&self) -> (usize, usize) {
        let half = |head: Option<&usize>| head.copied().unwrap_or_default() / 2;
        let first = self.lane(0).saturating_sub(half(self.heads.first()));
        let last = self.lane(self.lanes.len().saturating_sub(1)) + half(self.heads.last());
        (first, last)
    }
}

/// Returns how wide the head of a lane is.
fn head(lane: &crate::ladder::Lane, max: usize) -> usize {
    let texts = [
        pixels(&lane.name, Face::Bold, NAME),
        pixels(&lane.address, Face::Mono, ADDRESS),
        pixels(&lane.agent, Face::Regular, AGENT),
    ];
    let widest = texts.into_iter().max().unwrap_or_default() + 20;
    // An even width has its middle at a whole pixel.
    widest.clamp(MIN_HEAD, max).next_multiple_of(2)
}

/// Returns how far each lane is from the next one.
fn gaps(ladder: &Ladder, rows: &[Row], heads: &[usize], max: usize) -> Vec<usize> {
    let pairs = heads.windows(2);
    let mut gaps: Vec<usize> = pairs
        .map(|pair| (pair.iter().sum::<usize>() / 2 + 16).max(MIN_GAP))
        .collect();
    let mut spans = spans(ladder, rows);
    // Those over fewer lanes leave room to those over more.
    spans.sort_unstable();
    for (lanes, first, wanted) in spans {
        let Some(gaps) = gaps.get_mut(first..first + lanes) else {
            continue;
        };
        let missing = wanted.saturating_sub(gaps.iter().sum());
        let more = missing.div_ceil(lanes.max(1));
        for gap in gaps {
            *gap = (*gap + more).min(max.max(*gap));
        }
    }
    gaps
}

/// Returns over how many lanes labels go, from which one on, and how much room they want.
fn spans(ladder: &Ladder, rows: &[Row]) -> Vec<(usize, usize, usize)> {
    let mut spans: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            let (from, to, wanted) = match row {
                Row::Arrow { index, copies } => {
                    let arrow = ladder.arrows.get(*index)?;
                    let label = pixels(&labels::label(arrow, copies), Face::Bold, LABEL);
                    let lock = if arrow.is_secured { 14 } else { 0 };
                    let detail = pixels(&arrow.detail, Face::Regular, DETAIL);
                    (arrow.from, arrow.to, (label + lock).max(detail))
                }
                Row::Media(index) => {
                    let stream = ladder.streams.get(*index)?;
                    let label = pixels(&stream.label, Face::Regular, LABEL);
                    (stream.from, stream.to, label)
                }
                _ => return None,
            };
            if from != to {
                return Some((from.abs_diff(to), from.min(to), wanted + AROUND_LABEL));
            }
            // What a lane tells itself stands at its right, but for the last one.
            let last_gap = ladder.lanes.len().checked_sub(2)?;
            Some((1, from.min(last_gap), wanted + BESIDE_LABEL))
        })
        .collect();
    spans.sort_unstable();
    spans.dedup();
    spans
}

/// Returns where the times end.
fn time_columns(ladder: &Ladder, rows: &[Row], time: TimeColumn) -> [usize; 2] {
    let widest = |time: TimeColumn| {
        let texts = rows.iter().filter_map(|row| match row {
            Row::Arrow { index, .. } => Some(time.of(ladder, *index)),
            Row::Media(index) => {
                let bar = ladder.streams.get(*index)?;
                Some(time.of_bar(ladder, bar))
            }
            _ => None,
        });
        let widths = texts.map(|text| pixels(&text, Face::Mono, TIME));
        widths.max().unwrap_or_default()
    };
    let first = MARGIN + widest(time).max(40);
    let second = match time {
        TimeColumn::Delta => first,
        _ => first + 12 + widest(TimeColumn::Delta),
    };
    [first, second]
}
