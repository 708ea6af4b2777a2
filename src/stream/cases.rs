//! The worked cases of TCP streams: positions of segments as they were captured, and what must come out.

mod hep;
mod odd;
mod properties;

use super::{
    Context, Limits,
    SegmentFate::{self, KeepAlive, NoData, OutOfWindow, Retransmission, Sip, Skipped},
    wire::{Wire, client, message, message_with, segment, server},
};
use crate::{net::Encapsulation, packet::Segment, sip::Flaws};

/// Sends parts of `stream` as position and length behind a SYN.
fn send(stream: &[u8], parts: &[(usize, usize)]) -> Wire {
    let mut wire = Wire::synced();
    for &(at, len) in parts {
        wire.data(at, &stream[at..at + len]);
    }
    wire
}

fn join(messages: &[&[u8]]) -> Vec<u8> {
    messages.concat()
}

#[test]
fn case_1_one_segment() {
    let catch = send(&message('a'), &[(0, 500)]).finish();
    assert_eq!(catch.texts(), [String::from_utf8(message('a')).unwrap()]);
    let got = &catch.messages[0];
    assert_eq!(
        (got.ts_ms, got.flaws, got.body.len()),
        (2, Flaws::NONE, 200)
    );
    assert_eq!(catch.fates(), [NoData, Sip]);
}

#[test]
fn case_2_two_segments() {
    for cut in [1, 100, 298, 299, 300, 301, 499] {
        let catch = send(&message('a'), &[(0, cut), (cut, 500 - cut)]).finish();
        let got = &catch.messages[0];
        assert_eq!((got.ts_ms, &got.frames[..]), (3, &[2, 3][..]));
        assert_eq!(got.text.as_bytes(), message('a'));
        assert_eq!(catch.fates(), [NoData, Sip, Sip]);
    }
}

#[test]
fn case_3_out_of_order() {
    let wire = send(&message('a'), &[(100, 400), (0, 100)]);
    assert_eq!(wire.streams.stats().out_of_order, 1);
    let catch = wire.finish();
    let got = &catch.messages[0];
    assert_eq!(got.text.as_bytes(), message('a'));
    assert_eq!((got.ts_ms, got.completed_by), (3, 3));
    assert_eq!(got.frames, [3, 2], "in the order of its octets");
}

#[test]
fn case_4_retransmission() {
    let wire = send(&message('a'), &[(0, 500), (0, 500)]);
    assert_eq!(wire.streams.stats().retransmissions, 1);
    let catch = wire.finish();
    assert_eq!(catch.messages.len(), 1);
    assert_eq!(catch.fates(), [NoData, Sip, Retransmission]);
}

#[test]
fn case_5_overlap() {
    let wire = send(&message('a'), &[(0, 300), (200, 300)]);
    assert_eq!(wire.streams.stats().overlaps, 1);
    let catch = wire.finish();
    assert_eq!(catch.messages[0].text.as_bytes(), message('a'));
    assert_eq!(catch.fates(), [NoData, Sip, Sip]);
}

#[test]
fn case_6_hole_in_a_body() {
    let stream = join(&[&message('a'), &message('b')]);
    let mut wire = send(&stream, &[(0, 300), (400, 100)]);
    wire.ack(500);
    assert!(wire.catch.messages.is_empty(), "it may still come");
    wire.now_ms += 1000;
    wire.data(500, &stream[500..]);
    assert_eq!(wire.streams.stats().lost_octets, 100);
    let catch = wire.finish();
    let [first, second] = &catch.messages[..] else {
        panic!("{catch:?}");
    };
    assert_eq!(first.flaws, Flaws::BODY_GAP);
    assert_eq!(first.body.as_bytes(), &stream[400..500]);
    assert_eq!(second.text.as_bytes(), message('b'));
    assert_eq!(second.flaws, Flaws::NONE);
    assert_eq!(catch.fates(), [NoData, Sip, Sip, NoData, Sip]);
}

