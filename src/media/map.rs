//! Who has said that media are to be sent where, and when that was true.

use std::{hash::BuildHasher, net::SocketAddr};

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::{
    media::{
        MediaAddress, Purpose, addresses,
        life::{Life, life, sender},
        session_description,
        waiting::{PATIENCE, Waiting},
    },
    net::{Flow, Transport},
    sip::{Message, sdp::Sdp},
    time::Timestamp,
};

/// How long an address goes on to count when its side has told another one: packets under way.
const REPLACED: i64 = 2_000_000_000;

/// How long it goes on to count when the call is over, and when packets still come after that.
const LINGER: i64 = 5_000_000_000;

/// Calls with the same two addresses are legs of one when they have told them within this time.
const LEGS: i64 = 30_000_000_000;

/// How often it is looked whether there are claims that hold.
const SECOND: i64 = 1_000_000_000;

/// Claims at one address, sides of one owner and claims in all at most: whoever has many is hostile.
const MAX_AT_PLACE: usize = 64;
const MAX_SIDES: usize = 64;
const MAX_CLAIMS: usize = 1 << 22;

/// Whose media packets are: a number that whoever asks has chosen.
pub type Owner = u32;

/// An address that packets are sent to or from.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Place {
    address: SocketAddr,
    is_tcp: bool,
}

impl Place {
    pub(super) fn new(address: SocketAddr, is_tcp: bool) -> Self {
        Self {
            address: SocketAddr::new(address.ip().to_canonical(), address.port()),
            is_tcp,
        }
    }
}

/// The word of one side that it is at a place.
#[derive(Clone, Copy, Debug)]
struct Claim {
    owner: Owner,
    /// Who said it.
    side: u64,
    /// What tells the session of its description: a B2BUA that passes it on makes two calls of one session.
    session: u64,
    from: Timestamp,
    until: Timestamp,
    rank: Rank,
}

impl Claim {
    /// Returns whether it holds for a packet, which may have been captured before the message that it answers.
    fn is_valid(&self, ts: Timestamp) -> bool {
        ts.since(self.from) >= -PATIENCE && ts <= self.until
    }
}

/// How much a claim says.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Rank {
    /// A port as announced, at the public address that the message came from: the address announced is a private one.
    Guess,
    /// The port next to that of the media, for RTCP.
    Control,
    /// As announced.
    Announced,
}

/// One side of an owner's calls, as seen at one hop, with the places of its last description.
#[derive(Clone, Debug)]
struct Side {
    key: u64,
    description: u64,
    places: Vec<Place>,
}

/// All that is known of an owner's sides.
#[derive(Clone, Debug, Default)]
struct Sides {
    sides: Vec<Side>,
    /// Whether a call has been answered and has not ended: then a failure is of something within it.
    is_up: bool,
    /// Whether BYE has come: a response that comes again after it changes nothing.
    is_over: bool,
}

/// All claims. `P` is what is known of a packet.
///
/// A packet is of whoever has claimed the address it is sent to, or else the one it is sent from: so the media of
/// somebody behind a NAT are found by the other end's address. Of several claims the newest valid one counts, with those
/// of the same session and those of the other leg of a call.
#[derive(Debug)]
pub struct MediaMap<P> {
    hasher: DefaultHashBuilder,
    claims: HashMap<Place, Vec<Claim>>,
    sides: HashMap<Owner, Sides>,
    waiting: Waiting<P>,
    /// Those of the packet at hand; kept for its memory.
    owners: Vec<Owner>,
    count: usize,
    /// At how many claims those that are over are dropped.
    sweep_at: usize,
    /// Until when some claim holds, as far as that was looked at, and when that was.
    busy: (Timestamp, Timestamp),
}

impl<P> Default for MediaMap<P> {
    fn default() -> Self {
        Self {
            hasher: DefaultHashBuilder::default(),
            claims: HashMap::new(),
            sides: HashMap::new(),
            waiting: Waiting::default(),
            owners: Vec::new(),
            count: 0,
            sweep_at: 1 << 16,
            busy: (Timestamp::MAX, Timestamp::MIN),
        }
    }
}

impl<P> MediaMap<P> {
    /// Takes note of what a message of `owner` says about media; packets that waited for it are `found`.
    pub fn message(
        &mut self,
        message: &Message<'_>,
        owner: Owner,
        found: &mut impl FnMut(Owner, &P),
    ) {
        if let Some(body) = session_description(message)
            && let Some(sdp) = Sdp::parse(body)
        {
            self.describe(message, body, &sdp, owner, found);
        }
        if let Some(life) = life(message) {
            self.live(owner, life, message.ts);
        }
        self.busy = (Timestamp::MAX, message.ts);
        if self.count > self.sweep_at {
            self.sweep(message.ts);
        }
    }

