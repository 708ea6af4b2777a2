//! What a client and a registrar say to each other about one address of record under one Call-ID.
//!
//! Each REGISTER is a round, also when it is seen at several hops. A challenge, 423 and a redirection are not the end:
//! the rounds that follow belong to the same registration.

use std::net::SocketAddr;

use hashbrown::DefaultHashBuilder;

use crate::{
    capture::Origin,
    net::Transport,
    time::Timestamp,
    track::{
        Event, EventKind, Flags, Party, SideCounters,
        auth::Credentials,
        registration::{aor::Aor, contact::Listing},
        seen::Seen,
        sighting::{Sighting, Sightings},
        table::Entry,
        texts::{Field, Texts},
        timer::Alarm,
    },
};

/// Rounds of one exchange remembered at most.
const MAX_ROUNDS: usize = 8;

/// Which text of an exchange.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text {
    CallId,
    FromTag,
    ToTag,
    Aor,
    RegistrantUri,
    RegistrantName,
    RegistrarUri,
    RegistrarName,
    RequestUri,
    Contact,
    Agent,
    Server,
    Path,
    Reason,
}

impl Field for Text {
    fn index(self) -> usize {
        self as usize
    }
}

/// How many texts an exchange has.
const TEXTS: usize = Text::Reason as usize + 1;

/// The rounds that follow each other.
#[derive(Debug)]
pub(crate) struct Exchange {
    hash: u64,
    aor_hash: u64,
    pub(super) alarm: Alarm,
    pub(super) texts: Texts<Text, TEXTS>,
    sightings: Sightings,
    pub(super) rounds: Vec<Round>,
    pub(super) last_seen: Timestamp,
    /// When the registration began that the last round is of: that is the round after which no other was to follow.
    pub(super) started: Timestamp,
    /// When the client began to try, and with which frame.
    pub(super) began: (Timestamp, Origin),
    pub(super) client: SocketAddr,
    pub(super) registrar: SocketAddr,
    transport: Transport,
    counters: [SideCounters; 2],
    pub(super) flags: Flags,
    pub(super) cseq: u32,
    /// A part of the key of the last transaction at the hop next to the client.
    pub(super) transaction: u32,
    pub(super) status: u16,
    pub(super) challenges: u16,
    pub(super) failures: u16,
    /// When it last failed, and which Contacts never became bindings.
    pub(super) failed: Option<(Timestamp, Listing)>,
    /// Whether it has led to a success, and what follows begins anew.
    pub(super) is_settled: bool,
    is_marked: bool,
}

/// A REGISTER, at all hops where it is seen.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) from_tag: u64,
    pub(super) cseq: u32,
    /// The transaction at the hop next to the client, and how many Via values it has there.
    pub(super) transaction: u64,
    pub(super) depth: u8,
    /// How many it has next to the registrar.
    pub(super) far_depth: u8,
    pub(super) sent: Timestamp,
    /// When it was last sent again.
    pub(super) repeated: Timestamp,
    /// What it asks for at the hop next to the client; none when it was not seen.
    pub(super) asked: Option<Listing>,
    /// What it asks for further on, if that is something else.
    pub(super) far_asked: Option<Listing>,
    pub(super) credentials: Credentials,
    /// Whether the one before was challenged.
    pub(super) follows_challenge: bool,
    /// The final status at the hop next to the client; 0 as long as there is none.
    pub(super) status: u16,
    pub(super) phase: Phase,
}

/// How far a round has come.
#[derive(Debug)]
pub(super) enum Phase {
    /// Nothing final has come.
    Pending,
    /// The registrar has accepted it, and the client has yet to hear of that, or the REGISTER has yet to come.
    Held(Box<Truth>),
    /// The client is to try again, before this moment.
    Waiting(Timestamp),
    /// Nothing came, but may come late.
    TimedOut,
    /// It is over.
    Done,
}

/// A 2xx of the registrar.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    pub(super) ts: Timestamp,
    pub(super) origin: Origin,
    pub(super) listed: Listing,
}

