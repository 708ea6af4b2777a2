//! What Via tells of endpoints: where those are that open connections, and which of them are one.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use crate::{
    ladder::lanes::{
        MAX_ADDRESSES,
        place::{Place, Port},
    },
    net::Transport,
    sip::{HeaderName, Message, MessageBuf, address::NameAddr, list, via::Via},
};

/// Returns which endpoints are at the far ends of connections that they opened themselves.
pub(super) fn opened(messages: &[MessageBuf]) -> BTreeMap<SocketAddr, Place> {
    let mut opened = BTreeMap::new();
    for message in messages {
        let flow = message.flow;
        if flow.transport == Transport::Udp {
            continue;
        }
        // The topmost Via is that of who sent the request, and of whom the response goes to.
        let client = if message.head.is_response() {
            flow.dst
        } else {
            flow.src
        };
        if let Some(via) = Via::parse(message.head.via.of(&message.bytes)) {
            opened
                .entry(client)
                .or_insert_with(|| announced(client, flow.transport, &via));
        }
    }
    opened
}

/// Returns where an endpoint says that it is: at its address, but at the port in sent-by.
fn announced(client: SocketAddr, transport: Transport, via: &Via<'_>) -> Place {
    let is_nowhere = via
        .host
        .to_ascii_lowercase()
        .trim_ascii()
        .ends_with(b".invalid");
    let port = match transport {
        Transport::Ws | Transport::Wss if is_nowhere => Port::WebSocket,
        Transport::Tls | Transport::Wss => Port::Number(via.port.unwrap_or(5061)),
        _ => Port::Number(via.port.unwrap_or(5060)),
    };
    Place {
        ip: client.ip().to_canonical(),
        port,
    }
}

/// Returns which endpoints are others under a further address.
///
/// Who forwards a request puts its Via on top of that of whom it has it from. So the one that sends a request with
/// this Via in second place is the one that received it with this Via on top.
pub(super) fn joined(messages: &[MessageBuf], ends: &[(Place, Place)]) -> BTreeMap<Place, Place> {
    let mut received: BTreeMap<Vec<u8>, Vec<Place>> = BTreeMap::new();
    let mut joined: BTreeMap<Place, Place> = BTreeMap::new();
    for (message, (src, dst)) in messages.iter().zip(ends) {
        if message.head.is_response() {
            continue;
        }
        let mut vias = vias(&message.as_message());
        let top = vias.next();
        if let Some(by) = vias.next().and_then(key).and_then(|key| received.get(&key))
            && let Some(first) = by.first()
            && !by.contains(src)
        {
            let root = joined.get(first).copied().unwrap_or(*first);
            let own = joined.get(src).copied().unwrap_or(*src);
            if root != own {
                let known = joined.values_mut().filter(|known| **known == own);
                known.for_each(|known| *known = root);
                joined.insert(own, root);
            }
        }
        if let Some(key) = top.and_then(key) {
            let places = received.entry(key).or_default();
            if places.len() < MAX_ADDRESSES && !places.contains(dst) {
                places.push(*dst);
            }
        }
    }
    joined
}

/// Returns where the user agent that sends a request is reached, if that is another port of its address.
///
/// Only what has a single Via comes from the user agent itself: a proxy on the same host leaves its Contact as it is.
pub(super) fn reached(message: &MessageBuf, src: Place) -> Option<Place> {
    let (head, bytes) = (&message.head, message.bytes.as_slice());
    if head.is_response() || head.vias != 1 || message.flow.transport != Transport::Udp {
        return None;
    }
    let contact = list::values(head.contact.of(bytes)).next()?;
    let uri = NameAddr::parse(contact).parse_uri();
    let host = uri.host.strip_prefix(b"[").unwrap_or(uri.host);
    let host = host.strip_suffix(b"]").unwrap_or(host);
    let ip: IpAddr = std::str::from_utf8(host).ok()?.parse().ok()?;
    let reached = Place {
        ip: ip.to_canonical(),
        port: Port::Number(uri.port.unwrap_or(5060)),
    };
    (reached.ip == src.ip && reached.port != src.port).then_some(reached)
}

fn vias<'a>(message: &Message<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let values = message.head.headers_named(message.bytes, HeaderName::Via);
    values.flat_map(list::values)
}

/// Returns what tells a Via from others: branch and sent-by. `received` and `rport` are added under way.
fn key(via: &[u8]) -> Option<Vec<u8>> {
    let via = Via::parse(via)?;
    let branch = via.transaction_id()?;
    let port = via.port.unwrap_or_default().to_be_bytes();
    Some([branch, b"\0", via.host, b"\0", &port].concat())
}
