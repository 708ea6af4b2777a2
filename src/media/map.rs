//! Who has said that media are to be sent where, and when that was true.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use crate::{
    media::{
        claims::{Claim, Claims, IDLE},
        place::{Place, Rank, places},
        said::Said,
        session_description,
        sides::{LINGER, SideId, Sides},
        waiting::{PATIENCE, Waiting},
    },
    net::{Flow, Transport},
    sip::{Message, sdp::Sdp},
    time::Timestamp,
};

/// How long an address goes on to count when its side has told another one: packets under way.
const REPLACED: i64 = 2_000_000_000;

/// Calls with the same session or the same two addresses are legs of one when they have told them within this time.
const LEGS: i64 = 30_000_000_000;

/// After how long without anything the rank of its claims counts no more: another one may have the address by now.
const QUIET: i64 = 60_000_000_000;

/// How long nothing may come between two packets of one stream.
const STREAM: i64 = 500_000_000;

/// How often it is looked whether there are claims that hold.
const SECOND: i64 = 1_000_000_000;

/// Legs of one call that share a packet at most.
const MAX_OWNERS: usize = 16;

/// Whose media packets are: a number that whoever asks has chosen.
pub type Owner = u32;

/// How much a claim counts for a packet.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Standing {
    /// The call is over, or the address was replaced; packets under way.
    Lingers,
    /// It lives, but is a guess.
    Guessed,
    Lives,
}

/// All claims. `P` is what is known of a packet.
///
/// A packet is of whoever has claimed the address it is sent to, or else the one it is sent from: so the media of
/// somebody behind a NAT are found by the other end's address. Claims of calls that live go before those of calls that are
/// over. Of several claims the newest one counts, unless the packet goes on with what an older one has at both ends, with
/// those of the other legs of its call.
#[derive(Debug)]
pub struct MediaMap<P> {
    hasher: DefaultHashBuilder,
    claims: Claims,
    sides: Sides,
    waiting: Waiting<P>,
    /// Those of the packet at hand; kept for its memory.
    winners: Vec<(Owner, SideId)>,
    /// Until when some claim holds, as far as that was looked at, and when that was.
    busy: (Timestamp, Timestamp),
}