impl Exchange {
    /// Returns the exchange that a message begins.
    pub(super) fn new(seen: &Seen<'_>, aor: &Aor, hash: u64, hasher: &DefaultHashBuilder) -> Self {
        let [registrant, registrar] = seen.parties();
        let message = seen.message;
        // It does not last: better too much memory at once than some more for each text.
        let mut texts = Texts::new(512);
        for (text, value) in [
            (Text::CallId, seen.call_id),
            (Text::Aor, &aor.text),
            (Text::RegistrantUri, registrant.uri),
            (Text::RegistrantName, registrant.display_name),
            (Text::RegistrarUri, registrar.uri),
            (Text::RegistrarName, registrar.display_name),
        ] {
            texts.set(text, value);
        }
        let mut flags = Flags::NONE;
        let from = Aor::of(message.head.from.of(message.bytes), hasher);
        if from.hash != aor.hash {
            flags.insert(Flags::THIRD_PARTY);
        }
        let [client, server] = ends(seen);
        Self {
            hash,
            aor_hash: aor.hash,
            alarm: Alarm::NONE,
            texts,
            sightings: Sightings::default(),
            rounds: Vec::new(),
            last_seen: seen.ts,
            started: seen.ts,
            began: (seen.ts, message.completed_by.origin),
            client,
            registrar: server,
            transport: message.flow.transport,
            counters: [SideCounters::default(); 2],
            flags,
            cseq: seen.cseq,
            transaction: seen.transaction as u32,
            status: 0,
            challenges: 0,
            failures: 0,
            failed: None,
            is_settled: false,
            is_marked: false,
        }
    }

    /// Returns whether it is about this address of record under this Call-ID; of a long one only the beginning is kept, and
    /// the hash has told the rest.
    pub(super) fn is_of(&self, call_id: &[u8], aor_hash: u64) -> bool {
        let own = self.call_id();
        self.aor_hash == aor_hash
            && call_id.starts_with(own)
            && (own.len() == call_id.len() || own.len() >= 1024)
    }

    /// Counts a message, and tells whether it came before.
    pub(super) fn sight(&mut self, seen: &Seen<'_>, is_marked: bool) -> Sighting {
        self.last_seen = self.last_seen.max(seen.ts);
        self.is_marked |= is_marked;
        let is_provisional = (1..200).contains(&seen.status);
        let sighting = self.sightings.take(seen.sighting, seen.ts, is_provisional);
        self.counters[usize::from(seen.is_response())].count(seen.is_response(), sighting);
        sighting
    }

    /// Returns the round that a message is of, the last one of its CSeq.
    pub(super) fn round_of(&self, seen: &Seen<'_>, from_tag: u64) -> Option<usize> {
        self.rounds
            .iter()
            .rposition(|round| round.cseq == seen.cseq && round.from_tag == from_tag)
    }

    /// Takes in a round, and forgets the oldest when there are too many.
    pub(super) fn remember(&mut self, round: Round) {
        if self.rounds.len() >= MAX_ROUNDS {
            self.rounds.remove(0);
        }
        self.rounds.reserve_exact(1);
        self.rounds.push(round);
    }

    /// Takes over who talks to whom at the hop next to the client.
    pub(super) fn describe_near(&mut self, seen: &Seen<'_>) {
        let (head, bytes) = (seen.message.head, seen.message.bytes);
        [self.client, self.registrar] = ends(seen);
        self.transport = seen.message.flow.transport;
        self.cseq = seen.cseq;
        self.transaction = seen.transaction as u32;
        self.texts.set(Text::FromTag, seen.from_tag);
        if !seen.is_response() {
            self.texts.set(Text::RequestUri, head.request_uri(bytes));
            self.texts.set(Text::Agent, head.user_agent.of(bytes));
        }
    }

    /// Takes over the way back that a message tells (RFC 3327).
    pub(super) fn describe_path(&mut self, path: Option<&[u8]>) {
        if let Some(path) = path {
            self.texts.set(Text::Path, path);
        }
    }

