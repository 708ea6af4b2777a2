//! Media in ladders: which lanes their bars go between, and what is told of them.

use std::net::SocketAddr;

use sipcap::{
    ladder::{
        Anonymizer, Ladder, LadderOptions, NameBook, PictureOptions, RowOptions, TextStyle,
        pictures, rows, write_text,
    },
    media::{MediaDatagram, MediaStream, Streams},
    net::{Flow, Transport},
    sip::MessageBuf,
    time::Timestamp,
};

use super::messages;
use crate::support::{matrix::Variant, scenario::Scenario};

/// The addresses that the call of [`call`] announces.
const ALICE: &str = "192.0.2.10:4000";
const RELAY: &str = "198.51.100.7:6000";

/// Returns a call whose media go from Alice to a relay that nobody else speaks of.
fn call() -> Vec<MessageBuf> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("media.toml");
    std::fs::write(&path, SCRIPT).unwrap();
    messages(&Scenario::read(&path), Variant::PLAIN)
}

const SCRIPT: &str = r#"
about = "Media go over a relay"

[hosts]
alice = "192.0.2.10:5060"
bob = "192.0.2.20:5060"

[defaults]
call_id = "media@192.0.2.10"
from = "<sip:alice@example.com>;tag=a"
to = "<sip:bob@example.com>"
to_tag = "b"

[[message]]
path = "alice > bob"
start = "INVITE sip:bob@example.com"
body = "v=0\r\no=- 1 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 4000 RTP/AVP 96 8 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"

[[message]]
at_ms = 2_000
path = "bob > alice"
start = "200 OK"
body = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 6000 RTP/AVP 97 8\r\na=rtpmap:97 OPUS/48000/2\r\n"

[[message]]
at_ms = 2_100
path = "alice > bob"
start = "ACK sip:bob@192.0.2.20"

[[message]]
at_ms = 9_000
path = "alice > bob"
start = "BYE sip:bob@192.0.2.20"

[[message]]
at_ms = 9_050
path = "bob > alice"
start = "200 OK"
"#;

/// A packet every 20 milliseconds from two seconds after the first message on, with these numbers.
fn stream(
    streams: &mut Streams,
    begin: Timestamp,
    [src, dst]: [&str; 2],
    payload_type: u8,
    numbers: impl Iterator<Item = u16>,
) {
    let [src, dst]: [SocketAddr; 2] = [src, dst].map(|address| address.parse().unwrap());
    let flow = Flow {
        src,
        dst,
        transport: Transport::Udp,
    };
    for (number, sent) in numbers.zip(0..) {
        let [n0, n1] = number.to_be_bytes();
        let packet = [
            0x80,
            payload_type,
            n0,
            n1,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            payload_type,
        ];
        let ts = begin.plus(2_200_000_000 + sent * 20_000_000);
        streams.add(0, &MediaDatagram::read(ts, &flow, &packet, false).unwrap());
    }
}

/// Returns the ladder of a call with media, and the bars in short.
fn drawn(
    messages: &[MessageBuf],
    streams: &[MediaStream],
    names: &NameBook,
) -> (Ladder, Vec<String>) {
    let options = LadderOptions {
        names: names.clone(),
        ..LadderOptions::default()
    };
    let mut ladder = Ladder::new(messages, &options);
    ladder.add_media(messages, streams, names);
    for picture in pictures(
        &ladder,
        &rows(&ladder, RowOptions::default()),
        PictureOptions::default(),
    ) {
        assert_eq!(picture.flaw(), None);
    }
    let bars = ladder.streams.iter().map(|bar| {
        let name = |lane: usize| ladder.lanes[lane].name.as_str();
        format!("{} > {}: {}", name(bar.from), name(bar.to), bar.label)
    });
    let bars = bars.collect();
    (ladder, bars)
}

/// Returns a ladder with media, some of them lost.
pub(super) fn lossy() -> Ladder {
    let call = call();
    let mut streams = Streams::default();
    let begin = call[0].ts;
    stream(&mut streams, begin, [ALICE, RELAY], 97, 0..300);
    let numbers = (0..300).filter(|number| number % 17 != 3);
    stream(&mut streams, begin, [RELAY, ALICE], 96, numbers);
    drawn(&call, &streams.take(0), &NameBook::default()).0
}

