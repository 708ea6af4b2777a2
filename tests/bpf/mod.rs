//! `--bpf` takes the frames that tcpdump takes, and tells what it was not meant to leave out.

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use rayon::prelude::*;
use sipcap::{
    capture::{Bpf, InputOptions, Inputs, LinkType, libpcap::Libpcap},
    pipeline::{Fate, Options, Pipeline, Sink, Summary},
    sip::Message,
};

use crate::{
    corpus::corpus,
    support::{
        encapsulation::{Link, Tunnel},
        matrix::Variant,
        program::{finish, run, sipcap},
        scenario::Scenario,
        transport::Transport,
    },
};

/// Expressions of all kinds; some are none for some link types, and two are none at all.
const EXPRESSIONS: &[&str] = &[
    "",
    "ip",
    "ip6",
    "arp",
    "udp",
    "tcp",
    "sctp",
    "icmp or icmp6",
    "not udp",
    "udp port 5060",
    "tcp port 5060",
    "port 5060 or port 5061",
    "udp and (port 5060 or 5080)",
    "src port 5060",
    "dst port 5060",
    "portrange 5060-5090",
    "udp portrange 10000-20000",
    "port sip",
    "net 10.0.0.0/8",
    "src net 192.168.0.0/16",
    "dst net 172.16.0.0/12",
    "host 10.0.0.1 or host 127.0.0.1",
    "ip6 net fe80::/10",
    "ether broadcast",
    "ether multicast",
    "ether src 00:00:00:00:00:01",
    "ether proto 0x88e7",
    "ether[0] & 1 = 0",
    "len > 200",
    "less 100",
    "greater 1000",
    "ip[6:2] & 0x1fff != 0",
    "ip[6:2] & 0x3fff != 0",
    "ip6[6] = 44",
    "udp[8:4] = 0x494e5649",
    "udp[8:4] = 0x5349502f or udp[8:4] = 0x52454749",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
    "tcp[13] & 8 != 0",
    "tcp[((tcp[12] & 0xf0) >> 2):4] = 0x494e5649",
    "ip[2:2] > 500 and ip[8] < 65",
    "ip proto 4 or ip proto 41 or ip proto 47",
    "ip6 protochain 17",
    "vlan",
    "vlan and udp",
    "not vlan",
    "udp port 5060 or (vlan and udp port 5060)",
    "(vlan and udp port 5060) or udp port 5060",
    "udp port 5060 or (vlan and (udp port 5060 or (vlan and udp port 5060)))",
    "mpls",
    "pppoes and ip",
    "geneve",
    "udp dst port 4789",
    "udp dst port 4789 and udp[28:2] = 0x0800 and udp[39] = 17",
    "(udp or tcp or sctp) and (port 5060 or port 5061) or (ip[6:2] & 0x1fff != 0) or ip6[6]=44",
    "not (tcp or udp) and not arp",
    "ip multicast or ip6 multicast",
    "udp and len % 2 = 1",
    "udp prot 5060",
    "port 99999",
];

/// Returns libpcap if it and tcpdump are there.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn libpcap() -> Option<&'static Libpcap> {
    let has_tcpdump = Command::new("tcpdump").arg("--version").output().is_ok();
    match Libpcap::load(None) {
        Ok(library) if has_tcpdump => Some(library),
        _ => {
            println!("libpcap or tcpdump not found: skipped");
            None
        }
    }
}

struct Count;

impl Sink for Count {
    fn message(&mut self, _: &Message<'_>) -> sipcap::error::Result<ControlFlow<()>> {
        Ok(ControlFlow::Continue(()))
    }

    fn finish(&mut self, _: &Summary) -> sipcap::error::Result<()> {
        Ok(())
    }
}

/// Returns a capture as a machine makes it on its loopback interface that puts the highest octet of a number first.
fn big_endian_loopback(scenario: &str) -> Vec<u8> {
    let capture = Variant::PLAIN.capture(&Scenario::named(scenario));
    let mut bytes = vec![0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4];
    for word in [0_u32, 0, 262_144, 0] {
        bytes.extend_from_slice(&word.to_be_bytes());
    }
    for frame in &capture.frames {
        // The family IPv4 in front of the packet, in place of the header of Ethernet.
        let packet = &frame.bytes[14..];
        let len = packet.len() as u32 + 4;
        for word in [1_700_000_000, 0, len, len, 2] {
            bytes.extend_from_slice(&word.to_be_bytes());
        }
        bytes.extend_from_slice(packet);
    }
    bytes
}

