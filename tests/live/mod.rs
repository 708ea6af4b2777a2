//! `sipcap live` tells what the other commands tell of a recording of the same.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

mod collector;
mod figures;
mod hep;
mod ipfix;
mod metrics;
mod record;
mod split;

use crate::support::{
    matrix::Variant,
    program::{Run, finish, run, run_with_input, sipcap},
    scenario::Scenario,
};

pub(crate) const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/captures");

/// Returns whether this machine lets us capture on its loopback interface, and has tcpdump.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn may_capture() -> bool {
    let live = run(
        Path::new("/"),
        &["live", "-i", "lo", "--for", "10ms", "--show", "nothing"],
    );
    let has_tcpdump = Command::new("tcpdump").arg("--version").output().is_ok();
    if live.status != 0 || !has_tcpdump {
        println!("no tcpdump, or not permitted to capture: skipped\n{live}");
        return false;
    }
    true
}

/// Returns the rows of a run in the order of their text, without what differs between two captures of the same.
fn rows(stdout: &[u8]) -> Vec<String> {
    let mut rows: Vec<String> = stdout
        .split(|octet| *octet == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            let mut row: serde_json::Value = serde_json::from_slice(line).unwrap();
            let row = row.as_object_mut().unwrap();
            row.remove("input");
            row.remove("frame");
            serde_json::to_string(row).unwrap()
        })
        .collect();
    rows.sort();
    rows
}

