//! Several capture points: what their clocks are off by, and messages that more than one of them has seen. The captures are
//! made of calls through a proxy; who saw what, and when, is known.

use std::path::Path;

use serde_json::Value;

use super::{
    merge::{Frame, between, read, write},
    rows, sipcap,
};
use crate::support::program::run;

const ALICE: [u8; 4] = [10, 0, 0, 5];
const PROXY: [u8; 4] = [10, 0, 0, 9];
const BOB: [u8; 4] = [10, 0, 0, 20];
/// When the captures begin.
const START: f64 = 1_795_075_200.0;

/// A generator of numbers that are as good as random (Knuth's MMIX).
struct Random(u64);

impl Random {
    /// Returns a number that is seldom large, 1 on average.
    fn exponential(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let one = (self.0 >> 11) as f64 / (1_u64 << 53) as f64;
        -(1.0 - one).ln()
    }
}

/// Three taps: `edge` at Alice, `core` before the proxy, `far` behind it.
#[derive(Clone, Copy, Debug)]
struct Taps {
    /// How far core is ahead of edge in the middle, in seconds, and what it gains, in ppm.
    core: f64,
    ppm: f64,
    /// How far far is ahead.
    far: f64,
    /// From edge to core, and how much more it is on average.
    delay: f64,
    jitter: f64,
    calls: usize,
    seconds: f64,
}

/// Frames by tap.
struct Scene {
    taps: Taps,
    random: Random,
    id: u16,
    frames: [Vec<(f64, Vec<u8>)>; 3],
}

impl Scene {
    fn new(taps: Taps) -> Self {
        let mut scene = Self {
            taps,
            random: Random(8),
            id: 0,
            frames: Default::default(),
        };
        for call in 0..taps.calls {
            scene.call(call, taps.seconds * call as f64 / taps.calls as f64);
        }
        scene
    }

    /// A call that Alice makes and ends: each message as those who forward it have it, with what they take for it.
    fn call(&mut self, call: usize, start: f64) {
        let mut at = start;
        for (wait, first, cseq, by_alice, goes_on) in [
            (0.0, "INVITE sip:bob@b SIP/2.0", "1 INVITE", true, true),
            (0.0005, "SIP/2.0 180 Ringing", "1 INVITE", false, true),
            (0.8, "SIP/2.0 200 OK", "1 INVITE", false, true),
            (0.002, "ACK sip:bob@b SIP/2.0", "1 ACK", true, true),
            (2.0, "BYE sip:bob@b SIP/2.0", "2 BYE", true, true),
            (0.01, "SIP/2.0 200 OK", "2 BYE", false, true),
            (0.0, "OPTIONS sip:proxy SIP/2.0", "3 OPTIONS", true, false),
            (0.001, "SIP/2.0 200 OK", "3 OPTIONS", false, false),
        ] {
            at += wait;
            let via = |host: &str, who: &str| {
                let branch = format!("z9hG4bK{call}{who}{}", cseq.replace(' ', ""));
                format!("Via: SIP/2.0/UDP {host};branch={branch}\r\n")
            };
            let alice = via("10.0.0.5", "a");
            let proxy = via("10.0.0.9", "p") + &alice;
            let is_first = first.starts_with("INVITE") || first.starts_with("OPTIONS");
            let tag = if is_first {
                String::new()
            } else {
                format!(";tag=b{call}")
            };
            let text = |vias: &str| {
                format!(
                    "{first}\r\n{vias}From: <sip:alice@a>;tag=a{call}\r\nTo: <sip:bob@b>{tag}\r\n\
                     Call-ID: call{call}@a\r\nCSeq: {cseq}\r\nContent-Length: 0\r\n\r\n"
                )
            };
            if by_alice {
                at = self.near(at, true, &text(&alice));
                if goes_on {
                    at = self.far(at + 0.001, true, &text(&proxy));
                }
            } else {
                if goes_on {
                    at = self.far(at, false, &text(&proxy)) + 0.001;
                }
                at = self.near(at, false, &text(&alice));
            }
        }
    }

    /// Between Alice and the proxy; returns when it arrives.
    fn near(&mut self, at: f64, by_alice: bool, text: &str) -> f64 {
        let arrives = at + self.taps.delay + self.taps.jitter * self.random.exponential();
        let (edge, core) = if by_alice {
            (at, arrives)
        } else {
            (arrives, at)
        };
        let (src, dst) = if by_alice {
            (ALICE, PROXY)
        } else {
            (PROXY, ALICE)
        };
        self.id += 1;
        let gained = (core - self.taps.seconds / 2.0) * self.taps.ppm * 1e-6;
        let frame = |ttl| between(src, dst, self.id, ttl, text);
        let frames = [frame(64), frame(63)];
        let [at_edge, at_core] = frames;
        self.frames[0].push((edge, at_edge));
        self.frames[1].push((core + self.taps.core + gained, at_core));
        arrives
    }

