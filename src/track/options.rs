//! What the tracker goes by, and what it counts.

use crate::track::{Correlation, Timeouts, timeouts::SECOND};

/// Whose rules tell what becomes of messages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Rules {
    /// Ours: all tables, and events at the messages that decide.
    #[default]
    Sipcap,
    /// Those of calltr, the tracker of sipcallmon: its events, most of them at time-outs, and no objects. They want
    /// [`Timeouts::CALLTR`].
    Calltr,
}

/// What the tracker goes by.
#[derive(Clone, Debug)]
pub struct TrackOptions {
    /// Whose rules.
    pub rules: Rules,
    /// How long states last.
    pub timeouts: Timeouts,
    /// Calls kept at a time, and as many subscriptions and exchanges; the one not heard of for the longest time goes first.
    pub max_calls: usize,
    /// Bindings kept at a time.
    pub max_bindings: usize,
    /// Memory for all that is open, in octets.
    pub max_memory: usize,
    /// How long after the end of the capture deadlines still fire, in nanoseconds; `None` leaves open what is open.
    pub end_timeout: Option<i64>,
    /// How late a binding may be refreshed, in nanoseconds.
    pub reg_expiry_grace: i64,
    /// How long the removal of a binding is held back in case it is registered again, in nanoseconds.
    pub reg_del_delay: i64,
    /// Whether Contacts are the same that differ in their port only.
    pub contact_ignore_port: bool,
    /// How legs are to be correlated: what is to be kept of them for a [`Correlator`](crate::track::Correlator).
    pub correlation: Correlation,
}

impl Default for TrackOptions {
    fn default() -> Self {
        Self {
            rules: Rules::Sipcap,
            timeouts: Timeouts::SIPCAP,
            max_calls: 1 << 24,
            max_bindings: 1 << 24,
            max_memory: 4 << 30,
            end_timeout: None,
            reg_expiry_grace: 30 * SECOND,
            reg_del_delay: 0,
            contact_ignore_port: false,
            correlation: Correlation::default(),
        }
    }
}

/// What became of the messages and the objects.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct TrackStats {
    /// Messages of calls.
    pub call_messages: u64,
    /// Messages of registrations.
    pub register_messages: u64,
    /// Messages of subscriptions.
    pub subscription_messages: u64,
    /// Messages of other requests.
    pub exchange_messages: u64,
    /// Messages of calls or other requests that nobody wants to know of.
    pub skipped: u64,
    /// Messages that cannot be worked with.
    pub unusable: u64,
    /// Messages that fit nothing that is tracked.
    pub stray: u64,
    /// Calls.
    pub calls: u64,
    /// Bindings.
    pub bindings: u64,
    /// Requests that are not of calls or registrations.
    pub exchanges: u64,
    /// Final responses to them that came after the time-out.
    pub late_finals: u64,
    /// Objects forgotten because there were too many.
    pub evicted: u64,
}

impl TrackStats {
    /// Returns how many messages there were: each is counted once.
    #[must_use]
    pub const fn messages(&self) -> u64 {
        self.call_messages
            + self.register_messages
            + self.subscription_messages
            + self.exchange_messages
            + self.skipped
            + self.unusable
            + self.stray
    }
}
