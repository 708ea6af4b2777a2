//! From messages, calls and bindings to the figures of every group and every stretch of time.

mod hops;

use std::collections::BTreeMap;

use hashbrown::{DefaultHashBuilder, HashMap};
use serde::{Deserialize, Serialize};

use crate::{
    sip::{Identity, Message, Method},
    stats::{
        Dimension, Kpis, Merge,
        calls::began,
        cut::{Subject, key},
        hops::Hops,
        messages::method_of,
        names::OTHERS,
        registrations::{Verdict, verdict},
        transactions::{Meaning, Transaction, Transactions},
    },
    time::Timestamp,
    track::{Binding, Call, Event},
};

/// Groups of one cut at most; the others are counted together.
const MAX_GROUPS: usize = 10_000;

/// Stretches of time of everything that are told apart at most, and as many of all groups together. What comes later is
/// counted in its group only.
const MAX_CELLS: usize = 100_000;

/// Moments of a course that are remembered when memory is to stay flat.
const MAX_MOMENTS: usize = 100_000;

/// By which dimensions groups are told apart: one, or several together.
pub type Cut = Vec<Dimension>;

/// What is to be counted, and how.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Plan {
    /// How figures are defined where there is a choice.
    pub definitions: Definitions,
    /// The cuts, each of which tells all figures apart once more.
    pub cuts: Vec<Cut>,
    /// How long a stretch of time is, in nanoseconds, if they are told apart.
    pub bucket: Option<i64>,
}

/// How figures are defined where there is a choice.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Definitions {
    /// Whether ratios of RFC 6076 count each INVITE, as it is written there, and not each attempt group.
    pub is_literal: bool,
    /// How long a short call lasts at most, in nanoseconds.
    pub short: i64,
    /// Whether calls alone are counted, as they were chosen by what messages and registrations do not have.
    pub calls_only: bool,
}

impl Default for Definitions {
    fn default() -> Self {
        Self {
            is_literal: false,
            short: 10_000_000_000,
            calls_only: false,
        }
    }
}

/// The figures of a group.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Group {
    /// Which of the cuts it is of; none for all.
    pub cut: Option<usize>,
    /// Its value in each dimension of the cut; nothing is unknown.
    pub key: Vec<String>,
    /// Its figures.
    pub all: Kpis,
    /// The same by stretch of time: how many of them were before it since 1970.
    pub buckets: BTreeMap<i64, Box<Kpis>>,
    /// How much is in none of them because there would be too many.
    pub left_out: u64,
}

/// All that is counted.
pub struct Statistics {
    plan: Plan,
    inputs: Vec<String>,
    /// The first is of everything.
    groups: Vec<Group>,
    /// By cut and name.
    by_name: BTreeMap<(usize, Vec<String>), u32>,
    /// How many groups each cut has.
    sizes: Vec<usize>,
    /// By cut and what the wire says, so that names need not be made each time.
    by_key: HashMap<(usize, u64), u32>,
    hasher: DefaultHashBuilder,
    transactions: Transactions,
    /// What is on its way between capture points, if anybody asks for hops.
    hops: Option<Box<Hops>>,
    /// The registration that was last counted: one 2xx may tell of several bindings.
    last_registration: Option<(Timestamp, Vec<u8>, Verdict)>,
    places: Vec<u32>,
    /// Stretches of time of groups.
    cells: usize,
}

impl Statistics {
    /// Returns statistics of nothing yet; `inputs` are the names of the captures.
    #[must_use]
    pub fn new(plan: Plan, inputs: Vec<String>) -> Self {
        Self {
            sizes: vec![0; plan.cuts.len()],
            hops: plan.has_hops().then(Box::default),
            plan,
            inputs,
            groups: vec![Group::default()],
            by_name: BTreeMap::new(),
            by_key: HashMap::new(),
            hasher: DefaultHashBuilder::default(),
            transactions: Transactions::default(),
            last_registration: None,
            places: Vec::new(),
            cells: 0,
        }
    }

    /// Returns what is counted, and how.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the names of the captures.
    #[must_use]
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// Returns the figures of everything.
    #[must_use]
    pub fn total(&self) -> &Group {
        self.groups.first().unwrap_or(&EMPTY)
    }

    /// Returns whether there is anything at all.
    #[must_use]
    pub fn has_any(&self) -> bool {
        let Kpis {
            messages, calls, ..
        } = &self.total().all;
        messages.messages > 0 || calls.attempts > 0 || calls.mid_calls > 0
    }

    /// Returns the groups of a cut, in the order of their names.
    pub fn groups(&self, cut: usize) -> impl Iterator<Item = &Group> {
        let range = (cut, Vec::new())..(cut + 1, Vec::new());
        self.by_name
            .range(range)
            .filter_map(|(_, index)| self.groups.get(*index as usize))
    }

