//! What messages do to an exchange.

use std::net::SocketAddr;

use crate::{
    capture::Origin,
    sip::lower,
    time::Timestamp,
    track::{
        Context, EventKind, Flags, Interests,
        auth::{Credentials, asks_for_new_nonce},
        registration::{
            contact::Listing,
            exchange::{Exchange, Phase, Round, Text, Truth, ends},
            said::Said,
        },
        seen::Seen,
        timeouts::SECOND,
    },
};

/// How long a client may take to come back with credentials.
const CHALLENGE_LIFETIME: i64 = 30 * SECOND;

/// How long it may take to come back after 423 or a redirection: 64·T1.
const RETRY_LIFETIME: i64 = 32 * SECOND;

/// What came out of a round.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The registrar did what was asked for, or some of it.
    Accepted(Accepted),
    /// It did not.
    Refused(Refused),
}

/// A REGISTER with its 2xx.
#[derive(Debug)]
pub(super) struct Accepted {
    /// When the 2xx came.
    pub(super) ts: Timestamp,
    /// When that is told, and which frame tells it.
    pub(super) told: Timestamp,
    pub(super) origin: Option<Origin>,
    /// The frame of the 2xx.
    pub(super) frame: Option<Origin>,
    /// When the REGISTER was sent, and the number in its CSeq.
    pub(super) sent: Option<Timestamp>,
    pub(super) cseq: u32,
    /// What was asked for; none when the REGISTER was not seen.
    pub(super) asked: Option<Listing>,
    /// The bindings there are.
    pub(super) listed: Listing,
}

/// A REGISTER that led to nothing.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) ts: Timestamp,
    pub(super) asked: Listing,
}

impl Exchange {
    /// Takes a REGISTER that was not seen before.
    pub(super) fn request(&mut self, seen: &Seen<'_>, context: &Context<'_>) -> Option<Verdict> {
        let hasher = &context.shared.hasher;
        let from_tag = lower(seen.from_tag, hasher);
        let said = Said::in_message(seen);
        let depth = said.depth;
        let index = self.round_of(seen, from_tag);
        if let Some(round) = index.and_then(|index| self.rounds.get_mut(index)) {
            if round.asked.is_none() && round.transaction == seen.transaction {
                return self.request_late(index.unwrap_or_default(), seen, said, context);
            }
            // Some do not count on when they try again.
            let is_over = !matches!(round.phase, Phase::Pending | Phase::Held(_));
            let is_retry = is_over && depth <= round.depth && round.transaction != seen.transaction;
            if !is_retry {
                self.elsewhere(index.unwrap_or_default(), seen, said);
                return None;
            }
        }
        let round = Round {
            depth,
            far_depth: depth,
            credentials: said.credentials(hasher),
            asked: Some(said.listing),
            ..Round::new(seen, from_tag)
        };
        self.begin(round, seen);
        self.describe_path(said.path);
        self.describe_asked();
        None
    }

    /// Takes a REGISTER that comes after its response, as it can when segments of a stream overtake each other.
    fn request_late(
        &mut self,
        index: usize,
        seen: &Seen<'_>,
        said: Said<'_>,
        context: &Context<'_>,
    ) -> Option<Verdict> {
        let round = self.rounds.get_mut(index)?;
        if matches!(round.phase, Phase::Done) && round.status < 300 {
            return None;
        }
        (round.depth, round.far_depth) = (said.depth, said.depth);
        round.credentials = said.credentials(&context.shared.hasher);
        round.asked = Some(said.listing);
        round.sent = round.sent.min(seen.ts);
        let phase = std::mem::replace(&mut round.phase, Phase::Done);
        self.describe_near(seen);
        self.describe_path(said.path);
        self.describe_asked();
        let round = self.rounds.get_mut(index)?;
        match phase {
            Phase::Held(truth) => {
                let origin = Some(seen.message.completed_by.origin);
                self.accept(index, Some(truth), None, (seen.ts, origin))
            }
            Phase::Done => Some(Verdict::Refused(Refused {
                ts: seen.ts,
                asked: round.asked.clone().unwrap_or_default(),
            })),
            phase => {
                round.phase = phase;
                None
            }
        }
    }

    /// Takes a REGISTER at another hop.
    fn elsewhere(&mut self, index: usize, seen: &Seen<'_>, said: Said<'_>) {
        let Some(round) = self.rounds.get_mut(index) else {
            return;
        };
        let asked = said.listing;
        let [src, dst] = ends(seen);
        let is_at = |one: SocketAddr, other: SocketAddr| {
            one.ip().to_canonical() == other.ip().to_canonical()
        };
        // Who puts a Via of its own in place of the others is at the same depth; what the client itself sends elsewhere is no
        // further hop.
        let is_other = said.depth == round.depth
            && round.transaction != seen.transaction
            && !is_at(src, self.client);
        let is_nearer = is_other && is_at(dst, self.client);
        if said.depth < round.depth || is_nearer {
            // Captured in the wrong order.
            let registrar = self.registrar;
            round.depth = said.depth;
            round.transaction = seen.transaction;
            let before = round.asked.replace(asked);
            round.far_asked = before.filter(|before| round.is_other(before));
            self.describe_near(seen);
            self.describe_asked();
            self.registrar = registrar;
        } else if said.depth > round.far_depth || is_other {
            round.far_depth = round.far_depth.max(said.depth);
            round.far_asked = round.is_other(&asked).then_some(asked);
            self.registrar = dst;
            self.describe_path(said.path);
        }
    }

