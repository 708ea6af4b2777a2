//! How runs end: files that are refused or written whole, closed pipes, colours, signals.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Command, Stdio},
};

use super::playground;
use crate::support::program::{finish, run, run_with_input, sipcap};

#[test]
fn an_input_is_never_written_over() {
    let dir = playground();
    let before = std::fs::read(dir.path().join("call.pcap")).unwrap();
    std::fs::hard_link(dir.path().join("call.pcap"), dir.path().join("link.pcap")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("call.pcap", dir.path().join("symlink.pcap")).unwrap();
    for args in [
        "messages -o call.pcap --force call.pcap",
        "messages -o ./call.pcap --force call.pcap",
        "messages -o symlink.pcap --force call.pcap",
        "messages -o call.pcap --force .",
        "grep INVITE -w call.pcap --force mixed.pcapng call.pcap",
        "grep INVITE -o call.pcap --force call.pcap",
        "info -o call.pcap --force call.pcap",
        "stats -o call.pcap --force call.pcap",
        "events -o call.pcap --force call.pcap",
    ] {
        let run = run(dir.path(), &args.split(' ').collect::<Vec<_>>());
        assert_eq!(run.status, 2, "{args}: {run}");
        assert!(run.stderr.starts_with("sipcap: error: "), "{args}: {run}");
        assert_eq!(run.stderr.lines().count(), 1, "{args}: {run}");
        assert!(
            std::fs::read(dir.path().join("call.pcap")).unwrap() == before,
            "{args}"
        );
    }
}

#[test]
fn a_file_that_exists_is_kept_unless_forced() {
    let dir = playground();
    let path = dir.path().join("out.csv");
    std::fs::write(&path, "precious").unwrap();
    let args = ["messages", "--format", "csv", "-o", "out.csv", "call.pcap"];
    let refused = run(dir.path(), &args);
    assert_eq!(refused.status, 2, "{refused}");
    assert!(
        refused.stderr.contains("out.csv") && refused.stderr.contains("--force"),
        "{refused}"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    let forced = run(dir.path(), &[&args[..], &["--force"]].concat());
    assert_eq!(forced.to_string(), "");
    let printed = run(dir.path(), &["messages", "--format", "csv", "call.pcap"]);
    assert_eq!(std::fs::read(&path).unwrap(), printed.stdout);
}

#[test]
fn a_failed_run_leaves_nothing_behind() {
    let dir = playground();
    for args in [
        "messages -o out.csv notes.txt",
        "grep INVITE -w out.pcap missing.pcap",
        "info -o out.txt empty.pcap",
    ] {
        let before = names(dir.path());
        let run = run(dir.path(), &args.split(' ').collect::<Vec<_>>());
        assert_eq!(run.status, 2, "{args}: {run}");
        assert_eq!(names(dir.path()), before, "{args}");
    }
}

fn names(dir: &std::path::Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    names
}

#[test]
#[cfg(unix)]
fn an_unreadable_file_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = playground();
    let path = dir.path().join("call.pcap");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o0)).unwrap();
    if std::fs::File::open(&path).is_ok() {
        println!("run as a user who may read everything: skipped");
        return;
    }
    let run = run(dir.path(), &["messages", "call.pcap"]);
    assert_eq!(run.status, 2, "{run}");
    assert!(
        run.stderr.starts_with("sipcap: error: ") && run.stderr.contains("call.pcap"),
        "{run}"
    );
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let dir = playground();
    for args in [
        "messages mixed.pcapng",
        "messages --format json mixed.pcapng",
        "messages --format csv mixed.pcapng",
        "grep . mixed.pcapng",
        "info mixed.pcapng",
        "stats mixed.pcapng",
        "events mixed.pcapng",
        "events --format text mixed.pcapng",
        "events --format csv mixed.pcapng",
        "events --replay mixed.pcapng",
        "split -o out mixed.pcapng",
        "man",
        "completions bash",
    ] {
        let mut command = sipcap();
        command.current_dir(dir.path()).args(args.split(' '));
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The reader is gone before anything was read.
        drop(child.stdout.take());
        let mut stderr = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{args}: {stderr}");
        assert!(
            !stderr.contains("error") && !stderr.contains("panicked"),
            "{args}: {stderr}"
        );
    }
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let dir = playground();
    let colored = |args: &str, variable: Option<(&str, &str)>| {
        let mut command = sipcap();
        command
            .current_dir(dir.path())
            .args(args.split(' '))
            .envs(variable);
        let run = finish(&mut command, None);
        assert_eq!(run.status, 0, "{args}: {run}");
        run.stdout.contains(&0x1b)
    };
    for command in [
        "messages call.pcap",
        "grep INVITE call.pcap",
        "events --format text call.pcap",
    ] {
        assert!(!colored(command, None));
        assert!(!colored(command, Some(("NO_COLOR", "1"))));
        assert!(!colored(command, Some(("TERM", "xterm-256color"))));
        assert!(!colored(&format!("{command} --color never"), None));
        assert!(colored(&format!("{command} --color always"), None));
        // What is asked for on the command line counts more than the environment.
        assert!(colored(
            &format!("{command} --color always"),
            Some(("NO_COLOR", "1"))
        ));
    }
}

