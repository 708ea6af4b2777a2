//! An entry: what is followed of one pair of tags under a Call-ID.

use std::net::SocketAddr;

use crate::{
    net::Transport,
    sip::{HeaderName, Method, address::NameAddr, list},
    time::Timestamp,
    track::{
        EventKind, Party, SideCounters, TrackStats,
        calltr::{
            matching::Direction, registrations, responses::is_challenge, sequence::Sequence,
            state::State,
        },
        seen::Seen,
        sighting::Sighting,
        table::Entry,
        texts::{Field, Texts},
        timer::Alarm,
    },
};

/// Which text of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text {
    CallId,
    FromTag,
    ToTag,
    Method,
    RequestUri,
    Identity1,
    Identity2,
    CallerUri,
    CallerName,
    CalleeUri,
    CalleeName,
    CallerAgent,
    CalleeAgent,
    /// The phrase of the last status.
    Reason,
    /// The caller's Contact, or the first one of the last REGISTER.
    Contact,
    /// The address of record.
    Aor,
    /// The Contact of the binding.
    Bound,
}

impl Field for Text {
    fn index(self) -> usize {
        self as usize
    }
}

/// How many texts an entry has.
const TEXTS: usize = Text::Bound as usize + 1;

/// The events that were told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told(u32);

impl Told {
    pub(super) const fn contains(self, kind: EventKind) -> bool {
        self.0 & 1 << kind as u32 != 0
    }

    pub(super) const fn insert(&mut self, kind: EventKind) {
        self.0 |= 1 << kind as u32;
    }

    pub(super) const fn remove(&mut self, kind: EventKind) {
        self.0 &= !(1 << kind as u32);
    }

    /// Returns what a fork takes over: everything but what is told of its binding.
    const fn inherited(mut self) -> Self {
        self.remove(EventKind::RegNew);
        self.remove(EventKind::RegDel);
        self.remove(EventKind::RegExpired);
        self
    }
}

/// An entry, until its deadline.
#[derive(Debug)]
pub(super) struct CallEntry {
    hash: u64,
    /// How many entries were made before it: what is the same for every order in which they are found.
    pub(super) serial: u64,
    pub(super) alarm: Alarm,
    pub(super) texts: Texts<Text, TEXTS>,
    /// Of the transactions that the caller began, and of those that the callee began.
    sequences: [Sequence; 2],
    /// When the first message came; that of the entry that it is a fork of.
    pub(super) created: Timestamp,
    last_seen: Timestamp,
    /// When the first 101 to 199 with a tag came.
    pub(super) early: Option<Timestamp>,
    /// When the final response came.
    pub(super) answered: Option<Timestamp>,
    addresses: [SocketAddr; 2],
    pub(super) transport: Transport,
    pub(super) counters: [SideCounters; 2],
    pub(super) told: Told,
    pub(super) state: State,
    /// The method that it began with.
    pub(super) method: Method,
    is_fork: bool,
    /// Whether the callee sent the BYE.
    pub(super) is_ended_by_callee: bool,
    /// Whether a REGISTER was seen, not only a response to it.
    is_requested: bool,
    /// Whether reg-del is told when the deadline comes.
    pub(super) is_removal_pending: bool,
    /// By what its binding is found, if it has one.
    pub(super) bound: Option<u64>,
}

impl CallEntry {
    /// Returns the entry that a message begins. One that a response begins is still the caller's.
    pub(super) fn new(seen: &Seen<'_>, serial: u64) -> Self {
        let [caller, callee] = seen.parties();
        let message = seen.message;
        let capacity = 96 + seen.call_id.len() + 2 * (caller.uri.len() + callee.uri.len());
        let mut texts = Texts::new(capacity.min(1 << 10));
        let method_text = match seen.is_response() {
            true => message.head.cseq_method_text(message.bytes),
            false => message.head.method_text(message.bytes),
        };
        texts.set(Text::CallId, seen.call_id);
        texts.set(Text::FromTag, seen.from_tag);
        texts.set(Text::ToTag, seen.to_tag);
        texts.set(Text::Method, method_text);
        texts.set(Text::CallerUri, caller.uri);
        texts.set(Text::CallerName, caller.display_name);
        texts.set(Text::CalleeUri, callee.uri);
        texts.set(Text::CalleeName, callee.display_name);
        if seen.method == Method::Register {
            texts.set(Text::Aor, &registrations::aor(callee.uri));
        }
        Self {
            texts,
            ..Self::bare(seen, Direction::Forward, serial)
        }
    }