    /// Begins a round: that of a registration, or the next after a challenge, 423 or a redirection.
    fn begin(&mut self, mut round: Round, seen: &Seen<'_>) {
        let mut is_next = false;
        for before in &mut self.rounds {
            if matches!(before.phase, Phase::Waiting(_)) {
                before.end();
                is_next = true;
            }
        }
        let last = self.rounds.last().map(|last| last.status);
        round.follows_challenge = matches!(last, Some(401 | 407));
        if !is_next {
            self.started = round.sent;
        }
        if self.is_settled {
            self.is_settled = false;
            self.began = (seen.ts, seen.message.completed_by.origin);
        }
        self.describe_near(seen);
        self.remember(round);
    }

    /// Notes the first Contact that is asked for.
    fn describe_asked(&mut self) {
        let asked = self.rounds.last().and_then(|round| round.asked.as_ref());
        let uri = asked.and_then(Listing::first_uri);
        self.texts.set(Text::Contact, uri.unwrap_or_default());
    }

    /// Takes a message that came again.
    pub(super) fn again(&mut self, seen: &Seen<'_>, context: &Context<'_>) {
        let from_tag = lower(seen.from_tag, &context.shared.hasher);
        let index = self.round_of(seen, from_tag);
        if let Some(round) = index.and_then(|index| self.rounds.get_mut(index))
            && !seen.is_response()
            && round.transaction == seen.transaction
        {
            round.repeated = round.repeated.max(seen.ts);
        }
    }

    /// Takes a response that was not seen before.
    pub(super) fn response(
        &mut self,
        seen: &Seen<'_>,
        context: &mut Context<'_>,
    ) -> Option<Verdict> {
        if seen.status < 200 {
            return None;
        }
        let from_tag = lower(seen.from_tag, &context.shared.hasher);
        let index = self.round_of(seen, from_tag).unwrap_or_else(|| {
            self.begin(Round::new(seen, from_tag), seen);
            self.rounds.len().saturating_sub(1)
        });
        let round = self.rounds.get_mut(index)?;
        let is_accepted = seen.status < 300;
        match round.phase {
            Phase::Done | Phase::Waiting(_) => return None,
            Phase::TimedOut if !is_accepted => return None,
            _ => {}
        }
        let is_far = round.asked.is_some() && round.transaction != seen.transaction;
        if is_far || (round.asked.is_none() && is_accepted) {
            // The client has yet to hear of it, or the REGISTER to come; nobody knows whether a proxy tries elsewhere after a
            // failure.
            if is_accepted && matches!(round.phase, Phase::Pending) {
                let said = Said::in_message(seen);
                round.phase = Phase::Held(Box::new(Truth {
                    ts: seen.ts,
                    origin: seen.message.completed_by.origin,
                    listed: said.listing,
                }));
                self.describe_path(said.path);
                if !is_far {
                    self.describe_response(seen);
                }
            }
            return None;
        }
        self.conclude(index, seen, context)
    }

    /// Takes the final response that the client gets.
    fn conclude(
        &mut self,
        index: usize,
        seen: &Seen<'_>,
        context: &mut Context<'_>,
    ) -> Option<Verdict> {
        let origin = Some(seen.message.completed_by.origin);
        self.describe_response(seen);
        let round = self.rounds.get_mut(index)?;
        round.status = seen.status;
        let truth = match std::mem::replace(&mut round.phase, Phase::Done) {
            Phase::Held(truth) => Some(truth),
            _ => None,
        };
        if seen.status < 300 || truth.is_some() {
            let near = (seen.status < 300).then(|| {
                let said = Said::in_message(seen);
                self.describe_path(said.path);
                said.listing
            });
            return self.accept(index, truth, near, (seen.ts, origin));
        }
        match seen.status {
            401 | 407 => return self.challenged(index, seen, context),
            300..=399 | 423 => self.wait(index, seen.ts.plus(RETRY_LIFETIME)),
            status => {
                // Some do not ask again when credentials are wrong.
                let is_unknown = matches!(status, 403 | 404);
                let kinds: &[EventKind] = if is_unknown && round.has_answered_challenge() {
                    &[EventKind::AuthFailed, EventKind::RegFailed]
                } else {
                    &[EventKind::RegFailed]
                };
                return self.refuse(index, kinds, (seen.ts, origin), context);
            }
        }
        None
    }

