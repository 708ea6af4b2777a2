//! What is generated and committed must be what the program generates now: manual pages and completions.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{fs, path::Path, process::Command};

const HOW: &str = "run `just generate` and commit what it changes";

fn output(args: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_sipcap"))
        .args(args)
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}");
    output.stdout
}

#[test]
fn completions_are_fresh() {
    for (shell, file) in [
        ("bash", "completions/sipcap.bash"),
        ("fish", "completions/sipcap.fish"),
        ("zsh", "completions/_sipcap"),
    ] {
        let committed = fs::read(file).unwrap();
        assert!(
            committed == output(&["completions", shell]),
            "{file} is stale; {HOW}"
        );
    }
}

#[test]
fn manual_pages_are_fresh() {
    let fresh = tempfile::tempdir().unwrap();
    output(&["man", "--out-dir", fresh.path().to_str().unwrap()]);
    let names = |directory: &Path| -> Vec<_> {
        let mut names: Vec<_> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".1"))
            .collect();
        names.sort();
        names
    };
    let committed = Path::new("man");
    assert_eq!(names(committed), names(fresh.path()), "{HOW}");
    for name in names(committed) {
        let is_same =
            fs::read(committed.join(&name)).unwrap() == fs::read(fresh.path().join(&name)).unwrap();
        assert!(is_same, "man/{name} is stale; {HOW}");
    }
}
