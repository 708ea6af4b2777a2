//! Bindings: an address of record and a Contact where it can be reached (RFC 3261 §10.1).

use std::net::SocketAddr;

use crate::{
    capture::Origin,
    net::Transport,
    time::Timestamp,
    track::{
        Event, EventKind, Flags, Party,
        call::Moment,
        endpoint::Endpoint,
        outcome::named,
        registration::{
            contact::{Contact, Identity, host_ip, is_private},
            exchange::Exchange,
        },
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
    texts: Texts<Text, TEXTS>,
    first_seen: Timestamp,
    pub(super) registered: Moment,
    pub(super) refreshed: Timestamp,
    pub(super) end: Moment,
    frame: u64,
    input: u16,
    pub(super) client: Endpoint,
    registrar: Endpoint,
    pub(super) flags: Flags,
    /// 0 when nobody said.
    requested: u32,
    pub(super) granted: u32,
    pub(super) refreshes: u32,
    pub(super) cseq: u32,
    reg_id: u32,
    pub(super) moves: u16,
    challenges: u16,
    failures: u16,
    status: u16,
    transport: Transport,
    pub(super) state: BindingState,
    pub(super) end_reason: Option<EndReason>,
    is_marked: bool,
}

impl Binding {
    /// Returns a binding that `exchange` is about.
    pub(super) fn new(
        exchange: &Exchange,
        contact: &Contact<'_>,
        identity: Identity,
        ts: Timestamp,
    ) -> Self {
        let instance = contact.instance();
        let capacity = exchange.aor().len() + contact.value.uri.len() + instance.len();
        let mut texts = Texts::new(capacity.min(1 << 12));
        texts.set(Text::Aor, exchange.aor());
        texts.set(Text::Contact, contact.value.uri);
        texts.set(Text::Instance, instance);
        texts.set(Text::Received, contact.received());
        let (first_seen, origin) = exchange.began;
        Self {
            hash: exchange.aor_hash(),
            identity,
            alias: 0,
            alarm: Alarm::NONE,
            texts,
            first_seen,
            registered: Moment::NONE,
            refreshed: ts,
            end: Moment::NONE,
            frame: origin.number,
            input: origin.input,
            client: Endpoint::NONE,
            registrar: Endpoint::NONE,
            flags: Flags::NONE,
            requested: 0,
            granted: 0,
            refreshes: 0,
            cseq: 0,
            reg_id: contact.reg_id(),
            moves: 0,
            challenges: 0,
            failures: 0,
            status: 0,
            transport: exchange.transport(),
            state: BindingState::Learned,
            end_reason: None,
            is_marked: exchange.is_marked(),
        }
    }

    /// Says that it was first seen where `origin` lists it.
    pub(super) fn begin_at(&mut self, ts: Timestamp, origin: Option<Origin>) {
        if let Some(origin) = origin {
            self.first_seen = ts;
            (self.input, self.frame) = (origin.input, origin.number);
        }
    }

    /// Takes over what an exchange of its own tells.
    pub(super) fn describe(&mut self, exchange: &Exchange) {
        self.client = exchange.client().into();
        self.registrar = exchange.registrar().into();
        self.cseq = exchange.cseq();
        self.status = exchange.status();
        self.transport = exchange.transport();
        self.challenges = self.challenges.saturating_add(exchange.challenges());
        self.failures = self.failures.saturating_add(exchange.failures());
        self.flags.insert(exchange.flags());
        self.is_marked |= exchange.is_marked();
        let texts = &mut self.texts;
        texts.set(Text::CallId, exchange.call_id());
        if exchange.flags().contains(Flags::THIRD_PARTY) {
            texts.set(Text::Registrant, exchange.registrant().uri);
        }
        for (text, value) in [
            (Text::Agent, exchange.registrant().user_agent),
            (Text::Path, exchange.path()),
        ] {
            if !value.is_empty() {
                texts.set(text, value);
            }
        }
        self.look_for_nat(exchange.client());
    }

    /// Takes over the Contact that it was refreshed with.
    pub(super) fn describe_contact(&mut self, contact: &Contact<'_>, requested: Option<u32>) {
        self.texts.set(Text::Contact, contact.value.uri);
        if !contact.instance().is_empty() {
            self.texts.set(Text::Instance, contact.instance());
        }
        self.texts.set_once(Text::Received, contact.received());
        self.requested = requested.unwrap_or_default();
    }

    /// Takes over how the registrar lists it; returns whether it says now that it got it from elsewhere.
    pub(super) fn describe_listed(&mut self, listed: &Contact<'_>, identity: Identity) -> bool {
        let is_own = identity.contact == self.identity.contact;
        self.alias = if is_own { 0 } else { identity.contact };
        let received = listed.received();
        let before = self.texts.get(Text::Received);
        let is_other = !received.is_empty() && !before.is_empty() && before != received;
        if !received.is_empty() {
            self.texts.set(Text::Received, received);
        }
        is_other
    }

    /// Returns whether an exchange comes from elsewhere than the one before.
    pub(super) fn is_moved(&self, exchange: &Exchange) -> bool {
        let Some(before) = self.client() else {
            return false;
        };
        let client = exchange.client();
        let (is_udp, was_udp) = (
            exchange.transport() == Transport::Udp,
            self.transport == Transport::Udp,
        );
        // A stream has a port of its own each time.
        before.ip() != client.ip().to_canonical()
            || (is_udp && was_udp && before.port() != client.port())
    }

    /// Returns whether `by` takes its place, although it has another Contact.
    pub(super) fn is_superseded_by(&self, by: &Self) -> bool {
        if self.identity.differs_in_flow(&by.identity) {
            return false;
        }
        let (instance, other) = (self.instance(), by.instance());
        let is_instance = !instance.is_empty() && instance == other;
        let is_other_instance = !instance.is_empty() && !other.is_empty() && instance != other;
        let ip = |binding: &Self| binding.client().map(|client| client.ip());
        let is_place = self.identity.user == by.identity.user
            && ip(self).is_some()
            && ip(self) == ip(by)
            && !is_other_instance;
        is_instance || is_place
    }

    /// Cancels its removal if that is held back; returns whether it was.
    pub(super) fn come_back(&mut self) -> bool {
        let is_back = self.is_leaving();
        self.end = Moment::NONE;
        self.end_reason = None;
        is_back
    }

    /// Counts a registration that failed and would have refreshed it.
    pub(super) fn fail(&mut self, status: u16) {
        self.failures = self.failures.saturating_add(1);
        self.status = status;
    }

    /// Remarks a private Contact that is not where it came from.
    fn look_for_nat(&mut self, client: SocketAddr) {
        let uri = crate::sip::uri::Uri::parse(self.texts.get(Text::Contact));
        let is_behind =
            host_ip(&uri).is_some_and(|ip| is_private(ip) && ip != client.ip().to_canonical());
        if is_behind {
            self.flags.insert(Flags::BEHIND_NAT);
        } else {
            self.flags.remove(Flags::BEHIND_NAT);
        }
    }

    /// Returns whether it is over but for the time that its removal is held back.
    pub(super) fn is_leaving(&self) -> bool {
        self.end.is_set()
    }

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

    /// Returns an event of it that no message tells.
    pub(super) fn event(&self, kind: EventKind, ts: Timestamp) -> Event<'_> {
        let registrant = match self.registrant() {
            [] => self.aor(),
            registrant => registrant,
        };
        Event {
            call_id: self.call_id(),
            method: b"REGISTER",
            caller: Party {
                uri: registrant,
                address: self.client(),
                user_agent: self.user_agent(),
                ..Party::default()
            },
            callee: Party {
                uri: self.aor(),
                address: self.registrar(),
                ..Party::default()
            },
            contact: self.contact(),
            transport: Some(self.transport),
            duration: self.duration(ts),
            aor: self.aor(),
            expires: self.granted(),
            flags: self.flags,
            ..Event::new(kind, ts)
        }
    }

    /// Returns how long it lasted at `ts`.
    pub(super) fn duration(&self, ts: Timestamp) -> Option<i64> {
        let since = self.registered().unwrap_or(self.first_seen);
        Some(ts.since(since)).filter(|duration| *duration >= 0)
    }
}

impl Entry for Box<Binding> {
    fn hash(&self) -> u64 {
        self.hash
    }

    fn last_seen(&self) -> Timestamp {
        self.refreshed
    }

    fn allocated(&self) -> usize {
        size_of::<Binding>() + self.texts.allocated()
    }
}