#[test]
fn case_7_hole_in_headers() {
    let stream = join(&[&message('a'), &message('b')]);
    let wire = send(&stream, &[(0, 100), (300, 200), (500, 500)]);
    let mut wire = wire;
    let catch = {
        let catch = &mut wire.catch;
        wire.streams.finish(&mut |found| catch.take(&found));
        assert_eq!(wire.streams.stats().resyncs, 1);
        assert_eq!(wire.streams.stats().skipped_octets, 200);
        wire.catch
    };
    let [first, second] = &catch.messages[..] else {
        panic!("{catch:?}");
    };
    assert_eq!(first.text.as_bytes(), &stream[..100]);
    assert_eq!((first.flaws, first.ts_ms), (Flaws::CUT, 2));
    assert_eq!(second.text.as_bytes(), message('b'));
    assert_eq!(second.flaws, Flaws::RESYNCED);
    assert_eq!(catch.fates(), [NoData, Sip, Skipped, Sip]);
}

#[test]
fn what_is_missing_is_told_where_sip_is_spoken() {
    let stream = join(&[&message('a'), &message('b'), &message('c')]);
    for (parts, expected) in [
        // In a body, in headers, and a whole message.
        (&[(0, 300), (400, 1100)][..], &[(3, Some(100))][..]),
        (&[(0, 100), (300, 1200)], &[(3, Some(200))]),
        (&[(0, 500), (1000, 500)], &[(3, Some(500))]),
        (
            &[(0, 300), (400, 100), (600, 900)],
            &[(3, Some(100)), (4, Some(100))],
        ),
        // Only late, or again.
        (&[(0, 300), (400, 1100), (300, 100)], &[]),
        (&[(0, 800), (300, 1200)], &[]),
    ] {
        assert_eq!(send(&stream, parts).finish().gaps, expected, "{parts:?}");
    }

    // The length of a jump is not known.
    let mut wire = send(&message('a'), &[(0, 500)]);
    wire.data(1 << 28, &message('b'));
    assert_eq!(wire.finish().gaps, [(3, None)]);

    // What was cut off is not missing from the capture.
    let mut wire = Wire::synced();
    wire.cut(0, &message('a')[..200], 500);
    wire.data(500, &message('b'));
    assert_eq!(wire.finish().gaps, []);

    // Nobody wants to know of other protocols, nor of what was before the capture.
    let mut tls = vec![0x16, 3, 1, 2, 0];
    tls.resize(1000, 0);
    assert_eq!(send(&tls, &[(0, 300), (400, 600)]).finish().gaps, []);
    let mut wire = Wire::new();
    wire.data(250, &stream[250..]);
    assert_eq!(wire.finish().gaps, []);
}

#[test]
fn case_8_from_the_middle() {
    let stream = join(&[&message('a'), &message('b')]);
    let mut wire = Wire::new();
    wire.data(250, &stream[250..500]);
    wire.data(500, &stream[500..]);
    let catch = wire.finish();
    assert_eq!(catch.texts(), [String::from_utf8(message('b')).unwrap()]);
    assert_eq!(catch.messages[0].flaws, Flaws::RESYNCED);
    assert_eq!(catch.fates(), [Skipped, Sip]);
}

#[test]
fn case_9_two_messages_in_a_segment() {
    let catch = send(&join(&[&message('a'), &message('b')]), &[(0, 1000)]).finish();
    assert_eq!(catch.messages.len(), 2);
    assert!(catch.messages.iter().all(|got| got.ts_ms == 2));
    assert_eq!(catch.fates(), [NoData, Sip]);
}

#[test]
fn case_10_keep_alive() {
    let stream = join(&[b"\r\n\r\n", &message('a'), b"\r\n"]);
    let wire = send(&stream, &[(0, 4), (4, 500), (504, 2)]);
    assert_eq!(
        (wire.streams.stats().pings, wire.streams.stats().pongs),
        (1, 1)
    );
    let catch = wire.finish();
    assert_eq!(catch.messages.len(), 1);
    assert_eq!(catch.messages[0].frames, [3]);
    assert_eq!(catch.fates(), [NoData, KeepAlive, Sip, KeepAlive]);
}

#[test]
fn case_11_content_length_too_small() {
    let first = message_with('a', "Content-Length: 150\r\n");
    let stream = join(&[&first, &message('b')]);
    let mut wire = send(&stream, &[(0, 500), (500, 500)]);
    assert_eq!(wire.streams.stats().skipped_octets, 50);
    assert_eq!(wire.streams.stats().resyncs, 1);
    let catch = std::mem::take(&mut wire.catch);
    let [first, second] = &catch.messages[..] else {
        panic!("{catch:?}");
    };
    assert_eq!((first.body.len(), first.text.len()), (150, 450));
    assert_eq!(first.flaws, Flaws::CONTENT_LENGTH_TOO_SMALL);
    assert_eq!(second.text.as_bytes(), message('b'));
}

