//! The INVITE transactions that begin a call.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use crate::{
    net::Transport,
    time::Timestamp,
    track::{auth::Credentials, seen::Seen},
};

/// Transactions of one call remembered at most.
const MAX_INVITES: usize = 32;

/// An INVITE transaction: of one attempt, at one hop, on one branch.
#[derive(Clone, Debug)]
pub(super) struct Invite {
    pub(super) transaction: u64,
    pub(super) cseq: u32,
    /// The last final status; 0 as long as there is none.
    pub(super) status: u16,
    pub(super) hop: Hop,
    pub(super) is_cancelled: bool,
    /// Whether it was seen itself, and not only its responses.
    pub(super) is_seen: bool,
    /// Whether anything came back.
    pub(super) is_heard: bool,
    pub(super) ts: Timestamp,
    pub(super) credentials: Credentials,
}

/// Where on its way an INVITE was seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Hop {
    /// How many Via values it has: one more at each hop.
    depth: u8,
    /// Who sent it, as a hash.
    source: u32,
}

impl Hop {
    /// The hop of a call that has no INVITE yet.
    pub(super) const NONE: Self = Self {
        depth: u8::MAX,
        source: 0,
    };

    /// Returns the hop of an INVITE, or of a response to it.
    pub(super) fn of(seen: &Seen<'_>, hasher: &DefaultHashBuilder) -> Self {
        let flow = seen.message.flow;
        let mut source = if seen.is_response() {
            flow.dst
        } else {
            flow.src
        };
        if flow.transport != Transport::Udp {
            // Whoever forks may have a connection for each branch.
            source.set_port(0);
        }
        Self {
            depth: seen.depth(),
            source: hasher.hash_one(source) as u32,
        }
    }

    /// Returns whether it is that of a user agent, which sends to one place after the other and forks nothing.
    pub(super) const fn is_of_user_agent(self) -> bool {
        self.depth <= 1
    }

    /// Returns whether somebody else has sent it.
    pub(super) const fn is_from_elsewhere(self, first: Self) -> bool {
        self.source != first.source
    }

    /// Returns whether it is nearer to the caller.
    pub(super) const fn is_before(self, first: Self) -> bool {
        self.depth < first.depth
    }

    /// Returns whether it is not behind `first`: the same hop, or that of another branch of whoever forks there.
    pub(super) const fn is_like(self, first: Self) -> bool {
        self.depth <= first.depth && self.source == first.source
    }
}

impl Invite {
    /// Returns the transaction of an INVITE, or of a response whose INVITE was missed.
    pub(super) fn new(seen: &Seen<'_>, hasher: &DefaultHashBuilder) -> Self {
        Self {
            transaction: seen.transaction,
            cseq: seen.cseq,
            status: 0,
            hop: Hop::of(seen, hasher),
            is_cancelled: false,
            is_seen: !seen.is_response(),
            is_heard: seen.is_response(),
            ts: seen.ts,
            credentials: Credentials::of(seen, hasher),
        }
    }

    /// Returns whether a 401 or 407 refuses the credentials that the INVITE had, instead of asking for some.
    pub(super) fn is_refused_by(&self, seen: &Seen<'_>, hasher: &DefaultHashBuilder) -> bool {
        self.credentials.are_refused_by(seen, hasher)
    }
}

/// Remembers a transaction, and forgets the oldest when there are too many.
pub(super) fn remember(invites: &mut Vec<Invite>, invite: Invite) {
    if invites.len() >= MAX_INVITES {
        invites.remove(0);
    }
    invites.reserve_exact(1);
    invites.push(invite);
}
