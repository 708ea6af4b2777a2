//! What is drawn of a ladder, row by row: copies may be counted instead of drawn, repetitions folded, and long pauses
//! are told.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    ladder::{Arrow, Kind, Ladder, show},
    time::Timestamp,
};

/// A pause from which on it is told, in nanoseconds.
const PAUSE: i64 = 5_000_000_000;

/// Transactions in a row of which all but the first are folded.
const MIN_FOLDED: usize = 3;

/// How rows are made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RowOptions {
    /// Whether copies are counted at the first of them.
    pub collapses: bool,
    /// Whether requests within a dialog that repeat themselves are folded.
    pub folds: bool,
}

/// A row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Row {
    /// A message; the others are copies that came after so many nanoseconds each.
    Arrow {
        /// Which arrow.
        index: usize,
        /// When its copies came, if they are not drawn.
        copies: Vec<i64>,
    },
    /// A stream of media.
    Media(usize),
    /// A remark.
    Note(usize),
    /// Nothing for so many nanoseconds.
    Pause(i64),
    /// Messages that are not drawn.
    Folded {
        /// The first arrow.
        first: usize,
        /// The last one.
        last: usize,
        /// What they are.
        text: String,
    },
}

/// Returns the rows of a ladder.
#[must_use]
pub fn rows(ladder: &Ladder, options: RowOptions) -> Vec<Row> {
    let arrows = &ladder.arrows;
    let mut rows = Vec::with_capacity(arrows.len() + ladder.notes.len());
    let notes = |rows: &mut Vec<Row>, after: Option<usize>| {
        let notes = ladder.notes.iter().enumerate();
        let due = notes.filter(|(_, note)| note.after == after);
        rows.extend(due.map(|(index, _)| Row::Note(index)));
    };
    notes(&mut rows, None);
    let failed = failed(arrows);
    let mut streams = Streams::new(ladder);
    let mut copies = if options.collapses {
        copies(arrows)
    } else {
        BTreeMap::new()
    };
    let mut last: Option<Timestamp> = None;
    let mut index = 0;
    while let Some(arrow) = arrows.get(index) {
        streams.before(arrow.ts, &mut last, &mut rows);
        let is_copy = options.collapses && arrow.retransmission.is_some();
        if !is_copy {
            pause(&mut last, arrow.ts, &mut rows);
            rows.push(Row::Arrow {
                index,
                copies: copies.remove(&index).unwrap_or_default(),
            });
        }
        notes(&mut rows, Some(index));
        index += 1;
        if options.folds
            && let Some((end, text)) = folded(ladder, &failed, index)
        {
            rows.push(Row::Folded {
                first: index,
                last: end - 1,
                text,
            });
            for hidden in index..end {
                notes(&mut rows, Some(hidden));
            }
            last = arrows.get(end - 1).map(|arrow| arrow.ts);
            index = end;
        }
    }
    streams.before(Timestamp::MAX, &mut last, &mut rows);
    rows
}

/// Tells of a long time since the row before.
fn pause(last: &mut Option<Timestamp>, now: Timestamp, rows: &mut Vec<Row>) {
    let pause = last.map_or(0, |last| now.since(last));
    if pause >= PAUSE {
        rows.push(Row::Pause(pause));
    }
    *last = Some(now);
}

/// The streams in the order of their times.
struct Streams {
    order: Vec<(Timestamp, usize)>,
    next: usize,
}

impl Streams {
    fn new(ladder: &Ladder) -> Self {
        let streams = ladder.streams.iter().enumerate();
        let mut order: Vec<_> = streams.map(|(index, stream)| (stream.ts, index)).collect();
        order.sort_unstable();
        Self { order, next: 0 }
    }

    fn before(&mut self, ts: Timestamp, last: &mut Option<Timestamp>, rows: &mut Vec<Row>) {
        while let Some((at, index)) = self.order.get(self.next).filter(|(at, _)| *at < ts) {
            pause(last, *at, rows);
            rows.push(Row::Media(*index));
            self.next += 1;
        }
    }
}

/// Returns the transactions that failed: they are never folded.
fn failed(arrows: &[Arrow]) -> BTreeSet<usize> {
    let failed = arrows
        .iter()
        .filter(|arrow| matches!(arrow.kind, Kind::Response(300..=699)));
    failed.map(|arrow| arrow.transaction).collect()
}

/// Returns when the copies of each arrow came.
fn copies(arrows: &[Arrow]) -> BTreeMap<usize, Vec<i64>> {
    let mut copies: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for again in arrows.iter().filter_map(|arrow| arrow.retransmission) {
        copies.entry(again.of).or_default().push(again.after);
    }
    copies
}

/// Returns where a run of repetitions ends that begins at `start`, and what it is, if the arrow before it is of the first
/// of them.
fn folded(ladder: &Ladder, failed: &BTreeSet<usize>, start: usize) -> Option<(usize, String)> {
    let arrows = &ladder.arrows;
    let before = arrows.get(start.checked_sub(1)?)?;
    let next = arrows.get(start)?;
    let is_like = |arrow: &Arrow| {
        arrow.is_routine
            && arrow.leg == before.leg
            && (arrow.method == before.method || is_invite(arrow) && is_invite(before))
            && !failed.contains(&arrow.transaction)
    };
    let repeats = is_like(before)
        && is_like(next)
        && next.transaction != before.transaction
        && next.kind == Kind::Request;
    if !repeats {
        return None;
    }
    let run = arrows
        .get(start..)?
        .iter()
        .take_while(|arrow| is_like(arrow));
    let run: Vec<&Arrow> = run.collect();
    let mut transactions: Vec<usize> = run.iter().map(|arrow| arrow.transaction).collect();
    transactions.sort_unstable();
    transactions.dedup();
    if transactions.len() + 1 < MIN_FOLDED {
        return None;
    }
    let span = run.last()?.ts.since(next.ts);
    let text = format!(
        "{} more {} · {} messages in {}",
        transactions.len(),
        if is_invite(before) {
            "re-INVITE"
        } else {
            &before.method
        },
        run.len(),
        show::duration(span)
    );
    Some((start + run.len(), text))
}

