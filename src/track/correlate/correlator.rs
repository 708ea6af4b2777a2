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

/// Legs that begin at one time and are compared at most.
const MAX_AT_ONCE: usize = 32;

/// Legs that may be on one side of a leg and are kept at most.
const MAX_PAIRS: usize = 32;

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
    /// When each open leg was told to have begun, by its number.
    begun: HashMap<u64, Timestamp>,
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
            begun: HashMap::new(),
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
        self.begun.insert(call.number(), call.first_seen());
        *self.open.entry(call.first_seen()).or_default() += 1;
    }

    /// Takes a leg that is over, and returns the number it has from then on.
    pub fn end(&mut self, call: &Call) -> LegPlace {
        // A hop that is captured late lets the call begin earlier than it was told.
        if let Some(began) = self.begun.remove(&call.number()) {
            self.close(began);
        }
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
                add_pair(&mut fronts, pair);
                add_pair(&mut other.backs, back);
            } else {
                due = due.max(leg.horizon());
                add_pair(&mut backs, pair);
                add_pair(&mut other.fronts, back);
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
            self.at_once(leg, &mut numbers);
        }
        numbers.sort_unstable();
        numbers.dedup();
        let pair = |number| {
            let other = &*self.judged.get(&number)?.leg;
            let (evidence, is_front) = self.evidence(other, leg)?;
            Some((Pair { number, evidence }, is_front))
        };
        numbers.into_iter().filter_map(pair).collect()
    }

    /// Adds the legs that began at the same time as far as clocks tell, and may be behind this one.
    fn at_once(&self, leg: &Leg, numbers: &mut Vec<u64>) {
        let earliest = leg.place.ts.plus(-CLOCK_ERROR);
        let before = self.unsettled.range(..leg.place).rev();
        let before = before
            .map(|(place, _)| place)
            .take_while(|place| place.ts >= earliest)
            .take(MAX_AT_ONCE);
        for place in before {
            let other = self.judged.get(&place.number);
            if other.is_some_and(|other| leg.leads_to(&other.leg)) {
                numbers.push(place.number);
            }
        }
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

    /// Returns the earlier leg that a leg is joined to without doubt.
    fn named<'a>(&'a self, own: &'a Judged) -> Option<Candidate<'a>> {
        let candidates = self.candidates(own, &own.fronts);
        let candidates = candidates.chain(self.candidates(own, &own.backs));
        let earlier: Vec<Candidate<'_>> = candidates
            .filter(|candidate| candidate.evidence.is_sure())
            .filter(|candidate| candidate.leg.place < own.leg.place)
            .collect();
        let best = strongest(&earlier)?;
        // Two transfers to the same place at a time: the REFERs do not tell which INVITE is whose.
        let is_doubtful = best.evidence.contains(Evidence::REFERRED_BY)
            && earlier.iter().any(|rival| {
                rival.leg.place != best.leg.place
                    && rival.evidence.score() == best.evidence.score()
                    && !rival.is_of_call_of(&best)
            });
        (!is_doubtful).then_some(best)
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

    /// Returns the leg on one side of a leg that stands out, of those that do not belong elsewhere without doubt.
    fn best<'a>(
        &'a self,
        own: &'a Judged,
        side: impl Fn(&'a Judged) -> &'a [Pair],
        other_side: impl Fn(&'a Judged) -> &'a [Pair],
    ) -> Option<Candidate<'a>> {
        let candidates: Vec<Candidate<'_>> = self.candidates(own, side(own)).collect();
        let is_known = |candidate: &Candidate<'a>| candidate.evidence.is_sure();
        if candidates.iter().any(is_known) {
            return None;
        }
        let free = |candidate: &Candidate<'a>| {
            let other = self.judged.get(&candidate.leg.place.number);
            other.is_some_and(|other| {
                let pairs = other_side(other);
                // The quick question first: there are many pairs when calls are alike.
                !(pairs.iter().any(|pair| pair.evidence.is_sure())
                    && self.candidates(other, pairs).any(|back| is_known(&back)))
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
        let is_doubtful = pairs.iter().any(|pair| pair.evidence.is_shared());
        let common = if is_doubtful {
            self.common(&own.leg)
        } else {
            Evidence::NONE
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

/// Adds a pair; when there are too many, in the place of the weakest.
fn add_pair(pairs: &mut Vec<Pair>, pair: Pair) {
    if pairs.len() < MAX_PAIRS {
        pairs.push(pair);
        return;
    }
    let weakest = pairs.iter_mut().min_by_key(|known| known.evidence.score());
    if let Some(weakest) = weakest
        && weakest.evidence.score() < pair.evidence.score()
    {
        *weakest = pair;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::correlate::{
        clues::Kind,
        leg::tests::{at, leg, leg as template_at, two_sides},
    };

    /// Joins legs that are over, and returns the call and the evidence of each, in the order of their numbers.
    fn join(level: CorrelationLevel, legs: Vec<Leg>) -> Vec<(u64, String)> {
        let mut correlator = Correlator::new(level);
        // One is open all the time.
        correlator.open.insert(at(-1), 1);
        legs.into_iter()
            .for_each(|leg| correlator.add(Box::new(leg)));
        correlator.finish();
        calls(&mut correlator)
    }

    fn calls(correlator: &mut Correlator) -> Vec<(u64, String)> {
        let mut links: Vec<Link> = correlator.links().collect();
        links.sort_by_key(|link| link.leg.number);
        let names = |link: &Link| link.linked_by.names().collect::<Vec<_>>().join(" ");
        links
            .iter()
            .map(|link| (link.call.number, names(link)))
            .collect()
    }

    fn numbers(calls: Vec<(u64, String)>) -> Vec<u64> {
        calls.into_iter().map(|(call, _)| call).collect()
    }

    /// Returns the worked example with the third leg, which is like the second.
    fn three() -> [Leg; 3] {
        let [a, b] = two_sides();
        let [_, mut c] = two_sides();
        let template = leg(3, 40);
        (c.place, c.begins, c.end) = (template.place, template.begins, template.end);
        (c.call_id, c.clues.from_tag) = (template.call_id, template.clues.from_tag);
        [a, b, c]
    }

    #[test]
    fn two_sides_are_one_call() {
        use CorrelationLevel::{Explicit, Heuristic, None};
        let found = join(Heuristic, two_sides().into());
        assert_eq!(
            found,
            [(1, String::new()), (1, "path from to time".to_owned())]
        );
        for level in [Explicit, None] {
            assert_eq!(numbers(join(level, two_sides().into())), [1, 2]);
        }
    }

    #[test]
    fn equal_candidates_are_ambiguous_until_answers_tell() {
        let joined = |answers: [i64; 3]| {
            let mut legs = three();
            for (leg, millis) in legs.iter_mut().zip(answers) {
                if millis > 0 {
                    leg.answer = at(millis).into();
                }
            }
            numbers(join(CorrelationLevel::Heuristic, legs.into()))
        };
        // Nothing but their times tells the second and the third apart.
        assert_eq!(joined([0, 0, 0]), [1, 2, 3]);
        assert_eq!(joined([5_000, 4_980, 4_780]), [1, 2, 3]);
        assert_eq!(joined([5_000, 4_980, 4_779]), [1, 1, 3]);
        assert_eq!(joined([5_000, 4_700, 4_980]), [1, 2, 1]);
        // 15 points more are enough by themselves.
        assert_eq!(joined([5_000, 4_980, 0]), [1, 1, 3]);
    }

    #[test]
    fn what_is_named_is_out_of_the_way_of_others() {
        let [mut a, mut b, mut c] = three();
        let [mut d, _] = two_sides();
        let template = leg(4, 5);
        (d.place, d.begins, d.call_id) = (template.place, template.begins, template.call_id);
        for leg in [&mut a, &mut b, &mut c, &mut d] {
            leg.answer = at(5_000).into();
        }
        // 4 to 3 is known: what is left of the four is 1 and 2.
        c.clues.add(Kind::Header, d.call_id);
        let found = join(CorrelationLevel::Heuristic, vec![a, b, c, d]);
        assert_eq!(numbers(found), [1, 1, 4, 4]);
    }

    #[test]
    fn a_constant_names_nobody() {
        let legs = |count: u64| -> Vec<Leg> {
            let leg = |number| {
                let mut leg = leg(number, number as i64 * 20);
                leg.clues.icid = 7;
                leg
            };
            (1..=count).map(leg).collect()
        };
        let level = CorrelationLevel::Heuristic;
        assert_eq!(numbers(join(level, legs(8))), [1; 8]);
        let alone: Vec<u64> = (1..=30).collect();
        assert_eq!(numbers(join(level, legs(30))), alone);
    }

    #[test]
    fn two_referrals_to_one_place_at_a_time_are_ambiguous() {
        let legs = |other: i64| {
            let (mut a, mut b) = (leg(1, 0), leg(2, 20));
            let mut c = leg(3, 60_000);
            a.clues.refer(7, at(59_000));
            b.clues.refer(7, at(other));
            c.clues.add(Kind::ReferredBy, 7);
            vec![a, b, c]
        };
        let level = CorrelationLevel::Heuristic;
        assert_eq!(numbers(join(level, legs(58_000))), [1, 2, 3]);
        // That one came a minute before.
        assert_eq!(numbers(join(level, legs(20))), [1, 2, 1]);
    }

    #[test]
    fn a_long_call_is_found_by_who_takes_its_place() {
        // It is up for an hour, and what replaces it comes after others that are long over.
        let mut long = leg(1, 0);
        long.end = at(3_600_000);
        let mut last = leg(2_000, 3_600_000);
        last.clues.add(Kind::Replaces, long.call_id);
        let mut later = leg(2_001, 4_201_000);
        later.clues.add(Kind::Replaces, long.call_id);
        let mut legs: Vec<Leg> = (2..2_000).map(|n| leg(n, n as i64 * 1_700)).collect();
        legs.extend([long, last, later]);
        let found = join(CorrelationLevel::Explicit, legs);
        let of = |leg: usize| found[leg - 1].clone();
        assert_eq!(of(2_000), (1, "replaces".to_owned()));
        assert_eq!(of(2_001), (2_001, String::new()));
        assert_eq!(
            found.iter().filter(|(_, names)| !names.is_empty()).count(),
            1
        );
    }

    #[test]
    fn the_order_in_which_legs_end_does_not_matter() {
        let legs = || {
            let mut legs = Vec::new();
            for call in 0..200_u64 {
                let [mut a, mut b] = two_sides();
                for (leg, template) in [
                    (&mut a, leg(2 * call + 1, call as i64 * 97)),
                    (&mut b, leg(2 * call + 2, call as i64 * 97 + 40)),
                ] {
                    leg.place = template.place;
                    (leg.begins, leg.end) = (template.begins, template.end);
                    (leg.call_id, leg.clues.from_tag) = (template.call_id, template.clues.from_tag);
                    leg.clues.from = 1 + call % 7;
                    leg.answer = at(5_000 + (call as i64 * 7_919) % 10_000).into();
                }
                legs.extend([a, b]);
            }
            legs
        };
        let forward = join(CorrelationLevel::Heuristic, legs());
        assert!(
            forward
                .iter()
                .filter(|(_, names)| !names.is_empty())
                .count()
                > 100
        );
        let mut backward = legs();
        backward.reverse();
        // Until the first has ended all others wait.
        let mut correlator = Correlator::new(CorrelationLevel::Heuristic);
        correlator.open.insert(at(0), 1);
        backward.into_iter().for_each(|leg| {
            if leg.place.number == 1 {
                correlator.close(at(0));
            }
            correlator.add(Box::new(leg));
        });
        correlator.finish();
        assert_eq!(calls(&mut correlator), forward);
    }

    #[test]
    fn memory_is_bounded() {
        let mut correlator = Correlator::new(CorrelationLevel::Heuristic);
        correlator.max_waiting = 100;
        // One leg never ends; all others are alike and far from each other.
        correlator.open.insert(at(0), 1);
        let mut joined = 0;
        for call in 0..5_000_u64 {
            let [mut a, mut b] = two_sides();
            let begin = 10 + call as i64 * 15_000;
            for (leg, template) in [
                (&mut a, leg(2 * call + 1, begin)),
                (&mut b, leg(2 * call + 2, begin + 30)),
            ] {
                leg.place = template.place;
                (leg.begins, leg.end) = (template.begins, template.end);
                (leg.call_id, leg.clues.from_tag) = (template.call_id, template.clues.from_tag);
            }
            correlator.add(Box::new(a));
            correlator.add(Box::new(b));
            joined += correlator
                .links()
                .filter(|link| link.call != link.leg)
                .count();
            assert!(correlator.waiting.len() <= 101 && correlator.judged.len() <= 400);
        }
        assert_eq!(correlator.hasty(), 1);
        correlator.finish();
        joined += correlator
            .links()
            .filter(|link| link.call != link.leg)
            .count();
        assert_eq!(joined, 5_000);
        assert!(correlator.deadlines.len() <= 2 * correlator.judged.len());
    }

    #[test]
    fn many_that_are_alike_are_not_compared_with_each_other() {
        // Calls from one number to another, all within a second.
        let mut correlator = Correlator::new(CorrelationLevel::Heuristic);
        for number in 0..1_000_u64 {
            let [mut leg, _] = two_sides();
            let template = template_at(number, number as i64);
            (leg.place, leg.begins) = (template.place, template.begins);
            leg.call_id = template.call_id;
            leg.clues.add(Kind::Leaves, 9);
            assert!(correlator.pairs(&leg).len() <= 4 * MAX_PAIRS);
            correlator.add(Box::new(leg));
        }
        assert_eq!(correlator.judged.len(), 1_000);
        for judged in correlator.judged.values() {
            assert!(judged.fronts.len() <= MAX_PAIRS && judged.backs.len() <= MAX_PAIRS);
        }
        correlator.finish();
        assert_eq!(correlator.links().count(), 1_000);
    }
}
