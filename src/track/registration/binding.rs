//! Bindings: an address of record and a Contact where it can be reached (RFC 3261 §10.1).

use std::net::SocketAddr;

use crate::{
    net::Transport,
    time::Timestamp,
    track::{
        Flags,
        call::Moment,
        endpoint::Endpoint,
        outcome::named,
        registration::contact::Identity,
        table::Entry,
        texts::{Field, Texts},
        timeouts::SECOND,
        timer::Alarm,
    },
};

named! {
    /// The state of a binding.
    BindingState {
        /// The registrar has it.
        Active = "active",
        /// It was not refreshed in time.
        Expired = "expired",
        /// It was removed.
        Removed = "removed",
        /// Another Contact of the same user agent stands in its place.
        Superseded = "superseded",
        /// It was never accepted.
        Failed = "failed",
        /// The registrar lists it, and nobody saw it begin.
        Learned = "learned",
    }
}

named! {
    /// Why a binding is over.
    EndReason {
        /// The client removed it.
        Client = "client",
        /// The registrar does not list it any more.
        Registrar = "registrar",
        /// All bindings of the address of record were removed.
        Star = "star",
        /// It was not refreshed in time.
        Expired = "expired",
        /// Another Contact of the same user agent took its place.
        Superseded = "superseded",
    }
}

/// Which text of a binding.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text {
    Aor,
    Contact,
    CallId,
    Registrant,
    Agent,
    Instance,
    Received,
    Path,
}

impl Field for Text {
    fn index(self) -> usize {
        self as usize
    }
}

/// How many texts a binding has.
const TEXTS: usize = Text::Path as usize + 1;

/// A binding, there or over, or what was to become one.
///
/// There may be a million of these, so everything is as short as it can be.
#[derive(Debug)]
pub struct Binding {
    /// The hash of its address of record.
    pub(super) hash: u64,
    pub(super) identity: Identity,
    /// The hash of the Contact that the registrar lists in place of its own; 0 when it does not.
    pub(super) alias: u64,
    pub(super) alarm: Alarm,
    pub(super) texts: Texts<Text, TEXTS>,
    pub(super) first_seen: Timestamp,
    pub(super) registered: Moment,
    pub(super) refreshed: Timestamp,
    pub(super) end: Moment,
    pub(super) frame: u64,
    pub(super) input: u16,
    pub(super) client: Endpoint,
    pub(super) registrar: Endpoint,
    pub(super) flags: Flags,
    /// 0 when nobody said.
    pub(super) requested: u32,
    pub(super) granted: u32,
    pub(super) refreshes: u32,
    pub(super) cseq: u32,
    /// A part of the key of the transaction that it was last registered with.
    pub(super) transaction: u32,
    pub(super) reg_id: u32,
    pub(super) moves: u16,
    pub(super) challenges: u16,
    pub(super) failures: u16,
    pub(super) status: u16,
    pub(super) rank: u16,
    pub(super) transport: Transport,
    pub(super) state: BindingState,
    pub(super) end_reason: Option<EndReason>,
    pub(super) is_marked: bool,
}

impl Binding {
    /// Returns the address of record.
    #[must_use]
    pub fn aor(&self) -> &[u8] {
        self.texts.get(Text::Aor)
    }

    /// Returns the URI of the Contact.
    #[must_use]
    pub fn contact(&self) -> &[u8] {
        self.texts.get(Text::Contact)
    }

    /// Returns the instance of the user agent (RFC 5626).
    #[must_use]
    pub fn instance(&self) -> &[u8] {
        self.texts.get(Text::Instance)
    }

    /// Returns the number of the flow (RFC 5626).
    #[must_use]
    pub fn reg_id(&self) -> Option<u32> {
        (self.reg_id > 0).then_some(self.reg_id)
    }

    /// Returns the Call-ID that it was last registered under.
    #[must_use]
    pub fn call_id(&self) -> &[u8] {
        self.texts.get(Text::CallId)
    }

    /// Returns the number in CSeq of the REGISTER that it was last registered with.
    #[must_use]
    pub fn cseq(&self) -> Option<u32> {
        (!self.call_id().is_empty()).then_some(self.cseq)
    }

    /// Returns the URI of who registers it, if that is somebody else.
    #[must_use]
    pub fn registrant(&self) -> &[u8] {
        self.texts.get(Text::Registrant)
    }

    /// Returns the User-Agent of the client.
    #[must_use]
    pub fn user_agent(&self) -> &[u8] {
        self.texts.get(Text::Agent)
    }