#[test]
fn case_12_content_length_too_large() {
    for length in ["2000", "201", "220", "520", "900"] {
        let first = message_with('a', &format!("Content-Length: {length}\r\n"));
        let stream = join(&[&first, &message('b'), &message('c')]);
        let whole = [(0, stream.len())];
        for parts in [&[(0, 500), (500, 500), (1000, 500)][..], &whole] {
            let catch = send(&stream, parts).finish();
            let [first, second, third] = &catch.messages[..] else {
                panic!("{length}: {catch:#?}");
            };
            assert_eq!(first.text.len(), 500);
            assert!(first.flaws.contains(Flaws::CONTENT_LENGTH_TOO_LARGE));
            assert_eq!(second.text.as_bytes(), message('b'));
            assert_eq!(third.text.as_bytes(), message('c'));
        }
    }
}

#[test]
fn a_body_cannot_forge_a_message() {
    let bye = "look:\r\nBYE sip:victim@x SIP/2.0\r\nCall-ID: victim\r\nCSeq: 2 BYE\r\nl: 0\r\n\r\n";
    let chat = format!(
        "MESSAGE sip:b SIP/2.0\r\nCall-ID: chat\r\nc: text/plain\r\nl: {}\r\n\r\n{bye}",
        bye.len()
    );
    for behind in [&b""[..], b"\r\n", b"\r\n\r\n", &message('b')] {
        let stream = join(&[chat.as_bytes(), behind]);
        let expected: Vec<_> = [chat.as_bytes(), behind]
            .into_iter()
            .map(|text| String::from_utf8_lossy(text))
            .filter(|text| !text.trim().is_empty())
            .collect();
        for len in [stream.len(), 1, 7, chat.len() + 5, chat.len() + 40] {
            let parts: Vec<_> = (0..stream.len())
                .step_by(len)
                .map(|at| (at, len.min(stream.len() - at)))
                .collect();
            let catch = send(&stream, &parts).finish();
            assert_eq!(catch.texts(), expected);
            assert!(catch.messages.iter().all(|got| got.flaws == Flaws::NONE));
            catch.fates();
        }
    }
}

#[test]
fn what_begins_in_a_body_without_end_is_found() {
    let first = message_with('a', "Content-Length: 2000\r\n");
    let stream = join(&[&first, &message('b'), &message('c')[..400]]);
    let endings: [fn(&mut Wire); 3] = [
        |wire| wire.fin(1400),
        |wire| {
            wire.data(1450, &message('c')[450..]);
            wire.ack(1500);
            wire.now_ms += 1000;
            wire.ack(1500);
        },
        |wire| {
            let rst = Segment {
                rst: true,
                ..segment(client(), server(), wire.seq(1400))
            };
            wire.send(&rst, b"");
        },
    ];
    for end in endings {
        let mut wire = send(&stream, &[(0, 700), (700, 700)]);
        assert!(wire.catch.messages.is_empty(), "it may still end");
        end(&mut wire);
        let catch = wire.finish();
        let [first, second, third] = &catch.messages[..] else {
            panic!("{catch:#?}");
        };
        assert_eq!(first.text.len(), 500);
        assert_eq!(first.flaws, Flaws::CONTENT_LENGTH_TOO_LARGE);
        assert_eq!(second.text.as_bytes(), message('b'));
        assert_eq!(&third.text.as_bytes()[..400], &message('c')[..400]);
        assert_ne!(third.flaws, Flaws::NONE);
        catch.fates();
    }
}

#[test]
fn case_13_no_content_length() {
    let first = &message_with('a', "")[..300];
    let stream = join(&[first, &message('b')]);
    let catch = send(&stream, &[(0, 300), (300, 500)]).finish();
    let [first, second] = &catch.messages[..] else {
        panic!("{catch:?}");
    };
    assert_eq!(first.flaws, Flaws::NO_CONTENT_LENGTH);
    assert_eq!((first.text.len(), first.ts_ms), (300, 2));
    assert_eq!(second.flaws, Flaws::NONE);
}