    /// Takes the next message; only those that are selected are counted, but whether it answers a request or came before is
    /// seen from all.
    pub fn message(&mut self, message: &Message<'_>, is_selected: bool) {
        while let Some(over) = self.transactions.next_over(message.ts) {
            self.transaction(&over);
        }
        let places = match is_selected {
            true => self.find(message),
            false => Vec::new(),
        };
        let identity = message.identity.copied();
        let identity =
            identity.or_else(|| Identity::of(message.head, message.bytes, &message.flow));
        let meaning = identity.map_or_else(Meaning::default, |identity| {
            self.transactions.take(message, &identity, &places)
        });
        let method = method_of(message);
        self.count(&places, message.ts, |kpis, _| {
            let counts = kpis.messages.add(message, method, meaning.is_again);
            counts.requests_at_first_hop += u64::from(meaning.is_first_hop);
        });
        self.places = places;
        self.send(message, is_selected);
    }

    /// Takes a call that is over or left at the end.
    pub fn call(&mut self, call: &Call) {
        let places = self.find(call);
        let short = self.plan.definitions.short;
        self.count(&places, began(call), |kpis, is_whole| {
            kpis.calls.add(call, short, is_whole);
        });
        self.places = places;
    }

    /// Takes a binding that is over or left at the end.
    pub fn binding(&mut self, binding: &Binding) {
        let places = self.find(binding);
        self.count(&places, binding.first_seen(), |kpis, is_whole| {
            kpis.registrations.add(binding, is_whole);
        });
        self.places = places;
    }

    /// Takes an event, of which only those of registrations matter. It counts for when the registration began, as its
    /// requests do.
    pub fn event(&mut self, event: &Event<'_>) {
        let Some(verdict) = verdict(event) else {
            return;
        };
        let is_known = self
            .last_registration
            .as_ref()
            .is_some_and(|(ts, call_id, last)| {
                (*ts, call_id.as_slice(), *last) == (event.ts, event.call_id, verdict)
            });
        if is_known {
            return;
        }
        self.last_registration = Some((event.ts, event.call_id.to_vec(), verdict));
        let places = self.find(event);
        let began = event.ts.plus(-event.setup_time.unwrap_or_default());
        self.count(&places, began, |kpis, _| match verdict {
            Verdict::Accepted => kpis.registrations.accept(event),
            Verdict::Failed => kpis.registrations.fail(event),
        });
        self.places = places;
    }

    /// Counts what is left; `end` is when the last frame was captured.
    pub fn finish(&mut self, end: Timestamp) {
        for left in self.transactions.finish(end) {
            self.transaction(&left);
        }
        if let Some(total) = self.groups.first_mut() {
            total.all.messages.forgotten += self.transactions.forgotten();
        }
        self.finish_hops();
    }

    /// Takes in the groups of another part of the same capture, counted by the same plan.
    pub fn merge(&mut self, groups: &[Group]) {
        for group in groups {
            let index = match group.cut {
                None => 0,
                Some(cut) => self.named(cut, group.key.clone()),
            };
            if let Some(known) = self.groups.get_mut(index as usize) {
                known.all.merge(&group.all);
                known.left_out = known.left_out.saturating_add(group.left_out);
                for (bucket, kpis) in &group.buckets {
                    match cell(known, *bucket, &mut self.cells) {
                        Some(cell) => cell.merge(kpis),
                        None => known.left_out = known.left_out.saturating_add(1),
                    }
                }
            }
        }
    }

