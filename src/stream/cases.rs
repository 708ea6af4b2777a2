//! The worked cases of TCP streams: positions of segments as they were captured, and what must come out.

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

#[test]
fn a_moved_stream_is_followed() {
    let mut wire = send(&message('a'), &[(0, 500)]);
    // One stray segment is none of it; a start line or the third in a row is.
    let far = 1 << 28;
    wire.data(far, &message('b')[100..200]);
    assert_eq!(wire.streams.stats().out_of_window, 1);
    wire.data(500, &message('c'));
    wire.data(far, &message('d'));
    let catch = wire.finish();
    assert_eq!(catch.messages.len(), 3);
    assert_eq!(catch.fates(), [NoData, Sip, OutOfWindow, Sip, Sip]);
}

#[test]
fn an_end_out_of_the_window_is_none() {
    let stream = join(&[&message('a'), &message('b')]);
    for (fin, rst) in [(true, false), (false, true)] {
        for (away, is_obeyed) in [(300_000_000, false), (17 << 20, false), (700, true)] {
            let mut wire = send(&stream, &[(0, 200), (300, 200)]);
            let end = Segment {
                fin,
                rst,
                ..segment(client(), server(), wire.seq(0).wrapping_sub(away))
            };
            wire.send(&end, b"");
            wire.now_ms += 2000;
            wire.data(200, &stream[200..300]);
            wire.data(500, &message('b'));
            assert_eq!(
                wire.streams.stats().out_of_window,
                u64::from(!is_obeyed),
                "{away}"
            );
            let catch = wire.finish();
            let flaws: Vec<_> = catch.messages.iter().map(|got| got.flaws).collect();
            let fates = catch.fates();
            if is_obeyed {
                assert_ne!(flaws, [Flaws::NONE; 2]);
            } else {
                assert_eq!(flaws, [Flaws::NONE; 2]);
                assert_eq!(fates, [NoData, Sip, Sip, OutOfWindow, Sip, Sip]);
            }
        }
    }
}

