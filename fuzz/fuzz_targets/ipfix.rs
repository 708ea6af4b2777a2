//! Octets as IPFIX of a session border controller: no length is believed, and what is found lies inside of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sipcap::ipfix::{Content, InStream, acknowledge, in_stream, sets};

fuzz_target!(|data: &[u8]| {
    for is_known in [false, true] {
        if let InStream::Message(len) = in_stream(data, is_known) {
            assert!((20..=usize::from(u16::MAX)).contains(&len));
        }
    }
    let mut octets = 0;
    for set in sets(data) {
        octets += 4 + set.data.len();
        match set.read(&mut |_| {}) {
            Some(Content::Sip(record)) => {
                assert!(record.payload.len() + record.incoming_call_id.len() < set.data.len());
            }
            Some(Content::Quality(quality)) => {
                for leg in &quality.legs {
                    assert!(leg.call_id.len() + leg.realm.len() < set.data.len());
                    assert!(!leg.line().contains(['\n', '\x1b']));
                }
            }
            Some(Content::Connect(connect)) => assert!(connect.host.len() < set.data.len()),
            None => {}
        }
    }
    assert!(octets <= data.len());
    if let Some(answer) = acknowledge(data) {
        assert!(answer.len() <= data.len());
        assert_eq!(in_stream(&answer, false), InStream::Message(answer.len()));
    }
});
