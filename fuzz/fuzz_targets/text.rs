//! Octets as pasted text: whatever is found in it is a message.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sipcap::sip::{
    Framing, Head,
    text_input::{TextFormat, messages},
};

fuzz_target!(|data: &[u8]| {
    for (format, _) in TextFormat::NAMES {
        for message in messages(data, *format) {
            let _ = Head::parse(&message.bytes, Framing::Text);
        }
    }
});
