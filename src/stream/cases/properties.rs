//! What holds of any stream, however it is cut, ordered and repeated.

use super::*;

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
