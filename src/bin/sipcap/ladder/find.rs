//! The first pass: which calls are selected.

use std::collections::BTreeMap;

use sipcap::{
    error::Result,
    sip::Message,
    text::{escape, printable},
    time::Timestamp,
    track::{Call, CorrelationLevel, Correlator, Interests, LegPlace, Observer},
};

use crate::{choose::Choice, track::Follower};

/// How long after its last message a call may still have one, in nanoseconds: 64·T1 (RFC 3261 §17).
const LINGER: i64 = 32_000_000_000;

/// A leg that may be drawn.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    pub(crate) call_id: Vec<u8>,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
}

/// What is drawn in one ladder.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) legs: Vec<Leg>,
    /// The call in a few words, for whoever has to choose.
    pub(crate) brief: String,
}

/// Who finds the selected calls.
pub(crate) struct Finder {
    choice: Choice,
    /// Groups that are kept at most; those that begin first.
    limit: usize,
    correlator: Option<Box<Correlator>>,
    /// The selected calls, by where they begin; with legs also the others, since they may be of a selected one.
    legs: BTreeMap<LegPlace, (Leg, Option<String>)>,
    /// The first leg of the call of each leg, when that is another one.
    joined: BTreeMap<LegPlace, LegPlace>,
    selected: u64,
}

/// What was found.
pub(crate) struct Found {
    /// The ladders to draw, in the order of their first messages.
    pub(crate) groups: Vec<Group>,
    /// How many calls are selected in all.
    pub(crate) selected: u64,
}

impl Finder {
    pub(crate) fn new(choice: Choice, legs: Option<CorrelationLevel>, limit: usize) -> Self {
        Self {
            choice,
            limit,
            correlator: legs.map(|level| Box::new(Correlator::new(level))),
            legs: BTreeMap::new(),
            joined: BTreeMap::new(),
            selected: 0,
        }
    }

    /// Returns the calls, put together.
    pub(crate) fn into_found(mut self) -> Found {
        if let Some(correlator) = &mut self.correlator {
            correlator.finish();
        }
        self.take_links();
        let mut groups: BTreeMap<LegPlace, Group> = BTreeMap::new();
        for (place, (leg, brief)) in self.legs {
            let root = self.joined.get(&place).copied().unwrap_or(place);
            let group = groups.entry(root).or_insert_with(|| Group {
                legs: Vec::new(),
                brief: String::new(),
            });
            group.legs.push(leg);
            if let Some(brief) = brief
                && group.brief.is_empty()
            {
                group.brief = brief;
            }
        }
        let groups = groups.into_values();
        let selected = groups.filter(|group| !group.brief.is_empty());
        let mut groups = without_doubles(selected.collect());
        groups.truncate(self.limit);
        Found {
            groups,
            selected: self.selected,
        }
    }

    fn take_links(&mut self) {
        if let Some(correlator) = &mut self.correlator {
            for link in correlator.links() {
                if link.leg != link.call {
                    self.joined.insert(link.leg, link.call);
                }
            }
        }
    }

    fn keep(&mut self, place: LegPlace, call: &Call, brief: Option<String>) {
        let leg = Leg {
            call_id: call.call_id().to_owned(),
            first: call.first_seen(),
            last: call.last_seen().plus(LINGER),
        };
        self.legs.insert(place, (leg, brief));
        if self.correlator.is_none() && self.legs.len() > self.limit {
            self.legs.pop_last();
        }
    }
}

/// Puts calls of one time under one Call-ID into one ladder: their messages cannot be told apart in it, and need not be.
fn without_doubles(groups: Vec<Group>) -> Vec<Group> {
    let mut kept: Vec<Group> = Vec::new();
    let mut by_call_id: BTreeMap<Vec<u8>, (usize, Timestamp)> = BTreeMap::new();
    for group in groups {
        let known = group.legs.iter().find_map(|leg| {
            let (index, last) = by_call_id.get(&leg.call_id)?;
            (leg.first <= *last).then_some(*index)
        });
        let index = known.unwrap_or(kept.len());
        for leg in &group.legs {
            let last = by_call_id
                .entry(leg.call_id.clone())
                .or_insert((index, leg.last));
            *last = (index, leg.last);
        }
        match kept.get_mut(index) {
            Some(before) => before.legs.extend(group.legs),
            None => kept.push(group),
        }
    }
    kept
}

/// Returns a call in a few words.
fn brief(call: &Call) -> String {
    let clock = call.first_seen().rfc3339();
    let clock = clock.as_str().get(11..19).unwrap_or_default();
    let who = |uri: &[u8]| {
        let uri = sipcap::sip::uri::Uri::parse(uri);
        escape(uri.user.unwrap_or(uri.host)).into_owned()
    };
    let text = format!(
        "{clock}  {} → {}  {}  {}",
        who(call.caller().uri),
        who(call.callee().uri),
        call.outcome().name(),
        escape(call.call_id())
    );
    printable(&text).into_owned()
}

impl Observer for Finder {
    fn interests(&self) -> Interests {
        Interests::CALLS
    }

    fn call_begun(&mut self, call: &Call) -> Result<()> {
        if let Some(correlator) = &mut self.correlator {
            correlator.begin(call);
        }
        Ok(())
    }

    fn call(&mut self, call: Box<Call>) -> Result<()> {
        let is_selected = self.choice.row(&call).is_some();
        self.selected += u64::from(is_selected);
        let brief = is_selected.then(|| brief(&call));
        if let Some(correlator) = &mut self.correlator {
            let place = correlator.end(&call);
            self.keep(place, &call, brief);
            self.take_links();
        } else if brief.is_some() {
            let place = LegPlace {
                ts: call.first_seen(),
                input: call.origin().input,
                frame: call.origin().number,
                number: call.number(),
            };
            self.keep(place, &call, brief);
        }
        Ok(())
    }
}

impl Follower for Finder {
    fn marks(&self, message: &Message<'_>) -> bool {
        self.choice.marks(message)
    }
}
