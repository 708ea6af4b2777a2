//! Octets as IPFIX of a session border controller: no length is believed, and what is found lies inside of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sipcap::ipfix::{InStream, Record, in_stream, sets};

fuzz_target!(|data: &[u8]| {
    if let InStream::Message(len) = in_stream(data) {
        assert!((20..=usize::from(u16::MAX)).contains(&len));
    }
    let mut octets = 0;
    for set in sets(data) {
        octets += set.len();
        if let Some(record) = Record::read(set) {
            assert!(record.payload.len() + record.incoming_call_id.len() < set.len());
        }
    }
    assert!(octets <= data.len());
});
