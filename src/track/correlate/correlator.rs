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
    /// The legs that it may be behind.
    ahead: Vec<Pair>,
    /// The legs that may be behind it.
    behind: Vec<Pair>,
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

    /// Compares a leg with those before it that it may be behind.
    fn judge(&mut self, leg: Box<Leg>) {
        let number = leg.place.number;
        let ahead = self.ahead(&leg);
        let mut due = leg.place.ts.plus(LATER);
        for pair in &ahead {
            if let Some(other) = self.judged.get_mut(&pair.number) {
                due = due.max(other.leg.horizon());
                other.behind.push(Pair { number, ..*pair });
            }
        }
        let is_heuristic = self.level == CorrelationLevel::Heuristic;
        self.index.insert(&leg, is_heuristic);
        let heuristic = leg.horizon().plus(LATER);
        let explicit = leg
            .end
            .max(leg.place.ts)
            .plus(2 * LONG)
            .max(heuristic.plus(1));
        self.deadlines
            .insert((heuristic, number), Deadline::Heuristic);
        self.deadlines
            .insert((explicit, number), Deadline::Explicit);
        self.unsettled.insert(leg.place, due);
        let judged = Judged {
            leg,
            root: None,
            ahead,
            behind: Vec::new(),
        };
        self.judged.insert(number, judged);
    }

    /// Returns the pairs of a leg with those before it that speak for one call.
    fn ahead(&self, leg: &Leg) -> Vec<Pair> {
        let is_heuristic = self.level == CorrelationLevel::Heuristic;
        let mut numbers = self.index.candidates(leg, is_heuristic);
        if is_heuristic {
            numbers.extend(self.at_once(leg));
            numbers.sort_unstable();
            numbers.dedup();
        }
        let pair = |number| {
            let other = &*self.judged.get(&number)?.leg;
            let evidence = self.evidence(other, leg)?;
            Some(Pair { number, evidence })
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

    /// Returns what speaks for two legs being of one call, the first of which began first; `None` when it is not enough.
    fn evidence(&self, first: &Leg, second: &Leg) -> Option<Evidence> {
        if first.place >= second.place || second.begins[0] > first.end.plus(LONG) {
            return None;
        }
        let forward = first.evidence(second);
        let evidence = if second.begins[0].since(first.begins[0]) <= CLOCK_ERROR {
            let backward = second.evidence(first);
            if backward.score() > forward.score() {
                backward
            } else {
                forward
            }
        } else {
            forward
        };
        self.is_enough(evidence).then_some(evidence)
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
        let explicit: Vec<Candidate<'_>> = self
            .candidates(&own.leg, &own.ahead)
            .filter(|candidate| candidate.evidence.is_explicit())
            .collect();
        if let Some(front) = strongest(&explicit) {
            return Some((front.root?, front.evidence));
        }
        let fronts: Vec<Candidate<'_>> = self
            .candidates(&own.leg, &own.ahead)
            .filter(|candidate| !self.is_in_front_of_another(candidate.leg))
            .collect();
        let front = outstanding(&fronts)?;
        let other = self.judged.get(&front.leg.place.number)?;
        let backs: Vec<Candidate<'_>> = self
            .candidates(&other.leg, &other.behind)
            .filter(|candidate| !self.is_behind_another(candidate.leg))
            .collect();
        let back = outstanding(&backs)?;
        (back.leg.place == own.leg.place).then_some((front.root?, front.evidence))
    }

    /// Returns whether explicit evidence says what is behind a leg.
    fn is_in_front_of_another(&self, leg: &Leg) -> bool {
        self.judged
            .get(&leg.place.number)
            .is_some_and(|judged| self.has_explicit(leg, &judged.behind))
    }

    /// Returns whether explicit evidence says what is in front of a leg.
    fn is_behind_another(&self, leg: &Leg) -> bool {
        self.judged
            .get(&leg.place.number)
            .is_some_and(|judged| self.has_explicit(leg, &judged.ahead))
    }

    fn has_explicit(&self, leg: &Leg, pairs: &[Pair]) -> bool {
        self.candidates(leg, pairs)
            .any(|candidate| candidate.evidence.is_explicit())
    }

    /// Returns the pairs of a leg that still count after what is common to many was left out.
    fn candidates<'a>(
        &'a self,
        leg: &'a Leg,
        pairs: &'a [Pair],
    ) -> impl Iterator<Item = Candidate<'a>> {
        let common = self.common(leg);
        pairs.iter().filter_map(move |pair| {
            let other = self.judged.get(&pair.number)?;
            let evidence = pair.evidence.without(common);
            let gap = leg.answer_gap(&other.leg);
            self.is_enough(evidence).then_some(Candidate {
                leg: &other.leg,
                evidence,
                root: other.root,
                answer_gap: gap.or_else(|| other.leg.answer_gap(leg)),
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