/// Returns how many frames of a file the expression takes.
fn ours(library: &'static Libpcap, path: &Path, expression: &str) -> sipcap::error::Result<u64> {
    let mut inputs = Inputs::open(&[path.to_owned()], &InputOptions::default())?;
    let options = Options {
        threads: 1,
        bpf: Some(Arc::new(Bpf::new(library, expression, None)?)),
        ..Options::default()
    };
    let balance = Pipeline::new(&mut inputs, &options)
        .run(&mut Count)?
        .balance;
    Ok(balance.total() - balance.of(Fate::LeftOut))
}

/// Returns how many frames of a file tcpdump takes, or nothing if it refuses the expression.
fn tcpdump(path: &Path, expression: &str) -> Option<u64> {
    let output = Command::new("tcpdump")
        .args(["-n", "--count", "-r"])
        .args([path.as_os_str(), expression.as_ref()])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    output
        .status
        .success()
        .then(|| text.split(' ').next()?.parse().ok())?
}

/// Returns how often counts were compared, and where they differ.
fn compare(library: &'static Libpcap, files: &[PathBuf]) -> (usize, Vec<String>) {
    let compared: Vec<Option<String>> = files
        .par_iter()
        .flat_map_iter(|file| EXPRESSIONS.iter().map(move |expression| (file, expression)))
        .map(|(file, expression)| {
            let (ours, theirs) = (ours(library, file, expression), tcpdump(file, expression));
            (ours.as_ref().ok() != theirs.as_ref())
                .then(|| format!("{} {expression:?}: {ours:?} {theirs:?}", file.display()))
        })
        .collect();
    (compared.len(), compared.into_iter().flatten().collect())
}

#[test]
fn frames_are_those_of_tcpdump_in_every_encapsulation() {
    let Some(library) = libpcap() else { return };
    let directory = tempfile::tempdir().unwrap();
    let scenario = Scenario::named("large-message");
    let mut files = Vec::new();
    for (number, (link, tunnel)) in Link::ALL
        .iter()
        .map(|link| (*link, Tunnel::None))
        .chain(Tunnel::ALL.iter().map(|tunnel| (Link::Ethernet, *tunnel)))
        .enumerate()
    {
        let variant = Variant {
            link,
            tunnel,
            ..Variant::PLAIN
        };
        let path = directory
            .path()
            .join(format!("{number}-{link:?}-{tunnel:?}.pcap"));
        fs::write(&path, variant.encode(&variant.capture(&scenario))).unwrap();
        files.push(path);
    }
    let path = directory.path().join("big-endian-loopback.pcap");
    fs::write(&path, big_endian_loopback("answered-call")).unwrap();
    assert_eq!(ours(library, &path, "udp port 5060").unwrap(), 7);
    files.push(path);
    let (count, differing) = compare(library, &files);
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(count > 500, "{count}");
}

#[test]
fn frames_of_real_captures_are_those_of_tcpdump() {
    let (Some(library), Some(corpus)) = (libpcap(), corpus()) else {
        println!("corpus not found: skipped");
        return;
    };
    // Two captures of each link type that tcpdump looks into, and those with wrappings that shift everything.
    let mut files: Vec<(LinkType, PathBuf)> = Vec::new();
    let mut paths: Vec<PathBuf> = fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_capture = name.ends_with(".pcap") && !name.starts_with("corrupt");
        if !is_capture || path.metadata().unwrap().len() > 200_000 {
            continue;
        }
        let Ok(inputs) = Inputs::open(std::slice::from_ref(&path), &InputOptions::default()) else {
            continue;
        };
        let link = inputs.summaries()[0].interfaces[0].link;
        let wanted = ["vlan", "frag", "vxlan", "mpls", "pppoe", "geneve"];
        let is_wrapped = wanted.iter().any(|part| name.contains(part));
        let known = files.iter().filter(|(known, _)| *known == link).count();
        if (known < 2 || is_wrapped && known < 8) && tcpdump(&path, "ip").is_some() {
            files.push((link, path));
        }
    }
    let mut links: Vec<LinkType> = files.iter().map(|(link, _)| *link).collect();
    links.sort_unstable();
    links.dedup();
    let files: Vec<PathBuf> = files.into_iter().map(|(_, path)| path).collect();
    let (count, differing) = compare(library, &files);
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    println!(
        "{count} counts of {} captures are those of tcpdump",
        files.len()
    );
    assert!(links.len() > 5 && count > 500, "{links:?} {count}");
}