    /// Between the proxy and Bob.
    fn far(&mut self, at: f64, by_alice: bool, text: &str) -> f64 {
        let (src, dst) = if by_alice { (PROXY, BOB) } else { (BOB, PROXY) };
        self.id += 1;
        let frame = between(src, dst, self.id, 64, text);
        self.frames[2].push((at + 0.0005 + self.taps.far, frame));
        at + 0.001
    }

    fn write(mut self, dir: &Path) {
        for (name, frames) in ["edge.pcap", "core.pcap", "far.pcap"]
            .iter()
            .zip(&mut self.frames)
        {
            frames.sort_by(|one, other| one.0.total_cmp(&other.0));
            let stored: Vec<Frame> = frames
                .iter()
                .map(|(at, octets)| {
                    let micros = ((START + at) * 1e6).floor() as u64;
                    (
                        (micros / 1_000_000) as u32,
                        (micros % 1_000_000) as u32,
                        octets.clone(),
                    )
                })
                .collect();
            write(dir, name, &stored);
        }
    }
}

const POINTS: &str = "--point edge=edge.pcap --point core=core.pcap --point far=far.pcap";

const TAPS: Taps = Taps {
    core: 0.040,
    ppm: 0.0,
    far: -1.5,
    delay: 0.010,
    jitter: 0.001,
    calls: 40,
    seconds: 400.0,
};

/// What the clocks of captures may be off by.
const SCENES: [Taps; 5] = [
    TAPS,
    Taps {
        core: -1.5,
        far: 0.3,
        calls: 3,
        seconds: 30.0,
        ..TAPS
    },
    Taps {
        core: 0.001,
        ppm: 60.0,
        far: 0.0,
        calls: 150,
        seconds: 1_800.0,
        ..TAPS
    },
    Taps {
        core: 3_600.2,
        delay: 0.001,
        jitter: 0.003,
        ..TAPS
    },
    Taps {
        core: -0.02,
        ppm: -25.0,
        jitter: 0.0,
        calls: 1,
        seconds: 5.0,
        ..TAPS
    },
];

#[test]
fn clocks_are_off_by_what_is_told() {
    for taps in SCENES {
        let dir = tempfile::tempdir().unwrap();
        Scene::new(taps).write(dir.path());
        let told = rows(&sipcap(dir.path(), &format!("info --format json {POINTS}")));
        let clocks: Vec<&Value> = told.iter().filter(|row| row["type"] == "clock").collect();
        assert_eq!(clocks.len(), 2, "{taps:?}");
        for (row, name, truth) in [(0, "core", taps.core), (1, "far", taps.far)] {
            let row = clocks[row];
            assert_eq!(row["point"], name);
            assert_eq!(row["reference"], "edge");
            let number = |field: &str| row[field].as_i64().unwrap() as f64 / 1e6;
            // What it gained from the middle of the capture to the moment that is told.
            let at: jiff::Timestamp = row["at"].as_str().unwrap().parse().unwrap();
            let at = at.as_nanosecond() as f64 / 1e9 - START;
            let drift = if name == "core" { taps.ppm } else { 0.0 };
            let truth = truth + (at - taps.seconds / 2.0) * drift * 1e-6;
            let error = (number("ahead_us") - truth).abs();
            assert!(error <= number("uncertainty_us"), "{taps:?} {row}");
            assert!(number("uncertainty_us") <= 0.013, "{row}");
            if let Some(told) = row["drift_ppb"].as_i64() {
                let error = (told as f64 / 1e3 - drift).abs();
                assert!(error < 5.0, "{taps:?} {row}");
            }
        }
    }
}

