//! Calls, registrations and everything else that has a state, followed in packet time.
//!
//! [`Tracker`] takes messages in the order of the capture, keeps what is open and tells an [`Observer`] what happens.
//! Each table follows one kind of thing and knows nothing of the others; what they share are the deadlines, the
//! options and the observer, in a `Context`. A deadline fires with its own time, whenever it is noticed, so what
//! is told depends neither on batches nor on threads, and no clock but that of the packets is ever asked.
//!
//! An object is freed as soon as nothing that comes can change it any more; the observer gets it then. At the end of
//! the capture nothing is forced to end.

mod auth;
mod call;
mod calltr;
mod context;
mod correlate;
mod endpoint;
mod event;
mod exchange;
mod flags;
mod interests;
mod observer;
mod options;
mod outcome;
mod rate_limit;
mod registration;
#[cfg(test)]
mod script;
mod seen;
mod sighting;
mod subscription;
mod table;
mod tables;
mod texts;
mod timeouts;
mod timer;
mod tracker;

pub use self::{
    call::{Branch, BranchFate, Call, Times},
    correlate::{Correlation, CorrelationLevel, Correlator, Evidence, LegPlace, Link},
    event::{Event, EventKind, Party, SideCounters},
    exchange::Exchange,
    flags::Flags,
    interests::Interests,
    observer::Observer,
    options::{Rules, TrackOptions, TrackStats},
    outcome::{AttemptFailure, ExchangeOutcome, FailureClass, Outcome, Side, State},
    rate_limit::{InvalidRateLimit, Rate, RateKey, RateLimit, RateLimiter, RateLimits, RateStats},
    registration::{Binding, BindingState, EndReason},
    timeouts::{InvalidTimeout, Timeout, Timeouts},
    tracker::Tracker,
};
use self::{context::Context, seen::Seen};
