//! The INVITE transactions that begin a call.

use hashbrown::DefaultHashBuilder;

use crate::track::{auth::Credentials, seen::Seen};

/// Transactions of one call remembered at most.
const MAX_INVITES: usize = 32;

/// An INVITE transaction: of one attempt, at one hop, on one branch.
#[derive(Clone, Debug)]
pub(super) struct Invite {
    pub(super) transaction: u64,
    pub(super) cseq: u32,
    /// The last final status; 0 as long as there is none.
    pub(super) status: u16,
    /// How many Via values it has.
    pub(super) depth: u8,
    pub(super) is_cancelled: bool,
    credentials: Credentials,
}

impl Invite {
    /// Returns the transaction of an INVITE, or of a response whose INVITE was missed.
    pub(super) fn new(seen: &Seen<'_>, hasher: &DefaultHashBuilder) -> Self {
        Self {
            transaction: seen.transaction,
            cseq: seen.cseq,
            status: 0,
            depth: seen.depth(),
            is_cancelled: false,
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