    /// Takes 401 or 407.
    fn challenged(
        &mut self,
        index: usize,
        seen: &Seen<'_>,
        context: &mut Context<'_>,
    ) -> Option<Verdict> {
        self.challenges = self.challenges.saturating_add(1);
        if asks_for_new_nonce(seen) {
            self.flags.insert(Flags::STALE);
        }
        let round = self.rounds.get_mut(index)?;
        // Credentials of long ago are refused without a word about their age by many.
        let hasher = &context.shared.hasher;
        if round.follows_challenge && round.credentials.are_refused_by(seen, hasher) {
            let kinds = [EventKind::AuthFailed, EventKind::RegFailed];
            let origin = Some(seen.message.completed_by.origin);
            return self.refuse(index, &kinds, (seen.ts, origin), context);
        }
        self.wait(index, seen.ts.plus(CHALLENGE_LIFETIME));
        None
    }

    /// Waits until `until` for the client to try again, unless it has done so: segments of a stream overtake each other.
    fn wait(&mut self, index: usize, until: Timestamp) {
        let Some([round, after @ ..]) = self.rounds.get_mut(index..) else {
            return;
        };
        let Some(next) = after.first_mut() else {
            round.phase = Phase::Waiting(until);
            return;
        };
        next.follows_challenge |= matches!(round.status, 401 | 407);
        self.started = self.started.min(round.sent);
    }

    /// Ends a round with a 2xx: the registrar's, or else the one that the client gets.
    pub(super) fn accept(
        &mut self,
        index: usize,
        truth: Option<Box<Truth>>,
        near: Option<Listing>,
        (told, origin): (Timestamp, Option<Origin>),
    ) -> Option<Verdict> {
        if self.status >= 300 || self.status == 0 {
            self.status = 200;
        }
        for before in self.rounds.get_mut(..index)? {
            before.end();
        }
        let round = self.rounds.get_mut(index)?;
        round.phase = Phase::Done;
        let (sent, cseq) = (round.sent, round.cseq);
        let (asked, far_asked) = (round.asked.take(), round.far_asked.take());
        round.status = self.status;
        let frame = truth.as_ref().map(|truth| truth.origin).or(origin);
        let (ts, asked, listed) = match (truth, near) {
            // Contacts that somebody rewrites on the way are not those that the client knows.
            (Some(truth), Some(near)) => {
                let is_rewritten = far_asked.is_some() || !truth.listed.has_all_of(&near);
                let listed = if is_rewritten { near } else { truth.listed };
                (told, asked, listed)
            }
            (Some(truth), None) => (truth.ts, far_asked.or(asked), truth.listed),
            (None, near) => (told, asked, near.unwrap_or_default()),
        };
        Some(Verdict::Accepted(Accepted {
            ts,
            told,
            origin,
            frame,
            sent: asked.is_some().then_some(sent),
            cseq,
            asked,
            listed,
        }))
    }

    /// Ends a round without success, and tells of that.
    pub(super) fn refuse(
        &mut self,
        index: usize,
        kinds: &[EventKind],
        (ts, origin): (Timestamp, Option<Origin>),
        context: &mut Context<'_>,
    ) -> Option<Verdict> {
        self.failures = self.failures.saturating_add(1);
        for kind in kinds {
            context.event(Interests::REGISTRATION_EVENTS, || {
                self.event(*kind, ts, origin)
            });
        }
        let asked = self.rounds.get_mut(index)?.asked.clone();
        Some(Verdict::Refused(Refused {
            ts,
            asked: asked.unwrap_or_default(),
        }))
    }

    /// Forgets what has led to a success, so that the next registration begins anew.
    pub(super) fn settle(&mut self) {
        self.challenges = 0;
        self.failures = 0;
        self.failed = None;
        self.flags.remove(Flags::STALE);
        self.is_settled = true;
    }
}

impl Round {
    /// Returns the round of a message.
    fn new(seen: &Seen<'_>, from_tag: u64) -> Self {
        Self {
            from_tag,
            cseq: seen.cseq,
            transaction: seen.transaction,
            depth: 0,
            far_depth: 0,
            sent: seen.ts,
            repeated: seen.ts,
            asked: None,
            far_asked: None,
            credentials: Credentials::default(),
            follows_challenge: false,
            status: 0,
            phase: Phase::Pending,
        }
    }

    /// Returns whether it asks for something else further on, as far as that is known.
    fn is_other(&self, further: &Listing) -> bool {
        self.asked
            .as_ref()
            .is_none_or(|asked| asked != further && !asked.is_partial() && !further.is_partial())
    }

    /// Returns whether it is the answer to a challenge.
    fn has_answered_challenge(&self) -> bool {
        self.follows_challenge && self.credentials.are_given()
    }

    /// Ends it without a word.
    fn end(&mut self) {
        self.phase = Phase::Done;
        self.asked = None;
        self.far_asked = None;
    }
}
