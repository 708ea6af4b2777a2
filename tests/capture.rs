//! Captures read through the library's public names.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use sipcap::capture::{Batch, Frame, InputOptions, InputSummary, Inputs};

/// Everything that must not depend on how much is read at once.
#[derive(Debug, Default, Eq, PartialEq)]
struct Read {
    /// Each frame and its octets.
    frames: Vec<(Frame, Vec<u8>)>,
    anomalies: Vec<String>,
}

fn read(path: &Path, block_bytes: usize) -> sipcap::error::Result<(Read, InputSummary)> {
    let options = InputOptions {
        places: None,
        block_bytes,
        rereadable: false,
    };
    let mut inputs = Inputs::open(&[path.to_owned()], &options)?;
    let mut batch = Batch::default();
    let mut read = Read::default();
    while inputs.next_batch(&mut batch)? {
        for (index, record) in batch.records.iter().enumerate() {
            let octets = record.data.of(&batch.bytes).to_vec();
            assert_eq!(octets.len(), record.data.len());
            read.frames.extend(batch.frame(index).zip(Some(octets)));
        }
        read.anomalies
            .extend(batch.anomalies.iter().map(ToString::to_string));
    }
    Ok((read, inputs.summaries().remove(0)))
}

/// Returns the corpus of real captures, which is not part of this repository.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("SIPCAP_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    if root.join("MANIFEST.tsv").exists() {
        return Some(root);
    }
    eprintln!("SKIPPED: no corpus at {}", root.display());
    None
}

#[test]
fn frames_of_the_corpus_are_counted_like_its_manifest_does() {
    let Some(root) = corpus() else { return };
    // Where it is not right to do as tshark 4.0 does, on which the manifest rests.
    let known = BTreeMap::from([
        // Versions that tshark does not know; the frames can be read and the version is told.
        ("corrupt-pcap-invalid-version-1.pcap", 1),
        ("corrupt-pcapng-invalid-version-1.pcapng", 1),
        ("pcapng-be-test901.pcapng", 3),
        ("pcapng-le-test901.pcapng", 3),
        // A second frame 92 years away from the first one, with impossible lengths behind it: damage.
        ("corrupt-suricata-bug-6875-fuzz.pcap", 1),
        // Sixteen zeros are no frame.
        ("fuzz-pcapplusplus-crash-8534c61c.pcap", 1),
        // tshark does not know the link type.
        ("link-brcm-tag-281.pcap", 23),
    ]);
    // Foreign formats, which a clear error is right for.
    let foreign = ["fmt-erf-sip.erf", "neg-rtsp-wireshark.pcap"];
    let manifest = fs::read_to_string(root.join("MANIFEST.tsv")).unwrap();
    let mut wrong = Vec::new();
    for line in manifest.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let path = root.join(fields[0]);
        if !path.exists() || foreign.contains(&fields[0]) {
            continue;
        }
        let expected = known
            .get(fields[0])
            .copied()
            .or_else(|| fields[2].split(' ').next()?.parse().ok());
        match read(&path, 1 << 20) {
            Ok((read, _)) if Some(read.frames.len() as u64) == expected => {}
            Ok((read, _)) => wrong.push(format!(
                "{}: {} frames, expected {:?} {:?}",
                fields[0],
                read.frames.len(),
                fields[2],
                read.anomalies
            )),
            Err(error) => wrong.push(format!("{} ({}): {error}", fields[0], fields[2])),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_result_depends_on_the_block_size() {
    let Some(root) = corpus() else { return };
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        // Tiny blocks make tiny reads: long files would take their time.
        if path.is_dir() || fs::metadata(&path).unwrap().len() > 300_000 {
            continue;
        }
        let Ok((expected, _)) = read(&path, 4 << 20) else {
            continue;
        };
        for block_bytes in [1, 64, 1_000, 65_536] {
            let (read, _) = read(&path, block_bytes).unwrap();
            assert!(read == expected, "{} by {block_bytes}", path.display());
        }
    }
}

#[test]
#[ignore = "takes two minutes and needs tshark; the CI runs it"]
fn frames_of_the_corpus_are_those_of_tshark() {
    let Some(root) = corpus() else { return };
    // Where tshark 4.0 does something else, and why.
    let deviating = [
        // It stops at versions and link types that it does not know, and takes garbage for frames.
        "corrupt-pcap-invalid-version-1.pcap",
        "corrupt-pcapng-invalid-version-1.pcapng",
        "corrupt-suricata-bug-6875-fuzz.pcap",
        "fuzz-pcapplusplus-crash-8534c61c.pcap",
        "link-brcm-tag-281.pcap",
        "pcapng-be-test901.pcapng",
        "pcapng-le-test901.pcapng",
        // It does not carry fractions of a second or more.
        "corrupt-fuzz-2021-10-13.pcap",
        "corrupt-tcpdump-ppp-crash.pcap",
        "fmt-nanosecond-invalid-timestamp.pcap",
        "fuzz-pcapplusplus-tcp5061.pcap",
        // It numbers custom blocks like frames.
        "pcapng-be-test017.pcapng",
        "pcapng-be-test018.pcapng",
        "pcapng-le-test017.pcapng",
        "pcapng-le-test018.pcapng",
        // Times of the year 151994, behind what 64 bits of nanoseconds can tell.
        "fmt-pcapng-big-endian-dhcp.pcapng",
        "fmt-pcapng-little-endian-dhcp.pcapng",
    ];
    let mut wrong = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if deviating.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let Some(ours) = path.is_file().then(|| read(&path, 1 << 20).ok()).flatten() else {
            continue;
        };
        let mut tshark = std::process::Command::new("tshark");
        tshark.args(["-n", "-T", "fields"]);
        for field in ["number", "time_epoch", "cap_len", "len"] {
            tshark.args(["-e", &format!("frame.{field}")]);
        }
        let output = tshark.arg("-r").arg(&path).output().unwrap();
        let theirs = String::from_utf8(output.stdout).unwrap();
        let ours: String = ours
            .0
            .frames
            .iter()
            .map(|(frame, _)| {
                let (secs, nanos) = frame.ts.parts();
                let (number, captured, len) = (frame.origin.number, frame.captured, frame.orig_len);
                format!("{number}\t{secs}.{nanos:09}\t{captured}\t{len}\n")
            })
            .collect();
        // Simple packet blocks have no time; ours is that of the packet before them.
        let same = |ours: &str, theirs: &str| {
            let without_time = || {
                ours.split('\t')
                    .map(|field| if field.contains('.') { "" } else { field })
            };
            ours == theirs || without_time().eq(theirs.split('\t'))
        };
        let mut pairs = ours.lines().zip(theirs.lines());
        let difference = pairs.find(|(ours, theirs)| !same(ours, theirs));
        if difference.is_some() || ours.lines().count() != theirs.lines().count() {
            wrong.push(format!("{}: {difference:?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
