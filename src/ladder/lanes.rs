//! Who takes part, and in which order they stand.
//!
//! Over UDP an endpoint is an address and a port. Who opens a connection does it from any port, and from another one
//! the next time: there the port in sent-by of the topmost Via counts (RFC 3261 §18.1.1, §18.2.2), so that the lanes do
//! not multiply. A proxy with several addresses is one lane when the Vias show it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
};

use crate::{
    ladder::{Arrow, Kind, Lane, NameBook, show},
    net::Transport,
    sip::{HeaderName, Message, MessageBuf, Method, address::NameAddr, list, uri::Uri, via::Via},
};

/// Lanes that are told apart at most; those that come later share the last one.
pub(super) const MAX_LANES: usize = 64;

/// Addresses of one lane that are shown at most.
const MAX_ADDRESSES: usize = 4;

/// An endpoint as lanes tell them apart.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Place {
    ip: IpAddr,
    port: Port,
}

/// Where at its address an endpoint is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Port {
    Number(u16),
    /// Behind a WebSocket: there is no port that it could be reached at (RFC 7118 §5).
    WebSocket,
}

impl Place {
    fn new(address: SocketAddr) -> Self {
        Self {
            ip: address.ip().to_canonical(),
            port: Port::Number(address.port()),
        }
    }
}

/// The lanes of a ladder.
pub(super) struct Lanes {
    /// Who sent and received each message.
    ends: Vec<(Place, Place)>,
    /// Those that are another one's further addresses.
    joined: BTreeMap<Place, Place>,
    /// Those that have a lane, from left to right.
    order: Vec<Place>,
}

impl Lanes {
    /// Returns the lanes of messages.
    pub(super) fn new(messages: &[MessageBuf], is_strict: bool) -> Self {
        let opened = if is_strict {
            BTreeMap::new()
        } else {
            opened(messages)
        };
        let place = |address: SocketAddr| {
            let known = opened.get(&address).copied();
            known.unwrap_or_else(|| Place::new(address))
        };
        let ends: Vec<_> = messages
            .iter()
            .map(|message| (place(message.flow.src), place(message.flow.dst)))
            .collect();
        let mut lanes = Self {
            joined: if is_strict {
                BTreeMap::new()
            } else {
                joined(messages, &ends)
            },
            order: Vec::new(),
            ends,
        };
        lanes.order = lanes.in_order();
        lanes
    }

    /// Returns the lanes of sender and receiver of a message.
    pub(super) fn of(&self, message: usize) -> (usize, usize) {
        let Some((src, dst)) = self.ends.get(message) else {
            return (0, 0);
        };
        (self.index(*src), self.index(*dst))
    }

    fn root(&self, place: Place) -> Place {
        self.joined.get(&place).copied().unwrap_or(place)
    }

    fn index(&self, place: Place) -> usize {
        let root = self.root(place);
        let known = self.order.iter().position(|known| *known == root);
        known.unwrap_or_else(|| self.order.len().saturating_sub(1))
    }

    /// Returns the lanes from left to right: each stands behind the one that it had to do with first and those that
    /// are already behind that one.
    fn in_order(&self) -> Vec<Place> {
        let mut order: Vec<(Place, usize)> = Vec::new();
        let find =
            |order: &[(Place, usize)], place| order.iter().position(|(known, _)| *known == place);
        for (src, dst) in &self.ends {
            let (src, dst) = (self.root(*src), self.root(*dst));
            for (place, other) in [(src, dst), (dst, src)] {
                if order.len() >= MAX_LANES || find(&order, place).is_some() {
                    continue;
                }
                let beside =
                    find(&order, other).and_then(|at| order.get(at).map(|lane| (at, lane.1)));
                let (at, depth) = match beside {
                    None => (order.len(), 0),
                    Some((at, depth)) => {
                        let behind = order.get(at + 1..).unwrap_or_default();
                        let below = behind.iter().take_while(|lane| lane.1 > depth).count();
                        (at + 1 + below, depth + 1)
                    }
                };
                order.insert(at, (place, depth));
            }
        }
        order.into_iter().map(|(place, _)| place).collect()
    }

