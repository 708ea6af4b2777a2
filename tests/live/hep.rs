//! `live --hep` and `hep send`: what is sent is what is told, and nobody sends who may not.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    time::Duration,
};

use super::{CAPTURES, collector::Collector, rows};
use crate::support::{
    hep,
    program::{Run, run, sipcap},
    scenario::Scenario,
};

fn send(address: SocketAddr, options: &[&str], capture: &str) -> Run {
    let to = address.to_string();
    let mut args = vec!["hep", "send", "--to", &to];
    args.extend(options);
    args.push(capture);
    run(CAPTURES.as_ref(), &args)
}

#[test]
fn what_is_sent_is_what_is_told() {
    for options in [
        &["--over", "udp"][..],
        &["--over", "udp", "--hep-version", "2"],
        &["--over", "tcp", "--name", "edge", "--id", "7"],
    ] {
        let collector = Collector::begin("--hep", &["--show", "calls"]);
        let sent = send(collector.address, options, "call.pcap");
        assert_eq!(sent.status, 0, "{sent}");
        let (stdout, stderr) = collector.end();
        let file = run(
            CAPTURES.as_ref(),
            &["calls", "--format", "json", "call.pcap"],
        );
        let without_hep = String::from_utf8(stdout).unwrap();
        let without_hep =
            without_hep.replace("\"encapsulation\":\"hep\"", "\"encapsulation\":\"\"");
        assert_eq!(
            rows(without_hep.as_bytes()),
            rows(&file.stdout),
            "{options:?}\n{stderr}"
        );
        let agent = if options.contains(&"edge") {
            "edge"
        } else {
            "2001"
        };
        let told = format!("Agent {agent} (127.0.0.1): 7 packets, 7 with SIP");
        assert!(stderr.contains(&told), "{stderr}");
    }
}

/// Of what comes second, link type and time are others than of what came first.
#[test]
fn all_sources_are_recorded_in_one_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("both.pcap");
    let options = ["-i", "-", "--show", "nothing", "-w", file.to_str().unwrap()];
    let mut collector = Collector::begin("--hep", &options);
    let capture = std::fs::read(std::path::Path::new(CAPTURES).join("call.pcap")).unwrap();
    let mut pipe = collector.live.stdin.take().unwrap();
    pipe.write_all(&capture).unwrap();
    // A frame waits for a quarter of a second for those of other sources.
    std::thread::sleep(Duration::from_millis(800));
    let sent = send(collector.address, &["--over", "tcp"], "call.pcap");
    assert_eq!(sent.status, 0, "{sent}");
    let (_, stderr) = collector.end();
    drop(pipe);
    assert!(!stderr.contains("not recorded"), "{stderr}");
    let recorded = std::fs::read(&file).unwrap();
    // pcapng; in pcap there is one link type.
    assert!(recorded.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]));
    let info = run(directory.path(), &["info", "both.pcap"]);
    for line in ["ETHERNET (1)", "RAW (101), 7 frames"] {
        let told = String::from_utf8_lossy(&info.stdout);
        assert!(told.contains(line), "{info}");
    }
}

/// A collector that hangs up is no reader of the output who has seen enough: what was not sent is lost.
#[test]
fn a_collector_that_hangs_up_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let collector = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut packet = [0; 6];
        stream.read_exact(&mut packet).unwrap();
        let rest = usize::from(u16::from_be_bytes([packet[4], packet[5]])) - 6;
        stream.read_exact(&mut vec![0; rest]).unwrap();
        // All that came is read, so that the connection ends as usual and is not torn down.
        stream.shutdown(std::net::Shutdown::Both).unwrap();
    });
    let options = ["--over", "tcp", "--rate", "5"];
    let sent = send(address, &options, "call.pcap");
    collector.join().unwrap();
    assert_eq!(sent.status, 2, "{sent}");
    let expected = format!("cannot send to {address}: it has closed the connection");
    assert!(sent.stderr.contains(&expected), "{sent}");
}