/// Runs `messages -c`-like over a capture of `variant`: the warning, if any, and how many messages were found.
fn messages(variant: Variant, scenario: &str, options: &[&str]) -> (String, usize) {
    let directory = tempfile::tempdir().unwrap();
    let scenario = Scenario::named(scenario);
    let bytes = variant.encode(&variant.capture(&scenario));
    fs::write(directory.path().join("x.pcap"), bytes).unwrap();
    let run = run(
        directory.path(),
        &[&["messages", "--format", "json", "x.pcap"], options].concat(),
    );
    let rows = run.stdout.iter().filter(|octet| **octet == b'\n').count();
    (run.stderr, rows)
}

#[test]
fn what_is_wrapped_is_told_of_and_taken_on_request() {
    if libpcap().is_none() {
        return;
    }
    let variants = [
        (Variant::PLAIN, "busy-call", None),
        (
            Variant {
                link: Link::Vlan,
                ..Variant::PLAIN
            },
            "busy-call",
            Some("frames in VLANs"),
        ),
        (
            Variant {
                tunnel: Tunnel::Vxlan,
                ..Variant::PLAIN
            },
            "busy-call",
            Some("frames in VXLAN"),
        ),
        (
            Variant {
                transport: Transport::UdpFragments,
                ..Variant::PLAIN
            },
            "busy-call",
            Some("packets in IP fragments"),
        ),
    ];
    for (variant, scenario, warning) in variants {
        let (_, all) = messages(variant, scenario, &[]);
        let (told, some) = messages(variant, scenario, &["--bpf", "udp port 5060"]);
        match warning {
            None => assert_eq!((some, told.as_str()), (all, ""), "{variant:?}"),
            Some(warning) => {
                assert!(
                    told.contains(warning) && told.contains("--bpf-auto"),
                    "{told}"
                );
            }
        }
        let (told, auto) = messages(variant, scenario, &["--bpf", "udp port 5060", "--bpf-auto"]);
        assert_eq!((auto, told.as_str()), (all, ""), "{variant:?}");
        // What is not meant is still left out.
        let (_, none) = messages(variant, scenario, &["--bpf", "udp port 1"]);
        assert_eq!(none, 0, "{variant:?}");
    }
}

#[test]
fn what_is_wrong_is_told_in_a_line() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = Variant::PLAIN.encode(&Variant::PLAIN.capture(&Scenario::named("busy-call")));
    fs::write(directory.path().join("x.pcap"), bytes).unwrap();
    let missing = finish(
        sipcap()
            .current_dir(directory.path())
            .env("SIPCAP_LIBPCAP", "/nonexistent/libpcap.so")
            .args(["calls", "--bpf", "udp", "x.pcap"]),
        None,
    );
    assert_eq!(missing.status, 2);
    let told = &missing.stderr;
    assert!(
        told.contains("/nonexistent/libpcap.so") && told.contains("install it"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1, "{told}");
    if libpcap().is_none() {
        return;
    }
    for (expression, expected) in [
        ("udp prot 5060", "syntax error"),
        ("port 99999", "99999"),
        ("wlan type mgt", "802.11"),
    ] {
        let run = run(directory.path(), &["info", "--bpf", expression, "x.pcap"]);
        assert_eq!((run.status, run.stdout.len()), (2, 0), "{run}");
        assert!(
            run.stderr.contains(expected) && run.stderr.contains(expression),
            "{run}"
        );
        assert_eq!(run.stderr.lines().count(), 1, "{run}");
    }
}
