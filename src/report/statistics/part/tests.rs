use std::io::Cursor;

use super::*;
use crate::{
    capture::{Frame, LinkType, Origin},
    net::{Encapsulation, Flow, Transport},
    sip::{Framing, Head},
};

fn written(statistics: &Statistics, origin: &PartOrigin, messages: &[MessageBuf]) -> Vec<u8> {
    let mut writer = PartWriter::new(Cursor::new(Vec::new()));
    for message in messages {
        writer.message(&message.as_message()).unwrap();
    }
    let mut part = Vec::new();
    let capture = CaptureQuality::default();
    writer
        .finish(origin, statistics, &capture, &mut part)
        .unwrap();
    part
}

fn of_plan(plan: Plan) -> Vec<u8> {
    written(
        &Statistics::new(plan, Vec::new()),
        &PartOrigin::default(),
        &[],
    )
}

fn text_of(part: &[u8]) -> String {
    let mut text = String::new();
    plain(Cursor::new(part.to_vec()))
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// A message whose octets are of all kinds.
fn message(ts: i64, octet: u8) -> MessageBuf {
    let mut bytes = b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: ".to_vec();
    bytes.push(octet);
    bytes.extend_from_slice(b"\r\n\r\n");
    let ts = Timestamp::from_nanos(ts);
    let completed_by = Frame {
        origin: Origin {
            input: 1,
            number: 7,
            offset: 0,
        },
        ts,
        captured: 0,
        orig_len: 0,
        link: LinkType::NULL,
        interface: 0,
    };
    MessageBuf {
        sightings: Vec::new(),
        ts,
        flow: Flow {
            src: "[2001:db8::1]:5060".parse().unwrap(),
            dst: "192.0.2.1:5062".parse().unwrap(),
            transport: Transport::Wss,
        },
        encapsulation: Encapsulation::VXLAN,
        trace: None,
        completed_by,
        frames: vec![completed_by],
        head: Head::parse(&bytes, Framing::Datagram).unwrap(),
        bytes,
        point: Some("edge".to_owned()),
    }
}

fn part(inputs: &[&str], messages: &[MessageBuf]) -> StatisticsPart {
    let origin = PartOrigin {
        inputs: inputs.iter().map(ToString::to_string).collect(),
        ..PartOrigin::default()
    };
    let statistics = Statistics::new(Plan::default(), Vec::new());
    StatisticsPart::read(Cursor::new(written(&statistics, &origin, messages))).unwrap()
}

#[test]
fn what_is_carried_comes_back_in_order_to_the_octet() {
    let early: Vec<_> = (0..=255)
        .map(|octet| message(i64::from(octet), octet))
        .collect();
    // Behind the first of the others, whatever its clock says.
    let late = [message(100, b'x'), message(90, b'y'), message(300, b'z')];
    let parts = vec![part(&["b", "c"], &late), part(&["a"], &early)];
    let mut merge = Merge::new(parts).unwrap();
    let mut seen = Vec::new();
    merge
        .carried(|message| {
            seen.push((
                message.ts.nanos(),
                message.completed_by.origin.input,
                message.bytes.to_vec(),
            ));
            assert_eq!(message.flow, early[0].flow);
            assert_eq!(message.encapsulation, Encapsulation::VXLAN);
            assert_eq!(message.point, Some("edge"));
            let again = Head::parse(message.bytes, Framing::Datagram).unwrap();
            assert_eq!(message.head.flaws, again.flaws);
            Ok(())
        })
        .unwrap();
    assert_eq!(seen.len(), 259);
    let ours: Vec<_> = seen.iter().filter(|one| one.1 == 1).collect();
    assert!(
        ours.iter()
            .zip(&early)
            .all(|(one, other)| one.2 == other.bytes)
    );
    let at = |ts| {
        seen.iter()
            .position(|one| (one.0, one.1) == (ts, 2))
            .unwrap()
    };
    assert_eq!((at(100), at(90), at(300)), (101, 102, 258));
}

#[test]
fn what_is_no_part_is_refused() {
    let text = text_of(&of_plan(Plan::default()));
    assert!(StatisticsPart::read(Cursor::new(text.clone())).is_ok());
    for (from, to) in [
        ("\"version\":5", "\"version\":3"),
        ("statistics-part", "statistics"),
        ("\"bucket\":null", "\"bucket\":0"),
        ("\"cut\":null", "\"cut\":7"),
        ("\"attempts\":0", "\"attempts\":-1"),
        ("{", "["),
    ] {
        let wrong = text.replacen(from, to, 1);
        assert_ne!(wrong, text, "{from}");
        assert!(StatisticsPart::read(Cursor::new(wrong)).is_err(), "{to}");
    }
    let mut cut = of_plan(Plan::default());
    cut.truncate(cut.len() / 2);
    assert!(StatisticsPart::read(Cursor::new(cut)).is_err());
}

#[test]
fn a_message_that_is_none_is_refused() {
    let origin = PartOrigin::default();
    let statistics = Statistics::new(Plan::default(), Vec::new());
    let text = text_of(&written(&statistics, &origin, &[message(0, b'a')]));
    for (from, to) in [
        ("OPTIONS sip:a@b SIP/2.0", "Hello"),
        ("Call-ID: a", "Call-ID: \\u0100"),
        ("\"wss\"", "\"smoke\""),
        ("\"input\":1", "\"input\":65536"),
        ("\"ts\":0", "\"ts\":[]"),
    ] {
        let wrong = text.replacen(from, to, 1);
        assert_ne!(wrong, text, "{from}");
        let part = StatisticsPart::read(Cursor::new(wrong)).unwrap();
        let mut merge = Merge::new(vec![part]).unwrap();
        assert!(merge.carried(|_| Ok(())).is_err(), "{to}");
    }
}

#[test]
fn parts_of_different_plans_are_refused() {
    let other = Plan {
        bucket: Some(1),
        ..Plan::default()
    };
    let parts = [Plan::default(), other]
        .map(|plan| StatisticsPart::read(Cursor::new(of_plan(plan))).unwrap());
    assert!(Merge::new(parts.into()).is_err());
}
