use std::{fs, path::Path, time::Duration};

use super::*;
use crate::capture::{InputOptions, Inputs, LinkType, Record, Resolution};
use crate::span::Span;

fn interface(name: &str) -> Interface {
    Interface {
        link: LinkType::ETHERNET,
        name: Some(name.to_owned()),
        snaplen: 0,
        resolution: Resolution::Decimal(9),
        offset_secs: 0,
        fcs_len: 0,
        frames: 0,
        dropped: None,
    }
}

/// A frame of so many octets in each second.
fn batch(seconds: impl Iterator<Item = i64>, len: usize, interface: u16) -> Batch {
    let mut batch = Batch::default();
    for second in seconds {
        let start = batch.bytes.len();
        batch.bytes.resize(start + len, 7);
        batch.records.push(Record {
            ts: Timestamp::from_parts(1_000_000_000 + second, 1),
            data: Span::new(start, start + len),
            orig_len: len as u32 + 1,
            link: LinkType::ETHERNET,
            interface,
            fcs_len: 0,
        });
    }
    batch
}

/// Records 100 frames of 84 octets, 100 in a file: a second each, those of both interfaces in turn.
fn record(plan: RecordPlan) -> RecordCounts {
    let mut recorder = Recorder::start(&RecordPlan {
        queue_bytes: 1 << 20,
        ..plan
    })
    .unwrap();
    recorder.frames(&batch(0..50, 84, 0), &[interface("a")]);
    recorder.frames(&batch(50..100, 84, 0), &[interface("a")]);
    let watch = recorder.watch();
    drop(recorder);
    watch.counts()
}

/// Returns the files of a directory with how many frames each has, in the order of their names.
fn files(directory: &Path) -> Vec<(String, usize)> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let mut inputs = Inputs::open(&[path], &InputOptions::default()).unwrap();
            let (mut batch, mut frames) = (Batch::default(), 0);
            while inputs.next_batch(&mut batch).unwrap() {
                frames += batch.records.len();
            }
            assert_eq!(inputs.summaries()[0].anomaly_count, 0, "{name}");
            (name, frames)
        })
        .collect();
    files.sort();
    files
}

fn named(expected: &[(&str, usize)]) -> Vec<(String, usize)> {
    let files = expected.iter();
    files
        .map(|(name, frames)| ((*name).to_owned(), *frames))
        .collect()
}

#[test]
fn files_follow_each_other_by_size() {
    let directory = tempfile::tempdir().unwrap();
    let counts = record(RecordPlan {
        path: directory.path().join("x.pcap"),
        // 24 octets in front, then 100 for each frame: one goes over 4000, and the next one is in the next file.
        rotation: Rotation {
            bytes: Some(4000),
            ..Rotation::default()
        },
        ..RecordPlan::default()
    });
    let expected = [("x.pcap", 40), ("x.pcap1", 40), ("x.pcap2", 20)];
    assert_eq!(files(directory.path()), named(&expected));
    assert_eq!(
        (counts.files, counts.frames, counts.bytes),
        (3, 100, 10_072)
    );
}

#[test]
fn a_ring_keeps_the_last_files() {
    let directory = tempfile::tempdir().unwrap();
    record(RecordPlan {
        path: directory.path().join("x"),
        rotation: Rotation {
            bytes: Some(2000),
            count: Some(3),
            ..Rotation::default()
        },
        ..RecordPlan::default()
    });
    // 20 each: the fourth and the fifth are in the places of the first two.
    let expected = [("x0", 20), ("x1", 20), ("x2", 20)];
    assert_eq!(files(directory.path()), named(&expected));
}

#[test]
fn files_follow_each_other_by_time_and_end_when_there_are_enough() {
    for (count, expected) in [(None, 4), (Some(3), 3)] {
        let directory = tempfile::tempdir().unwrap();
        let counts = record(RecordPlan {
            path: directory.path().join("%s.pcap.gz"),
            packing: Some(Packing::Gzip),
            rotation: Rotation {
                every: Some(30_000_000_000),
                count,
                ..Rotation::default()
            },
            ..RecordPlan::default()
        });
        let all = [
            ("1000000000.pcap.gz", 30),
            ("1000000030.pcap.gz", 30),
            ("1000000060.pcap.gz", 30),
            ("1000000090.pcap.gz", 10),
        ];
        assert_eq!(files(directory.path()), named(&all[..expected]));
        assert_eq!(counts.is_complete, count.is_some());
    }
}

