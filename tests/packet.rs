//! Decoding real captures: the innermost addresses of SIP over UDP against those that tshark found.

use std::{
    collections::HashMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use sipcap::{
    capture::{Batch, InputOptions, Inputs},
    packet::{Content, DecodeOptions, decode},
};

/// Returns the corpus of real captures, which is not part of this repository.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("SIPCAP_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    if root.join("truth").is_dir() {
        return Some(root);
    }
    eprintln!("SKIPPED: no corpus at {}", root.display());
    None
}

/// What a frame was unwrapped to, as far as this test looks at it.
enum Found {
    Datagram(SocketAddr, SocketAddr, Vec<u8>),
    Fragment,
}

/// Returns the datagrams and fragments of a capture by frame number.
fn unwrap(path: &Path) -> HashMap<u64, Found> {
    let mut found = HashMap::new();
    let mut inputs = Inputs::open(&[path.to_owned()], &InputOptions::default()).unwrap();
    let options = DecodeOptions::default();
    let mut batch = Batch::default();
    while inputs.next_batch(&mut batch).unwrap() {
        for (index, record) in batch.records.iter().enumerate() {
            let frame = record.data.of(&batch.bytes);
            let packet = decode(
                frame,
                record.link,
                record.orig_len,
                record.fcs_len,
                &options,
            );
            let it = match packet.content {
                Content::Datagram(it) => {
                    Found::Datagram(it.src, it.dst, it.payload.of(frame).to_vec())
                }
                Content::Fragment(_) => Found::Fragment,
                _ => continue,
            };
            found.insert(batch.frame(index).unwrap().origin.number, it);
        }
        batch.clear();
    }
    found
}

#[test]
fn sip_over_udp_is_found_between_the_innermost_addresses() {
    let Some(root) = corpus() else { return };
    let mut checked = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(root.join("truth")).unwrap() {
        let truth = entry.unwrap().path();
        let name = truth.file_stem().unwrap().to_string_lossy().into_owned();
        if !(name.ends_with(".pcap") || name.ends_with(".pcapng")) || name.starts_with("hep") {
            continue;
        }
        let mut found = None;
        for row in fs::read_to_string(&truth).unwrap().lines().skip(1) {
            let columns: Vec<&str> = row.split('\t').collect();
            let [
                frame,
                _,
                src,
                src_port,
                dst,
                dst_port,
                transport,
                first,
                _,
                call_id,
                _,
                flags,
            ] = columns[..]
            else {
                panic!("{name}: {row}");
            };
            // Quoted and wrapped messages are no datagrams of their own.
            if transport != "UDP" || flags.contains("icmp") || flags.contains("hep") {
                continue;
            }
            let found = found.get_or_insert_with(|| unwrap(&root.join(&name)));
            let address =
                |ip: &str, port: &str| SocketAddr::new(ip.parse().unwrap(), port.parse().unwrap());
            let flow = (address(src, src_port), address(dst, dst_port));
            let is_right = match found.get(&frame.parse().unwrap()) {
                // The last one of several, which another test puts together.
                Some(Found::Fragment) => continue,
                Some(Found::Datagram(from, to, payload)) => {
                    // The truth writes octets that are no text in a way of its own.
                    let is_text = !name.starts_with("fuzz");
                    (*from, *to) == flow
                        && contains(payload, first)
                        && (!is_text || contains(payload, call_id))
                }
                None => false,
            };
            checked += 1;
            if !is_right {
                wrong.push(format!("{name} {row}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 1000, "only {checked} messages were checked");
}

fn contains(payload: &[u8], text: &str) -> bool {
    text.is_empty()
        || payload
            .windows(text.len())
            .any(|part| part == text.as_bytes())
}
