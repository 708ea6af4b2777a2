//! Streams that are odd, long or hostile.

use super::*;

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
