//! What a call knows of its dialogs: which messages are its own, and which branch they are of (RFC 3261 §12).

use hashbrown::DefaultHashBuilder;

use crate::{
    net::Transport,
    sip::Method,
    time::Timestamp,
    track::{
        Flags, Outcome, Side, State,
        call::{Branch, BranchFate, Call, Direction, Text, invite::Hop, times::Name},
        endpoint::Endpoint,
        seen::Seen,
        sighting::{Sighting, Sightings},
        texts::MAX_TEXT,
        timeouts::SECOND,
    },
};

/// Branches of one call remembered at most.
const MAX_BRANCHES: usize = 64;

/// How well a message fits a call: whether it was seen before, whether the transaction or the branch is known, whether
/// the call is still open, and which episode and call it is.
pub(super) type Rank = (bool, bool, bool, bool, u32, u64);

impl Call {
    /// Returns whether a Call-ID is its own. Of a long one only the beginning is kept; the hash has told the rest.
    pub(super) fn has_call_id(&self, call_id: &[u8]) -> bool {
        let own = self.call_id();
        own.len() <= call_id.len()
            && call_id.starts_with(own)
            && (own.len() == call_id.len() || own.len() >= 1024)
    }

    /// Returns in which direction a message is of this call, and how well it fits; `None` when it is of another.
    pub(super) fn fit(&self, seen: &Seen<'_>) -> Option<(Direction, Rank)> {
        let direction = self.direction(seen)?;
        let is_known = self.branch(remote_tag(seen, direction)).is_some();
        let is_own = match seen.method {
            Method::Invite
            | Method::Ack
            | Method::Bye
            | Method::Cancel
            | Method::Prack
            | Method::Update => true,
            _ if seen.is_response() => is_known,
            _ => !seen.to_tag.is_empty(),
        };
        let has_transaction = self
            .invites
            .iter()
            .any(|invite| invite.transaction == seen.target);
        let is_again = self.sightings.knows(seen.sighting);
        let is_open = !matches!(self.state, State::Ended | State::Failed);
        let rank = (
            is_again,
            has_transaction,
            is_known,
            is_open,
            self.episode,
            self.number,
        );
        is_own.then_some((direction, rank))
    }

    fn direction(&self, seen: &Seen<'_>) -> Option<Direction> {
        let own = self.from_tag();
        let is_forward = is_same_tag(own, seen.from_tag);
        let is_reverse = if own.is_empty() {
            // RFC 2543 had no tag in From.
            seen.to_tag.is_empty() && self.branch(seen.from_tag).is_some()
        } else {
            is_same_tag(own, seen.to_tag)
        };
        match (is_forward, is_reverse) {
            (true, false) => Some(Direction::Forward),
            (false, true) => Some(Direction::Reverse),
            (false, false) => None,
            // Both sides have the same tag.
            (true, true) => {
                let flow = seen.message.flow;
                let requester = Endpoint::from(if seen.is_response() {
                    flow.dst
                } else {
                    flow.src
                });
                if requester == self.addresses[1] && requester != self.addresses[0] {
                    Some(Direction::Reverse)
                } else {
                    Some(Direction::Forward)
                }
            }
        }
    }

    /// Returns whether a message that fits uses the Call-ID of this call, which is over, for another one.
    pub(super) fn is_used_again_by(&self, seen: &Seen<'_>, hasher: &DefaultHashBuilder) -> bool {
        if seen.method != Method::Invite || !seen.is_initial() {
            return false;
        }
        let is_known = self
            .invites
            .iter()
            .any(|invite| invite.transaction == seen.transaction);
        if is_known {
            return false;
        }
        let flow = seen.message.flow;
        let request_uri = seen.message.head.request_uri(seen.message.bytes);
        match self.state {
            State::Ended | State::Terminating => !self.is_hop_copy(seen, hasher),
            // The next branch of a fork in turn goes elsewhere.
            State::Failed if seen.cseq == self.invite_cseq => {
                [flow.src, flow.dst].map(Endpoint::from) == self.addresses
                    && request_uri == self.texts.get(Text::RequestUri)
            }
            State::Failed => seen.cseq < self.invite_cseq,
            _ => false,
        }
    }

    /// Returns whether an INVITE is that of the last attempt at a hop behind the first one.
    fn is_hop_copy(&self, seen: &Seen<'_>, hasher: &DefaultHashBuilder) -> bool {
        seen.cseq == self.invite_cseq && !Hop::of(seen, hasher).is_like(self.first_hop)
    }