#[test]
fn quiet_means_no_warnings_and_notes() {
    let dir = playground();
    let loud = run(dir.path(), &["messages", "cut.pcap"]);
    assert!(
        loud.stderr.starts_with("sipcap: warning: cut.pcap: "),
        "{loud}"
    );
    let quiet = run(dir.path(), &["messages", "-q", "cut.pcap"]);
    assert_eq!((quiet.status, quiet.stderr.as_str()), (0, ""));
    assert_eq!(quiet.stdout, loud.stdout);
    let split = run(dir.path(), &["split", "-q", "-o", "out", "call.pcap"]);
    assert_eq!((split.status, split.stderr.as_str()), (0, ""));
}

#[test]
fn control_characters_never_reach_standard_error() {
    let dir = playground();
    let name = "\u{1b}[31mred\u{202e}.pcap";
    let run = run(dir.path(), &["messages", name]);
    assert_eq!(run.status, 2, "{run}");
    assert!(
        !run.stderr.contains(['\u{1b}', '\u{202e}']),
        "{:?}",
        run.stderr
    );
}

#[test]
#[cfg(unix)]
fn a_signal_finishes_what_was_begun() {
    use std::{io::Write as _, process::Command};
    let dir = playground();
    let mut command = sipcap();
    command
        .current_dir(dir.path())
        .args(["messages", "--format", "csv", "-o", "out.csv", "-"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(&std::fs::read(dir.path().join("call.pcap")).unwrap())
        .unwrap();
    input.flush().unwrap();
    // Until the program has set up its handlers a signal would simply end it.
    std::thread::sleep(std::time::Duration::from_millis(500));
    Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(100));
    drop(input);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("interrupted"), "{stderr}");
    let rows = std::fs::read_to_string(dir.path().join("out.csv")).unwrap_or_default();
    assert!(
        rows.is_empty() || rows.starts_with("input,frame,ts,") && rows.ends_with('\n'),
        "{rows}"
    );
}

/// The call of `call.pcap` rings at 0.25 s, is answered at 3.1 s and ends at 63.12 s.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a replay is the one thing that takes the time of clocks"
)]
fn a_replay_keeps_the_pace_of_the_capture() {
    let dir = playground();
    let args = ["events", "--format", "text", "call.pcap"];
    let plain = run(dir.path(), &args);
    let begun = std::time::Instant::now();
    let paced = [
        &args[..],
        &["--replay", "--speed", "10", "--max-delay", "500ms"],
    ];
    let replayed = run(dir.path(), &paced.concat());
    let took = begun.elapsed().as_millis();
    assert_eq!(replayed.stdout, plain.stdout);
    // 285 ms to the answer, and half a second instead of 6 s to the end.
    assert!((785..6000).contains(&took), "{took} ms");
}

