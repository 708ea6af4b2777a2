//! From legs that are over to calls.

use std::collections::BTreeMap;

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::{
    time::Timestamp,
    track::{
        Call,
        correlate::{
            CorrelationLevel, Evidence,
            choose::{Candidate, outstanding, strongest},
            index::{Field, Index},
            leg::{CLOCK_ERROR, LATER, LONG, Leg, LegPlace},
        },
    },
};

/// Legs that wait for those that began before them, at most.
const MAX_WAITING: usize = 1 << 20;

/// Where a leg belongs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Link {
    /// The leg.
    pub leg: LegPlace,
    /// The first leg of its call, which may be itself.
    pub call: LegPlace,
    /// What joins it to an earlier leg of the call; nothing in the first one.
    pub linked_by: Evidence,
}

/// Joins legs to calls.
///
/// Legs are judged in the order in which they began, each as soon as all are over that began before it: only then is
/// all known of the legs that it may be behind. It is joined once all have been judged that may rival with it. What
/// is kept are the legs that wait for one that is still open, and those that a later leg may still name.
pub struct Correlator {
    level: CorrelationLevel,
    hasher: DefaultHashBuilder,
    max_waiting: usize,
    /// When the open legs began, and how many then.
    open: BTreeMap<Timestamp, u32>,
    /// The legs that are over and not judged yet.
    waiting: BTreeMap<LegPlace, Box<Leg>>,
    /// Those that are judged, by their numbers.
    judged: HashMap<u64, Judged>,
    index: Index,
    /// Those that are not joined yet, and what time it has to be for that.
    unsettled: BTreeMap<LegPlace, Timestamp>,
    /// When what is to be forgotten.
    deadlines: BTreeMap<(Timestamp, u64), Deadline>,
    /// The latest time that a judged leg began at.
    now: Timestamp,
    count: u64,
    hasty: u64,
    links: Vec<Link>,
}

/// A leg that was compared with those before it.
struct Judged {
    leg: Box<Leg>,
    /// The first leg of its call, once it is joined.
    root: Option<LegPlace>,
    /// The legs that may be in front of it, nearer to who calls.
    fronts: Vec<Pair>,
    /// The legs that may be behind it.
    backs: Vec<Pair>,
}

/// The other leg of a pair, and what speaks for it.
#[derive(Clone, Copy)]
struct Pair {
    number: u64,
    evidence: Evidence,
}

/// What ends when a deadline has passed.
#[derive(Clone, Copy)]
enum Deadline {
    /// That a leg can be found by what calls have in common.
    Heuristic,
    /// That it can be found at all.
    Explicit,
}

impl Correlator {
    /// Returns a correlator that has seen no leg yet.
    #[must_use]
    pub fn new(level: CorrelationLevel) -> Self {
        Self {
            level,
            hasher: DefaultHashBuilder::default(),
            max_waiting: MAX_WAITING,
            open: BTreeMap::new(),
            waiting: BTreeMap::new(),
            judged: HashMap::new(),
            index: Index::default(),
            unsettled: BTreeMap::new(),
            deadlines: BTreeMap::new(),
            now: Timestamp::MIN,
            count: 0,
            hasty: 0,
            links: Vec::new(),
        }
    }

    /// Takes note of a leg that has begun.
    pub fn begin(&mut self, call: &Call) {
        *self.open.entry(call.first_seen()).or_default() += 1;
    }

    /// Takes a leg that is over, and returns the number it has from then on.
    pub fn end(&mut self, call: &Call) -> LegPlace {
        self.close(call.first_seen());
        self.count += 1;
        let leg = Box::new(Leg::new(call, self.count, &self.hasher));
        let place = leg.place;
        self.add(leg);
        place
    }

    /// Joins all that is left.
    pub fn finish(&mut self) {
        self.open.clear();
        self.judge_waiting();
        self.now = Timestamp::MAX;
        self.settle_due();
    }

    /// Returns what was found out since the last time.
    pub fn links(&mut self) -> impl Iterator<Item = Link> {
        self.links.drain(..)
    }

    /// Returns how many legs were open for so long that others did not wait for them.
    #[must_use]
    pub const fn hasty(&self) -> u64 {
        self.hasty
    }

    fn close(&mut self, began: Timestamp) {
        if let Some(count) = self.open.get_mut(&began) {
            *count -= 1;
            if *count == 0 {
                self.open.remove(&began);
            }
        }
    }

    fn add(&mut self, leg: Box<Leg>) {
        self.waiting.insert(leg.place, leg);
        while self.waiting.len() > self.max_waiting
            && let Some((_, count)) = self.open.pop_first()
        {
            self.hasty += u64::from(count);
            self.judge_waiting();
        }
        self.judge_waiting();
    }

