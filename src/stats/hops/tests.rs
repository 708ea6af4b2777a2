use super::*;
use crate::{
    capture::{Frame, LinkType, Origin},
    net::{Encapsulation, Flow, Transport},
    sip::{Framing, Head, MessageBuf},
};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_nanos(millis * 1_000_000)
}

/// Alice, the proxy and Bob by their last octets.
const THERE: (u8, u8) = (5, 9);
const BACK: (u8, u8) = (9, 5);

/// A message that came in a packet at `came`, and was seen at a point at `ts` by its clock.
fn message((from, to): (u8, u8), point: &str, came: i64, ts: i64) -> MessageBuf {
    let bytes = b"OPTIONS sip:a@b SIP/2.0\r\n\r\n".to_vec();
    let end = |host: u8| ([10, 0, 0, host], 5060).into();
    let completed_by = Frame {
        origin: Origin::default(),
        ts: at(came),
        captured: 0,
        orig_len: 0,
        link: LinkType::NULL,
        interface: 0,
    };
    MessageBuf {
        ts: at(ts),
        flow: Flow {
            src: end(from),
            dst: end(to),
            transport: Transport::Udp,
        },
        encapsulation: Encapsulation::NONE,
        trace: None,
        completed_by,
        frames: vec![completed_by],
        head: Head::parse(&bytes, Framing::Datagram).unwrap(),
        bytes,
        point: Some(point.to_owned()),
        sightings: Vec::new(),
    }
}

/// Between whom a message went, when its first packet came, and who saw it when.
type Steps<'a> = &'a [((u8, u8), i64, &'a [(&'a str, i64)])];

/// Returns what became of the messages, in one line each.
fn told(steps: Steps<'_>) -> Vec<String> {
    let mut hops = Hops::default();
    let mut over = Vec::new();
    for (number, (flow, came, seen)) in (1..).zip(steps) {
        for (index, (point, ts)) in seen.iter().enumerate() {
            let message = message(*flow, point, *came, *ts);
            match index {
                0 => over.extend(hops.message(&message.as_message(), Some(Groups::new()))),
                _ => hops.sighting(&message.as_message(), number),
            }
        }
    }
    over.extend(hops.finish());
    let line = |passage: Passage| {
        let [from, to] = passage.hop;
        let at = passage.at.nanos() / 1_000_000;
        match passage.fate {
            Fate::Passed(nanos) => format!("{at} {from}>{to} {}", nanos / 1_000_000),
            Fate::Lost => format!("{at} {from}>{to} lost"),
            Fate::Missed => format!("{at} {from}>{to} missed"),
        }
    };
    over.into_iter().map(line).collect()
}

#[test]
fn hops_are_from_point_to_point_in_the_order_of_their_times() {
    let found = told(&[
        (THERE, 0, &[("edge", 0), ("core", 10), ("far", 30)]),
        // Told in another order than they were seen, as agents do.
        (BACK, 100, &[("edge", 145), ("far", 100), ("core", 120)]),
        // At the same time: as told.
        (THERE, 200, &[("edge", 200), ("core", 200)]),
        (THERE, 300, &[("edge", 300)]),
    ]);
    let expected = [
        "0 edge>core 10",
        "0 core>far 20",
        "100 far>core 20",
        "100 core>edge 25",
        "200 edge>core 0",
        // Far saw the first one 200 ms before.
        "200 core>far lost",
        // Far would have been behind core, so it is not asked for.
        "300 edge>core lost",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_point_has_lost_what_it_did_not_see_while_it_saw_others() {
    // Core sees every second message, one a second and a half apart from those around it.
    let both = |ms: i64| [("edge", ms), ("core", ms + 5)];
    let found = told(&[
        (THERE, 0, &both(0)),
        // 900 ms behind one that core saw.
        (THERE, 900, &[("edge", 900)]),
        // 1.5 s from the one before and 1.5 s from the one behind: core may have been asleep.
        (THERE, 1_500, &[("edge", 1_500)]),
        (THERE, 3_000, &both(3_000)),
        // Just within a second, and just beyond it.
        (THERE, 4_000, &[("edge", 4_000)]),
        (THERE, 4_001, &[("edge", 4_001)]),
        // 999 ms before one that core saw.
        (THERE, 9_001, &[("edge", 9_001)]),
        (THERE, 10_000, &both(10_000)),
        // The way back is another one: core is not known to be there.
        (BACK, 10_000, &[("edge", 10_000)]),
    ]);
    let expected = [
        "0 edge>core 5",
        "900 edge>core lost",
        "3000 edge>core 5",
        "4000 edge>core lost",
        "9001 edge>core lost",
        "10000 edge>core 5",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_is_seen_behind_a_point_only_was_missed_there() {
    let found = told(&[
        (THERE, 0, &[("edge", 0), ("core", 10), ("far", 20)]),
        // Core's capture lacks it.
        (THERE, 100, &[("edge", 100), ("far", 120)]),
        // Edge's and core's captures lack it.
        (THERE, 200, &[("far", 200)]),
        // It was lost before core.
        (THERE, 300, &[("edge", 300)]),
    ]);
    let expected = [
        "0 edge>core 10",
        "0 core>far 10",
        "100 edge>far 20",
        "100 core>far missed",
        "200 edge>far missed",
        "200 core>far missed",
        "300 edge>core lost",
    ];
    assert_eq!(found, expected);
}

#[test]
fn points_that_have_nothing_in_common_lose_nothing() {
    // Perhaps one of two proxies that share the load.
    let found = told(&[
        (THERE, 0, &[("edge", 0)]),
        (THERE, 10, &[("core", 10)]),
        (THERE, 20, &[("edge", 20)]),
    ]);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn memory_is_bounded() {
    let mut hops = Hops::default();
    for number in 0..CAPACITY as i64 + 1_000 {
        let point = (number % 100).to_string();
        let message = message((number as u8, 9), &point, 0, 0);
        hops.message(&message.as_message(), None);
    }
    assert_eq!(hops.waiting.len(), CAPACITY);
    assert_eq!(hops.evicted, 1_000);
    assert_eq!(hops.names.len(), MAX_POINTS);
    let late = message(THERE, "1", 60_000, 60_000);
    hops.message(&late.as_message(), None);
    assert_eq!(hops.waiting.len(), 1);
}
