//! The arrows of a ladder are the rows that other decoders have of its Call-ID: in their order, from and to the same. And
//! no ladder of a real call has texts that overlap.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    path::Path,
};

use sipcap::{
    capture::{InputOptions, Inputs},
    ladder::{
        Kind, Ladder, LadderOptions, Lane, PictureOptions, RowOptions, Theme, pictures,
        put_in_order, rows as rows_of, svg,
    },
    pipeline::{Options, Pipeline, Sink, Summary},
    sip::{Message, MessageBuf},
    text::escape,
};

use super::{address, corpus, deviations, files, plain, rows};

/// Who sent, who received, and method or status.
type Arrow = [String; 3];

/// Call-IDs of one file that are compared at most.
const MAX_COMPARED: usize = 40;

/// Messages of one Call-ID that are drawn at most.
const MAX_DRAWN: usize = 500;

/// A ladder tells fewer endpoints apart.
const MAX_ENDPOINTS: usize = 60;

#[test]
fn arrows_are_the_true_messages_in_their_order() {
    let Some(corpus) = corpus() else {
        println!("corpus not found: skipped");
        return;
    };
    let deviations = deviations();
    let compared = of_each(&files(&corpus), |file| {
        let allowed = deviations.get(file).cloned().unwrap_or_default();
        compare(&corpus, file, &allowed)
    });
    let count: usize = compared.iter().map(|(count, _)| count).sum();
    let differing: Vec<String> = compared.into_iter().flat_map(|(_, texts)| texts).collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(count > 500, "only {count} Call-IDs were compared");
}

#[test]
fn no_text_overlaps_another_one_in_ladders_of_real_calls() {
    let Some(corpus) = corpus() else {
        println!("corpus not found: skipped");
        return;
    };
    let drawn = of_each(&files(&corpus), |file| {
        let ladders = messages(&corpus.join(file), &BTreeSet::new());
        let flaws = ladders.iter().filter_map(|(call_id, messages)| {
            Some(format!("{file}: {call_id}: {}", flaw(messages)?))
        });
        (ladders.len(), flaws.collect())
    });
    let count: usize = drawn.iter().map(|(count, _)| count).sum();
    let flaws: Vec<String> = drawn.into_iter().flat_map(|(_, flaws)| flaws).collect();
    assert!(flaws.is_empty(), "{}", flaws.join("\n"));
    assert!(count > 1000, "only {count} ladders were drawn");
}

/// Looks at each file, some at a time: at how many Call-IDs, and what is wrong with them.
fn of_each(
    files: &[String],
    look: impl Fn(&str) -> (usize, Vec<String>) + Sync,
) -> Vec<(usize, Vec<String>)> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = files.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let shares = files
            .chunks(share)
            .map(|files| scope.spawn(|| files.iter().map(|file| look(file)).collect::<Vec<_>>()));
        let shares: Vec<_> = shares.collect();
        let found = shares.into_iter().flat_map(|share| share.join().unwrap());
        found.collect()
    })
}

/// Returns what is wrong with the pictures of messages.
fn flaw(messages: &[MessageBuf]) -> Option<String> {
    let messages = &messages[..messages.len().min(MAX_DRAWN)];
    let ladder = Ladder::new(messages, &LadderOptions::default());
    let rows = rows_of(&ladder, RowOptions::default());
    let pictures = pictures(&ladder, &rows, PictureOptions::default());
    pictures.iter().find_map(|picture| {
        let document = svg(picture, Theme::Auto);
        let error = roxmltree::Document::parse(&document).err();
        picture
            .flaw()
            .or_else(|| error.map(|error| error.to_string()))
    })
}

/// Returns how many Call-IDs of a file were compared, and those that differ.
fn compare(corpus: &Path, file: &str, allowed: &BTreeSet<String>) -> (usize, Vec<String>) {
    let (mut truth, skipped) = truth(&corpus.join("truth").join(format!("{file}.tsv")), allowed);
    if allowed.contains("*") || truth.is_empty() {
        return (0, Vec::new());
    }
    let ours = messages(&corpus.join(file), &skipped);
    let mut count = 0;
    let mut differing = Vec::new();
    for (call_id, rows) in truth.iter_mut().take(MAX_COMPARED) {
        let messages = ours.get(call_id).map_or(&[][..], Vec::as_slice);
        let interfaces: BTreeSet<u16> = messages
            .iter()
            .map(|message| message.completed_by.interface)
            .collect();
        // Interfaces are written each for itself: their frames are in no order.
        if interfaces.len() > 1 {
            rows.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        let expected: Vec<Arrow> = rows.iter().map(|(_, arrow)| arrow.clone()).collect();
        let found = arrows(messages);
        count += 1;
        if found != expected {
            differing.push(format!("{file}: {call_id}:\n  {expected:?}\n  {found:?}"));
        }
    }
    (count, differing)
}

/// The messages of each Call-ID, with their times.
type Truth = BTreeMap<String, Vec<(String, Arrow)>>;

/// Returns the true messages of each Call-ID, and the frames of which nothing certain is said.
fn truth(path: &Path, allowed: &BTreeSet<String>) -> (Truth, BTreeSet<u64>) {
    let mut calls = Truth::new();
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
        let time = row["time_epoch"].clone();
        calls.entry(call_id).or_default().push((time, arrow));
    }
    calls.retain(|_, arrows| {
        let ends: BTreeSet<&String> = arrows.iter().flat_map(|(_, arrow)| &arrow[..2]).collect();
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
