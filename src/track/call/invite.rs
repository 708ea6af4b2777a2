//! The INVITE transactions that begin a call.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use crate::{
    net::Transport,
    sip::{HeaderName, param},
    track::seen::Seen,
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
    /// The realms that it has credentials for: a hash of each of the first, or nothing.
    pub(super) credentials: [Option<u32>; 2],
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

    /// Returns whether it is not behind `first`: the same hop, or that of another branch of whoever forks there.
    pub(super) const fn is_like(self, first: Self) -> bool {
        self.depth <= first.depth && self.source == first.source
    }
}

impl Invite {
    /// Returns the transaction of an INVITE, or of a response whose INVITE was missed.
    pub(super) fn new(seen: &Seen<'_>, hasher: &DefaultHashBuilder) -> Self {
        let realm = |name| {
            if seen.is_response() {
                return None;
            }
            seen.header(name).map(|value| realm_hash(value, hasher))
        };
        Self {
            transaction: seen.transaction,
            cseq: seen.cseq,
            status: 0,
            hop: Hop::of(seen, hasher),
            is_cancelled: false,
            credentials: [
                realm(HeaderName::Authorization),
                realm(HeaderName::ProxyAuthorization),
            ],
        }
    }

    /// Returns whether a 401 or 407 refuses the credentials that the INVITE had, instead of asking for some: they are for
    /// the same realm, and were not merely out of date (RFC 3261 §22, RFC 7616 §3.3).
    pub(super) fn is_refused_by(&self, seen: &Seen<'_>, hasher: &DefaultHashBuilder) -> bool {
        let (credentials, challenge) = match seen.status {
            401 => (self.credentials[0], HeaderName::WwwAuthenticate),
            407 => (self.credentials[1], HeaderName::ProxyAuthenticate),
            _ => return false,
        };
        let Some(credentials) = credentials else {
            return false;
        };
        let mut challenges = seen.headers(challenge).peekable();
        if challenges.peek().is_none() {
            return true;
        }
        challenges.any(|value| realm_hash(value, hasher) == credentials && !is_stale(value))
    }
}

/// Returns whether a challenge only asks for a new nonce.
pub(crate) fn is_stale(challenge: &[u8]) -> bool {
    auth_param(challenge, "stale").is_some_and(|stale| stale.eq_ignore_ascii_case(b"true"))
}

/// Returns a hash of the realm of a challenge or of credentials.
pub(crate) fn realm_hash(value: &[u8], hasher: &DefaultHashBuilder) -> u32 {
    hasher.hash_one(auth_param(value, "realm").unwrap_or_default()) as u32
}

/// Returns a parameter of a challenge or of credentials, without quotes: they are separated by commas (RFC 3261 §25.1).
fn auth_param<'a>(value: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let scheme_end = value.iter().position(|octet| *octet == b' ')?;
    let params = value.get(scheme_end..)?;
    crate::sip::list::values(params).find_map(|param| {
        let value = param::find(param, name)?;
        Some(
            value
                .strip_prefix(b"\"")
                .and_then(|value| value.strip_suffix(b"\""))
                .unwrap_or(value),
        )
    })
}

/// Remembers a transaction, and forgets the oldest when there are too many.
pub(super) fn remember(invites: &mut Vec<Invite>, invite: Invite) {
    if invites.len() >= MAX_INVITES {
        invites.remove(0);
    }
    invites.reserve_exact(1);
    invites.push(invite);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_challenges_are_found() {
        let value = b"Digest realm=\"example.com, inc\", nonce=\"a=b\", algorithm=MD5, stale=TRUE";
        assert_eq!(auth_param(value, "realm"), Some(&b"example.com, inc"[..]));
        assert_eq!(auth_param(value, "nonce"), Some(&b"a=b"[..]));
        assert_eq!(auth_param(value, "opaque"), None);
        assert!(is_stale(value));
        assert!(!is_stale(b"Digest stale=false"));
        assert_eq!(auth_param(b"Digest", "realm"), None);
    }
}
