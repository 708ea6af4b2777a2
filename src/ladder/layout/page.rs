//! One picture: heads, lanes and rows, from top to bottom.

use crate::{
    ladder::{
        Ladder, Lane, Phase, Row, labels,
        layout::{
            MARGIN, PictureOptions,
            columns::{ADDRESS, AGENT, Columns, NAME, PHASE},
            header,
            remark::{NOTE_LINE, note_lines},
            times,
        },
        scene::{Anchor, Item, Scene, Text},
        show,
        width::{Face, fitted},
    },
    time::Timestamp,
};

/// How high what is.
const ARROW: usize = 34;
const DETAILED: usize = 46;
const HOOK: usize = 44;
const MEDIA: usize = 36;
const REMARK: usize = 34;
const FOOT: usize = 26;

/// Returns how high heads are.
fn head_height(ladder: &Ladder) -> usize {
    let lanes = || ladder.lanes.iter();
    let lines = [
        true,
        lanes().any(|lane| !lane.address.is_empty()),
        lanes().any(|lane| !lane.agent.is_empty()),
    ];
    16 + 15 * lines.into_iter().filter(|line| *line).count()
}

/// Returns how high what stands above and below the rows is, but for the header.
pub(super) fn around(ladder: &Ladder) -> usize {
    head_height(ladder) + 8 + FOOT + 14 + MARGIN
}

/// Returns how high a row is.
pub(super) fn row_height(ladder: &Ladder, columns: &Columns, row: &Row) -> usize {
    match row {
        Row::Arrow { index, .. } => match ladder.arrows.get(*index) {
            Some(arrow) if arrow.from == arrow.to => HOOK,
            Some(arrow) if labels::has_detail(arrow) => DETAILED,
            _ => ARROW,
        },
        Row::Media(_) => MEDIA,
        Row::Note(index) => {
            let note = ladder.notes.get(*index);
            let lines = note.map_or(1, |note| note_lines(note, columns).len());
            REMARK + (lines - 1) * NOTE_LINE
        }
        Row::Pause(_) | Row::Folded { .. } => REMARK,
    }
}

/// One of the pictures of a ladder.
pub(super) struct Sheet<'a> {
    pub(super) ladder: &'a Ladder,
    pub(super) columns: &'a Columns,
    pub(super) options: PictureOptions,
    /// The how-manieth it is, from 0 on.
    pub(super) number: usize,
    pub(super) count: usize,
}