    /// Returns the fork that a message begins: an entry of its own that takes over what is known of this one.
    pub(super) fn fork(&self, seen: &Seen<'_>, direction: Direction, serial: u64) -> Self {
        let mut texts = self.texts.clone();
        texts.compact();
        let (from_tag, to_tag) = direction.tags(seen);
        texts.set(Text::FromTag, from_tag);
        texts.set(Text::ToTag, to_tag);
        texts.set(Text::Bound, b"");
        Self {
            texts,
            created: self.created,
            told: self.told.inherited(),
            is_fork: true,
            is_requested: self.is_requested,
            ..Self::bare(seen, direction, serial)
        }
    }

    fn bare(seen: &Seen<'_>, direction: Direction, serial: u64) -> Self {
        let message = seen.message;
        let mut addresses = seen
            .parties()
            .map(|party| party.address.unwrap_or(message.flow.src));
        if direction == Direction::Reverse {
            addresses.reverse();
        }
        Self {
            hash: seen.hash,
            serial,
            alarm: Alarm::NONE,
            texts: Texts::new(0),
            sequences: [Sequence::default(); 2],
            created: seen.ts,
            last_seen: seen.ts,
            early: None,
            answered: None,
            addresses,
            transport: message.flow.transport,
            counters: [SideCounters::default(); 2],
            told: Told::default(),
            state: State::Init,
            method: seen.method,
            is_fork: false,
            is_ended_by_callee: false,
            is_requested: false,
            is_removal_pending: false,
            bound: None,
        }
    }

    /// Returns a text.
    pub(super) fn text(&self, text: Text) -> &[u8] {
        self.texts.get(text)
    }

    /// Returns what was seen last of the transactions that one side began.
    pub(super) const fn sequence(&self, direction: Direction) -> &Sequence {
        &self.sequences[direction as usize]
    }

    pub(super) const fn sequence_mut(&mut self, direction: Direction) -> &mut Sequence {
        &mut self.sequences[direction as usize]
    }

    /// Returns the last status of the method that it began with, 0 without one.
    pub(super) const fn status(&self) -> u16 {
        match self.sequences {
            [Sequence { status: 0, .. }, Sequence { status, .. }] => status,
            [Sequence { status, .. }, _] => status,
        }
    }

    /// Returns whether the last status of either side asks for credentials.
    pub(super) fn is_challenged(&self) -> bool {
        self.sequences
            .iter()
            .any(|sequence| is_challenge(sequence.status))
    }

    /// Returns the Contact that is to be bound, as far as a REGISTER was seen; empty when it had none.
    pub(super) fn requested_contact(&self) -> Option<&[u8]> {
        self.is_requested.then(|| self.text(Text::Contact))
    }

    /// Returns who it began with and the other side.
    pub(super) fn parties(&self) -> [Party<'_>; 2] {
        let party = |uri, name, agent, address| Party {
            uri: self.text(uri),
            display_name: self.text(name),
            address: Some(address),
            user_agent: self.text(agent),
        };
        [
            party(
                Text::CallerUri,
                Text::CallerName,
                Text::CallerAgent,
                self.addresses[0],
            ),
            party(
                Text::CalleeUri,
                Text::CalleeName,
                Text::CalleeAgent,
                self.addresses[1],
            ),
        ]
    }