    /// Counts a message and returns whether it comes again.
    pub(super) fn sight(&mut self, seen: &Seen<'_>, direction: Direction) -> Sighting {
        let is_provisional = (101..200).contains(&seen.status);
        let sighting = self.sightings.take(seen.sighting, seen.ts, is_provisional);
        let is_by_caller = (direction == Direction::Forward) != seen.is_response();
        let counters = &mut self.counters[usize::from(!is_by_caller)];
        if !seen.is_response() {
            self.methods |= 1 << seen.method as u16;
        }
        counters.count(seen.is_response(), sighting);
        if sighting == Sighting::Retransmission {
            let is_2xx = seen.method == Method::Invite && (200..300).contains(&seen.status);
            // 2xx and its ACK come again over any transport (RFC 3261 §13.3.1.4).
            if seen.message.flow.transport != Transport::Udp
                && !is_2xx
                && seen.method != Method::Ack
            {
                self.flags.insert(Flags::TCP_RETRANSMISSION);
            }
        }
        self.last_seen = self.last_seen.max(seen.ts);
        sighting
    }

    /// Takes a message that was seen before.
    pub(super) fn again(&mut self, seen: &Seen<'_>, direction: Direction) {
        let is_invite = seen.method == Method::Invite && seen.is_initial();
        self.is_repeated |= is_invite && direction == Direction::Forward;
        self.extend(seen);
    }

    /// Forgets that a message came later than it is now: it had a wrong time.
    pub(super) fn forget_wrong_time(&mut self, ts: Timestamp, now: Timestamp) {
        if self.since > now && ts <= now {
            self.since = ts;
        }
        if self.last_seen > now && ts <= now {
            self.last_seen = ts.max(self.first_seen);
        }
    }

    /// Lets the time-out of the state count from this message, unless only some messages do so.
    pub(super) fn extend(&mut self, seen: &Seen<'_>) {
        if self.state != State::Ringing || (101..200).contains(&seen.status) {
            self.since = self.since.max(seen.ts);
        }
    }

    /// Takes note of a moment.
    pub(super) fn note(&mut self, name: Name, seen: &Seen<'_>) {
        let is_first_hop = self.is_first_hop(seen);
        self.times.note(name, seen.ts, is_first_hop);
    }

    /// Returns whether a response comes from where the first INVITE went, and goes where it came from.
    pub(super) fn reaches_caller(&self, seen: &Seen<'_>) -> bool {
        let flow = seen.message.flow;
        self.addresses == [flow.dst, flow.src].map(Endpoint::from)
    }

    /// Returns whether a message was seen at the hop where the call was first seen.
    fn is_first_hop(&self, seen: &Seen<'_>) -> bool {
        let flow = seen.message.flow;
        let [src, dst] = [flow.src, flow.dst].map(Endpoint::from);
        let [caller, callee] = self.addresses;
        if flow.transport == Transport::Udp {
            [src, dst] == [caller, callee] || [dst, src] == [caller, callee]
        } else {
            let is_between = |one: Endpoint, other: Endpoint| {
                one.has_same_ip(caller) && other.has_same_ip(callee)
            };
            is_between(src, dst) || is_between(dst, src)
        }
    }

    /// Returns whether it has the dialog of two tags, whichever side they are of.
    pub(super) fn has_dialog(&self, [one, other]: [&[u8]; 2]) -> bool {
        let own = self.from_tag();
        (is_same_tag(own, one) && self.branch(other).is_some())
            || (is_same_tag(own, other) && self.branch(one).is_some())
    }

    /// Returns the branch with a tag.
    pub(super) fn branch(&self, tag: &[u8]) -> Option<&Branch> {
        self.branches
            .iter()
            .find(|branch| is_same_tag(&branch.tag, tag))
    }

    /// Returns the branch with a tag, a new one if there is none; `None` without a tag.
    pub(super) fn branch_mut(&mut self, tag: &[u8]) -> Option<&mut Branch> {
        if tag.is_empty() {
            return None;
        }
        let known = self
            .branches
            .iter()
            .position(|branch| is_same_tag(&branch.tag, tag));
        let index = match known {
            Some(index) => index,
            None if self.branches.len() >= MAX_BRANCHES => return None,
            None => {
                self.branches.reserve_exact(1);
                self.branches.push(Branch::new(kept(tag)));
                self.branches.len() - 1
            }
        };
        self.branches.get_mut(index)
    }

    /// Returns whether the session is up as far as is known.
    pub(super) const fn is_up(&self) -> bool {
        matches!(
            self.state,
            State::Answered | State::Established | State::MidCall
        )
    }

    /// Returns whether a final response has told that there is nothing to end, or nobody waits for one any more.
    pub(super) fn has_failed(&self) -> bool {
        match self.state {
            State::Challenged | State::Redirected => true,
            State::Failed | State::Cancelling => self.status > 0,
            _ => false,
        }
    }

