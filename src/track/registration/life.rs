//! How a binding begins, changes and ends.

use std::net::SocketAddr;

use crate::{
    capture::Origin,
    net::Transport,
    sip::uri::Uri,
    time::Timestamp,
    track::{
        Context, Event, EventKind, Flags, Party,
        call::Moment,
        endpoint::Endpoint,
        registration::{
            binding::{Binding, BindingState, EndReason, Text},
            contact::{Contact, Identity, host_ip, is_private},
            exchange::Exchange,
        },
        table::Key,
        texts::Texts,
        timer::{Alarm, Owner, TimerId},
    },
};

impl Binding {
    /// Returns a binding that `exchange` is about.
    pub(super) fn new(
        exchange: &Exchange,
        contact: &Contact<'_>,
        identity: Identity,
        ts: Timestamp,
    ) -> Self {
        let instance = contact.instance;
        let own = [
            exchange.call_id(),
            exchange.registrant().user_agent,
            exchange.path(),
        ];
        let capacity = exchange.aor().len()
            + contact.text.len()
            + instance.len()
            + own.iter().map(|text| text.len()).sum::<usize>();
        let mut texts = Texts::new(capacity.min(1 << 12));
        texts.set(Text::Aor, exchange.aor());
        texts.set(Text::Contact, contact.text);
        texts.set(Text::Instance, instance);
        texts.set(Text::Received, contact.received);
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
            transaction: 0,
            reg_id: contact.reg_id,
            moves: 0,
            challenges: 0,
            failures: 0,
            status: 0,
            rank: contact.rank,
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
        self.transaction = exchange.transaction;
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
        self.texts.set(Text::Contact, contact.text);
        if !contact.instance.is_empty() {
            self.texts.set(Text::Instance, contact.instance);
        }
        self.texts.set_once(Text::Received, contact.received);
        self.requested = requested.unwrap_or_default();
    }

    /// Takes over how the registrar lists it; returns whether it says now that it got it from elsewhere.
    pub(super) fn describe_listed(&mut self, listed: &Contact<'_>, identity: Identity) -> bool {
        let is_own = identity.contact == self.identity.contact;
        self.alias = if is_own { 0 } else { identity.contact };
        let received = listed.received;
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
        let uri = Uri::parse(self.texts.get(Text::Contact));
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

    /// Sets the deadline: when it expires and the grace is over, or when it can be told that it was removed.
    pub(super) fn arm(&mut self, key: Key, context: &mut Context<'_>) {
        let options = &context.shared.options;
        let deadline = match self.ended() {
            Some(end) => end.plus(options.reg_del_delay),
            None => self
                .expires_at()
                .unwrap_or(self.refreshed)
                .plus(options.reg_expiry_grace),
        };
        let id = TimerId {
            owner: Owner::Binding,
            slot: key.slot,
            generation: key.generation,
        };
        self.alarm.set(deadline, id, &mut context.shared.timers);
    }

    /// Ends it: for `reason`, unless its removal was held back for another one.
    pub(super) fn be_over(&mut self, reason: EndReason) {
        let reason = self.end_reason.unwrap_or(reason);
        if !self.end.is_set()
            && let Some(expires_at) = self.expires_at()
        {
            self.end = expires_at.into();
        }
        let is_superseded = self.state == BindingState::Superseded
            && matches!(reason, EndReason::Registrar | EndReason::Expired);
        (self.state, self.end_reason) = match reason {
            _ if is_superseded => (BindingState::Superseded, Some(EndReason::Superseded)),
            EndReason::Expired => (BindingState::Expired, Some(reason)),
            _ => (BindingState::Removed, Some(reason)),
        };
    }

    /// Returns the hashes of the Contacts that it is known by: its own, and the one that the registrar lists instead.
    pub(super) fn contact_hashes(&self) -> impl Iterator<Item = u64> + use<> {
        [self.identity.contact, self.alias]
            .into_iter()
            .filter(|contact| *contact != 0)
    }

    /// Returns what tells it from others when it is gone.
    pub(super) fn flap_hash(&self) -> u64 {
        self.hash ^ self.identity.contact.rotate_left(1) ^ u64::from(self.identity.flow)
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
            // It lasted until the end itself, not until that could be told.
            duration: self.duration(self.ended().or_else(|| self.expires_at()).unwrap_or(ts)),
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