    /// Returns what is shown of the lanes.
    pub(super) fn finish(
        &self,
        messages: &[MessageBuf],
        arrows: &[Arrow],
        names: &NameBook,
    ) -> Vec<Lane> {
        let mut lanes: Vec<Lane> = self
            .order
            .iter()
            .map(|place| self.lane(*place, names))
            .collect();
        let requests = Requests::new(arrows);
        name_ends(messages, arrows, &requests, &mut lanes);
        for (message, arrow) in messages.iter().zip(arrows) {
            let agent = message.head.user_agent.of(&message.bytes);
            if let Some(lane) = lanes.get_mut(arrow.from)
                && lane.agent.is_empty()
                && is_own(message, arrow, &requests)
            {
                lane.agent = show::line(agent);
            }
        }
        for lane in &mut lanes {
            if lane.name.is_empty() {
                // The first address is the name; what is left are further ones.
                let all = std::mem::take(&mut lane.address);
                let (first, others) = all.split_once(' ').unwrap_or((&all, ""));
                (lane.name, lane.address) = (first.to_owned(), others.to_owned());
            }
        }
        lanes
    }

    fn lane(&self, place: Place, names: &NameBook) -> Lane {
        let further = self.joined.iter().filter(|(_, root)| **root == place);
        let all: Vec<Place> = std::iter::once(place)
            .chain(further.map(|(place, _)| *place))
            .collect();
        let name = all
            .iter()
            .find_map(|place| names.name(place.ip, number(*place)));
        let shown = all.iter().take(MAX_ADDRESSES).map(|place| address(*place));
        Lane {
            name: name
                .map(|name| show::line(name.as_bytes()))
                .unwrap_or_default(),
            address: shown.collect::<Vec<_>>().join(" "),
            agent: String::new(),
            ips: all.iter().map(|place| place.ip).collect(),
        }
    }
}

/// Who sent and who received the requests of which transactions: who did both only passes on what others say.
struct Requests {
    sent: BTreeSet<(usize, usize)>,
    received: BTreeSet<(usize, usize)>,
}

impl Requests {
    fn new(arrows: &[Arrow]) -> Self {
        let requests = || arrows.iter().filter(|arrow| arrow.kind == Kind::Request);
        Self {
            sent: requests()
                .map(|arrow| (arrow.transaction, arrow.from))
                .collect(),
            received: requests()
                .map(|arrow| (arrow.transaction, arrow.to))
                .collect(),
        }
    }
}

/// Returns whether who sent a message also wrote it, so that its User-Agent or Server is that of the sender.
fn is_own(message: &MessageBuf, arrow: &Arrow, requests: &Requests) -> bool {
    match arrow.kind {
        Kind::Request => {
            message.head.vias <= 1 && !requests.received.contains(&(arrow.transaction, arrow.from))
        }
        Kind::Response(code) => {
            code > 100 && !requests.sent.contains(&(arrow.transaction, arrow.from))
        }
    }
}

