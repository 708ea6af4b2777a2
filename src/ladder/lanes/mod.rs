//! Who takes part, and in which order they stand.
//!
//! Over UDP an endpoint is an address and a port. Who opens a connection does it from any port, and from another one
//! the next time: there the port in sent-by of the topmost Via counts (RFC 3261 §18.1.1, §18.2.2), so that the lanes do
//! not multiply. A proxy with several addresses is one lane when the Vias show it, and so is a user agent that is reached at
//! another port than it sends from when its Contact shows it.

mod names;
mod place;
#[cfg(test)]
mod tests;
mod vias;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use self::place::Place;
use crate::{
    ladder::{Arrow, LadderOptions, Lane, NameBook, show},
    sip::MessageBuf,
};

/// Lanes that are told apart at most; those that come later share the last one.
pub(super) const MAX_LANES: usize = 64;

/// Addresses of one lane that are shown at most.
const MAX_ADDRESSES: usize = 4;

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
    pub(super) fn new(messages: &[MessageBuf], options: &LadderOptions) -> Self {
        let is_strict = options.strict_addresses;
        let opened = if is_strict {
            BTreeMap::new()
        } else {
            vias::opened(messages)
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
                vias::joined(messages, &ends)
            },
            order: Vec::new(),
            ends,
        };
        if !is_strict {
            lanes.join_contacts(messages);
            lanes.join_named(&options.names);
        }
        lanes.order = lanes.in_order();
        lanes
    }

    /// Joins the addresses to which somebody gave the same name, unless they talk to each other.
    fn join_named(&mut self, book: &NameBook) {
        let mut known: BTreeMap<String, Place> = BTreeMap::new();
        for place in self.ends.clone().into_iter().flat_map(<[Place; 2]>::from) {
            let Some(name) = book.name(place.ip, place.number()) else {
                continue;
            };
            let own = self.root(place);
            let first = *known.entry(name.to_owned()).or_insert(own);
            self.join(first, own);
        }
    }

    /// Joins the ports of user agents that send from one and are reached at another one, which their Contact tells.
    fn join_contacts(&mut self, messages: &[MessageBuf]) {
        let ends: BTreeSet<Place> = self
            .ends
            .iter()
            .copied()
            .flat_map(<[Place; 2]>::from)
            .collect();
        for (message, (src, _)) in messages.iter().zip(self.ends.clone()) {
            if let Some(reached) = vias::reached(message, src).filter(|place| ends.contains(place))
            {
                self.join(src, reached);
            }
        }
    }

    /// Lets two be one lane, unless they talk to each other.
    fn join(&mut self, first: Place, other: Place) {
        let (root, own) = (self.root(first), self.root(other));
        if root != own && !self.talk(root, own) {
            self.joined
                .values_mut()
                .filter(|known| **known == own)
                .for_each(|known| *known = root);
            self.joined.insert(own, root);
        }
    }

    /// Returns whether there are messages between two.
    fn talk(&self, one: Place, other: Place) -> bool {
        let mut ends = self
            .ends
            .iter()
            .map(|(src, dst)| (self.root(*src), self.root(*dst)));
        ends.any(|ends| ends == (one, other) || ends == (other, one))
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
        book: &NameBook,
    ) -> Vec<Lane> {
        let mut lanes: Vec<Lane> = self
            .order
            .iter()
            .map(|place| self.lane(*place, book))
            .collect();
        names::name(messages, arrows, &mut lanes);
        for lane in &mut lanes {
            if lane.name.is_empty()
                && let Some(host) = lane.ips.iter().find_map(|ip| book.host(*ip))
            {
                lane.name = show::line(host.as_bytes());
            }
            if lane.name.is_empty() {
                // The first address is the name; what is left are further ones.
                let all = std::mem::take(&mut lane.address);
                let (first, others) = all.split_once(' ').unwrap_or((&all, ""));
                (lane.name, lane.address) = (first.to_owned(), others.to_owned());
            }
        }
        lanes
    }

    fn lane(&self, place: Place, book: &NameBook) -> Lane {
        let further = self.joined.iter().filter(|(_, root)| **root == place);
        let all: Vec<Place> = std::iter::once(place)
            .chain(further.map(|(place, _)| *place))
            .collect();
        let name = all
            .iter()
            .find_map(|place| book.name(place.ip, place.number()));
        let shown = all.iter().take(MAX_ADDRESSES).map(|place| place.address());
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
