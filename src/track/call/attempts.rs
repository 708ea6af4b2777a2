//! The attempts that a call consists of: its INVITEs.

use hashbrown::DefaultHashBuilder;

use crate::{
    sip::{HeaderName, Method, address::NameAddr, list},
    time::Timestamp,
    track::{
        AttemptFailure, Context, Flags, State,
        call::{
            BranchFate, Call, Text,
            invite::{self, Hop, Invite},
            times::Name,
        },
        endpoint::Endpoint,
        seen::Seen,
    },
};

/// A session timer of more than a day is none: it would keep a call for as long.
const MAX_SESSION: u32 = 86_400;

impl Call {
    /// Takes an INVITE without To tag: another attempt, or the same one at another hop or on another branch.
    pub(super) fn initial_invite(&mut self, seen: &Seen<'_>, context: &mut Context<'_>) {
        let invite = Invite::new(seen, &context.shared.hasher);
        let hop = invite.hop;
        let known = self
            .invites
            .iter_mut()
            .find(|known| known.transaction == seen.transaction && known.cseq == seen.cseq);
        if let Some(known) = known {
            if known.is_seen {
                // Forwarded by somebody who adds no Via, such as a NAT: the hop nearest to the caller counts.
                return;
            }
            // Seen after its responses, as streams are put together.
            *known = Invite {
                status: known.status,
                is_cancelled: known.is_cancelled,
                is_heard: true,
                ..invite
            };
            return self.late_invite(seen, hop);
        }
        let is_first = self.attempts == 0;
        if !is_first && seen.cseq == self.invite_cseq {
            invite::remember(&mut self.invites, invite);
            if hop.is_before(self.first_hop) {
                return self.move_to_hop(seen, hop);
            }
            if hop.is_like(self.first_hop) {
                self.flags.insert(Flags::FORKED);
            }
            // A branch in turn: whoever forks goes on where the branch before failed.
            if hop.is_like(self.first_hop)
                && matches!(self.state, State::Failed | State::Redirected)
            {
                self.try_again(seen.ts);
            }
            return;
        }
        if self.is_answered() || (!is_first && seen.cseq < self.invite_cseq) {
            return;
        }
        let is_waiting = matches!(self.state, State::Calling | State::Trying | State::Ringing);
        if !is_first && is_waiting && hop.is_from_elsewhere(self.first_hop) {
            // A B2BUA that keeps Call-ID and tag, and counts for itself.
            invite::remember(&mut self.invites, invite);
            return;
        }
        invite::remember(&mut self.invites, invite);
        self.begin_attempt(seen, hop);
        if is_first {
            if self.texts.get(Text::RequestUri).is_empty() {
                self.describe_invite(seen);
            }
        } else {
            self.flags.remove(Flags::COMPLETED_ELSEWHERE);
            self.texts.set(Text::FromTag, seen.from_tag);
        }
    }

    /// Takes the hop of an INVITE for the first one, which was captured behind the next one, as by two interfaces.
    fn move_to_hop(&mut self, seen: &Seen<'_>, hop: Hop) {
        let flow = seen.message.flow;
        self.first_hop = hop;
        self.addresses = [flow.src, flow.dst].map(Endpoint::from);
        self.first_seen = self.first_seen.min(seen.ts);
        for name in [Name::invite0, Name::invite] {
            self.times.clear(name);
            self.note(name, seen);
        }
    }

    /// Takes an INVITE whose responses came before it.
    fn late_invite(&mut self, seen: &Seen<'_>, hop: Hop) {
        if self.times.invite().is_some() || seen.cseq != self.invite_cseq {
            return;
        }
        self.first_hop = hop;
        self.note(Name::invite, seen);
        if self.flags.contains(Flags::INVITE_MISSING) {
            self.flags.remove(Flags::INVITE_MISSING);
            self.attempts = self.attempts.max(1);
            self.note(Name::invite0, seen);
            self.describe_invite(seen);
        }
    }

