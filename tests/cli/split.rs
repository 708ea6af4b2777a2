//! `sipcap split`: original frames with original times, all of them, in files with safe names.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::support::{
    container::Container,
    encapsulation::{Link, Tunnel},
    matrix::{Tap, Variant},
    program::run,
    scenario::Scenario,
    transport::Transport,
};

/// A frame: its time and octets.
pub(super) type Stored = (i64, Vec<u8>);

/// Splits `scenario` as captured by `variant`; returns the files and all frames of the source.
fn split(
    dir: &Path,
    scenario: &Scenario,
    variant: Variant,
) -> (BTreeMap<PathBuf, Vec<Stored>>, Vec<Stored>) {
    let capture = variant.capture(scenario);
    let source: Vec<Stored> = capture
        .frames
        .iter()
        .map(|f| (variant.container.stored(f.ts_ns), f.bytes.clone()))
        .collect();
    std::fs::write(dir.join("source"), variant.encode(&capture)).unwrap();
    let run = run(dir, &["split", "-q", "-o", "out", "source"]);
    assert_eq!(run.status, 0, "{run}");
    let files = std::str::from_utf8(&run.stdout).unwrap().lines();
    let files = files.map(|line| {
        (
            PathBuf::from(line),
            pcap(&std::fs::read(dir.join(line)).unwrap()),
        )
    });
    (files.collect(), source)
}

/// Reads a pcap file in the byte order of this machine.
pub(super) fn pcap(bytes: &[u8]) -> Vec<Stored> {
    let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
    let scale = match word(0) {
        0xa1b2_c3d4 => 1_000,
        0xa1b2_3c4d => 1,
        magic => panic!("no pcap: {magic:x}"),
    };
    let mut frames = Vec::new();
    let mut at = 24;
    while at < bytes.len() {
        let ts = i64::from(word(at)) * 1_000_000_000 + i64::from(word(at + 4)) * scale;
        let len = word(at + 8) as usize;
        assert!(word(at + 12) as usize >= len);
        frames.push((ts, bytes[at + 16..at + 16 + len].to_vec()));
        at += 16 + len;
    }
    frames
}

#[test]
fn frames_are_original_and_complete() {
    let ways = [
        (
            Transport::Udp,
            Tunnel::Vxlan,
            Link::Ethernet,
            Container::PcapMicros,
        ),
        (
            Transport::UdpFragments,
            Tunnel::None,
            Link::Sll,
            Container::PcapNanosBig,
        ),
        (
            Transport::UdpFragmentsReversed,
            Tunnel::VxlanFragmented,
            Link::Vlan,
            Container::PcapMicrosBig,
        ),
        (
            Transport::TcpPieces,
            Tunnel::Gre,
            Link::Raw,
            Container::PcapNanos,
        ),
        (
            Transport::TcpShuffled,
            Tunnel::None,
            Link::Ethernet,
            Container::PcapGzip,
        ),
        (
            Transport::SctpFragments,
            Tunnel::GtpU,
            Link::QinQ,
            Container::PcapModified,
        ),
    ];
    for (transport, tunnel, link, container) in ways {
        let variant = Variant {
            transport,
            tap: Tap::Once,
            tunnel,
            link,
            container,
        };
        for name in ["forked-call", "large-message", "two-legs", "ipv6-call"] {
            let dir = tempfile::tempdir().unwrap();
            let (files, source) = split(dir.path(), &Scenario::named(name), variant);
            let mut written = BTreeSet::new();
            for (path, frames) in &files {
                let mut rest = source.iter();
                for frame in frames {
                    // In the order of the source, which `any` walks through once.
                    assert!(
                        rest.any(|f| f == frame),
                        "{name} {variant:?}: {}",
                        path.display()
                    );
                    written.insert(frame.clone());
                }
            }
            // What carries nothing of a message: segments without data, which have both ends of a connection.
            let lost = source
                .iter()
                .filter(|frame| !written.contains(frame))
                .count();
            let expected = if transport.name() == "tcp" {
                no_data(&variant, name)
            } else {
                0
            };
            assert_eq!(lost, expected, "{name} {variant:?}");
        }
    }
}

/// Returns how many frames of a TCP capture carry no octet of a message: three each to open and close a connection.
fn no_data(variant: &Variant, name: &str) -> usize {
    let scenario = Scenario::named(name);
    let pair = |s: &crate::support::scenario::Sent| (s.src.min(s.dst), s.src.max(s.dst));
    let connections: BTreeSet<_> = scenario.sent.iter().map(pair).collect();
    assert_eq!(variant.transport.name(), "tcp");
    connections.len() * 6
}

#[test]
fn hostile_call_ids_become_safe_names() {
    let dir = tempfile::tempdir().unwrap();
    let scenario = Scenario::named("hostile-call-ids");
    let (files, source) = split(dir.path(), &scenario, Variant::PLAIN);
    // Every Call-ID has its own file, also where the file system does not tell case.
    assert_eq!(files.len(), source.len());
    let folded: BTreeSet<String> = files
        .keys()
        .map(|p| p.to_string_lossy().to_lowercase())
        .collect();
    assert_eq!(folded.len(), files.len());
    for path in files.keys() {
        assert_eq!(path.parent(), Some(Path::new("out")), "{}", path.display());
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(name.len() <= 255 && !name.starts_with('.'), "{name}");
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._@-+%".contains(c);
        assert!(name.chars().all(is_plain), "{name}");
    }
    // Nothing was written elsewhere.
    let names: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn files_that_exist_are_kept_unless_forced() {
    let dir = super::playground();
    assert_eq!(
        run(dir.path(), &["split", "-o", "out", "call.pcap"]).status,
        0
    );
    let path = dir.path().join("out/callid_answered@192.0.2.10.pcap");
    std::fs::write(&path, "precious").unwrap();
    let refused = run(dir.path(), &["split", "-o", "out", "call.pcap"]);
    assert_eq!(refused.status, 2, "{refused}");
    assert!(refused.stderr.contains("--force"), "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    let forced = run(dir.path(), &["split", "--force", "-o", "out", "call.pcap"]);
    assert_eq!(forced.status, 0, "{forced}");
    assert_eq!(pcap(&std::fs::read(&path).unwrap()).len(), 7);
}