#[test]
fn bars_go_between_those_who_send_and_receive() {
    let call = call();
    let mut streams = Streams::default();
    let begin = call[0].ts;
    // Numbers 10 and 300 are missing, and 5 comes twice.
    let numbers = (0..351).filter(|number| ![10, 300].contains(number));
    let numbers = numbers.flat_map(|number| vec![number; if number == 5 { 2 } else { 1 }]);
    stream(&mut streams, begin, [ALICE, RELAY], 97, numbers);
    stream(&mut streams, begin, [RELAY, ALICE], 96, 0..100);
    stream(&mut streams, begin, [RELAY, ALICE], 101, 0..1);
    let streams = streams.take(0);
    let (ladder, bars) = drawn(&call, &streams, &NameBook::default());
    // The lane of the relay stands beside who announced it.
    let lanes: Vec<&str> = ladder.lanes.iter().map(|lane| lane.name.as_str()).collect();
    assert_eq!(lanes, ["alice", "bob", "198.51.100.7"]);
    assert_eq!(
        bars,
        [
            "alice > 198.51.100.7: RTP OPUS · 350 packets · 2 lost (0.6 %) · 6.98 s",
            "198.51.100.7 > alice: RTP opus · 100 packets · none lost · 1.98 s",
            "198.51.100.7 > alice: RTP tel-event · 1 packet · none lost · 0 ms",
        ]
    );
    assert!(ladder.notes.is_empty(), "{:?}", ladder.notes);

    let mut names = NameBook::default();
    names.add("198.51.100.7=Relay").unwrap();
    let (ladder, _) = drawn(&call, &streams, &names);
    assert_eq!(ladder.lanes[2].name, "Relay");
    assert_eq!(ladder.lanes[2].address, "198.51.100.7");
}

#[test]
fn who_gets_no_media_is_told() {
    let call = call();
    let mut streams = Streams::default();
    stream(&mut streams, call[0].ts, [ALICE, RELAY], 8, 0..50);
    let (ladder, bars) = drawn(&call, &streams.take(0), &NameBook::default());
    assert_eq!(
        bars,
        ["alice > 198.51.100.7: RTP PCMA · 50 packets · none lost · 980 ms"]
    );
    let notes: Vec<&str> = ladder.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(notes, ["alice sends media but gets none in this capture"]);
}

#[test]
fn what_is_no_rtp_is_not_drawn() {
    let call = call();
    let mut streams = Streams::default();
    let flow = Flow {
        src: ALICE.parse().unwrap(),
        dst: RELAY.parse().unwrap(),
        transport: Transport::Udp,
    };
    let stun = MediaDatagram::read(call[0].ts, &flow, &[0, 1, 0, 0, 0x21, 0x12], false).unwrap();
    streams.add(0, &stun);
    assert_eq!(
        drawn(&call, &streams.take(0), &NameBook::default()).1,
        [""; 0]
    );
}

#[test]
fn media_are_told_in_text_and_hidden_with_the_rest() {
    let call = call();
    let mut streams = Streams::default();
    stream(&mut streams, call[0].ts, [ALICE, RELAY], 8, 0..60);
    stream(&mut streams, call[0].ts, [RELAY, ALICE], 8, 0..60);
    let mut streams = streams.take(0);
    let mut anonymizer = Anonymizer::default();
    let hidden: Vec<MessageBuf> = call.iter().map(|one| anonymizer.message(one)).collect();
    for stream in &mut streams {
        stream.src = anonymizer.endpoint(stream.src);
        stream.dst = anonymizer.endpoint(stream.dst);
    }
    let (ladder, bars) = drawn(&hidden, &streams, &NameBook::default());
    assert_eq!((bars.len(), ladder.lanes.len()), (2, 3), "{bars:?}");
    let mut text = Vec::new();
    let style = TextStyle {
        is_ascii: true,
        max_width: Some(120),
        ..TextStyle::default()
    };
    write_text(
        &ladder,
        &rows(&ladder, RowOptions::default()),
        style,
        &mut text,
    )
    .unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains("===RTP PCMA, 60 packets, none lost, 1.18 s==="),
        "{text}"
    );
    for secret in ["alice", "198.51.100.7", "192.0.2.10"] {
        assert!(!text.contains(secret), "{secret}:\n{text}");
        assert!(ladder.streams.iter().all(|bar| !bar.facts.contains(secret)));
    }
}
