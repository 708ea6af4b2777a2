//! `--metrics`: figures for Prometheus, whoever asks for what.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::Stdio,
};

use super::{CAPTURES, record::wait_until};
use crate::support::program::{run_with_input, sipcap};

/// Returns an address that nobody listens at.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// Sends octets and returns what comes back, or nothing if nobody listens or it is cut off.
fn ask(address: SocketAddr, request: &[u8]) -> String {
    let mut answer = String::new();
    if let Ok(mut client) = TcpStream::connect(address) {
        // Neither is an error when the other side has heard enough.
        let _ = client.write_all(request);
        let _ = client.read_to_string(&mut answer);
    }
    answer
}

#[test]
fn figures_are_told_and_nothing_else() {
    let address = free_address();
    let mut live = sipcap()
        .args(["live", "-i", "-", "--show", "nothing", "--metrics"])
        .arg(address.to_string())
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = live.stdin.take().unwrap();
    let call = fs::read(Path::new(CAPTURES).join("call.pcap")).unwrap();
    stdin.write_all(&call).unwrap();
    stdin.flush().unwrap();
    let metrics = || ask(address, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    // The figures of a run over the same file: one call, answered and ended, in 7 frames.
    wait_until(|| metrics().contains("\nsipcap_live_calls_ended_total 1\n"));
    let answer = metrics();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    for line in [
        "sipcap_live_frames_total{interface=\"-\"} 7",
        "sipcap_live_messages_total 7",
        "sipcap_live_calls_answered_total 1",
        "sipcap_messages 7",
    ] {
        assert!(answer.lines().any(|told| told == line), "{line}\n{answer}");
    }
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let length = format!("Content-Length: {}", body.len());
    assert!(head.lines().any(|line| line == length), "{head}");
    for (request, expected) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "404"),
        (b"GET /../etc/passwd HTTP/1.1\r\n\r\n", "404"),
        (b"DELETE /metrics HTTP/1.1\r\n\r\n", "405"),
        (b"\x00\xff\r\n\r\n", "400"),
        (b"\r\n\r\n", "400"),
    ] {
        let answer = ask(address, request);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {expected} ")),
            "{answer}"
        );
    }
    // Endless header fields are cut off.
    let endless = [
        &b"GET /metrics HTTP/1.1\r\n"[..],
        &b"a: b\r\n".repeat(10_000),
    ]
    .concat();
    assert!(!ask(address, &endless).contains("200 OK"));
    // Many that say nothing keep nobody from an answer for longer than their time.
    let silent: Vec<TcpStream> = (0..100)
        .filter_map(|_| TcpStream::connect(address).ok())
        .collect();
    wait_until(|| metrics().contains("sipcap_live_messages_total 7"));
    drop(silent);
    // Somebody else has the port.
    let args = ["live", "-i", "-", "--metrics", &address.to_string()];
    let second = run_with_input(Path::new("/"), &args, &call);
    assert_eq!(
        (second.status, second.stderr.lines().count()),
        (2, 1),
        "{second}"
    );
    assert!(second.stderr.contains("cannot listen"), "{second}");
    drop(stdin);
    assert_eq!(live.wait().unwrap().code(), Some(0));
}

#[test]
fn others_are_asked_in_only_on_request() {
    let args = ["live", "-i", "-", "--metrics", "0.0.0.0:0"];
    let run = run_with_input(Path::new("/"), &args, &[]);
    assert_eq!((run.status, run.stderr.lines().count()), (2, 1), "{run}");
    assert!(run.stderr.contains("--metrics-public"), "{run}");
    let call = fs::read(Path::new(CAPTURES).join("call.pcap")).unwrap();
    let public = [&args[..], &["--metrics-public"]].concat();
    let run = run_with_input(Path::new("/"), &public, &call);
    assert_eq!(run.status, 0, "{run}");
}