    /// Takes a response to an INVITE of another attempt that was missed, or comes after it.
    pub(super) fn begin_attempt_by_response(
        &mut self,
        seen: &Seen<'_>,
        hasher: &DefaultHashBuilder,
    ) {
        let is_first = self.attempts == 0 && self.invites.is_empty();
        self.begin_attempt(seen, Hop::of(seen, hasher));
        self.times.clear(Name::invite);
        if is_first {
            self.attempts = 0;
            self.times.clear(Name::invite0);
            self.flags.insert(Flags::INVITE_MISSING);
        }
    }

    /// Begins the first attempt, or the one after a challenge, redirection or failure.
    fn begin_attempt(&mut self, seen: &Seen<'_>, hop: Hop) {
        // The one with credentials is still the same attempt.
        if self.attempts == 0 || self.state != State::Challenged {
            self.attempts = self.attempts.saturating_add(1);
        }
        if let Some(class) = AttemptFailure::of(self.status())
            && let Some(count) = self.failed_before.get_mut(class as usize)
        {
            *count = count.saturating_add(1);
        }
        self.invite_cseq = seen.cseq;
        self.first_hop = hop;
        self.is_repeated = false;
        self.give_up_early_branches(BranchFate::Failed);
        for name in [
            Name::invite,
            Name::trying,
            Name::provisional,
            Name::ringing,
            Name::progress,
            Name::cancel,
            Name::final_response,
        ] {
            self.times.clear(name);
        }
        self.note(Name::invite0, seen);
        self.note(Name::invite, seen);
        self.try_again(seen.ts);
    }

    /// Goes on to a state, whose time-out counts from now.
    pub(super) fn enter(&mut self, state: State, ts: Timestamp) {
        self.state = state;
        self.since = self.since.max(ts);
    }

    /// Goes back to waiting for the callee.
    pub(super) fn try_again(&mut self, ts: Timestamp) {
        self.enter(State::Calling, ts);
        self.outcome = None;
        self.side = None;
        self.status = 0;
        self.cause = None;
        self.texts.set(Text::Reason, b"");
        self.texts.set(Text::Explanation, b"");
        self.times.clear(Name::final_response);
    }

    /// Takes over what only the first request tells, an INVITE if it was seen.
    pub(super) fn describe_invite(&mut self, seen: &Seen<'_>) {
        let request_uri = seen.message.head.request_uri(seen.message.bytes);
        self.texts.set(Text::RequestUri, request_uri);
        if seen.method != Method::Invite || !seen.to_tag.is_empty() {
            return;
        }
        if request_uri
            .get(..15)
            .is_some_and(|urn| urn.eq_ignore_ascii_case(b"urn:service:sos"))
        {
            self.flags.insert(Flags::EMERGENCY);
        }
        let identities = seen.headers(HeaderName::PAssertedIdentity);
        for value in identities.flat_map(list::values) {
            let uri = NameAddr::parse(value).uri;
            if self.texts.get(Text::Identity1).is_empty() {
                self.texts.set(Text::Identity1, uri);
            } else {
                self.texts.set_once(Text::Identity2, uri);
            }
        }
        if let Some(value) = seen.header(HeaderName::Replaces) {
            self.texts.set_once(Text::Replaces, value);
        }
        if let Some(value) = seen.header(HeaderName::SessionExpires) {
            self.set_session_expires(value);
        }
    }

    /// Reads the value of Session-Expires (RFC 4028 §4).
    pub(super) fn set_session_expires(&mut self, value: &[u8]) {
        let digits = value.iter().take_while(|octet| octet.is_ascii_digit());
        let seconds = digits.fold(0_u32, |sum, digit| {
            sum.saturating_mul(10)
                .saturating_add(u32::from(digit - b'0'))
        });
        if seconds > 0 {
            self.session_expires = seconds.min(MAX_SESSION);
        }
    }
}