    /// Takes note that it goes on although it was lost to a time-out.
    pub(super) fn revive(&mut self) {
        self.outcome = None;
        self.flags.remove(Flags::TIMEOUT);
    }

    /// Takes it for answered although no 2xx was seen.
    pub(super) fn be_answered(&mut self) {
        self.flags.insert(Flags::ANSWER_IMPLIED);
        if self.end.is_set() || self.status >= 300 {
            self.flags.insert(Flags::LATE_ANSWER);
            self.status = 0;
        }
        self.outcome = Some(Outcome::Answered);
    }

    /// Takes note that another call has taken the place of this one.
    pub(super) fn be_replaced(&mut self, ts: Timestamp) {
        self.flags.insert(Flags::REPLACED);
        self.since = self.since.max(ts);
    }

    /// Lets the early branches have this fate.
    pub(super) fn give_up_early_branches(&mut self, fate: BranchFate) {
        for branch in &mut self.branches {
            if branch.fate == BranchFate::Early {
                branch.fate = fate;
            }
        }
    }

    /// Gives up the branches whose answers never reached the caller.
    pub(super) fn give_up_unconfirmed_branches(&mut self) {
        for branch in &mut self.branches {
            if branch.fate == BranchFate::Answered {
                branch.fate = BranchFate::Gone;
            }
        }
    }

    /// Takes note when a second branch has a dialog.
    pub(super) fn notice_fork(&mut self) {
        let dialogs = self
            .branches
            .iter()
            .filter(|branch| branch.provisional.is_set() || branch.answer.is_set())
            .filter(|branch| !matches!(branch.fate, BranchFate::Failed | BranchFate::Cancelled));
        if dialogs.count() > 1 {
            self.flags.insert(Flags::FORKED);
        }
    }

    /// Decides what is left open when nothing more comes: the early branches of a call that was answered on another one 64·T1
    /// ago (RFC 3261 §13.2.2.4), and whether it was answered at all.
    pub(super) fn decide(&mut self, now: Timestamp) {
        let is_late = self
            .times
            .answer()
            .is_some_and(|answer| now.since(answer) >= 32 * SECOND);
        if is_late {
            self.give_up_early_branches(BranchFate::Gone);
        }
        // Nobody said that it was answered; see `requests` about BYE in an early dialog.
        let is_early_bye = self.flags.contains(Flags::EARLY_BYE) && self.outcome.is_none();
        if is_early_bye && self.state == State::Ended {
            self.fail(Outcome::Cancelled, Some(Side::Caller), now);
        }
    }

    /// Takes note of the end of the capture.
    pub(super) fn settle_end(&mut self, now: Timestamp) {
        if self.is_up() {
            self.up_until = now.max(self.last_seen).into();
        }
    }

    /// Returns whether any branch is answered and not ended.
    pub(super) fn has_open_branch(&self) -> bool {
        // What was never confirmed does not count beside what was.
        let is_any_confirmed = self.branches.iter().any(|branch| branch.ack.is_set());
        self.branches.iter().any(|branch| {
            branch.fate == BranchFate::Answered && (branch.ack.is_set() || !is_any_confirmed)
        })
    }

    /// Returns whether the answer was seen or follows from what was seen.
    pub(super) fn is_answered(&self) -> bool {
        self.times.answer().is_some() || self.flags.contains(Flags::ANSWER_IMPLIED)
    }

    /// Returns whether it remembers what is of use for 32 seconds only.
    pub(super) fn is_fresh(&self) -> bool {
        self.sightings.allocated() > 0 || self.invites.len() > 1
    }

    /// Forgets what is of use for 32 seconds only: there may be many calls that nothing is heard of for long.
    pub(super) fn settle(&mut self) {
        self.sightings = Sightings::default();
        self.texts.compact();
        if self.invites.len() > 1 {
            self.invites.drain(..self.invites.len() - 1);
        }
        self.invites.shrink_to_fit();
        self.branches.shrink_to_fit();
    }
}

/// Returns the tag of the callee's side in a message.
pub(super) fn remote_tag<'a>(seen: &Seen<'a>, direction: Direction) -> &'a [u8] {
    match direction {
        Direction::Forward => seen.to_tag,
        Direction::Reverse => seen.from_tag,
    }
}

/// Returns whether two tags are the same, as far as they are kept; tokens are so in any case (RFC 3261 §7.3.1).
pub(super) fn is_same_tag(one: &[u8], other: &[u8]) -> bool {
    let (one, other) = (kept(one), kept(other));
    one == other || one.eq_ignore_ascii_case(other)
}

/// Returns what is kept of a tag.
fn kept(tag: &[u8]) -> &[u8] {
    tag.get(..MAX_TEXT).unwrap_or(tag)
}
