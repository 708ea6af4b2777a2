//! Calls: a leg each, which is what one caller's tag began under one Call-ID, with all the branches of its forks.
//!
//! An attempt group is the first INVITE with those that follow a challenge, a redirection or a failure. The states are
//! those of [`State`](super::State); what a message does to them is in `requests` and `responses`, what a time-out does in
//! `expiry`.

mod attempts;
mod branch;
mod calls;
mod cause;
mod dialog;
mod expiry;
mod facts;
mod invite;
mod requests;
mod responses;
mod tag;
#[cfg(test)]
mod tests;
mod times;
mod within;

use self::invite::{Hop, Invite};
pub use self::{
    branch::{Branch, BranchFate},
    times::Times,
};
pub(crate) use self::{calls::Calls, times::Moment};
use crate::{
    capture::Origin,
    net::{Encapsulation, Transport},
    sip::Method,
    time::Timestamp,
    track::{
        AttemptFailure, Event, EventKind, Flags, Outcome, Party, Side, SideCounters, State,
        context::Shared,
        correlate::Clues,
        endpoint::Endpoint,
        seen::Seen,
        sighting::Sightings,
        table::Entry,
        texts::{Field, Texts},
        timer::Alarm,
    },
};

/// Which text of a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text {
    CallId,
    FromTag,
    RequestUri,
    Identity1,
    Identity2,
    CallerUri,
    CallerName,
    CalleeUri,
    CalleeName,
    Contact,
    CallerAgent,
    CalleeAgent,
    Reason,
    Explanation,
    ReferTo,
    Replaces,
}

impl Field for Text {
    fn index(self) -> usize {
        self as usize
    }
}

/// How many texts a call has.
const TEXTS: usize = Text::Replaces as usize + 1;

/// Who of the two sides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Direction {
    /// Of a transaction that the caller began.
    Forward,
    /// Of a transaction that the callee began.
    Reverse,
}

/// A call, open or over.
#[derive(Debug)]
pub struct Call {
    hash: u64,
    number: u64,
    pub(super) alarm: Alarm,
    texts: Texts<Text, TEXTS>,
    sightings: Sightings,
    /// The transactions of the INVITEs that may still be answered or were not long ago.
    invites: Vec<Invite>,
    branches: Vec<Branch>,
    times: Times,
    first_seen: Timestamp,
    last_seen: Timestamp,
    /// From when the time-out of the state counts.
    since: Timestamp,
    /// When it was lost to a time-out, or forgotten.
    end: Moment,
    origin: Origin,
    addresses: [Endpoint; 2],
    transport: Transport,
    encapsulation: Encapsulation,
    counters: [SideCounters; 2],
    flags: Flags,
    /// The events that were told, by their kinds.
    told: u32,
    /// The methods of its requests, by their numbers.
    methods: u16,
    state: State,
    outcome: Option<Outcome>,
    side: Option<Side>,
    status: u16,
    /// The final status of BYE; 0 as long as there is none.
    bye_status: u16,
    cause: Option<u8>,
    attempts: u16,
    challenges: u16,
    redirects: u16,
    /// How many attempts before the last one were answered by statuses of each class.
    failed_before: [u16; AttemptFailure::ALL.len()],
    reinvites: u16,
    episode: u32,
    /// The number in CSeq of the INVITE of the last attempt.
    invite_cseq: u32,
    /// Where that INVITE was first seen.
    first_hop: Hop,
    /// Whether the INVITE of the last attempt came again.
    is_repeated: bool,
    /// The number in CSeq of the last re-INVITE or REFER of each side, to tell it from the same one at the next hop.
    last_within: [u32; 2],
    /// The seconds of the session timer.
    session_expires: u32,
    /// Until when it is known to be up: the end of the capture.
    up_until: Moment,
    /// Whether one of its messages was marked.
    is_marked: bool,
    /// What may join it to other legs, when that is asked for.
    clues: Option<Box<Clues>>,
}