#[test]
fn what_exists_is_not_overwritten_unawares() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.pcap1");
    fs::write(&path, "precious").unwrap();
    let plan = RecordPlan {
        path: directory.path().join("x.pcap"),
        ..RecordPlan::default()
    };
    let error = Recorder::start(&plan).unwrap_err();
    assert!(matches!(error, Error::Write { path: there, .. } if there == path));
    let missing = RecordPlan {
        path: directory.path().join("missing/x.pcap"),
        ..RecordPlan::default()
    };
    assert!(Recorder::start(&missing).is_err());
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

#[test]
fn a_hangup_ends_a_file_and_nothing_leaves_an_empty_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::start(&RecordPlan {
        path: directory.path().join("x.pcapng.zst"),
        packing: Some(Packing::Zstd),
        queue_bytes: 1 << 20,
        ..RecordPlan::default()
    })
    .unwrap();
    let both = [interface("a"), interface("b")];
    recorder.frames(&batch(0..10, 84, 1), &both);
    recorder.watch().rotate();
    recorder.watch().rotate();
    recorder.frames(&batch(10..15, 84, 0), &both);
    drop(recorder);
    let expected = [("x.pcapng.zst", 10), ("x.pcapng1.zst", 5)];
    assert_eq!(files(directory.path()), named(&expected));

    let directory = tempfile::tempdir().unwrap();
    drop(Recorder::start(&RecordPlan {
        path: directory.path().join("x"),
        ..RecordPlan::default()
    }));
    let path = directory.path().join("x");
    // A header and nothing else (24 octets).
    assert_eq!(fs::metadata(path).unwrap().len(), 24);
}

#[test]
fn what_has_no_room_is_counted_and_a_pipe_waits() {
    let directory = tempfile::tempdir().unwrap();
    for (waits, expected) in [(false, true), (true, false)] {
        let mut recorder = Recorder::start(&RecordPlan {
            path: directory.path().join(format!("{waits}")),
            queue_bytes: 1,
            waits,
            ..RecordPlan::default()
        })
        .unwrap();
        let watch = recorder.watch();
        // A disk may be faster for a while.
        let is_enough = |sent: u64| sent >= 5_000 && (waits || watch.counts().lost > 0);
        let mut sent = 0;
        while !is_enough(sent) && sent < 1_000_000 {
            recorder.frames(&batch(0..10, 8000, 0), &[interface("a")]);
            sent += 10;
        }
        drop(recorder);
        let counts = watch.counts();
        assert_eq!(counts.lost > 0, expected, "{counts:?}");
        assert_eq!(counts.lost + counts.frames, sent, "{counts:?}");
    }
}

#[test]
fn a_directory_that_is_gone_is_told_and_others_are_tried() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("place");
    fs::create_dir(&place).unwrap();
    let mut recorder = Recorder::start(&RecordPlan {
        path: place.join("x"),
        queue_bytes: 1 << 20,
        ..RecordPlan::default()
    })
    .unwrap();
    fs::remove_dir(&place).unwrap();
    recorder.frames(&batch(0..5, 84, 0), &[interface("a")]);
    let watch = recorder.watch();
    while watch.counts().failed < 5 {
        std::thread::sleep(Duration::from_millis(5));
    }
    fs::create_dir(&place).unwrap();
    // It is tried again ten seconds later.
    recorder.frames(&batch(5..20, 84, 0), &[interface("a")]);
    drop(recorder);
    assert_eq!(files(&place), named(&[("x1", 10)]));
    let news = watch.news();
    assert_eq!(news.len(), 2, "{news:?}");
    assert!(news[0].contains("cannot record to"), "{news:?}");
    assert!(news[1].contains("goes on"), "{news:?}");
    assert_eq!((watch.counts().failed, watch.counts().frames), (10, 10));
}
