//! What SUBSCRIBE and NOTIFY say about a subscription (RFC 6665 §8.2).

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use crate::{
    sip::lower,
    sip::{HeaderName, param},
    track::seen::Seen,
};

/// The package that the subscription of a REFER is for (RFC 3515 §2.4.4).
const REFER: &[u8] = b"refer";

/// Which events a subscription is for: a hash of the package, and of what tells several of one dialog apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Package {
    name: u64,
    id: Option<u64>,
}

impl Package {
    /// Returns what Event says, if it is there.
    pub(super) fn of(seen: &Seen<'_>, hasher: &DefaultHashBuilder) -> Option<Self> {
        let value = seen.header(HeaderName::Event)?;
        let (name, params) = split(value);
        Some(Self {
            name: lower(name, hasher),
            id: param::find(params, "id").map(|id| hasher.hash_one(id)),
        })
    }

    /// Returns that of the subscription of a REFER, whose NOTIFY may have an id or not.
    pub(super) fn refer(hasher: &DefaultHashBuilder) -> Self {
        Self {
            name: lower(REFER, hasher),
            id: None,
        }
    }

    /// Returns whether the package is the same, whatever the id.
    pub(super) const fn has_name_of(self, other: Self) -> bool {
        self.name == other.name
    }
}

/// What Subscription-State says.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct SubscriptionState<'a> {
    pub(super) is_terminated: bool,
    /// The seconds that are left.
    pub(super) expires: Option<u32>,
    /// Why it is terminated.
    pub(super) reason: &'a [u8],
}

impl<'a> SubscriptionState<'a> {
    pub(super) fn of(seen: &Seen<'a>) -> Option<Self> {
        seen.header(HeaderName::SubscriptionState).map(Self::parse)
    }

    fn parse(value: &'a [u8]) -> Self {
        let (state, params) = split(value);
        Self {
            is_terminated: state.eq_ignore_ascii_case(b"terminated"),
            expires: param::find(params, "expires").and_then(seconds),
            reason: param::find(params, "reason").unwrap_or_default(),
        }
    }
}

/// Returns the seconds in Expires.
pub(super) fn expires(seen: &Seen<'_>) -> Option<u32> {
    seen.header(HeaderName::Expires).and_then(seconds)
}

/// Reads delta-seconds (RFC 3261 §25.1); one that does not fit is as long as can be (§20.19).
fn seconds(text: &[u8]) -> Option<u32> {
    let text = text.trim_ascii();
    let len = text.iter().take_while(|octet| octet.is_ascii_digit());
    let digits = text
        .get(..len.count())
        .filter(|digits| !digits.is_empty())?;
    let seconds = digits.iter().fold(0_u32, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(u32::from(digit.wrapping_sub(b'0')))
    });
    Some(seconds)
}

/// Returns what is before the parameters, and those.
fn split(value: &[u8]) -> (&[u8], &[u8]) {
    let at = value.iter().position(|octet| *octet == b';');
    let (word, params) = value.split_at(at.unwrap_or(value.len()));
    (word.trim_ascii(), params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_taken_apart() {
        for (value, is_terminated, expires, reason) in [
            (&b"active;expires=3600"[..], false, Some(3600), &b""[..]),
            (b"Terminated ; Reason=timeout", true, None, b"timeout"),
            (
                b"terminated;reason=rejected;retry-after=5;expires=0",
                true,
                Some(0),
                b"rejected",
            ),
            (b"pending", false, None, b""),
            (b"active;expires=99999999999", false, Some(u32::MAX), b""),
            (b"active;expires=soon", false, None, b""),
            (b"", false, None, b""),
        ] {
            let expected = SubscriptionState {
                is_terminated,
                expires,
                reason,
            };
            assert_eq!(SubscriptionState::parse(value), expected);
        }
    }
}