    /// Returns how much is in no stretch of time because there would be too many of them.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        let left_out = self.groups.iter().map(|group| group.left_out);
        left_out.fold(0, u64::saturating_add)
    }

    /// Takes out what was counted so far, and counts on from nothing; exchanges that are open stay so.
    pub fn take(&mut self) -> Vec<Group> {
        let groups = self.groups.iter_mut().map(|group| Group {
            all: std::mem::take(&mut group.all),
            buckets: std::mem::take(&mut group.buckets),
            left_out: std::mem::take(&mut group.left_out),
            cut: group.cut,
            key: group.key.clone(),
        });
        let groups = groups.collect();
        self.cells = 0;
        groups
    }

    /// Remembers of the course of things before `until` no more than what it amounts to, so that memory stays flat: peaks
    /// do not count any more what is told so much later.
    pub fn settle(&mut self, until: Timestamp) {
        for group in &mut self.groups {
            let Kpis {
                calls,
                registrations,
                ..
            } = &mut group.all;
            for seconds in [
                &mut calls.starts,
                &mut calls.answered_starts,
                &mut calls.failed_starts,
            ] {
                seconds.settle(until);
            }
            calls.up.settle(until.nanos(), MAX_MOMENTS);
            registrations.up.settle(until.nanos(), MAX_MOMENTS);
        }
    }

    /// Returns all groups, in the order of their names, everything first.
    pub fn all_groups(&self) -> impl Iterator<Item = &Group> {
        let named = self.by_name.values();
        std::iter::once(self.total())
            .chain(named.filter_map(|index| self.groups.get(*index as usize)))
    }

    fn transaction(&mut self, over: &Transaction) {
        let method = over.method();
        self.count(over.places(), over.sent(), |kpis, _| {
            if over.strays() > 0 {
                kpis.messages.stray_responses += u64::from(over.strays());
                return;
            }
            over.count(kpis.messages.method(method));
            if method == Method::Options {
                over.count_peer(&mut kpis.options_sent, &mut kpis.options_answered);
            }
        });
    }

    /// Returns the groups that something counts for.
    fn find(&mut self, subject: &dyn Subject) -> Vec<u32> {
        let mut places = std::mem::take(&mut self.places);
        places.clear();
        places.push(0);
        for cut in 0..self.plan.cuts.len() {
            let dimensions = self.plan.cuts.get(cut).map_or(&[][..], Vec::as_slice);
            if dimensions.contains(&Dimension::Hop) {
                continue;
            }
            let sides = 1 + usize::from(dimensions.contains(&Dimension::Peer));
            for side in 0..sides {
                let place = self.place(cut, subject, side);
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        places
    }

    fn place(&mut self, cut: usize, subject: &dyn Subject, side: usize) -> u32 {
        let dimensions = self.plan.cuts.get(cut).map_or(&[][..], Vec::as_slice);
        let key = (cut, key(&self.hasher, dimensions, subject, side));
        if let Some(place) = self.by_key.get(&key) {
            return *place;
        }
        let names = dimensions
            .iter()
            .map(|dimension| subject.value(*dimension, side).name(&self.inputs));
        let place = self.named(cut, names.collect());
        if self.by_key.len() < 16 * MAX_GROUPS {
            self.by_key.insert(key, place);
        }
        place
    }

    /// Returns the group of that name, a new one if need be.
    fn named(&mut self, cut: usize, names: Vec<String>) -> u32 {
        let name = (cut, names);
        if let Some(place) = self.by_name.get(&name) {
            return *place;
        }
        let size = self.sizes.get(cut).copied().unwrap_or_default();
        let is_full = size >= MAX_GROUPS;
        let is_others = name.1.iter().all(|part| part == OTHERS);
        if is_full && !is_others {
            return self.named(cut, vec![OTHERS.to_owned(); name.1.len()]);
        }
        let place = u32::try_from(self.groups.len()).unwrap_or_default();
        self.groups.push(Group {
            cut: Some(cut),
            key: name.1.clone(),
            ..Group::default()
        });
        self.by_name.insert(name, place);
        if let Some(size) = self.sizes.get_mut(cut) {
            *size += 1;
        }
        place
    }

    /// Lets each set of figures count what happened at `ts`; the flag tells that of a whole group.
    fn count(&mut self, places: &[u32], ts: Timestamp, mut what: impl FnMut(&mut Kpis, bool)) {
        let bucket = self
            .plan
            .bucket
            .map(|length| ts.nanos().div_euclid(length.max(1)));
        for place in places {
            let Some(group) = self.groups.get_mut(*place as usize) else {
                continue;
            };
            what(&mut group.all, true);
            if let Some(bucket) = bucket {
                match cell(group, bucket, &mut self.cells) {
                    Some(cell) => what(cell, false),
                    None => group.left_out += 1,
                }
            }
        }
    }
}

/// Returns the figures of a group in a stretch of time, new ones if there is still room: those of everything have as much
/// as those of all groups, of which `cells` are taken.
fn cell<'g>(group: &'g mut Group, bucket: i64, cells: &mut usize) -> Option<&'g mut Kpis> {
    if group.buckets.contains_key(&bucket) {
        return group.buckets.get_mut(&bucket).map(Box::as_mut);
    }
    let taken = match group.cut {
        None => group.buckets.len(),
        Some(_) => *cells,
    };
    if taken >= MAX_CELLS {
        return None;
    }
    *cells += usize::from(group.cut.is_some());
    Some(group.buckets.entry(bucket).or_default())
}

/// A group without anything.
static EMPTY: std::sync::LazyLock<Group> = std::sync::LazyLock::new(Group::default);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_with_many_groups_leaves_the_others_their_room() {
        for many in [0, 1] {
            let cuts = vec![vec![Dimension::Source], vec![Dimension::Method]];
            let plan = Plan {
                cuts,
                ..Plan::default()
            };
            let mut statistics = Statistics::new(plan, Vec::new());
            for number in 0..=MAX_GROUPS {
                statistics.named(many, vec![number.to_string()]);
            }
            statistics.named(1 - many, vec!["one".to_owned()]);
            let names = |cut| statistics.groups(cut).map(|group| group.key.concat());
            assert!(names(1 - many).eq(["one"]));
            assert_eq!(names(many).count(), MAX_GROUPS + 1);
            assert_eq!(names(many).filter(|name| name == OTHERS).count(), 1);
        }
    }
}