    /// Judges the legs that no open one began before.
    fn judge_waiting(&mut self) {
        while let Some(first) = self.waiting.first_entry() {
            let oldest = self.open.first_key_value();
            if oldest.is_some_and(|(began, _)| *began <= first.key().ts) {
                return;
            }
            let leg = first.remove();
            self.now = self.now.max(leg.place.ts);
            self.forget_due();
            self.settle_due();
            self.judge(leg);
        }
    }

    /// Compares a leg with those that began before it.
    fn judge(&mut self, leg: Box<Leg>) {
        let number = leg.place.number;
        let mut due = leg.place.ts.plus(LATER);
        let (mut fronts, mut backs) = (Vec::new(), Vec::new());
        for (pair, is_front) in self.pairs(&leg) {
            let Some(other) = self.judged.get_mut(&pair.number) else {
                continue;
            };
            let back = Pair { number, ..pair };
            if is_front {
                due = due.max(other.leg.horizon());
                fronts.push(pair);
                other.backs.push(back);
            } else {
                due = due.max(leg.horizon());
                backs.push(pair);
                other.fronts.push(back);
            }
        }
        self.index
            .insert(&leg, self.level == CorrelationLevel::Heuristic);
        let heuristic = leg.horizon().plus(LATER);
        let explicit = leg.end.max(leg.place.ts).plus(2 * LONG);
        for (at, deadline) in [
            (heuristic, Deadline::Heuristic),
            (explicit.max(heuristic.plus(1)), Deadline::Explicit),
        ] {
            self.deadlines.insert((at, number), deadline);
        }
        self.unsettled.insert(leg.place, due);
        let judged = Judged {
            leg,
            root: None,
            fronts,
            backs,
        };
        self.judged.insert(number, judged);
    }

    /// Returns the pairs of a leg with those that began before it, and whether the other one is in front of it.
    fn pairs(&self, leg: &Leg) -> Vec<(Pair, bool)> {
        let is_heuristic = self.level == CorrelationLevel::Heuristic;
        let mut numbers = self.index.candidates(leg, is_heuristic);
        if is_heuristic {
            numbers.extend(self.at_once(leg));
            numbers.sort_unstable();
            numbers.dedup();
        }
        let pair = |number| {
            let other = &*self.judged.get(&number)?.leg;
            let (evidence, is_front) = self.evidence(other, leg)?;
            Some((Pair { number, evidence }, is_front))
        };
        numbers.into_iter().filter_map(pair).collect()
    }

    /// Returns the legs that began at the same time as far as clocks tell: which is in front of the other is open.
    fn at_once(&self, leg: &Leg) -> Vec<u64> {
        let earliest = leg.place.ts.plus(-CLOCK_ERROR);
        let before = self.unsettled.range(..leg.place).rev();
        before
            .map(|(place, _)| place)
            .take_while(|place| place.ts >= earliest)
            .map(|place| place.number)
            .take(MAX_AT_ONCE)
            .collect()
    }

    /// Returns what speaks for two legs being of one call, the first of which began first, and whether that is in front;
    /// `None` when it is not enough.
    fn evidence(&self, first: &Leg, second: &Leg) -> Option<(Evidence, bool)> {
        if first.place >= second.place || second.begins[0] > first.end.plus(LONG) {
            return None;
        }
        let forward = first.evidence(second);
        let mut best = (forward, true);
        if second.begins[0].since(first.begins[0]) <= CLOCK_ERROR {
            let backward = second.evidence(first);
            if backward.score() > forward.score() {
                best = (backward, false);
            }
        }
        self.is_enough(best.0).then_some(best)
    }

    fn is_enough(&self, evidence: Evidence) -> bool {
        evidence.is_enough()
            && (self.level == CorrelationLevel::Heuristic || evidence.is_explicit())
    }

    /// Joins the legs for which it is time, in the order in which they began.
    fn settle_due(&mut self) {
        while let Some(first) = self.unsettled.first_entry() {
            if *first.get() >= self.now && self.now != Timestamp::MAX {
                return;
            }
            let place = *first.key();
            first.remove();
            let joined = self.front_of(place.number);
            let call = joined.map_or(place, |(root, _)| root);
            let linked_by = joined.map_or(Evidence::NONE, |(_, evidence)| evidence);
            if let Some(judged) = self.judged.get_mut(&place.number) {
                judged.root = Some(call);
            }
            self.links.push(Link {
                leg: place,
                call,
                linked_by,
            });
        }
    }

    /// Returns the call that a leg is of, and why, unless it is the first one of it.
    fn front_of(&self, number: u64) -> Option<(LegPlace, Evidence)> {
        let own = self.judged.get(&number)?;
        let joined = self
            .named(own)
            .or_else(|| self.rivalled(own, |leg| &leg.fronts, |leg| &leg.backs))
            .or_else(|| self.rivalled(own, |leg| &leg.backs, |leg| &leg.fronts))?;
        Some((joined.root?, joined.evidence))
    }