/// Names the ends of calls after their users: who sends a request first, and who answers one and sends it to nobody else.
fn name_ends(messages: &[MessageBuf], arrows: &[Arrow], requests: &Requests, lanes: &mut [Lane]) {
    let answering: BTreeSet<(usize, usize)> = arrows
        .iter()
        .filter(|arrow| is_answer(arrow.kind))
        .map(|arrow| (arrow.transaction, arrow.from))
        .collect();
    // Between legs there are B2BUAs, who are no users.
    let has_legs = arrows.iter().any(|arrow| arrow.leg > 0);
    for (message, arrow) in messages.iter().zip(arrows) {
        let (head, bytes) = (&message.head, &message.bytes);
        let begins = matches!(
            head.method(),
            Some(Method::Invite | Method::Register | Method::Subscribe)
        );
        if !begins || arrow.from == arrow.to || head.to_tag(bytes).is_some() {
            continue;
        }
        if is_own(message, arrow, requests) && arrow.leg == 0 {
            let from = NameAddr::parse(head.from.of(bytes));
            set_name(lanes, arrow.from, user_of(from.parse_uri()));
        }
        let receiver = (arrow.transaction, arrow.to);
        let is_end = answering.contains(&receiver) && !requests.sent.contains(&receiver);
        if is_end && head.method() == Some(Method::Invite) && has_legs == (arrow.leg > 0) {
            let uri = Uri::parse(head.request_uri(bytes));
            set_name(lanes, arrow.to, user_of(uri));
        }
    }
}

/// Returns whether a response is one that a person or an answering machine gives, not one that a proxy gives itself.
fn is_answer(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Response(180..=299 | 480 | 486 | 487 | 600 | 603)
    )
}

fn set_name(lanes: &mut [Lane], lane: usize, name: Option<String>) {
    if let (Some(lane), Some(name)) = (lanes.get_mut(lane), name)
        && lane.name.is_empty()
    {
        lane.name = name;
    }
}

fn user_of(uri: Uri<'_>) -> Option<String> {
    let user = uri.user.filter(|user| !user.is_empty())?;
    let user = user.split(|octet| *octet == b';').next()?;
    Some(show::line(user))
}

fn number(place: Place) -> Option<u16> {
    match place.port {
        Port::Number(port) => Some(port),
        Port::WebSocket => None,
    }
}

fn address(place: Place) -> String {
    match place.port {
        Port::Number(port) => SocketAddr::new(place.ip, port).to_string(),
        Port::WebSocket => format!("{}/ws", place.ip),
    }
}