#[test]
fn case_13b_no_content_length_but_a_body() {
    let first = message_with('a', "Content-Type: text/plain\r\n");
    let stream = join(&[&first, &message('b')]);
    for parts in [
        &[(0, 500), (500, 500)][..],
        &[(0, 700), (700, 300)],
        &[(0, 1000)],
    ] {
        let catch = send(&stream, parts).finish();
        let [first, second] = &catch.messages[..] else {
            panic!("{catch:?}");
        };
        assert_eq!(first.body.len(), 200);
        assert_eq!(first.flaws, Flaws::NO_CONTENT_LENGTH);
        assert_eq!(second.text.as_bytes(), message('b'));
    }
    let catch = send(&first, &[(0, 500)]).finish();
    assert_eq!(catch.messages[0].body.len(), 200, "ended by the stream");
}

#[test]
fn case_14_cut_segment() {
    let mut wire = Wire::synced();
    wire.cut(0, &message('a')[..200], 500);
    wire.data(500, &message('b'));
    let catch = wire.finish();
    let [first, second] = &catch.messages[..] else {
        panic!("{catch:?}");
    };
    assert_eq!((first.text.len(), first.flaws), (200, Flaws::CUT));
    assert_eq!(second.text.as_bytes(), message('b'));

    // Nothing but headers was captured.
    for mut wire in [Wire::new(), Wire::synced()] {
        let first = wire.number;
        for at in [0, 1000, 500] {
            wire.cut(at, b"", 500);
        }
        wire.data(1500, &message('b'));
        let catch = wire.finish();
        assert_eq!(catch.messages.len(), 1);
        assert_eq!(
            catch.fates()[first as usize..],
            [SegmentFate::Lost, SegmentFate::Lost, SegmentFate::Lost, Sip]
        );
    }

    // The end of the body is what was cut: the next message begins where it must.
    let mut wire = Wire::synced();
    wire.cut(0, &message('a')[..350], 500);
    wire.data(500, &message('b'));
    let catch = wire.finish();
    assert_eq!(
        (catch.messages[0].flaws, catch.messages[0].body.len()),
        (Flaws::CUT, 50)
    );
    assert_eq!(catch.messages[1].flaws, Flaws::NONE);
}

#[test]
fn case_15_sequence_numbers_wrap() {
    let mut wire = Wire::new();
    wire.isn = 0xffff_feff;
    wire.syn();
    wire.data(0, &message('a')[..256]);
    wire.data(256, &message('a')[256..]);
    for (at, id) in [(1000, 'c'), (500, 'b')] {
        wire.data(at, &message(id));
    }
    let catch = wire.finish();
    assert_eq!(catch.messages.len(), 3);
    assert!(catch.messages.iter().all(|got| got.text.len() == 500));
}

#[test]
fn case_16_tcp_keep_alive() {
    let mut wire = send(&message('a'), &[(0, 500)]);
    wire.data(499, b"\0");
    wire.data(499, b"");
    assert_eq!(wire.streams.stats().probes, 2);
    wire.data(500, &message('b'));
    let catch = wire.finish();
    assert_eq!(catch.messages.len(), 2);
    assert_eq!(catch.fates(), [NoData, Sip, NoData, NoData, Sip]);
}

#[test]
fn case_17_port_reuse() {
    let mut wire = send(&message('a'), &[(0, 400)]);
    // The server's direction of the old connection; the new one numbers otherwise.
    let old = Segment {
        wire_len: 500,
        ..segment(server(), client(), 70_000)
    };
    wire.send(&old, &message('x'));
    wire.isn = 0x7000_0000;
    wire.syn();
    wire.data(0, &message('b'));
    let new = Segment {
        wire_len: 500,
        ack: Some(wire.seq(500)),
        ..segment(server(), client(), 0x1234_5678)
    };
    wire.send(&new, &message('y'));
    let catch = wire.finish();
    let ids: Vec<_> = catch.messages.iter().map(|got| &got.text[44..45]).collect();
    assert_eq!(ids, ["a", "x", "b", "y"]);
    assert_eq!(catch.messages[0].flaws, Flaws::CUT);
    catch.fates();
}

#[test]
fn case_18_end_before_the_end() {
    let mut wire = send(&message('a'), &[(0, 400)]);
    wire.fin(500);
    let catch = wire.finish();
    assert_eq!(
        (catch.messages[0].flaws, catch.messages[0].text.len()),
        (Flaws::CUT, 400)
    );

    let mut wire = send(&message('a'), &[(0, 400)]);
    wire.fin(400);
    assert_eq!(wire.catch.messages.len(), 1, "nothing more can come");
    assert_eq!(wire.finish().fates(), [NoData, Sip, NoData]);
}
