//! Who may use whom in `src/`: the layers of the design, read from the `crate::` paths of every file.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Each module and the modules that it may name.
const MAY_USE: &[(&str, &[&str])] = &[
    ("time", &[]),
    ("span", &[]),
    ("clock", &["time"]),
    ("duration", &[]),
    ("named", &[]),
    ("net", &[]),
    ("points", &["capture", "offsets"]),
    ("error", &[]),
    ("text", &[]),
    ("trace", &["text"]),
    ("capture", BASE),
    // A message names the frames that carried it; of captures sip knows nothing else.
    (
        "sip",
        &[
            "time",
            "span",
            "net",
            "error",
            "text",
            "trace",
            "capture::Frame",
        ],
    ),
    ("packet", DECODING),
    ("stream", DECODING),
    ("hep", DECODING),
    ("ipfix", DECODING),
    // An object of the tracker tells which frame it began with.
    (
        "track",
        &[
            "time",
            "span",
            "net",
            "error",
            "text",
            "clock",
            "duration",
            "sip",
            "stats",
            "capture::Origin",
        ],
    ),
    ("media", JUDGING),
    // A clock is put right where frames are read.
    (
        "offsets",
        &["time", "span", "net", "error", "sip", "capture::Correction"],
    ),
    ("filter", JUDGING),
    ("stats", JUDGING),
    ("ladder", JUDGING),
    // Writing calls to files is all about their frames.
    (
        "split",
        &[
            "time", "span", "net", "error", "text", "sip", "filter", "capture", "packet",
        ],
    ),
    // Merging captures needs their packets to tell copies, and nothing of what is in them.
    (
        "merge",
        &[
            "time", "span", "error", "capture", "packet", "stream", "points",
        ],
    ),
    // So is saving selected calls.
    ("session", &["time", "error", "capture", "points"]),
    ("pipeline", DECODING),
    ("report", REPORTING),
];

const BASE: &[&str] = &["time", "span", "net", "error", "text"];
const DECODING: &[&str] = &[
    "named", "time", "span", "net", "error", "text", "trace", "clock", "capture", "sip", "packet",
    "stream", "hep", "ipfix",
];
const JUDGING: &[&str] = &[
    "time", "span", "net", "error", "text", "trace", "duration", "sip", "track", "media", "filter",
    "stats",
];
/// The data structs of all that there is to report, and the sink that fills them.
const REPORTING: &[&str] = &[
    "time",
    "span",
    "net",
    "error",
    "text",
    "trace",
    "sip",
    "track",
    "media",
    "filter",
    "stats",
    "ladder",
    "split",
    "capture::Origin",
    "capture::Frame",
    "capture::LinkType",
    "capture::InputSummary",
    "capture::Interface",
    "offsets",
    "pipeline::Agents",
    "pipeline::AgentCounts",
    "pipeline::Controllers",
    "pipeline::ControllerCounts",
    "pipeline::Fate",
    "pipeline::Sighting",
    "pipeline::Sink",
    "pipeline::Summary",
];

#[test]
fn no_module_reaches_up() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut breaches = Vec::new();
    for file in rust_files(&src) {
        let name = file.strip_prefix(&src).unwrap();
        if name
            .iter()
            .any(|part| part == "tests" || part == "tests.rs")
        {
            continue; // Unit tests in files of their own may use what they like, too.
        }
        let module = name.iter().next().unwrap().to_str().unwrap();
        let module = module.trim_end_matches(".rs");
        let text = std::fs::read_to_string(&file).unwrap();
        match module {
            "lib" => {}
            "bin" => breaches.extend(command_breaches(name, &text)),
            _ => {
                let (_, may_use) = MAY_USE
                    .iter()
                    .find(|(known, _)| *known == module)
                    .unwrap_or_else(|| panic!("{}: in no layer: tell this test", name.display()));
                for path in crate_paths(product_code(&text)) {
                    let own = path == module || path.starts_with(&format!("{module}::"));
                    let allowed = |m: &&str| path == **m || path.starts_with(&format!("{m}::"));
                    if !own && !may_use.iter().any(allowed) {
                        breaches.push(format!("{}: crate::{path}", name.display()));
                    }
                }
            }
        }
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

/// Returns what a command takes from another command.
fn command_breaches(name: &Path, text: &str) -> Vec<String> {
    let command = name.file_stem().unwrap().to_str().unwrap();
    if !name.to_string_lossy().contains("/cmd/") || command == "mod" {
        return Vec::new();
    }
    crate_paths(product_code(text))
        .into_iter()
        .filter(|path| path.starts_with("cmd") && !path.starts_with(&format!("cmd::{command}")))
        .map(|path| format!("{}: crate::{path}", name.display()))
        .collect()
}

/// Returns the file without its unit tests, which may use what they like.
fn product_code(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

/// Returns every path behind `crate::`, with the groups in braces written out and comments left out.
fn crate_paths(text: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect();
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let mut paths = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        expand(&code[at + "crate::".len()..], "", &mut paths);
    }
    paths
}

/// Adds the paths of a use tree that begins `text`; returns what follows it.
fn expand<'a>(text: &'a str, prefix: &str, paths: &mut BTreeSet<String>) -> &'a str {
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = expand(rest, prefix, paths);
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => return rest.strip_prefix('}').unwrap_or(rest),
            }
        }
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '*')
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return rest;
    }
    let path = match prefix {
        "" => name.to_owned(),
        _ => format!("{prefix}::{name}"),
    };
    match rest.strip_prefix("::") {
        Some(deeper) => expand(deeper, &path, paths),
        None => {
            // `{self}` names the module itself.
            paths.insert(path.trim_end_matches("::self").to_owned());
            // A renaming is not told from the next word here; it does no harm.
            rest
        }
    }
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn paths_are_found_in_groups() {
    let text = "use crate::{capture::{Frame, write::{self, Writer}}, net::Flow};\nuse crate::span; // crate::no";
    let found: Vec<String> = crate_paths(text).into_iter().collect();
    let expected = [
        "capture::Frame",
        "capture::write",
        "capture::write::Writer",
        "net::Flow",
        "span",
    ];
    assert_eq!(found, expected);
}
