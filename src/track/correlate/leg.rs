//! A leg that is over, as far as joining it to others needs it.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use crate::{
    time::Timestamp,
    track::{
        Call,
        call::Moment,
        correlate::{Clues, Evidence, clues::Kind},
        timeouts::SECOND,
    },
};

/// Where a leg stands among all: by its first message.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct LegPlace {
    /// When that came.
    pub ts: Timestamp,
    /// The input with the frame that completed it.
    pub input: u16,
    /// The number of that frame.
    pub frame: u64,
    /// The how-manieth leg that was over it is.
    pub number: u64,
}

/// An INVITE that comes no later than this after another one is sent because of it.
const SOON: i64 = 2 * SECOND;

/// One that comes no later than this may be.
pub(super) const LATER: i64 = 10 * SECOND;

/// The same for evidence that is more than a coincidence.
pub(super) const LONG: i64 = 600 * SECOND;

/// Who is told by a REFER whom to call does so within this time: as long as a transaction may last (RFC 3261 §17.1.2.2).
const REFERRAL: i64 = 32 * SECOND;

/// How much two captures of one moment may differ.
pub(super) const CLOCK_ERROR: i64 = SECOND / 20;

/// How long what one side of a B2BUA does takes to come to the other one.
pub(super) const CROSSING: i64 = SECOND;

/// Answers that are no further apart do not tell legs from each other.
const SAME_ANSWER: i64 = SECOND / 5;

/// A leg that is over.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) place: LegPlace,
    pub(super) call_id: u64,
    /// The first INVITE, and that of the last attempt.
    pub(super) begins: [Timestamp; 2],
    pub(super) end: Timestamp,
    pub(super) answer: Moment,
    pub(super) bye: Moment,
    /// Hashes; 0 when there is none.
    pub(super) display: u64,
    pub(super) caller_agent: u64,
    pub(super) callee_agent: u64,
    pub(super) clues: Clues,
}

impl Leg {
    pub(super) fn new(call: &Call, number: u64, hasher: &DefaultHashBuilder) -> Self {
        let (first, times) = (call.first_seen(), call.times());
        let begin = times.invite0().unwrap_or(first);
        let (caller, callee) = (call.caller(), call.callee());
        let key = |text: &[u8]| match text {
            [] => 0,
            text => hasher.hash_one(text),
        };
        Self {
            place: LegPlace {
                ts: first,
                input: call.origin().input,
                frame: call.origin().number,
                number,
            },
            call_id: call.call_id_hash(),
            begins: [begin, times.invite().unwrap_or(begin).max(begin)],
            end: call.last_seen(),
            answer: times.answer().map_or(Moment::NONE, Moment::from),
            bye: times.bye().map_or(Moment::NONE, Moment::from),
            display: key(caller.display_name),
            caller_agent: key(caller.user_agent),
            callee_agent: key(callee.user_agent),
            clues: call.clues().cloned().unwrap_or_default(),
        }
    }

    /// Returns what speaks for `self` being in front of `other`: nearer to who calls.
    pub(super) fn evidence(&self, other: &Self) -> Evidence {
        let mut evidence = self.identity(other);
        evidence.insert(self.likeness(other));
        evidence.insert(self.timing(other));
        evidence
    }

    /// Returns what hardly two calls have in common.
    fn identity(&self, other: &Self) -> Evidence {
        let (a, b) = (&self.clues, &other.clues);
        let gap = other.begins[0].since(self.begins[0]).saturating_abs();
        let is_near = gap <= LONG;
        let is_soon = self.gap(other).is_some_and(|gap| gap <= LATER);
        let same = |one: u64, other: u64| one != 0 && one == other;
        let names = |kind| {
            a.of(kind).any(|call_id| call_id == other.call_id)
                || b.of(kind).any(|call_id| call_id == self.call_id)
        };
        let naming = Kind::NAMING.into_iter().filter(|(kind, _)| names(*kind));
        let mut evidence: Evidence = naming.map(|(_, evidence)| evidence).collect();
        let is_referred = a.refers().iter().any(|(key, ts)| {
            let gap = other.begins[0].since(*ts);
            (-CLOCK_ERROR..=REFERRAL).contains(&gap) && b.of(Kind::ReferredBy).any(|by| by == *key)
        });
        let is_derived = b.of(Kind::Stem).any(|stem| stem == self.call_id);
        let is_other_side = self.call_id == other.call_id && a.from_tag != b.from_tag;
        let is_same_session = same(a.session, b.session);
        for (is_there, piece) in [
            (is_same_session, Evidence::SESSION_ID),
            (
                !is_same_session && same(a.session_local, b.session_local),
                Evidence::SESSION_ID_LOCAL,
            ),
            (same(a.origid, b.origid), Evidence::ORIGID),
            (is_near && same(a.icid, b.icid), Evidence::ICID),
            (is_referred, Evidence::REFERRED_BY),
            (is_near && is_other_side && b.has_invite, Evidence::CALL_ID),
            (is_near && is_derived, Evidence::DERIVED_CALL_ID),
            (
                is_soon && same(a.sdp_origin, b.sdp_origin),
                Evidence::SDP_ORIGIN,
            ),
            (is_soon && same(a.media, b.media), Evidence::MEDIA),
        ] {
            if is_there {
                evidence.insert(piece);
            }
        }
        evidence
    }

