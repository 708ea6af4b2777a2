//! What somebody wants to know.

/// A set of what somebody may want to know: the rest is not even followed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Interests(u8);

impl Interests {
    /// Calls.
    pub const CALLS: Self = Self(1);
    /// What happens to them.
    pub const CALL_EVENTS: Self = Self(1 << 1);
    /// Bindings.
    pub const BINDINGS: Self = Self(1 << 2);
    /// What happens to registrations.
    pub const REGISTRATION_EVENTS: Self = Self(1 << 3);
    /// Exchanges.
    pub const EXCHANGES: Self = Self(1 << 4);
    /// What happens to them and to subscriptions, and what is no matter of either.
    pub const OTHER_EVENTS: Self = Self(1 << 5);
    /// All of it.
    pub const ALL: Self = Self(u8::MAX);

    /// Returns what is in either of them.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns whether anything is in both.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
