//! Which sides of calls are said to be at which places.

use hashbrown::HashMap;

use crate::{
    media::{
        Owner,
        place::{Place, Rank},
        sides::{SideId, Sides},
        waiting::PATIENCE,
    },
    time::Timestamp,
};

/// How long a side counts that neither sends nor gets anything, as a call without an end does for the tracker.
pub(super) const IDLE: i64 = 3_600_000_000_000;

/// Claims at one address and in all at most: whoever has many is hostile.
pub(super) const MAX_AT_PLACE: usize = 64;
const MAX_CLAIMS: usize = 1 << 22;

/// Claims that are kept however old they are: to look through them takes longer than to keep them.
const FEW: usize = 1 << 16;

/// The word of one side that it is at a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub(super) owner: Owner,
    /// Who said it.
    pub(super) side: SideId,
    pub(super) from: Timestamp,
    /// [`Timestamp::MAX`] unless the side has told another place since.
    pub(super) until: Timestamp,
    pub(super) rank: Rank,
}

/// All claims, by place.
#[derive(Debug)]
pub(super) struct Claims {
    by_place: HashMap<Place, Vec<Claim>>,
    count: usize,
    /// At how many claims those that are over are dropped.
    sweep_at: usize,
    /// How many claims were dropped that may still have counted.
    pub(super) dropped: u64,
}

impl Default for Claims {
    fn default() -> Self {
        Self {
            by_place: HashMap::new(),
            count: 0,
            sweep_at: FEW,
            dropped: 0,
        }
    }
}

impl Claims {
    /// Returns whether there is none.
    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns those of a place.
    pub(super) fn at(&self, place: Place) -> &[Claim] {
        self.by_place.get(&place).map_or(&[], Vec::as_slice)
    }

    /// Returns those of a place, to be changed.
    pub(super) fn at_mut(&mut self, place: Place) -> &mut [Claim] {
        self.by_place
            .get_mut(&place)
            .map_or(&mut [], Vec::as_mut_slice)
    }

    /// Returns all.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Claim> {
        self.by_place.values().flatten()
    }

    /// Takes a claim, in the place of an earlier one of the same side.
    pub(super) fn add(&mut self, place: Place, claim: Claim, sides: &Sides) {
        let claims = self.by_place.entry(place).or_default();
        let own = claims.iter_mut().find(|known| known.side == claim.side);
        if let Some(own) = own {
            let from = if own.until == Timestamp::MAX {
                own.from
            } else {
                claim.from
            };
            let rank = claim.rank.max(own.rank);
            *own = Claim {
                from,
                rank,
                ..claim
            };
            return;
        }
        if claims.len() >= MAX_AT_PLACE {
            let end = |known: &Claim| {
                let side = sides.get(known.side);
                known
                    .until
                    .min(side.map_or(Timestamp::MIN, |side| side.life.until))
            };
            let before = claims.len();
            claims.retain(|known| end(known) >= claim.from);
            if claims.len() >= MAX_AT_PLACE {
                let first = (0..)
                    .zip(claims.iter())
                    .min_by_key(|(_, known)| (end(known), known.from));
                let dropped = claims.remove(first.map_or(0, |(index, _)| index));
                self.dropped += u64::from(end(&dropped) == Timestamp::MAX);
            }
            self.count -= before - claims.len();
        }
        claims.push(claim);
        self.count += 1;
    }

    /// Lets the claim of a side end that has told another place.
    pub(super) fn end(&mut self, place: Place, side: SideId, until: Timestamp) {
        let claims = self.at_mut(place);
        for claim in claims.iter_mut().filter(|claim| claim.side == side) {
            claim.until = claim.until.min(until);
        }
    }

    /// When there are many, drops the claims that are over, and the oldest if there are still too many.
    pub(super) fn sweep(&mut self, now: Timestamp, sides: &mut Sides) {
        if self.count <= self.sweep_at {
            return;
        }
        let is_over = |claim: &Claim| {
            let Some(side) = sides.get(claim.side) else {
                return true;
            };
            let until = claim.until.min(side.life.until);
            now.since(until) > PATIENCE || now.since(side.life.heard) > IDLE
        };
        retain(&mut self.by_place, |claim| !is_over(claim));
        self.count = self.by_place.values().map(Vec::len).sum();
        if self.count > MAX_CLAIMS {
            let mut times: Vec<Timestamp> = self
                .by_place
                .values()
                .flatten()
                .map(|claim| claim.from)
                .collect();
            let middle = times.len() / 2;
            let (_, from, _) = times.select_nth_unstable(middle);
            let from = *from;
            retain(&mut self.by_place, |claim| claim.from > from);
            let before =
                std::mem::replace(&mut self.count, self.by_place.values().map(Vec::len).sum());
            self.dropped += (before - self.count) as u64;
        }
        let mut is_used = vec![false; sides.len()];
        for claim in self.by_place.values().flatten() {
            if let Some(is_used) = is_used.get_mut(claim.side as usize) {
                *is_used = true;
            }
        }
        sides.retain(|side| is_used.get(side as usize) == Some(&true));
        self.sweep_at = (2 * self.count).max(FEW);
    }
}

fn retain(claims: &mut HashMap<Place, Vec<Claim>>, is_kept: impl Fn(&Claim) -> bool) {
    claims.retain(|_, claims| {
        claims.retain(&is_kept);
        !claims.is_empty()
    });
}