#[test]
fn other_protocols_are_told_apart() {
    let tls = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    let table: [(&[u8], SegmentFate); 4] = [
        (&tls, SegmentFate::Tls),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", SegmentFate::Http),
        (b"HTTP/1.1 200 OK\r\n\r\n", SegmentFate::Http),
        (b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n", SegmentFate::Other),
    ];
    for (bytes, fate) in table {
        for cut in 1..bytes.len() {
            let mut wire = Wire::synced();
            wire.data(0, &bytes[..cut]);
            wire.data(cut, &bytes[cut..]);
            wire.data(bytes.len(), b"\x01\x02\x03");
            wire.data(
                bytes.len() + 3,
                b"OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\nl: 0\r\n\r\n",
            );
            let catch = wire.finish();
            assert_eq!(catch.messages.len(), 1, "SIP is seen when it comes");
            assert_eq!(catch.fates(), [NoData, fate, fate, fate, Sip]);
        }
    }
}

#[test]
fn a_stream_from_the_middle_is_put_in_order_first() {
    let stream = join(&[&message('a'), &message('b')]);
    let mut wire = Wire::new();
    wire.data(500, &stream[500..]);
    wire.data(0, &stream[..500]);
    assert!(wire.catch.messages.is_empty());
    wire.now_ms += 50;
    wire.ack(1000);
    let ids: Vec<_> = wire.catch.messages.iter().map(|got| got.ts_ms).collect();
    assert_eq!(ids, [2, 1]);

    // What has been acknowledged need not be waited for.
    let mut wire = Wire::new();
    wire.data(0, &stream[..500]);
    assert!(wire.catch.messages.is_empty());
    wire.data(1000, &message('c'));
    wire.ack(500);
    wire.ack(1500);
    assert_eq!(
        wire.catch.messages.len(),
        1,
        "there is a hole before the third"
    );
    assert_eq!(wire.finish().messages.len(), 2);
}

#[test]
fn a_silent_connection_is_forgotten() {
    let mut wire = send(&message('a'), &[(0, 500)]);
    wire.now_ms += 3_600_001;
    wire.data(500, &message('b'));
    assert_eq!(wire.streams.stats().idle_timeouts, 1);
    let catch = wire.finish();
    assert_eq!(catch.messages.len(), 2);
    assert_eq!(catch.fates(), [NoData, Sip, Sip]);
}

#[test]
fn one_wrong_time_gives_up_nothing() {
    let message = message('a');
    let mut wire = send(&message, &[(300, 200)]);
    let before = wire.now_ms;
    wire.now_ms += 7_200_000;
    let stray = Segment {
        wire_len: 3,
        ..segment(server(), "192.0.2.9:7".parse().unwrap(), 3)
    };
    wire.send(&stray, b"zzz");
    wire.now_ms = before;
    wire.data(0, &message[..300]);
    assert_eq!(wire.streams.stats().reorder_timeouts, 0);
    let catch = wire.finish();
    assert_eq!(catch.texts(), [String::from_utf8(message).unwrap()]);
}

#[test]
fn a_hole_is_given_up_in_the_end() {
    let stream = join(&[&message('a'), &message('b'), &message('c')]);
    let mut wire = send(&stream, &[(0, 500), (1000, 500)]);
    wire.now_ms = 60_001;
    wire.ack(0);
    assert_eq!(wire.catch.messages.len(), 1);
    wire.ack(0);
    assert_eq!(
        wire.catch.messages.len(),
        2,
        "60 s behind the third segment"
    );
    assert_eq!(wire.streams.stats().reorder_timeouts, 1);
    // What comes too late stays out.
    wire.data(500, &stream[500..1000]);
    let fates = wire.finish().fates();
    assert_eq!(fates, [NoData, Sip, Sip, NoData, NoData, Retransmission]);
}

#[test]
fn bodies_may_hold_messages_by_their_type() {
    let inner = b"INVITE sip:c@d SIP/2.0\r\nVia: SIP/2.0/TCP e\r\n\r\n";
    let head = format!(
        "NOTIFY sip:a@b SIP/2.0\r\nCall-ID: n\r\nc: message/sipfrag\r\nl: {}\r\n\r\n",
        inner.len()
    );
    let stream = [head.as_bytes(), inner].concat();
    let catch = send(&stream, &[(0, 60), (60, stream.len() - 60)]).finish();
    assert_eq!(catch.messages.len(), 1);
    assert_eq!(catch.messages[0].body.as_bytes(), inner);
    assert_eq!(catch.messages[0].flaws, Flaws::NONE);
}

#[test]
fn a_length_beyond_belief_does_not_swallow_the_stream() {
    let first = message_with('a', "Content-Length: 1048577\r\n");
    let stream = join(&[&first, &message('b')]);
    let catch = send(&stream, &[(0, 500), (500, 500)]).finish();
    let [first, second] = &catch.messages[..] else {
        panic!("{catch:?}");
    };
    assert_eq!(first.text.len(), 300);
    assert_eq!(
        first.flaws,
        Flaws::CONTENT_LENGTH_TOO_LARGE.union(Flaws::CUT)
    );
    assert_eq!(second.text.as_bytes(), message('b'));
}

#[test]
fn directions_meet_across_tunnels() {
    let mut wire = Wire::new();
    let mut encapsulation = Encapsulation::GTPU;
    encapsulation.insert(Encapsulation::VLAN);
    wire.context = Context {
        encapsulation,
        tunnel: 7,
    };
    wire.data(0, &message('a'));
    assert!(wire.catch.messages.is_empty(), "it may not be the first");
    wire.context.tunnel = 8;
    wire.ack(500);
    assert_eq!(
        wire.catch.messages.len(),
        1,
        "acknowledged in the other tunnel"
    );
    assert_eq!(wire.catch.messages[0].encapsulation, encapsulation);
}

#[test]
fn a_search_costs_no_more_when_segments_are_tiny() {
    // All is a start line until more comes: each octet must not look at all others.
    for junk in [
        &b"a"[..],
        b"ACK ",
        b"INVITE sip:",
        b":\n",
        b"SIP/2.0 200 OK\n",
    ] {
        let junk = junk.iter().cycle().take(20_000).copied();
        let stream: Vec<u8> = message('a')
            .into_iter()
            .chain(*b"\x01\x02\r\n")
            .chain(junk)
            .chain(*b"\r\n")
            .chain(message('b'))
            .collect();
        let mut wire = Wire::synced();
        wire.data(0, &stream[..500]);
        for (at, octet) in stream.iter().enumerate().skip(500) {
            wire.data(at, &[*octet]);
        }
        let catch = wire.finish();
        let last = catch.messages.last().unwrap();
        assert_eq!(last.text.as_bytes(), message('b'));
        catch.fates();
    }
}

#[test]
fn what_is_held_is_counted_as_it_is_allocated() {
    let length = "Content-Length: 900000\r\n";
    let head = &message_with('a', length)[..300];
    let stream = [head, &vec![b'y'; 900_000][..], b"I"].concat();
    let mut wire = Wire::synced();
    for (number, bytes) in stream.chunks(60_000).enumerate() {
        let at = number * 60_000;
        wire.data(at, bytes);
        if at + bytes.len() < stream.len() {
            assert!(wire.streams.held() > at);
        }
    }
    assert_eq!(wire.catch.messages.len(), 1);
    assert!(wire.streams.held() < 10_000, "one octet is left");
    wire.finish().fates();
}

#[test]
fn deadlines_cost_no_more_when_many_wait() {
    // A hole in each of many streams, and then one given up with each packet, which must not look at all of them.
    const COUNT: u16 = 20_000;
    let mut wire = Wire::new();
    for port in 0..COUNT {
        let mut src = client();
        src.set_port(10_000 + port);
        let syn = Segment {
            syn: true,
            ..segment(src, server(), 999)
        };
        wire.send(&syn, b"");
        let behind_hole = Segment {
            wire_len: 2,
            ..segment(src, server(), 1500)
        };
        wire.send(&behind_hole, b"zz");
    }
    wire.now_ms += 60_000 - i64::from(COUNT) * 2;
    for given_up in 0..u64::from(COUNT) {
        assert_eq!(wire.streams.stats().reorder_timeouts, given_up);
        wire.now_ms += 1;
        wire.ack(0);
    }
    wire.finish().fates();
}

/// Splits `stream` at `cuts`, and adds duplicates and an order as told.
fn shuffled(stream: &[u8], cuts: &[usize], order: &[usize]) -> Vec<(usize, usize)> {
    let mut ends: Vec<_> = cuts.iter().map(|cut| cut % stream.len()).collect();
    ends.extend([0, stream.len()]);
    ends.sort_unstable();
    ends.dedup();
    let parts: Vec<_> = ends
        .windows(2)
        .map(|pair| (pair[0], pair[1] - pair[0]))
        .collect();
    let mut sent: Vec<_> = parts.iter().copied().enumerate().collect();
    for (at, seed) in order.iter().enumerate() {
        let index = seed % parts.len();
        if seed % 3 == 0 {
            // Again, or with a bit of the next one.
            let (start, len) = parts[index];
            let longer = (len + seed % 40).min(stream.len() - start);
            sent.push((parts.len() + at, (start, longer)));
        }
        let other = (seed / 7) % sent.len();
        sent.swap(index, other);
    }
    sent.into_iter().map(|(_, part)| part).collect()
}

fn pool() -> Vec<Vec<u8>> {
    vec![
        message('a'),
        message('b'),
        b"\r\n\r\n".to_vec(),
        b"SIP/2.0 200 OK\nCall-ID: x\nl: 3\n\nabc".to_vec(),
        b"BYE sip:a@b SIP/2.0\r\nCall-ID: y\r\nContent-Length: 0\r\n\r\n".to_vec(),
        b"REGISTER sip:a SIP/2.0\r\nCall-ID: z\r\nSubject: a\r\n b\r\nl:\r\n 0\r\n\r\n".to_vec(),
    ]
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config {
        cases: 300, failure_persistence: None, ..Default::default()
    })]

    #[test]
    fn any_cut_order_and_duplication_gives_the_same_messages(
        picks in proptest::collection::vec(0..6_usize, 1..8),
        cuts in proptest::collection::vec(0..4000_usize, 0..40),
        order in proptest::collection::vec(0..10_000_usize, 0..60),
        isn in proptest::prelude::any::<u32>(),
    ) {
        let pool = pool();
        let stream: Vec<u8> = picks.iter().flat_map(|pick| pool[*pick].clone()).collect();
        let mut wire = Wire::new();
        wire.isn = isn;
        wire.syn();
        for (at, len) in shuffled(&stream, &cuts, &order) {
            wire.data(at, &stream[at..at + len]);
        }
        let catch = wire.finish();
        catch.fates();
        let expected: Vec<_> = picks.iter().filter(|pick| **pick != 2).map(|pick| {
            String::from_utf8(pool[*pick].clone()).unwrap()
        }).collect();
        proptest::prop_assert_eq!(catch.texts(), expected);
        for got in &catch.messages {
            proptest::prop_assert_eq!(got.flaws, Flaws::NONE);
            proptest::prop_assert_eq!(got.completed_by, *got.frames.iter().max().unwrap());
        }
    }

    #[test]
    fn garbage_stays_within_its_memory_and_settles_every_frame(
        segments in proptest::collection::vec(
            (0..9_u8, 0..3000_usize, 0..6_usize, 0..600_usize, 0..4_u16, 0..90_000_i64), 1..120,
        ),
    ) {
        let limits = Limits {
            directions: 4,
            held: 6_000,
            queue: 3_000,
            ..Limits::default()
        };
        let pool = pool();
        let mut wire = Wire::with(&limits);
        for (kind, at, pick, len, port, wait) in segments {
            wire.now_ms += wait - 20_000;
            let junk: Vec<u8> = (0..len).map(|octet| ((octet * at) ^ pick) as u8).collect();
            let bytes = if kind < 6 { &pool[pick] } else { &junk };
            let bytes = &bytes[..bytes.len().min(len)];
            let mut src = client();
            src.set_port(40_000 + port);
            let (src, dst) = if kind % 2 == 0 { (src, server()) } else { (server(), src) };
            let segment = Segment {
                syn: kind == 3,
                fin: kind == 4,
                rst: kind == 5 && len % 4 == 0,
                ack: (len % 3 == 0).then(|| wire.seq(at / 2)),
                wire_len: u32::try_from(bytes.len() + len % 5).unwrap(),
                ..segment(src, dst, wire.seq(at))
            };
            wire.send(&segment, bytes);
            proptest::prop_assert!(wire.streams.held() <= limits.held);
        }
        wire.finish().fates();
    }
}