impl<P> Default for MediaMap<P> {
    fn default() -> Self {
        Self {
            hasher: DefaultHashBuilder::default(),
            claims: Claims::default(),
            sides: Sides::default(),
            waiting: Waiting::default(),
            winners: Vec::new(),
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
        let is_known = || self.sides.has(owner);
        let Some(said) = Said::of(message, &self.hasher, is_known) else {
            return;
        };
        if let Some(body) = said.description
            && !self.sides.is_over(owner, &said)
        {
            self.describe(&said, &message.flow, body, owner, found);
        }
        self.sides.hear(owner, &said);
        self.busy = (Timestamp::MAX, message.ts);
        self.claims.sweep(message.ts, &mut self.sides);
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
        let mut winners = std::mem::take(&mut self.winners);
        winners.clear();
        let standing = self.find(dst, src, ts, &mut winners);
        for (_, side) in &winners {
            if let Some(side) = self.sides.get_mut(*side) {
                side.life.heard = side.life.heard.max(ts);
            }
        }
        if standing == Some(Standing::Lingers) {
            self.prolong(dst, src, ts, &winners);
        }
        let owners = winners.iter().map(|(owner, _)| *owner);
        let may_be_early = match standing {
            None => true,
            // What goes on between both ends of a call after its end is of that call.
            Some(Standing::Lingers) => !owners
                .clone()
                .all(|owner| [dst, src].iter().all(|place| self.has(*place, owner, ts))),
            Some(Standing::Guessed | Standing::Lives) => false,
        };
        if may_be_early && !is_tcp {
            let owners = owners.collect();
            self.waiting.push(ts, [dst, src], packet, owners, found);
        } else {
            owners.for_each(|owner| found(owner, &packet));
        }
        self.winners = winners;
    }

    /// Takes note of what a message of somebody says who is none of the owners: an address of a call that is over is now his.
    pub fn stranger(&mut self, message: &Message<'_>) {
        let Some(sdp) = session_description(message).and_then(Sdp::parse) else {
            return;
        };
        for (place, _) in places(&sdp, &message.flow) {
            for claim in self.claims.at_mut(place) {
                let end = self.sides.end_of(claim.side).min(claim.until);
                if end != Timestamp::MAX {
                    claim.until = claim.until.min(message.ts);
                }
            }
        }
    }

    /// Returns whether no claim holds at `ts`, so that packets need not be looked at. It may notice that a second late.
    pub fn is_idle(&mut self, ts: Timestamp) -> bool {
        let (_, since) = self.busy;
        if !self.claims.is_empty() && ts.since(since) > SECOND {
            let claims = self.claims.iter();
            let ends = claims.map(|claim| self.sides.end_of(claim.side).min(claim.until));
            self.busy = (ends.max().unwrap_or(Timestamp::MIN), ts);
        }
        self.claims.is_empty() || ts > self.busy.0
    }

    /// Gives to their owners the packets that still wait for a better one.
    pub fn finish(&mut self, found: &mut impl FnMut(Owner, &P)) {
        self.waiting.finish(found);
    }

    /// Returns how many packets and how many addresses were forgotten because there were too many.
    #[must_use]
    pub const fn forgotten(&self) -> (u64, u64) {
        (
            self.waiting.forgotten,
            self.claims.dropped + self.sides.refused,
        )
    }

    /// Finds whose a packet is, by where it is sent to or else by where it is from.
    fn find(
        &self,
        dst: Place,
        src: Place,
        ts: Timestamp,
        winners: &mut Vec<(Owner, SideId)>,
    ) -> Option<Standing> {
        let best = |place: Place, other: Place| {
            let claims = self.claims.at(place);
            let (standing, best) = self.best(claims, other, ts)?;
            Some((standing, best, claims, other))
        };
        let by_dst = best(dst, src);
        let is_sure = matches!(by_dst, Some((Standing::Lives, ..)));
        let by_src = if is_sure { None } else { best(src, dst) };
        let standing_of =
            |found: &Option<(Standing, Claim, _, _)>| found.as_ref().map(|found| found.0);
        let by_better = if standing_of(&by_src) > standing_of(&by_dst) {
            by_src
        } else {
            by_dst
        };
        let (_, best, claims, other) = by_better?;
        winners.push((best.owner, best.side));
        if claims.len() > 1 {
            self.add_legs(&best, claims, other, ts, winners);
        }
        self.standing(&best, ts)
    }

    /// Returns the claim among those of a place that counts most for a packet to or from `other`, and how much it does:
    /// what goes on between both ends of a call that is over counts as if it lived.
    fn best(&self, claims: &[Claim], other: Place, ts: Timestamp) -> Option<(Standing, Claim)> {
        if let [only] = claims {
            let mut standing = self.standing(only, ts)?;
            if standing == Standing::Lingers
                && ts.since(self.sides.get(only.side)?.life.heard) <= STREAM
                && self.has(other, only.owner, ts)
            {
                standing = Standing::Lives;
            }
            return Some((standing, *only));
        }
        let at_other = self.claims.at(other);
        let weighed = claims.iter().filter_map(|claim| {
            let mut standing = self.standing(claim, ts)?;
            let life = self.sides.get(claim.side)?.life;
            let unheard = ts.since(life.heard);
            let goes_on = unheard <= PATIENCE
                && at_other.iter().any(|other| {
                    other.owner == claim.owner && self.standing(other, ts) >= Some(standing)
                });
            if goes_on && unheard <= STREAM {
                standing = standing.max(Standing::Lives);
            }
            let rank = if unheard > QUIET {
                Rank::Guess
            } else {
                claim.rank
            };
            let from = claim.from.max(life.since);
            Some(((standing, rank, goes_on, from), *claim))
        });
        let ((standing, ..), best) = weighed.max_by_key(|(weight, _)| *weight)?;
        Some((standing, best))
    }

    /// Adds the owners of the other legs of the call that a claim is of: those of a B2BUA that keeps out of the media. Both
    /// have one session, or the same two addresses, told at about the same time at different hops.
    fn add_legs(
        &self,
        best: &Claim,
        claims: &[Claim],
        other: Place,
        ts: Timestamp,
        winners: &mut Vec<(Owner, SideId)>,
    ) {
        let Some(side) = self.sides.get(best.side) else {
            return;
        };
        let from = best.from.max(side.life.since);
        let standing = self.standing(best, ts);
        for claim in claims {
            let is_known = winners.iter().any(|(owner, _)| *owner == claim.owner);
            if is_known || self.standing(claim, ts) != standing {
                continue;
            }
            let Some(leg) = self.sides.get(claim.side) else {
                continue;
            };
            let apart = from.since(claim.from.max(leg.life.since)).saturating_abs();
            let has_both_ends =
                || self.has(other, claim.owner, ts) && self.has(other, best.owner, ts);
            if apart <= LEGS
                && leg.hop != side.hop
                && (leg.session == side.session || has_both_ends())
                && winners.len() < MAX_OWNERS
            {
                winners.push((claim.owner, claim.side));
            }
        }
    }

    /// Returns how much a claim counts for a packet, which may have been captured before the message that it answers.
    fn standing(&self, claim: &Claim, ts: Timestamp) -> Option<Standing> {
        let life = self.sides.get(claim.side)?.life;
        if ts.since(claim.from.max(life.since)) < -PATIENCE || ts.since(life.heard) > IDLE {
            return None;
        }
        match claim.until.min(life.until) {
            Timestamp::MAX if claim.rank == Rank::Guess => Some(Standing::Guessed),
            Timestamp::MAX => Some(Standing::Lives),
            until if ts <= until => Some(Standing::Lingers),
            _ => None,
        }
    }

    /// Returns whether a place is claimed by an owner.
    fn has(&self, place: Place, owner: Owner, ts: Timestamp) -> bool {
        let mut claims = self.claims.at(place).iter();
        claims.any(|claim| claim.owner == owner && self.standing(claim, ts).is_some())
    }

    /// Lets claims last longer: what goes on after the end is still of the call, until somebody else takes the address.
    fn prolong(&mut self, dst: Place, src: Place, ts: Timestamp, winners: &[(Owner, SideId)]) {
        let until = ts.plus(LINGER);
        for (_, side) in winners {
            if let Some(side) = self.sides.get_mut(*side)
                && side.life.until != Timestamp::MAX
            {
                side.life.until = side.life.until.max(until);
            }
        }
        for place in [dst, src] {
            for claim in self.claims.at_mut(place) {
                let is_meant = winners.iter().any(|(_, side)| *side == claim.side);
                if is_meant && claim.until != Timestamp::MAX && ts <= claim.until {
                    claim.until = claim.until.max(until);
                }
            }
        }
    }

    /// Takes over where a side receives from now on.
    fn describe(
        &mut self,
        said: &Said<'_>,
        flow: &Flow,
        body: &[u8],
        owner: Owner,
        found: &mut impl FnMut(Owner, &P),
    ) {
        let hosts = (flow.src.ip(), flow.dst.ip());
        let key = self.hasher.hash_one((said.sender, hosts));
        let description = self.hasher.hash_one(body);
        let Some(sdp) = Sdp::parse(body) else {
            return;
        };
        let Some(id) = self.sides.of_key(owner, key, said) else {
            return;
        };
        let session = self.hasher.hash_one(session_of(&sdp, owner));
        let Some(side) = self.sides.get_mut(id) else {
            return;
        };
        let was_over = side.life.until != Timestamp::MAX;
        side.life.revive(said.ts);
        if side.description == description && !was_over {
            return;
        }
        let places = places(&sdp, flow);
        (side.description, side.session) = (description, session);
        let now = places.iter().map(|(place, _)| *place).collect();
        for place in std::mem::replace(&mut side.places, now) {
            if !places.iter().any(|(told, _)| *told == place) {
                self.claims.end(place, id, said.ts.plus(REPLACED));
            }
        }
        let began = self.sides.began(owner).unwrap_or(said.ts);
        for (place, rank) in places {
            let claim = Claim {
                owner,
                side: id,
                from: said.ts,
                until: Timestamp::MAX,
                rank,
            };
            self.claims.add(place, claim, &self.sides);
            for packet in self.waiting.take(said.ts, place, began) {
                found(owner, &packet);
            }
        }
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

#[cfg(test)]
mod tests;
