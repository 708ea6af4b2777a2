//! Messages as a capture agent sends them, by the tables of the HEP specification.

use std::net::{IpAddr, SocketAddr};

use super::{
    container::Frame,
    encapsulation::Link,
    ip,
    scenario::{Scenario, Told},
};

/// Where the agent is, and where it sends to.
pub(crate) const AGENT: &str = "198.51.100.9:33000";
pub(crate) const COLLECTOR: &str = "198.51.100.8:9060";

/// A chunk that no vendor owns.
pub(crate) fn chunk(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(6 + value.len()).unwrap().to_be_bytes();
    [&[0, 0][..], &kind.to_be_bytes(), &length, value].concat()
}

/// A packet of version 3.
pub(crate) fn packet(chunks: &[Vec<u8>]) -> Vec<u8> {
    let chunks = chunks.concat();
    let length = u16::try_from(6 + chunks.len()).unwrap().to_be_bytes();
    [&b"HEP3"[..], &length, &chunks].concat()
}

/// The chunks that tell between whom a payload went (as protocol `protocol` of IP) and when.
pub(crate) fn place(src: SocketAddr, dst: SocketAddr, protocol: u8, ts_ns: i64) -> Vec<Vec<u8>> {
    let seconds = u32::try_from(ts_ns / 1_000_000_000).unwrap();
    let micros = u32::try_from(ts_ns % 1_000_000_000 / 1_000).unwrap();
    let family = if src.is_ipv4() { 2 } else { 10 };
    let mut chunks = vec![chunk(1, &[family]), chunk(2, &[protocol])];
    for (address, v4, v6) in [(src, 3, 5), (dst, 4, 6)] {
        chunks.push(match address.ip() {
            IpAddr::V4(ip) => chunk(v4, &ip.octets()),
            IpAddr::V6(ip) => chunk(v6, &ip.octets()),
        });
    }
    chunks.extend([
        chunk(7, &src.port().to_be_bytes()),
        chunk(8, &dst.port().to_be_bytes()),
        chunk(9, &seconds.to_be_bytes()),
        chunk(10, &micros.to_be_bytes()),
    ]);
    chunks
}

/// A SIP message over UDP in version 3.
pub(crate) fn message(src: SocketAddr, dst: SocketAddr, ts_ns: i64, sip: &[u8]) -> Vec<u8> {
    let mut chunks = place(src, dst, 17, ts_ns);
    chunks.extend([
        chunk(11, &[1]),
        chunk(12, &228_u32.to_be_bytes()),
        chunk(19, b"edge"),
        chunk(15, sip),
    ]);
    packet(&chunks)
}

/// A SIP message over UDP in version 2, with the padding that its senders leave.
pub(crate) fn message_v2(src: SocketAddr, dst: SocketAddr, ts_ns: i64, sip: &[u8]) -> Vec<u8> {
    let seconds = u32::try_from(ts_ns / 1_000_000_000).unwrap();
    let micros = u32::try_from(ts_ns % 1_000_000_000 / 1_000).unwrap();
    let octets = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let header = if src.is_ipv4() {
        [2, 16, 2, 17]
    } else {
        [2, 40, 10, 17]
    };
    [
        &header[..],
        &src.port().to_be_bytes(),
        &dst.port().to_be_bytes(),
        &octets(src.ip()),
        &octets(dst.ip()),
        &seconds.to_le_bytes(),
        &micros.to_le_bytes(),
        &228_u16.to_le_bytes(),
        &[0, 0],
        sip,
    ]
    .concat()
}

/// Returns what the agents of a scenario tell, in datagrams: as OpenSIPS does for Homer 6, or for Homer 5 (plain).
pub(crate) fn traced(scenario: &Scenario, is_plain: bool) -> Vec<Frame> {
    let traced = &scenario.traced;
    let mut packets: Vec<(i64, SocketAddr, Vec<u8>)> = Vec::new();
    for sent in &scenario.sent {
        let ends = (sent.src, sent.dst);
        let own = traced.agents.iter().map(|(_, agent)| *agent);
        for agent in own.filter(|agent| [sent.src, sent.dst].contains(agent)) {
            let mut known = traced.connections.iter();
            let connection = known.find(|(path, _)| *path == ends);
            let sip = sent.said.over("udp");
            let protocol = if connection.is_some() { 22 } else { 17 };
            let mut chunks = place(sent.src, sent.dst, protocol, sent.ts_ns);
            chunks.extend([
                chunk(11, &[1]),
                chunk(12, &id_of(agent)),
                chunk(17, b"by the proxy"),
            ]);
            if is_plain {
                chunks.push(chunk(15, &sip));
            } else {
                let text = String::from_utf8(sip).unwrap();
                let wrapped = serde_json::json!({ "payload": text });
                chunks.push(chunk(15, wrapped.to_string().as_bytes()));
                if let Some((_, id)) = connection {
                    chunks.push(chunk(101, format!("{{\"net\":\"{id}\"}}").as_bytes()));
                }
            }
            packets.push((sent.ts_ns, agent, packet(&chunks)));
        }
    }
    let told = traced.told.iter();
    packets.extend(told.map(|told| (told.ts_ns, told.agent, report(told, is_plain))));
    packets.sort_by_key(|(ts_ns, ..)| *ts_ns);
    let frame = |(index, (ts_ns, agent, packet)): (usize, (i64, SocketAddr, Vec<u8>))| {
        let from = SocketAddr::new(agent.ip(), 33_000);
        let id = index as u16 + 1;
        Frame {
            ts_ns: ts_ns + 400_000,
            link: Link::Ethernet.number(),
            bytes: Link::Ethernet.frame(&ip::udp(from, COLLECTOR.parse().unwrap(), id, &packet)),
        }
    };
    packets.into_iter().enumerate().map(frame).collect()
}

/// The last octet of its address is the number of an agent.
fn id_of(agent: SocketAddr) -> [u8; 4] {
    match agent.ip() {
        IpAddr::V4(ip) => [0, 0, 0, ip.octets()[3]],
        IpAddr::V6(_) => [0; 4],
    }
}

fn report(told: &Told, is_plain: bool) -> Vec<u8> {
    let nobody = SocketAddr::from(([127, 0, 0, 1], 0));
    let (src, dst) = told.between.unwrap_or((nobody, nobody));
    let mut chunks = place(src, dst, 6, told.ts_ns);
    chunks.extend([chunk(11, &[told.kind]), chunk(12, &id_of(told.agent))]);
    // For Homer 5 a Call-ID takes the place of what it belongs to otherwise.
    let id = told.sip.as_ref().filter(|_| is_plain).unwrap_or(&told.id);
    chunks.push(chunk(17, id.as_bytes()));
    if is_plain {
        chunks.push(chunk(15, told.plain.as_bytes()));
    } else {
        chunks.push(chunk(15, told.json.as_bytes()));
        if let Some(sip) = &told.sip {
            chunks.push(chunk(101, format!("{{\"sip\":\"{sip}\"}}").as_bytes()));
        }
    }
    packet(&chunks)
}