    /// Takes over what a final response says.
    pub(super) fn describe_response(&mut self, seen: &Seen<'_>) {
        let (head, bytes) = (seen.message.head, seen.message.bytes);
        self.status = seen.status;
        self.texts.set(Text::Reason, seen.reason());
        self.texts.set(Text::ToTag, seen.to_tag);
        self.texts.set(Text::Server, head.user_agent.of(bytes));
    }

    /// Forgets what the response to a round before has said.
    pub(super) fn forget_response(&mut self) {
        self.status = 0;
        self.texts.set(Text::Reason, b"");
        self.texts.set(Text::ToTag, b"");
    }

    pub(super) fn aor(&self) -> &[u8] {
        self.texts.get(Text::Aor)
    }

    pub(super) const fn aor_hash(&self) -> u64 {
        self.aor_hash
    }

    pub(super) fn call_id(&self) -> &[u8] {
        self.texts.get(Text::CallId)
    }

    pub(super) fn path(&self) -> &[u8] {
        self.texts.get(Text::Path)
    }

    pub(super) const fn client(&self) -> SocketAddr {
        self.client
    }

    pub(super) const fn registrar(&self) -> SocketAddr {
        self.registrar
    }

    pub(super) const fn transport(&self) -> Transport {
        self.transport
    }

    pub(super) const fn cseq(&self) -> u32 {
        self.cseq
    }

    pub(super) const fn status(&self) -> u16 {
        self.status
    }

    pub(super) const fn challenges(&self) -> u16 {
        self.challenges
    }

    pub(super) const fn failures(&self) -> u16 {
        self.failures
    }

    pub(super) const fn flags(&self) -> Flags {
        self.flags
    }

    pub(super) const fn is_marked(&self) -> bool {
        self.is_marked
    }

    /// Returns who registers.
    pub(super) fn registrant(&self) -> Party<'_> {
        Party {
            uri: self.texts.get(Text::RegistrantUri),
            display_name: self.texts.get(Text::RegistrantName),
            address: Some(self.client),
            user_agent: self.texts.get(Text::Agent),
        }
    }

    /// Returns an event of it.
    pub(super) fn event(
        &self,
        kind: EventKind,
        ts: Timestamp,
        origin: Option<Origin>,
    ) -> Event<'_> {
        Event {
            origin,
            began: Some(self.began.1),
            call_id: self.call_id(),
            from_tag: self.texts.get(Text::FromTag),
            to_tag: self.texts.get(Text::ToTag),
            method: b"REGISTER",
            caller: self.registrant(),
            callee: Party {
                uri: self.texts.get(Text::RegistrarUri),
                display_name: self.texts.get(Text::RegistrarName),
                address: Some(self.registrar),
                user_agent: self.texts.get(Text::Server),
            },
            request_uri: self.texts.get(Text::RequestUri),
            contact: self.texts.get(Text::Contact),
            transport: Some(self.transport),
            status: (self.status > 0).then_some(self.status),
            reason: self.texts.get(Text::Reason),
            setup_time: Some(ts.since(self.started)).filter(|elapsed| *elapsed > 0),
            aor: self.aor(),
            counters: self.counters,
            flags: self.flags,
            ..Event::new(kind, ts)
        }
    }
}

impl Entry for Exchange {
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
        let listings = |round: &Round| {
            let held = match &round.phase {
                Phase::Held(truth) => size_of::<Truth>() + truth.listed.allocated(),
                _ => 0,
            };
            let asked = [&round.asked, &round.far_asked];
            held + asked
                .into_iter()
                .flatten()
                .map(Listing::allocated)
                .sum::<usize>()
        };
        self.texts.allocated()
            + self.sightings.allocated()
            + self.rounds.capacity() * size_of::<Round>()
            + self.rounds.iter().map(listings).sum::<usize>()
            + self
                .failed
                .as_ref()
                .map_or(0, |(_, listing)| listing.allocated())
    }
}

/// Returns who sent the REGISTER and who got it.
pub(super) fn ends(seen: &Seen<'_>) -> [SocketAddr; 2] {
    let flow = seen.message.flow;
    if seen.is_response() {
        [flow.dst, flow.src]
    } else {
        [flow.src, flow.dst]
    }
}
