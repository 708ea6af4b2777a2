//! Real captures, compared with the truth that came with them: what tshark and other independent decoders found.
//!
//! The corpus lies beside the repository and is not part of it (`SIPCAP_CORPUS`, else `../shared/corpus`); without it nothing is
//! tested. Differences that are right are listed in `DEVIATIONS.md` with their reasons.

mod ladder;
mod media;
mod tracking;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
    net::IpAddr,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

use crate::support::program::run;

/// Frame, source, its port, destination, its port, transport, method or status, CSeq number and method, Call-ID.
type Message = (u64, [String; 9]);
/// Messages and how often each of them occurs.
type Messages = BTreeMap<Message, usize>;

/// How many messages of a file are listed that are missing, or too many.
const LISTED: usize = 5;

#[test]
fn real_captures_give_the_true_messages() {
    let Some(corpus) = corpus() else {
        println!("corpus not found: skipped");
        return;
    };
    let deviations = deviations();
    let files = files(&corpus);
    assert!(
        files.len() > 100,
        "only {} files in the manifest",
        files.len()
    );
    let mut report: Vec<String> = files
        .par_iter()
        .filter_map(|file| {
            let allowed = deviations.get(file).cloned().unwrap_or_default();
            difference(&corpus, file, &allowed)
        })
        .collect();
    report.sort();
    let count = report.len();
    assert!(
        report.is_empty(),
        "{count} files differ:\n{}",
        report.join("\n")
    );
}

