//! Challenges and credentials (RFC 3261 §22, RFC 7616).

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use crate::{
    sip::{HeaderName, list, param},
    track::seen::Seen,
};

/// The realms that a request has credentials for: a hash of that of its first Authorization and of its first
/// Proxy-Authorization.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Credentials([Option<u32>; 2]);

impl Credentials {
    /// Returns those of a request; none of a response.
    pub(crate) fn of(seen: &Seen<'_>, hasher: &DefaultHashBuilder) -> Self {
        if seen.is_response() {
            return Self::default();
        }
        let names = [HeaderName::Authorization, HeaderName::ProxyAuthorization];
        Self::in_values(names.map(|name| seen.header(name)), hasher)
    }

    /// Returns those in the values of Authorization and Proxy-Authorization.
    pub(crate) fn in_values(values: [Option<&[u8]>; 2], hasher: &DefaultHashBuilder) -> Self {
        Self(values.map(|value| value.map(|value| realm_hash(value, hasher))))
    }

    /// Returns whether there are any.
    pub(crate) fn are_given(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }

    /// Returns whether a 401 or 407 refuses them, instead of asking for some: they are for the same realm, and were not
    /// merely out of date (RFC 3261 §22, RFC 7616 §3.3).
    pub(crate) fn are_refused_by(&self, seen: &Seen<'_>, hasher: &DefaultHashBuilder) -> bool {
        let (credentials, challenge) = match seen.status {
            401 => (self.0[0], HeaderName::WwwAuthenticate),
            407 => (self.0[1], HeaderName::ProxyAuthenticate),
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

/// Returns whether a 401 or 407 only asks for credentials with a new nonce.
pub(crate) fn asks_for_new_nonce(seen: &Seen<'_>) -> bool {
    [HeaderName::WwwAuthenticate, HeaderName::ProxyAuthenticate]
        .into_iter()
        .any(|name| seen.headers(name).any(is_stale))
}

/// Returns whether a challenge only asks for a new nonce.
fn is_stale(challenge: &[u8]) -> bool {
    // Most do not have the word at all.
    let mut words = challenge.windows(b"stale".len());
    words.any(|word| word.eq_ignore_ascii_case(b"stale"))
        && auth_param(challenge, "stale").is_some_and(|stale| stale.eq_ignore_ascii_case(b"true"))
}

/// Returns a hash of the realm of a challenge or of credentials.
fn realm_hash(value: &[u8], hasher: &DefaultHashBuilder) -> u32 {
    hasher.hash_one(auth_param(value, "realm").unwrap_or_default()) as u32
}

/// Returns a parameter of a challenge or of credentials, without quotes: they are separated by commas (RFC 3261 §25.1).
fn auth_param<'a>(value: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let scheme_end = value.iter().position(|octet| *octet == b' ')?;
    let params = value.get(scheme_end..)?;
    list::values(params).find_map(|param| {
        let value = param::find(param, name)?;
        Some(
            value
                .strip_prefix(b"\"")
                .and_then(|value| value.strip_suffix(b"\""))
                .unwrap_or(value),
        )
    })
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
