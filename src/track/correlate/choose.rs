//! Which of several candidates a leg is joined to.

use crate::track::correlate::{
    Evidence,
    evidence::MARGIN,
    leg::{Leg, LegPlace},
};

/// A leg that another one may be joined to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) leg: &'a Leg,
    pub(super) evidence: Evidence,
    /// The first leg of the call that it is of, if that is known.
    pub(super) root: Option<LegPlace>,
    /// How long its answer is from that of the leg to be joined, if one can have come from the other.
    pub(super) answer_gap: Option<i64>,
}

impl Candidate<'_> {
    pub(super) fn is_of_call_of(&self, other: &Self) -> bool {
        self.root.is_some() && self.root == other.root
    }
}

/// Returns the candidate that has the highest score; of equal ones the latest.
pub(super) fn strongest<'a>(candidates: &[Candidate<'a>]) -> Option<Candidate<'a>> {
    let key = |candidate: &&Candidate<'a>| (candidate.evidence.score(), candidate.leg.place);
    candidates.iter().max_by_key(key).copied()
}

/// Returns the candidate that stands out from the others: by its score or, where that does not tell, by the time of its
/// answer. `None` when none does; several of one call are no different.
pub(super) fn outstanding<'a>(candidates: &[Candidate<'a>]) -> Option<Candidate<'a>> {
    let best = strongest(candidates)?;
    let rivals: Vec<Candidate<'a>> = candidates
        .iter()
        .filter(|rival| rival.evidence.score() >= best.evidence.score() - MARGIN)
        .filter(|rival| rival.leg.place == best.leg.place || !rival.is_of_call_of(&best))
        .copied()
        .collect();
    if rivals.len() == 1 {
        return Some(best);
    }
    let answered = rivals
        .iter()
        .filter_map(|rival| Some((rival.answer_gap?, rival)));
    let (_, nearest) = answered.min_by_key(|(gap, rival)| (*gap, rival.leg.place))?;
    let stands_out = rivals
        .iter()
        .filter(|rival| rival.leg.place != nearest.leg.place)
        .all(|rival| rival.leg.is_answered_apart(nearest.leg));
    stands_out.then_some(*nearest)
}