fn is_invite(arrow: &Arrow) -> bool {
    matches!(arrow.method.as_str(), "INVITE" | "ACK")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ladder::{LadderOptions, script::said},
        net::Transport,
        sip::MessageBuf,
    };

    /// Returns rows in short: the numbers of messages, from 1 on, `xN` for copies, pauses in seconds, and what is folded.
    fn short(messages: &[MessageBuf], collapses: bool, folds: bool) -> Vec<String> {
        let ladder = Ladder::new(messages, &LadderOptions::default());
        let rows = rows(&ladder, RowOptions { collapses, folds });
        let text = |row: &Row| match row {
            Row::Arrow { index, copies } if copies.is_empty() => (index + 1).to_string(),
            Row::Arrow { index, copies } => format!("{}x{}", index + 1, copies.len() + 1),
            Row::Pause(nanos) => format!("{}s", nanos / 1_000_000_000),
            Row::Folded { first, last, text } => format!("{}-{} {text}", first + 1, last + 1),
            Row::Note(index) => ladder.notes[*index].text.clone(),
            Row::Media(index) => ladder.streams[*index].label.clone(),
        };
        rows.iter().map(text).collect()
    }

    fn request(at_ms: i64, start: &str, cseq: &str) -> MessageBuf {
        let via = format!("x;branch=z9hG4bK{}", cseq.replace(' ', ""));
        let ends = "10.0.0.1:5060 10.0.0.2:5060";
        said(
            at_ms,
            ends,
            Transport::Udp,
            [&format!("{start} sip:b SIP/2.0"), &via, cseq, ""],
        )
    }

    fn response(at_ms: i64, status: &str, cseq: &str) -> MessageBuf {
        let via = format!("x;branch=z9hG4bK{}", cseq.replace(' ', ""));
        let ends = "10.0.0.2:5060 10.0.0.1:5060";
        said(
            at_ms,
            ends,
            Transport::Udp,
            [&format!("SIP/2.0 {status}"), &via, cseq, ""],
        )
    }

    /// A request within the dialog.
    fn within(at_ms: i64, method: &str, number: usize) -> [MessageBuf; 2] {
        let cseq = format!("{number} {method}");
        let mut request = request(at_ms, method, &cseq);
        let text = String::from_utf8(request.bytes).unwrap();
        request.bytes = text
            .replace("<sip:bob@b.example>", "<sip:bob@b.example>;tag=b")
            .into_bytes();
        request.head =
            crate::sip::Head::parse(&request.bytes, crate::sip::Framing::Datagram).unwrap();
        [request, response(at_ms + 10, "200 OK", &cseq)]
    }

    #[test]
    fn copies_are_drawn_or_counted() {
        let messages = [
            request(0, "OPTIONS", "1 OPTIONS"),
            request(500, "OPTIONS", "1 OPTIONS"),
            request(1500, "OPTIONS", "1 OPTIONS"),
            response(1600, "200 OK", "1 OPTIONS"),
            response(1700, "200 OK", "1 OPTIONS"),
            request(40_000, "OPTIONS", "1 OPTIONS"),
        ];
        assert_eq!(
            short(&messages, false, false),
            ["1", "2", "3", "4", "5", "38s", "6"]
        );
        // What comes after more than 32 seconds is no copy (64 times T1).
        assert_eq!(short(&messages, true, false), ["1x3", "4x2", "38s", "6"]);
    }

    #[test]
    fn repetitions_are_folded_behind_the_first() {
        let mut messages = vec![
            request(0, "OPTIONS", "1 OPTIONS"),
            response(10, "200 OK", "1 OPTIONS"),
        ];
        for number in 2..6 {
            messages.extend(within(number as i64 * 1000, "INFO", number));
        }
        messages.extend(within(7000, "UPDATE", 6));
        assert_eq!(
            short(&messages, false, true),
            [
                "1",
                "2",
                "3",
                "4",
                "5-10 3 more INFO · 6 messages in 2.01 s",
                "11",
                "12"
            ]
        );
        assert_eq!(short(&messages, false, false).len(), 12);
        // Two of them are not worth it.
        assert_eq!(
            short(&messages[..6], false, true),
            ["1", "2", "3", "4", "5", "6"]
        );
    }

    #[test]
    fn a_refusal_is_not_folded_away() {
        let mut messages = Vec::new();
        for number in 1..8 {
            messages.extend(within(number as i64 * 1000, "INFO", number));
        }
        messages[7] = response(4010, "481 Gone", "4 INFO");
        assert_eq!(
            short(&messages, false, true),
            [
                "1",
                "2",
                "3-6 2 more INFO · 4 messages in 1.01 s",
                "7",
                "8",
                "9",
                "10",
                "11-14 2 more INFO · 4 messages in 1.01 s"
            ]
        );
    }
}
