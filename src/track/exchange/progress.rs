//! What messages and time-outs do to an exchange.

use crate::{
    net::Transport,
    time::Timestamp,
    track::{
        Context, EventKind, ExchangeOutcome, Flags, Interests,
        exchange::{Exchange, Role, Text},
        seen::Seen,
        sighting::Sighting,
        timeouts::{SECOND, Timeout, Timeouts},
    },
};

/// 64·T1 (RFC 3261 §17.1.2.2, timers F and J): how long a request is sent again, and how long responses come again.
const LIFETIME: i64 = 32 * SECOND;

/// How long after the first request nobody waits for a response any more, however often it came again.
const LONGEST: i64 = 2 * LIFETIME;

/// How long a request with credentials may take to follow a challenge.
const RETRY: i64 = 30 * SECOND;

/// What a message means to the exchange it is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Progress {
    /// It is the request, seen for the first time.
    Began,
    /// It is the final response that decides.
    Settled,
    /// It would be that, but came after the time-out.
    Late,
    /// It came again.
    Again,
    /// It does not matter.
    Nothing,
}

impl Exchange {
    /// Takes a message.
    pub(super) fn message(&mut self, seen: &Seen<'_>, context: &mut Context<'_>) -> Progress {
        if self.sight(seen) == Sighting::Retransmission {
            if !seen.is_response() && self.ways.knows(seen.transaction) {
                self.repeated = self.repeated.max(Some(seen.ts));
            }
            Progress::Again
        } else if seen.is_response() {
            self.response(seen, context)
        } else {
            self.take_request(seen)
        }
    }

    /// Counts a message and returns whether it comes again.
    fn sight(&mut self, seen: &Seen<'_>) -> Sighting {
        let is_provisional = (101..200).contains(&seen.status);
        let sighting = self.sightings.take(seen.sighting, seen.ts, is_provisional);
        self.counters[usize::from(seen.is_response())].count(seen.is_response(), sighting);
        let is_reliable = seen.message.flow.transport != Transport::Udp;
        if sighting == Sighting::Retransmission && is_reliable {
            self.flags.insert(Flags::TCP_RETRANSMISSION);
        }
        self.last_seen = self.last_seen.max(seen.ts);
        sighting
    }

    /// Takes the request, the first time or at another hop.
    fn take_request(&mut self, seen: &Seen<'_>) -> Progress {
        let [sender, receiver] = [seen.message.flow.src, seen.message.flow.dst];
        let is_by_sender = if seen.message.flow.transport == Transport::Udp {
            sender == self.addresses[0]
        } else {
            sender.ip() == self.addresses[0].ip()
        };
        let depth = seen.depth();
        if self.ways.request(seen.transaction, depth, is_by_sender) {
            self.addresses = [sender, receiver];
        }
        if self.request.is_some() {
            return Progress::Nothing;
        }
        self.request = Some(seen.ts);
        self.flags.remove(Flags::ONE_DIRECTION);
        self.describe_request(seen);
        Progress::Began
    }

    fn response(&mut self, seen: &Seen<'_>, context: &mut Context<'_>) -> Progress {
        if self.request.is_none() {
            self.flags.insert(Flags::ONE_DIRECTION);
        }
        let is_here = self.is_here(seen);
        if seen.status < 200 {
            // One that is overtaken by the final response tells nothing.
            if is_here && self.final_response.is_none() {
                self.provisional.get_or_insert(seen.ts);
            }
            return Progress::Nothing;
        }
        match self.outcome {
            ExchangeOutcome::Open => {}
            ExchangeOutcome::Timeout if is_here && self.status == 0 => {
                context.shared.stats.late_finals += 1;
                self.take_final(seen);
                return Progress::Late;
            }
            _ => return Progress::Nothing,
        }
        let is_last = is_here && self.ways.close(seen.transaction);
        let is_success = (200..300).contains(&seen.status);
        if !is_here || (!is_last && !is_success) {
            let is_better = is_success && !(200..300).contains(&self.elsewhere);
            if self.elsewhere == 0 || is_better {
                self.elsewhere = seen.status;
            }
            return Progress::Nothing;
        }
        self.take_final(seen);
        let kind = self.settle(seen, context);
        self.tell(kind, seen, context);
        Progress::Settled
    }

    /// Returns whether a response is at the hop that decides.
    fn is_here(&self, seen: &Seen<'_>) -> bool {
        // If the request was missed, the address tells: the port need not be that which the request is sent from.
        let to_sender = seen.message.flow.dst.ip() == self.addresses[0].ip();
        self.ways.knows(seen.transaction) || (to_sender && self.ways.are_at(seen.depth()))
    }

    /// Takes over what the final response tells.
    fn take_final(&mut self, seen: &Seen<'_>) {
        self.status = seen.status;
        self.final_response = Some(seen.ts);
        self.texts.set(Text::Reason, seen.reason());
        self.texts.set_once(Text::ToTag, seen.to_tag);
        let agent = seen.message.head.user_agent.of(seen.message.bytes);
        self.texts.set_once(Text::CalleeAgent, agent);
    }

    /// Decides by the final response; returns what it amounts to.
    fn settle(&mut self, seen: &Seen<'_>, context: &Context<'_>) -> Option<EventKind> {
        let hasher = &context.shared.hasher;
        let is_challenge = matches!(seen.status, 401 | 407);
        if is_challenge && self.credentials.are_refused_by(seen, hasher) {
            self.flags.insert(Flags::AUTH_REFUSED);
            self.outcome = ExchangeOutcome::AuthFailed;
            Some(EventKind::AuthFailed)
        } else if is_challenge {
            self.outcome = ExchangeOutcome::Challenged;
            None
        } else {
            Some(self.decide(seen.status))
        }
    }

