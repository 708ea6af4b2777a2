//! Calls: a leg each, which is what one caller's tag began under one Call-ID, with all the branches of its forks.
//!
//! An attempt group is the first INVITE with those that follow a challenge, a redirection or a failure. The states are
//! those of [`State`](super::State); what a message does to them is in `requests` and `responses`, what a time-out does in
//! `expiry`.

mod branch;
mod calls;
mod cause;
mod dialog;
mod expiry;
mod invite;
mod requests;
mod responses;
mod tag;
#[cfg(test)]
mod tests;
mod times;

use self::invite::{Hop, Invite};
pub use self::{
    branch::{Branch, BranchFate},
    times::Times,
};
pub(crate) use self::{calls::Calls, cause::meaning, times::Moment};
use crate::{
    capture::Origin,
    net::{Encapsulation, Transport},
    sip::Method,
    time::Timestamp,
    track::{
        Event, EventKind, FailureClass, Flags, Outcome, Party, Side, SideCounters, State,
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

    /// Returns Call-ID.
    #[must_use]
    pub fn call_id(&self) -> &[u8] {
        self.texts.get(Text::CallId)
    }

    /// Returns the how-manieth call it is that uses this Call-ID, from 1 on.
    #[must_use]
    pub const fn episode(&self) -> u32 {
        self.episode
    }

    /// Returns its number: all calls are numbered from 0 on, in the order in which they began.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Returns the caller's tag.
    #[must_use]
    pub fn from_tag(&self) -> &[u8] {
        self.texts.get(Text::FromTag)
    }

    /// Returns the callee's tag: that of the branch that was answered and lasted, or else of the last one.
    #[must_use]
    pub fn to_tag(&self) -> &[u8] {
        self.winner().map(Branch::tag).unwrap_or_default()
    }

    /// Returns the branches, in the order in which they appeared.
    #[must_use]
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// Returns who called.
    #[must_use]
    pub fn caller(&self) -> Party<'_> {
        Party {
            uri: self.texts.get(Text::CallerUri),
            display_name: self.texts.get(Text::CallerName),
            address: self.addresses[0].get(),
            user_agent: self.texts.get(Text::CallerAgent),
        }
    }

    /// Returns who was called.
    #[must_use]
    pub fn callee(&self) -> Party<'_> {
        Party {
            uri: self.texts.get(Text::CalleeUri),
            display_name: self.texts.get(Text::CalleeName),
            address: self.addresses[1].get(),
            user_agent: self.texts.get(Text::CalleeAgent),
        }
    }

    /// Returns the Request-URI of the first INVITE.
    #[must_use]
    pub fn request_uri(&self) -> &[u8] {
        self.texts.get(Text::RequestUri)
    }

    /// Returns the caller's Contact.
    #[must_use]
    pub fn contact(&self) -> &[u8] {
        self.texts.get(Text::Contact)
    }

    /// Returns the URIs of the first two values of P-Asserted-Identity (RFC 3325).
    #[must_use]
    pub fn asserted_identities(&self) -> [&[u8]; 2] {
        [Text::Identity1, Text::Identity2].map(|text| self.texts.get(text))
    }

    /// Returns the Refer-To of the last REFER in it (RFC 3515).
    #[must_use]
    pub fn refer_to(&self) -> &[u8] {
        self.texts.get(Text::ReferTo)
    }

    /// Returns the dialog that it takes the place of (RFC 3891).
    #[must_use]
    pub fn replaces(&self) -> &[u8] {
        self.texts.get(Text::Replaces)
    }

    /// Returns what carried its first message.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// Returns what its first message was wrapped in.
    #[must_use]
    pub const fn encapsulation(&self) -> Encapsulation {
        self.encapsulation
    }

    /// Returns the frame that completed its first message.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Returns when its first message came.
    #[must_use]
    pub const fn first_seen(&self) -> Timestamp {
        self.first_seen
    }

    /// Returns when its last message came.
    #[must_use]
    pub const fn last_seen(&self) -> Timestamp {
        self.last_seen
    }

    /// Returns its state.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Returns what became of it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self.outcome {
            Some(outcome) => outcome,
            None if self.times.cancel().is_some() => Outcome::Cancelled,
            None => Outcome::InProgress,
        }
    }

    /// Returns who ended it.
    #[must_use]
    pub const fn side(&self) -> Option<Side> {
        self.side
    }

    /// Returns the final status of the attempt group.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        (self.status > 0).then_some(self.status)
    }

    /// Returns the reason phrase of that.
    #[must_use]
    pub fn reason(&self) -> &[u8] {
        self.texts.get(Text::Reason)
    }

    /// Returns the final status of its BYE.
    #[must_use]
    pub fn bye_status(&self) -> Option<u16> {
        (self.bye_status > 0).then_some(self.bye_status)
    }

    /// Returns why it failed, roughly.
    #[must_use]
    pub fn failure_class(&self) -> Option<FailureClass> {
        match self.outcome() {
            Outcome::Timeout => Some(FailureClass::NoResponse),
            Outcome::Unanswered => Some(FailureClass::NoAnswer),
            Outcome::Failed | Outcome::Rejected => FailureClass::of_status(self.status),
            _ => None,
        }
    }

    /// Returns the cause by ITU-T Q.850: told by a Reason header, or that of the status (RFC 3398).
    #[must_use]
    pub const fn cause(&self) -> Option<u8> {
        self.cause
    }

    /// Returns what the Reason header says about the cause, or what the cause means.
    #[must_use]
    pub fn cause_text(&self) -> &[u8] {
        match self.texts.get(Text::Explanation) {
            [] => self.cause.map_or("", meaning).as_bytes(),
            text => text,
        }
    }

    /// Returns how many attempts began it: one, and one for each retry after a redirection or failure. A retry with
    /// credentials is still the same attempt.
    #[must_use]
    pub const fn attempts(&self) -> u16 {
        self.attempts
    }

    /// Returns how many times 401 or 407 came.
    #[must_use]
    pub const fn challenges(&self) -> u16 {
        self.challenges
    }

    /// Returns how many times 3xx came.
    #[must_use]
    pub const fn redirects(&self) -> u16 {
        self.redirects
    }

    /// Returns how many INVITEs came within it.
    #[must_use]
    pub const fn reinvites(&self) -> u16 {
        self.reinvites
    }

    /// Returns the seconds of the session timer (RFC 4028).
    #[must_use]
    pub fn session_expires(&self) -> Option<u32> {
        (self.session_expires > 0).then_some(self.session_expires)
    }

    /// Returns when what happened.
    #[must_use]
    pub const fn times(&self) -> &Times {
        &self.times
    }

    /// Returns when it ended, if it did not by a message: the deadline that passed.
    #[must_use]
    pub fn timed_out(&self) -> Option<Timestamp> {
        self.end.get()
    }

    /// Returns how long it was up, in nanoseconds: from the answer to BYE, to the deadline that ended it, or to the end of the
    /// capture. `None` when it was not answered.
    #[must_use]
    pub fn duration(&self) -> Option<i64> {
        let dropped = self.end.get().filter(|_| self.state == State::Ended);
        let end = dropped.or_else(|| self.up_until.get());
        let elapsed = || Some(end?.since(self.times.answer()?)).filter(|nanos| *nanos >= 0);
        self.times.talk_time().or_else(elapsed)
    }

    /// Returns the messages that caller and callee sent.
    #[must_use]
    pub const fn counters(&self) -> &[SideCounters; 2] {
        &self.counters
    }

    /// Returns how many messages it had, those that came again too.
    #[must_use]
    pub fn messages(&self) -> u64 {
        let sides = self.counters.iter();
        sides.map(SideCounters::messages).sum()
    }

    /// Returns how many of them came again.
    #[must_use]
    pub fn retransmissions(&self) -> u64 {
        let sides = self.counters.iter();
        sides.map(|side| u64::from(side.retransmissions)).sum()
    }

    /// Returns whether one of its messages was marked.
    #[must_use]
    pub const fn is_marked(&self) -> bool {
        self.is_marked
    }

    /// Returns whether it had a request with a method.
    #[must_use]
    pub const fn has_method(&self, method: Method) -> bool {
        self.methods & 1 << method as u16 != 0
    }

    /// Returns what is odd about it.
    #[must_use]
    pub fn flags(&self) -> Flags {
        let mut flags = self.flags;
        if self.times.is_negative() {
            flags.insert(Flags::NEGATIVE_TIME);
        }
        if self.attempts == 0 {
            flags.insert(Flags::INVITE_MISSING);
        }
        if self.is_one_sided() {
            flags.insert(Flags::ONE_DIRECTION);
        }
        flags
    }

    /// Returns whether only one side was heard although the other one must have spoken.
    fn is_one_sided(&self) -> bool {
        use Method::{Ack, Bye, Prack, Update};
        let [caller, callee] = self.counters.map(|side| side.messages() > 0);
        match (caller, callee) {
            (false, true) => true,
            (true, false) => [Ack, Bye, Prack, Update]
                .into_iter()
                .any(|method| self.has_method(method)),
            _ => false,
        }
    }

    /// Returns the hash of Call-ID.
    pub(crate) const fn call_id_hash(&self) -> u64 {
        self.hash
    }

    /// Returns what may join it to other legs.
    pub(crate) fn clues(&self) -> Option<&Clues> {
        self.clues.as_deref()
    }

    /// Takes note of what a message tells that may join the call to other legs.
    fn collect_clues(&mut self, seen: &Seen<'_>, direction: Direction, shared: &Shared) {
        let clues = self.clues.get_or_insert_default();
        let is_initial = seen.method == Method::Invite && seen.is_initial();
        if is_initial && direction == Direction::Forward {
            clues.take_invite(seen, &shared.options.correlation, &shared.hasher);
        } else {
            clues.take_other(seen, &shared.hasher);
        }
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
