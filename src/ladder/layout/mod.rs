//! Where everything of a ladder is in a picture.
//!
//! From left to right: times, lanes, and the parts of the call. From top to bottom: what it is about, the heads of the
//! lanes, and the rows. A ladder that is too high goes on in further pictures with the same lanes.

mod arrow;
mod bar;
mod columns;
mod header;
mod page;
mod remark;

use self::columns::Columns;
use crate::{
    ladder::{Ladder, Row, TimeColumn, scene::Scene},
    time::Timestamp,
};

/// How a ladder becomes a picture.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PictureOptions {
    /// Which time is told.
    pub time: TimeColumn,
    /// How high a picture may be; the ladder goes on in the next one.
    pub max_height: Option<usize>,
    /// Whether what a pointer rests on is told in full, or by its start line only.
    pub has_messages: bool,
}

/// Rows in one picture at most.
const MAX_ROWS: usize = 2000;

/// Space around everything.
pub(super) const MARGIN: usize = 24;

/// Lays a ladder out: one picture, or several when it is too high.
#[must_use]
pub fn pictures(ladder: &Ladder, rows: &[Row], options: PictureOptions) -> Vec<Scene> {
    let columns = Columns::new(ladder, rows, options.time);
    let parts = split(ladder, rows, &columns, options);
    let count = parts.len();
    let parts = parts.iter().enumerate();
    parts
        .map(|(number, rows)| {
            let sheet = page::Sheet {
                ladder,
                columns: &columns,
                options,
                number,
                count,
            };
            sheet.draw(rows)
        })
        .collect()
}

/// Splits rows so that each picture is not too high. A row alone is never too high.
fn split<'a>(
    ladder: &Ladder,
    rows: &'a [Row],
    columns: &Columns,
    options: PictureOptions,
) -> Vec<&'a [Row]> {
    let room = |number: usize| {
        let around = header::height(ladder, columns, number) + page::around(ladder);
        options
            .max_height
            .map_or(usize::MAX, |max| max.saturating_sub(around))
    };
    let mut parts = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (index, row) in rows.iter().enumerate() {
        let height = page::row_height(ladder, columns, row);
        let is_full = used + height > room(parts.len()) || index - start >= MAX_ROWS;
        if is_full && index > start {
            parts.push(rows.get(start..index).unwrap_or_default());
            (start, used) = (index, 0);
        }
        used += height;
    }
    parts.push(rows.get(start..).unwrap_or_default());
    parts
}

/// Returns when the first and the last message of rows came.
fn times(ladder: &Ladder, rows: &[Row]) -> Option<(Timestamp, Timestamp)> {
    let times = rows.iter().filter_map(|row| match row {
        Row::Arrow { index, .. } => ladder.arrows.get(*index).map(|arrow| arrow.ts),
        _ => None,
    });
    let times: Vec<Timestamp> = times.collect();
    Some((*times.iter().min()?, *times.iter().max()?))
}