/// Returns which endpoints are at the far ends of connections that they opened themselves.
fn opened(messages: &[MessageBuf]) -> BTreeMap<SocketAddr, Place> {
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
fn joined(messages: &[MessageBuf], ends: &[(Place, Place)]) -> BTreeMap<Place, Place> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ladder::{Ladder, LadderOptions, script::said};

    const INVITE: &str = "INVITE sip:bob@b.example SIP/2.0";

    /// Returns names and addresses of the lanes.
    fn lanes(messages: &[MessageBuf], strict_addresses: bool) -> Vec<(String, String)> {
        let options = LadderOptions {
            strict_addresses,
            ..LadderOptions::default()
        };
        let lanes = Ladder::new(messages, &options).lanes;
        lanes
            .into_iter()
            .map(|lane| (lane.name, lane.address))
            .collect()
    }

    fn expected(lanes: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, address): &(&str, &str)| ((*name).to_owned(), (*address).to_owned());
        lanes.iter().map(owned).collect()
    }

    /// The worked example of loose endpoints: a caller that sends BYE over another connection, and a request that comes back
    /// over the first one.
    #[test]
    fn connections_from_any_port_are_one_lane() {
        let via = "10.0.0.5:5060;branch=z9hG4bK1";
        let tcp = Transport::Tcp;
        let messages = [
            said(
                0,
                "10.0.0.5:51234 10.0.0.9:5060",
                tcp,
                [INVITE, via, "1 INVITE", ""],
            ),
            said(
                10,
                "10.0.0.9:5060 10.0.0.5:51234",
                tcp,
                ["SIP/2.0 200 OK", via, "1 INVITE", ""],
            ),
            said(
                20,
                "10.0.0.9:5060 10.0.0.5:51234",
                tcp,
                [
                    "OPTIONS sip:a SIP/2.0",
                    "10.0.0.9;branch=z9hG4bK3",
                    "7 OPTIONS",
                    "",
                ],
            ),
            said(
                30,
                "10.0.0.5:51300 10.0.0.9:5060",
                tcp,
                [
                    "BYE sip:b SIP/2.0",
                    "10.0.0.5:5060;branch=z9hG4bK2",
                    "2 BYE",
                    "",
                ],
            ),
        ];
        assert_eq!(
            lanes(&messages, false),
            expected(&[("alice", "10.0.0.5:5060"), ("bob", "10.0.0.9:5060")])
        );
        assert_eq!(
            lanes(&messages, true),
            expected(&[
                ("alice", "10.0.0.5:51234"),
                ("bob", "10.0.0.9:5060"),
                ("10.0.0.5:51300", "")
            ])
        );
    }

    #[test]
    fn the_host_of_a_web_socket_is_nowhere() {
        let via = "df7jal23ls0d.invalid;branch=z9hG4bK1";
        let messages = [said(
            0,
            "10.0.0.5:51234 10.0.0.9:80",
            Transport::Ws,
            [INVITE, via, "1 INVITE", ""],
        )];
        assert_eq!(
            lanes(&messages, false),
            expected(&[("alice", "10.0.0.5/ws"), ("10.0.0.9:80", "")])
        );
    }

    #[test]
    fn a_proxy_with_two_addresses_is_one_lane() {
        let first = "10.0.0.5;branch=z9hG4bK1";
        let both =
            "10.0.0.9;branch=z9hG4bK2, SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1;received=10.0.0.5";
        let udp = Transport::Udp;
        let messages = [
            said(
                0,
                "10.0.0.5:5060 192.0.2.9:5060",
                udp,
                [INVITE, first, "1 INVITE", ""],
            ),
            said(
                1,
                "10.0.0.9:5060 10.0.0.20:5060",
                udp,
                [INVITE, both, "1 INVITE", ""],
            ),
            said(
                9,
                "10.0.0.20:5060 10.0.0.9:5060",
                udp,
                ["SIP/2.0 180 Ringing", both, "1 INVITE", ""],
            ),
        ];
        assert_eq!(
            lanes(&messages, false),
            expected(&[
                ("alice", "10.0.0.5:5060"),
                ("192.0.2.9:5060", "10.0.0.9:5060"),
                ("bob", "10.0.0.20:5060")
            ])
        );
        assert_eq!(lanes(&messages, true).len(), 4);
    }

    #[test]
    fn branches_stand_behind_who_forks() {
        let udp = Transport::Udp;
        let invite = |at, ends, branch: &str| {
            let via = format!("x;branch=z9hG4bK{branch}");
            said(at, ends, udp, [INVITE, &via, "1 INVITE", ""])
        };
        let messages = [
            invite(0, "10.0.0.1:5060 10.0.0.2:5060", "a"),
            invite(1, "10.0.0.2:5060 10.0.0.3:5060", "b"),
            invite(2, "10.0.0.2:5060 10.0.0.4:5060", "c"),
            invite(3, "10.0.0.3:5060 10.0.0.5:5060", "d"),
        ];
        let order: Vec<String> = lanes(&messages, false)
            .into_iter()
            .map(|(name, address)| if address.is_empty() { name } else { address })
            .collect();
        assert_eq!(
            order,
            [
                "10.0.0.1:5060",
                "10.0.0.2:5060",
                "10.0.0.3:5060",
                "10.0.0.5:5060",
                "10.0.0.4:5060"
            ]
        );
    }

    #[test]
    fn lanes_are_bounded() {
        let messages: Vec<MessageBuf> = (0..1000)
            .map(|n| {
                let ends = format!("10.0.{}.{}:5060 192.0.2.1:5060", n / 250, n % 250);
                said(
                    n,
                    &ends,
                    Transport::Udp,
                    [INVITE, "x;branch=z9hG4bK", "1 INVITE", ""],
                )
            })
            .collect();
        assert_eq!(lanes(&messages, false).len(), MAX_LANES);
    }
}