#[test]
fn merged_frames_are_in_the_order_of_cause_and_effect() {
    for taps in SCENES {
        let dir = tempfile::tempdir().unwrap();
        Scene::new(taps).write(dir.path());
        let merged = format!("merge --align-clocks -o out.pcapng {POINTS}");
        sipcap(dir.path(), &merged);
        // Every second frame of edge and core is of the other; far is between them. So the order of names tells it all.
        let frames = read(&dir.path().join("out.pcapng"));
        let order: Vec<&str> = frames.iter().map(|(name, ..)| name.as_str()).collect();
        let call = [
            "edge", "core", "far", // INVITE
            "far", "core", "edge", // 180
            "far", "core", "edge", // 200
            "edge", "core", "far", // ACK
            "edge", "core", "far", // BYE
            "far", "core", "edge", // 200
            "edge", "core", "core", "edge", // OPTIONS, which the proxy answers
        ];
        assert_eq!(order.len(), call.len() * taps.calls);
        for part in order.chunks(call.len()) {
            assert_eq!(part, call, "{taps:?}");
        }
    }
}

#[test]
fn a_message_counts_once_however_many_points_have_seen_it() {
    let dir = tempfile::tempdir().unwrap();
    Scene::new(TAPS).write(dir.path());
    // Eight messages a call before the proxy, six behind it; the clocks are near enough to tell.
    for options in ["", " --align-clocks"] {
        let run = sipcap(
            dir.path(),
            &format!("messages --format json{options} {POINTS}"),
        );
        assert_eq!(rows(&run).len(), 40 * 14, "{options}");
    }
    let aligned = format!("calls --format json --align-clocks {POINTS}");
    let calls = rows(&sipcap(dir.path(), &aligned));
    assert_eq!(calls.len(), 40);
    for call in calls {
        assert_eq!(call["outcome"], "answered");
        assert_eq!(call["retransmissions"], 0, "{call}");
    }
    // Without points, what Alice sends (INVITE, ACK, BYE and OPTIONS) is seen again 50 ms later and more: too late for a copy.
    let run = sipcap(
        dir.path(),
        "messages --format json edge.pcap core.pcap far.pcap",
    );
    assert_eq!(rows(&run).len(), 40 * (14 + 4));
}

#[test]
fn delays_between_points_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let taps = Taps {
        jitter: 0.0,
        calls: 4,
        seconds: 40.0,
        ..TAPS
    };
    Scene::new(taps).write(dir.path());
    let told = rows(&sipcap(
        dir.path(),
        &format!("messages --align-clocks --format json {POINTS}"),
    ));
    let mut seen = [0; 3];
    for row in &told {
        let point = row["point"].as_str().unwrap();
        // What Alice sends is seen at edge first, what she gets at core; what is between the proxy and Bob at far alone.
        let is_of_alice = row["src"] == "10.0.0.5";
        let is_to_alice = row["dst"] == "10.0.0.5";
        let (first, other) = match (is_of_alice, is_to_alice) {
            (true, _) => ("edge", "core"),
            (_, true) => ("core", "edge"),
            _ => ("far", ""),
        };
        assert_eq!(point, first, "{row}");
        seen[usize::from(is_to_alice) + 2 * usize::from(other.is_empty())] += 1;
        if other.is_empty() {
            assert_eq!(row.get("sightings"), None);
            continue;
        }
        let sighting = &row["sightings"][0];
        assert_eq!(sighting["point"], other);
        assert_eq!(sighting["input"], format!("{other}.pcap"));
        let delay = sighting["delay_us"].as_i64().unwrap();
        assert!((delay - 10_000).abs() <= 2, "{row}");
    }
    assert_eq!(seen, [4 * 4, 4 * 4, 4 * 6]);
    let info = rows(&sipcap(
        dir.path(),
        &format!("info --align-clocks --format json {POINTS}"),
    ));
    let delays: Vec<&Value> = info.iter().filter(|row| row["type"] == "delay").collect();
    let pairs: Vec<_> = delays
        .iter()
        .map(|row| (&row["from"], &row["to"]))
        .collect();
    assert_eq!(pairs.len(), 2, "{pairs:?}");
    for (row, [from, to]) in delays.iter().zip([["core", "edge"], ["edge", "core"]]) {
        assert_eq!((&row["from"], &row["to"]), (&from.into(), &to.into()));
        assert_eq!(row["messages"], 4 * 4);
        for field in ["min_us", "median_us", "p95_us", "max_us"] {
            let delay = row[field].as_i64().unwrap();
            assert!((delay - 10_000).abs() <= 2, "{row}");
        }
    }
    let csv = sipcap(dir.path(), &format!("messages --format csv {POINTS}"));
    let csv = String::from_utf8(csv.stdout).unwrap();
    // Core is 40 ms ahead, and the way takes 10 ms.
    let invite = csv.lines().find(|line| line.contains("INVITE")).unwrap();
    assert!(invite.ends_with(",far"), "{invite}");
    let options = csv.lines().find(|line| line.contains("OPTIONS")).unwrap();
    let (_, seen) = options.rsplit_once(',').unwrap();
    let delay: i64 = seen.strip_prefix("edge core+").unwrap().parse().unwrap();
    assert!((delay - 50_000).abs() <= 2, "{seen}");
}