impl Call {
    /// Returns the call that a message begins.
    fn new(seen: &Seen<'_>, direction: Direction, episode: u32, number: u64) -> Self {
        let [from, to] = seen.parties();
        let (caller, callee, tag) = match direction {
            Direction::Forward => (from, to, seen.from_tag),
            Direction::Reverse => (to, from, seen.to_tag),
        };
        let message = seen.message;
        let (head, agent) = (message.head, caller.user_agent.len());
        // What comes later, as agent and reason of the callee, has room too: a call that lasts gives back what is left.
        let capacity = 96
            + seen.call_id.len()
            + tag.len()
            + caller.uri.len()
            + callee.uri.len()
            + caller.display_name.len()
            + callee.display_name.len()
            + head.contact.len()
            + agent;
        let mut texts = Texts::new(capacity.min(1 << 12));
        texts.set(Text::CallId, seen.call_id);
        texts.set(Text::FromTag, tag);
        Self {
            hash: seen.hash,
            number,
            alarm: Alarm::NONE,
            texts,
            sightings: Sightings::default(),
            invites: Vec::new(),
            branches: Vec::new(),
            times: Times::default(),
            first_seen: seen.ts,
            last_seen: seen.ts,
            since: seen.ts,
            end: Moment::NONE,
            origin: message.completed_by.origin,
            addresses: [caller.address, callee.address]
                .map(|address| Endpoint::from(address.unwrap_or(message.flow.src))),
            transport: message.flow.transport,
            encapsulation: message.encapsulation,
            counters: [SideCounters::default(); 2],
            flags: Flags::NONE,
            told: 0,
            methods: 0,
            state: State::MidCall,
            outcome: None,
            side: None,
            status: 0,
            bye_status: 0,
            cause: None,
            attempts: 0,
            challenges: 0,
            redirects: 0,
            failed_before: [0; AttemptFailure::ALL.len()],
            reinvites: 0,
            episode,
            invite_cseq: 0,
            first_hop: Hop::NONE,
            is_repeated: false,
            last_within: [0; 2],
            session_expires: 0,
            up_until: Moment::NONE,
            is_marked: false,
            clues: None,
        }
        .described(seen, direction, caller, callee)
    }

    /// Takes over the texts of the message that it begins with.
    fn described(
        mut self,
        seen: &Seen<'_>,
        direction: Direction,
        caller: Party<'_>,
        callee: Party<'_>,
    ) -> Self {
        if !seen.is_response() && direction == Direction::Forward {
            self.describe_invite(seen);
        }
        let texts = &mut self.texts;
        texts.set_beginning(Text::CallerUri, caller.uri, Text::Identity1);
        texts.set(Text::CallerName, caller.display_name);
        texts.set_beginning(Text::CalleeUri, callee.uri, Text::RequestUri);
        texts.set(Text::CalleeName, callee.display_name);
        self
    }

    /// Takes note of what a message tells that may join the call to other legs.
    fn collect_clues(&mut self, seen: &Seen<'_>, direction: Direction, shared: &Shared) {
        let clues = self.clues.get_or_insert_default();
        clues.take_trace(seen, &shared.hasher);
        let is_initial = seen.method == Method::Invite && seen.is_initial();
        if is_initial && direction == Direction::Forward {
            clues.take_invite(seen, &shared.options.correlation, &shared.hasher);
        } else {
            clues.take_other(seen, &shared.hasher);
        }
    }

    /// Takes note that the call belongs to that of another Call-ID.
    fn relate(&mut self, other: &[u8], shared: &Shared) {
        let clues = self.clues.get_or_insert_default();
        clues.relate(other, &shared.hasher);
    }

    /// Returns the branch that was answered and lasted, or else the last one.
    fn winner(&self) -> Option<&Branch> {
        let answered = |branch: &&Branch| branch.answer.is_set() || branch.ack.is_set();
        let lasting = |branch: &&Branch| branch.fate == BranchFate::Answered;
        let last = |branch: &&Branch| branch.fate == BranchFate::Ended;
        self.branches
            .iter()
            .find(lasting)
            .or_else(|| {
                self.branches
                    .iter()
                    .filter(last)
                    .max_by_key(|branch| branch.bye.get())
            })
            .or_else(|| self.branches.iter().find(answered))
            .or_else(|| self.branches.last())
    }

    /// Returns an event of this call.
    fn event(&self, kind: EventKind, ts: Timestamp) -> Event<'_> {
        Event {
            call_id: self.call_id(),
            from_tag: self.from_tag(),
            to_tag: self.to_tag(),
            method: b"INVITE",
            caller: self.caller(),
            callee: self.callee(),
            request_uri: self.request_uri(),
            contact: self.contact(),
            asserted_identities: self.asserted_identities(),
            transport: Some(self.transport),
            status: self.status(),
            reason: self.reason(),
            outcome: Some(self.outcome()),
            side: self.side,
            cause: self.cause,
            post_dial_delay: self.times.post_dial_delay(),
            setup_time: self.times.setup_time(),
            ring_time: self.times.ring_time(),
            duration: self
                .times
                .answer()
                .map(|answer| ts.since(answer))
                .filter(|duration| *duration >= 0),
            counters: self.counters,
            flags: self.flags(),
            ..Event::new(kind, ts)
        }
    }
}

impl Entry for Box<Call> {
    fn hash(&self) -> u64 {
        self.hash
    }

    fn last_seen(&self) -> Timestamp {
        self.last_seen
    }

    fn alarm(&self) -> &Alarm {
        &self.alarm
    }

    fn allocated(&self) -> usize {
        let tags = self.branches.iter().map(|branch| branch.tag.allocated());
        size_of::<Call>()
            + self.texts.allocated()
            + self.sightings.allocated()
            + self.invites.capacity() * size_of::<Invite>()
            + self.branches.capacity() * size_of::<Branch>()
            + self.clues.as_ref().map_or(0, |clues| clues.allocated())
            + tags.sum::<usize>()
    }
}
