//! Capture agents as capture points: who saw which message, how long it took from one to the next, what was lost on the way,
//! and what their clocks are off by. The captures are made of requests and responses between two proxies that trace by HEP;
//! delays, losses and clocks are known.

use std::{net::SocketAddr, path::Path};

use serde_json::Value;

use super::{
    merge::{Frame, between, write},
    rows, sipcap,
};
use crate::support::{
    hep::{chunk, packet, place},
    program::run,
};

/// When the capture begins, in milliseconds.
const START: i64 = 1_795_075_200_000;
const EDGE: [u8; 4] = [10, 0, 0, 5];
const CORE: [u8; 4] = [10, 0, 0, 9];
const COLLECTOR: [u8; 4] = [10, 0, 0, 60];

/// Two proxies that trace what they send and receive, and what is lost between them.
#[derive(Clone, Copy, Debug)]
struct Proxies {
    /// How far the clock of core is ahead, in milliseconds.
    core_ahead: i64,
    requests: i64,
    /// Every so many requests, one is not received; 0 for none.
    lost_every: i64,
    /// Every so many responses, edge does not tell of one that it received.
    missed_every: i64,
    /// Whether what goes between them is captured, too, half way.
    has_wire: bool,
}

const PROXIES: Proxies = Proxies {
    core_ahead: 0,
    requests: 100,
    lost_every: 0,
    missed_every: 0,
    has_wire: false,
};

/// They lose some.
const LOSSY: Proxies = Proxies {
    lost_every: 10,
    missed_every: 25,
    ..PROXIES
};

/// How long the n-th request takes, in milliseconds: 10 to 19.
const fn delay(number: i64) -> i64 {
    10 + number % 10
}

impl Proxies {
    /// Writes the capture: an OPTIONS each 200 ms, which takes 10 to 19 ms, and its response, which takes as long, 5 ms later.
    fn write(self, dir: &Path) {
        let mut frames: Vec<(i64, Vec<u8>)> = Vec::new();
        for number in 0..self.requests {
            let sent = 200 * number;
            let received = sent + delay(number);
            let text = |first: &str| {
                format!(
                    "{first}\r\nVia: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK{number}\r\nFrom: <sip:edge@a>;tag=a\r\n\
                     To: <sip:core@b>\r\nCall-ID: {number}@edge\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
                )
            };
            let is_nth = |every: i64| every > 0 && number % every == every - 1;
            let request = text("OPTIONS sip:core SIP/2.0");
            self.tell(&mut frames, EDGE, (EDGE, CORE), sent, &request);
            self.capture(&mut frames, (EDGE, CORE), sent + 4, &request);
            if is_nth(self.lost_every) {
                continue;
            }
            self.tell(&mut frames, CORE, (EDGE, CORE), received, &request);
            let (back, done) = (received + 5, received + 5 + delay(number));
            let response = text("SIP/2.0 200 OK");
            if !is_nth(self.missed_every) {
                self.tell(&mut frames, CORE, (CORE, EDGE), back, &response);
            }
            self.capture(&mut frames, (CORE, EDGE), back + 4, &response);
            self.tell(&mut frames, EDGE, (CORE, EDGE), done, &response);
        }
        frames.sort_by_key(|(at, _)| *at);
        let stored: Vec<Frame> = frames
            .into_iter()
            .map(|(at, octets)| {
                let at = START + at;
                ((at / 1_000) as u32, (at % 1_000 * 1_000) as u32, octets)
            })
            .collect();
        write(dir, "hep.pcap", &stored);
    }

    /// The agent sends what it saw at once, with the time that it believes to be.
    fn tell(
        self,
        frames: &mut Vec<(i64, Vec<u8>)>,
        agent: [u8; 4],
        (src, dst): ([u8; 4], [u8; 4]),
        at: i64,
        text: &str,
    ) {
        let (name, ahead) = match agent {
            CORE => ("core", self.core_ahead),
            _ => ("edge", 0),
        };
        let end = |host: [u8; 4]| SocketAddr::from((host, 5060));
        let told = (START + at + ahead) * 1_000_000;
        let mut chunks = place(end(src), end(dst), 17, told);
        chunks.extend([
            chunk(11, &[1]),
            chunk(19, name.as_bytes()),
            chunk(15, text.as_bytes()),
        ]);
        let hep = packet(&chunks);
        let id = frames.len() as u16;
        frames.push((at, bytes_between(agent, COLLECTOR, id, &hep)));
    }

    /// A tap on the way sees it.
    fn capture(
        self,
        frames: &mut Vec<(i64, Vec<u8>)>,
        (src, dst): ([u8; 4], [u8; 4]),
        at: i64,
        text: &str,
    ) {
        if self.has_wire {
            let id = frames.len() as u16;
            frames.push((at, between(src, dst, id, 64, text)));
        }
    }
}

/// Returns a datagram with any octets.
fn bytes_between(src: [u8; 4], dst: [u8; 4], id: u16, octets: &[u8]) -> Vec<u8> {
    let blank = "x".repeat(octets.len());
    let mut frame = between(src, dst, id, 64, &blank);
    let at = frame.len() - octets.len();
    frame[at..].copy_from_slice(octets);
    frame
}