impl Sheet<'_> {
    pub(super) fn draw(&self, rows: &[Row]) -> Scene {
        let (ladder, columns) = (self.ladder, self.columns);
        let mut items = Vec::new();
        let page = (self.count > 1).then(|| format!("Part {} of {}", self.number + 1, self.count));
        header::draw(ladder, columns, page, self.number, &mut items);
        let heads = header::height(ladder, columns, self.number);
        let top = heads + head_height(ladder) + 8;
        let heights = rows.iter().map(|row| row_height(ladder, columns, row));
        let bottom = top + heights.sum::<usize>();
        self.lifelines(
            rows,
            (heads + head_height(ladder), top, bottom + 10),
            &mut items,
        );
        self.heads(heads, &mut items);
        let mut y = top;
        let mut drawn = Vec::new();
        for row in rows {
            if let Row::Arrow { index, .. } = row
                && let Some(arrow) = ladder.arrows.get(*index)
            {
                drawn.push((arrow.ts, y + 24));
            }
            self.row(row, y, &mut items);
            y += row_height(ladder, columns, row);
        }
        self.phases(rows, &drawn, (top + 6, bottom), &mut items);
        self.feet(bottom + 10, &mut items);
        Scene {
            width: columns.width,
            height: bottom + 10 + FOOT + MARGIN,
            title: ladder.title.clone(),
            description: self.description(),
            items,
        }
    }

    fn description(&self) -> String {
        let ladder = self.ladder;
        let lanes: Vec<&str> = ladder.lanes.iter().map(|lane| lane.name.as_str()).collect();
        let verdict = ladder
            .verdict
            .as_ref()
            .map_or("", |verdict| verdict.text.as_str());
        format!(
            "Ladder of {} messages between {}. {verdict}",
            ladder.arrows.len(),
            lanes.join(", ")
        )
        .trim_end()
        .to_owned()
    }

    /// Draws the lanes; where time passes they are dotted.
    fn lifelines(
        &self,
        rows: &[Row],
        (start, top, end): (usize, usize, usize),
        items: &mut Vec<Item>,
    ) {
        let mut parts = Vec::new();
        let (mut from, mut y) = (start, top);
        for row in rows {
            let height = row_height(self.ladder, self.columns, row);
            if matches!(row, Row::Pause(_) | Row::Folded { .. }) {
                parts.push((from, y, "life"));
                parts.push((y, y + height, "life pause"));
                from = y + height;
            }
            y += height;
        }
        parts.push((from, end, "life"));
        for x in &self.columns.lanes {
            for (from, to, class) in &parts {
                items.push(Item::Line {
                    from: (*x, *from),
                    to: (*x, *to),
                    class,
                });
            }
        }
    }

    fn heads(&self, top: usize, items: &mut Vec<Item>) {
        let height = head_height(self.ladder);
        for (lane, (x, width)) in self.lanes() {
            items.push(Item::Open {
                message: None,
                class: "head".to_owned(),
                tooltip: lane_tooltip(lane),
            });
            items.push(Item::Rect {
                at: (x - width / 2, top),
                size: (width, height),
                radius: 6,
                class: "box",
            });
            let mut y = top + 19;
            let texts = [
                (&lane.name, Face::Bold, NAME, "strong"),
                (&lane.address, Face::Mono, ADDRESS, "plain"),
                (&lane.agent, Face::Regular, AGENT, "muted"),
            ];
            for (text, face, size, class) in texts {
                if text.is_empty() {
                    continue;
                }
                items.push(Item::Text(Text {
                    at: (x, y),
                    anchor: Anchor::Middle,
                    face,
                    size,
                    class,
                    text: fitted(text, face, size, width - 16),
                }));
                y += 15;
            }
            items.push(Item::Close);
        }
    }

    fn feet(&self, top: usize, items: &mut Vec<Item>) {
        for (lane, (x, width)) in self.lanes() {
            items.push(Item::Rect {
                at: (x - width / 2, top),
                size: (width, FOOT),
                radius: 6,
                class: "box",
            });
            items.push(Item::Text(Text {
                at: (x, top + 17),
                anchor: Anchor::Middle,
                face: Face::Bold,
                size: ADDRESS,
                class: "plain",
                text: fitted(&lane.name, Face::Bold, ADDRESS, width - 16),
            }));
        }
    }

    fn lanes(&self) -> impl Iterator<Item = (&Lane, (usize, usize))> {
        let columns = self.columns.lanes.iter().copied();
        let columns = columns.zip(self.columns.heads.iter().copied());
        self.ladder.lanes.iter().zip(columns)
    }

    fn row(&self, row: &Row, y: usize, items: &mut Vec<Item>) {
        match row {
            Row::Arrow { index, copies } => {
                if let Some(arrow) = self.ladder.arrows.get(*index) {
                    self.arrow(*index, arrow, copies, y, items);
                }
            }
            Row::Media(index) => {
                if let Some(bar) = self.ladder.streams.get(*index) {
                    self.bar(bar, y, items);
                }
            }
            Row::Note(index) => {
                if let Some(note) = self.ladder.notes.get(*index) {
                    self.note(note, y, items);
                }
            }
            Row::Pause(nanos) => self.remark(&show::duration(*nanos), "pause-text", y, items),
            Row::Folded { text, .. } => self.remark(text, "fold-text", y, items),
        }
    }

    /// Draws the parts of the call beside the rows that they are in.
    fn phases(
        &self,
        rows: &[Row],
        drawn: &[(Timestamp, usize)],
        (top, bottom): (usize, usize),
        items: &mut Vec<Item>,
    ) {
        let Some((first, last)) = times(self.ladder, rows) else {
            return;
        };
        let at = |ts: Timestamp| {
            let row = drawn.iter().find(|(drawn, _)| *drawn >= ts);
            row.map_or(bottom, |(_, y)| *y)
        };
        let x = self.columns.rail;
        for phase in &self.ladder.phases {
            if phase.end < first || phase.begin > last {
                continue;
            }
            let from = if phase.begin < first {
                top
            } else {
                at(phase.begin) + 3
            };
            let to = at(phase.end).saturating_sub(3);
            if to < from + 8 {
                continue;
            }
            items.push(Item::Line {
                from: (x, from),
                to: (x, to),
                class: "rail",
            });
            if phase.begin >= first {
                self.phase_text(phase, from.midpoint(to), to - from, items);
            }
        }
    }

    fn phase_text(&self, phase: &Phase, middle: usize, room: usize, items: &mut Vec<Item>) {
        let span = show::duration(phase.end.since(phase.begin));
        let mut text = |y, face, class, text: &str| {
            items.push(Item::Text(Text {
                at: (self.columns.rail + 8, y),
                anchor: Anchor::Start,
                face,
                size: PHASE,
                class,
                text: text.to_owned(),
            }));
        };
        if room >= 28 {
            text(middle - 3, Face::Bold, "plain", phase.name);
            text(middle + 11, Face::Regular, "muted", &span);
        } else if room >= 14 {
            text(middle + 4, Face::Bold, "plain", phase.name);
        }
    }
}

fn lane_tooltip(lane: &Lane) -> String {
    let parts = [&lane.name, &lane.address, &lane.agent];
    let parts: Vec<&str> = parts
        .into_iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("\n")
}
