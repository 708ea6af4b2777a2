//! What is known of a call, for whoever it is handed to.

use crate::{
    capture::Origin,
    net::{Encapsulation, Transport},
    sip::Method,
    time::Timestamp,
    track::{
        AttemptFailure, FailureClass, Flags, Outcome, Party, Side, SideCounters, State,
        call::{Branch, Call, Text, Times, cause::meaning},
        correlate::Clues,
    },
};

impl Call {
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

    /// Returns how many INVITEs before the last one were answered by a status of a class.
    #[must_use]
    pub const fn failed_before(&self, class: AttemptFailure) -> u16 {
        self.failed_before[class as usize]
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
}
