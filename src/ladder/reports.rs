//! What proxies tell besides messages: rows with lanes of their own.

use std::net::IpAddr;

use crate::{
    ladder::{Arrow, Kind, Ladder, Lane, show},
    time::Timestamp,
};

/// The lanes for what is told, from left to right.
const LANES: [&str; 5] = ["NET", "LOG", "REST", "MI", "QOS"];

/// Something that a proxy tells besides messages.
#[derive(Clone, Debug)]
pub struct Report {
    /// When it was.
    pub ts: Timestamp,
    /// What its lane is called: `NET`, `LOG`, `REST`, `MI` or `QOS`.
    pub lane: &'static str,
    /// The addresses that the proxy may have, the best guess first.
    pub by: Vec<IpAddr>,
    /// What it is in short.
    pub label: String,
    /// The rest.
    pub detail: String,
    /// The status of a response.
    pub status: Option<u16>,
    /// Whether it comes back to the proxy.
    pub is_answer: bool,
    /// Where it is from, as one line.
    pub source: String,
}

impl Ladder {
    /// Adds what proxies tell, each behind the last message that is not later.
    pub fn add_reports(&mut self, reports: &[Report]) {
        let known = self.lanes.len();
        for name in LANES {
            if reports.iter().all(|report| report.lane != name) {
                continue;
            }
            self.lanes.push(Lane {
                name: name.to_owned(),
                ..Lane::default()
            });
        }
        let mut added: Vec<(usize, Arrow)> = reports
            .iter()
            .map(|report| {
                let before = self
                    .arrows
                    .iter()
                    .rposition(|arrow| arrow.ts <= report.ts)
                    .map_or(0, |index| index + 1);
                (before, self.report(report, known))
            })
            .collect();
        added.sort_by_key(|(before, arrow)| (*before, arrow.ts));
        self.insert(added);
    }

    /// Returns the arrow of a report; lanes from `known` on are for reports.
    fn report(&self, report: &Report, known: usize) -> Arrow {
        let proxies = self.lanes.get(..known).unwrap_or_default();
        let has = |ip: &IpAddr| proxies.iter().position(|lane| lane.ips.contains(ip));
        let proxy = report.by.iter().find_map(has).unwrap_or(0);
        let mut own = self.lanes.iter().skip(known);
        let own = own.position(|lane| lane.name == report.lane);
        let lane = own.map_or(proxy, |own| known + own);
        let (from, to) = if report.is_answer {
            (lane, proxy)
        } else {
            (proxy, lane)
        };
        let number = LANES.iter().position(|name| *name == report.lane);
        Arrow {
            ts: report.ts,
            from,
            to,
            kind: report.status.map_or(Kind::Request, Kind::Response),
            method: report.lane.to_owned(),
            label: show::line(report.label.as_bytes()),
            tags: Vec::new(),
            detail: show::line(report.detail.as_bytes()),
            // Those of one lane have one colour.
            transaction: self
                .arrows
                .iter()
                .map(|arrow| arrow.transaction + 1)
                .max()
                .unwrap_or(0)
                + number.unwrap_or(0),
            leg: 0,
            retransmission: None,
            is_secured: false,
            is_routine: false,
            source: show::line(report.source.as_bytes()),
            text: show::message(format!("{}\n{}", report.label, report.detail).as_bytes()),
        }
    }

    /// Inserts arrows, each before the one with that index; what refers to arrows follows them.
    fn insert(&mut self, added: Vec<(usize, Arrow)>) {
        let places: Vec<usize> = added.iter().map(|(before, _)| *before).collect();
        // Of those at the same place all come before the arrow.
        let moved = |index: usize| index + places.partition_point(|before| *before <= index);
        for arrow in &mut self.arrows {
            if let Some(again) = &mut arrow.retransmission {
                again.of = moved(again.of);
            }
        }
        for note in &mut self.notes {
            note.after = note.after.map(moved);
        }
        let mut old = std::mem::take(&mut self.arrows).into_iter();
        let mut used = 0;
        for (before, arrow) in added {
            self.arrows.extend(old.by_ref().take(before - used));
            used = before;
            self.arrows.push(arrow);
        }
        self.arrows.extend(old);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ladder::{Note, Retransmission, Tone};

    fn arrow(seconds: i64, again: Option<usize>) -> Arrow {
        Arrow {
            ts: Timestamp::from_parts(seconds, 0),
            from: 0,
            to: 1,
            kind: Kind::Request,
            method: "INVITE".to_owned(),
            label: format!("at {seconds}"),
            tags: Vec::new(),
            detail: String::new(),
            transaction: 3,
            leg: 0,
            retransmission: again.map(|of| Retransmission {
                of,
                number: 1,
                after: 1,
            }),
            is_secured: false,
            is_routine: false,
            source: String::new(),
            text: String::new(),
        }
    }

    fn report(seconds: i64, lane: &'static str, is_answer: bool) -> Report {
        Report {
            ts: Timestamp::from_parts(seconds, 0),
            lane,
            by: vec!["192.0.2.9".parse().unwrap(), "192.0.2.2".parse().unwrap()],
            label: format!("{lane} {seconds}\u{1b}"),
            detail: "a\r\nb".to_owned(),
            status: None,
            is_answer,
            source: String::new(),
        }
    }

    #[test]
    fn reports_stand_where_they_belong_and_references_follow() {
        let lane = |ip: &str| Lane {
            ips: vec![ip.parse().unwrap()],
            ..Lane::default()
        };
        let mut ladder = Ladder {
            lanes: vec![lane("192.0.2.1"), lane("192.0.2.2")],
            arrows: vec![arrow(10, None), arrow(20, None), arrow(30, Some(1))],
            notes: vec![Note {
                after: Some(1),
                text: String::new(),
                tone: Tone::Neutral,
            }],
            ..Ladder::default()
        };
        let reports = [
            report(40, "REST", true),
            report(5, "NET", false),
            report(21, "LOG", false),
            report(20, "REST", false),
        ];
        ladder.add_reports(&reports);
        let names: Vec<_> = ladder.lanes.iter().map(|lane| lane.name.as_str()).collect();
        assert_eq!(names, ["", "", "NET", "LOG", "REST"]);
        let rows: Vec<_> = ladder
            .arrows
            .iter()
            .map(|arrow| (arrow.label.as_str(), arrow.from, arrow.to))
            .collect();
        assert_eq!(
            rows,
            [
                ("NET 5\\x1b", 1, 2),
                ("at 10", 0, 1),
                ("at 20", 0, 1),
                ("REST 20\\x1b", 1, 4),
                ("LOG 21\\x1b", 1, 3),
                ("at 30", 0, 1),
                ("REST 40\\x1b", 4, 1),
            ]
        );
        assert_eq!(ladder.arrows[5].retransmission.unwrap().of, 2);
        assert_eq!(ladder.notes[0].after, Some(2));
        assert_ne!(ladder.arrows[0].transaction, ladder.arrows[4].transaction);
    }
}
