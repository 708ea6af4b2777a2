//! Octets as HEP: nothing found is longer than what there was, and what is sent is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sipcap::{
    hep::{
        InStream, Links, Outgoing, Packet, Payload, Told, begins, carries_sip, in_stream, is_sound,
        length_of, resumes, sip_text,
    },
    net::{Flow, Transport},
    time::Timestamp,
};

fuzz_target!(|data: &[u8]| {
    packet(data);
    // The same as the chunks of a packet that is what it says.
    let chunks = data.get(..data.len().min(60_000)).unwrap_or_default();
    let total = (chunks.len() as u16 + 6).to_be_bytes();
    packet(&[&b"HEP3"[..], &total, chunks].concat());
    for kind in [
        Payload::Log,
        Payload::Rest,
        Payload::Mi,
        Payload::Net,
        Payload::Control,
        Payload::Rtcp,
        Payload::Quality,
    ] {
        let (told, _) = Told::read(kind, data, data);
        assert!(told.label.chars().count() <= 2001 && told.detail.chars().count() <= 2001);
    }
    sent(data);
});

fn packet(data: &[u8]) {
    let _ = (resumes(data), is_sound(data), carries_sip(data));
    if let InStream::Packet(len) = in_stream(data) {
        assert!((6..=65_535).contains(&len));
        if let InStream::Packet(shorter) = length_of(data, len) {
            assert!((6..=len).contains(&shorter));
        }
    }
    let Some(packet) = Packet::decode(data) else {
        return;
    };
    assert!(begins(data));
    let _ = (
        packet.flow(),
        packet.payload_kind(),
        Links::read(packet.links),
    );
    if let Some(payload) = &packet.payload {
        assert!(payload.len() <= data.len().max(64 << 10));
        let _ = sip_text(payload);
    }
}

/// Sends octets as a payload and reads them again.
fn sent(data: &[u8]) {
    let outgoing = Outgoing {
        ts: Timestamp::from_nanos(1_700_000_000_000_001_000),
        flow: Flow {
            src: ([192, 0, 2, 1], 5060).into(),
            dst: ([192, 0, 2, 2], 5062).into(),
            transport: Transport::Tls,
        },
        payload: data,
        agent_id: 7,
        agent_name: data,
        auth_key: b"key",
        correlation_id: data,
    };
    let mut bytes = Vec::new();
    outgoing.version_3(&mut bytes);
    let read = Packet::decode(&bytes).unwrap();
    assert_eq!(read.payload.as_deref(), data.get(..data.len().min(65_000)));
    assert_eq!(
        (read.flow(), read.ts),
        (Some(outgoing.flow), Some(outgoing.ts))
    );
    assert_eq!(read.defects.iter().count(), 0);
}