    /// Returns where the registrar has got it from, as far as it says so.
    #[must_use]
    pub fn received(&self) -> &[u8] {
        self.texts.get(Text::Received)
    }

    /// Returns the way back to the client (RFC 3327).
    #[must_use]
    pub fn path(&self) -> &[u8] {
        self.texts.get(Text::Path)
    }

    /// Returns from where it is registered, at the first hop that was seen.
    #[must_use]
    pub fn client(&self) -> Option<SocketAddr> {
        self.client.get()
    }

    /// Returns where it is registered, at the last hop that was seen.
    #[must_use]
    pub fn registrar(&self) -> Option<SocketAddr> {
        self.registrar.get()
    }

    /// Returns what carried the REGISTER, at the first hop that was seen.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// Returns which input its first message is of.
    #[must_use]
    pub const fn input(&self) -> u16 {
        self.input
    }

    /// Returns the number of the frame that completed its first message.
    #[must_use]
    pub const fn frame(&self) -> u64 {
        self.frame
    }

    /// Returns the place of its Contact among those in that message.
    #[must_use]
    pub const fn rank(&self) -> u16 {
        self.rank
    }

    /// Returns when its first message came.
    #[must_use]
    pub const fn first_seen(&self) -> Timestamp {
        self.first_seen
    }

    /// Returns when the registrar accepted it; none when that was not seen.
    #[must_use]
    pub fn registered(&self) -> Option<Timestamp> {
        self.registered.get()
    }

    /// Returns when the registrar last accepted or listed it; none when it never did.
    #[must_use]
    pub fn refreshed(&self) -> Option<Timestamp> {
        (self.state != BindingState::Failed).then_some(self.refreshed)
    }

    /// Returns when it expires, or would have.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.refreshed()
            .map(|refreshed| refreshed.plus(i64::from(self.granted) * SECOND))
    }

    /// Returns when it was over.
    #[must_use]
    pub fn ended(&self) -> Option<Timestamp> {
        self.end.get()
    }

    /// Returns why it is over.
    #[must_use]
    pub const fn end_reason(&self) -> Option<EndReason> {
        self.end_reason
    }

    /// Returns its state.
    #[must_use]
    pub const fn state(&self) -> BindingState {
        self.state
    }

    /// Returns the seconds that were last asked for.
    #[must_use]
    pub fn requested(&self) -> Option<u32> {
        (self.requested > 0).then_some(self.requested)
    }

    /// Returns the seconds that were last granted.
    #[must_use]
    pub fn granted(&self) -> Option<u32> {
        (self.state != BindingState::Failed).then_some(self.granted)
    }

    /// Returns how many times it was refreshed.
    #[must_use]
    pub const fn refreshes(&self) -> u32 {
        self.refreshes
    }

    /// Returns how many times it came from another address than before.
    #[must_use]
    pub const fn moves(&self) -> u16 {
        self.moves
    }

    /// Returns how many times 401 or 407 came.
    #[must_use]
    pub const fn challenges(&self) -> u16 {
        self.challenges
    }

    /// Returns how many registrations of it failed.
    #[must_use]
    pub const fn failures(&self) -> u16 {
        self.failures
    }

    /// Returns the status of the last final response to a registration of it.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        (self.status > 0).then_some(self.status)
    }

    /// Returns what is odd about it.
    #[must_use]
    pub const fn flags(&self) -> Flags {
        self.flags
    }

    /// Returns whether one of its messages was marked.
    #[must_use]
    pub const fn is_marked(&self) -> bool {
        self.is_marked
    }

    /// Returns whether the registrar has it at `ts`, as far as was seen: from when it was accepted, or listed, until it was
    /// removed or has expired.
    #[must_use]
    pub fn is_registered_at(&self, ts: Timestamp) -> bool {
        let since = self.registered().unwrap_or(self.first_seen);
        let until = self.ended().or_else(|| self.expires_at());
        self.state != BindingState::Failed && since <= ts && until.is_some_and(|until| ts < until)
    }
}

impl Entry for Box<Binding> {
    fn hash(&self) -> u64 {
        self.hash
    }

    fn last_seen(&self) -> Timestamp {
        self.refreshed
    }

    fn alarm(&self) -> &Alarm {
        &self.alarm
    }

    fn allocated(&self) -> usize {
        size_of::<Binding>() + self.texts.allocated()
    }
}