#[test]
fn damaged_and_hostile_captures_end_well() {
    let Some(corpus) = corpus() else {
        println!("corpus not found: skipped");
        return;
    };
    let failures: Vec<String> = files(&corpus)
        .par_iter()
        .filter(|file| {
            ["corrupt", "fuzz", "mal", "vec"]
                .iter()
                .any(|p| file.starts_with(p))
        })
        .flat_map_iter(|file| ["info", "messages", "stats"].map(|command| (file, command)))
        .filter_map(|(file, command)| {
            let run = run(&corpus, &[command, file]);
            let is_usual = matches!(run.status, 0 | 1)
                || run.status == 2 && run.stderr.starts_with("sipcap: error: ");
            (!is_usual).then(|| format!("{command} {file}: {run}"))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Returns where the corpus is.
pub(crate) fn corpus() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let path = std::env::var_os("SIPCAP_CORPUS").map_or(beside, PathBuf::from);
    path.join("MANIFEST.tsv").is_file().then_some(path)
}

/// Returns the captures to be compared: those for development, without TLS, which is not read yet.
fn files(corpus: &Path) -> Vec<String> {
    rows(&corpus.join("MANIFEST.tsv"))
        .into_iter()
        .filter(|row| row["set"] == "dev")
        .filter(|row| !["TLS", "WSS"].iter().any(|t| row["transports"].contains(t)))
        .map(|row| row["file"].clone())
        .collect()
}

/// Returns the frames whose rows differ rightly, by file; "*" stands for all frames.
fn deviations() -> HashMap<String, BTreeSet<String>> {
    let mut out: HashMap<String, BTreeSet<String>> = HashMap::new();
    for line in include_str!("DEVIATIONS.md").lines() {
        let mut words = line.split_whitespace();
        if let (Some(file), Some(frame), Some(_reason)) = (words.next(), words.next(), words.next())
            && !file.starts_with('#')
        {
            out.entry(file.to_owned())
                .or_default()
                .insert(frame.to_owned());
        }
    }
    out
}

/// Returns how the messages of `file` differ from the truth.
fn difference(corpus: &Path, file: &str, allowed: &BTreeSet<String>) -> Option<String> {
    if allowed.contains("*") {
        return None;
    }
    let (mut truth, skipped) = truth(&corpus.join("truth").join(format!("{file}.tsv")));
    let run = run(
        corpus,
        &["messages", "--format", "csv", "--keep-duplicates", file],
    );
    if !(0..=2).contains(&run.status) {
        return Some(format!("{file}: {run}"));
    }
    let mut ours = ours(&run.stdout);
    for messages in [&mut truth, &mut ours] {
        messages.retain(|(frame, _), _| {
            !skipped.contains(frame) && !allowed.contains(&frame.to_string())
        });
    }
    if truth == ours {
        return None;
    }
    let mut text = format!("{file}:");
    let only = |a: &Messages, b: &Messages| -> Vec<Message> {
        let missing = |(m, n): (&Message, &usize)| (b.get(m).unwrap_or(&0) < n).then(|| m.clone());
        a.iter().filter_map(missing).take(LISTED).collect()
    };
    for message in only(&truth, &ours) {
        write!(text, "\n  missing {message:?}").unwrap();
    }
    for message in only(&ours, &truth) {
        write!(text, "\n  extra   {message:?}").unwrap();
    }
    Some(text)
}

/// Returns the true messages, and the frames of which nothing is said: ICMP quotations, nested messages, no Call-ID.
fn truth(path: &Path) -> (Messages, BTreeSet<u64>) {
    let mut messages = Messages::new();
    let mut skipped = BTreeSet::new();
    // A capture without truth holds no SIP.
    if !path.is_file() {
        return (messages, skipped);
    }
    for row in rows(path) {
        let frame: u64 = row["frame"].parse().unwrap();
        let without_row = ["icmp_quoted", "nested", "no_callid"];
        if row["call_id"].is_empty() || row["flags"].split(',').any(|f| without_row.contains(&f)) {
            skipped.insert(frame);
            continue;
        }
        let (cseq, cseq_method) = row["cseq"].split_once(' ').unwrap_or((&row["cseq"], ""));
        let transport = row["transport"].to_lowercase();
        let transport = transport.rsplit('/').next().unwrap_or_default();
        let cells = [
            &address(&row["src_ip"]),
            &row["src_port"],
            &address(&row["dst_ip"]),
            &row["dst_port"],
            transport,
            row["method_or_status"].trim(),
            cseq,
            cseq_method.trim(),
            row["call_id"].trim(),
        ];
        *messages.entry((frame, cells.map(plain))).or_default() += 1;
    }
    (messages, skipped)
}

/// Returns the messages that sipcap found.
fn ours(stdout: &[u8]) -> Messages {
    let mut messages = Messages::new();
    let mut reader = csv::Reader::from_reader(stdout);
    for record in reader.byte_records().map(Result::unwrap) {
        let cell = |at: usize| String::from_utf8_lossy(&record[at]).into_owned();
        let what = if cell(8).is_empty() { cell(9) } else { cell(8) };
        let call_id = cell(12).trim().to_owned();
        if call_id.is_empty() {
            continue;
        }
        let cells = [
            address(&cell(3)),
            cell(4),
            address(&cell(5)),
            cell(6),
            cell(7),
            what.trim().to_owned(),
            cell(10),
            cell(11),
            call_id,
        ]
        .map(|cell| plain(&cell));
        *messages
            .entry((cell(1).parse().unwrap(), cells))
            .or_default() += 1;
    }
    messages
}

/// Returns `text` with the octets that are escaped as \xNN, or replaced, in one spelling for both sides.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\\x") {
        out += &rest[..at];
        let octet = rest
            .get(at + 2..at + 4)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(octet.map_or('\\', |octet| {
            if octet < 0x80 {
                octet.into()
            } else {
                '\u{fffd}'
            }
        }));
        rest = &rest[at + if octet.is_some() { 4 } else { 1 }..];
    }
    out + rest
}

/// Returns the one spelling of an address.
fn address(text: &str) -> String {
    let bare = text.split('%').next().unwrap_or_default();
    bare.parse::<IpAddr>()
        .map_or_else(|_| text.to_owned(), |ip| ip.to_string())
}

/// Returns the rows of a table with a header line, tabs between cells and no quoting.
fn rows(path: &Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .quoting(false)
        .flexible(true)
        .from_path(path)
        .unwrap();
    let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
    let header: Vec<String> = reader.byte_headers().unwrap().iter().map(text).collect();
    reader
        .byte_records()
        .map(|record| {
            let record = record.unwrap();
            let cell = |at: usize| record.get(at).map(text).unwrap_or_default();
            header
                .iter()
                .enumerate()
                .map(|(at, name)| (name.clone(), cell(at)))
                .collect()
        })
        .collect()
}