    /// Decides by a status that is no challenge.
    fn decide(&mut self, status: u16) -> EventKind {
        if (200..300).contains(&status) {
            self.outcome = ExchangeOutcome::Ok;
            EventKind::OtherOk
        } else {
            self.outcome = ExchangeOutcome::Failed;
            EventKind::OtherFailed
        }
    }

    /// Takes note that a request with credentials has followed the challenge.
    pub(super) fn take_up(&mut self) {
        self.is_taken_up = true;
    }

    /// Returns whether a challenge is still to be taken up.
    pub(super) fn is_challenged(&self) -> bool {
        self.outcome == ExchangeOutcome::Challenged && !self.is_taken_up
    }

    /// Returns whether a request that fits uses the number in CSeq again for another exchange.
    pub(super) fn is_used_again_by(&self, seen: &Seen<'_>, is_retry: bool) -> bool {
        if seen.is_response()
            || self.request.is_none()
            || self.outcome == ExchangeOutcome::Open
            || (self.is_challenged() && !is_retry)
            || self.ways.knows(seen.transaction)
            || !self.ways.are_at(seen.depth())
        {
            return false;
        }
        // The next branch of a fork in turn goes elsewhere.
        let flow = seen.message.flow;
        let is_same_hop = if flow.transport == Transport::Udp {
            [flow.src, flow.dst] == self.addresses
        } else {
            [flow.src, flow.dst].map(|address| address.ip())
                == self.addresses.map(|address| address.ip())
        };
        is_same_hop && seen.message.head.request_uri(seen.message.bytes) == self.request_uri()
    }

    /// Returns when the state is over if nothing comes.
    pub(super) fn deadline(&self, timeouts: &Timeouts) -> Timestamp {
        let linger = |timeout| {
            let linger = timeouts.get(timeout);
            self.last_seen.plus(match self.transport {
                Transport::Udp => linger.max(LIFETIME),
                _ => linger,
            })
        };
        match self.outcome {
            ExchangeOutcome::Open => self.given_up_at(timeouts),
            ExchangeOutcome::Challenged if !self.is_taken_up => self.last_seen.plus(RETRY),
            ExchangeOutcome::Ok => linger(Timeout::NonInvFin),
            ExchangeOutcome::Failed | ExchangeOutcome::Challenged | ExchangeOutcome::AuthFailed => {
                linger(Timeout::NonInvNeg)
            }
            ExchangeOutcome::Timeout => {
                let timed_out = self.timed_out.unwrap_or(self.last_seen);
                timed_out.max(self.last_seen).plus(LIFETIME)
            }
        }
    }

    /// Returns when nobody waits for a final response any more.
    fn given_up_at(&self, timeouts: &Timeouts) -> Timestamp {
        let first = self.request.unwrap_or(self.first_seen);
        let limit = timeouts.get(Timeout::NonInv1st);
        if limit != Timeouts::SIPCAP.get(Timeout::NonInv1st) {
            return first.plus(limit);
        }
        // Those that count in other units send on for longer.
        let repeated = self.repeated.unwrap_or(first);
        let given_up = first.plus(limit).max(repeated.plus(LIFETIME));
        given_up.min(first.plus(LONGEST))
    }

    /// Lets the state end at `deadline`; returns whether the exchange is over for good.
    pub(super) fn expire(&mut self, deadline: Timestamp, context: &mut Context<'_>) -> bool {
        match self.outcome {
            ExchangeOutcome::Open if self.elsewhere > 0 => {
                // The final response at this hop was missed, or some branch never answered.
                self.status = self.elsewhere;
                let kind = self.decide(self.status);
                self.tell_deadline(kind, deadline, context);
                false
            }
            ExchangeOutcome::Open => {
                self.outcome = ExchangeOutcome::Timeout;
                self.timed_out = Some(deadline);
                self.flags.insert(Flags::TIMEOUT);
                self.tell_deadline(EventKind::OtherTimeout, deadline, context);
                false
            }
            ExchangeOutcome::Challenged if !self.is_taken_up => {
                self.outcome = ExchangeOutcome::AuthFailed;
                self.tell_deadline(EventKind::AuthFailed, deadline, context);
                true
            }
            _ => true,
        }
    }

    /// Returns whether an event of this exchange is told.
    const fn may_tell(&self, kind: EventKind) -> bool {
        match self.role {
            Role::Alone => true,
            Role::Subscribing => !matches!(kind, EventKind::OtherOk),
            Role::Notifying => false,
        }
    }

    fn tell(&self, kind: Option<EventKind>, seen: &Seen<'_>, context: &mut Context<'_>) {
        if let Some(kind) = kind.filter(|kind| self.may_tell(*kind)) {
            let mut event = self.event(kind, seen.ts);
            event.origin = Some(seen.message.completed_by.origin);
            context.event(Interests::OTHER_EVENTS, || event);
        }
    }

    fn tell_deadline(&self, kind: EventKind, deadline: Timestamp, context: &mut Context<'_>) {
        if self.may_tell(kind) {
            context.event(Interests::OTHER_EVENTS, || self.event(kind, deadline));
        }
    }
}