    /// Returns the earlier leg that explicit evidence joins a leg to.
    fn named<'a>(&'a self, own: &'a Judged) -> Option<Candidate<'a>> {
        let candidates = self.candidates(own, &own.fronts);
        let candidates = candidates.chain(self.candidates(own, &own.backs));
        let earlier: Vec<Candidate<'_>> = candidates
            .filter(|candidate| candidate.evidence.is_explicit())
            .filter(|candidate| candidate.leg.place < own.leg.place)
            .collect();
        strongest(&earlier)
    }

    /// Returns the earlier leg on one side of a leg that stands out for it, and for which it stands out on the other side.
    fn rivalled<'a>(
        &'a self,
        own: &'a Judged,
        side: impl Fn(&'a Judged) -> &'a [Pair],
        other_side: impl Fn(&'a Judged) -> &'a [Pair],
    ) -> Option<Candidate<'a>> {
        let one = self.best(own, &side, &other_side)?;
        let other = self.judged.get(&one.leg.place.number)?;
        let back = self.best(other, &other_side, &side)?;
        let is_mutual = back.leg.place == own.leg.place;
        (is_mutual && one.leg.place < own.leg.place).then_some(one)
    }

    /// Returns the leg on one side of a leg that stands out, of those that nothing explicit says to be elsewhere.
    fn best<'a>(
        &'a self,
        own: &'a Judged,
        side: impl Fn(&'a Judged) -> &'a [Pair],
        other_side: impl Fn(&'a Judged) -> &'a [Pair],
    ) -> Option<Candidate<'a>> {
        let candidates: Vec<Candidate<'_>> = self.candidates(own, side(own)).collect();
        let is_known = |candidate: &Candidate<'a>| candidate.evidence.is_explicit();
        if candidates.iter().any(is_known) {
            return None;
        }
        let free = |candidate: &Candidate<'a>| {
            let other = self.judged.get(&candidate.leg.place.number);
            other.is_some_and(|other| {
                !self
                    .candidates(other, other_side(other))
                    .any(|back| is_known(&back))
            })
        };
        let free: Vec<Candidate<'_>> = candidates.into_iter().filter(free).collect();
        outstanding(&free)
    }

    /// Returns the pairs of a leg that still count after what is common to many was left out.
    fn candidates<'a>(
        &'a self,
        own: &'a Judged,
        pairs: &'a [Pair],
    ) -> impl Iterator<Item = Candidate<'a>> {
        let common = if pairs.is_empty() {
            Evidence::NONE
        } else {
            self.common(&own.leg)
        };
        pairs.iter().filter_map(move |pair| {
            let other = self.judged.get(&pair.number)?;
            let evidence = pair.evidence.without(common);
            let gap = own.leg.answer_gap(&other.leg);
            self.is_enough(evidence).then_some(Candidate {
                leg: &other.leg,
                evidence,
                root: other.root,
                answer_gap: gap.or_else(|| other.leg.answer_gap(&own.leg)),
            })
        })
    }

    /// Returns the evidence that says nothing about a leg because many share it.
    fn common(&self, leg: &Leg) -> Evidence {
        let clues = &leg.clues;
        [
            (Field::Session, clues.session, Evidence::SESSION_ID),
            (
                Field::SessionLocal,
                clues.session_local,
                Evidence::SESSION_ID_LOCAL,
            ),
            (Field::Icid, clues.icid, Evidence::ICID),
            (Field::Origid, clues.origid, Evidence::ORIGID),
            (Field::SdpOrigin, clues.sdp_origin, Evidence::SDP_ORIGIN),
            (Field::Media, clues.media, Evidence::MEDIA),
        ]
        .into_iter()
        .filter(|(field, value, _)| self.index.is_common(*field, *value))
        .map(|(_, _, evidence)| evidence)
        .collect()
    }

    /// Forgets what has nothing to find any more.
    fn forget_due(&mut self) {
        while let Some(first) = self.deadlines.first_entry() {
            let (at, number) = *first.key();
            if at >= self.now {
                return;
            }
            match first.remove() {
                Deadline::Heuristic => {
                    if let Some(judged) = self.judged.get_mut(&number) {
                        self.index.remove_heuristic(&judged.leg);
                        judged.leg.clues.forget_heuristic();
                    }
                }
                Deadline::Explicit => {
                    if let Some(judged) = self.judged.remove(&number) {
                        self.index.remove_explicit(&judged.leg);
                    }
                }
            }
        }
    }
}

/// Legs that begin at one time and are compared at most.
const MAX_AT_ONCE: usize = 64;
