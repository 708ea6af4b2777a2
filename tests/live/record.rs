//! `-w`: all that is captured, in files as tcpdump would write them.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{CAPTURES, interrupt};
use crate::support::program::{run_with_input, sipcap};

/// Returns a capture of 3 MB: frames of 14 to 1513 octets, a quarter of a second apart.
fn capture() -> Vec<u8> {
    let mut bytes = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
    for word in [0_u32, 0, 262_144, 1] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    for number in 0..4000_u32 {
        let len = 14 + number * 7919 % 1500;
        for word in [
            1_000_000_000 + number / 4,
            number % 4 * 250_000,
            len,
            len + 4,
        ] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.resize(bytes.len() + len as usize, number as u8);
    }
    bytes
}

/// Returns the files of a directory with what is in them.
pub(super) fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(directory)
        .unwrap()
        .map(|file| file.unwrap().path());
    files
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(path).unwrap())
        })
        .collect()
}

#[test]
fn files_are_those_of_tcpdump() {
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("input.pcap");
    fs::write(&input, capture()).unwrap();
    for (number, rotation) in [&["-C", "1"][..], &["-C", "1", "-W", "2"], &[]]
        .iter()
        .enumerate()
    {
        let [ours, theirs] = ["ours", "theirs"].map(|whose| {
            let directory = directory.path().join(format!("{whose}{number}"));
            fs::create_dir(&directory).unwrap();
            directory
        });
        let mut tcpdump = Command::new("tcpdump");
        tcpdump.current_dir(&theirs).arg("-r").arg(&input);
        tcpdump.args(["-w", "x.pcap"]).args(*rotation);
        // Run by root, it would go on as somebody who may not write here.
        let id = Command::new("id").arg("-u").output().unwrap();
        if id.stdout == b"0\n" {
            tcpdump.args(["-Z", "root"]);
        }
        match tcpdump.stderr(Stdio::null()).status() {
            Ok(status) => assert!(status.success()),
            Err(error) => return println!("tcpdump: {error}: skipped"),
        }
        let args = ["live", "-i", "-", "--show", "nothing", "-w", "x.pcap"];
        let run = run_with_input(&ours, &[&args[..], rotation].concat(), &capture());
        assert_eq!(run.status, 0, "{run}");
        assert!(run.stderr.contains("Recorded 4000 frames"), "{run}");
        let (ours, theirs) = (files(&ours), files(&theirs));
        assert!(ours == theirs, "{:?} {:?}", ours.keys(), theirs.keys());
    }
}

#[test]
fn names_have_the_time_of_their_first_frame() {
    let directory = tempfile::tempdir().unwrap();
    // 1000 s, from 2001-09-09 01:46:40 on; 10 minutes, then 400 s.
    let args = ["live", "-i", "-", "--show", "nothing"];
    let more = [
        "-w",
        "x-%Y%m%d-%H%M%S.pcap",
        "-G",
        "10m",
        "--compress",
        "gz",
    ];
    let run = run_with_input(
        directory.path(),
        &[&args[..], &more[..]].concat(),
        &capture(),
    );
    assert_eq!(run.status, 0, "{run}");
    let files = files(directory.path());
    let names: Vec<&String> = files.keys().collect();
    assert_eq!(
        names,
        ["x-20010909-014640.pcap.gz", "x-20010909-015640.pcap.gz"]
    );
    // RFC 1952 §2.3.1.
    assert!(files.values().all(|bytes| bytes.starts_with(&[0x1f, 0x8b])));
}

#[test]
fn what_cannot_be_recorded_is_refused_in_a_line() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("there"), "precious").unwrap();
    for (args, expected) in [
        (&["-w", "there"][..], "--force"),
        (&["-w", "-"], "name a file"),
        (&["-w", "missing/x"], "No such file"),
        (&["-w", "."], "is a directory"),
        (&["-w", "x", "-W", "3"], "--rotate-size"),
        (&["-w", "x", "-G", "60"], "%Y"),
        (&["-w", "x", "-C", "0"], "expected"),
        (&["-C", "1"], "--write"),
    ] {
        let run = run_with_input(
            directory.path(),
            &[&["live", "-i", "-"], args].concat(),
            &[],
        );
        assert_eq!((run.status, run.stdout.len()), (2, 0), "{run}");
        assert!(run.stderr.contains(expected), "{run}");
        assert_eq!(run.stderr.lines().count(), 1, "{run}");
    }
    let there = directory.path().join("there");
    assert_eq!(fs::read(&there).unwrap(), b"precious");
    let args = ["live", "-i", "-", "-w", "there", "--force"];
    let call = fs::read(Path::new(CAPTURES).join("call.pcap")).unwrap();
    assert_eq!(run_with_input(directory.path(), &args, &call).status, 0);
    assert!(fs::read(&there).unwrap() == call);
}

fn signal(child: &Child, name: &str) {
    let mut kill = Command::new("kill");
    let status = kill.args([name, &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

/// Waits until something is true, as long as a slow machine may take.
pub(super) fn wait_until(what: impl Fn() -> bool) {
    #[expect(clippy::disallowed_methods, reason = "how long to wait for a program")]
    let begin = Instant::now();
    while !what() {
        assert!(begin.elapsed() < Duration::from_secs(30), "it never came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn signals_begin_the_next_file_and_ask_for_the_state() {
    let directory = tempfile::tempdir().unwrap();
    let mut live = sipcap()
        .current_dir(directory.path())
        .args(["live", "-i", "-", "--show", "events", "-w", "x.pcap"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let capture = fs::read(Path::new(CAPTURES).join("call.pcap")).unwrap();
    let mut stdin = live.stdin.take().unwrap();
    stdin.write_all(&capture).unwrap();
    stdin.flush().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(live.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    signal(&live, "-HUP");
    wait_until(|| directory.path().join("x.pcap").exists());
    signal(&live, "-USR1");
    let mut stderr = BufReader::new(live.stderr.take().unwrap());
    let mut state = String::new();
    stderr.read_line(&mut state).unwrap();
    assert!(state.contains("calls 1, bindings 0,"), "{state}");
    interrupt(&live);
    assert_eq!(live.wait().unwrap().code(), Some(0));
    drop(stdin);
    let files = files(directory.path());
    assert!(files.len() == 1 && files["x.pcap"] == capture);
}