    /// Takes a packet: tells whose it is, or lets it wait.
    pub fn packet(
        &mut self,
        ts: Timestamp,
        flow: &Flow,
        packet: P,
        found: &mut impl FnMut(Owner, &P),
    ) {
        let is_tcp = flow.transport == Transport::Tcp;
        let [dst, src] = [flow.dst, flow.src].map(|address| Place::new(address, is_tcp));
        let mut owners = std::mem::take(&mut self.owners);
        owners.clear();
        self.add_owners(dst, src, ts, &mut owners);
        if owners.is_empty() {
            self.add_owners(src, dst, ts, &mut owners);
        }
        owners.iter().for_each(|owner| found(*owner, &packet));
        if owners.is_empty() && !is_tcp {
            self.waiting.push(ts, dst, packet);
        }
        self.owners = owners;
    }

    /// Takes note of what a message of somebody says who is none of the owners: an address of a call that is over is now his.
    pub fn stranger(&mut self, message: &Message<'_>) {
        if let Some(sdp) = session_description(message).and_then(Sdp::parse) {
            for (place, _) in claims_of(&sdp, &message.flow) {
                let claims = self.claims.get_mut(&place).into_iter().flatten();
                for claim in claims.filter(|claim| claim.until != Timestamp::MAX) {
                    claim.until = claim.until.min(message.ts);
                }
            }
        }
    }

    /// Returns whether no claim holds at `ts`, so that packets need not be looked at. It may notice that a second late.
    pub fn is_idle(&mut self, ts: Timestamp) -> bool {
        let (_, since) = self.busy;
        if self.count > 0 && ts.since(since) > SECOND {
            let claims = self.claims.values().flatten();
            let until = claims.map(|claim| claim.until).max();
            self.busy = (until.unwrap_or(Timestamp::MIN), ts);
        }
        self.count == 0 || ts > self.busy.0
    }

    /// Adds the owners of a packet between two places, as the claims at the first of them tell.
    fn add_owners(&mut self, place: Place, other: Place, ts: Timestamp, owners: &mut Vec<Owner>) {
        let Some(claims) = self.claims.get(&place) else {
            return;
        };
        let valid = || claims.iter().filter(|claim| claim.is_valid(ts));
        let Some(newest) = valid().max_by_key(|claim| (claim.rank, claim.from)) else {
            return;
        };
        let at_other = self.claims.get(&other).map_or(&[][..], Vec::as_slice);
        let has_both_ends = |owner| {
            let mut claims = at_other.iter();
            claims.any(|claim| claim.owner == owner && claim.is_valid(ts))
        };
        for claim in valid().filter(|claim| claim.rank == newest.rank) {
            // A B2BUA that keeps out of the media tells the same two addresses in both calls, at about the same time.
            let is_leg = || {
                claim.until == Timestamp::MAX
                    && newest.from.since(claim.from) <= LEGS
                    && has_both_ends(claim.owner)
                    && has_both_ends(newest.owner)
            };
            let is_one = claim.owner == newest.owner || claim.session == newest.session || is_leg();
            if is_one && !owners.contains(&claim.owner) {
                owners.push(claim.owner);
            }
        }
        for claim in self.claims.get_mut(&place).into_iter().flatten() {
            if claim.until != Timestamp::MAX && claim.is_valid(ts) && owners.contains(&claim.owner)
            {
                // What goes on after the end is still of the call, until somebody else takes the address.
                claim.until = claim.until.max(ts.plus(LINGER));
            }
        }
    }

    /// Takes over where a side receives from now on.
    fn describe(
        &mut self,
        message: &Message<'_>,
        body: &[u8],
        sdp: &Sdp<'_>,
        owner: Owner,
        found: &mut impl FnMut(Owner, &P),
    ) {
        let (flow, ts) = (message.flow, message.ts);
        let key = self
            .hasher
            .hash_one((owner, sender(message), flow.src.ip(), flow.dst.ip()));
        let description = self.hasher.hash_one(body);
        let Sides { sides, .. } = self.sides.entry(owner).or_default();
        let known = sides.iter().position(|side| side.key == key);
        if known.is_some_and(|index| {
            sides
                .get(index)
                .is_some_and(|side| side.description == description)
        }) {
            return;
        }
        let session = self.hasher.hash_one(session_of(sdp, owner));
        let claims = claims_of(sdp, &flow);
        let side = Side {
            key,
            description,
            places: claims.iter().map(|(place, _)| *place).collect(),
        };
        let is_full = sides.len() >= MAX_SIDES;
        let before = match known.and_then(|index| sides.get_mut(index)) {
            Some(before) => std::mem::replace(before, side).places,
            None if is_full => return,
            None => {
                sides.push(side);
                Vec::new()
            }
        };
        for place in before {
            if !claims.iter().any(|(claimed, _)| *claimed == place) {
                self.end(place, owner, key, ts.plus(REPLACED));
            }
        }
        for (place, rank) in claims {
            self.claim(
                place,
                Claim {
                    owner,
                    side: key,
                    session,
                    from: ts,
                    until: Timestamp::MAX,
                    rank,
                },
            );
            for packet in self.waiting.take(ts, place) {
                found(owner, &packet);
            }
        }
    }

