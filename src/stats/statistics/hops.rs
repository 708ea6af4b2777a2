//! Figures of what becomes of messages between capture points.

use super::{Plan, Statistics};
use crate::{
    sip::Message,
    stats::{
        Dimension,
        cut::{Subject, hop_name},
        hops::{Fate, Groups, Passage},
    },
};

impl Plan {
    /// Returns whether hops between capture points are told apart.
    #[must_use]
    pub fn has_hops(&self) -> bool {
        self.cuts.iter().flatten().any(|one| *one == Dimension::Hop)
    }
}

impl Statistics {
    /// Returns whether hops were asked for, and there are none.
    #[must_use]
    pub fn lacks_hops(&self) -> bool {
        self.plan.has_hops() && self.total().all.hops.delay.count() == 0
    }

    /// Takes the message of that number, from 1, as another capture point saw it.
    pub fn sighting(&mut self, message: &Message<'_>, of: u64) {
        if let Some(hops) = &mut self.hops {
            hops.sighting(message, of);
        }
    }

    /// Takes a message that other points may see yet.
    pub(super) fn send(&mut self, message: &Message<'_>, is_selected: bool) {
        if self.hops.is_some() {
            let groups = is_selected.then(|| self.hop_groups(message));
            let over = self.hops.as_mut().map(|hops| hops.message(message, groups));
            self.passed(&over.unwrap_or_default());
        }
    }

    /// Counts what is left.
    pub(super) fn finish_hops(&mut self) {
        if let Some(hops) = &mut self.hops {
            let (over, evicted) = (hops.finish(), hops.evicted);
            self.passed(&over);
            if let Some(total) = self.groups.first_mut() {
                total.all.hops.forgotten += evicted;
            }
        }
    }

    /// Returns the groups that the hops of a message count for, but for the hops.
    fn hop_groups(&self, message: &Message<'_>) -> Groups {
        let mut groups = Groups::new();
        for (cut, dimensions) in self.plan.cuts.iter().enumerate() {
            if !dimensions.contains(&Dimension::Hop) {
                continue;
            }
            let name = |side: usize| {
                let names = dimensions.iter();
                let names = names.map(|one| message.value(*one, side).name(&self.inputs));
                (cut, names.collect())
            };
            groups.push(name(0));
            if dimensions.contains(&Dimension::Peer) {
                groups.push(name(1));
            }
        }
        groups
    }

    /// Counts what became of messages on their hops.
    fn passed(&mut self, passages: &[Passage]) {
        for passage in passages {
            let hop = hop_name(&passage.hop);
            let mut places = vec![0];
            for (cut, names) in &passage.groups {
                let mut names = names.clone();
                let dimensions = self.plan.cuts.get(*cut).into_iter().flatten();
                for (name, dimension) in names.iter_mut().zip(dimensions) {
                    if *dimension == Dimension::Hop {
                        name.clone_from(&hop);
                    }
                }
                let place = self.named(*cut, names);
                if !places.contains(&place) {
                    places.push(place);
                }
            }
            self.count(&places, passage.at, |kpis, _| match passage.fate {
                Fate::Passed(delay) => kpis.hops.delay.add(Some(delay)),
                Fate::Lost => kpis.hops.lost += 1,
                Fate::Missed => kpis.hops.missed += 1,
            });
        }
    }
}
