//! Octets as a SIP message: it is read or refused, and every span lies inside of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sipcap::sip::{Framing, Head, diagnose, find_start, head_end, probe};

fuzz_target!(|data: &[u8]| {
    let _ = (probe(data), find_start(data, 0), head_end(data, 0));
    for framing in [Framing::Datagram, Framing::Stream, Framing::Text] {
        let Ok(head) = Head::parse(data, framing) else {
            continue;
        };
        let spans = [
            head.call_id,
            head.cseq_text,
            head.from,
            head.to,
            head.via,
            head.contact,
            head.user_agent,
            head.content_type,
            head.headers,
            head.body,
        ];
        assert!(spans.iter().all(|span| span.end() <= data.len()));
        let _ = (
            head.usable(),
            head.from_tag(data),
            head.to_tag(data),
            head.branch(data),
        );
        let headers = head.headers(data).count();
        assert!(headers <= data.len());
        let _ = diagnose(data, &head);
    }
});