#[test]
fn what_nobody_named_is_a_point_beside_those_with_names() {
    let dir = tempfile::tempdir().unwrap();
    let taps = Taps {
        core: -1.5,
        jitter: 0.0,
        calls: 4,
        seconds: 40.0,
        ..TAPS
    };
    Scene::new(taps).write(dir.path());
    let inputs = "--point edge=edge.pcap core.pcap";
    let told = rows(&sipcap(dir.path(), &format!("info --format json {inputs}")));
    let clock = told.iter().find(|row| row["type"] == "clock").unwrap();
    assert_eq!(clock["point"], "wire");
    let ahead = clock["ahead_us"].as_i64().unwrap();
    assert!((ahead + 1_500_000).abs() <= 2, "{clock}");
    let told = rows(&sipcap(
        dir.path(),
        &format!("messages --align-clocks --format json {inputs}"),
    ));
    assert_eq!(told.len(), 4 * 8);
    for row in &told {
        let (first, other) = match row["src"] == "10.0.0.5" {
            true => ("edge", "wire"),
            false => ("wire", "edge"),
        };
        let sighting = &row["sightings"][0];
        assert_eq!(
            (&row["point"], &sighting["point"]),
            (&first.into(), &other.into())
        );
        let delay = sighting["delay_us"].as_i64().unwrap();
        assert!((delay - 10_000).abs() <= 2, "{row}");
    }
}

#[test]
fn ladders_tell_who_saw_what_in_the_order_of_cause_and_effect() {
    let dir = tempfile::tempdir().unwrap();
    let taps = Taps {
        jitter: 0.0,
        calls: 3,
        seconds: 30.0,
        ..TAPS
    };
    Scene::new(taps).write(dir.path());
    let ladder = |more: &str| {
        let run = sipcap(
            dir.path(),
            &format!("ladder -q --format text --ascii --call-id call1@a{more}"),
        );
        String::from_utf8(run.stdout).unwrap()
    };
    let drawn = ladder(&format!(" --align-clocks {POINTS}"));
    let order: Vec<&str> = drawn
        .lines()
        .filter_map(|line| {
            ["INVITE bob", "180", "200 OK", "ACK", "BYE", "OPTIONS"]
                .into_iter()
                .find(|what| line.contains(&format!("-{what}")))
        })
        .collect();
    let expected = [
        "INVITE bob",
        "INVITE bob",
        "180",
        "180",
        "200 OK",
        "200 OK",
        "ACK",
        "ACK",
        "BYE",
        "BYE",
        "200 OK",
        "200 OK",
        "OPTIONS",
        "200 OK",
    ];
    assert_eq!(order, expected, "{drawn}");
    let count = |text: &str| drawn.matches(text).count();
    // Captures have microseconds, and the clocks are off by halves of them.
    let seen = |first: &str, then: &str| {
        ["9.999", "10.000", "10.001"]
            .map(|delay| count(&format!("seen at {first}, {then} {delay} ms later")))
            .iter()
            .sum::<usize>()
    };
    assert_eq!(seen("edge", "core"), 4, "{drawn}");
    assert_eq!(seen("core", "edge"), 4, "{drawn}");
    assert_eq!(count("seen at far"), 6, "{drawn}");
    // One point alone is not worth a word, and pseudonyms are not for names of places.
    assert!(!ladder(" --point edge=edge.pcap").contains("seen at"));
    assert!(!ladder(&format!(" --anonymize {POINTS}")).contains("seen at"));
}

#[test]
fn clocks_cannot_be_aligned_without_two_points() {
    let dir = tempfile::tempdir().unwrap();
    Scene::new(Taps { calls: 1, ..TAPS }).write(dir.path());
    for (args, complaint) in [
        (
            "calls --align-clocks edge.pcap core.pcap",
            "name them with --point",
        ),
        (
            "calls --align-clocks --point edge=edge.pcap -",
            "can be read only once",
        ),
    ] {
        let args: Vec<&str> = args.split(' ').collect();
        let run = run(dir.path(), &args);
        assert_eq!(run.status, 2, "{run}");
        assert!(run.stderr.contains(complaint), "{run}");
    }
}
