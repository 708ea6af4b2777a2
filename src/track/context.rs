//! What the tables share.

use hashbrown::DefaultHashBuilder;

use crate::{
    error::Result,
    sip,
    time::Timestamp,
    track::{
        Binding, Call, Event, Exchange, Interests, Observer, TrackOptions, TrackStats,
        timer::Timers,
    },
};

/// What the tables share from one message to the next.
pub(crate) struct Shared {
    pub(crate) options: TrackOptions,
    pub(crate) hasher: DefaultHashBuilder,
    pub(crate) timers: Timers,
    pub(crate) stats: TrackStats,
    /// The latest time that deadlines are fired for.
    pub(crate) now: Timestamp,
    /// The number of the call that the message is of which is being taken.
    pub(crate) taken_by: Option<u64>,
    /// Whether the capture is over and deadlines behind it are fired.
    pub(crate) is_forced: bool,
    /// What the observer returned when it failed.
    pub(crate) result: Result<()>,
}

impl Shared {
    pub(crate) fn new(options: TrackOptions) -> Self {
        Self {
            options,
            hasher: sip::hasher().clone(),
            timers: Timers::default(),
            stats: TrackStats::default(),
            now: Timestamp::MIN,
            taken_by: None,
            is_forced: false,
            result: Ok(()),
        }
    }
}

/// What a table has at hand: what all share, and whom to tell. Who failed is told nothing more.
pub(crate) struct Context<'a> {
    pub(crate) shared: &'a mut Shared,
    pub(crate) observer: &'a mut dyn Observer,
}

impl Context<'_> {
    /// Tells of the event that `make` makes, if somebody wants to know of such.
    pub(crate) fn event<'e>(&mut self, which: Interests, make: impl FnOnce() -> Event<'e>) {
        if self.observer.interests().meets(which) {
            self.tell(|observer| observer.event(&make()));
        }
    }

    /// Returns whether somebody wants to know of registrations.
    pub(crate) fn follows_registrations(&self) -> bool {
        let of_them = Interests::BINDINGS.or(Interests::REGISTRATION_EVENTS);
        self.observer.interests().meets(of_them)
    }

    /// Returns whether somebody wants to know of calls.
    pub(crate) fn follows_calls(&self) -> bool {
        let of_them = Interests::CALLS.or(Interests::CALL_EVENTS);
        self.observer.interests().meets(of_them)
    }

    /// Returns whether somebody wants to know of other requests, those of subscriptions among them.
    pub(crate) fn follows_exchanges(&self) -> bool {
        let of_them = Interests::EXCHANGES.or(Interests::OTHER_EVENTS);
        self.observer.interests().meets(of_them)
    }

    /// Tells of a call that has begun.
    pub(crate) fn call_begun(&mut self, call: &Call) {
        self.tell(|observer| observer.call_begun(call));
    }

    /// Hands over a call.
    pub(crate) fn call(&mut self, call: Box<Call>) {
        self.tell(|observer| observer.call(call));
    }

    /// Hands over a binding.
    pub(crate) fn binding(&mut self, binding: Box<Binding>) {
        self.tell(|observer| observer.binding(binding));
    }

    /// Hands over an exchange.
    pub(crate) fn exchange(&mut self, exchange: &Exchange) {
        self.tell(|observer| observer.exchange(exchange));
    }

    fn tell(&mut self, what: impl FnOnce(&mut dyn Observer) -> Result<()>) {
        if self.shared.result.is_ok() {
            self.shared.result = what(self.observer);
        }
    }
}
