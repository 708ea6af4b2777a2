//! How long it takes to recognise and to read a message.

use std::hint::black_box;

use divan::{Bencher, counter::BytesCount};
use sipcap::sip::{Framing, Head, Probe, find_start, probe};

/// An INVITE of 14 headers, as phones send them.
const INVITE: &[u8] = b"INVITE sip:+12125551234@sbc.example.com;user=phone SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.17:5060;branch=z9hG4bK-524287-1---6b2a1f;rport\r\n\
    Max-Forwards: 70\r\n\
    Contact: <sip:alice@192.0.2.17:5060;transport=udp>\r\n\
    To: <sip:+12125551234@sbc.example.com>\r\n\
    From: \"Alice\" <sip:alice@sbc.example.com>;tag=8f3a21bc\r\n\
    Call-ID: 81327YzQ4NjU0ZjA5NmY2NzZhNGE2ZGE0Y2Q\r\n\
    CSeq: 1 INVITE\r\n\
    Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO\r\n\
    Supported: replaces, 100rel, timer\r\n\
    Session-Expires: 1800\r\n\
    P-Asserted-Identity: <sip:alice@sbc.example.com>\r\n\
    User-Agent: Example Phone 7.2\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 0\r\n\r\n";

const RTP: &[u8] = &[0x80; 172];

fn main() {
    divan::main();
}

#[divan::bench(sample_size = 1000)]
fn parse_invite(bencher: Bencher<'_, '_>) {
    bencher
        .counter(BytesCount::of_slice(INVITE))
        .bench(|| Head::parse(black_box(INVITE), Framing::Datagram));
}

#[divan::bench(sample_size = 1000)]
fn read_tags_and_branch(bencher: Bencher<'_, '_>) {
    let head = Head::parse(INVITE, Framing::Datagram).expect("a SIP message");
    bencher.bench(|| {
        let head = black_box(&head);
        (
            head.from_tag(INVITE),
            head.to_tag(INVITE),
            head.branch(INVITE),
        )
    });
}

#[divan::bench(sample_size = 1000)]
fn list_headers(bencher: Bencher<'_, '_>) {
    let head = Head::parse(INVITE, Framing::Datagram).expect("a SIP message");
    bencher.bench(|| black_box(&head).headers(INVITE).count());
}

#[divan::bench(sample_size = 1000)]
fn probe_invite() -> Probe {
    probe(black_box(INVITE))
}

#[divan::bench(sample_size = 1000)]
fn probe_rtp() -> Probe {
    probe(black_box(RTP))
}

#[divan::bench]
fn resync_over_64_kib(bencher: Bencher<'_, '_>) {
    let lines = b"a=rtpmap:8 PCMA/8000\r\nSubject: no start\r\n".repeat(1600);
    bencher
        .counter(BytesCount::of_slice(&lines))
        .bench(|| find_start(black_box(&lines), 0));
}