    /// Returns what calls may have in common.
    fn likeness(&self, other: &Self) -> Evidence {
        let (a, b) = (&self.clues, &other.clues);
        let same = |one: u64, other: u64| one != 0 && one == other;
        let common = |kind| a.of(kind).any(|key| b.of(kind).any(|other| other == key));
        let is_same_name = same(self.display, other.display);
        let pieces = [
            (self.leads_to(other), Evidence::PATH),
            (same(a.from, b.from), Evidence::FROM),
            (common(Kind::To), Evidence::TO),
            (common(Kind::AssertedIdentity), Evidence::ASSERTED_IDENTITY),
            (is_same_name, Evidence::DISPLAY),
            (
                !is_same_name && same(self.callee_agent, other.caller_agent),
                Evidence::USER_AGENT,
            ),
        ];
        let there = pieces.into_iter().filter(|(is_there, _)| *is_there);
        there.map(|(_, piece)| piece).collect()
    }

    /// Returns whether `other` comes from where this one goes.
    pub(super) fn leads_to(&self, other: &Self) -> bool {
        let mut goes_to = self.clues.of(Kind::Arrives);
        goes_to.any(|address| other.clues.of(Kind::Leaves).any(|from| from == address))
    }

    /// Returns what times tell.
    fn timing(&self, other: &Self) -> Evidence {
        let mut evidence = match self.gap(other) {
            None => Evidence::BEFORE,
            Some(gap) if gap <= SOON => Evidence::SOON,
            Some(gap) if gap <= LATER => Evidence::LATER,
            Some(_) => Evidence::NONE,
        };
        if self.answer_gap(other).is_some() {
            evidence.insert(Evidence::ANSWER);
        }
        if let (Some(bye), Some(others)) = (self.bye.get(), other.bye.get())
            && bye.since(others).saturating_abs() <= CROSSING
        {
            evidence.insert(Evidence::BYE);
        }
        evidence
    }

    /// Returns how long after an INVITE of this leg that of `other` came; `None` when it came before.
    fn gap(&self, other: &Self) -> Option<i64> {
        let begin = other.begins[0];
        let gaps = self.begins.map(|ours| begin.since(ours));
        let gaps = gaps.into_iter().filter(|gap| *gap >= -CLOCK_ERROR);
        gaps.map(|gap| gap.max(0)).min()
    }

    /// Returns how long after the answer of `other` that of this leg came, if it can have come from there.
    pub(super) fn answer_gap(&self, other: &Self) -> Option<i64> {
        let gap = self.answer.get()?.since(other.answer.get()?);
        (0..=CROSSING).contains(&gap).then_some(gap)
    }

    /// Returns whether the answers of two legs are so far apart that they cannot be taken for each other.
    pub(super) fn is_answered_apart(&self, other: &Self) -> bool {
        match (self.answer.get(), other.answer.get()) {
            (Some(one), Some(other)) => one.since(other).saturating_abs() > SAME_ANSWER,
            _ => false,
        }
    }

