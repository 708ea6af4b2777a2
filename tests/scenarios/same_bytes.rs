//! The same bytes of output for any number of threads, block size, and way to hand over the input.

use std::path::Path;

use crate::support::{
    container::{Container, Frame},
    encapsulation::{Link, Tunnel},
    matrix::{Tap, Variant},
    program::{Run, finish, run, run_with_input, sipcap},
    scenario::Scenario,
    transport::Transport,
};

const COMMANDS: &[&[&str]] = &[
    &["messages", "--format", "csv"],
    &["messages", "--format", "json"],
    &["messages", "--keep-duplicates"],
    &["grep", "sip:bob"],
    &["grep", "--dialog", "486|487"],
    &["stats"],
    &["stats", "--format", "json"],
    &[
        "stats",
        "--by",
        "peer",
        "--by",
        "user-agent,method",
        "--bucket",
        "10s",
        "--format",
        "csv",
    ],
    &["info"],
];

/// Scenarios one after the other, each over another transport and tunnel: some thousand frames of several link types. Of the
/// ordinary ones some are enough.
fn everything() -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut start = 0;
    let (ordinary, scenarios): (Vec<_>, Vec<_>) =
        Scenario::all().into_iter().partition(Scenario::is_ordinary);
    let scenarios = scenarios.into_iter().chain(ordinary.into_iter().step_by(5));
    for (index, scenario) in scenarios.enumerate() {
        let transports: Vec<_> = Transport::ALL
            .iter()
            .filter(|t| scenario.allows(t.name()))
            .collect();
        let variant = Variant {
            transport: *transports[index % transports.len()],
            tap: Tap::ALL[index % Tap::ALL.len()],
            tunnel: Tunnel::ALL[index % Tunnel::ALL.len()],
            link: Link::ALL[index % Link::ALL.len()],
            container: Container::PcapNgBig,
        };
        let scenario = scenario.delayed(start);
        start = scenario.seconds() + 1_000;
        frames.extend(variant.capture(&scenario).frames);
    }
    frames
}

/// Runs every command on the same input in two ways and returns what differs.
fn compare(first: impl Fn(&[&str]) -> Run, second: impl Fn(&[&str]) -> Run) {
    for command in COMMANDS {
        let (first, second) = (first(command), second(command));
        assert_eq!(first.status, 0, "{command:?}: {first}");
        assert!(!first.stdout.is_empty(), "{command:?}");
        assert_eq!(first.to_string(), second.to_string(), "{command:?}");
    }
}

fn with(dir: &Path, command: &[&str], more: &[&str]) -> Run {
    run(dir, &[command, more].concat())
}

#[test]
fn threads_do_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("all.pcapng"),
        Container::PcapNgBig.encode(&everything()),
    )
    .unwrap();
    for threads in ["2", "8"] {
        compare(
            |command| with(dir.path(), command, &["-j", "1", "all.pcapng"]),
            |command| with(dir.path(), command, &["-j", threads, "all.pcapng"]),
        );
    }
}

#[test]
fn block_sizes_do_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("all.pcapng"),
        Container::PcapNgBig.encode(&everything()),
    )
    .unwrap();
    for octets in ["64", "1000", "65536", "4194304"] {
        compare(
            |command| with(dir.path(), command, &["all.pcapng"]),
            |command| {
                let mut program = sipcap();
                program
                    .current_dir(dir.path())
                    .env("SIPCAP_BLOCK_BYTES", octets);
                finish(program.args(command).arg("all.pcapng"), None)
            },
        );
    }
}

#[test]
fn the_standard_input_is_a_file_like_any_other() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = Container::PcapNgBig.encode(&everything());
    std::fs::write(dir.path().join("-"), &bytes).unwrap();
    compare(
        |command| {
            // Named alike, so that the outputs are.
            let mut run = with(dir.path(), command, &["./-"]);
            let text = String::from_utf8_lossy(&run.stdout);
            run.stdout = text.replace("./-", "-").into_bytes();
            run
        },
        |command| run_with_input(dir.path(), &[command, &["-"][..]].concat(), &bytes),
    );
}

#[test]
fn a_ring_of_files_is_one_capture() {
    let dir = tempfile::tempdir().unwrap();
    let frames = everything();
    std::fs::write(
        dir.path().join("whole.pcapng"),
        Container::PcapNgBig.encode(&frames),
    )
    .unwrap();
    let mut names = Vec::new();
    for (index, part) in frames.chunks(frames.len().div_ceil(7)).enumerate() {
        let name = format!("ring{index}.pcapng");
        std::fs::write(dir.path().join(&name), Container::PcapNgBig.encode(part)).unwrap();
        names.push(name);
    }
    let expected = columns_behind_frame(&run(
        dir.path(),
        &["messages", "--format", "csv", "whole.pcapng"],
    ));
    assert!(expected.len() > 150, "{} rows", expected.len());
    // In the order of a shell glob, reversed, and interleaved.
    let orders = [
        [0, 1, 2, 3, 4, 5, 6],
        [6, 5, 4, 3, 2, 1, 0],
        [3, 0, 6, 1, 5, 2, 4],
    ];
    for order in orders {
        let mut args = vec!["messages", "--format", "csv"];
        args.extend(order.iter().map(|&index| names[index].as_str()));
        assert_eq!(
            columns_behind_frame(&run(dir.path(), &args)),
            expected,
            "{order:?}"
        );
    }
    std::fs::remove_file(dir.path().join("whole.pcapng")).unwrap();
    let directory = run(dir.path(), &["messages", "--format", "csv", "."]);
    assert_eq!(columns_behind_frame(&directory), expected);
}

/// Returns rows without the columns that tell of files: input and frame.
fn columns_behind_frame(run: &Run) -> Vec<String> {
    assert_eq!(run.status, 0, "{run}");
    let text = String::from_utf8_lossy(&run.stdout);
    text.lines()
        .map(|line| line.splitn(3, ',').nth(2).unwrap_or_default().to_owned())
        .collect()
}
