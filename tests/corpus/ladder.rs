//! The arrows of a ladder are the rows that other decoders have of its Call-ID: in their order, from and to the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    path::Path,
};

use rayon::prelude::*;
use sipcap::{
    capture::{InputOptions, Inputs},
    ladder::{Kind, Ladder, LadderOptions, Lane, put_in_order},
    pipeline::{Options, Pipeline, Sink, Summary},
    sip::{Message, MessageBuf},
    text::escape,
};

use super::{address, corpus, deviations, files, plain, rows};

/// Who sent, who received, and method or status.
type Arrow = [String; 3];

/// Call-IDs of one file that are compared at most.
const MAX_COMPARED: usize = 40;

/// A ladder tells fewer endpoints apart.
const MAX_ENDPOINTS: usize = 60;

#[test]
fn arrows_are_the_true_messages_in_their_order() {
    let Some(corpus) = corpus() else {
        println!("corpus not found: skipped");
        return;
    };
    let deviations = deviations();
    let compared: Vec<(usize, Vec<String>)> = files(&corpus)
        .par_iter()
        .map(|file| {
            let allowed = deviations.get(file).cloned().unwrap_or_default();
            compare(&corpus, file, &allowed)
        })
        .collect();
    let count: usize = compared.iter().map(|(count, _)| count).sum();
    let differing: Vec<String> = compared.into_iter().flat_map(|(_, texts)| texts).collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(count > 500, "only {count} Call-IDs were compared");
}

/// Returns how many Call-IDs of a file were compared, and those that differ.
fn compare(corpus: &Path, file: &str, allowed: &BTreeSet<String>) -> (usize, Vec<String>) {
    let (truth, skipped) = truth(&corpus.join("truth").join(format!("{file}.tsv")), allowed);
    if allowed.contains("*") || truth.is_empty() {
        return (0, Vec::new());
    }
    let ours = messages(&corpus.join(file), &skipped);
    let mut count = 0;
    let mut differing = Vec::new();
    for (call_id, expected) in truth.into_iter().take(MAX_COMPARED) {
        let found = arrows(ours.get(&call_id).map_or(&[], Vec::as_slice));
        count += 1;
        if found != expected {
            differing.push(format!("{file}: {call_id}:\n  {expected:?}\n  {found:?}"));
        }
    }
    (count, differing)
}

/// Returns the true messages of each Call-ID, and the frames of which nothing certain is said.
fn truth(path: &Path, allowed: &BTreeSet<String>) -> (BTreeMap<String, Vec<Arrow>>, BTreeSet<u64>) {
    let mut calls: BTreeMap<String, Vec<Arrow>> = BTreeMap::new();
    let mut skipped: BTreeSet<u64> = allowed
        .iter()
        .filter_map(|frame| frame.parse().ok())
        .collect();
    if !path.is_file() {
        return (calls, skipped);
    }
    let rows = rows(path);
    for row in &rows {
        let uncertain = ["icmp_quoted", "nested", "no_callid"];
        let is_uncertain = row["flags"]
            .split(',')
            .any(|flag| uncertain.contains(&flag));
        if row["call_id"].is_empty() || is_uncertain {
            skipped.insert(row["frame"].parse().unwrap());
        }
    }
    for row in &rows {
        if skipped.contains(&row["frame"].parse().unwrap()) {
            continue;
        }
        let end = |ip: &str, port: &str| format!("{} {}", address(&row[ip]), row[port]);
        let what = plain(row["method_or_status"].trim());
        let arrow = [end("src_ip", "src_port"), end("dst_ip", "dst_port"), what];
        let call_id = plain(row["call_id"].trim());
        calls.entry(call_id).or_default().push(arrow);
    }
    calls.retain(|_, arrows| {
        let ends: BTreeSet<&String> = arrows.iter().flat_map(|arrow| &arrow[..2]).collect();
        ends.len() < MAX_ENDPOINTS
    });
    (calls, skipped)
}

/// Returns the messages of a capture by Call-ID.
fn messages(path: &Path, skipped: &BTreeSet<u64>) -> BTreeMap<String, Vec<MessageBuf>> {
    struct Calls(BTreeMap<String, Vec<MessageBuf>>);

    impl Sink for Calls {
        fn message(&mut self, message: &Message<'_>) -> sipcap::error::Result<ControlFlow<()>> {
            let call_id = plain(escape(message.head.call_id.of(message.bytes)).trim());
            self.0.entry(call_id).or_default().push(message.to_buf());
            Ok(ControlFlow::Continue(()))
        }

        fn finish(&mut self, _: &Summary) -> sipcap::error::Result<()> {
            Ok(())
        }
    }

    let options = Options {
        keep_duplicates: true,
        threads: 1,
        ..Options::default()
    };
    let mut calls = Calls(BTreeMap::new());
    if let Ok(mut inputs) = Inputs::open(&[path.into()], &InputOptions::default()) {
        Pipeline::new(&mut inputs, &options)
            .run(&mut calls)
            .unwrap();
    }
    for messages in calls.0.values_mut() {
        put_in_order(messages);
        messages.retain(|message| !skipped.contains(&message.completed_by.origin.number));
    }
    calls.0
}

fn arrows(messages: &[MessageBuf]) -> Vec<Arrow> {
    let options = LadderOptions {
        strict_addresses: true,
        ..LadderOptions::default()
    };
    let ladder = Ladder::new(messages, &options);
    let arrows = ladder.arrows.iter().map(|arrow| {
        let end = |lane: usize| ladder.lanes.get(lane).map_or_else(String::new, end);
        let what = match arrow.kind {
            Kind::Request => plain(&arrow.method),
            Kind::Response(code) => code.to_string(),
        };
        [end(arrow.from), end(arrow.to), what]
    });
    arrows.collect()
}

/// Returns address and port of a lane: its name, when it has no better one.
fn end(lane: &Lane) -> String {
    let text = if lane.address.is_empty() {
        &lane.name
    } else {
        &lane.address
    };
    let socket: std::net::SocketAddr = text.parse().unwrap();
    format!("{} {}", socket.ip(), socket.port())
}