    /// Returns until when legs may begin that this one is in front of, by what calls have in common.
    pub(super) fn horizon(&self) -> Timestamp {
        // Attempts that go on for longer belong to no call.
        let last = self.begins[1].min(self.begins[0].plus(LONG / 10));
        last.plus(LATER)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns the moment so many milliseconds after the first.
    pub(in crate::track::correlate) fn at(millis: i64) -> Timestamp {
        Timestamp::from_nanos(millis * (SECOND / 1000))
    }

    /// Returns a leg that begins after so many milliseconds and has nothing in common with others.
    pub(in crate::track::correlate) fn leg(number: u64, millis: i64) -> Leg {
        let mut clues = Clues::default();
        clues.has_invite = true;
        clues.from_tag = 2_000 + number;
        Leg {
            place: LegPlace {
                ts: at(millis),
                input: 0,
                frame: number,
                number,
            },
            call_id: 1_000 + number,
            begins: [at(millis); 2],
            end: at(millis),
            answer: Moment::NONE,
            bye: Moment::NONE,
            display: 0,
            caller_agent: 0,
            callee_agent: 0,
            clues,
        }
    }

    /// Returns the legs of the worked example: both sides of a B2BUA, the second one 30 ms later.
    pub(in crate::track::correlate) fn two_sides() -> [Leg; 2] {
        let (mut a, mut b) = (leg(1, 0), leg(2, 30));
        for leg in [&mut a, &mut b] {
            leg.clues.from = 4001;
            leg.clues.add(Kind::To, 1_234_567);
        }
        a.clues.add(Kind::Arrives, 9);
        b.clues.add(Kind::Leaves, 9);
        (a.clues.sdp_origin, b.clues.sdp_origin) = (77, 5);
        [a, b]
    }

    /// What makes a difference between two legs.
    type Change = fn(&mut Leg, &mut Leg);

    #[test]
    fn each_piece_of_evidence_has_its_score() {
        // The later leg begins after a minute, so that times say nothing.
        let table: &[(&str, i32, Change)] = &[
            ("nothing", 0, |_, _| {}),
            ("header", 100, |a, b| b.clues.add(Kind::Header, a.call_id)),
            ("header the other way", 100, |a, b| {
                a.clues.add(Kind::Header, b.call_id);
            }),
            ("correlation-id", 100, |a, b| {
                b.clues.add(Kind::Told, a.call_id);
            }),
            ("correlation-id the other way", 100, |a, b| {
                a.clues.add(Kind::Told, b.call_id);
            }),
            ("replaces", 100, |a, b| {
                b.clues.add(Kind::Replaces, a.call_id);
            }),
            ("join", 100, |a, b| b.clues.add(Kind::Join, a.call_id)),
            ("target-dialog", 100, |a, b| {
                b.clues.add(Kind::TargetDialog, a.call_id);
            }),
            ("refer-to", 100, |a, b| {
                a.clues.add(Kind::ReferTo, b.call_id);
            }),
            ("in-reply-to", 100, |a, b| {
                b.clues.add(Kind::InReplyTo, a.call_id);
            }),
            ("referred-by", 100, |a, b| {
                a.clues.refer(7, at(28_000));
                b.clues.add(Kind::ReferredBy, 7);
            }),
            ("referred-by too late", 0, |a, b| {
                a.clues.refer(7, at(27_999));
                b.clues.add(Kind::ReferredBy, 7);
            }),
            ("referred-by too early", 0, |a, b| {
                a.clues.refer(7, at(60_051));
                b.clues.add(Kind::ReferredBy, 7);
            }),
            ("session-id", 100, |a, b| {
                (a.clues.session, b.clues.session) = (7, 7);
                (a.clues.session_local, b.clues.session_local) = (8, 8);
            }),
            ("session-id-local", 90, |a, b| {
                (a.clues.session_local, b.clues.session_local) = (8, 8);
            }),
            ("origid", 100, |a, b| {
                (a.clues.origid, b.clues.origid) = (7, 7);
            }),
            ("icid", 90, |a, b| (a.clues.icid, b.clues.icid) = (7, 7)),
            ("call-id", 80, |a, b| b.call_id = a.call_id),
            ("call-id and tag again", 0, |a, b| {
                b.call_id = a.call_id;
                b.clues.from_tag = a.clues.from_tag;
            }),
            ("derived-call-id", 80, |a, b| {
                b.clues.add(Kind::Stem, a.call_id);
            }),
            ("derived the other way", 0, |a, b| {
                a.clues.add(Kind::Stem, b.call_id);
            }),
            ("path", 15, |a, b| {
                a.clues.add(Kind::Arrives, 9);
                b.clues.add(Kind::Leaves, 9);
            }),
            ("path the other way", 0, |a, b| {
                a.clues.add(Kind::Leaves, 9);
                b.clues.add(Kind::Arrives, 9);
            }),
            ("from", 15, |a, b| (a.clues.from, b.clues.from) = (7, 7)),
            ("to", 15, |a, b| {
                a.clues.add(Kind::To, 7);
                b.clues.add(Kind::To, 8);
                b.clues.add(Kind::To, 7);
            }),
            ("pai", 10, |a, b| {
                a.clues.add(Kind::AssertedIdentity, 7);
                b.clues.add(Kind::AssertedIdentity, 7);
            }),
            ("answer", 15, |a, b| {
                (a.answer, b.answer) = (at(61_000).into(), at(60_000).into());
            }),
            ("answer later", 0, |a, b| {
                (a.answer, b.answer) = (at(61_001).into(), at(60_000).into());
            }),
            ("answer before", 0, |a, b| {
                (a.answer, b.answer) = (at(60_000).into(), at(60_001).into());
            }),
            ("bye", 15, |a, b| {
                (a.bye, b.bye) = (at(70_000).into(), at(71_000).into());
            }),
            ("bye from behind", 15, |a, b| {
                (a.bye, b.bye) = (at(71_000).into(), at(70_000).into());
            }),
            ("bye later", 0, |a, b| {
                (a.bye, b.bye) = (at(70_000).into(), at(71_001).into());
            }),
            ("display", 5, |a, b| (a.display, b.display) = (7, 7)),
            ("user-agent", 5, |a, b| {
                (a.callee_agent, b.caller_agent) = (7, 7);
            }),
            ("display and user-agent", 5, |a, b| {
                (a.display, b.display) = (7, 7);
                (a.callee_agent, b.caller_agent) = (8, 8);
            }),
        ];
        for (name, score, change) in table {
            let (mut a, mut b) = (leg(1, 0), leg(2, 60_000));
            change(&mut a, &mut b);
            let evidence = a.evidence(&b);
            assert_eq!(evidence.score(), *score, "{name}");
            let names: Vec<&str> = evidence.names().collect();
            let expected = name.split(' ').next().filter(|_| *score > 0);
            assert_eq!(names, expected.into_iter().collect::<Vec<_>>(), "{name}");
        }
    }

    #[test]
    fn times_and_what_repeats_have_windows() {
        let clock = CLOCK_ERROR / (SECOND / 1000);
        for (millis, score) in [
            (0, 20),
            (2_000, 20),
            (2_001, 10),
            (10_000, 10),
            (10_001, 0),
            (-clock, 20),
            (-clock - 1, -100),
        ] {
            assert_eq!(
                leg(1, 0).evidence(&leg(2, millis)).score(),
                score,
                "{millis}"
            );
        }
        for (millis, sdp, icid) in [
            (10_000, 80, 100),
            (10_001, 0, 90),
            (600_000, 0, 90),
            (600_001, 0, 0),
        ] {
            let (mut a, mut b) = (leg(1, 0), leg(2, millis));
            (a.clues.media, b.clues.media) = (7, 7);
            assert_eq!(a.evidence(&b).score(), sdp, "{millis}");
            (a.clues.sdp_origin, b.clues.sdp_origin) = (8, 8);
            (a.clues.media, b.clues.media) = (0, 0);
            assert_eq!(a.evidence(&b).score(), sdp, "{millis}");
            (a.clues.sdp_origin, b.clues.sdp_origin) = (0, 0);
            (a.clues.icid, b.clues.icid) = (9, 9);
            assert_eq!(a.evidence(&b).score(), icid, "{millis}");
        }
        // After the INVITE with credentials.
        let (mut a, b) = (leg(1, 0), leg(2, 25_000));
        a.begins[1] = at(24_000);
        assert_eq!(a.evidence(&b).score(), 20);
    }

    #[test]
    fn the_worked_example_comes_out() {
        let [mut a, mut b] = two_sides();
        assert_eq!(a.evidence(&b).score(), 15 + 15 + 15 + 20);
        (a.answer, b.answer) = (at(5_000).into(), at(4_980).into());
        (a.bye, b.bye) = (at(9_000).into(), at(9_030).into());
        assert_eq!(a.evidence(&b).score(), 95);
    }
}
