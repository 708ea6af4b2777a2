//! How long it takes to unwrap one frame: `cargo bench --bench packet`.

#![expect(
    clippy::unwrap_used,
    reason = "a frame that cannot be built leaves nothing to measure"
)]

use divan::{Bencher, black_box, counter::ItemsCount};
use etherparse::{PacketBuilder, PacketBuilderStep, UdpHeader, VlanId};
use sipcap::{
    capture::LinkType,
    packet::{Content, DecodeOptions, decode},
};

const FRAMES: usize = 1000;

fn main() {
    divan::main();
}

#[divan::bench]
fn ethernet_ipv4_udp(bencher: Bencher<'_, '_>) {
    run(
        bencher,
        &udp(ethernet().ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)),
    );
}

#[divan::bench]
fn vlan_ipv4_udp(bencher: Bencher<'_, '_>) {
    let vlan = ethernet().single_vlan(VlanId::try_new(7).unwrap());
    run(bencher, &udp(vlan.ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)));
}

#[divan::bench]
fn ethernet_ipv6_udp(bencher: Bencher<'_, '_>) {
    run(bencher, &udp(ethernet().ipv6([1; 16], [2; 16], 64)));
}

#[divan::bench]
fn ethernet_ipv4_tcp(bencher: Bencher<'_, '_>) {
    let mut frame = Vec::new();
    ethernet()
        .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
        .tcp(5060, 5060, 1, 1000)
        .write(&mut frame, &[0; 160])
        .unwrap();
    run(bencher, &frame);
}

#[divan::bench]
fn vxlan_ipv4_udp(bencher: Bencher<'_, '_>) {
    let inner = udp(ethernet().ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64));
    let payload = [&[8, 0, 0, 0, 0, 0, 7, 0], inner.as_slice()].concat();
    let mut frame = Vec::new();
    ethernet()
        .ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64)
        .udp(50_000, 4789)
        .write(&mut frame, &payload)
        .unwrap();
    run(bencher, &frame);
}

fn ethernet() -> PacketBuilderStep<etherparse::Ethernet2Header> {
    PacketBuilder::ethernet2([2; 6], [4; 6])
}

/// A datagram with 160 octets of what is no SIP, as RTP has.
fn udp(ip: PacketBuilderStep<etherparse::IpHeaders>) -> Vec<u8> {
    let mut frame = Vec::new();
    let udp: PacketBuilderStep<UdpHeader> = ip.udp(16_384, 16_386);
    udp.write(&mut frame, &[0x80; 160]).unwrap();
    frame
}

fn run(bencher: Bencher<'_, '_>, frame: &[u8]) {
    let options = DecodeOptions::default();
    let orig_len = u32::try_from(frame.len()).unwrap();
    bencher.counter(ItemsCount::new(FRAMES)).bench_local(|| {
        let mut found = 0;
        for _ in 0..FRAMES {
            let packet = decode(black_box(frame), LinkType::ETHERNET, orig_len, 0, &options);
            found += usize::from(!matches!(black_box(packet).content, Content::Skipped(_)));
        }
        assert_eq!(found, FRAMES);
    });
}