#[test]
#[cfg(unix)]
#[expect(
    clippy::disallowed_methods,
    reason = "a replay is the one thing that takes the time of clocks"
)]
fn a_signal_ends_a_replay_at_once() {
    let dir = playground();
    let mut child = sipcap()
        .current_dir(dir.path())
        .args(["events", "--replay", "--format", "text", "call.pcap"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The day and the first event; the next one is nearly three seconds away.
    let mut rows = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        assert!(rows.next().is_some());
    }
    let begun = std::time::Instant::now();
    Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let rest: Vec<_> = rows.collect();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("interrupted"), "{stderr}");
    assert!(rest.is_empty(), "{rest:?}");
    assert!(begun.elapsed().as_secs() < 2);
}

#[test]
fn packets_of_matches_are_written_as_they_were() {
    let dir = playground();
    let run = run(
        dir.path(),
        &["grep", "--dialog", "486", "-w", "busy.pcap", "mixed.pcapng"],
    );
    assert_eq!(run.status, 0, "{run}");
    let list = |file: &str| {
        let args = [
            "messages",
            "--format",
            "csv",
            "--call-id",
            "busy@192.0.2.10",
            file,
        ];
        let run = crate::support::program::run(dir.path(), &args);
        let text = String::from_utf8(run.stdout).unwrap();
        text.lines()
            .map(|l| l.splitn(3, ',').last().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(list("busy.pcap"), list("mixed.pcapng"));
    assert_eq!(list("busy.pcap").len(), 4);
    let to_pipe = run_with_input(
        dir.path(),
        &["grep", "BYE", "-w", "-", "-"],
        &std::fs::read(dir.path().join("call.pcap")).unwrap(),
    );
    assert!(
        to_pipe.stdout.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1])
            || to_pipe.stdout.starts_with(&[0xa1, 0xb2, 0xc3, 0xd4])
    );
}

/// Renaming a finished file onto a device or a pipe would replace it.
#[test]
#[cfg(unix)]
fn a_pipe_with_a_name_stays_one() {
    use std::os::unix::fs::FileTypeExt as _;

    let dir = playground();
    let fifo = dir.path().join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let mut reader = Command::new("cat")
        .arg(&fifo)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let args = ["messages", "--format", "csv", "call.pcap"];
    let written = run(dir.path(), &[&args[..], &["-o", "fifo"]].concat());
    assert_eq!(written.to_string(), "");
    let mut read = Vec::new();
    reader
        .stdout
        .take()
        .unwrap()
        .read_to_end(&mut read)
        .unwrap();
    reader.wait().unwrap();
    assert_eq!(read, run(dir.path(), &args).stdout);
    assert!(fifo.symlink_metadata().unwrap().file_type().is_fifo());
}

/// As with `tcpdump -w - | sipcap messages -`: messages are told when they are there, not when the pipe ends.
#[test]
fn a_pipe_that_stays_open_keeps_nothing_back() {
    let dir = playground();
    let mut child = sipcap()
        .current_dir(dir.path())
        .args(["messages", "--format", "csv", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let capture = std::fs::read(dir.path().join("call.pcap")).unwrap();
    stdin.write_all(&capture).unwrap();
    let mut rows = BufReader::new(child.stdout.take().unwrap()).lines();
    for number in 0..8 {
        assert!(rows.next().is_some(), "the header and 7 messages, {number}");
    }
    drop(stdin);
    assert!(rows.next().is_none());
    assert!(child.wait().unwrap().success());
}

#[test]
fn events_of_a_pipe_that_stays_open_are_told_at_once() {
    let dir = playground();
    let mut child = sipcap()
        .current_dir(dir.path())
        .args(["events", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let capture = std::fs::read(dir.path().join("call.pcap")).unwrap();
    stdin.write_all(&capture).unwrap();
    let mut rows = BufReader::new(child.stdout.take().unwrap()).lines();
    for number in 0..3 {
        assert!(rows.next().is_some(), "ringing, start and end, {number}");
    }
    drop(stdin);
    assert!(rows.next().is_none());
    assert!(child.wait().unwrap().success());
}