/// A program that does not outlive the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ends a program like Ctrl-C does.
pub(crate) fn interrupt(child: &Child) {
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// Waits for the line that says that a program has begun; the rest of its standard error goes nowhere.
fn wait_for_begin(child: &mut Child) {
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
}

/// Sends the datagrams of a scenario from and to loopback addresses of its own network. The sockets stay open: a process
/// that another test begins has them too for a moment, and nobody can bind their addresses again as long as it does.
fn send(scenario: &str, network: u8, sockets: &mut BTreeMap<SocketAddrV4, UdpSocket>) {
    let capture = Variant::PLAIN.capture(&Scenario::named(scenario));
    for frame in &capture.frames {
        let ip = &frame.bytes[14..];
        let address = |at: usize, port: usize| {
            // Somebody may have a SIP server here that has taken 5060 at all addresses.
            let port = 10_000 + u16::from_be_bytes([ip[port], ip[port + 1]]) % 50_000;
            SocketAddrV4::new(Ipv4Addr::new(127, network, ip[at + 2], ip[at + 3]), port)
        };
        let (src, dst) = (address(12, 20), address(16, 22));
        let socket = sockets.entry(src);
        let socket = socket.or_insert_with(|| UdpSocket::bind(src).unwrap());
        socket.send_to(&ip[28..], dst).unwrap();
        // Times shall differ, as they do in life.
        std::thread::sleep(Duration::from_micros(300));
    }
}

#[test]
fn calls_are_those_of_a_recording_of_the_same() {
    if !may_capture() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let network = (std::process::id() % 200 + 20) as u8;
    let filter = format!("udp and net 127.{network}.0.0/16");
    let recording = directory.path().join("x.pcap");
    let tcpdump = Command::new("tcpdump")
        .args([
            "--time-stamp-precision=nano",
            "--immediate-mode",
            "-B",
            "32768",
            "-U",
            "-i",
            "lo",
            "-w",
        ])
        .args([recording.as_os_str(), filter.as_ref()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut tcpdump = Running(tcpdump);
    let mut live = sipcap()
        .args(["live", "-i", "lo", "--show", "calls", "--bpf", &filter])
        .args(["--verbose"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_begin(&mut tcpdump.0);
    wait_for_begin(&mut live);
    let mut sockets = BTreeMap::new();
    for scenario in [
        "answered-call",
        "busy-call",
        "call-forked-answers",
        "call-cancelled",
        "call-no-response-yet",
        "authenticated-call",
        "hold-and-resume",
    ] {
        send(scenario, network, &mut sockets);
    }
    interrupt(&live);
    let output = live.wait_with_output().unwrap();
    interrupt(&tcpdump.0);
    tcpdump.0.wait().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let told = rows(&output.stdout);
    let recorded = run(directory.path(), &["calls", "--format", "json", "x.pcap"]);
    assert_eq!(told, rows(&recorded.stdout), "{recorded}");
    assert!(told.len() >= 7, "{told:?}");
}

/// Runs `live -i -` on a capture.
fn piped(name: &str, args: &[&str]) -> Run {
    let bytes = fs::read(Path::new(CAPTURES).join(name)).unwrap();
    run_with_input(
        Path::new("/"),
        &[&["live", "-i", "-"], args].concat(),
        &bytes,
    )
}

#[test]
fn a_capture_on_the_standard_input_is_told_of_like_a_file() {
    for name in ["call.pcap", "mixed.pcapng", "segments.pcap"] {
        let bytes = fs::read(Path::new(CAPTURES).join(name)).unwrap();
        for (show, command) in [("calls", "calls"), ("events", "events")] {
            let live = piped(name, &["--show", show]);
            let file = run_with_input(Path::new("/"), &[command, "--format", "json", "-"], &bytes);
            assert_eq!(live.status, 0, "{live}");
            let sorted = |run: &Run| {
                let mut lines: Vec<&[u8]> = run.stdout.split(|octet| *octet == b'\n').collect();
                lines.sort();
                lines.concat()
            };
            assert_eq!(sorted(&live), sorted(&file), "{name}\n{live}");
        }
    }
    // As many frames as wanted; the INVITE, 100 and 180 of a call that is answered later.
    let run = piped("call.pcap", &["--count", "3", "--show", "calls"]);
    let row: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(
        (&row["messages"], &row["outcome"]),
        (&3.into(), &"in-progress".into())
    );
    assert!(run.stderr.contains("3 frames captured"), "{run}");
}

/// The same that is told of the capture as a file.
#[test]
fn damage_of_a_capture_on_the_standard_input_is_told() {
    let bytes = fs::read(Path::new(CAPTURES).join("call.pcap")).unwrap();
    let cut = &bytes[..bytes.len() - 20];
    let file = run_with_input(Path::new("/"), &["calls", "-"], cut);
    let warning = file.stderr.lines().find(|line| line.contains("cut in"));
    for hep in [&[][..], &["--hep", "127.0.0.1:0"]] {
        let args = [&["live", "-i", "-", "--for", "1s"], hep].concat();
        let live = run_with_input(Path::new("/"), &args, cut);
        assert_eq!(live.status, 0, "{live}");
        let told = live.stderr.lines().find(|line| line.contains("cut in"));
        assert!(warning.is_some() && told == warning, "{live}\n{file}");
    }
}

/// A capture without frames has no time, and nothing to show.
#[test]
fn nothing_is_shown_of_no_frames() {
    let bytes = fs::read(Path::new(CAPTURES).join("call.pcap")).unwrap();
    let args = ["live", "-i", "-", "--top"];
    let live = run_with_input(Path::new("/"), &args, &bytes[..24]);
    assert_eq!(
        (live.status, live.stdout.as_slice()),
        (0, &b""[..]),
        "{live}"
    );
}

#[test]
fn time_passes_when_nothing_comes() {
    let capture = Variant::PLAIN.capture(&Scenario::named("call-no-response-yet"));
    let bytes = Variant::PLAIN.encode(&capture);
    let mut live = sipcap()
        .args([
            "live",
            "-i",
            "-",
            "--show",
            "events",
            "--timeout",
            "inv_1st=1s",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The pipe stays open: only the clock can tell that nobody answers.
    let mut stdin = live.stdin.take().unwrap();
    stdin.write_all(&bytes).unwrap();
    stdin.flush().unwrap();
    let mut line = String::new();
    BufReader::new(live.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let row: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(row["type"], "call-attempt", "{line}");
    // A second after the INVITE came for the third time (1.5 s after the first), by the time of the capture.
    assert_eq!(row["ts"], "2026-01-15T10:00:02.623456000Z", "{line}");
    interrupt(&live);
    assert_eq!(live.wait().unwrap().code(), Some(0));
    drop(stdin);
}

#[test]
fn what_cannot_be_captured_on_is_told_in_a_line() {
    let usage = run(Path::new("/"), &["live"]);
    assert_eq!(
        (usage.status, usage.stderr.lines().count()),
        (2, 1),
        "{usage}"
    );
    let missing = finish(
        sipcap()
            .env("SIPCAP_LIBPCAP", "/nonexistent/libpcap.so")
            .args(["live", "-i", "lo"]),
        None,
    );
    assert_eq!(missing.status, 2);
    assert!(missing.stderr.contains("install it"), "{missing}");
    if !may_capture() {
        return;
    }
    for (args, expected) in [
        (&["-i", "nowhere0"][..], "no such interface"),
        (&["-i", "lo", "--bpf", "udp prot 5"], "syntax error"),
        (&["-i", "lo", "--user", "no-such-user"], "no user"),
        (&["-i", "-", "-i", "-"], "more than once"),
    ] {
        let run = run(Path::new("/"), &[&["live"], args].concat());
        assert_eq!((run.status, run.stdout.len()), (2, 0), "{run}");
        assert!(run.stderr.contains(expected), "{run}");
        assert_eq!(run.stderr.lines().count(), 1, "{run}");
    }
    let list = run(Path::new("/"), &["live", "--list-interfaces"]);
    let list = String::from_utf8(list.stdout).unwrap();
    assert!(list.lines().any(|line| line.starts_with("lo ")), "{list}");
}

/// Two interfaces that are joined, and go when this is dropped.
struct Pair(String);

impl Pair {
    /// Returns a pair, if this machine lets us make one.
    fn new() -> Option<Self> {
        let pair = Self(format!("sct{}", std::process::id()));
        let ends = (pair.end("a"), pair.end("b"));
        let made = ip(&[
            "link", "add", &ends.0, "type", "veth", "peer", "name", &ends.1,
        ]) && ip(&["link", "set", &ends.0, "up"])
            && ip(&["link", "set", &ends.1, "up"]);
        made.then_some(pair)
    }

    fn end(&self, which: &str) -> String {
        format!("{}{which}", self.0)
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        // It may be gone already.
        ip(&["link", "del", &self.end("a")]);
    }
}

fn ip(args: &[&str]) -> bool {
    let status = Command::new("ip").args(args).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[test]
fn an_interface_goes_down_and_up_and_ends_the_run_when_it_is_gone() {
    let pair = Pair::new().filter(|_| may_capture());
    let Some(pair) = pair else {
        return println!("not permitted to make interfaces: skipped");
    };
    let directory = tempfile::tempdir().unwrap();
    let end = pair.end("b");
    let mut live = sipcap()
        .current_dir(directory.path())
        .args([
            "live",
            "--verbose",
            "-i",
            &end,
            "--show",
            "nothing",
            "-w",
            "x.pcap",
        ])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(live.stderr.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("Capturing"));
    // Neighbours are asked for by whoever comes up (RFC 4861): there are frames both times.
    let frames = || {
        let path = directory.path().join("x.pcap");
        let run = run(directory.path(), &["info", path.to_str().unwrap()]);
        String::from_utf8(run.stdout).unwrap()
    };
    assert!(ip(&["link", "set", &end, "down"]) && ip(&["link", "set", &end, "up"]));
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(live.try_wait().unwrap(), None);
    drop(pair);
    assert_eq!(live.wait().unwrap().code(), Some(2));
    let told: Vec<String> = lines.map(Result::unwrap).collect();
    // All is finished, and the error is the last that is told.
    assert!(told.last().unwrap().contains(&end), "{told:?}");
    assert!(
        told.iter().any(|line| line.contains("Recorded")),
        "{told:?}"
    );
    assert!(frames().contains("x.pcap"));
}
