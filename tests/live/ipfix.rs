//! `live --ipfix`: what controllers send is what is told, and nobody sends who may not.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

use super::{collector::Collector, rows};
use crate::support::{
    ipfix::{CALL, call, capture, connect, keep_alive, message, set, told},
    program::run,
};

/// Sends octets in pieces of so many.
fn send(stream: &mut TcpStream, octets: &[u8], piece: usize) {
    for piece in octets.chunks(piece) {
        stream.write_all(piece).unwrap();
        stream.flush().unwrap();
    }
}

#[test]
fn what_controllers_send_is_what_is_told() {
    for piece in [1, 7, 100, 10_000] {
        let collector = Collector::begin("--ipfix", &["--show", "calls"]);
        let mut stream = TcpStream::connect(collector.address).unwrap();
        let limit = Some(Duration::from_secs(10));
        stream.set_read_timeout(limit).unwrap();
        stream.set_nodelay(true).unwrap();
        let request = connect("sbc1");
        send(&mut stream, &request, piece);
        // The answer is the request with the next id, and without what the controller would like to send besides SIP.
        let mut expected = request;
        expected[17] = 1;
        expected[24..28].fill(0);
        let mut answer = vec![0; expected.len()];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, expected);
        send(
            &mut stream,
            &[keep_alive(), call(true, "in@a")].concat(),
            piece,
        );
        let (stdout, stderr) = collector.end();

        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.pcap");
        std::fs::write(path, capture(&call(true, "in@a"), 1_400, &[])).unwrap();
        let file = run(dir.path(), &["calls", "--format", "json", "a.pcap"]);
        let file = rows(&file.stdout);
        assert_eq!(file.len(), 2);
        assert_eq!(rows(&stdout), file, "{piece}\n{stderr}");
        let counts =
            "Controller sbc1 (127.0.0.1): 12 messages, 12 sets, 10 with SIP, 1 keep-alives.";
        assert!(stderr.contains(counts), "{stderr}");
    }
}

#[test]
fn what_is_recorded_is_what_came() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("all.pcap");
    let recorded = path.to_str().unwrap();
    let collector = Collector::begin("--ipfix", &["--show", "nothing", "--write", recorded]);
    // Two controllers at a time, one with messages that are longer than an IP packet can be.
    let mut streams = [(); 2].map(|()| TcpStream::connect(collector.address).unwrap());
    let long = message(&[set(259, &[0; 65_000])]);
    for (index, one) in CALL.iter().enumerate() {
        let one = message(&[told(one, false, "in@a")]);
        let stream = &mut streams[usize::from(one[17] == 3)];
        stream.write_all(&one).unwrap();
        if index == 4 {
            stream.write_all(&long).unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let (_, stderr) = collector.end();
    let calls = run(
        dir.path(),
        &["calls", "--legs", "--format", "json", "all.pcap"],
    );
    let calls: Vec<Value> = String::from_utf8_lossy(&calls.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<_> = calls
        .iter()
        .map(|call| (&call["call"], &call["messages"]))
        .collect();
    assert_eq!(
        told,
        [(&1.into(), &5.into()), (&1.into(), &5.into())],
        "{stderr}"
    );
    let info = run(dir.path(), &["info", "all.pcap"]);
    let info = String::from_utf8_lossy(&info.stdout).into_owned();
    assert!(
        info.contains("gaps in TCP streams") && info.contains("no UDP datagram"),
        "{info}"
    );
}

#[test]
fn who_may_not_send_is_not_taken_and_nonsense_harms_nothing() {
    let collector = Collector::begin("--ipfix", &["--show", "calls", "--allow", "192.0.2.0/24"]);
    let mut stream = TcpStream::connect(collector.address).unwrap();
    let _ = stream.write_all(&call(true, ""));
    let (stdout, stderr) = collector.end();
    assert!(
        stdout.is_empty() && stderr.contains("where nobody may send"),
        "{stderr}"
    );

    let collector = Collector::begin("--ipfix", &["--show", "calls"]);
    for octets in [
        &b""[..],
        b"\0",
        b"\0\x0a\xff\xff",
        b"GET / HTTP/1.1\r\n\r\n",
        &[0; 9_000],
        &[255; 70_000],
    ] {
        let mut other = TcpStream::connect(collector.address).unwrap();
        let _ = other.write_all(octets);
    }
    let mut stream = TcpStream::connect(collector.address).unwrap();
    stream.write_all(&call(true, "")).unwrap();
    let (stdout, stderr) = collector.end();
    assert_eq!(rows(&stdout).len(), 2, "{stderr}");
    assert!(
        stderr.contains("3 times something came that is no IPFIX"),
        "{stderr}"
    );

    for address in ["0.0.0.0", "[::]:0", "::"] {
        let refused = run(".".as_ref(), &["live", "--ipfix", address]);
        assert_eq!(refused.status, 2, "{refused}");
        assert!(refused.stderr.contains("--allow"), "{refused}");
    }
}