    /// Counts a message.
    pub(super) fn count(&mut self, seen: &Seen<'_>, direction: Direction, is_again: bool) {
        let is_by_caller = (direction == Direction::Forward) != seen.is_response();
        let sighting = if is_again {
            Sighting::Retransmission
        } else {
            Sighting::First
        };
        self.counters[usize::from(!is_by_caller)].count(seen.is_response(), sighting);
        self.last_seen = self.last_seen.max(seen.ts);
    }

    /// Counts the message that it has just taken.
    pub(super) fn count_into(&self, stats: &mut TrackStats) {
        let sides = self.counters.iter();
        let messages: u64 = sides.map(SideCounters::messages).sum();
        match self.method {
            Method::Invite => {
                stats.call_messages += 1;
                stats.calls += u64::from(messages == 1 && !self.is_fork);
            }
            Method::Register => stats.register_messages += 1,
            _ => stats.exchange_messages += 1,
        }
    }

    /// Goes to a state, which is the same one as often as not.
    pub(super) fn enter(&mut self, state: State, direction: Direction, ts: Timestamp) {
        if state == self.state {
            return;
        }
        self.state = state;
        match state {
            State::InvEstablished | State::NonInvFin => self.answered = Some(ts),
            State::InvNeg | State::InvCanceled | State::NonInvNeg => {
                self.answered.get_or_insert(ts);
            }
            State::InvEarlyDlg => {
                self.early.get_or_insert(ts);
            }
            State::InvByeSeen | State::InvByeRepl => {
                self.is_ended_by_callee = direction == Direction::Reverse;
            }
            State::Init | State::Inv1st | State::NonInv1st => {}
        }
    }

    /// Takes over what a message tells of who sent it and of what it is about.
    pub(super) fn describe(&mut self, seen: &Seen<'_>, direction: Direction) {
        let message = seen.message;
        let is_by_caller = (direction == Direction::Forward) != seen.is_response();
        let agent = match is_by_caller {
            true => Text::CallerAgent,
            false => Text::CalleeAgent,
        };
        self.texts
            .set_once(agent, message.head.user_agent.of(message.bytes));
        if self.method == Method::Register && seen.method == Method::Register {
            self.describe_register(seen);
        } else if direction == Direction::Forward && !seen.is_response() {
            self.texts
                .set_once(Text::Contact, first_contact(seen).unwrap_or_default());
        }
        if direction == Direction::Forward && !seen.is_response() {
            let request_uri = message.head.request_uri(message.bytes);
            self.texts.set_once(Text::RequestUri, request_uri);
            self.take_identities(seen);
        }
        if seen.is_response() && seen.method == self.method {
            self.texts.set(Text::Reason, seen.reason());
        }
    }

    /// Takes over what is to be bound. Of a response it counts only as long as no request was seen.
    fn describe_register(&mut self, seen: &Seen<'_>) {
        if !seen.is_response() {
            self.is_requested = true;
        }
        if !seen.is_response() || !self.is_requested {
            self.texts
                .set(Text::Contact, first_contact(seen).unwrap_or_default());
        }
    }

    /// Takes over P-Asserted-Identity: that of the last request counts.
    fn take_identities(&mut self, seen: &Seen<'_>) {
        if matches!(seen.method, Method::Register | Method::Ack) {
            return;
        }
        let mut uris = seen
            .headers(HeaderName::PAssertedIdentity)
            .flat_map(list::values)
            .map(|value| NameAddr::parse(value).uri);
        if let Some(first) = uris.next() {
            self.texts.set(Text::Identity1, first);
            self.texts
                .set(Text::Identity2, uris.next().unwrap_or_default());
        }
    }
}

/// Returns the URI of the first Contact.
fn first_contact<'a>(seen: &Seen<'a>) -> Option<&'a [u8]> {
    let (head, bytes) = (seen.message.head, seen.message.bytes);
    let first = list::values(head.contact.of(bytes)).next()?;
    Some(NameAddr::parse(first).uri)
}

impl Entry for CallEntry {
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
        self.texts.allocated()
    }
}