#[test]
fn datagrams_that_nobody_takes_are_told() {
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let sent = send(address, &[], "call.pcap");
    assert_eq!(sent.status, 0, "{sent}");
    assert!(
        sent.stderr
            .contains("7 messages lost at least: nobody takes datagrams there"),
        "{sent}"
    );
}

#[test]
fn what_a_version_cannot_tell_is_refused() {
    for (options, what) in [
        (&["--name", "edge"][..], "no place for --name"),
        (&["--id", "65536"], "no place for an --id above 65535"),
        (&["--auth-key", "k"], "no place for --auth-key"),
        (&["--over", "tcp"], "cannot go over TCP"),
    ] {
        let options = [&["--hep-version", "2"], options].concat();
        let sent = send("127.0.0.1:9".parse().unwrap(), &options, "call.pcap");
        assert_eq!(sent.status, 2, "{sent}");
        assert!(sent.stderr.contains(what), "{sent}");
    }
    let long = "k".repeat(1025);
    let sent = send(
        "127.0.0.1:9".parse().unwrap(),
        &["--auth-key", &long],
        "call.pcap",
    );
    assert_eq!(sent.status, 2, "{sent}");
    assert!(sent.stderr.contains("no more than 1024 octets"), "{sent}");
    assert!(!sent.stderr.contains("kkk"), "a key is not told: {sent}");
}

#[test]
fn who_may_not_send_is_not_taken() {
    let collector = Collector::begin("--hep", &["--show", "calls", "--hep-key", "right"]);
    let wrong = send(collector.address, &["--auth-key", "wrong"], "call.pcap");
    let none = send(collector.address, &["--over", "tcp"], "call.pcap");
    assert_eq!((wrong.status, none.status), (0, 0));
    let (stdout, stderr) = collector.end();
    assert!(
        stdout.is_empty() && stderr.contains("14 packets without the key"),
        "{stderr}"
    );
    assert!(!stderr.contains("right"), "{stderr}");

    let collector = Collector::begin("--hep", &["--show", "calls", "--allow", "192.0.2.0/24"]);
    send(collector.address, &[], "call.pcap");
    let (stdout, stderr) = collector.end();
    assert!(
        stdout.is_empty() && stderr.contains("7 packets or connections"),
        "{stderr}"
    );

    for address in ["0.0.0.0:0", "[::]:0"] {
        let refused = run(CAPTURES.as_ref(), &["live", "--hep", address]);
        assert_eq!(refused.status, 2, "{refused}");
        assert!(refused.stderr.contains("--allow"), "{refused}");
    }
}

#[test]
fn who_only_connects_keeps_nobody_out() {
    let options = ["--show", "calls", "--hep-key", "right"];
    let collector = Collector::begin("--hep", &options);
    let connect = |_| TcpStream::connect(collector.address).unwrap();
    let idle: Vec<TcpStream> = (0..300).map(connect).collect();
    let sent = send(
        collector.address,
        &["--auth-key", "right", "--over", "tcp"],
        "call.pcap",
    );
    assert_eq!(sent.status, 0, "{sent}");
    let (stdout, stderr) = collector.end();
    drop(idle);
    assert_eq!(rows(&stdout).len(), 1, "{stderr}");
    // Of 301 there is room for 256.
    assert!(
        stderr.contains("45 connections were closed or refused"),
        "{stderr}"
    );
}

#[test]
fn an_empty_key_is_none() {
    let empty = run(
        CAPTURES.as_ref(),
        &["live", "--hep", "0.0.0.0:0", "--hep-key", ""],
    );
    assert_eq!(empty.status, 2, "{empty}");
    // Whoever takes no HEP asks for no key.
    for (key, options, status) in [
        ("", &["--hep", "0.0.0.0:0"][..], 2),
        ("right", &["-i", "-"], 0),
    ] {
        let capture = std::path::Path::new(CAPTURES).join("call.pcap");
        let output = sipcap()
            .arg("live")
            .args(options)
            .env("SIPCAP_HEP_KEY", key)
            .stdin(std::fs::File::open(capture).unwrap())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(status), "{output:?}");
    }
}