    fn claim(&mut self, place: Place, claim: Claim) {
        let claims = self.claims.entry(place).or_default();
        let own = claims
            .iter_mut()
            .find(|known| known.owner == claim.owner && known.side == claim.side);
        if let Some(own) = own {
            *own = Claim {
                from: own.from,
                rank: claim.rank.max(own.rank),
                ..claim
            };
            return;
        }
        if claims.len() >= MAX_AT_PLACE {
            claims.remove(0);
            self.count -= 1;
        }
        claims.push(claim);
        self.count += 1;
    }

    /// Lets the claim of a side end.
    fn end(&mut self, place: Place, owner: Owner, side: u64, until: Timestamp) {
        let claims = self.claims.get_mut(&place).into_iter().flatten();
        for claim in claims.filter(|claim| claim.owner == owner && claim.side == side) {
            claim.until = claim.until.min(until);
        }
    }

    /// Lets all that an owner's sides have last told go on to count, or end soon.
    fn live(&mut self, owner: Owner, life: Life, ts: Timestamp) {
        let Some(Sides {
            sides,
            is_up,
            is_over,
        }) = self.sides.get_mut(&owner)
        else {
            return;
        };
        let until = match life {
            Life::Fails if *is_up => return,
            Life::Progresses | Life::IsAnswered if *is_over => return,
            Life::Fails | Life::Ends => {
                *is_up = false;
                *is_over = matches!(life, Life::Ends);
                ts.plus(LINGER)
            }
            Life::Begins => {
                *is_over = false;
                Timestamp::MAX
            }
            Life::Progresses => Timestamp::MAX,
            Life::IsAnswered => {
                *is_up = true;
                Timestamp::MAX
            }
        };
        for side in sides {
            for place in &side.places {
                let claims = self.claims.get_mut(place).into_iter().flatten();
                for claim in claims.filter(|claim| claim.owner == owner && claim.side == side.key) {
                    claim.until = until;
                }
            }
        }
    }

    /// Drops the claims that are over, and the oldest if there are still too many.
    fn sweep(&mut self, now: Timestamp) {
        self.retain(|claim| now.since(claim.until) <= PATIENCE);
        if self.count > MAX_CLAIMS {
            let mut times: Vec<Timestamp> = self
                .claims
                .values()
                .flatten()
                .map(|claim| claim.from)
                .collect();
            let middle = times.len() / 2;
            let (_, from, _) = times.select_nth_unstable(middle);
            let from = *from;
            self.retain(|claim| claim.from > from);
        }
        self.sweep_at = (2 * self.count).max(1 << 16);
    }

    fn retain(&mut self, mut is_kept: impl FnMut(&Claim) -> bool) {
        self.claims.retain(|_, claims| {
            claims.retain(&mut is_kept);
            !claims.is_empty()
        });
        self.count = self.claims.values().map(Vec::len).sum();
        let claims = &self.claims;
        let is_claimed = |owner: Owner, side: &Side| {
            let mut places = side.places.iter().filter_map(|place| claims.get(place));
            places.any(|claims| {
                claims
                    .iter()
                    .any(|claim| claim.owner == owner && claim.side == side.key)
            })
        };
        self.sides.retain(|owner, Sides { sides, .. }| {
            sides.retain(|side| is_claimed(*owner, side));
            !sides.is_empty()
        });
    }
}

/// Returns what tells one session from another: user, number and address of the `o=` line (RFC 8866 §5.2), without the
/// version; without that line, the owner.
fn session_of<'a>(sdp: &Sdp<'a>, owner: Owner) -> (Vec<&'a [u8]>, Option<Owner>) {
    let words: Vec<&[u8]> = sdp.origin.split(|octet| *octet == b' ').collect();
    match words.as_slice() {
        [user, number, _, network, kind, address] => {
            (vec![user, number, network, kind, address], None)
        }
        _ => (Vec::new(), Some(owner)),
    }
}

/// Returns the places that a description claims, each once.
fn claims_of(sdp: &Sdp<'_>, flow: &Flow) -> Vec<(Place, Rank)> {
    let mut claims: Vec<(Place, Rank)> = Vec::new();
    let mut add =
        |place: Place, rank: Rank| match claims.iter_mut().find(|(known, _)| *known == place) {
            Some((_, known)) => *known = rank.max(*known),
            None => claims.push((place, rank)),
        };
    let source = flow.src.ip().to_canonical();
    for MediaAddress {
        address,
        is_tcp,
        purpose,
        ..
    } in addresses(sdp)
    {
        let rank = match purpose {
            Purpose::Media => Rank::Announced,
            Purpose::Control => Rank::Control,
        };
        add(Place::new(address, is_tcp), rank);
        if is_private(address) && address.ip() != source {
            add(
                Place::new(SocketAddr::new(source, address.port()), is_tcp),
                Rank::Guess,
            );
        }
    }
    claims
}

/// Returns whether an address is one that a NAT stands in front of (RFC 1918, RFC 6598, RFC 4193).
fn is_private(address: SocketAddr) -> bool {
    match address {
        SocketAddr::V4(v4) => {
            let [first, second, ..] = v4.ip().octets();
            v4.ip().is_private() || (first == 100 && second & 0xc0 == 64)
        }
        SocketAddr::V6(v6) => v6.ip().is_unique_local(),
    }
}

#[cfg(test)]
mod tests;