/// Returns the rows of a metric by hop.
fn by_hop<'r>(rows: &'r [Value], metric: &str) -> Vec<(&'r str, &'r Value)> {
    let of_hop = |row: &'r Value| Some((row["group"]["hop"].as_str()?, row));
    rows.iter()
        .filter(|row| row["metric"] == metric)
        .filter_map(of_hop)
        .collect()
}

#[test]
fn a_message_that_two_agents_tell_of_is_one_with_two_sightings() {
    let dir = tempfile::tempdir().unwrap();
    LOSSY.write(dir.path());
    let all = rows(&sipcap(dir.path(), "messages --format json hep.pcap"));
    // 100 requests, of which 10 are lost and not answered.
    assert_eq!(all.len(), 100 + 90);
    let seen_twice = all.iter().filter(|row| !row["sightings"].is_null());
    // The 25th, 75th and so on of the responses come to edge alone; the 50th and the 100th have no response.
    assert_eq!(seen_twice.clone().count(), 90 + 90 - 2);
    for row in seen_twice {
        let number: i64 = row["call_id"]
            .as_str()
            .unwrap()
            .trim_end_matches("@edge")
            .parse()
            .unwrap();
        let (first, other) = match row["method"].as_str() {
            Some(_) => ("edge", "core"),
            None => ("core", "edge"),
        };
        assert_eq!(row["point"], first);
        assert_eq!(row["agent"], first);
        let sighting = &row["sightings"][0];
        assert_eq!(sighting["point"], other);
        assert_eq!(sighting["delay_us"], delay(number) * 1_000, "{row}");
    }
    let info = rows(&sipcap(dir.path(), "info --format json hep.pcap"));
    let agents = info.iter().filter(|row| row["type"] == "agent");
    let agents: Vec<_> = agents
        .map(|row| {
            (
                row["name"].as_str(),
                row["sip"].as_u64(),
                row["sightings"].as_u64(),
                row["copies"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        agents,
        [
            (Some("core"), Some(90 + 88), Some(90), Some(90)),
            (Some("edge"), Some(100 + 90), Some(88), Some(88)),
        ]
    );
}

#[test]
fn delays_and_losses_between_agents_are_told_by_hop() {
    let dir = tempfile::tempdir().unwrap();
    LOSSY.write(dir.path());
    let told = rows(&sipcap(
        dir.path(),
        "stats --by hop --format jsonl hep.pcap",
    ));
    let delays = by_hop(&told, "hop_delay");
    let hops: Vec<&str> = delays.iter().map(|(hop, _)| *hop).collect();
    assert_eq!(
        hops,
        ["edge>core", "core>edge"],
        "the one with more comes first"
    );
    // Delays of 10 to 18 ms ten times each: those of 19 ms are the lost ones. At ranks 45 and 86 of 90 are 14 and 18.
    for (value, expected) in [
        ("count", 90.0),
        ("min_ms", 10.0),
        ("p50_ms", 14.0),
        ("p95_ms", 18.0),
        ("max_ms", 18.0),
    ] {
        assert_eq!(
            delays[0].1[value].as_f64(),
            Some(expected),
            "{value} {}",
            delays[0].1
        );
    }
    // The 25th and the 75th are missing, both with 14 ms; at ranks 44 and 84 of 88.
    for (value, expected) in [
        ("count", 88.0),
        ("min_ms", 10.0),
        ("p50_ms", 14.0),
        ("p95_ms", 18.0),
        ("max_ms", 18.0),
    ] {
        assert_eq!(
            delays[1].1[value].as_f64(),
            Some(expected),
            "{value} {}",
            delays[1].1
        );
    }
    let ratio = |metric: &str, hop: &str| {
        let rows = by_hop(&told, metric);
        let (_, row) = rows.iter().find(|(known, _)| *known == hop)?;
        Some((row["num"].as_u64()?, row["den"].as_u64()?))
    };
    assert_eq!(ratio("hop_loss", "edge>core"), Some((10, 100)));
    assert_eq!(ratio("hop_loss", "core>edge"), Some((0, 88)));
    assert_eq!(ratio("hop_missed", "edge>core"), Some((0, 90)));
    assert_eq!(ratio("hop_missed", "core>edge"), Some((2, 90)));
    // Together with something else, and as a condition.
    let told = rows(&sipcap(
        dir.path(),
        "stats --by hop,src --check hop_loss<=6&&hop_delay.p95_ms<20 --format jsonl hep.pcap",
    ));
    let srcs = by_hop(&told, "hop_messages");
    let srcs: Vec<_> = srcs
        .iter()
        .map(|(hop, row)| (*hop, row["group"]["src"].as_str().unwrap()))
        .collect();
    assert_eq!(srcs, [("edge>core", "10.0.0.5"), ("core>edge", "10.0.0.9")]);
}

#[test]
fn figures_by_hop_do_not_depend_on_threads_or_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let proxies = Proxies {
        lost_every: 7,
        has_wire: true,
        requests: 300,
        ..PROXIES
    };
    proxies.write(dir.path());
    let args = "stats --by hop --bucket 5s --format json hep.pcap -j ";
    let first = sipcap(dir.path(), &format!("{args}1")).stdout;
    for more in ["2", "4", "1 --block-bytes 3000", "3 --block-bytes 1000"] {
        let other = sipcap(dir.path(), &format!("{args}{more}")).stdout;
        assert!(first == other, "-j {more}");
    }
}

#[test]
fn the_wire_is_a_point_between_agents() {
    let dir = tempfile::tempdir().unwrap();
    let proxies = Proxies {
        has_wire: true,
        lost_every: 10,
        ..PROXIES
    };
    proxies.write(dir.path());
    let told = rows(&sipcap(
        dir.path(),
        "stats --by hop --format jsonl hep.pcap",
    ));
    let counts = by_hop(&told, "hop_messages").into_iter();
    let counts: Vec<_> = counts
        .map(|(hop, row)| (hop, row["value"].as_u64().unwrap()))
        .collect();
    let expected = [
        ("edge>wire", 100),
        ("wire>core", 90),
        ("core>wire", 90),
        ("wire>edge", 90),
    ];
    assert_eq!(counts.len(), expected.len());
    assert!(
        expected.iter().all(|one| counts.contains(one)),
        "{counts:?}"
    );
    // What was lost was lost behind the tap.
    let losses = by_hop(&told, "hop_loss").into_iter();
    let losses: Vec<_> = losses
        .map(|(hop, row)| (hop, row["num"].as_u64().unwrap()))
        .collect();
    assert!(losses.contains(&("wire>core", 10)), "{losses:?}");
    assert_eq!(losses.iter().map(|(_, lost)| lost).sum::<u64>(), 10);
}

#[test]
fn clocks_of_agents_are_estimated_and_put_right() {
    for core_ahead in [-1_500, -182, 40, 3_600_200] {
        let dir = tempfile::tempdir().unwrap();
        let proxies = Proxies {
            core_ahead,
            ..PROXIES
        };
        proxies.write(dir.path());
        let info = rows(&sipcap(dir.path(), "info --format json hep.pcap"));
        let clocks: Vec<&Value> = info.iter().filter(|row| row["type"] == "clock").collect();
        assert_eq!(clocks.len(), 1);
        let clock = clocks[0];
        assert_eq!(
            (&clock["point"], &clock["reference"]),
            (&"core".into(), &"edge".into())
        );
        let number = |field: &str| clock[field].as_i64().unwrap();
        let error = number("ahead_us") - core_ahead * 1_000;
        assert!(
            error.abs() <= number("uncertainty_us"),
            "{core_ahead} {clock}"
        );
        assert!(number("uncertainty_us") <= 10_001, "{clock}");

        let args = "stats --by hop --align-clocks --format jsonl hep.pcap";
        let told = rows(&sipcap(dir.path(), args));
        let delays = by_hop(&told, "hop_delay");
        assert_eq!(delays.len(), 2, "{core_ahead}");
        for (hop, row) in delays {
            assert_eq!(row["count"], 100, "{hop}");
            // What both directions have in common cannot be told from the offset: here nothing.
            for (value, expected) in [("min_ms", 10.0), ("p50_ms", 14.0), ("max_ms", 19.0)] {
                let found = row[value].as_f64().unwrap();
                assert!(
                    (found - expected).abs() < 0.5,
                    "{core_ahead} {hop} {value} {found}"
                );
            }
        }
        // Without that, what core tells is put before what it follows, or long behind it.
        let messages = "messages --align-clocks --format json hep.pcap";
        for row in rows(&sipcap(dir.path(), messages)) {
            let delay = row["sightings"][0]["delay_us"].as_i64().unwrap();
            assert!((9_500..=19_500).contains(&delay), "{row}");
        }
    }
}

#[test]
fn hops_cannot_be_counted_in_parts() {
    let dir = tempfile::tempdir().unwrap();
    PROXIES.write(dir.path());
    let args = [
        "stats",
        "--by",
        "hop",
        "--partial",
        "-o",
        "a.part",
        "hep.pcap",
    ];
    let run = run(dir.path(), &args);
    assert_eq!(run.status, 2, "{run}");
    assert!(
        run.stderr.contains("--by hop cannot be counted in parts"),
        "{run}"
    );
    assert!(!dir.path().join("a.part").exists());
}

#[test]
fn ladders_draw_once_what_two_agents_saw() {
    let dir = tempfile::tempdir().unwrap();
    Proxies {
        requests: 3,
        ..PROXIES
    }
    .write(dir.path());
    let args = "ladder -q --format text --ascii --call-id 1@edge hep.pcap";
    let run = sipcap(dir.path(), args);
    let drawn = String::from_utf8(run.stdout).unwrap();
    assert_eq!(drawn.matches("-OPTIONS").count(), 1, "{drawn}");
    assert!(
        drawn.contains("seen at edge, core 11.0 ms later")
            || drawn.contains("seen at edge, core 11.000 ms later"),
        "{drawn}"
    );
    assert!(
        drawn.contains("seen at core, edge 11.000 ms later"),
        "{drawn}"
    );
}