/// A capture agent whose clock is wrong ends neither what others tell of nor the reports.
#[test]
fn a_clock_that_is_ahead_harms_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("told.jsonl");
    let output = output.to_str().unwrap();
    let options = ["--show", "calls", "--stats-every", "1s", "-o", output];
    let collector = Collector::begin("--hep", &options);
    #[expect(clippy::disallowed_methods, reason = "agents have clocks")]
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_nanos()).unwrap();
    let scenario = Scenario::named("answered-call");
    let begin = scenario.sent[0].ts_ns;
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let send = |ts_ns: i64, sip: &[u8]| {
        let sent = &scenario.sent[0];
        let packet = hep::message(sent.src, sent.dst, ts_ns, sip);
        socket.send_to(&packet, collector.address).unwrap();
    };
    let probe = b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK-o\r\nFrom: <sip:o@a>;tag=o\r\n\
        To: <sip:a@b>\r\nCall-ID: ahead\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    // Half an hour, in which all that is not answered is given up, and twice the year 2095.
    let second = 1_000_000_000;
    for (index, sent) in scenario.sent.iter().enumerate() {
        send(now + sent.ts_ns - begin, &sent.said.over("udp"));
        if index == 1 {
            for ahead in [
                now + 1_800 * second,
                3_950_000_000 * second,
                3_950_000_001 * second,
            ] {
                send(ahead, probe);
            }
            std::thread::sleep(Duration::from_millis(2_500));
        }
    }
    std::thread::sleep(Duration::from_millis(1_500));
    let (_, stderr) = collector.end();
    let text = std::fs::read_to_string(output).unwrap();
    let is = |kind: &'static str| text.lines().filter(move |line| line.contains(kind));
    let calls: Vec<&str> = is("\"type\":\"call\"").collect();
    assert_eq!(calls.len(), 1, "{calls:?}\n{stderr}");
    assert!(
        calls[0].contains("\"outcome\":\"answered\"") && calls[0].contains("\"messages\":7"),
        "{calls:?}"
    );
    // Of the seconds that passed, each once.
    let reports = is("\"of\":\"interval\"").count();
    assert!((4..=7).contains(&reports), "{reports}\n{text}");
    assert!(!text.contains("\"2095-"), "{text}");
}

#[test]
fn hostile_octets_harm_nothing() {
    let collector = Collector::begin("--hep", &["--show", "calls"]);
    let scenario = Scenario::named("answered-call");
    let packets: Vec<Vec<u8>> = scenario
        .sent
        .iter()
        .map(|sent| hep::message(sent.src, sent.dst, sent.ts_ns, &sent.said.over("udp")))
        .collect();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(collector.address).unwrap();
    for octets in [
        &b""[..],
        b"HEP3",
        b"HEP3\xff\xff",
        b"\x02\x10\x02\x11",
        &[0; 9000],
        b"GET / HTTP/1.1\r\n\r\n",
    ] {
        socket.send_to(octets, collector.address).unwrap();
        // A connection that says nonsense and ends.
        let mut other = TcpStream::connect(collector.address).unwrap();
        other.write_all(octets).unwrap();
    }
    // A good one goes on between nonsense, in pieces.
    for packet in &packets {
        let (start, end) = packet.split_at(packet.len() / 2);
        stream.write_all(b"nonsense").unwrap();
        stream.write_all(start).unwrap();
        stream.flush().unwrap();
        std::thread::sleep(Duration::from_millis(5));
        stream.write_all(end).unwrap();
    }
    let (stdout, stderr) = collector.end();
    let calls = rows(&stdout);
    assert_eq!(calls.len(), 1, "{stderr}");
    assert!(
        calls[0].contains("\"outcome\":\"answered\"") && calls[0].contains("\"messages\":7"),
        "{calls:?}"
    );
    assert!(stderr.contains("that is no HEP"), "{stderr}");
}
